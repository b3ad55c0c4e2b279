//! Names of transfers of which no terminal is known to have them: the next try carries the same
//! one, so that a site that has it, accepted or not, does not put it on the air twice.

use core::time::Duration;
use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::air::Text;
use crate::homebrew::message::Uuid;
use crate::time::Instant;

/// As long as sites know a repeat.
const LIFE: Duration = Duration::from_secs(600);
/// Most that are remembered; beyond it the oldest gets a new name.
const MOST: usize = 4_096;

#[derive(Debug)]
struct Name {
    digest: u64,
    uuid: Uuid,
    at: Instant,
    /// Whether its sends are over, so that the next try may take it.
    free: bool,
}

/// The names given to individual texts lately.
#[derive(Debug, Default)]
pub(super) struct Unanswered {
    names: VecDeque<Name>,
}

impl Unanswered {
    /// The name under which this text went to this radio without an answer.
    pub(super) fn again(&mut self, now: Instant, text: &Text) -> Option<Uuid> {
        let digest = digest(text);
        let name = self
            .names
            .iter_mut()
            .find(|name| name.free && name.digest == digest && now.since(name.at) < LIFE)?;
        name.free = false;
        Some(name.uuid)
    }

    /// A text goes out under a new name.
    pub(super) fn name(&mut self, now: Instant, text: &Text, uuid: Uuid) {
        if self.names.len() >= MOST {
            self.names.pop_front();
        }
        self.names.push_back(Name {
            digest: digest(text),
            uuid,
            at: now,
            free: false,
        });
    }

    /// Nobody has answered.
    pub(super) fn keep(&mut self, now: Instant, uuid: Uuid) {
        if let Some(name) = self.names.iter_mut().find(|name| name.uuid == uuid) {
            (name.free, name.at) = (true, now);
        }
    }

    /// The terminal has it: the same text again is a new transfer.
    pub(super) fn received(&mut self, uuid: Uuid) {
        self.names.retain(|name| name.uuid != uuid);
    }
}

fn digest(text: &Text) -> u64 {
    // Fixed keys: the same text has the same digest in every run.
    let mut hasher = DefaultHasher::new();
    (text.from, text.to, &text.text, text.reference).hash(&mut hasher);
    hasher.finish()
}
