//! A line of the roster, the same in JSON and in CSV.

use narrowcast_protocol::air::{CarrierId, GroupId, RadioId, Slot, StationId, TextForm};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::body::name_of;
use crate::model::language::{Language, LanguageError};
use crate::model::roster::{Group, Node, PHONES, Person, Phone, Radio, RosterEntry, System};
use crate::model::text;

/// A radio, a person, a group or an external system.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RosterLine {
    /// `radio`, `person`, `group` or `system`.
    pub kind: String,
    /// The radio's number, or a short id without spaces.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Where it hangs in the organisation, as in `city/east`.
    #[serde(default)]
    pub node: String,
    /// Radios: `short-data-utf8`, `short-data-utf16`, `tms` (if empty) or `udt`.
    #[serde(default)]
    pub form: String,
    /// Radios: whether it confirms what it receives: `yes` or `no` (if empty).
    #[serde(default)]
    pub confirms: String,
    /// Radios: the carrier it usually listens to, as `station/slot`.
    #[serde(default)]
    pub home: String,
    /// Groups: the talkgroup its radios listen to.
    #[serde(default)]
    pub talkgroup: String,
    /// People and groups: radio numbers.
    #[serde(default)]
    pub members: Vec<u32>,
    /// People: telephone numbers, in order of preference.
    #[serde(default)]
    pub phone: Vec<String>,
    /// People: `radio` or `phone`, which is used first; `radio` if empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub prefer: String,
    /// Radios and people: what is read there, as in `zh-CN`, which it is if empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub language: String,
    /// Systems: the name of the sink that feeds it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub sink: String,
}

/// A page of the roster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RosterList {
    /// The lines.
    pub entries: Vec<RosterLine>,
    /// How many there are in all.
    pub total: usize,
}

/// A field of a line that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {why}")]
pub struct LineError {
    /// Which.
    pub field: &'static str,
    /// What is wrong and what would be right.
    pub why: String,
}

fn wrong(field: &'static str, why: impl ToString) -> LineError {
    LineError {
        field,
        why: why.to_string(),
    }
}

impl TryFrom<RosterLine> for RosterEntry {
    type Error = LineError;

    fn try_from(line: RosterLine) -> Result<Self, LineError> {
        text::check(&line.name).map_err(|error| wrong("name", error))?;
        if !(1..=64).contains(&line.name.trim().chars().count()) {
            return Err(wrong("name", "a name of 1 to 64 characters is needed"));
        }
        let node: Node = line.node.parse().map_err(|error| wrong("node", error))?;
        let name = line.name.trim().to_owned();
        let only = |field: &'static str, value: &str, kind: &str| match value {
            "" => Ok(()),
            _ => Err(wrong(
                field,
                format!("only a {kind} has one: leave it empty"),
            )),
        };
        if line.kind != "system" {
            only("sink", &line.sink, "system")?;
        }
        match line.kind.as_str() {
            "system" => {
                for (field, value) in [
                    ("form", &line.form),
                    ("confirms", &line.confirms),
                    ("home", &line.home),
                ] {
                    only(field, value, "radio")?;
                }
                only("talkgroup", &line.talkgroup, "group")?;
                only("phone", &line.phone.concat(), "person")?;
                only("prefer", &line.prefer, "person")?;
                only("language", &line.language, "radio or person")?;
                if !line.members.is_empty() {
                    return Err(wrong("members", "a system has none: leave it empty"));
                }
                if !(1..=40).contains(&line.sink.trim().chars().count()) {
                    let why =
                        "name the sink that feeds it, as in [[webhook]], [[mqtt]] or [[cap.out]]";
                    return Err(wrong("sink", why));
                }
                Ok(Self::System(System {
                    id: short_id(&line.id)?,
                    name,
                    node,
                    sink: line.sink.trim().to_owned(),
                }))
            }
            "radio" => {
                only("talkgroup", &line.talkgroup, "group")?;
                if !line.members.is_empty() {
                    return Err(wrong("members", "a radio has none: leave it empty"));
                }
                only("phone", &line.phone.concat(), "person")?;
                only("prefer", &line.prefer, "person")?;
                Ok(Self::Radio(Radio {
                    id: radio(&line.id, "id")?,
                    name,
                    node,
                    form: form(&line.form)?,
                    confirms: confirms(&line.confirms)?,
                    home: home(&line.home)?,
                    language: language(&line.language)?,
                }))
            }
            "person" | "group" => {
                only("form", &line.form, "radio")?;
                only("confirms", &line.confirms, "radio")?;
                only("home", &line.home, "radio")?;
                let id = short_id(&line.id)?;
                let members = line
                    .members
                    .iter()
                    .map(|&number| RadioId::new(number).map_err(|error| wrong("members", error)))
                    .collect::<Result<Vec<_>, _>>()?;
                if line.kind == "person" {
                    only("talkgroup", &line.talkgroup, "group")?;
                    return Ok(Self::Person(Person {
                        id,
                        name,
                        node,
                        radios: members,
                        phones: phones(&line.phone)?,
                        phone_first: phone_first(&line.prefer)?,
                        language: language(&line.language)?,
                    }));
                }
                only("phone", &line.phone.concat(), "person")?;
                only("prefer", &line.prefer, "person")?;
                only("language", &line.language, "radio or person")?;
                Ok(Self::Group(Group {
                    id,
                    name,
                    node,
                    talkgroup: talkgroup(&line.talkgroup)?,
                    members,
                }))
            }
            other => Err(wrong(
                "kind",
                format!(
                    "`{}` is no kind: write radio, person, group or system",
                    text::shown(other)
                ),
            )),
        }
    }
}

