//! From an open line to a running modem: version, frequencies, configuration.

use core::time::Duration;

use crate::mmdvm::kind;
use crate::mmdvm::message::{Protocol, Version};
use crate::time::Instant;

/// How long to wait for a version before asking again.
pub(super) const VERSION_RETRY: Duration = Duration::from_millis(1_500);
/// How often to ask for the version.
const VERSION_TRIES: u8 = 6;
/// How long to wait for an ACK or NAK.
pub(super) const ACK_WAIT: Duration = Duration::from_millis(300);
/// How often to repeat a command that is not answered: an octet of it may have been lost.
const COMMAND_TRIES: u8 = 3;

/// What to write next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ask {
    Version,
    Freq,
    Config,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Closed, or given up.
    Off,
    /// Asking this; so many tries made, the next due then.
    Asking { what: Ask, tries: u8, due: Instant },
    /// The modem works.
    Running,
}

/// The start-up of one connection.
#[derive(Debug)]
pub(super) struct StartUp {
    phase: Phase,
    protocol: Protocol,
    /// Octets were seen with which the DVM variant begins its frames.
    foreign: bool,
}

impl StartUp {
    pub(super) const fn new() -> Self {
        Self {
            phase: Phase::Off,
            protocol: Protocol::V2,
            foreign: false,
        }
    }

    /// The line is open; `settle` is how long a board needs that the opening has reset.
    pub(super) fn opened(&mut self, now: Instant, settle: Duration) {
        self.foreign = false;
        self.ask(Ask::Version, now + settle);
    }

    /// Nothing more is asked on this connection.
    pub(super) const fn stop(&mut self) {
        self.phase = Phase::Off;
    }

    pub(super) const fn is_running(&self) -> bool {
        matches!(self.phase, Phase::Running)
    }

    pub(super) const fn is_off(&self) -> bool {
        matches!(self.phase, Phase::Off)
    }

    /// The protocol the modem speaks; version 2 until it has said.
    pub(super) const fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// Notes octets of the DVM variant; true the first time while the modem is unknown.
    pub(super) fn saw_foreign(&mut self) -> bool {
        let unknown = matches!(
            self.phase,
            Phase::Asking {
                what: Ask::Version,
                ..
            }
        );
        unknown && !core::mem::replace(&mut self.foreign, true)
    }

    pub(super) const fn deadline(&self) -> Option<Instant> {
        match self.phase {
            Phase::Asking { due, .. } => Some(due),
            Phase::Off | Phase::Running => None,
        }
    }

