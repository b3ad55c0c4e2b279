//! Logs, metrics, health.

pub mod logs;
pub mod metrics;
pub mod sinks;
pub mod sources;
