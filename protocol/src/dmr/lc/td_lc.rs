//! Link control of the terminators that hold a channel after data.

use crate::dmr::layout::pdu;

pdu! {
    /// Terminator data link control (TS 102 361-1 clause 7.1.1, TD_LC).
    TdLc, "TD_LC" {
        U24 {
            /// Destination of the data packet.
            target: u32 = 24,
        }
        U24 {
            /// Source of the data packet.
            source: u32 = 24,
        }
        U8 {
            /// The destination is a talkgroup.
            group: bool = 1,
            /// A response was requested.
            response_requested: bool = 1,
            /// Full message flag.
            full_message: bool = 1,
            /// Kept as heard.
            reserved: u8 = 1,
            /// Resynchronise flag.
            resynchronize: bool = 1,
            /// N(S).
            send_sequence_number: u8 = 3,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dmr::layout::keeps_every_bit;

    #[test]
    fn flags_stand_in_the_last_octet() {
        let lc = TdLc {
            target: 1,
            source: 2,
            group: true,
            resynchronize: true,
            send_sequence_number: 5,
            ..TdLc::default()
        };
        assert_eq!(lc.to_bits(), 0x01_0000_028D);
    }

    keeps_every_bit!(TdLc, 7);
}
