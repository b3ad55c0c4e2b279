//! The production engine, sessions and a ledger inside a simulated world, in virtual time.
//!
//! The same seed makes the same run, byte for byte: nothing here reads a clock or draws a
//! number that the seed did not make.
//!
//! * [`run`]: one steppable run
//! * [`rush`]: a Flash behind an hour of Routine
//! * [`shift`]: a chaotic shift, in which everything goes wrong that can
//! * [`accuracy`]: how true the predictions were
//! * [`invariant`]: what must hold at every step, and how it failed

pub mod accuracy;
mod agenda;
mod disk;
mod driver;
pub mod invariant;
mod link;
mod operator;
mod readings;
pub mod run;
pub mod rush;
pub mod setup;
pub mod shift;
mod watch;

#[cfg(test)]
mod tests;
