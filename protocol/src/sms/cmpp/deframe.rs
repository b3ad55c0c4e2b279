//! From a stream to PDUs.

use bytes::{Buf, Bytes, BytesMut};

use super::header::{Header, OCTETS};

/// Longest PDU that is believed; the longest legal SUBMIT of 3.0 has 3,491 octets.
pub const LONGEST: u32 = 8_192;

/// A stream that cannot be followed any more: nothing marks where the next PDU begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a PDU says that it has {0} octets: expected {OCTETS} to {LONGEST}")]
pub struct BadLength(pub u32);

/// Cuts a TCP stream into PDUs, however it was split.
#[derive(Debug, Default)]
pub struct Deframer {
    /// Less than one PDU, and what came with its last octets.
    buffer: BytesMut,
}

impl Deframer {
    /// Takes octets of the stream.
    pub fn push(&mut self, octets: &[u8]) {
        self.buffer.extend_from_slice(octets);
    }

    /// The next whole PDU and its body.
    ///
    /// # Errors
    /// Its length cannot be: the connection must be closed.
    pub fn next_pdu(&mut self) -> Result<Option<(Header, Bytes)>, BadLength> {
        let Some(header) = self.buffer.first_chunk().map(Header::decode) else {
            return Ok(None);
        };
        let length = usize::try_from(header.length).unwrap_or(usize::MAX);
        if length < OCTETS || header.length > LONGEST {
            return Err(BadLength(header.length));
        }
        if self.buffer.len() < length {
            return Ok(None);
        }
        // Copied, so that a small body does not keep a large buffer alive.
        let body = self.buffer.get(OCTETS..length).unwrap_or_default();
        let body = Bytes::copy_from_slice(body);
        self.buffer.advance(length);
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
    use crate::sms::cmpp::header::Command;

    fn pdu(sequence: u32, body: &[u8]) -> Vec<u8> {
        let mut out = BytesMut::new();
        let length = u32::try_from(OCTETS + body.len()).expect("short");
        let command = Command::DELIVER;
        Header {
            length,
            command,
            sequence,
        }
        .encode(&mut out);
        out.extend_from_slice(body);
        out.to_vec()
    }

    #[test]
    fn lengths_that_cannot_be_end_the_stream() {
        for length in [0, 11, LONGEST + 1, u32::MAX] {
            let mut deframer = Deframer::default();
            deframer.push(&length.to_be_bytes());
            deframer.push(&[0; 8]);
            assert_eq!(deframer.next_pdu(), Err(BadLength(length)));
        }
    }

    proptest! {
        #[test]
        fn every_split_of_a_stream_gives_the_same_pdus(
            bodies in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 1..8),
            cuts in prop::collection::vec(1_usize..40, 1..40),
        ) {
            let mut stream: Vec<u8> = Vec::new();
            for (sequence, body) in (0..).zip(&bodies) {
                stream.extend(pdu(sequence, body));
            }
            let mut deframer = Deframer::default();
            let mut found = Vec::new();
            let mut rest = stream.as_slice();
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
            prop_assert!(deframer.buffer.is_empty());
        }
    }
}
