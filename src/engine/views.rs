//! What the API, the CLI and the console see of the engine's state.

use std::collections::BTreeMap;

use narrowcast_protocol::air::{CarrierId, GroupId, RadioId, StationId};
use serde::{Deserialize, Serialize};

pub use crate::engine::alarms::SensorAlarmView;
use crate::model::alert::{Alert, Ask, Precedence};
use crate::model::book::{AlertBook, DeliveryBook};
use crate::model::delivery::{End, FailReason, Rung};
use crate::model::evidence::Answer;
use crate::model::ids::{AlertId, DeliveryIndex, Seq};
use crate::model::language::{Language, Translation, Words};
use crate::model::policy::RouteKind;
use crate::model::roster::Node;
use crate::model::sight::Share;
use crate::model::summary::Summary;
pub use crate::model::summary::{CarrierUse, Counts};
use crate::model::wall::Wall;
use crate::model::warning::WarningForm;

/// An alert and where its deliveries stand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertView {
    /// Its identity.
    pub id: AlertId,
    /// Its short sign on the air.
    pub mark: String,
    /// The text as it was submitted.
    pub text: String,
    /// The language of `text`, if its sender said it.
    pub language: Option<Language>,
    /// The same in other languages.
    pub translations: Vec<Translation>,
    /// How urgent it is.
    pub precedence: Precedence,
    /// What it asks of its recipients.
    pub ask: Ask,
    /// Whom it named.
    pub targets: Vec<String>,
    /// When it was accepted.
    pub accepted_at: Wall,
    /// From then on it has no meaning.
    pub expires_at: Wall,
    /// When all its deliveries were settled or ended.
    pub ended_at: Option<Wall>,
    /// Whether it is a drill.
    pub exercise: bool,
    /// The name of the token, or of the source, that sent it.
    pub by: String,
    /// How many deliveries it has; of a part, those of the asker's node.
    pub recipients: u32,
    /// How many deliveries stand at each rung and end.
    pub counts: Counts,
    /// The answer set that answers it.
    pub answer_set: Option<char>,
    /// What it was predicted to take of each carrier, and what it has taken.
    pub carriers: Vec<CarrierUse>,
    /// Whether only the share of the asker's node is shown: it was sent from elsewhere.
    pub part: bool,
    /// The form of the warning that it was made of.
    pub came_as: Option<WarningForm>,
}

impl AlertView {
    /// What it says in all its languages.
    #[must_use]
    pub fn words(&self) -> Words {
        Words {
            text: self.text.clone(),
            language: self.language.clone(),
            translations: self.translations.clone(),
        }
    }

    /// The view of an alert from its book, as it is seen from `node`; none if it is not.
    #[must_use]
    pub fn of(book: &AlertBook, node: &Node) -> Option<Self> {
        let share = book.share(node)?;
        Some(Self::seen(&book.alert, &share, &book.summary(), node))
    }

    /// The view of an alert that has left memory, from its summary; `share` is the node's.
    #[must_use]
    pub fn seen(alert: &Alert, share: &Share, summary: &Summary, node: &Node) -> Self {
        let part = *share != Share::Whole;
        let counts = match share {
            Share::Whole => summary.counts(|_| true),
            Share::Part { .. } => summary.counts(|of| node.covers(of)),
        };
        let recipients = match share {
            Share::Whole => alert.recipients,
            Share::Part { deliveries, .. } => u32::try_from(deliveries.len()).unwrap_or(u32::MAX),
        };
        let targets = share.targets(&alert.targets, node);
        Self {
            id: alert.id,
            mark: alert.mark.to_string(),
            text: alert.text.clone(),
            language: alert.language.clone(),
            translations: alert.translations.clone(),
            precedence: alert.precedence,
            ask: alert.ask.clone(),
            targets: targets.iter().map(ToString::to_string).collect(),
            accepted_at: alert.accepted_at,
            expires_at: alert.expires_at,
            ended_at: summary.ended_at,
            exercise: alert.exercise,
            by: alert.by.clone(),
            recipients,
            counts,
            answer_set: summary.answer_set.map(|set| set.name),
            carriers: if part {
                Vec::new()
            } else {
                summary.carriers.clone()
            },
            part,
            came_as: alert.came_as,
        }
    }
}

