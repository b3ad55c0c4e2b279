//! An alert: what the command centre wants known or done.

use std::fmt;
use std::str::FromStr;

use narrowcast_protocol::air::{RadioId, StationId};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::model::answers::AnswerSet;
use crate::model::ids::{AlertId, TokenId};
use crate::model::language::{Language, Translation, Words};
use crate::model::roster::Node;
use crate::model::wall::Wall;
use crate::model::warning::WarningForm;

/// Message precedence as in ACP 127, most urgent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Precedence {
    /// Before everything.
    Flash,
    /// Before all but Flash.
    Immediate,
    /// Before routine traffic.
    Priority,
    /// When the channel is free.
    Routine,
}

impl Precedence {
    /// All of them, most urgent first.
    pub const ALL: [Self; 4] = [Self::Flash, Self::Immediate, Self::Priority, Self::Routine];

    /// Its name, as it is written everywhere.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Flash => "flash",
            Self::Immediate => "immediate",
            Self::Priority => "priority",
            Self::Routine => "routine",
        }
    }
}

/// What the alert asks of who gets it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Ask {
    /// Nothing: it is enough that it was sent.
    Nothing,
    /// That the terminal received it.
    Receipt,
    /// That a person acknowledges it.
    Acknowledgement,
    /// One of these answers, numbered from 1; 1 to 9 of them.
    Answers(Vec<String>),
}

impl Ask {
    /// Whether a person is asked to answer.
    #[must_use]
    pub const fn wants_answer(&self) -> bool {
        matches!(self, Self::Acknowledgement | Self::Answers(_))
    }

    /// How many numbered answers there are (an acknowledgement has one).
    #[must_use]
    pub fn choices(&self) -> u8 {
        match self {
            Self::Nothing | Self::Receipt => 0,
            Self::Acknowledgement => 1,
            Self::Answers(answers) => u8::try_from(answers.len()).unwrap_or(u8::MAX),
        }
    }
}

/// Whom an alert names. In text: `radio:2308155`, `person:li-wei`, `group:fire-1`,
/// `node:city/east`, `system:province`, `all`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(try_from = "String", into = "String", extend("pattern" = "^(all|(radio|person|group|node|system):.*)$")))]
pub enum Target {
    /// One radio.
    Radio(RadioId),
    /// A person: all radios of that person.
    Person(String),
    /// A group of the roster: its members.
    Group(String),
    /// A node of the organisation tree: every radio at or below it.
    Node(Node),
    /// Every radio of the roster.
    All,
    /// An external system; nothing but its own name reaches it.
    System(String),
}

/// Text that names no target.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is no target: {why}; write radio:NUMBER, person:ID, group:ID, node:PATH, system:ID or all"
)]
pub struct TargetError {
    text: String,
    why: String,
}

impl FromStr for Target {
    type Err = TargetError;

    fn from_str(text: &str) -> Result<Self, TargetError> {
        let fail = |why: String| TargetError {
            text: text.chars().take(80).collect(),
            why,
        };
        if text == "all" {
            return Ok(Self::All);
        }
        let (kind, id) = text
            .split_once(':')
            .ok_or_else(|| fail("it has no kind".into()))?;
        if id.is_empty() {
            return Err(fail("nothing stands after the colon".into()));
        }
        match kind {
            "radio" => {
                let number: u32 = id
                    .parse()
                    .map_err(|_| fail("the radio is not a number".into()))?;
                RadioId::new(number)
                    .map(Self::Radio)
                    .map_err(|error| fail(error.to_string()))
            }
            "person" => Ok(Self::Person(id.to_owned())),
            "group" => Ok(Self::Group(id.to_owned())),
            "system" => Ok(Self::System(id.to_owned())),
            "node" => id
                .parse()
                .map(Self::Node)
                .map_err(|error: crate::model::roster::NodeError| fail(error.to_string())),
            _ => Err(fail(format!("`{kind}` is no kind"))),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Radio(id) => write!(f, "radio:{id}"),
            Self::Person(id) => write!(f, "person:{id}"),
            Self::Group(id) => write!(f, "group:{id}"),
            Self::Node(node) => write!(f, "node:{node}"),
            Self::System(id) => write!(f, "system:{id}"),
            Self::All => f.write_str("all"),
        }
    }
}

impl Serialize for Target {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Target {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}

/// The short sign by which a radio user can name an alert in an answer, unique among
/// the open ones: a letter and a digit, as in `K7`. The letters A to F are left to the answer
/// sets, and no letter looks like a digit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(try_from = "String", into = "String", extend("pattern" = "^[GHJKLMNPRTUVWXY][0-9]$")))]
pub struct Mark(u8);

impl Mark {
    /// How many marks there are.
    pub const COUNT: u8 = 150;
    const LETTERS: &'static [u8; 15] = b"GHJKLMNPRTUVWXY";

    /// Which one it is, below [`Mark::COUNT`].
    #[must_use]
    pub const fn index(self) -> u8 {
        self.0
    }

