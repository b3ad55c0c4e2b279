//! Lists in one text: separated by white space, and in quotes where a name holds white space
//! (CAP 1.2, elements `addresses` and `incidents`).

/// The names in a text, or none when the last quote is not closed.
pub(super) fn split(text: &str) -> Option<Vec<String>> {
    let mut names = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (name, behind) = match rest.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => rest.split_once(char::is_whitespace).unwrap_or((rest, "")),
        };
        if !name.trim().is_empty() {
            names.push(name.trim().to_owned());
        }
        rest = behind.trim_start();
    }
    Some(names)
}

/// The text of names; none where a name holds a quote, for which there is no writing.
pub(super) fn join(names: &[String]) -> Option<String> {
    if names.iter().any(|name| name.contains('"')) {
        return None;
    }
    let quoted = names.iter().map(|name| {
        if name.contains(char::is_whitespace) {
            format!("\"{name}\"")
        } else {
            name.clone()
        }
    });
    Some(quoted.collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_separated_by_white_space_and_quotes_hold_it() {
        let names = split(" a\n\"fire station 3\" \t b \"\" ").expect("closed");
        assert_eq!(names, ["a", "fire station 3", "b"]);
        assert_eq!(join(&names).as_deref(), Some("a \"fire station 3\" b"));
        assert_eq!(split("a \"b c"), None);
        assert_eq!(split(" "), Some(Vec::new()));
        assert_eq!(join(&["a\"b".to_owned()]), None);
    }
}