    /// What is due now, or why the modem is given up.
    pub(super) fn due(&mut self, now: Instant) -> Option<Result<Ask, &'static str>> {
        let Phase::Asking { what, tries, due } = self.phase else {
            return None;
        };
        if now < due {
            return None;
        }
        let (most, wait) = match what {
            Ask::Version => (VERSION_TRIES, VERSION_RETRY),
            Ask::Freq | Ask::Config => (COMMAND_TRIES, ACK_WAIT),
        };
        if tries >= most {
            self.stop();
            return Some(Err(match what {
                Ask::Version if self.foreign => {
                    "the modem speaks the DVM protocol (start byte FE), not MMDVM's"
                }
                Ask::Version => "the modem does not answer GET_VERSION",
                Ask::Freq => "the modem does not answer SET_FREQ",
                Ask::Config => "the modem does not answer SET_CONFIG",
            }));
        }
        let (tries, due) = (tries + 1, now + wait);
        self.phase = Phase::Asking { what, tries, due };
        Some(Ok(what))
    }

    /// The modem told its version: true if this was waited for.
    ///
    /// # Errors
    /// It is of no use, in words.
    pub(super) fn version(
        &mut self,
        now: Instant,
        version: &Version,
    ) -> Result<bool, &'static str> {
        let Phase::Asking {
            what: Ask::Version,
            tries: 1..,
            ..
        } = self.phase
        else {
            return Ok(false);
        };
        let Some(protocol) = version.protocol() else {
            self.stop();
            return Err("the modem's protocol version is neither 1 nor 2");
        };
        if !version.capabilities().dmr {
            self.stop();
            return Err("the modem is not capable of DMR");
        }
        self.protocol = protocol;
        self.ask(Ask::Freq, now);
        Ok(true)
    }

    /// The modem carried out a command: true if it works from now on.
    pub(super) fn ack(&mut self, now: Instant, command: u8) -> bool {
        match self.phase {
            Phase::Asking {
                what: Ask::Freq,
                tries: 1..,
                ..
            } if command == kind::SET_FREQ => {
                self.ask(Ask::Config, now);
                false
            }
            Phase::Asking {
                what: Ask::Config,
                tries: 1..,
                ..
            } if command == kind::SET_CONFIG => {
                self.phase = Phase::Running;
                true
            }
            _ => false,
        }
    }

    /// The modem refused a command: why it is given up, if the start-up needs that command.
    pub(super) fn nak(&mut self, command: u8) -> Option<&'static str> {
        let Phase::Asking { what, .. } = self.phase else {
            return None;
        };
        let why = match (what, command) {
            (Ask::Freq, kind::SET_FREQ) => "the modem refused the frequencies",
            (Ask::Config, kind::SET_CONFIG) => "the modem refused the configuration",
            (Ask::Version, kind::GET_VERSION) => "the modem refused GET_VERSION",
            _ => return None,
        };
        self.stop();
        Some(why)
    }

    fn ask(&mut self, what: Ask, due: Instant) {
        self.phase = Phase::Asking {
            what,
            tries: 0,
            due,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Instant {
        Instant::from_millis(millis)
    }

    fn opened() -> StartUp {
        let mut start = StartUp::new();
        start.opened(Instant::ZERO, Duration::from_secs(2));
        start
    }

    fn v1() -> Version {
        Version::V1 {
            text: "MMDVM_HS-".into(),
        }
    }

    #[test]
    fn the_version_is_asked_for_six_times_and_then_the_line_is_given_up() {
        let mut start = opened();
        assert_eq!(start.due(at(1_999)), None);
        for n in 0..6 {
            assert_eq!(start.due(at(2_000 + n * 1_500)), Some(Ok(Ask::Version)));
            assert_eq!(start.due(at(2_001 + n * 1_500)), None);
        }
        let why = start.due(at(11_000)).unwrap().unwrap_err();
        assert!(why.contains("does not answer GET_VERSION"));
        assert!(start.is_off());
        assert_eq!(start.deadline(), None);
    }

    #[test]
    fn the_dvm_variant_is_named() {
        let mut start = opened();
        assert!(start.saw_foreign());
        assert!(!start.saw_foreign());
        let give_up = (0..20).find_map(|n| start.due(at(2_000 + n * 1_500))?.err());
        assert!(give_up.unwrap().contains("DVM"));
    }

    #[test]
    fn frequencies_then_configuration_then_running() {
        let mut start = opened();
        start.due(at(2_000));
        assert_eq!(start.version(at(2_010), &v1()), Ok(true));
        assert_eq!(start.protocol(), Protocol::V1);
        assert_eq!(start.due(at(2_010)), Some(Ok(Ask::Freq)));
        assert!(!start.ack(at(2_020), kind::SET_CONFIG));
        assert!(!start.ack(at(2_020), kind::SET_FREQ));
        assert_eq!(start.due(at(2_020)), Some(Ok(Ask::Config)));
        assert!(start.ack(at(2_030), kind::SET_CONFIG));
        assert!(start.is_running());
        assert_eq!(start.version(at(2_040), &v1()), Ok(false));
        assert_eq!(start.nak(kind::SET_CONFIG), None);
    }

    #[test]
    fn a_refused_or_unanswered_command_ends_the_attempt() {
        let mut start = opened();
        start.due(at(2_000));
        start.version(at(2_000), &v1()).unwrap();
        start.due(at(2_000));
        assert_eq!(start.nak(kind::DMR_DATA1), None);
        assert!(start.nak(kind::SET_FREQ).is_some());

        let mut start = opened();
        start.due(at(2_000));
        start.version(at(2_000), &v1()).unwrap();
        let asked: Vec<_> = (0..4)
            .filter_map(|n| start.due(at(2_000 + n * 300)))
            .collect();
        assert_eq!(asked[..3], [Ok(Ask::Freq); 3]);
        assert!(asked[3].is_err());
    }

    #[test]
    fn a_version_without_a_common_protocol_or_without_dmr_is_refused() {
        for version in [
            Version::Other {
                version: 3,
                rest: vec![],
            },
            Version::V2 {
                capabilities: crate::mmdvm::message::Modes::default(),
                cpu: crate::mmdvm::message::Cpu::St,
                unique_id: [0; 16],
                text: String::new(),
            },
        ] {
            let mut start = opened();
            start.due(at(2_000));
            assert!(start.version(at(2_000), &version).is_err());
            assert!(start.is_off());
        }
    }
}
