//! DMR bursts and packets inside Hytera's IPSC datagrams: only what is inside is read here.

use std::collections::BTreeMap;

use narrowcast_protocol::air::Slot;
use narrowcast_protocol::dmr::burst::Burst;
use narrowcast_protocol::dmr::data_header::DataHeader;
use narrowcast_protocol::dmr::packet::{Outcome, Packet, Pdu, Reassembler};
use narrowcast_protocol::dmr::text::{Message, interpret};
use narrowcast_protocol::time::Instant;
use serde_json::Value;

use crate::dmr::check_burst;
use crate::records::{bytes, records};

/// The burst in a datagram: 33 octets from the 26th on, each pair exchanged.
fn burst(datagram: &[u8]) -> Option<[u8; 33]> {
    let payload = datagram.get(26..60)?;
    let exchanged: Vec<u8> = payload
        .chunks(2)
        .flat_map(|pair| [pair[1], pair[0]])
        .collect();
    exchanged[..33].try_into().ok()
}

/// The reference decoding of a record; the folder has it in two places.
fn seen(record: &Value) -> &Value {
    let decoded = &record["reference_decode"];
    if decoded["value"].is_object() {
        &decoded["value"]["burst"]
    } else {
        &decoded["burst"]
    }
}

const FILES: [&str; 5] = [
    "okdmr_ipsc_bursts",
    "okdmr_transmission",
    "dmrshark_ds.expect",
    "dmrshark_hello.expect",
    "dmrshark_msms3.expect",
];

#[test]
fn bursts_inside_ipsc_decode_to_every_word_of_the_reference() {
    for file in FILES {
        let mut bursts = 0;
        for (index, record) in records(&format!("hytera/{file}.jsonl")).iter().enumerate() {
            let seen = seen(record);
            // What has no burst in the reference is a wake-up or a marker of the link.
            if seen.is_object() {
                check_burst(
                    &burst(&bytes(record)).unwrap(),
                    seen,
                    &format!("{file} {index}"),
                );
                bursts += 1;
            }
        }
        assert!(bursts > 0 || crate::records::folder().is_none(), "{file}");
    }
}

/// The packets in a recording, both timeslots apart.
fn packets(file: &str) -> Vec<Packet> {
    let mut reassemblers: BTreeMap<String, Reassembler> = BTreeMap::new();
    let mut packets = Vec::new();
    for record in records(&format!("hytera/{file}.jsonl")) {
        // Shorter datagrams keep the link alive.
        let Some(burst) = burst(&bytes(&record)) else {
            continue;
        };
        let Ok(Burst::Data(data)) = Burst::decode(&burst).map(|read| read.value) else {
            continue;
        };
        let slot = record["reference_decode"]["timeslot_raw"].to_string();
        let air = reassemblers.entry(slot).or_default();
        let outcome = match Pdu::of_burst(&data) {
            Some(Pdu::DataHeader(pdu)) => {
                let header = DataHeader::decode(&pdu).unwrap();
                air.header(Instant::ZERO, Slot::One, &header)
            }
            Some(Pdu::Block(block)) => air.block(Instant::ZERO, Slot::One, &block),
            _ => Outcome::Pending,
        };
        if let Outcome::Complete(packet) = outcome {
            packets.push(packet);
        }
    }
    packets
}

#[test]
fn a_recorded_conversation_yields_its_texts_and_acknowledgements_once_each() {
    if crate::records::folder().is_none() {
        return;
    }
    let mut texts = Vec::new();
    let mut acknowledged = Vec::new();
    for packet in packets("dmrshark_msms3.expect")
        .iter()
        .filter(|packet| !packet.repeated)
    {
        match interpret(packet) {
            Message::Text {
                text,
                parties,
                reference,
                ask,
                ..
            } => {
                assert_eq!(
                    (parties.from, parties.to, ask),
                    (2_161_005, 2_167_005, true)
                );
                texts.push((text, reference.unwrap()));
            }
            Message::TmsAcknowledgement { parties, reference } => {
                assert_eq!((parties.from, parties.to), (2_167_005, 2_161_005));
                acknowledged.push(reference);
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(
        texts
            .iter()
            .all(|(text, reference)| (text.as_str(), *reference) == ("Eljen a SOR!", 3))
    );
    // Each was recorded on its way to the repeater and back; the reassembler knows that.
    assert_eq!((texts.len(), acknowledged), (1, vec![3]));
}
