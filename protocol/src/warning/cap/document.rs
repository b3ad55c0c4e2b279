//! A document from outside: which form it has, and the alerts in it.

use roxmltree::Node;

use super::alert::Alert;
use super::fault::{Class, Fault, Faults};
use super::fields::Fields;
use super::refusal::Refusal;
use super::{
    CAP_1_0, EDXL_DE, NAMESPACE, NAMESPACE_1_1, SIGNATURE_NAMESPACE, Signature, Version, meaning,
    schema,
};
use crate::warning::text::excerpt;
use crate::warning::xml::{self, Encoding, Strictness};

/// Atom (RFC 4287).
const ATOM: &str = "http://www.w3.org/2005/Atom";

/// How the alerts came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// One alert.
    Alert,
    /// In an EDXL-DE 1.0 envelope, whose own fields are not kept.
    EdxlDe,
}

/// What was in a document.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// How the alerts came.
    pub form: Form,
    /// How the document was written.
    pub encoding: Encoding,
    /// The encoding that it declared although it has another; only when read leniently.
    pub declared_falsely: Option<String>,
    /// The alerts, at least one, in their order. Each stands alone.
    pub alerts: Vec<Received>,
}

/// An alert as it came.
#[derive(Debug, Clone, PartialEq)]
pub struct Received {
    /// The version of its namespace.
    pub version: Version,
    /// The alert, without what [`Received::faults`] names. None after a fatal fault.
    pub alert: Option<Alert>,
    /// Signatures, not verified.
    pub signatures: Vec<Signature>,
    /// What is wrong: structure first, then meaning and notices. At most 50 of each class.
    pub faults: Vec<Fault>,
}

impl Received {
    /// Whether the alert is valid by the schema of CAP 1.2.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        self.of(Class::Structure).next().is_none()
    }

    /// Whether nothing contradicts what the standard says in words. Notices do not count.
    #[must_use]
    pub fn is_meaningful(&self) -> bool {
        self.of(Class::Meaning).next().is_none()
    }

    /// The faults of a class.
    pub fn of(&self, class: Class) -> impl Iterator<Item = &Fault> {
        self.faults
            .iter()
            .filter(move |fault| fault.class() == class)
    }

    /// The alert if intake may take it: it could be read, and no fault of meaning stands
    /// against it.
    #[must_use]
    pub fn acceptable(&self) -> Option<&Alert> {
        self.alert.as_ref().filter(|_| self.is_meaningful())
    }
}

/// Reads the alerts of a document: CAP 1.2 or 1.1, alone or in EDXL-DE 1.0. Nothing that the
/// document names is looked up, and its length bounds what reading costs.
///
/// # Errors
/// It is no XML that we read, or holds no CAP. A faulty alert is no error: it is among the
/// results, with its faults.
pub fn read(octets: &[u8], strictness: Strictness) -> Result<Document, Refusal> {
    let decoded = xml::decode(octets, strictness)?;
    let tree = xml::parse(&decoded)?;
    let (form, nodes) = alerts(tree.root_element())?;
    let received = nodes
        .iter()
        .map(|(node, version)| receive(*node, *version, strictness));
    Ok(Document {
        form,
        encoding: decoded.encoding,
        declared_falsely: decoded.declared_falsely.clone(),
        alerts: received.collect(),
    })
}

