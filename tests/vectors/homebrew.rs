//! A real repeater's session and single datagrams of the Homebrew protocol.

use narrowcast_protocol::air::Slot;
use narrowcast_protocol::dmr::burst::Burst;
use narrowcast_protocol::dmr::lc::FullLc;
use narrowcast_protocol::dmr::slot_type::DataType;
use narrowcast_protocol::dmr::sync::Sync;
use narrowcast_protocol::dmr::voice::VoiceCollector;
use narrowcast_protocol::homebrew::message::{Dmrd, FrameType, Message, Role, Rptc};
use serde_json::Value;

use crate::dmr::check_burst;
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
            Message::Dmrd(dmrd) => {
                check_dmrd(dmrd, seen, &what);
                check_dissection(dmrd, info, &what);
                let inside = &record["reference_decode"]["burst"];
                if inside.is_object() {
                    check_burst(&dmrd.burst, inside, &what);
                }
            }
            Message::Rptl(said) => {
                assert!(info.ends_with("LOGIN INIT"), "{what}");
                assert_eq!(
                    Some(u64::from(said.id)),
                    seen["repeater_id"].as_u64(),
                    "{what}"
                );
            }
            Message::Rptk(proof) => {
                assert_eq!(
                    format!("0x{}", hex::encode(proof.digest)),
                    seen["sha256"].as_str().unwrap(),
                    "{what}"
                );
                assert_eq!(
                    Some(u64::from(proof.id)),
                    seen["repeater_id"].as_u64(),
                    "{what}"
                );
            }
            Message::Rptc(said) => {
                check_rptc(said, &seen["data"], &what);
                assert_eq!(&message.encode()[..], &datagram[..], "{what}");
            }
            Message::Rpto(said) => {
                assert_eq!(said.options, seen["options"].as_str().unwrap(), "{what}");
                assert_eq!(
                    Some(u64::from(said.id)),
                    seen["repeater_id"].as_u64(),
                    "{what}"
                );
            }
            Message::Rptping(ping) => assert_eq!(
                u64::from(ping.id),
                seen["repeater_id"].as_u64().unwrap(),
                "{what}"
            ),
            // The recorded master writes other octets than the repeater's id.
            Message::Mstpong(pong) => {
                assert!(info.ends_with("PONG"), "{what}");
                assert_eq!(
                    Some(u64::from(pong.id)),
                    seen["repeater_id"].as_u64(),
                    "{what}"
                );
            }
            Message::Rptack(ack) => {
                assert!(info.starts_with("MST->RPT"), "{what}");
                assert_eq!(
                    Some(u64::from(u32::from_be_bytes(ack.value))),
                    seen["repeater_id_or_challenge"].as_u64(),
                    "{what}"
                );
            }
            other => panic!("{what}: {other:?}"),
        }
    }
}

/// A text field: the reference keeps its padding.
fn padded(said: &str, seen: &Value) -> bool {
    seen.as_str().map(str::trim) == Some(said)
}

fn check_rptc(said: &Rptc, seen: &Value, what: &str) {
    for (said, field) in [
        (&said.callsign, "call_sign"),
        (&said.location, "location"),
        (&said.description, "description"),
        (&said.url, "url"),
        (&said.software, "software_id"),
        (&said.package, "package_id"),
    ] {
        assert!(padded(said, &seen[field]), "{what}: {field} is not {said}");
    }
    let number = |field: &str| seen[field].as_str().unwrap().parse::<f64>().ok();
    for (said, field) in [
        (said.rx_frequency.map(f64::from), "rx_freq"),
        (said.tx_frequency.map(f64::from), "tx_freq"),
        (said.power.map(f64::from), "tx_power"),
        (said.color_code.map(f64::from), "color_code"),
        (said.latitude, "latitude"),
        (said.longitude, "longitude"),
        (said.height.map(f64::from), "antenna_height_above_ground"),
    ] {
        assert_eq!(said, number(field), "{what}: {field}");
    }
    let slots = char::from(u8::from(said.slots)).to_string();
    assert_eq!(Some(slots.as_str()), seen["slots"].as_str(), "{what}");
    assert_eq!(
        Some(u64::from(said.id)),
        seen["repeater_id"].as_u64(),
        "{what}"
    );
}

/// `MST->RPT: VOICE HEADER [2343327 -> 9 GROUP]`.
fn check_dissection(dmrd: &Dmrd, info: &str, what: &str) {
    let kind = if dmrd.group { "GROUP" } else { "PRIVATE" };
    let way = format!("[{} -> {} {kind}]", dmrd.source, dmrd.destination);
    assert!(info.ends_with(&way), "{what}: not {way}");
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
    let stated = seen["bit_error_rate"].as_u64().zip(seen["rssi"].as_u64());
    match &dmrd.quality {
        Some(it) => {
            let said = (u64::from(it.bit_errors), u64::from(it.rssi));
            assert_eq!(Some(said), stated, "{what}");
        }
        // A datagram of 53 octets has neither; the reference may show zeros.
        None => assert!(matches!(stated, None | Some((0, 0))), "{what}"),
    }
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
            let seen = &record["reference_decode"]["value"]["command_data"];
            let dmrd = match message {
                Message::Dmrd(dmrd) => dmrd,
                Message::Rptc(said) => {
                    check_rptc(&said, &seen["data"], &what);
                    continue;
                }
                other => panic!("{what}: {other:?}"),
            };
            check_dmrd(&dmrd, seen, &what);
            check_logged(&dmrd, &record["expect"], &what);
            assert_eq!(&dmrd.encode()[..], &datagram[..], "{what}");
            let inside = &record["reference_decode"]["value"]["burst"];
            match Burst::decode(&dmrd.burst) {
                Ok(_) if inside.is_object() => check_burst(&dmrd.burst, inside, &what),
                Ok(_) => {}
                Err(error) => assert!(excused(file, &dmrd), "{what}: {error}"),
            }
        }
    }
}

