//! Finds frames in the octets of a serial line, whatever was lost or added on the way.
//!
//! A possible frame whose type and length do not go together, or whose rest does not
//! come in time, costs one octet, not its claimed length: the next true frame may have
//! begun inside it. So does one of a type that may have any length, if frames of types
//! that may not follow one another inside it: its own octets were lost.

use core::time::Duration;

use super::frame::{DVM_START, Frame, Header, LONGEST, START};
use super::kind::{Direction, has_any_length, is_legal};
use crate::time::Instant;

/// How long a frame may take from its first octet to its last.
pub const COMPLETION: Duration = Duration::from_millis(100);

/// Octets dropped since last asked, by cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Dropped {
    /// Outside any frame.
    pub noise: u32,
    /// Outside any frame and equal to the DVM variant's start byte.
    pub foreign: u32,
    /// A start byte whose type and length do not go together, or whose frame holds others.
    pub illegal: u32,
    /// A start byte whose frame did not come to its end in time.
    pub unfinished: u32,
}

impl Dropped {
    /// Cause (a short fixed word) and count, those that happened.
    pub fn causes(self) -> impl Iterator<Item = (&'static str, u32)> {
        [
            ("noise", self.noise),
            ("foreign-start", self.foreign),
            ("illegal-length", self.illegal),
            ("unfinished-frame", self.unfinished),
        ]
        .into_iter()
        .filter(|&(_, count)| count > 0)
    }
}

/// A frame and where it stood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deframed {
    /// Octets before its start byte, since the deframer was made.
    pub offset: u64,
    /// Octets it took on the line.
    pub length: usize,
    /// The frame.
    pub frame: Frame,
}

/// Splits the octets of one direction into frames. Holds at most one frame ([`LONGEST`]).
#[derive(Debug, Clone)]
pub struct Deframer {
    direction: Direction,
    /// What is not yet decided; begins with a start byte after each scan.
    held: Vec<u8>,
    /// When the first held octet arrived, as far as known.
    begun: Instant,
    /// When the last octet arrived.
    last: Instant,
    /// Octets that were held before the first held one.
    offset: u64,
    dropped: Dropped,
}

impl Deframer {
    /// A deframer for what is written in `direction`.
    #[must_use]
    pub fn new(direction: Direction) -> Self {
        Self {
            direction,
            held: Vec::with_capacity(LONGEST),
            begun: Instant::ZERO,
            last: Instant::ZERO,
            offset: 0,
            dropped: Dropped::default(),
        }
    }

    /// The next frame in what is held and in `input`, from which it takes what it needs.
    /// After `None`, `input` is empty. With an empty input it gives up what is late.
    pub fn next(&mut self, now: Instant, input: &mut &[u8]) -> Option<Deframed> {
        loop {
            if let Some(found) = self.scan() {
                return Some(found);
            }
            if self.deadline().is_some_and(|late| now >= late) {
                self.dropped.unfinished += 1;
                self.discard(1);
            } else if input.is_empty() {
                return None;
            } else {
                self.fill(now, input);
            }
        }
    }