fn radio(text: &str, field: &'static str) -> Result<RadioId, LineError> {
    let number: u32 = text
        .parse()
        .map_err(|_| wrong(field, format!("`{}` is no radio number", text::shown(text))))?;
    RadioId::new(number).map_err(|error| wrong(field, error))
}

fn language(tag: &str) -> Result<Language, LineError> {
    match tag.trim() {
        "" => Ok(Language::default()),
        tag => tag
            .parse()
            .map_err(|error: LanguageError| wrong("language", text::shown(&error.to_string()))),
    }
}

fn phone_first(prefer: &str) -> Result<bool, LineError> {
    match prefer.trim() {
        "" | "radio" => Ok(false),
        "phone" => Ok(true),
        other => Err(wrong(
            "prefer",
            format!("`{}` is no way: write radio or phone", text::shown(other)),
        )),
    }
}

fn phones(written: &[String]) -> Result<Vec<Phone>, LineError> {
    if written.len() > PHONES {
        return Err(wrong("phone", format!("a person has at most {PHONES}")));
    }
    let mut phones = Vec::new();
    for number in written {
        let phone = Phone::new(number).map_err(|error| {
            let shown = text::shown(number);
            wrong(
                "phone",
                format!("`{shown}` is no telephone number: {error}"),
            )
        })?;
        if !phones.contains(&phone) {
            phones.push(phone);
        }
    }
    Ok(phones)
}

fn short_id(text: &str) -> Result<String, LineError> {
    let sound = (1..=40).contains(&text.chars().count())
        && text
            .chars()
            .all(|c| c.is_alphanumeric() || "-_.".contains(c));
    if sound {
        Ok(text.to_owned())
    } else {
        Err(wrong(
            "id",
            "an id is 1 to 40 letters, digits, `-`, `_` or `.`",
        ))
    }
}

fn form(text: &str) -> Result<TextForm, LineError> {
    match text {
        "" | "tms" => Ok(TextForm::Tms),
        "short-data-utf8" => Ok(TextForm::ShortDataUtf8),
        "short-data-utf16" => Ok(TextForm::ShortDataUtf16),
        "udt" => Ok(TextForm::Udt),
        _ => Err(wrong(
            "form",
            "write short-data-utf8, short-data-utf16, tms or udt",
        )),
    }
}

fn confirms(text: &str) -> Result<bool, LineError> {
    match text.to_ascii_lowercase().as_str() {
        "yes" | "true" | "1" => Ok(true),
        "" | "no" | "false" | "0" => Ok(false),
        _ => Err(wrong("confirms", "write yes or no")),
    }
}

fn home(text: &str) -> Result<Option<CarrierId>, LineError> {
    if text.is_empty() {
        return Ok(None);
    }
    let parsed = text.split_once('/').and_then(|(station, slot)| {
        let slot = match slot {
            "1" => Slot::One,
            "2" => Slot::Two,
            _ => return None,
        };
        Some(CarrierId {
            station: StationId(station.parse().ok()?),
            slot,
        })
    });
    match parsed {
        Some(carrier) => Ok(Some(carrier)),
        None => Err(wrong("home", "write station/slot, as in 310001/2")),
    }
}

fn talkgroup(text: &str) -> Result<Option<GroupId>, LineError> {
    if text.is_empty() {
        return Ok(None);
    }
    let number: u32 = text
        .parse()
        .map_err(|_| wrong("talkgroup", "a talkgroup is a number"))?;
    GroupId::new(number)
        .map(Some)
        .map_err(|error| wrong("talkgroup", error))
}

/// Nothing, where it is the one that everybody reads who has no other.
fn written(language: &Language) -> String {
    if *language == Language::default() {
        String::new()
    } else {
        language.to_string()
    }
}

impl From<RosterEntry> for RosterLine {
    fn from(entry: RosterEntry) -> Self {
        let numbers = |radios: &[RadioId]| radios.iter().map(|radio| radio.get()).collect();
        match entry {
            RosterEntry::Radio(radio) => Self {
                kind: "radio".to_owned(),
                id: radio.id.to_string(),
                name: radio.name,
                node: radio.node.as_str().to_owned(),
                form: name_of(&radio.form),
                confirms: if radio.confirms { "yes" } else { "no" }.to_owned(),
                home: radio.home.map_or_else(String::new, |home| home.to_string()),
                language: written(&radio.language),
                ..Self::default()
            },
            RosterEntry::Person(person) => Self {
                kind: "person".to_owned(),
                id: person.id,
                name: person.name,
                node: person.node.as_str().to_owned(),
                members: numbers(&person.radios),
                phone: person.phones.iter().map(ToString::to_string).collect(),
                prefer: if person.phone_first { "phone" } else { "" }.to_owned(),
                language: written(&person.language),
                ..Self::default()
            },
            RosterEntry::Group(group) => Self {
                kind: "group".to_owned(),
                id: group.id,
                name: group.name,
                node: group.node.as_str().to_owned(),
                talkgroup: group
                    .talkgroup
                    .map_or_else(String::new, |id| id.to_string()),
                members: numbers(&group.members),
                ..Self::default()
            },
            RosterEntry::System(system) => Self {
                kind: "system".to_owned(),
                id: system.id,
                name: system.name,
                node: system.node.as_str().to_owned(),
                sink: system.sink,
                ..Self::default()
            },
        }
    }
}
