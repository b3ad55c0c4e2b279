//! UDP over IPv4 (RFC 768, RFC 791), as it goes into packets of service access point 4.

use core::net::Ipv4Addr;

use nom::bytes::complete::take;
use nom::number::complete::{be_u8, be_u16, be_u32};
use nom::{IResult, Parser};

const UDP: u8 = 17;
const TIME_TO_LIVE: u8 = 0x40;
const IPV4_HEADER: usize = 20;
const UDP_HEADER: usize = 8;

/// Why octets are no UDP datagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IpError {
    /// Fewer octets than the headers or their lengths say.
    #[error("the datagram is cut short")]
    Truncated,
    /// Not version 4.
    #[error("IP version {0}, expected 4")]
    Version(u8),
    /// A part of a larger datagram.
    #[error("the datagram is an IP fragment")]
    Fragment,
    /// Another protocol than UDP.
    #[error("IP protocol {0}, expected 17 (UDP)")]
    Protocol(u8),
    /// The IPv4 header is damaged.
    #[error("the IPv4 header checksum does not match")]
    HeaderChecksum,
    /// The UDP header or payload is damaged.
    #[error("the UDP checksum does not match")]
    UdpChecksum,
    /// More payload than a length field can say.
    #[error("{0} octets of payload do not fit a UDP datagram")]
    TooLong(usize),
}

/// A UDP datagram with its addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Datagram {
    /// IPv4 identification.
    pub identification: u16,
    /// Source address.
    pub source: Ipv4Addr,
    /// Destination address.
    pub destination: Ipv4Addr,
    /// Source UDP port.
    pub source_port: u16,
    /// Destination UDP port.
    pub destination_port: u16,
    /// What it carries.
    pub payload: Vec<u8>,
}

/// One's complement sum of 16-bit words, as both checksums use it.
fn sum(start: u32, octets: &[u8]) -> u16 {
    let words = octets.chunks(2).map(|pair| match *pair {
        [high, low] => u32::from(u16::from_be_bytes([high, low])),
        [high] => u32::from(high) << 8,
        _ => 0,
    });
    let mut total = words.fold(start, |sum, word| {
        let sum = sum + word;
        (sum & 0xFFFF) + (sum >> 16)
    });
    total = (total & 0xFFFF) + (total >> 16);
    total as u16
}

fn pseudo_header(source: Ipv4Addr, destination: Ipv4Addr, length: u16) -> u32 {
    let addresses = [source.octets(), destination.octets()].concat();
    u32::from(sum(0, &addresses)) + u32::from(UDP) + u32::from(length)
}

struct IpHeader<'a> {
    first: u8,
    total: u16,
    identification: u16,
    fragment: u16,
    protocol: u8,
    source: Ipv4Addr,
    destination: Ipv4Addr,
    rest: &'a [u8],
}

fn ip_header(i: &[u8]) -> IResult<&[u8], IpHeader<'_>> {
    let (i, (first, _service, total)) = (be_u8, be_u8, be_u16).parse(i)?;
    let (i, (identification, fragment)) = (be_u16, be_u16).parse(i)?;
    let (i, (_time_to_live, protocol, _checksum)) = (be_u8, be_u8, be_u16).parse(i)?;
    let (rest, (source, destination)) = (be_u32, be_u32).parse(i)?;
    let header = IpHeader {
        first,
        total,
        identification,
        fragment,
        protocol,
        source: source.into(),
        destination: destination.into(),
        rest,
    };
    Ok((rest, header))
}

impl Datagram {
    /// The datagram at the start of `octets`; what lies behind its total length is ignored.
    ///
    /// # Errors
    /// Anything that is not one whole, undamaged UDP datagram over IPv4.
    pub fn decode(octets: &[u8]) -> Result<Self, IpError> {
        let (_, ip) = ip_header(octets).map_err(|_| IpError::Truncated)?;
        if ip.first >> 4 != 4 {
            return Err(IpError::Version(ip.first >> 4));
        }
        let header = usize::from(ip.first & 0xF) * 4;
        let body = header
            .checked_sub(IPV4_HEADER)
            .zip(usize::from(ip.total).checked_sub(IPV4_HEADER))
            .and_then(|range| ip.rest.get(range.0..range.1))
            .ok_or(IpError::Truncated)?;
        if octets.get(..header).map(|header| sum(0, header)) != Some(0xFFFF) {
            return Err(IpError::HeaderChecksum);
        }
        // Bits 0 and 1 are "reserved" and "don't fragment".
        if ip.fragment & 0x3FFF != 0 {
            return Err(IpError::Fragment);
        }
        if ip.protocol != UDP {
            return Err(IpError::Protocol(ip.protocol));
        }
        let (payload, (source_port, destination_port, length, checksum)) =
            (be_u16, be_u16, be_u16, be_u16)
                .parse(body)
                .map_err(|_: nom::Err<()>| IpError::Truncated)?;
        let segment = body.get(..usize::from(length)).ok_or(IpError::Truncated)?;
        let start = pseudo_header(ip.source, ip.destination, length);
        if checksum != 0 && sum(start, segment) != 0xFFFF {
            return Err(IpError::UdpChecksum);
        }
        let size = segment
            .len()
            .checked_sub(UDP_HEADER)
            .ok_or(IpError::Truncated)?;
        let (_, payload) = take::<_, _, ()>(size)(payload).map_err(|_| IpError::Truncated)?;
        Ok(Self {
            identification: ip.identification,
            source: ip.source,
            destination: ip.destination,
            source_port,
            destination_port,
            payload: payload.to_vec(),
        })
    }

