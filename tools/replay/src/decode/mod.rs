//! `decode`: what every frame says.

mod fields;
pub(crate) mod kind;
mod kinds;
mod marks;
mod messages;
mod packets;
mod report;
pub(crate) mod secrets;
mod sms_texts;
mod stats;
mod stream;
mod tree;

use std::collections::BTreeMap;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use narrowcast_protocol::sms::cmpp::Version;

use crate::filter::{Filter, Sieve};
use crate::input::{self, Raw};
use sms_texts::SmsTexts;
use stats::Stats;
use stream::Streams;
use tree::Style;

pub(crate) use kind::{Context, Kind, Station};
pub(crate) use messages::Messages;
pub(crate) use report::Report;
pub(crate) use stream::Part;
pub(crate) use tree::{subject, summary};

/// Conversations whose version of CMPP is remembered.
const MOST_CONVERSATIONS: usize = 4_096;

#[derive(Debug, Args)]
pub(crate) struct DecodeArgs {
    /// One JSON object per frame instead of trees
    #[arg(long)]
    json: bool,
    /// One line per frame instead of trees
    #[arg(long, conflicts_with = "json")]
    brief: bool,
    /// What the frames are; guessed from each frame when left out. Of TCP, the first bytes and
    /// the ports tell: 2775 is SMPP, 7890 and 7891 are CMPP
    #[arg(long = "as", value_name = "KIND", value_parser = kind::parser())]
    kind: Option<&'static Kind>,
    /// Also put text messages together, and say which packets or parts stayed missing and why
    #[arg(long)]
    reassemble: bool,
    /// Read the CSBKs of base stations as those of a trunked control channel
    #[arg(long)]
    tier3: bool,
    /// Show passwords and proofs of log-ins to SMS centres
    #[arg(long)]
    secrets: bool,
    /// What the recording holds, counted, instead of its frames
    #[arg(long, conflicts_with = "brief")]
    stats: bool,
    /// Go on as the file, or the folder of a capture ring, is written to, until Ctrl-C
    #[arg(long, requires = "file", conflicts_with = "stats")]
    follow: bool,
    /// pcap, pcapng (also gzipped), hex lines, a hex dump, or a folder of captures; standard
    /// input when left out or -
    file: Option<PathBuf>,
    #[command(flatten)]
    filter: Filter,
}

/// What one frame says; guessed to be of the family that it looks like when `kind` is left out.
pub(crate) fn frame(raw: &Raw, kind: Option<&Kind>, context: Context) -> Report {
    let kind = kind.or_else(|| Kind::guess(&raw.bytes));
    let name = kind.map_or("unknown", |kind| kind.name);
    let mut report = match (&raw.broken, kind) {
        (Some(why), _) => Report::refused(name, raw.given.clone(), why.clone()),
        (None, Some(kind)) => (kind.read)(raw, context),
        (None, None) => Report::refused(
            name,
            hex::encode(&raw.bytes),
            "no known family of frames; name it with --as".to_owned(),
        ),
    };
    if !context.secrets
        && raw.broken.is_none()
        && let Some(bytes) = secrets::hidden(raw, kind, !report.ok)
    {
        report.hex = Some(hex::encode(bytes));
        if !report.ok {
            report.remark("what may be a password or proof is shown as zeros");
        }
    }
    if raw.skipped && !report.ok {
        let why = report.error.take().unwrap_or_default();
        report.fail(format!(
            "{} bytes outside any frame: {why}",
            raw.bytes.len()
        ));
    }
    report.place(raw);
    report
}

/// The frames of a recording: pieces of byte streams are put together and split anew, whole
/// frames pass as they are.
#[derive(Default)]
pub(crate) struct Frames {
    kind: Option<&'static Kind>,
    streams: Streams,
    /// What the log-ins of CMPP said.
    versions: Versions,
}

impl Frames {
    /// All frames are of `kind`, or are guessed one by one.
    pub(crate) fn of(kind: Option<&'static Kind>) -> Self {
        Self {
            kind,
            ..Self::default()
        }
    }

