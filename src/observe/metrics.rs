//! Counters and gauges in Prometheus' text form.
//!
//! Labels are names of links, fixed words and outcome names only: never a radio, a phone
//! number or an alert.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

use crate::engine::views::{Overview, QueueView, SmsRouteView};
use crate::observe::sinks::SinkGauges;
use crate::observe::sources::SourceCounters;

/// The media type of what [`Metrics::encode`] writes.
pub const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Why frames of a link were dropped.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct DropLabel {
    /// The link.
    pub link: String,
    /// A short fixed word.
    pub cause: &'static str,
}

/// The label that says how an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct OutcomeLabel {
    /// The outcome's name.
    pub outcome: String,
}

/// A station of the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct StationLabel {
    /// Its number.
    pub station: u32,
}

/// An SMS route.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct RouteLabel {
    /// Its name.
    pub route: String,
}

/// Parts that went over an SMS route, by what became of them.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct RoutePartLabel {
    /// The route's name.
    pub route: String,
    /// `taken`, `refused`, `throttled`, `delivered` or `failed`.
    pub outcome: &'static str,
}

/// What waits for one carrier in one precedence.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct WaitingLabel {
    /// The carrier as `station/slot`; `none` when no station is there that may carry it.
    pub carrier: String,
    /// The precedence.
    pub precedence: String,
}

/// What the server itself knows of its state, engine or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Posture {
    /// Whether the server is degraded.
    pub degraded: bool,
    /// Emergencies that are not on disk yet.
    pub unrecorded: usize,
    /// Stations that are configured and not there.
    pub stations_down: usize,
    /// Ids that were refused at log-in of late.
    pub quarantined: usize,
}

/// The walks over the whole ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Walk {
    /// The record that the one under way has reached; none when there is none.
    pub at: Option<u64>,
    /// How many faults the last one found.
    pub faults: usize,
    /// When the last one ended, in seconds since 1970.
    pub ended: Option<i64>,
}

/// A queue of the server.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct QueueLabel {
    /// A short fixed word.
    pub queue: &'static str,
}

/// A message of a radio that was dropped.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct MessageLabel {
    /// What it was: a short fixed word.
    pub kind: &'static str,
}

/// Connections of the API.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ConnectionLabel {
    /// `holder` (it has shown a valid token) or `stranger`.
    pub kind: &'static str,
}

/// How requests were answered.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct AnswerLabel {
    /// The HTTP status.
    pub status: u16,
}

