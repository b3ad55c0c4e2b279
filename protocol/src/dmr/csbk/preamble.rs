//! Announces what follows, so that sleeping and scanning radios stay.

use crate::dmr::layout::pdu;

pdu! {
    /// Preamble (TS 102 361-2 clause 7.1.2.6).
    Preamble, "Preamble" {
        U8 {
            /// Data follows; otherwise a CSBK.
            data_follows: bool = 1,
            /// The target is a talkgroup.
            group: bool = 1,
            /// Kept as heard.
            reserved: u8 = 6,
        }
        U8 {
            /// Bursts that still follow this one: preambles, headers and blocks.
            blocks_to_follow: u8 = 8,
        }
        U24 {
            /// Who should listen.
            target: u32 = 24,
        }
        U24 {
            /// Who will send.
            source: u32 = 24,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dmr::csbk::CsbkBody;
    use crate::dmr::csbk::testing::inbound;
    use crate::dmr::layout::keeps_every_bit;

    #[test]
    fn matches_the_recorded_pdus() {
        let to_group = Preamble {
            data_follows: true,
            group: true,
            blocks_to_follow: 5,
            target: 1,
            source: 202,
            ..Preamble::default()
        };
        inbound("bd00c0050000010000cae78a", &CsbkBody::Preamble(to_group));
        let to_radio = Preamble {
            group: false,
            blocks_to_follow: 29,
            target: 0x23_3863,
            source: 0x23_383B,
            ..to_group
        };
        inbound("bd00801d23386323383b5889", &CsbkBody::Preamble(to_radio));
    }

    keeps_every_bit!(Preamble, 8);
}
