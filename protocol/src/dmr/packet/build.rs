//! User data to header and blocks (TS 102 361-1 clauses 8.2 and 9.2).

use core::num::NonZeroU8;

use crate::dmr::crc;
use crate::dmr::data_header::{
    Addressing, Confirmed, DataHeader, DdFormat, ShortDataDefined, ShortDataRaw, Unconfirmed,
};

use super::block::Block;
use super::outgoing::Outgoing;
use super::rate::Rate;

/// Most blocks after one header: BTF has 7 bits.
pub const MOST_BLOCKS: usize = 127;
/// Most blocks of short data: AB has 6 bits.
pub const MOST_SHORT_DATA_BLOCKS: usize = 63;
/// Most octets of a datagram that is sent, or joined of what was heard, in fragments.
pub const MOST_DATAGRAM_OCTETS: usize = 16_384;
/// Octets of the CRC-32 in the last block.
const CRC: usize = 4;

/// Why user data cannot be made a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    /// More than one header can announce.
    #[error(
        "{octets} octets of user data need {blocks} blocks, one header announces at most {most}"
    )]
    TooLong {
        /// Octets given.
        octets: usize,
        /// Blocks they need.
        blocks: usize,
        /// Blocks there may be.
        most: usize,
    },
    /// More than a receiver joins.
    #[error("{octets} octets of user data, fragments hold at most {MOST_DATAGRAM_OCTETS}")]
    Datagram {
        /// Octets given.
        octets: usize,
    },
}

/// User data cut into blocks, with padding and CRC-32 behind it.
struct Cut {
    blocks: Vec<Block>,
    pad: u8,
}

/// Octets of user data in one block.
const fn room(rate: Rate, confirmed: bool) -> usize {
    rate.octets() - if confirmed { 2 } else { 0 }
}

/// Blocks that `octets` of user data need, CRC-32 included.
#[must_use]
pub const fn blocks_for(octets: usize, rate: Rate, confirmed: bool) -> usize {
    octets.saturating_add(CRC).div_ceil(room(rate, confirmed))
}

/// Most octets of user data in this many blocks.
#[must_use]
pub const fn octets_in(blocks: usize, rate: Rate, confirmed: bool) -> usize {
    blocks
        .saturating_mul(room(rate, confirmed))
        .saturating_sub(CRC)
}

fn cut(data: &[u8], rate: Rate, confirmed: bool, most: usize) -> Result<Cut, BuildError> {
    let room = room(rate, confirmed);
    let blocks = blocks_for(data.len(), rate, confirmed);
    if blocks > most {
        return Err(BuildError::TooLong {
            octets: data.len(),
            blocks,
            most,
        });
    }
    let mut packet = data.to_vec();
    packet.resize(blocks * room - CRC, 0);
    let pad = packet.len() - data.len();
    let crc = crc::crc32(&packet);
    packet.extend(crc);
    let blocks = packet
        .chunks(room)
        .zip(0_u8..)
        .filter_map(|(user, serial)| {
            if confirmed {
                Block::confirmed(rate, serial, user)
            } else {
                Block::new(rate, user)
            }
        })
        .collect();
    // Less than one block, so at most 23.
    let pad = pad as u8;
    Ok(Cut { blocks, pad })
}

/// An unconfirmed packet (DPF 2).
///
/// # Errors
/// More user data than 127 blocks hold.
pub fn unconfirmed(
    addressing: Addressing,
    rate: Rate,
    data: &[u8],
) -> Result<Outgoing, BuildError> {
    let Cut { blocks, pad } = cut(data, rate, false, MOST_BLOCKS)?;
    let header = DataHeader::Unconfirmed(Unconfirmed {
        addressing,
        pad_octets: pad,
        full_message: true,
        blocks_to_follow: blocks.len() as u8,
        fragment: 0,
        reserved: Default::default(),
    });
    Ok(Outgoing { header, blocks })
}

/// Where a confirmed packet stands in the sequence of its link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sequence {
    /// N(S), modulo 8.
    pub number: u8,
    /// S: the receiver shall start anew from this number.
    pub resynchronise: bool,
}

