//! The annotated hex log: one record a line, for people and to be read again.
//!
//! ```text
//! 2026-01-31T12:00:00.123456Z hb1 > 52 50 54 4C 00 00 00 01 # 10.0.0.2:4000 -> 10.0.0.1:62031 | RPTL
//! ```
//!
//! Time, link, direction (`>` sent, `<` received, `-` unknown) and bytes; then, as a comment
//! for other programs, where it went (addresses of a datagram, `serial` and the event of a
//! byte stream) and a note.

use std::net::SocketAddr;

use jiff::Timestamp;
use narrowcast_hardware::capture::{Direction, SerialEvent};
use narrowcast_protocol::dmr::text::sanitize;

use super::Raw;

const EVENTS: [(SerialEvent, &str); 11] = [
    (SerialEvent::StatusChange, "STATUS_CHANGE"),
    (SerialEvent::Sent, "DATA_TX_START"),
    (SerialEvent::Received, "DATA_RX_START"),
    (SerialEvent::SentEnd, "DATA_TX_END"),
    (SerialEvent::ReceivedEnd, "DATA_RX_END"),
    (SerialEvent::CaptureDataLost, "CAPTURE_DATA_LOST"),
    (SerialEvent::CaptureComplete, "CAPTURE_COMPLETE"),
    (SerialEvent::FramingError, "FRAMING_ERROR"),
    (SerialEvent::ParityError, "PARITY_ERROR"),
    (SerialEvent::Break, "SERIAL_BREAK_EVENT"),
    (SerialEvent::Overflow, "SERIAL_OVERFLOW_EVENT"),
];

