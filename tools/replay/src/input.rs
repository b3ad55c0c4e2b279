//! Frames out of captures and hex lines.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::Path;

use anyhow::{Context as _, Result};
use jiff::Timestamp;
use narrowcast_hardware::capture::Direction;
use narrowcast_hardware::capture::reader::{CaptureReader, Captured};

/// First bytes of pcapng and of pcap in its byte orders and resolutions.
const MAGICS: [[u8; 4]; 5] = [
    [0x0A, 0x0D, 0x0D, 0x0A],
    [0xA1, 0xB2, 0xC3, 0xD4],
    [0xD4, 0xC3, 0xB2, 0xA1],
    [0xA1, 0xB2, 0x3C, 0x4D],
    [0x4D, 0x3C, 0xB2, 0xA1],
];
/// A longer line is no frame.
const LONGEST_LINE: u64 = 1 << 20;

/// Something that may be a frame, and what is known of its way.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Raw {
    /// When it was recorded.
    pub(crate) at: Option<Timestamp>,
    /// The recorder's interface.
    pub(crate) interface: String,
    /// Which way it went.
    pub(crate) direction: Option<Direction>,
    /// Source and destination of a datagram.
    pub(crate) peers: Option<(SocketAddr, SocketAddr)>,
    /// A piece of a byte stream, not a datagram.
    pub(crate) stream: bool,
    /// The bytes.
    pub(crate) bytes: Vec<u8>,
    /// Why `given` is no hex.
    pub(crate) broken: Option<String>,
    /// A broken line as it was given.
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
}

impl From<Captured> for Raw {
    fn from(captured: Captured) -> Self {
        Self {
            at: Some(captured.at),
            interface: captured.interface,
            direction: captured.direction,
            stream: captured.peers.is_none(),
            peers: captured.peers,
            bytes: captured.payload,
            ..Self::default()
        }
    }
}

/// Hands every frame of `file` (standard input if `None`) to `take`, in order. Damage at the
/// end of a capture is told on standard error; what precedes it is read.
pub(crate) fn read(file: Option<&Path>, take: &mut dyn FnMut(Raw) -> Result<()>) -> Result<()> {
    let mut from: Box<dyn BufRead> = match file {
        Some(path) => Box::new(BufReader::new(
            File::open(path).with_context(|| format!("cannot open {}", path.display()))?,
        )),
        None => Box::new(BufReader::new(io::stdin())),
    };
    let is_capture = MAGICS
        .iter()
        .any(|magic| from.fill_buf().is_ok_and(|head| head.starts_with(magic)));
    if is_capture {
        let mut reader = CaptureReader::new(from)?;
        for captured in reader.by_ref() {
            match captured {
                Ok(captured) if captured.payload.is_empty() && captured.peers.is_none() => {}
                Ok(captured) => take(captured.into())?,
                Err(error) => {
                    eprintln!("narrowcast-replay: {error}; what precedes it was read");
                    break;
                }
            }
        }
        if let Some(warning) = reader.warning() {
            eprintln!("narrowcast-replay: {warning}");
        }
        return Ok(());
    }
    let mut line = Vec::new();
    loop {
        line.clear();
        if from
            .by_ref()
            .take(LONGEST_LINE)
            .read_until(b'\n', &mut line)?
            == 0
        {
            return Ok(());
        }
        if let Some(raw) = hex_line(&String::from_utf8_lossy(&line)) {
            take(raw)?;
        }
    }
}

/// Everything in `file`.
#[cfg(test)]
pub(crate) fn lines(text: &str) -> Vec<Raw> {
    text.lines().filter_map(hex_line).collect()
}

/// The frame in a line of hex, with or without the time, link and direction that an
/// annotated log has in front. `None` for blank lines and comments.
pub(crate) fn hex_line(line: &str) -> Option<Raw> {
    let line = line.split('#').next().unwrap_or_default().trim();
    if line.is_empty() {
        return None;
    }
    let mut raw = Raw::default();
    let mut digits = line;
    if let [time, link, arrow, ..] = *line.splitn(4, ' ').collect::<Vec<_>>()
        && let Ok(at) = time.parse::<Timestamp>()
        && let Some(direction) = match arrow {
            ">" => Some(Direction::Outbound),
            "<" => Some(Direction::Inbound),
            "-" => None,
            _ => return Some(broken(line, "expected > or < behind time and link")),
        }
        .map_or(Some(None), |direction| Some(Some(direction)))
    {
        raw.at = Some(at);
        link.clone_into(&mut raw.interface);
        raw.direction = direction;
        digits = line.splitn(4, ' ').nth(3).unwrap_or_default();
    }
    let mut hex = String::with_capacity(digits.len());
    for token in digits.split(|c: char| c.is_whitespace() || c == ',' || c == ':') {
        let token = token.trim_start_matches("0x").trim_start_matches("0X");
        hex.push_str(token);
    }
    match hex::decode(&hex) {
        Ok(bytes) => raw.bytes = bytes,
        Err(error) => return Some(broken(line, &format!("no hex: {error}"))),
    }
    Some(raw)
}

fn broken(line: &str, why: &str) -> Raw {
    Raw {
        broken: Some(why.to_owned()),
        given: line.to_owned(),
        ..Raw::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_is_read_however_it_was_pasted() {
        for line in ["52 50 54", "0x52,0x50, 0x54", "525054 # said", "  525054\r"] {
            assert_eq!(hex_line(line).unwrap().bytes, b"RPT", "{line}");
        }
        assert_eq!(hex_line("  # nothing"), None);
        assert_eq!(hex_line(""), None);
        let broken = hex_line("52 5g").unwrap();
        assert!(broken.broken.is_some());
        assert_eq!(broken.given, "52 5g");
    }

    #[test]
    fn an_annotated_line_keeps_its_time_link_and_direction() {
        let raw = hex_line("2026-01-31T12:00:00.123456Z hb1 > 52 50").unwrap();
        assert_eq!(raw.bytes, b"RP");
        assert_eq!(raw.interface, "hb1");
        assert_eq!(raw.direction, Some(Direction::Outbound));
        assert_eq!(raw.at.unwrap().to_string(), "2026-01-31T12:00:00.123456Z");
    }
}
