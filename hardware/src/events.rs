//! What a pump reports, and what it does when nobody takes the reports.

use core::time::Duration;
use std::collections::VecDeque;

use narrowcast_protocol::air::{CarrierId, Heard, HeardKind, JobId};
use narrowcast_protocol::session::{CarrierState, Notice, Step};

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

/// From here on what can be spared is spared.
const THRIFTY: usize = 256;
/// From here on nothing more is read from the port.
const FULL: usize = 1_024;

/// Events that wait for the receiver.
///
/// Messages, job steps, `Sent` and link states are never dropped. Once 256 events wait,
/// signs of life and notices are counted instead of kept (one [`Notice::Dropped`] with the
/// cause `events-behind` tells how many), and of a carrier's states only the latest stays.
/// Once 1,024 wait, the pump stops reading its port: datagrams and serial bytes then wait
/// in the kernel, and are lost there, where their protocols expect loss. It goes on
/// ticking, writing and taking jobs: a receiver that is itself waiting to hand over a job
/// must not wait for ever.
#[derive(Debug, Default)]
pub(crate) struct Backlog {
    waiting: VecDeque<LinkEvent>,
    dropped: u32,
}

impl Backlog {
    pub(crate) fn push(&mut self, event: LinkEvent) {
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
                        | Notice::LogInRefused { .. } => 1,
                    };
                    self.dropped = self.dropped.saturating_add(lost);
                    return;
                }
                LinkEvent::Carrier { id, .. } => self.forget(*id),
                _ => {}
            }
        }
        self.waiting.push_back(event);
    }

    /// The oldest event, if any waits.
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

    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.dropped == 0
    }

    pub(crate) fn is_full(&self) -> bool {
        self.waiting.len() >= FULL
    }

    fn forget(&mut self, carrier: CarrierId) {
        self.waiting
            .retain(|event| !matches!(event, LinkEvent::Carrier { id, .. } if *id == carrier));
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
        let all: Vec<_> = core::iter::from_fn(|| backlog.pop()).collect();
        let emergencies: Vec<u32> = all
            .iter()
            .filter_map(|event| match event {
                LinkEvent::Heard(Heard {
                    what: HeardKind::Emergency { to, .. },
                    ..
                }) => Some(*to),
                _ => None,
            })
            .collect();
        assert_eq!(emergencies, (0..2_000).collect::<Vec<_>>());
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
}
