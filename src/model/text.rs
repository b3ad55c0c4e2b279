//! Text hygiene: what may be in an alert, a name, a log line or a cell.

use narrowcast_protocol::air;

/// Longest reason for cancelling an alert or closing an emergency, in characters.
pub const REASON: usize = 300;

/// A character that no text of ours may carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("character {position} (U+{code:04X}) is a control or bidirectional character: remove it")]
pub struct ForbiddenCharacter {
    /// Which character, counted from 1.
    pub position: usize,
    /// Its code point.
    pub code: u32,
}

/// Whether `c` may be in no text of ours: what the air forbids, and besides line feeds and
/// characters of no width.
#[must_use]
pub fn is_forbidden(c: char) -> bool {
    #[cfg(narrowcast_mutant)]
    if crate::mutant::planted("control_characters_pass") {
        return false;
    }
    air::is_forbidden(c)
        || c == '\n'
        || matches!(c, '\u{200B}'..='\u{200D}' | '\u{2060}'..='\u{206F}')
}

/// Refuses text with forbidden characters.
///
/// # Errors
/// Names the first of them.
pub fn check(text: &str) -> Result<(), ForbiddenCharacter> {
    match text.chars().enumerate().find(|&(_, c)| is_forbidden(c)) {
        Some((index, c)) => Err(ForbiddenCharacter {
            position: index + 1,
            code: u32::from(c),
        }),
        None => Ok(()),
    }
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
pub(crate) const HOSTILE: [&str; 20] = [
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
    fn control_and_bidirectional_characters_are_named_and_never_shown() {
        assert_eq!(check("山火 A1"), Ok(()));
        assert_eq!(
            check("a\u{202E}b"),
            Err(ForbiddenCharacter {
                position: 2,
                code: 0x202E
            })
        );
        assert_eq!(shown("a\r\n\u{1b}[31m"), "a\u{FFFD}\u{FFFD}\u{FFFD}[31m");
    }
}
