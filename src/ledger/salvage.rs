//! A damaged ledger, opened with what is there of it.
//!
//! | damage | what is done |
//! |---|---|
//! | it ends before its head or a checkpoint, or the head cannot be read | it goes on from where it ends |
//! | the store cannot be opened with its snapshots | they are removed: the store finds the same in its log |
//! | a record that must be folded is gone or damaged | the records before it are copied into a new store |
//!
//! What is lost is the next record, a [`Fact::Salvaged`]: no salvage goes by without a trace.
//!
//! Before anything is changed the whole directory is copied beside itself. The store itself
//! clears what it cannot read of its log when it is opened: who means to have the medium
//! examined copies the directory before anything else.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, RenameFlags, renameat_with};

use crate::ledger::files::{at_path, sync_dir};
use crate::ledger::head::Head;
use crate::ledger::sled::SledLedger;
use crate::ledger::{Ledger, LedgerError};
use crate::model::facts::{Entry, Fact};
use crate::model::ids::Seq;
use crate::model::salvage::Salvage;

const PAGE: usize = 512;

/// What could not be recovered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Salvaged {
    /// Why the ledger could not be used as it was.
    pub why: LedgerError,
    /// The last record that is there.
    pub has: Seq,
    /// The last record that is known to have been durable; none if that is not known.
    pub head: Option<Seq>,
    /// Where the files are kept as they were found.
    pub kept: PathBuf,
}

impl Salvaged {
    fn salvage(&self) -> Salvage {
        let kept = self.kept.to_string_lossy();
        Salvage::new(&self.why.to_string(), self.has, self.head, &kept)
    }

    /// Puts it on record, behind what is there.
    fn record(&self, ledger: &mut SledLedger) -> Result<(), LedgerError> {
        let at = jiff::Timestamp::now().into();
        let fact = Fact::Salvaged(self.salvage());
        ledger.commit(&[Entry { at, fact }]).map(drop)
    }
}

impl std::fmt::Display for Salvaged {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.salvage().fmt(f)
    }
}

/// Opens the ledger in `dir` as [`SledLedger::open`] does, damaged or not. What is lost is
/// on record as the last fact and returned; nothing if it was sound from its newest checkpoint
/// on.
///
/// # Errors
/// As [`SledLedger::open`], but for what is salvaged; or the files cannot be copied, or the
/// ledger takes no further record: then the next start finds it damaged again.
pub fn salvage(
    dir: &Path,
    jurisdiction: &str,
    epoch: u64,
) -> Result<(SledLedger, Option<Salvaged>), LedgerError> {
    let (mut ledger, lost) = with_its_end(dir, jurisdiction, epoch)?;
    let Err((seq, why)) = foldable(&mut ledger) else {
        if let Some(lost) = &lost
            && let Err(error) = lost.record(&mut ledger)
        {
            // With what proved more, the next start finds the damage again.
            drop(ledger);
            put_back_proofs(&lost.kept, dir)?;
            return Err(error);
        }
        return Ok((ledger, lost));
    };
    let head = lost.as_ref().map_or(Some(ledger.last()), |lost| lost.head);
    let kept = lost.map_or_else(|| copy_aside(dir), |lost| Ok(lost.kept))?;
    let (ledger, lost) = rebuilt(ledger, dir, (jurisdiction, epoch), seq, |has| Salvaged {
        why,
        has,
        head,
        kept,
    })?;
    Ok((ledger, Some(lost)))
}

/// Puts head and checkpoints back as they were found.
fn put_back_proofs(kept: &Path, dir: &Path) -> Result<(), LedgerError> {
    for entry in fs::read_dir(kept).map_err(|error| at_path(kept, &error))? {
        let name = entry.map_err(|error| at_path(kept, &error))?.file_name();
        let shown = name.to_string_lossy();
        if shown == "head" || shown.starts_with("checkpoint-") {
            let to = dir.join(&name);
            fs::copy(kept.join(&name), &to).map_err(|error| at_path(&to, &error))?;
        }
    }
    sync_dir(dir)
}

