use proptest::prelude::*;

use super::*;
use crate::air::{GroupId, Slot};
use crate::dmr::data_header::DataHeader;
use crate::dmr::packet::{BuildError, Outcome, Packet, Reassembler};
use crate::time::Instant;

const ALERT: &str = "\u{8B66}\u{62A5}A1";

fn radio(id: u32) -> RadioId {
    RadioId::new(id).unwrap()
}

fn text(form: TextForm, delivery: Delivery, text: &str) -> Text {
    Text {
        from: radio(0x23_383B),
        to: Address::Radio(radio(0x23_3863)),
        text: text.to_owned(),
        form,
        delivery,
        reference: 1,
    }
}

fn to_group(mut text: Text, id: u32) -> Text {
    text.to = Address::Group(GroupId::new(id).unwrap());
    text
}

const NO_PREAMBLE: Options = Options {
    rate: Rate::Half,
    preambles: 0,
    sequence: Sequence {
        number: 0,
        resynchronise: false,
    },
    ip_id: 1,
    ip: IpHeader::Full,
    networks: Networks {
        individual: 12,
        group: 225,
    },
    limit: FRAGMENT_BURSTS,
    most_blocks: data::MOST_BLOCKS,
};
const COMPRESSED: Options = Options {
    ip: IpHeader::Compressed,
    ..NO_PREAMBLE
};

fn hex_of(pdus: &[Pdu]) -> Vec<String> {
    pdus.iter().map(|pdu| hex::encode(pdu.octets())).collect()
}

fn receive(pdus: &[Pdu]) -> Packet {
    let mut air = Reassembler::default();
    let now = Instant::ZERO;
    for pdu in pdus {
        let outcome = match pdu {
            Pdu::Csbk(_) => continue,
            Pdu::DataHeader(octets) => {
                air.header(now, Slot::One, &DataHeader::decode(octets).unwrap())
            }
            Pdu::Block(block) => air.block(now, Slot::One, block),
        };
        match outcome {
            Outcome::Complete(packet) => return packet,
            Outcome::Pending | Outcome::Fragment(_) => {}
            other => panic!("{other:?}"),
        }
    }
    panic!("nothing came together");
}

#[test]
fn worked_short_data_is_encoded_byte_for_byte() {
    let utf16 = text(TextForm::ShortDataUtf16, Delivery::Unconfirmed, ALERT);
    assert_eq!(
        hex_of(&encode(&utf16, &NO_PREAMBLE).unwrap()),
        ["0da123386323383b5100e736", "8b6662a500410031aa2ca471"]
    );
    let utf8 = text(TextForm::ShortDataUtf8, Delivery::Unconfirmed, "ALERT 12");
    assert_eq!(
        hex_of(&encode(&utf8, &NO_PREAMBLE).unwrap()),
        ["0da123386323383b49006dec", "414c4552542031327efc8b22"]
    );
    let to = Addressing {
        group: false,
        response_requested: true,
        sap: Sap::ShortData,
        destination: 0x23_3863,
        source: 0x23_383B,
    };
    let hytera = short_data::encode_hytera(1, ALERT);
    let packet = data::short_data(to, Rate::ThreeQuarters, DdFormat::Bcd, &hytera).unwrap();
    assert_eq!(
        hex_of(&packet.pdus(0)),
        [
            "4da123386323383b05104566",
            "01330001668ba56241003100000064a0a230"
        ]
    );
}

#[test]
fn worked_tms_packets_are_encoded_byte_for_byte() {
    let one = text(TextForm::Tms, Delivery::Unconfirmed, ALERT);
    assert_eq!(
        hex_of(&encode(&one, &COMPRESSED).unwrap()),
        [
            "023923386323383b83000771",
            "00010062620010e00081040d",
            "000a00668ba5624100310000",
            "00000000000000005327a257"
        ]
    );
    let many = to_group(one.clone(), 9);
    assert_eq!(
        hex_of(&encode(&many, &COMPRESSED).unwrap()),
        [
            "823900000923383b83004362",
            "00010262620010a00081040d",
            "000a00668ba5624100310000",
            "000000000000000095f80c4a"
        ]
    );
    assert_eq!(
        hex_of(&encode(&one, &NO_PREAMBLE).unwrap()),
        [
            "024a23386323383b85002b48",
            "4500002e000100004011f1da",
            "0c23383b0c2338630fa70fa7",
            "001a61840010e00081040d00",
            "0a00668ba562410031000000",
            "0000000000000000ec620d2a"
        ]
    );
}