/// Everything that is counted. Cheap to increment from any task.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    /// Frames and bytes dropped.
    pub dropped: Family<DropLabel, Counter>,
    /// How often a link's port was lost.
    pub links_lost: Counter,
    /// Log-ins refused, one a minute for each id that keeps on trying.
    pub log_ins_refused: Counter,
    /// Seconds from handing a batch to the ledger until it is durable.
    pub commit: Histogram,
    /// Facts committed.
    pub facts: Counter,
    /// Failed commits.
    pub commit_failures: Counter,
    commit_under_way: Gauge<f64, AtomicU64>,
    held_messages: Gauge,
    dropped_messages: Family<MessageLabel, Counter>,
    /// Waiting in a queue.
    pub queue: Family<QueueLabel, Gauge>,
    /// Requests answered.
    pub answers: Family<AnswerLabel, Counter>,
    /// Event streams open.
    pub streams: Gauge,
    /// Connections open.
    pub connections: Family<ConnectionLabel, Gauge>,
    /// Connections that may be open.
    pub connection_limit: Gauge,
    /// Connections without a valid token that were closed for others.
    pub connections_displaced: Counter,
    /// Bytes of request bodies that are being sent.
    pub body_bytes: Gauge,
    /// Free bytes of the ledger's file system.
    pub free_bytes: Gauge,
    attempts: Family<OutcomeLabel, Counter<u64, AtomicU64>>,
    live_alerts: Gauge,
    live_deliveries: Gauge,
    waiting: Gauge,
    jobs: Gauge,
    emergencies: Gauge,
    stations_up: Gauge,
    stations: Gauge,
    radios: Gauge,
    clock_step: Gauge,
    seq: Gauge,
    walking: Gauge,
    walked_to: Gauge,
    walk_faults: Gauge,
    walk_ended: Gauge,
    degraded: Gauge,
    unrecorded: Gauge,
    stations_down: Gauge,
    quarantined: Gauge,
    station_up: Family<StationLabel, Gauge>,
    /// How the sinks stand.
    pub sinks: SinkGauges,
    /// What came over the sources of warnings.
    pub sources: SourceCounters,
    sms_up: Family<RouteLabel, Gauge>,
    sms_waiting: Family<RouteLabel, Gauge>,
    sms_under_way: Family<RouteLabel, Gauge>,
    sms_cost: Family<RouteLabel, Gauge>,
    sms_parts: Family<RoutePartLabel, Gauge>,
    queued: Family<WaitingLabel, Gauge>,
    oldest: Family<WaitingLabel, Gauge<f64, AtomicU64>>,
    /// Held while what the engine counts is taken over, or written out: never half of it.
    whole: Mutex<()>,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("narrowcast"),
            dropped: Family::default(),
            links_lost: Counter::default(),
            log_ins_refused: Counter::default(),
            commit: Histogram::new(exponential_buckets(0.000_25, 2.0, 16)),
            facts: Counter::default(),
            commit_failures: Counter::default(),
            commit_under_way: Gauge::default(),
            held_messages: Gauge::default(),
            dropped_messages: Family::default(),
            queue: Family::default(),
            answers: Family::default(),
            streams: Gauge::default(),
            connections: Family::default(),
            connection_limit: Gauge::default(),
            connections_displaced: Counter::default(),
            body_bytes: Gauge::default(),
            free_bytes: Gauge::default(),
            attempts: Family::default(),
            live_alerts: Gauge::default(),
            live_deliveries: Gauge::default(),
            waiting: Gauge::default(),
            jobs: Gauge::default(),
            emergencies: Gauge::default(),
            stations_up: Gauge::default(),
            stations: Gauge::default(),
            radios: Gauge::default(),
            clock_step: Gauge::default(),
            seq: Gauge::default(),
            walking: Gauge::default(),
            walked_to: Gauge::default(),
            walk_faults: Gauge::default(),
            walk_ended: Gauge::default(),
            degraded: Gauge::default(),
            unrecorded: Gauge::default(),
            stations_down: Gauge::default(),
            quarantined: Gauge::default(),
            station_up: Family::default(),
            sinks: SinkGauges::default(),
            sources: SourceCounters::default(),
            sms_up: Family::default(),
            sms_waiting: Family::default(),
            sms_under_way: Family::default(),
            sms_cost: Family::default(),
            sms_parts: Family::default(),
            queued: Family::default(),
            oldest: Family::default(),
            whole: Mutex::default(),
        };
        metrics.register();
        metrics
    }
}

