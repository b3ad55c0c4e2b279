//! Why a port cannot be opened or used.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use narrowcast_protocol::session::Peer;

/// Why a port cannot be opened or used.
#[derive(Debug, thiserror::Error)]
pub enum PortError {
    /// The device does not exist.
    #[error("{} does not exist: is the device plugged in? see /dev/serial/by-id", path.display())]
    NoDevice {
        /// The device.
        path: PathBuf,
    },
    /// We may not open the device.
    #[error(
        "no permission to open {}: add the service's user to the group that owns it \
         (usually `usermod -aG dialout USER`) and start the service again", path.display()
    )]
    Permission {
        /// The device.
        path: PathBuf,
    },
    /// Another program has the device.
    #[error("{} is in use by {holder}: stop it, or give this link another device", path.display())]
    Busy {
        /// The device.
        path: PathBuf,
        /// Who has it, as far as we may see.
        holder: String,
    },
    /// The path leads to something that is no serial line, or that refuses the settings.
    #[error("{} cannot be used as a serial line: {why}", path.display())]
    Unusable {
        /// The device.
        path: PathBuf,
        /// What the system says.
        why: String,
    },
    /// The own address cannot be used.
    #[error("cannot listen on {address}: {source}{}", bind_remedy(source))]
    Bind {
        /// The own address.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// The far end cannot be reached.
    #[error("cannot connect to {address}: {source}")]
    Connect {
        /// The far end.
        address: String,
        /// What the system says.
        source: io::Error,
    },
    /// One datagram could not leave, or was for a peer this port cannot have. The port
    /// is still usable.
    #[error("could not send to {to}: {source}")]
    Unsent {
        /// For whom it was.
        to: Peer,
        /// What the system says.
        source: io::Error,
    },
    /// The far end's machine says that no program takes its datagrams. The port is still
    /// usable: a program may come.
    #[error("nobody listens at {far}: is the program there running, and on this port?")]
    NobodyThere {
        /// The far end.
        far: String,
    },
    /// The far end closed the stream, or the device was unplugged.
    #[error("the far end hung up")]
    HungUp,
    /// The port failed in use.
    #[error("the port failed: {0}")]
    Failed(io::Error),
}

impl PortError {
    /// A read or write that failed, named for what it means.
    pub(super) fn lost(source: io::Error) -> Self {
        /// EIO: what a hung-up terminal answers.
        const INPUT_OUTPUT: i32 = 5;
        match source.kind() {
            io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => Self::HungUp,
            _ if source.raw_os_error() == Some(INPUT_OUTPUT) => Self::HungUp,
            _ => Self::Failed(source),
        }
    }

    /// Whether the port must be closed and opened again.
    #[must_use]
    pub fn loses_port(&self) -> bool {
        !matches!(self, Self::Unsent { .. } | Self::NobodyThere { .. })
    }
}

fn bind_remedy(source: &io::Error) -> &'static str {
    match source.kind() {
        io::ErrorKind::AddrInUse => "; another program has this port: stop it or choose another",
        io::ErrorKind::AddrNotAvailable => "; no interface of this machine has this address",
        io::ErrorKind::PermissionDenied => "; ports below 1024 need CAP_NET_BIND_SERVICE",
        _ => "",
    }
}
