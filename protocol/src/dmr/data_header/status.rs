//! Status/precoded short data packet header, DPF 14 without blocks (TS 102 361-1 clause 9.2.10).

use crate::dmr::fields::{Field, Fields};

use super::addressing::Addressing;
use super::bits::Bits;
use super::raw::DPF;

/// A whole message of ten bits in one burst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct StatusPrecoded {
    /// Who sends to whom.
    pub addressing: Addressing,
    /// 3 bits.
    pub source_port: u8,
    /// 3 bits.
    pub destination_port: u8,
    /// 0 to 1023.
    pub status: u16,
}

impl StatusPrecoded {
    pub(crate) fn decode(bits: Bits) -> Self {
        Self {
            addressing: Addressing::decode(bits),
            source_port: bits.octet(64, 3),
            destination_port: bits.octet(67, 3),
            status: bits.get(70, 10) as u16,
        }
    }

    pub(crate) fn encode(&self) -> Bits {
        self.addressing
            .encode(Bits::default(), DPF)
            .with(64, 3, self.source_port)
            .with(67, 3, self.destination_port)
            .with(70, 10, self.status)
    }
}

impl Fields for StatusPrecoded {
    fn name(&self) -> &'static str {
        "SP_HEAD"
    }

    fn fields(&self, out: &mut Vec<Field>) {
        self.addressing.flags(out);
        self.addressing.addresses(out);
        out.push(Field::number("source_port", self.source_port, 3));
        out.push(Field::number("destination_port", self.destination_port, 3));
        out.push(Field::number("status", self.status, 10));
    }
}

#[cfg(test)]
mod tests {
    use super::super::{DataHeader, tests::pdu};

    #[test]
    fn the_worked_status_decodes() {
        let DataHeader::StatusPrecoded(header) =
            DataHeader::decode(&pdu("4ea023386323383b0005a2eb")).unwrap()
        else {
            panic!("not a status");
        };
        assert_eq!(header.status, 5);
        assert!(header.addressing.response_requested);
    }
}
