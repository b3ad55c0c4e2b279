//! Text of strangers, made fit for a screen and for the air.

/// Whether a character hides, turns round or moves what stands beside it: control characters
/// other than tab and line feed, bidirectional marks and overrides, byte order marks and
/// noncharacters.
#[must_use]
pub fn is_harmful(c: char) -> bool {
    (c.is_control() && !matches!(c, '\t' | '\n'))
        || matches!(c,
            '\u{061C}' | '\u{180E}' | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{FFFE}' | '\u{FFFF}'
            | '\u{E0000}'..='\u{E007F}')
}

/// The text without what [`is_harmful`], its lines kept: for descriptions and instructions.
#[must_use]
pub fn clean(text: &str) -> String {
    text.replace("\r\n", "\n")
        .chars()
        .map(|c| match c {
            '\r' | '\u{2028}' | '\u{2029}' => '\n',
            c => c,
        })
        .filter(|c| !is_harmful(*c))
        .collect::<String>()
        .trim()
        .to_owned()
}

/// The text as one line: [`clean`], and every run of white space is one blank. For headlines,
/// and for whatever goes on the air.
#[must_use]
pub fn one_line(text: &str) -> String {
    clean(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The beginning of a text, as an error message shows it: one line of at most `most`
/// characters.
pub(crate) fn excerpt(text: &str, most: usize) -> String {
    let mut characters = text.chars();
    let head: String = characters.by_ref().take(most).collect();
    let mut shown = one_line(&head);
    if characters.next().is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_turns_or_hides_text_is_taken_away_and_lines_stay() {
        assert_eq!(
            clean(" 山洪\u{202E}预警\u{7}\r\n撤离\u{0} "),
            "山洪预警\n撤离"
        );
        assert_eq!(clean("a\u{2066}b\u{FEFF}\tc"), "ab\tc");
        assert_eq!(one_line("  山洪\n\t 预警\u{3000}A "), "山洪 预警 A");
    }

    #[test]
    fn an_excerpt_is_short_and_says_that_it_is_cut() {
        assert_eq!(excerpt("abc", 3), "abc");
        assert_eq!(excerpt("abcd", 3), "abc…");
        assert_eq!(excerpt("a\nb\u{202E}", 9), "a b");
    }
}
