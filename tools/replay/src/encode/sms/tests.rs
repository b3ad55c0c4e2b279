use narrowcast_protocol::dmr::fields::FieldValue;
use proptest::prelude::*;

use super::*;
use crate::decode::{self, Context, Frames, Kind};
use crate::encode::frames;
use crate::input;

fn args(kind: &str, carry: What, text: Option<&str>) -> EncodeArgs {
    let (service, phone) = ("10690001".to_owned(), "+8613800138000".to_owned());
    let (from, to) = match carry {
        What::Submit => (service, phone),
        What::Deliver | What::Receipt => (phone, service),
    };
    EncodeArgs {
        kind: Kind::named(kind).unwrap(),
        from,
        to,
        text: text.map(str::to_owned),
        sms: SmsArgs {
            carry,
            ..tests_args()
        },
        ..crate::encode::tests_args()
    }
}

/// What `decode` reads from the hex lines that `encode` writes.
fn read(frames: &[Vec<u8>]) -> Vec<decode::Report> {
    let lines = frames.iter().map(|frame| hex::encode(frame) + "\n");
    let lines: String = lines.collect();
    let mut all = Frames::of(None);
    let mut reports = Vec::new();
    for raw in input::lines(&lines) {
        for (raw, kind) in all.push(raw) {
            reports.push(decode::frame(&raw, kind, Context::default()));
        }
    }
    reports
}

#[test]
fn each_pdu_of_each_protocol_is_read_as_what_was_asked_for() {
    for (kind, carry, pdu) in [
        ("smpp", What::Submit, "submit_sm"),
        ("smpp", What::Deliver, "deliver_sm"),
        ("cmpp2", What::Submit, "CMPP_SUBMIT"),
        ("cmpp2", What::Deliver, "CMPP_DELIVER"),
        ("cmpp3", What::Submit, "CMPP_SUBMIT"),
        ("cmpp3", What::Deliver, "CMPP_DELIVER"),
    ] {
        let args = args(kind, carry, Some("山洪预警"));
        let reports = read(&frames(&args).unwrap());
        let [report] = reports.as_slice() else {
            panic!("{kind} {carry:?}: {reports:?}");
        };
        assert!(report.ok && report.note.is_none(), "{report:?}");
        assert_eq!(report.pdu, pdu, "{kind} {carry:?}");
        assert_eq!(report.text.as_deref(), Some("山洪预警"));
        let parties = (args.from.clone(), args.to.clone());
        assert_eq!(report.parties, Some(parties));
        if kind != "smpp" {
            let layout = report.fields.get("layout");
            let version = if kind == "cmpp2" { "2.0" } else { "3.0" };
            assert_eq!(layout, Some(&FieldValue::Text(version.to_owned())));
        }
    }
}

#[test]
fn a_receipt_names_its_message_state_and_time() {
    for kind in ["smpp", "cmpp2", "cmpp3"] {
        let mut args = args(kind, What::Receipt, None);
        args.sms.id = "7f".to_owned();
        args.sms.stat = "UNDELIV".to_owned();
        let [report] = read(&frames(&args).unwrap()).try_into().unwrap();
        assert!(report.ok && report.note.is_none(), "{report:?}");
        let (encoding, id) = match kind {
            "smpp" => ("receipt", "id:7f "),
            _ => ("report", "id:000000000000007f "),
        };
        assert_eq!(report.encoding.as_deref(), Some(encoding));
        let said = report.text.unwrap();
        assert!(said.starts_with(id), "{said}");
        // The first of 1970 began eight hours before in China.
        assert!(said.contains("done date:7001010800"), "{said}");
        assert!(said.contains("stat:UNDELIV"), "{said}");
        assert_eq!(report.parties.unwrap().0, "+8613800138000");
    }
}

#[test]
fn what_does_not_fit_a_pdu_is_refused_by_the_name_of_its_option() {
    let with = |kind: &str, change: fn(&mut EncodeArgs)| {
        let mut args = args(kind, What::Submit, Some("x"));
        change(&mut args);
        format!("{:#}", frames(&args).unwrap_err())
    };
    for (kind, change, says) in [
        (
            "smpp",
            (|a| a.to = "+86 1".into()) as fn(&mut EncodeArgs),
            "--to",
        ),
        ("smpp", |a| a.to = "1".repeat(21), "--to"),
        ("smpp", |a| a.from = String::new(), "--from"),
        ("cmpp2", |a| a.to = "1".repeat(22), "1 to 21"),
        ("cmpp3", |a| a.to = "1".repeat(33), "1 to 32"),
        ("cmpp2", |a| a.sms.account = "1234567".into(), "--account"),
        ("cmpp2", |a| a.sms.id = "xyz".into(), "hex digits"),
        ("smpp", |a| a.sms.sequence = 0, "--sequence"),
        ("cmpp2", |a| a.sms.sequence = u32::MAX, "--sequence"),
        ("cmpp2", |a| a.sms.coding = Some(Alphabet::Gsm7), "--coding"),
        ("smpp", |a| a.sms.coding = Some(Alphabet::Gbk), "--coding"),
        (
            "smpp",
            |a| (a.text, a.sms.coding) = (Some("山".into()), Some(Alphabet::Ascii)),
            "lacks a character",
        ),
        ("smpp", |a| a.text = None, "--text"),
        ("smpp", |a| a.text = Some("山".repeat(700)), "shorten it"),
        ("cmpp", |_| {}, "--as cmpp2"),
        ("smpp", |a| a.sms.service = "too long".into(), "--service"),
        (
            "smpp",
            |a| (a.sms.carry, a.sms.stat) = (What::Receipt, "DELIVERED".into()),
            "--stat",
        ),
    ] {
        let error = with(kind, change);
        assert!(error.contains(says), "{kind} {says}: {error}");
    }
}

#[test]
fn a_text_that_makes_a_deliver_of_one_version_as_long_as_one_of_the_other_is_read() {
    // The fourth character stands where 3.0 has Msg_Length, with the length that would fit.
    let text = format!("山 屴{}", "山".repeat(90));
    let reports = read(&frames(&args("cmpp2", What::Deliver, Some(&text))).unwrap());
    let said: String = reports.iter().filter_map(|it| it.text.clone()).collect();
    assert_eq!(said, text);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn long_texts_are_put_together_again_from_their_pdus(
        text in "[ -Z山-岸]{1,300}",
        kind in prop::sample::select(vec!["smpp", "cmpp2", "cmpp3"]),
        carry in prop::sample::select(vec![What::Submit, What::Deliver]),
        coding in prop::sample::select(vec![None, Some(Alphabet::Ucs2)]),
        sequence in 1u32..1_000_000,
    ) {
        let mut args = args(kind, carry, Some(&text));
        args.sms.coding = coding;
        args.sms.sequence = sequence;
        let reports = read(&frames(&args).unwrap());
        let said: String = reports.iter().filter_map(|it| it.text.clone()).collect();
        prop_assert_eq!(said, text);
        let name = if kind == "smpp" { "sequence_number" } else { "Sequence_Id" };
        for (report, sequence) in reports.iter().zip(sequence..) {
            prop_assert!(report.ok, "{:?}", report);
            let Some(FieldValue::Number { value, .. }) = report.fields.get(name) else {
                return Err(TestCaseError::fail("no number"));
            };
            prop_assert_eq!(*value, u64::from(sequence));
        }
    }
}