impl Metrics {
    fn register(&mut self) {
        let r = &mut self.registry;
        r.register(
            "dropped",
            "Frames or bytes dropped, by cause",
            self.dropped.clone(),
        );
        r.register("links_lost", "Ports lost", self.links_lost.clone());
        r.register(
            "log_ins_refused",
            "Log-ins refused, one a minute for each id",
            self.log_ins_refused.clone(),
        );
        r.register_with_unit(
            "ledger_commit",
            "Time until a batch of facts is durable",
            Unit::Seconds,
            self.commit.clone(),
        );
        r.register("ledger_facts", "Facts committed", self.facts.clone());
        r.register(
            "ledger_failures",
            "Commits that failed",
            self.commit_failures.clone(),
        );
        r.register_with_unit(
            "ledger_commit_under_way",
            "For how long the commit under way has been made",
            Unit::Seconds,
            self.commit_under_way.clone(),
        );
        r.register(
            "held_messages",
            "Messages of radios that wait for the ledger",
            self.held_messages.clone(),
        );
        r.register(
            "dropped_messages",
            "Messages of radios dropped unacknowledged, by kind",
            self.dropped_messages.clone(),
        );
        r.register(
            "ledger_free_bytes",
            "Free space of the ledger's disk",
            self.free_bytes.clone(),
        );
        r.register("ledger_seq", "Position of the last fact", self.seq.clone());
        r.register("queue_length", "Waiting in a queue", self.queue.clone());
        r.register("http_answers", "Requests answered", self.answers.clone());
        r.register(
            "attempts",
            "Attempts ended since the start",
            self.attempts.clone(),
        );
        r.register(
            "alerts_in_memory",
            "Alerts in memory",
            self.live_alerts.clone(),
        );
        r.register(
            "live_deliveries",
            "Deliveries not settled",
            self.live_deliveries.clone(),
        );
        r.register(
            "waiting",
            "Deliveries and group transmissions waiting",
            self.waiting.clone(),
        );
        r.register("jobs", "Jobs handed to sessions", self.jobs.clone());
        r.register(
            "open_emergencies",
            "Emergencies not closed",
            self.emergencies.clone(),
        );
        r.register(
            "stations_up",
            "Stations that are there",
            self.stations_up.clone(),
        );
        r.register("stations", "Stations configured", self.stations.clone());
        r.register("radios", "Radios of the roster", self.radios.clone());
        r.register(
            "clock_step_ms",
            "Unconfirmed step of the clock",
            self.clock_step.clone(),
        );
        self.register_posture();
        self.register_doors();
        self.register_walks();
    }

    fn register_walks(&mut self) {
        let r = &mut self.registry;
        r.register(
            "ledger_scrub_running",
            "1 while the whole ledger is being checked",
            self.walking.clone(),
        );
        r.register(
            "ledger_scrub_position",
            "The record that the check under way has reached",
            self.walked_to.clone(),
        );
        r.register(
            "ledger_scrub_faults",
            "1 if the last check of the whole ledger found a record that does not verify",
            self.walk_faults.clone(),
        );
        r.register(
            "ledger_scrub_ended_timestamp",
            "When the last check of the whole ledger ended, in seconds since 1970; 0 if never",
            self.walk_ended.clone(),
        );
    }

    /// Takes over how the walks over the ledger stand.
    pub fn scrubbed(&self, walk: Walk) {
        let at = walk.at.map(|at| i64::try_from(at).unwrap_or(i64::MAX));
        self.walking.set(at.is_some().into());
        self.walked_to.set(at.unwrap_or(0));
        let faults = i64::try_from(walk.faults).unwrap_or(i64::MAX);
        self.walk_faults.set(faults);
        self.walk_ended.set(walk.ended.unwrap_or(0));
    }

    fn register_doors(&mut self) {
        let r = &mut self.registry;
        r.register("event_streams", "Event streams open", self.streams.clone());
        r.register(
            "connections",
            "Connections of the API",
            self.connections.clone(),
        );
        r.register(
            "connection_limit",
            "Connections that the API may have",
            self.connection_limit.clone(),
        );
        r.register(
            "connections_displaced",
            "Connections without a valid token that were closed for others",
            self.connections_displaced.clone(),
        );
        r.register_with_unit(
            "http_bodies",
            "Request bodies that are being sent, without the first 16 KiB of each",
            Unit::Bytes,
            self.body_bytes.clone(),
        );
    }

