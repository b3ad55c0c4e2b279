//! Negative acknowledgement of a conventional CSBK.

use crate::dmr::layout::{codes, pdu};

codes! {
    /// Why a service was refused (TS 102 361-2 clause 7.2.6), 8 bits.
    NackReason {
        NotSupported = 0x21 "not supported by the radio",
    }
    else Reserved "reserved reason"
}

pdu! {
    /// A service was refused (TS 102 361-2 clause 7.1.2.4). The only CSBK with its source
    /// before its target.
    NackRsp, "NACK_Rsp" {
        U8 {
            /// The additional information is valid.
            additional_information: bool = 1,
            /// The refusing side is a radio; otherwise the base station.
            source_type: bool = 1,
            /// Opcode of the CSBK that is refused.
            service_type: u8 = 6,
        }
        U8 {
            /// Why.
            reason_code: NackReason = 8,
        }
        U24 {
            /// Who refuses.
            source: u32 = 24,
        }
        U24 {
            /// Who asked.
            target: u32 = 24,
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
        let expected = NackRsp {
            additional_information: true,
            source_type: false,
            service_type: 0x04,
            reason_code: NackReason::NotSupported,
            source: 0x23_3863,
            target: 0x23_383B,
        };
        inbound("a600842123386323383b3310", &CsbkBody::NackRsp(expected));
    }

    keeps_every_bit!(NackRsp, 8);
}
