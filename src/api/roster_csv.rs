//! The roster as CSV: UTF-8, a header line, one line per radio, person, group or system.
//!
//! | column | of | content |
//! |---|---|---|
//! | `kind` | all | `radio`, `person`, `group` or `system` |
//! | `id` | all | the radio's number, or a short id |
//! | `name` | all | what people call it |
//! | `node` | all | where it hangs, as in `city/east` |
//! | `form` | radios | `short-data-utf8`, `short-data-utf16`, `tms` or `udt` |
//! | `confirms` | radios | `yes` or `no` |
//! | `home` | radios | the carrier it usually listens to, as `station/slot` |
//! | `talkgroup` | groups | the talkgroup's number |
//! | `members` | people, groups | radio numbers, separated by spaces |
//! | `phone` | people | telephone numbers, separated by spaces |
//! | `prefer` | people | `radio` or `phone`: which is used first; `radio` if empty |
//! | `language` | radios, people | what is read there, as in `zh-CN` (if empty), `en` or `ug` |
//! | `sink` | systems | the name of the sink that feeds it |
//!
//! A cell that a spreadsheet would take for a formula is written with a `'` before it, and
//! read back without.

use csv::{ReaderBuilder, StringRecord, WriterBuilder};

use crate::api::body::RosterLine;
use crate::model::roster::RosterEntry;

const COLUMNS: [&str; 13] = [
    "kind",
    "id",
    "name",
    "node",
    "form",
    "confirms",
    "home",
    "talkgroup",
    "members",
    "phone",
    "prefer",
    "language",
    "sink",
];

/// Why a roster is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column} ({name}): {why}")]
pub struct RosterError {
    /// Counted from 1, the header being line 1.
    pub line: u64,
    /// Counted from 1.
    pub column: usize,
    /// The column's name.
    pub name: String,
    /// What is wrong and what would be right.
    pub why: String,
}

/// Reads a roster.
///
/// # Errors
/// The first cell that is wrong, with its line and column.
pub fn read(bytes: &[u8]) -> Result<Vec<RosterEntry>, RosterError> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let mut reader = ReaderBuilder::new().flexible(true).from_reader(bytes);
    let header = reader
        .headers()
        .map_err(|error| unreadable(&error))?
        .clone();
    let columns = columns(&header)?;
    let mut entries = Vec::new();
    let mut record = StringRecord::new();
    while reader
        .read_record(&mut record)
        .map_err(|error| unreadable(&error))?
    {
        let at = record.position().map_or(0, csv::Position::line);
        let fail = |name: &str, why: String| RosterError {
            line: at,
            column: columns
                .iter()
                .position(|column| *column == name)
                .map_or(1, |i| i + 1),
            name: name.to_owned(),
            why,
        };
        if record.len() > columns.len() {
            return Err(RosterError {
                line: at,
                column: columns.len() + 1,
                name: "no name".to_owned(),
                why: "the line has more cells than the header: quote cells with commas".to_owned(),
            });
        }
        let cell = |name: &str| {
            let index = columns.iter().position(|column| *column == name)?;
            record.get(index).map(|cell| armed(cell.trim()).to_owned())
        };
        let text = |name: &str| cell(name).unwrap_or_default();
        let members = text("members")
            .split([' ', ';'])
            .filter(|number| !number.is_empty())
            .map(|number| {
                number.parse().map_err(|_| {
                    let shown = crate::model::text::shown(number);
                    fail("members", format!("`{shown}` is no radio number"))
                })
            })
            .collect::<Result<Vec<u32>, _>>()?;
        let line = RosterLine {
            kind: text("kind"),
            id: text("id"),
            name: text("name"),
            node: text("node"),
            form: text("form"),
            confirms: text("confirms"),
            home: text("home"),
            talkgroup: text("talkgroup"),
            members,
            phone: text("phone")
                .split([' ', ';'])
                .filter(|number| !number.is_empty())
                .map(str::to_owned)
                .collect(),
            prefer: text("prefer"),
            language: text("language"),
            sink: text("sink"),
        };
        entries.push(RosterEntry::try_from(line).map_err(|error| fail(error.field, error.why))?);
    }
    Ok(entries)
}

