//! Who says what in a recording. Two recordings of one conversation have other addresses and
//! other names of links; what they have in common is who logs in and who is logged in to, or
//! else who sends and who receives.

use std::collections::HashMap;
use std::net::SocketAddr;

use narrowcast_hardware::capture::Direction;

use crate::decode::{Kind, Station};
use crate::input::Raw;

/// The lane of each frame: frames of one lane are in an order that means something.
pub(super) fn lanes(frames: &[Raw]) -> Vec<String> {
    let stations = stations(frames);
    let mut conversations = Numbers::default();
    let mut senders = Numbers::default();
    frames
        .iter()
        .map(|raw| {
            let ends = match raw.peers {
                Some((a, b)) => format!("{} {}", a.min(b), a.max(b)),
                None => raw.interface.clone(),
            };
            let conversation = conversations.number(&ends);
            let said = raw.peers.and_then(|peers| stations.get(&peers));
            let side = match (said, raw.direction) {
                (Some(Station::Client), _) => "client".to_owned(),
                (Some(Station::Master), _) => "master".to_owned(),
                (None, Some(Direction::Outbound)) => "sent".to_owned(),
                (None, Some(Direction::Inbound)) => "received".to_owned(),
                (None, None) => match senders.number(&raw.sender()) {
                    0 => "first".to_owned(),
                    number => format!("speaker {}", number + 1),
                },
            };
            match conversation {
                0 => side,
                number => format!("{side} of conversation {}", number + 1),
            }
        })
        .collect()
}

/// What the sender of each pair of addresses is, as far as one of its frames tells.
pub(crate) fn stations(frames: &[Raw]) -> HashMap<(SocketAddr, SocketAddr), Station> {
    let mut stations = HashMap::new();
    for raw in frames {
        let Some((source, destination)) = raw.peers else {
            continue;
        };
        let kind = Kind::guess(&raw.bytes);
        if let Some(station) = kind.and_then(|kind| (kind.station)(&raw.bytes)) {
            stations.entry((source, destination)).or_insert(station);
            stations
                .entry((destination, source))
                .or_insert(station.other());
        }
    }
    stations
}

/// Numbers names in the order in which they come.
#[derive(Default)]
struct Numbers(HashMap<String, usize>);

impl Numbers {
    fn number(&mut self, name: &str) -> usize {
        let next = self.0.len();
        *self.0.entry(name.to_owned()).or_insert(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(from: u16, to: u16, bytes: &[u8]) -> Raw {
        let address = |port| SocketAddr::from(([127, 0, 0, 1], port));
        Raw {
            peers: Some((address(from), address(to))),
            bytes: bytes.to_vec(),
            ..Raw::default()
        }
    }

    #[test]
    fn the_sides_of_a_log_in_are_known_whatever_their_addresses_and_whoever_begins() {
        let one = [
            said(5, 6, b"DMRD"),
            said(5, 6, b"RPTPING\0\0\0\x01"),
            said(6, 5, b"DMRD"),
        ];
        assert_eq!(lanes(&one), ["client", "client", "master"]);
        let other = [said(9, 8, b"MSTPONG\0\0\0\x01"), said(8, 9, b"DMRD")];
        assert_eq!(lanes(&other), ["master", "client"]);
    }

    #[test]
    fn two_stations_of_one_master_are_two_conversations() {
        let both = [said(5, 6, b"RPTL\0\0\0\x01"), said(7, 6, b"RPTL\0\0\0\x02")];
        assert_eq!(lanes(&both), ["client", "client of conversation 2"]);
    }

    #[test]
    fn bare_frames_are_one_lane() {
        let bare = [Raw::default(), Raw::default()];
        assert_eq!(lanes(&bare), ["first", "first"]);
    }
}
