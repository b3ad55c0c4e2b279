//! The life of an event: which of its messages holds, in whatever order they come.

use jiff::Timestamp;

use super::id::Identifier;
use super::message::Message;
use super::values::{Colour, MsgType, Status};

/// What a message did to its event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Change {
    /// It holds now; transmit it.
    Current,
    /// It is older than what holds, and is only kept. Transmit nothing: a late message lowers
    /// no colour.
    Older,
    /// It ends the event, and every version of it. Transmit it once, to whoever had any
    /// version, and nothing else of the event afterwards.
    Ended,
    /// The event has ended. Transmit nothing.
    AfterEnd,
    /// It has come before. Transmit nothing.
    Repeated,
    /// It belongs to another event, is of another status, or is neither Alert, Update nor
    /// Cancel. Nothing has changed.
    Foreign,
}

/// An Alert or Update of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// Which message.
    pub identifier: Identifier,
    /// Its colour.
    pub colour: Colour,
    /// From when on it holds.
    pub effective: Timestamp,
    /// The time on its approval; of two that are effective alike the later approved holds.
    pub send_time: Timestamp,
}

impl Version {
    fn of(message: &Message) -> Self {
        Self {
            identifier: message.identifier.clone(),
            colour: message.info.colour.clone(),
            effective: message.info.effective.timestamp(),
            send_time: message.send_time.timestamp(),
        }
    }

    fn order(&self) -> (Timestamp, Timestamp, &Identifier) {
        (self.effective, self.send_time, &self.identifier)
    }
}

/// An event: its first issue, and what followed it. The state is the same in whatever order its
/// messages come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    first: Identifier,
    status: Status,
    /// From the oldest to the one that holds.
    versions: Vec<Version>,
    ended: Option<Identifier>,
}

impl Event {
    /// The event that a message belongs to, with nothing of it taken yet.
    #[must_use]
    pub fn of(message: &Message) -> Self {
        Self {
            first: message.event().clone(),
            status: message.status.clone(),
            versions: Vec::new(),
            ended: None,
        }
    }

    /// Takes a message, and says what is to be done.
    pub fn take(&mut self, message: &Message) -> Change {
        if *message.event() != self.first || message.status != self.status {
            return Change::Foreign;
        }
        let id = &message.identifier;
        let mut versions = self.versions.iter();
        if self.ended.as_ref() == Some(id) || versions.any(|it| it.identifier == *id) {
            return Change::Repeated;
        }
        match message.msg_type {
            MsgType::Alert | MsgType::Update => self.add(Version::of(message)),
            MsgType::Cancel if self.ended.is_some() => Change::AfterEnd,
            MsgType::Cancel => {
                self.ended = Some(id.clone());
                Change::Ended
            }
            MsgType::Ack | MsgType::Error | MsgType::Other(_) => Change::Foreign,
        }
    }

    fn add(&mut self, version: Version) -> Change {
        let at = self
            .versions
            .partition_point(|it| it.order() < version.order());
        let last = at == self.versions.len();
        self.versions.insert(at, version);
        match (self.has_ended(), last) {
            (true, _) => Change::AfterEnd,
            (false, true) => Change::Current,
            (false, false) => Change::Older,
        }
    }

    /// The identifier of the first issue, whether it has come or not.
    #[must_use]
    pub const fn first(&self) -> &Identifier {
        &self.first
    }

    /// The version that holds: the latest effective. None before the first, and after the end.
    #[must_use]
    pub fn current(&self) -> Option<&Version> {
        self.versions.last().filter(|_| !self.has_ended())
    }

    /// Every version, the latest effective last; also after the end.
    #[must_use]
    pub fn versions(&self) -> &[Version] {
        &self.versions
    }

    /// Whether a Cancel has ended it, also one that came before what it cancels.
    #[must_use]
    pub const fn has_ended(&self) -> bool {
        self.ended.is_some()
    }
}
