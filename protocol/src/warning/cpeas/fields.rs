//! The elements below one element, by their local names, in any order.

use roxmltree::Node;

use super::element::Element;
use super::fault::{Faults, Rule, shown};
use super::values::Open;
use crate::warning::cap::MAX_TEXT;

/// The parts of a list with commas, ASCII or full-width: each once, empty ones vanish.
pub(super) fn list(text: &str, into: &mut Vec<String>) {
    let parts = text.split([',', '，']).map(str::trim);
    for part in parts.filter(|part| !part.is_empty()) {
        if !into.iter().any(|known| known == part) {
            into.push(part.to_owned());
        }
    }
}

/// An element whose children are read.
pub(super) struct Fields<'a, 'i, 'f> {
    node: Node<'a, 'i>,
    path: String,
    pub(super) faults: &'f mut Faults,
}

impl<'a, 'i, 'f> Fields<'a, 'i, 'f> {
    pub(super) fn new(node: Node<'a, 'i>, path: String, faults: &'f mut Faults) -> Self {
        for attribute in node.attributes() {
            let rule = Rule::Attribute(shown(attribute.name()));
            faults.add(path.clone(), Some(node), rule);
        }
        let texts = node
            .children()
            .filter_map(|child| child.text().filter(|_| child.is_text()));
        for text in texts.map(str::trim).filter(|text| !text.is_empty()) {
            faults.add(path.clone(), Some(node), Rule::StrayText(shown(text)));
        }
        Self { node, path, faults }
    }

    /// The path of a child.
    pub(super) fn path(&self, name: &str) -> String {
        if self.path.is_empty() {
            name.to_owned()
        } else {
            format!("{}/{name}", self.path)
        }
    }

    pub(super) fn fault(&mut self, name: &str, rule: Rule) {
        let node = self.nodes(name).next().unwrap_or(self.node);
        self.faults.add(self.path(name), Some(node), rule);
    }

    fn nodes<'n>(&self, name: &'n str) -> impl Iterator<Item = Node<'a, 'i>> + use<'a, 'i, 'n> {
        let elements = self.node.children().filter(Node::is_element);
        elements.filter(move |child| child.tag_name().name() == name)
    }

    /// The child of a name; a second one is noted.
    fn only(&mut self, name: &str) -> Option<Node<'a, 'i>> {
        let mut nodes = self.nodes(name);
        let first = nodes.next();
        if let Some(second) = nodes.next() {
            self.faults
                .add(self.path(name), Some(second), Rule::Repeated);
        }
        first
    }

    /// The text of an element in bounds; an empty one counts as absent.
    fn text(&mut self, path: String, node: Node<'a, 'i>) -> Option<String> {
        if node.children().any(|child| child.is_element()) {
            self.faults.add(path, Some(node), Rule::ElementInText);
            return None;
        }
        let texts = node.children().filter(Node::is_text);
        let text: String = texts.filter_map(|text| text.text()).collect();
        let text = text.trim();
        if text.len() > MAX_TEXT {
            let (what, most) = ("octets of text", MAX_TEXT);
            self.faults
                .add(path, Some(node), Rule::Limit { what, most });
            return None;
        }
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// An optional text.
    pub(super) fn option(&mut self, name: &str) -> Option<String> {
        let node = self.only(name)?;
        self.text(self.path(name), node)
    }

    /// A mandatory text; none is noted.
    pub(super) fn required(&mut self, name: &str) -> Option<String> {
        let text = self.option(name);
        if text.is_none() {
            self.fault(name, Rule::Missing);
        }
        text
    }

    /// What a text says; if it cannot be read, that is noted.
    pub(super) fn parsed<T>(
        &mut self,
        name: &str,
        text: Option<String>,
        parse: impl Fn(&str) -> Option<T>,
        rule: fn(String) -> Rule,
    ) -> Option<T> {
        let text = text?;
        let parsed = parse(&text);
        if parsed.is_none() {
            self.fault(name, rule(shown(&text)));
        }
        parsed
    }

    /// A value of an open set; one that is not known is noted and kept.
    pub(super) fn value<T: Open>(&mut self, name: &str, text: Option<String>) -> Option<T> {
        let text = text?;
        let value = T::of(&text);
        if !value.is_known() {
            let (value, known) = (shown(&text), T::names());
            self.fault(name, Rule::UnknownValue { value, known });
        } else if value.text() != text {
            let (found, known) = (shown(&text), value.text().to_owned());
            self.fault(name, Rule::Letters { found, known });
        }
        Some(value)
    }

    /// Every text of a name that is not empty, with its element and path.
    pub(super) fn texts(&mut self, name: &str) -> Vec<(String, Node<'a, 'i>, String)> {
        let mut found = Vec::new();
        for (at, node) in self.nodes(name).enumerate() {
            let path = self.path(&format!("{name}[{}]", at + 1));
            if let Some(text) = self.text(path.clone(), node) {
                found.push((path, node, text));
            }
        }
        found
    }

    /// A list with commas, over all elements of a name.
    pub(super) fn list(&mut self, name: &str, into: &mut Vec<String>) {
        self.texts(name)
            .iter()
            .for_each(|(.., text)| list(text, into));
    }

    /// Reads the child of a name, of which there is one at most.
    pub(super) fn child<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&mut Fields<'a, 'i, '_>) -> T,
    ) -> Option<T> {
        let node = self.only(name)?;
        let path = self.path(name);
        Some(read(&mut Fields::new(node, path, self.faults)))
    }

    /// Reads each child of a name; the first that cannot be read leaves none.
    pub(super) fn each<T>(
        &mut self,
        name: &str,
        read: impl Fn(&mut Fields<'a, 'i, '_>) -> Option<T>,
    ) -> Option<Vec<T>> {
        let nodes = self.nodes(name).enumerate();
        let read = nodes.map(|(at, node)| {
            let path = self.path(&format!("{name}[{}]", at + 1));
            read(&mut Fields::new(node, path, self.faults))
        });
        let read: Vec<Option<T>> = read.collect();
        read.into_iter().collect()
    }

    /// The children of no name that is known here, kept and noted.
    pub(super) fn unknown(&mut self, known: &[&str]) -> Vec<Element> {
        let mut found = Vec::new();
        for child in self.node.children().filter(Node::is_element) {
            let name = child.tag_name().name();
            if !known.contains(&name) {
                self.faults
                    .add(self.path(&shown(name)), Some(child), Rule::UnknownElement);
                found.push(Element::decode(child));
            }
        }
        found
    }
}
