//! `alert` (CAP 1.2, clause 3.2.1).

use super::fault::{Faults, Rule, shown};
use super::fields::Fields;
use super::out::Out;
use super::values::{MsgType, Scope, Status};
use super::{IdError, Identifier, Info, MessageId, Sender, Time, names};

/// A CAP message.
#[derive(Debug, Clone, PartialEq)]
pub struct Alert {
    /// `identifier`: its name at the sender.
    pub identifier: Identifier,
    /// `sender`: who has sent it.
    pub sender: Sender,
    /// `sent`: when.
    pub sent: Time,
    /// `status`: how it is to be handled.
    pub status: Status,
    /// `msgType`: what it is.
    pub msg_type: MsgType,
    /// `source`: where the sender has it from, such as an operator.
    pub source: Option<String>,
    /// `scope`: who may see it.
    pub scope: Scope,
    /// `restriction`: the rule of a restricted message.
    pub restriction: Option<String>,
    /// `addresses`: the addressees of a private message.
    pub addresses: Vec<String>,
    /// `code`: profiles, and marks for special handling.
    pub code: Vec<String>,
    /// `note`: the purpose of an exercise, or why a message is refused.
    pub note: Option<String>,
    /// `references`: the earlier messages that this one is about.
    pub references: Vec<MessageId>,
    /// `incidents`: names of incidents that several messages are about.
    pub incidents: Vec<String>,
    /// `info`: what happens, in several languages or phases; all of them count.
    pub info: Vec<Info>,
}

impl Alert {
    /// What later messages call this one.
    #[must_use]
    pub fn id(&self) -> MessageId {
        MessageId {
            sender: self.sender.clone(),
            identifier: self.identifier.clone(),
            sent: self.sent,
        }
    }

    /// Reads an alert that the schema allows. None after a fatal fault.
    pub(super) fn decode(fields: &mut Fields<'_, '_, '_>) -> Option<Self> {
        let identifier = name(fields, "identifier", Identifier::new);
        let sender = name(fields, "sender", Sender::new);
        let references = references(fields);
        let code = fields.texts("code");
        Some(Self {
            sent: fields.time("sent")?,
            status: Status::from_name(&fields.raw("status")?)?,
            msg_type: MsgType::from_name(&fields.raw("msgType")?)?,
            source: fields.option("source"),
            scope: Scope::from_name(&fields.raw("scope")?)?,
            restriction: fields.option("restriction"),
            addresses: list(fields, "addresses"),
            code: code.into_iter().map(|(_, code)| code).collect(),
            note: fields.option("note"),
            references,
            incidents: list(fields, "incidents"),
            info: fields.each("info", Info::decode)?,
            // Last, so that the faults of all others are named, too.
            identifier: identifier?,
            sender: sender?,
        })
    }

    pub(super) fn encode(&self, out: &mut Out) {
        out.text("identifier", self.identifier.as_str());
        out.text("sender", self.sender.as_str());
        out.text("sent", &self.sent.to_string());
        out.text("status", self.status.name());
        out.text("msgType", self.msg_type.name());
        out.option("source", self.source.as_deref());
        out.text("scope", self.scope.name());
        out.option("restriction", self.restriction.as_deref());
        out.names("addresses", &self.addresses);
        for code in &self.code {
            out.text("code", code);
        }
        out.option("note", self.note.as_deref());
        let references: Vec<String> = self.references.iter().map(ToString::to_string).collect();
        if !references.is_empty() {
            out.text("references", &references.join(" "));
        }
        out.names("incidents", &self.incidents);
        self.info.iter().for_each(|info| info.encode(out));
    }
}

/// An identifier or a sender.
fn name<T>(
    fields: &mut Fields<'_, '_, '_>,
    name: &'static str,
    new: fn(&str) -> Result<T, IdError>,
) -> Option<T> {
    let text = fields.option(name).unwrap_or_default();
    match new(&text) {
        Ok(name) => Some(name),
        Err(why) => {
            let value = shown(&text);
            fields
                .faults
                .fatal(fields.path(name), Rule::Name { value, why });
            None
        }
    }
}

/// The references; what names no message is reported and left out.
fn references(fields: &mut Fields<'_, '_, '_>) -> Vec<MessageId> {
    let text = fields.option("references").unwrap_or_default();
    let mut found = Vec::new();
    for name in text.split_whitespace() {
        match name.parse() {
            Ok(id) => found.push(id),
            Err(why) => reference_fault(fields.faults, name, why),
        }
    }
    found
}

fn reference_fault(faults: &mut Faults, name: &str, why: IdError) {
    let value = shown(name);
    faults.note("references", Rule::Name { value, why });
}

/// A list of names in one text.
fn list(fields: &mut Fields<'_, '_, '_>, name: &'static str) -> Vec<String> {
    let text = fields.option(name).unwrap_or_default();
    names::split(&text).unwrap_or_else(|| {
        fields.faults.note(fields.path(name), Rule::Quote);
        Vec::new()
    })
}
