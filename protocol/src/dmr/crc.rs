//! Cyclic redundancy checks of TS 102 361-1 annex B.3.

use crc::{Algorithm, Crc, Table};

/// Masks XORed onto CRC-CCITT (B.3.12).
pub mod mask {
    /// Privacy indicator header.
    pub const PI_HEADER: u16 = 0x6969;
    /// Control signalling block.
    pub const CSBK: u16 = 0xA5A5;
    /// Multi-block control header.
    pub const MBC_HEADER: u16 = 0xAAAA;
    /// Data header.
    pub const DATA_HEADER: u16 = 0xCCCC;
    /// Unified single block data.
    pub const USBD: u16 = 0x3333;
    /// Appended blocks of MBC and UDT carry no mask.
    pub const NONE: u16 = 0;
    /// CRC-9 of a rate 1/2 block.
    pub const RATE_12: u16 = 0x0F0;
    /// CRC-9 of a rate 3/4 block.
    pub const RATE_34: u16 = 0x1FF;
    /// CRC-9 of a rate 1 block.
    pub const RATE_1: u16 = 0x10F;
}

/// B.3.8: x^16 + x^12 + x^5 + 1, initial value 0, inverted ("CRC-16/GSM").
const CCITT: Crc<u16, Table<16>> = Crc::<u16, Table<16>>::new(&crc::CRC_16_GSM);

/// B.3.7: x^8 + x^2 + x + 1, initial value 0.
const CRC8: Crc<u8> = Crc::<u8>::new(&crc::CRC_8_SMBUS);

/// B.3.9: the usual polynomial, but initial value 0 and no inversion.
const CRC32: Crc<u32> = Crc::<u32>::new(&Algorithm {
    width: 32,
    poly: 0x04C1_1DB7,
    init: 0,
    refin: false,
    refout: false,
    xorout: 0,
    check: 0x89A1_897F,
    residue: 0,
});

/// CRC-CCITT of `data` with `mask` (B.3.8, B.3.12), as transmitted most significant bit first.
#[must_use]
pub fn ccitt(data: &[u8], mask: u16) -> u16 {
    CCITT.checksum(data) ^ mask
}

/// The ten information octets of a PDU followed by their CRC-CCITT with `mask`.
#[must_use]
pub fn append_ccitt(information: &[u8; 10], mask: u16) -> [u8; 12] {
    let [a, b, c, d, e, f, g, h, i, j] = *information;
    let [high, low] = ccitt(information, mask).to_be_bytes();
    [a, b, c, d, e, f, g, h, i, j, high, low]
}

/// CRC-9 of a confirmed block: the user octets, then the 7-bit serial number (B.3.10).
#[must_use]
pub fn crc9(data: &[u8], serial: u8, mask: u16) -> u16 {
    const POLYNOMIAL: u16 = 0x059;
    let bits_of = |byte: u8, count: u32| (0..count).rev().map(move |i| u16::from(byte >> i & 1));
    let bits = data
        .iter()
        .flat_map(|&byte| bits_of(byte, 8))
        .chain(bits_of(serial, 7));
    let remainder = bits.fold(0u16, |register, bit| {
        let feedback = (register >> 8 & 1) ^ bit;
        (register << 1 & 0x1FF) ^ (feedback * POLYNOMIAL)
    });
    (remainder ^ 0x1FF) ^ mask
}

/// CRC-8 over whole octets (B.3.7); also the 8-bit address hash of the activity update.
#[must_use]
pub fn crc8(data: &[u8]) -> u8 {
    CRC8.checksum(data)
}

/// CRC-8 of the 28 information bits of a short LC, given in the low bits of `value` (B.3.7).
#[must_use]
pub fn crc8_short_lc(value: u32) -> u8 {
    (0..28).rev().fold(0u8, |register, i| {
        let feedback = (register >> 7) ^ u8::from(value >> i & 1 == 1);
        (register << 1) ^ (feedback * 0x07)
    })
}

/// CRC-7 of the four command bits of a reverse channel message, with its mask (B.3.13).
#[must_use]
pub fn crc7(command: u8) -> u8 {
    let remainder = (0..4).rev().fold(0u8, |register, i| {
        let feedback = (register >> 6 & 1) ^ (command >> i & 1);
        (register << 1 & 0x7F) ^ (feedback * 0x27)
    });
    remainder ^ 0x7A
}

/// CRC-32 of a packet: user octets and padding, an even count, without the CRC itself
/// (B.3.9). Octets enter in swapped pairs; the result leaves least significant octet first.
#[must_use]
pub fn crc32(packet: &[u8]) -> [u8; 4] {
    let mut digest = CRC32.digest();
    for pair in packet.chunks(2) {
        match *pair {
            [first, second] => digest.update(&[second, first]),
            [odd] => digest.update(&[odd]),
            _ => {}
        }
    }
    digest.finalize().to_le_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(hex: &str) -> Vec<u8> {
        hex::decode(hex).unwrap()
    }

    #[test]
    fn ccitt_matches_the_worked_pdus() {
        assert_eq!(ccitt(&bytes("bd00801d23386323383b"), mask::CSBK), 0x5889);
        assert_eq!(
            ccitt(&bytes("4da323383b23383b0560"), mask::DATA_HEADER),
            0x8040
        );
        assert_eq!(
            ccitt(&bytes("211002177afc73000009"), mask::PI_HEADER),
            0x0DDA
        );
    }

    #[test]
    fn crc9_takes_the_serial_number_last() {
        let first = bytes("4500003e6ecb00004011e9580c20f96d");
        assert_eq!(crc9(&first, 0, mask::RATE_34), 0x076);
        let second = bytes("0c2110dd0fa70fa7002a9f970020e000");
        assert_eq!(crc9(&second, 1, mask::RATE_34), 0x103);
    }

    #[test]
    fn crc32_swaps_pairs_and_is_little_endian() {
        let packet = bytes("d6790062620003bf000700000000000000000000");
        assert_eq!(crc32(&packet), [0x21, 0x0B, 0x9A, 0x3D]);
    }

    #[test]
    fn crc8_is_also_the_address_hash() {
        assert_eq!(crc8(&[0, 0, 1]), 0x07);
        assert_eq!(crc8(&[0, 0, 9]), 0x3F);
        assert_eq!(crc8(&[0x23, 0x38, 0x3B]), 0x0E);
    }

    #[test]
    fn short_lc_crc_matches_the_worked_value() {
        assert_eq!(crc8_short_lc(0x200_2605), 0xE7);
    }
}
