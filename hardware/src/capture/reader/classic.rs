//! Classic pcap.

use std::io::Read;

use jiff::Timestamp;

use super::{Order, Raw, ReadError, Source, Stop, check_lengths};

/// What a classic file says once for all packets.
#[derive(Debug)]
pub(super) struct Header {
    order: Order,
    nanoseconds_per_tick: i32,
    linktype: u16,
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
        }))
    }

    pub(super) fn next<R: Read>(&self, source: &mut Source<R>) -> Result<Option<Raw>, Stop> {
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
        Ok(Some(Raw {
            at,
            interface: "0".to_owned(),
            description: None,
            linktype: self.linktype,
            direction: None,
            comment: None,
            data: source.bytes(captured, offset)?,
        }))
    }
}
