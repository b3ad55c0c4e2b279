//! What is said on a payload channel: clear, protect, maintenance.

use crate::dmr::layout::{codes, pdu};

pdu! {
    /// The call is over (TS 102 361-4 clause 7.1.1.1.2).
    Clear, "P_CLEAR" {
        U16 {
            /// Where to go; 0 back to the control channel.
            channel: u16 = 12,
            /// Kept as heard.
            reserved: u8 = 3,
            /// The target is a talkgroup.
            group: bool = 1,
        }
        U24 {
            /// Whom it is for.
            target: u32 = 24,
        }
        U24 {
            /// Who says so.
            source: u32 = 24,
        }
    }
}

codes! {
    /// What a [`Protect`] does, 3 bits.
    ProtectKind {
        DisablePtt = 0 "disable push-to-talk",
        EnablePtt = 1 "enable push-to-talk",
        IllegallyParked = 2 "leave the channel unless the call is yours",
        EnableOnePtt = 3 "enable push-to-talk for one radio",
    }
    else Reserved "reserved"
}

pdu! {
    /// Protects a call from others (TS 102 361-4 clause 7.1.1.1.8).
    Protect, "P_PROTECT" {
        U16 {
            /// Kept as heard.
            reserved: u16 = 12,
            /// What it does.
            protect_kind: ProtectKind = 3,
            /// The target is a talkgroup.
            group: bool = 1,
        }
        U24 {
            /// Whom it is for.
            target: u32 = 24,
        }
        U24 {
            /// Who says so.
            source: u32 = 24,
        }
    }
}

codes! {
    /// What a [`Maint`] says, 3 bits.
    MaintKind {
        Disconnect = 0 "disconnect",
    }
    else Reserved "reserved"
}

pdu! {
    /// A radio ends its call (TS 102 361-4 clause 7.1.1.2.4).
    Maint, "P_MAINT" {
        U16 {
            /// Kept as heard.
            reserved_1: u16 = 12,
            /// What it says.
            maint_kind: MaintKind = 3,
            /// Kept as heard.
            reserved_2: u8 = 1,
        }
        U24 {
            /// Whom it is for.
            target: u32 = 24,
        }
        U24 {
            /// The radio.
            source: u32 = 24,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dmr::csbk::CsbkBody;
    use crate::dmr::csbk::testing::outbound;
    use crate::dmr::gateway::{ALLMSI, TSI};
    use crate::dmr::layout::keeps_every_bit;

    #[test]
    fn a_clear_for_all_matches_the_recorded_pdu() {
        let clear = Clear {
            group: true,
            target: ALLMSI,
            source: TSI,
            ..Clear::default()
        };
        outbound("ae000001fffed4fffeca47ee", &CsbkBody::Clear(clear));
    }

    #[test]
    fn the_kind_stands_before_the_last_bit_of_the_second_octet() {
        let protect = Protect {
            protect_kind: ProtectKind::IllegallyParked,
            ..Protect::default()
        };
        assert_eq!(protect.to_bits() >> 48, 0b100);
        let maint = Maint {
            maint_kind: MaintKind::Reserved(5),
            ..Maint::default()
        };
        assert_eq!(maint.to_bits() >> 48, 0b1010);
    }

    mod clear {
        use super::*;
        keeps_every_bit!(Clear, 8);
    }

    mod protect {
        use super::*;
        keeps_every_bit!(Protect, 8);
    }

    mod maint {
        use super::*;
        keeps_every_bit!(Maint, 8);
    }
}