#[test]
fn worked_standard_text_is_encoded_byte_for_byte() {
    let to = Address::Radio(radio(0x23_3863));
    let packet = standard_text(radio(0x23_383B), to, ALERT, &COMPRESSED).unwrap();
    let pdus = packet.pdus(0);
    assert_eq!(
        hex_of(&pdus),
        [
            "023323386323383b8200dbd8",
            "0001000101000d000a8b6662",
            "a500410031000000987712f9"
        ]
    );
    let Message::Text { text, encoding, .. } = interpret(&receive(&pdus)) else {
        panic!("no text");
    };
    assert_eq!((text.as_str(), encoding), (ALERT, Encoding::Utf16Be));
}

#[test]
fn the_recorded_acknowledgement_is_encoded_byte_for_byte() {
    let options = Options {
        ip_id: 0xD679,
        ..COMPRESSED
    };
    let packet = tms_acknowledgement(radio(2_308_094), radio(2_308_092), 7, &options).unwrap();
    let pdus = packet.pdus(0);
    assert_eq!(
        hex_of(&pdus),
        [
            "023a2337fc2337fe820081a3",
            "d6790062620003bf00070000",
            "0000000000000000210b9a3d"
        ]
    );
    let Message::TmsAcknowledgement { parties, reference } = interpret(&receive(&pdus)) else {
        panic!("no acknowledgement");
    };
    assert_eq!((parties.from, reference), (2_308_094, 7));
}

#[test]
fn preambles_count_down_to_the_last_block() {
    let text = text(TextForm::Udt, Delivery::Confirmed, ALERT);
    let options = Options {
        preambles: 2,
        ..Options::default()
    };
    let pdus = encode(&text, &options).unwrap();
    let follow: Vec<u8> = pdus
        .iter()
        .filter(|pdu| matches!(pdu, Pdu::Csbk(_)))
        .map(|pdu| pdu.octets()[3])
        .collect();
    assert_eq!(follow, [3, 2]);
    assert_eq!(pdus.len(), 4);
    assert_eq!(hex::encode(pdus[2].octets()), "400723386323383b201ad7c2");
}

#[test]
fn a_talkgroup_is_never_asked_to_confirm() {
    for form in [TextForm::ShortDataUtf8, TextForm::Tms, TextForm::Udt] {
        let many = to_group(text(form, Delivery::Confirmed, "A"), 9);
        let packet = packet(&many, &Options::default()).unwrap();
        let addressing = packet.header.addressing().unwrap();
        assert!(
            addressing.group && !addressing.response_requested,
            "{form:?}"
        );
        assert!(!packet.header.is_confirmed());
    }
}

#[test]
fn what_must_not_be_sent_is_refused() {
    let control = text(TextForm::Tms, Delivery::Unconfirmed, "A\u{7}");
    assert_eq!(
        encode(&control, &Options::default()),
        Err(TextError::Control {
            index: 1,
            character: '\u{7}'
        })
    );
    let mut number = text(TextForm::Tms, Delivery::Unconfirmed, "A");
    number.reference = 128;
    assert_eq!(
        encode(&number, &Options::default()),
        Err(TextError::Reference(128))
    );
    let long = text(TextForm::Tms, Delivery::Unconfirmed, &"A".repeat(40));
    assert_eq!(
        encode(&long, &Options::default()),
        Err(TextError::TooManyBursts {
            bursts: 13,
            limit: 12
        })
    );
    let unlimited = Options {
        limit: u32::MAX,
        ..Options::default()
    };
    assert!(encode(&long, &unlimited).is_ok());
}

