//! What nearly all data headers have in common (TS 102 361-1 clause 9.2).

use crate::dmr::codes::codes;
use crate::dmr::fields::Field;

use super::bits::Bits;

codes! {
    /// Service access point, 4 bits (clause 9.3.18).
    Sap {
        Udt = 0, "unified data transport";
        TcpCompressed = 2, "TCP/IP header compression";
        UdpCompressed = 3, "UDP/IP header compression";
        Ip = 4, "IP packet data";
        Arp = 5, "address resolution";
        Proprietary = 9, "proprietary packet data";
        ShortData = 10, "short data";
    }
}

/// Who sends to whom, over which service access point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Addressing {
    /// G/I, bit 0: the destination is a talkgroup.
    pub group: bool,
    /// A, bit 1: the sender asks for a response.
    pub response_requested: bool,
    /// Bits 8 to 11.
    pub sap: Sap,
    /// Logical link id of the destination, 24 bits; gateways and all-calls included.
    pub destination: u32,
    /// Logical link id of the source, 24 bits.
    pub source: u32,
}

impl Addressing {
    pub(crate) fn decode(bits: Bits) -> Self {
        Self {
            group: bits.flag(0),
            response_requested: bits.flag(1),
            sap: Sap::from_code(bits.octet(8, 4)),
            destination: bits.get(16, 24),
            source: bits.get(40, 24),
        }
    }

    pub(crate) fn encode(&self, bits: Bits, dpf: u8) -> Bits {
        bits.with(0, 1, self.group)
            .with(1, 1, self.response_requested)
            .with(4, 4, dpf)
            .with(8, 4, self.sap.code())
            .with(16, 24, self.destination)
            .with(40, 24, self.source)
    }

    /// The way back: destination and source exchanged, nothing asked.
    #[must_use]
    pub const fn reply(&self) -> Self {
        Self {
            group: false,
            response_requested: false,
            sap: self.sap,
            destination: self.source,
            source: self.destination,
        }
    }

    pub(crate) fn flags(&self, out: &mut Vec<Field>) {
        out.push(Field::flag("group", self.group));
        out.push(Field::flag("response_requested", self.response_requested));
    }

    pub(crate) fn addresses(&self, out: &mut Vec<Field>) {
        out.push(Field::coded(
            "sap",
            self.sap.code(),
            4,
            self.sap.to_string(),
        ));
        out.push(Field::number("destination", self.destination, 24));
        out.push(Field::number("source", self.source, 24));
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    prop_compose! {
        pub(crate) fn any_addressing()(
            group: bool,
            response_requested: bool,
            sap in (0_u8..16).prop_map(Sap::from_code),
            destination in 0_u32..1 << 24,
            source in 0_u32..1 << 24,
        ) -> Addressing {
            Addressing { group, response_requested, sap, destination, source }
        }
    }

    #[test]
    fn a_reply_goes_back_to_the_sender() {
        let asked = Addressing {
            group: false,
            response_requested: true,
            sap: Sap::Ip,
            destination: 1,
            source: 2,
        };
        let reply = asked.reply();
        assert_eq!((reply.destination, reply.source), (2, 1));
        assert!(!reply.response_requested);
    }
}
