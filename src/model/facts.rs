//! Facts: what happened, as the ledger keeps it. Everything else is a fold over them.
//!
//! The stored form is postcard, under the number of `ledger::record`. Before the first release it
//! may change with that number; from then on variants are only appended and fields never change.

use narrowcast_protocol::air::{CarrierId, GroupId, Phone, Position, RadioId, StationId, TextForm};
use serde::{Deserialize, Serialize};

use crate::model::alarm::{
    AlarmOf, AlarmRule, AlarmUpdate, AlertedFor, Level, SensorAlarm, Suppression,
};
use crate::model::alert::{Alert, Target};
use crate::model::delivery::{End, Outcome};
use crate::model::emergency::Emergency;
use crate::model::evidence::Evidence;
use crate::model::ids::{AlertId, DeliveryIndex, EmergencyId, SensorAlarmId, Seq, TokenId};
use crate::model::phone_book::{MessageRef, ReceiptOutcome};
use crate::model::policy::{AnswerSet, Policy, StationPolicy};
use crate::model::roster::{Node, Recipient, RosterEntry};
use crate::model::salvage::Salvage;
use crate::model::summary::Summary;
use crate::model::token::Token;
use crate::model::wall::Wall;
use crate::model::warning::WarningTaken;

/// Most recipients or roster lines in one fact.
pub const CHUNK: usize = 250;

/// Most bytes that the recipients or roster lines of one fact may take together: with what
/// stands around them a record stays below its limit of 16 KiB.
pub const CHUNK_BYTES: usize = 12 * 1024;

/// Most bytes that one fact may take on disk: with what stands around it a record stays below
/// its limit of 16 KiB.
pub const FACT_BYTES: usize = 15 * 1024;

/// Cuts `items` into pieces of at most [`CHUNK`] items and [`CHUNK_BYTES`] bytes, as `size`
/// counts them; a larger item stands alone.
pub fn pieces<'a, T>(
    items: &'a [T],
    size: impl Fn(&T) -> usize + 'a,
) -> impl Iterator<Item = &'a [T]> {
    let mut rest = items;
    std::iter::from_fn(move || {
        let mut bytes = 0;
        let fits = rest.iter().take(CHUNK).take_while(|item| {
            bytes += size(item);
            bytes <= CHUNK_BYTES
        });
        let count = fits.count().max(1);
        let (piece, left) = rest.split_at_checked(count)?;
        rest = left;
        Some(piece)
    })
}

