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
//! A head is written once its commit is on the medium, so it never names what the store could
//! still lose. A thread of its own writes it while the commit is reported and the next one is
//! prepared; the next one is forced to the medium, and reported, after that write.
//!
//! | file system | how a slot is written |
//! |---|---|
//! | ext4, XFS | past the page cache (`O_DIRECT`): it is with the drive, and when the next commit is forced, the drive keeps both |
//! | another, or one that refuses that | through the page cache, and then forced by itself |
//!
//! The first way costs no forcing of its own. It needs a file system that overwrites a block
//! where it is: one that puts it elsewhere has to be told to keep the new place. So both slots
//! are written and forced when the head is opened; a copy of a file may share its blocks.
//!
//! | what ends the server | what the head can lack | what the head has and the store has not |
//! |---|---|---|
//! | the process is killed | the commit under way and, if that one was reported at this instant, the one before | nothing |
//! | the power fails | the commit under way and the one before it, the last that was reported | nothing |
//!
//! A drive that says it has kept what it has not can lose more, and then the head says so.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use rustix::fs::OFlags;
use sha2::{Digest, Sha256};

use crate::ledger::LedgerError;
use crate::ledger::files::{at_path, write_whole};
use crate::ledger::record::Hash;
use crate::model::ids::Seq;

const MAGIC: &[u8; 8] = b"NCHEAD01";
/// So far apart that one torn write damages one slot only, and what a direct write can address.
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
    /// Whether the thread has been given a head that it has not answered for.
    begun: bool,
    give: SyncSender<(u64, Mark)>,
    answer: Receiver<io::Result<()>>,
}

impl Head {
    /// What the head file in `dir` says; none if there is no such file.
    ///
    /// # Errors
    /// [`LedgerError::HeadDamaged`], or the file cannot be read.
    pub fn read(dir: &Path) -> Result<Option<Mark>, LedgerError> {
        Ok(newest(dir)?.map(|(_, mark)| mark))
    }

    /// Opens the head in `dir` and lets it say `mark`, durably; a new file is made if there is
    /// none.
    ///
    /// # Errors
    /// As [`read`](Self::read), or the file cannot be written or forced.
    pub fn open(dir: &Path, mark: Mark) -> Result<Self, LedgerError> {
        let path = dir.join(NAME);
        let written = if let Some((written, _)) = newest(dir)? {
            written
        } else {
            Self::replace(dir, mark)?;
            0
        };
        Self::over(&path, Slots::direct(&path), written, mark)
            .or_else(|_| Self::over(&path, Slots::forced(&path), written, mark))
            .map_err(|error| at_path(&path, &error))
    }

    /// Writes `mark` into both slots, and starts the thread that writes what follows.
    fn over(
        path: &Path,
        slots: io::Result<Slots>,
        mut written: u64,
        mark: Mark,
    ) -> io::Result<Self> {
        let mut slots = slots?;
        for _ in 0..SLOTS {
            written = written.wrapping_add(1);
            slots.write(written, mark)?;
            slots.file.sync_all()?;
        }
        let file = slots.file.try_clone()?;
        let (give, given) = sync_channel(1);
        let (reply, answer) = sync_channel(1);
        std::thread::Builder::new()
            .name("ledger-head".into())
            .spawn(move || {
                while let Ok((written, mark)) = given.recv() {
                    if reply.send(slots.write(written, mark)).is_err() {
                        break;
                    }
                }
            })?;
        Ok(Self {
            path: path.to_owned(),
            file,
            written,
            begun: false,
            give,
            answer,
        })
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

    /// Begins to write the next head, whose commit is on the medium. [`settle`](Self::settle)
    /// waits for it.
    ///
    /// # Errors
    /// As of [`settle`](Self::settle), for the head before.
    pub fn write(&mut self, mark: Mark) -> Result<(), LedgerError> {
        self.settle()?;
        self.written = self.written.wrapping_add(1);
        // A thread that has ended is noticed when its answer is waited for.
        self.begun = true;
        let _ = self.give.send((self.written, mark));
        Ok(())
    }

    /// Waits until the head that was begun is written: a commit that is forced to the medium
    /// after this takes it along.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn settle(&mut self) -> Result<(), LedgerError> {
        if !std::mem::take(&mut self.begun) {
            return Ok(());
        }
        let answer = self.answer.recv();
        answer
            .unwrap_or_else(|_| Err(io::Error::other("the thread that writes it has ended")))
            .map_err(|error| at_path(&self.path, &error))
    }
}

