//! The chain, walked from the first record that remains to the last.

use crate::ledger::record::{Hash, Stored, follows};
use crate::ledger::{LedgerError, Pages};
use crate::model::facts::{Fact, Record};
use crate::model::ids::Seq;

pub(crate) const PAGE: usize = 512;

/// A chain without a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sound {
    /// Its first record; the one after `last` if there is none.
    pub first: Seq,
    /// Its last record; 0 if there is none.
    pub last: Seq,
    /// The hash of the last.
    pub hash: Hash,
}

/// Walks the chain to its end and tells `progress` how far it is, now and then.
///
/// A ledger that was trimmed must hold a [`Fact::Trimmed`] that vouches for its beginning.
///
/// # Errors
/// [`LedgerError::Chain`] or [`LedgerError::Unreadable`] with the first record that does not
/// fit, or [`LedgerError::Store`].
pub fn verify<P: Pages + ?Sized>(
    pages: &mut P,
    mut progress: impl FnMut(Seq),
) -> Result<Sound, LedgerError> {
    let mut walk = Walk::default();
    loop {
        let page = pages.page(walk.next(), PAGE)?;
        let overtaken = page.first().is_some_and(|first| first.seq > walk.next());
        if overtaken && walk.first.is_some() && !still_there(pages, walk.last())? {
            // A trimming came past: walk what remains.
            walk = Walk::default();
        }
        for stored in &page {
            walk.step(stored)?;
        }
        progress(walk.last());
        if page.len() < PAGE {
            break;
        }
    }
    if let Some((at, hash)) = walk.anchored()? {
        let found = pages.page(at, 1)?;
        let found = found.first().filter(|stored| stored.seq == at);
        // If it is gone, that trimming was carried out meanwhile.
        if let Some(found) = found {
            vouched(found, &hash)?;
        }
    }
    Ok(walk.sound())
}

fn still_there<P: Pages + ?Sized>(pages: &mut P, seq: Seq) -> Result<bool, LedgerError> {
    let first = pages.page(Seq(0), 1)?;
    Ok(first.first().is_some_and(|first| first.seq <= seq))
}

/// Whether `stored` has the hash that a [`Fact::Trimmed`] gives for it.
pub(crate) fn vouched(stored: &Stored, hash: &Hash) -> Result<(), LedgerError> {
    if stored.hash == *hash {
        Ok(())
    } else {
        Err(LedgerError::Chain {
            seq: stored.seq,
            why: "the record that trims it gives another hash".into(),
        })
    }
}

/// A walk along the chain, record by record.
#[derive(Debug, Default)]
pub(crate) struct Walk {
    first: Option<Stored>,
    before: Option<(Seq, Hash)>,
    /// What the records so far say about the one before the first.
    anchor: Option<(Seq, Hash)>,
    /// What they say about a later one, up to which is trimmed next.
    later: Option<(Seq, Hash)>,
}

impl Walk {
    pub(crate) fn step(&mut self, stored: &Stored) -> Result<Record, LedgerError> {
        if stored.seq == Seq(1) {
            follows(Some((Seq(0), crate::ledger::record::GENESIS)), stored)?;
        }
        follows(self.before, stored)?;
        let record = stored.decode()?;
        let first = self.first.get_or_insert_with(|| stored.clone()).seq;
        self.before = Some((stored.seq, stored.hash));
        if let Fact::Trimmed { up_to, hash, .. } = record.fact {
            if up_to.next() == first {
                self.anchor = Some((up_to, hash));
            } else if up_to >= first {
                self.later = Some((up_to, hash));
            }
        }
        Ok(record)
    }

    pub(crate) fn next(&self) -> Seq {
        self.last().next()
    }

    pub(crate) fn last(&self) -> Seq {
        self.before.map_or(Seq(0), |(seq, _)| seq)
    }

    /// Checks the beginning, at the end. A position and a hash are returned if the record
    /// there, which was passed already, must have that hash.
    pub(crate) fn anchored(&self) -> Result<Option<(Seq, Hash)>, LedgerError> {
        let Some(first) = self.first.as_ref().filter(|first| first.seq > Seq(1)) else {
            return Ok(self.later);
        };
        if self.anchor.is_none() && self.later.is_none() {
            return Err(LedgerError::Chain {
                seq: first.seq,
                why: "it is the first, and no record tells of a trimming before it".into(),
            });
        }
        follows(self.anchor, first)?;
        Ok(self.later)
    }

