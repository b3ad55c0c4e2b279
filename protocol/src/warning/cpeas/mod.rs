//! The Chinese national early-warning form ("12379", GB/T 35965.1-2018), which is not CAP.
//!
//! The standard's text is not public in full. What stands here follows what is sent in the
//! field, so every value set is open: a value that is not known is kept as it was written, an
//! element that is not known is kept and written again, and both are reported.
//!
//! [`read`] takes a document from outside. Elements are found by their local name, in any
//! order; an empty one counts as absent, and white space around a value does not count. Each
//! document comes with its [`Fault`]s: a [`Level::Error`] bars it from intake, a
//! [`Level::Notice`] is what its sender should know. [`Message::to_xml`] writes in the order of
//! the field. Which of several messages holds is for whoever keeps them to say.

mod area;
mod decode;
mod document;
mod element;
mod encode;
mod event_type;
mod fault;
mod fields;
mod file_name;
mod geometry;
mod id;
mod mapping;
mod message;
mod namespace;
mod size;
mod time;
mod values;

pub use area::{MAX_AREAS, MAX_POINTS};
pub use document::{Received, Refusal, read};
pub use element::{Attribute, Content, Element};
pub use encode::EncodeError;
pub use event_type::EventType;
pub use fault::{Fault, Level, Rule};
pub use file_name::{Attachment, FileName};
pub use geometry::{Circle, Path};
pub use id::{Identifier, SenderCode};
pub use message::{Area, Info, Message, Method, Resource};
pub use namespace::{NAMESPACE, Namespace};
pub use size::Size;
pub use time::Time;
pub use values::{
    Certainty, Class, Classification, Colour, MethodName, MsgType, Scope, Status, Urgency,
};

#[cfg(test)]
mod tests;
