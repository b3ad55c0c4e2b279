//! Writing an alert: CAP 1.2, UTF-8, in the order of the schema.

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesStart, Event};

use super::NAMESPACE;
use super::alert::Alert;
use super::document::read;
use super::encode_error::EncodeError;
use super::fault::Class;
use super::out::Out;
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
