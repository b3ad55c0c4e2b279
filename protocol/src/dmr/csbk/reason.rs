//! Why a trunked service was accepted, refused or put off.

use crate::dmr::layout::codes;

codes! {
    /// Reason code (TS 102 361-4 clause 7.2.8), 8 bits. Upper two bits: see [`Answer`];
    /// the third: the system says so, otherwise the radio.
    Reason {
        MsNotSupported = 0x00 "radio: not supported",
        LineNotSupported = 0x11 "line equipment missing",
        StackFull = 0x12 "radio: call stack full",
        EquipmentBusy = 0x13 "radio: equipment busy",
        RecipientRefused = 0x14 "recipient refused",
        CustomRefused = 0x15 "refused, custom reason",
        MsDuplexNotSupported = 0x16 "radio: duplex not supported",
        MsUnknown = 0x1F "radio: unknown reason",
        TsNotSupported = 0x20 "system: not supported",
        PermanentlyNotAuthorised = 0x21 "permanently not authorised",
        TemporarilyNotAuthorised = 0x22 "temporarily not authorised",
        TransientRefusal = 0x23 "transient system refusal",
        CalledNotRegistered = 0x24 "called radio not registered",
        CalledNotReachable = 0x25 "called radio does not answer the check",
        Diverted = 0x26 "diverted, cannot complete",
        SystemBusy = 0x27 "system busy",
        SystemNotReady = 0x28 "system not ready",
        CancelRefused = 0x29 "cancel refused, too late",
        RegistrationRefused = 0x2A "registration refused",
        RegistrationDenied = 0x2B "registration denied",
        IpConnectionFailed = 0x2C "IP connection failed",
        NotRegistered = 0x2D "radio not registered",
        CalledBusy = 0x2E "called party busy",
        TalkgroupNotAllowed = 0x2F "talkgroup not allowed",
        UploadCrcError = 0x30 "CRC error in UDT upload",
        NoDuplexResources = 0x31 "no duplex resources",
        TsUnknown = 0x3F "system: unknown reason",
        MsAccepted = 0x44 "radio: accepted",
        MsCallback = 0x45 "radio: will call back",
        MsAlerting = 0x46 "radio: ringing, not ready",
        MsStatusPoll = 0x47 "radio: answers the status poll",
        MsAuthentication = 0x48 "radio: answers the authentication",
        MessageAccepted = 0x60 "message accepted",
        StoreForward = 0x61 "stored, will be forwarded",
        RegistrationAccepted = 0x62 "registration accepted",
        TsStatusPoll = 0x63 "system: answers the status poll",
        TsAuthentication = 0x64 "system: answers the authentication",
        TalkgroupListResult = 0x65 "registration with the result for the talkgroup list",
        Queued = 0xA0 "queued for a resource",
        QueuedBusy = 0xA1 "queued, called party busy",
        Wait = 0xE0 "wait",
    }
    else Other "unknown reason"
}

/// The kind of a [`Reason`]. The first two are final.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Refused.
    Nack,
    /// Accepted.
    Ack,
    /// Queued: the answer comes later, in order.
    Qack,
    /// Wait: more signalling follows.
    Wack,
}

impl Reason {
    /// Its kind.
    #[must_use]
    pub const fn answer(self) -> Answer {
        match self.number() >> 6 {
            0 => Answer::Nack,
            1 => Answer::Ack,
            2 => Answer::Qack,
            _ => Answer::Wack,
        }
    }

    /// Whether it is the system that says so; a system may pass on what a radio said.
    #[must_use]
    pub const fn is_from_system(self) -> bool {
        self.number() & 0x20 != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_is_a_reason_and_comes_back() {
        for number in 0..=u8::MAX {
            assert_eq!(Reason::from_number(number).number(), number);
        }
    }

    #[test]
    fn the_first_bits_tell_kind_and_speaker() {
        assert_eq!(Reason::NotRegistered.answer(), Answer::Nack);
        assert_eq!(Reason::MsAccepted.answer(), Answer::Ack);
        assert_eq!(Reason::Queued.answer(), Answer::Qack);
        assert_eq!(Reason::Wait.answer(), Answer::Wack);
        assert!(Reason::MessageAccepted.is_from_system());
        assert!(!Reason::MsAccepted.is_from_system());
    }
}
