//! Which stations are there: what sessions report of carriers and routes, and what is recorded.

use narrowcast_protocol::air::{CarrierId, StationId};
use narrowcast_protocol::session::CarrierState;

use crate::engine::Engine;
use crate::engine::air::StationNews;
use crate::engine::known::known;
use crate::model::facts::Fact;
use crate::model::text;

/// Longest description that is kept, in characters.
const DESCRIPTION: usize = 200;

impl Engine {
    pub(super) fn carrier_changed(&mut self, id: CarrierId, state: CarrierState, room: u8) {
        if self.state.policy.route(id.station).is_some() {
            return self.route_changed(id.station, state, room);
        }
        if self.state.station(id.station).is_none() {
            return;
        }
        let known = known!(self);
        if self.air.carrier_changed(known, id, state, room) {
            self.station_changed(id.station);
        }
    }

    pub(super) fn station_identified(&mut self, station: StationId, description: &str) {
        let known = self.state.station(station).is_some();
        if known || self.state.policy.route(station).is_some() {
            let shown = text::shown(description).chars().take(DESCRIPTION).collect();
            self.air.describe(station, shown);
        }
    }

    /// Whether a carrier or the link of a route is there.
    pub(super) fn station_up(&self, station: StationId) -> bool {
        self.route_up(station) || self.air.has_station(station)
    }

    /// What a station says about itself: what it said last, else what is on record.
    pub(super) fn describe(&self, station: StationId, recorded: &str) -> String {
        let said = self.air.description(station);
        said.unwrap_or(recorded).to_owned()
    }

    /// A carrier or the link of a route came or went.
    pub(super) fn station_changed(&mut self, station: StationId) {
        let (up, now) = (self.station_up(station), self.clock.mono());
        let news = self.air.station_changed(station, up, now);
        self.record_station(station, news);
    }

    pub(super) fn record_station(&mut self, station: StationId, news: Option<StationNews>) {
        if let Some(news) = news {
            self.emit(Fact::StationChanged {
                station,
                up: news.up,
                changes: news.changes,
                description: news.description,
            });
        }
    }
}
