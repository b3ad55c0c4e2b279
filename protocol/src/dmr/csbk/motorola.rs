//! Motorola's conventional CSBKs (FID 10).

use crate::dmr::layout::{codes, pdu};

codes! {
    /// What an [`ExtendedFunction`] asks or answers, 8 bits.
    Function {
        RadioCheck = 0x00 "radio check",
        Uninhibit = 0x7E "uninhibit",
        Inhibit = 0x7F "inhibit",
        RadioCheckAck = 0x80 "radio check acknowledged",
        UninhibitAck = 0xFE "uninhibit acknowledged",
        InhibitAck = 0xFF "inhibit acknowledged",
    }
    else Other "unknown function"
}

pdu! {
    /// Pages a radio; also the alarm that a radio rings until its user reacts.
    CallAlert, "Call_Alert" {
        U16 {
            /// Kept as heard.
            flags: u16 = 16,
        }
        U24 {
            /// The paged radio.
            target: u32 = 24,
        }
        U24 {
            /// Who pages.
            source: u32 = 24,
        }
    }
}

pdu! {
    /// A radio has taken a [`CallAlert`].
    CallAlertAck, "Call_Alert_Ack" {
        U16 {
            /// Kept as heard.
            flags: u16 = 16,
        }
        U24 {
            /// Who paged.
            target: u32 = 24,
        }
        U24 {
            /// The paged radio.
            source: u32 = 24,
        }
    }
}

pdu! {
    /// Radio check, inhibit and uninhibit, and their acknowledgements.
    ///
    /// No recording of it was at hand. Known programs agree that a request carries its
    /// source first; an acknowledgement is taken to repeat the two addresses in place,
    /// so that its target stands first.
    ExtendedFunction, "Extended_Function" {
        U8 {
            /// Kept as heard.
            flags: u8 = 8,
        }
        U8 {
            /// What is asked or answered.
            function: Function = 8,
        }
        U24 {
            /// Who asked.
            requester: u32 = 24,
        }
        U24 {
            /// The radio that is asked and answers.
            radio: u32 = 24,
        }
    }
}

impl ExtendedFunction {
    /// Whether it answers a request.
    #[must_use]
    pub const fn is_acknowledgement(&self) -> bool {
        self.function.number() & 0x80 != 0
    }

    /// Who sends it.
    #[must_use]
    pub const fn source(&self) -> u32 {
        if self.is_acknowledgement() {
            self.radio
        } else {
            self.requester
        }
    }

    /// Whom it is for.
    #[must_use]
    pub const fn target(&self) -> u32 {
        if self.is_acknowledgement() {
            self.requester
        } else {
            self.radio
        }
    }
}

pdu! {
    /// The emergency button; repeated until it is acknowledged.
    EmergencyAlarm, "Emergency_Alarm" {
        U16 {
            /// Kept as heard.
            flags: u16 = 16,
        }
        U24 {
            /// The talkgroup that is alarmed.
            target: u32 = 24,
        }
        U24 {
            /// The radio in distress.
            source: u32 = 24,
        }
    }
}

pdu! {
    /// Capacity Plus preamble: 16-bit addresses, the octet above each is used otherwise.
    CapacityPlusPreamble, "Capacity_Plus_Preamble" {
        U8 {
            /// Data follows; otherwise a CSBK.
            data_follows: bool = 1,
            /// The target is a talkgroup.
            group: bool = 1,
            /// Kept as heard.
            reserved: u8 = 6,
        }
        U8 {
            /// Bursts that still follow this one.
            blocks_to_follow: u8 = 8,
        }
        U8 {
            /// Kept as heard.
            target_prefix: u8 = 8,
        }
        U16 {
            /// Who should listen.
            target: u16 = 16,
        }
        U8 {
            /// Kept as heard.
            source_prefix: u8 = 8,
        }
        U16 {
            /// Who will send.
            source: u16 = 16,
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
    fn a_page_and_its_acknowledgement_match_the_worked_pdus() {
        let page = CallAlert {
            flags: 0,
            target: 0x23_3863,
            source: 0x23_383B,
        };
        inbound("9f10000023386323383bcc00", &CsbkBody::CallAlert(page));
        let ack = CallAlertAck {
            flags: 0,
            target: 0x23_3863,
            source: 0x23_383B,
        };
        inbound("a010000023386323383b372a", &CsbkBody::CallAlertAck(ack));
    }

    #[test]
    fn an_emergency_alarm_matches_the_worked_pdu() {
        let alarm = EmergencyAlarm {
            flags: 0,
            target: 9,
            source: 0x23_383B,
        };
        inbound("a710000000000923383bef82", &CsbkBody::EmergencyAlarm(alarm));
    }

    #[test]
    fn a_radio_check_is_answered_by_the_radio_that_was_asked() {
        let check = ExtendedFunction {
            flags: 0,
            function: Function::RadioCheck,
            requester: 1,
            radio: 2,
        };
        let answer = ExtendedFunction {
            function: Function::RadioCheckAck,
            ..check
        };
        assert_eq!((check.source(), check.target()), (1, 2));
        assert_eq!((answer.source(), answer.target()), (2, 1));
    }

    mod call_alert {
        use super::*;
        keeps_every_bit!(CallAlert, 8);
    }

    mod call_alert_ack {
        use super::*;
        keeps_every_bit!(CallAlertAck, 8);
    }

    mod extended_function {
        use super::*;
        keeps_every_bit!(ExtendedFunction, 8);
    }

    mod emergency_alarm {
        use super::*;
        keeps_every_bit!(EmergencyAlarm, 8);
    }

    mod capacity_plus_preamble {
        use super::*;
        keeps_every_bit!(CapacityPlusPreamble, 8);
    }
}
