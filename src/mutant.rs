//! Which planted bug is at work. This module exists only in builds with
//! `--cfg narrowcast_mutant`: one build holds all the bugs of `cargo xtask mutants`, and the
//! environment says which of them a run of the tests shall notice.

use std::sync::LazyLock;

static PLANTED: LazyLock<String> =
    LazyLock::new(|| std::env::var("NARROWCAST_MUTANT").unwrap_or_default());

/// Whether the bug of this name is at work.
pub(crate) fn planted(name: &str) -> bool {
    *PLANTED == name
}
