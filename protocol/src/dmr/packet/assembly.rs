//! One packet while it is being put together.

use crate::dmr::crc;
use crate::dmr::data_header::{DataHeader, Proprietary, Sap};
use crate::time::Instant;

use super::block::Block;
use super::complete::{Extent, Packet};
use super::outcome::Failure;
use super::rate::Rate;
use super::repetition;

/// A link repeats a burst at most so often.
const MOST_COPIES: usize = 3;

/// A header and the blocks heard since, in as many attempts as it takes.
#[derive(Debug)]
pub(super) struct Assembly {
    /// The header of the first attempt: block count and padding are its.
    pub(super) header: DataHeader,
    /// The first attempt was not heard, only a retry that may carry all or some blocks.
    pub(super) is_retry: bool,
    second: Option<Proprietary>,
    rate: Option<Rate>,
    blocks: Vec<Option<Vec<u8>>>,
    /// Blocks of an unconfirmed packet as they came: they have no numbers.
    heard: Vec<Vec<u8>>,
    attempt: Option<Attempt>,
    /// Last header or block.
    pub(super) touched: Instant,
    /// CRC-32 of the packet when it was complete; kept to know a repetition by.
    done: Option<[u8; 4]>,
}

/// One transmission of all or some of the blocks.
#[derive(Debug, Clone, Copy)]
struct Attempt {
    expected: usize,
    /// Unusable blocks.
    counted: usize,
    /// Serial numbers heard, one bit each: links repeat bursts, and a repetition is no
    /// further block.
    heard: u128,
    /// Highest serial number expected: after it nothing comes.
    last: usize,
}

impl Attempt {
    const fn seen(&self) -> usize {
        self.counted + self.heard.count_ones() as usize
    }
}

/// What a block changed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// More blocks are to come.
    More,
    /// The attempt is over; these serial numbers are missing, perhaps none.
    Over(Vec<u8>),
}

impl Assembly {
    pub(super) fn new(header: DataHeader, now: Instant) -> Self {
        let total = usize::from(header.blocks());
        Self {
            is_retry: header.is_confirmed() && !header.is_full_message(),
            header,
            second: None,
            rate: None,
            blocks: vec![None; total],
            heard: Vec::new(),
            attempt: Some(Attempt {
                expected: total,
                counted: 0,
                heard: 0,
                last: total.saturating_sub(1),
            }),
            touched: now,
            done: None,
        }
    }

    pub(super) const fn is_open(&self) -> bool {
        self.attempt.is_some()
    }

    /// Remembers what `old` was, so that the same packet under the same N(S) is known as
    /// a repetition: its sender missed the acknowledgement. Short data has no N(S), so
    /// there two equal messages stay two.
    pub(super) fn follows(&mut self, old: &Self) {
        if matches!(self.header, DataHeader::Confirmed(_)) && old.continues(&self.header) {
            self.done = old.done;
        }
    }

    /// Whether a retry with `header` is one of this packet.
    pub(super) fn continues(&self, header: &DataHeader) -> bool {
        self.header.is_confirmed()
            && header.is_confirmed()
            && self.header.addressing() == header.addressing()
            && self.header.send_sequence() == header.send_sequence()
            && core::mem::discriminant(&self.header) == core::mem::discriminant(header)
    }

    /// Expects the blocks of a retry.
    pub(super) fn retry(&mut self, header: &DataHeader, now: Instant) {
        let last = self
            .missing()
            .last()
            .map_or(usize::MAX, |&last| usize::from(last));
        self.attempt = Some(Attempt {
            expected: usize::from(header.blocks()),
            counted: 0,
            heard: 0,
            last,
        });
        self.touched = now;
    }

    /// Takes a second header that came before any block. It counts as one block.
    pub(super) fn extend(&mut self, second: Proprietary, now: Instant) -> bool {
        let awaited = self
            .header
            .addressing()
            .is_some_and(|addressing| addressing.sap == Sap::Proprietary);
        let Some(attempt) = &mut self.attempt else {
            return false;
        };
        let begun = attempt.seen() > 0 || !self.heard.is_empty();
        if !awaited || begun || self.second.is_some() || self.blocks.pop().is_none() {
            return false;
        }
        self.second = Some(second);
        attempt.expected = attempt.expected.saturating_sub(1);
        attempt.last = attempt.last.saturating_sub(1);
        self.touched = now;
        true
    }

    /// Takes a block: of the running attempt, or one that comes late.
    pub(super) fn block(&mut self, block: &Block, now: Instant) -> Progress {
        self.touched = now;
        if self.header.is_confirmed() {
            self.numbered(block)
        } else {
            self.unnumbered(block)
        }
    }

