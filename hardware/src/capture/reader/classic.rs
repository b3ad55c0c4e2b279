//! Classic pcap.

use std::io::{self, Read};

use jiff::Timestamp;

use super::container::{LARGEST_PACKET, Order, Raw, ReadError, Stop, check_lengths};
use super::source::Source;

/// Packets of one recording are not further apart than this, in seconds.
const LONGEST_PAUSE: u32 = 30 * 86_400;

/// What a classic file says once for all packets.
#[derive(Debug)]
pub(super) struct Header {
    order: Order,
    nanoseconds_per_tick: i32,
    linktype: u16,
    /// Time of the packet before, in seconds.
    seconds: Option<u32>,
}

impl Header {
    /// The rest of the file header behind its magic number; `None` when that is another.
    pub(super) fn read<R: Read>(
        magic: [u8; 4],
        source: &mut Source<R>,
    ) -> Result<Option<Self>, ReadError> {
        let (order, nanoseconds_per_tick) = match u32::from_be_bytes(magic) {
            0xA1B2_C3D4 => (Order::Big, 1_000),
            0xD4C3_B2A1 => (Order::Little, 1_000),
            0xA1B2_3C4D => (Order::Big, 1),
            0x4D3C_B2A1 => (Order::Little, 1),
            _ => return Ok(None),
        };
        let mut rest = Vec::new();
        source.take_into(&mut rest, 20)?;
        let Some(linktype) = rest.get(16..20).and_then(|bytes| bytes.first_chunk()) else {
            return Err(ReadError::Damaged {
                offset: 0,
                field: "length of the file",
                value: source.offset,
                expected: "24 or more",
            });
        };
        Ok(Some(Self {
            order,
            nanoseconds_per_tick,
            // The upper bits tell about checksums at the end of frames.
            linktype: (order.u32(*linktype) & 0xFFFF) as u16,
            seconds: None,
        }))
    }

    pub(super) fn next<R: Read>(&mut self, source: &mut Source<R>) -> Result<Option<Raw>, Stop> {
        let offset = source.offset;
        let Some(header) = source.array::<16>(offset)? else {
            return Ok(None);
        };
        let mut rest = header.as_slice();
        let mut number = || self.order.take_u32(&mut rest).unwrap_or_default();
        let (seconds, ticks, captured, original) = (number(), number(), number(), number());
        check_lengths(captured, original, offset)?;
        let nanoseconds = i32::try_from(ticks)
            .ok()
            .and_then(|ticks| ticks.checked_mul(self.nanoseconds_per_tick))
            .filter(|nanoseconds| *nanoseconds < 1_000_000_000)
            .ok_or(ReadError::Damaged {
                offset,
                field: "fraction of a second",
                value: u64::from(ticks),
                expected: "less than a second",
            })?;
        let at = Timestamp::new(i64::from(seconds), nanoseconds).unwrap_or(Timestamp::UNIX_EPOCH);
        let data = source.bytes(captured, offset)?;
        self.seconds = Some(seconds);
        Ok(Some(Raw {
            at,
            interface: "0".to_owned(),
            description: None,
            linktype: self.linktype,
            direction: None,
            comment: None,
            cut: captured < original,
            data,
        }))
    }

    /// Whether a record begins here for certain: its header makes sense, and another one, or
    /// the end of the file, follows just behind it.
    pub(super) fn begins_at<R: Read>(&self, source: &mut Source<R>) -> io::Result<bool> {
        let Some(captured) = source
            .peek(16)?
            .first_chunk()
            .and_then(|head| self.sane(head))
        else {
            return Ok(false);
        };
        let end = 16 + captured as usize;
        let held = source.peek(end + 16)?;
        let Some(next) = held.get(end..) else {
            return Ok(false);
        };
        Ok(next.is_empty()
            || next
                .first_chunk()
                .is_some_and(|next| self.sane(next).is_some()))
    }

    /// The captured length in a header all of whose fields are plausible.
    fn sane(&self, header: &[u8; 16]) -> Option<u32> {
        let mut rest = header.as_slice();
        let mut number = || self.order.take_u32(&mut rest);
        let (seconds, ticks, captured, original) = (number()?, number()?, number()?, number()?);
        let ticks_per_second = 1_000_000_000 / self.nanoseconds_per_tick.unsigned_abs();
        let timely = self
            .seconds
            .is_none_or(|before| before.abs_diff(seconds) <= LONGEST_PAUSE);
        let plausible = timely
            && ticks < ticks_per_second
            && (1..=LARGEST_PACKET).contains(&captured)
            && (captured..=LARGEST_PACKET).contains(&original);
        plausible.then_some(captured)
    }
}
