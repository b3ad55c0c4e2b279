//! What the result codes of SUBMIT_RESP and the states of CONNECT_RESP mean (2.0 clause 7.4.3.2,
//! 3.0 clause 8.4.3.2).

use std::collections::BTreeMap;

use super::Version;
use crate::sms::submit::RefusalClass;

/// Accepted.
pub const OK: u32 = 0;
/// The structure of the PDU is wrong.
pub const STRUCTURE: u32 = 1;
/// The sequence number was used before.
pub const DUPLICATE_SEQUENCE: u32 = 3;
/// Too many messages in a second.
pub const FLOW_CONTROL: u32 = 8;

/// What a gateway's refusal means; none if it is no refusal. Vendors use codes of their own from
/// 100 on: `vendor` says what this contract's gateway means by them.
#[must_use]
pub fn class(
    version: Version,
    code: u32,
    vendor: &BTreeMap<u32, RefusalClass>,
) -> Option<RefusalClass> {
    if code == OK {
        return None;
    }
    let usual = match code {
        // In 2.0 all of these are "other".
        9.. if version == Version::V2 => RefusalClass::Temporary,
        // Structure, command, length; charging code, length; service, billing and source numbers.
        1 | 2 | 4..=7 | 9..=12 => RefusalClass::Permanent,
        DUPLICATE_SEQUENCE => RefusalClass::Unknown,
        FLOW_CONTROL => RefusalClass::Throttled,
        13 => RefusalClass::Number,
        _ => RefusalClass::Temporary,
    };
    Some(vendor.get(&code).copied().unwrap_or(usual))
}

/// Why a log-in was refused, in words.
#[must_use]
pub const fn log_in_refusal(status: u32) -> &'static str {
    match status {
        1 => "the gateway cannot read our CONNECT",
        2 => "the gateway does not know the account or our address: check account and network",
        3 => "the gateway refuses the proof: check account, secret and clock",
        4 => "the gateway does not speak this version: set version to 2.0 or auto",
        _ => "the gateway refuses the log-in; it may have too many connections of this account",
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
            (1, Some(RefusalClass::Permanent)),
            (3, Some(RefusalClass::Unknown)),
            (8, Some(RefusalClass::Throttled)),
            (11, Some(RefusalClass::Permanent)),
            (13, Some(RefusalClass::Number)),
            (150, Some(RefusalClass::Temporary)),
            (u32::MAX, Some(RefusalClass::Temporary)),
        ] {
            assert_eq!(class(Version::V3, code, &vendor), expected, "{code}");
        }
        assert_eq!(
            class(Version::V2, 11, &vendor),
            Some(RefusalClass::Temporary)
        );
        vendor.insert(150, RefusalClass::Permanent);
        assert_eq!(
            class(Version::V2, 150, &vendor),
            Some(RefusalClass::Permanent)
        );
    }
}
