//! The rates of data blocks.

/// How strongly blocks are protected, which decides how many octets one holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Rate {
    /// Rate 1/2, BPTC(196,96): 12 octets. The only one safe everywhere.
    #[default]
    Half,
    /// Rate 3/4, trellis: 18 octets.
    ThreeQuarters,
    /// Rate 1, no protection: 24 octets.
    Full,
}

impl Rate {
    /// Octets of one block.
    #[must_use]
    pub const fn octets(self) -> usize {
        match self {
            Self::Half => 12,
            Self::ThreeQuarters => 18,
            Self::Full => 24,
        }
    }

    /// Data type of such a block (TS 102 361-1 clause 9.3.6).
    #[must_use]
    pub const fn data_type(self) -> u8 {
        match self {
            Self::Half => 7,
            Self::ThreeQuarters => 8,
            Self::Full => 10,
        }
    }
}
