//! Putting the parts of long texts together.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use super::incoming::{Incoming, Sender};
use super::part::{Coding, Part};
use super::udh::Reference;
use crate::time::Instant;

/// What stands in a text where parts are missing.
pub const GAP: &str = "[…]";
/// How long a text waits for its missing parts before it is passed on with gaps.
const PATIENCE: Duration = Duration::from_secs(600);
/// How long a late part still finds the others, and a repeated one is known as such.
const MEMORY: Duration = Duration::from_secs(24 * 3_600);
/// Most texts that are remembered.
const TEXTS: usize = 1_000;
/// Most octets that are remembered, 4 MiB.
const OCTETS: usize = 4 << 20;

/// A text as far as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whole {
    /// Who says so.
    pub from: Sender,
    /// Our number that it was sent to.
    pub to: String,
    /// What it says, with a [`GAP`] where parts are missing.
    pub text: String,
    /// Whether all parts are there.
    pub complete: bool,
    /// Whether it was passed on with gaps before.
    pub again: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    from: Sender,
    reference: Reference,
    total: u8,
}

/// How much of a text was passed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    Nothing,
    WithGaps,
    All,
}

#[derive(Debug)]
struct Text {
    to: String,
    /// When its first part came.
    since: Instant,
    told: Told,
    parts: BTreeMap<u8, (Coding, Vec<u8>)>,
}

/// The long texts of all phones over one account of an operator, on whichever of its links the
/// parts come.
#[derive(Debug, Default)]
pub struct Reassembly {
    texts: BTreeMap<Key, Text>,
    /// By the arrival of the first part, to forget the oldest.
    by_age: BTreeSet<(Instant, Key)>,
    /// Those that wait for parts.
    impatient: BTreeSet<(Instant, Key)>,
    octets: usize,
}

impl Reassembly {
    /// Takes a part, and says which texts are ready. A repeated part is ignored. Another part
    /// of the same number means that the phone's reference has come round: what waited is
    /// passed on with gaps, and a new text begins.
    pub fn take(&mut self, now: Instant, incoming: &Incoming) -> Vec<Whole> {
        let mut ready = self.tick(now);
        let Part {
            coding,
            concatenation,
            octets,
        } = &incoming.part;
        let Some(place) = concatenation.filter(|it| it.total > 1) else {
            ready.push(Whole {
                from: incoming.from.clone(),
                to: incoming.to.clone(),
                text: coding.decode(octets),
                complete: true,
                again: false,
            });
            return ready;
        };
        let key = Key {
            from: incoming.from.clone(),
            reference: place.reference,
            total: place.total,
        };
        let content = (*coding, octets.clone());
        let known = self
            .texts
            .get(&key)
            .and_then(|it| it.parts.get(&place.number));
        match known {
            Some(known) if *known == content => return ready,
            Some(_) => ready.extend(self.drop_text(&key)),
            None => {}
        }
        if !self.texts.contains_key(&key) {
            self.by_age.insert((now, key.clone()));
            self.impatient.insert((now, key.clone()));
        }
        self.octets += octets.len();
        let text = self.texts.entry(key.clone()).or_insert_with(|| Text {
            to: incoming.to.clone(),
            since: now,
            told: Told::Nothing,
            parts: BTreeMap::new(),
        });
        text.parts.insert(place.number, content);
        if text.parts.len() == usize::from(place.total) {
            self.impatient.remove(&(text.since, key.clone()));
            ready.push(text.tell(&key, Told::All));
        }
        while self.texts.len() > TEXTS || self.octets > OCTETS {
            let Some((_, oldest)) = self.by_age.first().cloned() else {
                break;
            };
            ready.extend(self.drop_text(&oldest));
        }
        ready
    }

