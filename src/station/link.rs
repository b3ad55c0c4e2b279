//! A link that can be started, and why one cannot be built.

use narrowcast_hardware::port::PortConfig;
use narrowcast_hardware::pump::Mask;
use narrowcast_protocol::air::StationId;
use narrowcast_protocol::session::Session;

/// Why a link cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// Its configuration names a thing that cannot be.
    #[error("link {link}: {why}")]
    Config {
        /// The name of the link in the configuration.
        link: String,
        /// What is wrong with it, and the remedy.
        why: String,
    },
    /// The system gave no random bytes.
    #[error("the system gave no random bytes: {0}")]
    Random(getrandom::Error),
}

/// A link that can be started.
pub(super) struct Link {
    pub(super) name: String,
    /// What a reader of the capture is told.
    pub(super) description: &'static str,
    pub(super) port: PortConfig,
    pub(super) session: Box<dyn Session>,
    pub(super) stations: Vec<StationId>,
    /// What keeps secrets that the session sends out of the capture.
    pub(super) mask: Option<Mask>,
}
