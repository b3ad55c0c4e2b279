//! Long texts from telephones, while their parts come in.

use std::collections::BTreeMap;
use std::time::Duration;

use narrowcast_protocol::air::StationId;
use narrowcast_protocol::sms::reassemble::GAP;
use serde::{Deserialize, Serialize};

use crate::model::wall::Wall;

/// How long a text waits for its missing parts before it is passed on with gaps.
const PATIENCE: Duration = Duration::from_secs(600);
/// Most texts that wait; the oldest is passed on first.
const TEXTS: usize = 1_000;

/// Which text a part belongs to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(in crate::engine) struct PieceKey {
    pub(in crate::engine) route: StationId,
    pub(in crate::engine) from: String,
    pub(in crate::engine) to: String,
    pub(in crate::engine) reference: u16,
    pub(in crate::engine) total: u8,
}

/// A text as far as it came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Pieces {
    since: Wall,
    parts: BTreeMap<u8, String>,
}

/// Texts of which parts are missing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(in crate::engine) struct PieceBook(BTreeMap<PieceKey, Pieces>);

impl PieceBook {
    /// A part came; with the last one the text is whole and leaves.
    pub(in crate::engine) fn add(&mut self, key: PieceKey, part: u8, text: String, at: Wall) {
        let total = usize::from(key.total);
        let pieces = self.0.entry(key.clone()).or_insert_with(|| Pieces {
            since: at,
            parts: BTreeMap::new(),
        });
        pieces.parts.entry(part).or_insert(text);
        if pieces.parts.len() >= total {
            self.0.remove(&key);
        }
    }

    /// Whether this part is here already.
    pub(super) fn has(&self, key: &PieceKey, part: u8) -> bool {
        let known = self.0.get(key);
        known.is_some_and(|pieces| pieces.parts.contains_key(&part))
    }

    /// The text, if this part makes it whole.
    pub(super) fn whole_with(&self, key: &PieceKey, part: u8, text: &str) -> Option<String> {
        let known = self.0.get(key);
        let of = |at: u8| match known.and_then(|pieces| pieces.parts.get(&at)) {
            Some(known) => Some(known.as_str()),
            None => (at == part).then_some(text),
        };
        (1..=key.total).map(of).collect()
    }

    /// A text is not waited for any more.
    pub(in crate::engine) fn give_up(&mut self, key: &PieceKey) {
        self.0.remove(key);
    }

    /// The texts that have waited long enough, with a mark where parts are missing.
    pub(super) fn overdue(&self, now: Wall) -> Vec<(PieceKey, String)> {
        let excess = self.0.len().saturating_sub(TEXTS);
        let mut ages: Vec<Wall> = self.0.values().map(|pieces| pieces.since).collect();
        ages.sort_unstable();
        let too_many = excess.checked_sub(1).and_then(|at| ages.get(at)).copied();
        let due = self.0.iter().filter(|(_, pieces)| {
            now.since(pieces.since) >= PATIENCE || too_many.is_some_and(|at| pieces.since <= at)
        });
        let gapped = |key: &PieceKey, pieces: &Pieces| -> String {
            let parts = 1..=key.total;
            parts
                .map(|part| pieces.parts.get(&part).map_or(GAP, String::as_str))
                .collect()
        };
        due.map(|(key, pieces)| (key.clone(), gapped(key, pieces)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(reference: u16) -> PieceKey {
        PieceKey {
            route: StationId(1),
            from: "13800138000".into(),
            to: "1069".into(),
            reference,
            total: 3,
        }
    }

    #[test]
    fn parts_in_any_order_make_the_text_once_and_a_missing_one_is_marked() {
        let mut book = PieceBook::default();
        let at = Wall::from_millis(0);
        assert_eq!(book.whole_with(&key(1), 3, "c"), None);
        book.add(key(1), 3, "c".into(), at);
        book.add(key(1), 1, "a".into(), at);
        assert!(book.has(&key(1), 1) && !book.has(&key(1), 2));
        assert_eq!(book.whole_with(&key(1), 2, "b").as_deref(), Some("abc"));
        assert_eq!(book.overdue(at), []);
        let due = book.overdue(at.plus(PATIENCE));
        assert_eq!(due, [(key(1), format!("a{GAP}c"))]);
        book.add(key(1), 2, "b".into(), at);
        assert_eq!(book, PieceBook::default());
    }

    #[test]
    fn strangers_who_begin_endless_texts_make_the_oldest_ones_leave() {
        let mut book = PieceBook::default();
        for reference in 0..1_100u16 {
            let at = Wall::from_millis(i64::from(reference));
            book.add(key(reference), 1, "a".into(), at);
        }
        let due = book.overdue(Wall::from_millis(2_000));
        assert_eq!(due.len(), 100);
        due.iter().for_each(|(key, _)| book.give_up(key));
        assert_eq!(book.overdue(Wall::from_millis(2_000)), []);
    }
}
