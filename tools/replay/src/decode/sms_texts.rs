//! Long short messages out of their parts.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use narrowcast_protocol::sms::reassemble::{Reassembly, Whole};
use narrowcast_protocol::sms::{Incoming, Reference};
use narrowcast_protocol::time::Instant;

use super::Report;
use crate::input::Raw;

/// Texts that are under way; of more, the first in the order of their names go.
const MOST: usize = 4_096;

/// Who says it to whom on which link, and what joins the parts.
type Key = (String, String, String, Reference, u8);

/// One long text.
#[derive(Debug, Default)]
struct Text {
    reassembly: Reassembly,
    /// The parts that came.
    numbers: BTreeSet<u8>,
    total: u8,
    complete: bool,
    now: Instant,
    /// Where its last part stood, without its bytes.
    place: Raw,
    parties: Option<(String, String)>,
}

/// The long texts of a recording.
#[derive(Debug, Default)]
pub(super) struct SmsTexts {
    texts: BTreeMap<Key, Text>,
}

impl SmsTexts {
    /// The texts that end with this frame.
    pub(super) fn push(&mut self, raw: &Raw, report: &Report) -> Vec<(Raw, Report)> {
        let Some(incoming) = report.incoming.as_deref() else {
            return Vec::new();
        };
        let Some(place) = incoming.part.concatenation.filter(|it| it.total > 1) else {
            return Vec::new();
        };
        let (from, to) = report.parties.clone().unwrap_or_default();
        let key = (raw.sender(), from, to, place.reference, place.total);
        let mut said = Vec::new();
        if self.texts.len() >= MOST
            && !self.texts.contains_key(&key)
            && let Some((_, mut old)) = self.texts.pop_first()
        {
            said.extend(old.end());
        }
        let text = self.texts.entry(key).or_default();
        text.total = place.total;
        text.parties.clone_from(&report.parties);
        let before = core::mem::replace(
            &mut text.place,
            Raw {
                bytes: Vec::new(),
                ..raw.clone()
            },
        );
        said.extend(text.take(raw.at, place.number, incoming, before));
        said
    }

    /// What stayed incomplete, as nothing follows.
    pub(super) fn end(&mut self) -> Vec<(Raw, Report)> {
        self.texts.values_mut().filter_map(Text::end).collect()
    }
}

impl Text {
    fn take(
        &mut self,
        at: Option<Timestamp>,
        number: u8,
        incoming: &Incoming,
        before: Raw,
    ) -> Vec<(Raw, Report)> {
        let at = at.and_then(|at| u64::try_from(at.as_microsecond()).ok());
        // A clock that was set back does not make texts older.
        self.now = at.map_or(self.now, Instant::from_micros).max(self.now);
        let mut said = Vec::new();
        for whole in self.reassembly.take(self.now, incoming) {
            if whole.complete {
                self.numbers.clear();
                self.complete = true;
                said.push((self.place.clone(), self.report(&whole)));
            } else {
                // The sender's reference came round, or nothing came for long.
                said.push((before.clone(), self.report(&whole)));
                self.numbers.clear();
            }
        }
        if !said.iter().any(|(_, report)| report.ok) && !self.complete {
            self.numbers.insert(number);
        }
        said
    }

    fn end(&mut self) -> Option<(Raw, Report)> {
        // Far behind the time for which a part is waited for.
        let late = self.now + core::time::Duration::from_secs(7 * 24 * 3_600);
        let whole = self.reassembly.tick(late).into_iter().next()?;
        Some((self.place.clone(), self.report(&whole)))
    }

    fn report(&self, whole: &Whole) -> Report {
        let mut report = Report {
            ok: true,
            kind: "message",
            pdu: "Text",
            parties: self.parties.clone(),
            text: Some(whole.text.clone()),
            encoding: Some(format!("{} parts", self.total)),
            ..Report::default()
        };
        report.place(&self.place);
        report.offset = None;
        if !whole.complete {
            let missing: Vec<String> = (1..=self.total)
                .filter(|number| !self.numbers.contains(number))
                .map(|number| number.to_string())
                .collect();
            let (word, verb) = match missing.len() {
                1 => ("part", "is"),
                _ => ("parts", "are"),
            };
            let list = missing.join(", ");
            report.fail(format!(
                "incomplete: {word} {list} of {} {verb} missing",
                self.total
            ));
        }
        report
    }
}

#[cfg(test)]
mod tests {
    use narrowcast_protocol::sms::{Coding, Concatenation, Part, Sender};

    use super::*;

    fn part(number: u8, text: &str) -> (Raw, Report) {
        let incoming = Incoming {
            from: Sender::new("1"),
            to: "2".to_owned(),
            part: Part {
                coding: Coding::Ascii,
                concatenation: Concatenation::new(Reference::Eight(7), 3, number),
                octets: text.as_bytes().to_vec(),
            },
            id: None,
        };
        let report = Report {
            parties: Some(("1".to_owned(), "2".to_owned())),
            incoming: Some(Box::new(incoming)),
            ..Report::default()
        };
        (Raw::default(), report)
    }

    #[test]
    fn parts_in_any_order_are_one_text_and_missing_ones_are_named() {
        let mut texts = SmsTexts::default();
        let mut said = Vec::new();
        for (number, text) in [(3, "c"), (1, "a"), (1, "a"), (2, "b"), (2, "b")] {
            let (raw, report) = part(number, text);
            said.extend(texts.push(&raw, &report));
        }
        let [(_, whole)] = said.as_slice() else {
            panic!("{said:?}");
        };
        assert_eq!((whole.ok, whole.text.as_deref()), (true, Some("abc")));
        assert_eq!(texts.end(), []);

        let mut texts = SmsTexts::default();
        let (raw, report) = part(2, "b");
        assert_eq!(texts.push(&raw, &report), []);
        let rest = texts.end();
        let error = rest[0].1.error.as_deref();
        assert_eq!(error, Some("incomplete: parts 1, 3 of 3 are missing"));
        assert!(rest[0].1.text.as_deref().unwrap().contains('b'));
    }
}
