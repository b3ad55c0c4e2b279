//! A walk over the whole chain while the server runs, so that a medium that rots is noticed
//! before the record is needed.
//!
//! | part | what it holds |
//! |---|---|
//! | [`Desk`] | what everybody may see of it, and the bell that begins one now |
//! | [`Note`] | what outlives the process: how the last walk ended |
//! | `server::scrub` | when to walk, and how slowly |
//!
//! The note is a file, because a server that is restarted more often than it is due would never
//! walk, and what a walk found would be forgotten. A walk that is broken off begins again at the
//! first record: only an unbroken walk proves the chain.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::sync::{Notify, watch};

use crate::ledger::LedgerError;
use crate::ledger::files::at_path;
use crate::ledger::verify::Sound;
use crate::model::ids::Seq;

/// A walk that ended so often with the process is not begun again by itself before it is due:
/// a store that panics over the damage must not end the server again and again.
const TRIES: u32 = 3;
/// No note of ours is longer.
const NOTE_BYTES: u64 = 64 * 1024;

/// A walk that came to an end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scrubbed {
    /// The civil time at which it began.
    pub begun: Timestamp,
    /// The civil time at which it ended.
    pub ended: Timestamp,
    /// The last record that was reached and is sound; 0 if none.
    pub last: Seq,
    /// What does not verify.
    pub fault: Option<Fault>,
}

/// The first thing that does not verify; what stands behind it was not walked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// The record.
    pub seq: Seq,
    /// What is wrong with it.
    pub why: String,
}

/// A walk that is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnderWay {
    /// The civil time at which it began.
    pub begun: Timestamp,
    /// The record it has reached; in the note, as it was at the last writing.
    pub at: Seq,
    /// The last record when it began.
    pub of: Seq,
    /// How many walks before it ended with the process, one after the other.
    pub broken_off: u32,
}

/// What is known of the walks.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Note {
    /// The last one that came to an end.
    pub last: Option<Scrubbed>,
    /// The one that is under way.
    pub under_way: Option<UnderWay>,
}

impl Note {
    /// Reads it; one that is not there, or is no note, knows nothing. What was under way when
    /// the process ended counts as broken off, and after `TRIES` times as a fault.
    ///
    /// # Errors
    /// It cannot be read: why, to be logged.
    pub fn read(path: &Path, now: Timestamp) -> Result<Self, LedgerError> {
        let bytes = match fs::metadata(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self::default()),
            Ok(about) if about.len() > NOTE_BYTES => {
                let error = std::io::Error::other("it is too long for a note of ours");
                return Err(at_path(path, &error));
            }
            _ => fs::read(path).map_err(|error| at_path(path, &error))?,
        };
        let note: Self = serde_json::from_slice(&bytes)
            .map_err(|error| at_path(path, &std::io::Error::from(error)))?;
        Ok(note.after_the_process_ended(now))
    }

    fn after_the_process_ended(mut self, now: Timestamp) -> Self {
        let Some(under_way) = &mut self.under_way else {
            return self;
        };
        under_way.broken_off = under_way.broken_off.saturating_add(1);
        if under_way.broken_off >= TRIES {
            let why =
                format!("the server ended {TRIES} times while records from here on were read",);
            self.last = Some(Scrubbed {
                begun: under_way.begun,
                ended: now,
                last: Seq(under_way.at.0.saturating_sub(1)),
                fault: Some(Fault {
                    seq: under_way.at,
                    why,
                }),
            });
            self.under_way = None;
        }
        self
    }

    /// Writes it in one step. It is not forced to the medium: if it is lost, the walk is made
    /// once more.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), LedgerError> {
        let new = path.with_extension("new");
        let bytes = serde_json::to_vec_pretty(self)
            .map_err(|error| at_path(path, &std::io::Error::from(error)))?;
        fs::write(&new, bytes).map_err(|error| at_path(&new, &error))?;
        fs::rename(&new, path).map_err(|error| at_path(path, &error))
    }

    /// What is wrong with the ledger, and what to do.
    #[must_use]
    pub fn complaint(&self) -> Option<String> {
        let last = self.last.as_ref()?;
        let fault = last.fault.as_ref()?;
        Some(format!(
            "the ledger does not verify at record {}, found {:.0}: {}; what stands in it may be \
             lost: export the ledger, and see \"When a record rots\" in docs/ledger.md",
            fault.seq, last.ended, fault.why
        ))
    }
}

