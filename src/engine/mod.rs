//! The one place that decides.
//!
//! Facts and inputs in, outputs out; no clock, no I/O, no randomness.

pub mod io;
pub mod views;
