//! Unit to unit voice service answer response.

use crate::dmr::layout::{codes, pdu};
use crate::dmr::lc::ServiceOptions;

codes! {
    /// Whether the called radio takes the call (TS 102 361-2 clause 7.2.4), 8 bits.
    AnswerResponse {
        Proceed = 0x20 "proceed",
        Deny = 0x21 "deny",
    }
    else Reserved "reserved answer"
}

pdu! {
    /// A radio answers a [`UuVReq`](super::UuVReq) (TS 102 361-2 clause 7.1.2.3).
    UuAnsRsp, "UU_Ans_Rsp" {
        U8 {
            /// As in the request.
            service_options: ServiceOptions = 8,
        }
        U8 {
            /// The answer.
            answer_response: AnswerResponse = 8,
        }
        U24 {
            /// The radio that called.
            target: u32 = 24,
        }
        U24 {
            /// The radio that answers.
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
    fn matches_the_recorded_pdu() {
        let expected = UuAnsRsp {
            service_options: ServiceOptions::default(),
            answer_response: AnswerResponse::Proceed,
            target: 320_401,
            source: 320_420,
        };
        inbound("8500002004e39104e3a41df3", &CsbkBody::UuAnsRsp(expected));
    }

    keeps_every_bit!(UuAnsRsp, 8);
}
