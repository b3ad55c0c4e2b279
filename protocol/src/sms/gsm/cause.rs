//! What the numbers of `+CMS ERROR` mean (TS 27.005 clause 3.2.5, TS 24.011 annex E).

use crate::sms::submit::RefusalClass;

/// Nobody said a number.
pub const NONE: u32 = 0;

/// What a refusal means for the next try.
#[must_use]
pub const fn class(number: u32) -> RefusalClass {
    match number {
        // Unassigned number, unidentified subscriber.
        1 | 28 => RefusalClass::Number,
        // Out of service, network failure, congestion; no network, time over, unknown fault.
        27 | 38 | 41 | 42 | 47 | 322 | 331 | 332 | 500 => RefusalClass::Temporary,
        // Barred, rejected; not allowed, our message is wrong, card, PIN, service centre.
        8 | 21 | 50 | 300..=321 | 330 => RefusalClass::Permanent,
        NONE => RefusalClass::Temporary,
        _ => RefusalClass::Unknown,
    }
}

/// Whether it speaks for a modem that needs a new start when it comes again and again.
#[must_use]
pub const fn is_of_modem(number: u32) -> bool {
    matches!(number, 332 | 500)
}