/// What stands around the digits of a line, and the digits. A line without a time in front
/// is all digits.
pub(super) fn place<'a>(line: &'a str, note: &str) -> Result<(Raw, &'a str), &'static str> {
    let mut raw = Raw::default();
    let (time, rest) = word(line);
    let Ok(at) = time.parse::<Timestamp>() else {
        return Ok((raw, line));
    };
    let (link, rest) = word(rest);
    let (arrow, digits) = word(rest);
    raw.at = Some(at);
    link.clone_into(&mut raw.interface);
    raw.direction = match arrow {
        ">" => Some(Direction::Outbound),
        "<" => Some(Direction::Inbound),
        "-" => None,
        _ => return Err("expected >, < or - behind time and link"),
    };
    annotation(&mut raw, note);
    Ok((raw, digits))
}

fn word(text: &str) -> (&str, &str) {
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    (word, rest.trim_start())
}

fn annotation(raw: &mut Raw, note: &str) {
    let (way, comment) = match note.split_once(" | ") {
        Some((way, comment)) => (way.trim(), Some(comment)),
        None => (note.trim(), None),
    };
    if let Some((source, destination)) = way.split_once(" -> ")
        && let (Ok(source), Ok(destination)) = (source.parse(), destination.parse())
    {
        raw.peers = Some((source, destination));
    } else if let Some(event) = way.strip_prefix("serial") {
        raw.stream = true;
        raw.event = parse_event(event.trim());
    } else if way.is_empty() {
        // A line without a way may still have a note.
    } else {
        raw.comment = Some(note.trim().to_owned());
        return;
    }
    raw.comment = comment.map(|comment| comment.trim().to_owned());
}

fn parse_event(name: &str) -> Option<SerialEvent> {
    let known = EVENTS.iter().find(|(_, known)| *known == name);
    let other = || name.parse().ok().map(SerialEvent::from_number);
    known.map(|(event, _)| *event).or_else(other)
}

fn event_name(event: SerialEvent) -> String {
    let known = EVENTS.iter().find(|(known, _)| *known == event);
    known.map_or_else(
        || event.number().to_string(),
        |(_, name)| (*name).to_owned(),
    )
}

/// The line of a record; records without a time stand at the epoch.
pub(crate) fn line(raw: &Raw) -> String {
    let at = raw.at.unwrap_or(Timestamp::UNIX_EPOCH);
    let digits = if at.subsec_nanosecond() % 1_000 == 0 {
        6
    } else {
        9
    };
    let arrow = match raw.direction {
        Some(Direction::Outbound) => ">",
        Some(Direction::Inbound) => "<",
        None => "-",
    };
    let mut line = format!("{at:.digits$} {} {arrow}", name(&raw.interface));
    for byte in &raw.bytes {
        line += &format!(" {byte:02X}");
    }
    let way = way(raw.peers, raw);
    let note = raw.comment.as_deref().map(clean).unwrap_or_default();
    match (way.is_empty(), note.is_empty()) {
        (true, true) => {}
        (false, true) => line += &format!(" # {way}"),
        (_, false) => line += &format!(" # {way} | {note}"),
    }
    line
}

fn way(peers: Option<(SocketAddr, SocketAddr)>, raw: &Raw) -> String {
    match (peers, raw.event) {
        (Some((source, destination)), _) => format!("{source} -> {destination}"),
        (None, Some(event)) => format!("serial {}", event_name(event)),
        (None, None) if raw.stream => "serial".to_owned(),
        (None, None) => String::new(),
    }
}

/// A link's name as one word.
fn name(interface: &str) -> String {
    if interface.is_empty() {
        return "link".to_owned();
    }
    sanitize(interface).replace(|c: char| c.is_whitespace() || c == '#', "_")
}

fn clean(note: &str) -> String {
    sanitize(note).replace('\n', " ").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::hex_line;
    use super::*;

    #[test]
    fn an_annotated_line_keeps_its_time_link_and_direction() {
        for gap in [" ", "   ", "\t"] {
            let line = ["2026-01-31T12:00:00.123456Z", "hb1", ">", "52 50"].join(gap);
            let raw = hex_line(&line).unwrap();
            assert_eq!(raw.bytes, b"RP");
            assert_eq!(raw.interface, "hb1");
            assert_eq!(raw.direction, Some(Direction::Outbound));
            assert_eq!(raw.at.unwrap().to_string(), "2026-01-31T12:00:00.123456Z");
        }
        let broken = hex_line("2026-01-31T12:00:00Z hb1 52 50")
            .unwrap()
            .broken
            .unwrap();
        assert!(broken.contains("behind time and link"), "{broken}");
    }

    #[test]
    fn a_record_of_no_bytes_is_kept() {
        let raw = hex_line("2026-01-31T12:00:00Z tty < # serial SERIAL_BREAK_EVENT").unwrap();
        assert_eq!((raw.event, raw.broken), (Some(SerialEvent::Break), None));
    }

    fn any_address() -> impl Strategy<Value = SocketAddr> {
        (any::<std::net::IpAddr>(), any::<u16>()).prop_map(SocketAddr::from)
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(
            nanos in 0_i64..4_000_000_000_000_000_000,
            interface in "[a-zA-Z0-9/:.]{1,20}",
            direction in prop::option::of(prop::sample::select(vec![Direction::Inbound, Direction::Outbound])),
            peers in prop::option::of((any_address(), any_address())),
            event in prop::option::of(any::<u8>()),
            comment in prop::option::of("[!-~]{1,8}( [!-~]{1,8}){0,3}"),
            bytes in prop::collection::vec(any::<u8>(), 0..60),
        ) {
            let raw = Raw {
                at: Some(Timestamp::from_nanosecond(i128::from(nanos)).unwrap()),
                interface,
                direction,
                peers,
                stream: peers.is_none(),
                event: event.filter(|_| peers.is_none()).map(SerialEvent::from_number),
                comment: comment.filter(|comment| !comment.contains('#')),
                bytes,
                ..Raw::default()
            };
            prop_assert_eq!(hex_line(&line(&raw)), Some(raw));
        }
    }
}
