//! One delivery of an alert.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::body::name_of;
use crate::engine::views::DeliveryView;
use crate::model::delivery::{End, Rung};
use crate::model::evidence::{Answer, AnsweredBy};
use crate::model::wall::Wall;

/// What a person answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AnswerBody {
    /// Which of the numbered answers, from 1.
    pub choice: u8,
    /// What came in, in words.
    pub text: String,
    /// The status code, if it came as one.
    pub status: Option<u16>,
}

impl From<Answer> for AnswerBody {
    fn from(answer: Answer) -> Self {
        Self {
            choice: answer.choice,
            text: answer.text,
            status: match answer.by {
                AnsweredBy::Status(code) | AnsweredBy::PolledStatus(code) => Some(code),
                AnsweredBy::Text => None,
            },
        }
    }
}

/// One delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeliveryBody {
    /// Its index within the alert.
    pub index: u32,
    /// The radio.
    pub radio: u32,
    /// Its name when the alert was accepted.
    pub name: String,
    /// Its node then.
    pub node: String,
    /// The highest rung that evidence proves: `queued`, `sent`, `accepted`, `transmitted`,
    /// `received`, `read` or `answered`.
    #[schema(schema_with = super::rung)]
    pub rung: Rung,
    /// `failed`, `expired`, `cancelled` or `superseded`; none while it may still go on.
    pub end: Option<String>,
    /// Why it failed.
    pub reason: Option<String>,
    /// Whether evidence came after the end.
    pub late: bool,
    /// How many attempts were started.
    pub attempts: u8,
    /// The carrier of the newest attempt, as `station/slot`.
    pub carrier: Option<String>,
    /// The highest rung it can reach, given the radio and the station.
    #[schema(schema_with = super::rung)]
    pub best: Rung,
    /// What the person answered.
    pub answer: Option<AnswerBody>,
    /// When the rung was reached.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub at: Option<Wall>,
    /// Whether the newest attempt's outcome is unknown.
    pub unclear: bool,
    /// Whether the radio was heard after the transmission (it is there, no more).
    pub present: bool,
}

impl From<DeliveryView> for DeliveryBody {
    fn from(view: DeliveryView) -> Self {
        let (end, reason) = match view.end {
            Some(End::Failed(reason)) => (Some("failed".to_owned()), Some(name_of(&reason))),
            Some(end) => (Some(name_of(&end)), None),
            None => (None, None),
        };
        Self {
            index: view.index.0,
            radio: view.radio.get(),
            name: view.name,
            node: view.node,
            rung: view.rung,
            end,
            reason,
            late: view.late,
            attempts: view.attempts,
            carrier: view.carrier.map(|carrier| carrier.to_string()),
            best: view.best,
            answer: view.answer.map(Into::into),
            at: view.at,
            unclear: view.unclear,
            present: view.present,
        }
    }
}

/// A page of deliveries, by index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeliveryList {
    /// The deliveries.
    pub deliveries: Vec<DeliveryBody>,
    /// Ask with `?from=` this for the next page; none on the last.
    pub next: Option<u32>,
}
