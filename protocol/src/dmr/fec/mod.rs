//! Forward error correction of TS 102 361-1 annex B: one file per code.
//!
//! Bit strings are integers whose most significant bit is the first transmitted.

pub mod bptc;
pub mod embedded_lc;
pub mod golay;
pub mod hamming;
mod info_bits;
mod linear;
mod parity_row;
pub mod quadratic_residue;
pub mod rate_1;
pub mod rs_12_9;
pub mod short_lc;
pub mod single_burst;
pub mod trellis;

pub use info_bits::InfoBits;

/// A decoded value and how much of what was received had to be changed for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Corrected<T> {
    /// What was sent.
    pub value: T,
    /// Bits that were received wrong and repaired; 0 for a clean word.
    pub corrected_bits: u32,
}

impl<T> Corrected<T> {
    /// The same corrections around another value.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Corrected<U> {
        Corrected {
            value: f(self.value),
            corrected_bits: self.corrected_bits,
        }
    }
}

/// Why a received word was refused. Always the channel's fault, or the sender's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FecError {
    /// More than three wrong bits.
    #[error("Golay(20,8): more than 3 wrong bits")]
    Golay,
    /// More than two wrong bits.
    #[error("quadratic residue (16,7): more than 2 wrong bits")]
    QuadraticResidue,
    /// More than one wrong bit, of a code of this length.
    #[error("Hamming({length},{data_bits}): more than 1 wrong bit")]
    Hamming {
        /// Bits of the codeword.
        length: u32,
        /// Bits of its information.
        data_bits: u32,
    },
    /// Rows and columns never came to agree.
    #[error("BPTC(196,96): rows and columns do not agree")]
    Bptc,
    /// The best path through the trellis is too far from what was received.
    #[error("rate 3/4 trellis: the nearest path differs in {distance} of 196 bits")]
    Trellis {
        /// Bits in which the best path differs from the received block.
        distance: u32,
    },
    /// More than one wrong octet.
    #[error("Reed-Solomon (12,9): more than 1 wrong octet")]
    ReedSolomon,
    /// Two or more rows beyond repair, or rows that contradict the column parity.
    #[error("embedded LC (128,72): rows and column parity do not agree")]
    EmbeddedLc,
    /// The rows agree, but the 5-bit checksum says otherwise.
    #[error("embedded LC: checksum {received} received, {computed} computed")]
    EmbeddedLcChecksum {
        /// 0 to 31, as received.
        received: u8,
        /// 0 to 30, over the nine octets.
        computed: u8,
    },
    /// Two or more rows beyond repair, or rows that contradict the column parity.
    #[error("short LC (68,36): rows and column parity do not agree")]
    ShortLc,
    /// The rows agree, but CRC-8 says otherwise.
    #[error("short LC: CRC {received:02X} received, {computed:02X} computed")]
    ShortLcCrc {
        /// As received.
        received: u8,
        /// Over the 28 information bits.
        computed: u8,
    },
    /// The two rows contradict each other.
    #[error("single burst (32,11): the rows do not agree")]
    SingleBurst,
    /// A reverse channel message with a wrong CRC-7.
    #[error("reverse channel: CRC {received:02X} received, {computed:02X} computed")]
    ReverseChannelCrc {
        /// 0 to 127, as received.
        received: u8,
        /// Over the four command bits.
        computed: u8,
    },
}
