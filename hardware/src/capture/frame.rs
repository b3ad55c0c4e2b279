//! What a chunk looks like inside a packet record.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use super::SerialEvent;

/// Most bytes a UDP datagram can carry.
const LARGEST_DATAGRAM: usize = 65_507;
/// UDP's number among the protocols above IP.
const UDP: u8 = 17;
const TIME_TO_LIVE: u8 = 64;

/// An RTAC serial record: when, what, no control lines, the bytes.
pub(super) fn serial(seconds: u32, micros: u32, event: SerialEvent, bytes: &[u8]) -> Vec<u8> {
    let mut record = Vec::with_capacity(12 + bytes.len());
    record.extend(seconds.to_be_bytes());
    record.extend(micros.to_be_bytes());
    // Control lines are not watched: none is claimed to be asserted.
    record.extend([event.number(), 0, 0, 0]);
    record.extend(bytes);
    record
}

/// An Ethernet frame with this datagram, as a sniffer beside us would have seen it.
/// `identification` counts IPv4 packets. Addresses of different families are both written
/// as IPv6, the IPv4 one mapped.
pub(super) fn ethernet(
    source: SocketAddr,
    destination: SocketAddr,
    identification: u16,
    payload: &[u8],
) -> Vec<u8> {
    let payload = payload.get(..LARGEST_DATAGRAM).unwrap_or(payload);
    let length = 8 + payload.len();
    let mut udp = Vec::with_capacity(length);
    udp.extend(source.port().to_be_bytes());
    udp.extend(destination.port().to_be_bytes());
    udp.extend(short(length).to_be_bytes());
    let mut frame = Vec::with_capacity(54 + length);
    let mut pseudo = Sum::default();
    let header = match (source.ip(), destination.ip()) {
        (IpAddr::V4(from), IpAddr::V4(to)) => {
            frame.extend([2, 0]);
            frame.extend(to.octets());
            frame.extend([2, 0]);
            frame.extend(from.octets());
            frame.extend([0x08, 0x00]);
            let mut start = vec![0x45, 0];
            start.extend(short(20 + length).to_be_bytes());
            start.extend(identification.to_be_bytes());
            start.extend([0x40, 0, TIME_TO_LIVE, UDP]);
            let mut sum = Sum::default();
            sum.add(&start);
            sum.add(&from.octets());
            sum.add(&to.octets());
            start.extend(sum.finish().to_be_bytes());
            start.extend(from.octets());
            start.extend(to.octets());
            pseudo.add(&from.octets());
            pseudo.add(&to.octets());
            start
        }
        (from, to) => {
            let (from, to) = (six(from), six(to));
            for address in [to, from] {
                let [.., a, b, c, d] = address.octets();
                frame.extend([2, 0, a, b, c, d]);
            }
            frame.extend([0x86, 0xDD]);
            let mut start = vec![0x60, 0, 0, 0];
            start.extend(short(length).to_be_bytes());
            start.extend([UDP, TIME_TO_LIVE]);
            start.extend(from.octets());
            start.extend(to.octets());
            pseudo.add(&from.octets());
            pseudo.add(&to.octets());
            start
        }
    };
    frame.extend(header);
    pseudo.add(&[0, UDP]);
    pseudo.add(&short(length).to_be_bytes());
    pseudo.add(&udp);
    pseudo.add(payload);
    let checksum = match pseudo.finish() {
        // Zero on the wire means "no checksum".
        0 => 0xFFFF,
        sum => sum,
    };
    udp.extend(checksum.to_be_bytes());
    frame.extend(udp);
    frame.extend(payload);
    frame
}

/// At most 65,535 by construction: a datagram's payload was cut to what fits.
fn short(length: usize) -> u16 {
    u16::try_from(length).unwrap_or(u16::MAX)
}

fn six(address: IpAddr) -> Ipv6Addr {
    match address {
        IpAddr::V4(four) => four.to_ipv6_mapped(),
        IpAddr::V6(six) => six,
    }
}

/// The internet checksum (RFC 1071) over pieces of which all but the last are even.
#[derive(Default)]
struct Sum(u64);

impl Sum {
    fn add(&mut self, bytes: &[u8]) {
        for pair in bytes.chunks(2) {
            let word = match *pair {
                [high, low] => u16::from_be_bytes([high, low]),
                [high] => u16::from_be_bytes([high, 0]),
                _ => 0,
            };
            self.0 += u64::from(word);
        }
    }

    fn finish(&self) -> u16 {
        let mut sum = self.0;
        while sum > 0xFFFF {
            sum = (sum & 0xFFFF) + (sum >> 16);
        }
        !(sum as u16)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_serial_record_is_the_published_example_without_control_lines() {
        let record = serial(1_700_000_000, 0, SerialEvent::Sent, b"AT\r\n");
        assert_eq!(
            record,
            [
                0x65, 0x53, 0xF1, 0x00, 0, 0, 0, 0, 1, 0, 0, 0, 0x41, 0x54, 0x0D, 0x0A
            ]
        );
    }

    #[test]
    fn checksums_add_up_as_a_receiver_would_check_them() {
        let from = "192.0.2.1:62031".parse().unwrap();
        let to = "192.0.2.200:54321".parse().unwrap();
        for length in [0usize, 1, 2, 55, 65_507] {
            let payload: Vec<u8> = (0..length).map(|i| (i * 7) as u8).collect();
            let frame = ethernet(from, to, 9, &payload);
            assert_eq!(frame.len(), 42 + length);
            let mut ip = Sum::default();
            ip.add(&frame[14..34]);
            assert_eq!(ip.finish(), 0);
            let mut udp = Sum::default();
            udp.add(&frame[26..34]);
            udp.add(&[0, 17]);
            udp.add(&frame[38..40]);
            udp.add(&frame[34..]);
            assert_eq!(udp.finish(), 0);
        }
    }
}
