//! Which radios a site serves, and which talkgroups it wants.

use super::super::HomebrewMaster;
use crate::air::{HeardKind, RadioId};
use crate::homebrew::message::dmrt::{
    Deregistration, Dmrt, Groups, Registration, RegistrationConfirmation, Way,
};
use crate::time::Instant;

impl HomebrewMaster {
    /// Notes the radios and answers at once: a registration carries no message. Without a
    /// clock of its own the session answers with the site's time.
    pub(super) fn register(&mut self, now: Instant, index: usize, request: &Registration) {
        let most = RegistrationConfirmation::MOST;
        let asked = request.radios.get(..most).unwrap_or(&request.radios);
        for _ in asked.len()..request.radios.len() {
            self.drop_at(now, index, "more-radios-than-bits");
        }
        let mut accepted = 0;
        for (place, radio) in asked.iter().enumerate() {
            let Ok(radio) = RadioId::new(*radio) else {
                continue;
            };
            accepted |= 1 << place;
            if let Some(before) = self.trunking.presence.register(now, radio, index) {
                let elsewhere = Deregistration {
                    way: Way::FromNetwork,
                    timestamp: request.timestamp,
                    radios: vec![radio.get()],
                };
                self.tell_if_site(before, &Dmrt::Deregistration(elsewhere));
            }
            self.say(index, HeardKind::Registered { from: radio }, Vec::new());
        }
        let confirmation = RegistrationConfirmation {
            timestamp: request.timestamp,
            accepted,
            radios: asked.to_vec(),
        };
        self.tell(index, &Dmrt::RegistrationConfirmation(confirmation));
    }

    fn tell_if_site(&mut self, index: usize, message: &Dmrt) {
        if self.site(index).is_some() {
            self.tell(index, message);
        }
    }

    /// Forgets the radios that are still there. No answer is defined.
    pub(super) fn deregister(&mut self, now: Instant, index: usize, left: &Deregistration) {
        for radio in &left.radios {
            match RadioId::new(*radio) {
                Ok(from) if self.trunking.presence.deregister(from, index) => {
                    self.say(index, HeardKind::Deregistered { from }, Vec::new());
                }
                _ => self.drop_at(now, index, "not-registered-here"),
            }
        }
    }

    /// Answers with the list, refused talkgroups set to 0.
    pub(super) fn subscribe(&mut self, index: usize, wanted: &Groups) {
        let Some(site) = self.site(index) else {
            return;
        };
        let given = wanted.groups.iter().map(|&group| {
            let fits = site.subscribe(group);
            if fits { group } else { 0 }
        });
        let groups = given.collect();
        let way = Way::FromNetwork;
        self.tell(index, &Dmrt::Subscribe(Groups { way, groups }));
    }

    /// Answers with the list.
    pub(super) fn unsubscribe(&mut self, index: usize, groups: &Groups) {
        let Some(site) = self.site(index) else {
            return;
        };
        for group in &groups.groups {
            site.unsubscribe(*group);
        }
        let groups = groups.groups.clone();
        let way = Way::FromNetwork;
        self.tell(index, &Dmrt::Unsubscribe(Groups { way, groups }));
    }
}
