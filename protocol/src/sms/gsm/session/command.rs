//! What is asked of the modem, and how that ends.

use core::time::Duration;

use super::store::Task;
use crate::time::Instant;

/// A step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Start {
    Echo,
    Errors,
    Card { asked: u8 },
    Pin,
    Equipment,
    Subscriber,
    Network,
    Signal,
    Form,
    Centre,
    Service,
    Store,
    Announce { way: u8 },
}

impl Start {
    pub(super) const FIRST: Self = Self::Echo;
}

/// Whether the answer to `AT+CREG?` says home or roaming.
pub(super) fn is_registered(lines: &[String]) -> bool {
    let found = lines.iter().find_map(|line| line.strip_prefix("+CREG:"));
    let state = found.and_then(|rest| rest.split(',').nth(1));
    matches!(state.map(str::trim), Some("1" | "5"))
}

/// How often the modem's store is looked through: a message whose announcement was missed.
pub(super) const LOOK: Duration = Duration::from_secs(600);

/// Ends a prompt.
pub(super) const ESCAPE: &[u8] = b"\x1B";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// No port, or one that is given up.
    Down,
    /// The card has refused us: we wait before we ask again.
    Holding { until: Instant },
    /// The modem is set up.
    Starting { step: Start },
    /// Messages flow.
    Up,
}

/// The command that is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ask {
    /// Whether the modem is there.
    Wake { tries: u8 },
    /// A step of the start.
    Start(Start),
    /// For the prompt.
    Prompt,
    /// The message was written.
    Sending,
    /// Something with the store.
    Task(Task),
    /// Whether the network is there.
    Network,
}

#[derive(Debug)]
pub(super) struct Running {
    pub(super) ask: Ask,
    /// As it was written: the modem may echo it.
    pub(super) text: String,
    pub(super) until: Instant,
    /// Lines of the answer.
    pub(super) lines: Vec<String>,
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    Ok,
    /// With the number of the fault, [`cause::NONE`] if the modem says none.
    Error(u32),
}
