//! How long an alert will take, said before it is sent.
//!
//! Per carrier: the airtime of what it adds, and for each fragment what the carrier has really
//! taken besides (turnarounds, repeats after losses), behind what goes before
//! it, not faster than its ceiling allows, and with the waits that people are given to answer.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use narrowcast_protocol::air::{CarrierId, CarrierKind, Delivery, GroupId, TextForm};
use narrowcast_protocol::time::Instant;

use crate::engine::Engine;
use crate::engine::airtime::micros;
use crate::engine::compose;
use crate::engine::group::GROUP_GAP;
use crate::engine::queue::{Cost, Item};
use crate::model::alert::{Alert, Ask};
use crate::model::facts::Prediction;
use crate::model::ids::AlertId;
use crate::model::roster::Recipient;

/// A fragment that takes longer than this was held up by something else than its radio.
const PAUSE: Duration = Duration::from_secs(20);
/// How much one fragment counts in the measured turnaround, once there were as many.
const MEMORY: f64 = 32.0;

/// What the wording of a text depends on besides the alert: the kind of carrier, the form, and
/// whether it is confirmed, none for a talkgroup; and the number of the text.
pub(super) type WordingKey = (AlertId, CarrierKind, TextForm, Option<bool>, u8);

/// How fast a carrier is: what each fragment takes besides its bursts.
#[derive(Debug, Clone, Copy)]
struct Pace {
    /// Turnarounds, repeats after losses and the ways to and from the station, in microseconds.
    turnaround: f64,
    /// How many fragments were measured.
    measured: f64,
    /// When the newest fragment was handed over, and its bursts.
    last: Option<(Instant, u64)>,
}

impl Pace {
    const fn of(kind: CarrierKind) -> Self {
        Self {
            turnaround: usual(kind),
            measured: 1.0,
            last: None,
        }
    }

    fn learn(&mut self, bursts: u64, took: Duration) {
        if took >= PAUSE {
            return;
        }
        let took = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        #[expect(clippy::cast_precision_loss, reason = "an estimate")]
        let sample = took.saturating_sub(micros(bursts)) as f64;
        self.measured = (self.measured + 1.0).min(MEMORY);
        self.turnaround += (sample - self.turnaround) / self.measured;
    }
}

/// The paces of all carriers.
#[derive(Debug, Default)]
pub(super) struct Paces(BTreeMap<CarrierId, Pace>);

impl Paces {
    /// A fragment was handed over. A control channel or a trunked site takes the next before the
    /// one before is over: if it was kept busy, the time between them is what that one took.
    fn started(&mut self, kind: CarrierKind, carrier: CarrierId, bursts: u64, now: Instant) {
        let pace = self.0.entry(carrier).or_insert(Pace::of(kind));
        if let Some((at, before)) = pace.last.filter(|_| kind != CarrierKind::Conventional) {
            pace.learn(before, now.since(at));
        }
        pace.last = Some((now, bursts));
    }

    /// The newest fragment of a conventional carrier is over; whether it was a confirmed one that
    /// was sent to its end.
    fn ended(&mut self, carrier: CarrierId, confirmed: bool, now: Instant) {
        if let Some(pace) = self.0.get_mut(&carrier)
            && let Some((at, bursts)) = pace.last.take()
            && confirmed
        {
            pace.learn(bursts, now.since(at));
        }
    }

    /// Nothing waits for the carrier any more: what comes next says nothing about its pace.
    fn idle(&mut self, carrier: CarrierId) {
        if let Some(pace) = self.0.get_mut(&carrier) {
            pace.last = None;
        }
    }

    /// What one fragment takes besides its bursts, in microseconds.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an estimate, never negative"
    )]
    fn turnaround(&self, kind: CarrierKind, carrier: CarrierId) -> u64 {
        let known = self.0.get(&carrier);
        known.map_or(usual(kind), |pace| pace.turnaround) as u64
    }

    /// How long so much takes on a carrier, in microseconds.
    fn time(&self, kind: CarrierKind, carrier: CarrierId, cost: Cost) -> u64 {
        let turnaround = self.turnaround(kind, carrier);
        let turnarounds = u64::from(cost.fragments).saturating_mul(turnaround);
        micros(cost.bursts.into()).saturating_add(turnarounds)
    }

    /// How long a conventional carrier will be taken by what it sends now, in microseconds.
    fn taken(&self, carrier: CarrierId, now: Instant) -> u64 {
        let under_way = self.0.get(&carrier).and_then(|pace| pace.last);
        under_way.map_or(0, |(at, bursts)| {
            let passed = u64::try_from(now.since(at).as_micros()).unwrap_or(u64::MAX);
            let turnaround = self.turnaround(CarrierKind::Conventional, carrier);
            (micros(bursts) + turnaround).saturating_sub(passed)
        })
    }
}

