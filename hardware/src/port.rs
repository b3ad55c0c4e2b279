//! A serial line, UDP socket or TCP stream, behind one shape.

mod error;
mod half;
mod serial;

use core::fmt;
use core::time::Duration;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use narrowcast_protocol::session::Peer;
use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpStream, UdpSocket};
use tokio_serial::SerialStream;

pub use error::PortError;
pub use half::{Receiver, Sender, Written};
pub use serial::SerialSettings;

/// Longest chunk a port hands over at once: the largest datagram fits.
pub const LARGEST_CHUNK: usize = 65_536;

/// How long a TCP connection may take to open.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Receive buffer asked of the kernel for datagrams: about 30,000 DMRD, so that a disk or
/// scheduler hiccup of a second loses none.
const RECEIVE_BUFFER: usize = 4 << 20;

/// Where a port leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PortConfig {
    /// A datagram socket that anyone may write to. `[::]` takes IPv4 as well.
    Udp {
        /// Own address; port 0 lets the system choose.
        listen: SocketAddr,
    },
    /// A datagram socket with one far end; datagrams from elsewhere are not seen.
    UdpClient {
        /// The far end.
        remote: SocketAddr,
        /// Own address, where the far end insists on one.
        local: Option<SocketAddr>,
    },
    /// A byte stream to a server.
    TcpClient {
        /// `host:port`; a name is looked up at each opening.
        address: String,
    },
    /// A serial line.
    Serial {
        /// The device, preferably below `/dev/serial/by-id`.
        path: PathBuf,
        /// Bits per second; without meaning on a pseudo-terminal.
        baud: u32,
        /// Character format.
        settings: SerialSettings,
    },
}

impl fmt::Display for PortConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Udp { listen } => write!(f, "udp:{listen}"),
            Self::UdpClient { remote, .. } => write!(f, "udp:{remote}"),
            Self::TcpClient { address } => write!(f, "tcp:{address}"),
            Self::Serial { path, .. } => path.display().fmt(f),
        }
    }
}

/// An open port.
///
/// A listening socket names its peers [`Peer::Socket`] (IPv4 as IPv4, even on `[::]`); all
/// others have one far end and name it [`Peer::Line`].
#[derive(Debug)]
pub struct Port {
    receiver: Receiver,
    sender: Sender,
    local: Option<SocketAddr>,
    remote: Option<SocketAddr>,
}

impl Port {
    /// Opens a port. Never blocks the runtime: devices are opened on a thread for blocking work.
    ///
    /// # Errors
    /// Names what could not be opened, why, and where there is one, the remedy.
    pub async fn open(config: &PortConfig) -> Result<Self, PortError> {
        match config {
            PortConfig::Udp { listen } => Self::listen(*listen).await,
            PortConfig::UdpClient { remote, local } => Self::datagrams(*remote, *local).await,
            PortConfig::TcpClient { address } => Self::connect(address).await,
            PortConfig::Serial {
                path,
                baud,
                settings,
            } => Ok(Self::from_serial(
                serial::open(path.clone(), *baud, *settings).await?,
            )),
        }
    }

    /// A port on a serial stream that is open already, such as one end of a pseudo-terminal.
    #[must_use]
    pub fn from_serial(stream: SerialStream) -> Self {
        let (reader, writer) = tokio::io::split(stream);
        Self {
            receiver: Receiver::Serial(reader),
            sender: Sender::Serial(writer),
            local: None,
            remote: None,
        }
    }

    /// A port on a TCP stream that is open already, such as an accepted one.
    #[must_use]
    pub fn from_tcp(stream: TcpStream) -> Self {
        // Frames are small and wait for nobody; both settings only make things better.
        let _without = stream.set_nodelay(true);
        let keepalive = TcpKeepalive::new()
            .with_time(Duration::from_secs(15))
            .with_interval(Duration::from_secs(5));
        let _without = SockRef::from(&stream).set_tcp_keepalive(&keepalive);
        let (local, remote) = (stream.local_addr().ok(), stream.peer_addr().ok());
        let (reader, writer) = stream.into_split();
        Self {
            receiver: Receiver::Tcp(reader),
            sender: Sender::Tcp(writer),
            local,
            remote,
        }
    }

