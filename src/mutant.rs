//! Which planted bug is at work. This module exists only in builds with
//! `--cfg narrowcast_mutant`: one build holds all the bugs of `cargo xtask mutants`, and the
//! environment says which of them a run of the tests shall notice.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

static PLANTED: LazyLock<String> =
    LazyLock::new(|| std::env::var("NARROWCAST_MUTANT").unwrap_or_default());

/// A number that no two engines get twice: what a pure engine must not have.
pub(crate) fn chance() -> u64 {
    static DRAWN: AtomicU64 = AtomicU64::new(1);
    DRAWN.fetch_add(1, Ordering::Relaxed)
}

/// Whether the bug of this name is at work.
pub(crate) fn planted(name: &str) -> bool {
    *PLANTED == name
}
