use narrowcast_protocol::sms::smpp::bind::{Bind, Way};
use narrowcast_protocol::sms::smpp::message::{Address, Message};
use narrowcast_protocol::sms::smpp::message_resp::MessageResp;
use narrowcast_protocol::sms::smpp::tlv::Tag;
use proptest::prelude::*;

use super::*;
use crate::decode::kind::Context;
use crate::decode::report::Report;
use crate::decode::stream::Streams;
use crate::decode::{Frames, frame, secrets, summary};
use crate::input::Raw;

fn line(bytes: &[u8]) -> Raw {
    Raw {
        bytes: bytes.to_vec(),
        ..Raw::default()
    }
}

fn read(bytes: &[u8]) -> Report {
    frame(&line(bytes), None, Context::default())
}

fn bind(password: &str) -> Vec<u8> {
    let bind = Bind {
        way: Way::Transceiver,
        system_id: "narrow".to_owned(),
        password: password.to_owned(),
        system_type: "CMT".to_owned(),
        version: 0x34,
        ton: 1,
        npi: 1,
        range: String::new(),
    };
    Pdu::Bind(bind).encode(0, 1).to_vec()
}

fn message(esm_class: u8, data_coding: u8, short_message: &[u8]) -> Message {
    let address = |digits: &str| Address {
        ton: 1,
        npi: 1,
        digits: digits.to_owned(),
    };
    Message {
        source: address("8613800138000"),
        destination: address("106901234"),
        esm_class,
        data_coding,
        short_message: short_message.to_vec(),
        ..Message::default()
    }
}

fn deliver(message: Message, sequence: u32) -> Vec<u8> {
    Pdu::DeliverSm(Box::new(message))
        .encode(0, sequence)
        .to_vec()
}

fn said(report: &Report, name: &str) -> String {
    report
        .fields
        .get(name)
        .map(ToString::to_string)
        .unwrap_or_default()
}

#[test]
fn a_text_is_shown_with_its_coding_and_which_part_of_a_long_one_it_is() {
    let mut octets = vec![5, 0, 3, 0x2A, 2, 1];
    octets.extend(hex::decode("5c716d2a98848b66").unwrap());
    let report = read(&deliver(message(0x40, 8, &octets), 7));
    assert!(report.ok, "{report:?}");
    assert_eq!(
        (report.kind, report.pdu, report.text.as_deref()),
        ("smpp", "deliver_sm", Some("山洪预警"))
    );
    assert_eq!(report.encoding.as_deref(), Some("UCS-2"));
    assert_eq!(
        said(&report, "concatenation"),
        "reference=42, total=2, number=1"
    );
    assert_eq!(
        said(&report, "command_status"),
        "00000000h ESME_ROK no error"
    );
    assert_eq!(
        summary(&report),
        "smpp deliver_sm +8613800138000 -> +106901234 \"山洪预警\": ok"
    );
}

#[test]
fn a_receipt_is_shown_by_its_words_and_parameters() {
    let words = b"id:7F done date:2611231631 stat:UNDELIV err:069 text:x";
    let mut receipt = message(4, 0, words);
    receipt.tlvs.push(Tag::MESSAGE_STATE, [5]);
    receipt.tlvs.push(Tag::RECEIPTED_MESSAGE_ID, *b"7F\0");
    let report = read(&deliver(receipt, 1));
    assert_eq!(
        said(&report, "receipt"),
        "id=7F, done_date=2611231631, stat=UNDELIV, err=069, text=x"
    );
    assert_eq!(said(&report, "message_state"), "05h UNDELIVERABLE");
    assert_eq!(said(&report, "receipted_message_id"), "7F");
}

#[test]
fn a_refusal_says_so_in_words() {
    let refused = Pdu::SubmitSmResp(MessageResp::default()).encode(0x58, 3);
    let report = read(&refused);
    assert_eq!(
        summary(&report),
        "smpp submit_sm_resp: ok (ESME_RTHROTTLED throttling error)"
    );
}

#[test]
fn a_password_is_shown_in_no_form_unless_it_is_asked_for() {
    const PASSWORD: &str = "s3cr3tpw";
    let pdu = bind(PASSWORD);
    let shown = |raw: &Raw, secrets: bool| {
        let context = Context {
            secrets,
            ..Context::default()
        };
        let mut all = String::new();
        for (raw, kind) in Frames::of(None).push(raw.clone()) {
            let report = frame(&raw, kind, context);
            all += &serde_json::to_string(&report).unwrap();
            all += &summary(&report);
        }
        all
    };
    let is_in = |text: &str| text.contains(PASSWORD) || text.contains(&hex::encode(PASSWORD));
    assert!(is_in(&shown(&line(&pdu), true)));
    let hidden = shown(&line(&pdu), false);
    assert!(!is_in(&hidden) && hidden.contains("narrow"), "{hidden}");
    // Damaged, cut, behind garbage, before another PDU, as another family.
    let mut wrong = pdu.clone();
    wrong[3] = 0xFF;
    let cut = &pdu[..pdu.len() - 2];
    let behind = [b"garbage".as_slice(), cut].concat();
    let before = [pdu.as_slice(), &bind("x")].concat();
    for bytes in [&wrong, cut, &behind, &before] {
        for kind in [None, Some(&KIND), Kind::named("cmpp"), Kind::named("mmdvm")] {
            for (raw, of) in Frames::of(kind).push(line(bytes)) {
                let report = frame(&raw, of, Context::default());
                let json = serde_json::to_string(&report).unwrap();
                assert!(!is_in(&json), "{kind:?} {json}");
            }
        }
    }
    let outbind = [
        &[0, 0, 0, 32, 0, 0, 0, 11, 0, 0, 0, 0, 0, 0, 0, 1][..],
        b"centre\0s3cr3tpw\0",
    ]
    .concat();
    assert!(!is_in(&shown(&line(&outbind), false)));
    assert!(secrets::hidden(&line(&outbind), Some(&KIND), false).is_some());
}

