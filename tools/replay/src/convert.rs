//! `convert`: a recording in another form.

use std::collections::BTreeMap;
use std::io::{self, BufWriter, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use clap::{Args, ValueEnum};
use jiff::Timestamp;
use narrowcast_hardware::capture::file::{PcapFile, PcapNgFile, create};
use narrowcast_hardware::capture::reader::Captured;
use narrowcast_hardware::capture::{Direction, SerialEvent};

use crate::decode::{self, Frames, Kind};
use crate::filter::Filter;
use crate::input::{self, Raw, log};

/// Addresses of datagrams of which none are known.
const NOWHERE: [u8; 3] = [10, 255, 0];

/// Streams of which it is remembered what they carry.
const MOST_STREAMS: usize = 4_096;

/// The form of a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    /// Annotated hex log, one record a line
    Hex,
    /// pcapng
    Pcapng,
    /// Classic pcap: datagrams or byte streams alone, without links, directions and notes
    Pcap,
}

#[derive(Debug, Args)]
pub(crate) struct ConvertArgs {
    /// pcap, pcapng (also gzipped), hex lines, a hex dump, or a folder of captures
    file: PathBuf,
    /// Where to write; standard output when left out
    #[arg(long, short)]
    output: Option<PathBuf>,
    /// What to write; by the name of the output (.pcapng, .pcap), else an annotated hex log
    #[arg(long)]
    to: Option<Form>,
    /// Keep passwords and proofs of log-ins to SMS centres; else they are zeros
    #[arg(long)]
    secrets: bool,
    #[command(flatten)]
    filter: Filter,
}

impl ConvertArgs {
    fn form(&self) -> Form {
        let extension = self.output.as_deref().and_then(Path::extension);
        self.to
            .unwrap_or(match extension.and_then(|text| text.to_str()) {
                Some("pcapng") => Form::Pcapng,
                Some("pcap" | "cap") => Form::Pcap,
                _ => Form::Hex,
            })
    }
}

/// Writes a recording in another form.
pub(crate) fn run(args: &ConvertArgs) -> Result<ExitCode> {
    let out: Box<dyn Write> = match &args.output {
        Some(path) => {
            Box::new(create(path).with_context(|| format!("cannot make {}", path.display()))?)
        }
        None => Box::new(BufWriter::new(io::stdout().lock())),
    };
    let converted = write(args, out);
    if let (Err(_), Some(path)) = (&converted, &args.output) {
        // Half a recording would be taken for a whole one.
        let _gone = std::fs::remove_file(path);
    }
    converted
}

fn write(args: &ConvertArgs, mut out: Box<dyn Write + '_>) -> Result<ExitCode> {
    let mut sieve = args.filter.sieve();
    let mut each = |take: &mut dyn FnMut(Raw) -> Result<()>| {
        let mut pdus = Frames::of(None);
        let mut sms = SmsStreams::default();
        let mut one = |raw: Raw, kind: Option<&'static Kind>| {
            if !sieve.takes_raw(&raw, kind) {
                return Ok(());
            }
            let hidden = match args.secrets {
                true => None,
                false => decode::frame(&raw, kind, decode::Context::default())
                    .hex
                    .and_then(|hex| hex::decode(hex).ok())
                    .filter(|_| raw.broken.is_none()),
            };
            take(noted(
                Raw {
                    bytes: hidden.unwrap_or_else(|| raw.bytes.clone()),
                    ..raw
                },
                kind,
            ))
        };
        let ended = input::read_all(Some(&args.file), &mut |raw| {
            if let Some(why) = &raw.broken {
                bail!("{}: {why}: {}", args.file.display(), raw.given);
            }
            if !sms.has(&raw) {
                return one(raw, None);
            }
            let pdus = pdus.push(raw).into_iter();
            pdus.map(|(raw, kind)| (named(raw), kind))
                .try_for_each(|(raw, kind)| one(raw, kind))
        })?;
        let rest = pdus.end().into_iter();
        rest.map(|(raw, kind)| (named(raw), kind))
            .try_for_each(|(raw, kind)| one(raw, kind))?;
        Ok::<_, anyhow::Error>(ended)
    };
    let ended = match args.form() {
        Form::Hex => {
            let ended = each(&mut |raw| Ok(writeln!(out, "{}", log::line(&raw))?))?;
            out.flush()?;
            ended
        }
        Form::Pcapng => {
            let mut file = PcapNgFile::new(out, None)?;
            let ended = each(&mut |raw| Ok(file.write(&captured(raw))?))?;
            file.flush()?;
            ended
        }
        Form::Pcap => {
            let mut file = PcapFile::new(out);
            let ended = each(&mut |raw| Ok(file.write(&captured(raw))?))?;
            file.finish()?;
            ended
        }
    };
    Ok(ended.code())
}

/// Which byte streams carry SMS: they are written PDU by PDU, because a secret may lie across
/// two pieces.
#[derive(Default)]
pub(crate) struct SmsStreams(BTreeMap<String, bool>);

impl SmsStreams {
    pub(crate) fn has(&mut self, raw: &Raw) -> bool {
        if !raw.stream || raw.bytes.is_empty() {
            return false;
        }
        let known = self.0.len() < MOST_STREAMS;
        let is_sms = || Kind::of_stream(raw).is_sms();
        match known {
            true => *self.0.entry(raw.sender()).or_insert_with(is_sms),
            false => self.0.get(&raw.sender()).copied().unwrap_or_else(is_sms),
        }
    }
}

