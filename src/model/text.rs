//! Text hygiene: what may be in an alert, a name, a log line or a cell.

use narrowcast_protocol::air;
use unicode_width::UnicodeWidthChar;

/// Longest reason for cancelling an alert or closing an emergency, in characters.
pub const REASON: usize = 300;

/// What is wrong with a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnfitText {
    /// A character that no text of ours may carry.
    #[error(
        "character {position} (U+{code:04X}) is a control or bidirectional character or none at all: remove it"
    )]
    Forbidden {
        /// Which character, counted from 1.
        position: usize,
        /// Its code point.
        code: u32,
    },
    /// The text has characters, but none that shows anything.
    #[error(
        "the text looks empty: character {position} (U+{code:04X}) shows nothing by itself; write words"
    )]
    Invisible {
        /// The first character that is no white space, counted from 1.
        position: usize,
        /// Its code point.
        code: u32,
    },
}

/// Whether `c` may be in no text of ours: what the air forbids, and besides line feeds,
/// characters of no width and code points that are no characters.
#[must_use]
pub fn is_forbidden(c: char) -> bool {
    air::is_forbidden(c)
        || c == '\n'
        || matches!(c, '\u{200B}'..='\u{200D}' | '\u{2060}'..='\u{206F}')
        || is_no_character(c)
}

/// Unicode 16, clause 23.7: code points that will never be characters.
fn is_no_character(c: char) -> bool {
    matches!(c, '\u{FDD0}'..='\u{FDEF}') || u32::from(c) & 0xFFFE == 0xFFFE
}

/// Whether `c` shows nothing by itself: white space, fillers, the empty Braille pattern, and
/// what only changes the character before it.
fn is_invisible(c: char) -> bool {
    let filler = matches!(
        c,
        '\u{115F}' | '\u{1160}' | '\u{2800}' | '\u{3164}' | '\u{FFA0}' | '\u{FFFC}'
    );
    c.is_whitespace() || filler || c.width().unwrap_or(0) == 0
}

/// Refuses text with forbidden characters, and text that shows nothing. White space alone and
/// an empty text are for the caller to judge.
///
/// # Errors
/// Names the first character that is wrong.
pub fn check(text: &str) -> Result<(), UnfitText> {
    let numbered = || (1..).zip(text.chars());
    if let Some((position, c)) = numbered().find(|&(_, c)| is_forbidden(c)) {
        let code = u32::from(c);
        return Err(UnfitText::Forbidden { position, code });
    }
    if text.chars().all(is_invisible)
        && let Some((position, c)) = numbered().find(|(_, c)| !c.is_whitespace())
    {
        let code = u32::from(c);
        return Err(UnfitText::Invisible { position, code });
    }
    Ok(())
}

/// Text heard on the air, made safe to show: forbidden characters become U+FFFD.
#[must_use]
pub fn shown(text: &str) -> String {
    text.chars()
        .map(|c| if is_forbidden(c) { '\u{FFFD}' } else { c })
        .collect()
}

/// What somebody may send to do harm: one of each kind that must not get through.
#[cfg(test)]
pub(crate) const HOSTILE: [&str; 22] = [
    "line\nfeed",
    "carriage\rreturn",
    "crlf\r\nX-Header: x",
    "tab\tulator",
    "nul\0",
    "bell\u{7}",
    "escape\u{1b}[2J",
    "delete\u{7f}",
    "next line\u{85}",
    "csi\u{9b}31m",
    "right to left\u{202E}txt.exe",
    "isolate\u{2067}x\u{2069}",
    "mark\u{200F}",
    "arabic mark\u{061C}",
    "zero width\u{200B}",
    "word joiner\u{2060}",
    "line separator\u{2028}",
    "byte order\u{FEFF}",
    "tag\u{E0041}",
    "annotation\u{FFF9}",
    "no character\u{FDD0}",
    "no character\u{1FFFE}",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_hostile_is_refused_and_shown_harmless() {
        for hostile in HOSTILE {
            assert!(check(hostile).is_err(), "{hostile:?}");
            assert_eq!(check(&shown(hostile)), Ok(()), "{hostile:?}");
        }
    }

    #[test]
    fn a_text_that_shows_nothing_is_refused_and_one_that_shows_something_is_not() {
        for blank in [
            "\u{3164}",
            " \u{2800} ",
            "\u{301}",
            "\u{20DD}",
            "\u{115F}\u{1160}",
            "\u{FFA0}",
            "\u{AD}",
            "\u{FE0F}",
            "\u{34F}",
            "\u{180E}",
            "\u{E0100}",
        ] {
            assert!(check(blank).is_err(), "{blank:?}");
        }
        for seen in ["", "  ", "a\u{301}", "3号", "-", "。", "🔥\u{FE0F}", "가"] {
            assert_eq!(check(seen), Ok(()), "{seen:?}");
        }
    }

    #[test]
    fn control_and_bidirectional_characters_are_named_and_never_shown() {
        assert_eq!(check("山火 A1"), Ok(()));
        assert_eq!(
            check("a\u{202E}b"),
            Err(UnfitText::Forbidden {
                position: 2,
                code: 0x202E
            })
        );
        assert_eq!(shown("a\r\n\u{1b}[31m"), "a\u{FFFD}\u{FFFD}\u{FFFD}[31m");
    }
}
