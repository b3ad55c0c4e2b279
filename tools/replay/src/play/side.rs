//! Whose frames of a recording are played.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::str::FromStr;

use narrowcast_hardware::capture::Direction;

use crate::decode::{Kind, Station};
use crate::diff::stations;
use crate::input::Raw;

/// One side of a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Side {
    /// Whoever logs in.
    Client,
    /// Whoever is logged in to.
    Master,
    /// What the recorder sent.
    Sent,
    /// What the recorder received.
    Received,
    /// Whoever has this address, with or without its port.
    Address(String),
}

impl FromStr for Side {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match text {
            "client" => Self::Client,
            "master" => Self::Master,
            "sent" => Self::Sent,
            "received" => Self::Received,
            address => Self::Address(address.to_owned()),
        })
    }
}

/// The sides of a recording.
#[derive(Debug)]
pub(super) struct Sides {
    stations: HashMap<(SocketAddr, SocketAddr), Station>,
    has_log_in: bool,
    has_both_directions: bool,
}

impl Sides {
    pub(super) fn of(recording: &[Raw]) -> Self {
        let goes = |way| recording.iter().any(|raw| raw.direction == Some(way));
        Self {
            has_both_directions: goes(Direction::Inbound) && goes(Direction::Outbound),
            stations: stations(recording),
            has_log_in: recording.iter().any(|raw| of_frame(raw).is_some()),
        }
    }

    /// Whether the recording is of a protocol in which somebody logs in.
    pub(super) const fn has_log_in(&self) -> bool {
        self.has_log_in
    }

    /// Which side is played when nobody says: everything, if there are no sides.
    pub(super) fn usual(&self) -> Option<Side> {
        match (self.has_log_in, self.has_both_directions) {
            (true, _) => Some(Side::Client),
            (false, true) => Some(Side::Sent),
            (false, false) => None,
        }
    }

    /// Whether a frame is of this side.
    pub(super) fn is(&self, side: &Side, raw: &Raw) -> bool {
        match side {
            Side::Client => self.station(raw) == Station::Client,
            Side::Master => self.station(raw) == Station::Master,
            Side::Sent => raw.direction == Some(Direction::Outbound),
            Side::Received => raw.direction == Some(Direction::Inbound),
            Side::Address(address) => raw.peers.is_some_and(|(source, _)| {
                source.to_string() == *address || source.ip().to_string() == *address
            }),
        }
    }

    /// What the sender of a frame is. Of a frame that both sides send and of which nobody
    /// recorded the way, the client is taken to be the sender.
    fn station(&self, raw: &Raw) -> Station {
        let said = raw
            .peers
            .and_then(|peers| self.stations.get(&peers).copied());
        let sent = || match raw.direction {
            Some(Direction::Inbound) => Station::Master,
            _ => Station::Client,
        };
        said.or_else(|| of_frame(raw)).unwrap_or_else(sent)
    }
}

fn of_frame(raw: &Raw) -> Option<Station> {
    let kind = Kind::guess(&raw.bytes)?;
    (kind.station)(&raw.bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bare_frames_have_the_side_that_sends_such_and_the_client_sends_the_rest() {
        let raw = |bytes: &[u8]| Raw {
            bytes: bytes.to_vec(),
            ..Raw::default()
        };
        let all = [
            raw(b"RPTPING\0\0\0\x01"),
            raw(b"MSTPONG\0\0\0\x01"),
            raw(b"DMRD"),
        ];
        let sides = Sides::of(&all);
        assert!(sides.has_log_in());
        let of_client = all.iter().map(|raw| sides.is(&Side::Client, raw));
        assert_eq!(of_client.collect::<Vec<_>>(), [true, false, true]);
    }

    #[test]
    fn what_was_received_is_played_only_if_there_is_nothing_else() {
        let raw = |direction| Raw {
            direction: Some(direction),
            bytes: vec![0xE0, 3, 0],
            ..Raw::default()
        };
        let (sent, received) = (raw(Direction::Outbound), raw(Direction::Inbound));
        assert_eq!(
            Sides::of(&[sent, received.clone()]).usual(),
            Some(Side::Sent)
        );
        assert_eq!(Sides::of(&[received]).usual(), None);
    }

    #[test]
    fn an_address_names_a_side_with_or_without_its_port() {
        let address = |text: &str| text.parse::<SocketAddr>().unwrap();
        let raw = Raw {
            peers: Some((address("10.0.0.2:4000"), address("10.0.0.1:62031"))),
            ..Raw::default()
        };
        let sides = Sides::of(std::slice::from_ref(&raw));
        for (text, is) in [
            ("10.0.0.2:4000", true),
            ("10.0.0.2", true),
            ("10.0.0.1", false),
            ("10.0.0.2:1", false),
        ] {
            assert_eq!(sides.is(&text.parse().unwrap(), &raw), is, "{text}");
        }
    }
}
