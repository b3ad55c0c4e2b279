//! A real repeater's session and single datagrams of the Homebrew protocol.

use narrowcast_protocol::air::Slot;
use narrowcast_protocol::dmr::burst::Burst;
use narrowcast_protocol::homebrew::message::{Dmrd, FrameType, Message, Role};
use serde_json::Value;

use crate::records::{bytes, records};

const REPEATER_SIDE: &str = "10.0.130.113";

#[test]
fn every_datagram_of_the_recorded_session_is_what_the_dissector_said() {
    let all = records("homebrew/mmdvm_example_55555.expect.jsonl");
    for record in &all {
        let datagram = bytes(record);
        let info = record["expect"]["mmdvm_dissector_info"]
            .as_str()
            .unwrap_or_default();
        let from_repeater = record["src"].as_str().unwrap().starts_with(REPEATER_SIDE);
        let role = if from_repeater {
            Role::Client
        } else {
            Role::Master
        };
        let what = format!("frame {}: {info}", record["frame"]);
        let message =
            Message::decode(&datagram, role).unwrap_or_else(|error| panic!("{what}: {error}"));
        let seen = &record["reference_decode"]["fields"];
        match &message {
            Message::Dmrd(dmrd) => check_dmrd(dmrd, seen, &what),
            Message::Rptl(_) => assert!(info.ends_with("LOGIN INIT"), "{what}"),
            Message::Rptk(proof) => {
                assert_eq!(
                    format!("0x{}", hex::encode(proof.digest)),
                    seen["sha256"].as_str().unwrap(),
                    "{what}"
                );
            }
            Message::Rptc(said) => {
                assert_eq!(
                    said.callsign,
                    seen["data"]["call_sign"].as_str().unwrap().trim(),
                    "{what}"
                );
                assert_eq!(
                    said.software,
                    seen["data"]["software_id"].as_str().unwrap().trim(),
                    "{what}"
                );
                assert_eq!(said.color_code, Some(1), "{what}");
            }
            Message::Rpto(said) => {
                assert_eq!(said.options, seen["options"].as_str().unwrap(), "{what}")
            }
            Message::Rptping(ping) => assert_eq!(
                u64::from(ping.id),
                seen["repeater_id"].as_u64().unwrap(),
                "{what}"
            ),
            Message::Mstpong(_) => assert!(info.ends_with("PONG"), "{what}"),
            Message::Rptack(_) => assert!(info.starts_with("MST->RPT"), "{what}"),
            other => panic!("{what}: {other:?}"),
        }
    }
}

fn check_dmrd(dmrd: &Dmrd, seen: &Value, what: &str) {
    assert_eq!(
        Some(u64::from(dmrd.source)),
        seen["source_id"].as_u64(),
        "{what}"
    );
    assert_eq!(
        Some(u64::from(dmrd.destination)),
        seen["target_id"].as_u64(),
        "{what}"
    );
    assert_eq!(
        Some(u64::from(dmrd.repeater)),
        seen["repeater_id"].as_u64(),
        "{what}"
    );
    assert_eq!(
        Some(u64::from(dmrd.sequence)),
        seen["sequence_no"].as_u64(),
        "{what}"
    );
    assert_eq!(
        Some(u64::from(dmrd.stream)),
        seen["stream_id"].as_u64(),
        "{what}"
    );
    assert_eq!(dmrd.group, seen["call_type"] == "group_call", "{what}");
    assert_eq!(
        dmrd.slot == Slot::Two,
        seen["slot_no"] == "timeslot_2",
        "{what}"
    );
    let (frame, low) = match dmrd.frame {
        FrameType::Voice(low) => ("voice_data", low),
        FrameType::VoiceSync(low) => ("voice_sync", low),
        FrameType::Data(low) => ("data_or_data_sync", low),
        FrameType::Reserved(low) => ("reserved", low),
    };
    assert_eq!(
        (Some(frame), Some(u64::from(low))),
        (seen["frame_type"].as_str(), seen["data_type"].as_u64()),
        "{what}"
    );
}

/// Bursts inside datagrams that are no standard bursts, by source and destination.
const NOT_BPTC: &str = "hicaoc_nrldmr";

#[test]
fn single_datagrams_decode_to_the_stated_fields_with_their_bursts() {
    for file in [
        "okdmr_dmrd",
        "public_issue_logs",
        "node_dmr_lib_examples",
        "hicaoc_nrldmr",
        "okdmr_pcap_tool",
    ] {
        for (index, record) in records(&format!("homebrew/{file}.jsonl"))
            .iter()
            .enumerate()
        {
            let what = format!("{file} {index}");
            let datagram = bytes(record);
            let message = Message::decode(&datagram, Role::Client)
                .unwrap_or_else(|error| panic!("{what}: {error}"));
            let Message::Dmrd(dmrd) = message else {
                assert!(datagram.starts_with(b"RPTC"), "{what}");
                continue;
            };
            let seen = &record["reference_decode"]["value"]["command_data"];
            check_dmrd(&dmrd, seen, &what);
            assert_eq!(&dmrd.encode()[..], &datagram[..], "{what}");
            if Burst::decode(&dmrd.burst).is_err() {
                // A PI header of a vendor that is not BPTC coded, or a burst made by hand.
                let excused = file == NOT_BPTC
                    || matches!(dmrd.frame, FrameType::Data(0) | FrameType::Voice(_));
                assert!(excused, "{what}: {:?}", Burst::decode(&dmrd.burst));
            }
            if let Some(csbk) = record["expect"]["csbk_hex_logged"].as_str() {
                let Ok(read) = Burst::decode(&dmrd.burst) else {
                    panic!("{what}")
                };
                let Burst::Data(data) = read.value else {
                    panic!("{what}")
                };
                assert_eq!(hex::encode(data.info.octets()), csbk, "{what}");
            }
        }
    }
}
