//! What we encode, read by an independent decoder: ok-dmrlib, run as a process of its own.
//! `NARROWCAST_PEER_PYTHON` names the Python that has it; `NARROWCAST_REQUIRE_PEERS` makes
//! its absence a failure. CAP documents are held against the standard's schema by xmllint,
//! and their signatures by xmlsec1.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a peer that cannot be run fails the test"
)]

mod cap;
mod cap_signature;
#[path = "../dmrlib/mod.rs"]
mod dmrlib;
mod peer;
#[path = "../support/mod.rs"]
mod support;

use narrowcast_protocol::air::{Address, Delivery, GroupId, RadioId, Text, TextForm};
use narrowcast_protocol::dmr::burst::{Burst, DataBurst, Middle, VoiceBurst};
use narrowcast_protocol::dmr::crc::{append_ccitt, mask};
use narrowcast_protocol::dmr::data_header::{Addressing, DataHeader, NackReason, Sap};
use narrowcast_protocol::dmr::emb::{Emb, Lcss};
use narrowcast_protocol::dmr::fec::rs_12_9;
use narrowcast_protocol::dmr::info::Info;
use narrowcast_protocol::dmr::lc::{FullLc, GroupVoice, LcBody, ServiceOptions, UnitToUnitVoice};
use narrowcast_protocol::dmr::packet::{Outgoing, Pdu, Rate, Sequence, response};
use narrowcast_protocol::dmr::slot_type::{ColorCode, DataType};
use narrowcast_protocol::dmr::sync::Sync;
use narrowcast_protocol::dmr::text::{self, IpHeader, Options};

use peer::Questions;

const FROM: u32 = 9_990;
const TO: u32 = 2_308_155;

fn code(number: u8) -> ColorCode {
    ColorCode::new(number).unwrap()
}

fn a_text(form: TextForm, delivery: Delivery, group: bool, words: &str) -> Text {
    Text {
        from: RadioId::new(FROM).unwrap(),
        to: if group {
            Address::Group(GroupId::new(9).unwrap())
        } else {
            Address::Radio(RadioId::new(TO).unwrap())
        },
        text: words.to_owned(),
        form,
        delivery,
        reference: 3,
    }
}

/// Asks about every burst of a packet, and about the check over all its blocks.
fn ask_packet(questions: &mut Questions, packet: &Outgoing, sync: Sync, color_code: ColorCode) {
    for pdu in packet.pdus(2) {
        let burst = pdu.to_burst(sync, color_code);
        questions.burst(&Burst::Data(burst));
    }
    // The CRC-CCITT over UDT blocks is not among what the program checks by itself.
    if matches!(packet.header, DataHeader::Udt(_)) {
        return;
    }
    let confirmed = packet.header.is_confirmed();
    let last = packet.blocks.len().saturating_sub(1);
    for (at, block) in packet.blocks.iter().enumerate() {
        let burst = Pdu::Block(*block).to_burst(sync, color_code);
        questions.block(&burst, confirmed, at == last);
    }
    let user = |octets: &[u8]| octets[if confirmed { 2 } else { 0 }..].to_vec();
    let octets: Vec<u8> = packet
        .blocks
        .iter()
        .flat_map(|block| user(block.octets()))
        .collect();
    if let Some((data, crc)) = octets.split_last_chunk::<4>() {
        questions.packet(data, *crc);
    }
}

#[test]
fn an_independent_decoder_reads_every_text_form_at_every_rate() {
    let mut questions = Questions::default();
    let long = "\u{5C71}\u{706B}".repeat(12);
    for form in [
        TextForm::Tms,
        TextForm::ShortDataUtf8,
        TextForm::ShortDataUtf16,
        TextForm::Udt,
    ] {
        for rate in [Rate::Half, Rate::ThreeQuarters, Rate::Full] {
            for (delivery, group) in [
                (Delivery::Unconfirmed, false),
                (Delivery::Unconfirmed, true),
                (Delivery::Confirmed, false),
            ] {
                for (at, words) in ["", "ALERT 12", "\u{5C71}\u{706B}\u{1F6A8}", &long]
                    .iter()
                    .enumerate()
                {
                    let options = Options {
                        rate,
                        ip: [IpHeader::Full, IpHeader::Compressed][at % 2],
                        sequence: Sequence {
                            number: at as u8 + 3,
                            resynchronise: at == 0,
                        },
                        most_blocks: 4,
                        limit: u32::MAX,
                        ..Options::default()
                    };
                    let text = a_text(form, delivery, group, words);
                    let Ok(packets) = text::packets(&text, &options) else {
                        assert_eq!(form, TextForm::Udt, "only UDT is too short for it");
                        continue;
                    };
                    for packet in packets {
                        let sync = [Sync::BsData, Sync::MsData][at % 2];
                        ask_packet(&mut questions, &packet, sync, code(at as u8 * 5));
                    }
                }
            }
        }
    }
    questions.check();
}

