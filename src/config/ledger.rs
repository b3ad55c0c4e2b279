//! The ledger.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use crate::config::error::Fault;
use crate::config::value::{period, size};
use crate::model::text;

/// `[ledger]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LedgerConfig {
    /// Its directory; `ledger` in the state directory if none.
    pub dir: Option<PathBuf>,
    /// Whose ledger it is; stands in every record.
    pub jurisdiction: String,
    /// A checkpoint is kept every so many facts.
    pub checkpoint_every: u64,
    /// Bytes held back by a file that is removed when the disk is full, for emergencies.
    #[serde(deserialize_with = "size")]
    pub ballast: u64,
    /// How often the chain is walked while the server runs; none for never.
    #[serde(deserialize_with = "period")]
    pub scrub: Option<Duration>,
}

const DAY: Duration = Duration::from_secs(86_400);
/// The longest period: a year.
const LONGEST: Duration = Duration::from_secs(366 * 86_400);
const SHORTEST: Duration = Duration::from_secs(1);

/// The store grows by 2 MiB at a time, and needs some of it to be opened again.
const LEAST_BALLAST: u64 = 4 << 20;

impl Default for LedgerConfig {
    fn default() -> Self {
        Self {
            dir: None,
            jurisdiction: "default".to_owned(),
            checkpoint_every: 50_000,
            ballast: 64 << 20,
            scrub: Some(7 * DAY),
        }
    }
}

impl LedgerConfig {
    /// Its directory.
    #[must_use]
    pub fn directory(&self, state_dir: &Path) -> PathBuf {
        self.dir.clone().unwrap_or_else(|| state_dir.join("ledger"))
    }

    pub(super) fn check(&self, faults: &mut Vec<Fault>) {
        let length = self.jurisdiction.chars().count();
        if !(1..=64).contains(&length) {
            faults.push(Fault::new(
                "ledger.jurisdiction",
                "it must have 1 to 64 characters",
            ));
        }
        if let Err(error) = text::check(&self.jurisdiction) {
            faults.push(Fault::new("ledger.jurisdiction", error.to_string()));
        }
        if (1..LEAST_BALLAST).contains(&self.ballast) {
            faults.push(Fault::new(
                "ledger.ballast",
                format!(
                    "{} bytes make too little room: at least \"4 MiB\", or 0 for none",
                    self.ballast
                ),
            ));
        }
        if let Some(every) = self
            .scrub
            .filter(|every| !(SHORTEST..=LONGEST).contains(every))
        {
            faults.push(Fault::new(
                "ledger.scrub",
                format!(
                    "{} s is out of range: 1 second to 366 days, or \"never\"",
                    every.as_secs_f64()
                ),
            ));
        }
        if self.checkpoint_every < 1_000 {
            faults.push(Fault::new(
                "ledger.checkpoint_every",
                format!("{} is too small: at least 1000", self.checkpoint_every),
            ));
        }
    }
}
