//! How a modem is set up.

use core::time::Duration;

use super::GsmSession;
use super::command::{Ask, Ended, LOOK, Phase, Start, is_registered};
use super::store::Task;
use crate::session::Notice;
use crate::time::Instant;

/// Between two questions for a card or network that is not there yet.
const AGAIN: Duration = Duration::from_secs(5);
/// After so long without a network somebody is told.
const SEARCH: Duration = Duration::from_secs(120);
/// Ways to ask for announcements: texts by their place in the store, reports as they are, by
/// their place, and for modems that hold announcements back while the line is busy.
const ANNOUNCE: [&str; 3] = ["2,1,0,1,0", "2,1,0,2,0", "1,1,0,1,0"];

impl GsmSession {
    /// Begins a step.
    pub(super) fn start(&mut self, now: Instant, step: Start) {
        let text = match step {
            Start::Echo => "ATE0".to_owned(),
            Start::Errors => "AT+CMEE=1".to_owned(),
            Start::Card { .. } => "AT+CPIN?".to_owned(),
            Start::Pin => {
                let pin = self.config.pin.as_ref().map_or(&[][..], |it| it.octets());
                format!("AT+CPIN=\"{}\"", String::from_utf8_lossy(pin))
            }
            Start::Equipment => "AT+CGSN".to_owned(),
            Start::Subscriber => "AT+CIMI".to_owned(),
            Start::Network => "AT+CREG?".to_owned(),
            Start::Signal => "AT+CSQ".to_owned(),
            Start::Form => "AT+CMGF=0".to_owned(),
            Start::Centre => "AT+CSCA?".to_owned(),
            // No duty to confirm each message to the modem.
            Start::Service => "AT+CSMS=0".to_owned(),
            Start::Store => "AT+CPMS=\"SM\",\"SM\",\"SM\"".to_owned(),
            Start::Announce { way } => {
                let way = ANNOUNCE.get(usize::from(way)).copied();
                format!("AT+CNMI={}", way.unwrap_or_default())
            }
        };
        self.ask(now, Ask::Start(step), text, None);
    }

    /// A step has ended. What a modem need not know may fail.
    pub(super) fn started(&mut self, now: Instant, step: Start, ended: Ended, lines: &[String]) {
        let good = ended == Ended::Ok;
        let next = match step {
            Start::Echo => Start::Errors,
            Start::Errors => Start::Card { asked: 0 },
            Start::Card { asked } => match self.card(now, asked, lines) {
                Some(next) => next,
                None => return,
            },
            Start::Pin if !good => {
                return self.refused(now, "the card refuses the PIN: set the right one");
            }
            Start::Pin => {
                self.quiet_until = Some(now + AGAIN);
                Start::Card { asked: 0 }
            }
            Start::Equipment => {
                self.identify("IMEI", lines);
                Start::Subscriber
            }
            Start::Subscriber => {
                self.identify("IMSI", lines);
                Start::Network
            }
            Start::Network => {
                self.registered = is_registered(lines);
                if self.registered {
                    Start::Signal
                } else {
                    let since = *self.searching.get_or_insert(now);
                    if since + SEARCH <= now {
                        self.drops.count(now, "no-network");
                        self.searching = Some(now);
                    }
                    self.quiet_until = Some(now + AGAIN);
                    Start::Network
                }
            }
            Start::Signal => {
                let signal = lines.iter().find_map(|line| line.strip_prefix("+CSQ:"));
                let signal = signal.and_then(|it| it.split(',').next()).map(str::trim);
                if let Some(signal) = signal.and_then(|it| it.parse::<u8>().ok()) {
                    self.identity.push(format!("signal {signal} of 31"));
                    if signal < 8 {
                        self.drops.count(now, "weak-signal");
                    }
                }
                Start::Form
            }
            Start::Form if !good => {
                return self.refused(now, "the modem has no PDU mode: use another one");
            }
            Start::Form => Start::Centre,
            Start::Centre => {
                if lines.iter().any(|line| line.contains("+CSCA: \"\"")) {
                    self.drops.count(now, "no-service-centre");
                }
                Start::Service
            }
            Start::Service => Start::Store,
            Start::Store => Start::Announce { way: 0 },
            Start::Announce { way } if !good && usize::from(way) + 1 < ANNOUNCE.len() => {
                Start::Announce { way: way + 1 }
            }
            Start::Announce { .. } => {
                if !good {
                    self.drops.count(now, "no-announcements");
                }
                return self.ready(now);
            }
        };
        self.phase = Phase::Starting { step: next };
    }

    /// What the card wants.
    fn card(&mut self, now: Instant, asked: u8, lines: &[String]) -> Option<Start> {
        let wants = lines.iter().find_map(|line| line.strip_prefix("+CPIN:"));
        match wants.map(str::trim) {
            Some("READY") => Some(Start::Equipment),
            Some("SIM PIN") if self.config.pin.is_none() => {
                self.refused(now, "the card wants a PIN: set one");
                None
            }
            Some("SIM PIN") if self.pin_tried => {
                self.refused(
                    now,
                    "the PIN was tried once: set the right one and start anew",
                );
                None
            }
            Some("SIM PIN") => {
                self.pin_tried = true;
                Some(Start::Pin)
            }
            Some(_) => {
                self.refused(now, "the card is locked: unlock it in a phone");
                None
            }
            // A card that begins to work.
            None if asked < 6 => {
                self.quiet_until = Some(now + AGAIN);
                Some(Start::Card { asked: asked + 1 })
            }
            None => {
                self.refused(now, "the modem has no card");
                None
            }
        }
    }

    fn identify(&mut self, what: &str, lines: &[String]) {
        let digits = |it: &&String| it.len() <= 20 && it.bytes().all(|it| it.is_ascii_digit());
        if let Some(number) = lines.iter().find(digits) {
            self.identity.push(format!("{what} {number}"));
        }
    }

    fn ready(&mut self, now: Instant) {
        self.hold.let_in();
        self.phase = Phase::Up;
        self.faults = 0;
        self.health_at = now + self.config.limits.health;
        self.look_at = now + LOOK;
        self.tasks.push_back(Task::Look);
        let station = self.config.station;
        let description = format!("GSM modem, {}", self.identity.join(", "));
        self.notice(Notice::StationIdentified {
            station,
            description,
        });
    }
}