/// How many bytes something takes on disk.
pub fn stored_size(stored: &impl Serialize) -> usize {
    // It fails only for what has no length, which no stored form has.
    postcard::experimental::serialized_size(stored).unwrap_or(usize::MAX)
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Fact {
    /// The server started; attempts that were open are unclear from here on.
    Started {
        /// Its version.
        version: String,
    },
    /// This policy is in force from here on. Stations and alarm rules that do not fit follow in
    /// the same commit.
    #[cfg_attr(test, schemars(skip))]
    PolicyInForce(Box<Policy>),
    /// Further stations of the policy that was put in force last.
    #[cfg_attr(test, schemars(skip))]
    StationsInForce {
        /// In the order of the configuration.
        stations: Vec<StationPolicy>,
    },
    /// Lines of the roster were imported; `first` of an import that replaces clears the old one.
    #[cfg_attr(test, schemars(skip))]
    RosterImported {
        /// The name of the token that imported it.
        by: String,
        /// Whether what stood before is forgotten now.
        clears: bool,
        /// At most [`CHUNK`] lines.
        entries: Vec<RosterEntry>,
    },
    /// A token was made.
    #[cfg_attr(test, schemars(skip))]
    TokenCreated {
        /// The name of the token that made it; `system` for the first one.
        by: String,
        /// The token, hashed.
        token: Token,
    },
    /// A token was revoked.
    #[cfg_attr(test, schemars(skip))]
    TokenRevoked {
        /// The name of the token that revoked it.
        by: String,
        /// The token that is valid no more.
        token: TokenId,
    },
    /// An alert was accepted; its recipients follow in the same commit.
    AlertAccepted(Box<Alert>),
    /// Further targets that the alert names.
    Targets {
        /// The alert.
        alert: AlertId,
        /// As they were named, each once.
        targets: Vec<Target>,
    },
    /// Recipients of an alert, frozen.
    Recipients {
        /// The alert.
        alert: AlertId,
        /// The index of the first of them.
        first: DeliveryIndex,
        /// In the order of their deliveries; at most 250.
        recipients: Vec<Recipient>,
    },
    /// A delivery is about to be tried.
    AttemptStarted {
        /// The alert.
        alert: AlertId,
        /// The delivery.
        delivery: DeliveryIndex,
        /// Counted from 1 within the delivery.
        number: u8,
        /// Over which carrier.
        carrier: CarrierId,
        /// The message number of its first part, where the form has one.
        reference: u8,
        /// How many parts the text has.
        parts: u8,
        /// The form of the text.
        form: TextForm,
        /// How many further alerts the text says are waiting; 0 if it says nothing of them.
        more: u16,
        /// Bursts that all of them take.
        bursts: u16,
    },
    /// A group transmission is about to be made.
    GroupAttemptStarted {
        /// The alert.
        alert: AlertId,
        /// The talkgroup.
        group: GroupId,
        /// Over which carrier.
        carrier: CarrierId,
        /// Counted from 1 within alert, group and carrier.
        number: u8,
        /// How many parts the text has.
        parts: u8,
        /// Bursts that all of them take.
        bursts: u16,
    },
    /// The last status of these radios is known and lies outside the alert's answer set: a
    /// value within it, polled later, can only be an answer.
    #[cfg_attr(test, schemars(skip))]
    Baselined {
        /// The alert.
        alert: AlertId,
        /// The deliveries.
        deliveries: Vec<DeliveryIndex>,
    },
    /// What an alert was predicted to take of some carriers, made when it was accepted.
    #[cfg_attr(test, schemars(skip))]
    Predicted {
        /// The alert.
        alert: AlertId,
        /// Per carrier.
        carriers: Vec<Prediction>,
    },
    /// Radios were asked for their status.
    #[cfg_attr(test, schemars(skip))]
    Polled {
        /// The alert.
        alert: AlertId,
        /// Over which carrier.
        carrier: CarrierId,
        /// How many, one burst each.
        polls: u16,
    },
    /// Evidence about a delivery.
    Evidenced {
        /// The alert.
        alert: AlertId,
        /// The delivery.
        delivery: DeliveryIndex,
        /// The evidence.
        evidence: Evidence,
    },
    /// Evidence about a group transmission, folded into the members it was made for.
    GroupEvidenced {
        /// The alert.
        alert: AlertId,
        /// The talkgroup.
        group: GroupId,
        /// The carrier.
        carrier: CarrierId,
        /// `Written`, `StationAccepted` or `OnAir`.
        evidence: Evidence,
    },
    /// An attempt ended.
    AttemptEnded {
        /// The alert.
        alert: AlertId,
        /// The delivery.
        delivery: DeliveryIndex,
        /// The number of the attempt that ended, from 1.
        number: u8,
        /// How it ended.
        outcome: Outcome,
    },
    /// A delivery ended short of its aim.
    DeliveryEnded {
        /// The alert.
        alert: AlertId,
        /// The delivery.
        delivery: DeliveryIndex,
        /// How the delivery ended.
        end: End,
    },
    /// All deliveries of an alert that had no end got this one at once.
    AlertEnded {
        /// The alert.
        alert: AlertId,
        /// The end of every delivery that had not reached its aim; none when all had.
        end: Option<End>,
        /// Who withdrew it, if a person did.
        by: Option<String>,
        /// Why, in that person's words.
        because: Option<String>,
    },
    /// An alert is sent again to those who have not answered.
    Resent {
        /// The alert.
        alert: AlertId,
        /// Who asked for it.
        by: String,
        /// The deliveries that are sent again.
        deliveries: Vec<DeliveryIndex>,
        /// The answer set that answers it from here on: not one that another alert got since.
        answer_set: Option<AnswerSet>,
    },
    /// An alert leaves memory: where its deliveries stand for good. A long summary takes several
    /// facts, one after the other.
    #[cfg_attr(test, schemars(skip))]
    Summed {
        /// The alert.
        alert: AlertId,
        /// Where the first fact of the summary stands.
        first: Seq,
        /// The summary, or this piece of it.
        summary: Box<Summary>,
    },
    /// A text or status that answers nothing: never dropped.
    ReportHeard {
        /// The radio that says so.
        from: RadioId,
        /// The number it was sent to, and whether that is a group.
        to: (u32, bool),
        /// Where it was heard.
        carrier: CarrierId,
        /// What it says, made safe to show.
        text: String,
        /// The status code, if it was one.
        status: Option<u16>,
        /// The message number, where the form has one.
        reference: Option<u16>,
        /// Why it answers nothing.
        note: ReportNote,
    },
    /// A radio was heard (one fact per radio when its carrier changes, else at most every ten minutes).
    #[cfg_attr(test, schemars(skip))]
    RadioHeard {
        /// The radio that says so.
        radio: RadioId,
        /// The carrier over which it was heard.
        carrier: CarrierId,
        /// Its position, if it said so.
        position: Option<Position>,
    },
    /// A radio signed off at a trunked site: it is not reached there any more.
    #[cfg_attr(test, schemars(skip))]
    RadioLeft {
        /// The radio that says so.
        radio: RadioId,
        /// The carrier of the site that it left.
        carrier: CarrierId,
    },
    /// An emergency was raised.
    EmergencyRaised(Box<Emergency>),
    /// The system's acknowledgement was written to the station.
    EmergencyAcknowledged {
        /// The emergency.
        id: EmergencyId,
    },
    /// A named person took it.
    EmergencyTaken {
        /// The emergency.
        id: EmergencyId,
        /// The name of the token that took it.
        by: String,
    },
    /// A named person closed it.
    EmergencyClosed {
        /// The emergency.
        id: EmergencyId,
        /// The name of the token that closed it.
        by: String,
        /// The reason that was given.
        because: String,
    },
    /// A station came or went; damped to one fact a minute.
    StationChanged {
        /// The station.
        station: StationId,
        /// Whether it is there.
        up: bool,
        /// How often it changed since the last such fact.
        changes: u32,
        /// What it says about itself, made safe to show.
        description: String,
    },
    /// A person confirmed a step of the clock.
    ClockConfirmed {
        /// The name of the token that confirmed it.
        by: String,
        /// By how many milliseconds it stepped.
        step_millis: i64,
    },
    /// Everything up to here was trimmed; what is still needed was stated again before.
    #[cfg_attr(test, schemars(skip))]
    Trimmed {
        /// Who asked for it.
        by: String,
        /// The last fact that was removed.
        up_to: Seq,
        /// Its chain hash: the first fact that remains chains to it.
        hash: [u8; 32],
    },
    /// The server was started over a damaged ledger with `--salvage`: what could not be
    /// recovered.
    Salvaged(Salvage),
    /// A named person has taken note of every salvage before.
    SalvageAcknowledged {
        /// The name of the token that took note of them.
        by: String,
    },
    /// From here on a delivery addresses another radio of its person.
    RadioTurned {
        /// The alert.
        alert: AlertId,
        /// The delivery.
        delivery: DeliveryIndex,
        /// The radio that is addressed now.
        radio: RadioId,
    },
    /// A text is about to be given to an operator for a telephone.
    MessageStarted {
        /// The alert.
        alert: AlertId,
        /// The delivery.
        delivery: DeliveryIndex,
        /// Which of the person's telephones.
        phone: u8,
        /// Counted from 1 within the telephone.
        number: u8,
        /// Over which route.
        route: StationId,
        /// The number that ties the parts of the text together. An attempt with the number of
        /// the one before sends only what the operator has not taken yet.
        reference: u8,
        /// How many parts the text has.
        parts: u8,
        /// Which frame the operator demanded around the words: the number of what stood in force
        /// beside them. A text of which parts have left goes on in the same one.
        frame: u32,
    },
    /// A part left, or the operator took it without naming it.
    MessageEvidenced {
        /// The part of the attempt at the telephone.
        of: MessageRef,
        /// `Written` or `StationAccepted`.
        evidence: Evidence,
    },
    /// An operator took a part and named it; its receipts use this name.
    MessageTaken {
        /// The part of the attempt at the telephone.
        of: MessageRef,
        /// Over which route.
        route: StationId,
        /// For which telephone.
        to: Phone,
        /// The operator's name of it.
        message: String,
    },
    /// An operator said what became of a part.
    ReceiptHeard {
        /// The part of the attempt at the telephone.
        of: MessageRef,
        /// What became of it.
        outcome: ReceiptOutcome,
        /// The operator's own words.
        code: String,
    },
    /// A receipt for a message that is not known, or not yet: it can overtake the answer that
    /// names the message.
    ReceiptUnmatched {
        /// Over which route.
        route: StationId,
        /// The message, as the receipt names it.
        message: String,
        /// The telephone, where the receipt says so.
        to: Option<Phone>,
        /// What became of it.
        outcome: ReceiptOutcome,
        /// The operator's own words.
        code: String,
    },
    /// An attempt over a telephone ended.
    MessageEnded {
        /// The alert.
        alert: AlertId,
        /// The delivery.
        delivery: DeliveryIndex,
        /// Which of the person's telephones.
        phone: u8,
        /// The number of the attempt that ended, from 1.
        number: u8,
        /// How it ended.
        outcome: Outcome,
        /// Whether this telephone is not tried any more.
        spent: bool,
    },
    /// A part of a long text from a telephone.
    #[cfg_attr(test, schemars(skip))]
    PhonePartHeard {
        /// Over which route.
        route: StationId,
        /// The number from which it came.
        from: String,
        /// Our number that it was sent to.
        to: String,
        /// The number that ties the parts together.
        reference: u16,
        /// How many parts there are.
        total: u8,
        /// Which one this is, from 1.
        part: u8,
        /// The text of this part alone.
        text: String,
    },
    /// The missing parts of a long text from a telephone are not waited for any more.
    #[cfg_attr(test, schemars(skip))]
    PhonePartsGivenUp {
        /// Over which route.
        route: StationId,
        /// The number from which they came.
        from: String,
        /// Our number that it was sent to.
        to: String,
        /// The number that ties the parts together.
        reference: u16,
        /// How many parts there are.
        total: u8,
    },
    /// A text from a telephone that answers nothing: never dropped.
    PhoneReportHeard {
        /// Over which route.
        route: StationId,
        /// Who says so: a number, or a name. It can be forged.
        from: String,
        /// Our number that it was sent to.
        to: String,
        /// What it says, made safe to show.
        text: String,
        /// Made from the operator's name of it, where it has one: the same text with the same
        /// number within minutes is this one again.
        reference: Option<u16>,
        /// Why it answers nothing.
        note: ReportNote,
    },
    /// Further rules for sensor alarms, of the policy that was put in force last.
    #[cfg_attr(test, schemars(skip))]
    AlarmRulesInForce {
        /// In the order of the configuration.
        rules: Vec<AlarmRule>,
    },
    /// A sensor alarm was raised.
    AlarmRaised(Box<SensorAlarm>),
    /// A sensor alarm was raised again, perhaps at another level; damped to one fact in some
    /// seconds.
    AlarmUpdated(Box<AlarmUpdate>),
    /// A source took its alarm back.
    AlarmCleared {
        /// The alarm.
        of: AlarmOf,
        /// The name of the source, or of the token, that took it back.
        by: String,
        /// How often it was raised, in all.
        count: u64,
    },
    /// A cleared alarm stayed quiet: it is over.
    AlarmEnded {
        /// The alarm.
        of: AlarmOf,
    },
    /// An alarm made an alert, which was accepted in the same commit.
    AlarmAlerted {
        /// The alarm.
        of: AlarmOf,
        /// The alert.
        alert: AlertId,
        /// At which level.
        level: Level,
        /// What made the alert due: the alarm was raised, went on, or was over.
        because: AlertedFor,
        /// Whom the rule names and the roster does not know.
        missing: Vec<Target>,
    },
    /// An alarm should make an alert and cannot.
    AlarmUnalerted {
        /// The alarm.
        of: AlarmOf,
        /// What is in the way, and what would help.
        problem: String,
    },
    /// No alerts of some alarms from here on.
    AlarmSuppressed(Suppression),
    /// These alarms make alerts again.
    AlarmResumed {
        /// The site.
        site: String,
        /// The kind of alarm.
        kind: String,
        /// The node of the rule.
        node: Node,
        /// Who ended the suppression; none if its time was over.
        by: Option<String>,
    },
    /// An open alarm as it stands, stated again because older facts go.
    #[cfg_attr(test, schemars(skip))]
    AlarmRestated(Box<SensorAlarm>),
    /// Further people that this alarm has alerted, stated again.
    #[cfg_attr(test, schemars(skip))]
    AlarmToldRestated {
        /// The alarm.
        alarm: SensorAlarmId,
        /// Whom.
        told: Vec<Target>,
    },
    /// A sink does not get on: it fails again and again, its receiver wants no more, or nobody
    /// listens there.
    SinkBehind {
        /// Its name.
        sink: String,
        /// The node whose share it gets.
        node: Node,
        /// What is in the way.
        why: String,
    },
    /// A sink gets on again.
    SinkRecovered {
        /// Its name.
        sink: String,
        /// The node whose share it gets.
        node: Node,
    },
    /// A message of another system's warning was taken in; its document follows in the same
    /// commit.
    WarningTaken(Box<WarningTaken>),
    /// A part of the document of a warning's message, as it came.
    #[cfg_attr(test, schemars(skip))]
    DocumentPart {
        /// The alert with which it is kept.
        alert: Option<AlertId>,
        /// The node of who sent it.
        node: Node,
        /// Where its message stands.
        message: Seq,
        /// Which part, from 0.
        part: u16,
        /// At most [`PART_OCTETS`](crate::model::warning::PART_OCTETS).
        octets: Vec<u8>,
    },
}

/// What an alert is predicted to take of one carrier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prediction {
    /// The carrier.
    pub carrier: CarrierId,
    /// Airtime in milliseconds.
    pub airtime_ms: u64,
    /// When the text has gone out to the last recipient, in milliseconds after acceptance.
    pub finished_in_ms: u64,
}

