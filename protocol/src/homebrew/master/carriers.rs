//! The carriers of the stations: one conventional channel per timeslot, a burst every 60 ms.

use std::collections::VecDeque;
use std::time::Duration;

use super::HomebrewMaster;
use super::config::StationConfig;
use super::station::offered;
use crate::air::{CarrierId, DMR_BURST_MICROS, Slot};
use crate::dmr::channel::{Channel, ChannelConfig, ChannelEvent, Outgoing, Source};
use crate::dmr::slot_type::ColorCode;
use crate::homebrew::message::{Dmrd, FrameType, Quality, Rptc, Slots};
use crate::session::{Action, Job, Peer, Refusal, Step};
use crate::time::Instant;

/// A repeater's buffer is small: no burst leaves earlier than this after the one before.
const PACE: Duration = Duration::from_micros(DMR_BURST_MICROS);

/// A timeslot of a station that is logged in.
#[derive(Debug)]
pub(super) struct Carrier {
    pub(super) slot: Slot,
    pub(super) channel: Channel,
    /// No burst before.
    next: Instant,
    sequence: u8,
    stream: u32,
    /// When it wants to be looked at, as the master's list has it.
    due: Option<Instant>,
}

/// The carriers that a station offers and its configuration allows.
pub(super) fn of_station(
    now: Instant,
    config: &StationConfig,
    said: &Rptc,
    response_wait: Duration,
) -> Vec<Carrier> {
    let code = config.color_code.or(said.color_code);
    // The station rewrites it anyway; 1 is what an unconfigured one has.
    let color_code = ColorCode::new(code.unwrap_or(1)).unwrap_or_default();
    let source = if said.slots == Slots::Simplex {
        Source::Mobile
    } else {
        Source::BaseStation
    };
    let slots = offered(said.slots)
        .iter()
        .copied()
        .filter(|slot| config.slots.contains(slot));
    slots
        .map(|slot| Carrier {
            slot,
            channel: Channel::new(ChannelConfig {
                carrier: CarrierId {
                    station: config.id,
                    slot,
                },
                own: config.own,
                groups: config.groups.clone(),
                color_code,
                source,
                response_wait,
            }),
            next: now,
            sequence: 0,
            stream: 0,
            due: None,
        })
        .collect()
}

impl HomebrewMaster {
    /// Lets a carrier do what is due, and notes when to come back.
    pub(super) fn serve(&mut self, now: Instant, index: usize, slot: Slot) {
        let Some(station) = self.stations.get_mut(index) else {
            return;
        };
        let id = station.config.id;
        let Some(link) = station.link.as_mut() else {
            return;
        };
        let peer = link.peer;
        let Some(carrier) = link
            .carriers
            .iter_mut()
            .find(|carrier| carrier.slot == slot)
        else {
            return;
        };
        carrier.channel.tick(now);
        if carrier.next <= now
            && let Some(burst) = carrier.channel.next_burst(now)
        {
            // An even pace when the timer was a little late, no catching up when it was very late.
            carrier.next = if now.since(carrier.next) < PACE {
                carrier.next + PACE
            } else {
                now + PACE
            };
            if burst.new_stream {
                carrier.stream = self.salts.stream();
            }
            let datagram = datagram(id.0, carrier, &burst);
            self.actions.push_back(Action::Send {
                to: Peer::Socket(peer),
                bytes: datagram,
                for_job: burst.last_of,
            });
        }
        let dropped = report(
            &mut carrier.channel,
            carrier_id(id.0, slot),
            &mut self.actions,
        );
        let wanted = carrier.channel.deadline();
        let due = match wanted {
            _ if carrier.channel.is_sending() => Some(carrier.next),
            Some(at) if carrier.channel.wants_to_send() => Some(at.max(carrier.next)),
            other => other,
        };
        if carrier.due != due {
            if let Some(old) = std::mem::replace(&mut carrier.due, due) {
                self.due.remove(&(old, index, slot));
            }
            self.due.extend(due.map(|at| (at, index, slot)));
        }
        for (cause, count) in dropped {
            self.drops.count(now, Some(id), cause, count);
        }
    }

