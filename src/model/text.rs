//! Text hygiene: what may be in an alert, a name, a log line or a cell.

use narrowcast_protocol::air;

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

#[cfg(test)]
mod tests {
    use super::*;

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