    pub(crate) fn sound(&self) -> Sound {
        Sound {
            first: self.first.as_ref().map_or(Seq(1), |first| first.seq),
            last: self.last(),
            hash: self
                .before
                .map_or(crate::ledger::record::GENESIS, |(_, hash)| hash),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::suite::{many, places, trim};
    use crate::model::facts::Entry;
    use crate::model::wall::Wall;

    #[test]
    fn a_sound_chain_is_walked_to_its_end_before_and_after_trimming() {
        for place in places() {
            let mut ledger = place.open().unwrap();
            assert_eq!(verify(&mut *ledger, |_| ()).unwrap().last, Seq(0));
            ledger.commit(&many(1_200)).unwrap();
            let mut seen = Vec::new();
            let sound = verify(&mut *ledger, |seq| seen.push(seq.0)).unwrap();
            assert_eq!((sound.first, sound.last), (Seq(1), Seq(1_200)));
            assert_eq!(Some(sound.hash), ledger.hash_of(Seq(1_200)).unwrap());
            assert_eq!(seen, [512, 1_024, 1_200]);
            trim(&mut *ledger, Seq(1_000));
            trim(&mut *ledger, Seq(1_100));
            let sound = verify(&mut *ledger, |_| ()).unwrap();
            assert_eq!((sound.first, sound.last), (Seq(1_101), Seq(1_202)));
        }
    }

    #[test]
    fn one_flipped_bit_is_found_at_its_record() {
        for place in places() {
            place.open().unwrap().commit(&many(900)).unwrap();
            place.tamper(Seq(700), |bytes| bytes[12] ^= 1);
            let error = verify(&mut *place.open().unwrap(), |_| ());
            assert!(
                matches!(error, Err(LedgerError::Chain { seq: Seq(700), .. })),
                "{error:?}"
            );
        }
    }

    #[test]
    fn a_flip_in_the_first_record_is_found_even_after_trimming() {
        for place in places() {
            let mut ledger = place.open().unwrap();
            ledger.commit(&many(9)).unwrap();
            trim(&mut *ledger, Seq(4));
            drop(ledger);
            place.tamper(Seq(5), |bytes| *bytes.last_mut().unwrap() ^= 1);
            let error = verify(&mut *place.open().unwrap(), |_| ());
            assert!(matches!(error, Err(LedgerError::Chain { .. })), "{error:?}");
        }
    }

    #[test]
    fn a_beginning_that_no_record_vouches_for_is_found() {
        for place in places() {
            let mut ledger = place.open().unwrap();
            ledger.commit(&many(9)).unwrap();
            ledger.trim(Seq(4)).unwrap();
            let error = verify(&mut *ledger, |_| ());
            assert!(matches!(error, Err(LedgerError::Chain { seq: Seq(5), .. })));
        }
    }

    #[test]
    fn a_trimming_that_is_only_half_done_is_sound_and_one_with_a_wrong_hash_is_not() {
        for place in places() {
            let mut ledger = place.open().unwrap();
            ledger.commit(&many(9)).unwrap();
            let trimmed = |up_to, hash| Entry {
                at: Wall::from_millis(0),
                fact: Fact::Trimmed {
                    by: "x".into(),
                    up_to,
                    hash,
                },
            };
            let hash = ledger.hash_of(Seq(6)).unwrap().unwrap();
            ledger.commit(&[trimmed(Seq(6), hash)]).unwrap();
            ledger.trim(Seq(3)).unwrap();
            assert_eq!(verify(&mut *ledger, |_| ()).unwrap().first, Seq(4));
            ledger.commit(&[trimmed(Seq(8), [1; 32])]).unwrap();
            let error = verify(&mut *ledger, |_| ());
            assert!(matches!(error, Err(LedgerError::Chain { seq: Seq(8), .. })));
        }
    }

    #[test]
    fn a_trimming_that_overtakes_the_walk_is_no_fault() {
        for place in places() {
            let mut ledger = place.open().unwrap();
            ledger.commit(&many(2_000)).unwrap();
            struct Trimming(Box<dyn crate::ledger::Ledger>, u8);
            impl Pages for Trimming {
                fn page(&mut self, from: Seq, limit: usize) -> Result<Vec<Stored>, LedgerError> {
                    self.1 += 1;
                    if self.1 == 2 {
                        trim(&mut *self.0, Seq(1_500));
                    }
                    self.0.stored(from, limit)
                }
            }
            let sound = verify(&mut Trimming(ledger, 0), |_| ()).unwrap();
            assert_eq!((sound.first, sound.last), (Seq(1_501), Seq(2_001)));
        }
    }
}
