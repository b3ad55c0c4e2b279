//! A document from outside.

use roxmltree::Node;

use super::decode;
use super::fault::{Fault, Faults, Level, Rule, shown};
use super::message::Message;
use super::namespace::{NAMESPACE, Namespace};
use crate::warning::text::excerpt;
use crate::warning::xml::{self, Encoding, Strictness, XmlError};

/// Why a document is not taken for this form at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The XML is refused.
    #[error(transparent)]
    Xml(#[from] XmlError),
    /// A document of another kind.
    #[error(
        "the document is {name:?} (namespace {namespace:?}), not of the national early-warning form: send its alert with senderCode and sendTime, without namespace or with {NAMESPACE}"
    )]
    OtherForm {
        /// Its root element.
        name: String,
        /// The root's namespace, empty when it has none.
        namespace: String,
    },
}

/// A document as it came.
#[derive(Debug, Clone, PartialEq)]
pub struct Received {
    /// How the document was written.
    pub encoding: Encoding,
    /// The message, without what [`Received::faults`] says is left out. None when a mandatory
    /// element is absent or cannot be read, or a limit is passed.
    pub message: Option<Message>,
    /// What is wrong: errors first, each level by its lines. At most 50 of each level.
    pub faults: Vec<Fault>,
}

impl Received {
    /// Whether a fault bars the message from intake.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.message.is_none() || self.faults.iter().any(|it| it.level() == Level::Error)
    }

    /// The message if intake may take it: it could be read, and has no errors.
    #[must_use]
    pub fn acceptable(&self) -> Option<&Message> {
        self.message.as_ref().filter(|_| !self.has_errors())
    }
}

/// Reads a document. Nothing that it names is looked up, and its length bounds what reading
/// costs.
///
/// # Errors
/// It is no XML that we read, or of another form. A faulty message is no error: it comes with
/// its faults.
pub fn read(octets: &[u8], strictness: Strictness) -> Result<Received, Refusal> {
    let decoded = xml::decode(octets, strictness)?;
    let tree = xml::parse(&decoded)?;
    let root = tree.root_element();
    let namespace = namespace(root)?;
    let mut faults = Faults::default();
    if let Some(declared) = &decoded.declared_falsely {
        faults.add(String::new(), Some(root), Rule::Encoding(shown(declared)));
    }
    let message = decode::message(namespace, root, &mut faults);
    let mut faults = faults.0;
    faults.sort_by_key(|fault| (fault.level(), fault.line));
    Ok(Received {
        encoding: decoded.encoding,
        message,
        faults,
    })
}

/// The namespace of a root of this form. CAP has `sent` where this form has `sendTime`, and no
/// `senderCode`.
fn namespace(root: Node<'_, '_>) -> Result<Namespace, Refusal> {
    let (name, namespace) = (root.tag_name().name(), root.tag_name().namespace());
    let own = |child: Node<'_, '_>| matches!(child.tag_name().name(), "sendTime" | "senderCode");
    match (name, namespace.unwrap_or_default()) {
        ("alert", NAMESPACE) => Ok(Namespace::Amp),
        ("alert", "") if root.children().any(own) => Ok(Namespace::None),
        (name, namespace) => Err(Refusal::OtherForm {
            name: excerpt(name, 60),
            namespace: excerpt(namespace, 100),
        }),
    }
}
