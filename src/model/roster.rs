//! The roster: radios, people, groups, and the organisation tree they hang in.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use narrowcast_protocol::air::{CarrierId, GroupId, RadioId, TextForm};
pub use narrowcast_protocol::sms::phone::Phone;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::model::language::Language;

/// A node of the organisation tree, written as a path: `city/county/township/team`.
/// The empty path is the root, above everything. Clones share the path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(try_from = "String", into = "String", extend("pattern" = "^([^/\\s]{1,40}(/[^/\\s]{1,40}){0,5})?$")))]
pub struct Node(Option<Arc<str>>);

/// A path that names no node.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NodeError {
    /// More levels than the tree has.
    #[error("node path has more than {} levels", Node::LEVELS)]
    TooDeep,
    /// An empty or overlong level, or one with characters that are not letters, digits, `-`, `_` or `.`.
    #[error(
        "`{0}` is no level of a node path: 1 to 40 letters, digits, `-`, `_` or `.`, separated by `/`"
    )]
    Level(String),
}

impl Node {
    /// Most levels: city, county, township, team, and two to spare.
    pub const LEVELS: usize = 6;

    /// The root of the tree.
    #[must_use]
    pub const fn root() -> Self {
        Self(None)
    }

    /// Whether `other` is this node or stands below it.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        self.as_str().is_empty()
            || other
                .as_str()
                .strip_prefix(self.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// The path, empty for the root.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_deref().unwrap_or_default()
    }

    /// Shares the path of `with`, if it is the same.
    pub fn share(&mut self, with: &Self) {
        if self == with {
            self.clone_from(with);
        }
    }
}

impl FromStr for Node {
    type Err = NodeError;

    fn from_str(text: &str) -> Result<Self, NodeError> {
        let path = text.trim_matches('/');
        if path.is_empty() {
            return Ok(Self::root());
        }
        if path.split('/').count() > Self::LEVELS {
            return Err(NodeError::TooDeep);
        }
        let sound = |level: &str| {
            let length = level.chars().count();
            (1..=40).contains(&length)
                && level
                    .chars()
                    .all(|c| c.is_alphanumeric() || "-_.".contains(c))
        };
        match path.split('/').find(|level| !sound(level)) {
            Some(level) => Err(NodeError::Level(level.chars().take(60).collect())),
            None => Ok(Self(Some(path.into()))),
        }
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_deref().unwrap_or("/"))
    }
}

impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.as_str().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}

/// A radio of the roster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Radio {
    /// Its address on the air.
    pub id: RadioId,
    /// What people call it.
    pub name: String,
    /// Where it hangs in the organisation.
    pub node: Node,
    /// The text form it understands.
    pub form: TextForm,
    /// Whether its link layer or its text service confirms what it receives.
    pub confirms: bool,
    /// The carrier it usually listens to.
    pub home: Option<CarrierId>,
    /// What whoever has it reads, if it is nobody's of the roster.
    pub language: Language,
}

/// A person of the roster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// A short id without spaces.
    pub id: String,
    /// The name.
    pub name: String,
    /// Where the person hangs in the organisation.
    pub node: Node,
    /// The radios the person carries. A radio belongs to at most one person.
    pub radios: Vec<RadioId>,
    /// The person's telephones, in order of preference.
    pub phones: Vec<Phone>,
    /// Whether the telephones are used before the radios.
    pub phone_first: bool,
    /// What the person reads.
    pub language: Language,
}

/// A group of the roster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// A short id without spaces.
    pub id: String,
    /// The name.
    pub name: String,
    /// Where the group hangs in the organisation.
    pub node: Node,
    /// The talkgroup its radios listen to, if there is one.
    pub talkgroup: Option<GroupId>,
    /// The member radios.
    pub members: Vec<RadioId>,
}

/// An external system: another centre's platform, a warning system. It is reached only where it
/// is named, over the sink that feeds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct System {
    /// A short id without spaces.
    pub id: String,
    /// The name.
    pub name: String,
    /// Where it hangs in the organisation.
    pub node: Node,
    /// The name of the sink that feeds it.
    pub sink: String,
}

/// One line of the roster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RosterEntry {
    /// A radio.
    Radio(Radio),
    /// A person.
    Person(Person),
    /// A group.
    Group(Group),
    /// An external system.
    System(System),
}

/// Most telephones of a person.
pub const PHONES: usize = 8;

/// Most members of a group, and radios of a person: one line must fit one fact.
pub const MEMBERS: usize = 2_000;

impl RosterEntry {
    /// Where it hangs in the organisation.
    #[must_use]
    pub const fn node(&self) -> &Node {
        match self {
            Self::Radio(radio) => &radio.node,
            Self::Person(person) => &person.node,
            Self::Group(group) => &group.node,
            Self::System(system) => &system.node,
        }
    }

    /// The radios that a person carries or a group has.
    #[must_use]
    pub fn radios(&self) -> &[RadioId] {
        match self {
            Self::Radio(_) | Self::System(_) => &[],
            Self::Person(person) => &person.radios,
            Self::Group(group) => &group.members,
        }
    }
}