#[test]
fn an_independent_decoder_reads_responses_and_retries() {
    let mut questions = Questions::default();
    let to = Addressing {
        group: false,
        response_requested: true,
        sap: Sap::Ip,
        destination: FROM,
        source: TO,
    };
    let mut all = vec![response::ack(&to, 5), response::sack(&to, 2, 70, &[0, 69])];
    all.extend((0..8).map(|code| response::nack(&to, code, NackReason::from_code(code))));
    let text = a_text(TextForm::Tms, Delivery::Confirmed, false, "ALERT 12");
    let packet = text::packet(&text, &Options::default()).unwrap();
    all.extend(packet.retry(&[1, 3]));
    for packet in all {
        for pdu in packet.pdus(0) {
            questions.burst(&Burst::Data(pdu.to_burst(Sync::BsData, code(1))));
        }
    }
    questions.check();
}

#[test]
fn an_independent_decoder_reads_control_blocks() {
    let mut questions = Questions::default();
    // What it has no words for, it refuses: other opcodes are left out.
    let payloads: [[u8; 8]; 3] = [
        [0x83, 0x20, 0, 0x23, 0x38, 0x63, 0x27, 0x06],
        [0x00, 0x21, 0xFF, 0xFC, 0xDF, 0x00, 0x00, 0x01],
        [0x2C, 0x20, 0x5A, 0xA5, 0x3C, 0x12, 0x34, 0x56],
    ];
    for opcode in [0x04, 0x05, 0x07, 0x19, 0x28, 0x38, 0x3D] {
        for payload in payloads {
            let mut octets = [0; 10];
            octets[0] = 0x80 | opcode;
            octets[2..].copy_from_slice(&payload);
            // Bits that have no meaning come back as zeros from it.
            match opcode {
                0x04 => octets[3] = 0,
                0x07 => octets[9] &= !8,
                0x19 => octets[2] &= 0x7F,
                0x28 => octets[2] &= 0x3F,
                0x38 => octets[2..4].fill(0),
                0x3D => octets[2] &= 0xC0,
                _ => {}
            }
            let pdu = Pdu::Csbk(append_ccitt(&octets, mask::CSBK));
            questions.burst(&Burst::Data(pdu.to_burst(Sync::MsData, code(7))));
        }
    }
    questions.check();
}

#[test]
fn an_independent_decoder_reads_voice_headers_terminators_and_embedded_signalling() {
    let mut questions = Questions::default();
    let options = |priority| ServiceOptions {
        emergency: priority == 3,
        privacy: priority == 1,
        broadcast: priority == 2,
        priority,
        ..ServiceOptions::default()
    };
    for priority in 0..4 {
        for (data_type, parity) in [
            (DataType::VoiceLcHeader, rs_12_9::MASK_VOICE_LC_HEADER),
            (DataType::TerminatorWithLc, rs_12_9::MASK_TERMINATOR),
        ] {
            let group = LcBody::GroupVoice(GroupVoice {
                service_options: options(priority),
                group_address: 9,
                source: FROM,
            });
            let unit = LcBody::UnitToUnitVoice(UnitToUnitVoice {
                service_options: options(priority),
                target: TO,
                source: FROM,
            });
            for (fid, body) in [(0, group), (0x10, group), (0, unit)] {
                let lc = FullLc {
                    protect: false,
                    reserved: false,
                    fid,
                    body,
                };
                let burst = DataBurst {
                    sync: Sync::BsData,
                    color_code: code(priority),
                    data_type,
                    info: Info::Bptc(rs_12_9::encode(&lc.encode(), parity)),
                };
                questions.burst(&Burst::Data(burst));
            }
        }
    }
    for color_code in 0..16 {
        for lcss in 0..4 {
            let emb = Emb {
                color_code: code(color_code),
                reverse_channel: color_code & 1 == 1,
                lcss: Lcss::from_number(lcss),
            };
            questions.burst(&Burst::Voice(VoiceBurst {
                middle: Middle::Embedded {
                    emb,
                    fragment: 0x0300_030A,
                },
                vocoder: [0xA5; 27],
            }));
        }
    }
    questions.check();
}
