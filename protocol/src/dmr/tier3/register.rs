//! Which radios are registered with the site.

use std::collections::{BTreeMap, BTreeSet};

use crate::air::RadioId;
use crate::dmr::csbk::Reason;
use crate::time::Instant;

use super::config::Registration;

/// Most registered radios; the one that was longest silent gives way.
const MOST: usize = 16_384;

/// The radios that are registered, and when each was last heard.
#[derive(Debug, Default)]
pub(super) struct Register {
    radios: BTreeMap<RadioId, Instant>,
    by_age: BTreeSet<(Instant, RadioId)>,
}

impl Register {
    /// Registers a radio, or says why not.
    pub(super) fn register(
        &mut self,
        now: Instant,
        policy: &Registration,
        radio: RadioId,
    ) -> Reason {
        if policy.denied.contains(&radio) {
            return Reason::RegistrationDenied;
        }
        if !policy.only.is_empty() && !policy.only.contains(&radio) {
            return Reason::RegistrationRefused;
        }
        if self.radios.len() >= MOST
            && !self.radios.contains_key(&radio)
            && let Some((_, silent)) = self.by_age.first().copied()
        {
            self.deregister(silent);
        }
        self.note(now, radio);
        Reason::RegistrationAccepted
    }

    /// Forgets a radio that took its leave.
    pub(super) fn deregister(&mut self, radio: RadioId) {
        if let Some(heard) = self.radios.remove(&radio) {
            self.by_age.remove(&(heard, radio));
        }
    }

    fn note(&mut self, now: Instant, radio: RadioId) {
        if let Some(before) = self.radios.insert(radio, now) {
            self.by_age.remove(&(before, radio));
        }
        self.by_age.insert((now, radio));
    }

    /// Whether a radio is registered; notes that it was heard.
    pub(super) fn heard(&mut self, now: Instant, radio: RadioId) -> bool {
        let registered = self.contains(radio);
        if registered {
            self.note(now, radio);
        }
        registered
    }

    pub(super) fn contains(&self, radio: RadioId) -> bool {
        self.radios.contains_key(&radio)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn radio(id: u32) -> RadioId {
        RadioId::new(id).unwrap()
    }

    #[test]
    fn policy_refuses_strangers_and_denies_the_named() {
        let mut register = Register::default();
        let policy = Registration {
            required: true,
            only: vec![radio(1), radio(2)],
            denied: vec![radio(2)],
        };
        let mut ask = |id| register.register(Instant::ZERO, &policy, radio(id));
        assert_eq!(ask(1), Reason::RegistrationAccepted);
        assert_eq!(ask(2), Reason::RegistrationDenied);
        assert_eq!(ask(3), Reason::RegistrationRefused);
        assert!(register.contains(radio(1)) && !register.contains(radio(2)));
        register.deregister(radio(1));
        assert!(!register.heard(Instant::ZERO, radio(1)));
    }

    #[test]
    fn a_full_register_forgets_the_longest_silent_radio() {
        let mut register = Register::default();
        let open = Registration::default();
        for id in 1..=100_000 {
            register.register(Instant::from_millis(id.into()), &open, radio(id));
            register.heard(Instant::from_millis(id.into()), radio(1));
        }
        assert_eq!((register.radios.len(), register.by_age.len()), (MOST, MOST));
        let oldest = 100_000 - MOST as u32 + 2;
        assert!(register.contains(radio(1)), "it was heard all the time");
        assert!(!register.contains(radio(oldest - 1)) && register.contains(radio(oldest)));
    }
}
