//! TCP connections of a capture, put in order: what came twice is dropped, what came early is
//! held, and where a part is missing that is said.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use anyhow::Result;
use narrowcast_hardware::capture::reader::Segment;

use super::Raw;
use crate::decode::Kind;

/// Connections that are followed; those of further ones are passed over.
const MOST_CONNECTIONS: usize = 1_024;
/// Segments of one direction that wait for earlier ones.
const MOST_HELD: usize = 64;
/// Octets that wait in one direction.
const MOST_HELD_OCTETS: usize = 256 << 10;
/// A segment that lies further ahead or behind is not of this stream: its numbers begin anew.
const FAR: i64 = 4 << 20;

/// Ports that stand for a family where the bytes do not tell.
const PORTS: [(u16, &str); 3] = [(2775, "smpp"), (7890, "cmpp"), (7891, "cmpp")];

type Ends = (SocketAddr, SocketAddr);

/// The connections of a capture.
#[derive(Debug, Default)]
pub(super) struct Connections {
    /// What all of them carry, whatever they look like.
    kind: Option<&'static Kind>,
    by_ends: BTreeMap<Ends, Connection>,
    /// Packets of connections that are not of SMS.
    others: u64,
}

#[derive(Debug, Default)]
struct Connection {
    kind: Option<&'static Kind>,
    /// Packets while it is not known what it carries.
    unknown: u64,
    /// From the lower address, and to it.
    ways: [Way; 2],
}

/// One direction.
#[derive(Debug, Default)]
struct Way {
    /// Number of the next octet.
    next: Option<u32>,
    /// Octets that were given out or are missing.
    position: i64,
    /// What came early, by position.
    held: BTreeMap<i64, Raw>,
    octets: usize,
    /// What comes next is the beginning of another stream.
    restarted: bool,
}

impl Connections {
    pub(super) fn of(kind: Option<&'static Kind>) -> Self {
        // Families that are never carried in a stream are none of TCP.
        let kind = kind.filter(|kind| kind.splitter.is_some());
        Self {
            kind,
            ..Self::default()
        }
    }

    /// Takes a segment; hands on what follows the octets before.
    pub(super) fn push(
        &mut self,
        segment: Segment,
        raw: Raw,
        take: &mut dyn FnMut(Raw) -> Result<()>,
    ) -> Result<()> {
        let Some((from, to)) = raw.peers else {
            return Ok(());
        };
        let ends = (from.min(to), from.max(to));
        if self.by_ends.len() >= MOST_CONNECTIONS && !self.by_ends.contains_key(&ends) {
            self.others += 1;
            return Ok(());
        }
        let connection = self.by_ends.entry(ends).or_default();
        connection.kind = connection.kind.or(self.kind);
        connection.unknown += u64::from(connection.kind.is_none());
        let [lower, higher] = &mut connection.ways;
        let way = if from <= to { lower } else { higher };
        let mut ready = Vec::new();
        way.push(segment, raw, &mut ready);
        ready
            .into_iter()
            .try_for_each(|raw| connection.give(raw, take))
    }

    /// What was held to the end, and how many packets were not of SMS.
    pub(super) fn end(&mut self, take: &mut dyn FnMut(Raw) -> Result<()>) -> Result<u64> {
        let mut passed_over = self.others;
        for connection in self.by_ends.values_mut() {
            let mut ready = Vec::new();
            for way in &mut connection.ways {
                while way.jump(&mut ready) {}
            }
            // The two directions in the order of time.
            ready.sort_by_key(|raw| raw.at);
            for raw in ready {
                connection.give(raw, take)?;
            }
            passed_over += connection.unknown;
        }
        Ok(passed_over)
    }
}

impl Connection {
    fn give(&mut self, raw: Raw, take: &mut dyn FnMut(Raw) -> Result<()>) -> Result<()> {
        if self.kind.is_none() {
            self.kind = carried(&raw);
            if self.kind.is_some() {
                // The packets before it began or kept the connection.
                self.unknown = 0;
            }
        }
        match self.kind {
            Some(family) => take(Raw {
                family: Some(family),
                ..raw
            }),
            None => Ok(()),
        }
    }
}

