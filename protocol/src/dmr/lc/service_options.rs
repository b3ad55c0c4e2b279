//! Service options of a voice call.

use crate::dmr::layout::bits;

bits! {
    /// Service options (TS 102 361-2 clause 7.2.1), 8 bits.
    ServiceOptions: 8 {
        /// The call is an emergency.
        emergency: bool = 1,
        /// The call is encrypted.
        privacy: bool = 1,
        /// Kept as heard.
        reserved: u8 = 2,
        /// No one may answer (broadcast call).
        broadcast: bool = 1,
        /// Open voice call mode: others may listen and join.
        open_voice_call_mode: bool = 1,
        /// 0 none, 1 lowest to 3 highest.
        priority: u8 = 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dmr::layout::Bits;

    #[test]
    fn every_octet_comes_back() {
        for octet in 0..=0xFF {
            assert_eq!(ServiceOptions::from_bits(octet).to_bits(), octet);
        }
    }

    #[test]
    fn emergency_is_the_first_bit_and_priority_the_last() {
        let options = ServiceOptions::from_bits(0x83);
        assert!(options.emergency && !options.privacy && !options.broadcast);
        assert_eq!(options.priority, 3);
    }
}
