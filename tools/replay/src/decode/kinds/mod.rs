//! The families of frames, each in a file: how it is guessed, read, split, written and
//! compared. A new one is a file, its `mod` line and its line in [`ALL`].

pub(crate) mod dmr_burst;
pub(crate) mod dmr_csbk;
pub(crate) mod dmrt;
pub(crate) mod homebrew;
pub(crate) mod mmdvm;

use super::Kind;

/// In the order in which they are guessed.
pub(super) static ALL: &[&Kind] = &[
    &dmrt::KIND,
    &homebrew::KIND,
    &dmr_burst::KIND,
    &mmdvm::KIND,
    &dmr_csbk::KIND,
];
