//! One configured station, and its link while it is logged in.

use core::time::Duration;
use std::net::SocketAddr;

use super::carrier::{Carrier, offered};
use super::config::{Expiry, StationConfig};
use super::trunking::Site;
use crate::air::Slot;
use crate::homebrew::message::Rptc;
use crate::time::Instant;

#[derive(Debug)]
pub(super) struct Station {
    pub(super) config: StationConfig,
    /// Successful log-ins so far: a part of every salt.
    pub(super) logins: u64,
    /// From where it logged in last.
    pub(super) last_peer: Option<SocketAddr>,
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
    /// None until the configuration, unless taken over from the log-in before.
    pub(super) carriers: Vec<Carrier>,
    /// In place of carriers, for the gateway of a trunked site.
    pub(super) site: Option<Box<Site>>,
    pub(super) heard: Instant,
    /// It says that it closes.
    closing: Option<Closing>,
    /// What the carriers were made for, if the log-in before has left them.
    pub(super) taken_over: Option<Box<Rptc>>,
    pinged: Option<Instant>,
    ping: Option<Duration>,
    /// Its ping is overdue: its carriers begin nothing until it is heard.
    pub(super) paused: bool,
}

/// A close that is not believed yet: anybody can send one in the station's name.
#[derive(Debug)]
struct Closing {
    said: Instant,
    /// It is believed then, if the station stays silent.
    until: Instant,
}

/// What was on its way before a close proves nothing about it.
const ON_ITS_WAY: Duration = Duration::from_millis(500);
/// The ping interval of a station of which none is known: what gateways have.
const USUAL_PING: Duration = Duration::from_secs(10);
/// A station whose ping comes so little late is not overdue.
const LEAST_PATIENCE: Duration = Duration::from_secs(5);
/// Bounds of the wait after a close.
const CLOSE_WAIT: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(75));

/// Most characters of the options that are told.
const OPTIONS: usize = 80;

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
            site: None,
            heard: now,
            closing: None,
            taken_over: None,
            pinged: None,
            ping: None,
            paused: false,
        }
    }

    pub(super) const fn running(&self) -> bool {
        self.configuration.is_some()
    }

    /// The station says that it closes, or somebody in its name. A master can ask a station
    /// nothing that it answers, so its own next ping decides, which a living one sends within
    /// its interval. True for the first such word.
    pub(super) fn closes(&mut self, now: Instant) -> bool {
        let first = self.closing.is_none();
        if first {
            let ping = self.ping.unwrap_or(USUAL_PING);
            let (least, most) = CLOSE_WAIT;
            let until = now + (ping + ping / 4).clamp(least, most);
            self.closing = Some(Closing { said: now, until });
        }
        first
    }

    /// Only a living station sends this; whether that refutes a close.
    pub(super) fn lives(&mut self, now: Instant) -> bool {
        self.heard = now;
        let refuted = |closing: &mut Closing| now >= closing.said + ON_ITS_WAY;
        self.closing.take_if(refuted).is_some()
    }

    /// Whether it is silent since it said that it closes.
    pub(super) fn has_closed(&self, now: Instant) -> bool {
        self.closing.as_ref().is_some_and(|it| it.until <= now)
    }

    /// Learns the ping interval: a longer one at once, a shorter one by and by.
    pub(super) fn ping(&mut self, now: Instant) {
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

    /// When its ping is overdue by half an interval, if it stays silent: it may have been
    /// killed, and what is sent to it then is sent to nobody. That is sooner than the second
    /// copy of a text that nobody confirms, so that one of the two meets a station that is
    /// back. None while no interval is known.
    pub(super) fn overdue(&self) -> Option<Instant> {
        let ping = self.ping.filter(|_| self.running())?;
        Some(self.heard + (ping + ping / 2).max(LEAST_PATIENCE))
    }

    /// When it counts as gone if it stays silent. Whoever has proved himself is given less
    /// time for the rest of the log-in.
    pub(super) fn expires(&self, expiry: &Expiry) -> Instant {
        let patience = if self.running() {
            expiry.silence(self.ping)
        } else {
            expiry.minimum
        };
        let silent = self.heard + patience;
        let closed = self.closing.as_ref().map(|closing| closing.until);
        closed.map_or(silent, |closed| closed.min(silent))
    }
}

/// What a station says about itself, on one line.
///
/// What whoever shows it may cut off stands last: of the options no more than [`OPTIONS`]
/// characters are told, before all that has less to do with the traffic.
pub(super) fn description(configuration: &Rptc, options: &str, peer: SocketAddr) -> String {
    let mut said = options.chars().take(OPTIONS).collect::<String>();
    if !said.is_empty() {
        said = format!(", options {said}");
    }
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
        "{} at {peer}{said}, {}, {}, receives {}, transmits {}, color code {color_code}, timeslots {slots}, {}",
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
        link.configuration = Some(Box::new(super::super::tests::configuration(1)));
        for seconds in at {
            let now = Instant::from_millis(seconds * 1_000);
            link.lives(now);
            link.ping(now);
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
    fn a_station_is_overdue_half_an_interval_after_its_ping_was_due() {
        let peer = "192.0.2.1:5000".parse().unwrap();
        let overdue = |pings: &[u64]| {
            let mut link = Link::new(Instant::ZERO, peer, [0; 32]);
            link.configuration = Some(Box::new(super::super::tests::configuration(1)));
            for seconds in pings {
                let now = Instant::from_millis(seconds * 1_000);
                link.lives(now);
                link.ping(now);
            }
            let at = link.overdue()?;
            Some(at.since(link.heard).as_secs())
        };
        assert_eq!(overdue(&[10]), None);
        assert_eq!(overdue(&[10, 20]), Some(15));
        assert_eq!(overdue(&[60, 120]), Some(90));
        assert_eq!(overdue(&[2, 4]), Some(5));
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
