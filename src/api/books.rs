//! Books of ended alerts that are kept for the next page.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use crate::model::book::AlertBook;
use crate::model::ids::AlertId;

/// Most books of ended alerts that are kept.
const KEPT_BOOKS: usize = 16;
/// Most deliveries of them together, about 20 MB.
const KEPT_DELIVERIES: usize = 50_000;

/// The books of ended alerts that were looked at last. Nothing more is learnt of an alert that has
/// left memory, so that the next page of its deliveries need not read all its facts again.
#[derive(Debug, Default)]
pub(crate) struct Books(Mutex<VecDeque<Arc<AlertBook>>>);

impl Books {
    /// The book of an alert, if it was looked at of late.
    pub(super) fn get(&self, id: AlertId) -> Option<Arc<AlertBook>> {
        let books = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        books.iter().find(|book| book.alert.id == id).cloned()
    }

    /// Keeps a book, and lets the oldest go for it.
    pub(super) fn keep(&self, book: &Arc<AlertBook>) {
        let mut books = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        books.retain(|known| known.alert.id != book.alert.id);
        books.push_back(Arc::clone(book));
        let held = |books: &VecDeque<Arc<AlertBook>>| -> usize {
            books.iter().map(|book| book.deliveries.len()).sum()
        };
        while books.len() > KEPT_BOOKS || (books.len() > 1 && held(&books) > KEPT_DELIVERIES) {
            books.pop_front();
        }
    }
}
