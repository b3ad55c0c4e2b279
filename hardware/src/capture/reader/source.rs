//! The input, looked ahead into and gone back in: what finds the records behind a damaged one.

use std::collections::VecDeque;
use std::io::{self, Read};

use super::container::Stop;

/// Of a record so much is kept to look for others inside it, should its length be wrong.
const LONGEST_RECORD: usize = 2 << 20;

/// The input, and how far it was read.
#[derive(Debug)]
pub(super) struct Source<R> {
    inner: R,
    /// Read from `inner` and not yet taken.
    ahead: VecDeque<u8>,
    /// What was taken since the last [`mark`](Self::mark); `None` if that is too much.
    record: Option<Vec<u8>>,
    /// Bytes taken so far.
    pub(super) offset: u64,
}

impl<R: Read> Source<R> {
    pub(super) fn new(inner: R) -> Self {
        Self {
            inner,
            ahead: VecDeque::new(),
            record: None,
            offset: 0,
        }
    }

    /// A record begins here.
    pub(super) fn mark(&mut self) {
        let mut record = self.record.take().unwrap_or_default();
        record.clear();
        self.record = Some(record);
    }

    /// Goes back to where the record began, if that is still known.
    pub(super) fn rewind(&mut self) {
        let Some(record) = self.record.take() else {
            return;
        };
        self.offset -= record.len() as u64;
        for byte in record.into_iter().rev() {
            self.ahead.push_front(byte);
        }
    }

    /// Appends up to `count` bytes; how many there were.
    pub(super) fn take_into(&mut self, into: &mut Vec<u8>, count: u64) -> io::Result<u64> {
        let before = into.len();
        let held = usize::try_from(count).unwrap_or(usize::MAX);
        into.extend(self.ahead.drain(..held.min(self.ahead.len())));
        let rest = count - (into.len() - before) as u64;
        if rest > 0 {
            self.inner.by_ref().take(rest).read_to_end(into)?;
        }
        let taken = into.get(before..).unwrap_or_default();
        self.offset += taken.len() as u64;
        match &mut self.record {
            Some(record) if record.len() + taken.len() <= LONGEST_RECORD => {
                record.extend_from_slice(taken);
            }
            record => *record = None,
        }
        Ok(taken.len() as u64)
    }

    /// The next `count` bytes, which stay where they are; fewer at the end of the input.
    pub(super) fn peek(&mut self, count: usize) -> io::Result<&[u8]> {
        if let Some(missing) = count.checked_sub(self.ahead.len()) {
            let mut more = Vec::new();
            self.inner
                .by_ref()
                .take(missing as u64)
                .read_to_end(&mut more)?;
            self.ahead.extend(more);
        }
        let held: &[u8] = self.ahead.make_contiguous();
        Ok(held.get(..count).unwrap_or(held))
    }

    /// Passes over one byte; whether there was one.
    pub(super) fn step(&mut self) -> io::Result<bool> {
        if self.ahead.is_empty() {
            // Some at once: the caller looks at each.
            self.peek(4_096)?;
        }
        let stepped = self.ahead.pop_front().is_some();
        self.offset += u64::from(stepped);
        Ok(stepped)
    }

    /// Exactly `N` bytes, or `None` at the end of the input.
    pub(super) fn array<const N: usize>(&mut self, record: u64) -> Result<Option<[u8; N]>, Stop> {
        let mut bytes = Vec::with_capacity(N);
        match self.take_into(&mut bytes, N as u64)? {
            0 => Ok(None),
            _ => bytes
                .try_into()
                .map(Some)
                .map_err(|_| Stop::Truncated { offset: record }),
        }
    }

    /// Exactly `count` bytes of the record that begins at `record`.
    pub(super) fn bytes(&mut self, count: u32, record: u64) -> Result<Vec<u8>, Stop> {
        let mut bytes = Vec::new();
        if self.take_into(&mut bytes, u64::from(count))? < u64::from(count) {
            return Err(Stop::Truncated { offset: record });
        }
        Ok(bytes)
    }

    /// Passes over `count` bytes of the record that begins at `record`.
    pub(super) fn skip(&mut self, count: u32, record: u64) -> Result<(), Stop> {
        let mut piece = Vec::new();
        let mut left = u64::from(count);
        while left > 0 {
            piece.clear();
            let taken = self.take_into(&mut piece, left.min(65_536))?;
            if taken == 0 {
                return Err(Stop::Truncated { offset: record });
            }
            left -= taken;
        }
        Ok(())
    }
}
