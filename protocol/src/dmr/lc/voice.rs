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

pdu! {
    /// Group voice of Capacity Plus, as Motorola's repeaters send it under feature set 10h.
    /// Addresses have 16 bits; the octet above the source names the rest channel.
    CapacityPlusGroupVoice, "Cap_Plus_Grp_V_Ch_Usr" {
        U8 {
            /// What kind of call.
            service_options: ServiceOptions = 8,
        }
        U8 {
            /// Kept as heard.
            reserved: u8 = 8,
        }
        U16 {
            /// The talkgroup.
            group_address: u16 = 16,
        }
        U8 {
            /// Kept as heard.
            unknown: u8 = 4,
            /// The channel on which idle radios wait.
            rest_channel: u8 = 4,
        }
        U16 {
            /// The radio that talks.
            source: u16 = 16,
        }
    }
}

pdu! {
    /// Private voice of Capacity Plus, with the layout of its group voice.
    CapacityPlusUnitVoice, "Cap_Plus_UU_V_Ch_Usr" {
        U8 {
            /// What kind of call.
            service_options: ServiceOptions = 8,
        }
        U8 {
            /// Kept as heard.
            reserved: u8 = 8,
        }
        U16 {
            /// The radio that is called.
            target: u16 = 16,
        }
        U8 {
            /// Kept as heard.
            unknown: u8 = 4,
            /// The channel on which idle radios wait.
            rest_channel: u8 = 4,
        }
        U16 {
            /// The radio that talks.
            source: u16 = 16,
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

    mod capacity_plus_group {
        use super::*;
        use crate::dmr::layout::keeps_every_bit;
        keeps_every_bit!(CapacityPlusGroupVoice, 7);
    }

    mod capacity_plus_unit {
        use super::*;
        use crate::dmr::layout::keeps_every_bit;
        keeps_every_bit!(CapacityPlusUnitVoice, 7);
    }
}