    /// The `n`-th mark, counted modulo [`Mark::COUNT`].
    #[must_use]
    pub const fn nth(n: u64) -> Self {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the remainder is below 150"
        )]
        Self((n % Self::COUNT as u64) as u8)
    }

    /// The mark that this text begins with, in either case, and the rest of the text.
    #[must_use]
    pub fn strip(text: &str) -> Option<(Self, &str)> {
        let mut rest = text.chars();
        let letter = rest.next()?.to_ascii_uppercase();
        let digit = rest.next()?.to_digit(10)?;
        let index = Self::LETTERS
            .iter()
            .position(|&known| char::from(known) == letter)?;
        let number = u8::try_from(index)
            .ok()?
            .checked_mul(10)?
            .checked_add(u8::try_from(digit).ok()?)?;
        Some((Self(number), rest.as_str()))
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letter = Self::LETTERS
            .get(usize::from(self.0 / 10))
            .copied()
            .unwrap_or(b'Z');
        write!(f, "{}{}", char::from(letter), self.0 % 10)
    }
}

/// What makes a repeated submission the same one: a key within a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Idempotency {
    /// The token that the submitter used.
    pub token: TokenId,
    /// The submitter's key.
    pub key: String,
    /// SHA-256 of the request as it was understood.
    pub body: [u8; 32],
}

/// An alert as it was accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Alert {
    /// Its identity everywhere.
    pub id: AlertId,
    /// What it says, without mark, drill sign and numbering.
    pub text: String,
    /// How urgent it is.
    pub precedence: Precedence,
    /// What it asks of its recipients.
    pub ask: Ask,
    /// Whom it named.
    pub targets: Vec<Target>,
    /// When it was accepted.
    pub accepted_at: Wall,
    /// When it has lost its meaning.
    pub expires_at: Wall,
    /// Whether it is a drill.
    pub exercise: bool,
    /// The one station or SMS route it must go through, if it was told so (a test of that).
    pub station: Option<StationId>,
    /// The name of the token, or of the source, that sent it.
    pub by: String,
    /// The node of the sender's token.
    pub node: Node,
    /// Its short sign on the air.
    pub mark: Mark,
    /// How many deliveries it has.
    pub recipients: u32,
    /// The status codes that answer it and no other open alert, if it has some.
    pub answer_set: Option<AnswerSet>,
    /// Whether it may go to telephones.
    pub sms: bool,
    /// What makes a repeated submission the same one.
    #[cfg_attr(test, schemars(skip))]
    pub idempotency: Option<Idempotency>,
    /// The form of the warning that it was made of: its document is kept with it.
    pub came_as: Option<WarningForm>,
    /// The language of `text`, where the sender said it.
    pub language: Option<Language>,
    /// The same in other languages, at most [`TRANSLATIONS`].
    pub translations: Vec<Translation>,
}

/// Most languages of an alert besides that of its text.
pub const TRANSLATIONS: usize = 7;

/// An alert as it is said to those who read one of its languages.
#[derive(Debug, Clone, Copy)]
pub struct Said<'a> {
    /// The alert.
    pub alert: &'a Alert,
    /// What it says in that language.
    pub text: &'a str,
    /// The language, where it is known.
    pub language: Option<&'a Language>,
}

impl Alert {
    /// The number of the text for those who read `language`: 0 is `text`, which they get too of
    /// whose language there is none; above stand the translations.
    #[must_use]
    pub fn text_for(&self, language: &Language) -> u8 {
        let translations = self.translations.iter();
        let offered = translations.map(|it| Some(&it.language));
        let closest = language.closest(std::iter::once(self.language.as_ref()).chain(offered));
        u8::try_from(closest.unwrap_or(0)).unwrap_or(0)
    }

    /// What it says in all its languages.
    #[must_use]
    pub fn words(&self) -> Words {
        Words {
            text: self.text.clone(),
            language: self.language.clone(),
            translations: self.translations.clone(),
        }
    }

    /// The alert as it is said to those who read `language`.
    #[must_use]
    pub fn said_to(&self, language: &Language) -> Said<'_> {
        let number = usize::from(self.text_for(language));
        let translation = number
            .checked_sub(1)
            .and_then(|at| self.translations.get(at));
        match translation {
            Some(translation) => Said {
                alert: self,
                text: &translation.text,
                language: Some(&translation.language),
            },
            None => Said {
                alert: self,
                text: &self.text,
                language: self.language.as_ref(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_target_reads_as_it_is_written() {
        for text in [
            "radio:2308155",
            "person:li-wei",
            "group:fire-1",
            "node:city/east",
            "all",
        ] {
            assert_eq!(text.parse::<Target>().unwrap().to_string(), text);
        }
        for bad in ["radio:0", "radio:x", "radio", "node:", "town:x", ""] {
            assert!(bad.parse::<Target>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_mark_is_read_back_from_an_answer_in_either_case() {
        for n in 0..u64::from(Mark::COUNT) {
            let mark = Mark::nth(n);
            let answer = format!("{} 1", mark.to_string().to_lowercase());
            assert_eq!(Mark::strip(&answer), Some((mark, " 1")));
        }
        assert_eq!(Mark::strip("1"), None);
        assert_eq!(Mark::strip("收到"), None);
    }
}
