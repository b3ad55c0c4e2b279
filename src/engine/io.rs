//! What goes into the engine and what comes out of it.

use std::collections::HashSet;
use std::time::Duration;

use narrowcast_protocol::air::{CarrierId, Heard, JobId, RadioId, StationId};
use narrowcast_protocol::session::{CarrierState, Job, Step};
use narrowcast_protocol::time::Instant;

use crate::engine::views::{
    AlertView, DeliveryView, Hindrance, Overview, Plan, SensorAlarmView, SmsRouteView, StationView,
};
use crate::model::alarm::Suppression;
use crate::model::alert::{Ask, Precedence, Target};
use crate::model::emergency::Emergency;
use crate::model::facts::Entry;
use crate::model::ids::{AlertId, DeliveryIndex, EmergencyId, SensorAlarmId, Seq, TokenId};
use crate::model::language::{Language, Translation};
use crate::model::roster::RosterEntry;
use crate::model::token::{Principal, Right, Token};
use crate::model::wall::Wall;
use crate::model::warning::{AllClear, WarningMessage, WarningOutcome};

/// The two clocks, read together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// The monotonic clock: retries, windows, escalation.
    pub mono: Instant,
    /// The civil clock: absolute expiry.
    pub wall: Wall,
}

/// Names a request until its reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u64);

/// In whose name a request is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credential {
    /// SHA-256 of the bearer's token.
    Token([u8; 32]),
    /// The process itself (first start, administration on the same machine).
    System,
    /// A system outside, with the role and node that the configuration gives it.
    Source(Box<Principal>),
}

/// Something the engine is told.
#[derive(Debug, Clone)]
pub enum Input {
    /// Somebody asks for something.
    Request {
        /// Names the reply.
        ticket: Ticket,
        /// In whose name.
        credential: Credential,
        /// What is asked for.
        request: Box<Request>,
    },
    /// A station heard something.
    Heard(Heard),
    /// A carrier appeared, changed or went.
    Carrier {
        /// The carrier.
        id: CarrierId,
        /// Its state.
        state: CarrierState,
        /// How many fragments it takes now.
        room: u8,
    },
    /// A station said what it is.
    StationIdentified {
        /// The station.
        station: StationId,
        /// What it says about itself.
        description: String,
    },
    /// The port wrote the last byte of a job.
    Sent(JobId),
    /// A job came further.
    Step {
        /// The job.
        id: JobId,
        /// How far it has come.
        step: Step,
    },
    /// A distress call that was shown when nothing could be recorded: it is recorded now, under
    /// the id that people have seen.
    Unrecorded {
        /// The newest call, with what its radio waits for.
        heard: Heard,
        /// As it was shown.
        emergency: Box<Emergency>,
    },
    /// Nothing happened but time: the [`deadline`](crate::engine::Engine::deadline) has come.
    Tick,
    /// How much space the ledger's file system has.
    Space {
        /// Free bytes.
        free: u64,
        /// All bytes.
        total: u64,
    },
}

