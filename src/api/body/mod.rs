//! What goes over the wire, in both directions. The CLI reads and writes the same types.
//!
//! Times are RFC 3339 in UTC, ids are ULIDs, radios are their 24-bit numbers.

mod alarm;
mod alert;
mod cap;
mod delivery;
mod done;
mod emergency;
mod event;
mod health;
mod languages;
mod plan;
mod roster;
mod sink;
mod sms;
mod station;
mod submit;
mod token;
mod trim;

use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};

use crate::model::alert::Precedence;
use crate::model::delivery::Rung;
use crate::model::token::Role;

pub use alarm::{
    AlarmReportBody, AlarmStateBody, AlarmValueBody, SensorAlarmBody, SensorAlarmList,
    SuppressBody, SuppressionBody,
};
pub use alert::{AlertBody, AlertList, CountsBody, ReceiptBody};
pub use cap::CapBody;
pub use delivery::{AnswerBody, DeliveryBody, DeliveryList, RecordedAnswerBody, RouteBody};
pub use done::{BecauseBody, DoneBody, ResentBody, YouBody};
pub use emergency::{EmergencyBody, EmergencyList, PositionBody};
pub use event::{EventBody, EventPage};
pub use health::{HealthBody, ScrubBody, ScrubbedBody, ScrubbingBody};
pub use plan::{CarrierPlanBody, HindranceBody, PlanBody, PlannedBody, SmsPlanBody};
pub use roster::{LineError, RosterLine, RosterList};
pub use sink::{DeadLetterBody, SinkBody, SinkList, SinkPositionBody};
pub use sms::{SmsRouteBody, SmsRouteList, SmsTestBody};
pub use station::{StationBody, StationList, StationTestBody};
pub use submit::{AskBody, SubmitBody};
pub use token::{MadeTokenBody, NewTokenBody, TokenBody, TokenList};
pub use trim::TrimBody;

/// The schema of a name that is one of these.
fn one_of<T: serde::Serialize>(values: impl IntoIterator<Item = T>) -> Schema {
    let names = values.into_iter().map(|value| name_of(&value));
    let names = ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(names));
    names.build().into()
}

fn precedence() -> Schema {
    one_of(Precedence::ALL)
}

fn rung() -> Schema {
    one_of(Rung::ALL)
}

fn role() -> Schema {
    one_of(Role::ALL)
}

/// The kebab-case name of a plain variant.
pub(crate) fn name_of<T: serde::Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(name)) => name,
        _ => String::new(),
    }
}
