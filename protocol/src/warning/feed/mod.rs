//! Feeds of warnings: Atom 1.0 (RFC 4287) and RSS 2.0, as an index of documents that stand
//! elsewhere or in the feed itself.

mod read;
mod write;

pub use read::{Entry, MAX_ENTRIES, NoFeed, Place, read};
pub use write::{Index, Item};
