//! How long an alert will take, said before it is sent.
//!
//! Per carrier: the airtime of what it adds, and for each fragment what the carrier has really
//! taken besides (turnarounds, repeats after losses), behind what goes before
//! it, not faster than its ceiling allows, and with the waits that people are given to answer.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use narrowcast_protocol::air::{CarrierId, CarrierKind, GroupId};
use narrowcast_protocol::time::Instant;

use crate::engine::air::Air;
use crate::engine::air::airtime::micros;
use crate::engine::air::costs::{self, POLL, WordingKey};
use crate::engine::group::GROUP_GAP;
use crate::engine::known::Known;
use crate::engine::queue::Cost;
use crate::model::alert::{Alert, Ask};
use crate::model::facts::Prediction;
use crate::model::policy::Policy;
use crate::model::roster::Recipient;

/// What an alert adds to one carrier.
#[derive(Debug, Clone, Default)]
pub(in crate::engine) struct Load {
    pub(in crate::engine) deliveries: u32,
    pub(in crate::engine) groups: BTreeSet<GroupId>,
    /// What texts and polls take.
    cost: Cost,
    /// What of that goes to talkgroups.
    grouped: Cost,
    /// Whether members of a talkgroup are given time to answer by themselves.
    waits: bool,
}

impl Air {
    /// What an alert adds to each carrier.
    pub(in crate::engine) fn loads(
        &self,
        known: Known<'_>,
        alert: &Alert,
        recipients: &[Recipient],
    ) -> BTreeMap<CarrierId, Load> {
        let mut loads: BTreeMap<CarrierId, Load> = BTreeMap::new();
        let state = known.state;
        let mut reckoned: HashMap<WordingKey, Cost> = HashMap::new();
        // The wording depends on nothing else of the recipient.
        let mut cost = |recipient: &Recipient, id: CarrierId, confirms: Option<bool>| {
            *reckoned
                .entry(costs::key(state, alert, recipient, id, confirms))
                .or_insert_with(|| costs::of_text(state, alert, recipient, id, confirms))
        };
        for recipient in recipients {
            let carrier = self.carrier_for(known, alert, recipient);
            if let (Some(group), Some(id)) = (recipient.talkgroup, recipient.home.or(carrier)) {
                let load = loads.entry(id).or_default();
                if load.groups.insert(group) {
                    let repeats = u32::from(state.policy.group_repeats);
                    let cost = cost(recipient, id, None).times(repeats);
                    load.cost += cost;
                    load.grouped += cost;
                }
            }
            let Some(id) = carrier else { continue };
            if recipient.talkgroup.is_some() && alert.ask == Ask::Nothing {
                continue;
            }
            let polled = state.polls_on(alert, carrier);
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

    /// When an alert with these loads is done on each carrier.
    pub(in crate::engine) fn predict(
        &self,
        known: Known<'_>,
        alert: &Alert,
        loads: &BTreeMap<CarrierId, Load>,
    ) -> Vec<Prediction> {
        let state = known.state;
        let predictions = loads.iter().map(|(&carrier, load)| {
            let airtime = micros(load.cost.bursts.into());
            let kind = state.kind(carrier);
            // What is ready goes before, and what becomes so until this alert has had its turns.
            let now = known.now.mono;
            let ready = self.ahead(alert, carrier, load.cost, now);
            let soon = Duration::from_micros(self.paces.time(kind, carrier, ready + load.cost));
            let all = self.ahead(alert, carrier, load.cost, now + soon) + load.cost;
            let rationed = self.rationed(known, alert, carrier, micros(all.bursts.into()));
            let mut paced = self.paces.time(kind, carrier, all);
            if kind == CarrierKind::Conventional {
                // The last one has gone out before it is confirmed, and when its last burst begins.
                let last =
                    u64::from(load.cost.fragments > 0) * self.paces.turnaround(kind, carrier);
                paced = paced.saturating_sub(last + micros(1)) + self.paces.taken(carrier, now);
            }
            let repeats = u32::from(state.policy.group_repeats);
            let gaps = GROUP_GAP * repeats.saturating_sub(1);
            let grouped = Duration::from_micros(micros(load.grouped.bursts.into())) + gaps;
            let grouped = grouped * u32::from(!load.groups.is_empty());
            let wait = if load.waits {
                answer_wait(&state.policy, kind)
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

    /// How long so much airtime takes at least under the ceiling, in microseconds.
    fn rationed(&self, known: Known<'_>, alert: &Alert, carrier: CarrierId, airtime: u64) -> u64 {
        let (ceilings, now) = (&known.state.policy.ceilings, known.now.mono);
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

/// Time that people are given to answer before they are asked again.
fn answer_wait(policy: &Policy, kind: CarrierKind) -> Duration {
    match kind {
        CarrierKind::Control => policy.collection.first_poll,
        CarrierKind::Conventional | CarrierKind::Backhaul => policy.group_window,
    }
}
