//! Logs, metrics, health.

pub mod logs;
pub mod metrics;
