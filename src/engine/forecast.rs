//! How long an alert will take, said before it is sent.
//!
//! Per carrier: the airtime of what it adds, stretched by how fast the carrier has really been
//! (turnarounds, repeats after losses, invitations to random access), behind what goes before
//! it, not faster than its ceiling allows, and with the waits that people are given to answer.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use narrowcast_protocol::air::{CarrierId, CarrierKind, Delivery, GroupId, TextForm};
use narrowcast_protocol::time::Instant;

use crate::engine::Engine;
use crate::engine::airtime::micros;
use crate::engine::compose;
use crate::engine::queue::Item;
use crate::model::alert::{Alert, Ask};
use crate::model::facts::Prediction;
use crate::model::ids::AlertId;
use crate::model::roster::Recipient;

/// A carrier that hands back its room later than this was not waiting for airtime.
const PAUSE: Duration = Duration::from_secs(10);
/// How much one fragment counts in the measured pace.
const WEIGHT: f64 = 1.0 / 16.0;

/// How fast a carrier is: its time for a fragment against the fragment's bursts.
#[derive(Debug, Clone, Copy)]
struct Pace {
    factor: f64,
    /// When the newest fragment was handed over, and its bursts.
    last: Option<(Instant, u64)>,
}

/// The paces of all carriers.
#[derive(Debug, Default)]
pub(super) struct Paces(BTreeMap<CarrierId, Pace>);

impl Paces {
    /// A fragment was handed over: if the carrier was kept busy, the time since the one before
    /// is what that one took.
    fn started(&mut self, kind: CarrierKind, carrier: CarrierId, bursts: u64, now: Instant) {
        let pace = self.0.entry(carrier).or_insert(Pace {
            factor: usual(kind),
            last: None,
        });
        if let Some((at, before)) = pace.last.filter(|(at, _)| now.since(*at) < PAUSE) {
            #[expect(clippy::cast_precision_loss, reason = "an estimate")]
            let sample = now.since(at).as_micros() as f64 / micros(before.max(1)) as f64;
            pace.factor += (sample.clamp(0.5, 20.0) - pace.factor) * WEIGHT;
        }
        pace.last = Some((now, bursts));
    }

    /// Nothing waits for the carrier any more: what comes next says nothing about its pace.
    fn idle(&mut self, carrier: CarrierId) {
        if let Some(pace) = self.0.get_mut(&carrier) {
            pace.last = None;
        }
    }

    fn factor(&self, kind: CarrierKind, carrier: CarrierId) -> f64 {
        let known = self.0.get(&carrier);
        known.map_or(usual(kind), |pace| pace.factor)
    }
}

/// The pace before anything was measured: a conventional channel waits for each response, a
/// control channel invites to random access once in sixteen bursts.
const fn usual(kind: CarrierKind) -> f64 {
    match kind {
        CarrierKind::Conventional => 1.6,
        CarrierKind::Control => 16.0 / 15.0,
        CarrierKind::Backhaul => 1.0,
    }
}

/// What an alert adds to one carrier.
#[derive(Debug, Clone, Default)]
pub(super) struct Load {
    pub(super) deliveries: u32,
    pub(super) groups: BTreeSet<GroupId>,
    /// Bursts of texts and polls.
    pub(super) bursts: u64,
    /// Whether members of a talkgroup are given time to answer by themselves.
    waits: bool,
}

impl Engine {
    /// Notes that a fragment was handed over.
    pub(super) fn note_start(&mut self, carrier: CarrierId, bursts: u64) {
        let (kind, now) = (self.kind(carrier), self.clock.mono());
        self.paces.started(kind, carrier, bursts, now);
    }

    /// Notes that a carrier has nothing left to send.
    pub(super) fn note_idle(&mut self, carrier: CarrierId) {
        self.paces.idle(carrier);
    }

    /// What an alert adds to each carrier.
    pub(super) fn loads(
        &self,
        alert: &Alert,
        recipients: &[Recipient],
    ) -> BTreeMap<CarrierId, Load> {
        let mut loads: BTreeMap<CarrierId, Load> = BTreeMap::new();
        let mut known: HashMap<(CarrierKind, TextForm, Option<bool>), u64> = HashMap::new();
        // The wording depends on nothing else of the recipient.
        let mut bursts = |recipient: &Recipient, id: CarrierId, confirms: Option<bool>| {
            *known
                .entry((self.kind(id), recipient.form, confirms))
                .or_insert_with(|| self.text_bursts(alert, recipient, id, confirms))
        };
        for recipient in recipients {
            let carrier = self.carrier_for(alert, recipient);
            if let (Some(group), Some(id)) = (recipient.talkgroup, recipient.home.or(carrier)) {
                let load = loads.entry(id).or_default();
                if load.groups.insert(group) {
                    let repeats = u64::from(self.state.policy.group_repeats);
                    load.bursts += repeats * bursts(recipient, id, None);
                }
            }
            let Some(id) = carrier else { continue };
            if recipient.talkgroup.is_some() && alert.ask == Ask::Nothing {
                continue;
            }
            let polled = self.polls_on(alert, carrier);
            let load = loads.entry(id).or_default();
            load.deliveries += 1;
            load.waits |= polled || recipient.talkgroup.is_some();
            load.bursts += u64::from(polled);
            if !(polled && recipient.talkgroup.is_some()) {
                load.bursts += bursts(recipient, id, Some(recipient.confirms));
            }
        }
        loads
    }

