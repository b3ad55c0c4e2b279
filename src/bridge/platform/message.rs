//! What a sink hands to its receiver: an event, or a document about an alert.

use crate::bridge::platform::event::{self, CloudEvent};

/// One thing to deliver.
#[derive(Debug, Clone, PartialEq)]
pub enum Message {
    /// An event.
    Event(Box<CloudEvent>),
    /// A document.
    Document(Document),
}

/// A document that says what has become of an alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// The id of the event that it stands for: `jurisdiction:position`.
    pub id: String,
    /// Its media type: that of its form.
    pub content_type: &'static str,
    /// Its name as a file.
    pub file: String,
    /// The document; otherwise why there will never be one.
    pub xml: Result<String, String>,
}

impl Message {
    /// Names it: the same in every repetition.
    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Self::Event(event) => &event.id,
            Self::Document(document) => &document.id,
        }
    }

    /// What its octets are.
    #[must_use]
    pub const fn content_type(&self) -> &'static str {
        match self {
            Self::Event(_) => event::CONTENT_TYPE,
            Self::Document(document) => document.content_type,
        }
    }

    /// The octets that are delivered.
    ///
    /// # Errors
    /// In words: there are none, and there never will be.
    pub fn octets(&self) -> Result<Vec<u8>, String> {
        match self {
            Self::Event(event) => {
                serde_json::to_vec(event).map_err(|_| "it has no JSON form".to_owned())
            }
            Self::Document(document) => document.xml.clone().map(String::into_bytes),
        }
    }

    /// Whether it is about a sink.
    #[must_use]
    pub fn is_of_a_sink(&self) -> bool {
        matches!(self, Self::Event(event) if event.is_of_a_sink())
    }
}

impl From<CloudEvent> for Message {
    fn from(event: CloudEvent) -> Self {
        Self::Event(Box::new(event))
    }
}
