//! Checkpoints: files that hold the fold of all facts up to one of them.
//!
//! | bytes | meaning |
//! |---|---|
//! | 8 | `NCCHECK1` |
//! | 8 | position, big-endian |
//! | 32 | chain hash of the record at that position |
//! | n | the state |
//! | 32 | SHA-256 of everything before |

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest, Sha256};

use crate::ledger::LedgerError;
use crate::ledger::files::{at_path, sync_dir, write_whole};
use crate::ledger::record::{Hash, Stored, follows};
use crate::model::ids::Seq;

const MAGIC: &[u8; 8] = b"NCCHECK1";
const PREFIX: &str = "checkpoint-";
const KEPT: usize = 2;

/// The checkpoints of one directory. Clones write one after the other.
#[derive(Debug, Clone)]
pub(crate) struct Checkpoints {
    dir: PathBuf,
    writing: Arc<Mutex<()>>,
}

impl Checkpoints {
    pub(crate) fn new(dir: &Path) -> Self {
        Self {
            dir: dir.to_owned(),
            writing: Arc::default(),
        }
    }

    /// Writes one and removes all but the newest two.
    pub(crate) fn save(&self, at: Seq, hash: &Hash, state: &[u8]) -> Result<(), LedgerError> {
        let _alone = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let path = self.dir.join(format!("{PREFIX}{at}"));
        let seq = at.0.to_be_bytes();
        let parts = [MAGIC.as_slice(), &seq, hash, state];
        let sum = parts
            .iter()
            .fold(Sha256::new(), |sum, part| sum.chain_update(part))
            .finalize();
        write_whole(&path, |file| {
            parts
                .iter()
                .chain([&sum.as_slice()])
                .try_for_each(|part| file.write_all(part))
                .map_err(|error| at_path(&path, &error))
        })?;
        for (_, old) in self.list()?.into_iter().skip(KEPT) {
            fs::remove_file(&old).map_err(|error| at_path(&old, &error))?;
        }
        sync_dir(&self.dir)
    }

    /// The newest one that is sound and fits the ledger, which ends at `last` and of which
    /// `around` gives the records at a position and behind it.
    pub(crate) fn newest(
        &self,
        last: Seq,
        around: impl Fn(Seq) -> Result<(Option<Stored>, Option<Stored>), LedgerError>,
    ) -> Result<Option<(Seq, Vec<u8>)>, LedgerError> {
        for (named, path) in self.list()? {
            if let Some((hash, state)) = sound(named, &path) {
                if named > last {
                    let (has, head) = (last, named);
                    return Err(LedgerError::Shortened { has, head });
                }
                let (here, next) = around(named)?;
                if fits(named, hash, here, next) {
                    return Ok(Some((named, state)));
                }
            }
            tracing::warn!(path = %path.display(), "checkpoint is damaged or of another ledger: skipped");
        }
        Ok(None)
    }

    /// The position of the newest sound one behind `last`: the ledger went so far at least.
    pub(crate) fn beyond(&self, last: Seq) -> Result<Option<Seq>, LedgerError> {
        let listed = self.list()?.into_iter();
        Ok(listed
            .take_while(|(named, _)| *named > last)
            .find(|(named, path)| sound(*named, path).is_some())
            .map(|(named, _)| named))
    }

    /// Removes those behind `last` and those that do not fit the record of which `hash_of`
    /// gives the hash; what is damaged or cannot be compared stays.
    pub(crate) fn remove_unproven(
        &self,
        last: Seq,
        hash_of: &dyn Fn(Seq) -> Result<Option<Hash>, LedgerError>,
    ) -> Result<(), LedgerError> {
        for (named, path) in self.list()? {
            let found = hash_of(named)?;
            let differs = sound(named, &path)
                .zip(found)
                .is_some_and(|((hash, _), found)| hash != found);
            if named > last || differs {
                fs::remove_file(&path).map_err(|error| at_path(&path, &error))?;
            }
        }
        sync_dir(&self.dir)
    }

    /// All of them, newest first.
    fn list(&self) -> Result<Vec<(Seq, PathBuf)>, LedgerError> {
        let fail = |error| at_path(&self.dir, &error);
        let mut found = Vec::new();
        for entry in fs::read_dir(&self.dir).map_err(fail)? {
            let entry = entry.map_err(fail)?;
            let name = entry.file_name();
            let seq = name.to_str().and_then(|name| name.strip_prefix(PREFIX));
            if let Some(Ok(seq)) = seq.map(str::parse) {
                found.push((Seq(seq), entry.path()));
            }
        }
        found.sort_unstable_by(|a, b| b.cmp(a));
        Ok(found)
    }
}

/// Hash and state of the checkpoint at `path`, if it is whole and where its name says.
fn sound(named: Seq, path: &Path) -> Option<(Hash, Vec<u8>)> {
    let (at, hash, state) = open(&fs::read(path).ok()?)?;
    (at == named).then_some((hash, state))
}

fn open(content: &[u8]) -> Option<(Seq, Hash, Vec<u8>)> {
    let (content, sum) = content.split_last_chunk::<32>()?;
    if Sha256::digest(content).as_slice() != sum {
        return None;
    }
    let rest = content.strip_prefix(MAGIC)?;
    let (seq, rest) = rest.split_first_chunk()?;
    let (hash, state) = rest.split_first_chunk()?;
    Some((Seq(u64::from_be_bytes(*seq)), *hash, state.to_vec()))
}

/// Whether a checkpoint at `at` with `hash` belongs to the ledger with these records: the
/// record itself vouches for it, or, if that was trimmed, the one behind it.
pub(crate) fn fits(at: Seq, hash: Hash, here: Option<Stored>, next: Option<Stored>) -> bool {
    match (here, next) {
        (Some(here), _) => here.hash == hash,
        (None, Some(next)) => follows(Some((at, hash)), &next).is_ok(),
        (None, None) => false,
    }
}
