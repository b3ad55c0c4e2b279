//! Lines of hex, however they were written down: bare, in an annotated log, as JSON, or as
//! a dump.

use std::io::{BufRead, Read as _};

use anyhow::Result;

use narrowcast_hardware::capture::reader::Skipped;

use super::dump::{Dumps, Line};
use super::packet::{self, Found};
use super::{Raw, json, log};

/// A longer line is no frame.
const LONGEST_LINE: u64 = 16 << 20;
/// So many lines in a row that are no hex are taken for the words before a dump.
const MOST_WORDS: usize = 4_096;
/// So many characters of a line that is no hex are kept.
const LONGEST_GIVEN: usize = 4_096;
/// What Windows puts in front of text.
const BYTE_ORDER_MARK: char = '\u{FEFF}';
/// What stands between digits in the notations of programs and people.
const BETWEEN: [char; 13] = [
    ',', ':', ';', '-', '[', ']', '{', '}', '(', ')', '"', '\'', '\u{A0}',
];

/// Hands what each line of `from` holds to `take`; what was passed over.
pub(super) fn read(
    mut from: Box<dyn BufRead>,
    take: &mut dyn FnMut(Raw) -> Result<()>,
) -> Result<Skipped> {
    let mut lines = Lines {
        take,
        words: Vec::new(),
        has_dumps: false,
        skipped: Skipped::default(),
    };
    let mut dumps = Dumps::default();
    let mut line = Vec::new();
    loop {
        line.clear();
        let mut part = from.by_ref().take(LONGEST_LINE);
        if part.read_until(b'\n', &mut line)? == 0 {
            break;
        }
        let is_cut = line.len() as u64 == LONGEST_LINE && line.last() != Some(&b'\n');
        let text = String::from_utf8_lossy(&line);
        if is_cut {
            from.skip_until(b'\n')?;
            lines.dump(dumps.end())?;
            lines.frame(broken(&text, "the line is longer than 16 MiB"))?;
            continue;
        }
        match dumps.push(&text) {
            Line::Taken(dump) => {
                // What stood before a dump was said about it.
                lines.words.clear();
                lines.has_dumps = true;
                lines.dump(dump)?;
            }
            Line::Words(dump) => lines.dump(dump)?,
            Line::Loose(dump) => {
                lines.dump(dump)?;
                let why = "a row of a dump whose rows before it are missing";
                lines.frame(broken(&text, why))?;
            }
            Line::Other(dump) => {
                lines.dump(dump)?;
                match hex_line(&text) {
                    Some(raw) if raw.broken.is_some() => lines.words(raw)?,
                    Some(raw) => lines.frame(raw)?,
                    None => {}
                }
            }
        }
    }
    lines.dump(dumps.end())?;
    if !lines.has_dumps {
        lines.flush()?;
    }
    Ok(lines.skipped)
}

/// What lines come to.
struct Lines<'a> {
    take: &'a mut dyn FnMut(Raw) -> Result<()>,
    /// Lines that are no hex, until it is clear whether they belong to a dump.
    words: Vec<Raw>,
    has_dumps: bool,
    skipped: Skipped,
}

impl Lines<'_> {
    fn words(&mut self, raw: Raw) -> Result<()> {
        self.words.push(raw);
        if self.words.len() > MOST_WORDS {
            self.flush()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        self.words.drain(..).try_for_each(&mut *self.take)
    }

    fn frame(&mut self, raw: Raw) -> Result<()> {
        self.flush()?;
        (self.take)(packet::in_hex(raw))
    }

    fn dump(&mut self, dump: Option<Raw>) -> Result<()> {
        let Some(raw) = dump else {
            return Ok(());
        };
        match packet::in_dump(raw) {
            Found::Frame(raw) => (self.take)(*raw),
            Found::PassedOver(skipped) => {
                self.skipped.add(skipped);
                Ok(())
            }
        }
    }
}

/// The frame in a line of hex, with or without the time, link and direction that an
/// annotated log has in front. `None` for blank lines and comments.
pub(crate) fn hex_line(line: &str) -> Option<Raw> {
    let line = line.trim_matches(|c: char| c.is_whitespace() || c == BYTE_ORDER_MARK);
    if line.starts_with('{') && line.ends_with('}') && line.contains(':') {
        return json::record(line).unwrap_or_else(|why| Some(broken(line, &why)));
    }
    let (digits, note) = line.split_once('#').unwrap_or((line, ""));
    let digits = digits.trim();
    if digits.is_empty() {
        return None;
    }
    let (raw, digits) = match log::place(digits, note) {
        Ok(place) => place,
        Err(why) => return Some(broken(line, why)),
    };
    Some(match bytes(digits) {
        Ok(bytes) => Raw { bytes, ..raw },
        Err(why) => broken(line, &why),
    })
}

