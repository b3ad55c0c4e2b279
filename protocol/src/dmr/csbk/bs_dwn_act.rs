//! Wakes a repeater.

use crate::dmr::layout::pdu;

pdu! {
    /// A radio wakes an idle repeater before it sends (TS 102 361-2 clause 7.1.2.1).
    BsDwnAct, "BS_Dwn_Act" {
        U16 {
            /// Kept as heard.
            reserved: u16 = 16,
        }
        U24 {
            /// The repeater; FFFFFF stands for any.
            bs_address: u32 = 24,
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
    use crate::dmr::csbk::testing::inbound;
    use crate::dmr::layout::keeps_every_bit;

    #[test]
    fn matches_the_recorded_pdus() {
        for (hex, bs_address) in [
            ("b8000000ffffff0000ca640b", 0xFF_FFFF),
            ("b80000000000650000cac42f", 101),
        ] {
            let expected = BsDwnAct {
                reserved: 0,
                bs_address,
                source: 202,
            };
            inbound(hex, &CsbkBody::BsDwnAct(expected));
        }
    }

    keeps_every_bit!(BsDwnAct, 8);
}
