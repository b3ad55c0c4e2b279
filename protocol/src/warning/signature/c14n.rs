//! Canonical XML 1.0 (W3C, 2001-03-15) and Exclusive XML Canonicalization 1.0 (W3C, 2002-07-18)
//! of a whole document or of one element. The tree is the one that the warning is read from, so
//! that nothing can be signed for us that we read in another way.

use std::collections::{BTreeMap, BTreeSet};

use roxmltree::{Attribute, Document, Node, NodeType};

/// The namespace of `xml:lang` and its like.
const XML: &str = "http://www.w3.org/XML/1998/namespace";

/// A way to write a tree.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Method {
    /// Exclusive: only namespaces that an element's own names use.
    pub(super) exclusive: bool,
    /// Whether comments are written.
    pub(super) comments: bool,
    /// `InclusiveNamespaces` of the exclusive way: prefixes that are written all the same; an
    /// empty one is the default namespace.
    pub(super) prefixes: Vec<String>,
}

/// Namespaces by their prefixes; the default namespace has an empty one.
type Namespaces<'a> = BTreeMap<&'a str, &'a str>;

impl Method {
    /// The whole document, without the `left_out` element.
    pub(super) fn document<'a, 'i>(
        &self,
        document: &'a Document<'i>,
        left_out: Node<'a, 'i>,
    ) -> String {
        let mut writer = self.writer(Some(left_out));
        let mut behind_root = false;
        for node in document.root().children() {
            let instruction = node.is_pi() || (node.is_comment() && self.comments);
            if instruction && behind_root {
                writer.out.push('\n');
            }
            writer.node(node, &Namespaces::new());
            if instruction && !behind_root {
                writer.out.push('\n');
            }
            behind_root |= node.is_element();
        }
        writer.out
    }

    /// An element with all below it, without the `left_out` one.
    pub(super) fn element<'a, 'i>(
        &self,
        element: Node<'a, 'i>,
        left_out: Option<Node<'a, 'i>>,
    ) -> String {
        let mut writer = self.writer(left_out);
        let mut attributes: Vec<Attribute<'a, 'i>> = element.attributes().collect();
        // What the elements above say of it, the nearest first (Canonical XML, clause 2.4).
        let above = element.ancestors().skip(1).filter(|_| !self.exclusive);
        for attribute in above.flat_map(|it| it.attributes()) {
            let same = |it: &Attribute<'_, '_>| {
                it.namespace() == Some(XML) && it.name() == attribute.name()
            };
            if attribute.namespace() == Some(XML) && !attributes.iter().any(same) {
                attributes.push(attribute);
            }
        }
        writer.element(element, &attributes, &Namespaces::new());
        writer.out
    }

    fn writer<'a, 'i>(&self, left_out: Option<Node<'a, 'i>>) -> Writer<'_, 'a, 'i> {
        Writer {
            method: self,
            left_out,
            out: String::new(),
        }
    }

    /// The prefixes whose namespaces are to be known at an element.
    fn wanted<'w>(
        &'w self,
        scope: &Namespaces<'w>,
        prefix: &'w str,
        attributes: &[Written<'w>],
    ) -> BTreeSet<&'w str> {
        if !self.exclusive {
            return scope.keys().copied().chain([""]).collect();
        }
        let of_attributes = attributes.iter().map(|it| prefix_of(it.name));
        let of_attributes = of_attributes.filter(|it| !it.is_empty() && *it != "xml");
        let always = self.prefixes.iter().map(String::as_str);
        of_attributes.chain(always).chain([prefix]).collect()
    }
}

/// An attribute as it is written. The order is that of the standard: by namespace, then by name.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Written<'a> {
    namespace: &'a str,
    local: &'a str,
    name: &'a str,
    value: &'a str,
}

struct Writer<'m, 'a, 'i> {
    method: &'m Method,
    left_out: Option<Node<'a, 'i>>,
    out: String,
}

