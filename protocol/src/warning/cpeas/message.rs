//! A message: every element of the form by its name.

use super::element::Element;
use super::event_type::EventType;
use super::geometry::{Circle, Path};
use super::id::{Identifier, SenderCode};
use super::namespace::Namespace;
use super::size::Size;
use super::time::Time;
use super::values::{
    Certainty, Classification, Colour, MethodName, MsgType, Scope, Status, Urgency,
};

/// `alert`: one message. Texts have no white space around them and are not empty.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// The namespace that it is written with.
    pub namespace: Namespace,
    /// `identifier`: unlike every other message's; tell repeats by it.
    pub identifier: Identifier,
    /// `sender`: the agency's full name.
    pub sender: String,
    /// `senderCode`: the agency's code.
    pub sender_code: SenderCode,
    /// `phone`: the agency's telephone.
    pub phone: Option<String>,
    /// `sendTime`: the time on the paper approval. For display.
    pub send_time: Time,
    /// `status`: how it is to be handled.
    pub status: Status,
    /// `msgType`: what it is.
    pub msg_type: MsgType,
    /// `scope`: who may see it.
    pub scope: Scope,
    /// `code/method`: the means by which it is to be spread, in order.
    pub methods: Vec<Method>,
    /// What else is in `code`.
    pub code_unknown: Vec<Element>,
    /// `secClassification`: how confidential it is.
    pub classification: Option<Classification>,
    /// `note`: the reason of a Cancel.
    pub note: Option<String>,
    /// `references`: the first issue of the event, of an Update and a Cancel.
    pub references: Option<Identifier>,
    /// `info`: what the warning is.
    pub info: Info,
    /// Elements that are not known, in order.
    pub unknown: Vec<Element>,
}

impl Message {
    /// The event that the message belongs to: its first issue, which may be itself.
    #[must_use]
    pub fn event(&self) -> &Identifier {
        self.references.as_ref().unwrap_or(&self.identifier)
    }

    /// The text that a method spreads: its own, or else the description.
    #[must_use]
    pub fn text_of<'a>(&'a self, method: &'a Method) -> &'a str {
        method.message.as_deref().unwrap_or(&self.info.description)
    }
}

/// `method`: a means by which the message is to be spread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Method {
    /// `methodName`: which means.
    pub name: MethodName,
    /// `message`: its text. None: the description; see [`Message::text_of`].
    pub message: Option<String>,
    /// `audienceGrp`: ids of groups, each once. Empty: none of its own, which is never "all".
    pub groups: Vec<String>,
    /// `audiencePrt`, in the field `audenceprt`: single addressees such as telephone numbers,
    /// each once. Empty: none of its own, which is never "all".
    pub addressees: Vec<String>,
    /// Elements that are not known, in order.
    pub unknown: Vec<Element>,
}

/// `info`: what the warning is.
#[derive(Debug, Clone, PartialEq)]
pub struct Info {
    /// `language`, such as zh-CN.
    pub language: Option<String>,
    /// `eventType`: the kind of event.
    pub event_type: EventType,
    /// `urgency`: how soon to act.
    pub urgency: Urgency,
    /// `severity`: the colour.
    pub colour: Colour,
    /// `certainty`: how sure it is.
    pub certainty: Certainty,
    /// `effective`: when it was signed in the system. It holds from then on.
    pub effective: Time,
    /// `onset`: when the event begins.
    pub onset: Option<Time>,
    /// `expires`: when the warning ends. None: it is for policy to say.
    pub expires: Option<Time>,
    /// `senderName`: the person who signed.
    pub sender_name: String,
    /// `headline`: agency, what it does, event, colour.
    pub headline: String,
    /// `description`: the text of the warning.
    pub description: String,
    /// `instruction`: what to do.
    pub instruction: Option<String>,
    /// `web`: where to read more. Never followed.
    pub web: Option<String>,
    /// `resource`: attached files.
    pub resources: Vec<Resource>,
    /// `area`: where.
    pub areas: Vec<Area>,
    /// Elements that are not known, in order.
    pub unknown: Vec<Element>,
}

/// `resource`: an attached file, which comes beside the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// `resourceDesc`: the name of the file.
    pub description: Option<String>,
    /// `size`: how long it is.
    pub size: Option<Size>,
    /// `digest`: its SHA-1.
    pub digest: Option<String>,
    /// Elements that are not known, in order.
    pub unknown: Vec<Element>,
}

/// `area`: where the warning holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Area {
    /// `areaDesc`: its name, or names with commas between them.
    pub description: Option<String>,
    /// `polygon`: areas and lines.
    pub paths: Vec<Path>,
    /// `circle`: points and what is around them.
    pub circles: Vec<Circle>,
    /// `geocode`: codes of regions by GB/T 2260, 6 or 12 digits, each once.
    pub geocodes: Vec<String>,
    /// Elements that are not known, in order.
    pub unknown: Vec<Element>,
}
