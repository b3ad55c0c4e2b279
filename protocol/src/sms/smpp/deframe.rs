//! From a stream to PDUs.

use bytes::{Buf, Bytes, BytesMut};

use super::header::{Header, OCTETS};

/// Longest PDU that is believed unless the link says otherwise.
pub const USUAL: u32 = 4_096;
/// Longest that a link may allow: a message in one optional parameter of 65,535 octets.
pub const LONGEST: u32 = 65_536 + 1_024;

/// A stream that cannot be followed any more: nothing marks where the next PDU begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("command_length is {length}: expected {OCTETS} to {most}")]
pub struct BadLength {
    /// What the PDU says.
    pub length: u32,
    /// Most that is believed.
    pub most: u32,
}

/// Cuts a TCP stream into PDUs, however it was split.
#[derive(Debug)]
pub struct Deframer {
    /// Less than one PDU, and what came with its last octets.
    buffer: BytesMut,
    most: u32,
}

impl Default for Deframer {
    fn default() -> Self {
        Self::new(USUAL)
    }
}

impl Deframer {
    /// Believes PDUs of at most so many octets, and never more than [`LONGEST`].
    #[must_use]
    pub fn new(most: u32) -> Self {
        Self {
            buffer: BytesMut::new(),
            most: most.min(LONGEST),
        }
    }

    /// Takes octets of the stream.
    pub fn push(&mut self, octets: &[u8]) {
        self.buffer.extend_from_slice(octets);
    }

    /// The next whole PDU and its body.
    ///
    /// # Errors
    /// Its length cannot be: the connection must be closed.
    pub fn next_pdu(&mut self) -> Result<Option<(Header, Bytes)>, BadLength> {
        // The length alone is enough to refuse it.
        let Some(length) = self.buffer.first_chunk().map(|it| u32::from_be_bytes(*it)) else {
            return Ok(None);
        };
        let octets = usize::try_from(length).unwrap_or(usize::MAX);
        if octets < OCTETS || length > self.most {
            let most = self.most;
            return Err(BadLength { length, most });
        }
        let Some(header) = self.buffer.first_chunk().map(Header::decode) else {
            return Ok(None);
        };
        if self.buffer.len() < octets {
            return Ok(None);
        }
        // Copied, so that a small body does not keep a large buffer alive.
        let body = self.buffer.get(OCTETS..octets).unwrap_or_default();
        let body = Bytes::copy_from_slice(body);
        self.buffer.advance(octets);
        Ok(Some((header, body)))
    }

    /// Forgets a half-read PDU.
    pub fn clear(&mut self) {
        self.buffer.clear();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::sms::smpp::header::Command;

    #[test]
    fn lengths_that_cannot_be_end_the_stream_before_the_rest_is_there() {
        for length in [0, 15, USUAL + 1, 0xF000_0011, u32::MAX] {
            let mut deframer = Deframer::default();
            deframer.push(&length.to_be_bytes());
            let most = USUAL;
            assert_eq!(deframer.next_pdu(), Err(BadLength { length, most }));
        }
        let mut wide = Deframer::new(u32::MAX);
        wide.push(&LONGEST.to_be_bytes());
        assert_eq!(wide.next_pdu(), Ok(None));
    }

    proptest! {
        #[test]
        fn every_split_of_a_stream_gives_the_same_pdus(
            bodies in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 1..8),
            cuts in prop::collection::vec(1_usize..40, 1..40),
        ) {
            let mut stream = BytesMut::new();
            for (sequence, body) in (0..).zip(&bodies) {
                let length = u32::try_from(OCTETS + body.len()).expect("short");
                let command = Command::DELIVER_SM;
                Header { length, command, status: 0, sequence }.encode(&mut stream);
                stream.extend_from_slice(body);
            }
            let mut deframer = Deframer::default();
            let mut found = Vec::new();
            let mut rest = &stream[..];
            for cut in cuts.iter().cycle() {
                if rest.is_empty() {
                    break;
                }
                let (chunk, next) = rest.split_at((*cut).min(rest.len()));
                deframer.push(chunk);
                while let Some((header, body)) = deframer.next_pdu().expect("good lengths") {
                    found.push((header.sequence, body.to_vec()));
                }
                rest = next;
            }
            let expected: Vec<_> = (0..).zip(bodies).collect();
            prop_assert_eq!(found, expected);
        }
    }
}
