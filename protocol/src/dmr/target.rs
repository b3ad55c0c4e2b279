//! Whom a PDU is for, as a number on the air.

/// Whom a PDU is for: a radio, a talkgroup or a gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    /// The 24-bit address; gateways and all-calls included.
    pub number: u32,
    /// It is a talkgroup.
    pub group: bool,
}