    fn numbered(&mut self, block: &Block) -> Progress {
        let whole_before = self.missing().is_empty();
        let opened = block.open_confirmed().ok();
        if let Some(attempt) = &mut self.attempt {
            match opened {
                Some((serial, _)) => attempt.heard |= 1 << serial,
                None => attempt.counted += 1,
            }
        }
        let last = opened.map(|(serial, _)| usize::from(serial));
        if let Some((serial, user)) = opened
            && *self.rate.get_or_insert(block.rate()) == block.rate()
            && let Some(place) = self.blocks.get_mut(usize::from(serial))
        {
            *place = Some(user.to_vec());
        }
        let over = self.attempt.is_some_and(|attempt| {
            attempt.seen() >= attempt.expected || Some(attempt.last) == last
        });
        let missing = self.missing();
        if over || (missing.is_empty() && !whole_before) {
            self.attempt = None;
            Progress::Over(missing)
        } else {
            Progress::More
        }
    }

    /// The check over all blocks tells which of them were repeated by the link.
    fn unnumbered(&mut self, block: &Block) -> Progress {
        if self.attempt.is_none() || *self.rate.get_or_insert(block.rate()) != block.rate() {
            return Progress::More;
        }
        self.heard.push(block.octets().to_vec());
        let total = self.total();
        if self.heard.len() < total {
            return Progress::More;
        }
        let fits = |choice: &Vec<&[u8]>| content(&self.header, &choice.concat()).is_ok();
        if let Some(choice) = repetition::choices(&self.heard, total).find(fits) {
            self.blocks = choice.iter().map(|block| Some(block.to_vec())).collect();
        } else if repetition::is_likely(&self.heard) && self.heard.len() < total * MOST_COPIES {
            return Progress::More;
        } else {
            self.settle();
        }
        self.attempt = None;
        Progress::Over(self.missing())
    }

    /// Takes the unnumbered blocks as they came.
    fn settle(&mut self) {
        for (place, heard) in self.blocks.iter_mut().zip(&self.heard) {
            *place = Some(heard.clone());
        }
    }

    /// Ends the running attempt, as nothing more will come of it.
    pub(super) fn close(&mut self) -> Option<Vec<u8>> {
        self.attempt.take()?;
        self.settle();
        Some(self.missing())
    }

    /// How many blocks there are in all.
    pub(super) const fn total(&self) -> usize {
        self.blocks.len()
    }

    fn missing(&self) -> Vec<u8> {
        self.blocks
            .iter()
            .zip(0_u8..)
            .filter(|(block, _)| block.is_none())
            .map(|(_, serial)| serial)
            .collect()
    }

    /// The packet, once nothing is missing.
    pub(super) fn finish(&mut self) -> Result<Packet, Failure> {
        let octets: Vec<u8> = self.blocks.iter().flatten().flatten().copied().collect();
        let data = content(&self.header, &octets)?;
        let crc = octets.last_chunk::<4>().copied();
        let repeated = crc.is_some() && self.done == crc;
        self.done = crc;
        Ok(Packet {
            header: self.header,
            second: self.second,
            rate: self.rate,
            data,
            extent: Extent::Whole,
            repeated,
        })
    }
}

/// What checked blocks hold, without padding.
fn content(header: &DataHeader, octets: &[u8]) -> Result<Vec<u8>, Failure> {
    let padding = match header {
        DataHeader::Udt(_) => return udt(octets),
        DataHeader::StatusPrecoded(_) | DataHeader::Proprietary(_) | DataHeader::Other { .. } => {
            return Ok(octets.to_vec());
        }
        DataHeader::Response(_) if octets.is_empty() => return Ok(Vec::new()),
        DataHeader::Response(_) => 0,
        DataHeader::Unconfirmed(header) => usize::from(header.pad_octets),
        DataHeader::Confirmed(header) => usize::from(header.pad_octets),
        DataHeader::ShortDataDefined(header) => usize::from(header.bit_padding / 8),
        DataHeader::ShortDataRaw(header) => usize::from(header.bit_padding / 8),
    };
    let data = checked(octets)?;
    let user = data.len().checked_sub(padding).ok_or(Failure::Malformed)?;
    Ok(data.get(..user).ok_or(Failure::Malformed)?.to_vec())
}

/// User data and padding of a packet whose CRC-32 matches.
fn checked(octets: &[u8]) -> Result<&[u8], Failure> {
    let (data, crc) = octets.split_last_chunk::<4>().ok_or(Failure::Malformed)?;
    if crc::crc32(data) == *crc {
        Ok(data)
    } else {
        Err(Failure::Checksum)
    }
}

/// Content and padding of UDT blocks whose CRC-CCITT matches.
fn udt(octets: &[u8]) -> Result<Vec<u8>, Failure> {
    let (data, crc) = octets.split_last_chunk::<2>().ok_or(Failure::Malformed)?;
    if crc::ccitt(data, crc::mask::NONE) == u16::from_be_bytes(*crc) {
        Ok(data.to_vec())
    } else {
        Err(Failure::Checksum)
    }
}
