//! Warnings of other systems: what one of their messages says about the event that it belongs to.
//!
//! A **warning** is what a source says about one event, in messages that follow each other: a first
//! issue, updates, a cancellation. At most one of its versions is in force. The words and the
//! documents are those of CAP and of the national form; what is here is common to both.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::model::ids::{AlertId, Seq};
use crate::model::language::Words;
use crate::model::roster::Node;
use crate::model::wall::Wall;

/// Longest document that is kept, in octets.
pub const DOCUMENT_OCTETS: usize = 1 << 20;
/// Most octets of a document in one fact.
pub const PART_OCTETS: usize = 12 * 1_024;
/// Longest name of a message, in characters.
pub const NAME_CHARACTERS: usize = 255;
/// Most messages that one message may name.
pub const REFERENCES: usize = 50;

/// A message's name in 16 octets: SHA-256 of it, cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct MessageKey([u8; 16]);

impl MessageKey {
    /// The key of a name.
    #[must_use]
    pub fn of(name: &str) -> Self {
        let mut key = [0; 16];
        for (octet, digest) in key.iter_mut().zip(Sha256::digest(name.as_bytes())) {
            *octet = digest;
        }
        Self(key)
    }
}

/// What a message does to its warning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum WarningKind {
    /// Begins it.
    Issue,
    /// Takes the place of the version in force.
    Update,
    /// Ends it.
    Cancel,
}

/// A form in which warnings come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum WarningForm {
    /// CAP 1.2 (OASIS), or what is read as such.
    Cap,
    /// The form of the Chinese national early-warning platform.
    Cpeas,
}

impl WarningForm {
    /// Its name, as it is written everywhere.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cap => "cap",
            Self::Cpeas => "cpeas",
        }
    }

    /// The media type of its documents.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Cap => "application/cap+xml",
            Self::Cpeas => "application/xml",
        }
    }
}

/// A message of a warning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct WarningMessage {
    /// Its name, unique among the messages of all sources: 1 to 255 characters.
    pub name: String,
    /// In which form it came.
    pub form: WarningForm,
    /// Whether it issues, updates or cancels a warning.
    pub kind: WarningKind,
    /// Messages of the same source that it names; at most 50.
    pub references: Vec<MessageKey>,
    /// Of two versions the one with the later time is in force; the second time tells between
    /// those of the same first.
    pub version: (Wall, Wall),
    /// Whether it is a drill. A drill and what is meant are never one warning.
    pub exercise: bool,
    /// SHA-256 of the document.
    pub hash: [u8; 32],
}

impl WarningMessage {
    /// Its name in short.
    #[must_use]
    pub fn key(&self) -> MessageKey {
        MessageKey::of(&self.name)
    }
}

/// How people are told that a warning is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AllClear {
    /// In these words, 1 to 300 characters.
    Words(Words),
    /// In those of the version that was in force.
    OfTheVersion,
}

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum WarningOutcome {
    /// An alert was made of it.
    Issued,
    /// An alert was made of it, in the place of the version that was in force.
    Replaced,
    /// A later version is in force: nothing is sent.
    Late,
    /// The warning is over: nothing is sent.
    Over,
    /// The warning is over from here on.
    Cancelled,
    /// Nothing of the warning is known yet, and nothing of it will be sent.
    CancelledAhead,
}

impl WarningOutcome {
    /// As it is written everywhere.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Issued => "issued",
            Self::Replaced => "replaced",
            Self::Late => "late",
            Self::Over => "over",
            Self::Cancelled => "cancelled",
            Self::CancelledAhead => "cancelled-ahead",
        }
    }
}

/// That a message was taken in, as the ledger keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct WarningTaken {
    /// The message.
    pub message: WarningMessage,
    /// The name of the token, or of the source, that sent it.
    pub by: String,
    /// The node of the sender's token.
    pub node: Node,
    /// What became of it.
    pub outcome: WarningOutcome,
    /// Its warning: where the first of its messages stands. None if this is the first.
    pub warning: Option<Seq>,
    /// Warnings that it shows to be the same one.
    pub joined: Vec<Seq>,
    /// The alert that was made of it, in the same commit.
    pub alert: Option<AlertId>,
    /// The alert that it ended, otherwise the one that was in force: the document is kept with it
    /// where no alert was made.
    pub about: Option<AlertId>,
    /// The alert that tells of its end to those who had got a version of it.
    pub all_clear: Option<AlertId>,
    /// How long the document is, in octets. It follows in the same commit, in parts.
    pub octets: u32,
}

impl WarningTaken {
    /// The alert with which it is kept.
    #[must_use]
    pub fn kept_with(&self) -> Option<AlertId> {
        self.alert.or(self.about)
    }
}
