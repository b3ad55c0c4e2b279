use narrowcast_protocol::sms::cmpp::connect::Connect;
use narrowcast_protocol::sms::cmpp::connect_resp::ConnectResp;
use narrowcast_protocol::sms::cmpp::deliver::Deliver;
use narrowcast_protocol::sms::cmpp::report::Report as Status;
use narrowcast_protocol::sms::cmpp::submit::Submit;
use narrowcast_protocol::sms::cmpp::submit_resp::SubmitResp;
use proptest::prelude::*;

use super::*;
use crate::decode::stream::Streams;
use crate::decode::{Frames, frame, summary};

const BOTH: [Version; 2] = [Version::V2, Version::V3];

fn line(bytes: &[u8]) -> Raw {
    Raw {
        bytes: bytes.to_vec(),
        ..Raw::default()
    }
}

fn submit(content: &[u8], format: u8, header: bool) -> Pdu {
    Pdu::Submit(Box::new(Submit {
        message: 0,
        total: 1,
        number: 1,
        registered: 1,
        level: 0,
        service: "alert".to_owned(),
        fee_user: 2,
        fee_number: String::new(),
        fee_number_type: 0,
        protocol_id: 0,
        header,
        format,
        account: "901234".to_owned(),
        fee_type: "01".to_owned(),
        fee_code: "0".to_owned(),
        valid_until: String::new(),
        at: String::new(),
        source: "106901234".to_owned(),
        numbers: vec!["13800138000".to_owned(), "13800138001".to_owned()],
        number_type: 0,
        content: content.to_vec(),
        link: String::new(),
    }))
}

fn deliver(content: Vec<u8>, is_report: bool) -> Pdu {
    Pdu::Deliver(Box::new(Deliver {
        message: 7,
        destination: "106901234".to_owned(),
        service: String::new(),
        protocol_id: 0,
        header: false,
        format: 15,
        source: "13800138000".to_owned(),
        source_type: 0,
        is_report,
        content,
        damaged: false,
    }))
}

fn connect(version: u8) -> Pdu {
    Pdu::Connect(Connect {
        account: "901234".to_owned(),
        proof: *b"0123456789abcdef",
        version,
        timestamp: 1_123_163_005,
    })
}

fn read(bytes: &[u8]) -> Report {
    frame(&line(bytes), None, Context::default())
}

fn said(report: &Report, name: &str) -> String {
    report
        .fields
        .get(name)
        .map(ToString::to_string)
        .unwrap_or_default()
}

#[test]
fn both_versions_are_told_apart_by_what_fits() {
    for (version, layout) in BOTH.into_iter().zip(["2.0", "3.0"]) {
        let bytes = submit(&hex::decode("c9bdbae9").unwrap(), 15, false).encode(version, 1);
        let report = read(&bytes);
        assert!(report.ok, "{report:?}");
        assert_eq!(said(&report, "layout"), layout);
        assert_eq!(
            summary(&report),
            "cmpp CMPP_SUBMIT 106901234 -> 13800138000 and 1 more \"山洪\": ok"
        );
        // Named wrongly, it is refused and not misread.
        let other = if layout == "2.0" { &KIND_3 } else { &KIND_2 };
        assert!(!frame(&line(&bytes), Some(other), Context::default()).ok);
        let report = read(&deliver(b"hi".to_vec(), false).encode(version, 1));
        assert_eq!(said(&report, "layout"), layout);
        assert_eq!(report.text.as_deref(), Some("hi"));
    }
}

#[test]
fn where_neither_layout_fits_the_log_in_decides() {
    let mut damaged = deliver(vec![b'a'; 20], false)
        .encode(Version::V2, 3)
        .to_vec();
    // Msg_Length of the 2.0 layout.
    damaged[12 + 8 + 21 + 10 + 3 + 21 + 1] = 19;
    for (code, layout) in [(0x20, "2.0"), (0x30, "3.0")] {
        let mut frames = Frames::of(None);
        let log_in = connect(code).encode(Version::V2, 1);
        frames.push(line(&log_in));
        let found = frames.push(line(&damaged));
        let (raw, kind) = &found[0];
        let report = frame(raw, *kind, Context::default());
        assert_eq!(said(&report, "layout"), layout);
        assert!(report.note.is_some());
    }
}