    /// Waits for bytes: whole datagrams, or what a stream has. At most [`LARGEST_CHUNK`]
    /// are ever worth room in `buffer`. Dropping the future loses nothing.
    ///
    /// # Errors
    /// The port is lost. ICMP errors are not errors here: they say something about one
    /// peer at most, and can be forged.
    pub async fn recv(&mut self, buffer: &mut [u8]) -> Result<(Peer, usize), PortError> {
        loop {
            match self.receiver.recv(buffer).await {
                Err(PortError::NobodyThere { .. }) => {}
                received => return received,
            }
        }
    }

    /// Writes all of `bytes`: one datagram, or a piece of the stream.
    ///
    /// # Errors
    /// See [`PortError::loses_port`]: a datagram that could not leave is an error but leaves
    /// the port usable.
    pub async fn send(&mut self, to: Peer, bytes: &[u8]) -> Result<(), PortError> {
        let mut rest = bytes;
        loop {
            let written = self.sender.send_some(to, rest).await?;
            rest = rest.get(written..).unwrap_or_default();
            if rest.is_empty() {
                return Ok(());
            }
        }
    }

    /// Both directions, for use at the same time.
    pub fn halves(&mut self) -> (&mut Receiver, &mut Sender) {
        (&mut self.receiver, &mut self.sender)
    }

    /// Own address, where there is one.
    #[must_use]
    pub fn local(&self) -> Option<SocketAddr> {
        self.local
    }

    /// Address of the one far end, where there is one.
    #[must_use]
    pub fn remote(&self) -> Option<SocketAddr> {
        self.remote
    }

    /// Whether it carries datagrams; otherwise a byte stream.
    #[must_use]
    pub fn is_datagram(&self) -> bool {
        matches!(self.receiver, Receiver::Udp { .. })
    }

    /// Closes the port. A serial device may hold the caller for seconds while its output
    /// drains, so it is closed on a thread for blocking work; await this before opening
    /// the same device again.
    pub async fn close(self) {
        if matches!(self.receiver, Receiver::Serial(_)) {
            // An error means that the runtime is going down, and the device with it.
            let _closed = tokio::task::spawn_blocking(move || drop(self)).await;
        }
    }

    async fn listen(listen: SocketAddr) -> Result<Self, PortError> {
        let socket = bind(listen).await?;
        Ok(Self::datagram_port(socket, None))
    }

    async fn datagrams(remote: SocketAddr, local: Option<SocketAddr>) -> Result<Self, PortError> {
        let any = match remote {
            SocketAddr::V4(_) => SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)),
            SocketAddr::V6(_) => SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0)),
        };
        let socket = bind(local.unwrap_or(any)).await?;
        socket
            .connect(remote)
            .await
            .map_err(|source| PortError::Connect {
                address: remote.to_string(),
                source,
            })?;
        Ok(Self::datagram_port(socket, Some(remote)))
    }

    fn datagram_port(socket: UdpSocket, remote: Option<SocketAddr>) -> Self {
        let local = socket.local_addr().ok();
        let socket = Arc::new(socket);
        let connected = remote.is_some();
        Self {
            receiver: Receiver::Udp {
                socket: Arc::clone(&socket),
                connected,
            },
            sender: Sender::Udp {
                six: local.is_some_and(|address| address.is_ipv6()),
                socket,
                connected,
            },
            local,
            remote,
        }
    }

    async fn connect(address: &str) -> Result<Self, PortError> {
        let failed = |source| PortError::Connect {
            address: address.to_owned(),
            source,
        };
        let stream = tokio::time::timeout(CONNECT_TIMEOUT, TcpStream::connect(address))
            .await
            .map_err(|_| failed(std::io::ErrorKind::TimedOut.into()))?
            .map_err(failed)?;
        Ok(Self::from_tcp(stream))
    }
}

async fn bind(address: SocketAddr) -> Result<UdpSocket, PortError> {
    let socket = UdpSocket::bind(address)
        .await
        .map_err(|source| PortError::Bind { address, source })?;
    // The kernel grants what net.core.rmem_max allows; less still works.
    let _granted = SockRef::from(&socket).set_recv_buffer_size(RECEIVE_BUFFER);
    Ok(socket)
}

#[cfg(test)]
mod tests;
