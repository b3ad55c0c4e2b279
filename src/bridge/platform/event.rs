//! A fact as an event for other systems: CloudEvents 1.0, structured JSON.

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::model::alert::Precedence;
use crate::model::content::content;
use crate::model::facts::{Fact, Record};
use crate::model::ids::Seq;
use crate::model::sight::Seen;
use crate::model::wall::Wall;

/// Content type of one event.
pub const CONTENT_TYPE: &str = "application/cloudevents+json; charset=utf-8";

/// What happened, for other systems.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct CloudEvent {
    /// Always 1.0.
    pub specversion: &'static str,
    /// `jurisdiction:position`, the same in every repetition: a consumer forgets what it has had.
    pub id: String,
    /// `/narrowcast/jurisdiction`, percent-encoded: who made it. Together with `id` it is unique.
    pub source: String,
    /// `cn.narrowcast.NOUN.VERB.v1`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The id of the alert, if it belongs to one; else left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// When it was decided, in UTC.
    pub time: Wall,
    /// What `data` is: always JSON.
    pub datacontenttype: &'static str,
    /// The position in the ledger: larger is later. What a sink does not get leaves gaps. Of a
    /// sign of life: the position that comes next.
    pub ncseq: u64,
    /// Whether what it belongs to is a drill: `exercise` or `live`. Left out where it belongs to
    /// nothing of the kind, or to what is not on record any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ncmode: Option<&'static str>,
    /// The precedence of its alert; left out where it belongs to none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ncprio: Option<&'static str>,
    /// What the fact says; its fields follow from the type.
    pub data: Value,
}

/// Facts that were trimmed before a sink had them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Gap {
    /// The position of the first of them.
    pub first: Seq,
    /// The position of the last of them.
    pub last: Seq,
}

/// What an event must say of the alert, alarm or emergency that it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// Whether it is a drill.
    pub exercise: bool,
    /// An alert's precedence.
    pub precedence: Option<Precedence>,
}

/// The facts that do not concern the outside: they say how Narrowcast works, or are secrets.
pub const INSIDE: [&str; 18] = [
    "policy_in_force",
    "stations_in_force",
    "alarm_rules_in_force",
    "alarm_restated",
    "alarm_told_restated",
    "roster_imported",
    "token_created",
    "token_revoked",
    "baselined",
    "predicted",
    "polled",
    "summed",
    "radio_heard",
    "radio_left",
    "trimmed",
    "phone_part_heard",
    "phone_parts_given_up",
    "document_part",
];

/// Whether a fact concerns the outside.
#[must_use]
pub fn concerns_outside(fact: &Fact) -> bool {
    !INSIDE.contains(&fact.name())
}

/// `alert_accepted` as `cn.narrowcast.alert.accepted.v1`. A name of one word says what it is about.
#[must_use]
pub fn kind(name: &str) -> String {
    let (noun, verb) = match name {
        "started" => ("service", "started"),
        "targets" => ("alert", "targeted"),
        "recipients" => ("alert", "addressed"),
        "resent" => ("alert", "resent"),
        "evidenced" => ("delivery", "evidenced"),
        "salvaged" => ("ledger", "salvaged"),
        name => name.rsplit_once('_').unwrap_or((name, "happened")),
    };
    format!("cn.narrowcast.{}.{verb}.v1", noun.replace('_', "-"))
}

/// `/narrowcast/jurisdiction` as a URI reference: what may not stand in one is percent-encoded.
fn source(jurisdiction: &str) -> String {
    let mut source = String::from("/narrowcast/");
    for byte in jurisdiction.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            source.push(char::from(byte));
        } else {
            source.push_str(&format!("%{byte:02X}"));
        }
    }
    source
}

impl CloudEvent {
    /// The event of a record of which this is seen; none if it does not concern the outside.
    /// Telephone numbers are masked unless `personal`.
    #[must_use]
    pub fn of(record: &Record, seen: &Seen<'_>, personal: bool) -> Option<Self> {
        if !concerns_outside(&record.fact) {
            return None;
        }
        let mut data = content(&seen.fact, &seen.deliveries);
        if !personal {
            mask(&mut data);
        }
        Some(Self {
            data,
            subject: record.fact.alert().map(|id| id.to_string()),
            ..Self::bare(
                &record.jurisdiction,
                record.seq,
                record.fact.name(),
                record.at,
            )
        })
    }

    /// Whether it is about a sink.
    #[must_use]
    pub fn is_of_a_sink(&self) -> bool {
        self.kind.starts_with("cn.narrowcast.sink.")
    }

    /// Says what kind of thing it belongs to.
    #[must_use]
    pub const fn marked(mut self, mark: Mark) -> Self {
        self.ncmode = Some(if mark.exercise { "exercise" } else { "live" });
        self.ncprio = match mark.precedence {
            Some(precedence) => Some(precedence.name()),
            None => None,
        };
        self
    }

    /// Everything from `first` to `last` was trimmed before the sink had it.
    #[must_use]
    pub fn gap(jurisdiction: &str, first: Seq, last: Seq, at: Wall) -> Self {
        Self {
            data: json!(Gap { first, last }),
            id: format!("{jurisdiction}:{}-gap", last.0),
            ..Self::bare(jurisdiction, last, "events_gap", at)
        }
    }

