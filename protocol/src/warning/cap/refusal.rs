//! Why a document from outside holds no alert for us.

use super::{CAP_1_0, NAMESPACE};
use crate::warning::xml::XmlError;

/// Why a document is not taken for alerts at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The XML is refused.
    #[error(transparent)]
    Xml(#[from] XmlError),
    /// An index of documents.
    #[error("this is a feed ({0}), not an alert; fetch the documents that its entries link to")]
    Feed(&'static str),
    /// The first version.
    #[error(
        "this is CAP 1.0 (namespace {CAP_1_0}), which is not read; let its source send CAP 1.2"
    )]
    Version10,
    /// An alert of a namespace that is not CAP's.
    #[error("namespace {0:?} is not that of CAP; write {NAMESPACE}")]
    Namespace(String),
    /// An alert without namespace.
    #[error(
        "the alert has no namespace: it is not CAP (the national early-warning form has none either); write {NAMESPACE} if it is meant to be"
    )]
    NoNamespace,
    /// A document of another kind.
    #[error("the document is {name:?} (namespace {namespace:?}), not an alert")]
    NotAnAlert {
        /// Its root element.
        name: String,
        /// The root's namespace, empty when it has none.
        namespace: String,
    },
    /// An envelope with no alert in it.
    #[error("the EDXL-DE envelope holds no CAP alert")]
    EmptyEnvelope,
}