const UNLIMITED: Options = Options {
    limit: u32::MAX,
    ..NO_PREAMBLE
};

#[test]
fn a_text_longer_than_a_packet_goes_in_fragments_and_arrives_whole() {
    let words = "\u{5C71}\u{706B}\u{903C}\u{8FD1}".repeat(400);
    let long = text(TextForm::Tms, Delivery::Confirmed, &words);
    for (rate, ip) in [
        (Rate::Half, IpHeader::Full),
        (Rate::ThreeQuarters, IpHeader::Compressed),
        (Rate::Full, IpHeader::Full),
    ] {
        let options = Options {
            rate,
            ip,
            ..UNLIMITED
        };
        let all = packets(&long, &options).unwrap();
        assert!(all.len() > 1);
        assert!(packet(&long, &options).is_err());
        let Message::Text { text, .. } = interpret(&receive(&encode(&long, &options).unwrap()))
        else {
            panic!("no text");
        };
        assert_eq!(text, words);
    }
}

#[test]
fn what_can_not_be_cut_into_fragments_is_refused_when_it_is_too_long() {
    for (form, delivery) in [
        (TextForm::Tms, Delivery::Unconfirmed),
        (TextForm::ShortDataUtf8, Delivery::Confirmed),
        (TextForm::ShortDataUtf16, Delivery::Unconfirmed),
    ] {
        let long = text(form, delivery, &"A".repeat(4_000));
        assert!(matches!(
            encode(&long, &UNLIMITED),
            Err(TextError::Packet(BuildError::TooLong { .. }))
        ));
    }
    let longest = text(TextForm::Tms, Delivery::Confirmed, &"A".repeat(8_200));
    assert!(matches!(
        encode(&longest, &UNLIMITED),
        Err(TextError::Packet(BuildError::Datagram { .. }))
    ));
}

#[test]
fn a_status_says_its_code() {
    let header = DataHeader::decode(
        &hex::decode("4ea023386323383b0005a2eb")
            .unwrap()
            .try_into()
            .unwrap(),
    )
    .unwrap();
    let packet = receive(&[Pdu::DataHeader(header.encode())]);
    assert!(matches!(
        interpret(&packet),
        Message::Status { code: 5, .. }
    ));
}

fn any_form() -> impl Strategy<Value = TextForm> {
    prop::sample::select(vec![
        TextForm::ShortDataUtf8,
        TextForm::ShortDataUtf16,
        TextForm::Tms,
        TextForm::Udt,
    ])
}

proptest! {
    #[test]
    fn every_text_that_fits_comes_back_in_every_form(
        said in "\\PC{0,120}",
        form in any_form(),
        confirmed: bool,
        group: bool,
        compressed: bool,
        reference in 0_u8..128,
        rate in prop::sample::select(vec![Rate::Half, Rate::ThreeQuarters, Rate::Full]),
        most_blocks in 1_usize..8,
    ) {
        let delivery = if confirmed { Delivery::Confirmed } else { Delivery::Unconfirmed };
        let said = sanitize(&said);
        for part in split(&said, form, delivery, 0).unwrap() {
            let mut sent = text(form, delivery, &part);
            sent.reference = reference;
            if group {
                sent = to_group(sent, 9);
            }
            let ip = if compressed { IpHeader::Compressed } else { IpHeader::Full };
            let options = Options { rate, ip, ..Options::default() };
            let pdus = encode(&sent, &options).unwrap();
            prop_assert!(pdus.len() <= FRAGMENT_BURSTS as usize);
            if rate == Rate::Half && (form != TextForm::Tms || !compressed) {
                let mode = if is_confirmed(&sent) { Delivery::Confirmed } else { Delivery::Unconfirmed };
                let predicted = bursts(sent.form, mode, octets(&sent.text, sent.form));
                prop_assert_eq!(pdus.len(), predicted as usize);
            }
            let Message::Text { parties, text, ask, .. } = interpret(&receive(&pdus)) else {
                panic!("no text");
            };
            prop_assert_eq!(&text, &part);
            prop_assert_eq!((parties.from, parties.to), (0x23_383B, sent.to.get()));
            prop_assert_eq!(parties.group, group);
            prop_assert_eq!(ask, form == TextForm::Tms && !group);
            let options = Options { most_blocks, limit: u32::MAX, ..options };
            let cut = encode(&sent, &options).unwrap();
            prop_assert!(cut.len() >= pdus.len());
            let Message::Text { text, .. } = interpret(&receive(&cut)) else {
                panic!("no text out of fragments");
            };
            prop_assert_eq!(text, part);
        }
    }

    #[test]
    fn random_packets_are_interpreted_without_panic(
        octets: [u8; 12],
        data in prop::collection::vec(any::<u8>(), 0..80),
    ) {
        let packet = Packet {
            header: DataHeader::read(&octets),
            second: None,
            rate: None,
            data,
            extent: data::Extent::Whole,
            repeated: false,
        };
        let _ = interpret(&packet).parties();
    }
}

