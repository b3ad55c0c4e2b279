//! What a run did.

/// What a run did, in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Alerts accepted.
    pub accepted: u64,
    /// Alerts refused.
    pub refused: u64,
    /// Facts durable.
    pub facts: u64,
    /// Transmissions handed to sessions.
    pub sent: u64,
    /// Deliveries whose terminal acknowledged.
    pub received: u64,
    /// Deliveries that were answered.
    pub answered: u64,
    /// Parts of short messages that operators took.
    pub sms_taken: u64,
    /// Parts of which an operator said, and was told that we have it, that the telephone has them.
    pub sms_delivered: u64,
    /// Deliveries that were answered by SMS.
    pub sms_answered: u64,
    /// Distress calls raised.
    pub emergencies: u64,
    /// Times the ledger failed or the process was killed.
    pub outages: u64,
    /// Bursts of stations.
    pub bursts_down: u64,
    /// Bursts of radios that were heard.
    pub bursts_up: u64,
    /// Slots in which radios met.
    pub collisions: u64,
}