impl Drop for Head {
    fn drop(&mut self) {
        // Nothing rests on it: what it lacks is what a loss of power may take.
        let _ = self.settle();
        let _ = self.file.sync_data();
    }
}

/// The file of the two slots, and how they are written.
struct Slots {
    file: File,
    force: bool,
    block: Block,
}

/// What a direct write takes: whole blocks that begin where a block may begin.
#[repr(align(4096))]
struct Block([u8; SLOT]);

impl Slots {
    /// Writes past the page cache; an error where that does not make a block durable with the
    /// next forcing of another file.
    fn direct(path: &Path) -> io::Result<Self> {
        let flags = OFlags::DIRECT.bits().cast_signed();
        let file = OpenOptions::new()
            .write(true)
            .custom_flags(flags)
            .open(path)?;
        if !overwrites_in_place(&file)? {
            return Err(ErrorKind::Unsupported.into());
        }
        Ok(Self::of(file, false))
    }

    /// Writes through the page cache, and forces each slot by itself.
    fn forced(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().write(true).open(path)?;
        Ok(Self::of(file, true))
    }

    fn of(file: File, force: bool) -> Self {
        let block = Block([0; SLOT]);
        Self { file, force, block }
    }

    fn write(&mut self, written: u64, mark: Mark) -> io::Result<()> {
        let to = self.block.0.iter_mut();
        to.zip(slot(written, mark))
            .for_each(|(to, byte)| *to = byte);
        let at = written % SLOTS as u64 * SLOT as u64;
        self.file.write_all_at(&self.block.0, at)?;
        if self.force {
            self.file.sync_data()?;
        }
        Ok(())
    }
}

/// Whether the file system is one of ext2 to ext4, or XFS.
fn overwrites_in_place(file: &File) -> io::Result<bool> {
    let found = rustix::fs::fstatfs(file)?;
    Ok(matches!(found.f_type, 0xef53 | 0x5846_5342))
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
        let head = Head::open(dir.path(), (Seq(0), [0; 32])).unwrap();
        reads_what_it_writes(dir.path(), head);
    }

    #[test]
    fn a_file_system_that_takes_no_direct_writes_gets_them_forced() {
        let dir = tempfile::tempdir().unwrap();
        let mark = (Seq(0), [0; 32]);
        Head::replace(dir.path(), mark).unwrap();
        let path = dir.path().join(NAME);
        let head = Head::over(&path, Slots::forced(&path), 0, mark).unwrap();
        reads_what_it_writes(dir.path(), head);
    }

    #[test]
    fn a_head_that_is_opened_fills_both_slots() {
        let dir = tempfile::tempdir().unwrap();
        drop(Head::open(dir.path(), (Seq(5), [5; 32])).unwrap());
        let whole = file(dir.path());
        for slot in whole.chunks(SLOT) {
            assert_eq!(parse(slot).map(|(_, mark)| mark), Some((Seq(5), [5; 32])));
        }
        fs::write(dir.path().join(NAME), &whole[..88]).unwrap();
        drop(Head::open(dir.path(), (Seq(6), [6; 32])).unwrap());
        assert_eq!(file(dir.path()).len(), 2 * SLOT);
        assert_eq!(Head::read(dir.path()), Ok(Some((Seq(6), [6; 32]))));
    }

    fn reads_what_it_writes(dir: &Path, mut head: Head) {
        for n in 1..=9 {
            head.write((Seq(n), [7; 32])).unwrap();
            head.settle().unwrap();
            assert_eq!(Head::read(dir), Ok(Some((Seq(n), [7; 32]))));
            assert_eq!(file(dir).len(), 2 * SLOT);
        }
        drop(head);
        drop(Head::open(dir, (Seq(12), [1; 32])).unwrap());
        assert_eq!(Head::read(dir), Ok(Some((Seq(12), [1; 32]))));
    }

    #[test]
    fn any_damage_to_the_newest_slot_leaves_the_one_before_and_to_both_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let mut head = Head::open(dir.path(), (Seq(1), [1; 32])).unwrap();
        head.write((Seq(2), [2; 32])).unwrap();
        head.write((Seq(3), [3; 32])).unwrap();
        head.settle().unwrap();
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