#[test]
fn a_damaged_length_costs_its_own_pdu_only() {
    let good = |sequence| deliver(message(0, 3, b"hello"), sequence);
    for length in [0, 15, 20, 90, 250, 70_000] {
        let mut damaged = good(2);
        damaged[..4].copy_from_slice(&u32::to_be_bytes(length));
        let stream = [good(1), damaged, good(3), good(4)].concat();
        let frames = Frames::of(Some(&KIND)).push(line(&stream));
        let numbers: Vec<String> = frames
            .iter()
            .filter(|(raw, _)| !raw.skipped)
            .map(|(raw, kind)| said(&frame(raw, *kind, Context::default()), "sequence_number"))
            .filter(|number| number != "2")
            .collect();
        assert_eq!(numbers, ["1", "3", "4"], "{length}");
    }
}

fn stream() -> Vec<u8> {
    let mut stream = b"\x01middle of a PDU".to_vec();
    stream.extend(bind("secret"));
    stream.extend(deliver(message(0, 8, b"\x5c\x71"), 5));
    stream.extend([0xEE; 30]);
    stream.extend(Pdu::EnquireLink.encode(0, 6));
    stream.extend(&deliver(message(4, 0, b"id:1 stat:DELIVRD"), 9)[..40]);
    stream
}

fn parts(chunks: &[&[u8]]) -> Vec<(Option<u64>, bool, Vec<u8>)> {
    let mut streams = Streams::default();
    let mut parts = Vec::new();
    for chunk in chunks {
        parts.extend(streams.push(Some(&KIND), line(chunk)));
    }
    parts.extend(streams.end());
    parts
        .into_iter()
        .map(|(raw, _)| (raw.offset, raw.skipped, raw.bytes))
        .collect()
}

#[test]
fn every_split_of_a_stream_gives_the_same_parts() {
    let stream = stream();
    let whole = parts(&[&stream]);
    let frames = whole.iter().filter(|(_, skipped, _)| !skipped).count();
    assert_eq!(frames, 3, "{whole:?}");
    for at in 0..stream.len() {
        let (a, b) = stream.split_at(at);
        assert_eq!(parts(&[a, b]), whole, "{at}");
    }
    let single: Vec<&[u8]> = stream.chunks(1).collect();
    assert_eq!(parts(&single), whole);
}

/// Recorded PDUs of other programs.
fn vectors() -> Vec<serde_json::Value> {
    let Some(folder) = std::env::var_os("NARROWCAST_VECTORS") else {
        return Vec::new();
    };
    let folder = std::path::Path::new(&folder).join("smpp");
    let files = std::fs::read_dir(folder).unwrap();
    let texts = files.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap());
    let rows: Vec<String> = texts
        .flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>())
        .collect();
    rows.iter()
        .map(|row| serde_json::from_str(row).unwrap())
        .collect()
}

#[test]
fn recorded_pdus_are_read_as_an_independent_dissector_reads_them() {
    let mut compared = 0;
    for row in vectors() {
        let value = &row["reference_decode"]["value"];
        let Some(command) = value["smpp.command_id"].as_str() else {
            continue;
        };
        let bytes = hex::decode(row["hex"].as_str().unwrap()).unwrap();
        let report = frame(&line(&bytes), Some(&KIND), Context::default());
        let number = format!(
            "{:08x}",
            u32::from_be_bytes(bytes[4..8].try_into().unwrap())
        );
        assert_eq!(command, format!("0x{number}"));
        if let Some(sequence) = value["smpp.sequence_number"].as_str() {
            assert_eq!(said(&report, "sequence_number"), sequence);
        }
        for name in ["source_addr", "destination_addr", "system_id", "message_id"] {
            let theirs = value[format!("smpp.{name}")].as_str();
            if let (Some(theirs), true, Some(_)) = (theirs, report.ok, report.fields.get(name)) {
                assert_eq!(said(&report, name), theirs, "{}", row["hex"]);
                compared += 1;
            }
        }
    }
    assert!(vectors().is_empty() || compared > 30, "{compared}");
}

proptest! {
    #[test]
    fn any_bytes_come_out_again_whatever_they_are(
        pieces in prop::collection::vec(prop_oneof![
            Just(bind("secret")),
            Just(deliver(message(0x40, 8, b"\x05\0\x03\x01\x02\x01hi"), 3)),
            prop::collection::vec(any::<u8>(), 0..60),
            (0_u8..0x20, 0_u8..80).prop_map(|(command, length)| {
                vec![0, 0, 0, length, 0, 0, 0, command, 0, 0, 0, 0, 0, 0, 0, 1]
            }),
        ], 0..12),
        chunk in 1_usize..80,
    ) {
        let stream = pieces.concat();
        let chunks: Vec<&[u8]> = stream.chunks(chunk).collect();
        let split = parts(&chunks);
        prop_assert_eq!(&split, &parts(&[&stream]));
        let bytes: Vec<u8> = split.into_iter().flat_map(|(.., bytes)| bytes).collect();
        prop_assert_eq!(&bytes, &stream);
        for (raw, kind) in Frames::of(Some(&KIND)).push(line(&stream)) {
            let report = frame(&raw, kind, Context::default());
            prop_assert_eq!(report.ok, report.error.is_none());
        }
    }
}
