//! Writing a message: UTF-8, in the order of the field.

use quick_xml::Writer;
use quick_xml::events::attributes::Attr;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

use super::document::{Refusal, read};
use super::element::{Content, Element};
use super::fault::{Fault, Level};
use super::message::{Area, Info, Message, Method, Resource};
use super::namespace::Namespace;
use crate::warning::xml::{MAX_DEPTH, Strictness};

/// Why a message is not written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// The document would be refused by its receiver.
    #[error("the message is not valid: {0}")]
    Fault(Box<Fault>),
    /// The document would be refused unread.
    #[error("the message cannot be sent: {0}")]
    Refused(#[from] Refusal),
    /// The document would not say what the message says.
    #[error("the message would be read back as another; write its values as they are read")]
    Changed,
}

impl Message {
    /// The message as a document without white space between its elements. Absent elements are
    /// not written; single addressees are written as `audenceprt`, as in the field. Unknown
    /// elements stand behind the known ones. What is written has been read again and says the
    /// same.
    ///
    /// # Errors
    /// The message breaks a rule, or would be read back as another.
    pub fn to_xml(&self) -> Result<String, EncodeError> {
        let document = write(self)?;
        let received = read(document.as_bytes(), Strictness::Strict)?;
        let mut faults = received.faults.iter();
        if let Some(fault) = faults.find(|fault| fault.level() == Level::Error) {
            return Err(EncodeError::Fault(Box::new(fault.clone())));
        }
        if received.acceptable() != Some(self) {
            return Err(EncodeError::Changed);
        }
        Ok(document)
    }
}

fn write(message: &Message) -> Result<String, EncodeError> {
    let mut out = Out {
        writer: Writer::new(Vec::new()),
        namespace: message.namespace,
        failed: false,
    };
    out.event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)));
    let mut root = BytesStart::new("alert");
    if let Some(uri) = message.namespace.uri() {
        root.push_attribute(("xmlns", uri));
    }
    out.event(Event::Start(root));
    out.message(message);
    out.close("alert");
    if out.failed {
        return Err(EncodeError::Changed);
    }
    String::from_utf8(out.writer.into_inner()).map_err(|_| EncodeError::Changed)
}

/// A document that is being written.
struct Out {
    writer: Writer<Vec<u8>>,
    namespace: Namespace,
    failed: bool,
}

impl Out {
    fn event(&mut self, event: Event<'_>) {
        // A vector takes every octet.
        self.failed |= self.writer.write_event(event).is_err();
    }

    fn open(&mut self, name: &str) {
        self.event(Event::Start(BytesStart::new(name)));
    }

    fn close(&mut self, name: &str) {
        self.event(Event::End(BytesEnd::new(name)));
    }

    fn characters(&mut self, text: &str) {
        self.event(Event::Text(BytesText::from_escaped(escape(text))));
    }

    fn text(&mut self, name: &str, text: impl ToString) {
        self.open(name);
        self.characters(&text.to_string());
        self.close(name);
    }

    fn option(&mut self, name: &str, text: Option<&impl ToString>) {
        if let Some(text) = text {
            self.text(name, text.to_string());
        }
    }

    fn list(&mut self, name: &str, list: &[String]) {
        if !list.is_empty() {
            self.text(name, list.join(","));
        }
    }

    fn message(&mut self, it: &Message) {
        self.text("identifier", &it.identifier);
        self.text("sender", &it.sender);
        self.text("senderCode", &it.sender_code);
        self.option("phone", it.phone.as_ref());
        self.text("sendTime", it.send_time);
        self.text("status", &it.status);
        self.text("msgType", &it.msg_type);
        self.text("scope", &it.scope);
        self.open("code");
        it.methods.iter().for_each(|method| self.method(method));
        self.unknown(&it.code_unknown);
        self.close("code");
        self.option("secClassification", it.classification.as_ref());
        self.option("note", it.note.as_ref());
        self.option("references", it.references.as_ref());
        self.info(&it.info);
        self.unknown(&it.unknown);
    }

    fn method(&mut self, it: &Method) {
        self.open("method");
        self.text("methodName", &it.name);
        self.option("message", it.message.as_ref());
        self.list("audienceGrp", &it.groups);
        self.list("audenceprt", &it.addressees);
        self.unknown(&it.unknown);
        self.close("method");
    }

    fn info(&mut self, it: &Info) {
        self.open("info");
        self.option("language", it.language.as_ref());
        self.text("eventType", &it.event_type);
        self.text("urgency", &it.urgency);
        self.text("severity", &it.colour);
        self.text("certainty", &it.certainty);
        self.text("effective", it.effective);
        self.option("onset", it.onset.as_ref());
        self.option("expires", it.expires.as_ref());
        self.text("senderName", &it.sender_name);
        self.text("headline", &it.headline);
        self.text("description", &it.description);
        self.option("instruction", it.instruction.as_ref());
        self.option("web", it.web.as_ref());
        it.resources
            .iter()
            .for_each(|resource| self.resource(resource));
        it.areas.iter().for_each(|area| self.area(area));
        self.unknown(&it.unknown);
        self.close("info");
    }

    fn resource(&mut self, it: &Resource) {
        self.open("resource");
        self.option("resourceDesc", it.description.as_ref());
        self.option("size", it.size.as_ref());
        self.option("digest", it.digest.as_ref());
        self.unknown(&it.unknown);
        self.close("resource");
    }

    fn area(&mut self, it: &Area) {
        self.open("area");
        self.option("areaDesc", it.description.as_ref());
        it.paths.iter().for_each(|path| self.text("polygon", path));
        it.circles
            .iter()
            .for_each(|circle| self.text("circle", circle));
        self.list("geocode", &it.geocodes);
        self.unknown(&it.unknown);
        self.close("area");
    }

    fn unknown(&mut self, elements: &[Element]) {
        let inherited = self.namespace.uri();
        elements
            .iter()
            .for_each(|element| self.element(element, inherited, MAX_DEPTH));
    }

    /// Writes an element; `inherited` is the namespace around it, `depth` how deep it may go.
    fn element(&mut self, it: &Element, inherited: Option<&str>, depth: u32) {
        let Some(depth) = depth.checked_sub(1) else {
            self.failed = true;
            return;
        };
        let mut start = BytesStart::new(it.name.as_str());
        let mut push = |name: &str, value: &str| {
            start.push_attribute(Attr::DoubleQ(name, escape(value).as_str()));
        };
        if it.namespace.as_deref() != inherited {
            push("xmlns", it.namespace.as_deref().unwrap_or_default());
        }
        for (at, attribute) in it.attributes.iter().enumerate() {
            match attribute.namespace.as_deref() {
                None => push(&attribute.name, &attribute.value),
                Some(roxmltree::NS_XML_URI) => {
                    push(&format!("xml:{}", attribute.name), &attribute.value);
                }
                Some(uri) => {
                    push(&format!("xmlns:a{at}"), uri);
                    push(&format!("a{at}:{}", attribute.name), &attribute.value);
                }
            }
        }
        self.event(Event::Start(start));
        for content in &it.content {
            match content {
                Content::Text(text) => self.characters(text),
                Content::Element(child) => self.element(child, it.namespace.as_deref(), depth),
            }
        }
        self.close(&it.name);
    }
}

/// Escapes what markup is made of, and white space that an attribute or a text loses otherwise.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&apos;"),
            '\r' => escaped.push_str("&#13;"),
            '\n' => escaped.push_str("&#10;"),
            '\t' => escaped.push_str("&#9;"),
            c => escaped.push(c),
        }
    }
    escaped
}
