//! The durable, hash-chained sequence of facts.
//!
//! Durable when `Ok`; object-safe; owned by one OS thread. Everything that the server
//! knows is a fold over [`read`](Ledger::read).
//!
//! * [`record`]: the stored form of a record and the chain over it
//! * [`memory`]: the ledger of tests and simulations, with faults to order
//! * [`sled`]: the ledger on a disk
//! * [`head`]: how far it goes, kept outside the store; `ending`: whether it does
//! * [`salvage`]: a ledger that lost its end, opened with what is there
//! * [`keeper`]: the thread that owns it
//! * [`verify`]: the chain, walked
//! * [`scrub`]: how the walks stand that the server makes while it runs
//! * [`export`]: the ledger as lines of JSON, and back
//! * [`ballast`]: free space, and some held back for emergencies

pub mod ballast;
mod checkpoint;
mod ending;
mod error;
pub mod export;
mod files;
pub mod head;
pub mod keeper;
pub mod memory;
pub mod record;
pub mod salvage;
pub mod scrub;
pub mod sled;
pub mod verify;

#[cfg(test)]
mod damage;
#[cfg(test)]
mod suite;

pub use crate::ledger::error::LedgerError;
use crate::ledger::record::{GENESIS, Stored, follows};
use crate::model::facts::{Entry, Record};
use crate::model::ids::{AlertId, Seq};

/// An alert that is on record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OnRecord {
    /// The alert.
    pub id: AlertId,
    /// Where its last fact stands.
    pub last: Seq,
}

/// Where records are read in pages.
pub trait Pages {
    /// Up to `limit` records from position `from` on, in order; fewer only at the end.
    ///
    /// # Errors
    /// As [`Ledger::stored`].
    fn page(&mut self, from: Seq, limit: usize) -> Result<Vec<Stored>, LedgerError>;
}

impl<L: Ledger + ?Sized> Pages for L {
    fn page(&mut self, from: Seq, limit: usize) -> Result<Vec<Stored>, LedgerError> {
        self.stored(from, limit)
    }
}

fn missing(seq: Seq) -> LedgerError {
    let why = "it is missing".into();
    LedgerError::Unreadable { seq, why }
}

/// Reads what is recorded, on any thread, beside a ledger that commits meanwhile. It may see
/// what is just being committed.
pub trait Reader: Send {
    /// As [`Ledger::stored`].
    ///
    /// # Errors
    /// As [`Ledger::stored`].
    fn stored(&mut self, from: Seq, limit: usize) -> Result<Vec<Stored>, LedgerError>;

    /// As [`Ledger::read`]: each record is checked against the one before it.
    ///
    /// # Errors
    /// As [`Ledger::read`].
    fn read(&mut self, from: Seq, limit: usize) -> Result<Vec<Record>, LedgerError> {
        let previous = Seq(from.0.saturating_sub(1));
        let found = self.stored(previous, 1).unwrap_or_default();
        let found = found.first().filter(|stored| stored.seq == previous);
        let mut before = found.map(|stored| (stored.seq, stored.hash));
        let page = self.stored(from, limit)?;
        let records = page.iter().map(|stored| {
            let record = stored.decode()?;
            follows(before, stored)?;
            before = Some((stored.seq, stored.hash));
            Ok(record)
        });
        records.collect()
    }

    /// As [`Ledger::of_alert`].
    ///
    /// # Errors
    /// As [`Ledger::of_alert`].
    fn of_alert(
        &mut self,
        id: AlertId,
        from: Seq,
        limit: usize,
    ) -> Result<Vec<Record>, LedgerError>;

    /// As [`Ledger::alerts`].
    ///
    /// # Errors
    /// As [`Ledger::alerts`].
    fn alerts(
        &mut self,
        before: Option<AlertId>,
        limit: usize,
    ) -> Result<Vec<OnRecord>, LedgerError>;
}

/// A ledger reads for itself, between its commits.
impl<L: Ledger + ?Sized> Reader for &mut L {
    fn stored(&mut self, from: Seq, limit: usize) -> Result<Vec<Stored>, LedgerError> {
        L::stored(self, from, limit)
    }

    fn read(&mut self, from: Seq, limit: usize) -> Result<Vec<Record>, LedgerError> {
        L::read(self, from, limit)
    }

    fn of_alert(
        &mut self,
        id: AlertId,
        from: Seq,
        limit: usize,
    ) -> Result<Vec<Record>, LedgerError> {
        L::of_alert(self, id, from, limit)
    }

    fn alerts(
        &mut self,
        before: Option<AlertId>,
        limit: usize,
    ) -> Result<Vec<OnRecord>, LedgerError> {
        L::alerts(self, before, limit)
    }
}

/// Keeps a state as a checkpoint.
pub type CheckpointWriter = Box<dyn FnOnce(&[u8]) -> Result<(), LedgerError> + Send>;

