//! Channel grants: go to this payload channel (TS 102 361-4 clause 7.1.1.1.1).

use crate::air::Slot;
use crate::dmr::layout::pdu;

/// Values of a 12-bit logical channel number that are no channel.
pub mod channel {
    /// No channel; at the end of a call: back to the control channel.
    pub const NULL: u16 = 0;
    /// The frequency follows in a continuation block.
    pub const ABSOLUTE: u16 = 0xFFF;
}

/// The grants differ in what bits 29 and 31 mean.
macro_rules! grants {
    ($($(#[$doc:meta])* $name:ident, $standard:literal { $bit_29:ident $bit_29_doc:literal, $bit_31:ident $bit_31_doc:literal })+) => {$(
        pdu! {
            $(#[$doc])*
            $name, $standard {
                U16 {
                    /// Logical channel: 1 to FFE; see [`channel`] for 0 and FFF.
                    channel: u16 = 12,
                    /// Which timeslot of it.
                    slot: Slot = 1,
                    #[doc = $bit_29_doc]
                    $bit_29: bool = 1,
                    /// The call is an emergency.
                    emergency: bool = 1,
                    #[doc = $bit_31_doc]
                    $bit_31: bool = 1,
                }
                U24 {
                    /// The called radio, talkgroup or gateway.
                    target: u32 = 24,
                }
                U24 {
                    /// The calling radio or gateway.
                    source: u32 = 24,
                }
            }
        }
    )+};
}

grants! {
    /// Private voice call.
    PrivateVoiceGrant, "PV_GRANT" {
        reserved "Kept as heard.",
        offset_timing "The payload channel runs with offset timing."
    }
    /// Talkgroup or broadcast voice call.
    GroupVoiceGrant, "TV_GRANT" {
        late_entry "The call has begun already.",
        offset_timing "The payload channel runs with offset timing."
    }
    /// Packet data.
    DataGrant, "PD_GRANT" {
        high_rate "Both timeslots of the channel are used.",
        offset_timing "The payload channel runs with offset timing."
    }
    /// Duplex voice call.
    DuplexVoiceGrant, "PV_GRANT_DX" {
        reserved "Kept as heard.",
        call_direction "The direction of the call."
    }
    /// Duplex packet data.
    DuplexDataGrant, "PD_GRANT_DX" {
        high_rate "Both timeslots of the channel are used.",
        call_direction "The direction of the call."
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dmr::csbk::testing::{matches, outbound};
    use crate::dmr::csbk::{Context, Csbk, CsbkBody, Direction, System};
    use crate::dmr::layout::keeps_every_bit;

    #[test]
    fn a_talkgroup_grant_matches_the_recorded_pdu() {
        let grant = GroupVoiceGrant {
            channel: 37,
            slot: Slot::Two,
            target: 9,
            source: 0x23_383B,
            ..GroupVoiceGrant::default()
        };
        outbound("b100025800000923383badc9", &CsbkBody::TvGrant(grant));
    }

    #[test]
    fn opcode_38_grants_only_when_a_control_channel_says_it() {
        let hex = "b8000000ffffff0000ca640b";
        let grant = DataGrant {
            target: 0xFF_FFFF,
            source: 202,
            ..DataGrant::default()
        };
        outbound(hex, &CsbkBody::TdGrantMi(grant));
        let mut pdu = [0; 12];
        hex::decode_to_slice(hex, &mut pdu).unwrap();
        for (direction, system) in [
            (Direction::Inbound, System::Trunked),
            (Direction::Inbound, System::Conventional),
            (Direction::Outbound, System::Conventional),
        ] {
            let csbk = Csbk::decode(&pdu, Context { direction, system }).unwrap();
            assert_eq!(csbk.name(), "BS_Dwn_Act");
            matches(hex, Context { direction, system }, &csbk.body);
        }
    }

    mod private_voice {
        use super::*;
        keeps_every_bit!(PrivateVoiceGrant, 8);
    }

    mod group_voice {
        use super::*;
        keeps_every_bit!(GroupVoiceGrant, 8);
    }

    mod data {
        use super::*;
        keeps_every_bit!(DataGrant, 8);
    }

    mod duplex_voice {
        use super::*;
        keeps_every_bit!(DuplexVoiceGrant, 8);
    }

    mod duplex_data {
        use super::*;
        keeps_every_bit!(DuplexDataGrant, 8);
    }
}
