//! Frames out of byte streams: recorded serial lines and TCP connections, and lines of hex
//! that hold more than one frame.

use std::collections::BTreeMap;

use jiff::Timestamp;
use narrowcast_hardware::capture::Direction;
use narrowcast_protocol::time::Instant;

use super::Kind;
use crate::input::Raw;

/// Streams of one recording that are kept apart; the pieces of further ones are frames.
const MOST_STREAMS: usize = 1_024;

/// A part of a stream: one frame, or what is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part {
    /// Bytes of the stream before it.
    pub(crate) offset: u64,
    /// All of it, as it was on the line.
    pub(crate) bytes: Vec<u8>,
    /// Whether it is a frame.
    pub(crate) is_frame: bool,
}

impl Part {
    /// The same part, so many bytes further on.
    fn behind(self, base: u64) -> Self {
        let offset = base + self.offset;
        Self { offset, ..self }
    }
}

/// Finds the frames of a family in one direction of a byte stream. Every byte comes out
/// again, in its order, in a frame or beside one.
pub(crate) trait Split {
    /// The parts that are certain with these bytes.
    fn push(&mut self, now: Instant, bytes: &[u8]) -> Vec<Part>;
    /// The rest: nothing follows.
    fn end(&mut self) -> Vec<Part>;
}

/// The frames in bytes that stand by themselves: one as a rule, more or none in a stream
/// that was given as one line. Which way an unmarked line went is the way in which more of
/// it is frames.
pub(crate) fn split(splitter: fn(Direction) -> Box<dyn Split>, line: Raw) -> Vec<Raw> {
    let parts = |direction| {
        let mut splitter = splitter(direction);
        let mut parts = splitter.push(Instant::ZERO, &line.bytes);
        parts.extend(splitter.end());
        parts
    };
    let framed = |parts: &Vec<Part>| -> usize {
        let frames = parts.iter().filter(|part| part.is_frame);
        frames.map(|part| part.bytes.len()).sum()
    };
    let parts = match line.direction {
        Some(direction) => parts(direction),
        None => {
            let (there, back) = (parts(Direction::Outbound), parts(Direction::Inbound));
            if framed(&there) > framed(&back) {
                there
            } else {
                back
            }
        }
    };
    if parts.len() <= 1 {
        return vec![line];
    }
    parts.into_iter().map(|part| line.part(part)).collect()
}

struct Stream {
    kind: &'static Kind,
    splitter: Box<dyn Split>,
    /// Bytes that are missing before the next part.
    missing: Option<u64>,
    /// Bytes of the stream up to the last gap, and since then.
    base: u64,
    taken: u64,
    last: Raw,
}

/// A frame, or what is none, and of which family its stream is.
pub(crate) type Found = (Raw, &'static Kind);

/// The streams of a recording.
#[derive(Default)]
pub(crate) struct Streams {
    by_sender: BTreeMap<String, Stream>,
}

impl Streams {
    /// What is certain with this recorded piece of a stream, which is of `kind` or else of
    /// the family that its first piece looks like.
    pub(crate) fn push(&mut self, kind: Option<&'static Kind>, piece: Raw) -> Vec<Found> {
        let sender = piece.sender();
        let known = self.by_sender.get(&sender).map(|stream| stream.kind);
        let family = || known.unwrap_or_else(|| Kind::of_stream(&piece));
        let kind = kind.unwrap_or_else(family);
        let Some(splitter) = kind.splitter else {
            return vec![(piece, kind)];
        };
        if self.by_sender.len() >= MOST_STREAMS && known.is_none() {
            return vec![(piece, kind)];
        }
        let direction = piece.direction.unwrap_or(Direction::Inbound);
        let mut frames = Vec::new();
        if piece.missing.is_some()
            && let Some(before) = self.by_sender.get_mut(&sender)
        {
            // Nothing can go on over a gap.
            frames.extend(before.end());
            before.splitter = splitter(direction);
            before.base = match piece.missing {
                // Another stream between the same ends.
                None | Some(0) => 0,
                Some(missing) => before.base + before.taken + missing,
            };
            before.taken = 0;
        }
        let stream = self.by_sender.entry(sender).or_insert_with(|| Stream {
            kind,
            splitter: splitter(direction),
            missing: None,
            base: 0,
            taken: 0,
            last: Raw::default(),
        });
        stream.taken += piece.bytes.len() as u64;
        stream.missing = piece.missing.or(stream.missing);
        let parts = stream.splitter.push(instant(piece.at), &piece.bytes);
        for part in parts {
            let missing = stream.missing.take();
            let raw = Raw {
                missing,
                ..piece.part(part.behind(stream.base))
            };
            frames.push((raw, kind));
        }
        stream.last = piece;
        frames
    }

    /// What is left of all streams.
    pub(crate) fn end(&mut self) -> Vec<Found> {
        self.by_sender.values_mut().flat_map(Stream::end).collect()
    }
}

impl Stream {
    fn end(&mut self) -> Vec<Found> {
        let mut missing = self.missing.take();
        let base = self.base;
        let parts = self.splitter.end().into_iter();
        parts
            .map(|part| {
                let raw = Raw {
                    missing: missing.take(),
                    ..self.last.part(part.behind(base))
                };
                (raw, self.kind)
            })
            .collect()
    }
}

fn instant(at: Option<Timestamp>) -> Instant {
    let micros = at.map_or(0, Timestamp::as_microsecond);
    Instant::from_micros(u64::try_from(micros).unwrap_or(0))
}
