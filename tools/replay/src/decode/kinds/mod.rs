//! The families of frames, each in a file: how it is guessed, read, split, written and
//! compared. A new one is a file, its `mod` line and its line in [`ALL`].

pub(crate) mod cmpp;
pub(crate) mod dmr_burst;
pub(crate) mod dmr_csbk;
pub(crate) mod dmrt;
pub(crate) mod homebrew;
pub(crate) mod mmdvm;
mod pdu_stream;
mod short_text;
pub(crate) mod smpp;

use super::Kind;

/// In the order in which they are guessed.
pub(super) static ALL: &[&Kind] = &[
    &dmrt::KIND,
    &homebrew::KIND,
    &smpp::KIND,
    &cmpp::KIND,
    &dmr_burst::KIND,
    &mmdvm::KIND,
    &dmr_csbk::KIND,
    &cmpp::KIND_2,
    &cmpp::KIND_3,
];
