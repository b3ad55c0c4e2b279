//! UDP datagrams in DMR packets: plain (service access point 4) and with a compressed
//! header (service access point 3, TS 102 361-3 clause 7.2.4).

mod compressed;
mod ipv4;

use core::net::Ipv4Addr;

use crate::air::Address;

pub use compressed::{CompressedUdp, NETWORK_GROUP, NETWORK_RADIO, PortField};
pub use ipv4::{Datagram, IpError};

/// UDP ports of radio services.
pub mod port {
    /// Motorola location.
    pub const LRRP: u16 = 4001;
    /// Motorola registration.
    pub const ARS: u16 = 4005;
    /// Motorola text.
    pub const TMS: u16 = 4007;
    /// Motorola telemetry.
    pub const TELEMETRY: u16 = 4008;
    /// DMR standard text, UTF-16BE.
    pub const TEXT: u16 = 5016;
    /// DMR standard location.
    pub const LIP: u16 = 5017;
}

/// First octet of the addresses that stand for radios and for talkgroups; the other
/// three are the 24-bit id. Every system configures its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Networks {
    /// Radios.
    pub individual: u8,
    /// Talkgroups.
    pub group: u8,
}

impl Default for Networks {
    /// Motorola's factory setting: 12.x and 225.x.
    fn default() -> Self {
        Self {
            individual: 12,
            group: 225,
        }
    }
}

impl Networks {
    /// The IPv4 address of a radio or talkgroup.
    #[must_use]
    pub const fn address(self, of: Address) -> Ipv4Addr {
        let network = if of.is_group() {
            self.group
        } else {
            self.individual
        };
        let [_, a, b, c] = of.get().to_be_bytes();
        Ipv4Addr::new(network, a, b, c)
    }
}

/// The 24-bit id in an address.
#[must_use]
pub const fn id_of(address: Ipv4Addr) -> u32 {
    let [_, a, b, c] = address.octets();
    u32::from_be_bytes([0, a, b, c])
}

/// The 24-bit id of the radio that has `address`, whatever the system's network octet is.
/// `None` for addresses that stand for no radio: those of computers behind one (RFC 1918's
/// 172.16/12 and 192.168/16, link-local, loopback) and the unspecified one.
#[must_use]
pub const fn radio_of(address: Ipv4Addr) -> Option<u32> {
    match address.octets() {
        [172, 16..=31, ..] | [192, 168, ..] | [169, 254, ..] | [0 | 127, ..] => None,
        _ => Some(id_of(address)),
    }
}

#[cfg(test)]
mod tests {
    use crate::air::{GroupId, RadioId};

    use super::*;

    #[test]
    fn addresses_are_network_octet_and_id() {
        let networks = Networks::default();
        let radio = Address::Radio(RadioId::new(0x20_F96D).unwrap());
        assert_eq!(networks.address(radio), Ipv4Addr::new(12, 32, 249, 109));
        assert_eq!(id_of(networks.address(radio)), 0x20_F96D);
        assert_eq!(radio_of(networks.address(radio)), Some(0x20_F96D));
        assert_eq!(radio_of(Ipv4Addr::new(192, 168, 10, 1)), None);
        let group = Address::Group(GroupId::new(9).unwrap());
        assert_eq!(networks.address(group), Ipv4Addr::new(225, 0, 0, 9));
    }
}
