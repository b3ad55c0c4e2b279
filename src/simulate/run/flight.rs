//! Who waits for a moment in a run, and what is on its way.

use std::time::Duration;

use bytes::Bytes;
use narrowcast_protocol::air::JobId;

/// A port that its session wants reopened stays closed for so long.
pub(super) const REOPEN: Duration = Duration::from_secs(1);

/// Who waits for a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Who {
    Core,
    Link(usize),
    Site(usize),
    Office(usize),
}

/// Bytes on their way.
#[derive(Debug)]
pub(super) enum Flight {
    ToLink {
        site: usize,
        bytes: Bytes,
    },
    ToSite {
        site: usize,
        bytes: Bytes,
    },
    /// Bytes between the session of a route and its operator, on this connection.
    Sms {
        office: usize,
        connection: u64,
        bytes: Bytes,
        to_link: bool,
    },
    /// The port has written the last bytes of a job, unless it was lost meanwhile.
    Written {
        link: usize,
        connection: u64,
        id: JobId,
    },
}
