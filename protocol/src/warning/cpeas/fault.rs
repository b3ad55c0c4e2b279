//! What is wrong with a document: where, by which rule, and what to do about it.

use core::fmt;

use crate::warning::text::excerpt;

/// Most faults that are named of each level; further ones change no verdict.
const MOST: usize = 50;
/// Most characters of a value that a fault shows.
const SHOWN: usize = 40;

/// How much a fault counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Level {
    /// Intake refuses the document.
    Error,
    /// Usable; the sender should know.
    Notice,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where, as a path of element names below `alert`: `info/area[1]/polygon[3]`. Elements
    /// that may repeat have their number, from 1. Empty: the alert itself.
    pub path: String,
    /// The line, from 1, if it is known.
    pub line: Option<u32>,
    /// The rule that is broken.
    pub rule: Rule,
}

impl Fault {
    /// How much it counts.
    #[must_use]
    pub const fn level(&self) -> Level {
        self.rule.level()
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        let path = if self.path.is_empty() {
            "alert"
        } else {
            &self.path
        };
        write!(f, "{path} {}", self.rule)
    }
}

/// The rules. Their texts say what is wrong and what to do, and go on from the element's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Rule {
    /// A mandatory element is absent or empty.
    #[error("is missing or empty; write it")]
    Missing,
    /// More than one where one belongs; the first counts.
    #[error("stands more than once; leave one")]
    Repeated,
    /// An element where text belongs.
    #[error("holds an element, and only text can stand there; take it out")]
    ElementInText,
    /// No identifier.
    #[error("is {0:?}; write 14 digits, _, 14 digits of time, and _ with a serial if there is one")]
    Identifier(String),
    /// No code of a sender.
    #[error("is {0:?}; write 14 digits: region 6, agency 3, unit 3, extension 2")]
    SenderCode(String),
    /// A time of another form.
    #[error("is {0:?}; write a time as 2026-01-31 08:00:00+08:00, with a blank and not T")]
    Time(String),
    /// A pair that is in China in neither order.
    #[error("has {0:?}; write longitude (73 to 136), a comma and latitude (3 to 54)")]
    Pair(String),
    /// A path that is none.
    #[error("has one point; write two or more, and the first again at the end of an area")]
    OnePoint,
    /// No circle.
    #[error("is {0:?}; write longitude,latitude, a blank and the radius in metres")]
    Circle(String),
    /// Beyond a limit of ours.
    #[error("has more {what} than {most}; send less in one document")]
    Limit {
        /// What is counted.
        what: &'static str,
        /// The limit.
        most: usize,
    },
    /// A Cancel that ends nothing.
    #[error("is missing, and a Cancel ends what it names; write the identifier of the first issue")]
    NothingToCancel,
    /// An Update that continues nothing; it is taken for an event of its own.
    #[error("is missing, so the Update begins an event; write the identifier of the first issue")]
    NothingToUpdate,
    /// A value that is not known; it is kept.
    #[error("is {value:?}, which is kept and not understood; known are {}", known.join(", "))]
    UnknownValue {
        /// What stands there.
        value: String,
        /// The known values.
        known: &'static [&'static str],
    },
    /// A known value with other letters; it is taken for the known one.
    #[error("is {found:?}; write {known:?}")]
    Letters {
        /// What stands there.
        found: String,
        /// How it is written.
        known: String,
    },
    /// An element that is not known; it is kept.
    #[error("is not known; it is kept and not understood")]
    UnknownElement,
    /// Text between elements; it is left out.
    #[error("has the text {0:?} between its elements; take it out")]
    StrayText(String),
    /// An attribute of a known element; it is left out.
    #[error("has the attribute {0:?}, which is left out; take it out")]
    Attribute(String),
    /// The sender's code is not that of the identifier.
    #[error("is unlike the first 14 digits of the identifier, {0}; write the same")]
    OtherSender(String),
    /// A code of an event of another form; it is kept.
    #[error("is {0:?}; write two digits, a capital letter and two digits")]
    EventType(String),
    /// A region of another form; it is kept.
    #[error("has {0:?}; write regions of 6 or 12 digits with commas between them")]
    Region(String),
    /// A size that is no number; it is kept.
    #[error("is {0:?}; write octets, or a number with k or M behind it")]
    Size(String),
    /// Latitude stands first; it is read as it was meant.
    #[error("has latitude first; write longitude first")]
    LatitudeFirst,
    /// It ends before it begins.
    #[error("is not later than effective; write the end of the warning")]
    EndsEarly,
    /// The encoding is not the declared one.
    #[error("declares the encoding {0:?} and has another; declare the true one")]
    Encoding(String),
    /// The file's name says something else; the document counts.
    #[error("is {document:?}, and the file's name has {name:?}; the document counts")]
    FileName {
        /// What the document has.
        document: String,
        /// What the file's name has.
        name: String,
    },
}

impl Rule {
    /// How much a breach of the rule counts.
    #[must_use]
    pub const fn level(&self) -> Level {
        match self {
            Self::Missing
            | Self::Repeated
            | Self::ElementInText
            | Self::Identifier(_)
            | Self::SenderCode(_)
            | Self::Time(_)
            | Self::Pair(_)
            | Self::OnePoint
            | Self::Circle(_)
            | Self::Limit { .. }
            | Self::NothingToCancel => Level::Error,
            _ => Level::Notice,
        }
    }
}

/// A value as a fault shows it.
pub(super) fn shown(value: &str) -> String {
    excerpt(value, SHOWN)
}

/// Faults as they are found.
#[derive(Debug, Default)]
pub(super) struct Faults(pub(super) Vec<Fault>);

impl Faults {
    /// Whether another of a level is still named.
    fn has_room(&self, level: Level) -> bool {
        self.0.iter().filter(|fault| fault.level() == level).count() < MOST
    }

    pub(super) fn add(&mut self, path: String, node: Option<roxmltree::Node<'_, '_>>, rule: Rule) {
        if self.has_room(rule.level()) {
            let line = node.map(|node| node.document().text_pos_at(node.range().start).row);
            self.0.push(Fault { path, line, rule });
        }
    }
}