/// The bytes that digits in any notation mean.
pub(super) fn bytes(digits: &str) -> Result<Vec<u8>, String> {
    let mut hex = String::with_capacity(digits.len());
    let tokens = || {
        let tokens = digits.split(|c: char| c.is_whitespace() || BETWEEN.contains(&c));
        tokens.filter(|token| !token.is_empty())
    };
    // Some programs leave out leading zeros: then every word is one octet.
    let by_octet = tokens().count() > 1
        && tokens().any(|token| token.len() == 1)
        && tokens().all(|token| token.len() <= 2);
    for token in tokens() {
        let prefixes = ["0x", "0X", "\\x"];
        match prefixes
            .iter()
            .find_map(|prefix| token.strip_prefix(prefix))
        {
            Some(digit) if digit.len() == 1 => hex.extend(["0", digit]),
            Some(digits) => hex.push_str(&digits.replace("\\x", "")),
            None if by_octet && token.len() == 1 => hex.extend(["0", token]),
            None => hex.push_str(token),
        }
    }
    if let Some(other) = hex.chars().find(|c| !c.is_ascii_hexdigit()) {
        return Err(format!("{other:?} is no hex digit"));
    }
    if hex.len() % 2 == 1 {
        return Err(format!("{} hex digits, which is an odd number", hex.len()));
    }
    hex::decode(&hex).map_err(|error| error.to_string())
}

fn broken(line: &str, why: &str) -> Raw {
    Raw {
        broken: Some(why.to_owned()),
        given: line.trim_end().chars().take(LONGEST_GIVEN).collect(),
        ..Raw::default()
    }
}

/// Everything in lines of hex.
#[cfg(test)]
pub(crate) fn lines(text: &str) -> Vec<Raw> {
    let mut all = Vec::new();
    let text = std::io::Cursor::new(text.as_bytes().to_vec());
    read(Box::new(text), &mut |raw| {
        all.push(raw);
        Ok(())
    })
    .unwrap();
    all
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn hex_is_read_however_it_was_pasted() {
        for line in [
            "52 50 54",
            "0x52,0x50, 0x54",
            "525054 # said",
            "  525054\r",
            "\u{FEFF}525054\r\n",
            "0x525054",
            "0X52 0X50 0X54",
            "52:50:54",
            "52-50-54",
            "\\x52\\x50\\x54",
            "[0x52, 0x50, 0x54]",
            "\"525054\",",
            "52\t50\u{A0}54",
            r#"{"hex": "525054"}"#,
        ] {
            assert_eq!(hex_line(line).unwrap().bytes, b"RPT", "{line}");
        }
        assert_eq!(
            hex_line("0xE0, 0x4, 0x70, 0x2").unwrap().bytes,
            [0xE0, 4, 0x70, 2]
        );
        for line in ["E0 4 70 2", "e0:4:70:2", "E0, 04, 70, 2"] {
            assert_eq!(hex_line(line).unwrap().bytes, [0xE0, 4, 0x70, 2], "{line}");
        }
        assert_eq!(hex_line("E 0").unwrap().bytes, [0x0E, 0]);
        for line in ["  # nothing", "", "\r\n", "\u{FEFF}"] {
            assert_eq!(hex_line(line), None);
        }
    }

    #[test]
    fn what_is_no_hex_is_given_back_with_the_reason() {
        let broken = hex_line("52 5g").unwrap();
        assert_eq!(broken.broken.as_deref(), Some("'g' is no hex digit"));
        assert_eq!(broken.given, "52 5g");
        let odd = hex_line("5250544").unwrap().broken.unwrap();
        assert!(odd.contains("odd"), "{odd}");
        assert!(hex_line(r#"{"time": 1}"#).unwrap().broken.is_some());
    }

    #[test]
    fn words_beside_dumps_are_no_frames_and_words_beside_hex_are_told() {
        let dump = "Frame (8 bytes):\n0000  52 50 54 4c 00 2f 9b 80   RPTL./..\n\nthe end\n";
        let [raw] = lines(dump).try_into().unwrap();
        assert_eq!(raw.bytes, b"RPTL\0\x2f\x9b\x80");
        let all = lines("hello\n525054\nbye\n");
        let broken: Vec<_> = all.iter().map(|raw| raw.broken.is_some()).collect();
        assert_eq!(broken, [true, false, true]);
        let all = lines("0000  52 50 54   RPT\n0010  52   R\n");
        assert_eq!(all[0].bytes, b"RPT");
        assert!(all[1].broken.as_deref().unwrap().contains("missing"));
    }

    #[test]
    fn a_line_without_end_costs_neither_memory_nor_the_next_line() {
        let text = format!("{}\n525054\n", "52".repeat(10 << 20));
        let all = lines(&text);
        assert_eq!(all.len(), 2);
        assert!(all[0].broken.is_some() && all[0].given.len() == LONGEST_GIVEN);
        assert_eq!(all[1].bytes, b"RPT");
    }

    proptest! {
        #[test]
        fn any_line_is_taken_without_a_panic(line in "\\PC{0,80}", hex in "[0-9a-fA-Fx:#<>{}|. \\t-]{0,80}") {
            for line in [line, hex] {
                if let Some(raw) = hex_line(&line) {
                    prop_assert!(raw.broken.is_some() == raw.bytes.is_empty() || raw.at.is_some() || raw.broken.is_none());
                }
            }
        }
    }
}
