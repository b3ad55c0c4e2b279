//! An alert and where its deliveries stand.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::body::{AskBody, HindranceBody, languages};
use crate::engine::io::Receipt;
use crate::engine::views::{AlertView, CarrierUse, Counts};
use crate::model::alert::{Ask, Precedence};
use crate::model::wall::Wall;

/// That an alert is on record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReceiptBody {
    /// Its identity.
    pub id: String,
    /// Its short sign on the air.
    pub mark: String,
    /// How many deliveries it has.
    pub recipients: u32,
    /// When it expires.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Wall,
    /// Where its acceptance stands in the ledger (0 on a repeat).
    pub seq: u64,
    /// Whether this is the first answer given again for the same idempotency key.
    pub repeated: bool,
    /// Recipients that cannot get it; not said again on a repeat.
    pub hindrances: Vec<HindranceBody>,
}

impl From<Receipt> for ReceiptBody {
    fn from(receipt: Receipt) -> Self {
        Self {
            id: receipt.id.to_string(),
            mark: receipt.mark,
            recipients: receipt.recipients,
            expires_at: receipt.expires_at,
            seq: receipt.seq.0,
            repeated: receipt.repeated,
            hindrances: receipt.hindrances.into_iter().map(Into::into).collect(),
        }
    }
}

/// Each delivery once, at its highest rung; ends apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct CountsBody {
    /// Not yet sent.
    pub queued: u32,
    /// Written to a link that was up.
    pub sent: u32,
    /// The station said that it took it.
    pub accepted: u32,
    /// The station said that it was on the air.
    pub transmitted: u32,
    /// The terminal acknowledged it.
    pub received: u32,
    /// The terminal said that it was read.
    pub read: u32,
    /// A person answered.
    pub answered: u32,
    /// Ended: it could not be done.
    pub failed: u32,
    /// Ended: its time ran out.
    pub expired: u32,
    /// Ended: a person withdrew the alert.
    pub cancelled: u32,
    /// Ended: a later alert took its place.
    pub superseded: u32,
}

impl From<Counts> for CountsBody {
    fn from(counts: Counts) -> Self {
        Self {
            queued: counts.queued,
            sent: counts.sent,
            accepted: counts.accepted,
            transmitted: counts.transmitted,
            received: counts.received,
            read: counts.read,
            answered: counts.answered,
            failed: counts.failed,
            expired: counts.expired,
            cancelled: counts.cancelled,
            superseded: counts.superseded,
        }
    }
}

/// An alert and where its deliveries stand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AlertBody {
    /// Its identity.
    pub id: String,
    /// Its short sign on the air.
    pub mark: String,
    /// What it says.
    pub text: String,
    /// The language of `text`, if its sender said it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// The same in other languages, by their tags.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub translations: BTreeMap<String, String>,
    /// `flash`, `immediate`, `priority` or `routine`.
    #[schema(schema_with = super::precedence)]
    pub precedence: Precedence,
    /// What it asks.
    pub ask: AskBody,
    /// The numbered answers.
    #[serde(default)]
    pub answers: Vec<String>,
    /// Whom it named.
    pub targets: Vec<String>,
    /// When it was accepted.
    #[schema(value_type = String, format = DateTime)]
    pub accepted_at: Wall,
    /// When it expires.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Wall,
    /// When all its deliveries were settled or ended; none while it is live.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ended_at: Option<Wall>,
    /// Whether it is a drill.
    pub exercise: bool,
    /// Who sent it.
    pub by: String,
    /// How many deliveries it has; of a part, those of the token's node.
    pub recipients: u32,
    /// Where they stand.
    pub counts: CountsBody,
    /// The answer set that answers it on a trunked system.
    #[schema(value_type = Option<String>)]
    pub answer_set: Option<char>,
    /// What it was predicted to take of each carrier, and what it has taken.
    pub carriers: Vec<CarrierUseBody>,
    /// Whether only the share of the token's node is shown: the alert was sent from elsewhere,
    /// and other targets, recipients and counts are left out.
    #[serde(default)]
    pub part: bool,
    /// Of one that was made of another system's warning, the form of that: `cap` or `cpeas`. Its
    /// document is at `/api/v1/alerts/{id}/document`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub came_as: Option<String>,
}

/// What an alert was predicted to take of a carrier, and what it has taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CarrierUseBody {
    /// The carrier, as `station/slot`.
    pub carrier: String,
    /// Airtime predicted at acceptance, in milliseconds.
    pub predicted_airtime_ms: u64,
    /// When the text was predicted to have gone out to the last recipient, in milliseconds after
    /// acceptance.
    pub predicted_finish_ms: u64,
    /// Airtime of what was started, in milliseconds.
    pub airtime_ms: u64,
    /// When it had gone out to the last of those so far, for the first time, in milliseconds after
    /// acceptance; 0 if to none.
    pub finished_ms: u64,
}

impl From<CarrierUse> for CarrierUseBody {
    fn from(taken: CarrierUse) -> Self {
        Self {
            carrier: taken.carrier.to_string(),
            predicted_airtime_ms: taken.predicted_airtime_ms,
            predicted_finish_ms: taken.predicted_finish_ms,
            airtime_ms: taken.airtime_ms,
            finished_ms: taken.finished_ms,
        }
    }
}

impl From<AlertView> for AlertBody {
    fn from(view: AlertView) -> Self {
        let (ask, answers) = match view.ask {
            Ask::Nothing => (AskBody::Nothing, Vec::new()),
            Ask::Receipt => (AskBody::Receipt, Vec::new()),
            Ask::Acknowledgement => (AskBody::Acknowledgement, Vec::new()),
            Ask::Answers(answers) => (AskBody::Answers, answers),
        };
        Self {
            id: view.id.to_string(),
            mark: view.mark,
            text: view.text,
            language: view.language.map(|it| it.to_string()),
            translations: languages::shown(view.translations),
            precedence: view.precedence,
            ask,
            answers,
            targets: view.targets,
            accepted_at: view.accepted_at,
            expires_at: view.expires_at,
            ended_at: view.ended_at,
            exercise: view.exercise,
            by: view.by,
            recipients: view.recipients,
            counts: view.counts.into(),
            answer_set: view.answer_set,
            carriers: view.carriers.into_iter().map(Into::into).collect(),
            part: view.part,
            came_as: view.came_as.map(|form| form.name().to_owned()),
        }
    }
}

/// A page of alerts, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AlertList {
    /// The alerts.
    pub alerts: Vec<AlertBody>,
    /// Ask with `?before=` this for the next page; none on the last.
    pub next: Option<String>,
}
