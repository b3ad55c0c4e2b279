//! What a pump reports, and what it does when nobody takes the reports.

use core::time::Duration;
use std::collections::VecDeque;

use narrowcast_protocol::air::{CarrierId, Heard, HeardKind, JobId};
use narrowcast_protocol::session::{CarrierState, Notice, Step};
use tokio::sync::mpsc;

/// What a link has to say.
#[derive(Debug, Clone, PartialEq)]
pub enum LinkEvent {
    /// Something usable was heard.
    Heard(Heard),
    /// A job came further.
    Job {
        /// Which.
        id: JobId,
        /// How far.
        step: Step,
    },
    /// The port has written the last byte of this job.
    Sent(JobId),
    /// A carrier appeared, changed or went.
    Carrier {
        /// Which.
        id: CarrierId,
        /// Its state.
        state: CarrierState,
        /// How many fragments it takes now.
        room: u8,
    },
    /// Something for the log and the counters.
    Notice(Notice),
    /// The port was opened, lost or could not be opened.
    Link(LinkState),
}

/// The state of a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkState {
    /// Whether it is open.
    pub up: bool,
    /// What happened, in words.
    pub why: String,
    /// How often it was lost since the start.
    pub flaps: u32,
    /// With `up`: how long it must hold before it is trusted with routine traffic; zero
    /// when it was not lost of late.
    pub hold_down: Duration,
}

impl LinkEvent {
    /// Whether it carries an emergency, which waits behind nothing else.
    #[must_use]
    pub const fn is_emergency(&self) -> bool {
        matches!(
            self,
            Self::Heard(Heard {
                what: HeardKind::Emergency { .. },
                ..
            })
        )
    }
}

/// Where the pumps' reports go: two bounded lanes, so that an emergency never waits behind
/// what else is reported.
#[derive(Debug, Clone)]
pub struct EventLanes {
    /// Emergencies.
    pub emergencies: mpsc::Sender<LinkEvent>,
    /// Everything else.
    pub others: mpsc::Sender<LinkEvent>,
}

/// The ends of [`EventLanes`]; emergencies are taken first.
#[derive(Debug)]
pub struct EventEnds {
    /// Emergencies.
    pub emergencies: mpsc::Receiver<LinkEvent>,
    /// Everything else.
    pub others: mpsc::Receiver<LinkEvent>,
}

impl EventLanes {
    /// Both lanes with room for so many events each, and their ends.
    #[must_use]
    pub fn new(emergencies: usize, others: usize) -> (Self, EventEnds) {
        let (emergency_lane, emergency_end) = mpsc::channel(emergencies);
        let (other_lane, other_end) = mpsc::channel(others);
        let lanes = Self {
            emergencies: emergency_lane,
            others: other_lane,
        };
        let ends = EventEnds {
            emergencies: emergency_end,
            others: other_end,
        };
        (lanes, ends)
    }

    /// The lane that an event takes.
    #[must_use]
    pub const fn lane_of(&self, event: &LinkEvent) -> &mpsc::Sender<LinkEvent> {
        if event.is_emergency() {
            &self.emergencies
        } else {
            &self.others
        }
    }
}

/// From here on what can be spared is spared.
const THRIFTY: usize = 256;
/// From here on nothing more is read from the port.
const FULL: usize = 1_024;

/// Events that wait for the receiver; emergencies wait apart from the others.
///
/// Messages, job steps, `Sent` and link states are never dropped. Once 256 events wait,
/// signs of life and notices are counted instead of kept (one [`Notice::Dropped`] with the
/// cause `events-behind` tells how many), and of a carrier's reports of the same state only
/// the latest stays: that it went and came back is still told.
/// Once 1,024 wait, the pump stops reading its port: datagrams and serial bytes then wait
/// in the kernel, and are lost there, where their protocols expect loss. It goes on
/// ticking, writing and taking jobs: a receiver that is itself waiting to hand over a job
/// must not wait for ever.
#[derive(Debug, Default)]
pub(crate) struct Backlog {
    emergencies: VecDeque<LinkEvent>,
    waiting: VecDeque<LinkEvent>,
    dropped: u32,
}

impl Backlog {
    pub(crate) fn push(&mut self, event: LinkEvent) {
        if event.is_emergency() {
            return self.emergencies.push_back(event);
        }
        if self.waiting.len() >= THRIFTY {
            match &event {
                LinkEvent::Heard(heard) if matches!(heard.what, HeardKind::Presence { .. }) => {
                    self.dropped = self.dropped.saturating_add(1);
                    return;
                }
                LinkEvent::Notice(notice) => {
                    let lost = match notice {
                        Notice::Dropped { count, .. } => *count,
                        Notice::StationIdentified { .. }
                        | Notice::StationMoved { .. }
                        | Notice::StationCloses { .. }
                        | Notice::StationLeft { .. }
                        | Notice::Unfit { .. }
                        | Notice::LogInRefused { .. } => 1,
                    };
                    self.dropped = self.dropped.saturating_add(lost);
                    return;
                }
                LinkEvent::Carrier { id, state, .. } => self.forget(*id, *state),
                _ => {}
            }
        }
        self.waiting.push_back(event);
    }

