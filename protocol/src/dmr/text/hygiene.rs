//! Characters that never reach the air: control characters, and characters that turn the
//! direction of writing around or hide what is written.
//!
//! Outgoing text that has one is refused with its position, so that nobody sends what he
//! did not see. Incoming text is shown through [`sanitize`].

use std::borrow::Cow;

use super::error::TextError;

/// Whether `character` may be neither sent nor shown. A line feed may.
#[must_use]
pub fn is_forbidden(character: char) -> bool {
    let bidirectional = matches!(
        character,
        '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}'
    );
    let invisible = matches!(
        character,
        '\u{2028}' | '\u{2029}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}'
    );
    (character.is_control() && character != '\n') || bidirectional || invisible
}

/// Refuses text with a forbidden character.
///
/// # Errors
/// [`TextError::Control`] with the first one's position, counted in characters.
pub fn check(text: &str) -> Result<(), TextError> {
    match text
        .chars()
        .enumerate()
        .find(|&(_, character)| is_forbidden(character))
    {
        Some((index, character)) => Err(TextError::Control { index, character }),
        None => Ok(()),
    }
}

/// Text fit for a screen, a log line or the air: CR LF and CR become a line feed, a
/// tabulator a space, every other forbidden character U+FFFD.
#[must_use]
pub fn sanitize(text: &str) -> Cow<'_, str> {
    if check(text).is_ok() {
        return Cow::Borrowed(text);
    }
    let text = text.replace("\r\n", "\n");
    let clean = text.chars().map(|character| match character {
        '\r' => '\n',
        '\t' => ' ',
        forbidden if is_forbidden(forbidden) => char::REPLACEMENT_CHARACTER,
        allowed => allowed,
    });
    Cow::Owned(clean.collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_forbidden_character_is_named_with_its_position() {
        assert_eq!(
            check("\u{8B66}\u{62A5}\u{202E}x"),
            Err(TextError::Control {
                index: 2,
                character: '\u{202E}'
            })
        );
        assert_eq!(check("line\nline"), Ok(()));
    }

    #[test]
    fn sanitized_text_keeps_its_lines() {
        assert_eq!(sanitize("a\r\nb\rc\td\u{1B}[2J"), "a\nb\nc d\u{FFFD}[2J");
        assert!(matches!(sanitize("clean"), Cow::Borrowed("clean")));
    }

    proptest! {
        #[test]
        fn sanitized_text_is_always_sendable(text: String) {
            prop_assert_eq!(check(&sanitize(&text)), Ok(()));
        }
    }
}