#[test]
fn a_report_is_shown_field_by_field() {
    for version in BOTH {
        let status = Status {
            message: 0xBBC1_E140_03E9_0007,
            state: "UNDELIV".to_owned(),
            submitted: "2611231630".to_owned(),
            done: "2611231631".to_owned(),
            to: "13800138000".to_owned(),
            centre_sequence: 7,
        };
        let report = read(&deliver(status.encode(version), true).encode(version, 2));
        assert_eq!(
            said(&report, "report"),
            "Msg_Id=bbc1e14003e90007, Stat=UNDELIV, Submit_time=2611231630, \
             Done_time=2611231631, Dest_terminal_Id=13800138000, SMSC_sequence=7"
        );
    }
}

#[test]
fn results_are_said_in_words() {
    let refused = SubmitResp {
        message: 9,
        result: 8,
    };
    let report = read(&Pdu::SubmitResp(refused).encode(Version::V3, 2));
    assert_eq!(summary(&report), "cmpp CMPP_SUBMIT_RESP: ok (flow control)");
}

#[test]
fn an_authenticator_is_shown_in_no_form_unless_it_is_asked_for() {
    let secret = hex::encode(b"0123456789abcdef");
    let answer = |version: Version| {
        let answer = ConnectResp {
            status: 0,
            proof: *b"0123456789abcdef",
            version: version.code(),
        };
        Pdu::ConnectResp(answer).encode(version, 1)
    };
    let log_ins = [
        connect(0x20).encode(Version::V2, 1),
        answer(Version::V2),
        answer(Version::V3),
    ];
    for pdu in log_ins {
        let behind = [b"junk".as_slice(), &pdu[..pdu.len() - 1]].concat();
        for bytes in [&pdu[..], &pdu[..pdu.len() - 1], &behind] {
            for kind in [None, Some(&KIND), Some(&KIND_2), Kind::named("smpp")] {
                for (raw, of) in Frames::of(kind).push(line(bytes)) {
                    let report = frame(&raw, of, Context::default());
                    let json = serde_json::to_string(&report).unwrap();
                    assert!(!json.contains(&secret), "{kind:?} {json}");
                }
            }
        }
        let shown = Context {
            secrets: true,
            ..Context::default()
        };
        let report = frame(&line(&pdu), None, shown);
        assert_eq!(report.hex, Some(hex::encode(&pdu)));
        assert!(report.ok, "{report:?}");
    }
}

#[test]
fn the_numbers_that_both_families_use_are_told_apart() {
    let pdus = [
        connect(0x30),
        Pdu::Terminate,
        submit(b"hi", 0, false),
        deliver(b"hi".to_vec(), false),
        Pdu::ActiveTest,
        Pdu::SubmitResp(SubmitResp {
            message: 0x0102_0304_0506_0708,
            result: 0,
        }),
    ];
    for version in BOTH {
        for sequence in [0, 1, 0x7FFF_FFFF] {
            for pdu in &pdus {
                let bytes = pdu.encode(version, sequence);
                let kind = Kind::guess(&bytes).map(|kind| kind.name);
                assert_eq!(kind, Some("cmpp"), "{pdu:?} {sequence}");
            }
        }
    }
}

proptest! {
    #[test]
    fn any_bytes_come_out_again_whatever_they_are(
        pieces in prop::collection::vec(prop_oneof![
            Just(connect(0x30).encode(Version::V3, 1).to_vec()),
            Just(submit(b"\x05\0\x03\x01\x02\x01hi", 8, true).encode(Version::V2, 2).to_vec()),
            Just(deliver(b"hi".to_vec(), true).encode(Version::V3, 2).to_vec()),
            prop::collection::vec(any::<u8>(), 0..60),
            (0_u8..0x20, 0_u8..80).prop_map(|(command, length)| {
                vec![0, 0, 0, length, 0, 0, 0, command, 0, 0, 0, 1]
            }),
        ], 0..12),
        chunk in 1_usize..80,
    ) {
        let stream = pieces.concat();
        let parts = |size: usize| {
            let mut streams = Streams::default();
            let mut parts = Vec::new();
            for chunk in stream.chunks(size) {
                parts.extend(streams.push(Some(&KIND), line(chunk)));
            }
            parts.extend(streams.end());
            let bytes = parts.into_iter().map(|(raw, _)| (raw.skipped, raw.bytes));
            bytes.collect::<Vec<_>>()
        };
        let split = parts(chunk);
        prop_assert_eq!(&split, &parts(usize::MAX));
        let bytes: Vec<u8> = split.into_iter().flat_map(|(_, bytes)| bytes).collect();
        prop_assert_eq!(&bytes, &stream);
        for (raw, kind) in Frames::of(Some(&KIND)).push(line(&stream)) {
            let report = frame(&raw, kind, Context::default());
            prop_assert_eq!(report.ok, report.error.is_none());
        }
    }
}
