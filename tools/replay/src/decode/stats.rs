//! `decode --stats`: what a recording holds, in one page.

use std::collections::BTreeMap;
use std::io::{self, Write};

use jiff::Timestamp;
use narrowcast_protocol::dmr::text::sanitize;
use narrowcast_protocol::sms::Phone;
use serde::Serialize;

use super::Report;
use crate::input::Raw;

/// Different radios, talkgroups or ways that are counted one by one.
const MOST: usize = 10_000;
/// So many of each are shown to people.
const SHOWN: usize = 10;
/// Columns of a line.
const WIDTH: usize = 80;

/// Counts of what was read.
#[derive(Debug, Default, Serialize)]
pub(super) struct Stats {
    frames: u64,
    /// Frames that failed a check, on any layer.
    refused: u64,
    /// Text messages that were put together.
    messages: u64,
    /// Packets that stayed incomplete.
    incomplete: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    first: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last: Option<Timestamp>,
    bytes: u64,
    /// Bursts whose codes corrected bits, and how many bits.
    corrected_bursts: u64,
    corrected_bits: u64,
    pdus: BTreeMap<String, Count>,
    ways: BTreeMap<String, u64>,
    radios: BTreeMap<u32, u64>,
    groups: BTreeMap<u32, u64>,
    /// Telephones and service numbers, in one form whichever way they are written.
    phones: BTreeMap<String, u64>,
    slots: BTreeMap<u8, u64>,
}

#[derive(Debug, Default, Clone, Copy, Serialize)]
struct Count {
    frames: u64,
    refused: u64,
}

impl Stats {
    /// Counts a frame, or a message of several.
    pub(super) fn add(&mut self, raw: &Raw, report: &Report) {
        if report.kind == "message" {
            *(if report.ok {
                &mut self.messages
            } else {
                &mut self.incomplete
            }) += 1;
            return;
        }
        let layers = || core::iter::successors(Some(report), |report| report.inner.as_deref());
        let is_refused = layers().any(|layer| !layer.ok);
        self.frames += 1;
        self.refused += u64::from(is_refused);
        self.bytes += raw.bytes.len() as u64;
        if let Some(at) = raw.at {
            self.first = Some(self.first.map_or(at, |first| first.min(at)));
            self.last = Some(self.last.map_or(at, |last| last.max(at)));
        }
        let pdu = format!("{} {}", report.kind, report.title());
        if self.pdus.len() < MOST || self.pdus.contains_key(&pdu) {
            let count = self.pdus.entry(pdu).or_default();
            count.frames += 1;
            count.refused += u64::from(is_refused);
        }
        count(&mut self.ways, Some(way(raw)).filter(|way| !way.is_empty()));
        let bits: u32 = layers().filter_map(|layer| layer.corrected_bits).sum();
        self.corrected_bursts += u64::from(bits > 0);
        self.corrected_bits += u64::from(bits);
        if let Some(named) = layers().find(|layer| layer.src.is_some() && layer.ok) {
            count(&mut self.radios, named.src);
            let others = if named.group == Some(true) {
                &mut self.groups
            } else {
                &mut self.radios
            };
            count(others, named.dst);
        }
        if let Some((from, to)) = report.parties.as_ref().filter(|_| report.ok) {
            for written in [from, to] {
                let number = Phone::new(written).map(|phone| phone.to_string());
                count(
                    &mut self.phones,
                    Some(number.unwrap_or_else(|_| written.clone())),
                );
            }
        }
        count(&mut self.slots, layers().find_map(|layer| layer.slot));
    }

    /// Writes them: as one JSON object, or for people.
    pub(super) fn write(&self, out: &mut impl Write, json: bool) -> io::Result<()> {
        if json {
            serde_json::to_writer(&mut *out, self)?;
            return writeln!(out);
        }
        writeln!(
            out,
            "{} frames, {} refused, {} bytes",
            self.frames, self.refused, self.bytes
        )?;
        if let (Some(first), Some(last)) = (self.first, self.last) {
            let seconds = last.duration_since(first).as_secs_f64();
            let at = |at: Timestamp| at.strftime("%Y-%m-%d %H:%M:%S");
            writeln!(out, "{} to {} UTC ({seconds:.1} s)", at(first), at(last))?;
        }
        if self.messages + self.incomplete > 0 {
            let (messages, incomplete) = (self.messages, self.incomplete);
            writeln!(
                out,
                "{messages} texts put together, {incomplete} packets incomplete"
            )?;
        }
        if self.corrected_bursts > 0 {
            let (bits, bursts) = (self.corrected_bits, self.corrected_bursts);
            writeln!(out, "{bits} bits corrected in {bursts} bursts")?;
        }
        writeln!(out)?;
        let mut pdus: Vec<_> = self.pdus.iter().collect();
        pdus.sort_by_key(|(_, count)| core::cmp::Reverse(count.frames));
        for (name, count) in pdus {
            let refused = match count.refused {
                0 => String::new(),
                refused => format!("  ({refused} refused)"),
            };
            writeln!(out, "{:>9}  {}", count.frames, cut(name, &refused))?;
        }
        table(out, "Slots", &self.slots)?;
        table(out, "Radios", &self.radios)?;
        table(out, "Talkgroups", &self.groups)?;
        table(out, "Telephones", &self.phones)?;
        table(out, "Links", &self.ways)
    }
}

