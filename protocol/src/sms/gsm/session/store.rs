//! What the modem keeps, and what is to be done with it.

use crate::air::JobId;

/// Where the modem keeps messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Store {
    /// Texts.
    Texts,
    /// Reports, in modems that keep them apart.
    Reports,
}

/// A message that the modem keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stored {
    pub(super) store: Store,
    pub(super) index: u16,
}

/// Something to be done with the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Task {
    /// Change to it.
    Select(Store),
    /// Read all that it keeps.
    Look,
    /// Read one.
    Read(Stored),
    /// Delete one that is on our disk.
    Delete {
        stored: Stored,
        /// The acknowledgement that says so.
        job: JobId,
    },
}

/// A message whose digits come next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Expected {
    /// None if the modem does not keep it.
    pub(super) stored: Option<Stored>,
    /// Octets of the message.
    pub(super) length: usize,
}
