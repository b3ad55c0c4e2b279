//! The schema of CAP 1.2 (`CAP-v1.2.xsd`) as a table, and the walk that holds a document
//! against it.

use roxmltree::Node;

use super::fault::{Faults, Rule, shown};
use super::simple;
use super::values::{Category, Certainty, MsgType, ResponseType, Scope, Severity, Status, Urgency};
use super::{SIGNATURE_NAMESPACE, Version};
use crate::warning::xml::Strictness;

/// Attributes of this namespace may stand on every element.
const INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// How often an element stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Occurs {
    One,
    Optional,
    Any,
    OneOrMore,
}

/// What an element holds.
#[derive(Debug, Clone, Copy)]
enum Content {
    Text,
    Values(&'static [&'static str]),
    /// `certainty`, which had one value more in older documents.
    Certainty,
    Time,
    Language,
    Uri,
    Integer,
    Decimal,
    Parts(&'static [Part]),
}

/// An element of a sequence.
#[derive(Debug, Clone, Copy)]
struct Part {
    name: &'static str,
    occurs: Occurs,
    content: Content,
}

const fn part(name: &'static str, occurs: Occurs, content: Content) -> Part {
    Part {
        name,
        occurs,
        content,
    }
}

use Content::{Decimal, Integer, Language, Parts, Text, Time, Uri, Values};
use Occurs::{Any, One, OneOrMore, Optional};

const ALERT: &[Part] = &[
    part("identifier", One, Text),
    part("sender", One, Text),
    part("sent", One, Time),
    part("status", One, Values(Status::NAMES)),
    part("msgType", One, Values(MsgType::NAMES)),
    part("source", Optional, Text),
    part("scope", One, Values(Scope::NAMES)),
    part("restriction", Optional, Text),
    part("addresses", Optional, Text),
    part("code", Any, Text),
    part("note", Optional, Text),
    part("references", Optional, Text),
    part("incidents", Optional, Text),
    part("info", Any, Parts(INFO)),
];

const INFO: &[Part] = &[
    part("language", Optional, Language),
    part("category", OneOrMore, Values(Category::NAMES)),
    part("event", One, Text),
    part("responseType", Any, Values(ResponseType::NAMES)),
    part("urgency", One, Values(Urgency::NAMES)),
    part("severity", One, Values(Severity::NAMES)),
    part("certainty", One, Content::Certainty),
    part("audience", Optional, Text),
    part("eventCode", Any, Parts(NAMED)),
    part("effective", Optional, Time),
    part("onset", Optional, Time),
    part("expires", Optional, Time),
    part("senderName", Optional, Text),
    part("headline", Optional, Text),
    part("description", Optional, Text),
    part("instruction", Optional, Text),
    part("web", Optional, Uri),
    part("contact", Optional, Text),
    part("parameter", Any, Parts(NAMED)),
    part("resource", Any, Parts(RESOURCE)),
    part("area", Any, Parts(AREA)),
];

const RESOURCE: &[Part] = &[
    part("resourceDesc", One, Text),
    part("mimeType", One, Text),
    part("size", Optional, Integer),
    part("uri", Optional, Uri),
    part("derefUri", Optional, Text),
    part("digest", Optional, Text),
];

const AREA: &[Part] = &[
    part("areaDesc", One, Text),
    part("polygon", Any, Text),
    part("circle", Any, Text),
    part("geocode", Any, Parts(NAMED)),
    part("altitude", Optional, Decimal),
    part("ceiling", Optional, Decimal),
];

const NAMED: &[Part] = &[part("valueName", One, Text), part("value", One, Text)];

/// Holds an `alert` against the schema. The nesting of the table bounds the recursion.
pub(super) fn check(
    alert: Node<'_, '_>,
    version: Version,
    strictness: Strictness,
    faults: &mut Faults,
) {
    let mut walk = Walk {
        version,
        strictness,
        faults,
    };
    if version == Version::V1_1 {
        let at = Some(alert.range().start);
        walk.faults.add(at, String::new(), Rule::Version11, false);
    }
    walk.sequence(alert, "", ALERT);
}

struct Walk<'f> {
    version: Version,
    strictness: Strictness,
    faults: &'f mut Faults,
}

