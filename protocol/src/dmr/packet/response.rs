//! What the receiver's link layer answers (TS 102 361-1 clause 8.2.2.2).

use crate::dmr::crc;
use crate::dmr::data_header::{Addressing, DataHeader, NackReason, Response, Verdict};

use super::block::Block;
use super::outgoing::Outgoing;
use super::rate::Rate;

/// Blocks whose flags fit one rate 1/2 block: eight octets and the CRC-32.
const FLAGS_IN_ONE: usize = 64;

/// The acknowledgement of a whole packet. `packet` is who sent it to whom; the answer
/// goes the other way. `n_s` is the packet's N(S), 0 for short data.
#[must_use]
pub fn ack(packet: &Addressing, n_s: u8) -> Outgoing {
    answer(packet, Verdict::Ack, n_s, Vec::new())
}

/// The refusal of a packet.
#[must_use]
pub fn nack(packet: &Addressing, n_s: u8, reason: NackReason) -> Outgoing {
    answer(packet, Verdict::Nack(reason), n_s, Vec::new())
}

/// Asks for the `missing` ones of `total` blocks again. The flag of serial number i is bit
/// i mod 8, least significant first, of octet i / 8; 1 means received, unused flags are 1.
#[must_use]
pub fn sack(packet: &Addressing, n_s: u8, total: usize, missing: &[u8]) -> Outgoing {
    let octets = if total > FLAGS_IN_ONE { 20 } else { 8 };
    let flags: Vec<u8> = (0..octets)
        .map(|index| {
            (0..8_u8)
                .filter(|bit| missing.contains(&(index * 8 + bit)))
                .fold(0xFF, |octet, bit| octet & !(1 << bit))
        })
        .collect();
    let checked = [flags.as_slice(), &crc::crc32(&flags)].concat();
    let blocks = checked
        .chunks(Rate::Half.octets())
        .filter_map(|octets| Block::new(Rate::Half, octets))
        .collect();
    answer(packet, Verdict::Sack, n_s, blocks)
}

fn answer(packet: &Addressing, verdict: Verdict, n_s: u8, blocks: Vec<Block>) -> Outgoing {
    let header = DataHeader::Response(Response {
        addressing: packet.reply(),
        blocks_to_follow: blocks.len() as u8,
        verdict,
        status: n_s & 7,
        reserved: Default::default(),
    });
    Outgoing { header, blocks }
}

/// The serial numbers below `total` that the flag octets of a SACK (CRC-32 removed) ask for again.
#[must_use]
pub fn asked_again(flags: &[u8], total: usize) -> Vec<u8> {
    (0..=u8::MAX)
        .take(total)
        .filter(|serial| {
            flags
                .get(usize::from(serial / 8))
                .is_some_and(|octet| octet >> (serial % 8) & 1 == 0)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::dmr::data_header::Sap;

    use super::*;

    const PACKET: Addressing = Addressing {
        group: false,
        response_requested: true,
        sap: Sap::Ip,
        destination: 0x21_10DD,
        source: 0x20_F96D,
    };

    fn hex_of(packet: &Outgoing) -> Vec<String> {
        packet
            .pdus(0)
            .iter()
            .map(|pdu| hex::encode(pdu.octets()))
            .collect()
    }

    #[test]
    fn the_worked_answers_are_built() {
        assert_eq!(hex_of(&ack(&PACKET, 5)), ["014020f96d2110dd000d22e2"]);
        assert_eq!(
            hex_of(&sack(&PACKET, 5, 5, &[2])),
            ["014020f96d2110dd01850153", "fbffffffffffffffd1db9c97"]
        );
    }

    #[test]
    fn a_nack_names_its_reason() {
        let refused = nack(&PACKET, 3, NackReason::MemoryFull);
        let DataHeader::Response(header) = refused.header else {
            panic!("another format");
        };
        assert_eq!(header.verdict, Verdict::Nack(NackReason::MemoryFull));
        assert_eq!(header.status, 3);
    }

    #[test]
    fn more_than_64_blocks_take_two_blocks_of_flags() {
        assert_eq!(sack(&PACKET, 0, 64, &[63]).blocks.len(), 1);
        assert_eq!(sack(&PACKET, 0, 65, &[64]).blocks.len(), 2);
    }

    proptest! {
        #[test]
        fn what_is_asked_again_is_what_was_missing(
            total in 1_usize..128,
            wanted in prop::collection::btree_set(0_u8..127, 0..20),
        ) {
            let missing: Vec<u8> =
                wanted.into_iter().filter(|&serial| usize::from(serial) < total).collect();
            let sack = sack(&PACKET, 0, total, &missing);
            let octets: Vec<u8> =
                sack.blocks.iter().flat_map(|block| block.octets()).copied().collect();
            let (flags, _) = octets.split_at(octets.len() - 4);
            prop_assert_eq!(asked_again(flags, total), missing);
        }
    }
}
