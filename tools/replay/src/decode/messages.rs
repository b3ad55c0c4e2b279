//! Text messages out of bursts, and the packets that stayed incomplete.

use core::time::Duration;
use std::collections::BTreeMap;

use narrowcast_protocol::air::Slot;
use narrowcast_protocol::dmr::burst::{Burst, DataBurst};
use narrowcast_protocol::dmr::data_header::DataHeader;
use narrowcast_protocol::dmr::fields::FieldValue;
use narrowcast_protocol::dmr::packet::{Outcome, Pdu, Reassembler};
use narrowcast_protocol::dmr::slot_type::DataType;
use narrowcast_protocol::dmr::sync::Sync;
use narrowcast_protocol::time::Instant;

use super::Report;
use super::kinds::dmr_burst;
use super::marks::{Mark, Marks};
use super::packets::{incomplete, message};
use crate::input::Raw;

/// Senders that are remembered; a recording with more loses unfinished messages.
const MOST_SENDERS: usize = 4096;
/// Time between a sender's frames in a recording without times: one slot of a TDMA frame.
const FRAME: Duration = Duration::from_millis(60);
/// So often senders are looked through for packets that fell silent.
const SWEEP: Duration = Duration::from_secs(1);

/// A message, or what became of a packet, and where its last burst stood.
type Said = (Raw, Report);
/// A link's direction and timeslot, the source if frames name it, and which sync pattern the
/// bursts have: on a repeater's link both sides of the air may be heard.
type Key = (String, u32, u8);

/// One sender: the pieces of his packets, and what he said last.
#[derive(Debug, Default)]
struct Sender {
    reassembler: Reassembler,
    last: Option<Report>,
    slot: Option<u8>,
    /// Where his last frame stood, without its bytes.
    place: Raw,
    time: Option<String>,
    now: Instant,
    /// The last header and the blocks since.
    marks: Marks,
    /// Blocks that belong to no header have been told of.
    strays_told: bool,
}

/// Puts the messages of many senders together, each one's state by itself.
#[derive(Debug, Default)]
pub(crate) struct Messages {
    senders: BTreeMap<Key, Sender>,
    swept: Instant,
}

impl Messages {
    /// The messages that are complete with this frame, and the packets that will not be.
    pub(crate) fn push(&mut self, raw: &Raw, report: &Report) -> Vec<Said> {
        let at = raw
            .at
            .and_then(|at| u64::try_from(at.as_microsecond()).ok());
        let mut said = match at.map(Instant::from_micros) {
            Some(now) if now.since(self.swept) >= SWEEP => {
                self.swept = now;
                self.sweep(now)
            }
            _ => Vec::new(),
        };
        let (carrier, source) = match report.kind {
            kind if kind == dmr_burst::KIND.name => (report, 0),
            _ => match &report.inner {
                // A DMRD names the sender in every frame, a modem's frame does not.
                Some(inner) => (inner.as_ref(), report.src.unwrap_or(0)),
                None => return said,
            },
        };
        let burst = carrier.hex.as_deref().and_then(|hex| {
            let octets: [u8; 33] = hex::decode(hex).ok()?.try_into().ok()?;
            Some(Burst::decode(&octets).ok()?.value)
        });
        let Some(burst) = burst else {
            return said;
        };
        let repeater = report.fields.get("repeater_id");
        let link = format!("{}{:?}{repeater:?}", raw.sender(), report.slot);
        let burst = match burst {
            Burst::Data(burst) => burst,
            Burst::Voice(_) => {
                let any_side = (link.clone(), source, 0)..=(link, source, u8::MAX);
                for (_, sender) in self.senders.range_mut(any_side) {
                    said.extend(sender.ended());
                }
                return said;
            }
        };
        let key = (link, source, side(burst.sync));
        if self.senders.len() >= MOST_SENDERS && !self.senders.contains_key(&key) {
            self.senders.pop_first();
        }
        let sender = self.senders.entry(key).or_default();
        sender.slot = report.slot;
        sender.time.clone_from(&report.time);
        sender.place = Raw {
            bytes: Vec::new(),
            ..raw.clone()
        };
        sender.now = at.map_or(sender.now + FRAME, Instant::from_micros);
        let mark = Mark {
            at: raw.at,
            sequence: match report.fields.get("sequence") {
                Some(FieldValue::Number { value, .. }) => u8::try_from(*value).ok(),
                _ => None,
            },
        };
        said.extend(sender.burst(&burst, mark));
        said
    }

    /// What is left when nothing follows: packets that stayed incomplete.
    pub(crate) fn end(&mut self) -> Vec<Said> {
        self.senders.values_mut().flat_map(Sender::ended).collect()
    }

    fn sweep(&mut self, now: Instant) -> Vec<Said> {
        let silent = self.senders.values_mut().flat_map(|sender| {
            let outcomes = sender.reassembler.tick(now);
            sender.reports(&outcomes)
        });
        silent.collect()
    }
}

impl Sender {
    fn burst(&mut self, burst: &DataBurst, mark: Mark) -> Vec<Said> {
        // One reassembler has one slot's bursts only.
        let (now, slot) = (self.now, Slot::One);
        let mut outcomes = self.reassembler.tick(now);
        let mut said = self.reports(&outcomes);
        outcomes.clear();
        match Pdu::of_burst(burst) {
            Some(Pdu::DataHeader(octets)) => {
                if let Ok(header) = DataHeader::decode(&octets) {
                    let before = self.reassembler.ended_by(slot, &header);
                    said.extend(self.reports(&[before]));
                    if !matches!(header, DataHeader::Proprietary(_)) {
                        self.marks.begin(mark);
                        self.strays_told = false;
                    }
                    outcomes.push(self.reassembler.header(now, slot, &header));
                }
            }
            Some(Pdu::Block(block)) => {
                self.marks.add(mark);
                outcomes.push(self.reassembler.block(now, slot, &block));
            }
            _ if burst.data_type == DataType::TerminatorWithLc => {
                outcomes.push(self.reassembler.ended(slot));
            }
            _ => {}
        }
        said.extend(self.reports(&outcomes));
        said
    }

    fn ended(&mut self) -> Vec<Said> {
        let outcome = self.reassembler.ended(Slot::One);
        self.reports(&[outcome])
    }

    fn reports(&mut self, outcomes: &[Outcome]) -> Vec<Said> {
        let mut reports = Vec::new();
        for outcome in outcomes {
            if matches!(outcome, Outcome::Stray) && core::mem::replace(&mut self.strays_told, true)
            {
                continue;
            }
            let report = match outcome {
                Outcome::Complete(packet) => message(packet, self.slot, &mut self.last),
                other => incomplete(other, self.slot, &self.marks),
            };
            reports.extend(report.map(|report| {
                let time = self.time.clone();
                (self.place.clone(), Report { time, ..report })
            }));
        }
        reports
    }
}

/// Who is on the air by the sync pattern of a data burst.
const fn side(sync: Sync) -> u8 {
    match sync {
        Sync::BsVoice | Sync::BsData => 0,
        Sync::MsVoice | Sync::MsData | Sync::MsReverseChannel => 1,
        Sync::Direct1Voice | Sync::Direct1Data => 2,
        Sync::Direct2Voice | Sync::Direct2Data => 3,
        Sync::Reserved => 4,
    }
}

#[cfg(test)]
mod tests;