    /// The oldest emergency, if any waits.
    pub(crate) fn pop_emergency(&mut self) -> Option<LinkEvent> {
        self.emergencies.pop_front()
    }

    pub(crate) fn has_emergencies(&self) -> bool {
        !self.emergencies.is_empty()
    }

    /// The oldest of the other events, if any waits.
    pub(crate) fn pop(&mut self) -> Option<LinkEvent> {
        let next = self.waiting.pop_front();
        if next.is_none() && self.dropped > 0 {
            let count = core::mem::take(&mut self.dropped);
            return Some(LinkEvent::Notice(Notice::Dropped {
                station: None,
                cause: "events-behind",
                count,
            }));
        }
        next
    }

    /// Whether no other event waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.dropped == 0
    }

    pub(crate) fn is_full(&self) -> bool {
        self.emergencies.len() + self.waiting.len() >= FULL
    }

    /// Forgets the newest reports of this carrier, as far as they were of the same state.
    fn forget(&mut self, carrier: CarrierId, now: CarrierState) {
        let is_of =
            |event: &LinkEvent| matches!(event, LinkEvent::Carrier { id, .. } if *id == carrier);
        while let Some(newest) = self.waiting.iter().rposition(is_of)
            && let Some(LinkEvent::Carrier { state, .. }) = self.waiting.get(newest)
            && *state == now
        {
            self.waiting.remove(newest);
        }
    }
}

#[cfg(test)]
mod tests {
    use narrowcast_protocol::air::{RadioId, Slot, StationId};

    use super::*;

    fn carrier() -> CarrierId {
        CarrierId {
            station: StationId(1),
            slot: Slot::One,
        }
    }

    fn heard(what: HeardKind) -> LinkEvent {
        LinkEvent::Heard(Heard {
            carrier: carrier(),
            what,
            owed: Vec::new(),
        })
    }

    #[test]
    fn a_flood_spares_signs_of_life_and_keeps_every_message() {
        let from = RadioId::new(7).unwrap();
        let mut backlog = Backlog::default();
        for room in 0..2_000u32 {
            backlog.push(heard(HeardKind::Presence { from }));
            backlog.push(LinkEvent::Notice(Notice::Dropped {
                station: None,
                cause: "crc",
                count: 2,
            }));
            backlog.push(heard(HeardKind::Emergency { from, to: room }));
            backlog.push(LinkEvent::Carrier {
                id: carrier(),
                state: CarrierState::Up,
                room: (room % 5) as u8,
            });
        }
        assert!(backlog.is_full());
        let emergencies = core::iter::from_fn(|| backlog.pop_emergency());
        let emergencies: Vec<u32> = emergencies
            .filter_map(|event| match event {
                LinkEvent::Heard(Heard {
                    what: HeardKind::Emergency { to, .. },
                    ..
                }) => Some(to),
                _ => None,
            })
            .collect();
        assert_eq!(emergencies, (0..2_000).collect::<Vec<_>>());
        let all: Vec<_> = core::iter::from_fn(|| backlog.pop()).collect();
        let count = |wanted: fn(&LinkEvent) -> bool| all.iter().filter(|e| wanted(e)).count();
        let rooms = count(|e| matches!(e, LinkEvent::Carrier { .. }));
        assert_eq!(rooms, 1, "of a carrier only the latest state");
        assert!(
            all.iter()
                .any(|e| matches!(e, LinkEvent::Carrier { room: 4, .. }))
        );
        let presences = count(
            |e| matches!(e, LinkEvent::Heard(h) if matches!(h.what, HeardKind::Presence { .. })),
        );
        let notices =
            count(|e| matches!(e, LinkEvent::Notice(Notice::Dropped { cause: "crc", .. })));
        let told = all.iter().find_map(|event| match event {
            LinkEvent::Notice(Notice::Dropped {
                cause: "events-behind",
                count,
                ..
            }) => Some(*count as usize),
            _ => None,
        });
        assert_eq!(told, Some((2_000 - presences) + 2 * (2_000 - notices)));
        assert!(backlog.is_empty());
    }

    #[test]
    fn a_carrier_that_went_and_came_back_is_told_however_much_waits() {
        let mut backlog = Backlog::default();
        let carrier_is = |state, room| LinkEvent::Carrier {
            id: carrier(),
            state,
            room,
        };
        (0..THRIFTY as u64).for_each(|id| backlog.push(LinkEvent::Sent(JobId(id))));
        let states = [
            (CarrierState::Up, 1),
            (CarrierState::Up, 2),
            (CarrierState::Gone, 0),
            (CarrierState::Up, 1),
            (CarrierState::Up, 3),
        ];
        for (state, room) in states {
            backlog.push(carrier_is(state, room));
        }
        let all = core::iter::from_fn(|| backlog.pop()).skip(THRIFTY);
        let expected = [
            carrier_is(CarrierState::Up, 2),
            carrier_is(CarrierState::Gone, 0),
            carrier_is(CarrierState::Up, 3),
        ];
        assert_eq!(all.collect::<Vec<_>>(), expected);
    }
}
