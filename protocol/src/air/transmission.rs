//! What the engine asks a carrier to send.

use crate::sms::Submit;

use super::identity::{Address, RadioId};
use super::text_form::{Delivery, TextForm};

/// Most bursts one fragment may occupy (0.72 s on a DMR slot).
pub const FRAGMENT_BURSTS: u32 = 12;

/// Microseconds of airtime one DMR burst occupies on its carrier.
pub const DMR_BURST_MICROS: u64 = 60_000;

/// A job's number, chosen by the engine and never used twice in one process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobId(pub u64);

/// One text fragment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// Our own address on this system.
    pub from: RadioId,
    /// Whom it is for.
    pub to: Address,
    /// What it says; fits one fragment, see [`crate::dmr::text`].
    pub text: String,
    /// The form the terminal understands.
    pub form: TextForm,
    /// Whether the link layer is asked to confirm.
    pub delivery: Delivery,
    /// The message number where the form carries one (TMS: 0 to 127); a retry repeats it.
    pub reference: u8,
}

/// What the engine asks a carrier to put on the air: one fragment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Transmission {
    /// A text fragment.
    Text(Text),
    /// Asks whether a radio is there (proves presence only).
    RadioCheck {
        /// Our own address.
        from: RadioId,
        /// The radio.
        to: RadioId,
    },
    /// One part of a text for a phone. Only an SMS link takes it.
    Sms(Submit),
}
