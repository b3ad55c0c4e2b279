//! Frames out of captures and hex lines.

mod dump;
mod form;
mod hex_lines;
mod json;
pub(crate) mod log;
mod packet;
mod tail;
mod tcp;

use std::fs::File;
use std::io::{self, BufRead, BufReader, IsTerminal as _, Read};
use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use narrowcast_hardware::capture::reader::{CaptureReader, Captured, Skipped};
use narrowcast_hardware::capture::{Direction, SerialEvent};
use narrowcast_protocol::sms::cmpp::Version;

use crate::decode::{Kind, Part};
use form::Form;
use tail::Tail;
use tcp::Connections;

/// A file of so many bytes takes a while.
const LONG: u64 = 8 << 20;

/// Something that may be a frame, and what is known of its way.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Raw {
    /// When it was recorded.
    pub(crate) at: Option<Timestamp>,
    /// The recorder's interface.
    pub(crate) interface: String,
    /// What the recorder said of the interface.
    pub(crate) description: Option<String>,
    /// Which way it went.
    pub(crate) direction: Option<Direction>,
    /// Source and destination of a datagram.
    pub(crate) peers: Option<(SocketAddr, SocketAddr)>,
    /// A piece of a byte stream, not a datagram.
    pub(crate) stream: bool,
    /// What happened on a serial line, other than bytes.
    pub(crate) event: Option<SerialEvent>,
    /// What somebody noted beside it.
    pub(crate) comment: Option<String>,
    /// The bytes.
    pub(crate) bytes: Vec<u8>,
    /// Bytes of the stream before these.
    pub(crate) offset: Option<u64>,
    /// What the stream carries, where that is known.
    pub(crate) family: Option<&'static Kind>,
    /// So many bytes of the stream are missing in front of these; 0 where another stream
    /// begins between the same ends.
    pub(crate) missing: Option<u64>,
    /// What the log-in of a CMPP connection said.
    pub(crate) version: Option<Version>,
    /// Bytes of a stream that are in no frame.
    pub(crate) skipped: bool,
    /// Why `given` is no hex.
    pub(crate) broken: Option<String>,
    /// A broken line as it was given, or its beginning.
    pub(crate) given: String,
}

impl Raw {
    /// Who sent it, as far as that is known: keeps the directions of a link apart.
    pub(crate) fn sender(&self) -> String {
        match (self.peers, self.direction) {
            (Some((source, destination)), _) => format!("{source}>{destination}"),
            (None, Some(direction)) => format!("{}{direction:?}", self.interface),
            (None, None) => self.interface.clone(),
        }
    }

    /// A part of the stream that this is a piece of.
    pub(crate) fn part(&self, part: Part) -> Self {
        Self {
            at: self.at,
            interface: self.interface.clone(),
            description: self.description.clone(),
            direction: self.direction,
            peers: self.peers,
            stream: self.stream,
            family: self.family,
            offset: Some(part.offset),
            skipped: !part.is_frame,
            bytes: part.bytes,
            ..Self::default()
        }
    }
}

impl From<Captured> for Raw {
    fn from(captured: Captured) -> Self {
        Self {
            at: Some(captured.at),
            interface: captured.interface,
            description: captured.description,
            direction: captured.direction,
            stream: captured.peers.is_none(),
            peers: captured.peers,
            event: captured.event,
            comment: captured.comment,
            bytes: captured.payload,
            ..Self::default()
        }
    }
}

/// How reading ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// At the end, and everything was read.
    Complete,
    /// Something could not be read, which was told on standard error; the rest was.
    PassedOver,
}

impl Ended {
    /// The exit status that says so.
    pub(crate) fn code(self) -> ExitCode {
        match self {
            Self::Complete => ExitCode::SUCCESS,
            Self::PassedOver => ExitCode::from(3),
        }
    }
}

/// Hands every frame of `file` (standard input if `None`) to `take`, in order; events of
/// serial lines without bytes are passed over.
pub(crate) fn read(file: Option<&Path>, take: &mut dyn FnMut(Raw) -> Result<()>) -> Result<Ended> {
    read_as(file, None, take)
}

/// As [`read`]; TCP carries `kind`, whatever it looks like.
pub(crate) fn read_as(
    file: Option<&Path>,
    kind: Option<&'static Kind>,
    take: &mut dyn FnMut(Raw) -> Result<()>,
) -> Result<Ended> {
    read_records(file, kind, &mut |raw| match raw.event {
        Some(_) if raw.bytes.is_empty() => Ok(()),
        _ => take(raw),
    })
}

/// Hands every record of `file` to `take`, in order.
pub(crate) fn read_all(
    file: Option<&Path>,
    take: &mut dyn FnMut(Raw) -> Result<()>,
) -> Result<Ended> {
    read_records(file, None, take)
}