    fn text_bursts(
        &self,
        alert: &Alert,
        recipient: &Recipient,
        carrier: CarrierId,
        confirms: Option<bool>,
    ) -> u64 {
        let mode = if confirms == Some(true) {
            Delivery::Confirmed
        } else {
            Delivery::Unconfirmed
        };
        let form = self.form_on(carrier, recipient);
        let parts = compose::parts(&self.state.policy, alert, form, mode, 0);
        parts.map_or(0, |parts| {
            u64::from(compose::bursts(self.kind(carrier), form, mode, &parts))
        })
    }

    /// When an alert with these loads is done on each carrier.
    pub(super) fn predict(
        &self,
        alert: &Alert,
        loads: &BTreeMap<CarrierId, Load>,
    ) -> Vec<Prediction> {
        let predictions = loads.iter().map(|(&carrier, load)| {
            let airtime = micros(load.bursts);
            let ahead = self.ahead(alert, carrier, airtime);
            let factor = self.paces.factor(self.kind(carrier), carrier);
            #[expect(
                clippy::cast_precision_loss,
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "an estimate, never negative"
            )]
            let paced = ((ahead + airtime) as f64 * factor) as u64;
            let rationed = self.rationed(alert, carrier, ahead + airtime);
            let wait = if load.waits {
                self.answer_wait(carrier)
            } else {
                Duration::ZERO
            };
            let finished = Duration::from_micros(paced.max(rationed)) + wait;
            Prediction {
                carrier,
                airtime_ms: airtime / 1_000,
                finished_in_ms: u64::try_from(finished.as_millis()).unwrap_or(u64::MAX),
            }
        });
        predictions.collect()
    }

    /// Time that people are given to answer before they are asked again.
    fn answer_wait(&self, carrier: CarrierId) -> Duration {
        let policy = &self.state.policy;
        match self.kind(carrier) {
            CarrierKind::Control => policy.collection.first_poll,
            CarrierKind::Conventional | CarrierKind::Backhaul => policy.group_window,
        }
    }

    /// How long so much airtime takes at least under the ceiling, in microseconds.
    fn rationed(&self, alert: &Alert, carrier: CarrierId, airtime: u64) -> u64 {
        let (ceilings, now) = (&self.state.policy.ceilings, self.clock.mono());
        let (share, left) = self
            .budget
            .outlook(ceilings, carrier, alert.precedence, now);
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "an estimate, never negative"
        )]
        let wait = (airtime.saturating_sub(left) as f64 / share) as u64;
        wait
    }

    /// Airtime in microseconds that goes before an alert: what is more urgent, and its turns
    /// with what is as urgent.
    fn ahead(&self, alert: &Alert, carrier: CarrierId, own: u64) -> u64 {
        let mut same: BTreeMap<AlertId, u64> = BTreeMap::new();
        let mut before = 0;
        for place in self.queues.waiting_for(carrier) {
            if place.precedence > alert.precedence || place.alert == alert.id {
                continue;
            }
            let cost = self.cost(carrier, place.alert, place.item);
            if place.precedence < alert.precedence {
                before += cost;
            } else {
                *same.entry(place.alert).or_default() += cost;
            }
        }
        let turns: u64 = same.values().map(|theirs| own.min(*theirs)).sum();
        before + turns
    }

    /// Airtime of something that waits, in microseconds.
    fn cost(&self, carrier: CarrierId, alert: AlertId, item: Item) -> u64 {
        let Some(book) = self.state.alerts.get(&alert) else {
            return 0;
        };
        let delivery = match item {
            Item::Poll(_) => return micros(1),
            Item::One(index) => book.delivery(index),
            Item::Group(_) => book.deliveries.first(),
        };
        delivery.map_or(0, |delivery| {
            let recipient = &delivery.recipient;
            let confirms = matches!(item, Item::One(_)).then_some(recipient.confirms);
            micros(self.text_bursts(&book.alert, recipient, carrier, confirms))
        })
    }
}

#[cfg(test)]
mod tests {
    use narrowcast_protocol::air::{Slot, StationId};

    use super::*;

    const CARRIER: CarrierId = CarrierId {
        station: StationId(1),
        slot: Slot::One,
    };

    #[test]
    fn the_pace_follows_what_fragments_really_take_and_no_pause_counts() {
        let mut paces = Paces::default();
        let kind = CarrierKind::Conventional;
        for turn in 0..200u64 {
            // Ten bursts are 0.6 s; each takes 1.8 s with its turnaround.
            let now = Instant::from_millis(turn * 1_800);
            paces.started(kind, CARRIER, 10, now);
        }
        assert!((paces.factor(kind, CARRIER) - 3.0).abs() < 0.05);
        paces.idle(CARRIER);
        paces.started(kind, CARRIER, 10, Instant::from_millis(400_000));
        assert!((paces.factor(kind, CARRIER) - 3.0).abs() < 0.05);
    }
}
