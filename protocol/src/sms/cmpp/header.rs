//! The header of every PDU (2.0 clause 7.3, 3.0 clause 8.3).

use bytes::{BufMut, BytesMut};

/// Octets of the header.
pub const OCTETS: usize = 12;

/// What a PDU is (2.0 clause 7.4.1, 3.0 table 1). A response is its request with the highest
/// bit set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Command(pub u32);

impl Command {
    /// Asks to be let in.
    pub const CONNECT: Self = Self(1);
    /// Ends the connection.
    pub const TERMINATE: Self = Self(2);
    /// A message from us.
    pub const SUBMIT: Self = Self(4);
    /// A message or report for us.
    pub const DELIVER: Self = Self(5);
    /// Asks whether the other end is there.
    pub const ACTIVE_TEST: Self = Self(8);

    /// The response to this request.
    #[must_use]
    pub const fn response(self) -> Self {
        Self(self.0 | 0x8000_0000)
    }
}

/// The first 12 octets of a PDU.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// Octets of the whole PDU, this header counted.
    pub length: u32,
    /// What it is.
    pub command: Command,
    /// Set by who asks, repeated by who answers.
    pub sequence: u32,
}

impl Header {
    /// Reads a header.
    #[must_use]
    pub fn decode(octets: &[u8; OCTETS]) -> Self {
        let [a, b, c, d, e, f, g, h, i, j, k, l] = *octets;
        Self {
            length: u32::from_be_bytes([a, b, c, d]),
            command: Command(u32::from_be_bytes([e, f, g, h])),
            sequence: u32::from_be_bytes([i, j, k, l]),
        }
    }

    /// Appends the 12 octets.
    pub fn encode(&self, out: &mut BytesMut) {
        out.put_u32(self.length);
        out.put_u32(self.command.0);
        out.put_u32(self.sequence);
    }
}
