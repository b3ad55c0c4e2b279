//! Valid things of the air, to be damaged.

use narrowcast_protocol::air::{Address, Delivery, GroupId, RadioId, Text, TextForm};
use narrowcast_protocol::dmr::burst::DataBurst;
use narrowcast_protocol::dmr::crc::{append_ccitt, mask};
use narrowcast_protocol::dmr::data_header::{Addressing, DataHeader, Sap, StatusPrecoded};
use narrowcast_protocol::dmr::info::Info;
use narrowcast_protocol::dmr::packet::{Outgoing, Pdu, Rate, Sequence, response};
use narrowcast_protocol::dmr::slot_type::{ColorCode, DataType};
use narrowcast_protocol::dmr::sync::Sync;
use narrowcast_protocol::dmr::text::{self, Options};

use super::input::Input;

/// Our own address in every session.
pub const OWN: u32 = 16_000_001;
/// A radio.
pub const RADIO: u32 = 2_308_155;
/// A group that is ours.
pub const GROUP: u32 = 9;

/// A radio's identity.
#[must_use]
pub fn radio(id: u32) -> RadioId {
    RadioId::new(id).expect("a valid id")
}

/// A talkgroup of ours.
#[must_use]
pub fn group() -> GroupId {
    GroupId::new(GROUP).expect("a valid id")
}

/// A text in one of the forms, from a radio or from us.
#[must_use]
pub fn text(input: &mut Input<'_>, from: u32, to: u32) -> Text {
    let forms = [
        TextForm::ShortDataUtf8,
        TextForm::ShortDataUtf16,
        TextForm::Tms,
        TextForm::Udt,
    ];
    let form = *input.pick(&forms);
    let choice = input.number();
    Text {
        from: radio(from),
        to: if choice & 1 == 0 {
            Address::Radio(radio(to))
        } else {
            Address::Group(group())
        },
        text: String::from_utf8_lossy(input.some())
            .chars()
            .map(|it| if text::is_forbidden(it) { '警' } else { it })
            .collect(),
        form,
        delivery: if choice & 2 == 0 {
            Delivery::Confirmed
        } else {
            Delivery::Unconfirmed
        },
        reference: (choice >> 2) as u8,
    }
}

/// What a radio sends: a text in some packets, a status or an answer to one of ours.
#[must_use]
pub fn packets(input: &mut Input<'_>, from: u32, to: u32) -> Vec<Outgoing> {
    let way = Addressing {
        group: false,
        response_requested: input.number() & 1 == 1,
        sap: Sap::from_code(input.octet().unwrap_or(4) & 0xF),
        destination: to,
        source: from,
    };
    match input.number() % 8 {
        0 => vec![Outgoing {
            header: DataHeader::StatusPrecoded(StatusPrecoded {
                addressing: way,
                source_port: 0,
                destination_port: 0,
                status: input.wide() as u16 & 0x3FF,
            }),
            blocks: Vec::new(),
        }],
        1 => vec![response::ack(&way.reply(), input.octet().unwrap_or(0))],
        2 => {
            let missing: Vec<u8> = input.some().to_vec();
            vec![response::sack(&way.reply(), 0, input.number(), &missing)]
        }
        _ => {
            let options = Options {
                rate: *input.pick(&[Rate::Half, Rate::ThreeQuarters, Rate::Full]),
                sequence: Sequence {
                    number: input.octet().unwrap_or(0),
                    resynchronise: false,
                },
                most_blocks: input.number() % 12,
                limit: u32::MAX,
                ..Options::default()
            };
            text::packets(&text(input, from, to), &options).unwrap_or_default()
        }
    }
}

/// The burst of a PDU.
#[must_use]
pub fn burst(pdu: &Pdu) -> [u8; 33] {
    pdu.to_burst(Sync::MsData, ColorCode::default()).encode()
}

/// One burst of each kind that means something to a session.
#[must_use]
pub fn bursts() -> Vec<[u8; 33]> {
    let ids = [0, 0x3E, 0x81, 0x23, 0x38, 0x3B];
    let csbk = |opcode: u8, fid: u8| {
        let [a, b, c, d, e, f] = ids;
        let octets = [0x80 | opcode, fid, 0, 0, a, b, c, d, e, f];
        burst(&Pdu::Csbk(append_ccitt(&octets, mask::CSBK)))
    };
    let mut bursts: Vec<[u8; 33]> = [
        (0x3D, 0),
        (0x38, 0),
        (0x27, 0x10),
        (0x20, 0x10),
        (0x24, 0x10),
    ]
    .map(|(opcode, fid)| csbk(opcode, fid))
    .to_vec();
    for data_type in 0..16 {
        let burst = DataBurst {
            sync: Sync::MsData,
            color_code: ColorCode::default(),
            data_type: DataType::from_number(data_type),
            info: Info::Bptc([0; 12]),
        };
        bursts.push(burst.encode());
    }
    // A voice burst with sync, and one with embedded signalling.
    for middle in ["7f7d5dd57dfd", "1e200000000012"] {
        let mut burst = [0x5A; 33];
        let octets: Vec<u8> = (0..middle.len() / 2)
            .filter_map(|at| u8::from_str_radix(middle.get(at * 2..at * 2 + 2)?, 16).ok())
            .collect();
        for (at, octet) in octets.iter().take(6).enumerate() {
            // The middle begins with the low nibble of octet 13.
            burst[13 + at] = burst[13 + at] & 0xF0 | octet >> 4;
            burst[14 + at] = octet << 4 | burst[14 + at] & 0x0F;
        }
        bursts.push(burst);
    }
    bursts
}
