//! The E0 frame: `E0 LEN TYPE data`, or `E0 00 L2 TYPE data` for more than 255 octets.

use bytes::{BufMut, Bytes, BytesMut};

/// First octet of every frame; it is not escaped and occurs inside payloads too.
pub const START: u8 = 0xE0;
/// First octet of the DVM variant's frames, which have another command table.
pub const DVM_START: u8 = 0xFE;
/// Longest whole frame, in octets.
pub const LONGEST: usize = 510;
/// Most octets of data in a frame.
pub const MOST_DATA: usize = LONGEST - LONG_HEADER;
/// Start, length, type.
const SHORT_HEADER: usize = 3;
/// Start, zero, length, type.
const LONG_HEADER: usize = 4;
/// A long frame's length octet counts from here.
const LONG_BASE: usize = 255;

/// Why octets cannot be put into a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0} octets of data do not fit a modem frame: at most {MOST_DATA}")]
pub struct TooLong(pub usize);

/// One frame, without its start and length octets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    kind: u8,
    data: Bytes,
}

impl Frame {
    /// A frame of this type (see [`kind`](super::kind)) and data.
    ///
    /// # Errors
    /// `data` is longer than [`MOST_DATA`].
    pub fn new(kind: u8, data: impl Into<Bytes>) -> Result<Self, TooLong> {
        let data = data.into();
        if data.len() > MOST_DATA {
            return Err(TooLong(data.len()));
        }
        Ok(Self { kind, data })
    }

    /// A frame whose data has a fixed length.
    pub(super) fn fixed<const N: usize>(kind: u8, data: [u8; N]) -> Self {
        const { assert!(N <= MOST_DATA) }
        Self {
            kind,
            data: Bytes::copy_from_slice(&data),
        }
    }

    /// The type octet.
    #[must_use]
    pub const fn kind(&self) -> u8 {
        self.kind
    }

    /// What follows the type octet.
    #[must_use]
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// Length of the whole frame on the line, in octets.
    #[must_use]
    pub fn total(&self) -> usize {
        let short = SHORT_HEADER + self.data.len();
        if short <= LONG_BASE { short } else { short + 1 }
    }

    /// The frame as it goes over the line.
    #[must_use]
    pub fn to_bytes(&self) -> Bytes {
        let total = self.total();
        let mut out = BytesMut::with_capacity(total);
        out.put_u8(START);
        match u8::try_from(total) {
            Ok(length) => out.put_u8(length),
            Err(_) => {
                let beyond = total.saturating_sub(LONG_BASE);
                out.put_u8(0);
                out.put_u8(u8::try_from(beyond).unwrap_or(u8::MAX));
            }
        }
        out.put_u8(self.kind);
        out.put_slice(&self.data);
        out.freeze()
    }
}

/// What the first octets of a possible frame say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    /// Length of the whole frame, in octets.
    pub(super) total: usize,
    /// The type octet.
    pub(super) kind: u8,
    /// Octets before the data.
    pub(super) length: usize,
}

impl Header {
    /// Reads the header of octets that begin with [`START`]; `None` while more are needed.
    pub(super) fn read(octets: &[u8]) -> Option<Self> {
        match *octets {
            [_, 0, beyond, kind, ..] => Some(Self {
                total: usize::from(beyond) + LONG_BASE,
                kind,
                length: LONG_HEADER,
            }),
            [_, 0, ..] => None,
            [_, total, kind, ..] => Some(Self {
                total: usize::from(total),
                kind,
                length: SHORT_HEADER,
            }),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_request_without_data_is_three_octets() {
        let frame = Frame::new(0x01, Bytes::new()).unwrap();
        assert_eq!(frame.to_bytes().as_ref(), [0xE0, 3, 1]);
    }

    #[test]
    fn the_long_form_begins_beyond_255_octets() {
        let short = Frame::new(0x80, vec![7; 252]).unwrap().to_bytes();
        assert_eq!((short.len(), short[1]), (255, 255));
        let long = Frame::new(0x80, vec![7; 253]).unwrap().to_bytes();
        assert_eq!((long.len(), &long[..4]), (257, &[0xE0, 0, 2, 0x80][..]));
        assert_eq!(Frame::new(0x80, vec![7; 507]), Err(TooLong(507)));
    }

    proptest! {
        #[test]
        fn the_header_tells_the_length_that_was_written(kind: u8, data in prop::collection::vec(any::<u8>(), 0..=MOST_DATA)) {
            let frame = Frame::new(kind, data.clone()).unwrap();
            let bytes = frame.to_bytes();
            let header = Header::read(&bytes).unwrap();
            prop_assert_eq!((header.total, header.kind), (bytes.len(), kind));
            prop_assert_eq!(&bytes[header.length..], &data[..]);
        }
    }
}
