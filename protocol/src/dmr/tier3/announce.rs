//! What the site tells everyone by C_BCAST.

use core::time::Duration;
use std::collections::VecDeque;

use crate::dmr::csbk::announcement::{LocalTime, MassReg, RegistrationWindow, Site};
use crate::dmr::csbk::{Announcement, Bcast};
use crate::time::Instant;

use super::ControlConfig;

/// Time between two announcements while nothing else is sent.
const EVERY: Duration = Duration::from_secs(10);
/// An announcement that waited so long goes before fragments.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often a mass registration is announced.
const REPEATS: usize = 3;

/// The announcements of one control channel.
#[derive(Debug, Default)]
pub(super) struct Announcer {
    /// Said once each, before the others.
    once: VecDeque<Announcement>,
    local_time: Option<LocalTime>,
    /// Which of the repeated ones is next.
    turn: usize,
    next: Option<Instant>,
    /// Since when one waits for its turn.
    due: Option<Instant>,
}

impl Announcer {
    /// The channel is there.
    pub(super) fn start(&mut self, now: Instant) {
        self.next = Some(now + EVERY);
    }

    /// The channel is gone.
    pub(super) fn stop(&mut self) {
        self.once.clear();
        (self.next, self.due) = (None, None);
    }

    /// All radios shall register again, spread over this time.
    pub(super) fn register_all(&mut self, now: Instant, window: RegistrationWindow) {
        let mass = Announcement::MassReg(MassReg {
            window,
            ..MassReg::default()
        });
        self.once
            .retain(|other| !matches!(other, Announcement::MassReg(_)));
        self.once.extend([mass; REPEATS]);
        self.due.get_or_insert(now);
    }

    /// The time to announce next.
    pub(super) fn local_time(&mut self, now: Instant, time: LocalTime) {
        self.local_time = Some(time);
        self.due.get_or_insert(now);
    }

    pub(super) fn tick(&mut self, now: Instant, config: &ControlConfig) {
        if self.next.is_some_and(|next| next <= now) {
            self.next = Some(now + EVERY);
            if !config.neighbours.is_empty() {
                self.due.get_or_insert(now);
            }
        }
    }

    pub(super) const fn deadline(&self) -> Option<Instant> {
        self.next
    }

    pub(super) const fn is_due(&self) -> bool {
        self.due.is_some()
    }

    /// Whether one has waited too long.
    pub(super) fn is_pressing(&self, now: Instant) -> bool {
        self.due.is_some_and(|due| now.since(due) >= PATIENCE)
    }

    /// The next announcement, if one is due.
    pub(super) fn take(&mut self, now: Instant, config: &ControlConfig) -> Option<Bcast> {
        self.due.take()?;
        let time = || self.local_time.take().map(Announcement::LocalTime);
        let announcement = self.once.pop_front().or_else(time).or_else(|| {
            self.turn = (self.turn + 1) % config.neighbours.len().max(1);
            let neighbour = config.neighbours.get(self.turn)?;
            Some(Announcement::AdjacentSite(Site {
                system_code: neighbour.system_code,
                channel: neighbour.channel,
                ..Site::default()
            }))
        })?;
        if !self.once.is_empty() || self.local_time.is_some() {
            self.due = Some(now);
        }
        Some(Bcast {
            announcement,
            registration: config.registration.required,
            backoff: config.backoff,
            system_identity: config.identity,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dmr::csbk::SystemIdentity;
    use crate::dmr::tier3::Neighbour;
    use crate::dmr::tier3::tests::config;

    fn neighbours() -> ControlConfig {
        let neighbour = |number, channel| Neighbour {
            system_code: SystemIdentity::from_number(number).code,
            channel,
        };
        ControlConfig {
            neighbours: vec![neighbour(0x002B, 206), neighbour(0x002F, 207)],
            ..config()
        }
    }

    #[test]
    fn neighbours_are_announced_in_turn_every_ten_seconds() {
        let (mut announcer, config) = (Announcer::default(), neighbours());
        announcer.start(Instant::ZERO);
        let mut channels = Vec::new();
        for second in 1..=40 {
            let now = Instant::from_millis(second * 1_000);
            announcer.tick(now, &config);
            if let Some(bcast) = announcer.take(now, &config)
                && let Announcement::AdjacentSite(site) = bcast.announcement
            {
                assert_eq!(bcast.system_identity, config.identity);
                channels.push((second, site.channel));
            }
        }
        assert_eq!(channels, [(10, 207), (20, 206), (30, 207), (40, 206)]);
    }

    #[test]
    fn a_mass_registration_is_said_three_times_and_the_time_once() {
        let (mut announcer, config) = (Announcer::default(), config());
        let time = LocalTime {
            hour: 13,
            ..LocalTime::default()
        };
        announcer.local_time(Instant::ZERO, time);
        announcer.register_all(Instant::ZERO, RegistrationWindow::Seconds100);
        announcer.register_all(Instant::ZERO, RegistrationWindow::Seconds10);
        let said: Vec<_> = core::iter::from_fn(|| announcer.take(Instant::ZERO, &config))
            .map(|bcast| bcast.announcement)
            .collect();
        let mass = Announcement::MassReg(MassReg {
            window: RegistrationWindow::Seconds10,
            ..MassReg::default()
        });
        assert_eq!(said, [mass, mass, mass, Announcement::LocalTime(time)]);
        assert!(!announcer.is_due());
    }

    #[test]
    fn what_has_waited_for_half_a_minute_is_pressing() {
        let (mut announcer, config) = (Announcer::default(), neighbours());
        announcer.start(Instant::ZERO);
        announcer.tick(Instant::from_millis(10_000), &config);
        assert!(!announcer.is_pressing(Instant::from_millis(39_999)));
        assert!(announcer.is_pressing(Instant::from_millis(40_000)));
    }
}