    /// The datagram with both checksums, without options.
    ///
    /// # Errors
    /// More payload than the total length can say (65,507 octets).
    pub fn encode(&self) -> Result<Vec<u8>, IpError> {
        let too_long = || IpError::TooLong(self.payload.len());
        let length = u16::try_from(UDP_HEADER + self.payload.len()).map_err(|_| too_long())?;
        let total = length
            .checked_add(IPV4_HEADER as u16)
            .ok_or_else(too_long)?;

        let mut header = vec![0x45, 0];
        header.extend(total.to_be_bytes());
        header.extend(self.identification.to_be_bytes());
        header.extend([0, 0, TIME_TO_LIVE, UDP]);
        let addresses = [self.source.octets(), self.destination.octets()].concat();
        let checksum = !sum(u32::from(sum(0, &header)), &addresses);
        header.extend(checksum.to_be_bytes());
        header.extend(addresses);

        let ports = [self.source_port, self.destination_port, length].map(u16::to_be_bytes);
        let mut segment = ports.concat();
        let start = pseudo_header(self.source, self.destination, length);
        let start = u32::from(sum(start, &segment));
        // Zero would mean "no checksum".
        let checksum = match !sum(start, &self.payload) {
            0 => 0xFFFF,
            checksum => checksum,
        };
        segment.extend(checksum.to_be_bytes());
        segment.extend(&self.payload);
        header.extend(segment);
        Ok(header)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TEXT: &str = "4500003e6ecb00004011e9580c20f96d0c2110dd0fa70fa7002a9f970020e00083040d00\
                        0a0045006c006a0065006e0020006100200053004f0052002100";

    #[test]
    fn the_recorded_datagram_decodes_and_encodes() {
        let octets = hex::decode(TEXT).unwrap();
        let datagram = Datagram::decode(&octets).unwrap();
        assert_eq!(datagram.source, Ipv4Addr::new(12, 32, 249, 109));
        assert_eq!(datagram.destination, Ipv4Addr::new(12, 33, 16, 221));
        assert_eq!(
            (datagram.source_port, datagram.destination_port),
            (4007, 4007)
        );
        assert_eq!(datagram.payload.len(), 34);
        assert_eq!(datagram.encode().unwrap(), octets);
        let padded = [octets.as_slice(), &[0; 14]].concat();
        assert_eq!(Datagram::decode(&padded).unwrap(), datagram);
    }

    #[test]
    fn damage_is_refused_by_the_field_that_shows_it() {
        let octets = hex::decode(TEXT).unwrap();
        let with = |at: usize, value: u8| {
            let mut octets = octets.clone();
            octets[at] = value;
            Datagram::decode(&octets).unwrap_err()
        };
        assert_eq!(with(0, 0x65), IpError::Version(6));
        assert_eq!(with(13, 0), IpError::HeaderChecksum);
        assert_eq!(with(40, 0), IpError::UdpChecksum);
        assert_eq!(with(3, 0xFF), IpError::Truncated);
        assert_eq!(
            Datagram::decode(&octets[..30]).unwrap_err(),
            IpError::Truncated
        );
    }

    proptest! {
        #[test]
        fn datagrams_round_trip(
            identification: u16,
            addresses: (u32, u32),
            ports: (u16, u16),
            payload in prop::collection::vec(any::<u8>(), 0..200),
        ) {
            let datagram = Datagram {
                identification,
                source: addresses.0.into(),
                destination: addresses.1.into(),
                source_port: ports.0,
                destination_port: ports.1,
                payload,
            };
            let octets = datagram.encode().unwrap();
            prop_assert_eq!(Datagram::decode(&octets).unwrap(), datagram);
        }

        #[test]
        fn random_octets_never_panic(octets in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = Datagram::decode(&octets);
        }
    }
}
