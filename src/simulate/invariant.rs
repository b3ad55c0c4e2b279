//! What must hold at every step of every run.

use std::fmt;

use narrowcast_protocol::time::Instant;

/// A promise that is checked at every step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Invariant {
    /// What was accepted or acknowledged is on the ledger.
    NothingAcceptedIsLost,
    /// No delivery stands higher than its evidence proves, and no evidence is of something
    /// that did not happen.
    NoRungWithoutEvidence,
    /// What is transmitted has an attempt on the ledger.
    NoTransmissionWithoutAttempt,
    /// A radio is not sent a message again whose acknowledgement was recorded.
    NothingSentAfterItsAcknowledgement,
    /// No text of an alert is sent to a radio more often than permitted, or sooner again.
    NoTextTooOften,
    /// Queues, jobs and the alerts in memory stay within bounds.
    MemoryIsBounded,
    /// No carrier is given more than it has room for.
    NoCarrierAboveItsBudget,
    /// Every alert comes to an end, at the latest when it expires.
    EveryAlertEnds,
    /// Every distress call that was heard is shown at once and recorded, and only a person
    /// closes it.
    NoEmergencyIsRefused,
    /// No SMS reaches an operator without an attempt of its telephone, text and route on the ledger.
    NoMessageWithoutAttempt,
    /// No telephone has a text of which an operator did not say so of every part.
    NoReceiptThatWasNotGiven,
    /// No SMS answers an alert that nobody sent, or that could mean another alert.
    NoAnswerThatWasNotMeant,
    /// No exercise goes over a route that does not carry them or without the drill sign, and no
    /// alert that forbids SMS goes over any.
    NoExerciseOverLiveSms,
    /// Who is below what is asked is tried by SMS in the time of the policy, while a route has room.
    EverybodyIsTried,
    /// No telephone gets a text again before its receipt failed or the wait for it is over.
    NoMessageTwiceWithoutNeed,
    /// No telephone gets parts of two alerts under one number, which it would mix.
    NoTextsMixed,
    /// A receipt that an operator was told we have is on the ledger.
    NoReceiptIsLost,
    /// Nobody is told in another language than the closest one of the alert.
    NoOtherLanguage,
}

impl Invariant {
    /// All of them.
    pub const ALL: [Self; 18] = [
        Self::NothingAcceptedIsLost,
        Self::NoRungWithoutEvidence,
        Self::NoTransmissionWithoutAttempt,
        Self::NothingSentAfterItsAcknowledgement,
        Self::NoTextTooOften,
        Self::MemoryIsBounded,
        Self::NoCarrierAboveItsBudget,
        Self::EveryAlertEnds,
        Self::NoEmergencyIsRefused,
        Self::NoMessageWithoutAttempt,
        Self::NoReceiptThatWasNotGiven,
        Self::NoAnswerThatWasNotMeant,
        Self::NoExerciseOverLiveSms,
        Self::EverybodyIsTried,
        Self::NoMessageTwiceWithoutNeed,
        Self::NoTextsMixed,
        Self::NoReceiptIsLost,
        Self::NoOtherLanguage,
    ];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NothingAcceptedIsLost => "nothing-accepted-is-lost",
            Self::NoRungWithoutEvidence => "no-rung-without-evidence",
            Self::NoTransmissionWithoutAttempt => "no-transmission-without-attempt",
            Self::NothingSentAfterItsAcknowledgement => "nothing-sent-after-its-acknowledgement",
            Self::NoTextTooOften => "no-text-too-often",
            Self::MemoryIsBounded => "memory-is-bounded",
            Self::NoCarrierAboveItsBudget => "no-carrier-above-its-budget",
            Self::EveryAlertEnds => "every-alert-ends",
            Self::NoEmergencyIsRefused => "no-emergency-is-refused",
            Self::NoMessageWithoutAttempt => "no-message-without-attempt",
            Self::NoReceiptThatWasNotGiven => "no-receipt-that-was-not-given",
            Self::NoAnswerThatWasNotMeant => "no-answer-that-was-not-meant",
            Self::NoExerciseOverLiveSms => "no-exercise-over-live-sms",
            Self::EverybodyIsTried => "everybody-is-tried",
            Self::NoMessageTwiceWithoutNeed => "no-message-twice-without-need",
            Self::NoTextsMixed => "no-texts-mixed",
            Self::NoReceiptIsLost => "no-receipt-is-lost",
            Self::NoOtherLanguage => "no-other-language",
        }
    }
}

impl fmt::Display for Invariant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A promise that was broken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{invariant} broken at {at}: {what}")]
pub struct Violation {
    /// The promise that was broken.
    pub invariant: Invariant,
    /// The virtual time at which it was noticed.
    pub at: Instant,
    /// What was seen, in words.
    pub what: String,
}
