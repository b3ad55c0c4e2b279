//! The PDUs a data transmission is made of, before channel coding.

use super::block::Block;

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

/// One PDU of a data transmission; each becomes one burst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Pdu {
    /// A control signalling block (data type 3), such as a preamble.
    Csbk([u8; 12]),
    /// A data header (data type 6).
    DataHeader([u8; 12]),
    /// A data block (data types 7, 8 and 10).
    Block(Block),
}

impl Pdu {
    /// Data type of the burst (TS 102 361-1 clause 9.3.6).
    #[must_use]
    pub const fn data_type(&self) -> u8 {
        match self {
            Self::Csbk(_) => 3,
            Self::DataHeader(_) => 6,
            Self::Block(block) => block.rate().data_type(),
        }
    }

    /// The PDU's octets: 12, 18 or 24.
    #[must_use]
    pub fn octets(&self) -> &[u8] {
        match self {
            Self::Csbk(octets) | Self::DataHeader(octets) => octets,
            Self::Block(block) => block.octets(),
        }
    }
}
