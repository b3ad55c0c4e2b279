//! How long texts and reasons may be, and what may stand in them.

use crate::engine::io::Refusal;
use crate::model::text;

/// Longest text of an alert, in characters.
pub(super) const TEXT_CHARACTERS: usize = 300;

/// As much of a text as an alert may have; what is cut off is shown by `…`.
pub(super) fn fitting(text: &str) -> String {
    if text.chars().count() <= TEXT_CHARACTERS {
        return text.to_owned();
    }
    let kept = text.chars().take(TEXT_CHARACTERS - 1);
    kept.chain(std::iter::once('…')).collect()
}

/// Whether a reason for cancelling or closing is fit to be kept.
pub(super) fn check_reason(because: &str) -> Result<(), Refusal> {
    let invalid = |why: String| Refusal::Invalid {
        field: "because",
        why,
    };
    text::check(because).map_err(|error| invalid(error.to_string()))?;
    let (characters, longest) = (because.chars().count(), text::REASON);
    if because.trim().is_empty() || characters > longest {
        return Err(invalid(format!(
            "it has {characters} characters; give a reason of 1 to {longest}"
        )));
    }
    Ok(())
}

/// Whether a text can be shown and has 1 to `most` characters.
pub(super) fn check_text(written: &str, most: usize) -> Result<(), String> {
    let characters = written.chars().count();
    if written.trim().is_empty() || characters > most {
        return Err(format!("it has {characters} characters; write 1 to {most}"));
    }
    text::check(written).map_err(|error| error.to_string())
}
