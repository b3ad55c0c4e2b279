//! What is live, in pages.

use std::collections::BTreeMap;

use crate::engine::Engine;
use crate::engine::io::{Refusal, Request, Response};
use crate::engine::views::{AlertView, DeliveryView, Overview, StationView};
use crate::model::book::AlertBook;
use crate::model::ids::{AlertId, DeliveryIndex};
use crate::model::token::Principal;

/// Most items in one page.
const PAGE: usize = 1_000;

impl Engine {
    pub(super) fn query(&self, who: &Principal, query: Request) -> Result<Response, Refusal> {
        match query {
            Request::WhoAmI => Ok(Response::You(who.clone())),
            Request::Overview => Ok(Response::Overview(Box::new(self.overview()))),
            Request::Alerts { before, limit } => {
                Ok(Response::Alerts(self.alerts(before, limit.min(PAGE))))
            }
            Request::Alert(id) => self
                .alert(id)
                .map(|book| Response::Alert(Box::new(AlertView::of(book)))),
            Request::Deliveries { alert, from, limit } => {
                self.deliveries(alert, from, limit.min(PAGE))
            }
            Request::Emergencies => {
                Ok(Response::Emergencies(self.emergencies().cloned().collect()))
            }
            Request::Stations => Ok(Response::Stations(self.stations())),
            Request::Roster { offset, limit } => {
                let page = self
                    .state
                    .roster
                    .entries()
                    .skip(offset)
                    .take(limit.min(PAGE))
                    .collect();
                Ok(Response::Roster(page, self.state.roster.len()))
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

    fn alert(&self, id: AlertId) -> Result<&AlertBook, Refusal> {
        self.state
            .alerts
            .get(&id)
            .ok_or(Refusal::NotFound("live alert"))
    }

    fn alerts(&self, before: Option<AlertId>, limit: usize) -> Vec<AlertView> {
        let newest = self.state.alerts.iter().rev();
        newest
            .filter(|(id, _)| before.is_none_or(|before| **id < before))
            .take(limit)
            .map(|(_, book)| AlertView::of(book))
            .collect()
    }

    fn deliveries(
        &self,
        alert: AlertId,
        from: DeliveryIndex,
        limit: usize,
    ) -> Result<Response, Refusal> {
        let book = self.alert(alert)?;
        let page = (0u32..)
            .map(DeliveryIndex)
            .zip(&book.deliveries)
            .skip(from.0 as usize)
            .take(limit);
        let views = page.map(|(index, delivery)| {
            let carrier = delivery.carrier.or_else(|| self.route(alert, index));
            let best = self.best_rung(&book.alert.ask, &delivery.recipient, carrier);
            DeliveryView::of(index, delivery, best)
        });
        Ok(Response::Deliveries(views.collect()))
    }

    fn stations(&self) -> Vec<StationView> {
        let now = self.clock.mono();
        let views = self.state.policy.stations.iter().map(|station| {
            let carriers = self
                .carriers
                .iter()
                .filter(|(id, run)| id.station == station.id && run.is_there());
            let known = self.state.stations.get(&station.id);
            let waiting: BTreeMap<u8, u32> = carriers
                .clone()
                .map(|(id, _)| {
                    (
                        id.slot.number(),
                        u32::try_from(self.queues.waiting_for(*id).count()).unwrap_or(u32::MAX),
                    )
                })
                .collect();
            StationView {
                id: station.id,
                name: station.name.clone(),
                up: !waiting.is_empty(),
                held: carriers.clone().any(|(_, run)| run.held_until > now),
                test: station.test,
                description: self.describe(
                    station.id,
                    known.map_or("", |known| known.description.as_str()),
                ),
                since: known.map(|known| known.since),
                waiting,
            }
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
            waiting: self.queues.len(),
            jobs: self.jobs.len(),
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
            radios: self.state.roster.radio_count(),
            clock_step_ms: self.clock.step(),
            trim_limit: self.state.trim_limit(),
            attempts: self
                .outcomes
                .iter()
                .map(|(name, count)| ((*name).to_owned(), *count))
                .collect(),
        }
    }
}
