//! What the taps hand to the thread that writes.

use core::sync::atomic::AtomicU64;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use jiff::Timestamp;
use narrowcast_protocol::session::Peer;

use super::super::Direction;
use crate::port::Port;

/// One link, as the record knows it.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) name: String,
    pub(super) description: String,
    /// Losses that are not on record yet.
    pub(super) lost: AtomicU64,
}

/// What went over one link at one moment, one way.
#[derive(Debug)]
pub(super) struct Records {
    pub(super) source: Arc<Source>,
    pub(super) at: Timestamp,
    pub(super) monotonic: Instant,
    pub(super) direction: Direction,
    /// Each is a record of its own.
    pub(super) chunks: Vec<Chunk>,
}

impl Records {
    pub(super) fn bytes(&self) -> usize {
        self.chunks.iter().map(|chunk| chunk.bytes.len()).sum()
    }
}

#[derive(Debug)]
pub(super) struct Chunk {
    /// Both ends of a datagram; `None` for streams.
    pub(super) ends: Option<Ends>,
    pub(super) bytes: Bytes,
}

/// The ends of a datagram socket; our own address may still be a wildcard.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ends {
    pub(super) local: SocketAddr,
    pub(super) peer: SocketAddr,
}

impl Ends {
    /// The ends of what `port` exchanges with `peer`, if it carries datagrams.
    pub(super) fn of(peer: Peer, port: &Port) -> Option<Self> {
        let unknown = SocketAddr::from(([0, 0, 0, 0], 0));
        port.is_datagram().then(|| Self {
            local: port.local().unwrap_or(unknown),
            peer: match peer {
                Peer::Socket(address) => address,
                Peer::Line => port.remote().unwrap_or(unknown),
            },
        })
    }
}