/// Copies the directory beside itself and removes the store's snapshots, from which it opens
/// faster and without which it opens all the same. Returns where the copy is.
///
/// # Errors
/// The files cannot be copied or removed.
pub fn without_snapshots(dir: &Path) -> Result<PathBuf, LedgerError> {
    let kept = copy_aside(dir)?;
    for path in snapshots(dir)? {
        fs::remove_file(&path).map_err(|error| at_path(&path, &error))?;
    }
    sync_dir(dir)?;
    Ok(kept)
}

fn with_its_end(
    dir: &Path,
    jurisdiction: &str,
    epoch: u64,
) -> Result<(SledLedger, Option<Salvaged>), LedgerError> {
    let (why, kept) = match SledLedger::open(dir, jurisdiction, epoch) {
        Ok(ledger) => return Ok((ledger, None)),
        Err(
            why @ (LedgerError::Shortened { .. }
            | LedgerError::HeadDamaged { .. }
            | LedgerError::Chain { .. }),
        ) => (why, copy_aside(dir)?),
        Err(why @ LedgerError::Store(_)) if !snapshots(dir)?.is_empty() => {
            (why, without_snapshots(dir)?)
        }
        Err(other) => return Err(other),
    };
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

/// Reads what an engine folds. Says which record it cannot have.
fn foldable(ledger: &mut SledLedger) -> Result<(), (Seq, LedgerError)> {
    let checkpoint = ledger.checkpoint().unwrap_or_default();
    let mut next = checkpoint.map_or(ledger.first(), |(at, _)| at.next());
    while next <= ledger.last() {
        match ledger.read(next, PAGE) {
            Ok(page) => next = page.last().map_or(next, |last| last.seq).next(),
            Err(why @ (LedgerError::Unreadable { seq, .. } | LedgerError::Chain { seq, .. })) => {
                return Err((seq, why));
            }
            Err(why) => return Err((next, why)),
        }
    }
    Ok(())
}

/// Puts a new ledger in the place of this one: the records before `end`, and one that says
/// what is lost.
fn rebuilt(
    mut from: SledLedger,
    dir: &Path,
    (jurisdiction, epoch): (&str, u64),
    end: Seq,
    lost: impl FnOnce(Seq) -> Salvaged,
) -> Result<(SledLedger, Salvaged), LedgerError> {
    let mut name = dir.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let new = dir.with_file_name(name);
    if new.exists() {
        fs::remove_dir_all(&new).map_err(|error| at_path(&new, &error))?;
    }
    let mut to = SledLedger::open(&new, jurisdiction, epoch)?;
    let mut next = from.first();
    while next < end {
        let many = usize::try_from(end.0 - next.0).unwrap_or(PAGE).min(PAGE);
        to.adopt(&from.stored(next, many)?)?;
        next = Seq(next.0.saturating_add(many as u64));
    }
    let lost = lost(to.last());
    lost.record(&mut to)?;
    drop((from, to));
    // In one step: a crash here finds one of the two in place.
    renameat_with(CWD, &new, CWD, dir, RenameFlags::EXCHANGE)
        .map_err(|error| at_path(dir, &error.into()))?;
    sync_dir(dir.parent().unwrap_or(Path::new("")))?;
    fs::remove_dir_all(&new).map_err(|error| at_path(&new, &error))?;
    Ok((SledLedger::open(dir, jurisdiction, epoch)?, lost))
}

fn snapshots(dir: &Path) -> Result<Vec<PathBuf>, LedgerError> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).map_err(|error| at_path(dir, &error))? {
        let entry = entry.map_err(|error| at_path(dir, &error))?;
        if entry.file_name().to_string_lossy().starts_with("snap.") {
            found.push(entry.path());
        }
    }
    Ok(found)
}

/// Copies the directory beside itself, under a name that says when.
fn copy_aside(dir: &Path) -> Result<PathBuf, LedgerError> {
    let mut name = dir.file_name().unwrap_or_default().to_owned();
    let now = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%S%.3fZ");
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
