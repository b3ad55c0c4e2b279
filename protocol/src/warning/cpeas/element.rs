//! Elements that are not known, kept as they came.

use roxmltree::Node;

/// An element that is not known, with all that is in it but comments, instructions and blank
/// text. Prefixes are not kept, the namespaces they stand for are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element {
    /// Its local name.
    pub name: String,
    /// Its namespace; not empty.
    pub namespace: Option<String>,
    /// Its attributes, in order.
    pub attributes: Vec<Attribute>,
    /// What is in it, in order.
    pub content: Vec<Content>,
}

/// An attribute of an element that is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// Its local name.
    pub name: String,
    /// Its namespace; not empty.
    pub namespace: Option<String>,
    /// Its value.
    pub value: String,
}

/// What can be in an element that is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// Text, not blank, with the white space around it. No two stand side by side.
    Text(String),
    /// An element.
    Element(Element),
}

impl Element {
    /// Reads an element. Goes no deeper than the reader of documents lets through.
    pub(super) fn decode(node: Node<'_, '_>) -> Self {
        let attributes = node.attributes().map(|attribute| Attribute {
            name: attribute.name().to_owned(),
            namespace: attribute.namespace().map(str::to_owned),
            value: attribute.value().to_owned(),
        });
        let (mut content, mut text) = (Vec::new(), String::new());
        for child in node.children() {
            if child.is_element() {
                flush(&mut text, &mut content);
                content.push(Content::Element(Self::decode(child)));
            } else if child.is_text() {
                text.push_str(child.text().unwrap_or_default());
            }
        }
        flush(&mut text, &mut content);
        let namespace = node.tag_name().namespace();
        Self {
            name: node.tag_name().name().to_owned(),
            namespace: namespace.filter(|it| !it.is_empty()).map(str::to_owned),
            attributes: attributes.collect(),
            content,
        }
    }
}

fn flush(text: &mut String, content: &mut Vec<Content>) {
    let text = core::mem::take(text);
    if !text.trim().is_empty() {
        content.push(Content::Text(text));
    }
}
