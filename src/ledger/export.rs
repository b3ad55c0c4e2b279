//! The ledger as a file of JSON lines, for people, auditors and other versions, and back.
//!
//! One record a line: `seq`, `at`, `jurisdiction`, `epoch`, `fact` to be read by people;
//! `hash` and `stored`, both in hexadecimal, to be imported to the byte. What people read must
//! be what the stored bytes say, to the character: a line that was written otherwise is refused.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::ledger::files::{at_path, write_whole};
use crate::ledger::record::Stored;
use crate::ledger::verify::{PAGE, Sound, Walk, vouched};
use crate::ledger::{Ledger, LedgerError, Pages};
use crate::model::facts::Fact;
use crate::model::ids::Seq;
use crate::model::wall::Wall;

/// No line of ours is longer; of what is, no more is read.
const LINE_LIMIT: u64 = 1 << 20;

#[derive(Serialize)]
struct Line<'a> {
    seq: Seq,
    at: Option<Wall>,
    jurisdiction: Option<&'a str>,
    epoch: Option<u64>,
    fact: Option<&'a Fact>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unreadable: Option<String>,
    hash: String,
    stored: String,
}

#[derive(Deserialize)]
struct Exact {
    seq: Seq,
    hash: String,
    stored: String,
}

/// The line of one record, without its end. A record that cannot be read is still exported:
/// `fact` is null then, and `unreadable` says why.
///
/// # Errors
/// The fact has no form in JSON.
pub fn line(stored: &Stored) -> Result<String, LedgerError> {
    let record = stored.decode();
    let readable = record.as_ref().ok();
    serde_json::to_string(&Line {
        seq: stored.seq,
        at: readable.map(|record| record.at),
        jurisdiction: readable.map(|record| record.jurisdiction.as_str()),
        epoch: readable.map(|record| record.epoch),
        fact: readable.map(|record| &record.fact),
        unreadable: record.as_ref().err().map(ToString::to_string),
        hash: hex::encode(stored.hash),
        stored: hex::encode(&stored.bytes),
    })
    .map_err(|error| LedgerError::Unreadable {
        seq: stored.seq,
        why: error.to_string(),
    })
}

/// Writes every record to the file `path`, which is there whole or not at all; tells
/// `progress` how far it is; returns how many records it wrote.
///
/// # Errors
/// The ledger or the file failed, or records were trimmed meanwhile.
pub fn export<P: Pages + ?Sized>(
    pages: &mut P,
    path: &Path,
    mut progress: impl FnMut(Seq),
) -> Result<u64, LedgerError> {
    write_whole(path, |file| {
        let mut next = None;
        let mut count = 0;
        loop {
            let page = pages.page(next.unwrap_or(Seq(0)), PAGE)?;
            for stored in &page {
                if next.is_some_and(|next| next != stored.seq) {
                    return Err(LedgerError::Chain {
                        seq: stored.seq,
                        why: "records before it are gone: if they were trimmed just now, export again"
                            .into(),
                    });
                }
                writeln!(file, "{}", line(stored)?).map_err(|error| at_path(path, &error))?;
                next = Some(stored.seq.next());
                count += 1;
            }
            if let Some(last) = page.last() {
                progress(last.seq);
            }
            if page.len() < PAGE {
                return Ok(count);
            }
        }
    })
}

/// Reads an export into an empty ledger. The whole file is checked first: on an error that
/// names a line nothing was imported.
///
/// # Errors
/// [`LedgerError::NotEmpty`]; [`LedgerError::Import`] with the first line that is wrong or does
/// not fit; [`LedgerError::Foreign`]; [`LedgerError::Store`] for the file or the ledger.
pub fn import(
    path: &Path,
    ledger: &mut dyn Ledger,
    mut progress: impl FnMut(Seq),
) -> Result<Sound, LedgerError> {
    if ledger.last() != Seq(0) {
        return Err(LedgerError::NotEmpty {
            last: ledger.last(),
        });
    }
    let sound = check(path)?;
    let mut page = Vec::with_capacity(PAGE);
    for stored in Lines::open(path)? {
        page.push(stored?.1);
        if page.len() == PAGE {
            ledger.adopt(&page)?;
            page.clear();
            progress(ledger.last());
        }
    }
    ledger.adopt(&page)?;
    progress(ledger.last());
    Ok(sound)
}

/// Checks an export without importing it.
///
/// # Errors
/// [`LedgerError::Import`] with the first line that is wrong or does not fit, or
/// [`LedgerError::Store`] for the file.
pub fn check(path: &Path) -> Result<Sound, LedgerError> {
    let at_line = |line: u64| {
        move |error: LedgerError| LedgerError::Import {
            line,
            why: error.to_string(),
        }
    };
    let mut walk = Walk::default();
    for stored in Lines::open(path)? {
        let (number, stored) = stored?;
        walk.step(&stored).map_err(at_line(number))?;
    }
    if let Some((at, hash)) = walk.anchored().map_err(at_line(1))? {
        for stored in Lines::open(path)? {
            let (number, stored) = stored?;
            if stored.seq == at {
                vouched(&stored, &hash).map_err(at_line(number))?;
                break;
            }
        }
    }
    Ok(walk.sound())
}