/// Why a report answers nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum ReportNote {
    /// No open alert asks this radio anything.
    NothingAsked,
    /// It fits several open alerts; a mark in the answer would tell.
    Ambiguous(Vec<AlertId>),
    /// It is no answer that the open alert knows.
    NoAnswer(AlertId),
    /// It names the mark of an alert that was not sent to this radio, or is over.
    MarkUnknown,
}

/// A fact with the moment it was decided.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// The civil time at which it was decided.
    pub at: Wall,
    /// What happened.
    pub fact: Fact,
}

/// An entry in its place in the ledger.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Its position.
    pub seq: Seq,
    /// The jurisdiction whose ledger it is.
    pub jurisdiction: String,
    /// The epoch of the holder that committed it.
    pub epoch: u64,
    /// The civil time at which it was decided.
    pub at: Wall,
    /// What happened.
    pub fact: Fact,
    /// SHA-256 over the previous record's hash and this record's stored bytes.
    pub hash: [u8; 32],
}

impl Fact {
    /// The names of all facts, in the order of their variants.
    pub const NAMES: [&'static str; 58] = [
        "started",
        "policy_in_force",
        "stations_in_force",
        "roster_imported",
        "token_created",
        "token_revoked",
        "alert_accepted",
        "targets",
        "recipients",
        "attempt_started",
        "group_attempt_started",
        "baselined",
        "predicted",
        "polled",
        "evidenced",
        "group_evidenced",
        "attempt_ended",
        "delivery_ended",
        "alert_ended",
        "resent",
        "summed",
        "report_heard",
        "radio_heard",
        "radio_left",
        "emergency_raised",
        "emergency_acknowledged",
        "emergency_taken",
        "emergency_closed",
        "station_changed",
        "clock_confirmed",
        "trimmed",
        "salvaged",
        "salvage_acknowledged",
        "radio_turned",
        "message_started",
        "message_evidenced",
        "message_taken",
        "receipt_heard",
        "receipt_unmatched",
        "message_ended",
        "phone_part_heard",
        "phone_parts_given_up",
        "phone_report_heard",
        "alarm_rules_in_force",
        "alarm_raised",
        "alarm_updated",
        "alarm_cleared",
        "alarm_ended",
        "alarm_alerted",
        "alarm_unalerted",
        "alarm_suppressed",
        "alarm_resumed",
        "alarm_restated",
        "alarm_told_restated",
        "sink_behind",
        "sink_recovered",
        "warning_taken",
        "document_part",
    ];

