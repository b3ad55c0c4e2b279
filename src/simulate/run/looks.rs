//! What can be seen of a run from outside.

use narrowcast_protocol::air::{CarrierId, JobId};
use narrowcast_protocol::session::{Job, Step};
use narrowcast_protocol::time::Instant;
use narrowcast_world::air::Losses;

use super::{Run, Tally};
use crate::engine::io::{Alarm, Refusal, Response};
use crate::model::facts::Entry;
use crate::model::ids::Seq;
use crate::simulate::link::{self, Site};

impl Run {
    /// Keeps every fact from now on, see [`facts`](Self::facts).
    pub const fn keep_facts(&mut self) {
        self.keep_facts = true;
    }

    /// What time it is.
    #[must_use]
    pub const fn now(&self) -> Instant {
        self.now
    }

    /// The durable facts, if they were to be kept, with the moment they became durable.
    #[must_use]
    pub fn facts(&self) -> &[(Instant, Seq, Entry)] {
        &self.facts
    }

    /// The jobs that were handed to sessions, if facts were to be kept.
    #[must_use]
    pub fn sends(&self) -> &[(Instant, Job)] {
        &self.sends
    }

    /// How the jobs came along, if facts were to be kept.
    #[must_use]
    pub fn steps(&self) -> &[(Instant, JobId, Step)] {
        &self.steps
    }

    /// The answers to what was asked, if facts were to be kept.
    pub fn replies(&self) -> &[(Instant, Result<Response, Refusal>)] {
        &self.replies
    }

    /// What was shown at once, recorded or not.
    #[must_use]
    pub fn alarms(&self) -> &[(Instant, Alarm)] {
        &self.alarms
    }

    /// What was done, in numbers.
    #[must_use]
    pub const fn tally(&self) -> Tally {
        self.watch.tally
    }

    /// Everything that happened, as text, if it was to be kept.
    #[must_use]
    pub fn log(&self) -> &[String] {
        self.log.as_deref().unwrap_or_default()
    }

    /// What was sent over each carrier and lost on the way.
    pub fn losses(&mut self) -> Vec<Losses> {
        self.sites.iter_mut().flat_map(Site::losses).collect()
    }

    /// The carriers, in the order of the sites.
    pub fn carriers(&self) -> Vec<CarrierId> {
        let pairs = self.stations.iter().zip(&self.sites);
        pairs
            .flat_map(|(station, site)| link::carriers(*station, site))
            .collect()
    }
}
