//! Preamble CSBKs in front of a data packet (TS 102 361-2 clause 7.1.2.7).

use crate::dmr::crc;
use crate::dmr::data_header::Addressing;

/// Last block, opcode 3Dh.
const PREAMBLE: u8 = 0xBD;
const DATA_FOLLOWS: u8 = 0x80;
const GROUP: u8 = 0x40;

/// A preamble that announces `follow` more bursts: the preambles still to come, the
/// header or headers, and the blocks.
#[must_use]
pub fn preamble(addressing: &Addressing, follow: u8) -> [u8; 12] {
    let [_, d0, d1, d2] = addressing.destination.to_be_bytes();
    let [_, s0, s1, s2] = addressing.source.to_be_bytes();
    let flags = DATA_FOLLOWS | if addressing.group { GROUP } else { 0 };
    let octets = [PREAMBLE, 0, flags, follow, d0, d1, d2, s0, s1, s2];
    crc::append_ccitt(&octets, crc::mask::CSBK)
}

#[cfg(test)]
mod tests {
    use crate::dmr::data_header::Sap;

    use super::*;

    #[test]
    fn the_recorded_preambles_are_built() {
        let mut to = Addressing {
            group: false,
            response_requested: true,
            sap: Sap::Ip,
            destination: 0x21_10DD,
            source: 0x20_F96D,
        };
        assert_eq!(hex::encode(preamble(&to, 6)), "bd0080062110dd20f96db089");
        to.group = true;
        to.destination = 1;
        to.source = 0xCA;
        assert_eq!(hex::encode(preamble(&to, 5)), "bd00c0050000010000cae78a");
    }
}
