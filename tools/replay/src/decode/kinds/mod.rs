//! Each family of frames: how it is guessed, read and written.

pub(crate) mod dmr_burst;
pub(crate) mod dmr_csbk;
pub(crate) mod homebrew;
pub(crate) mod mmdvm;
