//! Headers and blocks off the air to packets.
//!
//! State is kept per timeslot and source, because a confirmed packet may take several
//! transmissions and other radios may come in between; blocks belong to the source whose
//! header was last on their timeslot. Use one [`Reassembler`] per link and direction.

use core::time::Duration;
use std::collections::BTreeMap;

use crate::air::Slot;
use crate::dmr::data_header::DataHeader;
use crate::time::Instant;

use super::assembly::{Assembly, Progress};
use super::block::Block;
use super::joining::Joiner;
use super::outcome::{Failure, Missing, Outcome};
use super::timers::T_DATA_TX_LMT;

/// Without a block for so long a transmission is over.
pub const SILENCE: Duration = Duration::from_secs(1);
/// A block that comes so long after the one before, eight bursts, is of another transmission, whose
/// header was not heard. Its blocks carry the same numbers and no sender: added to what is open,
/// they could make a whole packet under the wrong radio's name, because the check sum covers the
/// blocks only. Links that pass bursts on late pass all of them on late.
const GAP: Duration = Duration::from_millis(480);

/// Whose packet: timeslot and source.
type Key = (Slot, u32);

/// Puts packets together. Memory is bounded: at most `capacity` packets of at most
/// 127 blocks, and eight datagrams of which fragments came.
#[derive(Debug)]
pub struct Reassembler {
    assemblies: BTreeMap<Key, Assembly>,
    /// Whose blocks come on a timeslot now.
    talking: BTreeMap<Slot, u32>,
    joiner: Joiner,
    capacity: usize,
}

impl Default for Reassembler {
    fn default() -> Self {
        Self::new(64)
    }
}

