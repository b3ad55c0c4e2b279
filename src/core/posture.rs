//! How the core stands, for health, metrics and people.

use std::collections::BTreeMap;

use narrowcast_protocol::time::Instant;

use crate::core::Core;
use crate::core::phase::{HANGS, Phase};
use crate::model::emergency::Emergency;

/// How the core stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Posture {
    /// What is wrong, in words; empty when all is well.
    pub reasons: Vec<String>,
    /// Whether the ledger is away: nothing is accepted. A ledger that is slow or hangs is not.
    pub away: bool,
    /// Since when a commit is under way.
    pub commit_since: Option<Instant>,
    /// Emergencies that are not on record, in the order of their raising.
    pub unrecorded: Vec<Emergency>,
    /// Messages of radios that are held and not acknowledged.
    pub held: usize,
    /// Messages of radios that were dropped unacknowledged since the start, by kind.
    pub dropped: BTreeMap<&'static str, u64>,
}

impl Core {
    /// How it stands at the newest moment it was told.
    #[must_use]
    pub fn posture(&self) -> Posture {
        let unrecorded = self.distress.iter().map(|call| call.emergency.clone());
        Posture {
            reasons: self.reasons(),
            away: !self.is_ready(),
            commit_since: self.under_way.map(|commit| commit.since),
            unrecorded: unrecorded.collect(),
            held: self.messages.waiting(),
            dropped: self.messages.dropped().clone(),
        }
    }

    fn reasons(&self) -> Vec<String> {
        let mut reasons = Vec::new();
        if let Some(why) = &self.retry.why {
            reasons.push(format!("the ledger failed: {why}"));
        } else if !self.is_ready() {
            reasons.push("the ledger is being opened and folded".to_owned());
        }
        if let Some(since) = self.asked_since() {
            let waited = self.now.mono.since(since);
            if waited >= HANGS {
                let what = match self.phase {
                    Phase::Opening { .. } => "opening the ledger",
                    Phase::Folding { .. } => "reading a page of the ledger",
                    Phase::Waiting { .. } | Phase::Ready => "a commit to the ledger",
                };
                reasons.push(format!(
                    "{what} has been under way for {} s",
                    waited.as_secs()
                ));
            }
        }
        reasons.extend(self.engine().salvages().map(|salvage| {
            format!(
                "the ledger was salvaged ({}): {salvage}; look at tokens and roster, then take \
                 note of it (`narrowcast ledger acknowledge-salvage`)",
                salvage.why
            )
        }));
        if let Some(what) = &self.retry.bug {
            reasons.push(format!(
                "a fact did not fit a record and its request was dropped, please report this: {what}"
            ));
        }
        reasons
    }
}
