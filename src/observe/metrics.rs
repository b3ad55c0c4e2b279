//! Counters and gauges in Prometheus' text form.
//!
//! Labels are names of links, fixed words and outcome names only: never a radio, a phone
//! number or an alert.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

use crate::engine::views::Overview;

/// The media type of what [`Metrics::encode`] writes.
pub const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// A link of the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct LinkLabel {
    /// Its name in the configuration, as in `homebrew[0]`.
    pub link: String,
}

/// Why frames of a link were dropped.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct DropLabel {
    /// The link.
    pub link: String,
    /// A short fixed word.
    pub cause: &'static str,
}

/// How attempts ended.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct OutcomeLabel {
    /// The outcome's name.
    pub outcome: String,
}

/// A queue of the server.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct QueueLabel {
    /// A short fixed word.
    pub queue: &'static str,
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
    /// Frames and datagrams received.
    pub frames_in: Family<LinkLabel, Counter>,
    /// Frames and datagrams written.
    pub frames_out: Family<LinkLabel, Counter>,
    /// Frames and bytes dropped.
    pub dropped: Family<DropLabel, Counter>,
    /// How often a link's port was opened again.
    pub reopened: Family<LinkLabel, Counter>,
    /// Seconds from handing a batch to the ledger until it is durable.
    pub commit: Histogram,
    /// Facts committed.
    pub facts: Counter,
    /// Failed commits.
    pub commit_failures: Counter,
    /// Waiting in a queue.
    pub queue: Family<QueueLabel, Gauge>,
    /// Requests answered.
    pub answers: Family<AnswerLabel, Counter>,
    /// Event streams open.
    pub streams: Gauge,
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
}

impl Default for Metrics {
    fn default() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("narrowcast"),
            frames_in: Family::default(),
            frames_out: Family::default(),
            dropped: Family::default(),
            reopened: Family::default(),
            commit: Histogram::new(exponential_buckets(0.000_25, 2.0, 16)),
            facts: Counter::default(),
            commit_failures: Counter::default(),
            queue: Family::default(),
            answers: Family::default(),
            streams: Gauge::default(),
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
        };
        metrics.register();
        metrics
    }
}

impl Metrics {
    fn register(&mut self) {
        let r = &mut self.registry;
        r.register("frames_received", "Frames received", self.frames_in.clone());
        r.register("frames_written", "Frames written", self.frames_out.clone());
        r.register(
            "dropped",
            "Frames or bytes dropped, by cause",
            self.dropped.clone(),
        );
        r.register("link_reopened", "Ports opened again", self.reopened.clone());
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
        r.register(
            "ledger_free_bytes",
            "Free space of the ledger's disk",
            self.free_bytes.clone(),
        );
        r.register("ledger_seq", "Position of the last fact", self.seq.clone());
        r.register("queue_length", "Waiting in a queue", self.queue.clone());
        r.register("http_answers", "Requests answered", self.answers.clone());
        r.register("event_streams", "Event streams open", self.streams.clone());
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
    }

    /// A batch of so many facts became durable after `time`.
    pub fn committed(&self, facts: u64, time: Duration) {
        self.facts.inc_by(facts);
        self.commit.observe(time.as_secs_f64());
    }

    /// Takes over what the engine counts itself.
    pub fn learn(&self, overview: &Overview) {
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

    /// Everything in OpenMetrics text.
    ///
    /// # Errors
    /// A metric could not be written.
    pub fn encode(&self) -> Result<String, std::fmt::Error> {
        let mut out = String::new();
        text::encode(&mut out, &self.registry)?;
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_stands_in_the_text() {
        let metrics = Metrics::default();
        let link = LinkLabel {
            link: "homebrew[0]".into(),
        };
        metrics.frames_in.get_or_create(&link).inc_by(3);
        metrics.committed(2, Duration::from_millis(4));
        metrics.learn(&Overview {
            emergencies: 1,
            attempts: [("timed-out".to_owned(), 7)].into(),
            ..Overview::default()
        });
        let text = metrics.encode().unwrap();
        for line in [
            "narrowcast_frames_received_total{link=\"homebrew[0]\"} 3",
            "narrowcast_ledger_facts_total 2",
            "narrowcast_ledger_commit_seconds_count 1",
            "narrowcast_open_emergencies 1",
            "narrowcast_attempts_total{outcome=\"timed-out\"} 7",
        ] {
            assert!(text.contains(line), "{line}\n{text}");
        }
        assert!(text.ends_with("# EOF\n"));
    }
}
