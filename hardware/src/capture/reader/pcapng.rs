//! The pcapng container.

use std::io::{self, Read};

use jiff::Timestamp;

use super::super::Direction;
use super::container::{Order, Raw, ReadError, Stop, check_lengths};
use super::source::Source;

/// Block type of a section header; the same in both byte orders.
pub(super) const SECTION_HEADER: [u8; 4] = [0x0A, 0x0D, 0x0D, 0x0A];
const INTERFACE: u32 = 1;
/// The obsolete form of the enhanced packet.
const PACKET: u32 = 2;
const SIMPLE_PACKET: u32 = 3;
const ENHANCED_PACKET: u32 = 6;

/// Longest block that is looked into; others are passed over whatever their length.
const LARGEST_BLOCK: u32 = 1 << 20;
/// Blocks that stand in captures: those read here, name resolution, statistics, the journal,
/// secrets, and custom ones.
const COMMON: [u32; 10] = [
    INTERFACE,
    PACKET,
    SIMPLE_PACKET,
    4,
    5,
    ENHANCED_PACKET,
    9,
    10,
    0x0BAD,
    0x4000_0BAD,
];
/// Most interfaces a section may have.
const MOST_INTERFACES: usize = 65_536;

/// What a section has said so far.
#[derive(Debug)]
pub(super) struct Section {
    order: Order,
    interfaces: Vec<Interface>,
}

#[derive(Debug)]
struct Interface {
    name: String,
    description: Option<String>,
    linktype: u16,
    ticks_per_second: u64,
    offset_seconds: i64,
    snaplen: u32,
}

impl Section {
    /// The first section of a file, behind its block type.
    pub(super) fn first<R: Read>(source: &mut Source<R>) -> Result<Self, ReadError> {
        match Self::begin(source, 0) {
            Ok(section) => Ok(section),
            Err(Stop::Error(error)) => Err(error),
            Err(Stop::Truncated { offset }) => Err(ReadError::Damaged {
                offset,
                field: "length of the file",
                value: source.offset,
                expected: "a complete section header",
            }),
        }
    }

    fn begin<R: Read>(source: &mut Source<R>, offset: u64) -> Result<Self, Stop> {
        let truncated = Stop::Truncated { offset };
        let Some(length) = source.array::<4>(offset)? else {
            return Err(truncated);
        };
        let Some(magic) = source.array::<4>(offset)? else {
            return Err(truncated);
        };
        let order = match magic {
            [0x1A, 0x2B, 0x3C, 0x4D] => Order::Big,
            [0x4D, 0x3C, 0x2B, 0x1A] => Order::Little,
            other => {
                return Err(Stop::Error(ReadError::Damaged {
                    offset,
                    field: "byte-order magic",
                    value: u64::from(u32::from_be_bytes(other)),
                    expected: "1a2b3c4d in either order",
                }));
            }
        };
        let length = block_length(order.u32(length), 28, offset)?;
        let rest = source.array::<4>(offset)?.ok_or(truncated)?;
        let [major, minor] = [[rest[0], rest[1]], [rest[2], rest[3]]].map(|two| order.u16(two));
        if major != 1 {
            return Err(Stop::Error(ReadError::Damaged {
                offset,
                field: "major version",
                value: u64::from(major) << 16 | u64::from(minor),
                expected: "1",
            }));
        }
        source.skip(length - 16, offset)?;
        Ok(Self {
            order,
            interfaces: Vec::new(),
        })
    }

    /// The next packet; blocks of other kinds are taken in or passed over.
    pub(super) fn next<R: Read>(&mut self, source: &mut Source<R>) -> Result<Option<Raw>, Stop> {
        loop {
            let offset = source.offset;
            let Some(kind) = source.array::<4>(offset)? else {
                return Ok(None);
            };
            if kind == SECTION_HEADER {
                *self = Self::begin(source, offset)?;
                source.mark();
                continue;
            }
            let Some(length) = source.array::<4>(offset)? else {
                return Err(Stop::Truncated { offset });
            };
            let length = block_length(self.order.u32(length), 12, offset)?;
            let kind = self.order.u32(kind);
            let is_read = matches!(kind, INTERFACE | PACKET | SIMPLE_PACKET | ENHANCED_PACKET);
            if is_read && length > LARGEST_BLOCK {
                return Err(Stop::Error(ReadError::Damaged {
                    offset,
                    field: "block length",
                    value: u64::from(length),
                    expected: "at most 1 MiB",
                }));
            }
            let body = if is_read {
                source.bytes(length - 12, offset)?
            } else {
                source.skip(length - 12, offset)?;
                Vec::new()
            };
            match source.array::<4>(offset)? {
                Some(again) if self.order.u32(again) == length => {}
                Some(again) => {
                    return Err(Stop::Error(ReadError::Damaged {
                        offset,
                        field: "block length at the block's end",
                        value: u64::from(self.order.u32(again)),
                        expected: "the same as at its start",
                    }));
                }
                None => return Err(Stop::Truncated { offset }),
            }
            match kind {
                INTERFACE => self.interface(&body, offset)?,
                SIMPLE_PACKET => return Ok(Some(self.simple_packet(&body, offset)?)),
                ENHANCED_PACKET => {
                    let (id, rest) = self.interface_id(&body, offset)?;
                    return Ok(Some(self.packet(id, rest, offset)?));
                }
                PACKET => {
                    let (id, rest) = self.short_interface_id(&body, offset)?;
                    return Ok(Some(self.packet(id, rest, offset)?));
                }
                _ => {}
            }
            // What was taken in is no part of the next record.
            source.mark();
        }
    }