struct Lines<'a> {
    path: &'a Path,
    reader: BufReader<File>,
    number: u64,
}

impl<'a> Lines<'a> {
    fn open(path: &'a Path) -> Result<Self, LedgerError> {
        let file = File::open(path).map_err(|error| at_path(path, &error))?;
        Ok(Self {
            path,
            reader: BufReader::new(file),
            number: 0,
        })
    }

    fn parse(&self, text: &[u8]) -> Result<Stored, LedgerError> {
        let wrong = |why: String| LedgerError::Import {
            line: self.number,
            why,
        };
        if text.last() != Some(&b'\n') {
            return Err(wrong(
                "it is cut off, or longer than any line of an export".into(),
            ));
        }
        let exact: Exact = serde_json::from_slice(text)
            .map_err(|error| wrong(format!("it is no line of an export: {error}")))?;
        let mut hash = [0; 32];
        hex::decode_to_slice(&exact.hash, &mut hash)
            .map_err(|error| wrong(format!("`hash` is not 64 hexadecimal digits: {error}")))?;
        let bytes = hex::decode(&exact.stored)
            .map_err(|error| wrong(format!("`stored` is not hexadecimal: {error}")))?;
        let stored = Stored {
            seq: exact.seq,
            bytes,
            hash,
        };
        shows_what_is_stored(text, &stored).map_err(wrong)?;
        Ok(stored)
    }
}

/// Whether `text` is the line of `stored`, to the character; says which field differs. A record
/// that cannot be read is left to the walk along the chain, which says why.
fn shows_what_is_stored(text: &[u8], stored: &Stored) -> Result<(), String> {
    if stored.decode().is_err() {
        return Ok(());
    }
    let expected = line(stored).map_err(|error| error.to_string())?;
    if text.strip_suffix(b"\n") == Some(expected.as_bytes()) {
        return Ok(());
    }
    let fields = |text: &[u8]| serde_json::from_slice::<Map<String, Value>>(text);
    let (shown, meant) = fields(text)
        .and_then(|shown| Ok((shown, fields(expected.as_bytes())?)))
        .map_err(|error| error.to_string())?;
    let differs = meant
        .keys()
        .chain(shown.keys())
        .find(|name| shown.get(*name) != meant.get(*name));
    Err(differs.map_or_else(
        || {
            "it says what is stored, but in other characters than an export has: \
             take the file as it was exported"
                .to_owned()
        },
        |name| {
            format!(
                "`{name}` is not what the stored bytes say: the file was changed after the export"
            )
        },
    ))
}

