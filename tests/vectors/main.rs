//! Recorded frames, captures and documents decode to what their sources state.
//!
//! The records are not in this repository. `NARROWCAST_VECTORS` names their folder; without
//! it these tests say so and prove nothing.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot read its record has failed"
)]

mod dmr;
#[path = "../dmrlib/mod.rs"]
mod dmrlib;
mod homebrew;
mod hytera;
mod link_control;
mod mmdvm;
mod motorola;
mod packets;
mod records;
