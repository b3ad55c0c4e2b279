//! What a lane serves: a conventional channel or a control channel.

use super::config::HostConfig;
use super::flow;
use crate::air::{Acknowledgement, CarrierId, JobId, RadioId, Slot, Transmission};
use crate::dmr::channel::{Channel, ChannelConfig, ChannelEvent, Outgoing, Source};
use crate::dmr::csbk::Aloha;
use crate::dmr::tier3::{ControlChannel, ControlConfig};
use crate::session::{Refusal, Step};
use crate::time::Instant;

/// Bursts that a control channel keeps waiting in the modem: the one behind an invitation
/// must not be there yet, and an urgent one waits at most two slots.
const CONTROL_DEPTH: u64 = 2;

/// The air side of a carrier.
#[derive(Debug)]
pub(super) enum AirSide {
    /// A conventional channel, and what it refuses because only a control channel can do it.
    Conventional(Box<Channel>, Vec<JobId>),
    /// A Tier III control channel.
    Control(Box<ControlChannel>),
}

impl AirSide {
    /// The air side of a slot.
    pub(super) fn new(config: &HostConfig, slot: Slot) -> Self {
        let carrier = CarrierId {
            station: config.station,
            slot,
        };
        let (own, groups, color_code) = (config.own, config.groups.clone(), config.color_code);
        if let Some(trunking) = config.control(slot) {
            return Self::Control(Box::new(ControlChannel::new(ControlConfig {
                carrier,
                own,
                groups,
                color_code,
                identity: trunking.identity,
                registration: trunking.registration.clone(),
                nrand_wait: trunking.nrand_wait,
                backoff: trunking.backoff,
                neighbours: trunking.neighbours.clone(),
                hand_over: trunking.hand_over,
                answer_window: trunking.answer_window,
                tries: trunking.tries,
            })));
        }
        let source = if config.duplex {
            Source::BaseStation
        } else {
            Source::Mobile
        };
        let channel = Channel::new(ChannelConfig {
            carrier,
            own,
            groups,
            color_code,
            source,
            response_wait: config.response_wait,
            longest_call: config.longest_call,
        });
        Self::Conventional(Box::new(channel), Vec::new())
    }

    pub(super) fn carrier(&self) -> CarrierId {
        match self {
            Self::Conventional(channel, _) => channel.carrier(),
            Self::Control(channel) => channel.carrier(),
        }
    }

    pub(super) const fn is_control(&self) -> bool {
        matches!(self, Self::Control(_))
    }

    /// How many bursts are to wait in the modem.
    pub(super) const fn depth(&self) -> u64 {
        match self {
            Self::Conventional(..) => flow::WANTED,
            Self::Control(_) => CONTROL_DEPTH,
        }
    }

    /// The control channel, if it is one.
    pub(super) fn control(&mut self) -> Option<&mut ControlChannel> {
        match self {
            Self::Conventional(..) => None,
            Self::Control(channel) => Some(channel),
        }
    }

    /// The invitation that the modem is to repeat.
    pub(super) fn aloha(&self) -> Option<Aloha> {
        match self {
            Self::Conventional(..) => None,
            Self::Control(channel) => Some(channel.aloha()),
        }
    }

    /// The burst of an invitation.
    pub(super) fn aloha_burst(&self, aloha: Aloha) -> Option<[u8; 33]> {
        match self {
            Self::Conventional(..) => None,
            Self::Control(channel) => Some(channel.aloha_burst(aloha)),
        }
    }

    pub(super) fn send(&mut self, now: Instant, id: JobId, transmission: Transmission) {
        match self {
            Self::Conventional(channel, _) => channel.send(now, id, transmission),
            Self::Control(channel) => channel.send(now, id, &transmission),
        }
    }

    pub(super) fn collect(&mut self, now: Instant, id: JobId, from: RadioId, radios: &[RadioId]) {
        match self {
            Self::Conventional(_, refused) => refused.push(id),
            Self::Control(channel) => channel.collect(now, id, from, radios),
        }
    }

    pub(super) fn admit(&mut self, now: Instant, id: JobId, radios: Vec<RadioId>) {
        match self {
            Self::Conventional(_, refused) => refused.push(id),
            Self::Control(channel) => channel.admit(now, id, radios),
        }
    }

    pub(super) fn acknowledge(
        &mut self,
        now: Instant,
        id: JobId,
        acknowledgement: Acknowledgement,
        until: Instant,
    ) {
        match self {
            Self::Conventional(channel, _) => channel.acknowledge(now, id, acknowledgement, until),
            Self::Control(channel) => channel.acknowledge(now, id, &acknowledgement, until),
        }
    }

    pub(super) fn withdraw(&mut self, id: JobId) {
        match self {
            Self::Conventional(channel, _) => channel.withdraw(id),
            Self::Control(channel) => channel.withdraw(id),
        }
    }

    /// A radio is sent something over another lane.
    pub(super) fn used_elsewhere(&mut self, radio: RadioId) {
        if let Self::Conventional(channel, _) = self {
            channel.used_elsewhere(radio);
        }
    }

    pub(super) fn heard(&mut self, now: Instant, burst: &[u8; 33]) {
        match self {
            Self::Conventional(channel, _) => channel.heard(now, burst),
            Self::Control(channel) => channel.heard(now, burst),
        }
    }

    pub(super) fn signal_lost(&mut self, now: Instant) {
        match self {
            Self::Conventional(channel, _) => channel.signal_lost(now),
            Self::Control(channel) => channel.signal_lost(now),
        }
    }

    pub(super) fn next_burst(&mut self, now: Instant) -> Option<Outgoing> {
        match self {
            Self::Conventional(channel, _) => channel.next_burst(now),
            Self::Control(channel) => channel.next_burst(now),
        }
    }

    /// So many bursts have left, says the answer to a question of that time. Only a control
    /// channel wants to know.
    pub(super) fn left(&mut self, now: Instant, asked: Instant, count: u64) {
        if let Self::Control(channel) = self {
            channel.line_delay(now.since(asked));
            channel.left(now, count);
        }
    }

    /// Whether bursts must follow without a gap; a control channel's deadline says it all.
    pub(super) fn is_sending(&self) -> bool {
        match self {
            Self::Conventional(channel, _) => channel.is_sending(),
            Self::Control(_) => false,
        }
    }

    pub(super) fn wants_to_send(&self) -> bool {
        match self {
            Self::Conventional(channel, _) => channel.wants_to_send(),
            Self::Control(channel) => channel.wants_to_send(),
        }
    }

    pub(super) fn close(&mut self, now: Instant) {
        match self {
            Self::Conventional(channel, _) => channel.close(now),
            Self::Control(channel) => channel.close(now),
        }
    }

    pub(super) fn reopen(&mut self, now: Instant) {
        match self {
            Self::Conventional(channel, _) => channel.reopen(),
            Self::Control(channel) => channel.reopen(now),
        }
    }

    pub(super) fn tick(&mut self, now: Instant) {
        match self {
            Self::Conventional(channel, _) => channel.tick(now),
            Self::Control(channel) => channel.tick(now),
        }
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        match self {
            Self::Conventional(channel, _) => channel.deadline(),
            Self::Control(channel) => channel.deadline(),
        }
    }

    pub(super) fn poll(&mut self) -> Option<ChannelEvent> {
        match self {
            Self::Conventional(channel, refused) => channel.poll().or_else(|| {
                refused.pop().map(|id| ChannelEvent::Job {
                    id,
                    step: Step::Refused(Refusal::NotOffered),
                })
            }),
            Self::Control(channel) => channel.poll(),
        }
    }
}
