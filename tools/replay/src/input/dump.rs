//! Hex dumps as other programs print them: an offset in front, sixteen bytes a line, text
//! behind.

/// Puts the lines of dumps together: a dump begins at offset 0 and goes on for as long as
/// offsets fit.
#[derive(Debug, Default)]
pub(super) struct Dumps {
    bytes: Vec<u8>,
}

/// What a line was.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// A line of a dump. If it begins one, the dump before it is complete.
    Taken(Option<Vec<u8>>),
    /// Something else, which also ends the dump before it.
    Other(Option<Vec<u8>>),
}

impl Dumps {
    pub(super) fn push(&mut self, line: &str) -> Line {
        if !self.bytes.is_empty() && offset(line.trim()) == Some(self.bytes.len()) {
            // Some programs end with the length, alone on its line.
            return Line::Taken(self.end());
        }
        match parse(line) {
            Some((0, bytes)) => {
                let before = self.end();
                self.bytes = bytes;
                Line::Taken(before)
            }
            Some((offset, bytes)) if offset == self.bytes.len() => {
                self.bytes.extend(bytes);
                Line::Taken(None)
            }
            _ => Line::Other(self.end()),
        }
    }

    /// The dump so far: nothing follows.
    pub(super) fn end(&mut self) -> Option<Vec<u8>> {
        (!self.bytes.is_empty()).then(|| core::mem::take(&mut self.bytes))
    }
}

fn parse(line: &str) -> Option<(usize, Vec<u8>)> {
    let line = line.trim();
    let (first, rest) = line.split_once(char::is_whitespace)?;
    let rest = rest.trim_start();
    let (place, digits) = match first.strip_suffix(':') {
        Some(place) => (place, rest.split_once("  ").map_or(rest, |(hex, _)| hex)),
        // Without a colon the text in bars tells a dump from a frame.
        None => (first, rest.strip_suffix('|')?.split_once('|')?.0),
    };
    let digits: String = digits.split_whitespace().collect();
    let bytes = hex::decode(digits).ok()?;
    (!bytes.is_empty()).then_some((offset(place)?, bytes))
}

fn offset(text: &str) -> Option<usize> {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    let plausible = (4..=8).contains(&digits.len());
    plausible.then(|| usize::from_str_radix(digits, 16).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> Vec<Vec<u8>> {
        let mut dumps = Dumps::default();
        let mut found = Vec::new();
        for line in text.lines() {
            let (Line::Taken(done) | Line::Other(done)) = dumps.push(line);
            found.extend(done);
        }
        found.extend(dumps.end());
        found
    }

    #[test]
    fn the_dumps_of_common_programs_are_one_frame_each() {
        let frame = b"RPTPING\0\0\x23\xc1\x61RPTPING".to_vec();
        let xxd = "00000000: 5250 5450 494e 4700 0023 c161 5250 5450  RPTPING..#.aRPTP\n\
                   00000010: 494e 47                                  ING\n";
        let canonical = "00000000  52 50 54 50 49 4e 47 00  00 23 c1 61 52 50 54 50  |RPTPING..#.aRPTP|\n\
             00000010  49 4e 47                                          |ING|\n\
             00000013\n";
        let sniffer = "\t0x0000:  5250 5450 494e 4700 0023 c161 5250 5450\n\
                       \t0x0010:  494e 47\n";
        for text in [xxd, canonical, sniffer] {
            assert_eq!(all(text), std::slice::from_ref(&frame), "{text}");
            assert_eq!(all(&text.repeat(2)), [frame.clone(), frame.clone()]);
        }
    }

    #[test]
    fn plain_hex_is_no_dump() {
        for line in [
            "525054",
            "52 50 54",
            "5250:544c",
            "00000010: 5250",
            "zz: 00",
            "",
        ] {
            assert_eq!(Dumps::default().push(line), Line::Other(None), "{line}");
        }
    }
}