impl Reassembler {
    /// Keeps at most `capacity` packets (at least one); the longest untouched gives way.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self {
            assemblies: BTreeMap::new(),
            talking: BTreeMap::new(),
            joiner: Joiner::default(),
            capacity: capacity.max(1),
        }
    }

    /// A data header was heard. A transmission that was under way on the slot is over
    /// without a report; call [`ended_by`](Self::ended_by) first to hear of it.
    pub fn header(&mut self, now: Instant, slot: Slot, header: &DataHeader) -> Outcome {
        if let DataHeader::Proprietary(second) = header {
            let taken = self
                .talker(slot)
                .and_then(|key| self.assemblies.get_mut(&key))
                .is_some_and(|assembly| assembly.extend(*second, now));
            if taken {
                return Outcome::Pending;
            }
        }
        if let Some(open) = self.again(slot, header) {
            open.touched = now;
            return Outcome::Pending;
        }
        let source = header
            .addressing()
            .map_or(0, |addressing| addressing.source);
        let key = (slot, source);
        self.interrupted(slot);
        let mut assembly = Assembly::new(*header, now);
        if let Some(known) = self.assemblies.get_mut(&key)
            && assembly.is_retry
            && known.continues(header)
        {
            known.retry(header, now);
            self.talking.insert(slot, source);
            return Outcome::Pending;
        }
        if header.blocks() == 0 {
            return match assembly.finish() {
                Ok(packet) => Outcome::Complete(packet),
                Err(why) => Outcome::Failed {
                    header: *header,
                    why,
                },
            };
        }
        if let Some(old) = self.assemblies.get(&key)
            && now.since(old.touched) < T_DATA_TX_LMT
        {
            assembly.follows(old);
        }
        self.make_room(key);
        self.assemblies.insert(key, assembly);
        self.talking.insert(slot, source);
        Outcome::Pending
    }

    /// The transmission under way on `slot` whose header is heard once more: links repeat
    /// bursts, and the numbered blocks heard since stay good.
    fn again(&mut self, slot: Slot, header: &DataHeader) -> Option<&mut Assembly> {
        let key = self.talker(slot)?;
        self.assemblies.get_mut(&key).filter(|assembly| {
            assembly.is_open() && header.is_confirmed() && assembly.header == *header
        })
    }

    /// What becomes of the transmission under way on `slot` as this header comes: it is
    /// over, unless the header is its own once more.
    pub fn ended_by(&mut self, slot: Slot, header: &DataHeader) -> Outcome {
        let extends = matches!(header, DataHeader::Proprietary(_));
        if extends || self.again(slot, header).is_some() {
            Outcome::Pending
        } else {
            self.ended(slot)
        }
    }

    /// A data block was heard.
    pub fn block(&mut self, now: Instant, slot: Slot, block: &Block) -> Outcome {
        let Some(key) = self.talker(slot) else {
            return Outcome::Stray;
        };
        let Some(assembly) = self.assemblies.get_mut(&key) else {
            return Outcome::Stray;
        };
        if now.since(assembly.touched) > GAP {
            return Outcome::Stray;
        }
        match assembly.block(block, now) {
            Progress::More => Outcome::Pending,
            Progress::Over(missing) => self.over(key, missing),
        }
    }

    /// The transmission on `slot` is over: a terminator, a voice burst or another header
    /// came, or a second of silence.
    pub fn ended(&mut self, slot: Slot) -> Outcome {
        let Some(key) = self.talker(slot) else {
            return Outcome::Pending;
        };
        match self.assemblies.get_mut(&key).and_then(Assembly::close) {
            Some(missing) => self.over(key, missing),
            None => Outcome::Pending,
        }
    }

    fn over(&mut self, key: Key, missing: Vec<u8>) -> Outcome {
        let Some(assembly) = self.assemblies.get_mut(&key) else {
            return Outcome::Pending;
        };
        let (header, is_retry) = (assembly.header, assembly.is_retry);
        let why = if missing.is_empty() {
            match assembly.finish() {
                Ok(packet) if header.is_confirmed() => {
                    let now = assembly.touched;
                    self.talking.remove(&key.0);
                    return self.joiner.join(now, key.0, packet);
                }
                Ok(packet) => {
                    self.forget(key);
                    return Outcome::Complete(packet);
                }
                // Some blocks of a packet whose first transmission was not heard.
                Err(_) if is_retry => Failure::UnknownRetry,
                Err(why) => why,
            }
        } else if is_retry {
            Failure::UnknownRetry
        } else if header.is_confirmed() {
            return Outcome::Missing(Missing {
                header,
                total: assembly.total(),
                blocks: missing,
            });
        } else {
            Failure::Incomplete
        };
        self.forget(key);
        Outcome::Failed { header, why }
    }

    /// Lets time pass: ends transmissions that fell silent, forgets packets that nobody
    /// will repeat any more. At most one outcome per timeslot.
    pub fn tick(&mut self, now: Instant) -> Vec<Outcome> {
        self.joiner.tick(now);
        let silent: Vec<Slot> = self
            .assemblies
            .iter()
            .filter(|(_, assembly)| assembly.is_open() && now.since(assembly.touched) >= SILENCE)
            .map(|(&(slot, _), _)| slot)
            .collect();
        let mut outcomes = Vec::new();
        for slot in silent {
            outcomes.push(self.ended(slot));
            self.talking.remove(&slot);
        }
        self.assemblies
            .retain(|_, assembly| now.since(assembly.touched) < T_DATA_TX_LMT);
        outcomes
    }

    /// When [`tick`](Self::tick) next has something to do.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.assemblies
            .values()
            .map(|assembly| {
                let patience = if assembly.is_open() {
                    SILENCE
                } else {
                    T_DATA_TX_LMT
                };
                assembly.touched + patience
            })
            .chain(self.joiner.deadline())
            .min()
    }

    fn talker(&self, slot: Slot) -> Option<Key> {
        self.talking.get(&slot).map(|&source| (slot, source))
    }

    fn interrupted(&mut self, slot: Slot) {
        let Some(key) = self.talker(slot) else {
            return;
        };
        self.talking.remove(&slot);
        if let Some(assembly) = self.assemblies.get_mut(&key) {
            assembly.close();
            if !assembly.header.is_confirmed() {
                self.assemblies.remove(&key);
            }
        }
    }

    fn forget(&mut self, key: Key) {
        self.assemblies.remove(&key);
        self.talking.remove(&key.0);
    }

    /// Packets held.
    #[cfg(test)]
    pub(in super::super) fn held(&self) -> usize {
        self.assemblies.len()
    }

    fn make_room(&mut self, key: Key) {
        if self.assemblies.len() < self.capacity || self.assemblies.contains_key(&key) {
            return;
        }
        let oldest = self
            .assemblies
            .iter()
            .min_by_key(|(_, assembly)| assembly.touched);
        if let Some(oldest) = oldest.map(|(&key, _)| key) {
            self.assemblies.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests;