    /// The texts whose patience is over, with gaps; forgets what is too old.
    pub fn tick(&mut self, now: Instant) -> Vec<Whole> {
        let mut ready = Vec::new();
        while let Some((since, key)) = self.impatient.first().cloned()
            && since + PATIENCE <= now
        {
            self.impatient.pop_first();
            let text = self.texts.get_mut(&key);
            ready.extend(text.map(|text| text.tell(&key, Told::WithGaps)));
        }
        while let Some((since, key)) = self.by_age.first().cloned()
            && since + MEMORY <= now
        {
            ready.extend(self.drop_text(&key));
        }
        ready
    }

    /// When to call [`tick`](Self::tick) next.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        let patience = self.impatient.first().map(|(since, _)| *since + PATIENCE);
        let memory = self.by_age.first().map(|(since, _)| *since + MEMORY);
        [patience, memory].into_iter().flatten().min()
    }

    /// Forgets a text; what it says, if that was not passed on yet.
    fn drop_text(&mut self, key: &Key) -> Option<Whole> {
        let mut text = self.texts.remove(key)?;
        self.by_age.remove(&(text.since, key.clone()));
        self.impatient.remove(&(text.since, key.clone()));
        let octets = text.parts.values().map(|(_, octets)| octets.len());
        self.octets = self.octets.saturating_sub(octets.sum());
        (text.told == Told::Nothing).then(|| text.tell(key, Told::WithGaps))
    }
}

impl Text {
    fn tell(&mut self, key: &Key, told: Told) -> Whole {
        let again = self.told == Told::WithGaps;
        self.told = told;
        Whole {
            from: key.from.clone(),
            to: self.to.clone(),
            text: self.joined(key.total),
            complete: told == Told::All,
            again,
        }
    }

