//! The compressed UDP/IPv4 header (TS 102 361-3 clause 7.2.4).

use nom::number::complete::{be_u8, be_u16};
use nom::{IResult, Parser};

use super::port;

/// SAID or DAID of the radio network.
pub const NETWORK_RADIO: u8 = 0;
/// DAID of the talkgroup network.
pub const NETWORK_GROUP: u8 = 2;

/// A UDP port as the header names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PortField {
    /// A port id, 1 to 127: 1 and 2 are the standard's, 95 to 127 manufacturers'.
    Id(u8),
    /// A whole port number in the extended header.
    Extended(u16),
}

/// Port ids with a known port. The manufacturers' ones are Motorola's, of which only
/// that of the text service has been recorded.
const IDS: [(u8, u16); 6] = [
    (1, port::TEXT),
    (2, port::LIP),
    (95, port::LRRP),
    (97, port::ARS),
    (98, port::TMS),
    (99, port::TELEMETRY),
];

impl PortField {
    /// The shortest way to write `port`.
    #[must_use]
    pub fn of(port: u16) -> Self {
        IDS.iter()
            .find(|(_, known)| *known == port)
            .map_or(Self::Extended(port), |&(id, _)| Self::Id(id))
    }

    /// The port number; `None` for an id without a known one.
    #[must_use]
    pub fn port(self) -> Option<u16> {
        match self {
            Self::Extended(port) => Some(port),
            Self::Id(id) => IDS
                .iter()
                .find(|(known, _)| *known == id)
                .map(|&(_, port)| port),
        }
    }

    const fn id(self) -> u8 {
        match self {
            Self::Id(id) => id & 0x7F,
            Self::Extended(_) => 0,
        }
    }
}

/// A UDP datagram whose addresses are those of the data header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompressedUdp {
    /// IPv4 identification.
    pub identification: u16,
    /// SAID, 4 bits: [`NETWORK_RADIO`], 1 USB or Ethernet, 12 to 15 manufacturers'.
    pub source_network: u8,
    /// DAID, 4 bits: as SAID, and [`NETWORK_GROUP`].
    pub destination_network: u8,
    /// Header compression opcode, 2 bits: 0 for UDP/IPv4.
    pub opcode: u8,
    /// Source port.
    pub source_port: PortField,
    /// Destination port.
    pub destination_port: PortField,
    /// What it carries.
    pub payload: Vec<u8>,
}

/// Why octets are no compressed datagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the compressed UDP/IPv4 header is cut short")]
pub struct CompressedError;

fn extended(id: u8) -> impl Fn(&[u8]) -> IResult<&[u8], PortField> {
    move |i| match id {
        0 => be_u16.map(PortField::Extended).parse(i),
        id => Ok((i, PortField::Id(id))),
    }
}

impl CompressedUdp {
    /// The datagram in a packet's user data.
    ///
    /// # Errors
    /// Fewer octets than the header has.
    pub fn decode(octets: &[u8]) -> Result<Self, CompressedError> {
        fn header(i: &[u8]) -> IResult<&[u8], CompressedUdp> {
            let (i, (identification, networks)) = (be_u16, be_u8).parse(i)?;
            let (i, (source, destination)) = (be_u8, be_u8).parse(i)?;
            let (payload, (source_port, destination_port)) =
                (extended(source & 0x7F), extended(destination & 0x7F)).parse(i)?;
            let datagram = CompressedUdp {
                identification,
                source_network: networks >> 4,
                destination_network: networks & 0xF,
                opcode: source >> 7 << 1 | destination >> 7,
                source_port,
                destination_port,
                payload: payload.to_vec(),
            };
            Ok((payload, datagram))
        }
        header(octets)
            .map(|(_, datagram)| datagram)
            .map_err(|_| CompressedError)
    }

    /// The packet's user data.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut octets = self.identification.to_be_bytes().to_vec();
        octets.extend([
            self.source_network << 4 | self.destination_network & 0xF,
            (self.opcode >> 1 & 1) << 7 | self.source_port.id(),
            (self.opcode & 1) << 7 | self.destination_port.id(),
        ]);
        for field in [self.source_port, self.destination_port] {
            if let PortField::Extended(port) = field {
                octets.extend(port.to_be_bytes());
            }
        }
        octets.extend(&self.payload);
        octets
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_recorded_acknowledgement_decodes() {
        let octets = hex::decode("d6790062620003bf0007").unwrap();
        let datagram = CompressedUdp::decode(&octets).unwrap();
        assert_eq!(datagram.identification, 0xD679);
        assert_eq!(datagram.source_port.port(), Some(4007));
        assert_eq!(datagram.destination_port, PortField::of(4007));
        assert_eq!(datagram.payload, [0, 3, 0xBF, 0, 7]);
        assert_eq!(datagram.encode(), octets);
    }

    #[test]
    fn unknown_ports_travel_in_the_extended_header() {
        let datagram = CompressedUdp {
            identification: 7,
            source_network: NETWORK_RADIO,
            destination_network: NETWORK_GROUP,
            opcode: 0,
            source_port: PortField::of(3004),
            destination_port: PortField::of(5016),
            payload: vec![1],
        };
        let octets = datagram.encode();
        assert_eq!(octets, [0, 7, 0x02, 0, 1, 0x0B, 0xBC, 1]);
        assert_eq!(CompressedUdp::decode(&octets), Ok(datagram));
        assert_eq!(PortField::Id(50).port(), None);
    }

    proptest! {
        #[test]
        fn every_header_keeps_every_bit(octets in prop::collection::vec(any::<u8>(), 0..30)) {
            if let Ok(datagram) = CompressedUdp::decode(&octets) {
                prop_assert_eq!(datagram.encode(), octets);
            }
        }
    }
}