    /// Whether a block begins here for certain: one of the common ones, whose length stands
    /// at its end again.
    pub(super) fn begins_at<R: Read>(&self, source: &mut Source<R>) -> io::Result<bool> {
        let Some([a, b, c, d, e, f, g, h, magic @ ..]) = source.peek(12)?.first_chunk::<12>()
        else {
            return Ok(false);
        };
        let kind = [*a, *b, *c, *d];
        let order = match *magic {
            [0x1A, 0x2B, 0x3C, 0x4D] if kind == SECTION_HEADER => Order::Big,
            [0x4D, 0x3C, 0x2B, 0x1A] if kind == SECTION_HEADER => Order::Little,
            _ if COMMON.contains(&self.order.u32(kind)) => self.order,
            _ => return Ok(false),
        };
        let length = order.u32([*e, *f, *g, *h]);
        if !(12..=LARGEST_BLOCK).contains(&length) || !length.is_multiple_of(4) {
            return Ok(false);
        }
        let block = source.peek(length as usize)?;
        let is_whole = block.len() == length as usize;
        Ok(is_whole
            && block
                .last_chunk()
                .is_some_and(|end| order.u32(*end) == length))
    }

    fn interface(&mut self, mut body: &[u8], offset: u64) -> Result<(), ReadError> {
        let short = short_block(body, offset);
        let linktype = self.order.take_u16(&mut body).ok_or(short)?;
        let short = || short_block(body, offset);
        let mut rest = body;
        self.order.take_u16(&mut rest).ok_or_else(short)?;
        let snaplen = self.order.take_u32(&mut rest).ok_or_else(short)?;
        let number = self.interfaces.len();
        if number >= MOST_INTERFACES {
            return Err(ReadError::Damaged {
                offset,
                field: "number of interfaces",
                value: number as u64,
                expected: "at most 65536",
            });
        }
        let mut interface = Interface {
            name: number.to_string(),
            description: None,
            linktype,
            ticks_per_second: 1_000_000,
            offset_seconds: 0,
            snaplen,
        };
        for (code, value) in Options(self.order, rest) {
            match (code, value) {
                (2, name) => interface.name = words(name),
                (3, description) => interface.description = Some(words(description)),
                (9, &[resolution]) => {
                    interface.ticks_per_second =
                        ticks_per_second(resolution).ok_or(ReadError::Damaged {
                            offset,
                            field: "if_tsresol",
                            value: u64::from(resolution),
                            expected: "a resolution of 2^-63 or 10^-19 s at most",
                        })?;
                }
                (14, &[a, b, c, d, e, f, g, h]) => {
                    let eight = [a, b, c, d, e, f, g, h];
                    interface.offset_seconds = match self.order {
                        Order::Little => i64::from_le_bytes(eight),
                        Order::Big => i64::from_be_bytes(eight),
                    };
                }
                _ => {}
            }
        }
        self.interfaces.push(interface);
        Ok(())
    }

