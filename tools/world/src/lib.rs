//! The surroundings of Narrowcast in virtual time: air, repeaters, modems, radios and the
//! people who carry them.
//!
//! Only the surroundings: it depends on the protocols alone and never sees the engine.
//! Time and seeds are arguments; the same seed makes the same run.
//!
//! * [`air`]: one carrier, a burst every 60 ms and direction, with loss and collisions
//! * [`radio`]: a terminal and its user
//! * [`repeater`]: a Homebrew repeater with radios on its two timeslots
//! * [`modem_site`]: an MMDVM modem with radios on its channel
//! * [`city`]: a seeded small city
//! * [`smsc`]: an operator's short message centre, and the people who hold the phones
#![deny(missing_docs)]

pub mod air;
pub mod city;
pub mod modem_site;
pub mod radio;
pub mod repeater;
pub mod rng;
mod slots;
pub mod smsc;

#[cfg(test)]
mod tests;