/// One delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryView {
    /// Its index within the alert.
    pub index: DeliveryIndex,
    /// The radio that is addressed; none for a person with telephones only.
    pub radio: Option<RadioId>,
    /// The person's id in the roster, if it is a person.
    pub person: Option<String>,
    /// The system's id in the roster, if it is an external system.
    pub system: Option<String>,
    /// The person's name when the alert was accepted, or the radio's.
    pub name: String,
    /// Its node then.
    pub node: String,
    /// What was read there then.
    pub language: Language,
    /// The highest rung that evidence proves.
    pub rung: Rung,
    /// How it ended short of its aim, if it did.
    pub end: Option<End>,
    /// Whether evidence came after the end.
    pub late: bool,
    /// How many attempts were started.
    pub attempts: u8,
    /// The carrier of the newest attempt.
    pub carrier: Option<CarrierId>,
    /// The highest rung it can reach, given the radio and the station.
    pub best: Rung,
    /// What the person answered.
    pub answer: Option<Answer>,
    /// When the rung was reached.
    pub at: Option<Wall>,
    /// Whether the newest attempt's outcome is unknown (a crash or lost link fell in between).
    pub unclear: bool,
    /// Whether the radio was heard after the transmission (it is there, no more).
    pub present: bool,
    /// The ways to the recipient that were tried, or can be.
    pub routes: Vec<RouteView>,
}

/// One way to a recipient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouteView {
    /// `radio`, or what the SMS route speaks: `smpp`, `cmpp2`, `cmpp3`, `modem`; `sms` where no
    /// route has been tried.
    pub kind: String,
    /// The station's or SMS route's number, once it was tried; its name is in the lists of those.
    pub station: Option<StationId>,
    /// The radio's number, or the telephone's.
    pub address: String,
    /// The highest rung proven over it.
    pub rung: Rung,
    /// Attempts started.
    pub attempts: u8,
    /// Whether it is not tried any more.
    pub spent: bool,
    /// Whether the newest attempt's outcome is unknown.
    pub unclear: bool,
}

impl RouteView {
    fn all(delivery: &DeliveryBook) -> Vec<Self> {
        let radio = delivery.recipient.radio.map(|radio| Self {
            kind: "radio".to_owned(),
            station: delivery.carrier.map(|carrier| carrier.station),
            address: radio.to_string(),
            rung: delivery.radio_rung,
            attempts: delivery.attempts,
            spent: false,
            unclear: delivery.unclear,
        });
        let standby = delivery.standby().iter().map(|it| Self {
            kind: "radio".to_owned(),
            station: None,
            address: it.radio.radio.to_string(),
            rung: Rung::Queued,
            attempts: it.attempts,
            spent: false,
            unclear: false,
        });
        let phones = delivery.recipient.phones().iter().zip(delivery.phones());
        let phones = phones.map(|(phone, known)| Self {
            kind: "sms".to_owned(),
            station: known.route,
            address: phone.to_string(),
            rung: known.rung,
            attempts: known.attempts,
            spent: known.spent,
            unclear: known.unclear_since.is_some(),
        });
        let system = delivery.recipient.system().map(|(_, sink)| Self {
            kind: "sink".to_owned(),
            station: None,
            address: sink.to_owned(),
            rung: delivery.rung,
            attempts: 1,
            spent: false,
            unclear: false,
        });
        let ways = radio.into_iter().chain(standby).chain(phones);
        ways.chain(system).collect()
    }
}

