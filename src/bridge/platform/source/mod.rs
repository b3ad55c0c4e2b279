//! Where warnings come from by themselves: a directory that somebody writes into, and a feed that
//! is looked at again and again.
//!
//! A source hands each document on and does with it what it is told. What is refused is kept where
//! people find it; what cannot be recorded now is offered again, and nothing is lost by a crash:
//! a document leaves the directory, or counts as seen, only after it was taken in. The same
//! document twice is answered as the first time.

pub mod feed;
pub mod folder;
mod seen;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

/// What became of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is on record; what was done, in words.
    Taken(String),
    /// It never will be; why.
    Refused(String),
    /// It may go well later.
    Later {
        /// Why it did not.
        why: String,
        /// The wait that is asked for, in seconds.
        retry_after: Option<u64>,
    },
}

/// A document on its way.
pub type Taking = Pin<Box<dyn Future<Output = Verdict> + Send>>;

/// The way that documents go from a source into the server.
#[derive(Clone)]
pub struct Intake {
    /// Takes a document in.
    pub take: Arc<dyn Fn(Vec<u8>) -> Taking + Send + Sync>,
    /// Says what is in the way of the source; none: it gets on.
    pub failing: Arc<dyn Fn(Option<String>) + Send + Sync>,
}

impl std::fmt::Debug for Intake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Intake").finish_non_exhaustive()
    }
}
