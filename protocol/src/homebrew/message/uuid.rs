//! The 128-bit name of a call or transfer.

use core::fmt;

/// Names one call or one transfer from end to end; a repeat carries the same one. 16 octets
/// in the order in which they are written.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uuid(pub [u8; 16]);

impl Uuid {
    /// A UUID of the form for a maker's own way of choosing (RFC 9562 version 8), from 16
    /// octets of which 122 bits stay.
    #[must_use]
    pub const fn custom(octets: [u8; 16]) -> Self {
        let mut octets = octets;
        octets[6] = 0x80 | octets[6] & 0x0F;
        octets[8] = 0x80 | octets[8] & 0x3F;
        Self(octets)
    }
}

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().enumerate().try_for_each(|(index, octet)| {
            let dash = if matches!(index, 4 | 6 | 8 | 10) {
                "-"
            } else {
                ""
            };
            write!(f, "{dash}{octet:02x}")
        })
    }
}

impl fmt::Debug for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Uuid({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_written_in_five_groups() {
        let octets = *b"\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee\xff";
        assert_eq!(
            Uuid(octets).to_string(),
            "00112233-4455-6677-8899-aabbccddeeff"
        );
        assert_eq!(
            Uuid::custom([0xFF; 16]).to_string(),
            "ffffffff-ffff-8fff-bfff-ffffffffffff"
        );
    }
}
