//! The head: how far the ledger goes, kept outside the store, so that a store that loses its
//! end cannot do so in silence.
//!
//! The file `head` beside the store has two slots, at 0 and at 4,096, which are written in turns:
//!
//! | bytes | meaning |
//! |---|---|
//! | 8 | `NCHEAD01` |
//! | 8 | how many heads were written before, big-endian; the greater of two slots is the head |
//! | 8 | position of the last record, big-endian |
//! | 32 | its chain hash |
//! | 32 | SHA-256 of everything before |
//!
//! A head is written when its commit is on the medium and before the commit is reported. It is
//! forced to the medium beside the next commit, and that one is reported when both are there.
//!
//! | what ends the server | what the head can lack | what the head has and the store has not |
//! |---|---|---|
//! | the process is killed | the commit under way, which was not reported | nothing |
//! | the power fails | that and the one before it, the last that was reported | nothing |
//!
//! A drive that says it has kept what it has not can lose more, and then the head says so.

use std::fs::{self, File, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use sha2::{Digest, Sha256};

use crate::ledger::LedgerError;
use crate::ledger::files::{at_path, write_whole};
use crate::ledger::record::Hash;
use crate::model::ids::Seq;

const MAGIC: &[u8; 8] = b"NCHEAD01";
/// So far apart that one torn write damages one slot only.
const SLOT: usize = 4096;
const SLOTS: usize = 2;
const NAME: &str = "head";

/// A position and the chain hash of the record there.
pub type Mark = (Seq, Hash);

/// The open head of a ledger.
#[derive(Debug)]
pub struct Head {
    path: PathBuf,
    file: File,
    written: u64,
    forcer: Forcer,
}

impl Head {
    /// What the head file in `dir` says; none if there is no such file.
    ///
    /// # Errors
    /// [`LedgerError::HeadDamaged`], or the file cannot be read.
    pub fn read(dir: &Path) -> Result<Option<Mark>, LedgerError> {
        Ok(newest(dir)?.map(|(_, mark)| mark))
    }

    /// Opens the head in `dir` and lets it say `mark`; a new file is made if there is none.
    ///
    /// # Errors
    /// As [`read`](Self::read), or the file cannot be written or forced.
    pub fn open(dir: &Path, mark: Mark) -> Result<Self, LedgerError> {
        let found = newest(dir)?;
        if found.is_none() {
            Self::replace(dir, mark)?;
        }
        let path = dir.join(NAME);
        let file = OpenOptions::new().write(true).open(&path);
        let file = file.map_err(|error| at_path(&path, &error))?;
        let forced = file.try_clone().map_err(|error| at_path(&path, &error))?;
        let forcer = Forcer::start(forced).map_err(|error| at_path(&path, &error))?;
        let (written, said) = found.map_or((0, mark), |(written, said)| (written, said));
        let mut head = Self {
            path,
            file,
            written,
            forcer,
        };
        if said != mark {
            head.write(mark)?;
        }
        Ok(head)
    }

    /// Makes the head file in `dir` anew, durably, with `mark` in it.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn replace(dir: &Path, mark: Mark) -> Result<(), LedgerError> {
        let path = dir.join(NAME);
        write_whole(&path, |file| {
            let mut first = slot(0, mark);
            first.resize(SLOT * SLOTS, 0);
            file.write_all(&first)
                .map_err(|error| at_path(&path, &error))
        })
    }

    /// Writes the next head; it survives the process at once, and a loss of power from the next
    /// forcing on.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&mut self, mark: Mark) -> Result<(), LedgerError> {
        self.written = self.written.wrapping_add(1);
        let at = self.written % SLOTS as u64 * SLOT as u64;
        self.file
            .write_all_at(&slot(self.written, mark), at)
            .map_err(|error| at_path(&self.path, &error))
    }

    /// Runs `work` while what was written is forced to the medium; both are done afterwards.
    ///
    /// # Errors
    /// That of `work`, or the file cannot be forced.
    pub fn forced_beside(
        &self,
        work: impl FnOnce() -> Result<(), LedgerError>,
    ) -> Result<(), LedgerError> {
        self.forcer.begin();
        let done = work();
        let forced = self.forcer.end();
        done.and(forced.map_err(|error| at_path(&self.path, &error)))
    }
}

impl Drop for Head {
    fn drop(&mut self) {
        // Nothing rests on it: what it lacks is what a loss of power may take.
        let _ = self.file.sync_data();
    }
}

