//! What is wrong with a document: where, by which rule, and what to do about it.

use core::fmt;

use super::IdError;
use crate::warning::text::excerpt;

/// Most faults that are named of each class; further ones change no verdict.
const MOST: usize = 50;
/// Most characters of a value that a fault shows.
const SHOWN: usize = 40;

/// What kind of rule a fault is against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Class {
    /// Against the schema: the document is not valid CAP 1.2.
    Structure,
    /// Valid, but against what the standard says in words, or beyond our limits. Intake
    /// refuses the document.
    Meaning,
    /// Valid and usable; the sender should know.
    Notice,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where, as a path of element names from `alert` down: `info[2]/area[1]/polygon[3]`.
    /// Elements that may repeat have their number, from 1. Empty: the alert itself.
    pub path: String,
    /// The line, from 1, if it is known.
    pub line: Option<u32>,
    /// The rule that is broken.
    pub rule: Rule,
    /// The alert could not be read because of it. Otherwise what is at fault is left out of
    /// the alert, or read as it was meant.
    pub fatal: bool,
}

impl Fault {
    /// The class of the rule.
    #[must_use]
    pub const fn class(&self) -> Class {
        self.rule.class()
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
    /// Schema: a mandatory element is not there.
    #[error("is missing; write it between its neighbours in the order of the standard")]
    Missing,
    /// Schema: more than one.
    #[error("stands more than once; leave one")]
    Repeated,
    /// Schema: elements have a fixed order.
    #[error("stands behind {behind}; move it before it")]
    Order {
        /// The element in front of it.
        behind: &'static str,
    },
    /// Schema: no such element here.
    #[error("is no element of CAP 1.2 in this place (namespace {namespace:?}); take it out")]
    Unexpected {
        /// The namespace of the element, empty when it has none.
        namespace: String,
    },
    /// Schema: elements of CAP have no attributes.
    #[error("has the attribute {0:?}, and elements of CAP have none; take it out")]
    Attribute(String),
    /// Schema: text between elements.
    #[error("has the text {0:?} between its elements; take it out")]
    StrayText(String),
    /// Schema: an element where text belongs.
    #[error("holds an element, and only text can stand there; take it out")]
    ElementInText,
    /// Schema: not one of the values.
    #[error("is {value:?}; write one of {}", allowed.join(", "))]
    Value {
        /// What stands there.
        value: String,
        /// The value set.
        allowed: &'static [&'static str],
    },
    /// Schema: white space counts in a value set.
    #[error("has white space around {0:?}; take it away")]
    Spaces(String),
    /// Schema: a time of another form.
    #[error("is {0:?}; write a time as 2026-01-31T08:00:00+08:00, without Z and fractions")]
    Time(String),
    /// Schema: no RFC 3066 language.
    #[error("is {0:?}; write a language such as zh-CN")]
    Language(String),
    /// Schema: no URI.
    #[error("is {0:?}; write a URI, with percent signs and brackets escaped")]
    Uri(String),
    /// Schema: no integer.
    #[error("is {0:?}; write at most 24 digits and nothing else")]
    Integer(String),
    /// Schema: no decimal number.
    #[error("is {0:?}; write a decimal number of at most 24 digits, without exponent and unit")]
    Decimal(String),
    /// Schema: the namespace of CAP 1.1.
    #[error(
        "is CAP 1.1, which is read, and not valid as CAP 1.2; send namespace {}",
        super::NAMESPACE
    )]
    Version11,

    /// Meaning: more than we take.
    #[error("has more than {most} {what}; send less in one alert")]
    Limit {
        /// Of what.
        what: &'static str,
        /// How many.
        most: usize,
    },
    /// Meaning: an element is there and says nothing.
    #[error("is empty; write what it is for")]
    Empty,
    /// Meaning: characters of an identifier, a sender or a reference.
    #[error("is {value:?}: {why}")]
    Name {
        /// What stands there.
        value: String,
        /// What is wrong.
        why: IdError,
    },
    /// Meaning: an Update, Cancel, Ack or Error names what it is about.
    #[error("must name the messages that this {0} is about; write sender,identifier,sent of each")]
    NoReferences(super::MsgType),
    /// Meaning: a message is not about itself.
    #[error("names this message itself; name the earlier one")]
    OwnReference,
    /// Meaning: what is referred to was sent before.
    #[error("names {0}, which is later than this message; check both times")]
    LaterReference(String),
    /// Meaning: a restricted message says to whom.
    #[error("must say the rule, as scope is Restricted")]
    NoRestriction,
    /// Meaning: only a restricted message has a rule.
    #[error("stands in a message of scope {0}; take it out, or write Restricted as scope")]
    Restriction(super::Scope),
    /// Meaning: a private message has addressees.
    #[error("must name the addressees, as scope is Private")]
    NoAddresses,
    /// Meaning: a quote without end.
    #[error("has a quotation mark that nothing closes; close it")]
    Quote,
    /// Meaning: an Alert or Update tells something.
    #[error("must be there in an {0}: without it the message says nothing")]
    NoInfo(super::MsgType),
    /// Meaning: no area without a shape or a code.
    #[error("has no polygon, circle or geocode; write at least one")]
    NoShape,
    /// Meaning: a pair of coordinates.
    #[error("has {0:?}, which is no latitude,longitude in degrees (-90 to 90, -180 to 180)")]
    Coordinates(String),
    /// Meaning: a polygon has at least four pairs.
    #[error("has {0} pairs; a polygon has at least 4, the last equal to the first")]
    FewPoints(usize),
    /// Meaning: a polygon is closed.
    #[error("is not closed; repeat the first pair at the end")]
    Open,
    /// Meaning: a circle is a pair and a radius.
    #[error("is {0:?}; write latitude,longitude, one blank and the radius in kilometres")]
    Circle(String),
    /// Meaning: a ceiling needs a floor.
    #[error("stands without altitude; write both, or altitude only")]
    CeilingAlone,
    /// Meaning: the floor is under the ceiling.
    #[error("is below altitude; exchange them")]
    CeilingBelow,
    /// Meaning: a MIME type has two parts.
    #[error("is {0:?}; write a MIME type such as image/png")]
    MimeType(String),
    /// Meaning: a link that works elsewhere.
    #[error("is {0:?}; write an absolute URI, with its scheme")]
    Relative(String),
    /// Meaning: octets of a resource.
    #[error("is {0:?}; write a number of octets")]
    Size(String),
    /// Meaning: not Base64.
    #[error("is no Base64; encode the content by RFC 4648")]
    Base64,

    /// Notice: an element without content counts as absent.
    #[error("is empty and counts as absent; leave it out")]
    Blank,
    /// Notice: an explanation is missing.
    #[error("should explain this {0}")]
    NoNote(&'static str),
    /// Notice: when it ends.
    #[error("is missing: receivers will assume a time; say until when it holds")]
    NoExpires,
    /// Notice: over before it begins.
    #[error("is not later than the beginning; check both times")]
    ExpiresEarly,
    /// Notice: length of a headline.
    #[error("has {0} characters, and many displays show 160; shorten it")]
    LongHeadline(usize),
    /// Notice: markup in plain text.
    #[error("holds what looks like HTML ({0:?}); write plain text")]
    Markup(String),
    /// Notice: one text under two languages.
    #[error("is the same as in info[{0}], whose language is another; translate it")]
    Untranslated(usize),
    /// Notice: blocks of one event have one category.
    #[error("differs from that of info[1]: several info are one event")]
    OtherCategory,
    /// Notice: a polygon that crosses itself.
    #[error("crosses itself; its inside is not clear")]
    Crossing,
    /// Notice: SHA-1.
    #[error("is {0:?}; write the SHA-1 as 40 hexadecimal digits")]
    Digest(String),
}

