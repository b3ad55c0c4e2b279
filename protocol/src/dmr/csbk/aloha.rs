//! Who may transmit now, and under which conditions.

use super::{Backoff, SystemIdentity};
use crate::dmr::layout::{codes, pdu};

codes! {
    /// Which services may be asked for by random access (TS 102 361-4 clause 7.2.5), 2 bits.
    ServiceFunction {
        All = 0 "all services",
        PayloadChannel = 1 "services that need a payload channel, registration",
        ControlChannel = 2 "services without payload channel, registration",
        Registration = 3 "registration only",
    }
    else Reserved "reserved"
}

codes! {
    /// Version of TS 102 361-4 the control channel follows (clause 7.2.32), 3 bits.
    Version {
        V1_5 = 0 "up to V1.5.1",
        V1_6 = 1 "V1.6.1",
        V1_9 = 2 "V1.7.1 to V1.9.2",
        V1_10 = 3 "V1.10.1",
        V1_11 = 4 "V1.11.1",
    }
    else Reserved "later version"
}

pdu! {
    /// Invitation to random access (TS 102 361-4 clause 7.1.1.1.4).
    Aloha, "C_ALOHA" {
        U40 {
            /// Kept as heard.
            reserved: u8 = 1,
            /// The control channel supports active-slot signalling.
            tsccas: bool = 1,
            /// Timeslots of all sites are synchronised.
            site_timeslot_synchronization: bool = 1,
            /// Version of the standard.
            version: Version = 3,
            /// Offset timing; otherwise aligned.
            offset_timing: bool = 1,
            /// The site is connected to its network.
            active_connection: bool = 1,
            /// How many low bits of a radio's address must equal `address`: 0 admits
            /// everyone, 24 one radio.
            mask: u8 = 5,
            /// What may be asked for.
            service_function: ServiceFunction = 2,
            /// How long a radio waits for an answer, encoded.
            nrand_wait: u8 = 4,
            /// Radios must register before they use the system.
            registration: bool = 1,
            /// How far radios spread their attempts.
            backoff: Backoff = 4,
            /// Whose control channel this is.
            system_identity: SystemIdentity = 16,
        }
        U24 {
            /// The address that `mask` refers to.
            address: u32 = 24,
        }
    }
}

impl Aloha {
    /// Whether the mask lets this radio transmit.
    #[must_use]
    pub const fn admits(&self, radio: u32) -> bool {
        let bits = if self.mask < 24 { self.mask } else { 24 };
        (radio ^ self.address) & ((1 << bits) - 1) == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dmr::csbk::testing::outbound;
    use crate::dmr::csbk::{Category, CsbkBody, NetworkModel, SystemCode};
    use crate::dmr::gateway::ALLMSI;
    use crate::dmr::layout::{Bits, keeps_every_bit};

    #[test]
    fn matches_the_recorded_pdus() {
        let aloha = Aloha {
            version: Version::V1_9,
            active_connection: true,
            nrand_wait: 7,
            registration: true,
            backoff: Backoff(6),
            system_identity: SystemIdentity {
                code: SystemCode {
                    model: NetworkModel::Huge,
                    network: 1,
                    site: 1,
                },
                par: Category::Both,
            },
            ..Aloha::default()
        };
        outbound("99000900f6d0070000002c6d", &CsbkBody::Aloha(aloha));
        let aloha = Aloha {
            nrand_wait: 5,
            backoff: Backoff(4),
            system_identity: SystemIdentity::from_bits(0x0027),
            address: ALLMSI,
            ..aloha
        };
        outbound("99000900b40027fffed4b9c5", &CsbkBody::Aloha(aloha));
    }

    #[test]
    fn the_mask_compares_low_bits_only() {
        let aloha = |mask, address| Aloha {
            mask,
            address,
            ..Aloha::default()
        };
        assert!(aloha(0, 5).admits(0x23_383B));
        assert!(aloha(4, 0xB).admits(0x23_383B));
        assert!(!aloha(4, 0xA).admits(0x23_383B));
        assert!(aloha(24, 0x23_383B).admits(0x23_383B));
        assert!(!aloha(24, 0x23_383B).admits(0x13_383B));
        assert!(!aloha(31, 1).admits(2));
    }

    keeps_every_bit!(Aloha, 8);
}
