//! Which station heard a radio's transmission first.
//!
//! A transmission can come from two stations: over a bridge between them, of which we know
//! nothing, or from two receivers that cover one place. The radio is where it was heard
//! first; the copy says nothing about where it is.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use crate::air::HeardKind;
use crate::homebrew::message::Dmrd;
use crate::time::Instant;

/// So long after the last burst at the first station a burst at another one, between the same
/// two addresses, is a copy of the same transmission.
const OVERLAP: Duration = Duration::from_secs(2);
/// A copy under the same stream id may come later.
const SAME_STREAM: Duration = Duration::from_secs(30);
/// Most radios that are remembered; the one heard longest ago makes room.
const MOST: usize = 4_096;

/// What a radio sent last, and where it was heard first.
#[derive(Debug)]
struct Transmission {
    station: usize,
    stream: u32,
    target: (bool, u32),
    last: Instant,
    /// The last that was reported of it, other than presence.
    said: Option<HeardKind>,
}

/// The transmissions heard lately, by their radio.
#[derive(Debug, Default)]
pub(super) struct Streams {
    by_source: BTreeMap<u32, Transmission>,
    by_age: BTreeSet<(Instant, u32)>,
}

impl Streams {
    /// A station brings a burst; whether another station heard the transmission first.
    pub(super) fn is_copy(&mut self, now: Instant, station: usize, message: &Dmrd) -> bool {
        let Dmrd { source, stream, .. } = *message;
        let target = (message.group, message.destination);
        let mut said = None;
        if let Some(before) = self.by_source.get_mut(&source) {
            let silent = now.since(before.last);
            let covers = before.target == target && silent < OVERLAP
                || before.stream == stream && silent < SAME_STREAM;
            if before.station != station && covers {
                return true;
            }
            said = before
                .said
                .take()
                .filter(|_| before.station == station && covers);
            self.by_age.remove(&(before.last, source));
        } else if self.by_source.len() >= MOST
            && let Some((_, oldest)) = self.by_age.pop_first()
        {
            self.by_source.remove(&oldest);
        }
        self.by_age.insert((now, source));
        let last = now;
        let heard = Transmission {
            station,
            stream,
            target,
            last,
            said,
        };
        self.by_source.insert(source, heard);
        false
    }

    /// The first station's transmission said this.
    pub(super) fn note(&mut self, what: &HeardKind) {
        if let Some(source) = what.radio()
            && let Some(heard) = self.by_source.get_mut(&source.get())
            && !matches!(what, HeardKind::Presence { .. })
        {
            heard.said = Some(what.clone());
        }
    }

    /// Whether what a copy says was reported already. An emergency is reported every time.
    pub(super) fn has_said(&self, what: &HeardKind) -> bool {
        let source = what.radio();
        let heard = source.and_then(|source| self.by_source.get(&source.get()));
        let said = heard.and_then(|heard| heard.said.as_ref());
        !matches!(what, HeardKind::Emergency { .. }) && said == Some(what)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{ID, burst};
    use super::*;

    fn at(millis: u64) -> Instant {
        Instant::from_millis(millis)
    }

    #[test]
    fn a_copy_overlaps_or_has_the_same_stream_id_and_a_later_call_elsewhere_is_none() {
        let mut streams = Streams::default();
        let first = burst(ID);
        let bridged = Dmrd { stream: 9, ..first };
        assert!(!streams.is_copy(at(0), 0, &first));
        assert!(streams.is_copy(at(100), 1, &bridged));
        assert!(!streams.is_copy(at(160), 0, &first));
        assert!(streams.is_copy(at(2_100), 1, &bridged));
        assert!(streams.is_copy(at(20_000), 1, &first), "the same stream id");
        assert!(
            !streams.is_copy(at(2_200), 1, &bridged),
            "the radio has moved"
        );
        assert!(streams.is_copy(at(2_300), 0, &first));
        let other = Dmrd {
            destination: 5,
            ..first
        };
        assert!(!streams.is_copy(at(2_400), 0, &other), "another call");
    }

    #[test]
    fn a_hundred_thousand_radios_are_remembered_in_bounded_memory() {
        let mut streams = Streams::default();
        for source in 1..=100_000 {
            let now = at(u64::from(source));
            streams.is_copy(
                now,
                0,
                &Dmrd {
                    source,
                    ..burst(ID)
                },
            );
        }
        assert_eq!(
            (streams.by_source.len(), streams.by_age.len()),
            (MOST, MOST)
        );
    }
}
