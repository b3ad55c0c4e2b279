//! Recorded packets reassemble to their texts.

use narrowcast_protocol::air::Slot;
use narrowcast_protocol::dmr::data_header::DataHeader;
use narrowcast_protocol::dmr::packet::{Block, Outcome, Rate, Reassembler};
use narrowcast_protocol::dmr::text::{Message, interpret};
use narrowcast_protocol::time::Instant;

use crate::records::folder;

#[test]
fn recorded_text_transmissions_reassemble_to_their_text() {
    let Some(folder) = folder() else { return };
    let mut texts = 0;
    for file in ["dmrshark_msms3", "dmrshark_ds", "dmrshark_hello"] {
        let path = folder.join("hytera").join(format!("{file}.messages.json"));
        let Ok(text) = std::fs::read_to_string(&path) else {
            continue;
        };
        let messages: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
        for message in messages {
            let Some(stated) = message["utf16_text_runs"]
                .as_array()
                .filter(|runs| !runs.is_empty())
            else {
                continue;
            };
            let stated = stated[0].as_str().unwrap();
            assert_eq!(
                reassemble(&message).as_deref().map(str::trim_start),
                Some(stated),
                "{}",
                message["frame"]
            );
            texts += 1;
        }
    }
    assert!(texts > 0, "no text was stated in {}", folder.display());
}

fn reassemble(message: &serde_json::Value) -> Option<String> {
    let header: [u8; 12] = hex::decode(message["header_hex"].as_str()?)
        .ok()?
        .try_into()
        .ok()?;
    let mut reassembler = Reassembler::default();
    reassembler.header(Instant::ZERO, Slot::One, &DataHeader::decode(&header).ok()?);
    let mut outcome = Outcome::Pending;
    for block in message["blocks"].as_array()? {
        let octets = hex::decode(block.as_str()?).ok()?;
        let rate = if octets.len() == 18 {
            Rate::ThreeQuarters
        } else {
            Rate::Half
        };
        outcome = reassembler.block(Instant::ZERO, Slot::One, &Block::new(rate, &octets)?);
    }
    let Outcome::Complete(packet) = outcome else {
        return None;
    };
    match interpret(&packet) {
        Message::Text { text, .. } => Some(text),
        _ => None,
    }
}