/// A PDU of a TCP connection as a record of a byte stream, whose link has the names of both
/// ends.
fn named(mut raw: Raw) -> Raw {
    if let (Some((from, to)), Some(kind)) = (raw.peers.take(), raw.family) {
        raw.interface = format!("{from}>{to}");
        raw.description = Some(kind.name.to_owned());
    }
    raw
}

/// A record with what it says as its note, unless somebody noted something else. A piece of
/// a stream has none if it is not just one frame.
fn noted(mut raw: Raw, kind: Option<&'static Kind>) -> Raw {
    let kind = kind.or_else(|| match raw.stream {
        true => Some(Kind::of_stream(&raw)),
        false => Kind::guess(&raw.bytes),
    });
    if raw.comment.is_none() && kind.is_some() {
        let report = decode::frame(&raw, kind, decode::Context::default());
        let says = report.ok || !raw.stream;
        raw.comment = says.then(|| decode::summary(&report));
    }
    raw
}

/// A record for a capture file. Bytes without a way are a stream if their family is carried
/// in one, else a datagram between addresses that do not exist.
pub(crate) fn captured(raw: Raw) -> Captured {
    let in_stream = || Kind::guess(&raw.bytes).is_some_and(|kind| kind.splitter.is_some());
    let is_stream = raw.stream || (raw.peers.is_none() && in_stream());
    let direction = raw.direction;
    let peers = raw
        .peers
        .or_else(|| (!is_stream).then(|| nowhere(direction)));
    Captured {
        at: raw.at.unwrap_or(Timestamp::UNIX_EPOCH),
        interface: match raw.interface.as_str() {
            "" => "link".to_owned(),
            _ => raw.interface,
        },
        description: raw.description,
        linktype: 0,
        direction,
        event: raw.event.filter(|_| is_stream).or_else(|| {
            let direction = direction.filter(|_| is_stream)?;
            Some(SerialEvent::of(direction))
        }),
        peers,
        segment: None,
        payload: raw.bytes,
        comment: raw.comment,
    }
}

fn nowhere(direction: Option<Direction>) -> (SocketAddr, SocketAddr) {
    let [a, b, c] = NOWHERE;
    let [near, far] = [1, 2].map(|d| SocketAddr::from(([a, b, c, d], 1)));
    match direction {
        Some(Direction::Outbound) => (near, far),
        _ => (far, near),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn convert(file: &Path, output: &Path) -> Result<ExitCode> {
        run(&ConvertArgs {
            file: file.to_owned(),
            output: Some(output.to_owned()),
            to: None,
            secrets: false,
            filter: Filter::default(),
        })
    }

    fn all(path: &Path) -> Vec<Raw> {
        let mut all = Vec::new();
        input::read_all(Some(path), &mut |raw| {
            all.push(raw);
            Ok(())
        })
        .unwrap();
        all
    }

    const LOG: &str = "\
2026-01-31T12:00:00.123456Z hb1 < 52 50 54 4C 00 00 00 01 # 10.0.0.2:4000 -> 10.0.0.1:62031 | log-in
2026-01-31T12:00:00.223456789Z hb1 > # [2001:db8::1]:1 -> [2001:db8::2]:2
2026-01-31T12:00:01.000000Z /dev/ttyUSB0 > E0 03 00 # serial DATA_TX_START | poll
2026-01-31T12:00:01.100000Z /dev/ttyUSB0 - # serial SERIAL_BREAK_EVENT | unplugged?
";

    #[test]
    fn a_log_survives_pcapng_and_comes_back_line_for_line() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        std::fs::write(path("a.log"), LOG).unwrap();
        convert(&path("a.log"), &path("a.pcapng")).unwrap();
        convert(&path("a.pcapng"), &path("b.log")).unwrap();
        let log = std::fs::read_to_string(path("b.log")).unwrap();
        assert_eq!(log, LOG);
        let (before, after) = (all(&path("a.log")), all(&path("a.pcapng")));
        assert_eq!(before.len(), after.len());
        for (before, after) in before.iter().zip(&after) {
            assert_eq!((before.at, &before.bytes), (after.at, &after.bytes));
            assert_eq!(
                (before.peers, before.direction),
                (after.peers, after.direction)
            );
        }
    }

    #[test]
    fn a_mixture_does_not_become_half_a_pcap() {
        let directory = tempfile::tempdir().unwrap();
        let (log, pcap) = (
            directory.path().join("a.log"),
            directory.path().join("a.pcap"),
        );
        std::fs::write(&log, LOG).unwrap();
        let error = convert(&log, &pcap).unwrap_err();
        assert!(error.to_string().contains("use pcapng"), "{error}");
        assert!(!pcap.exists());
        std::fs::write(&log, "525054\nzz\n").unwrap();
        let error = convert(&log, &pcap).unwrap_err();
        assert!(error.to_string().contains("no hex digit: zz"), "{error}");
        std::fs::write(&log, "5250544c00000001\n").unwrap();
        convert(&log, &pcap).unwrap();
        assert_eq!(all(&pcap)[0].bytes, b"RPTL\0\0\0\x01");
        let error = convert(&log, &pcap).unwrap_err();
        assert!(format!("{error:#}").contains("exists"), "{error:#}");
    }
}
