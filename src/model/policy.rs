//! The policy in force: what the engine is told to do, as one fact.

use std::time::Duration;

use narrowcast_protocol::air::{CarrierKind, GroupId, RadioId, StationId};
use serde::{Deserialize, Serialize};

use crate::model::alarm::AlarmRule;
use crate::model::alert::Precedence;
pub use crate::model::answers::{AnswerRule, AnswerSet};
use crate::model::roster::Node;
pub use crate::model::sms_route::{RouteKind, SmsRoute};

/// A base station as the engine knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StationPolicy {
    /// Its number.
    pub id: StationId,
    /// Its name.
    pub name: String,
    /// What kind of channels it has.
    pub kind: CarrierKind,
    /// Whether a trunked site's acceptance of a transfer means that the terminal has it. Most
    /// controllers say "accepted" as soon as the text is queued.
    pub terminal_accepts: bool,
    /// Our own address on its system.
    pub own: RadioId,
    /// Talkgroups we own on its system: traffic to them is ours.
    pub groups: Vec<GroupId>,
    /// A test station carries exercises only, and what it hears opens only exercise emergencies.
    pub test: bool,
    /// Whether a live station may carry exercises.
    pub exercises: bool,
    /// Whether it is somebody else's network, into which we log in as a repeater does. It is
    /// used for radios that live there, and never instead of a station of our own.
    pub peer: bool,
    /// Whether the station reports what it put on the air (an MMDVM modem does, a Homebrew
    /// repeater does not).
    pub reports_air: bool,
    /// The node that it serves: others give it to no radio as its home and send nothing over it by
    /// name, and its talkgroups belong to this node. The root if it serves all nodes.
    pub node: Node,
}

/// How much of a carrier's airtime each precedence may take, together with everything less
/// urgent, averaged over a window. What is left is for calls and emergencies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ceilings {
    /// Per cent for Flash, Immediate, Priority and Routine, in this order; 100 has no limit.
    pub percent: [u8; 4],
    /// The window: so long a carrier may be used in one go before its ceiling is felt.
    pub window: Duration,
}

/// How answers are collected on a control channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Collection {
    /// Whether radios are asked for their status; otherwise they are admitted in portions to
    /// answer by themselves.
    pub polls: bool,
    /// How long after the text people are left alone before the first poll.
    pub first_poll: Duration,
    /// Between two polls of a radio that is there and has not answered; doubles each time.
    pub gap: Duration,
    /// Most polls of one delivery.
    pub max_polls: u8,
}

/// What a radio gets that was away while alerts waited for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CatchUp {
    /// A radio that was silent for so long was away.
    pub absence: Duration,
    /// Most alerts it gets at once, newest first; the last says how many more there are.
    pub at_once: u8,
    /// After how long the next of them follow.
    pub pause: Duration,
}

/// Free space below which intake is refused. Both marks count; the emergency lane stays open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpaceMarks {
    /// Below this many per mille free, Routine and Priority are refused.
    pub low_permille: u32,
    /// Below this many bytes free, Routine and Priority are refused.
    pub low_bytes: u64,
    /// Below this many per mille free, Immediate is refused too.
    pub critical_permille: u32,
}

/// What is kept free for emergencies when everything else is refused. They take a few hundred
/// bytes each; the rest is what the ledger's files need to grow.
pub const EMERGENCY_RESERVE: u64 = 4 << 20;

/// How full the ledger's disk is, by what is still taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SpaceLevel {
    /// Everything is taken.
    Enough,
    /// Routine and Priority are refused.
    Low,
    /// Only Flash is taken, and emergencies.
    Critical,
    /// Only emergencies are taken.
    Reserve,
}

impl SpaceLevel {
    /// The most urgent precedence that is refused; none if all are taken.
    #[must_use]
    pub const fn refuses(self) -> Option<Precedence> {
        match self {
            Self::Enough => None,
            Self::Low => Some(Precedence::Priority),
            Self::Critical => Some(Precedence::Immediate),
            Self::Reserve => Some(Precedence::Flash),
        }
    }

    /// What is refused, in words; none if nothing is.
    #[must_use]
    pub const fn told(self) -> Option<&'static str> {
        match self {
            Self::Enough => None,
            Self::Low => Some("Routine and Priority are refused"),
            Self::Critical => Some("only Flash and emergencies are taken"),
            Self::Reserve => Some("only emergencies are taken"),
        }
    }
}

impl SpaceMarks {
    /// How full a disk of `total` bytes is of which `free` are free.
    #[must_use]
    pub fn level(&self, free: u64, total: u64) -> SpaceLevel {
        let permille = u128::from(free) * 1_000 / u128::from(total.max(1));
        let low = permille < u128::from(self.low_permille) || free < self.low_bytes;
        let critical = permille < u128::from(self.critical_permille);
        match (low, critical, free < EMERGENCY_RESERVE) {
            (true, _, true) | (_, true, true) => SpaceLevel::Reserve,
            (_, true, false) => SpaceLevel::Critical,
            (true, false, false) => SpaceLevel::Low,
            (false, false, _) => SpaceLevel::Enough,
        }
    }
}

/// When telephones are used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SmsPolicy {
    /// A person who is below `Received` (where an answer is asked, below `Answered`) so long
    /// after the alert was accepted gets it by SMS too. A further telephone is used after as
    /// long again.
    pub after: Duration,
    /// The same for a Flash.
    pub after_flash: Duration,
    /// Most attempts over one telephone.
    pub attempts: u8,
}

