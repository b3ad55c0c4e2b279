//! Unit to unit voice service request.

use crate::dmr::layout::pdu;
use crate::dmr::lc::ServiceOptions;

pdu! {
    /// A radio asks whether another will take a voice call (TS 102 361-2 clause 7.1.2.2).
    UuVReq, "UU_V_Req" {
        U8 {
            /// What kind of call.
            service_options: ServiceOptions = 8,
        }
        U8 {
            /// Kept as heard.
            reserved: u8 = 8,
        }
        U24 {
            /// The called radio.
            target: u32 = 24,
        }
        U24 {
            /// The calling radio.
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
    fn matches_the_worked_pdu() {
        let expected = UuVReq {
            target: 0x23_3863,
            source: 0x23_383B,
            ..UuVReq::default()
        };
        inbound("8400000023386323383bf0ec", &CsbkBody::UuVReq(expected));
    }

    keeps_every_bit!(UuVReq, 8);
}