/// A PI header of a vendor that is not BPTC coded, or a burst made by hand.
fn excused(file: &str, dmrd: &Dmrd) -> bool {
    file == NOT_BPTC || matches!(dmrd.frame, FrameType::Data(0) | FrameType::Voice(_))
}

/// What the program that received the datagram logged, and what its source says of it.
fn check_logged(dmrd: &Dmrd, expect: &Value, what: &str) {
    let octets = match Burst::decode(&dmrd.burst).map(|read| read.value) {
        Ok(Burst::Data(data)) => hex::encode(data.info.octets()),
        _ => String::new(),
    };
    if let Some(csbk) = expect["csbk_hex_logged"].as_str() {
        assert_eq!(octets, csbk, "{what}");
    }
    if let Some(rssi) = expect["rssi"].as_str() {
        let said = dmrd.quality.map(|it| format!("-{} dBm", it.rssi));
        assert_eq!(said.as_deref(), Some(rssi), "{what}");
    }
    if let Some(to) = expect["dst"].as_u64() {
        assert_eq!(u64::from(dmrd.destination), to, "{what}");
    }
    if let Some(stated) = expect["stated"].as_str() {
        let said = format!(
            "HomeBrew: data from {} to {}",
            dmrd.source, dmrd.destination
        );
        assert_eq!(said, stated, "{what}");
    }
    if let Some(log) = expect["mmdvmhost_log"].as_str()
        && log.contains(" from ")
    {
        let slot = format!("DMR Slot {},", dmrd.slot.number());
        assert!(
            log.starts_with(&slot) && log.contains("Preamble CSBK"),
            "{what}"
        );
        assert!(
            log.ends_with(&format!(" to {}", dmrd.destination)),
            "{what}"
        );
        if log.contains("to follow") {
            let follow = u8::from_str_radix(&octets[6..8], 16).unwrap();
            let words = format!("({follow} to follow) from {} ", dmrd.source);
            assert!(log.contains(&words), "{what}");
        }
    }
    if let Some(comment) = expect["comment"].as_str() {
        check_comment(dmrd, comment, what);
    }
    if let Some(stated) = expect["stated_by_test"].as_str()
        && stated.starts_with("{'csbk_data'")
    {
        let follow = u8::from_str_radix(&octets[6..8], 16).unwrap();
        for part in [
            format!("'preamble_csbk_blocks_to_follow': {follow},"),
            "data_content_follows_preambles".to_owned(),
            format!("'source_address': {},", dmrd.source),
            format!("'target_address': {}}}", dmrd.destination),
            "'feature_set_id': 0".to_owned(),
            "CsbkoTypes.preamble".to_owned(),
        ] {
            assert!(stated.contains(&part), "{what}: not {part}");
        }
        assert!(octets.starts_with("bd0080"), "{what}");
    }
}

/// Comments that do not hold, and why.
const WRONG_COMMENTS: [(&str, &str); 2] = [
    (
        "[CC 0] [DATA TYPE Reserved]",
        "a burst with voice sync has neither colour code nor data type",
    ),
    (
        "[LCSS 3]",
        "its EMB is 1391h, LCSS 1, as the reference decoding says too",
    ),
];

/// A comment names sync, colour code and data type of the burst.
fn check_comment(dmrd: &Dmrd, comment: &str, what: &str) {
    if WRONG_COMMENTS
        .iter()
        .any(|(part, _)| comment.contains(part))
    {
        return;
    }
    let Burst::Data(data) = Burst::decode(&dmrd.burst).unwrap().value else {
        panic!("{what}: {comment}")
    };
    let code = data.color_code.get();
    assert!(
        comment.contains(&format!("[CC {code}]")) || comment.contains(&format!("[CC: {code}]")),
        "{what}: {comment}"
    );
    let sync = match data.sync {
        Sync::BsData => "[BsSourcedData]",
        _ => "[MsSourcedData]",
    };
    assert!(comment.contains(sync), "{what}: {comment}");
    match data.data_type {
        DataType::Csbk => assert!(comment.contains("[DATA TYPE CSBK]"), "{what}"),
        DataType::PiHeader => {
            let octets = hex::encode(&data.info.octets()[..10]);
            assert!(comment.contains(&format!("[Data(10) {octets}]")), "{what}");
            let place = format!("TS:{} SEQ: {}", dmrd.slot.number(), dmrd.sequence);
            assert!(comment.contains(&place), "{what}");
        }
        other => panic!("{what}: {other:?}"),
    }
}

#[test]
fn a_recorded_superframe_brings_its_link_control_where_the_source_says_so() {
    let mut collector = VoiceCollector::default();
    for (index, record) in records("homebrew/okdmr_pcap_tool.jsonl").iter().enumerate() {
        let Ok(Message::Dmrd(dmrd)) = Message::decode(&bytes(record), Role::Client) else {
            panic!("{index}")
        };
        let Burst::Voice(voice) = Burst::decode(&dmrd.burst).unwrap().value else {
            panic!("{index}")
        };
        let came = collector.push(&voice, None);
        let stated = record["expect"]["stated_by_test"].as_str().unwrap();
        assert_eq!(came.is_some(), stated.starts_with("(True"), "{index}");
        if let Some(lc) = came {
            let lc = FullLc::decode(&lc.unwrap().value);
            assert_eq!(lc.source(), Some(dmrd.source), "{lc:?}");
        }
    }
}
