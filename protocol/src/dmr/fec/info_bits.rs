//! The coded bits of a burst around its slot type: what the block codes work on.

/// Bits of each of the two parts of the info field.
const PART_BITS: u32 = 98;
const PART_MASK: u128 = (1 << PART_BITS) - 1;

/// The 196 bits of an info field in transmit order, as its two parts of 98 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InfoBits {
    first: u128,
    second: u128,
}

impl InfoBits {
    /// The field whose parts stand in the low 98 bits of the arguments; the rest is dropped.
    #[must_use]
    pub const fn new(first: u128, second: u128) -> Self {
        Self {
            first: first & PART_MASK,
            second: second & PART_MASK,
        }
    }

    /// The field of a burst (bits 0 to 97 and 166 to 263; clause 6.1).
    #[must_use]
    #[inline]
    pub fn of_burst(burst: &[u8; 33]) -> Self {
        let first = burst.first_chunk().copied().map_or(0, u128::from_be_bytes);
        let second = burst.last_chunk().copied().map_or(0, u128::from_be_bytes);
        Self::new(first >> (u128::BITS - PART_BITS), second)
    }

    /// The part before the slot type and sync: 98 bits.
    #[must_use]
    pub const fn first(self) -> u128 {
        self.first
    }

    /// The part after them: 98 bits.
    #[must_use]
    pub const fn second(self) -> u128 {
        self.second
    }
}
