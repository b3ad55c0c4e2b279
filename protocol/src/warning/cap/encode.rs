//! Writing an alert: CAP 1.2, UTF-8, in the order of the schema.

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

use super::alert::Alert;
use super::document::{Refusal, read};
use super::fault::{Class, Fault};
use super::{NAMESPACE, names};
use crate::warning::xml::Strictness;

/// White space between the elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Layout {
    /// None: for what will be signed, as every later change of it breaks the signature.
    #[default]
    Compact,
    /// A line for each element, two blanks deeper than its parent: for people.
    Indented,
}

/// Why an alert is not written.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// A text that would not come back as it is.
    #[error("{element}: {why}")]
    Text {
        /// The element.
        element: &'static str,
        /// What is wrong, and what to do.
        why: &'static str,
    },
    /// The document would be refused by its receiver.
    #[error("the alert is not valid: {0}")]
    Fault(Box<Fault>),
    /// The document would be refused unread.
    #[error("the alert cannot be sent: {0}")]
    Refused(#[from] Refusal),
    /// The document would not say what the alert says.
    #[error("the alert would be read back as another; write its values as they are read")]
    Changed,
}

impl Alert {
    /// The alert as a CAP 1.2 document. What is written has been read again, is valid by the
    /// schema and by the rules of meaning, and says the same.
    ///
    /// # Errors
    /// A text cannot be written as it is, or the alert breaks a rule.
    pub fn to_xml(&self, layout: Layout) -> Result<String, EncodeError> {
        let document = write(self, layout)?;
        let read = read(document.as_bytes(), Strictness::Strict)?;
        let [received] = read.alerts.as_slice() else {
            return Err(EncodeError::Changed);
        };
        let mut faults = received.faults.iter();
        if let Some(fault) = faults.find(|fault| fault.class() != Class::Notice) {
            return Err(EncodeError::Fault(Box::new(fault.clone())));
        }
        if received.alert.as_ref() != Some(self) {
            return Err(EncodeError::Changed);
        }
        Ok(document)
    }
}

fn write(alert: &Alert, layout: Layout) -> Result<String, EncodeError> {
    let writer = match layout {
        Layout::Compact => Writer::new(Vec::new()),
        Layout::Indented => Writer::new_with_indent(Vec::new(), b' ', 2),
    };
    let mut out = Out {
        writer,
        error: None,
    };
    out.event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)));
    let mut root = BytesStart::new("alert");
    root.push_attribute(("xmlns", NAMESPACE));
    out.event(Event::Start(root));
    alert.encode(&mut out);
    out.close("alert");
    match out.error {
        Some(error) => Err(error),
        None => String::from_utf8(out.writer.into_inner()).map_err(|_| EncodeError::Changed),
    }
}

/// A document that is being written. The first error is kept, and what follows it is not
/// looked at.
pub(super) struct Out {
    writer: Writer<Vec<u8>>,
    error: Option<EncodeError>,
}

impl Out {
    fn event(&mut self, event: Event<'_>) {
        // A vector takes every octet.
        if self.writer.write_event(event).is_err() {
            self.error.get_or_insert(EncodeError::Changed);
        }
    }

    fn refuse(&mut self, element: &'static str, why: &'static str) {
        self.error.get_or_insert(EncodeError::Text { element, why });
    }

    pub(super) fn open(&mut self, name: &'static str) {
        self.event(Event::Start(BytesStart::new(name)));
    }

    pub(super) fn close(&mut self, name: &'static str) {
        self.event(Event::End(BytesEnd::new(name)));
    }

    /// An element with text.
    pub(super) fn text(&mut self, name: &'static str, text: &str) {
        if text.is_empty() {
            self.refuse(name, "is empty; write a text, or leave the element out");
        }
        self.text_or_nothing(name, text);
    }

    /// An element with text that may be empty.
    pub(super) fn text_or_nothing(&mut self, name: &'static str, text: &str) {
        if text.trim() != text {
            self.refuse(
                name,
                "has white space at its beginning or end; take it away",
            );
        }
        if !text.chars().all(is_xml) {
            self.refuse(
                name,
                "has a character that XML cannot carry; clean the text",
            );
        }
        self.open(name);
        if !text.is_empty() {
            self.event(Event::Text(BytesText::from_escaped(escape(text))));
        }
        self.close(name);
    }

    /// An element that is written when there is a text.
    pub(super) fn option(&mut self, name: &'static str, text: Option<&str>) {
        if let Some(text) = text {
            self.text(name, text);
        }
    }

    /// A list of names; none is no element.
    pub(super) fn names(&mut self, name: &'static str, list: &[String]) {
        match names::join(list) {
            None => self.refuse(name, "has a name with a quotation mark in it; take it out"),
            Some(text) if !text.is_empty() => self.text(name, &text),
            Some(_) => {}
        }
    }
}

/// XML 1.0, production 2.
const fn is_xml(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}

/// Escapes what markup is made of, and the carriage return, which is read as a line feed
/// otherwise.
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
            c => escaped.push(c),
        }
    }
    escaped
}
