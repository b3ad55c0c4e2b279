//! What a carrier sends next, and what that takes of it.

use narrowcast_protocol::air::{CarrierId, CarrierKind, RadioId};
use narrowcast_protocol::session::CarrierState;
use narrowcast_protocol::time::Instant;

use crate::engine::air::{Air, AirTimer};
use crate::engine::known::Known;
use crate::engine::queue::{Item, Place};
use crate::model::alert::Precedence;
use crate::model::ids::AlertId;

/// How many places of a queue are looked at for one that can go now.
const LOOK_AHEAD: usize = 256;

/// What a carrier may do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::engine) enum Turn {
    /// It sends this.
    Send(Place),
    /// Nothing of what waits may go. `idle`: it could take something of no urgency.
    Nothing {
        /// Whether it could.
        idle: bool,
    },
    /// It takes nothing: it is away, full, or a call holds it. `flash_waits`: a Flash wants to go
    /// as soon as the call is over.
    Closed {
        /// Whether one does.
        flash_waits: bool,
    },
}

impl Air {
    /// A carrier at which something may have changed.
    pub(in crate::engine) fn next_touched(&mut self, now: Instant) -> Option<CarrierId> {
        let id = self.queues.next_touched()?;
        self.queues.advance(id, now);
        Some(id)
    }

    /// Comes back to a carrier when what waits there and is not ready becomes so.
    pub(in crate::engine) fn come_back(&mut self, id: CarrierId) {
        if let Some(at) = self.queues.next_ready(id) {
            self.timers.set(at, AirTimer::Carrier(id));
        }
    }

    /// What goes next over a carrier, taken out of its queue: the most urgent whose turn it is,
    /// if its budget lets it begin. `is_free`: whether nothing else is under way to the radio of
    /// a place.
    pub(in crate::engine) fn turn(
        &mut self,
        known: Known<'_>,
        id: CarrierId,
        is_free: impl Fn(&Place) -> bool,
    ) -> Turn {
        let now = known.now.mono;
        let Some(run) = self.carriers.get(id).copied() else {
            return Turn::Closed { flash_waits: false };
        };
        if run.state != CarrierState::Up || run.room == 0 {
            let busy = run.state == CarrierState::Busy;
            let mut flash = self.queues.ready(id, Precedence::Flash);
            let flash_waits = busy && flash.next().is_some();
            return Turn::Closed { flash_waits };
        }
        let idle = !run.holds_back(Precedence::Routine, now);
        let all = Precedence::ALL.into_iter();
        let mut permitted = all.filter(|it| !run.holds_back(*it, now));
        let place = permitted.find_map(|precedence| {
            let ready = self.queues.ready(id, precedence);
            ready.take(LOOK_AHEAD).find(&is_free)
        });
        let Some(place) = place else {
            self.note_idle(known, id);
            return Turn::Nothing { idle };
        };
        let ceilings = &known.state.policy.ceilings;
        match self.budget.permits(ceilings, id, place.precedence, now) {
            Ok(()) => {
                self.queues.serve(id, &place);
                Turn::Send(place)
            }
            Err(when) => {
                // What is less urgent is bound by the same ceiling.
                self.timers.set(when, AirTimer::Carrier(id));
                self.note_idle(known, id);
                Turn::Nothing { idle }
            }
        }
    }

    /// Further polls of the same alert that may go with a first one, taken out of the queue.
    pub(in crate::engine) fn further_polls(
        &mut self,
        carrier: CarrierId,
        first: &Place,
        most: usize,
        is_free: impl Fn(&Place) -> bool,
    ) -> Vec<Place> {
        let ready = self.queues.ready(carrier, first.precedence);
        let further: Vec<Place> = ready
            .take(LOOK_AHEAD)
            .filter(|place| place.alert == first.alert && matches!(place.item, Item::Poll(_)))
            .filter(is_free)
            .take(most)
            .collect();
        for place in &further {
            self.queues.serve(carrier, place);
        }
        further
    }

    /// Whether a carrier may be asked something of no urgency now.
    pub(in crate::engine) fn may_ask(&mut self, known: Known<'_>, carrier: CarrierId) -> bool {
        let (ceilings, now) = (&known.state.policy.ceilings, known.now.mono);
        let routine = Precedence::Routine;
        let permitted = self.budget.permits(ceilings, carrier, routine, now).is_ok();
        let run = self.carriers.get(carrier);
        let there = run.is_some_and(|run| run.state == CarrierState::Up && run.room > 0);
        permitted && there
    }

    /// A fragment of this alert begins over a carrier: it takes room, airtime and time.
    pub(in crate::engine) fn begin(
        &mut self,
        known: Known<'_>,
        carrier: CarrierId,
        alert: AlertId,
        bursts: u64,
    ) {
        let book = known.state.alerts.get(&alert);
        let precedence = book.map_or(Precedence::Routine, |book| book.alert.precedence);
        self.spend(known, carrier, precedence, bursts);
        let kind = known.state.kind(carrier);
        self.paces.started(kind, carrier, bursts, known.now.mono);
    }

    /// Something of no alert begins over a carrier: it takes room and airtime.
    pub(in crate::engine) fn begin_ask(
        &mut self,
        known: Known<'_>,
        carrier: CarrierId,
        radios: &[RadioId],
    ) {
        let bursts = u64::try_from(radios.len()).unwrap_or(u64::MAX);
        self.spend(known, carrier, Precedence::Routine, bursts);
    }

    fn spend(&mut self, known: Known<'_>, carrier: CarrierId, precedence: Precedence, bursts: u64) {
        let (ceilings, now) = (&known.state.policy.ceilings, known.now.mono);
        self.budget
            .spend(ceilings, carrier, precedence, bursts, now);
        self.carriers.take_room(carrier, now);
    }

    /// A carrier has no room left; it says so when it has again.
    pub(in crate::engine) fn is_full(&mut self, carrier: CarrierId) {
        self.carriers.is_full(carrier);
    }

    /// The newest fragment of a carrier is over; whether it was a confirmed one that was sent to
    /// its end, which tells how fast the carrier is.
    pub(in crate::engine) fn note_end(
        &mut self,
        known: Known<'_>,
        carrier: CarrierId,
        confirmed: bool,
    ) {
        if known.state.kind(carrier) == CarrierKind::Conventional {
            self.paces.ended(carrier, confirmed, known.now.mono);
        }
    }

    /// A carrier has nothing left to send.
    fn note_idle(&mut self, known: Known<'_>, carrier: CarrierId) {
        if known.state.kind(carrier) != CarrierKind::Conventional {
            self.paces.idle(carrier);
        }
    }
}