    fn register_posture(&mut self) {
        let r = &mut self.registry;
        r.register(
            "degraded",
            "1 while the server is degraded",
            self.degraded.clone(),
        );
        r.register(
            "unrecorded_emergencies",
            "Emergencies that are not on disk yet",
            self.unrecorded.clone(),
        );
        r.register(
            "stations_down",
            "Stations configured and not there",
            self.stations_down.clone(),
        );
        r.register(
            "quarantined",
            "Ids refused at log-in in the last ten minutes",
            self.quarantined.clone(),
        );
        r.register(
            "station_up",
            "1 while the station is there",
            self.station_up.clone(),
        );
        self.sinks.register(r);
        self.sources.register(r);
        r.register(
            "sms_route_up",
            "1 while the operator of the SMS route is logged in to",
            self.sms_up.clone(),
        );
        r.register(
            "sms_waiting",
            "Messages waiting for the SMS route",
            self.sms_waiting.clone(),
        );
        r.register(
            "sms_under_way",
            "Parts of which the operator has not answered",
            self.sms_under_way.clone(),
        );
        r.register(
            "sms_cost_today",
            "What was spent over the SMS route today, in hundredths of the currency",
            self.sms_cost.clone(),
        );
        r.register(
            "sms_parts",
            "Parts over the SMS route since the start, by outcome",
            self.sms_parts.clone(),
        );
        r.register(
            "queued",
            "Deliveries and group transmissions waiting, by carrier and precedence",
            self.queued.clone(),
        );
        r.register_with_unit(
            "oldest_queued",
            "For how long the first of a queue has been waiting",
            Unit::Seconds,
            self.oldest.clone(),
        );
    }

    /// Takes over what the server knows of itself.
    pub fn posture(&self, posture: Posture) {
        let set = |gauge: &Gauge, value: usize| {
            gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
        };
        set(&self.degraded, posture.degraded.into());
        set(&self.unrecorded, posture.unrecorded);
        set(&self.stations_down, posture.stations_down);
        set(&self.quarantined, posture.quarantined);
    }

    /// The clock's step that nobody has confirmed, in milliseconds; zero if there is none.
    #[must_use]
    pub fn unconfirmed_step(&self) -> i64 {
        self.clock_step.get()
    }

    /// A batch of so many facts became durable after `time`.
    pub fn committed(&self, facts: u64, time: Duration) {
        self.facts.inc_by(facts);
        self.commit.observe(time.as_secs_f64());
    }

    /// The commit under way has been made for so long; zero when there is none.
    pub fn committing(&self, time: Duration) {
        self.commit_under_way.set(time.as_secs_f64());
    }

    /// So many messages of radios wait for the ledger.
    pub fn held(&self, messages: usize) {
        self.held_messages
            .set(i64::try_from(messages).unwrap_or(i64::MAX));
    }

    /// So many messages of this kind were dropped unacknowledged.
    pub fn messages_dropped(&self, kind: &'static str, count: u64) {
        self.dropped_messages
            .get_or_create(&MessageLabel { kind })
            .inc_by(count);
    }

    fn learn_routes(&self, routes: &[SmsRouteView]) {
        let number = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
        for view in routes {
            let route = || RouteLabel {
                route: view.name.clone(),
            };
            self.sms_up.get_or_create(&route()).set(view.up.into());
            let waiting = self.sms_waiting.get_or_create(&route());
            waiting.set(view.waiting.into());
            let under_way = self.sms_under_way.get_or_create(&route());
            under_way.set(view.under_way.into());
            let cost = self.sms_cost.get_or_create(&route());
            cost.set(number(view.cost_today));
            for (outcome, count) in [
                ("taken", view.taken),
                ("refused", view.refused),
                ("throttled", view.throttled),
                ("delivered", view.delivered),
                ("failed", view.failed),
            ] {
                let label = RoutePartLabel {
                    route: view.name.clone(),
                    outcome,
                };
                self.sms_parts.get_or_create(&label).set(number(count));
            }
        }
    }