impl Rule {
    /// The class of the rule.
    #[must_use]
    pub const fn class(&self) -> Class {
        match self {
            Self::Missing
            | Self::Repeated
            | Self::Order { .. }
            | Self::Unexpected { .. }
            | Self::Attribute(_)
            | Self::StrayText(_)
            | Self::ElementInText
            | Self::Value { .. }
            | Self::Spaces(_)
            | Self::Time(_)
            | Self::Language(_)
            | Self::Uri(_)
            | Self::Integer(_)
            | Self::Decimal(_)
            | Self::Version11 => Class::Structure,
            Self::Blank
            | Self::NoNote(_)
            | Self::NoExpires
            | Self::ExpiresEarly
            | Self::LongHeadline(_)
            | Self::Markup(_)
            | Self::Untranslated(_)
            | Self::OtherCategory
            | Self::Crossing
            | Self::Digest(_) => Class::Notice,
            _ => Class::Meaning,
        }
    }
}

/// A value as a fault shows it.
pub(super) fn shown(value: &str) -> String {
    excerpt(value, SHOWN)
}

/// Collects faults, a bounded number of each class.
#[derive(Debug, Default)]
pub(super) struct Faults {
    /// Each with its octet in the document, if that is known already.
    pub(super) list: Vec<(Option<usize>, Fault)>,
    counts: [usize; 3],
    /// One was fatal, named or not.
    pub(super) fatal: bool,
}

impl Faults {
    /// Adds one at an octet of the document.
    pub(super) fn add(&mut self, at: Option<usize>, path: String, rule: Rule, fatal: bool) {
        self.fatal |= fatal;
        let class = match rule.class() {
            Class::Structure => 0,
            Class::Meaning => 1,
            Class::Notice => 2,
        };
        if let Some(count) = self.counts.get_mut(class)
            && *count < MOST
        {
            *count += 1;
            let line = None;
            self.list.push((
                at,
                Fault {
                    path,
                    line,
                    rule,
                    fatal,
                },
            ));
        }
    }

    /// Adds one whose place is its path.
    pub(super) fn note(&mut self, path: impl Into<String>, rule: Rule) {
        self.add(None, path.into(), rule, false);
    }

    /// Adds one that leaves no alert.
    pub(super) fn fatal(&mut self, path: impl Into<String>, rule: Rule) {
        self.add(None, path.into(), rule, true);
    }
}
