//! Data blocks (TS 102 361-1 clause 9.2.2 and 9.2.3).

use crate::dmr::crc;

use super::rate::Rate;

/// One data block: 12, 18 or 24 octets by rate. Whether it is a confirmed one, with a
/// serial number and a CRC-9 in front, only the header of its packet says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Block {
    /// Rate 1/2.
    Half([u8; 12]),
    /// Rate 3/4.
    ThreeQuarters([u8; 18]),
    /// Rate 1.
    Full([u8; 24]),
}

/// Why a confirmed block is unusable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("CRC-9 of block {serial} is {found:03x}, computed {computed:03x}")]
pub struct BlockError {
    /// Its serial number, as received.
    pub serial: u8,
    /// CRC-9 as received.
    pub found: u16,
    /// As it should be.
    pub computed: u16,
}

impl Block {
    /// A block of this rate that holds `octets` and zeros after them; `None` if they are too many.
    #[must_use]
    pub fn new(rate: Rate, octets: &[u8]) -> Option<Self> {
        fn fill<const N: usize>(octets: &[u8]) -> Option<[u8; N]> {
            let mut all = [0; N];
            all.get_mut(..octets.len())?.copy_from_slice(octets);
            Some(all)
        }
        Some(match rate {
            Rate::Half => Self::Half(fill(octets)?),
            Rate::ThreeQuarters => Self::ThreeQuarters(fill(octets)?),
            Rate::Full => Self::Full(fill(octets)?),
        })
    }

    /// A confirmed block: serial number (DBSN, 7 bits), CRC-9, user octets and zeros after
    /// them; `None` if there are more than the rate allows less two.
    #[must_use]
    pub fn confirmed(rate: Rate, serial: u8, user: &[u8]) -> Option<Self> {
        let mut octets = vec![0; rate.octets()];
        let (front, body) = octets.split_first_chunk_mut::<2>()?;
        body.get_mut(..user.len())?.copy_from_slice(user);
        let crc = crc::crc9(body, serial, mask(rate));
        *front = (u16::from(serial) << 9 | crc).to_be_bytes();
        Self::new(rate, &octets)
    }

    /// Serial number and user octets of a confirmed block.
    ///
    /// # Errors
    /// The CRC-9 does not match.
    pub fn open_confirmed(&self) -> Result<(u8, &[u8]), BlockError> {
        let [high, low, user @ ..] = self.octets() else {
            return Ok((0, &[]));
        };
        let serial = high >> 1;
        let found = u16::from_be_bytes([high & 1, *low]);
        let computed = crc::crc9(user, serial, mask(self.rate()));
        if found == computed {
            Ok((serial, user))
        } else {
            Err(BlockError {
                serial,
                found,
                computed,
            })
        }
    }

    /// Its rate.
    #[must_use]
    pub const fn rate(&self) -> Rate {
        match self {
            Self::Half(_) => Rate::Half,
            Self::ThreeQuarters(_) => Rate::ThreeQuarters,
            Self::Full(_) => Rate::Full,
        }
    }

    /// All octets.
    #[must_use]
    pub const fn octets(&self) -> &[u8] {
        match self {
            Self::Half(octets) => octets,
            Self::ThreeQuarters(octets) => octets,
            Self::Full(octets) => octets,
        }
    }
}

const fn mask(rate: Rate) -> u16 {
    match rate {
        Rate::Half => crc::mask::RATE_12,
        Rate::ThreeQuarters => crc::mask::RATE_34,
        Rate::Full => crc::mask::RATE_1,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn recorded_confirmed_blocks_open_and_are_built_again() {
        for (serial, hex) in [
            (0, "00764500003e6ecb00004011e9580c20f96d"),
            (1, "03030c2110dd0fa70fa7002a9f970020e000"),
            (2, "04be83040d000a0045006c006a0065006e00"),
            (3, "077020006100200053004f00520021000000"),
            (4, "08180000000000000000000000005c10548e"),
            (0, "00620001410048004f004a00200054004100"),
            (1, "02f24400590020004d004100520045004b00"),
            (2, "0538000000000000000000000000f486aed8"),
        ] {
            let octets = hex::decode(hex).unwrap();
            let block = Block::new(Rate::ThreeQuarters, &octets).unwrap();
            let (found, user) = block.open_confirmed().unwrap();
            assert_eq!(found, serial, "{hex}");
            assert_eq!(
                Block::confirmed(Rate::ThreeQuarters, serial, user),
                Some(block)
            );
        }
    }

    #[test]
    fn a_block_with_a_wrong_bit_is_refused() {
        // The foreign reference table's first block, whose octets 6 and 7 differ.
        let octets = hex::decode("006200014100198000004a00200054004100").unwrap();
        let block = Block::new(Rate::ThreeQuarters, &octets).unwrap();
        assert_eq!(block.open_confirmed().unwrap_err().serial, 0);
    }

    #[test]
    fn too_many_octets_make_no_block() {
        assert_eq!(Block::new(Rate::Half, &[0; 13]), None);
        assert_eq!(Block::confirmed(Rate::Half, 0, &[0; 11]), None);
    }

    proptest! {
        #[test]
        fn confirmed_blocks_of_every_rate_round_trip(
            serial in 0_u8..128,
            rate in prop::sample::select(vec![Rate::Half, Rate::ThreeQuarters, Rate::Full]),
            user in prop::collection::vec(any::<u8>(), 22),
        ) {
            let user = &user[..rate.octets() - 2];
            let block = Block::confirmed(rate, serial, user).unwrap();
            prop_assert_eq!(block.open_confirmed().unwrap(), (serial, user));
        }
    }
}
