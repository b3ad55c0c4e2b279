//! From a packet record to the payload.
//!
//! The link layer's own header is taken off here; VLAN tags, IP with its options and extension
//! headers, UDP and TCP are `etherparse`'s.

use std::net::SocketAddr;

use etherparse::err::packet::SliceError;
use etherparse::err::{Layer, ip, ipv4, ipv6};
use etherparse::{EtherType, NetSlice, SlicedPacket, TransportSlice};

use super::super::{RTAC_SERIAL, SerialEvent};
use super::captured::{Captured, Segment, Skipped};
use super::container::Raw;

/// Numbers of PPP for the two versions of IP.
const PPP_IP: [u16; 2] = [0x0021, 0x0057];
/// NFLOG's attribute with the packet.
const NFULA_PAYLOAD: u16 = 9;

/// Why there is no datagram in a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoDatagram {
    /// ARP, TCP, ICMP and the like.
    #[error("not UDP over IPv4 or IPv6")]
    NotUdp,
    /// Fragments are not put together.
    #[error("a piece of a fragmented datagram")]
    Fragment,
    /// Its headers contradict themselves or its length.
    #[error("malformed headers")]
    Malformed,
    /// Nothing is known here of the link type.
    #[error("a link type that is not known here")]
    UnknownLinktype,
}

use NoDatagram as Reason;

type Ends = (SocketAddr, SocketAddr);

/// What IP carries: ends, place in a TCP stream, payload.
type Carried<'a> = (Ends, Option<Segment>, &'a [u8]);

/// The payload of a packet; `None`, and counted, when there is none for us. TCP is for us if
/// `tcp`.
pub(super) fn packet(raw: Raw, tcp: bool, skipped: &mut Skipped) -> Option<Captured> {
    let decoded = if u32::from(raw.linktype) == RTAC_SERIAL {
        serial(&raw.data).map(|(event, payload)| (None, None, Some(event), payload))
    } else {
        match carried(raw.linktype, &raw.data) {
            Ok((_, Some(_), _)) if !tcp => Err(Reason::NotUdp),
            other => other.map(|(ends, segment, payload)| (Some(ends), segment, None, payload)),
        }
    };
    match decoded {
        Ok((peers, segment, event, payload)) => Some(Captured {
            at: raw.at,
            direction: raw
                .direction
                .or_else(|| event.and_then(SerialEvent::direction)),
            peers,
            segment,
            event,
            payload: payload.to_vec(),
            interface: raw.interface,
            description: raw.description,
            linktype: raw.linktype,
            comment: raw.comment,
        }),
        Err(reason) => {
            *match reason {
                // Of what is there, the headers promise more.
                Reason::Malformed if raw.cut => &mut skipped.cut,
                Reason::NotUdp => &mut skipped.not_udp,
                Reason::Fragment => &mut skipped.fragments,
                Reason::Malformed => &mut skipped.malformed,
                Reason::UnknownLinktype => {
                    skipped.linktype.get_or_insert(raw.linktype);
                    &mut skipped.unknown_linktype
                }
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

/// Source, destination and payload of the UDP datagram in a packet of this link type (as
/// numbered in capture files).
///
/// # Errors
/// There is none, or none that is whole.
pub fn datagram(linktype: u16, data: &[u8]) -> Result<(Ends, &[u8]), NoDatagram> {
    match carried(linktype, data)? {
        (ends, None, payload) => Ok((ends, payload)),
        (_, Some(_), _) => Err(Reason::NotUdp),
    }
}

fn carried(linktype: u16, data: &[u8]) -> Result<Carried<'_>, Reason> {
    let behind = |header: usize| data.get(header..).ok_or(Reason::Malformed);
    match linktype {
        // Loopback: the address family in the recording host's order, or in the network's; its
        // numbers differ between systems, IP's version does not.
        0 | 108 => by_version(behind(4)?),
        1 => by_ethertype(behind(12)?),
        // PPP, its address and control field perhaps left out.
        9 | 50 => by_ppp(data.strip_prefix(&[0xFF, 0x03]).unwrap_or(data)),
        // Raw IP: the number of the registry, and those that systems wrote before it.
        12 | 14 | 101 | 228 | 229 => by_version(data),
        // Cisco HDLC.
        104 => by_ethertype(behind(2)?),
        // Linux "any", and its second version.
        113 => by_ethertype(behind(14)?),
        276 => {
            let ethertype = data.first_chunk().ok_or(Reason::Malformed)?;
            by_number(u16::from_be_bytes(*ethertype), behind(20)?)
        }
        239 => by_version(nflog(behind(4)?).ok_or(Reason::Malformed)?),
        _ => Err(Reason::UnknownLinktype),
    }
}

fn by_ppp(data: &[u8]) -> Result<Carried<'_>, Reason> {
    let (number, packet) = match data {
        // Compressed to one octet: numbers' last octets are odd, their first even.
        [number, rest @ ..] if number % 2 == 1 => (u16::from(*number), rest),
        [high, low, rest @ ..] => (u16::from_be_bytes([*high, *low]), rest),
        _ => return Err(Reason::Malformed),
    };
    if PPP_IP.contains(&number) {
        by_version(packet)
    } else {
        Err(Reason::NotUdp)
    }
}

/// The packet among the attributes of a message of Linux's packet filter. They are in the byte
/// order of the host that recorded.
fn nflog(attributes: &[u8]) -> Option<&[u8]> {
    [u16::from_le_bytes, u16::from_be_bytes]
        .into_iter()
        .find_map(|number| {
            let mut rest = attributes;
            while let [a, b, c, d, ..] = *rest {
                let length = usize::from(number([a, b]));
                let value = rest.get(4..length)?;
                // The top bits are flags.
                if number([c, d]) & 0x3FFF == NFULA_PAYLOAD {
                    return Some(value);
                }
                rest = rest.get(length.next_multiple_of(4)..)?;
            }
            None
        })
}

/// An ethertype, perhaps that of VLAN tags, and the packet.
fn by_ethertype(data: &[u8]) -> Result<Carried<'_>, Reason> {
    let (ethertype, rest) = data.split_first_chunk::<2>().ok_or(Reason::Malformed)?;
    by_number(u16::from_be_bytes(*ethertype), rest)
}

fn by_number(ethertype: u16, packet: &[u8]) -> Result<Carried<'_>, Reason> {
    transport(SlicedPacket::from_ether_type(EtherType(ethertype), packet))
}

