//! PDUs that follow each other in a byte stream, each with its length and command in front:
//! nothing marks where one begins, so a header counts only if all of it can be.

use narrowcast_protocol::time::Instant;

use crate::decode::secrets;
use crate::decode::stream::{Part, Split};

/// Bytes outside any PDU that are shown as one piece.
const MOST_SKIPPED: usize = 4_096;
/// A log-in that begins so near the end of such a piece begins the next one.
const LOG_IN: usize = 128;
/// So many headers inside an unsound PDU are looked at.
const MOST_TRIES: usize = 16;

/// How the headers of a family are told from other bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Headers {
    /// Octets that tell.
    pub(super) octets: usize,
    /// Octets of the whole PDU whose header this is; `None` if it cannot be one.
    pub(super) length: fn(&[u8]) -> Option<usize>,
    /// Whether a whole PDU is read to its end.
    pub(super) is_sound: fn(&[u8]) -> bool,
}

impl Headers {
    /// Where the next header stands in `bytes`, not before `from`.
    pub(super) fn find(&self, bytes: &[u8], from: usize) -> Option<usize> {
        let last = bytes.len().checked_sub(self.octets)?;
        (from..=last).find(|at| bytes.get(*at..).is_some_and(|rest| self.begins(rest)))
    }

    fn begins(&self, bytes: &[u8]) -> bool {
        (self.length)(bytes).is_some()
    }

    /// Where a PDU of these bytes breaks off because its length is damaged: at a header inside
    /// it. What stands behind it does not count: it may not have come yet.
    fn next_inside(&self, pdu: &[u8]) -> Option<usize> {
        if (self.is_sound)(pdu) {
            return None;
        }
        let mut from = 1;
        for _ in 0..MOST_TRIES {
            let at = self.find(pdu, from)?;
            let inner = pdu.get(at..)?;
            let length = (self.length)(inner)?;
            if inner.get(..length).is_none_or(self.is_sound) {
                return Some(at);
            }
            from = at + 1;
        }
        None
    }
}

/// One direction of a connection.
#[derive(Debug)]
pub(super) struct Pdus {
    headers: Headers,
    /// What has come and is not yet given out.
    pending: Vec<u8>,
    /// So many of the pending bytes are in no PDU.
    skipped: usize,
    /// Bytes of the stream before the pending ones.
    offset: u64,
}

impl Pdus {
    pub(super) const fn new(headers: Headers) -> Self {
        Self {
            headers,
            pending: Vec::new(),
            skipped: 0,
            offset: 0,
        }
    }

    fn take(&mut self, length: usize, is_frame: bool, parts: &mut Vec<Part>) {
        let rest = self.pending.split_off(length.min(self.pending.len()));
        let bytes = core::mem::replace(&mut self.pending, rest);
        let offset = self.offset;
        self.offset += bytes.len() as u64;
        if !bytes.is_empty() {
            parts.push(Part {
                offset,
                bytes,
                is_frame,
            });
        }
    }

    /// Gives out whole pieces of what is in no PDU; all of it if a PDU follows.
    fn skip(&mut self, all: bool, parts: &mut Vec<Part>) {
        while self.skipped >= MOST_SKIPPED || (all && self.skipped > 0) {
            let mut piece = self.skipped.min(MOST_SKIPPED);
            if piece < self.skipped {
                let shown = self.pending.get(..piece).unwrap_or_default();
                let tail = piece.saturating_sub(LOG_IN).max(1);
                piece = secrets::log_in(shown, tail).unwrap_or(piece);
            }
            self.take(piece, false, parts);
            self.skipped = self.skipped.saturating_sub(piece);
        }
    }

    /// All that is certain; at the end of the stream that is everything.
    fn go_on(&mut self, ended: bool) -> Vec<Part> {
        let mut parts = Vec::new();
        loop {
            let rest = self.pending.get(self.skipped..).unwrap_or_default();
            if rest.len() < self.headers.octets {
                break;
            }
            match (self.headers.length)(rest) {
                Some(length) if length <= rest.len() => {
                    let pdu = rest.get(..length).unwrap_or_default();
                    if let Some(at) = self.headers.next_inside(pdu) {
                        self.skipped += at;
                        continue;
                    }
                    self.skip(true, &mut parts);
                    self.take(length, true, &mut parts);
                }
                // The rest of it may still come.
                Some(_) if !ended => break,
                _ => {
                    let last = rest.len() - self.headers.octets + 1;
                    self.skipped += self.headers.find(rest, 1).unwrap_or(last);
                    self.skip(false, &mut parts);
                }
            }
        }
        if ended {
            self.skipped = self.pending.len();
            self.skip(true, &mut parts);
        }
        parts
    }
}

impl Split for Pdus {
    fn push(&mut self, _: Instant, bytes: &[u8]) -> Vec<Part> {
        self.pending.extend_from_slice(bytes);
        self.go_on(false)
    }

    fn end(&mut self) -> Vec<Part> {
        self.go_on(true)
    }
}