/// Writes a header and these lines.
#[must_use]
pub fn write(lines: &[RosterLine]) -> Vec<u8> {
    let mut writer = WriterBuilder::new().from_writer(Vec::new());
    // Writing to memory cannot fail.
    let _ = writer.write_record(COLUMNS);
    for line in lines {
        let members: Vec<String> = line.members.iter().map(ToString::to_string).collect();
        let cells = [
            &line.kind,
            &line.id,
            &line.name,
            &line.node,
            &line.form,
            &line.confirms,
            &line.home,
            &line.talkgroup,
            &members.join(" "),
            &line.phone.join(" "),
            &line.prefer,
            &line.language,
            &line.sink,
        ];
        let _ = writer.write_record(cells.map(|cell| defused(cell)));
    }
    writer.into_inner().unwrap_or_default()
}

fn columns(header: &StringRecord) -> Result<Vec<&'static str>, RosterError> {
    let mut columns = Vec::new();
    let fail = |column: usize, name: &str, why: String| RosterError {
        line: 1,
        column,
        name: crate::model::text::shown(name),
        why,
    };
    for (index, name) in header.iter().enumerate() {
        let known = COLUMNS
            .iter()
            .find(|known| name.trim().eq_ignore_ascii_case(known));
        match known {
            Some(known) if columns.contains(known) => {
                return Err(fail(
                    index + 1,
                    name,
                    "the column stands there twice".to_owned(),
                ));
            }
            Some(known) => columns.push(*known),
            None => {
                let why = format!("no such column: the header names {}", COLUMNS.join(","));
                return Err(fail(index + 1, name, why));
            }
        }
    }
    for needed in ["kind", "id", "name"] {
        if !columns.contains(&needed) {
            let why = format!("the header lacks it; it names {}", COLUMNS.join(","));
            return Err(fail(columns.len() + 1, needed, why));
        }
    }
    Ok(columns)
}

fn unreadable(error: &csv::Error) -> RosterError {
    let (position, why) = match error.kind() {
        csv::ErrorKind::Utf8 { pos, err } => (
            pos.as_ref(),
            format!("it is no UTF-8 ({err}): save the file as CSV UTF-8"),
        ),
        _ => (error.position(), error.to_string()),
    };
    let field = match error.kind() {
        csv::ErrorKind::Utf8 { err, .. } => err.field(),
        _ => 0,
    };
    RosterError {
        line: position.map_or(1, csv::Position::line),
        column: field + 1,
        name: COLUMNS.get(field).copied().unwrap_or("no name").to_owned(),
        why,
    }
}

/// A cell that no spreadsheet takes for a formula.
#[must_use]
pub fn defused(cell: &str) -> String {
    let text = crate::model::text::shown(cell);
    if is_formula(&text) {
        format!("'{text}")
    } else {
        text
    }
}

fn armed(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if is_formula(rest) => rest,
        _ => cell,
    }
}