    /// The facts that put a policy in force.
    #[must_use]
    pub fn of_policy(policy: &Policy) -> Vec<Self> {
        let whole = Self::PolicyInForce(Box::new(policy.clone()));
        if whole.size() <= FACT_BYTES {
            return vec![whole];
        }
        let bare = Policy {
            stations: Vec::new(),
            alarms: Vec::new(),
            ..policy.clone()
        };
        let stations = pieces(&policy.stations, stored_size);
        let stations = stations.map(|piece| Self::StationsInForce {
            stations: piece.to_vec(),
        });
        let rules = pieces(&policy.alarms, stored_size);
        let rules = rules.map(|piece| Self::AlarmRulesInForce {
            rules: piece.to_vec(),
        });
        let first = Self::PolicyInForce(Box::new(bare));
        std::iter::once(first)
            .chain(stations)
            .chain(rules)
            .collect()
    }

    /// The facts that put an alert and its recipients on record, in order.
    #[must_use]
    pub fn of_alert(alert: Alert, recipients: &[Recipient]) -> Vec<Self> {
        let id = alert.id;
        let mut alert = Box::new(alert);
        let mut targets = Vec::new();
        if stored_size(&alert) > CHUNK_BYTES {
            targets = std::mem::take(&mut alert.targets);
        }
        let mut facts = vec![Self::AlertAccepted(alert)];
        facts.extend(pieces(&targets, stored_size).map(|piece| Self::Targets {
            alert: id,
            targets: piece.to_vec(),
        }));
        let mut first = 0;
        for piece in pieces(recipients, stored_size) {
            facts.push(Self::Recipients {
                alert: id,
                first: DeliveryIndex(first),
                recipients: piece.to_vec(),
            });
            first += u32::try_from(piece.len()).unwrap_or(u32::MAX);
        }
        facts
    }