impl Iterator for Lines<'_> {
    type Item = Result<(u64, Stored), LedgerError>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut text = Vec::new();
        self.number += 1;
        match self
            .reader
            .by_ref()
            .take(LINE_LIMIT)
            .read_until(b'\n', &mut text)
        {
            Ok(0) => None,
            Ok(_) => Some(self.parse(&text).map(|stored| (self.number, stored))),
            Err(error) => Some(Err(at_path(self.path, &error))),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::Index;

    use super::*;
    use crate::ledger::suite::{about, alert, many, places, text, trim};
    use crate::ledger::verify::verify;

    #[test]
    fn an_export_is_imported_to_the_byte_trimmed_or_not() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("ledger.jsonl");
        for trimmed in [false, true] {
            for (from, to) in places().into_iter().zip(places()) {
                let mut from = from.open().unwrap();
                from.commit(&many(600)).unwrap();
                from.commit(&[about(alert(1), 0)]).unwrap();
                if trimmed {
                    trim(&mut *from, Seq(20));
                }
                let count = export(&mut *from, &path, |_| ()).unwrap();
                let mut to = to.open().unwrap();
                let sound = import(&path, &mut *to, |_| ()).unwrap();
                assert_eq!(count, sound.last.0 - sound.first.0 + 1);
                assert_eq!(to.stored(Seq(0), 999), from.stored(Seq(0), 999));
                assert_eq!(verify(&mut *to, |_| ()), Ok(sound));
                assert_eq!(to.alerts(None, 9), from.alerts(None, 9));
                assert_eq!(to.alerts(None, 9).unwrap().len(), 1);
                assert_eq!(
                    import(&path, &mut *to, |_| ()),
                    Err(LedgerError::NotEmpty { last: sound.last })
                );
            }
        }
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_line_shows_people_the_fact() {
        let mut ledger = places()[0].open().unwrap();
        ledger.commit(&[text("0.1.0")]).unwrap();
        let stored = ledger.stored(Seq(1), 1).unwrap().remove(0);
        let value: Value = serde_json::from_str(&line(&stored).unwrap()).unwrap();
        assert_eq!(value["seq"], 1);
        assert_eq!(value["at"], "2023-11-14T22:13:20.000Z");
        assert_eq!(value["jurisdiction"], "city");
        assert_eq!(value["fact"]["started"]["version"], "0.1.0");
        assert_eq!(value["hash"], hex::encode(stored.hash));
        assert!(value.get("unreadable").is_none());
    }

    #[test]
    fn an_unreadable_record_is_exported_and_its_line_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x");
        for place in places() {
            place.open().unwrap().commit(&many(4)).unwrap();
            place.tamper(Seq(2), |bytes| bytes[0] = 250);
            assert_eq!(export(&mut *place.open().unwrap(), &path, |_| ()), Ok(4));
            assert!(std::fs::read_to_string(&path).unwrap().contains("form 250"));
            assert!(matches!(
                check(&path),
                Err(LedgerError::Import { line: 2, .. })
            ));
        }
    }

    #[test]
    fn a_readable_field_that_was_changed_is_named_with_its_line() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x");
        let mut from = places()[0].open().unwrap();
        from.commit(&many(3)).unwrap();
        export(&mut *from, &path, |_| ()).unwrap();
        let good = std::fs::read_to_string(&path).unwrap();
        for (from, to, field) in [
            (r#""version":"1""#, r#""version":"9""#, "`fact`"),
            (
                r#""version":"1""#,
                r#""version":"9","version":"1""#,
                "other characters",
            ),
            (r#"{"seq":2,"#, r#"{"seq":2,"by":"root","#, "`by`"),
            (r#"{"seq":2,"at":"2023"#, r#"{"seq":2,"at":"2024"#, "`at`"),
            (r#"{"seq":2,"#, r#"{ "seq":2,"#, "other characters"),
        ] {
            let bad = good.replace(from, to);
            assert_ne!(bad, good, "{from}");
            std::fs::write(&path, bad).unwrap();
            let error = check(&path).unwrap_err();
            assert!(
                matches!(error, LedgerError::Import { line: 2, .. }),
                "{error}"
            );
            assert!(error.to_string().contains(field), "{error}");
        }
        for (from, to, field) in [
            (
                r#""jurisdiction":"city""#,
                r#""jurisdiction":"town""#,
                "`jurisdiction`",
            ),
            (r#""epoch":1"#, r#""epoch":2"#, "`epoch`"),
        ] {
            std::fs::write(&path, good.replace(from, to)).unwrap();
            let error = check(&path).unwrap_err();
            assert!(
                matches!(error, LedgerError::Import { line: 1, .. }),
                "{error}"
            );
            assert!(error.to_string().contains(field), "{error}");
        }
    }

    proptest! {
        #[test]
        fn no_single_changed_character_is_accepted(at: Index, to in any::<char>(), version in ".{0,30}") {
            let mut ledger = places()[0].open().unwrap();
            ledger.commit(&[text(&version), about(alert(3), 2)]).unwrap();
            let path = tempfile::NamedTempFile::new().unwrap();
            let lines = ledger.stored(Seq(1), 9).unwrap();
            let good: String = lines.iter().map(|stored| line(stored).unwrap() + "\n").collect();
            std::fs::write(&path, &good).unwrap();
            prop_assert!(check(path.path()).is_ok());
            let mut bad: Vec<char> = good.chars().collect();
            let at = at.index(bad.len());
            prop_assume!(bad[at] != to);
            bad[at] = to;
            std::fs::write(&path, bad.into_iter().collect::<String>()).unwrap();
            prop_assert!(check(path.path()).is_err());
        }
    }

    #[test]
    fn the_wrong_line_is_named_and_nothing_is_imported() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x");
        let [from, _] = places();
        let mut from = from.open().unwrap();
        from.commit(&many(4)).unwrap();
        export(&mut *from, &path, |_| ()).unwrap();
        let good = std::fs::read_to_string(&path).unwrap();
        let lines: Vec<&str> = good.lines().collect();
        let join = |lines: &[&str]| {
            lines
                .iter()
                .map(|line| format!("{line}\n"))
                .collect::<String>()
        };
        let tampered = lines[2].replace("0132\"", "0133\"");
        assert_ne!(tampered, lines[2]);
        for (bad, at) in [
            (join(&[lines[0], lines[2], lines[3]]), 2),
            (join(&[lines[0], lines[1], &tampered, lines[3]]), 3),
            (join(&[lines[0], "{}", lines[2]]), 2),
            (join(&[lines[0], "not json"]), 2),
            (join(&lines[1..]), 1),
            (good.trim_end().to_owned(), 4),
            ("x".repeat(2 << 20), 1),
        ] {
            std::fs::write(&path, bad).unwrap();
            let [_, to] = places();
            let mut to = to.open().unwrap();
            let error = import(&path, &mut *to, |_| ()).unwrap_err();
            assert!(
                matches!(error, LedgerError::Import { line, .. } if line == at),
                "{error} {at}"
            );
            assert_eq!(to.last(), Seq(0));
        }
    }
}