/// What somebody asks for.
#[derive(Debug, Clone)]
pub enum Request {
    /// Accept this alert.
    Submit(Submit),
    /// Say what would happen to this alert.
    DryRun(Submit),
    /// Take in a message of another system's warning.
    Warn(Box<Warn>),
    /// Withdraw an alert.
    Cancel {
        /// The alert.
        alert: AlertId,
        /// The reason, for those who ask later.
        because: String,
    },
    /// Send an alert again to those who have not answered.
    Resend {
        /// The alert.
        alert: AlertId,
    },
    /// Record what a recipient has answered by another way.
    Answer {
        /// The alert.
        alert: AlertId,
        /// Who has answered: a radio or a person of the alert's.
        recipient: Target,
        /// Which of the numbered answers, from 1.
        choice: u8,
        /// In words.
        text: String,
    },
    /// A sink tells what an external system did with an alert.
    SystemSays {
        /// The alert.
        alert: AlertId,
        /// The system's delivery.
        delivery: DeliveryIndex,
        /// Over which sink.
        sink: String,
        /// Whether the system took the alert, a broker did, or it was refused.
        says: SystemSays,
    },
    /// A sink does not get on, or does again.
    SinkSays {
        /// Its name.
        sink: String,
        /// What is in the way; none: it gets on again.
        why: Option<String>,
    },
    /// Take an emergency in hand.
    TakeEmergency {
        /// The emergency.
        id: EmergencyId,
    },
    /// Close an emergency.
    CloseEmergency {
        /// The emergency.
        id: EmergencyId,
        /// The reason, for those who ask later.
        because: String,
    },
    /// Take in what a source says of a sensor alarm.
    ReportAlarm(AlarmReport),
    /// Keep a kind of sensor alarm at a site from making alerts.
    SuppressAlarm {
        /// The site.
        site: String,
        /// The kind of alarm.
        kind: String,
        /// Until when, at most 24 h ahead; a time in the past ends the suppression.
        until: Wall,
        /// The reason, for those who ask later.
        why: String,
    },
    /// Import roster lines.
    ImportRoster {
        /// The lines.
        entries: Vec<RosterEntry>,
        /// Whether what stood before is forgotten.
        replace: bool,
    },
    /// Make a token.
    CreateToken(Token),
    /// Revoke a token.
    RevokeToken {
        /// The token.
        id: TokenId,
    },
    /// Accept the civil clock as it stands after a step.
    ConfirmClock,
    /// Take note of every salvage of the ledger so far.
    AcknowledgeSalvage,
    /// State again what is needed from before `up_to`, and record that the rest is trimmed.
    Trim {
        /// The last fact to remove; at most [`Overview::trim_limit`].
        up_to: Seq,
        /// Its chain hash.
        hash: [u8; 32],
    },
    /// Who the credential belongs to.
    WhoAmI,
    /// Counts for health and metrics.
    Overview,
    /// Live alerts, newest first.
    Alerts {
        /// Only those before this one.
        before: Option<AlertId>,
        /// At most this many.
        limit: usize,
    },
    /// One live alert. An ended one is answered [`Refusal::NotFound`]: read the ledger.
    Alert(AlertId),
    /// Deliveries of one live alert.
    Deliveries {
        /// The alert.
        alert: AlertId,
        /// From this one on.
        from: DeliveryIndex,
        /// At most this many.
        limit: usize,
    },
    /// Emergencies, open ones and those closed within the hour, newest first.
    Emergencies,
    /// Sensor alarms, open ones and those over within the hour, newest first; and suppressions.
    SensorAlarms {
        /// Only those before this one.
        before: Option<SensorAlarmId>,
        /// At most this many.
        limit: usize,
    },
    /// One sensor alarm.
    SensorAlarm(SensorAlarmId),
    /// Which of these hang at or below the asker's node now.
    Within {
        /// Radios; one that is not in the roster belongs to the root.
        radios: Vec<RadioId>,
        /// Emergencies, by their radio.
        emergencies: Vec<EmergencyId>,
    },
    /// Stations.
    Stations,
    /// SMS routes.
    SmsRoutes,
    /// Roster lines, radios first, by number or id.
    Roster {
        /// Skip so many.
        offset: usize,
        /// At most this many.
        limit: usize,
    },
    /// Tokens.
    Tokens,
}

impl Request {
    /// The right that this request needs.
    #[must_use]
    pub const fn right(&self) -> Right {
        match self {
            Self::Submit(_)
            | Self::Warn(_)
            | Self::Cancel { .. }
            | Self::Resend { .. }
            | Self::Answer { .. }
            | Self::ReportAlarm(_)
            | Self::SuppressAlarm { .. }
            | Self::TakeEmergency { .. } => Right::Send,
            Self::CloseEmergency { .. } | Self::ImportRoster { .. } | Self::ConfirmClock => {
                Right::Supervise
            }
            Self::CreateToken(_)
            | Self::RevokeToken { .. }
            | Self::Tokens
            | Self::SystemSays { .. }
            | Self::SinkSays { .. }
            | Self::AcknowledgeSalvage
            | Self::Trim { .. } => Right::Administer,
            Self::DryRun(_)
            | Self::WhoAmI
            | Self::Overview
            | Self::Alerts { .. }
            | Self::Alert(_)
            | Self::Deliveries { .. }
            | Self::Emergencies
            | Self::SensorAlarms { .. }
            | Self::SensorAlarm(_)
            | Self::Within { .. }
            | Self::Stations
            | Self::SmsRoutes
            | Self::Roster { .. } => Right::Look,
        }
    }

