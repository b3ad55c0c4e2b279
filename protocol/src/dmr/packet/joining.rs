//! Fragments to datagrams (TS 102 361-1 clause 8.2.2).
//!
//! A sender cuts a long datagram into confirmed packets and sends the next one when the one
//! before is acknowledged. So a fragment counts as received only when all before it are
//! there: one that comes early is kept and refused as out of sequence, and its sender
//! repeats what is missing. The last one's acknowledgement then says that the datagram is whole.

use std::collections::BTreeMap;

use crate::air::Slot;
use crate::dmr::data_header::{DataHeader, Sap};
use crate::time::Instant;

use super::build::MOST_DATAGRAM_OCTETS;
use super::complete::{Extent, Packet};
use super::outcome::{Failure, Outcome};
use super::timers::T_DATA_TX_LMT;

/// Datagrams that are put together at the same time.
const DATAGRAMS: usize = 8;
/// Fragments after the first are numbered in a ring of so many.
const RING: usize = 7;
/// Fragments so far behind the next one are known as repetitions, and so far ahead are kept.
const BEHIND: usize = 16;
const AHEAD: usize = 8;

/// Between whom, and on which timeslot.
type Key = (Slot, u32, u32);

/// One fragment. Its N(S) and content tell a repetition from another fragment.
#[derive(Debug, PartialEq, Eq)]
struct Piece {
    send_sequence: u8,
    data: Vec<u8>,
}

/// The fragments of one datagram, by their place.
#[derive(Debug)]
struct Datagram {
    pieces: BTreeMap<usize, Piece>,
    /// Place of the last one, once it was heard.
    last: Option<usize>,
    touched: Instant,
}

/// What a fragment did.
enum Taken {
    /// Everything before it is there too.
    InOrder,
    /// It was there before.
    Repeated,
}

impl Datagram {
    const fn new(now: Instant) -> Self {
        Self {
            pieces: BTreeMap::new(),
            last: None,
            touched: now,
        }
    }

    /// The place of the first fragment that is missing.
    fn next(&self) -> usize {
        (0..)
            .zip(self.pieces.keys())
            .take_while(|(place, key)| place == *key)
            .count()
    }

    /// The place that a number of the ring, 1 to 7, and N(S) mean now. N(S) counts on from
    /// the first fragment, one for each, so both together tell 56 fragments apart.
    fn place(&self, number: usize, send_sequence: u8) -> Option<usize> {
        let next = self.next();
        let first = usize::from(self.pieces.get(&0)?.send_sequence);
        (next.saturating_sub(BEHIND).max(1)..=next + AHEAD).find(|place| {
            (place - 1) % RING + 1 == number && (first + place) % 8 == usize::from(send_sequence)
        })
    }

    fn octets(&self) -> usize {
        self.pieces.values().map(|piece| piece.data.len()).sum()
    }

    fn take(&mut self, place: usize, is_last: bool, piece: Piece) -> Result<Taken, Failure> {
        if let Some(known) = self.pieces.get(&place) {
            return if *known == piece {
                Ok(Taken::Repeated)
            } else {
                Err(Failure::OutOfSequence)
            };
        }
        let beyond = self.last.is_some_and(|last| place > last)
            || (is_last && self.pieces.keys().any(|other| *other > place));
        if beyond {
            return Err(Failure::OutOfSequence);
        }
        if self.octets() + piece.data.len() > MOST_DATAGRAM_OCTETS {
            return Err(Failure::TooLong);
        }
        if is_last {
            self.last = Some(place);
        }
        self.pieces.insert(place, piece);
        if place < self.next() {
            Ok(Taken::InOrder)
        } else {
            Err(Failure::OutOfSequence)
        }
    }

    /// All of it, once nothing is missing.
    fn whole(&self) -> Option<Vec<u8>> {
        (self.last? < self.next()).then(|| {
            self.pieces
                .values()
                .flat_map(|piece| &piece.data)
                .copied()
                .collect()
        })
    }
}

/// Joins the fragments of several senders. Memory is bounded: at most eight datagrams of at
/// most [`MOST_DATAGRAM_OCTETS`], each kept for T_DataTxLmt after its last fragment.
#[derive(Debug, Default)]
pub(super) struct Joiner {
    datagrams: BTreeMap<Key, Datagram>,
}