    /// The frames that are certain with this piece, each with its family.
    pub(crate) fn push(&mut self, raw: Raw) -> Vec<(Raw, Option<&'static Kind>)> {
        let named = |kind| move |raw| (raw, kind);
        if raw.broken.is_some() {
            return vec![(raw, self.kind)];
        }
        if raw.stream {
            let frames = self.streams.push(self.kind, raw);
            return self.named(frames);
        }
        let kind = self.kind.or_else(|| Kind::guess(&raw.bytes));
        let frames = match kind.and_then(|kind| kind.splitter) {
            Some(splitter) => stream::split(splitter, raw),
            None => vec![raw],
        };
        let mut frames: Vec<_> = frames.into_iter().map(named(kind)).collect();
        for (raw, kind) in &mut frames {
            self.versions.tell(raw, *kind);
        }
        frames
    }

    /// What is left when nothing follows.
    pub(crate) fn end(&mut self) -> Vec<(Raw, Option<&'static Kind>)> {
        let rest = self.streams.end();
        self.named(rest)
    }

    fn named(&mut self, found: Vec<stream::Found>) -> Vec<(Raw, Option<&'static Kind>)> {
        let frames = found.into_iter().map(|(mut raw, kind)| {
            self.versions.tell(&mut raw, Some(kind));
            (raw, Some(kind))
        });
        frames.collect()
    }
}

/// Which version of CMPP each conversation has agreed on.
#[derive(Default)]
struct Versions(BTreeMap<String, Version>);

impl Versions {
    /// Notes what a log-in says, and what was agreed beside all other frames.
    fn tell(&mut self, raw: &mut Raw, kind: Option<&Kind>) {
        if kind.is_none_or(|kind| kind.name != "cmpp") {
            return;
        }
        let conversation = match raw.peers {
            Some((a, b)) => format!("{} {}", a.min(b), a.max(b)),
            None => raw.interface.clone(),
        };
        match kinds::cmpp::version_of(&raw.bytes) {
            Some(version) if self.0.len() < MOST_CONVERSATIONS => {
                self.0.insert(conversation, version);
            }
            Some(_) => {}
            None => raw.version = self.0.get(&conversation).copied(),
        }
    }
}

/// Decodes everything in a file. The exit status is 0 when all of it was read.
pub(crate) fn run(args: &DecodeArgs) -> Result<ExitCode> {
    let mut out = Output {
        to: BufWriter::new(io::stdout().lock()),
        args,
        style: Style::new(args.brief),
        messages: Messages::default(),
        texts: SmsTexts::default(),
        sieve: args.filter.sieve(),
        stats: args.stats.then(Stats::default),
    };
    let mut frames = Frames::of(args.kind);
    let read = match &args.file {
        Some(path) if args.follow => input::follow(path, args.kind, &mut |raw| {
            out.show(frames.push(raw))?;
            Ok(out.to.flush()?)
        }),
        file => input::read_as(file.as_deref(), args.kind, &mut |raw| {
            out.show(frames.push(raw))
        }),
    };
    let result = read.and_then(|ended| {
        out.show(frames.end())?;
        out.incomplete()?;
        if let Some(stats) = &out.stats {
            stats.write(&mut out.to, args.json)?;
        }
        out.to.flush()?;
        Ok(ended)
    });
    match result {
        Err(error) if is_broken_pipe(&error) => Ok(ExitCode::SUCCESS),
        Err(error) => Err(error),
        Ok(ended) => Ok(ended.code()),
    }
}

struct Output<'a, W> {
    to: W,
    args: &'a DecodeArgs,
    style: Style,
    messages: Messages,
    texts: SmsTexts,
    sieve: Sieve<'a>,
    stats: Option<Stats>,
}

impl<W: Write> Output<'_, W> {
    fn show(&mut self, frames: Vec<(Raw, Option<&'static Kind>)>) -> Result<()> {
        let context = Context {
            trunked: self.args.tier3,
            secrets: self.args.secrets,
        };
        for (raw, kind) in frames {
            let report = frame(&raw, kind, context);
            self.put(&raw, &report)?;
            if self.args.reassemble {
                let texts = self.texts.push(&raw, &report);
                for (place, message) in self.messages.push(&raw, &report).iter().chain(&texts) {
                    self.put(place, message)?;
                }
            }
        }
        Ok(())
    }

    /// The packets that stay incomplete, as nothing follows.
    fn incomplete(&mut self) -> Result<()> {
        let mut rest = self.messages.end();
        rest.extend(self.texts.end());
        rest.iter()
            .try_for_each(|(place, report)| self.put(place, report))
    }

    /// Shows or counts what was read at a place of the recording, if it is wanted.
    fn put(&mut self, raw: &Raw, report: &Report) -> Result<()> {
        if !self.sieve.takes(raw, report) {
            self.style.pass(report);
        } else if let Some(stats) = &mut self.stats {
            stats.add(raw, report);
        } else if self.args.json {
            serde_json::to_writer(&mut self.to, report)?;
            writeln!(self.to)?;
        } else {
            self.style.write(&mut self.to, report, raw.at)?;
        }
        Ok(())
    }
}

