//! Hex dumps as other programs print them: an offset in front, sixteen bytes a row, text
//! behind. Logs put their own date and level before the offset.

use jiff::Timestamp;
use narrowcast_hardware::capture::Direction;

use super::Raw;

/// More bytes than this are in no row.
const LONGEST_ROW: usize = 64;
/// Marks that programs put around the text.
const BARS: [char; 2] = ['|', '*'];

/// Puts the rows of dumps together: a dump begins at offset 0 and goes on for as long as
/// offsets fit.
#[derive(Debug, Default)]
pub(super) struct Dumps {
    bytes: Vec<u8>,
    title: Title,
}

/// What a log said in the line before a dump.
#[derive(Debug, Default, Clone)]
struct Title {
    at: Option<Timestamp>,
    text: String,
}

/// What a line was.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// A row of a dump. If it begins one, the dump before it is complete.
    Taken(Option<Raw>),
    /// A row that continues nothing: rows before it are missing.
    Loose(Option<Raw>),
    /// A log's words between dumps.
    Words(Option<Raw>),
    /// Something else, which also ends the dump before it.
    Other(Option<Raw>),
}

impl Dumps {
    pub(super) fn push(&mut self, line: &str) -> Line {
        let (at, rest) = stamped(line);
        if !self.bytes.is_empty() && offset(rest.trim()) == Some(self.bytes.len()) {
            // Some programs end with the length, alone on its line.
            return Line::Taken(self.end());
        }
        match row(rest) {
            Some((0, bytes)) => {
                let before = self.end();
                self.bytes = bytes;
                self.title.at = at.or(self.title.at);
                Line::Taken(before)
            }
            Some((offset, bytes)) if offset == self.bytes.len() => {
                self.bytes.extend(bytes);
                Line::Taken(None)
            }
            Some(_) => Line::Loose(self.end()),
            None => {
                let before = self.end();
                self.title = Title::default();
                if at.is_none() {
                    return Line::Other(before);
                }
                self.title = Title {
                    at,
                    text: rest.trim().to_owned(),
                };
                Line::Words(before)
            }
        }
    }

    /// The dump so far: nothing follows.
    pub(super) fn end(&mut self) -> Option<Raw> {
        if self.bytes.is_empty() {
            return None;
        }
        let Title { at, text } = core::mem::take(&mut self.title);
        let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
        Some(Raw {
            at,
            direction: match (says(&["Received"]), says(&["Transmitted", "Written"])) {
                (true, false) => Some(Direction::Inbound),
                (false, true) => Some(Direction::Outbound),
                _ => None,
            },
            comment: (!text.is_empty()).then_some(text),
            bytes: core::mem::take(&mut self.bytes),
            ..Raw::default()
        })
    }
}

/// The time that a log line begins with (`D: 2026-01-01 08:00:00.000 `, which is UTC), and
/// what follows it.
fn stamped(line: &str) -> (Option<Timestamp>, &str) {
    let parts = || {
        let (level, rest) = line.split_once(": ")?;
        let is_level = level.len() == 1 && level.chars().all(|c| c.is_ascii_uppercase());
        let (date, rest) = rest.split_once(' ')?;
        let (time, rest) = rest.split_once(' ')?;
        let at: Timestamp = format!("{date}T{time}Z").parse().ok()?;
        is_level.then_some((Some(at), rest))
    };
    parts().unwrap_or((None, line))
}

/// Offset and bytes of a row.
fn row(line: &str) -> Option<(usize, Vec<u8>)> {
    let line = line.trim();
    let (first, rest) = line.split_once(char::is_whitespace)?;
    let columns = rest.trim_start();
    let gap = 1 + rest.len() - columns.len();
    let (place, is_marked) = match first.strip_suffix(':') {
        Some(place) => (place, true),
        None => (first, false),
    };
    let place = offset(place)?;
    let bytes = bytes(columns)?;
    // Without a colon, hex may stand there that is no offset. A dump puts two spaces behind
    // an offset and one between bytes, or marks its text, or has an offset of odd length.
    let by_byte = columns
        .split_whitespace()
        .take(bytes.len())
        .all(|token| token.len() == 2);
    let is_row =
        is_marked || columns.ends_with(BARS) || (by_byte && (gap >= 2 || first.len() == 7));
    is_row.then_some((place, bytes))
}

/// The bytes in the columns of a row: the text behind them says where they end; without it,
/// a wide gap does.
fn bytes(columns: &str) -> Option<Vec<u8>> {
    let all = || {
        columns
            .match_indices("  ")
            .map(|(at, _)| columns.split_at(at))
    };
    let wide = || {
        columns
            .match_indices("   ")
            .map(|(at, _)| columns.split_at(at))
    };
    let hex = |digits: &str| {
        let digits: String = digits.split_whitespace().collect();
        let bytes = hex::decode(digits).ok()?;
        (1..=LONGEST_ROW).contains(&bytes.len()).then_some(bytes)
    };
    let in_bars = BARS.iter().find_map(|bar| {
        let (digits, text) = columns.strip_suffix(*bar)?.split_once(*bar)?;
        let bytes = hex(digits)?;
        (text.chars().count() == bytes.len()).then_some(bytes)
    });
    let with_text = all().find_map(|(digits, text)| {
        let bytes = hex(digits)?;
        is_text_of(text.trim_start(), &bytes).then_some(bytes)
    });
    in_bars
        .or(with_text)
        .or_else(|| wide().next().and_then(|(digits, _)| hex(digits)))
        .or_else(|| hex(columns))
        .or_else(|| all().next().and_then(|(digits, _)| hex(digits)))
}

/// Whether a row's text shows these bytes: each by its character, or by something else where
/// it has none. Spaces at the end may be gone.
fn is_text_of(text: &str, bytes: &[u8]) -> bool {
    let shows = |(shown, byte): (char, &u8)| match byte {
        b'!'..=b'~' => shown == char::from(*byte) || shown == '.',
        _ => !shown.is_ascii_alphanumeric(),
    };
    let length = text.chars().count();
    let gone = bytes.get(length..).unwrap_or_default();
    let fits = length <= bytes.len() && gone.iter().all(|byte| *byte == b' ');
    fits && length > 0 && text.chars().zip(bytes).all(shows)
}

fn offset(text: &str) -> Option<usize> {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    let plausible = (4..=8).contains(&digits.len());
    plausible.then(|| usize::from_str_radix(digits, 16).ok())?
}

#[cfg(test)]
mod tests;
