//! Lines and prompts out of the stream of a modem.

use std::collections::VecDeque;

/// Longest line that is kept: a message has at most 360 digits.
const LONGEST: usize = 1_024;

/// What a modem says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// A line that is not empty, without its end and without control characters.
    Line(String),
    /// The modem waits for a message: `> ` without an end of line, or `>` alone on a line.
    Prompt,
}

/// Cuts the stream, however it was split.
#[derive(Debug, Default)]
pub struct Lines {
    /// The line that has not ended.
    line: Vec<u8>,
    said: VecDeque<Said>,
    /// Octets of lines that were too long.
    dropped: u32,
}

impl Lines {
    /// Takes octets of the stream.
    pub fn push(&mut self, octets: &[u8]) {
        for octet in octets {
            match octet {
                b'\r' | b'\n' => self.end(),
                b' ' if self.line == b">" => {
                    self.line.clear();
                    self.said.push_back(Said::Prompt);
                }
                // Blanks behind a prompt, and what a line begins with.
                b' ' if self.line.is_empty() => {}
                octet if octet.is_ascii_control() => {}
                octet if self.line.len() < LONGEST => self.line.push(*octet),
                _ => self.dropped = self.dropped.saturating_add(1),
            }
        }
    }

    fn end(&mut self) {
        let line = core::mem::take(&mut self.line);
        match line.as_slice() {
            [] => {}
            b">" => self.said.push_back(Said::Prompt),
            line => {
                let line = String::from_utf8_lossy(line).trim().to_owned();
                self.said.push_back(Said::Line(line));
            }
        }
    }

    /// The next thing that was said.
    pub fn next_said(&mut self) -> Option<Said> {
        self.said.pop_front()
    }

    /// How many octets were dropped since this was asked last.
    pub const fn take_dropped(&mut self) -> u32 {
        core::mem::replace(&mut self.dropped, 0)
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn said(octets: &[u8]) -> Vec<Said> {
        let mut lines = Lines::default();
        lines.push(octets);
        core::iter::from_fn(|| lines.next_said()).collect()
    }

    #[test]
    fn a_prompt_has_a_blank_or_a_line_of_its_own() {
        let echo = Said::Line("AT+CMGS=20".to_owned());
        assert_eq!(said(b"AT+CMGS=20\r\r\n>\r\n"), [echo.clone(), Said::Prompt]);
        assert_eq!(said(b"AT+CMGS=20\r\r\n> "), [echo, Said::Prompt]);
        let ussd = "+CUSD: 0,\"a > b\"";
        let line = format!("{ussd}\r\n");
        assert_eq!(said(line.as_bytes()), [Said::Line(ussd.to_owned())]);
    }

    proptest! {
        #[test]
        fn every_split_gives_the_same_lines(
            octets in prop::collection::vec(prop_oneof![any::<u8>(), prop::sample::select(b"\r\n> A".to_vec())], 0..300),
            cut in 1_usize..20,
        ) {
            let mut lines = Lines::default();
            for chunk in octets.chunks(cut) {
                lines.push(chunk);
            }
            let split: Vec<_> = core::iter::from_fn(|| lines.next_said()).collect();
            prop_assert_eq!(split, said(&octets));
        }
    }
}
