//! What is decided while a commit is under way: the next batch.

use postcard::ser_flavors::Size;

use crate::core::io::Limits;
use crate::model::facts::Entry;

/// The entries of the next commit.
#[derive(Debug, Default)]
pub(super) struct Batch {
    entries: Vec<Entry>,
    bytes: usize,
}

impl Batch {
    /// Adds entries behind those that are there.
    pub(super) fn extend(&mut self, entries: Vec<Entry>) {
        self.bytes += entries.iter().map(stored_size).sum::<usize>();
        self.entries.extend(entries);
    }

    /// Whether it has passed its bounds.
    pub(super) const fn is_full(&self, limits: &Limits) -> bool {
        self.entries.len() >= limits.batch_facts || self.bytes >= limits.batch_bytes
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Its entries; it is empty afterwards.
    pub(super) fn take(&mut self) -> Vec<Entry> {
        self.bytes = 0;
        std::mem::take(&mut self.entries)
    }
}

/// How many bytes an entry's moment and fact take on record.
fn stored_size(entry: &Entry) -> usize {
    postcard::serialize_with_flavor(&(entry.at, &entry.fact), Size::default())
        .expect("every fact has a stored form")
}