    /// Takes over what the engine counts itself.
    pub fn learn(&self, overview: &Overview) {
        let _whole = self.whole.lock().unwrap_or_else(PoisonError::into_inner);
        self.learn_queues(&overview.queues);
        self.station_up.clear();
        for &(station, up) in &overview.station_up {
            let label = StationLabel { station: station.0 };
            self.station_up.get_or_create(&label).set(up.into());
        }
        self.learn_routes(&overview.sms);
        let set = |gauge: &Gauge, value: usize| {
            gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
        };
        set(&self.live_alerts, overview.alerts);
        set(&self.live_deliveries, overview.deliveries);
        set(&self.waiting, overview.waiting);
        set(&self.jobs, overview.jobs);
        set(&self.emergencies, overview.emergencies);
        set(&self.stations_up, overview.stations_up);
        set(&self.stations, overview.stations);
        set(&self.radios, overview.radios);
        self.clock_step.set(overview.clock_step_ms.unwrap_or(0));
        self.seq
            .set(i64::try_from(overview.seq.0).unwrap_or(i64::MAX));
        for (outcome, count) in &overview.attempts {
            let label = OutcomeLabel {
                outcome: outcome.clone(),
            };
            let counter = self.attempts.get_or_create(&label);
            counter.inner().store(*count, Ordering::Relaxed);
        }
    }

    fn learn_queues(&self, queues: &[QueueView]) {
        self.queued.clear();
        self.oldest.clear();
        for queue in queues {
            let carrier = queue
                .carrier
                .map_or_else(|| "none".to_owned(), |carrier| carrier.to_string());
            let label = WaitingLabel {
                carrier,
                precedence: queue.precedence.name().to_owned(),
            };
            let waiting = i64::try_from(queue.waiting).unwrap_or(i64::MAX);
            self.queued.get_or_create(&label).set(waiting);
            let oldest = Duration::from_millis(queue.oldest_ms).as_secs_f64();
            self.oldest.get_or_create(&label).set(oldest);
        }
    }

    /// Everything in OpenMetrics text.
    ///
    /// # Errors
    /// A metric could not be written.
    pub fn encode(&self) -> Result<String, std::fmt::Error> {
        let _whole = self.whole.lock().unwrap_or_else(PoisonError::into_inner);
        let mut out = String::new();
        text::encode(&mut out, &self.registry)?;
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use narrowcast_protocol::air::{CarrierId, Slot, StationId};

    use super::*;
    use crate::model::alert::Precedence;

    #[test]
    fn what_is_counted_stands_in_the_text() {
        let metrics = Metrics::default();
        metrics.links_lost.inc();
        metrics.posture(Posture {
            degraded: true,
            stations_down: 2,
            ..Posture::default()
        });
        metrics.committed(2, Duration::from_millis(4));
        metrics.learn(&Overview {
            emergencies: 1,
            attempts: [("timed-out".to_owned(), 7)].into(),
            queues: vec![
                QueueView {
                    carrier: Some(CarrierId {
                        station: StationId(5),
                        slot: Slot::Two,
                    }),
                    precedence: Precedence::Flash,
                    waiting: 3,
                    oldest_ms: 1_500,
                },
                QueueView {
                    carrier: None,
                    precedence: Precedence::Routine,
                    waiting: 1,
                    oldest_ms: 0,
                },
            ],
            station_up: vec![(StationId(5), true), (StationId(6), false)],
            ..Overview::default()
        });
        let text = metrics.encode().unwrap();
        for line in [
            "narrowcast_links_lost_total 1",
            "narrowcast_degraded 1",
            "narrowcast_stations_down 2",
            "narrowcast_station_up{station=\"5\"} 1",
            "narrowcast_station_up{station=\"6\"} 0",
            "narrowcast_queued{carrier=\"5/2\",precedence=\"flash\"} 3",
            "narrowcast_queued{carrier=\"none\",precedence=\"routine\"} 1",
            "narrowcast_oldest_queued_seconds{carrier=\"5/2\",precedence=\"flash\"} 1.5",
            "narrowcast_ledger_facts_total 2",
            "narrowcast_ledger_commit_seconds_count 1",
            "narrowcast_open_emergencies 1",
            "narrowcast_attempts_total{outcome=\"timed-out\"} 7",
        ] {
            assert!(text.contains(line), "{line}\n{text}");
        }
        assert!(text.ends_with("# EOF\n"));
        metrics.learn(&Overview::default());
        let text = metrics.encode().unwrap();
        assert!(
            !text.contains("carrier="),
            "an empty queue is not shown: {text}"
        );
    }
}
