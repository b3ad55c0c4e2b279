//! The two directions of a port.

use std::io;
use std::net::{Ipv6Addr, SocketAddr, SocketAddrV6};
use std::sync::Arc;

use narrowcast_protocol::session::Peer;
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::net::UdpSocket;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio_serial::SerialStream;

use super::PortError;

/// So many errors in a row are no longer ICMP about some peer.
const PATIENCE: usize = 16;

/// Where bytes come from.
#[derive(Debug)]
pub enum Receiver {
    /// A datagram socket.
    Udp {
        /// The socket.
        socket: Arc<UdpSocket>,
        /// Whether it has one far end.
        connected: bool,
    },
    /// A byte stream.
    Tcp(OwnedReadHalf),
    /// A serial line.
    Serial(ReadHalf<SerialStream>),
}

impl Receiver {
    /// As [`Port::recv`](super::Port::recv).
    ///
    /// # Errors
    /// The port is lost, or its one far end's machine says [`PortError::NobodyThere`]: that loses
    /// nothing, and can be forged.
    pub async fn recv(&mut self, buffer: &mut [u8]) -> Result<(Peer, usize), PortError> {
        let read = match self {
            Self::Udp { socket, connected } => return datagram(socket, *connected, buffer).await,
            Self::Tcp(stream) => stream.read(buffer).await,
            Self::Serial(line) => line.read(buffer).await,
        };
        match read {
            Ok(0) => Err(PortError::HungUp),
            Ok(count) => Ok((Peer::Line, count)),
            Err(source) => Err(PortError::lost(source)),
        }
    }
}

/// The machine of the socket's one far end has refused a datagram.
fn nobody(socket: &UdpSocket) -> PortError {
    let far = socket.peer_addr();
    let far = far.map_or_else(|_| "the far end".to_owned(), |it| it.to_string());
    PortError::NobodyThere { far }
}

async fn datagram(
    socket: &UdpSocket,
    connected: bool,
    buffer: &mut [u8],
) -> Result<(Peer, usize), PortError> {
    let mut errors = 0;
    loop {
        match socket.recv_from(buffer).await {
            Ok((count, _)) if connected => return Ok((Peer::Line, count)),
            Ok((count, from)) => return Ok((Peer::Socket(canonical(from)), count)),
            Err(source) if connected && source.kind() == io::ErrorKind::ConnectionRefused => {
                return Err(nobody(socket));
            }
            Err(source) => {
                errors += 1;
                if errors == PATIENCE {
                    return Err(PortError::lost(source));
                }
                tracing::debug!(error = %source, "a datagram socket reported a peer's trouble");
            }
        }
    }
}

/// Where bytes go.
#[derive(Debug)]
pub enum Sender {
    /// A datagram socket.
    Udp {
        /// The socket.
        socket: Arc<UdpSocket>,
        /// Whether it has one far end.
        connected: bool,
        /// Whether it is an IPv6 socket, which wants IPv4 addresses mapped.
        six: bool,
    },
    /// A byte stream.
    Tcp(OwnedWriteHalf),
    /// A serial line.
    Serial(WriteHalf<SerialStream>),
}

impl Sender {
    /// Writes a datagram, or as much of `bytes` as a stream takes now; how many were
    /// written. Dropping the future before it is ready means that none were.
    ///
    /// # Errors
    /// As [`Port::send`](super::Port::send).
    pub async fn send_some(&mut self, to: Peer, bytes: &[u8]) -> Result<usize, PortError> {
        let written = match (&mut *self, to) {
            (Self::Udp { socket, six, .. }, Peer::Socket(address)) => {
                let address = if *six { mapped(address) } else { address };
                let sent = socket.send_to(bytes, address).await;
                return sent.map_err(|source| PortError::Unsent { to, source });
            }
            (
                Self::Udp {
                    socket,
                    connected: true,
                    ..
                },
                Peer::Line,
            ) => {
                return match socket.send(bytes).await {
                    // It is the datagram before that was refused; this one has not left.
                    Err(source) if source.kind() == io::ErrorKind::ConnectionRefused => {
                        Err(nobody(socket))
                    }
                    sent => sent.map_err(|source| PortError::Unsent { to, source }),
                };
            }
            (Self::Udp { .. }, Peer::Line) | (_, Peer::Socket(_)) => {
                let source = io::Error::new(io::ErrorKind::InvalidInput, "no such peer here");
                return Err(PortError::Unsent { to, source });
            }
            (_, Peer::Line) if bytes.is_empty() => return Ok(0),
            (Self::Tcp(stream), Peer::Line) => stream.write(bytes).await,
            // Never flushed: for a serial line that means waiting for the last bit to leave,
            // on the runtime's thread.
            (Self::Serial(line), Peer::Line) => line.write(bytes).await,
        };
        match written {
            Ok(0) => Err(PortError::HungUp),
            Ok(count) => Ok(count),
            Err(source) => Err(PortError::lost(source)),
        }
    }
}

/// An IPv4 address that an IPv6 socket shows as mapped, as what it is.
fn canonical(address: SocketAddr) -> SocketAddr {
    match address {
        SocketAddr::V6(six) => match six.ip().to_ipv4_mapped() {
            Some(four) => SocketAddr::from((four, six.port())),
            None => address,
        },
        SocketAddr::V4(_) => address,
    }
}

fn mapped(address: SocketAddr) -> SocketAddr {
    match address {
        SocketAddr::V4(four) => {
            let ip: Ipv6Addr = four.ip().to_ipv6_mapped();
            SocketAddr::V6(SocketAddrV6::new(ip, four.port(), 0, 0))
        }
        SocketAddr::V6(_) => address,
    }
}
