//! Response packet header, DPF 1 (TS 102 361-1 clause 9.2.4).

use core::fmt;

use crate::dmr::codes::codes;
use crate::dmr::fields::{Field, Fields};

use super::addressing::Addressing;
use super::bits::{Bits, Reserved};

/// Data packet format.
pub(crate) const DPF: u8 = 1;
const RESERVED: [(u32, u32); 3] = [(2, 2), (12, 4), (64, 1)];

codes! {
    /// Why a packet is refused, 3 bits (clause 8.2.2.2).
    NackReason {
        IllegalFormat = 0, "illegal format";
        PacketCrcFailed = 1, "packet CRC-32 failed";
        MemoryFull = 2, "memory full";
        FragmentOutOfSequence = 3, "fragment out of sequence";
        Undeliverable = 4, "undeliverable";
        PacketOutOfSequence = 5, "packet out of sequence";
        InvalidUser = 6, "user invalid or disallowed";
    }
}

/// What the receiver says about a packet: class and type of the response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// Class 0, type 1: all blocks are there.
    Ack,
    /// Class 1: the packet is refused.
    Nack(NackReason),
    /// Class 2, type 0: send the flagged blocks again.
    Sack,
    /// A pair without an assigned meaning.
    Other {
        /// 2 bits.
        class: u8,
        /// 3 bits.
        kind: u8,
    },
}

impl Verdict {
    const fn from_codes(class: u8, kind: u8) -> Self {
        match (class, kind) {
            (0, 1) => Self::Ack,
            (1, reason) => Self::Nack(NackReason::from_code(reason)),
            (2, 0) => Self::Sack,
            _ => Self::Other { class, kind },
        }
    }

    const fn codes(self) -> (u8, u8) {
        match self {
            Self::Ack => (0, 1),
            Self::Nack(reason) => (1, reason.code()),
            Self::Sack => (2, 0),
            Self::Other { class, kind } => (class, kind),
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ack => f.write_str("ACK"),
            Self::Nack(reason) => write!(f, "NACK, {reason}"),
            Self::Sack => f.write_str("SACK"),
            Self::Other { class, kind } => write!(f, "reserved (class {class}, type {kind})"),
        }
    }
}

/// The answer of a link layer to a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Response {
    /// From the receiver of the packet to its sender.
    pub addressing: Addressing,
    /// BTF, 7 bits: blocks of flags after a SACK.
    pub blocks_to_follow: u8,
    /// Class and type.
    pub verdict: Verdict,
    /// 3 bits: N(S) of the packet that is answered.
    pub status: u8,
    /// Bits 2, 3, 12 to 15 and 64.
    pub reserved: Reserved,
}

impl Response {
    pub(crate) fn decode(bits: Bits) -> Self {
        Self {
            addressing: Addressing::decode(bits),
            blocks_to_follow: bits.octet(65, 7),
            verdict: Verdict::from_codes(bits.octet(72, 2), bits.octet(74, 3)),
            status: bits.octet(77, 3),
            reserved: bits.reserved(&RESERVED),
        }
    }

    pub(crate) fn encode(&self) -> Bits {
        let (class, kind) = self.verdict.codes();
        self.addressing
            .encode(Bits::reserving(self.reserved), DPF)
            .with(65, 7, self.blocks_to_follow)
            .with(72, 2, class)
            .with(74, 3, kind)
            .with(77, 3, self.status)
    }
}

impl Fields for Response {
    fn name(&self) -> &'static str {
        "R_HEAD"
    }

    fn fields(&self, out: &mut Vec<Field>) {
        let (class, kind) = self.verdict.codes();
        self.addressing.flags(out);
        self.addressing.addresses(out);
        out.push(Field::number("blocks_to_follow", self.blocks_to_follow, 7));
        out.push(Field::number("class", class, 2));
        out.push(Field::coded("type", kind, 3, self.verdict.to_string()));
        out.push(Field::number("status", self.status, 3));
    }
}

#[cfg(test)]
mod tests {
    use super::super::{DataHeader, Sap, tests::pdu};
    use super::*;

    fn response(hex: &str) -> Response {
        match DataHeader::decode(&pdu(hex)).unwrap() {
            DataHeader::Response(response) => response,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_recorded_acknowledgements_decode() {
        let first = response("01402337fc2337fe000ff83a");
        assert_eq!((first.verdict, first.status), (Verdict::Ack, 7));
        assert_eq!(first.addressing.sap, Sap::Ip);
        let second = response("013023383b23386300083118");
        assert_eq!((second.verdict, second.status), (Verdict::Ack, 0));
    }

    #[test]
    fn a_selective_response_announces_its_flag_block() {
        let sack = response("014020f96d2110dd01850153");
        assert_eq!((sack.verdict, sack.status), (Verdict::Sack, 5));
        assert_eq!(sack.blocks_to_follow, 1);
    }
}