/// An SMS route.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SmsRouteView {
    /// Its number.
    pub id: StationId,
    /// Its name.
    pub name: String,
    /// The protocol of its operator.
    pub kind: RouteKind,
    /// Whether its link is there and the operator has accepted the log-in.
    pub up: bool,
    /// Whether it rests because its operator refuses everything.
    pub rests: bool,
    /// Whether exercises may leave over it.
    pub exercises: bool,
    /// How many parts it takes now.
    pub room: u8,
    /// Parts of which the operator has not answered.
    pub under_way: u32,
    /// Messages waiting for it.
    pub waiting: u32,
    /// Parts that the operator took since the process began.
    pub taken: u64,
    /// Parts that it refused.
    pub refused: u64,
    /// How often it said that it was too fast.
    pub throttled: u64,
    /// Parts that telephones have.
    pub delivered: u64,
    /// Parts that telephones will not get.
    pub failed: u64,
    /// Why the operator refused last.
    pub last_error: Option<String>,
    /// What was spent today, in hundredths of the currency.
    pub cost_today: u64,
    /// What the operator says about itself.
    pub description: String,
}

impl DeliveryView {
    /// The view of a delivery from its book; `best` is the highest rung it can reach.
    #[must_use]
    pub fn of(index: DeliveryIndex, delivery: &DeliveryBook, best: Rung) -> Self {
        Self {
            index,
            radio: delivery.recipient.radio,
            person: delivery.recipient.person().map(str::to_owned),
            system: delivery.recipient.system().map(|(id, _)| id.to_owned()),
            routes: RouteView::all(delivery),
            name: delivery.recipient.name.clone(),
            node: delivery.recipient.node.to_string(),
            language: delivery.recipient.language.clone(),
            rung: delivery.rung,
            end: delivery.end,
            late: delivery.late,
            attempts: delivery.attempts,
            carrier: delivery.carrier,
            best: best.max(delivery.rung),
            answer: delivery.answer.as_deref().cloned(),
            at: delivery.at,
            unclear: delivery.unclear,
            present: delivery.present,
        }
    }
}

/// A station and its carriers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StationView {
    /// Its number.
    pub id: StationId,
    /// Its name.
    pub name: String,
    /// Whether it is there.
    pub up: bool,
    /// Whether it is held down after flapping: only Flash and emergencies pass.
    pub held: bool,
    /// Whether it is a test station.
    pub test: bool,
    /// What it says about itself.
    pub description: String,
    /// Since when it is as it is.
    pub since: Option<Wall>,
    /// The timeslots that a call or a lock-out holds, and since when.
    pub busy: BTreeMap<u8, Wall>,
    /// Fragments waiting, per timeslot number.
    pub waiting: BTreeMap<u8, u32>,
}

/// What keeps some recipients from ever getting an alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hindrance {
    /// The reason that their deliveries have failed for.
    pub reason: FailReason,
    /// How many recipients it keeps from getting the alert.
    pub recipients: u32,
    /// The first of their radios, 20 at most.
    pub radios: Vec<RadioId>,
    /// The ids of the people among them.
    pub people: Vec<String>,
    /// The ids of the external systems among them.
    pub systems: Vec<String>,
    /// What is in the way, and what would help.
    pub remedy: String,
}

/// What would happen to an alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// How many would get it.
    pub recipients: u32,
    /// How many can at best be `Sent`: their radio or station reports nothing more.
    pub at_best_sent: u32,
    /// How many have no station that is up and permitted now.
    pub unreachable: u32,
    /// In how many parts the longest of them is sent.
    pub parts: u8,
    /// The answer set that it would get.
    pub answer_set: Option<char>,
    /// Whether it can be answered by words only, because no answer set is free.
    pub words_only: bool,
    /// How many are told in each translation; all others get the text itself.
    pub readers: Vec<(Language, u32)>,
    /// Radios whose status would have to be asked for first, one burst each.
    pub baseline_polls: u32,
    /// Recipients that could not get it.
    pub hindrances: Vec<Hindrance>,
    /// What each carrier would bear.
    pub carriers: Vec<CarrierPlan>,
    /// What each SMS route would bear.
    pub sms: Vec<SmsPlan>,
    /// Why telephones are not used, if they are not.
    pub no_sms: Option<String>,
    /// The first of the recipients.
    pub sample: Vec<PlannedRecipient>,
}

