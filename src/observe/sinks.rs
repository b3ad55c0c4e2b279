//! Gauges of the sinks: how far each has come, and what is in its way.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::model::sink::SinkStatus;

/// A sink.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct SinkLabel {
    /// The sink's name.
    pub sink: String,
}

/// Gauges of every sink, set before they are read.
#[derive(Debug, Default)]
pub struct SinkGauges {
    behind: Family<SinkLabel, Gauge>,
    failures: Family<SinkLabel, Gauge>,
    delivered: Family<SinkLabel, Gauge>,
    dead: Family<SinkLabel, Gauge>,
    off: Family<SinkLabel, Gauge>,
}

impl SinkGauges {
    pub(super) fn register(&self, r: &mut Registry) {
        r.register(
            "sink_behind",
            "Positions of the ledger that the sink has not acknowledged",
            self.behind.clone(),
        );
        r.register(
            "sink_failures",
            "Failures of the sink one after the other; 0 while all is well",
            self.failures.clone(),
        );
        r.register(
            "sink_delivered",
            "Events that the sink acknowledged since the start",
            self.delivered.clone(),
        );
        r.register(
            "sink_dead_letters",
            "Events that the sink refused for good",
            self.dead.clone(),
        );
        r.register(
            "sink_off",
            "1 while the sink does nothing until it is replayed",
            self.off.clone(),
        );
    }

    /// A sink stands like this.
    pub fn set(&self, name: &str, status: &SinkStatus) {
        let label = SinkLabel {
            sink: name.to_owned(),
        };
        let set = |family: &Family<SinkLabel, Gauge>, value: u64| {
            let value = i64::try_from(value).unwrap_or(i64::MAX);
            family.get_or_create(&label).set(value);
        };
        set(&self.behind, status.behind());
        set(&self.failures, status.failures.into());
        set(&self.delivered, status.delivered);
        set(&self.dead, status.dead.len() as u64);
        set(&self.off, status.disabled.is_some().into());
    }
}