/// Whether a spreadsheet may take it for a formula, in half or full width, or would if the
/// signs before it that say otherwise were taken off.
fn is_formula(cell: &str) -> bool {
    cell.trim_start()
        .trim_start_matches('\'')
        .trim_start()
        .starts_with([
            '=', '+', '-', '@', '\u{FF1D}', '\u{FF0B}', '\u{FF0D}', '\u{FF20}', '|', '%',
        ])
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOUND: &str = "\u{FEFF}kind,id,name,node,form,confirms,home,talkgroup,members,phone\n\
        radio,2308155,东站一号,city/east,short-data-utf16,yes,310001/2,,,\n\
        person,li-wei,李伟,city/east,,,,,2308155 2308156,+8613800138000 +4915112345678\n\
        group,fire-1,\"=Fire, one\",city,,,,9,2308155,\n";

    #[test]
    fn what_is_read_is_written_again() {
        let entries = read(SOUND.as_bytes()).unwrap();
        assert_eq!(entries.len(), 3);
        let lines: Vec<RosterLine> = entries.iter().cloned().map(Into::into).collect();
        let written = write(&lines);
        assert_eq!(read(&written).unwrap(), entries);
        let text = String::from_utf8(written).unwrap();
        assert!(text.contains("\"'=Fire, one\""), "{text}");
        assert!(text.contains("13800138000 +4915112345678"), "{text}");
    }

    #[test]
    fn no_cell_is_a_formula_and_every_name_is_read_back() {
        let formulas = [
            "=1+1", "+1", "-1", "@x", "'=1", "''=1", "＝1", "＋1", "－1", "＠x", "|x", "%x",
            "'plain", "plain", "a=b",
        ];
        for name in formulas {
            let line = RosterLine {
                kind: "radio".to_owned(),
                id: "1".to_owned(),
                name: name.to_owned(),
                ..RosterLine::default()
            };
            let written = String::from_utf8(write(std::slice::from_ref(&line))).unwrap();
            let cell = written.lines().nth(1).unwrap().split(',').nth(2).unwrap();
            let first = cell.chars().next().unwrap();
            assert!(first.is_alphanumeric() || first == '\'', "{cell}");
            let read = RosterLine::from(read(written.as_bytes()).unwrap().remove(0));
            assert_eq!(read.name, name);
        }
    }

    #[test]
    fn a_hostile_cell_is_refused_when_read_and_harmless_when_written() {
        for hostile in crate::model::text::HOSTILE {
            for formula in ["", "="] {
                let cell = defused(&format!("{formula}{hostile}"));
                assert_eq!(crate::model::text::check(&cell), Ok(()), "{cell:?}");
                assert!(!cell.starts_with('='), "{cell:?}");
            }
            let csv = format!("kind,id,name\nradio,1,\"{hostile}x\"\n");
            assert!(read(csv.as_bytes()).is_err(), "{hostile:?}");
        }
    }

    #[test]
    fn a_wrong_cell_is_named_by_line_and_column() {
        for (bad, line, column) in [
            ("kind,id,name\nradio,0,x\n", 2, 2),
            ("kind,id,name\nradio,1,x\ntown,2,y\n", 3, 1),
            ("kind,id,name,form\nradio,1,x,morse\n", 2, 4),
            ("kind,id,name,home\nradio,1,x,5/3\n", 2, 4),
            ("kind,id,name\nradio,1,a\u{202E}b\n", 2, 3),
            ("kind,id,name\nradio,1,\"a\nb\"\n", 2, 3),
            ("kind,id,name,members\ngroup,g,x,1 two\n", 2, 4),
            ("kind,id,name,talkgroup\nradio,1,x,9\n", 2, 4),
            ("kind,id,name,phone\nradio,1,x,13800138000\n", 2, 4),
            ("kind,id,name,phone\nperson,li,x,12\n", 2, 4),
            (
                "kind,id,name,phone\nperson,li,x,13800138000 1380013800O\n",
                2,
                4,
            ),
            ("kind,id,name\nradio,1,x,surplus\n", 2, 4),
            ("kind,id,nam\n", 1, 3),
            ("kind,id\n", 1, 3),
            ("kind,kind\n", 1, 2),
        ] {
            let error = read(bad.as_bytes()).unwrap_err();
            assert_eq!((error.line, error.column), (line, column), "{bad} {error}");
        }
        let error = read(b"kind,id,name\nradio,1,\xC4\xE3\n").unwrap_err();
        assert_eq!((error.line, error.column), (2, 3), "{error}");
        assert!(error.why.contains("UTF-8"));
    }
}
