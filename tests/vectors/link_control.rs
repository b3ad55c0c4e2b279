//! Link control, bare and embedded in voice.

use narrowcast_protocol::dmr::fec::embedded_lc;
use narrowcast_protocol::dmr::lc::{FullLc, LcBody, TalkerAlias};
use serde_json::Value;

use crate::dmrlib;
use crate::records::{bytes, dictionary, records};

/// The nine octets of a record: 16 are the embedded form, 10 end with the sum, 9 are bare.
fn link_control(record: &Value) -> FullLc {
    let octets = bytes(record);
    let lc = match octets.len() {
        16 => {
            let words: Vec<u32> = octets
                .chunks(4)
                .map(|word| u32::from_be_bytes(word.try_into().unwrap()))
                .collect();
            let words: [u32; 4] = words.try_into().unwrap();
            let read = embedded_lc::decode(words).unwrap();
            assert_eq!(
                (read.corrected_bits, embedded_lc::encode(&read.value)),
                (0, words)
            );
            FullLc::decode(&read.value)
        }
        10 => FullLc::decode_with_sum(&octets.clone().try_into().unwrap()).unwrap(),
        9 => FullLc::decode(&octets.clone().try_into().unwrap()),
        other => panic!("{other} octets"),
    };
    if octets.len() < 16 {
        assert_eq!(lc.encode(), octets[..9]);
    }
    lc
}

/// What a source may state of link control, with its names for it.
fn states(lc: &FullLc, field: &str, value: &str) -> bool {
    let words = dmrlib::full_lc(&lc.encode()).unwrap_or_default();
    match (field, &lc.body) {
        ("full_link_control_opcode", LcBody::GpsInfo(_)) => value == "FLCOs.GPSInfo",
        ("full_link_control_opcode", LcBody::TalkerAliasBlock1(_)) => {
            value == "FLCOs.TalkerAliasBlock1"
        }
        ("full_link_control_opcode", LcBody::GroupVoice(_)) => {
            value == "FLCOs.GroupVoiceChannelUser" || value.ends_with("Flcos.group_voice")
        }
        ("feature_set_id", _) => {
            lc.fid == 0 && (value.ends_with("StandardizedFID") || value.contains("standardized"))
        }
        ("source_address", _) => words.contains(&format!("SOURCE: {value}")),
        ("group_address", _) => words.contains(&format!("GROUP: {value}")),
        ("service_options", LcBody::GroupVoice(call)) => {
            value == "0" && call.service_options == Default::default()
        }
        ("position_error", LcBody::GpsInfo(gps)) => {
            value == "PositionError.PositionErrorNotKnown" && gps.position_error.number() == 7
        }
        // One octet and "BP ", which the source writes with the low octets first.
        ("talker_alias_data", LcBody::TalkerAliasBlock1(_)) => {
            value == "b'\\x00' + 'BP '.encode('utf-16-le')" && lc.encode()[2..] == *b"\0B\0P\0 \0"
        }
        _ => false,
    }
}

#[test]
fn recorded_link_control_decodes_to_every_stated_field() {
    for record in records("dmr_pdu/okdmr_lc_emb_slottype.jsonl") {
        if record["layer"] != "dmr-full_link_control" {
            continue;
        }
        let lc = link_control(&record);
        let mut stated: Vec<(String, String)> = record["expect"]["stated_by_test"]
            .as_str()
            .map(dictionary)
            .unwrap_or_default();
        for value in record["expect"]["stated_values"]
            .as_array()
            .into_iter()
            .flatten()
        {
            let text = |name: &str| value[name].as_str().unwrap().to_owned();
            stated.push((text("field"), text("equals")));
        }
        for (field, value) in stated {
            assert!(
                states(&lc, &field, &value),
                "{lc:?}: {field} is not {value}"
            );
        }
    }
}

#[test]
fn a_recorded_alias_comes_out_of_its_header_and_blocks() {
    let mut alias = TalkerAlias::default();
    let mut shown = None;
    for record in records("dmr_pdu/okdmr_lc_emb_slottype.jsonl") {
        if record["layer"] == "dmr-full_link_control" {
            alias.push(&link_control(&record).body);
            shown = alias.text();
        }
    }
    // Block 2 was not recorded: what is contiguous is shown.
    assert!(
        shown.as_deref().is_none_or(|shown| shown == "R4WBP "),
        "{shown:?}"
    );
}

#[test]
fn a_logged_talker_alias_reads_as_logged() {
    for record in records("dmr_pdu/public_issue_logs.jsonl") {
        let expect = &record["expect"];
        let Some(text) = expect["text_so_far"].as_str() else {
            continue;
        };
        let lc = link_control(&record);
        let mut alias = TalkerAlias::default();
        alias.push(&lc.body);
        assert_eq!(alias.text().as_deref(), Some(text));
        let LcBody::TalkerAliasHeader(header) = lc.body else {
            panic!("{lc:?}")
        };
        assert_eq!(
            u64::from(header.format.number()),
            expect["format"].as_u64().unwrap()
        );
        assert_eq!(
            u64::from(header.length),
            expect["length_chars"].as_u64().unwrap()
        );
        let log = expect["mmdvmhost_log"].as_str().unwrap();
        assert!(log.contains(&format!("{}/{} char): '{text}'", text.len(), header.length)));
    }
}