/// What a fragment takes besides its bursts before anything was measured, in microseconds: a
/// conventional channel waits for each response; a control channel invites to random access once
/// in sixteen bursts.
const fn usual(kind: CarrierKind) -> f64 {
    match kind {
        CarrierKind::Conventional => 900_000.0,
        CarrierKind::Control => 15_000.0,
        CarrierKind::Backhaul => 0.0,
    }
}

/// What an alert adds to one carrier.
#[derive(Debug, Clone, Default)]
pub(super) struct Load {
    pub(super) deliveries: u32,
    pub(super) groups: BTreeSet<GroupId>,
    /// What texts and polls take.
    pub(super) cost: Cost,
    /// What of that goes to talkgroups.
    grouped: Cost,
    /// Whether members of a talkgroup are given time to answer by themselves.
    waits: bool,
}

impl Engine {
    /// Notes that a fragment was handed over.
    pub(super) fn note_start(&mut self, carrier: CarrierId, bursts: u64) {
        let (kind, now) = (self.kind(carrier), self.clock.mono());
        self.paces.started(kind, carrier, bursts, now);
    }

    /// Notes that the newest fragment of a carrier is over.
    pub(super) fn note_end(&mut self, carrier: CarrierId, confirmed: bool) {
        if self.kind(carrier) == CarrierKind::Conventional {
            self.paces.ended(carrier, confirmed, self.clock.mono());
        }
    }

    /// Notes that a carrier has nothing left to send.
    pub(super) fn note_idle(&mut self, carrier: CarrierId) {
        if self.kind(carrier) != CarrierKind::Conventional {
            self.paces.idle(carrier);
        }
    }