/// A sink, as far as it feeds external systems.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SinkPolicy {
    /// Its name.
    pub name: String,
    /// What it is: `webhook`, `mqtt` or `directory`.
    pub kind: String,
    /// The node whose share it gets.
    pub node: Node,
}

/// The policy in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// The stations, in the order of the configuration.
    pub stations: Vec<StationPolicy>,
    /// The SMS routes, in the order of the configuration.
    pub routes: Vec<SmsRoute>,
    /// The sinks, in the order of the configuration.
    pub sinks: Vec<SinkPolicy>,
    /// When telephones are used.
    pub sms: SmsPolicy,
    /// Most attempts one delivery gets.
    pub max_attempts: u8,
    /// Least time between two attempts of one delivery.
    pub attempt_gap: Duration,
    /// How long after the last packet the terminal's acknowledgement is awaited.
    pub answer_window: Duration,
    /// How often a group transmission is made.
    pub group_repeats: u8,
    /// How long after a group transmission its members' own answers are awaited before they
    /// are addressed one by one.
    pub group_window: Duration,
    /// How long a delivery lives when the submitter names no expiry.
    pub default_expiry: Duration,
    /// How long an ended alert stays in memory, so that late evidence finds it.
    pub linger: Duration,
    /// A link that was lost must hold this long before it takes more than Flash; Immediate
    /// passes then, the rest when it has held for what it needs.
    pub hold_down: Duration,
    /// How long what belongs to a station waits for it while it is away or held down.
    pub home_grace: Duration,
    /// A call that lasts longer does not keep a channel busy any more.
    pub longest_call: Duration,
    /// Most live deliveries; beyond it Routine and Priority intake answers "busy".
    pub max_live_deliveries: u32,
    /// Which status codes and words mean which numbered answer.
    pub answers: Vec<AnswerRule>,
    /// Status codes for alerts on trunked systems.
    pub answer_sets: Vec<AnswerSet>,
    /// Airtime per precedence.
    pub ceilings: Ceilings,
    /// How answers are collected on control channels.
    pub collection: Collection,
    /// What a radio gets that was away.
    pub catch_up: CatchUp,
    /// What a radio in distress is told when a person takes its emergency; `{by}` is the name.
    pub taken_text: String,
    /// The sign that stands on every part of an exercise.
    pub exercise_sign: String,
    /// Free-space marks.
    pub space: SpaceMarks,
    /// What is done about sensor alarms, in the order of the configuration.
    pub alarms: Vec<AlarmRule>,
}

impl Default for Policy {
    fn default() -> Self {
        let answer = |choice: u8, words: &[&str]| AnswerRule {
            choice,
            status: Some(u16::from(choice)),
            keywords: words
                .iter()
                .map(|&word| word.to_owned())
                .chain([choice.to_string()])
                .collect(),
        };
        Self {
            stations: Vec::new(),
            routes: Vec::new(),
            sinks: Vec::new(),
            sms: SmsPolicy {
                after: Duration::from_secs(120),
                after_flash: Duration::from_secs(30),
                attempts: 3,
            },
            max_attempts: 6,
            attempt_gap: Duration::from_secs(20),
            answer_window: Duration::from_secs(10),
            group_repeats: 2,
            group_window: Duration::from_secs(15),
            default_expiry: Duration::from_secs(4 * 3600),
            linger: Duration::from_secs(3600),
            hold_down: Duration::from_secs(10),
            home_grace: Duration::from_secs(60),
            longest_call: Duration::from_secs(180),
            max_live_deliveries: 200_000,
            answers: vec![
                answer(1, &["收到", "ok", "roger", "rcvd"]),
                answer(2, &[]),
                answer(3, &[]),
                answer(4, &[]),
                answer(5, &[]),
                answer(6, &[]),
                answer(7, &[]),
                answer(8, &[]),
                answer(9, &[]),
            ],
            answer_sets: (0u8..6)
                .map(|index| AnswerSet {
                    name: char::from(b'A' + index),
                    first: u16::from(index) * 4 + 1,
                    count: 4,
                })
                .collect(),
            ceilings: Ceilings {
                percent: [100, 90, 80, 60],
                window: Duration::from_secs(60),
            },
            collection: Collection {
                polls: true,
                first_poll: Duration::from_secs(15),
                gap: Duration::from_secs(5),
                max_polls: 10,
            },
            catch_up: CatchUp {
                absence: Duration::from_secs(600),
                at_once: 5,
                pause: Duration::from_secs(600),
            },
            taken_text: "求救已收到,{by}处置中".to_owned(),
            exercise_sign: "【演练】".to_owned(),
            space: SpaceMarks {
                low_permille: 50,
                low_bytes: 512 << 20,
                critical_permille: 10,
            },
            alarms: Vec::new(),
        }
    }
}

impl Policy {
    /// The station with this number.
    #[must_use]
    pub fn station(&self, id: StationId) -> Option<&StationPolicy> {
        self.stations.iter().find(|station| station.id == id)
    }

    /// The SMS route with this number.
    #[must_use]
    pub fn route(&self, id: StationId) -> Option<&SmsRoute> {
        self.routes.iter().find(|route| route.id == id)
    }

    /// Whether any SMS route may carry an alert with this exercise flag.
    #[must_use]
    pub fn has_route(&self, exercise: bool) -> bool {
        self.routes.iter().any(|route| route.permits(exercise))
    }
}

impl StationPolicy {
    /// Whether it may carry an alert with this exercise flag.
    #[must_use]
    pub fn permits(&self, exercise: bool) -> bool {
        if exercise {
            self.test || self.exercises
        } else {
            !self.test
        }
    }
}
