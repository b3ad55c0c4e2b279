//! The document that an alert and its parts are written into.

use quick_xml::Writer;
use quick_xml::events::{BytesEnd, BytesStart, BytesText, Event};

use super::encode_error::EncodeError;
use super::names;

/// A document that is being written. The first error is kept, and what follows it is not
/// looked at.
pub(super) struct Out {
    pub(super) writer: Writer<Vec<u8>>,
    pub(super) error: Option<EncodeError>,
}

impl Out {
    pub(super) fn event(&mut self, event: Event<'_>) {
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
