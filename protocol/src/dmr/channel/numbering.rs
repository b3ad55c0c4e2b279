//! N(S) and IPv4 identification of what we send.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::air::{Address, Delivery, RadioId, Text, Transmission};
use crate::dmr::packet::Sequence;

/// Most radios whose N(S) is remembered; beyond it all begin anew.
const RADIOS: usize = 4_096;

/// The radio to which this goes with a number of the link layer, if it does.
#[must_use]
pub const fn numbered_for(transmission: &Transmission) -> Option<RadioId> {
    match transmission {
        Transmission::Text(Text {
            to: Address::Radio(radio),
            delivery: Delivery::Confirmed,
            ..
        }) => Some(*radio),
        _ => None,
    }
}

/// What was sent to a radio last.
#[derive(Debug, Clone, Copy)]
struct Last {
    /// N(S), 0 to 7.
    number: u8,
    /// Of which text.
    digest: u64,
    /// The radio has confirmed a number of ours, so it counts as we do.
    is_synchronised: bool,
}

/// The link layer's numbers. The same text to the same radio again is a retry: it keeps
/// its N(S), so that a radio which has it answers without showing it twice.
///
/// A radio remembers the last N(S) it got, from before our start or over another station. So
/// S is set (TS 102 361-1 clause 9.2: the receiver takes the number as it is, and takes the
/// packet for no repetition) until the radio has confirmed one: it may then show a text
/// twice whose confirmation was lost, but never confirms one that it does not show.
#[derive(Debug, Default)]
pub(super) struct Numbering {
    last: BTreeMap<RadioId, Last>,
    ip_id: u16,
}

impl Numbering {
    /// N(S) and S of the confirmed packet that carries this text.
    pub(super) fn send_sequence(&mut self, to: RadioId, text: &Text) -> Sequence {
        if self.last.len() >= RADIOS && !self.last.contains_key(&to) {
            self.last.clear();
        }
        let digest = digest(text);
        let next = match self.last.get(&to) {
            Some(last) if last.digest == digest => *last,
            Some(last) => Last {
                number: (last.number + 1) & 7,
                digest,
                ..*last
            },
            None => Last {
                number: 0,
                digest,
                is_synchronised: false,
            },
        };
        self.last.insert(to, next);
        Sequence {
            number: next.number,
            resynchronise: !next.is_synchronised,
        }
    }

    /// The radio has confirmed this number.
    pub(super) fn confirmed(&mut self, by: RadioId, number: u8) {
        if let Some(last) = self.last.get_mut(&by)
            && last.number == number
        {
            last.is_synchronised = true;
        }
    }

    /// The radio has got numbers elsewhere, or refuses ours: they begin anew.
    pub(super) fn forget(&mut self, radio: RadioId) {
        self.last.remove(&radio);
    }

    /// A fresh IPv4 identification, never 0.
    pub(super) fn ip_id(&mut self) -> u16 {
        self.ip_id = self.ip_id.checked_add(1).unwrap_or(1);
        self.ip_id
    }

    /// How many radios are remembered.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.last.len()
    }
}

fn digest(text: &Text) -> u64 {
    // Fixed keys: the same text has the same digest in every run.
    let mut hasher = DefaultHasher::new();
    (&text.text, text.reference).hash(&mut hasher);
    hasher.finish()
}
