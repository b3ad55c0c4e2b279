//! The codec against PDUs of others: the shared vectors, and hostile bodies.

use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::sms::smpp::deframe::Deframer;
use crate::sms::smpp::tlv::Tag;

/// Rows of one of the shared files, if they are there: the PDU's octets.
fn rows(file: &str) -> Vec<Vec<u8>> {
    let Some(root) = std::env::var_os("NARROWCAST_VECTORS") else {
        return Vec::new();
    };
    let path = Path::new(&root).join("smpp").join(file);
    let text = std::fs::read_to_string(&path).expect("the file of vectors");
    let rows = text.lines().filter_map(|line| {
        let (_, rest) = line.split_once("\"hex\": \"")?;
        let (octets, _) = rest.split_once('"')?;
        Some(hex::decode(octets).expect("hexadecimal"))
    });
    rows.collect()
}

const FILES: [&str; 7] = [
    "smpp_cloudhopper_smpp.jsonl",
    "smpp_go_smpp.jsonl",
    "smpp_gosmpp.jsonl",
    "smpp_jasmin.jsonl",
    "smpp_rusmpp.jsonl",
    "smpp_smpp_pdu.jsonl",
    "smpp_smppex.jsonl",
];

/// The first PDU of a row, if its length can be.
fn first(octets: &[u8]) -> Option<(Header, Bytes)> {
    let mut deframer = Deframer::default();
    deframer.push(octets);
    deframer.next_pdu().ok().flatten()
}

#[test]
fn the_pdus_of_other_implementations_are_read_and_written_as_they_came() {
    let (mut read, mut same) = (0, 0);
    for octets in FILES.iter().flat_map(|file| rows(file)) {
        let Some((header, body)) = first(&octets) else {
            continue;
        };
        let Ok(pdu) = Pdu::decode(header.command, &body) else {
            panic!("{}", hex::encode(octets));
        };
        read += 1;
        let written = pdu.encode(header.status, header.sequence);
        let again = Pdu::decode(header.command, &written[OCTETS..]);
        if octets.starts_with(&written) {
            same += 1;
        } else {
            let short = matches!(
                &pdu,
                Pdu::BindResp(_) | Pdu::SubmitSmResp(_) | Pdu::DeliverSmResp(_) | Pdu::Unbind
            );
            let cut = matches!(&pdu, Pdu::DeliverSm(it) if it.cut);
            assert!(short || cut, "{pdu:?}");
        }
        if let (Ok(Pdu::DeliverSm(again)), Pdu::DeliverSm(pdu)) = (&again, &pdu) {
            assert_eq!(again.content(), pdu.content());
        }
    }
    if std::env::var_os("NARROWCAST_VECTORS").is_some() {
        // The others: responses without a body or without the NUL, which are written with one, a
        // false sm_length, and octets behind an unbind.
        assert_eq!((read, same), (84, 71));
    }
}

#[test]
fn a_row_whose_length_is_false_is_waited_for_or_refused() {
    for octets in FILES.iter().flat_map(|file| rows(file)) {
        let said = octets.first_chunk().map_or(0, |it| u32::from_be_bytes(*it));
        let there = u32::try_from(octets.len()).expect("short");
        let mut deframer = Deframer::default();
        deframer.push(&octets);
        let found = deframer.next_pdu();
        assert_eq!(found.is_err(), said < 16, "{said}");
        assert_eq!(found == Ok(None), said > there, "{said}");
    }
    for octets in rows("smpp_other_bytes.jsonl") {
        if let Some((header, body)) = first(&octets) {
            assert!(Pdu::decode(header.command, &body).is_ok());
        }
    }
}