    /// How many bytes it takes on disk.
    #[must_use]
    pub fn size(&self) -> usize {
        stored_size(self)
    }

    /// The alert this fact belongs to.
    #[must_use]
    pub fn alert(&self) -> Option<AlertId> {
        match self {
            Self::AlertAccepted(alert) => Some(alert.id),
            Self::Targets { alert, .. }
            | Self::Recipients { alert, .. }
            | Self::AttemptStarted { alert, .. }
            | Self::GroupAttemptStarted { alert, .. }
            | Self::Baselined { alert, .. }
            | Self::Predicted { alert, .. }
            | Self::Polled { alert, .. }
            | Self::Evidenced { alert, .. }
            | Self::GroupEvidenced { alert, .. }
            | Self::AttemptEnded { alert, .. }
            | Self::DeliveryEnded { alert, .. }
            | Self::AlertEnded { alert, .. }
            | Self::Resent { alert, .. }
            | Self::Summed { alert, .. }
            | Self::RadioTurned { alert, .. }
            | Self::MessageStarted { alert, .. }
            | Self::MessageEnded { alert, .. } => Some(*alert),
            Self::MessageEvidenced { of, .. }
            | Self::MessageTaken { of, .. }
            | Self::ReceiptHeard { of, .. } => Some(of.alert),
            Self::WarningTaken(taken) => taken.kept_with(),
            Self::DocumentPart { alert, .. } => *alert,
            _ => None,
        }
    }

