//! Answers to a request: accepted, refused, queued, wait.

use super::reason::Reason;
use super::service::ServiceKind;
use crate::dmr::layout::pdu;

pdu! {
    /// C_ACKD, C_ACKU, P_ACKD and P_ACKU (TS 102 361-4 clauses 7.1.1.1.7 and 7.1.1.2.3).
    Ack, "C_ACK" {
        U16 {
            /// Depends on the reason: power save offset, status, or result of a talkgroup list.
            response_info: u8 = 7,
            /// The answer.
            reason: Reason = 8,
            /// Kept as heard.
            reserved: u8 = 1,
        }
        U24 {
            /// Whom the answer is for; what a radio answers to a challenge.
            target: u32 = 24,
        }
        U24 {
            /// Who answers, a radio or gateway; what the system answers to a challenge.
            source: u32 = 24,
        }
    }
}

impl Ack {
    /// An answer without additional information.
    #[must_use]
    pub fn new(reason: Reason, target: u32, source: u32) -> Self {
        Self {
            reason,
            target,
            source,
            ..Self::default()
        }
    }

    /// The status, 0 to 127, when it answers a status poll.
    #[must_use]
    pub fn status(&self) -> Option<u8> {
        let polled = matches!(self.reason, Reason::MsStatusPoll | Reason::TsStatusPoll);
        polled.then_some(self.response_info)
    }
}

pdu! {
    /// A radio answers by asking the system to prove itself
    /// (TS 102 361-4 clause 7.1.1.2.2).
    AckVit, "C_ACKVIT" {
        U16 {
            /// Service options, as in the question.
            service_options_mirror: u8 = 7,
            /// As in the question.
            service_kind_flag: bool = 1,
            /// Kept as heard.
            reserved: u8 = 2,
            /// Appended blocks, as in the question.
            appended: u8 = 2,
            /// As in the question.
            service_kind: ServiceKind = 4,
        }
        U24 {
            /// What the system has to answer.
            challenge: u32 = 24,
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
    use crate::dmr::csbk::testing::{inbound, outbound};
    use crate::dmr::csbk::{Csbk, CsbkBody};
    use crate::dmr::gateway::{REGI, SDMI, TSI};

    const RADIO_A: u32 = 0x23_383B;
    const RADIO_B: u32 = 0x23_3863;

    #[test]
    fn answers_of_the_system_match_the_recorded_pdus() {
        for (hex, reason, target, source) in [
            (
                "a00000c023383bfffec540ef",
                Reason::MessageAccepted,
                RADIO_A,
                SDMI,
            ),
            (
                "a000005a23383bfffecadecc",
                Reason::NotRegistered,
                RADIO_A,
                TSI,
            ),
            (
                "a000fec423383bfffec662d6",
                Reason::RegistrationAccepted,
                RADIO_A,
                REGI,
            ),
        ] {
            let ack = Ack::new(reason, target, source);
            let response_info = if reason == Reason::RegistrationAccepted {
                0x7F
            } else {
                0
            };
            outbound(
                hex,
                &CsbkBody::AckD(Ack {
                    response_info,
                    ..ack
                }),
            );
        }
    }

    #[test]
    fn answers_of_a_radio_match_the_worked_pdus() {
        let accepted = Ack::new(Reason::MsAccepted, RADIO_A, RADIO_B);
        inbound("a100008823383b23386318c0", &CsbkBody::AckU(accepted));
        let status = Ack {
            response_info: 5,
            ..Ack::new(Reason::MsStatusPoll, RADIO_A, RADIO_B)
        };
        inbound("a1000a8e23383b2338632899", &CsbkBody::AckU(status));
        assert_eq!(status.status(), Some(5));
        assert_eq!(accepted.status(), None);
    }

    #[test]
    fn the_answer_to_a_challenge_is_no_address() {
        let answer = Ack::new(Reason::MsAuthentication, 0x0E_6E43, RADIO_A);
        let csbk = Csbk::from(CsbkBody::AckU(answer));
        assert_eq!((csbk.source(), csbk.target()), (Some(RADIO_A), None));
        let answer = Ack::new(Reason::TsAuthentication, RADIO_A, 0x0E_6E43);
        assert_eq!(Csbk::from(CsbkBody::AckD(answer)).source(), None);
    }

    mod ack {
        use super::*;
        use crate::dmr::layout::keeps_every_bit;
        keeps_every_bit!(Ack, 8);
    }

    mod ack_vit {
        use super::*;
        use crate::dmr::layout::keeps_every_bit;
        keeps_every_bit!(AckVit, 8);
    }
}
