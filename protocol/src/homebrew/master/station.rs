//! One configured station, and its link while it is logged in.

use core::time::Duration;
use std::net::SocketAddr;

use super::carriers::Carrier;
use super::config::{Expiry, StationConfig};
use crate::air::Slot;
use crate::homebrew::message::{Rptc, Slots};
use crate::time::Instant;

#[derive(Debug)]
pub(super) struct Station {
    pub(super) config: StationConfig,
    /// Successful log-ins so far: a part of every salt.
    pub(super) logins: u64,
    pub(super) link: Option<Link>,
}

/// A log-in that was proved.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) peer: SocketAddr,
    /// The proof that opened it: heard again, it is a doubled datagram.
    pub(super) proof: [u8; 32],
    /// What the station says about itself; until then it is not running.
    pub(super) configuration: Option<Box<Rptc>>,
    pub(super) options: String,
    /// None until the configuration.
    pub(super) carriers: Vec<Carrier>,
    pub(super) heard: Instant,
    pinged: Option<Instant>,
    ping: Option<Duration>,
}

/// Pings closer together are one ping, doubled on its way.
const DOUBLED: Duration = Duration::from_secs(1);

impl Link {
    pub(super) const fn new(now: Instant, peer: SocketAddr, proof: [u8; 32]) -> Self {
        Self {
            peer,
            proof,
            configuration: None,
            options: String::new(),
            carriers: Vec::new(),
            heard: now,
            pinged: None,
            ping: None,
        }
    }

    pub(super) const fn running(&self) -> bool {
        self.configuration.is_some()
    }

    /// Learns the ping interval: a longer one at once, a shorter one by and by.
    pub(super) fn ping(&mut self, now: Instant) {
        self.heard = now;
        let gap = self.pinged.map(|at| now.since(at));
        if gap.is_some_and(|gap| gap < DOUBLED) {
            return;
        }
        self.pinged = Some(now);
        if let Some(gap) = gap {
            let shrunk = self.ping.map_or(Duration::ZERO, |ping| ping * 7 / 8);
            self.ping = Some(gap.max(shrunk));
        }
    }

    /// When it counts as gone if it stays silent.
    pub(super) fn expires(&self, expiry: &Expiry) -> Instant {
        self.heard + expiry.silence(self.ping)
    }
}

/// The timeslots that a station offers; an unknown answer promises both.
pub(super) fn offered(slots: Slots) -> &'static [Slot] {
    match slots {
        Slots::None => &[],
        Slots::One => &[Slot::One],
        Slots::Two | Slots::Simplex => &[Slot::Two],
        Slots::Both | Slots::Other(_) => &[Slot::One, Slot::Two],
    }
}

/// What a station says about itself, on one line.
pub(super) fn description(configuration: &Rptc, peer: SocketAddr) -> String {
    let megahertz = |hertz: Option<u32>| match hertz {
        Some(hertz) => format!("{}.{:06} MHz", hertz / 1_000_000, hertz % 1_000_000),
        None => "unknown".to_owned(),
    };
    let color_code = configuration
        .color_code
        .map_or_else(|| "unknown".to_owned(), |code| code.to_string());
    let slots = match offered(configuration.slots) {
        [] => "none",
        [Slot::One] => "1",
        [Slot::Two] => "2",
        _ => "1 and 2",
    };
    format!(
        "{} at {peer}, {}, {}, receives {}, transmits {}, color code {color_code}, timeslots {slots}, {}",
        configuration.callsign,
        configuration.software,
        configuration.package,
        megahertz(configuration.rx_frequency),
        megahertz(configuration.tx_frequency),
        configuration.location,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn silence_after_pings(at: &[u64]) -> u64 {
        let peer = "192.0.2.1:5000".parse().unwrap();
        let mut link = Link::new(Instant::ZERO, peer, [0; 32]);
        for seconds in at {
            link.ping(Instant::from_millis(seconds * 1_000));
        }
        let expires = link.expires(&Expiry::default());
        expires.since(link.heard).as_secs()
    }

    #[test]
    fn a_slow_pinger_is_given_time_and_a_doubled_ping_changes_nothing() {
        assert_eq!(silence_after_pings(&[]), 90);
        assert_eq!(silence_after_pings(&[60]), 90);
        assert_eq!(silence_after_pings(&[60, 120]), 180);
        assert_eq!(silence_after_pings(&[60, 120, 120]), 180);
        assert_eq!(silence_after_pings(&[5, 10, 15]), 30);
    }

    #[test]
    fn a_lost_ping_is_forgotten_after_a_while() {
        let pings: Vec<u64> = (1..=4).chain([6, 7, 8]).map(|i| i * 20).collect();
        let soon = silence_after_pings(&pings);
        let later: Vec<u64> = (1..=4).chain(6..30).map(|i| i * 20).collect();
        assert!(soon > 60, "{soon}");
        assert_eq!(silence_after_pings(&later), 60);
    }
}