    /// Lets every carrier do what is due.
    pub(super) fn serve_due(&mut self, now: Instant) {
        while let Some(&(at, index, slot)) = self.due.first() {
            if at > now {
                return;
            }
            self.due.pop_first();
            if let Some(carrier) = self.carrier(index, slot) {
                carrier.due = None;
            }
            self.serve(now, index, slot);
        }
    }

    pub(super) fn carrier(&mut self, index: usize, slot: Slot) -> Option<&mut Carrier> {
        let link = self.stations.get_mut(index)?.link.as_mut()?;
        link.carriers
            .iter_mut()
            .find(|carrier| carrier.slot == slot)
    }

    /// The station is gone: what was under way on its carriers is lost.
    pub(super) fn close_carriers(&mut self, now: Instant, index: usize, carriers: Vec<Carrier>) {
        let Some(id) = self.stations.get(index).map(|station| station.config.id) else {
            return;
        };
        for mut carrier in carriers {
            if let Some(due) = carrier.due {
                self.due.remove(&(due, index, carrier.slot));
            }
            carrier.channel.close(now);
            report(
                &mut carrier.channel,
                carrier_id(id.0, carrier.slot),
                &mut self.actions,
            );
        }
    }

    pub(super) fn job(&mut self, now: Instant, job: Job) {
        match job {
            Job::Send {
                id,
                carrier,
                transmission,
            } => {
                let Some(index) = self.by_id.get(&carrier.station.0).copied() else {
                    return self.no_carrier(id);
                };
                let Some(known) = self.carrier(index, carrier.slot) else {
                    return self.no_carrier(id);
                };
                known.channel.send(now, id, transmission);
                self.serve(now, index, carrier.slot);
            }
            Job::Acknowledge {
                id,
                carrier,
                acknowledgement,
                until,
            } => {
                let Some(index) = self.by_id.get(&carrier.station.0).copied() else {
                    return self.no_carrier(id);
                };
                let Some(known) = self.carrier(index, carrier.slot) else {
                    return self.no_carrier(id);
                };
                known.channel.acknowledge(now, id, acknowledgement, until);
                self.serve(now, index, carrier.slot);
            }
            Job::Collect { id, .. } | Job::Admit { id, .. } => {
                self.actions.push_back(Action::Job {
                    id,
                    step: Step::Refused(Refusal::NotOffered),
                });
            }
            Job::Withdraw(id) => {
                for index in 0..self.stations.len() {
                    for slot in [Slot::One, Slot::Two] {
                        if let Some(carrier) = self.carrier(index, slot) {
                            carrier.channel.withdraw(id);
                            self.serve(now, index, slot);
                        }
                    }
                }
            }
        }
    }

    fn no_carrier(&mut self, id: crate::air::JobId) {
        self.actions.push_back(Action::Job {
            id,
            step: Step::Refused(Refusal::NoCarrier),
        });
    }
}

const fn carrier_id(station: u32, slot: Slot) -> CarrierId {
    CarrierId {
        station: crate::air::StationId(station),
        slot,
    }
}

/// What a channel reports, as actions; what it dropped is given back to be counted.
fn report(
    channel: &mut Channel,
    id: CarrierId,
    actions: &mut VecDeque<Action>,
) -> Vec<(&'static str, u32)> {
    let mut dropped = Vec::new();
    while let Some(event) = channel.poll() {
        match event {
            ChannelEvent::Heard(heard) => actions.push_back(Action::Heard(heard)),
            ChannelEvent::Job { id, step } => actions.push_back(Action::Job { id, step }),
            ChannelEvent::State { state, room } => {
                actions.push_back(Action::Carrier { id, state, room })
            }
            ChannelEvent::Dropped { cause, count } => dropped.push((cause, count)),
        }
    }
    dropped
}

fn datagram(repeater: u32, carrier: &mut Carrier, burst: &Outgoing) -> bytes::Bytes {
    let sequence = carrier.sequence;
    carrier.sequence = sequence.wrapping_add(1);
    let message = Dmrd {
        sequence,
        source: burst.src,
        destination: burst.dst,
        repeater,
        slot: carrier.slot,
        group: burst.group,
        frame: FrameType::Data(burst.data_type),
        stream: carrier.stream,
        burst: burst.burst,
        quality: Some(Quality {
            bit_errors: 0,
            rssi: 0,
        }),
    };
    message.encode()
}