#[test]
fn receipts_of_operators_carry_their_ids_in_text_and_parameters() {
    let mut ids = Vec::new();
    for octets in rows("smpp_jasmin.jsonl") {
        let Some((header, body)) = first(&octets) else {
            continue;
        };
        if let Ok(Pdu::DeliverSm(message)) = Pdu::decode(header.command, &body)
            && let Some(id) = message.tlvs.get(Tag::RECEIPTED_MESSAGE_ID)
        {
            ids.push(String::from_utf8_lossy(id).trim_matches('\0').to_owned());
        }
    }
    if std::env::var_os("NARROWCAST_VECTORS").is_some() {
        assert!(ids.contains(&"6aad5".to_owned()), "{ids:?}");
    }
}

#[test]
fn a_response_may_have_no_body_and_an_id_no_end() {
    for command in [Command::SUBMIT_SM, Command::DELIVER_SM] {
        let read = Pdu::decode(command.response(), &[]);
        let expected = MessageResp::default();
        assert!(matches!(
            read,
            Ok(Pdu::SubmitSmResp(it) | Pdu::DeliverSmResp(it)) if it == expected
        ));
    }
    let read = Pdu::decode(Command::SUBMIT_SM.response(), b"9");
    let message_id = "9".to_owned();
    assert_eq!(read, Ok(Pdu::SubmitSmResp(MessageResp { message_id })));
    let refused = Pdu::decode(Command::BIND_TRANSCEIVER.response(), &[]);
    assert!(refused.is_ok());
}

#[test]
fn a_cut_optional_parameter_keeps_the_mandatory_part() {
    let body = hex::decode("5453493735383800021000").expect("hexadecimal");
    let read = Pdu::decode(Command::BIND_TRANSCEIVER.response(), &body);
    let Ok(Pdu::BindResp(answer)) = read else {
        panic!("{read:?}");
    };
    assert_eq!(
        (answer.system_id.as_str(), answer.version),
        ("TSI7588", None)
    );
}

#[test]
fn a_false_inner_length_ends_the_text_with_the_pdu() {
    // sm_length is right, a stray zero stands in front of the parameters.
    let octets = hex::decode(
        "0000004200000005000000000000000900010138363133383030313338303030000001313036393030303100000000000000000000054f4b20313700020400020011",
    );
    let (header, body) = first(&octets.expect("hexadecimal")).expect("a PDU");
    let Ok(Pdu::DeliverSm(message)) = Pdu::decode(header.command, &body) else {
        panic!("no deliver_sm");
    };
    assert_eq!(message.content(), b"OK 17");
    assert!(message.tlvs.damaged && !message.cut);
    let octets = hex::decode(
        "0000003b00000005000000000000000a00010138363133383030313338303030000001313036393030303100000000000000000000204f4b203137",
    );
    let (header, body) = first(&octets.expect("hexadecimal")).expect("a PDU");
    let Ok(Pdu::DeliverSm(message)) = Pdu::decode(header.command, &body) else {
        panic!("no deliver_sm");
    };
    assert_eq!(message.content(), b"OK 17");
    assert!(message.cut);
}

#[test]
fn a_password_does_not_show_in_logs() {
    let bind = Bind {
        way: Way::Transceiver,
        system_id: "alert".to_owned(),
        password: "hunter2".to_owned(),
        system_type: String::new(),
        version: 0x34,
        ton: 0,
        npi: 0,
        range: String::new(),
    };
    assert!(!format!("{bind:?}").contains("hunter2"));
    let octets = Pdu::Bind(bind.clone()).encode(0, 1);
    let read = Pdu::decode(Command::BIND_TRANSCEIVER, &octets[OCTETS..]);
    assert_eq!(read, Ok(Pdu::Bind(bind)));
}

proptest! {
    #[test]
    fn hostile_bodies_of_every_command_are_read_or_refused(
        command in 0_u32..0x20, response: bool, body in prop::collection::vec(any::<u8>(), 0..400),
    ) {
        let command = Command(command);
        let command = if response { command.response() } else { command };
        if let Ok(pdu) = Pdu::decode(command, &body) {
            prop_assert_eq!(pdu.command(), command);
            let written = pdu.encode(0, 1);
            prop_assert!(Pdu::decode(command, &written[OCTETS..]).is_ok());
        }
    }
}
