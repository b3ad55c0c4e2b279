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
}

impl Invariant {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::NothingAcceptedIsLost,
        Self::NoRungWithoutEvidence,
        Self::NoTransmissionWithoutAttempt,
        Self::NothingSentAfterItsAcknowledgement,
        Self::NoTextTooOften,
        Self::MemoryIsBounded,
        Self::NoCarrierAboveItsBudget,
        Self::EveryAlertEnds,
        Self::NoEmergencyIsRefused,
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
    /// Which promise.
    pub invariant: Invariant,
    /// When.
    pub at: Instant,
    /// How.
    pub what: String,
}
