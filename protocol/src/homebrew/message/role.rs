//! The two sides of a link.

/// Who sent a datagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// A repeater, hotspot or gateway that logs in.
    Client,
    /// The server it logs in to.
    Master,
}

impl Role {
    /// Who probably sent this, for a recording that does not say. Messages that both
    /// send read the same either way.
    #[must_use]
    pub fn guess(datagram: &[u8]) -> Self {
        let from_master = [
            b"MST".as_slice(),
            b"RPTACK",
            b"RPTSBKN",
            b"DTCACK",
            b"DTCNAK",
            b"DTCPONG",
            b"DTCSBKN",
        ];
        if from_master.iter().any(|name| datagram.starts_with(name)) {
            Self::Master
        } else {
            Self::Client
        }
    }
}
