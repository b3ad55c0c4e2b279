//! Text messages out of bursts.

use core::time::Duration;
use std::collections::BTreeMap;

use narrowcast_protocol::air::Slot;
use narrowcast_protocol::dmr::burst::Burst;
use narrowcast_protocol::dmr::data_header::DataHeader;
use narrowcast_protocol::dmr::packet::{Outcome, Pdu, Reassembler};
use narrowcast_protocol::dmr::text::{Message, interpret};
use narrowcast_protocol::time::Instant;

use super::Report;
use super::kinds::dmr_burst;
use crate::input::Raw;

/// Senders that are remembered; a recording with more loses unfinished messages.
const MOST_SENDERS: usize = 4096;
/// Time between frames of a recording without times: two slots.
const FRAME: Duration = Duration::from_millis(60);

/// One sender: the pieces of his packets, and what he said last.
#[derive(Debug, Default)]
struct Sender {
    reassembler: Reassembler,
    last: Option<Report>,
}

/// Puts the messages of many senders together, each one's state by itself.
#[derive(Debug, Default)]
pub(crate) struct Messages {
    senders: BTreeMap<(String, u32), Sender>,
    now: Instant,
}

impl Messages {
    /// The messages that are complete with this frame.
    pub(crate) fn push(&mut self, raw: &Raw, report: &Report) -> Vec<Report> {
        self.now = match raw.at.map(|at| u64::try_from(at.as_microsecond())) {
            Some(Ok(micros)) => Instant::from_micros(micros),
            _ => self.now + FRAME,
        };
        let (carrier, source) = match report.kind {
            kind if kind == dmr_burst::KIND.name => (report, 0),
            _ => match &report.inner {
                // A DMRD names the sender in every frame, a modem's frame does not.
                Some(inner) => (inner.as_ref(), report.src.unwrap_or(0)),
                None => return Vec::new(),
            },
        };
        let burst = carrier.hex.as_deref().and_then(|hex| {
            let octets: [u8; 33] = hex::decode(hex).ok()?.try_into().ok()?;
            Some(Burst::decode(&octets).ok()?.value)
        });
        let Some(burst) = burst else {
            return Vec::new();
        };
        let repeater = report.fields.get("repeater_id");
        let key = format!("{}{:?}{repeater:?}", raw.sender(), report.slot);
        if self.senders.len() >= MOST_SENDERS && !self.senders.contains_key(&(key.clone(), source))
        {
            self.senders.pop_first();
        }
        let Sender {
            reassembler: sender,
            last,
        } = self.senders.entry((key, source)).or_default();
        let slot = if report.slot == Some(2) {
            Slot::Two
        } else {
            Slot::One
        };
        let pdu = match burst {
            Burst::Voice(_) => None,
            Burst::Data(burst) => Pdu::of_burst(&burst),
        };
        let outcome = match pdu {
            Some(Pdu::DataHeader(octets)) => match DataHeader::decode(&octets) {
                Ok(header) => {
                    let mut outcomes = Vec::new();
                    if !matches!(header, DataHeader::Proprietary(_)) {
                        outcomes.push(sender.ended(slot));
                    }
                    outcomes.push(sender.header(self.now, slot, &header));
                    outcomes
                }
                Err(_) => Vec::new(),
            },
            Some(Pdu::Block(block)) => vec![sender.block(self.now, slot, &block)],
            _ => Vec::new(),
        };
        let slot = report.slot;
        outcome
            .iter()
            .filter_map(|outcome| message(outcome, slot, last))
            .map(|mut message| {
                message.time.clone_from(&report.time);
                message
            })
            .collect()
    }
}

fn message(outcome: &Outcome, slot: Option<u8>, last: &mut Option<Report>) -> Option<Report> {
    let Outcome::Complete(packet) = outcome else {
        return None;
    };
    let Message::Text {
        parties,
        text,
        encoding,
        reference,
        ..
    } = interpret(packet)
    else {
        return None;
    };
    let message = Report {
        ok: true,
        kind: "message",
        pdu: "Text",
        src: Some(parties.from),
        dst: Some(parties.to),
        group: Some(parties.group),
        slot,
        // Radios begin a text with a line break, which is none of the writer's.
        text: Some(text.strip_prefix("\r\n").unwrap_or(&text).to_owned()),
        encoding: Some(encoding.to_string()),
        reference,
        ..Report::default()
    };
    // A retry of what was complete before; the mark alone goes by the header, which two
    // different texts may share.
    (!packet.repeated || last.as_ref() != Some(&message)).then(|| {
        *last = Some(message.clone());
        message
    })
}
