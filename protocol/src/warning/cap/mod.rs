//! The Common Alerting Protocol, version 1.2 (OASIS Standard CAP-V1.2, 2010-07-01).
//!
//! [`read`] takes a document from outside: CAP 1.2 and 1.1 with any prefix, also several in an
//! EDXL-DE 1.0 envelope. Each alert comes with its [`Fault`]s: those of [`Class::Structure`] say
//! that it is not valid by the schema, those of [`Class::Meaning`] that it is valid and wrong, a
//! [`Class::Notice`] what its sender should know. [`Alert::to_xml`] writes CAP 1.2.
//!
//! White space around a value does not count, lists are split at any of it, and an optional
//! element without content counts as absent. Signatures are named here; whether they hold is for
//! [`signature`](super::signature) to say, over the octets as they came.

mod alert;
mod area;
mod document;
mod encode;
mod encode_error;
mod fault;
mod fields;
mod geometry;
mod id;
mod info;
mod meaning;
mod named;
mod names;
mod out;
mod refusal;
mod resource;
mod schema;
mod signature;
mod simple;
mod time;
mod values;

pub use alert::Alert;
pub use area::Area;
pub use document::{Document, Form, Received, read};
pub use encode::Layout;
pub use encode_error::EncodeError;
pub use fault::{Class, Fault, Rule};
pub use fields::MAX_TEXT;
pub use geometry::{Circle, LEAST_POINTS, Point, Polygon};
pub use id::{IdError, Identifier, MessageId, Sender};
pub use info::{DEFAULT_LANGUAGE, Info};
pub use meaning::{MAX_AREAS, MAX_INFO, MAX_POINTS, MAX_REFERENCES};
pub use named::Named;
pub use refusal::Refusal;
pub use resource::{MAX_CONTENT, Resource};
pub use signature::Signature;
pub use time::Time;
pub use values::{Category, Certainty, MsgType, ResponseType, Scope, Severity, Status, Urgency};

/// The namespace of CAP 1.2.
pub const NAMESPACE: &str = "urn:oasis:names:tc:emergency:cap:1.2";
/// The namespace of CAP 1.1, which is read and not written.
pub const NAMESPACE_1_1: &str = "urn:oasis:names:tc:emergency:cap:1.1";
/// The namespace of CAP 1.0, which is refused.
const CAP_1_0: &str = "http://www.incident.com/cap/1.0";
/// The namespace of EDXL-DE 1.0.
const EDXL_DE: &str = "urn:oasis:names:tc:emergency:EDXL:DE:1.0";
/// The namespace of XML signatures.
const SIGNATURE_NAMESPACE: &str = super::signature::NAMESPACE;

/// The versions that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// CAP 1.1: read by the table of 1.2.
    V1_1,
    /// CAP 1.2
    V1_2,
}

impl Version {
    /// The namespace of its documents.
    #[must_use]
    pub const fn namespace(self) -> &'static str {
        match self {
            Self::V1_1 => NAMESPACE_1_1,
            Self::V1_2 => NAMESPACE,
        }
    }
}

#[cfg(test)]
mod tests;
