//! A frame as it is compared: its fields by path, without those that must differ.

use std::hash::{DefaultHasher, Hash, Hasher};

use narrowcast_protocol::dmr::fields::{Field, FieldValue};
use serde::Serialize;

use crate::decode::{self, Context, Kind, Report};
use crate::input::Raw;

/// Fields that say in raw bytes what others say better.
const SAID_ELSEWHERE: [&str; 1] = ["burst"];

/// A field that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Changed {
    /// Where it stands, as in `inner.src`.
    pub(crate) field: String,
    /// Absent fields are `None`.
    pub(crate) a: Option<String>,
    pub(crate) b: Option<String>,
}

/// One frame of a recording.
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    pub(crate) raw: Raw,
    kind: Option<&'static Kind>,
    /// Equal for frames that say the same.
    pub(super) content: u64,
    key: u64,
}

impl Frame {
    /// Compared with `everything`, or without what differs from one recording to the next.
    pub(crate) fn new(raw: Raw, kind: Option<&'static Kind>, everything: bool) -> Self {
        let report = decode::frame(&raw, kind, Context::default());
        Self {
            content: hash(&fields(&report, everything)),
            key: hash(&(report.kind, report.title())),
            raw,
            kind,
        }
    }

    pub(crate) fn report(&self) -> Report {
        decode::frame(&self.raw, self.kind, Context::default())
    }

    /// Equal for frames that are of the same sort.
    pub(crate) const fn key(&self) -> u64 {
        self.key
    }

    /// Whether both say the same.
    pub(crate) fn says_what(&self, other: &Self) -> bool {
        self.content == other.content
    }

    /// What differs between two frames, field by field.
    pub(crate) fn changes(&self, other: &Self, everything: bool) -> Vec<Changed> {
        let a = fields(&self.report(), everything);
        let b = fields(&other.report(), everything);
        let value = |of: &[(String, String)], path: &str| {
            let found = of.iter().find(|(field, _)| field == path);
            found.map(|(_, value)| value.clone())
        };
        let mut changed: Vec<Changed> = Vec::new();
        for (path, _) in a.iter().chain(&b) {
            let (of_a, of_b) = (value(&a, path), value(&b, path));
            if of_a != of_b && !changed.iter().any(|known| known.field == *path) {
                changed.push(Changed {
                    field: path.clone(),
                    a: of_a,
                    b: of_b,
                });
            }
        }
        // The bytes tell something only where no field does.
        if changed.iter().any(|change| !change.field.ends_with("hex")) {
            changed.retain(|change| !change.field.ends_with("hex"));
        }
        changed
    }

    /// The bytes that differ, as ranges of first and last.
    pub(crate) fn changed_bytes(&self, other: &Self) -> Vec<(usize, usize)> {
        let (a, b) = (&self.raw.bytes, &other.raw.bytes);
        let mut ranges: Vec<(usize, usize)> = Vec::new();
        for at in 0..a.len().max(b.len()) {
            if a.get(at) == b.get(at) {
                continue;
            }
            match ranges.last_mut() {
                Some((_, last)) if *last + 1 == at => *last = at,
                _ => ranges.push((at, at)),
            }
        }
        ranges
    }
}

fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// Every field by its path, in the order of the air.
fn fields(report: &Report, everything: bool) -> Vec<(String, String)> {
    let mut out = Vec::new();
    level(report, "", everything, &mut out);
    out
}

fn level(report: &Report, path: &str, everything: bool, out: &mut Vec<(String, String)>) {
    let mut put = |name: &str, value: String| out.push((format!("{path}{name}"), value));
    put("kind", report.kind.to_owned());
    put("pdu", report.title());
    if let Some(error) = &report.error {
        put("error", error.clone());
    }
    if let Some(bits) = report.corrected_bits {
        put("corrected_bits", bits.to_string());
    }
    let varying = Kind::named(report.kind).map_or([].as_slice(), |kind| kind.varying);
    let skip =
        |name: &str| SAID_ELSEWHERE.contains(&name) || (!everything && varying.contains(&name));
    tree(report.fields.as_slice(), path, &skip, out);
    if let Some(inner) = &report.inner {
        level(inner, &format!("{path}inner."), everything, out);
    }
    if let Some(hex) = &report.hex
        && report.inner.is_none()
        && (everything || varying.is_empty() || report.error.is_some())
    {
        out.push((format!("{path}hex"), hex.clone()));
    }
}

fn tree(list: &[Field], path: &str, skip: &impl Fn(&str) -> bool, out: &mut Vec<(String, String)>) {
    for (place, field) in list.iter().enumerate() {
        if skip(field.name) {
            continue;
        }
        let before = list.iter().take(place);
        let name = match before.filter(|other| other.name == field.name).count() {
            0 => format!("{path}{}", field.name),
            again => format!("{path}{}[{again}]", field.name),
        };
        match &field.value {
            FieldValue::Nested(inner) => tree(inner, &format!("{name}."), skip, out),
            value => out.push((name, value.to_string())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::hex_line;

    fn frame(hex: &str, everything: bool) -> Frame {
        let raw = hex_line(hex).unwrap();
        let kind = Kind::guess(&raw.bytes);
        Frame::new(raw, kind, everything)
    }

    fn preamble(repeater: u8, sequence: u8, stream: u8) -> String {
        let mut args = crate::encode::tests_args();
        args.kind = Kind::named("homebrew").unwrap();
        args.repeater = u32::from(repeater);
        let mut datagram = crate::encode::frames(&args).unwrap()[0].clone();
        datagram[4] = sequence;
        datagram[16] = stream;
        hex::encode(datagram)
    }

    #[test]
    fn stream_and_sequence_differ_only_if_asked() {
        let (a, b) = (preamble(1, 1, 1), preamble(1, 2, 9));
        assert!(frame(&a, false).says_what(&frame(&b, false)));
        let (a, b) = (frame(&a, true), frame(&b, true));
        assert!(!a.says_what(&b) && a.key() == b.key());
        let changes = a.changes(&b, true);
        let names: Vec<_> = changes.iter().map(|change| change.field.as_str()).collect();
        assert_eq!(names, ["sequence", "stream_id"]);
        assert_eq!(a.changed_bytes(&b), [(4, 4), (16, 16)]);
    }

    #[test]
    fn a_changed_field_is_named_with_both_values() {
        let (a, b) = (
            frame(&preamble(1, 1, 1), false),
            frame(&preamble(7, 1, 1), false),
        );
        let changes = a.changes(&b, false);
        assert_eq!(changes.len(), 1);
        assert_eq!(changes[0].field, "repeater_id");
        assert_eq!(changes[0].a.as_deref(), Some("1"));
        assert_eq!(changes[0].b.as_deref(), Some("7"));
    }
}