impl<'a, 'i: 'a> Writer<'_, 'a, 'i> {
    /// Writes a node; `drawn` are the namespaces that stand written above it. The reader bounds the
    /// depth, and the namespaces in scope.
    fn node(&mut self, node: Node<'a, 'i>, drawn: &Namespaces<'a>) {
        match node.node_type() {
            NodeType::Element => {
                let own: Vec<_> = node.attributes().collect();
                self.element(node, &own, drawn);
            }
            NodeType::Text => escape(node.text().unwrap_or_default(), false, &mut self.out),
            NodeType::Comment if self.method.comments => {
                let text = unix(node.text().unwrap_or_default());
                self.out.extend(["<!--", &text, "-->"]);
            }
            NodeType::PI => {
                if let Some(instruction) = node.pi() {
                    self.out.extend(["<?", instruction.target]);
                    if let Some(value) = instruction.value.filter(|value| !value.is_empty()) {
                        self.out.extend([" ", &unix(value)]);
                    }
                    self.out.push_str("?>");
                }
            }
            NodeType::Comment | NodeType::Root => {}
        }
    }

    fn element(
        &mut self,
        node: Node<'a, 'i>,
        attributes: &[Attribute<'a, 'i>],
        drawn: &Namespaces<'a>,
    ) {
        if self.left_out == Some(node) {
            return;
        }
        let scope: Namespaces<'a> = node
            .namespaces()
            .filter(|it| it.uri() != XML)
            .map(|it| (it.name().unwrap_or_default(), it.uri()))
            .collect();
        let source = node.document().input_text();
        let name = name_at(source, node.range().start.saturating_add(1));
        let mut written: Vec<Written<'a>> = attributes
            .iter()
            .map(|it| Written {
                namespace: it.namespace().unwrap_or_default(),
                local: it.name(),
                name: name_at(source, it.range().start),
                value: it.value(),
            })
            .collect();
        written.sort();
        self.out.extend(["<", name]);
        let mut below = drawn.clone();
        for prefix in self.method.wanted(&scope, prefix_of(name), &written) {
            let uri = scope.get(prefix).copied().unwrap_or_default();
            if drawn.get(prefix).copied().unwrap_or_default() == uri {
                continue;
            }
            // The prefix as the document has it, which outlives the list of the method.
            let known = scope.get_key_value(prefix).map_or("", |(known, _)| known);
            below.insert(known, uri);
            let colon = if prefix.is_empty() { "" } else { ":" };
            self.out.extend([" xmlns", colon, prefix, "=\""]);
            escape(uri, true, &mut self.out);
            self.out.push('"');
        }
        for attribute in &written {
            self.out.extend([" ", attribute.name, "=\""]);
            escape(attribute.value, true, &mut self.out);
            self.out.push('"');
        }
        self.out.push('>');
        for child in node.children() {
            self.node(child, &below);
        }
        self.out.extend(["</", name, ">"]);
    }
}

/// The qualified name that begins at an octet of the document.
fn name_at(source: &str, at: usize) -> &str {
    let rest = source.get(at..).unwrap_or_default();
    let end = rest.find(|c: char| c.is_ascii_whitespace() || matches!(c, '=' | '/' | '>'));
    rest.get(..end.unwrap_or(rest.len())).unwrap_or_default()
}

fn prefix_of(name: &str) -> &str {
    name.split_once(':').map_or("", |(prefix, _)| prefix)
}

/// With line ends as XML reads them: the parser gives comments and instructions as they stand.
fn unix(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}

fn escape(text: &str, attribute: bool, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' if !attribute => out.push_str("&gt;"),
            '"' if attribute => out.push_str("&quot;"),
            '\t' if attribute => out.push_str("&#x9;"),
            '\n' if attribute => out.push_str("&#xA;"),
            '\r' => out.push_str("&#xD;"),
            c => out.push(c),
        }
    }
}