fn read_records(
    file: Option<&Path>,
    kind: Option<&'static Kind>,
    take: &mut dyn FnMut(Raw) -> Result<()>,
) -> Result<Ended> {
    let file = file.filter(|path| *path != Path::new("-"));
    if let Some(folder) = file.filter(|path| path.is_dir()) {
        return read_folder(folder, kind, take);
    }
    let bar = progress(file);
    let from: Box<dyn Read> = match file {
        Some(path) => {
            let file = File::open(path);
            let file = file.with_context(|| format!("cannot open {}", path.display()))?;
            Box::new(BufReader::new(bar.wrap_read(file)))
        }
        None => Box::new(BufReader::new(io::stdin())),
    };
    let name = || {
        file.map_or("standard input".to_owned(), |path| {
            path.display().to_string()
        })
    };
    let ended = form::of(from)
        .with_context(name)
        .and_then(|form| read_form(form, kind, take));
    bar.finish_and_clear();
    ended
}

fn read_form(
    form: Form,
    kind: Option<&'static Kind>,
    take: &mut dyn FnMut(Raw) -> Result<()>,
) -> Result<Ended> {
    match form {
        Form::Capture(from) => capture(from, kind, take),
        Form::Text(from) => hex_lines::read(from, take).map(|skipped| tell(skipped, "")),
    }
}

/// The captures of a folder, one after the other.
fn read_folder(
    folder: &Path,
    kind: Option<&'static Kind>,
    take: &mut dyn FnMut(Raw) -> Result<()>,
) -> Result<Ended> {
    let files = tail::captures(folder)?;
    if files.is_empty() {
        bail!(
            "{}: no .pcapng, .pcap or .gz in this folder",
            folder.display()
        );
    }
    let mut ended = Ended::Complete;
    for file in files {
        if read_records(Some(&file), kind, take)? == Ended::PassedOver {
            ended = Ended::PassedOver;
        }
    }
    Ok(ended)
}

/// Hands every frame of a recording that is being written to `take`, as it comes: those of a
/// file until it is gone, those of a folder's captures for ever.
pub(crate) fn follow(
    path: &Path,
    kind: Option<&'static Kind>,
    take: &mut dyn FnMut(Raw) -> Result<()>,
) -> Result<Ended> {
    let named = || path.display().to_string();
    let folder = path.is_dir().then_some(path);
    let mut file = match folder {
        Some(folder) => tail::next(folder, None).with_context(named)?,
        None => path.to_owned(),
    };
    let mut frames = |raw: Raw| match raw.event {
        Some(_) if raw.bytes.is_empty() => Ok(()),
        _ => take(raw),
    };
    loop {
        let from = Tail::open(&file, folder).with_context(|| file.display().to_string())?;
        let form = form::of(Box::new(from)).with_context(|| file.display().to_string())?;
        let ended = read_form(form, kind, &mut frames)?;
        let Some(folder) = folder else {
            return Ok(ended);
        };
        file = tail::next(folder, Some(&file)).with_context(named)?;
    }
}

/// A bar for a long file, unless what is made of it goes to the same terminal.
fn progress(file: Option<&Path>) -> ProgressBar {
    let length = file
        .and_then(|path| path.metadata().ok())
        .map_or(0, |metadata| metadata.len());
    if length < LONG || io::stdout().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(length);
    match ProgressStyle::with_template("{bar:30} {bytes} of {total_bytes} read, {eta} left") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

fn capture(
    from: Box<dyn BufRead>,
    kind: Option<&'static Kind>,
    take: &mut dyn FnMut(Raw) -> Result<()>,
) -> Result<Ended> {
    let mut reader = CaptureReader::new(from)?.with_tcp();
    let mut connections = Connections::of(kind);
    let mut ended = Ended::Complete;
    for captured in reader.by_ref() {
        match captured {
            Ok(captured) => match captured.segment {
                Some(segment) => connections.push(segment, captured.into(), take)?,
                None => take(captured.into())?,
            },
            Err(error) => {
                eprintln!("narrowcast-replay: {error}; what precedes it was read");
                ended = Ended::PassedOver;
                break;
            }
        }
    }
    if let Some(warning) = reader.warning() {
        eprintln!("narrowcast-replay: {warning}");
        ended = Ended::PassedOver;
    }
    let others = connections.end(take)?;
    if others > 0 {
        let packets = if others == 1 { "packet" } else { "packets" };
        eprintln!(
            "narrowcast-replay: {others} {packets} of the capture passed over: TCP that is \
             neither SMPP nor CMPP"
        );
        ended = Ended::PassedOver;
    }
    match tell(reader.skipped(), " of the capture") {
        Ended::Complete => Ok(ended),
        passed_over => Ok(passed_over),
    }
}

/// Says what a recording holds that could not be read as frames.
fn tell(skipped: Skipped, of: &str) -> Ended {
    let unknown = format!(
        "of link type {}, which is not known here",
        skipped.linktype.unwrap_or_default()
    );
    let mut ended = Ended::Complete;
    for (count, what) in [
        (skipped.not_udp, "not UDP over IPv4 or IPv6"),
        (skipped.fragments, "pieces of fragmented datagrams"),
        (skipped.cut, "cut short by the recorder"),
        (skipped.malformed, "malformed headers"),
        (skipped.unknown_linktype, unknown.as_str()),
        (skipped.damaged, "damaged records"),
    ] {
        if count > 0 {
            let packets = if count == 1 { "packet" } else { "packets" };
            eprintln!("narrowcast-replay: {count} {packets}{of} passed over: {what}");
            ended = Ended::PassedOver;
        }
    }
    ended
}

#[cfg(test)]
pub(crate) use hex_lines::{hex_line, lines};
