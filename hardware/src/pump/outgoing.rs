//! Bytes that wait to be written.

use core::time::Duration;
use std::collections::VecDeque;

use bytes::Bytes;
use narrowcast_protocol::air::JobId;
use narrowcast_protocol::session::Peer;
use tokio::time::Instant;

/// A port that takes nothing for so long is as good as lost.
pub(super) const STALL: Duration = Duration::from_secs(5);

/// With so many bytes waiting, nothing that could add to them is taken in.
const FULL: usize = 256 * 1_024;

/// What a waiting chunk costs beyond its bytes.
const OVERHEAD: usize = 64;

#[derive(Debug)]
pub(super) struct Chunk {
    pub(super) to: Peer,
    bytes: Bytes,
    /// What the record shows in place of `bytes`, as long as they are, where they hold a secret.
    recorded: Option<Bytes>,
    /// The job that is complete with it.
    pub(super) for_job: Option<JobId>,
}

impl Chunk {
    /// What the record shows of it.
    pub(super) fn recorded(self) -> Bytes {
        self.recorded.unwrap_or(self.bytes)
    }
}

/// A queue of chunks, written from the front, perhaps piecewise.
#[derive(Debug, Default)]
pub(super) struct Outgoing {
    chunks: VecDeque<Chunk>,
    size: usize,
    progress: Option<Instant>,
}

impl Outgoing {
    /// `recorded` is what the record shows in place of `bytes`, and counts only if it is as long.
    pub(super) fn push(
        &mut self,
        to: Peer,
        bytes: Bytes,
        recorded: Option<Bytes>,
        for_job: Option<JobId>,
    ) {
        if self.chunks.is_empty() {
            self.progress = Some(Instant::now());
        }
        self.size += bytes.len() + OVERHEAD;
        let recorded = recorded.filter(|recorded| recorded.len() == bytes.len());
        self.chunks.push_back(Chunk {
            to,
            bytes,
            recorded,
            for_job,
        });
    }

    /// What to write next, and to whom, in this order.
    pub(super) fn queue(&self) -> impl Iterator<Item = (Peer, &[u8])> + Clone {
        self.chunks
            .iter()
            .map(|chunk| (chunk.to, chunk.bytes.as_ref()))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    /// What the record shows of the head's first `count` bytes.
    pub(super) fn recorded(&self, count: usize) -> Option<(Peer, &[u8])> {
        let head = self.chunks.front()?;
        let bytes = head.recorded.as_ref().unwrap_or(&head.bytes);
        Some((head.to, bytes.get(..count).unwrap_or(bytes)))
    }

    /// `count` bytes of the head were written; the job that is complete with them.
    pub(super) fn wrote(&mut self, count: usize) -> Option<JobId> {
        self.progress = Some(Instant::now());
        let head = self.chunks.front_mut()?;
        if count < head.bytes.len() {
            head.bytes = head.bytes.split_off(count);
            if let Some(recorded) = &mut head.recorded {
                *recorded = recorded.split_off(count);
            }
            self.size -= count;
            return None;
        }
        self.give_up()
    }

    /// So many chunks from the front were written as a whole.
    pub(super) fn wrote_whole(&mut self, count: usize) -> impl Iterator<Item = Chunk> {
        self.progress = Some(Instant::now());
        let whole = self.chunks.drain(..count.min(self.chunks.len()));
        let size = &mut self.size;
        whole.inspect(|chunk| *size -= chunk.bytes.len() + OVERHEAD)
    }

    /// Drops the head; the job it would have completed.
    pub(super) fn give_up(&mut self) -> Option<JobId> {
        let head = self.chunks.pop_front()?;
        self.size -= head.bytes.len() + OVERHEAD;
        self.progress = Some(Instant::now());
        head.for_job
    }

    /// Drops everything.
    pub(super) fn clear(&mut self) {
        self.size = 0;
        self.chunks.clear();
    }

    pub(super) fn is_full(&self) -> bool {
        self.size >= FULL
    }

    /// When the head will have waited too long.
    pub(super) fn stalls_at(&self) -> Instant {
        self.progress.unwrap_or_else(Instant::now) + STALL
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_record_of_a_secret_stays_masked_however_it_is_written() {
        let mut outgoing = Outgoing::default();
        let (bytes, mask) = (
            Bytes::from_static(b"id:word!"),
            Bytes::from_static(b"id:....!"),
        );
        outgoing.push(Peer::Line, bytes.clone(), Some(mask), None);
        outgoing.push(Peer::Line, bytes.clone(), None, None);
        outgoing.push(Peer::Line, bytes, Some(Bytes::from_static(b"short")), None);
        let mut recorded = Vec::new();
        while !outgoing.is_empty() {
            let head = outgoing.queue().next();
            let count = head.map_or(0, |(_, bytes)| bytes.len().min(5));
            recorded.extend_from_slice(outgoing.recorded(count).unwrap().1);
            outgoing.wrote(count);
        }
        assert_eq!(recorded, b"id:....!id:word!id:word!");
    }
}