impl Joiner {
    /// What a confirmed packet whose CRC matches means: itself if it is a whole datagram, the
    /// datagram that it completes, or a fragment more.
    pub(super) fn join(&mut self, now: Instant, slot: Slot, mut packet: Packet) -> Outcome {
        let (Some(addressing), Some((number, is_last))) =
            (packet.header.addressing(), numbered(&packet))
        else {
            return Outcome::Complete(packet);
        };
        let key = (slot, addressing.source, addressing.destination);
        let piece = Piece {
            send_sequence: packet.header.send_sequence(),
            data: packet.data.clone(),
        };
        let datagram = self.datagram(key, now, number, &piece);
        let taken = datagram
            .and_then(|datagram| {
                let place = if number == 0 {
                    Some(0)
                } else {
                    datagram.place(usize::from(number), piece.send_sequence)
                };
                datagram.touched = now;
                let taken = datagram.take(place?, is_last, piece);
                Some(taken.map(|taken| (taken, datagram.whole())))
            })
            .unwrap_or(Err(Failure::OutOfSequence));
        match taken {
            Ok((taken, whole)) => {
                packet.repeated = matches!(taken, Taken::Repeated);
                if let Some(data) = whole {
                    packet.data = data;
                    packet.extent = Extent::Joined;
                    Outcome::Complete(packet)
                } else {
                    packet.extent = Extent::Part { number, is_last };
                    Outcome::Fragment(packet)
                }
            }
            Err(why) => {
                if why == Failure::TooLong {
                    self.datagrams.remove(&key);
                }
                let header = packet.header;
                Outcome::Failed { header, why }
            }
        }
    }

    /// The datagram that a fragment belongs to. A first fragment begins one, unless it is
    /// repeated before the datagram was whole.
    fn datagram(
        &mut self,
        key: Key,
        now: Instant,
        number: u8,
        piece: &Piece,
    ) -> Option<&mut Datagram> {
        self.tick(now);
        if number == 0 {
            let known = self.datagrams.get(&key).is_some_and(|begun| {
                begun.pieces.get(&0) == Some(piece) && begun.whole().is_none()
            });
            if !known {
                self.make_room(key);
                self.datagrams.insert(key, Datagram::new(now));
            }
        }
        self.datagrams.get_mut(&key)
    }

    /// Forgets datagrams that nobody will complete or repeat any more.
    pub(super) fn tick(&mut self, now: Instant) {
        self.datagrams
            .retain(|_, datagram| now.since(datagram.touched) < T_DATA_TX_LMT);
    }

    /// When [`tick`](Self::tick) next has something to do.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.datagrams
            .values()
            .map(|datagram| datagram.touched + T_DATA_TX_LMT)
            .min()
    }

    fn make_room(&mut self, key: Key) {
        if self.datagrams.len() < DATAGRAMS || self.datagrams.contains_key(&key) {
            return;
        }
        let oldest = self
            .datagrams
            .iter()
            .min_by_key(|(_, datagram)| datagram.touched);
        if let Some(oldest) = oldest.map(|(&key, _)| key) {
            self.datagrams.remove(&oldest);
        }
    }

    /// Octets held.
    #[cfg(test)]
    pub(super) fn octets(&self) -> usize {
        self.datagrams.values().map(Datagram::octets).sum()
    }
}

/// The fragment's number in its ring, 0 for the first, and whether it is the last; `None`
/// for a packet that is a whole datagram.
fn numbered(packet: &Packet) -> Option<(u8, bool)> {
    match &packet.header {
        DataHeader::Confirmed(header) if !header.is_single() && !is_whole_ipv4(packet) => {
            Some((header.fragment & 7, header.fragment & 8 != 0))
        }
        _ => None,
    }
}

/// Whether the packet is one IPv4 datagram by its total length, which bounds it: then it
/// needs no joining, whatever its fragment number says.
fn is_whole_ipv4(packet: &Packet) -> bool {
    let is_ip = packet.header.addressing().map(|to| to.sap) == Some(Sap::Ip);
    is_ip
        && matches!(*packet.data.as_slice(), [0x40..=0x4F, _, high, low, ..]
            if usize::from(u16::from_be_bytes([high, low])) == packet.data.len())
}

#[cfg(test)]
mod tests;