    /// A sign of life.
    #[must_use]
    pub fn heartbeat(jurisdiction: &str, up_to: Seq, at: Wall) -> Self {
        Self {
            id: format!("{jurisdiction}:alive-{}", at.as_millis()),
            ..Self::bare(jurisdiction, up_to, "service_alive", at)
        }
    }

    fn bare(jurisdiction: &str, seq: Seq, name: &str, at: Wall) -> Self {
        Self {
            specversion: "1.0",
            id: format!("{jurisdiction}:{}", seq.0),
            source: source(jurisdiction),
            kind: kind(name),
            subject: None,
            time: at,
            datacontenttype: "application/json",
            ncseq: seq.0,
            ncmode: None,
            ncprio: None,
            data: Value::Object(Map::new()),
        }
    }
}

/// Fields that hold a telephone number, or something that begins with one.
const NUMBERS: [&str; 4] = ["to", "from", "Sms", "sms"];

/// Hides the middle of every telephone number.
fn mask(data: &mut Value) {
    match data {
        Value::Object(fields) => {
            for (name, value) in fields.iter_mut() {
                match value {
                    Value::Array(phones) if name == "phones" => {
                        phones.iter_mut().for_each(mask_number);
                    }
                    Value::String(_) if NUMBERS.contains(&name.as_str()) => mask_number(value),
                    other => mask(other),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(mask),
        _ => {}
    }
}

fn mask_number(value: &mut Value) {
    let Value::String(number) = value else {
        return;
    };
    let digits = number.chars().filter(char::is_ascii_digit).count();
    let is_number = digits >= 5 && number.chars().all(|c| c.is_ascii_digit() || c == '+');
    if is_number {
        let all = number.chars().count();
        *number = number
            .chars()
            .enumerate()
            .map(|(at, c)| if at < 3 || at + 4 >= all { c } else { '*' })
            .collect();
    }
}

#[cfg(test)]
mod tests {
    use narrowcast_protocol::air::{Phone, StationId};

    use super::*;
    use crate::model::facts::ReportNote;
    use crate::model::ids::{AlertId, DeliveryIndex};
    use crate::model::phone_book::MessageRef;

    fn record(fact: Fact) -> Record {
        Record {
            seq: Seq(42),
            jurisdiction: "city".into(),
            epoch: 1,
            at: Wall::from_millis(1_800_000_000_000),
            fact,
            hash: [0; 32],
        }
    }

    fn of(record: &Record, personal: bool) -> Option<CloudEvent> {
        CloudEvent::of(record, &Seen::whole(&record.fact), personal)
    }

    fn taken() -> Fact {
        Fact::MessageTaken {
            of: MessageRef {
                alert: AlertId(ulid::Ulid::from(7u128)),
                delivery: DeliveryIndex(0),
                phone: 0,
                number: 1,
                part: 0,
            },
            route: StationId(1),
            to: Phone::new("13800138000").unwrap(),
            message: "7F".into(),
        }
    }

    #[test]
    fn an_event_has_what_cloudevents_demand_and_the_same_id_each_time() {
        let event = of(&record(taken()), true).unwrap();
        let json = serde_json::to_value(&event).unwrap();
        assert_eq!(json["specversion"], "1.0");
        assert_eq!(json["id"], "city:42");
        assert_eq!(json["type"], "cn.narrowcast.message.taken.v1");
        assert_eq!(json["source"], "/narrowcast/city");
        assert_eq!(
            json["subject"],
            AlertId(ulid::Ulid::from(7u128)).to_string()
        );
        assert_eq!(json["data"]["to"], "13800138000");
    }

    #[test]
    fn numbers_of_people_are_masked_unless_the_sink_may_have_them() {
        let event = of(&record(taken()), false).unwrap();
        assert_eq!(event.data["to"], "138****8000");
        let report = Fact::PhoneReportHeard {
            route: StationId(1),
            from: "+4917012345678".into(),
            to: "1069".into(),
            text: "13800138000 is on fire".into(),
            reference: None,
            note: ReportNote::NothingAsked,
        };
        let event = of(&record(report), false).unwrap();
        assert_eq!(event.data["from"], "+49*******5678");
        assert_eq!(
            event.data["text"], "13800138000 is on fire",
            "words are words"
        );
    }

    #[test]
    fn secrets_and_the_inside_stay_inside() {
        let inside = Fact::Trimmed {
            by: "a".into(),
            up_to: Seq(1),
            hash: [0; 32],
        };
        assert_eq!(of(&record(inside), true), None);
        assert_eq!(
            kind("group_attempt_started"),
            "cn.narrowcast.group-attempt.started.v1"
        );
    }

    #[test]
    fn every_type_has_a_noun_and_a_verb_of_its_own() {
        let kinds = Fact::NAMES.map(kind);
        let different: std::collections::BTreeSet<&String> = kinds.iter().collect();
        assert_eq!(different.len(), Fact::NAMES.len());
        for outside in [
            "targets",
            "recipients",
            "resent",
            "evidenced",
            "salvaged",
            "started",
        ] {
            assert!(!kind(outside).contains("happened"), "{outside}");
        }
    }

    #[test]
    fn the_source_is_a_uri_reference_whatever_the_jurisdiction_is_called() {
        let event = CloudEvent::heartbeat("郑州 1/a", Seq(1), Wall::default());
        assert_eq!(event.source, "/narrowcast/%E9%83%91%E5%B7%9E%201%2Fa");
    }
}
