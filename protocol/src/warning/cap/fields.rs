//! The elements below one element, by their names, as the types read them.

use roxmltree::Node;

use super::Time;
use super::fault::{Faults, Rule};
use super::schema::text;
use super::simple;

/// Most octets of one text, but for the content of a resource.
pub const MAX_TEXT: usize = 64 << 10;

/// An element whose children are read.
pub(super) struct Fields<'a, 'i, 'f> {
    node: Node<'a, 'i>,
    path: String,
    pub(super) faults: &'f mut Faults,
}

impl<'a, 'i, 'f> Fields<'a, 'i, 'f> {
    pub(super) fn new(node: Node<'a, 'i>, path: String, faults: &'f mut Faults) -> Self {
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

    /// The children of a name, in order. What has another namespace is against the schema, and
    /// then nothing is read.
    fn nodes(&self, name: &'static str) -> impl Iterator<Item = Node<'a, 'i>> + use<'a, 'i> {
        let of_name = move |child: &Node<'_, '_>| child.tag_name().name() == name;
        self.node
            .children()
            .filter(|child| child.is_element())
            .filter(of_name)
    }

    /// The text of the only child of a name; none if it is absent.
    pub(super) fn raw(&self, name: &'static str) -> Option<String> {
        self.nodes(name)
            .next()
            .map(|node| text(node).trim().to_owned())
    }

    fn bounded(&mut self, path: String, text: String) -> String {
        if text.len() > MAX_TEXT {
            let what = "octets of text";
            let most = MAX_TEXT;
            self.faults.fatal(path, Rule::Limit { what, most });
            return String::new();
        }
        text
    }

    /// An optional text; an empty one counts as absent.
    pub(super) fn option(&mut self, name: &'static str) -> Option<String> {
        let text = self.raw(name)?;
        let text = self.bounded(self.path(name), text);
        Some(text).filter(|text| !text.is_empty())
    }

    /// A mandatory text.
    pub(super) fn text(&mut self, name: &'static str) -> String {
        let text = self.option(name).unwrap_or_default();
        if text.is_empty() {
            self.faults.note(self.path(name), Rule::Empty);
        }
        text
    }

    /// A mandatory text that may be empty.
    pub(super) fn value(&mut self, name: &'static str) -> String {
        self.option(name).unwrap_or_default()
    }

    /// Every text of a name with its path; empty ones are noted and left out.
    pub(super) fn texts(&mut self, name: &'static str) -> Vec<(String, String)> {
        let mut found = Vec::new();
        for (at, node) in self.nodes(name).enumerate() {
            let path = self.path(&format!("{name}[{}]", at + 1));
            let text = self.bounded(path.clone(), text(node).trim().to_owned());
            if text.is_empty() {
                self.faults.note(path, Rule::Blank);
            } else {
                found.push((path, text));
            }
        }
        found
    }

    /// An optional time.
    pub(super) fn time(&self, name: &'static str) -> Option<Time> {
        // The walk over the schema has said whether this was right.
        Time::parse_lenient(&self.raw(name)?)
    }

    /// An optional decimal number.
    pub(super) fn decimal(&self, name: &'static str) -> Option<f64> {
        // The walk over the schema has said whether this was right.
        simple::decimal(&self.raw(name)?)
    }

    /// Reads each child of a name; the first that cannot be read leaves none.
    pub(super) fn each<T>(
        &mut self,
        name: &'static str,
        read: impl Fn(&mut Fields<'a, 'i, '_>) -> Option<T>,
    ) -> Option<Vec<T>> {
        let mut found = Vec::new();
        for (at, node) in self.nodes(name).enumerate() {
            let path = self.path(&format!("{name}[{}]", at + 1));
            found.push(read(&mut Fields::new(node, path, self.faults))?);
        }
        Some(found)
    }
}
