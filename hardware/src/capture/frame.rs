//! What a chunk looks like inside a packet record.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use super::SerialEvent;

/// Most bytes a UDP datagram can carry.
const LARGEST_DATAGRAM: usize = 65_507;
/// UDP's number among the protocols above IP.
const UDP: u8 = 17;
const TIME_TO_LIVE: u8 = 64;

/// Appends an RTAC serial record: when, what, no control lines, the bytes.
pub(super) fn serial(
    seconds: u32,
    micros: u32,
    event: SerialEvent,
    bytes: &[u8],
    out: &mut Vec<u8>,
) {
    out.extend(seconds.to_be_bytes());
    out.extend(micros.to_be_bytes());
    // Control lines are not watched: none is claimed to be asserted.
    out.extend([event.number(), 0, 0, 0]);
    out.extend(bytes);
}

/// Appends an Ethernet frame with this datagram, as a sniffer beside us would have seen it.
/// `identification` counts IPv4 packets. Addresses of different families are both written
/// as IPv6, the IPv4 one mapped.
pub(super) fn ethernet(
    source: SocketAddr,
    destination: SocketAddr,
    identification: u16,
    payload: &[u8],
    out: &mut Vec<u8>,
) {
    let payload = payload.get(..LARGEST_DATAGRAM).unwrap_or(payload);
    let length = short(8 + payload.len());
    let mut pseudo = Sum::default();
    match (source.ip(), destination.ip()) {
        (IpAddr::V4(from), IpAddr::V4(to)) => {
            let (from, to) = (from.octets(), to.octets());
            for [a, b, c, d] in [to, from] {
                out.extend([2, 0, a, b, c, d]);
            }
            out.extend([0x08, 0x00]);
            let [total_high, total_low] = length.saturating_add(20).to_be_bytes();
            let [id_high, id_low] = identification.to_be_bytes();
            let start = [
                0x45,
                0,
                total_high,
                total_low,
                id_high,
                id_low,
                0x40,
                0,
                TIME_TO_LIVE,
                UDP,
            ];
            let mut sum = Sum::default();
            for part in [start.as_slice(), &from, &to] {
                sum.add(part);
            }
            out.extend(start);
            out.extend(sum.finish().to_be_bytes());
            out.extend(from);
            out.extend(to);
            pseudo.add(&from);
            pseudo.add(&to);
        }
        (from, to) => {
            let (from, to) = (six(from).octets(), six(to).octets());
            for [.., a, b, c, d] in [to, from] {
                out.extend([2, 0, a, b, c, d]);
            }
            out.extend([0x86, 0xDD, 0x60, 0, 0, 0]);
            out.extend(length.to_be_bytes());
            out.extend([UDP, TIME_TO_LIVE]);
            out.extend(from);
            out.extend(to);
            pseudo.add(&from);
            pseudo.add(&to);
        }
    }
    let [length_high, length_low] = length.to_be_bytes();
    let [from_high, from_low] = source.port().to_be_bytes();
    let [to_high, to_low] = destination.port().to_be_bytes();
    let udp = [
        from_high,
        from_low,
        to_high,
        to_low,
        length_high,
        length_low,
    ];
    pseudo.add(&[0, UDP, length_high, length_low]);
    pseudo.add(&udp);
    pseudo.add(payload);
    let checksum = match pseudo.finish() {
        // Zero on the wire means "no checksum".
        0 => 0xFFFF,
        sum => sum,
    };
    out.extend(udp);
    out.extend(checksum.to_be_bytes());
    out.extend(payload);
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
        // Two words at once: what overflows the lower one is folded in at the end.
        let (fours, rest) = bytes.as_chunks::<4>();
        for four in fours {
            self.0 += u64::from(u32::from_be_bytes(*four));
        }
        let mut last = [0; 4];
        last.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
        self.0 += u64::from(u32::from_be_bytes(last));
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
        let mut record = Vec::new();
        serial(1_700_000_000, 0, SerialEvent::Sent, b"AT\r\n", &mut record);
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
            let mut frame = Vec::new();
            ethernet(from, to, 9, &payload, &mut frame);
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
