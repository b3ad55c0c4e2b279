//! Logs.

use serde::Deserialize;
use tracing_subscriber::EnvFilter;

use crate::config::error::Fault;

/// `[log]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogConfig {
    /// For people or for machines.
    pub format: LogFormat,
    /// Which events, in the words of `tracing`'s filter.
    pub filter: String,
}

/// The form of the logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogFormat {
    /// Lines for people.
    #[default]
    Human,
    /// One JSON object a line.
    Json,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self {
            format: LogFormat::Human,
            filter: "info".to_owned(),
        }
    }
}

impl LogConfig {
    pub(super) fn check(&self, faults: &mut Vec<Fault>) {
        if let Err(error) = EnvFilter::try_new(&self.filter) {
            faults.push(Fault::new(
                "log.filter",
                format!("{error}: write it as \"info\" or \"info,narrowcast::station=debug\""),
            ));
        }
    }
}