impl Scrubbed {
    /// How a walk to record `of` ended. None if it found nothing out: the store was closed.
    #[must_use]
    pub fn of(
        under_way: &UnderWay,
        ended: Timestamp,
        result: Result<Sound, LedgerError>,
    ) -> Option<Self> {
        let (last, fault) = match result {
            Ok(sound) if sound.last < under_way.of => {
                let seq = sound.last.next();
                let why = format!("it is missing; {} was durable", under_way.of);
                (sound.last, Some(Fault { seq, why }))
            }
            Ok(sound) => (sound.last, None),
            Err(LedgerError::Unreadable { seq, why } | LedgerError::Chain { seq, why }) => {
                let last = Seq(seq.0.saturating_sub(1));
                (last, Some(Fault { seq, why }))
            }
            Err(_) => return None,
        };
        Some(Self {
            begun: under_way.begun,
            ended,
            last,
            fault,
        })
    }
}

/// What is seen of the walks, and the bell.
#[derive(Debug, Default)]
pub struct Desk {
    /// The walk under way and the one before; changes as a walk gets on.
    pub state: watch::Sender<Note>,
    /// Begins one now.
    pub begin: Notify,
    /// Whether a commit is being made: the walk waits for it.
    pub committing: AtomicBool,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    fn under_way(broken_off: u32) -> UnderWay {
        UnderWay {
            begun: at(0),
            at: Seq(700),
            of: Seq(900),
            broken_off,
        }
    }

    fn ended(result: Result<Sound, LedgerError>) -> Option<Scrubbed> {
        Scrubbed::of(&under_way(0), at(9), result)
    }

    fn sound(last: u64) -> Result<Sound, LedgerError> {
        Ok(Sound {
            first: Seq(1),
            last: Seq(last),
            hash: [0; 32],
        })
    }

    #[test]
    fn a_chain_that_ends_before_what_was_durable_does_not_verify() {
        assert_eq!(ended(sound(900)).unwrap().fault, None);
        let fault = ended(sound(899)).unwrap().fault.unwrap();
        assert_eq!(fault.seq, Seq(900));
    }

    #[test]
    fn a_bad_record_is_a_fault_and_a_store_that_is_closed_is_none() {
        let why = "its hash is wrong".to_owned();
        let bad = ended(Err(LedgerError::Chain { seq: Seq(7), why })).unwrap();
        assert_eq!((bad.last, bad.fault.unwrap().seq), (Seq(6), Seq(7)));
        assert_eq!(ended(Err(LedgerError::Store("closed".into()))), None);
    }

    #[test]
    fn what_a_walk_found_is_still_known_after_a_restart() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("scrub.json");
        assert_eq!(Note::read(&path, at(0)), Ok(Note::default()));
        let why = "its hash is wrong".to_owned();
        let note = Note {
            last: ended(Err(LedgerError::Chain { seq: Seq(7), why })),
            under_way: None,
        };
        note.write(&path).unwrap();
        let found = Note::read(&path, at(10)).unwrap();
        assert_eq!(found, note);
        let complaint = found.complaint().unwrap();
        assert!(complaint.contains("at record 7"), "{complaint}");
    }

    #[test]
    fn a_file_that_is_no_note_is_refused_and_names_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("scrub.json");
        for bytes in [b"{".to_vec(), b"[7]".to_vec(), vec![b' '; 70_000]] {
            fs::write(&path, bytes).unwrap();
            let error = Note::read(&path, at(0)).unwrap_err().to_string();
            assert!(error.contains("scrub.json"), "{error}");
        }
    }

    #[test]
    fn the_third_process_that_ends_within_a_walk_makes_it_a_fault() {
        let read = |broken_off| {
            let note = Note {
                last: None,
                under_way: Some(under_way(broken_off)),
            };
            note.after_the_process_ended(at(20))
        };
        let second = read(1);
        assert_eq!(second.under_way.unwrap().broken_off, 2);
        assert_eq!(second.complaint(), None);
        let third = read(2);
        assert_eq!(third.under_way, None);
        assert_eq!(third.last.unwrap().fault.unwrap().seq, Seq(700));
    }
}