/// What a connection carries, by the bytes of one of its segments, else by its ports.
fn carried(raw: &Raw) -> Option<&'static Kind> {
    let of_sms = |kind: &&Kind| kind.is_sms();
    let (from, to) = raw.peers?;
    let by_port = || {
        let is_it = |(port, _): &&(u16, &str)| from.port() == *port || to.port() == *port;
        Kind::named(PORTS.iter().find(is_it)?.1)
    };
    // A capture may begin in the middle of a PDU.
    let inside = || {
        let starts = 1..raw.bytes.len();
        starts
            .filter_map(|at| raw.bytes.get(at..))
            .find_map(|rest| Kind::guess(rest).filter(of_sms))
    };
    Kind::guess(&raw.bytes)
        .filter(of_sms)
        .or_else(by_port)
        .or_else(inside)
}

impl Way {
    fn push(&mut self, segment: Segment, raw: Raw, ready: &mut Vec<Raw>) {
        let first = match segment.syn {
            true => segment.sequence.wrapping_add(1),
            false => segment.sequence,
        };
        if segment.syn && self.next != Some(first) {
            // A new connection between the same ends.
            self.begin(first, ready);
        }
        if raw.bytes.is_empty() {
            return;
        }
        let next = *self.next.get_or_insert(first);
        let mut ahead = i64::from(first.wrapping_sub(next).cast_signed());
        if ahead.abs() > FAR {
            self.begin(first, ready);
            ahead = 0;
        }
        let at = self.position + ahead;
        // Of two that say the same octets the longer is kept.
        let known = self.held.get(&at).map_or(0, |held| held.bytes.len());
        if known < raw.bytes.len() {
            self.octets = (self.octets + raw.bytes.len()).saturating_sub(known);
            self.held.insert(at, raw);
        }
        self.go_on(ready);
        while self.held.len() > MOST_HELD || self.octets > MOST_HELD_OCTETS {
            if !self.jump(ready) {
                break;
            }
        }
    }

    /// Begins anew with this number.
    fn begin(&mut self, first: u32, ready: &mut Vec<Raw>) {
        while self.jump(ready) {}
        self.restarted = self.next.is_some();
        self.next = Some(first);
    }

    /// Gives out what follows.
    fn go_on(&mut self, ready: &mut Vec<Raw>) {
        while let Some((at, mut raw)) = self.held.pop_first() {
            if at > self.position {
                self.held.insert(at, raw);
                return;
            }
            self.octets = self.octets.saturating_sub(raw.bytes.len());
            let again = usize::try_from(self.position - at).unwrap_or(usize::MAX);
            if again >= raw.bytes.len() {
                continue;
            }
            raw.bytes.drain(..again);
            self.advance(raw.bytes.len());
            if core::mem::take(&mut self.restarted) {
                raw.missing = raw.missing.or(Some(0));
            }
            ready.push(Raw {
                stream: true,
                ..raw
            });
        }
    }

    /// Goes on behind a gap; whether there was anything behind it.
    fn jump(&mut self, ready: &mut Vec<Raw>) -> bool {
        let Some((at, mut raw)) = self.held.pop_first() else {
            return false;
        };
        let missing = u64::try_from(at - self.position).unwrap_or(0);
        self.advance(usize::try_from(missing).unwrap_or(0));
        raw.missing = (missing > 0).then_some(missing);
        self.held.insert(at, raw);
        self.go_on(ready);
        true
    }

