//! Whose relayed traffic a timeslot carries, and for how long.

use core::time::Duration;

use super::limit::Rate;
use crate::air::Slot;
use crate::homebrew::message::{Dmrd, FrameType};
use crate::time::Instant;

/// A slot is free again after so long without a voice burst of the call it carries.
pub(super) const CALL_SILENCE: Duration = Duration::from_secs(2);

/// And after so long without a data burst: the gap between the blocks of one packet.
pub(super) const DATA_SILENCE: Duration = Duration::from_millis(360);

/// Twice what a timeslot carries (16.7 bursts a second): more is a flood.
pub(super) const BURSTS_PER_SECOND: u32 = 34;

/// A timeslot of a station, by its place in the master's list.
pub(super) type Place = (usize, Slot);

/// What a relayed burst does to the slot that carries it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hold {
    /// Holds it for so long.
    For(Duration),
    /// Lets it go.
    Ends,
}

impl Hold {
    pub(super) const fn of(frame: FrameType) -> Self {
        match frame {
            FrameType::Data(2) => Self::Ends,
            FrameType::Voice(_) | FrameType::VoiceSync(_) | FrameType::Data(0 | 1) => {
                Self::For(CALL_SILENCE)
            }
            FrameType::Data(_) | FrameType::Reserved(_) => Self::For(DATA_SILENCE),
        }
    }
}

/// Whose traffic a slot carries.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) origin: Place,
    pub(super) stream: u32,
    pub(super) since: Instant,
    /// It holds the slot until then.
    pub(super) until: Instant,
    /// It is over then; later than `until` if it lasts too long.
    pub(super) silent: Instant,
    /// Until then the same stream heard here is what was given.
    pub(super) echo_until: Instant,
    pub(super) rate: Rate,
}

impl Held {
    pub(super) fn by(now: Instant, origin: Place) -> Self {
        Self {
            origin,
            stream: 0,
            since: now,
            until: Instant::ZERO,
            silent: Instant::ZERO,
            echo_until: Instant::ZERO,
            rate: Rate::per_second(BURSTS_PER_SECOND),
        }
    }

    /// Whether somebody other than `origin` holds the slot.
    pub(super) fn against(&self, now: Instant, origin: Place) -> bool {
        self.origin != origin && self.until > now
    }

    /// Whether this is the stream that the slot carries or has just carried.
    pub(super) fn carries(&self, now: Instant, stream: u32) -> bool {
        self.echo_until > now && self.stream == stream
    }

    /// Whether what its origin sends is not over.
    pub(super) fn goes_on(&self, now: Instant, origin: Place) -> bool {
        self.origin == origin && self.silent > now
    }

    /// Takes a burst, unless they come too fast or for too long; when the slot is free again.
    pub(super) fn take(
        &mut self,
        now: Instant,
        longest: Duration,
        message: &Dmrd,
    ) -> Result<Instant, Passed> {
        if !self.rate.allow(now) {
            return Err(Passed::Flood);
        }
        self.silent = match Hold::of(message.frame) {
            Hold::For(silence) => now + silence,
            Hold::Ends => now,
        };
        if now.since(self.since) >= longest {
            return Err(Passed::TooLong);
        }
        self.stream = message.stream;
        self.echo_until = now + CALL_SILENCE;
        self.until = self.silent;
        Ok(self.until)
    }
}

/// What became of a burst at one of the places it should go to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Passed {
    Sent,
    /// The station is not there, or does not want the group.
    Nobody,
    /// Somebody holds the slot.
    InUse,
    /// Bursts come faster than a timeslot has them.
    Flood,
    /// Nothing begins with it, and nothing is under way.
    NoCall,
    /// It has held the slot for longer than a call may last.
    TooLong,
}
