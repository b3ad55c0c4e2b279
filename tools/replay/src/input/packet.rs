//! Whole packets in hex: what a sniffer prints begins with the headers of its link layer.

use narrowcast_hardware::capture::reader::{NoDatagram, Skipped, datagram};

use super::Raw;
use crate::decode::Kind;

/// Link types whose packets are tried, by number: Ethernet, Linux "any" and its second
/// version, loopback, and IP without anything before it.
const DUMPED: [u16; 5] = [1, 113, 276, 0, 101];
/// Of these, what may stand in a line without offsets too.
const IN_HEX: [u16; 2] = [1, 101];

/// What was found in a dump.
pub(super) enum Found {
    /// A frame of ours, or what must be taken for one.
    Frame(Box<Raw>),
    /// A packet of another protocol.
    PassedOver(Skipped),
}

/// The frame in a line of hex: the payload, if the line is a whole packet with UDP.
pub(super) fn in_hex(raw: Raw) -> Raw {
    opened(&raw, &IN_HEX).unwrap_or(raw)
}

/// The frame in a dump.
pub(super) fn in_dump(raw: Raw) -> Found {
    if let Some(raw) = opened(&raw, &DUMPED) {
        return Found::Frame(Box::new(raw));
    }
    let mut skipped = Skipped::default();
    if !is_named(&raw.bytes) && is_ethernet(&raw.bytes) {
        *match datagram(1, &raw.bytes) {
            Ok(_) => return Found::Frame(Box::new(raw)),
            Err(NoDatagram::NotUdp | NoDatagram::UnknownLinktype) => &mut skipped.not_udp,
            Err(NoDatagram::Fragment) => &mut skipped.fragments,
            Err(NoDatagram::Malformed) => &mut skipped.malformed,
        } += 1;
        return Found::PassedOver(skipped);
    }
    Found::Frame(Box::new(raw))
}

fn opened(raw: &Raw, linktypes: &[u16]) -> Option<Raw> {
    let bytes = raw.bytes.as_slice();
    if is_named(bytes) || raw.peers.is_some() || raw.broken.is_some() {
        return None;
    }
    let found = linktypes
        .iter()
        .find_map(|linktype| datagram(*linktype, bytes).ok());
    found.map(|(peers, payload)| Raw {
        peers: Some(peers),
        bytes: payload.to_vec(),
        ..raw.clone()
    })
}

/// Whether the bytes begin with the name of a datagram of ours.
fn is_named(bytes: &[u8]) -> bool {
    Kind::guess(bytes).is_some_and(|kind| ["homebrew", "dmrt"].contains(&kind.name))
}

/// Whether the ethertype is a common one, and an IP packet of its version follows.
fn is_ethernet(bytes: &[u8]) -> bool {
    match bytes.get(12..).unwrap_or_default() {
        [0x08, 0x06, 0, 1, ..] => true,
        [0x08, 0x00, first, rest @ ..] => first >> 4 == 4 && rest.len() >= 19,
        [0x86, 0xDD, first, rest @ ..] => first >> 4 == 6 && rest.len() >= 39,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::lines;

    const HEAD: &str = "00000000000000000000000008004500002400010000401100007f0000017f000001";

    #[test]
    fn a_whole_packet_in_hex_gives_its_payload() {
        let packet = format!("{HEAD}a028f24f001000005250544c002f9b80");
        for line in [packet.clone(), packet[28..].to_owned()] {
            let [raw] = lines(&line).try_into().unwrap();
            assert_eq!(raw.bytes, b"RPTL\0\x2f\x9b\x80", "{line}");
            assert_eq!(raw.peers.unwrap().1.port(), 62_031);
        }
    }

    #[test]
    fn frames_of_ours_are_not_taken_for_packets() {
        for line in ["e0047002", "5250544c002f9b80", "444d5244", &"45".repeat(33)] {
            let [raw] = lines(line).try_into().unwrap();
            assert_eq!((hex::encode(raw.bytes), raw.peers), (line.to_owned(), None));
        }
    }

    #[test]
    fn a_dumped_packet_of_another_protocol_is_passed_over() {
        let tcp = HEAD.replace("4011", "4006") + "a028f24f00000000000000005000000000000000";
        let rows: Vec<String> = tcp
            .as_bytes()
            .chunks(32)
            .enumerate()
            .map(|(row, digits)| {
                let bytes: Vec<_> = digits.chunks(2).map(String::from_utf8_lossy).collect();
                format!("{:04x}  {}", row * 16, bytes.join(" "))
            })
            .collect();
        assert_eq!(lines(&rows.join("\n")), []);
    }
}
