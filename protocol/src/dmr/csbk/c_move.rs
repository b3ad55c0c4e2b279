//! Sends radios to another control channel.

use super::Backoff;
use crate::dmr::layout::pdu;

pdu! {
    /// Move to another control channel (TS 102 361-4 clause 7.1.1.1.3).
    Move, "C_MOVE" {
        U40 {
            /// Kept as heard.
            reserved_1: u16 = 9,
            /// How many low bits of a radio's address must equal `address`.
            mask: u8 = 5,
            /// Kept as heard.
            reserved_2: u8 = 5,
            /// Radios must register there.
            registration: bool = 1,
            /// How far radios spread their attempts there.
            backoff: Backoff = 4,
            /// Kept as heard.
            reserved_3: u8 = 4,
            /// The logical channel to go to; FFF: an absolute frequency follows.
            channel: u16 = 12,
        }
        U24 {
            /// The address that `mask` refers to.
            address: u32 = 24,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dmr::layout::keeps_every_bit;

    #[test]
    fn fields_stand_at_the_bits_of_the_standard() {
        let bit = |n: u32| 1u64 << (79 - n);
        let everyone = Move {
            mask: 1,
            registration: true,
            backoff: Backoff(1),
            channel: 1,
            address: 1,
            ..Move::default()
        };
        let bits = [29, 35, 39, 55, 79].into_iter().map(bit).sum::<u64>();
        assert_eq!(everyone.to_bits(), bits);
    }

    keeps_every_bit!(Move, 8);
}
