//! A frame for human eyes.

use std::io::{self, Write};

use jiff::Timestamp;
use narrowcast_protocol::dmr::fields::{Field, FieldValue};
use narrowcast_protocol::dmr::text::sanitize;

use super::Report;

/// Fields that the tree shows in another place.
const SHOWN_ELSEWHERE: [&str; 1] = ["burst"];
/// How the names of trunking messages begin.
const TRUNKING: [&str; 7] = ["C_", "P_", "TV_", "PV_", "TD_GRANT", "PD_GRANT", "BTV_"];
/// Bytes in a line of a dump.
const DUMP: usize = 16;

/// How frames are written, one after the other.
#[derive(Debug)]
pub(crate) struct Style {
    brief: bool,
    number: u64,
    before: Option<Timestamp>,
}

impl Style {
    /// One line per frame if `brief`, else trees.
    pub(crate) fn new(brief: bool) -> Self {
        Self {
            brief,
            number: 0,
            before: None,
        }
    }

    /// Passes over what is not wanted: frames keep their numbers.
    pub(crate) fn pass(&mut self, report: &Report) {
        self.number += u64::from(report.kind != "message");
    }

    /// Writes a frame. Nothing that came from a frame reaches the terminal raw.
    pub(crate) fn write(
        &mut self,
        out: &mut impl Write,
        report: &Report,
        at: Option<Timestamp>,
    ) -> io::Result<()> {
        let is_message = report.kind == "message";
        if !is_message {
            self.number += 1;
        }
        let mut place = if is_message {
            "    =>".to_owned()
        } else {
            format!("{:>5}.", self.number)
        };
        if let Some(at) = at {
            place += &format!(" {}", at.strftime("%Y-%m-%d %H:%M:%S%.6f"));
            if let Some(before) = self.before.replace(at)
                && !is_message
            {
                place += &format!(" ({:+.3} s)", at.duration_since(before).as_secs_f64());
            }
        }
        place += &way(report);
        if self.brief {
            return writeln!(out, "{place} {}", summary(report));
        }
        writeln!(out, "{place}")?;
        level(out, report, 1)?;
        writeln!(out)
    }
}

fn way(report: &Report) -> String {
    let mut way = String::new();
    // A number is what readers call an interface without a name.
    let named = |link: &&String| !link.bytes().all(|byte| byte.is_ascii_digit());
    if let Some(link) = report.link.as_ref().filter(named) {
        way += &format!(" {}", clean(link));
    }
    if let Some(direction) = report.direction {
        way += &format!(" {direction}");
    }
    if let (Some(from), Some(to)) = (&report.from, &report.to) {
        way += &format!(" {from} > {to}");
    }
    if let Some(offset) = report.offset {
        way += &format!(" @{offset}");
    }
    way
}

/// What a frame is, and from whom for whom.
pub(crate) fn subject(report: &Report) -> String {
    let mut subject = format!("{} {}", report.kind, report.title());
    if let Some((src, group, dst)) = parties(report) {
        let group = if group { "group " } else { "" };
        subject += &format!(" {src} -> {group}{dst}");
    }
    if let Some((from, to)) = &report.parties {
        subject += &format!(" {} -> {}", clean(from), clean(to));
    }
    if let Some(slot) = report.slot {
        subject += &format!(", slot {slot}");
    }
    if let Some(text) = &report.text {
        subject += &format!(" \"{}\"", clean(text));
    }
    subject
}

fn parties(report: &Report) -> Option<(u32, bool, u32)> {
    match (report.src, report.dst, &report.inner) {
        (Some(src), Some(dst), _) => Some((src, report.group == Some(true), dst)),
        (_, _, Some(inner)) => parties(inner),
        _ => None,
    }
}

/// A frame in one line: what it is, and whether it is sound down to what it carries.
pub(crate) fn summary(report: &Report) -> String {
    let verdict = match report.inner.as_deref() {
        Some(inner) if report.ok => verdict(inner),
        _ => verdict(report),
    };
    format!("{}{}: {verdict}", subject(report), details(report))
}

/// What a trunking message says beside its name and addresses.
fn details(report: &Report) -> String {
    /// Said by the name, the same for all, or for machines.
    const LEFT_OUT: [&str; 13] = [
        "count",
        "opcode",
        "uuid",
        "timestamp",
        "sync",
        "color_code",
        "data_type",
        "info",
        "csbko",
        "fid",
        "source",
        "destination",
        "target",
    ];
    let mut layer = report;
    while let Some(inner) = &layer.inner {
        layer = inner;
    }
    let is_trunking = match layer.content {
        Some(name) => layer.pdu == "DMRT" || TRUNKING.iter().any(|head| name.starts_with(head)),
        None => TRUNKING.iter().any(|head| layer.pdu.starts_with(head)),
    };
    let mut said = String::new();
    for field in layer.fields.as_slice().iter().filter(|_| is_trunking) {
        let value = match &field.value {
            // What is not set says nothing.
            FieldValue::Flag(false) => continue,
            FieldValue::Flag(true) => String::new(),
            FieldValue::Coded { meaning, .. } => format!("={meaning}"),
            FieldValue::Number { value, .. } => format!("={value}"),
            FieldValue::Text(text) => format!("={text}"),
            FieldValue::Bytes(_) | FieldValue::Nested(_) => continue,
        };
        if !LEFT_OUT.contains(&field.name) && !field.name.starts_with("reserved") {
            said += &format!(" {}{}", field.name, clean(&value));
        }
    }
    said
}

