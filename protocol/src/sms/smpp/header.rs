//! The header of every PDU (clause 3.2).

use bytes::{BufMut, BytesMut};

/// Octets of the header.
pub const OCTETS: usize = 16;

/// What a PDU is (clause 5.1.2.1). A response is its request with the highest bit set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Command(pub u32);

impl Command {
    /// Says that a PDU was not understood.
    pub const GENERIC_NACK: Self = Self(0x8000_0000);
    /// Asks to be let in, to receive only.
    pub const BIND_RECEIVER: Self = Self(1);
    /// Asks to be let in, to send only.
    pub const BIND_TRANSMITTER: Self = Self(2);
    /// Asks to be let in, both ways.
    pub const BIND_TRANSCEIVER: Self = Self(9);
    /// A message from us.
    pub const SUBMIT_SM: Self = Self(4);
    /// A message or receipt for us.
    pub const DELIVER_SM: Self = Self(5);
    /// Ends the session.
    pub const UNBIND: Self = Self(6);
    /// Asks whether the other end is there.
    pub const ENQUIRE_LINK: Self = Self(0x15);
    /// Asks us to bind; has no response.
    pub const OUTBIND: Self = Self(0xB);
    /// Tells that a phone is there again; has no response.
    pub const ALERT_NOTIFICATION: Self = Self(0x102);

    /// The response to this request.
    #[must_use]
    pub const fn response(self) -> Self {
        Self(self.0 | 0x8000_0000)
    }

    /// Whether the other end waits for a response.
    #[must_use]
    pub const fn is_request(self) -> bool {
        self.0 & 0x8000_0000 == 0
            && self.0 != Self::OUTBIND.0
            && self.0 != Self::ALERT_NOTIFICATION.0
    }
}

/// The first 16 octets of a PDU.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// `command_length`: octets of the whole PDU, this header counted.
    pub length: u32,
    /// `command_id`: what it is.
    pub command: Command,
    /// `command_status`: of a response, see [`status`](super::status); 0 in requests.
    pub status: u32,
    /// `sequence_number`: set by who asks, repeated by who answers; 1 to 7FFFFFFF, and 0 in an
    /// answer to what could not be read.
    pub sequence: u32,
}

impl Header {
    /// Reads a header.
    #[must_use]
    pub fn decode(octets: &[u8; OCTETS]) -> Self {
        let (words, _) = octets.as_chunks::<4>();
        let word = |at: usize| words.get(at).map_or(0, |it| u32::from_be_bytes(*it));
        Self {
            length: word(0),
            command: Command(word(1)),
            status: word(2),
            sequence: word(3),
        }
    }

    /// Appends the 16 octets.
    pub fn encode(&self, out: &mut BytesMut) {
        out.put_u32(self.length);
        out.put_u32(self.command.0);
        out.put_u32(self.status);
        out.put_u32(self.sequence);
    }
}
