//! The two directions of a port.

use std::io::{self, IoSlice};
use std::net::{Ipv6Addr, SocketAddr, SocketAddrV6};
use std::sync::Arc;

use narrowcast_protocol::session::Peer;
use rustix::net::addr::SocketAddrArg;
use rustix::net::{MMsgHdr, SendAncillaryBuffer, SendFlags, SocketAddrAny, sendmmsg};
use tokio::io::{AsyncReadExt, AsyncWriteExt, Interest, ReadHalf, WriteHalf};
use tokio::net::UdpSocket;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio_serial::SerialStream;

use super::PortError;

/// So many errors in a row are no longer ICMP about some peer.
const PATIENCE: usize = 16;

/// Most datagrams that leave with one call of the system: about 0.4 ms, for which nothing else is
/// done on the link. The system itself takes no more than 1,024.
const BATCH: usize = 256;

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

/// What has left of a queue of chunks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// So many bytes of the first chunk; a datagram leaves as a whole.
    Bytes(usize),
    /// So many whole datagrams from the front, at least one.
    Datagrams(usize),
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
    /// Writes what it can of a queue, from its front: a listening socket several datagrams with
    /// one call of the system, all others as [`send_some`](Self::send_some) the first chunk.
    /// Dropping the future before it is ready means that nothing was written.
    ///
    /// # Errors
    /// As [`Port::send`](super::Port::send), of the first chunk: nothing was written.
    pub async fn send_queued<'a>(
        &mut self,
        queue: impl Iterator<Item = (Peer, &'a [u8])> + Clone,
    ) -> Result<Written, PortError> {
        let Some((to, bytes)) = queue.clone().next() else {
            return Ok(Written::Bytes(0));
        };
        let several = queue.clone().nth(1).is_some();
        match self {
            Self::Udp {
                socket,
                connected: false,
                six,
            } if several && matches!(to, Peer::Socket(_)) => {
                // Nothing of it may outlive a wait, so it is made again after one.
                let send = || batch(socket, *six, queue.clone());
                let sent = socket.async_io(Interest::WRITABLE, send).await;
                let sent = sent.map_err(|source| PortError::Unsent { to, source })?;
                Ok(Written::Datagrams(sent))
            }
            _ => self.send_some(to, bytes).await.map(Written::Bytes),
        }
    }

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

/// Sends datagrams until the socket takes no more; how many. An error is that of the first one:
/// one that comes later is found again when its datagram is the first.
fn batch<'a>(
    socket: &UdpSocket,
    six: bool,
    queue: impl Iterator<Item = (Peer, &'a [u8])>,
) -> io::Result<usize> {
    let datagrams = queue.map_while(|(to, bytes)| match to {
        Peer::Socket(address) if six => Some((mapped(address).as_any(), [IoSlice::new(bytes)])),
        Peer::Socket(address) => Some((address.as_any(), [IoSlice::new(bytes)])),
        Peer::Line => None,
    });
    let datagrams: Vec<(SocketAddrAny, [IoSlice<'_>; 1])> = datagrams.take(BATCH).collect();
    let mut controls: Vec<SendAncillaryBuffer<'_, '_, '_>> = Vec::new();
    controls.resize_with(datagrams.len(), SendAncillaryBuffer::default);
    let headers = datagrams.iter().zip(&mut controls);
    let headers = headers.map(|((to, bytes), control)| MMsgHdr::new_with_addr(to, bytes, control));
    let mut headers: Vec<MMsgHdr<'_>> = headers.collect();
    Ok(sendmmsg(socket, &mut headers, SendFlags::empty())?)
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
