//! One timeslot behind a Homebrew link: a conventional channel whose bursts leave as DMRD,
//! one every 60 ms.

use core::time::Duration;
use std::collections::VecDeque;

use bytes::Bytes;

use super::message::{Dmrd, FrameType, Quality};
use super::salts::Salts;
use crate::air::{DMR_BURST_MICROS, JobId, Slot};
use crate::dmr::channel::{Channel, ChannelConfig, ChannelEvent, Outgoing};
use crate::session::Action;
use crate::time::Instant;

/// A repeater's buffer is small: no burst leaves earlier than this after the one before.
const PACE: Duration = Duration::from_micros(DMR_BURST_MICROS);

/// A timeslot of a station that is logged in, or of ours at somebody else's master.
#[derive(Debug)]
pub(super) struct Timeslot {
    pub(super) channel: Channel,
    /// No burst before.
    next: Instant,
    sequence: u8,
    stream: u32,
}

impl Timeslot {
    pub(super) fn new(now: Instant, config: ChannelConfig) -> Self {
        Self {
            channel: Channel::new(config),
            next: now,
            sequence: 0,
            stream: 0,
        }
    }

    pub(super) const fn slot(&self) -> Slot {
        self.channel.carrier().slot
    }

    /// Does what is due; a datagram if one may leave now, and the job whose last one it is.
    pub(super) fn serve(
        &mut self,
        now: Instant,
        repeater: u32,
        salts: &mut Salts,
    ) -> Option<(Bytes, Option<JobId>)> {
        self.channel.tick(now);
        if self.next > now {
            return None;
        }
        let burst = self.channel.next_burst(now)?;
        // An even pace when the timer was a little late, no catching up when it was very late.
        self.next = if now.since(self.next) < PACE {
            self.next + PACE
        } else {
            now + PACE
        };
        if burst.new_stream {
            self.stream = salts.stream();
        }
        Some((self.datagram(repeater, &burst), burst.last_of))
    }

    /// When to [`serve`](Self::serve) it next.
    pub(super) fn due(&self) -> Option<Instant> {
        match self.channel.deadline() {
            _ if self.channel.is_sending() => Some(self.next),
            Some(at) if self.channel.wants_to_send() => Some(at.max(self.next)),
            other => other,
        }
    }

    /// What the channel reports, as actions; what it dropped is given back to be counted.
    pub(super) fn report(&mut self, actions: &mut VecDeque<Action>) -> Vec<(&'static str, u32)> {
        let carrier = self.channel.carrier();
        let mut dropped = Vec::new();
        while let Some(event) = self.channel.poll() {
            match event {
                ChannelEvent::Heard(heard) => actions.push_back(Action::Heard(heard)),
                ChannelEvent::Job { id, step } => actions.push_back(Action::Job { id, step }),
                ChannelEvent::State { state, room } => actions.push_back(Action::Carrier {
                    id: carrier,
                    state,
                    room,
                }),
                ChannelEvent::Dropped { cause, count } => dropped.push((cause, count)),
            }
        }
        dropped
    }

    fn datagram(&mut self, repeater: u32, burst: &Outgoing) -> Bytes {
        let sequence = self.sequence;
        self.sequence = sequence.wrapping_add(1);
        let message = Dmrd {
            sequence,
            source: burst.src,
            destination: burst.dst,
            repeater,
            slot: self.slot(),
            group: burst.group,
            frame: FrameType::Data(burst.data_type),
            stream: self.stream,
            burst: burst.burst,
            quality: Some(Quality {
                bit_errors: 0,
                rssi: 0,
            }),
            uuid: None,
        };
        message.encode()
    }
}