/// Whoever read the output has seen enough.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let of_json = error.downcast_ref::<serde_json::Error>();
    let kind = of_json
        .and_then(serde_json::Error::io_error_kind)
        .or_else(|| error.downcast_ref::<io::Error>().map(io::Error::kind));
    kind == Some(io::ErrorKind::BrokenPipe)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn one(kind: &str, line: &str) -> Report {
        let raw = input::hex_line(line).unwrap();
        frame(&raw, Kind::named(kind), Context::default())
    }

    #[test]
    fn a_preamble_in_a_dmrd_is_read_on_both_layers() {
        let line = "444d52440223383b2338630006690f632e40c70153df0a83b7a8282c2509625014fdff57d75df5dcadde429028c87ae3341e24191c003c";
        let report = one("homebrew", line);
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
        args.kind = Kind::named("homebrew").unwrap();
        let frames = crate::encode::frames(&args).unwrap();
        let mut datagram = frames.first().unwrap().clone();
        // A whole other info field: the code repairs it to other octets or gives up.
        datagram[20..32].fill(0x5A);
        let report = one("homebrew", &hex::encode(datagram));
        assert!(report.ok);
        let inner = report.inner.unwrap();
        assert!(!inner.ok && inner.error.is_some());
    }

    #[test]
    fn a_csbk_with_a_wrong_bit_is_refused_and_a_broken_line_given_back() {
        let report = one("dmr-csbk", "bd00801d23386323383b5889");
        assert_eq!((report.ok, report.opcode), (true, Some(0x3D)));
        assert_eq!(report.src, Some(2_308_155));
        assert!(!one("dmr-csbk", "bd00801d23386323383b5888").ok);
        let broken = one("dmr-csbk", "bd0 zz");
        assert_eq!((broken.ok, broken.hex.as_deref()), (false, Some("bd0 zz")));
    }

    proptest! {
        #[test]
        fn any_bytes_of_any_family_are_reported_as_the_contract_says(
            bytes in prop_oneof![
                prop::collection::vec(any::<u8>(), 0..80),
                prop::collection::vec(any::<u8>(), 33),
                prop::collection::vec(any::<u8>(), 12),
                prop::collection::vec(any::<u8>(), 51).prop_map(|rest| [b"DMRD".as_slice(), &rest].concat()),
                prop::collection::vec(any::<u8>(), 34).prop_map(|rest| [[0xE0, 37, 0x1A].as_slice(), &rest].concat()),
            ],
            kind in prop::sample::select(vec![None, Some("homebrew"), Some("mmdvm"), Some("dmr-burst"), Some("dmr-csbk"), Some("smpp"), Some("cmpp"), Some("cmpp2")]),
            trunked in any::<bool>(),
        ) {
            let kind = kind.and_then(Kind::named);
            let raw = Raw { bytes: bytes.clone(), ..Raw::default() };
            let mut messages = Messages::default();
            let mut hex = String::new();
            for (raw, of) in Frames::of(kind).push(raw) {
                let report = frame(&raw, of, Context { trunked, ..Context::default() });
                let json = serde_json::to_value(&report).unwrap();
                prop_assert!(kind.is_none_or(|kind| json["kind"] == kind.name));
                prop_assert!(json["ok"].is_boolean() && json["pdu"].is_string());
                prop_assert_eq!(json["ok"] == false, json["error"].is_string());
                hex += json["hex"].as_str().unwrap();
                prop_assert!(!summary(&report).contains('\n'));
                messages.push(&raw, &report);
            }
            prop_assert_eq!(hex, hex::encode(bytes));
        }
    }
}
