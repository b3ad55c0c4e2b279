//! One delivery of an alert.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::body::name_of;
use crate::engine::views::{DeliveryView, RouteView};
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
    /// How it came: `radio-text`, `status`, `poll`, `sms` or `api`.
    pub by: String,
    /// The status code, if it came as one.
    pub status: Option<u16>,
    /// The radio or telephone that says so, if it is not the radio addressed.
    pub from: Option<String>,
    /// Who recorded it, if it came by `api`.
    pub recorded_by: Option<String>,
}

impl From<Answer> for AnswerBody {
    fn from(answer: Answer) -> Self {
        Self {
            choice: answer.choice,
            recorded_by: answer.recorded_by,
            text: answer.text,
            by: match answer.by {
                AnsweredBy::Text => "radio-text",
                AnsweredBy::Status(_) => "status",
                AnsweredBy::PolledStatus(_) => "poll",
                AnsweredBy::Sms(_) => "sms",
                AnsweredBy::Api => "api",
            }
            .to_owned(),
            from: match answer.by {
                AnsweredBy::Sms(phone) => Some(phone.to_string()),
                _ => answer.from.map(|radio| radio.to_string()),
            },
            status: match answer.by {
                AnsweredBy::Status(code) | AnsweredBy::PolledStatus(code) => Some(code),
                AnsweredBy::Text | AnsweredBy::Sms(_) | AnsweredBy::Api => None,
            },
        }
    }
}

/// An answer that came by another way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordedAnswerBody {
    /// Who has answered: `person:ID`, `radio:NUMBER` or `system:ID`.
    #[schema(example = "person:li-wei")]
    pub recipient: String,
    /// Which of the numbered answers, from 1; 1 is the acknowledgement.
    pub choice: u8,
    /// In words.
    #[serde(default)]
    pub text: String,
}

/// One delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeliveryBody {
    /// Its index within the alert.
    pub index: u32,
    /// The radio that is addressed; null for a person with telephones only.
    pub radio: Option<u32>,
    /// The person's id in the roster, if it is a person.
    pub person: Option<String>,
    /// The system's id in the roster, if it is an external system.
    pub system: Option<String>,
    /// The person's name when the alert was accepted, or the radio's.
    pub name: String,
    /// Its node then.
    pub node: String,
    /// What was read there then: of the alert's languages the closest was sent.
    pub language: String,
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
    /// The ways to the recipient, in the order in which they are used.
    pub routes: Vec<RouteBody>,
}

/// One way to a recipient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RouteBody {
    /// `radio`; what the SMS route speaks: `smpp`, `cmpp2`, `cmpp3` or `modem`; `sms` where
    /// none has been used; or `sink`.
    pub kind: String,
    /// The name of the sink, or of the station or SMS route that was used last; null before the first attempt.
    pub name: Option<String>,
    /// The radio's number, the telephone's, or the sink's name.
    pub address: String,
    /// The highest rung proven over it.
    #[schema(schema_with = super::rung)]
    pub rung: Rung,
    /// How many attempts were started.
    pub attempts: u8,
    /// Whether it is not tried any more.
    pub spent: bool,
    /// Whether the newest attempt's outcome is unknown.
    pub unclear: bool,
    /// The station's number, while its name is looked up.
    #[serde(skip)]
    #[schema(ignore)]
    pub station: Option<u32>,
}

impl From<RouteView> for RouteBody {
    fn from(view: RouteView) -> Self {
        Self {
            name: (view.kind == "sink").then(|| view.address.clone()),
            kind: view.kind,
            address: view.address,
            rung: view.rung,
            attempts: view.attempts,
            spent: view.spent,
            unclear: view.unclear,
            station: view.station.map(|station| station.0),
        }
    }
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
            radio: view.radio.map(|radio| radio.get()),
            person: view.person,
            system: view.system,
            name: view.name,
            node: view.node,
            language: view.language.to_string(),
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
            routes: view.routes.into_iter().map(Into::into).collect(),
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
