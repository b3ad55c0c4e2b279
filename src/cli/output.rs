//! What goes to the terminal: tables for people, JSON for programs, nothing that moves
//! the cursor.

use std::io::Write;

use narrowcast::model::text;
use serde_json::Value;

use super::access::Access;

/// Writes to standard output. A reader that has gone away (`| head`) is no failure.
pub(super) fn write(text: &str) {
    std::io::stdout().write_all(text.as_bytes()).ok();
}

/// One line of ours.
pub(super) fn say(line: &str) {
    write(&format!("{line}\n"));
}

/// Text from elsewhere, without control and bidirectional characters.
pub(super) fn safe(text: &str) -> String {
    text::shown(text)
}

/// One line of JSON that means the same, in which the characters that [`safe`] takes away are
/// written as escapes.
pub(super) fn safe_json(value: &Value) -> String {
    let mut line = String::new();
    for c in value.to_string().chars() {
        if text::is_forbidden(c) {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                line.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            line.push(c);
        }
    }
    line
}

/// Prints one value: as JSON if asked, else as `show` words it.
pub(super) fn print(access: &Access, value: &Value, show: impl Fn(&Value) -> String) {
    if access.json {
        say(&safe_json(value));
    } else {
        say(&safe_lines(&show(value)));
    }
}

/// Prints the members of a list, one a line: as JSON if asked, else as a table.
pub(super) fn table(access: &Access, rows: &[Value], columns: &[(&str, &str)]) {
    if access.json {
        rows.iter().for_each(|row| say(&safe_json(row)));
        return;
    }
    let head: Vec<String> = columns
        .iter()
        .map(|(title, _)| (*title).to_owned())
        .collect();
    let cells = rows.iter().map(|row| {
        columns
            .iter()
            .map(|(_, path)| cell(row, path))
            .collect::<Vec<_>>()
    });
    let lines: Vec<Vec<String>> = std::iter::once(head).chain(cells).collect();
    let widths: Vec<usize> = (0..columns.len())
        .map(|column| {
            lines
                .iter()
                .filter_map(|line| line.get(column))
                .map(|cell| width(cell))
                .max()
                .unwrap_or(0)
        })
        .collect();
    for line in lines {
        let padded = line.iter().zip(&widths).map(|(cell, width_of_column)| {
            format!(
                "{cell}{}",
                " ".repeat(width_of_column.saturating_sub(width(cell)))
            )
        });
        say(padded.collect::<Vec<_>>().join("  ").trim_end());
    }
}

/// A member of a value, `a.b` reaching deeper, as one safe line.
pub(super) fn cell(value: &Value, path: &str) -> String {
    let found = path.split('.').try_fold(value, |value, key| value.get(key));
    match found {
        None | Some(Value::Null) => "-".to_owned(),
        Some(Value::String(text)) => safe(text),
        Some(Value::Bool(true)) => "yes".to_owned(),
        Some(Value::Bool(false)) => "no".to_owned(),
        Some(other) => safe(&other.to_string()),
    }
}

pub(super) fn safe_lines(text: &str) -> String {
    text.lines().map(safe).collect::<Vec<_>>().join("\n")
}

/// Columns on a terminal: CJK characters take two.
fn width(text: &str) -> usize {
    text.chars()
        .map(|c| {
            if ('\u{1100}'..='\u{115F}').contains(&c) || ('\u{2E80}'..='\u{FFE6}').contains(&c) {
                2
            } else {
                1
            }
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn nothing_from_the_air_reaches_the_terminal_raw() {
        let value = json!({"text": "a\u{1b}[2Jb", "at": {"x": 3}});
        assert_eq!(cell(&value, "text"), "a\u{FFFD}[2Jb");
        assert_eq!(cell(&value, "at.x"), "3");
        assert_eq!(cell(&value, "at.y"), "-");
    }

    #[test]
    fn json_for_programs_is_one_harmless_line_that_means_the_same() {
        let value = json!({"text": "a\u{1b}[2J\u{202E}\u{85}\u{E0041}\r\nb"});
        let line = safe_json(&value);
        assert!(!line.chars().any(text::is_forbidden), "{line:?}");
        assert_eq!(serde_json::from_str::<Value>(&line).unwrap(), value);
    }

    #[test]
    fn chinese_takes_two_columns() {
        assert_eq!(width("东a"), 3);
    }
}
