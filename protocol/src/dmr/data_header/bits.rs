//! Bit fields of the ten information octets of a header.

/// Bits of information in a header, before its CRC.
const WIDTH: u32 = 80;

/// The information octets as one number; bit 0 is the first transmitted.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Bits(u128);

impl Bits {
    /// The information octets of a PDU of twelve, leaving its CRC out.
    pub(crate) fn of(pdu: &[u8; 12]) -> Self {
        Self(
            pdu.iter()
                .take(10)
                .fold(0, |all, &octet| all << 8 | u128::from(octet)),
        )
    }

    /// Starts from what a decoded PDU held in its reserved bits.
    pub(crate) const fn reserving(reserved: Reserved) -> Self {
        Self(reserved.0)
    }

    /// `count` bits from bit `first` on, as a number.
    pub(crate) const fn get(self, first: u32, count: u32) -> u32 {
        (self.0 >> (WIDTH - first - count) & mask(count)) as u32
    }

    /// At most eight bits from bit `first` on.
    pub(crate) const fn octet(self, first: u32, count: u32) -> u8 {
        self.get(first, count) as u8
    }

    /// One bit.
    pub(crate) const fn flag(self, at: u32) -> bool {
        self.get(at, 1) == 1
    }

    /// The same with `value` in `count` bits from bit `first` on; higher bits of `value` are cut off.
    pub(crate) fn with(self, first: u32, count: u32, value: impl Into<u32>) -> Self {
        let shift = WIDTH - first - count;
        let field = (u128::from(value.into()) & mask(count)) << shift;
        Self(self.0 & !(mask(count) << shift) | field)
    }

    /// Only the bits of the named ranges (first bit, count), as they were received.
    pub(crate) fn reserved(self, ranges: &[(u32, u32)]) -> Reserved {
        let keep = ranges.iter().fold(0, |all, &(first, count)| {
            all | mask(count) << (WIDTH - first - count)
        });
        Reserved(self.0 & keep)
    }

    /// The ten octets.
    pub(crate) fn octets(self) -> [u8; 10] {
        let [_, _, _, _, _, _, octets @ ..] = self.0.to_be_bytes();
        octets
    }
}

const fn mask(count: u32) -> u128 {
    (1 << count) - 1
}

/// Bits the standard reserves, as they were received; zero in a PDU of our own making.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Reserved(u128);

impl Reserved {
    /// Whether any reserved bit was set.
    #[must_use]
    pub const fn any(self) -> bool {
        self.0 != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bit_zero_is_the_first_transmitted() {
        let pdu = [0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0x01, 0xFF, 0xFF];
        let bits = Bits::of(&pdu);
        assert!(bits.flag(0) && bits.flag(79) && !bits.flag(1));
        assert_eq!(bits.with(4, 4, 0x1F_u8).octets()[0], 0x8F);
        assert!(bits.reserved(&[(79, 1)]).any());
        assert!(!bits.reserved(&[(1, 78)]).any());
    }
}