    /// What an alert adds to each carrier.
    pub(super) fn loads(
        &self,
        alert: &Alert,
        recipients: &[Recipient],
    ) -> BTreeMap<CarrierId, Load> {
        let mut loads: BTreeMap<CarrierId, Load> = BTreeMap::new();
        let mut known: HashMap<WordingKey, Cost> = HashMap::new();
        // The wording depends on nothing else of the recipient.
        let mut cost = |recipient: &Recipient, id: CarrierId, confirms: Option<bool>| {
            let text = alert.text_for(&recipient.language);
            *known
                .entry((alert.id, self.kind(id), recipient.form, confirms, text))
                .or_insert_with(|| self.text_cost(alert, recipient, id, confirms))
        };
        for recipient in recipients {
            let carrier = self.carrier_for(alert, recipient);
            if let (Some(group), Some(id)) = (recipient.talkgroup, recipient.home.or(carrier)) {
                let load = loads.entry(id).or_default();
                if load.groups.insert(group) {
                    let repeats = u32::from(self.state.policy.group_repeats);
                    let cost = cost(recipient, id, None).times(repeats);
                    load.cost += cost;
                    load.grouped += cost;
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
            if polled {
                load.cost += POLL;
            }
            if !(polled && recipient.talkgroup.is_some()) {
                load.cost += cost(recipient, id, Some(recipient.confirms));
            }
        }
        loads
    }

    fn text_cost(
        &self,
        alert: &Alert,
        recipient: &Recipient,
        carrier: CarrierId,
        confirms: Option<bool>,
    ) -> Cost {
        let mode = if confirms == Some(true) {
            Delivery::Confirmed
        } else {
            Delivery::Unconfirmed
        };
        let form = self.form_on(carrier, recipient);
        let said = alert.said_to(&recipient.language);
        let parts = compose::parts(&self.state.policy, said, form, mode, 0);
        // What nobody confirms has no turnaround on a conventional carrier.
        let turns = confirms == Some(true) || self.kind(carrier) != CarrierKind::Conventional;
        parts.map_or(Cost::default(), |parts| Cost {
            fragments: u32::try_from(parts.len())
                .map_or(u32::MAX, |parts| parts * u32::from(turns)),
            bursts: compose::bursts(self.kind(carrier), form, mode, &parts).into(),
        })
    }

    /// What something that waits will take. Each wording of an alert is reckoned once.
    pub(super) fn cost_of(
        &mut self,
        carrier: Option<CarrierId>,
        alert: AlertId,
        item: Item,
    ) -> Cost {
        let (Some(carrier), Some(book)) = (carrier, self.state.alerts.get(&alert)) else {
            return Cost::default();
        };
        let delivery = match item {
            Item::Poll(_) => return POLL,
            Item::One(index) => book.delivery(index),
            Item::Group(group) => {
                let mut members = book.deliveries.iter();
                members.find(|delivery| delivery.recipient.talkgroup == Some(group))
            }
        };
        let Some(recipient) = delivery.map(|delivery| &delivery.recipient) else {
            return Cost::default();
        };
        let confirms = matches!(item, Item::One(_)).then_some(recipient.confirms);
        let text = book.alert.text_for(&recipient.language);
        let key = (alert, self.kind(carrier), recipient.form, confirms, text);
        if let Some(known) = self.costs.get(&key) {
            return *known;
        }
        let cost = self.text_cost(&book.alert, recipient, carrier, confirms);
        self.costs.insert(key, cost);
        cost
    }

    /// When an alert with these loads is done on each carrier.
    pub(super) fn predict(
        &self,
        alert: &Alert,
        loads: &BTreeMap<CarrierId, Load>,
    ) -> Vec<Prediction> {
        let predictions = loads.iter().map(|(&carrier, load)| {
            let airtime = micros(load.cost.bursts.into());
            let kind = self.kind(carrier);
            // What is ready goes before, and what becomes so until this alert has had its turns.
            let now = self.clock.mono();
            let ready = self.ahead(alert, carrier, load.cost, now);
            let soon = Duration::from_micros(self.paces.time(kind, carrier, ready + load.cost));
            let all = self.ahead(alert, carrier, load.cost, now + soon) + load.cost;
            let rationed = self.rationed(alert, carrier, micros(all.bursts.into()));
            let mut paced = self.paces.time(kind, carrier, all);
            if kind == CarrierKind::Conventional {
                // The last one has gone out before it is confirmed, and when its last burst begins.
                let last =
                    u64::from(load.cost.fragments > 0) * self.paces.turnaround(kind, carrier);
                paced = paced.saturating_sub(last + micros(1)) + self.paces.taken(carrier, now);
            }
            let repeats = u32::from(self.state.policy.group_repeats);
            let gaps = GROUP_GAP * repeats.saturating_sub(1);
            let grouped = Duration::from_micros(micros(load.grouped.bursts.into())) + gaps;
            let grouped = grouped * u32::from(!load.groups.is_empty());
            let wait = if load.waits {
                self.answer_wait(carrier)
            } else {
                Duration::ZERO
            };
            let finished = Duration::from_micros(paced.max(rationed)).max(grouped) + wait;
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

    /// What goes before an alert of what may go before `until`: what is more urgent, and its turns
    /// with what is as urgent.
    fn ahead(&self, alert: &Alert, carrier: CarrierId, own: Cost, until: Instant) -> Cost {
        let mut before = Cost::default();
        for (precedence, other, cost) in self.queues.loads(carrier, until) {
            if other == alert.id || precedence > alert.precedence {
                continue;
            }
            before += if precedence < alert.precedence {
                cost
            } else {
                Cost {
                    fragments: cost.fragments.min(own.fragments),
                    bursts: cost.bursts.min(own.bursts),
                }
            };
        }
        before
    }
}

/// One poll: a burst out, answered without a turnaround.
const POLL: Cost = Cost {
    fragments: 0,
    bursts: 1,
};

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
        let one = Cost {
            fragments: 1,
            bursts: 10,
        };
        for turn in 0..200u64 {
            // Ten bursts are 0.6 s; each takes 1.8 s with its turnaround.
            let now = Instant::from_millis(turn * 2_000);
            paces.started(kind, CARRIER, 10, now);
            paces.ended(CARRIER, true, now + Duration::from_millis(1_800));
        }
        let takes = |paces: &Paces| paces.time(kind, CARRIER, one) / 1_000;
        assert!(takes(&paces).abs_diff(1_800) < 5);
        // Neither what nobody confirms nor what something else held up counts.
        paces.started(kind, CARRIER, 10, Instant::from_millis(500_000));
        paces.ended(CARRIER, false, Instant::from_millis(500_600));
        paces.started(kind, CARRIER, 10, Instant::from_millis(600_000));
        paces.ended(CARRIER, true, Instant::from_millis(630_000));
        assert!(takes(&paces).abs_diff(1_800) < 5);
        // A longer fragment takes its bursts more and no second turnaround.
        let two = Cost {
            fragments: 1,
            bursts: 20,
        };
        assert!((paces.time(kind, CARRIER, two) / 1_000).abs_diff(2_400) < 5);
    }
}