    /// Whether it changes nothing: it is answered at once, recorded or not.
    #[must_use]
    pub const fn only_looks(&self) -> bool {
        matches!(
            self,
            Self::DryRun(_)
                | Self::WhoAmI
                | Self::Overview
                | Self::Alerts { .. }
                | Self::Alert(_)
                | Self::Deliveries { .. }
                | Self::Emergencies
                | Self::SensorAlarms { .. }
                | Self::SensorAlarm(_)
                | Self::Within { .. }
                | Self::Stations
                | Self::SmsRoutes
                | Self::Roster { .. }
                | Self::Tokens
        )
    }

    /// Whether it belongs to the urgent lane, which is taken however much is under way.
    #[must_use]
    pub const fn is_urgent(&self) -> bool {
        match self {
            Self::TakeEmergency { .. } | Self::CloseEmergency { .. } | Self::ReportAlarm(_) => true,
            Self::Submit(submit) => matches!(submit.precedence, Precedence::Flash),
            Self::Warn(warn) => match &warn.says {
                Says::Alert(submit) => matches!(submit.precedence, Precedence::Flash),
                Says::Over { .. } => true,
            },
            _ => false,
        }
    }
}

/// What a source says of a sensor alarm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlarmReport {
    /// The site, as a rule names it.
    pub site: String,
    /// The kind of alarm, as the rule names it.
    pub kind: String,
    /// Its level, as the rule names it; may be left out of a clearing.
    pub level: Option<String>,
    /// Whether it stands; otherwise it is cleared.
    pub raised: bool,
    /// The source's own id of it: alarms of one kind at one site that are told apart.
    pub id: Option<String>,
    /// What the sensor read.
    pub value: Option<String>,
    /// When, as the source says; for people to see.
    pub at: Option<Wall>,
    /// Whether it is part of a drill.
    pub exercise: bool,
}

/// What an external system did with an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SystemSays {
    /// It acknowledged the alert.
    Acknowledged,
    /// A broker on the way acknowledged it, or it is in a directory on the way.
    Brokered,
    /// It refused the alert for good.
    Refused,
}

/// An alert as it is submitted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submit {
    /// The identity it will have.
    pub id: AlertId,
    /// The text, 1 to 300 characters.
    pub text: String,
    /// How urgent it is.
    pub precedence: Precedence,
    /// What it asks of its recipients.
    pub ask: Ask,
    /// Whom it names; at least one.
    pub targets: Vec<Target>,
    /// When it has lost its meaning; the policy's default if none.
    pub expires_at: Option<Wall>,
    /// Whether it is a drill.
    pub exercise: bool,
    /// Whether it may go to telephones.
    pub sms: bool,
    /// The one station or SMS route it must go through (a test of that; a station test needs [`Right::TestStation`] only,
    /// if it is a drill to one radio).
    pub station: Option<StationId>,
    /// The submitter's key and the SHA-256 of the request as it was understood.
    pub idempotency: Option<(String, [u8; 32])>,
    /// The language of the text, if the submitter says it.
    pub language: Option<Language>,
    /// The same in other languages.
    pub translations: Vec<Translation>,
}

/// A message of another system's warning, as it is taken in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warn {
    /// The message.
    pub message: WarningMessage,
    /// The alert that it makes, or that the warning is over.
    pub says: Says,
    /// The document, as it came: at most
    /// [`DOCUMENT_OCTETS`](crate::model::warning::DOCUMENT_OCTETS).
    pub document: Vec<u8>,
}

/// What a message says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Says {
    /// The alert that an Issue or Update makes, if it is the version in force.
    Alert(Box<Submit>),
    /// The warning is over.
    Over {
        /// The reason that the source gives, or a person.
        because: String,
        /// What those are told who may have got a version; none: nothing.
        all_clear: Option<AllClear>,
    },
}

/// What became of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warned {
    /// What, in a word.
    pub outcome: WarningOutcome,
    /// Whether this is the first answer given again.
    pub repeated: bool,
    /// The alert that was made of it.
    pub receipt: Option<Receipt>,
    /// Alerts that it ended.
    pub ended: Vec<AlertId>,
    /// The alert that says that the warning is over.
    pub all_clear: Option<Receipt>,
    /// What could not be done, in words.
    pub problem: Option<String>,
    /// Where it stands in the ledger.
    pub seq: Seq,
}

/// Something the engine wants done, once the ledger is durable up to `after`.
#[derive(Debug, Clone, PartialEq)]
pub struct Output {
    /// Not before the ledger has committed this position.
    pub after: Seq,
    /// What is to be done.
    pub effect: Effect,
}