/// The alerts of a document by its root.
fn alerts<'a, 'i>(root: Node<'a, 'i>) -> Result<(Form, Vec<(Node<'a, 'i>, Version)>), Refusal> {
    let namespace = root.tag_name().namespace().unwrap_or_default();
    match (namespace, root.tag_name().name()) {
        (EDXL_DE, "EDXLDistribution") => {
            let found: Vec<_> = embedded(root)
                .map(|alert| Ok((alert, version(alert)?)))
                .collect();
            let found: Vec<_> = found.into_iter().collect::<Result<_, Refusal>>()?;
            if found.is_empty() {
                return Err(Refusal::EmptyEnvelope);
            }
            Ok((Form::EdxlDe, found))
        }
        (ATOM, "feed" | "entry") => Err(Refusal::Feed("Atom")),
        (_, "rss" | "RDF") => Err(Refusal::Feed("RSS")),
        (_, "feed") => Err(Refusal::Feed("Atom")),
        (_, "alert") => Ok((Form::Alert, vec![(root, version(root)?)])),
        (namespace, name) => Err(Refusal::NotAnAlert {
            name: excerpt(name, 60),
            namespace: excerpt(namespace, 100),
        }),
    }
}

/// The alerts in an envelope: `contentObject/xmlContent/embeddedXMLContent/alert`.
fn embedded<'a, 'i>(envelope: Node<'a, 'i>) -> impl Iterator<Item = Node<'a, 'i>> {
    let below = |node: Node<'a, 'i>, name: &'static str| {
        node.children()
            .filter(move |child| child.has_tag_name((EDXL_DE, name)))
    };
    below(envelope, "contentObject")
        .flat_map(move |object| below(object, "xmlContent"))
        .flat_map(move |content| below(content, "embeddedXMLContent"))
        .flat_map(|content| content.children())
        .filter(|child| child.tag_name().name() == "alert")
}

/// The version of an `alert` by its namespace.
fn version(alert: Node<'_, '_>) -> Result<Version, Refusal> {
    match alert.tag_name().namespace().unwrap_or_default() {
        NAMESPACE => Ok(Version::V1_2),
        NAMESPACE_1_1 => Ok(Version::V1_1),
        CAP_1_0 => Err(Refusal::Version10),
        "" => Err(Refusal::NoNamespace),
        other => Err(Refusal::Namespace(excerpt(other, 100))),
    }
}

fn receive(node: Node<'_, '_>, version: Version, strictness: Strictness) -> Received {
    let mut faults = Faults::default();
    schema::check(node, version, strictness, &mut faults);
    let mut alert = None;
    if !faults.fatal {
        alert = Alert::decode(&mut Fields::new(node, String::new(), &mut faults));
        if let Some(alert) = &alert {
            meaning::check(alert, &mut faults);
        }
    }
    let fatal = faults.fatal;
    let signatures = node
        .children()
        .filter(|child| child.has_tag_name((SIGNATURE_NAMESPACE, "Signature")));
    Received {
        version,
        alert: alert.filter(|_| !fatal),
        signatures: signatures.map(Signature::decode).collect(),
        faults: placed(node, faults),
    }
}

/// The faults with their lines, in the order of their classes and lines.
fn placed(alert: Node<'_, '_>, faults: Faults) -> Vec<Fault> {
    let line = |at: Option<usize>, path: &str| {
        let at = at.or_else(|| Some(find(alert, path)?.range().start))?;
        Some(alert.document().text_pos_at(at).row)
    };
    let mut placed: Vec<Fault> = faults
        .list
        .into_iter()
        .map(|(at, fault)| Fault {
            line: line(at, &fault.path),
            ..fault
        })
        .collect();
    placed.sort_by_key(|fault| (fault.class(), fault.line));
    placed
}

/// The element of a path; where it ends early, as it does for what is missing, the last one
/// there is.
fn find<'a, 'i>(alert: Node<'a, 'i>, path: &str) -> Option<Node<'a, 'i>> {
    let mut node = alert;
    for step in path.split('/').filter(|step| !step.is_empty()) {
        let (name, number) = step.split_once('[').unwrap_or((step, "1]"));
        let number: usize = number.strip_suffix(']')?.parse().ok()?;
        let children = node.children().filter(|child| child.is_element());
        let mut named = children.filter(|child| child.tag_name().name() == name);
        match named.nth(number.checked_sub(1)?) {
            Some(child) => node = child,
            None => break,
        }
    }
    Some(node)
}
