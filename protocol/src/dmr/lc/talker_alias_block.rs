//! The link control that carries the talker's name in pieces.

use crate::dmr::layout::{codes, pdu};

codes! {
    /// How a talker alias is written (TS 102 361-2 clause 7.2.18), 2 bits.
    AliasFormat {
        SevenBit = 0 "7 bit",
        Iso8 = 1 "ISO 8 bit",
        Utf8 = 2 "UTF-8",
        Utf16 = 3 "UTF-16BE",
    }
    else Reserved "reserved"
}

pdu! {
    /// Begins a talker alias (TS 102 361-2 clause 7.1.1.4).
    TalkerAliasHeader, "Talker_Alias_Header" {
        U8 {
            /// How it is written.
            format: AliasFormat = 2,
            /// How long it is: characters, in UTF-8 octets.
            length: u8 = 5,
            /// First bit of the text in 7 bits; 0 otherwise.
            first_bit: bool = 1,
        }
        U48 {
            /// The text's first six octets.
            text: [u8; 6] = 48,
        }
    }
}

pdu! {
    /// Continues a talker alias (TS 102 361-2 clause 7.1.1.5).
    TalkerAliasBlock, "Talker_Alias_Block" {
        U56 {
            /// Seven octets of the text.
            text: [u8; 7] = 56,
        }
    }
}