/// What the engine wants done.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Commit these entries, in order and at once. Never held back; `after` is the position
    /// of the last of them.
    Persist {
        /// The entries.
        entries: Vec<Entry>,
    },
    /// Answer a request.
    Reply {
        /// The request that is answered.
        ticket: Ticket,
        /// The answer.
        result: Result<Response, Refusal>,
    },
    /// Hand a job to the session that serves its carrier.
    Transmit(Job),
    /// Tell whoever watches, recorded or not. Never held back.
    Alarm(Alarm),
}

/// What people must see at once.
#[derive(Debug, Clone, PartialEq)]
pub enum Alarm {
    /// A radio called for help; recorded only when its fact comes out of the ledger.
    Emergency(Box<Emergency>),
    /// The civil clock stepped by so many milliseconds and waits for confirmation.
    ClockStepped(i64),
}

/// An answer to a request.
#[derive(Debug, Clone, PartialEq)]
pub enum Response {
    /// The alert is accepted and durable.
    Accepted(Receipt),
    /// The message is taken in and durable.
    Warned(Box<Warned>),
    /// What would become of an alert.
    Plan(Box<Plan>),
    /// It is done and durable at this position.
    Done(Seq),
    /// So many deliveries are sent again.
    Resent(u32),
    /// Who you are.
    You(Principal),
    /// Counts.
    Overview(Box<Overview>),
    /// Alerts.
    Alerts(Vec<AlertView>),
    /// One alert.
    Alert(Box<AlertView>),
    /// Deliveries.
    Deliveries(Vec<DeliveryView>),
    /// Emergencies.
    Emergencies(Vec<Emergency>),
    /// A sensor alarm.
    SensorAlarm {
        /// As it stands.
        view: Box<SensorAlarmView>,
        /// Whether this report opened it.
        new: bool,
    },
    /// Sensor alarms and suppressions.
    SensorAlarms {
        /// A page of the alarms.
        alarms: Vec<SensorAlarmView>,
        /// Every suppression that holds.
        suppressions: Vec<Suppression>,
    },
    /// Those of the radios and emergencies that hang at or below the asker's node.
    Within {
        /// Radios.
        radios: HashSet<RadioId>,
        /// Emergencies.
        emergencies: HashSet<EmergencyId>,
    },
    /// Stations.
    Stations(Vec<StationView>),
    /// SMS routes.
    SmsRoutes(Vec<SmsRouteView>),
    /// A page of the roster and how many lines it has in all.
    Roster(Vec<RosterEntry>, usize),
    /// Tokens.
    Tokens(Vec<Token>),
}

/// That an alert is on record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Its identity.
    pub id: AlertId,
    /// Its short sign on the air.
    pub mark: String,
    /// How many deliveries it has.
    pub recipients: u32,
    /// From then on it has no meaning.
    pub expires_at: Wall,
    /// Where its acceptance stands in the ledger.
    pub seq: Seq,
    /// Whether this is the first answer given again.
    pub repeated: bool,
    /// Recipients that cannot get it; not said again when the first answer is repeated.
    pub hindrances: Vec<Hindrance>,
}

/// Why a request was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The token is unknown or revoked.
    #[error("the token is unknown or revoked")]
    Unauthenticated,
    /// The token's role lacks the right.
    #[error("the token's role does not permit this")]
    Forbidden,
    /// Targets outside the token's node.
    #[error("outside your node {node}: {}", names.join(", "))]
    OutsideNode {
        /// The token's node.
        node: String,
        /// What was named outside it.
        names: Vec<String>,
    },
    /// Nothing of that name.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// A field is wrong.
    #[error("{field}: {why}")]
    Invalid {
        /// The name of the field, as the API calls it.
        field: &'static str,
        /// What is wrong with it and what would be right.
        why: String,
    },
    /// The key was used for another request.
    #[error("this idempotency key was used for a different request")]
    KeyReused,
    /// Too much is under way.
    #[error("too much is under way; try again in {} s", retry_after.as_secs())]
    Busy {
        /// When to try again.
        retry_after: Duration,
    },
    /// The disk is too full for this precedence.
    #[error(
        "the ledger's disk is almost full: {free} bytes free; only more urgent traffic is accepted"
    )]
    NoSpace {
        /// Free bytes.
        free: u64,
    },
    /// It is not in a state that allows this.
    #[error("{0}")]
    Conflict(String),
    /// The ledger is away.
    #[error("the ledger is away and nothing was recorded; try again")]
    Away,
}
