//! From a packet record to the payload.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::super::{RTAC_SERIAL, SerialEvent};
use super::{Captured, Raw, Skipped};

const UDP: u8 = 17;
const ETHERTYPE_IPV4: u16 = 0x0800;
const ETHERTYPE_IPV6: u16 = 0x86DD;
/// VLAN tags, outer and inner.
const ETHERTYPES_VLAN: [u16; 2] = [0x8100, 0x88A8];

/// Why a packet is passed over.
enum Reason {
    NotUdp,
    Fragment,
    Malformed,
    UnknownLinktype,
}

type Ends = (SocketAddr, SocketAddr);

/// The payload of a packet; `None`, and counted, when there is none for us.
pub(super) fn packet(raw: Raw, skipped: &mut Skipped) -> Option<Captured> {
    let decoded = if u32::from(raw.linktype) == RTAC_SERIAL {
        serial(&raw.data).map(|(event, payload)| (None, Some(event), payload))
    } else {
        datagram(raw.linktype, &raw.data).map(|(ends, payload)| (Some(ends), None, payload))
    };
    match decoded {
        Ok((peers, event, payload)) => Some(Captured {
            at: raw.at,
            direction: raw
                .direction
                .or_else(|| event.and_then(SerialEvent::direction)),
            peers,
            event,
            payload: payload.to_vec(),
            interface: raw.interface,
            description: raw.description,
            linktype: raw.linktype,
            comment: raw.comment,
        }),
        Err(reason) => {
            *match reason {
                Reason::NotUdp => &mut skipped.not_udp,
                Reason::Fragment => &mut skipped.fragments,
                Reason::Malformed => &mut skipped.malformed,
                Reason::UnknownLinktype => &mut skipped.unknown_linktype,
            } += 1;
            None
        }
    }
}

/// Twelve octets of header, of which the event number matters here.
fn serial(data: &[u8]) -> Result<(SerialEvent, &[u8]), Reason> {
    let (header, payload) = data.split_first_chunk::<12>().ok_or(Reason::Malformed)?;
    let [_, _, _, _, _, _, _, _, event, ..] = *header;
    Ok((SerialEvent::from_number(event), payload))
}

fn datagram(linktype: u16, data: &[u8]) -> Result<(Ends, &[u8]), Reason> {
    match linktype {
        0 => {
            // The address family in the recording host's order; its numbers differ between
            // systems, IP's version does not.
            let (_, packet) = data.split_first_chunk::<4>().ok_or(Reason::Malformed)?;
            by_version(packet)
        }
        1 => {
            let (_, rest) = data.split_first_chunk::<12>().ok_or(Reason::Malformed)?;
            by_ethertype(rest)
        }
        101 | 228 | 229 => by_version(data),
        113 => {
            let (_, rest) = data.split_first_chunk::<14>().ok_or(Reason::Malformed)?;
            by_ethertype(rest)
        }
        276 => {
            let (header, packet) = data.split_first_chunk::<20>().ok_or(Reason::Malformed)?;
            let [high, low, ..] = *header;
            match u16::from_be_bytes([high, low]) {
                ETHERTYPE_IPV4 | ETHERTYPE_IPV6 => by_version(packet),
                _ => Err(Reason::NotUdp),
            }
        }
        _ => Err(Reason::UnknownLinktype),
    }
}

/// An ethertype, perhaps behind VLAN tags, and the packet.
fn by_ethertype(mut data: &[u8]) -> Result<(Ends, &[u8]), Reason> {
    for _ in 0..3 {
        let (ethertype, rest) = data.split_first_chunk::<2>().ok_or(Reason::Malformed)?;
        match u16::from_be_bytes(*ethertype) {
            ETHERTYPE_IPV4 | ETHERTYPE_IPV6 => return by_version(rest),
            tag if ETHERTYPES_VLAN.contains(&tag) => {
                data = rest.get(2..).ok_or(Reason::Malformed)?;
            }
            _ => return Err(Reason::NotUdp),
        }
    }
    Err(Reason::Malformed)
}

fn by_version(packet: &[u8]) -> Result<(Ends, &[u8]), Reason> {
    match packet.first().map(|first| first >> 4) {
        Some(4) => ipv4(packet),
        Some(6) => ipv6(packet),
        Some(_) => Err(Reason::NotUdp),
        None => Err(Reason::Malformed),
    }
}

fn ipv4(packet: &[u8]) -> Result<(Ends, &[u8]), Reason> {
    let header = packet.first_chunk::<20>().ok_or(Reason::Malformed)?;
    let [
        first,
        _,
        high,
        low,
        _,
        _,
        flags,
        offset,
        _,
        protocol,
        _,
        _,
        a,
        b,
        c,
        d,
        e,
        f,
        g,
        h,
    ] = *header;
    let header_length = usize::from(first & 0x0F) * 4;
    let total = usize::from(u16::from_be_bytes([high, low]));
    if header_length < 20 || total < header_length {
        return Err(Reason::Malformed);
    }
    // More fragments, or not the first.
    if u16::from_be_bytes([flags, offset]) & 0x3FFF != 0 {
        return Err(Reason::Fragment);
    }
    if protocol != UDP {
        return Err(Reason::NotUdp);
    }
    // Short Ethernet frames are padded: the length is IP's to say.
    let segment = packet.get(header_length..total).ok_or(Reason::Malformed)?;
    let source = IpAddr::V4(Ipv4Addr::new(a, b, c, d));
    let destination = IpAddr::V4(Ipv4Addr::new(e, f, g, h));
    udp(source, destination, segment)
}

fn ipv6(packet: &[u8]) -> Result<(Ends, &[u8]), Reason> {
    let (header, rest) = packet.split_first_chunk::<40>().ok_or(Reason::Malformed)?;
    let [_, _, _, _, high, low, next, _, addresses @ ..] = header;
    let length = usize::from(u16::from_be_bytes([*high, *low]));
    match *next {
        UDP => {}
        44 => return Err(Reason::Fragment),
        _ => return Err(Reason::NotUdp),
    }
    let segment = rest.get(..length).ok_or(Reason::Malformed)?;
    let (source, destination) = addresses.split_at(16);
    let address = |bytes: &[u8]| {
        let octets: [u8; 16] = bytes.try_into().map_err(|_| Reason::Malformed)?;
        Ok(IpAddr::V6(Ipv6Addr::from(octets)))
    };
    udp(address(source)?, address(destination)?, segment)
}

fn udp(source: IpAddr, destination: IpAddr, segment: &[u8]) -> Result<(Ends, &[u8]), Reason> {
    let header = segment.first_chunk::<8>().ok_or(Reason::Malformed)?;
    let [a, b, c, d, high, low, _, _] = *header;
    let length = usize::from(u16::from_be_bytes([high, low]));
    let payload = segment.get(8..length).ok_or(Reason::Malformed)?;
    let source = SocketAddr::new(source, u16::from_be_bytes([a, b]));
    let destination = SocketAddr::new(destination, u16::from_be_bytes([c, d]));
    Ok(((source, destination), payload))
}