    /// The node of the sensor alarm, suppression, sink or warning that this fact is about.
    #[must_use]
    pub fn own_node(&self) -> Option<&Node> {
        match self {
            Self::AlarmRaised(alarm) | Self::AlarmRestated(alarm) => Some(&alarm.of.node),
            Self::AlarmUpdated(update) => Some(&update.of.node),
            Self::AlarmCleared { of, .. }
            | Self::AlarmEnded { of }
            | Self::AlarmAlerted { of, .. }
            | Self::AlarmUnalerted { of, .. } => Some(&of.node),
            Self::AlarmSuppressed(suppression) => Some(&suppression.node),
            Self::AlarmResumed { node, .. }
            | Self::SinkBehind { node, .. }
            | Self::SinkRecovered { node, .. }
            | Self::DocumentPart { node, .. } => Some(node),
            Self::WarningTaken(taken) => Some(&taken.node),
            _ => None,
        }
    }

    /// The fact's name, as in the event stream.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Started { .. } => "started",
            Self::PolicyInForce(_) => "policy_in_force",
            Self::StationsInForce { .. } => "stations_in_force",
            Self::RosterImported { .. } => "roster_imported",
            Self::TokenCreated { .. } => "token_created",
            Self::TokenRevoked { .. } => "token_revoked",
            Self::AlertAccepted(_) => "alert_accepted",
            Self::Targets { .. } => "targets",
            Self::Recipients { .. } => "recipients",
            Self::AttemptStarted { .. } => "attempt_started",
            Self::GroupAttemptStarted { .. } => "group_attempt_started",
            Self::Baselined { .. } => "baselined",
            Self::Predicted { .. } => "predicted",
            Self::Polled { .. } => "polled",
            Self::Evidenced { .. } => "evidenced",
            Self::GroupEvidenced { .. } => "group_evidenced",
            Self::AttemptEnded { .. } => "attempt_ended",
            Self::DeliveryEnded { .. } => "delivery_ended",
            Self::AlertEnded { .. } => "alert_ended",
            Self::Resent { .. } => "resent",
            Self::Summed { .. } => "summed",
            Self::ReportHeard { .. } => "report_heard",
            Self::RadioHeard { .. } => "radio_heard",
            Self::RadioLeft { .. } => "radio_left",
            Self::EmergencyRaised(_) => "emergency_raised",
            Self::EmergencyAcknowledged { .. } => "emergency_acknowledged",
            Self::EmergencyTaken { .. } => "emergency_taken",
            Self::EmergencyClosed { .. } => "emergency_closed",
            Self::StationChanged { .. } => "station_changed",
            Self::ClockConfirmed { .. } => "clock_confirmed",
            Self::Trimmed { .. } => "trimmed",
            Self::Salvaged(_) => "salvaged",
            Self::SalvageAcknowledged { .. } => "salvage_acknowledged",
            Self::RadioTurned { .. } => "radio_turned",
            Self::MessageStarted { .. } => "message_started",
            Self::MessageEvidenced { .. } => "message_evidenced",
            Self::MessageTaken { .. } => "message_taken",
            Self::ReceiptHeard { .. } => "receipt_heard",
            Self::ReceiptUnmatched { .. } => "receipt_unmatched",
            Self::MessageEnded { .. } => "message_ended",
            Self::PhonePartHeard { .. } => "phone_part_heard",
            Self::PhonePartsGivenUp { .. } => "phone_parts_given_up",
            Self::PhoneReportHeard { .. } => "phone_report_heard",
            Self::AlarmRulesInForce { .. } => "alarm_rules_in_force",
            Self::AlarmRaised(_) => "alarm_raised",
            Self::AlarmUpdated(_) => "alarm_updated",
            Self::AlarmCleared { .. } => "alarm_cleared",
            Self::AlarmEnded { .. } => "alarm_ended",
            Self::AlarmAlerted { .. } => "alarm_alerted",
            Self::AlarmUnalerted { .. } => "alarm_unalerted",
            Self::AlarmSuppressed(_) => "alarm_suppressed",
            Self::AlarmResumed { .. } => "alarm_resumed",
            Self::SinkBehind { .. } => "sink_behind",
            Self::SinkRecovered { .. } => "sink_recovered",
            Self::AlarmRestated(_) => "alarm_restated",
            Self::AlarmToldRestated { .. } => "alarm_told_restated",
            Self::WarningTaken(_) => "warning_taken",
            Self::DocumentPart { .. } => "document_part",
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::de::value::Error;
    use serde::de::{Error as _, Visitor};
    use serde::{Deserializer, forward_to_deserialize_any};

    use super::*;

    /// Gives away what an enum calls its variants.
    struct Asking<'a>(&'a mut Vec<&'static str>);

    impl<'de> Deserializer<'de> for Asking<'_> {
        type Error = Error;

        fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
            Err(Error::custom("no enum"))
        }

        fn deserialize_enum<V: Visitor<'de>>(
            self,
            _: &'static str,
            variants: &'static [&'static str],
            _: V,
        ) -> Result<V::Value, Error> {
            self.0.extend(variants);
            Err(Error::custom("that is all"))
        }

        forward_to_deserialize_any! {
            bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit
            unit_struct newtype_struct seq tuple tuple_struct map struct identifier ignored_any
        }
    }

    #[test]
    fn names_has_the_name_of_every_variant_in_their_order() {
        let mut variants = Vec::new();
        assert!(Fact::deserialize(Asking(&mut variants)).is_err());
        assert_eq!(variants, Fact::NAMES);
    }
}