impl Walk<'_> {
    fn fault(&mut self, node: Node<'_, '_>, path: &str, rule: Rule) {
        let at = Some(node.range().start);
        self.faults.add(at, path.to_owned(), rule, true);
    }

    fn sequence(&mut self, parent: Node<'_, '_>, path: &str, parts: &'static [Part]) {
        self.attributes(parent, path);
        let mut counts = vec![0_usize; parts.len()];
        // The place in the table that the elements have come to; signatures are behind its end.
        let (mut last, mut signed) = (0, false);
        for child in parent.children() {
            if child.is_text() {
                let text = child.text().unwrap_or_default();
                if !text.chars().all(simple::is_space) {
                    self.fault(child, path, Rule::StrayText(shown(text.trim())));
                }
                continue;
            }
            if !child.is_element() {
                continue;
            }
            let namespace = child.tag_name().namespace().unwrap_or_default();
            let name = child.tag_name().name();
            if path.is_empty() && namespace == SIGNATURE_NAMESPACE {
                signed = true;
                continue;
            }
            let place = parts.iter().position(|part| part.name == name);
            let (Some(place), true) = (place, namespace == self.version.namespace()) else {
                let namespace = shown(namespace);
                self.fault(
                    child,
                    &join(path, &shown(name)),
                    Rule::Unexpected { namespace },
                );
                continue;
            };
            let (Some(part), Some(count)) = (parts.get(place), counts.get_mut(place)) else {
                continue;
            };
            *count += 1;
            let count = *count;
            let repeats = matches!(part.occurs, Any | OneOrMore);
            let below = if repeats {
                join(path, &format!("{name}[{count}]"))
            } else {
                join(path, name)
            };
            if signed {
                self.fault(
                    child,
                    &below,
                    Rule::Order {
                        behind: "Signature",
                    },
                );
            } else if place < last {
                let behind = parts.get(last).map_or("", |part| part.name);
                self.fault(child, &below, Rule::Order { behind });
            } else {
                last = place;
            }
            if count > 1 && !repeats {
                self.fault(child, &below, Rule::Repeated);
            }
            match part.content {
                Parts(parts) => self.sequence(child, &below, parts),
                content => self.simple(child, &below, content),
            }
        }
        for (part, count) in parts.iter().zip(counts) {
            if count == 0 && matches!(part.occurs, One | OneOrMore) {
                self.fault(parent, &join(path, part.name), Rule::Missing);
            }
        }
    }

    fn attributes(&mut self, node: Node<'_, '_>, path: &str) {
        for attribute in node.attributes() {
            let hint = matches!(
                attribute.name(),
                "schemaLocation" | "noNamespaceSchemaLocation"
            );
            if !(hint && attribute.namespace() == Some(INSTANCE)) {
                self.fault(node, path, Rule::Attribute(shown(attribute.name())));
            }
        }
    }

    fn simple(&mut self, node: Node<'_, '_>, path: &str, content: Content) {
        self.attributes(node, path);
        if node.children().any(|child| child.is_element()) {
            self.fault(node, path, Rule::ElementInText);
            return;
        }
        let raw = text(node);
        let value = raw.trim_matches(simple::is_space);
        let at = Some(node.range().start);
        let refuse = |holds: bool, rule: fn(String) -> Rule| (!holds).then(|| rule(shown(value)));
        let rule = match content {
            Text | Parts(_) => None,
            Values(allowed) => return self.value(node, path, &raw, allowed),
            Content::Certainty if self.version == Version::V1_1 && value == "Very Likely" => None,
            Content::Certainty => return self.value(node, path, &raw, Certainty::NAMES),
            Time if simple::is_time(value) => None,
            Time => {
                let read = super::Time::parse_lenient(value).is_some();
                let forgiven = read && self.strictness == Strictness::Lenient;
                let rule = Rule::Time(shown(value));
                return self.faults.add(at, path.to_owned(), rule, !forgiven);
            }
            // Nothing at all is the default of the schema, en-US.
            Language => refuse(raw.is_empty() || simple::is_language(value), Rule::Language),
            Uri => refuse(simple::is_uri(value), Rule::Uri),
            Integer => refuse(simple::is_integer(value), Rule::Integer),
            Decimal => refuse(simple::is_decimal(value), Rule::Decimal),
        };
        if let Some(rule) = rule {
            self.fault(node, path, rule);
        }
    }

    /// White space counts in a value set: it is not valid, and is read all the same.
    fn value(
        &mut self,
        node: Node<'_, '_>,
        path: &str,
        raw: &str,
        allowed: &'static [&'static str],
    ) {
        let value = raw.trim();
        if !allowed.contains(&value) {
            let value = shown(value);
            self.fault(node, path, Rule::Value { value, allowed });
        } else if value.len() != raw.len() {
            let at = Some(node.range().start);
            let rule = Rule::Spaces(shown(value));
            self.faults.add(at, path.to_owned(), rule, false);
        }
    }
}

/// The whole text of an element, comments left out.
pub(super) fn text(node: Node<'_, '_>) -> String {
    let texts = node.children().filter(|child| child.is_text());
    texts.filter_map(|text| text.text()).collect()
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}/{name}")
    }
}