/// A thread that forces the file to the medium while its owner forces another: a drive takes
/// both as one.
#[derive(Debug)]
struct Forcer {
    ask: SyncSender<()>,
    answer: Receiver<std::io::Result<()>>,
}

impl Forcer {
    fn start(file: File) -> std::io::Result<Self> {
        let (ask, asked) = sync_channel::<()>(1);
        let (reply, answer) = sync_channel(1);
        std::thread::Builder::new()
            .name("ledger-head".into())
            .spawn(
                move || {
                    while asked.recv().is_ok() && reply.send(file.sync_data()).is_ok() {}
                },
            )?;
        Ok(Self { ask, answer })
    }

    fn begin(&self) {
        // A thread that has ended is noticed at the end.
        let _ = self.ask.send(());
    }

    fn end(&self) -> std::io::Result<()> {
        let ended = || std::io::Error::other("the thread that forces it has ended");
        self.answer.recv().map_err(|_| ended())?
    }
}

fn newest(dir: &Path) -> Result<Option<(u64, Mark)>, LedgerError> {
    let path = dir.join(NAME);
    let content = match fs::read(&path) {
        Ok(content) => content,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(at_path(&path, &error)),
    };
    let slots = content.chunks(SLOT).take(SLOTS).filter_map(parse);
    let newest = slots.max_by_key(|(written, _)| *written);
    newest.map(Some).ok_or_else(|| LedgerError::HeadDamaged {
        path: path.display().to_string(),
    })
}

fn slot(written: u64, (seq, hash): Mark) -> Vec<u8> {
    let mut slot = MAGIC.to_vec();
    slot.extend(written.to_be_bytes());
    slot.extend(seq.0.to_be_bytes());
    slot.extend(hash);
    let sum = Sha256::digest(&slot);
    slot.extend_from_slice(&sum);
    slot
}

fn parse(slot: &[u8]) -> Option<(u64, Mark)> {
    let (content, rest) = slot.split_first_chunk::<56>()?;
    let sum = rest.first_chunk::<32>()?;
    if Sha256::digest(content).as_slice() != sum {
        return None;
    }
    let rest = content.strip_prefix(MAGIC)?;
    let (written, rest) = rest.split_first_chunk()?;
    let (seq, rest) = rest.split_first_chunk()?;
    let hash = rest.first_chunk()?;
    let (written, seq) = (u64::from_be_bytes(*written), u64::from_be_bytes(*seq));
    Some((written, (Seq(seq), *hash)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(dir: &Path) -> Vec<u8> {
        fs::read(dir.join(NAME)).unwrap()
    }

    #[test]
    fn the_last_head_written_is_read_and_the_file_keeps_its_size() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(Head::read(dir.path()), Ok(None));
        let mut head = Head::open(dir.path(), (Seq(0), [0; 32])).unwrap();
        for n in 1..=9 {
            head.write((Seq(n), [7; 32])).unwrap();
            head.forced_beside(|| Ok(())).unwrap();
            assert_eq!(Head::read(dir.path()), Ok(Some((Seq(n), [7; 32]))));
            assert_eq!(file(dir.path()).len(), 2 * SLOT);
        }
        drop(head);
        drop(Head::open(dir.path(), (Seq(12), [1; 32])).unwrap());
        assert_eq!(Head::read(dir.path()), Ok(Some((Seq(12), [1; 32]))));
    }

    #[test]
    fn any_damage_to_the_newest_slot_leaves_the_one_before_and_to_both_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let mut head = Head::open(dir.path(), (Seq(1), [1; 32])).unwrap();
        head.write((Seq(2), [2; 32])).unwrap();
        head.write((Seq(3), [3; 32])).unwrap();
        let good = file(dir.path());
        for at in 0..88 {
            let mut bad = good.clone();
            bad[at] ^= 0x10;
            fs::write(dir.path().join(NAME), &bad).unwrap();
            assert_eq!(Head::read(dir.path()), Ok(Some((Seq(2), [2; 32]))));
            bad[SLOT + at] ^= 0x10;
            fs::write(dir.path().join(NAME), &bad).unwrap();
            let error = Head::read(dir.path()).unwrap_err();
            assert!(matches!(error, LedgerError::HeadDamaged { .. }), "{error}");
        }
        for length in [0, 1, 87] {
            fs::write(dir.path().join(NAME), &good[..length]).unwrap();
            assert!(Head::read(dir.path()).is_err());
        }
    }
}
