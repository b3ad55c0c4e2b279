//! What a comparison found, for eyes and for scripts.

use core::fmt;
use std::io::{self, Write as _};

use anyhow::Result;
use narrowcast_protocol::dmr::text::sanitize;
use serde::Serialize;

use super::{Changed, Frame, Rules};
use crate::decode;

/// One difference. Frames are numbered from 1, as `decode` numbers them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Difference {
    difference: What,
    #[serde(skip_serializing_if = "Option::is_none")]
    a: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    b: Option<usize>,
    /// Who said it.
    lane: String,
    /// What it is.
    frame: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fields: Vec<Changed>,
    /// First and last of each range of bytes that differ.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    bytes: Vec<(usize, usize)>,
    /// Seconds since the frame before it, in the one and in the other.
    #[serde(skip_serializing_if = "Option::is_none")]
    gaps: Option<(f64, f64)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum What {
    /// Only the first has it.
    Missing,
    /// Only the second has it.
    Extra,
    Changed,
    Moved,
    Timing,
}

/// How many frames of each sort.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Counts {
    pub(crate) equal: u64,
    pub(crate) changed: u64,
    pub(crate) missing: u64,
    pub(crate) extra: u64,
    pub(crate) moved: u64,
    pub(crate) timing: u64,
}

/// What a comparison found.
#[derive(Debug, Default)]
pub(crate) struct Comparison {
    /// In the order of the first recording.
    pub(crate) differences: Vec<Difference>,
    pub(crate) counts: Counts,
}

/// A frame and its number from 0.
type Numbered<'a> = (usize, &'a Frame);

impl Comparison {
    pub(crate) fn is_different(&self) -> bool {
        !self.differences.is_empty()
    }

    /// Writes all differences and their number to standard output.
    pub(crate) fn print(&self, json: bool) -> Result<()> {
        let mut out = io::stdout().lock();
        for difference in &self.differences {
            if json {
                writeln!(out, "{}", serde_json::to_string(difference)?)?;
            } else {
                write!(out, "{difference}")?;
            }
        }
        if json {
            writeln!(out, "{}", serde_json::to_string(&self.counts)?)?;
        } else {
            writeln!(out, "{}", self.counts)?;
        }
        Ok(())
    }

    pub(super) fn sort(&mut self) {
        // What only the second has stands where its number puts it.
        let place = |difference: &Difference| (difference.a.or(difference.b), difference.b);
        self.differences.sort_by_key(place);
    }

    pub(super) fn changed(&mut self, lane: &str, a: Numbered<'_>, b: Numbered<'_>, rules: Rules) {
        self.counts.changed += 1;
        let mut difference = Difference::new(What::Changed, lane, a.1);
        difference.a = Some(a.0 + 1);
        difference.b = Some(b.0 + 1);
        difference.fields = a.1.changes(b.1, rules.everything);
        difference.bytes = a.1.changed_bytes(b.1);
        self.differences.push(difference);
    }

    /// A frame that the second does not have, or has as number `other` in another place.
    pub(super) fn only_a(
        &mut self,
        lane: &str,
        (number, frame): Numbered<'_>,
        other: Option<usize>,
    ) {
        let what = match other {
            Some(_) => What::Moved,
            None => What::Missing,
        };
        self.counts.moved += u64::from(other.is_some());
        self.counts.missing += u64::from(other.is_none());
        let mut difference = Difference::new(what, lane, frame);
        difference.a = Some(number + 1);
        difference.b = other.map(|other| other + 1);
        self.differences.push(difference);
    }

    pub(super) fn only_b(&mut self, lane: &str, (number, frame): Numbered<'_>) {
        self.counts.extra += 1;
        let mut difference = Difference::new(What::Extra, lane, frame);
        difference.b = Some(number + 1);
        self.differences.push(difference);
    }

    pub(super) fn timing(
        &mut self,
        lane: &str,
        (number, frame): Numbered<'_>,
        other: usize,
        gaps: (f64, f64),
    ) {
        self.counts.timing += 1;
        let mut difference = Difference::new(What::Timing, lane, frame);
        difference.a = Some(number + 1);
        difference.b = Some(other + 1);
        difference.gaps = Some(gaps);
        self.differences.push(difference);
    }
}

impl Difference {
    fn new(difference: What, lane: &str, frame: &Frame) -> Self {
        Self {
            difference,
            a: None,
            b: None,
            lane: lane.to_owned(),
            frame: decode::subject(&frame.report()),
            fields: Vec::new(),
            bytes: Vec::new(),
            gaps: None,
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = |number: Option<usize>| number.map_or(String::new(), |n| n.to_string());
        let (a, b) = (number(self.a), number(self.b));
        let (sign, place) = match self.difference {
            What::Missing => ('-', format!("only in a, {a}")),
            What::Extra => ('+', format!("only in b, {b}")),
            What::Changed => ('~', format!("a {a}, b {b}")),
            What::Moved => ('>', format!("moved from {a} in a to {b} in b")),
            What::Timing => ('t', format!("a {a}, b {b}")),
        };
        writeln!(f, "{sign} {} ({place}, {})", self.frame, self.lane)?;
        for change in &self.fields {
            let value = |value: &Option<String>| {
                sanitize(value.as_deref().unwrap_or("(none)")).into_owned()
            };
            let (a, b) = (value(&change.a), value(&change.b));
            writeln!(f, "    {}: {a} -> {b}", change.field)?;
        }
        if !self.bytes.is_empty() {
            let range = |(first, last): &(usize, usize)| match first == last {
                true => first.to_string(),
                false => format!("{first}-{last}"),
            };
            let ranges: Vec<String> = self.bytes.iter().map(range).collect();
            writeln!(f, "    bytes {}", ranges.join(", "))?;
        }
        if let Some((a, b)) = self.gaps {
            writeln!(f, "    {a:.3} s -> {b:.3} s after the frame before it")?;
        }
        Ok(())
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} equal, {} changed, {} only in a, {} only in b, {} moved, {} out of time",
            self.equal, self.changed, self.missing, self.extra, self.moved, self.timing
        )
    }
}
