//! What is live, in pages.

use std::collections::BTreeMap;
use std::time::Duration;

use narrowcast_protocol::air::{CarrierId, RadioId};

use crate::engine::Engine;
use crate::engine::io::{Refusal, Request, Response};
use crate::engine::known::known;
use crate::engine::views::{
    AlertView, DeliveryView, Overview, QueueView, StalledView, StationView,
};
use crate::model::alert::Precedence;
use crate::model::ids::{AlertId, DeliveryId, DeliveryIndex, EmergencyId};
use crate::model::roster::Node;
use crate::model::token::Principal;
use crate::model::wall::Wall;

/// Most items in one page.
const PAGE: usize = 1_000;

impl Engine {
    pub(super) fn query(&self, who: &Principal, query: Request) -> Result<Response, Refusal> {
        match query {
            Request::WhoAmI => Ok(Response::You(who.clone())),
            Request::Overview => Ok(Response::Overview(Box::new(self.overview()))),
            Request::Alerts { before, limit } => {
                let limit = limit.min(PAGE);
                Ok(Response::Alerts(self.alerts(&who.node, before, limit)))
            }
            Request::Alert(id) => self
                .state
                .alerts
                .get(&id)
                .and_then(|book| AlertView::of(book, &who.node))
                .map(|view| Response::Alert(Box::new(view)))
                .ok_or(Refusal::NotFound("live alert")),
            Request::Deliveries { alert, from, limit } => {
                self.deliveries(&who.node, alert, from, limit.min(PAGE))
            }
            Request::Emergencies => {
                let seen = self.emergencies().filter(|e| self.sees(who, e.radio));
                Ok(Response::Emergencies(seen.cloned().collect()))
            }
            Request::SensorAlarms { before, limit } => {
                Ok(self.sensor_alarms(who, before, limit.min(PAGE)))
            }
            Request::SensorAlarm(id) => self.sensor_alarm(who, id),
            Request::Within {
                radios,
                emergencies,
            } => Ok(self.within_node(who, radios, emergencies)),
            Request::Stations => Ok(Response::Stations(self.stations())),
            Request::SmsRoutes => Ok(Response::SmsRoutes(self.sms_routes())),
            Request::Roster { offset, limit } => {
                let roster = &self.state.roster;
                let seen = roster.entries_within(&who.node);
                let page = seen.skip(offset).take(limit.min(PAGE)).collect();
                Ok(Response::Roster(page, roster.count_within(&who.node)))
            }
            Request::Tokens => {
                let below = self
                    .state
                    .tokens
                    .values()
                    .filter(|token| who.node.covers(&token.node));
                let mut tokens: Vec<_> = below.cloned().collect();
                tokens.sort_by_key(|token| token.id);
                Ok(Response::Tokens(tokens))
            }
            _ => Err(Refusal::NotFound("query")),
        }
    }

    /// Whether `who` may see what this radio does: it hangs at or below the node, or the
    /// asker stands at the root, to which unknown radios belong.
    pub(super) fn sees(&self, who: &Principal, radio: RadioId) -> bool {
        who.node.covers(self.node_of(radio))
    }

    /// Where this radio hangs; the root if it is not in the roster.
    #[must_use]
    pub fn node_of(&self, radio: RadioId) -> &Node {
        const ROOT: &Node = &Node::root();
        self.state
            .roster
            .radio(radio)
            .map_or(ROOT, |known| &known.node)
    }

    fn within_node(
        &self,
        who: &Principal,
        radios: Vec<RadioId>,
        emergencies: Vec<EmergencyId>,
    ) -> Response {
        let of_node = |id: &EmergencyId| {
            let radio = self.state.distress.get(id);
            who.node == Node::root() || radio.is_some_and(|(_, radio)| self.sees(who, *radio))
        };
        Response::Within {
            radios: radios
                .into_iter()
                .filter(|radio| self.sees(who, *radio))
                .collect(),
            emergencies: emergencies.into_iter().filter(of_node).collect(),
        }
    }

    fn alerts(&self, node: &Node, before: Option<AlertId>, limit: usize) -> Vec<AlertView> {
        let newest = self.state.alerts.iter().rev();
        newest
            .filter(|(id, _)| before.is_none_or(|before| **id < before))
            .filter_map(|(_, book)| AlertView::of(book, node))
            .take(limit)
            .collect()
    }

