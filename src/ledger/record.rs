//! The stored form of a record, and the chain over it.
//!
//! | bytes | meaning |
//! |---|---|
//! | 1 | version of the form: 8 |
//! | n | postcard of position, jurisdiction, epoch, moment and fact |
//!
//! A record's hash is SHA-256 over the hash of the record before it and these bytes; 32
//! zeros stand before the first. The hash is kept beside the bytes.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::ledger::LedgerError;
use crate::model::facts::{Entry, Fact, Record};
use crate::model::ids::Seq;
use crate::model::wall::Wall;

/// A chain hash.
pub type Hash = [u8; 32];

/// What stands before the first record.
pub const GENESIS: Hash = [0; 32];

/// Most bytes that one record may take in its stored form.
pub const LIMIT: usize = 16 * 1024;

const VERSION: u8 = 11;

/// A record as the store keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Its position.
    pub seq: Seq,
    /// Its stored form.
    pub bytes: Vec<u8>,
    /// Its chain hash.
    pub hash: Hash,
}

#[derive(Serialize)]
struct BodyRef<'a> {
    seq: Seq,
    jurisdiction: &'a str,
    epoch: u64,
    at: Wall,
    fact: &'a Fact,
}

#[derive(Deserialize)]
struct Body {
    seq: Seq,
    jurisdiction: String,
    epoch: u64,
    at: Wall,
    fact: Fact,
}

/// The hash of a record with these stored bytes behind one with the hash `before`.
#[must_use]
pub fn link(before: &Hash, bytes: &[u8]) -> Hash {
    Sha256::new()
        .chain_update(before)
        .chain_update(bytes)
        .finalize()
        .into()
}

impl Stored {
    /// The stored form of `entry` at `seq`, chained to the record with the hash `before`.
    ///
    /// # Errors
    /// [`LedgerError::TooLarge`] above [`LIMIT`].
    pub fn encode(
        entry: &Entry,
        seq: Seq,
        before: &Hash,
        jurisdiction: &str,
        epoch: u64,
    ) -> Result<Self, LedgerError> {
        let body = BodyRef {
            seq,
            jurisdiction,
            epoch,
            at: entry.at,
            fact: &entry.fact,
        };
        let bytes = postcard::to_extend(&body, vec![VERSION]).map_err(|error| {
            LedgerError::Store(format!("record {seq} is not writable: {error}"))
        })?;
        if bytes.len() > LIMIT {
            return Err(LedgerError::TooLarge {
                size: bytes.len(),
                limit: LIMIT,
            });
        }
        Ok(Self {
            seq,
            hash: link(before, &bytes),
            bytes,
        })
    }

    /// The record.
    ///
    /// # Errors
    /// [`LedgerError::Unreadable`]: another version's form, damage, or another position's bytes.
    pub fn decode(&self) -> Result<Record, LedgerError> {
        let unreadable = |why: String| LedgerError::Unreadable { seq: self.seq, why };
        let body = match self.bytes.split_first() {
            Some((&VERSION, body)) => body,
            Some((&version, _)) => {
                return Err(unreadable(format!(
                    "it has form {version} and this version of narrowcast reads form {VERSION} only: \
                     run the version that wrote it"
                )));
            }
            None => return Err(unreadable("it is empty".into())),
        };
        let (body, rest): (Body, _) =
            postcard::take_from_bytes(body).map_err(|error| unreadable(error.to_string()))?;
        if !rest.is_empty() {
            return Err(unreadable(format!("{} bytes too many", rest.len())));
        }
        if body.seq != self.seq {
            return Err(unreadable(format!("it was written as record {}", body.seq)));
        }
        Ok(Record {
            seq: body.seq,
            jurisdiction: body.jurisdiction,
            epoch: body.epoch,
            at: body.at,
            fact: body.fact,
            hash: self.hash,
        })
    }
}

/// The end of a chain, from which the next records are made.
#[derive(Debug, Clone)]
pub(crate) struct Tip {
    pub(crate) jurisdiction: String,
    pub(crate) epoch: u64,
    pub(crate) last: Seq,
    pub(crate) hash: Hash,
}

impl Tip {
    /// The tip behind `last`; refuses the ledger of another jurisdiction.
    pub(crate) fn behind(
        last: Option<&Stored>,
        jurisdiction: &str,
        epoch: u64,
    ) -> Result<Self, LedgerError> {
        if let Some(last) = last {
            own(&last.decode()?, jurisdiction)?;
        }
        Ok(Self {
            jurisdiction: jurisdiction.to_owned(),
            epoch,
            last: last.map_or(Seq(0), |last| last.seq),
            hash: last.map_or(GENESIS, |last| last.hash),
        })
    }

    /// Where it stands: the last position, and the hash there.
    pub(crate) const fn mark(&self) -> (Seq, Hash) {
        (self.last, self.hash)
    }

    /// The stored forms of `batch` behind this tip.
    pub(crate) fn extend(&self, batch: &[Entry]) -> Result<Vec<Stored>, LedgerError> {
        let (mut seq, mut before) = (self.last, self.hash);
        batch
            .iter()
            .map(|entry| {
                seq = seq.next();
                let stored = Stored::encode(entry, seq, &before, &self.jurisdiction, self.epoch)?;
                before = stored.hash;
                Ok(stored)
            })
            .collect()
    }

