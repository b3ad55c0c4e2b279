//! What the ledger and the server are measured against: sled and a file without anything
//! around them, given the same bytes in the same groups. And the arithmetic of repeats.
#![allow(
    dead_code,
    unreachable_pub,
    reason = "each benchmark uses a part of it"
)]

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;

/// What the ledger writes for one record, without its thinking.
#[derive(Clone)]
pub struct Raw {
    pub seq: u64,
    /// The alert that it is found by.
    pub alert: Option<u128>,
    /// Its stored form and its hash.
    pub value: Vec<u8>,
}

pub struct Sled {
    db: sled::Db,
    file: File,
}

impl Sled {
    pub fn open(dir: &Path) -> Self {
        let config = sled::Config::new().path(dir).cache_capacity(48 << 20);
        let db = config.open().expect("sled opens");
        let file = File::open(dir.join("db")).expect("sled's file");
        Self { db, file }
    }

    pub fn commit<'a>(&mut self, group: impl IntoIterator<Item = &'a Raw>) {
        self.store(group);
        self.force();
    }

    /// The first half of a commit.
    pub fn store<'a>(&mut self, group: impl IntoIterator<Item = &'a Raw>) {
        let mut batch = sled::Batch::default();
        for raw in group {
            let seq = raw.seq.to_be_bytes();
            batch.insert([b"f/".as_slice(), &seq].concat(), raw.value.as_slice());
            if let Some(alert) = raw.alert {
                let key = [b"i/".as_slice(), &alert.to_be_bytes(), &seq].concat();
                batch.insert(key, &[]);
            }
        }
        self.db.apply_batch(batch).expect("sled takes it");
        self.db.flush().expect("sled flushes");
    }

    /// The second half of a commit.
    pub fn force(&self) {
        self.file.sync_data().expect("the disk syncs");
    }
}

/// A file that is only appended to.
pub struct Appended(File);

impl Appended {
    pub fn open(dir: &Path) -> Self {
        let mut options = OpenOptions::new();
        options.create(true).append(true);
        Self(options.open(dir.join("log")).expect("a file"))
    }

    pub fn commit<'a>(&mut self, group: impl IntoIterator<Item = &'a Raw>) {
        let bytes: Vec<u8> = group
            .into_iter()
            .flat_map(|raw| raw.value.iter().copied())
            .collect();
        self.0.write_all(&bytes).expect("the disk takes it");
        self.0.sync_data().expect("the disk syncs");
    }
}

/// A directory beside the target directory: a temporary one may well be no disk at all.
pub fn directory() -> tempfile::TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory")
}

/// Whether the command line asks for this benchmark.
pub fn wanted(name: &str) -> bool {
    let mut filters = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with('-'))
        .peekable();
    filters.peek().is_none() || filters.any(|filter| name.contains(&filter))
}

/// The median of the ratios of each repeat.
pub fn ratio(ours: &[f64], theirs: &[f64]) -> f64 {
    median(
        ours.iter()
            .zip(theirs)
            .map(|(ours, theirs)| ours / theirs)
            .collect(),
    )
}

pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