/// A recipient as it was frozen when the alert was accepted: a person, a radio that is nobody's, or
/// an external system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Recipient {
    /// The radio that is addressed first; none for a person who has telephones only, and for a
    /// system.
    pub radio: Option<RadioId>,
    /// The person's or system's name then, or the radio's if it was nobody's.
    pub name: String,
    /// The person's node then, or the radio's.
    pub node: Node,
    /// The text form that the radio understood.
    pub form: TextForm,
    /// Whether the radio confirms.
    pub confirms: bool,
    /// The carrier it usually listened to.
    pub home: Option<CarrierId>,
    /// The talkgroup through which the alert reaches the radio first.
    pub talkgroup: Option<GroupId>,
    /// The person or system, if it is one.
    pub contact: Option<Box<Contact>>,
    /// What the person reads, or whoever has the radio.
    pub language: Language,
}

/// How else a person is reached than by the first radio, and how a system is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Contact {
    /// The person's or system's id in the roster.
    pub id: String,
    /// Further radios, in order of preference.
    pub radios: Vec<FurtherRadio>,
    /// The telephones that this alert may use, in order of preference.
    pub phones: Vec<Phone>,
    /// Whether they are used before the radios.
    pub phone_first: bool,
    /// The sink that feeds it: then it is a system.
    pub sink: Option<String>,
}

/// A further radio of a person, as it was frozen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct FurtherRadio {
    /// The radio.
    pub radio: RadioId,
    /// The text form it understood.
    pub form: TextForm,
    /// Whether it confirms.
    pub confirms: bool,
    /// The carrier it usually listened to.
    pub home: Option<CarrierId>,
    /// The talkgroup through which the alert reaches it first.
    pub talkgroup: Option<GroupId>,
}

impl Recipient {
    /// All radios of the recipient, the one that is addressed now first.
    pub fn radios(&self) -> impl Iterator<Item = RadioId> + '_ {
        let further = self.contact.iter().flat_map(|contact| &contact.radios);
        self.radio.into_iter().chain(further.map(|it| it.radio))
    }

    /// The telephones that the alert may use.
    #[must_use]
    pub fn phones(&self) -> &[Phone] {
        self.contact.as_deref().map_or(&[], |it| &it.phones)
    }

    /// Whether the telephones are used before the radios.
    #[must_use]
    pub fn rings_first(&self) -> bool {
        let contact = self.contact.as_deref();
        contact.is_some_and(|it| it.phone_first && !it.phones.is_empty())
    }

    /// The person's id, if it is a person.
    #[must_use]
    pub fn person(&self) -> Option<&str> {
        let contact = self.contact.as_deref().filter(|it| it.sink.is_none());
        contact.map(|it| it.id.as_str())
    }

    /// The system's id and its sink, if it is an external system.
    #[must_use]
    pub fn system(&self) -> Option<(&str, &str)> {
        let contact = self.contact.as_deref()?;
        Some((contact.id.as_str(), contact.sink.as_deref()?))
    }

    /// Whether there is another way to it than its first radio.
    #[must_use]
    pub fn has_choice(&self) -> bool {
        let contact = self.contact.as_deref();
        contact.is_some_and(|it| !it.radios.is_empty() || !it.phones.is_empty())
    }

    /// It is reached by telephone only.
    pub fn leave_out_radios(&mut self) {
        (self.radio, self.home, self.talkgroup) = (None, None, None);
        if let Some(contact) = self.contact.as_deref_mut() {
            contact.radios.clear();
        }
    }

    /// The talkgroups over which the alert reaches its radios first.
    pub fn talkgroups_mut(&mut self) -> impl Iterator<Item = &mut Option<GroupId>> {
        let contact = self.contact.iter_mut();
        let further = contact.flat_map(|contact| &mut contact.radios);
        let further = further.map(|radio| &mut radio.talkgroup);
        std::iter::once(&mut self.talkgroup).chain(further)
    }

    /// Whether it has this radio.
    #[must_use]
    pub fn has_radio(&self, id: RadioId) -> bool {
        self.radios().any(|radio| radio == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(path: &str) -> Node {
        path.parse().unwrap()
    }

    #[test]
    fn a_node_covers_itself_and_what_hangs_below_it_only() {
        assert!(node("").covers(&node("city/east")));
        assert!(node("city").covers(&node("city")));
        assert!(node("city").covers(&node("city/east")));
        assert!(!node("city/ea").covers(&node("city/east")));
        assert!(!node("city/east").covers(&node("city")));
    }

    #[test]
    fn a_bad_path_is_refused_by_its_level() {
        assert_eq!("a//b".parse::<Node>(), Err(NodeError::Level(String::new())));
        assert_eq!("a/b/c/d/e/f/g".parse::<Node>(), Err(NodeError::TooDeep));
        assert!("市/东区".parse::<Node>().is_ok());
        assert!("a b".parse::<Node>().is_err());
    }
}
