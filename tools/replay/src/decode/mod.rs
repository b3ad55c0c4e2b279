//! `decode`: what every frame says.

mod burst;
mod csbk;
mod homebrew;
mod messages;
mod mmdvm;
mod report;
mod tree;

use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use clap::ValueEnum;

use crate::input::{self, Raw};

pub(crate) use messages::Messages;
pub(crate) use report::Report;

/// A family of frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// Datagrams of the Homebrew protocol
    Homebrew,
    /// E0 frames of an MMDVM modem
    Mmdvm,
    /// DMR bursts of 33 bytes
    DmrBurst,
    /// DMR control signalling blocks of 12 bytes
    DmrCsbk,
}

impl Kind {
    /// As it stands in the output and behind `--as`.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Homebrew => "homebrew",
            Self::Mmdvm => "mmdvm",
            Self::DmrBurst => "dmr-burst",
            Self::DmrCsbk => "dmr-csbk",
        }
    }

    /// What `bytes` most likely are.
    pub(crate) fn guess(bytes: &[u8]) -> Option<Self> {
        let begins = |names: &[&[u8]]| names.iter().any(|name| bytes.starts_with(name));
        if begins(&[b"DMRD", b"RPT", b"MST", b"DMRA", b"DMRG"]) {
            return Some(Self::Homebrew);
        }
        match (bytes.first(), bytes.len()) {
            (_, 33) => Some(Self::DmrBurst),
            (Some(0xE0), length) if length != 12 || bytes.get(1) == Some(&12) => Some(Self::Mmdvm),
            (_, 12) => Some(Self::DmrCsbk),
            _ => None,
        }
    }
}

/// How to decode and show.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Settings {
    pub(crate) json: bool,
    pub(crate) kind: Option<Kind>,
    pub(crate) reassemble: bool,
    pub(crate) trunked: bool,
}

/// What one frame says.
pub(crate) fn frame(raw: &Raw, settings: &Settings) -> Report {
    let kind = settings.kind.or_else(|| Kind::guess(&raw.bytes));
    let name = kind.map_or("unknown", Kind::name);
    if let Some(why) = &raw.broken {
        return Report::refused(name, raw.given.clone(), why.clone());
    }
    match kind {
        Some(Kind::Homebrew) => homebrew::read(&raw.bytes, settings.trunked),
        Some(Kind::Mmdvm) => mmdvm::read(&raw.bytes, raw.direction, settings.trunked),
        Some(Kind::DmrBurst) => burst::read(&raw.bytes, settings.trunked),
        Some(Kind::DmrCsbk) => csbk::read(&raw.bytes, settings.trunked),
        None => Report::refused(
            name,
            hex::encode(&raw.bytes),
            "no known family of frames; name it with --as".to_owned(),
        ),
    }
}

/// Decodes everything in `file`. The exit status is 0 when all of it was read.
pub(crate) fn run(file: Option<&Path>, settings: &Settings) -> Result<ExitCode> {
    let mut out = BufWriter::new(io::stdout().lock());
    let mut streams = mmdvm::Streams::default();
    let mut messages = Messages::default();
    let mut show = |raw: &Raw| -> Result<()> {
        let mut report = frame(raw, settings);
        report.place(raw);
        put(&mut out, settings, &report)?;
        if settings.reassemble {
            for message in messages.push(raw, &report) {
                put(&mut out, settings, &message)?;
            }
        }
        Ok(())
    };
    let result = input::read(file, &mut |raw| {
        let guessed = settings.kind.or_else(|| Kind::guess(&raw.bytes));
        if raw.stream && raw.at.is_some() && matches!(guessed, None | Some(Kind::Mmdvm)) {
            streams.frames(raw).iter().try_for_each(&mut show)
        } else {
            show(&raw)
        }
    });
    match result.and_then(|()| Ok(out.flush()?)) {
        Err(error) if is_broken_pipe(&error) => Ok(ExitCode::SUCCESS),
        Err(error) => Err(error),
        Ok(()) => Ok(ExitCode::SUCCESS),
    }
}

/// Whoever read the output has seen enough.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<io::Error>()
        .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

fn put(out: &mut impl Write, settings: &Settings, report: &Report) -> Result<()> {
    if settings.json {
        let line = serde_json::to_string(report)?;
        writeln!(out, "{line}")?;
    } else {
        tree::write(out, report)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(kind: Kind, line: &str) -> Report {
        let settings = Settings {
            kind: Some(kind),
            ..Settings::default()
        };
        frame(&input::hex_line(line).unwrap(), &settings)
    }

    #[test]
    fn a_preamble_in_a_dmrd_is_read_on_both_layers() {
        let line = "444d52440223383b2338630006690f632e40c70153df0a83b7a8282c2509625014fdff57d75df5dcadde429028c87ae3341e24191c003c";
        let report = one(Kind::Homebrew, line);
        assert_eq!((report.ok, report.pdu), (true, "DMRD"));
        assert_eq!(
            (report.src, report.dst, report.slot),
            (Some(2_308_155), Some(2_308_195), Some(1))
        );
        let inner = report.inner.unwrap();
        assert_eq!(
            (inner.ok, inner.pdu, inner.opcode),
            (true, "CSBK", Some(0x3D))
        );
        assert_eq!((inner.color_code, inner.corrected_bits), (Some(5), Some(0)));
    }

    #[test]
    fn a_wrong_crc_inside_refuses_the_burst_and_not_the_datagram() {
        let mut args = crate::encode::tests_args();
        args.kind = Kind::Homebrew;
        let frames = crate::encode::frames(&args).unwrap();
        let mut datagram = frames.first().unwrap().clone();
        // A whole other info field: the code repairs it to other octets or gives up.
        datagram[20..32].fill(0x5A);
        let report = one(Kind::Homebrew, &hex::encode(datagram));
        assert!(report.ok);
        let inner = report.inner.unwrap();
        assert!(!inner.ok && inner.error.is_some());
    }

    #[test]
    fn a_csbk_with_a_wrong_bit_is_refused_and_a_broken_line_given_back() {
        let report = one(Kind::DmrCsbk, "bd00801d23386323383b5889");
        assert_eq!((report.ok, report.opcode), (true, Some(0x3D)));
        assert_eq!(report.src, Some(2_308_155));
        assert!(!one(Kind::DmrCsbk, "bd00801d23386323383b5888").ok);
        let broken = one(Kind::DmrCsbk, "bd0 zz");
        assert_eq!((broken.ok, broken.hex.as_deref()), (false, Some("bd0 zz")));
    }
}