    /// When to call [`next`](Self::next) with an empty input, if nothing arrives.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        (!self.held.is_empty()).then(|| self.begun + COMPLETION)
    }

    /// The octets dropped since the last call.
    pub fn take_dropped(&mut self) -> Dropped {
        core::mem::take(&mut self.dropped)
    }

    /// Forgets what is held: the line was closed.
    pub fn clear(&mut self) {
        self.offset += self.held.len() as u64;
        self.held.clear();
    }

    /// Drops what cannot begin a frame; then a complete frame if there is one.
    fn scan(&mut self) -> Option<Deframed> {
        loop {
            let noise = self.held.iter().take_while(|&&octet| octet != START);
            let (count, foreign) = noise.fold((0, 0), |(count, foreign), &octet| {
                (count + 1, foreign + u32::from(octet == DVM_START))
            });
            self.discard(count);
            self.dropped.foreign += foreign;
            self.dropped.noise += u32::try_from(count).unwrap_or(u32::MAX) - foreign;

            let header = Header::read(&self.held)?;
            if !is_legal(self.direction, header.kind, header.total) || self.holds_others(header) {
                self.dropped.illegal += 1;
                self.discard(1);
                continue;
            }
            let data = self.held.get(header.length..header.total)?.to_vec();
            let frame = Frame::new(header.kind, data).ok()?;
            let offset = self.offset;
            self.discard(header.total);
            return Some(Deframed {
                offset,
                length: header.total,
                frame,
            });
        }
    }

    /// Whether what may be a frame of any length is none, because inside it a whole frame of
    /// a type with fixed lengths ends just where another begins. Looks at the octets of the
    /// frame alone, so that the pieces in which they arrive decide nothing.
    fn holds_others(&self, header: Header) -> bool {
        if !has_any_length(self.direction, header.kind) {
            return false;
        }
        let inside = self.held.get(header.length..).unwrap_or_default();
        let inside = inside.get(..header.total - header.length).unwrap_or(inside);
        let fixed = |octets: &[u8]| {
            Header::read(octets).filter(|found| {
                !has_any_length(self.direction, found.kind)
                    && is_legal(self.direction, found.kind, found.total)
            })
        };
        (0..inside.len()).any(|at| {
            let octets = inside.get(at..).unwrap_or_default();
            fixed(octets)
                .and_then(|first| octets.get(first.total..))
                .is_some_and(|next| fixed(next).is_some())
        })
    }

    /// Forgets the first `count` held octets. When the rest arrived is not known octet
    /// by octet; the last arrival is the side on which no frame is given up too early.
    fn discard(&mut self, count: usize) {
        if count > 0 {
            self.held.drain(..count);
            self.offset += count as u64;
            self.begun = self.last;
        }
    }

    fn fill(&mut self, now: Instant, input: &mut &[u8]) {
        if self.held.is_empty() {
            self.begun = now;
        }
        let room = LONGEST.saturating_sub(self.held.len());
        let (taken, rest) = input.split_at(room.min(input.len()));
        self.held.extend_from_slice(taken);
        self.last = now;
        *input = rest;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The damaged recorded stream: a stray 00 after the first start byte, a start byte
    /// inside a payload, and the last frame cut.
    const DAMAGED: &str = "e000251a024abf397b5d1424973b96263348d17001da79a7e0251a03864401750cd78e99eac05a02200172b35363774e90f74448c4690503a3d5d8bf27e0251a04a7210214a9448f51f7e05e2234c15be9f0c99075488fc6a8f568050792e2db9a64e0251a05e64a2543b3e3cb8b77a03a651261100000000e0ddc6701a4f47e01987c112952ace0271a20a2290ad360dd24495ae6e11dcc77b795dd57dfdd344629b39e3f842766dbdcadbd0057e0251a01ad4ce10307d04fdb678c5fe12d21";

    fn all(deframer: &mut Deframer, now: Instant, mut input: &[u8]) -> Vec<Deframed> {
        core::iter::from_fn(|| deframer.next(now, &mut input)).collect()
    }

    /// Turns half of all octets into those that headers are made of.
    fn confusing(octet: u8) -> u8 {
        match octet {
            0..=63 => 0xE0,
            64..=79 => 0,
            80..=103 => 0x1A,
            104..=127 => 0x25,
            other => other,
        }
    }

    #[test]
    fn the_damaged_recorded_stream_yields_its_four_good_frames() {
        let stream = hex::decode(DAMAGED).unwrap();
        let mut deframer = Deframer::new(Direction::ToHost);
        let found = all(&mut deframer, Instant::ZERO, &stream);
        let places: Vec<_> = found.iter().map(|f| (f.offset, f.length)).collect();
        assert_eq!(places, [(24, 37), (61, 37), (98, 37), (135, 39)]);
        assert_eq!(found[3].frame.data()[..2], [0x20, 0xA2]);
        let dropped = deframer.take_dropped();
        assert_eq!((dropped.illegal, dropped.noise), (1, 23));
        assert_eq!(deframer.held.len(), 18);
    }

    #[test]
    fn a_frame_that_stops_is_given_up_after_100_ms_and_the_next_is_found_inside_it() {
        let mut deframer = Deframer::new(Direction::ToHost);
        let start = Instant::from_millis(5);
        let swallowed = [0xE0, 39, 0x1A, 0x41, 0xE0, 4, 0x70, 2];
        assert_eq!(all(&mut deframer, start, &swallowed), []);
        assert_eq!(deframer.deadline(), Some(start + COMPLETION));
        assert_eq!(all(&mut deframer, Instant::from_millis(104), &[]), []);
        let found = all(&mut deframer, Instant::from_millis(105), &[]);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].offset, found[0].frame.kind()), (4, 0x70));
        assert_eq!(deframer.take_dropped().unfinished, 1);
        assert_eq!(deframer.deadline(), None);
    }

    #[test]
    fn what_lost_octets_does_not_swallow_the_frames_behind_it() {
        // Calibration data of 37 octets, as it seems; in truth D-Star frames.
        let stream = hex::decode(
            "e02508c1e00f11bfeb2a79b272dca3ec3c6fb3e00f118f8b2259313fe8b0a02576a3e00f11",
        )
        .unwrap();
        let places = |stream: &[u8]| {
            let mut deframer = Deframer::new(Direction::ToHost);
            let found = all(&mut deframer, Instant::ZERO, stream);
            found.iter().map(|f| f.offset).collect::<Vec<_>>()
        };
        assert_eq!(places(&stream), [4, 19]);
        for head in [
            [0xE0, 0xFF, 0x08],
            [0xE0, 0xFA, 0x80],
            [0xE0, 0xC0, 0x31],
            [0xE0, 0xD0, 0x00],
        ] {
            let mut stream = head.to_vec();
            for _ in 0..8 {
                stream.extend([0xE0, 37, 0x1A, 1, 0x86]);
                stream.extend([0; 32]);
            }
            let at: Vec<u64> = (0..8).map(|n| 3 + n * 37).collect();
            assert_eq!(places(&stream), at, "{head:02x?}");
        }
        // One frame inside is not enough: payload may look so.
        let mut whole = vec![0xE0, 40, 0x80, 0xE0, 4, 0x70, 2];
        whole.resize(40, 0);
        assert_eq!(places(&whole), [0]);
    }

    #[test]
    fn an_octet_that_comes_late_does_not_complete_the_old_frame() {
        let mut deframer = Deframer::new(Direction::ToHost);
        assert_eq!(
            all(&mut deframer, Instant::ZERO, &[0xE0, 5, 0x7F, 0x11]),
            []
        );
        let late = Instant::from_millis(500);
        let found = all(&mut deframer, late, &[0xE0, 4, 0x70, 3]);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].frame.data(), [3]);
    }

    #[test]
    fn the_start_byte_of_the_dvm_variant_is_told_apart() {
        let mut deframer = Deframer::new(Direction::ToHost);
        all(&mut deframer, Instant::ZERO, &[0xFE, 3, 0]);
        let causes: Vec<_> = deframer.take_dropped().causes().collect();
        assert_eq!(causes, [("noise", 2), ("foreign-start", 1)]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn any_octets_in_any_pieces_are_counted_and_memory_stays_bounded(
            pieces in prop::collection::vec((prop::collection::vec(any::<u8>(), 0..300), 1usize..4, 0u64..150), 0..10),
        ) {
            let mut deframer = Deframer::new(Direction::ToHost);
            let (mut now, mut total, mut framed) = (Instant::ZERO, 0u64, 0u64);
            for (piece, times, pause) in &pieces {
                let piece: Vec<u8> = piece.iter().map(|octet| confusing(*octet)).collect();
                let piece = piece.repeat(*times);
                now += Duration::from_millis(*pause);
                total += piece.len() as u64;
                framed += all(&mut deframer, now, &piece).iter().map(|f| f.length as u64).sum::<u64>();
                prop_assert!(deframer.held.len() <= LONGEST);
                prop_assert_eq!(deframer.held.capacity(), LONGEST);
            }
            let dropped: u32 = deframer.take_dropped().causes().map(|(_, count)| count).sum();
            prop_assert_eq!(total, framed + u64::from(dropped) + deframer.held.len() as u64);
        }

        #[test]
        fn the_pieces_do_not_change_what_is_found(cuts in prop::collection::vec(1usize..40, 1..60)) {
            let stream = hex::decode(DAMAGED).unwrap();
            let whole = all(&mut Deframer::new(Direction::ToHost), Instant::ZERO, &stream);
            let mut deframer = Deframer::new(Direction::ToHost);
            let (mut rest, mut found) = (&stream[..], Vec::new());
            for cut in cuts.iter().cycle() {
                if rest.is_empty() { break; }
                let (piece, tail) = rest.split_at((*cut).min(rest.len()));
                found.extend(all(&mut deframer, Instant::ZERO, piece));
                rest = tail;
            }
            prop_assert_eq!(found, whole);
        }

        #[test]
        fn noise_without_start_bytes_between_frames_loses_none_of_them(
            gaps in prop::collection::vec(prop::collection::vec(0u8..0xE0, 0..80), 1..20),
        ) {
            let frame = Frame::new(0x1A, vec![0x20; 36]).unwrap().to_bytes();
            let mut stream = Vec::new();
            for gap in &gaps {
                stream.extend_from_slice(gap);
                stream.extend_from_slice(&frame);
            }
            let found = all(&mut Deframer::new(Direction::ToHost), Instant::ZERO, &stream);
            prop_assert_eq!(found.len(), gaps.len());
        }

        #[test]
        fn garbage_costs_only_frames_that_something_legal_in_it_reaches_into(
            gaps in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 1..12),
        ) {
            let frame = Frame::new(0x1A, vec![0x20; 36]).unwrap().to_bytes();
            let (mut stream, mut places) = (Vec::new(), Vec::new());
            for gap in &gaps {
                stream.extend(gap.iter().map(|octet| confusing(*octet)));
                places.push(stream.len() as u64);
                stream.extend_from_slice(&frame);
            }
            let mut deframer = Deframer::new(Direction::ToHost);
            let mut found = all(&mut deframer, Instant::ZERO, &stream);
            found.extend(all(&mut deframer, Instant::from_millis(200), &[]));
            for place in places {
                let reached = |f: &Deframed| f.offset < place + 39 && place < f.offset + f.length as u64;
                prop_assert!(found.iter().any(reached), "nothing found at {}", place);
            }
        }
    }
}
