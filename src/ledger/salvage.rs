//! A ledger that lost its end, opened with what is there.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use crate::ledger::LedgerError;
use crate::ledger::files::{at_path, sync_dir};
use crate::ledger::head::Head;
use crate::ledger::sled::SledLedger;
use crate::model::ids::Seq;

/// What could not be recovered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Salvaged {
    /// Why the ledger could not be opened as it was.
    pub why: LedgerError,
    /// The last record that is there.
    pub has: Seq,
    /// The last record that is known to have been durable; none if that is not known.
    pub head: Option<Seq>,
    /// Where the files are kept as they were found.
    pub kept: PathBuf,
}

impl std::fmt::Display for Salvaged {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.head {
            Some(head) if head > self.has => {
                write!(f, "records {} to {head} are lost", self.has.next())?;
            }
            _ => write!(f, "what stood behind record {} is not known", self.has)?,
        }
        write!(f, "; the files are kept in {}", self.kept.display())
    }
}

/// Opens the ledger in `dir` as [`SledLedger::open`] does. One that does not end as its head
/// and its checkpoints prove is copied aside and then opened with what is there; what is lost
/// is returned, to be recorded.
///
/// # Errors
/// As [`SledLedger::open`], but for what is salvaged; or the files cannot be copied.
pub fn salvage(
    dir: &Path,
    jurisdiction: &str,
    epoch: u64,
) -> Result<(SledLedger, Option<Salvaged>), LedgerError> {
    let why = match SledLedger::open(dir, jurisdiction, epoch) {
        Ok(ledger) => return Ok((ledger, None)),
        Err(
            why @ (LedgerError::Shortened { .. }
            | LedgerError::HeadDamaged { .. }
            | LedgerError::Chain { .. }),
        ) => why,
        Err(other) => return Err(other),
    };
    let kept = copy_aside(dir)?;
    let mut has = Seq(0);
    let mut head = Head::read(dir).unwrap_or_default().map(|(seq, _)| seq);
    let ledger = SledLedger::open_if(dir, jurisdiction, epoch, |ending| {
        has = ending.mark.0;
        head = head.max(ending.checkpoints.beyond(has)?);
        ending.checkpoints.remove_unproven(has, ending.hash_of)?;
        Head::replace(dir, ending.mark)
    })?;
    let lost = Salvaged {
        why,
        has,
        head,
        kept,
    };
    Ok((ledger, Some(lost)))
}

/// Copies the directory beside itself, under a name that says when.
fn copy_aside(dir: &Path) -> Result<PathBuf, LedgerError> {
    let mut name = dir.file_name().unwrap_or_default().to_owned();
    let now = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%SZ");
    name.push(format!(".bad-{now}"));
    let kept = dir.with_file_name(name);
    copy_all(dir, &kept)?;
    if let Some(parent) = kept.parent() {
        sync_dir(parent)?;
    }
    Ok(kept)
}

fn copy_all(from: &Path, to: &Path) -> Result<(), LedgerError> {
    fs::create_dir(to).map_err(|error| at_path(to, &error))?;
    for entry in fs::read_dir(from).map_err(|error| at_path(from, &error))? {
        let entry = entry.map_err(|error| at_path(from, &error))?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if source.is_dir() {
            copy_all(&source, &target)?;
        } else {
            let copied = fs::copy(&source, &target).and_then(|_| File::open(&target)?.sync_all());
            copied.map_err(|error| at_path(&target, &error))?;
        }
    }
    sync_dir(to)
}
