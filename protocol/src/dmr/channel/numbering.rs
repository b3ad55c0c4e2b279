//! N(S) and IPv4 identification of what we send.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::air::{RadioId, Text};

/// Most radios whose N(S) is remembered; beyond it the count starts anew.
const RADIOS: usize = 4_096;

/// The link layer's numbers. The same text to the same radio again is a retry: it keeps
/// its N(S), so that a radio which has it answers without showing it twice.
#[derive(Debug, Default)]
pub(super) struct Numbering {
    last: BTreeMap<RadioId, (u8, u64)>,
    ip_id: u16,
}

impl Numbering {
    /// N(S) of the packet that carries this text.
    pub(super) fn send_sequence(&mut self, to: RadioId, text: &Text) -> u8 {
        if self.last.len() >= RADIOS && !self.last.contains_key(&to) {
            self.last.clear();
        }
        let digest = digest(text);
        let next = match self.last.get(&to) {
            Some(&(number, same)) if same == digest => number,
            Some(&(number, _)) => (number + 1) & 7,
            None => 0,
        };
        self.last.insert(to, (next, digest));
        next
    }

    /// A fresh IPv4 identification, never 0.
    pub(super) fn ip_id(&mut self) -> u16 {
        self.ip_id = self.ip_id.checked_add(1).unwrap_or(1);
        self.ip_id
    }
}

fn digest(text: &Text) -> u64 {
    // Fixed keys: the same text has the same digest in every run.
    let mut hasher = DefaultHasher::new();
    (&text.text, text.reference).hash(&mut hasher);
    hasher.finish()
}