    fn deliveries(
        &self,
        node: &Node,
        alert: AlertId,
        from: DeliveryIndex,
        limit: usize,
    ) -> Result<Response, Refusal> {
        let hidden = || Refusal::NotFound("live alert");
        let book = self.state.alerts.get(&alert).ok_or_else(hidden)?;
        let share = book.share(node).ok_or_else(hidden)?;
        let page = book.shared(&share, from).take(limit);
        let views = page.map(|(index, delivery)| {
            let carrier = delivery.carrier.or_else(|| {
                let id = DeliveryId { alert, index };
                self.air.way(known!(self), id).now
            });
            let best = self.best_rung(&book.alert.ask, &delivery.recipient, carrier);
            DeliveryView::of(index, delivery, best)
        });
        Ok(Response::Deliveries(views.collect()))
    }

    fn stations(&self) -> Vec<StationView> {
        let now = self.clock.mono();
        let views = self.state.policy.stations.iter().map(|station| {
            let carriers = self.air.carriers_of(station.id);
            let known = self.state.stations.get(&station.id);
            let waiting: BTreeMap<u8, u32> = carriers
                .clone()
                .map(|(id, _)| {
                    (
                        id.slot.number(),
                        u32::try_from(self.air.waiting_for(id)).unwrap_or(u32::MAX),
                    )
                })
                .collect();
            StationView {
                id: station.id,
                name: station.name.clone(),
                up: !waiting.is_empty(),
                held: carriers
                    .clone()
                    .any(|(_, run)| run.holds_back(Precedence::Routine, now)),
                test: station.test,
                description: self.describe(
                    station.id,
                    known.map_or("", |known| known.description.as_str()),
                ),
                since: known.map(|known| known.since),
                busy: carriers
                    .filter_map(|(id, _)| Some((id.slot.number(), self.busy_since(id)?)))
                    .collect(),
                waiting,
            }
        });
        views.collect()
    }

    fn queue_views(&self) -> Vec<QueueView> {
        let now = self.clock.mono();
        let views = self.air.depths().map(|depth| {
            let oldest = depth.first_ready.map_or(Duration::ZERO, |at| now.since(at));
            QueueView {
                carrier: depth.carrier,
                precedence: depth.precedence,
                waiting: depth.waiting,
                oldest_ms: u64::try_from(oldest.as_millis()).unwrap_or(u64::MAX),
            }
        });
        views.collect()
    }

    /// Since when a call or a lock-out holds a carrier.
    fn busy_since(&self, carrier: CarrierId) -> Option<Wall> {
        let since = self.air.busy_since(carrier)?;
        let passed = self.clock.mono().since(since).as_millis();
        let passed = i64::try_from(passed).unwrap_or(i64::MAX);
        Some(Wall::from_millis(
            self.wall().as_millis().saturating_sub(passed),
        ))
    }

    fn stalled_views(&self) -> Vec<StalledView> {
        let stalled = self.air.stalled(self.clock.mono()).into_iter();
        let views = stalled.map(|(carrier, waiting, idle)| StalledView {
            carrier,
            waiting,
            idle_ms: u64::try_from(idle.as_millis()).unwrap_or(u64::MAX),
            busy_since: self.busy_since(carrier),
        });
        views.collect()
    }

    fn overview(&self) -> Overview {
        Overview {
            seq: self.state.seq,
            alerts: self.state.alerts.len(),
            deliveries: self
                .state
                .alerts
                .values()
                .map(|book| book.unsettled as usize)
                .sum(),
            waiting: self.air.waiting() + self.sms.waiting(),
            jobs: self.attempts.under_way() + self.sms.under_way(),
            sms: self.sms_routes(),
            messages_known: self.state.sent.len(),
            emergencies: self
                .state
                .emergencies
                .values()
                .filter(|(_, e)| e.closed.is_none())
                .count(),
            stations_up: self
                .state
                .policy
                .stations
                .iter()
                .filter(|station| self.station_up(station.id))
                .count(),
            stations: self.state.policy.stations.len(),
            queues: self.queue_views(),
            stalled: self.stalled_views(),
            station_up: self
                .state
                .policy
                .stations
                .iter()
                .map(|station| (station.id, self.station_up(station.id)))
                .collect(),
            radios: self.state.roster.radio_count(),
            clock_step_ms: self.clock.step(),
            trim_limit: self.state.trim_limit(),
            attempts: self
                .outcomes
                .all()
                .map(|(name, count)| (name.to_owned(), count))
                .collect(),
        }
    }
}
