//! One walk over the markup before a tree is built, with a counter for the depth: no nesting,
//! number of attributes or namespaces, and no document type reaches the parser that could cost
//! more than the document's length. The parser lists the namespaces in scope of every element
//! that declares one, and compares them in pairs.

use super::error::XmlError;
use super::limits::{MAX_ATTRIBUTES, MAX_DEPTH, MAX_NAMESPACES, MAX_NODES};

/// Walks the markup. What is malformed in other ways is left to the parser.
pub(super) fn check(text: &str) -> Result<(), XmlError> {
    let (mut rest, mut depth, mut nodes) = (text, 0_u32, 0_u32);
    // How many namespaces each open element has declared.
    let mut declared: Vec<u32> = Vec::new();
    let line = |rest: &str| {
        let before = text.len().saturating_sub(rest.len());
        let breaks = text.bytes().take(before).filter(|octet| *octet == b'\n');
        u32::try_from(breaks.count()).map_or(u32::MAX, |breaks| breaks.saturating_add(1))
    };
    while let Some((_, markup)) = rest.split_once('<') {
        nodes += 1;
        if nodes > MAX_NODES {
            return Err(XmlError::TooManyNodes);
        }
        let skipped = if let Some(comment) = markup.strip_prefix("!--") {
            behind(comment, "-->")
        } else if let Some(data) = markup.strip_prefix("![CDATA[") {
            behind(data, "]]>")
        } else if let Some(instruction) = markup.strip_prefix('?') {
            behind(instruction, "?>")
        } else if markup.starts_with('!') {
            return Err(XmlError::DocumentType { line: line(markup) });
        } else if let Some(end) = markup.strip_prefix('/') {
            depth = depth.saturating_sub(1);
            declared.pop();
            behind(end, ">")
        } else {
            let Some(tag) = tag(markup) else {
                return Ok(());
            };
            if tag.attributes > MAX_ATTRIBUTES {
                return Err(XmlError::TooManyAttributes { line: line(markup) });
            }
            // An empty element stands one deeper, too.
            if depth >= MAX_DEPTH {
                return Err(XmlError::TooDeep { line: line(markup) });
            }
            // At most as many summands as the depth, each at most the number of attributes.
            let above: u32 = declared.iter().sum();
            if above.saturating_add(tag.namespaces) > MAX_NAMESPACES {
                return Err(XmlError::TooManyNamespaces { line: line(markup) });
            }
            if !tag.empty {
                depth += 1;
                declared.push(tag.namespaces);
            }
            Some(tag.rest)
        };
        let Some(behind) = skipped else {
            return Ok(());
        };
        rest = behind;
    }
    Ok(())
}

/// What stands behind the end of a comment, a section or an instruction.
fn behind<'a>(text: &'a str, end: &str) -> Option<&'a str> {
    text.split_once(end).map(|(_, rest)| rest)
}

/// A start tag, read as far as it matters here.
struct Tag<'a> {
    attributes: u32,
    /// Of the attributes, those that declare a namespace.
    namespaces: u32,
    empty: bool,
    rest: &'a str,
}

/// Reads to the `>` that is not inside quotes.
fn tag(markup: &str) -> Option<Tag<'_>> {
    let (mut quote, mut attributes, mut last) = (None, 0_u32, ' ');
    let (mut namespaces, mut name_at) = (0_u32, 0);
    for (at, c) in markup.char_indices() {
        match quote {
            Some(open) if open == c => {
                quote = None;
                name_at = at.saturating_add(1);
            }
            Some(_) => {}
            None if matches!(c, '"' | '\'') => quote = Some(c),
            None if c == '=' => {
                attributes = attributes.saturating_add(1);
                let name = markup.get(name_at..at).unwrap_or_default().trim();
                // The first attribute stands behind the element's name.
                let name = name.rsplit(char::is_whitespace).next();
                let declares = name.is_some_and(|name| name.starts_with("xmlns"));
                namespaces = namespaces.saturating_add(u32::from(declares));
            }
            None if c == '>' => {
                let rest = markup.get(at.saturating_add(1)..)?;
                let empty = last == '/';
                return Some(Tag {
                    attributes,
                    namespaces,
                    empty,
                    rest,
                });
            }
            None => {}
        }
        last = c;
    }
    None
}