    fn advance(&mut self, octets: usize) {
        self.position += i64::try_from(octets).unwrap_or(0);
        let octets = u32::try_from(octets).unwrap_or(0);
        self.next = self.next.map(|next| next.wrapping_add(octets));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ENQUIRE: [u8; 16] = [0, 0, 0, 16, 0, 0, 0, 0x15, 0, 0, 0, 0, 0, 0, 0, 1];

    fn segment(sequence: u32, bytes: &[u8], port: u16) -> (Segment, Raw) {
        let address = |port| SocketAddr::from(([10, 0, 0, 1], port));
        let raw = Raw {
            peers: Some((address(40_000), address(port))),
            bytes: bytes.to_vec(),
            ..Raw::default()
        };
        let syn = false;
        (Segment { sequence, syn }, raw)
    }

    /// The pieces, how many bytes each says are missing, and the packets passed over.
    fn ordered(segments: Vec<(Segment, Raw)>) -> (Vec<Raw>, u64) {
        let mut all = Vec::new();
        let mut connections = Connections::of(None);
        for (segment, raw) in segments {
            let taken = connections.push(segment, raw, &mut |raw| {
                all.push(raw);
                Ok(())
            });
            taken.unwrap();
        }
        let passed_over = connections.end(&mut |raw| {
            all.push(raw);
            Ok(())
        });
        (all, passed_over.unwrap())
    }

    fn joined(pieces: &[Raw]) -> Vec<u8> {
        pieces.iter().flat_map(|raw| raw.bytes.clone()).collect()
    }

    #[test]
    fn what_came_twice_or_early_or_overlaps_is_in_order_once() {
        let stream: Vec<u8> = [ENQUIRE; 3].concat();
        // The numbers go round at 2^32.
        let part = |from: usize, to: usize| {
            let sequence = (u32::MAX - 9).wrapping_add(u32::try_from(from).unwrap());
            segment(sequence, &stream[from..to], 2775)
        };
        let (pieces, passed_over) = ordered(vec![
            part(0, 10),
            part(20, 30),
            part(0, 10),
            part(5, 22),
            part(40, 48),
            part(28, 40),
            part(40, 48),
        ]);
        assert_eq!(joined(&pieces), stream);
        assert!(pieces.iter().all(|raw| raw.missing.is_none() && raw.stream));
        assert_eq!(passed_over, 0);
    }

    #[test]
    fn a_gap_is_named_with_its_size_and_what_is_behind_it_comes() {
        let (pieces, _) = ordered(vec![
            segment(100, &ENQUIRE, 2775),
            segment(132, &ENQUIRE, 2775),
        ]);
        let missing: Vec<_> = pieces.iter().map(|raw| raw.missing).collect();
        assert_eq!(missing, [None, Some(16)]);
        // Long before the end where much waits.
        let many = (1..200).map(|n| segment(100 + n * 16, &ENQUIRE, 2775));
        let first = segment(84, &ENQUIRE, 2775);
        let mut connections = Connections::of(None);
        let mut count = 0;
        for (segment, raw) in [first].into_iter().chain(many) {
            let taken = connections.push(segment, raw, &mut |_| {
                count += 1;
                Ok(())
            });
            taken.unwrap();
        }
        assert!(count >= 200 - MOST_HELD, "{count}");
    }

    #[test]
    fn a_second_connection_between_the_same_ends_is_another_stream() {
        let (mut syn, mut empty) = segment(5_000, b"", 2775);
        syn.syn = true;
        empty.bytes.clear();
        let (pieces, _) = ordered(vec![
            segment(100, &ENQUIRE[..9], 2775),
            (syn, empty),
            segment(5_001, &ENQUIRE, 2775),
        ]);
        let missing: Vec<_> = pieces.iter().map(|raw| raw.missing).collect();
        assert_eq!(missing, [None, Some(0)]);
        let mut frames = crate::decode::Frames::of(None);
        let found: Vec<_> = pieces
            .into_iter()
            .flat_map(|raw| frames.push(raw))
            .collect();
        let places = found.iter().map(|(raw, _)| (raw.skipped, raw.offset));
        let places: Vec<_> = places.collect();
        assert_eq!(places, [(true, Some(0)), (false, Some(0))]);
    }

    #[test]
    fn tcp_of_other_protocols_is_counted_and_that_of_known_ports_or_bytes_is_read() {
        let name = |raw: &Raw| raw.family.map(|kind| kind.name);
        let (pieces, passed_over) = ordered(vec![
            segment(1, b"GET / HTTP/1.1\r\n", 80),
            segment(17, b"\r\n", 80),
            segment(1, b"middle of something", 7890),
            segment(1, &ENQUIRE, 9_999),
        ]);
        let names: Vec<_> = pieces.iter().map(name).collect();
        assert_eq!(names, [Some("cmpp"), Some("smpp")]);
        assert_eq!(passed_over, 2);
    }

    proptest! {
        #[test]
        fn any_order_of_segments_gives_each_octet_at_most_once_and_in_order(
            cuts in prop::collection::vec((0_usize..300, 1_usize..40), 1..60),
            start: u32,
        ) {
            let stream: Vec<u8> = (0..400_u32).map(|n| (n % 251) as u8).collect();
            let mut all = vec![segment(start, &stream[..1], 2775)];
            for (from, length) in &cuts {
                let sequence = start.wrapping_add(*from as u32);
                all.push(segment(sequence, &stream[*from..*from + *length], 2775));
            }
            let (pieces, _) = ordered(all);
            let mut position = 0;
            for piece in pieces {
                position += piece.missing.unwrap_or(0) as usize;
                let end = position + piece.bytes.len();
                prop_assert_eq!(&piece.bytes, &stream[position..end]);
                position = end;
            }
        }
    }
}
