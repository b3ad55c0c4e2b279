//! What the fuzz targets do with their octets. The suite runs the same functions with random
//! octets (`protocol/tests/hostile.rs`), as fuzzing needs a nightly compiler.
//!
//! Each function takes any octets and panics only where the code under test is wrong. Octets
//! choose among valid frames, damage them, or stand for themselves, so that even short
//! inputs get far behind the checks.
#![deny(missing_docs)]

pub mod air;
pub mod burst;
pub mod control;
pub mod homebrew;
pub mod input;
pub mod mmdvm;
pub mod packet;
pub mod session;
pub mod sms;