fn count<K: Ord>(of: &mut BTreeMap<K, u64>, key: Option<K>) {
    let Some(key) = key else {
        return;
    };
    if of.len() < MOST || of.contains_key(&key) {
        *of.entry(key).or_default() += 1;
    }
}

fn way(raw: &Raw) -> String {
    match raw.peers {
        Some((from, to)) => format!("{from} > {to}"),
        None => raw.interface.clone(),
    }
}

/// The entries that occur most often.
fn table<K: ToString>(out: &mut impl Write, title: &str, of: &BTreeMap<K, u64>) -> io::Result<()> {
    if of.is_empty() {
        return Ok(());
    }
    let mut all: Vec<_> = of.iter().collect();
    all.sort_by_key(|(_, count)| core::cmp::Reverse(**count));
    writeln!(out, "\n{title}")?;
    for (name, count) in all.iter().take(SHOWN) {
        writeln!(out, "{count:>9}  {}", cut(&name.to_string(), ""))?;
    }
    match all.len().saturating_sub(SHOWN) {
        0 => Ok(()),
        more => writeln!(out, "           and {more} more"),
    }
}

/// A name in what is left of the line beside its count and `behind`.
fn cut(name: &str, behind: &str) -> String {
    let room = WIDTH.saturating_sub(11 + behind.len());
    let name = sanitize(name).replace('\n', " ");
    let name: String = name.chars().take(room).collect();
    name + behind
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::{self, Context};
    use crate::input;

    #[test]
    fn a_recording_is_counted_by_pdu_radio_link_and_time() {
        let log = "\
2026-01-31T12:00:00Z hb1 < 52 50 54 4C 00 2F 9B 80 # 10.0.0.2:4000 -> 10.0.0.1:62031
2026-01-31T12:00:01Z hb1 < 52 50 54 4C 00 2F # 10.0.0.2:4000 -> 10.0.0.1:62031
2026-01-31T12:00:04.5Z hb2 < 44 4D 52 44 01 00 03 E9 00 03 EA 00 2F 9B 80 66 0C 5D D5 0A 4B F6 03 7B 23 D4 4F 96 84 D9 90 23 05 8D FF 57 D7 5D F5 D3 38 FC 08 C2 43 A2 32 EC 55 42 C1 01 25 00 00 # 10.0.0.2:4000 -> 10.0.0.1:62031
";
        let mut stats = Stats::default();
        for raw in input::lines(log) {
            stats.add(&raw, &decode::frame(&raw, None, Context::default()));
        }
        let json = serde_json::to_value(&stats).unwrap();
        assert_eq!((&json["frames"], &json["refused"]), (&3.into(), &1.into()));
        assert_eq!(json["radios"], serde_json::json!({"1001": 1, "1002": 1}));
        assert_eq!(json["pdus"]["homebrew RPTL"]["frames"], 2);
        assert_eq!(json["last"], "2026-01-31T12:00:04.5Z");
        let mut page = Vec::new();
        stats.write(&mut page, false).unwrap();
        let page = String::from_utf8(page).unwrap();
        assert!(
            page.starts_with("3 frames, 1 refused, 69 bytes\n"),
            "{page}"
        );
        assert!(
            page.contains("(4.5 s)") && page.contains("2  homebrew RPTL  (1 refused)"),
            "{page}"
        );
        assert!(
            page.lines().all(|line| line.chars().count() <= WIDTH),
            "{page}"
        );
    }

    #[test]
    fn telephones_are_counted_in_one_form_of_their_numbers() {
        let mut stats = Stats::default();
        for to in ["13800138000", "+8613800138000", "+447700900123"] {
            let mut args = crate::encode::tests_args();
            args.kind = decode::Kind::named("smpp").unwrap();
            (args.from, args.to) = ("Alerts".into(), to.into());
            let [pdu] = crate::encode::frames(&args).unwrap().try_into().unwrap();
            for raw in input::lines(&hex::encode(pdu)) {
                stats.add(&raw, &decode::frame(&raw, None, Context::default()));
            }
        }
        let json = serde_json::to_value(&stats).unwrap();
        let counts = serde_json::json!({"13800138000": 2, "+447700900123": 1, "Alerts": 3});
        assert_eq!(json["phones"], counts);
        let mut page = Vec::new();
        stats.write(&mut page, false).unwrap();
        let page = String::from_utf8(page).unwrap();
        assert!(page.contains("\nTelephones\n        3  Alerts\n"), "{page}");
    }
}