/// A confirmed packet of one fragment (DPF 3).
///
/// # Errors
/// More user data than 127 blocks hold.
pub fn confirmed(
    addressing: Addressing,
    rate: Rate,
    sequence: Sequence,
    data: &[u8],
) -> Result<Outgoing, BuildError> {
    fragment(addressing, rate, sequence, Confirmed::SINGLE, data)
}

fn fragment(
    addressing: Addressing,
    rate: Rate,
    sequence: Sequence,
    fragment: u8,
    data: &[u8],
) -> Result<Outgoing, BuildError> {
    let Cut { blocks, pad } = cut(data, rate, true, MOST_BLOCKS)?;
    let header = DataHeader::Confirmed(Confirmed {
        addressing,
        pad_octets: pad,
        full_message: true,
        blocks_to_follow: blocks.len() as u8,
        resynchronise: sequence.resynchronise,
        send_sequence: sequence.number & 7,
        fragment,
        reserved: Default::default(),
    });
    Ok(Outgoing { header, blocks })
}

/// A confirmed datagram cut into fragments of at most `most_blocks` blocks, each a packet
/// of its own with its own N(S) (TS 102 361-1 clause 8.2.2). Fragments count 0, 1 to 7,
/// 1 again; the last has bit 3 set.
///
/// # Errors
/// `most_blocks` is above 127 and a fragment would need them, or the datagram is longer
/// than [`MOST_DATAGRAM_OCTETS`].
pub fn fragments(
    addressing: Addressing,
    rate: Rate,
    first: Sequence,
    most_blocks: usize,
    data: &[u8],
) -> Result<Vec<Outgoing>, BuildError> {
    if data.len() > MOST_DATAGRAM_OCTETS {
        return Err(BuildError::Datagram { octets: data.len() });
    }
    let most = octets_in(most_blocks.max(1), rate, true);
    let count = data.len().div_ceil(most).max(1);
    (0..count)
        .map(|index| {
            let part = data.chunks(most).nth(index).unwrap_or_default();
            let ring = if index == 0 { 0 } else { (index - 1) % 7 + 1 } as u8;
            let last = if index + 1 == count {
                Confirmed::SINGLE
            } else {
                0
            };
            let sequence = Sequence {
                number: first.number.wrapping_add(index as u8),
                resynchronise: first.resynchronise && index == 0,
            };
            fragment(addressing, rate, sequence, last | ring, part)
        })
        .collect()
}

/// Defined short data (DPF 13); its blocks are confirmed when `addressing` asks for a response.
///
/// # Errors
/// More user data than 63 blocks hold.
pub fn short_data(
    addressing: Addressing,
    rate: Rate,
    format: DdFormat,
    data: &[u8],
) -> Result<Outgoing, BuildError> {
    let confirmed = addressing.response_requested;
    let Cut { blocks, pad } = cut(data, rate, confirmed, MOST_SHORT_DATA_BLOCKS)?;
    let header = DataHeader::ShortDataDefined(ShortDataDefined {
        addressing,
        appended_blocks: blocks.len() as u8,
        format,
        selective_repeat: false,
        full_message: true,
        bit_padding: pad * 8,
    });
    Ok(Outgoing { header, blocks })
}

/// Raw short data (DPF 14) between two 3-bit ports; its blocks are confirmed when
/// `addressing` asks for a response.
///
/// # Errors
/// More user data than 63 blocks hold.
pub fn raw_short_data(
    addressing: Addressing,
    rate: Rate,
    (source_port, destination_port): (u8, u8),
    data: &[u8],
) -> Result<Outgoing, BuildError> {
    let confirmed = addressing.response_requested;
    let Cut { blocks, pad } = cut(data, rate, confirmed, MOST_SHORT_DATA_BLOCKS)?;
    let header = DataHeader::ShortDataRaw(ShortDataRaw {
        addressing,
        appended_blocks: NonZeroU8::new(blocks.len() as u8).unwrap_or(NonZeroU8::MIN),
        source_port,
        destination_port,
        selective_repeat: false,
        full_message: true,
        bit_padding: pad * 8,
    });
    Ok(Outgoing { header, blocks })
}

#[cfg(test)]
mod tests {
    use crate::dmr::data_header::Sap;