/// Octets of a text in a format of defined short data; `None` for what it cannot hold.
fn in_format(format: DdFormat, said: &str) -> Option<Vec<u8>> {
    let single = |most: u32| {
        let octets = said.chars().map(u32::from).collect::<Vec<_>>();
        let fits = octets.iter().all(|code| *code <= most);
        fits.then(|| octets.iter().map(|code| *code as u8).collect::<Vec<u8>>())
    };
    let wide = |write: fn(u32) -> [u8; 4]| said.chars().flat_map(|it| write(it.into())).collect();
    let marked = |mark: &[u8], octets: Vec<u8>| [mark, &octets].concat();
    Some(match format {
        DdFormat::SevenBit => {
            let bits: String = single(0x7F)?.iter().map(|it| format!("{it:07b}")).collect();
            bits.as_bytes()
                .chunks(8)
                .map(|octet| {
                    octet.iter().fold(0, |octet, bit| octet << 1 | (bit & 1)) << (8 - octet.len())
                })
                .collect()
        }
        DdFormat::Iso8859_1 => single(0xFF)?,
        DdFormat::Utf8 => said.as_bytes().to_vec(),
        DdFormat::Utf16 => marked(b"\xFF\xFE", utf16le(said)),
        DdFormat::Utf16Be => utf16be(said),
        DdFormat::Utf16Le => utf16le(said),
        DdFormat::Utf32 => marked(b"\0\0\xFE\xFF", wide(u32::to_be_bytes)),
        DdFormat::Utf32Be => wide(u32::to_be_bytes),
        DdFormat::Utf32Le => wide(u32::to_le_bytes),
        DdFormat::Bcd => short_data::encode_hytera(7, said),
        _ => single(0x7F)?,
    })
}

proptest! {
    #[test]
    fn short_data_of_every_text_format_comes_back(
        code in 1_u8..0x19,
        said in prop_oneof!["[ -~]{0,40}", "[ -~\u{A1}-\u{FF}]{0,40}", "[\u{4E00}-\u{9FFF}\u{1F600}-\u{1F64F}]{0,20}"],
        confirmed: bool,
        group: bool,
        rate in prop::sample::select(vec![Rate::Half, Rate::ThreeQuarters, Rate::Full]),
    ) {
        let format = DdFormat::from_code(code);
        let Some(octets) = in_format(format, &said) else {
            return Ok(());
        };
        let to = Addressing {
            group,
            response_requested: confirmed && !group,
            sap: Sap::ShortData,
            destination: 9,
            source: 0x23_383B,
        };
        let packet = data::short_data(to, rate, format, &octets).unwrap();
        let Message::Text { text, parties, reference, .. } = interpret(&receive(&packet.pdus(3)))
        else {
            return Err(TestCaseError::fail("no text"));
        };
        prop_assert_eq!(text, said);
        prop_assert_eq!((parties.to, parties.group), (9, group));
        prop_assert_eq!(reference, (format == DdFormat::Bcd).then_some(7));
    }
}
