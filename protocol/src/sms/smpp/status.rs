//! What the status of a response means (clause 5.1.3).

use std::collections::BTreeMap;

use crate::sms::submit::RefusalClass;

/// Good.
pub const OK: u32 = 0x00;
/// The command is not known here (ESME_RINVCMDID).
pub const UNKNOWN_COMMAND: u32 = 0x03;
/// Not in this state of the session (ESME_RINVBNDSTS).
pub const NOT_BOUND: u32 = 0x04;
/// A fault of the system (ESME_RSYSERR).
pub const SYSTEM_ERROR: u32 = 0x08;
/// The receiver has no room now (ESME_RX_T_APPN): the centre tries again.
pub const NOT_NOW: u32 = 0x64;

/// What a centre's refusal means; none if it is no refusal. `vendor` says what this contract's
/// centre means by codes of its own (400 to 4FF, hexadecimal) or uses differently.
#[must_use]
pub fn class(code: u32, vendor: &BTreeMap<u32, RefusalClass>) -> Option<RefusalClass> {
    if code == OK {
        return None;
    }
    let usual = match code {
        // The queue of the centre, or of this account, is full; too many in a second.
        0x14 | 0x58 => RefusalClass::Throttled,
        // The session is gone, a fault of the system, could not be sent, not now, "unknown".
        NOT_BOUND | 0x05 | SYSTEM_ERROR | 0x45 | NOT_NOW | 0xFF => RefusalClass::Temporary,
        0x0B => RefusalClass::Number,
        // Structure, length, command; source address; log-in; esm_class; types of numbers and
        // plans; times; optional parameters.
        0x01..=0x03
        | 0x0A
        | 0x0D..=0x0F
        | 0x43
        | 0x48..=0x51
        | 0x53
        | 0x61
        | 0x62
        | 0xC0..=0xC4 => RefusalClass::Permanent,
        _ => RefusalClass::Unknown,
    };
    Some(vendor.get(&code).copied().unwrap_or(usual))
}

/// Whether the time of the validity was refused: the message may go without it.
#[must_use]
pub const fn is_validity(code: u32) -> bool {
    matches!(code, 0x61 | 0x62)
}

/// Why a bind was refused, in words.
#[must_use]
pub const fn bind_refusal(code: u32) -> &'static str {
    match code {
        0x05 => {
            "the centre says that this account is bound already: it may allow fewer connections"
        }
        0x0D => "the centre refuses the bind: check account, password and our address",
        0x0E => "the centre refuses the password",
        0x0F => "the centre does not know this system_id",
        0x53 => "the centre refuses this system_type",
        0x03 => "the centre does not know bind_transceiver",
        _ => "the centre refuses the bind",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_say_whether_to_wait_to_try_again_or_to_give_up() {
        let mut vendor = BTreeMap::new();
        for (code, expected) in [
            (0, None),
            (0x14, Some(RefusalClass::Throttled)),
            (0x58, Some(RefusalClass::Throttled)),
            (0x08, Some(RefusalClass::Temporary)),
            (0x45, Some(RefusalClass::Temporary)),
            (0x0B, Some(RefusalClass::Number)),
            (0x0A, Some(RefusalClass::Permanent)),
            (0x49, Some(RefusalClass::Permanent)),
            (0x62, Some(RefusalClass::Permanent)),
            (0xC3, Some(RefusalClass::Permanent)),
            (0x410, Some(RefusalClass::Unknown)),
            (u32::MAX, Some(RefusalClass::Unknown)),
        ] {
            assert_eq!(class(code, &vendor), expected, "{code:#x}");
        }
        vendor.insert(0x410, RefusalClass::Number);
        assert_eq!(class(0x410, &vendor), Some(RefusalClass::Number));
    }
}
