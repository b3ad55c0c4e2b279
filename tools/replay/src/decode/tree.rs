//! A frame for human eyes.

use std::io::{self, Write};

use narrowcast_protocol::dmr::text::sanitize;
use serde_json::{Map, Value};

use super::Report;

/// Writes a frame as a tree. Nothing that came from a frame reaches the terminal raw.
pub(crate) fn write(out: &mut impl Write, report: &Report) -> io::Result<()> {
    if let Some(time) = &report.time {
        write!(out, "{time} ")?;
    }
    if let (Some(from), Some(to)) = (&report.from, &report.to) {
        write!(out, "{from} > {to} ")?;
    } else if let Some(direction) = report.direction {
        write!(out, "{direction} ")?;
    }
    level(out, report, 0)
}

fn clean(text: &str) -> String {
    sanitize(text).replace('\n', "\u{23CE}")
}

fn level(out: &mut impl Write, report: &Report, depth: usize) -> io::Result<()> {
    let pad = "  ".repeat(depth);
    write!(out, "{pad}{} {}", report.kind, report.pdu)?;
    if let Some(content) = report.content {
        write!(out, " {content}")?;
    }
    if let (Some(src), Some(dst)) = (report.src, report.dst) {
        let group = if report.group == Some(true) {
            "group "
        } else {
            ""
        };
        write!(out, " {src} -> {group}{dst}")?;
    }
    match (&report.error, report.check) {
        (Some(error), _) => write!(out, "  REFUSED: {}", clean(error))?,
        (None, Some(check)) => write!(out, "  ok ({check})")?,
        (None, None) => write!(out, "  ok")?,
    }
    if let Some(bits) = report.corrected_bits {
        write!(out, ", {bits} bits corrected")?;
    }
    writeln!(out)?;
    if let Some(text) = &report.text {
        let encoding = report.encoding.as_deref().unwrap_or_default();
        writeln!(out, "{pad}  text ({encoding}): {}", clean(text))?;
    }
    fields(out, &report.fields, depth + 1)?;
    if let Some(inner) = &report.inner {
        level(out, inner, depth + 1)?;
    } else if let Some(hex) = &report.hex {
        writeln!(out, "{pad}  bytes: {}", clean(hex))?;
    }
    Ok(())
}

fn fields(out: &mut impl Write, map: &Map<String, Value>, depth: usize) -> io::Result<()> {
    let pad = "  ".repeat(depth);
    for (name, value) in map {
        match value {
            Value::Object(inner) => match (inner.get("value"), inner.get("meaning")) {
                (Some(value), Some(Value::String(meaning))) => {
                    writeln!(out, "{pad}{name}: {value} {}", clean(meaning))?;
                }
                _ => {
                    writeln!(out, "{pad}{name}:")?;
                    fields(out, inner, depth + 1)?;
                }
            },
            Value::String(text) => writeln!(out, "{pad}{name}: {}", clean(text))?,
            other => writeln!(out, "{pad}{name}: {other}")?,
        }
    }
    Ok(())
}