/// What one SMS route would bear.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SmsPlan {
    /// The route.
    pub route: StationId,
    /// Its name.
    pub name: String,
    /// Whether its link is there.
    pub up: bool,
    /// People who are reached over it at once: they have no radio.
    pub at_once: u32,
    /// People who are reached over it if their radio brings no more than asked in time.
    pub if_needed: u32,
    /// Parts of each message.
    pub parts: u8,
    /// What all these messages cost, in hundredths of the currency.
    pub cost: u64,
}

/// What one carrier would bear.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CarrierPlan {
    /// The carrier.
    pub carrier: CarrierId,
    /// Its station's name.
    pub station: String,
    /// Individual deliveries.
    pub deliveries: u32,
    /// Talkgroups addressed.
    pub groups: Vec<GroupId>,
    /// Airtime in milliseconds.
    pub airtime_ms: u64,
    /// When the text would have gone out to the last recipient, in milliseconds from now, behind
    /// what waits already.
    pub finished_in_ms: u64,
}

/// One recipient of a dry run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedRecipient {
    /// The radio; none for a person with telephones only.
    pub radio: Option<RadioId>,
    /// The person's id in the roster, if it is a person.
    pub person: Option<String>,
    /// The system's id in the roster, if it is an external system.
    pub system: Option<String>,
    /// The person's name, or the radio's.
    pub name: String,
    /// Over which carrier.
    pub carrier: Option<CarrierId>,
    /// The highest rung it can reach.
    pub best: Rung,
}

/// What waits for one carrier in one precedence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueView {
    /// The carrier; none: no station that may carry it is there.
    pub carrier: Option<CarrierId>,
    /// The precedence.
    pub precedence: Precedence,
    /// Deliveries and group transmissions that wait.
    pub waiting: usize,
    /// For how long the one that could have gone first has been waiting, in milliseconds.
    pub oldest_ms: u64,
}

/// A carrier that is there and has not sent for long, though something waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StalledView {
    /// The carrier.
    pub carrier: CarrierId,
    /// Deliveries and group transmissions that are ready.
    pub waiting: usize,
    /// For how long nothing was sent, in milliseconds.
    pub idle_ms: u64,
    /// Since when a call or a lock-out holds it, if one does.
    pub busy_since: Option<Wall>,
}

/// Counts for health and metrics.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Overview {
    /// The last fact the engine has decided.
    pub seq: Seq,
    /// Alerts in memory.
    pub alerts: usize,
    /// Live deliveries.
    pub deliveries: usize,
    /// Deliveries and group transmissions waiting for a carrier.
    pub waiting: usize,
    /// Jobs handed to sessions.
    pub jobs: usize,
    /// Every SMS route.
    pub sms: Vec<SmsRouteView>,
    /// Messages whose receipts would be matched.
    pub messages_known: usize,
    /// Open emergencies.
    pub emergencies: usize,
    /// Stations that are up.
    pub stations_up: usize,
    /// Stations configured.
    pub stations: usize,
    /// Radios in the roster.
    pub radios: usize,
    /// By how many milliseconds the civil clock stepped without confirmation.
    pub clock_step_ms: Option<i64>,
    /// The highest position that could be trimmed.
    pub trim_limit: Seq,
    /// The queues that are not empty.
    pub queues: Vec<QueueView>,
    /// Carriers that could send and have not sent for long, though something waits.
    pub stalled: Vec<StalledView>,
    /// Every station configured, and whether it is there.
    pub station_up: Vec<(StationId, bool)>,
    /// Attempts that were started since the process began, by outcome name.
    pub attempts: BTreeMap<String, u64>,
}