    fn interface_id<'a>(&self, body: &'a [u8], offset: u64) -> Result<(u32, &'a [u8]), ReadError> {
        let mut rest = body;
        let id = self.order.take_u32(&mut rest);
        Ok((id.ok_or_else(|| short_block(body, offset))?, rest))
    }

    /// The obsolete block has 16 bits for it, and counts lost packets in the other 16.
    fn short_interface_id<'a>(
        &self,
        body: &'a [u8],
        offset: u64,
    ) -> Result<(u32, &'a [u8]), ReadError> {
        let mut rest = body;
        let id = self.order.take_u16(&mut rest);
        let lost = self.order.take_u16(&mut rest);
        let (id, _) = id.zip(lost).ok_or_else(|| short_block(body, offset))?;
        Ok((u32::from(id), rest))
    }

    /// The packet in a block behind the number of its interface.
    fn packet(&self, id: u32, body: &[u8], offset: u64) -> Result<Raw, ReadError> {
        let order = self.order;
        let mut rest = body;
        let mut number = || {
            order
                .take_u32(&mut rest)
                .ok_or_else(|| short_block(body, offset))
        };
        let (high, low) = (number()?, number()?);
        let (captured, original) = (number()?, number()?);
        check_lengths(captured, original, offset)?;
        let interface = self.by_number(id, offset)?;
        let data = rest
            .get(..captured as usize)
            .ok_or_else(|| short_block(body, offset))?;
        let padded = (captured as usize).next_multiple_of(4);
        let options = rest.get(padded..).unwrap_or_default();
        let ticks = u64::from(high) << 32 | u64::from(low);
        let mut raw = interface.packet(interface.time(ticks), data);
        raw.cut = captured < original;
        for (code, value) in Options(order, options) {
            match (code, value) {
                (1, comment) => raw.comment = Some(words(comment)),
                (2, &[a, b, c, d]) => {
                    raw.direction = match order.u32([a, b, c, d]) & 3 {
                        1 => Some(Direction::Inbound),
                        2 => Some(Direction::Outbound),
                        _ => None,
                    };
                }
                _ => {}
            }
        }
        Ok(raw)
    }

    /// A packet without time; it stands at the epoch.
    fn simple_packet(&self, body: &[u8], offset: u64) -> Result<Raw, ReadError> {
        let interface = self.by_number(0, offset)?;
        let mut rest = body;
        let original = self
            .order
            .take_u32(&mut rest)
            .ok_or_else(|| short_block(body, offset))?;
        let captured = match interface.snaplen {
            0 => original,
            snaplen => original.min(snaplen),
        };
        check_lengths(captured, original, offset)?;
        let data = rest
            .get(..captured as usize)
            .ok_or_else(|| short_block(body, offset))?;
        let mut raw = interface.packet(Timestamp::UNIX_EPOCH, data);
        raw.cut = captured < original;
        Ok(raw)
    }

    fn by_number(&self, id: u32, offset: u64) -> Result<&Interface, ReadError> {
        self.interfaces.get(id as usize).ok_or(ReadError::Damaged {
            offset,
            field: "interface id",
            value: u64::from(id),
            expected: "an interface described before",
        })
    }
}

impl Interface {
    fn time(&self, ticks: u64) -> Timestamp {
        let seconds = i64::try_from(ticks / self.ticks_per_second)
            .ok()
            .and_then(|seconds| seconds.checked_add(self.offset_seconds));
        let fraction = u128::from(ticks % self.ticks_per_second) * 1_000_000_000
            / u128::from(self.ticks_per_second);
        let fraction = i32::try_from(fraction).unwrap_or_default();
        seconds
            .and_then(|seconds| Timestamp::new(seconds, fraction).ok())
            .unwrap_or(Timestamp::UNIX_EPOCH)
    }

    fn packet(&self, at: Timestamp, data: &[u8]) -> Raw {
        Raw {
            at,
            interface: self.name.clone(),
            description: self.description.clone(),
            linktype: self.linktype,
            direction: None,
            comment: None,
            cut: false,
            data: data.to_vec(),
        }
    }
}

/// Options until their end, the block's end, or the first that does not fit.
struct Options<'a>(Order, &'a [u8]);

impl<'a> Iterator for Options<'a> {
    type Item = (u16, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let Self(order, rest) = self;
        let code = order.take_u16(rest)?;
        let length = usize::from(order.take_u16(rest)?);
        let value = rest.get(..length)?;
        *rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
        (code != 0).then_some((code, value))
    }
}

fn words(value: &[u8]) -> String {
    String::from_utf8_lossy(value)
        .trim_end_matches('\0')
        .to_owned()
}

/// if_tsresol: a power of ten, or with the top bit of two.
fn ticks_per_second(resolution: u8) -> Option<u64> {
    let exponent = u32::from(resolution & 0x7F);
    if resolution & 0x80 == 0 {
        10u64.checked_pow(exponent)
    } else {
        1u64.checked_shl(exponent)
    }
}

fn block_length(length: u32, least: u32, offset: u64) -> Result<u32, ReadError> {
    if length < least || !length.is_multiple_of(4) {
        return Err(ReadError::Damaged {
            offset,
            field: "block length",
            value: u64::from(length),
            expected: "a multiple of 4 that holds the block's fixed part",
        });
    }
    Ok(length)
}

fn short_block(body: &[u8], offset: u64) -> ReadError {
    ReadError::Damaged {
        offset,
        field: "block length",
        value: body.len() as u64 + 12,
        expected: "enough for the block's fields",
    }
}