fn by_version(packet: &[u8]) -> Result<Carried<'_>, Reason> {
    transport(SlicedPacket::from_ip(packet))
}

fn transport<'a>(sliced: Result<SlicedPacket<'a>, SliceError>) -> Result<Carried<'a>, Reason> {
    let packet = sliced.map_err(|error| match error {
        // Headers of other protocols are not ours to judge.
        SliceError::Tcp(_) => Reason::NotUdp,
        SliceError::Len(error)
            if matches!(
                error.layer,
                Layer::TcpHeader | Layer::Icmpv4 | Layer::Icmpv6 | Layer::Arp
            ) =>
        {
            Reason::NotUdp
        }
        // Not IP at all.
        SliceError::Ip(ip::HeaderError::UnsupportedIpVersion { .. })
        | SliceError::Ipv4(ipv4::HeaderError::UnexpectedVersion { .. })
        | SliceError::Ipv6(ipv6::HeaderError::UnexpectedVersion { .. }) => Reason::NotUdp,
        _ => Reason::Malformed,
    })?;
    if packet.is_ip_payload_fragmented() {
        return Err(Reason::Fragment);
    }
    let (from, to) = match &packet.net {
        Some(NetSlice::Ipv4(ip)) => (
            ip.header().source_addr().into(),
            ip.header().destination_addr().into(),
        ),
        Some(NetSlice::Ipv6(ip)) => (
            ip.header().source_addr().into(),
            ip.header().destination_addr().into(),
        ),
        _ => return Err(Reason::NotUdp),
    };
    let ends = |source, destination| {
        (
            SocketAddr::new(from, source),
            SocketAddr::new(to, destination),
        )
    };
    match packet.transport {
        Some(TransportSlice::Udp(udp)) => {
            let ends = ends(udp.source_port(), udp.destination_port());
            Ok((ends, None, udp.payload()))
        }
        Some(TransportSlice::Tcp(tcp)) => {
            let ends = ends(tcp.source_port(), tcp.destination_port());
            let segment = Segment {
                sequence: tcp.sequence_number(),
                syn: tcp.syn(),
            };
            Ok((ends, Some(segment), tcp.payload()))
        }
        _ => Err(Reason::NotUdp),
    }
}