    /// Parts that follow each other are read together: careless senders cut characters.
    fn joined(&self, total: u8) -> String {
        let mut text = String::new();
        let mut run: Option<(Coding, Vec<u8>)> = None;
        let flush = |run: &mut Option<(Coding, Vec<u8>)>, text: &mut String| {
            if let Some((coding, octets)) = run.take() {
                text.push_str(&coding.decode(&octets));
            }
        };
        let mut gap = false;
        for number in 1..=total {
            match (self.parts.get(&number), &mut run) {
                (Some((coding, octets)), Some((current, whole))) if coding == current => {
                    whole.extend_from_slice(octets);
                }
                (Some(part), _) => {
                    flush(&mut run, &mut text);
                    run = Some(part.clone());
                }
                (None, _) => {
                    flush(&mut run, &mut text);
                    if !gap {
                        text.push_str(GAP);
                    }
                }
            }
            gap = !self.parts.contains_key(&number);
        }
        flush(&mut run, &mut text);
        text
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::sms::udh::Concatenation;

    fn at(seconds: u64) -> Instant {
        Instant::from_millis(seconds * 1_000)
    }

    fn part(from: &str, reference: u8, total: u8, number: u8, text: &str) -> Incoming {
        Incoming {
            from: Sender::new(from),
            to: "106901234".to_owned(),
            part: Part {
                coding: Coding::Ucs2,
                concatenation: Concatenation::new(Reference::Eight(reference), total, number),
                octets: Coding::Ucs2.encode_all(text).expect("UCS-2 has all"),
            },
            id: None,
        }
    }

    fn said(wholes: &[Whole]) -> Vec<(&str, bool, bool)> {
        let said = wholes.iter();
        said.map(|it| (it.text.as_str(), it.complete, it.again))
            .collect()
    }

    #[test]
    fn parts_are_joined_in_order_whatever_order_they_come_in() {
        let mut texts = Reassembly::default();
        assert_eq!(texts.take(at(0), &part("13800138000", 7, 2, 2, "预警")), []);
        let stranger = texts.take(at(1), &part("13900139000", 7, 2, 1, "其他"));
        assert_eq!(stranger, []);
        let ready = texts.take(at(2), &part("+8613800138000", 7, 2, 1, "山洪"));
        assert_eq!(said(&ready), [("山洪预警", true, false)]);
    }

    #[test]
    fn a_repeated_part_is_ignored_and_another_one_begins_anew() {
        let mut texts = Reassembly::default();
        let first = part("13800138000", 0x2A, 2, 1, "山洪");
        assert_eq!(texts.take(at(0), &first), []);
        assert_eq!(texts.take(at(1), &first), []);
        let ready = texts.take(at(2), &part("13800138000", 0x2A, 2, 1, "收到"));
        assert_eq!(said(&ready), [("山洪[…]", false, false)]);
        let ready = texts.take(at(3), &part("13800138000", 0x2A, 2, 2, "了"));
        assert_eq!(said(&ready), [("收到了", true, false)]);
        // The operator has missed our answer.
        let repeat = texts.take(at(60), &part("13800138000", 0x2A, 2, 2, "了"));
        assert_eq!(repeat, []);
        assert_eq!(texts.tick(at(4_000)), []);
    }

    #[test]
    fn a_missing_part_leaves_a_gap_after_ten_minutes_and_may_still_come() {
        let mut texts = Reassembly::default();
        texts.take(at(0), &part("13800138000", 1, 4, 1, "一"));
        texts.take(at(1), &part("13800138000", 1, 4, 4, "四"));
        assert_eq!(texts.deadline(), Some(at(600)));
        assert_eq!(texts.tick(at(599)), []);
        assert_eq!(said(&texts.tick(at(600))), [("一[…]四", false, false)]);
        assert_eq!(texts.tick(at(700)), [], "it is passed on once");
        texts.take(at(800), &part("13800138000", 1, 4, 2, "二"));
        let ready = texts.take(at(86_399), &part("13800138000", 1, 4, 3, "三"));
        assert_eq!(said(&ready), [("一二三四", true, true)]);
        texts.tick(at(86_400));
        assert!(texts.texts.is_empty() && texts.by_age.is_empty() && texts.octets == 0);
    }

    #[test]
    fn a_character_that_was_cut_between_parts_is_whole_again() {
        let mut texts = Reassembly::default();
        let octets = Coding::Ucs2.encode_all("a😀").expect("UCS-2 has all");
        let mut first = part("13800138000", 1, 2, 1, "");
        let mut second = part("13800138000", 1, 2, 2, "");
        first.part.octets = octets[..4].to_vec();
        second.part.octets = octets[4..].to_vec();
        texts.take(at(0), &first);
        assert_eq!(said(&texts.take(at(0), &second)), [("a😀", true, false)]);
    }

    #[test]
    fn strangers_cannot_fill_the_memory() {
        let mut texts = Reassembly::default();
        let mut told = 0;
        for number in 0..3_000_u32 {
            let from = format!("138{number:08}");
            told += texts.take(at(0), &part(&from, 1, 255, 1, "x")).len();
        }
        assert_eq!((texts.texts.len(), told), (TEXTS, 2_000));
        assert_eq!(texts.by_age.len(), TEXTS);
        assert_eq!(texts.impatient.len(), TEXTS);
    }

    proptest! {
        #[test]
        fn every_part_is_passed_on_and_nothing_is_kept_for_ever(
            parts in prop::collection::vec((0_u8..3, 2_u8..5, 1_u8..5, "[ab]"), 0..60),
        ) {
            let mut texts = Reassembly::default();
            let mut passed = String::new();
            let mut came = Vec::new();
            for (second, (reference, total, number, text)) in (0..).zip(&parts) {
                if number > total {
                    continue;
                }
                // What each part says is different, but for repeats.
                let text = format!("<{reference}{total}{number}{text}>");
                let incoming = part("13800138000", *reference, *total, *number, &text);
                let ready = texts.take(at(second), &incoming);
                ready.iter().for_each(|it| passed.push_str(&it.text));
                came.push(text);
            }
            let ready = texts.tick(at(100_000));
            ready.iter().for_each(|it| passed.push_str(&it.text));
            for text in came {
                prop_assert!(passed.contains(&text), "{text} is not in {passed}");
            }
            prop_assert!(texts.texts.is_empty() && texts.octets == 0);
            prop_assert_eq!(texts.deadline(), None);
        }
    }
}