fn verdict(report: &Report) -> String {
    let mut verdict = match (&report.error, report.check) {
        // Of a packet it is said what is wrong; no frame is refused for it.
        (Some(error), _) if report.kind == "message" => clean(error),
        (Some(error), _) => format!("REFUSED: {}", clean(error)),
        (None, Some("none")) => "nothing to check".to_owned(),
        (None, Some(check)) => format!("ok ({check})"),
        (None, None) => "ok".to_owned(),
    };
    if let Some(note) = &report.note {
        verdict += &format!(" ({})", clean(note));
    }
    match report.corrected_bits {
        None => {}
        Some(0) => verdict += ", no bit wrong",
        Some(1) => verdict += ", 1 bit corrected",
        Some(bits) => verdict += &format!(", {bits} bits corrected"),
    }
    verdict
}

fn clean(text: &str) -> String {
    sanitize(text).replace('\n', "\u{23CE}")
}

fn level(out: &mut impl Write, report: &Report, depth: usize) -> io::Result<()> {
    let pad = "  ".repeat(depth);
    let name = match report.content {
        Some(content) => format!("{} {content}", report.pdu),
        None => report.pdu.to_owned(),
    };
    writeln!(out, "{pad}{} {name}: {}", report.kind, verdict(report))?;
    if let Some(text) = &report.text {
        let encoding = report.encoding.as_deref().unwrap_or_default();
        writeln!(out, "{pad}  text ({encoding}): {}", clean(text))?;
        if let Some((src, group, dst)) = parties(report) {
            let group = if group { "group " } else { "" };
            writeln!(out, "{pad}  {src} -> {group}{dst}")?;
        }
    }
    fields(out, report.fields.as_slice(), depth + 1)?;
    if let Some(inner) = &report.inner {
        level(out, inner, depth + 1)?;
    }
    match &report.hex {
        Some(hex) if depth == 1 => dump(out, hex, &pad),
        _ => Ok(()),
    }
}

fn fields(out: &mut impl Write, list: &[Field], depth: usize) -> io::Result<()> {
    let pad = "  ".repeat(depth);
    let shown = |field: &&Field| !SHOWN_ELSEWHERE.contains(&field.name);
    for field in list.iter().filter(shown) {
        match &field.value {
            FieldValue::Nested(inner) => {
                writeln!(out, "{pad}{}:", field.name)?;
                fields(out, inner, depth + 1)?;
            }
            value => writeln!(out, "{pad}{}: {}", field.name, clean(&value.to_string()))?,
        }
    }
    Ok(())
}

/// The bytes with their offsets, as hex and as text; what was no hex as it was given.
fn dump(out: &mut impl Write, hex: &str, pad: &str) -> io::Result<()> {
    let Ok(bytes) = hex::decode(hex) else {
        return writeln!(out, "{pad}  given: {}", clean(hex));
    };
    for (line, chunk) in bytes.chunks(DUMP).enumerate() {
        let digits: Vec<String> = chunk.iter().map(|byte| format!("{byte:02x}")).collect();
        let text: String = chunk
            .iter()
            .map(|byte| match byte {
                b' '..=b'~' => char::from(*byte),
                _ => '.',
            })
            .collect();
        let (offset, width) = (line * DUMP, DUMP * 3 - 1);
        writeln!(
            out,
            "{pad}  {offset:04x}: {:<width$}  |{text}|",
            digits.join(" ")
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(report: &Report, brief: bool) -> String {
        let mut out = Vec::new();
        Style::new(brief).write(&mut out, report, None).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn control_characters_of_a_frame_do_not_reach_the_terminal() {
        let mut report = Report::new("homebrew", b"RPTO\x1b[2J");
        report.pdu = "RPTO";
        report.add(&[Field::text("options", "\x1b[2J\u{202E}x")]);
        report.text = Some("a\r\n\x07b".to_owned());
        for brief in [false, true] {
            let text = shown(&report, brief);
            let bad = |c: char| (c.is_control() && c != '\n') || c == '\u{202E}';
            assert!(!text.contains(bad), "{text:?}");
        }
    }

    #[test]
    fn a_refusal_and_corrected_bits_are_told() {
        let mut report = Report::new("dmr-burst", &[0; 17]);
        report.pdu = "CSBK";
        report.corrected_bits = Some(3);
        report.fail("CRC-CCITT is 0000, computed 1234");
        let text = shown(&report, false);
        assert!(text.contains("REFUSED: CRC-CCITT is 0000"), "{text}");
        assert!(text.contains("3 bits corrected"), "{text}");
        assert!(text.contains("0010: 00"), "{text}");
        assert_eq!(shown(&report, true).lines().count(), 1);
    }
}
