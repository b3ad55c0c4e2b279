//! Who talks to whom.

use super::ServiceOptions;
use crate::dmr::layout::pdu;

pdu! {
    /// Group voice channel user (TS 102 361-2 clause 7.1.1.1).
    GroupVoice, "Grp_V_Ch_Usr" {
        U8 {
            /// What kind of call.
            service_options: ServiceOptions = 8,
        }
        U24 {
            /// The talkgroup.
            group_address: u32 = 24,
        }
        U24 {
            /// The radio that talks.
            source: u32 = 24,
        }
    }
}

pdu! {
    /// Unit to unit voice channel user (TS 102 361-2 clause 7.1.1.2).
    UnitToUnitVoice, "UU_V_Ch_Usr" {
        U8 {
            /// What kind of call.
            service_options: ServiceOptions = 8,
        }
        U24 {
            /// The radio that is called.
            target: u32 = 24,
        }
        U24 {
            /// The radio that talks.
            source: u32 = 24,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_call_matches_the_recorded_word() {
        let octets = hex::decode("000000086520baf8").unwrap();
        let (_, call) = GroupVoice::parse(&octets[1..]).unwrap();
        let expected = GroupVoice {
            group_address: 2149,
            source: 2_145_016,
            ..GroupVoice::default()
        };
        assert_eq!(call, expected);
    }

    mod group {
        use super::*;
        use crate::dmr::layout::keeps_every_bit;
        keeps_every_bit!(GroupVoice, 7);
    }

    mod unit_to_unit {
        use super::*;
        use crate::dmr::layout::keeps_every_bit;
        keeps_every_bit!(UnitToUnitVoice, 7);
    }
}
