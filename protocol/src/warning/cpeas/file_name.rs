//! The names of files: `33000041600000_20121025091026_11B01_BLUE_ALERT.XML`.

use super::event_type::EventType;
use super::fault::{Fault, Rule, shown};
use super::id::Identifier;
use super::message::Message;
use super::values::{Colour, MsgType};

/// What a file's name says. The document wins over it: see [`FileName::differences`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileName {
    /// The sender's code and the time, as in the identifier.
    pub identifier: Identifier,
    /// The kind of event.
    pub event_type: EventType,
    /// The colour.
    pub colour: Colour,
    /// What the message is.
    pub msg_type: MsgType,
    /// Which attachment the file is. None: the document itself.
    pub attachment: Option<Attachment>,
}

/// A file beside the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Attachment {
    /// `_P_nn`: a scan of the approval, and its number.
    Approval(u32),
    /// `_O_nn`: another file, and its number.
    Other(u32),
}

impl FileName {
    /// Reads a name without folders, in any case of its letters. None where it is of another
    /// form. The document itself ends in `.xml`, an attachment in whatever it is.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let name = name.to_ascii_uppercase();
        let (stem, extension) = name.rsplit_once('.')?;
        let mut parts = stem.split('_');
        let identifier = format!("{}_{}", parts.next()?, parts.next()?);
        let event_type = EventType::new(parts.next()?).filter(EventType::is_regular)?;
        let (colour, msg_type) = (parts.next()?, parts.next()?);
        if colour.is_empty() || msg_type.is_empty() || extension.is_empty() {
            return None;
        }
        let attachment = match (parts.next(), parts.next(), parts.next()) {
            (None, ..) if extension == "XML" => None,
            (Some(kind), Some(number), None) => Some(Attachment::parse(kind, number)?),
            _ => return None,
        };
        Some(Self {
            identifier: Identifier::parse(&identifier)?,
            event_type,
            colour: Colour::parse(colour),
            msg_type: MsgType::parse(msg_type),
            attachment,
        })
    }

    /// Where the document says something else than the name, as notices. A serial of the
    /// identifier does not stand in a name.
    #[must_use]
    pub fn differences(&self, message: &Message) -> Vec<Fault> {
        let id = &message.identifier;
        let issued = format!("{}_{}", id.sender(), id.time_digits());
        let (colour, msg_type) = (message.info.colour.name(), message.msg_type.name());
        let compared = [
            ("identifier", issued.as_str(), self.identifier.to_string()),
            (
                "info/eventType",
                message.info.event_type.as_str(),
                self.event_type.to_string(),
            ),
            ("info/severity", colour, self.colour.to_string()),
            ("msgType", msg_type, self.msg_type.to_string()),
        ];
        let differing = compared
            .into_iter()
            .filter(|(_, document, name)| !document.eq_ignore_ascii_case(name));
        let faults = differing.map(|(path, document, name)| Fault {
            path: path.to_owned(),
            line: None,
            rule: Rule::FileName {
                document: shown(document),
                name: shown(&name),
            },
        });
        faults.collect()
    }
}

impl Attachment {
    fn parse(kind: &str, number: &str) -> Option<Self> {
        let digits = number.bytes().all(|c| c.is_ascii_digit());
        let number = number.parse().ok().filter(|_| digits)?;
        match kind {
            "P" => Some(Self::Approval(number)),
            "O" => Some(Self::Other(number)),
            _ => None,
        }
    }
}