    /// Checks that `page` continues this tip, and reads it.
    pub(crate) fn continues(&self, page: &[Stored]) -> Result<Vec<Record>, LedgerError> {
        let (mut seq, mut before) = (self.last, self.hash);
        page.iter()
            .map(|stored| {
                // The first record of a trimmed ledger is anchored by a fact further on.
                let anchored = seq != Seq(0) || stored.seq == Seq(1);
                follows(anchored.then_some((seq, before)), stored)?;
                (seq, before) = (stored.seq, stored.hash);
                let record = stored.decode()?;
                own(&record, &self.jurisdiction)?;
                Ok(record)
            })
            .collect()
    }

    /// Moves behind `last`.
    pub(crate) fn advance(&mut self, last: Option<&Stored>) {
        if let Some(last) = last {
            self.last = last.seq;
            self.hash = last.hash;
        }
    }
}

fn own(record: &Record, jurisdiction: &str) -> Result<(), LedgerError> {
    if record.jurisdiction == jurisdiction {
        Ok(())
    } else {
        Err(LedgerError::Foreign {
            found: record.jurisdiction.clone(),
            expected: jurisdiction.to_owned(),
        })
    }
}

/// Whether `stored` stands and chains where it should, behind `before` if that is known.
pub(crate) fn follows(before: Option<(Seq, Hash)>, stored: &Stored) -> Result<(), LedgerError> {
    let Some((seq, hash)) = before else {
        return Ok(());
    };
    let broken = |why: String| LedgerError::Chain {
        seq: stored.seq,
        why,
    };
    if stored.seq != seq.next() {
        return Err(broken(format!("it stands behind record {seq}")));
    }
    if stored.hash != link(&hash, &stored.bytes) {
        return Err(broken(format!(
            "its hash does not follow from its bytes and record {seq}"
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn stored(version: &str) -> Stored {
        let entry = Entry {
            at: Wall::from_millis(1_700_000_000_000),
            fact: Fact::Started {
                version: version.to_owned(),
            },
        };
        Stored::encode(&entry, Seq(7), &GENESIS, "city", 3).unwrap()
    }

    #[test]
    fn the_stored_form_never_changes() {
        let stored = stored("0.1.0");
        assert_eq!(
            hex::encode(&stored.bytes),
            "0b070463697479".to_owned() + "03" + "80a0abfef962" + "00" + "05302e312e30"
        );
        assert_eq!(stored.hash, link(&GENESIS, &stored.bytes));
    }

    #[test]
    fn an_unknown_version_is_refused_with_a_remedy() {
        let mut stored = stored("x");
        stored.bytes[0] = 250;
        let error = stored.decode().unwrap_err().to_string();
        assert!(
            error.contains("record 7") && error.contains("form 250") && error.contains("run the"),
            "{error}"
        );
    }

    #[test]
    fn bytes_of_another_position_or_with_a_tail_are_unreadable() {
        let mut moved = stored("x");
        moved.seq = Seq(8);
        assert!(moved.decode().unwrap_err().to_string().contains("record 7"));
        let mut longer = stored("x");
        longer.bytes.push(0);
        assert!(longer.decode().is_err());
        let mut empty = stored("x");
        empty.bytes.clear();
        assert!(empty.decode().is_err());
    }

    #[test]
    fn a_record_above_the_limit_is_refused_and_one_at_the_limit_is_not() {
        let size = |text: usize| {
            let entry = Entry {
                at: Wall::from_millis(0),
                fact: Fact::Started {
                    version: "x".repeat(text),
                },
            };
            Stored::encode(&entry, Seq(1), &GENESIS, "", 0).map(|stored| stored.bytes.len())
        };
        let overhead = size(10_000).unwrap() - 10_000;
        assert_eq!(size(LIMIT - overhead), Ok(LIMIT));
        assert_eq!(
            size(LIMIT - overhead + 1),
            Err(LedgerError::TooLarge {
                size: LIMIT + 1,
                limit: LIMIT
            })
        );
    }

    proptest! {
        #[test]
        fn what_was_stored_is_read(version in ".{0,40}", at: i64, seq: u64, epoch: u64, place in ".{0,20}") {
            let entry = Entry { at: Wall::from_millis(at), fact: Fact::Started { version } };
            let record = Stored::encode(&entry, Seq(seq), &GENESIS, &place, epoch)?.decode()?;
            prop_assert_eq!(Entry { at: record.at, fact: record.fact }, entry);
            prop_assert_eq!((record.seq, record.epoch, record.jurisdiction), (Seq(seq), epoch, place));
        }

        #[test]
        fn no_bytes_make_reading_panic(bytes: Vec<u8>, seq: u64) {
            let mut bytes = bytes;
            bytes.insert(0, VERSION);
            let _ = Stored { seq: Seq(seq), bytes, hash: GENESIS }.decode();
        }
    }
}
