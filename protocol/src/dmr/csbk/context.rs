//! Where a CSBK was heard, which its opcode alone does not say.

/// Where a CSBK was heard. Opcode 38h under FID 00 needs it: a radio wakes a repeater
/// with it, a control channel grants a data channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Context {
    /// Who sent it.
    pub direction: Direction,
    /// On what kind of system.
    pub system: System,
}

/// Who sent a burst; its sync pattern tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Direction {
    /// A radio.
    #[default]
    Inbound,
    /// A base station.
    Outbound,
}

/// The kind of system a burst was heard on; configuration tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum System {
    /// Tier I or II.
    #[default]
    Conventional,
    /// Tier III.
    Trunked,
}

impl Context {
    pub(super) const fn is_control_channel(self) -> bool {
        matches!(
            (self.direction, self.system),
            (Direction::Outbound, System::Trunked)
        )
    }
}
