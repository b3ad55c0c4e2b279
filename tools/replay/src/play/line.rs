//! An open port to whom a recording is played.

use core::time::Duration;
use std::collections::VecDeque;

use anyhow::Result;
use jiff::Timestamp;
use narrowcast_hardware::capture::Direction;
use narrowcast_hardware::port::{LARGEST_CHUNK, Port};
use narrowcast_protocol::session::Peer;
use tokio::time::{Instant, timeout_at};

use crate::decode::{Frames, Kind};
use crate::input::Raw;
use crate::link::Place;

/// Frames that were heard and that nobody has asked for.
const MOST_WAITING: usize = 65_536;
/// How long a stream may take to swallow what was written.
const DRAIN: Duration = Duration::from_millis(100);

/// The port, and what came from it.
pub(super) struct Line {
    port: Port,
    /// Whom we talk to; nobody until somebody has said something to a listening port.
    peer: Option<Peer>,
    is_datagrams: bool,
    is_listening: bool,
    /// How the other side's frames would stand in the recording.
    heard_as: Direction,
    frames: Frames,
    waiting: VecDeque<Heard>,
    buffer: Vec<u8>,
}

/// A frame from the other side.
#[derive(Debug, Clone)]
pub(super) struct Heard {
    pub(super) raw: Raw,
    pub(super) kind: Option<&'static Kind>,
}

impl Line {
    pub(super) fn new(port: Port, place: &Place) -> Self {
        let is_listening = matches!(place, Place::UdpListen(_));
        Self {
            port,
            peer: (!is_listening).then_some(Peer::Line),
            is_datagrams: place.is_datagrams(),
            is_listening,
            heard_as: Direction::Inbound,
            frames: Frames::of(None),
            waiting: VecDeque::new(),
            buffer: vec![0; LARGEST_CHUNK],
        }
    }

    /// Whether others write first.
    pub(super) const fn is_listening(&self) -> bool {
        self.is_listening
    }

    /// Whether it carries datagrams; otherwise a byte stream.
    pub(super) const fn is_datagrams(&self) -> bool {
        self.is_datagrams
    }

    /// The other side's frames are of this direction in the recording. Some families have
    /// others for each.
    pub(super) fn hear_as(&mut self, direction: Direction) {
        self.heard_as = direction;
    }

    /// Talks to whoever comes next.
    pub(super) fn forget_peer(&mut self) {
        self.peer = (!self.is_listening).then_some(Peer::Line);
    }

    /// Sends a frame. A datagram that nobody takes is lost, as datagrams are.
    pub(super) async fn send(&mut self, bytes: &[u8]) -> Result<()> {
        let Some(peer) = self.peer else {
            return Ok(());
        };
        match self.port.send(peer, bytes).await {
            Err(error) if error.loses_port() => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// The next frame of the other side, if one comes until then.
    pub(super) async fn hear(&mut self, until: Instant) -> Result<Option<Heard>> {
        while self.waiting.is_empty() {
            let Ok(heard) = timeout_at(until, self.port.recv(&mut self.buffer)).await else {
                return Ok(None);
            };
            let (from, count) = heard?;
            if *self.peer.get_or_insert(from) != from {
                // Somebody else, who is not part of this conversation.
                continue;
            }
            let raw = Raw {
                at: Some(Timestamp::now()),
                direction: Some(self.heard_as),
                stream: !self.is_datagrams,
                bytes: self.buffer.get(..count).unwrap_or_default().to_vec(),
                ..Raw::default()
            };
            let heard = self.frames.push(raw).into_iter();
            let heard = heard.map(|(raw, kind)| Heard { raw, kind });
            let room = MOST_WAITING - self.waiting.len();
            self.waiting.extend(heard.take(room));
        }
        Ok(self.waiting.pop_front())
    }

    /// Gives a stream time to swallow what was written last, then closes it.
    pub(super) async fn drained(self) {
        if !self.is_datagrams {
            tokio::time::sleep(DRAIN).await;
        }
        self.port.close().await;
    }
}