/// The durable sequence of facts.
///
/// A handle that has answered [`LedgerError::Store`] to [`commit`](Self::commit),
/// [`adopt`](Self::adopt) or [`trim`](Self::trim) answers it to everything from then on.
pub trait Ledger: Send {
    /// Appends all of `batch` or nothing, durably. Returns the position of the last entry.
    ///
    /// # Errors
    /// [`LedgerError::TooLarge`]: nothing was appended. [`LedgerError::Store`]: nothing of
    /// the batch may be assumed, neither that it is there nor that it is not, and the
    /// handle must be dropped.
    fn commit(&mut self, batch: &[Entry]) -> Result<Seq, LedgerError>;

    /// Up to `limit` records from position `from` on, in order, as they are stored.
    ///
    /// # Errors
    /// The store failed or a value is no record.
    fn stored(&mut self, from: Seq, limit: usize) -> Result<Vec<Stored>, LedgerError>;

    /// Up to `limit` records from position `from` on, in order, each checked against its hash
    /// and the record before it.
    ///
    /// # Errors
    /// The store failed. [`LedgerError::Unreadable`] or [`LedgerError::Chain`] with the first
    /// position that is gone or damaged: what stands behind it can be read from there on.
    fn read(&mut self, from: Seq, limit: usize) -> Result<Vec<Record>, LedgerError> {
        let page = self.stored(from, limit)?;
        let expected = from.max(self.first());
        let found = page.first().map(|stored| stored.seq);
        if limit > 0 && expected <= self.last() && found != Some(expected) {
            return Err(missing(expected));
        }
        let mut before = match expected {
            Seq(1) => Some((Seq(0), GENESIS)),
            // One before that is gone or cannot be read is another record's fault.
            Seq(seq) => {
                let seq = Seq(seq.saturating_sub(1));
                let hash = self.hash_of(seq).ok().flatten();
                hash.map(|hash| (seq, hash))
            }
        };
        page.iter()
            .map(|stored| {
                let record = stored.decode()?;
                follows(before, stored)?;
                before = Some((stored.seq, stored.hash));
                Ok(record)
            })
            .collect()
    }

    /// Up to `limit` records of one alert from position `from` on, in order.
    ///
    /// # Errors
    /// The store failed or a record is unreadable.
    fn of_alert(
        &mut self,
        id: AlertId,
        from: Seq,
        limit: usize,
    ) -> Result<Vec<Record>, LedgerError>;

    /// Up to `limit` alerts on record below `before` (all if none), newest first.
    ///
    /// # Errors
    /// The store failed.
    fn alerts(
        &mut self,
        before: Option<AlertId>,
        limit: usize,
    ) -> Result<Vec<OnRecord>, LedgerError>;

    /// The position of the first record that was not trimmed; `last().next()` if there is none.
    fn first(&self) -> Seq;

    /// The position of the last committed record.
    fn last(&self) -> Seq;

    /// The chain hash of one record; none if it was trimmed or never was.
    ///
    /// # Errors
    /// The store failed or the value is no record.
    fn hash_of(&mut self, seq: Seq) -> Result<Option<[u8; 32]>, LedgerError> {
        Ok(self
            .stored(seq, 1)?
            .first()
            .filter(|stored| stored.seq == seq)
            .map(|stored| stored.hash))
    }

    /// A second handle that reads while this one commits; none if only this one can. Drop it
    /// before this one.
    fn reader(&self) -> Option<Box<dyn Reader>> {
        None
    }

    /// Keeps `state` as the fold of everything up to `at`.
    ///
    /// # Errors
    /// The store failed, or there is no record at `at`. The handle stays usable.
    fn save_checkpoint(&mut self, at: Seq, state: &[u8]) -> Result<(), LedgerError>;

    /// What keeps the fold of everything up to `at`, on any thread and without this ledger, so
    /// that commits go on meanwhile; none if only [`save_checkpoint`](Self::save_checkpoint) can.
    ///
    /// # Errors
    /// As [`save_checkpoint`](Self::save_checkpoint).
    fn checkpoint_writer(&mut self, at: Seq) -> Result<Option<CheckpointWriter>, LedgerError> {
        let _ = at;
        Ok(None)
    }

    /// The newest usable checkpoint.
    ///
    /// # Errors
    /// The store failed, or [`LedgerError::Shortened`]: a checkpoint proves records that are not
    /// there. A damaged checkpoint, and one whose hash is not its record's, is skipped.
    fn checkpoint(&mut self) -> Result<Option<(Seq, Vec<u8>)>, LedgerError>;

    /// Removes records up to and including `up_to`, in small steps. Call it only after a
    /// [`Trimmed`](crate::model::facts::Fact::Trimmed) fact with that position, or a later
    /// one, is committed. The last record always stays.
    ///
    /// # Errors
    /// The store failed.
    fn trim(&mut self, up_to: Seq) -> Result<(), LedgerError>;

    /// Appends records as another ledger of this jurisdiction stored them, all or nothing,
    /// durably. An empty ledger takes any first record, others only what continues the chain.
    ///
    /// # Errors
    /// [`LedgerError::Chain`], [`LedgerError::Unreadable`] or [`LedgerError::Foreign`]:
    /// nothing was appended. [`LedgerError::Store`] as in [`commit`](Self::commit).
    fn adopt(&mut self, page: &[Stored]) -> Result<(), LedgerError>;
}
