//! `diff` and `convert`.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Args;
use narrowcast_hardware::capture::Direction;

use crate::decode::{self, Settings};
use crate::input::{self, Raw};

#[derive(Debug, Args)]
pub(crate) struct ConvertArgs {
    /// pcap, pcapng, or hex lines
    file: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct DiffArgs {
    /// The one
    a: PathBuf,
    /// The other
    b: PathBuf,
}

/// Writes a recording as an annotated hex log.
pub(crate) fn convert(args: &ConvertArgs) -> Result<ExitCode> {
    let mut out = io::stdout().lock();
    input::read(Some(&args.file), &mut |raw| {
        if let Some(why) = &raw.broken {
            bail!("{why}: {}", raw.given);
        }
        let at = raw.at.unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        let link = match raw.interface.as_str() {
            "" => "link".to_owned(),
            name => name.replace(char::is_whitespace, "_"),
        };
        let arrow = match raw.direction {
            Some(Direction::Outbound) => ">",
            Some(Direction::Inbound) => "<",
            None => "-",
        };
        let bytes: Vec<String> = raw.bytes.iter().map(|byte| format!("{byte:02X}")).collect();
        writeln!(out, "{at:.6} {link} {arrow} {}", bytes.join(" "))?;
        Ok(())
    })?;
    Ok(ExitCode::SUCCESS)
}

/// What makes two frames the same one: everything but salt, hash, stream and sequence.
fn key(raw: &Raw) -> String {
    let report = decode::frame(raw, &Settings::default());
    let mut hex = report.hex.clone().unwrap_or_default();
    if let (Some(inner), "homebrew") = (&report.inner, report.kind) {
        hex = inner.hex.clone().unwrap_or_default();
    } else if matches!(report.pdu, "RPTACK" | "RPTK") {
        hex.clear();
    }
    format!(
        "{} {} {:?} {:?} {:?} {hex}",
        report.kind, report.pdu, report.slot, report.src, report.dst
    )
}

fn keys(path: &Path) -> Result<Vec<String>> {
    let mut all = Vec::new();
    input::read(Some(path), &mut |raw| {
        all.push(key(&raw));
        Ok(())
    })?;
    Ok(all)
}

/// Compares two recordings frame by frame, whatever their timing.
pub(crate) fn diff(args: &DiffArgs) -> Result<ExitCode> {
    let (a, b) = (keys(&args.a)?, keys(&args.b)?);
    if a.is_empty() || b.is_empty() {
        bail!("a recording without a frame cannot be compared");
    }
    let mut out = io::stdout().lock();
    let mut equal = true;
    for (sign, of, other) in [("-", &a, &b), ("+", &b, &a)] {
        let mut left = other.clone();
        left.sort_unstable();
        let mut rest = std::collections::BTreeMap::<&str, usize>::new();
        for key in &left {
            *rest.entry(key).or_default() += 1;
        }
        for key in of {
            match rest.get_mut(key.as_str()) {
                Some(count) if *count > 0 => *count -= 1,
                _ => {
                    equal = false;
                    writeln!(out, "{sign} {key}")?;
                }
            }
        }
    }
    if equal && a != b {
        equal = false;
        writeln!(out, "the same frames in another order")?;
    }
    Ok(ExitCode::from(u8::from(!equal)))
}
