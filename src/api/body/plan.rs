//! What a dry run says.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::engine::views::{Hindrance, Plan};
use crate::model::delivery::{FailReason, Rung};

/// What would happen to an alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PlanBody {
    /// How many would get it.
    pub recipients: u32,
    /// How many can at best be `sent`: their radio or station reports nothing more.
    pub at_best_sent: u32,
    /// How many have no station that is up and permitted now.
    pub unreachable: u32,
    /// In how many parts the longest of them is sent.
    pub parts: u8,
    /// The answer set that it would get on a trunked system.
    #[schema(value_type = Option<String>)]
    pub answer_set: Option<char>,
    /// Whether it can be answered by words only, because no answer set is free.
    pub words_only: bool,
    /// How many are told in each translation, by its tag; all others get the text itself.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub readers: BTreeMap<String, u32>,
    /// Radios whose status would have to be asked for first, one burst each.
    pub baseline_polls: u32,
    /// Recipients that could not get it.
    pub hindrances: Vec<HindranceBody>,
    /// What each carrier would bear.
    pub carriers: Vec<CarrierPlanBody>,
    /// What each SMS route would bear.
    pub sms: Vec<SmsPlanBody>,
    /// Why telephones are not used, if they are not.
    pub no_sms: Option<String>,
    /// The first of the recipients.
    pub sample: Vec<PlannedBody>,
}

/// What keeps some recipients from ever getting an alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HindranceBody {
    /// Why: `unencodable` (the text is too long for their radios) or `no-permitted-station`.
    #[schema(value_type = String)]
    pub reason: FailReason,
    /// How many recipients.
    pub recipients: u32,
    /// The first of their radios, 20 at most.
    pub radios: Vec<u32>,
    /// The ids of the people among them.
    pub people: Vec<String>,
    /// The ids of the external systems among them.
    #[serde(default)]
    pub systems: Vec<String>,
    /// What is in the way, and what would help.
    pub remedy: String,
}

impl From<Hindrance> for HindranceBody {
    fn from(hindrance: Hindrance) -> Self {
        Self {
            reason: hindrance.reason,
            recipients: hindrance.recipients,
            radios: hindrance.radios.iter().map(|radio| radio.get()).collect(),
            people: hindrance.people,
            systems: hindrance.systems,
            remedy: hindrance.remedy,
        }
    }
}

/// What one carrier would bear.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CarrierPlanBody {
    /// The carrier, as `station/slot`.
    pub carrier: String,
    /// Its station's name.
    pub station: String,
    /// Individual deliveries.
    pub deliveries: u32,
    /// Talkgroups addressed.
    pub groups: Vec<u32>,
    /// Airtime in milliseconds.
    pub airtime_ms: u64,
    /// When the text would have gone out to the last recipient, in milliseconds from now.
    pub finished_in_ms: u64,
}

/// What one SMS route would bear.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SmsPlanBody {
    /// The route's name.
    pub route: String,
    /// Whether its link is there.
    pub up: bool,
    /// People who are reached over it at once: they have no radio.
    pub at_once: u32,
    /// People who are reached over it if their radio brings no more than asked in time.
    pub if_needed: u32,
    /// Short messages that each of them gets.
    pub parts: u8,
    /// What all these messages cost, in hundredths of the currency.
    pub cost: u64,
}

/// One recipient of a dry run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PlannedBody {
    /// The radio; none for a person with telephones only.
    pub radio: Option<u32>,
    /// The person's id in the roster, if it is a person.
    pub person: Option<String>,
    /// The system's id in the roster, if it is an external system.
    pub system: Option<String>,
    /// The person's name, or the radio's.
    pub name: String,
    /// Over which carrier.
    pub carrier: Option<String>,
    /// The highest rung it can reach.
    #[schema(schema_with = super::rung)]
    pub best: Rung,
}

impl From<Plan> for PlanBody {
    fn from(plan: Plan) -> Self {
        let carriers = plan.carriers.into_iter().map(|carrier| CarrierPlanBody {
            carrier: carrier.carrier.to_string(),
            station: carrier.station,
            deliveries: carrier.deliveries,
            groups: carrier.groups.iter().map(|group| group.get()).collect(),
            airtime_ms: carrier.airtime_ms,
            finished_in_ms: carrier.finished_in_ms,
        });
        let sms = plan.sms.into_iter().map(|it| SmsPlanBody {
            route: it.name,
            up: it.up,
            at_once: it.at_once,
            if_needed: it.if_needed,
            parts: it.parts,
            cost: it.cost,
        });
        let sample = plan.sample.into_iter().map(|planned| PlannedBody {
            radio: planned.radio.map(|radio| radio.get()),
            person: planned.person,
            system: planned.system,
            name: planned.name,
            carrier: planned.carrier.map(|carrier| carrier.to_string()),
            best: planned.best,
        });
        Self {
            recipients: plan.recipients,
            at_best_sent: plan.at_best_sent,
            unreachable: plan.unreachable,
            parts: plan.parts,
            answer_set: plan.answer_set,
            words_only: plan.words_only,
            readers: plan
                .readers
                .into_iter()
                .map(|(language, count)| (language.to_string(), count))
                .collect(),
            baseline_polls: plan.baseline_polls,
            hindrances: plan.hindrances.into_iter().map(Into::into).collect(),
            carriers: carriers.collect(),
            sms: sms.collect(),
            no_sms: plan.no_sms,
            sample: sample.collect(),
        }
    }
}