    use super::*;

    fn hex_of(packet: &Outgoing) -> Vec<String> {
        packet
            .pdus(0)
            .iter()
            .map(|pdu| hex::encode(pdu.octets()))
            .collect()
    }

    const fn individual(sap: Sap, ask: bool, destination: u32, source: u32) -> Addressing {
        Addressing {
            group: false,
            response_requested: ask,
            sap,
            destination,
            source,
        }
    }

    #[test]
    fn the_recorded_unconfirmed_packet_is_built() {
        let to = individual(Sap::UdpCompressed, false, 2_308_092, 2_308_094);
        let data = hex::decode("d6790062620003bf0007").unwrap();
        let packet = unconfirmed(to, Rate::Half, &data).unwrap();
        assert_eq!(
            hex_of(&packet),
            [
                "023a2337fc2337fe820081a3",
                "d6790062620003bf00070000",
                "0000000000000000210b9a3d"
            ]
        );
    }

    #[test]
    fn the_recorded_confirmed_datagram_is_built() {
        let to = individual(Sap::Ip, true, 0x21_10DD, 0x20_F96D);
        let data = hex::decode(
            "4500003e6ecb00004011e9580c20f96d0c2110dd0fa70fa7002a9f970020e00083040d000a00\
             45006c006a0065006e0020006100200053004f0052002100",
        )
        .unwrap();
        let sequence = Sequence {
            number: 5,
            resynchronise: false,
        };
        let packet = confirmed(to, Rate::ThreeQuarters, sequence, &data).unwrap();
        assert_eq!(
            hex_of(&packet),
            [
                "434e2110dd20f96d8558bf5b",
                "00764500003e6ecb00004011e9580c20f96d",
                "03030c2110dd0fa70fa7002a9f970020e000",
                "04be83040d000a0045006c006a0065006e00",
                "077020006100200053004f00520021000000",
                "08180000000000000000000000005c10548e"
            ]
        );
        let first = packet.pdus(1)[0];
        assert_eq!(hex::encode(first.octets()), "bd0080062110dd20f96db089");
    }

    #[test]
    fn a_retry_repeats_the_asked_blocks_under_their_numbers() {
        let to = individual(Sap::Ip, true, 1, 2);
        let packet = confirmed(to, Rate::Half, Sequence::default(), &[7; 30]).unwrap();
        let retry = packet.retry(&[1, 3, 99]).unwrap();
        let DataHeader::Confirmed(header) = retry.header else {
            panic!("another format");
        };
        assert!(!header.full_message);
        assert_eq!(header.blocks_to_follow, 2);
        let serials: Vec<u8> = retry
            .blocks
            .iter()
            .map(|block| block.open_confirmed().unwrap().0)
            .collect();
        assert_eq!(serials, [1, 3]);
        assert_eq!(packet.retry(&[99]), None);
    }

    #[test]
    fn more_than_a_header_announces_is_refused() {
        let to = individual(Sap::Ip, false, 1, 2);
        let most = octets_in(MOST_BLOCKS, Rate::Half, false);
        assert_eq!(
            unconfirmed(to, Rate::Half, &vec![0; most])
                .unwrap()
                .blocks
                .len(),
            127
        );
        assert_eq!(
            unconfirmed(to, Rate::Half, &vec![0; most + 1]),
            Err(BuildError::TooLong {
                octets: most + 1,
                blocks: 128,
                most: 127
            })
        );
    }

    #[test]
    fn fragments_count_in_a_ring_and_mark_the_last() {
        let to = individual(Sap::Ip, true, 1, 2);
        let first = Sequence {
            number: 6,
            resynchronise: true,
        };
        let all = fragments(to, Rate::Half, first, 2, &[1; 16 * 10]).unwrap();
        let numbers: Vec<(u8, u8)> = all
            .iter()
            .map(|packet| match packet.header {
                DataHeader::Confirmed(header) => (header.fragment, header.send_sequence),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(
            numbers,
            [
                (0, 6),
                (1, 7),
                (2, 0),
                (3, 1),
                (4, 2),
                (5, 3),
                (6, 4),
                (7, 5),
                (1, 6),
                (10, 7)
            ]
        );
    }
}
