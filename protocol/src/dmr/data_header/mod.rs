//! Data headers (data type 6, CRC-CCITT mask CCCC; TS 102 361-1 clauses 8.2.1 and 9.2).

mod addressing;
mod bits;
mod confirmed;
mod defined;
mod proprietary;
mod raw;
mod response;
mod status;
mod udt;
mod unconfirmed;

use crate::dmr::crc;
use crate::dmr::fields::{Field, Fields};

pub use addressing::{Addressing, Sap};
pub(crate) use bits::Bits;
pub use bits::Reserved;
pub use confirmed::Confirmed;
pub use defined::{DdFormat, ShortDataDefined};
pub use proprietary::{MOTOROLA, MotorolaHeader, Proprietary};
pub use raw::ShortDataRaw;
pub use response::{NackReason, Response, Verdict};
pub use status::StatusPrecoded;
pub use udt::{INBOUND, OUTBOUND, Udt, UdtFormat};
pub use unconfirmed::Unconfirmed;

/// Why twelve octets are no data header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// Damaged on the way, or masked by a system that restricts access.
    #[error("CRC-CCITT of the data header is {found:04x}, computed {computed:04x}")]
    Checksum {
        /// As received, mask included.
        found: u16,
        /// As it should be.
        computed: u16,
    },
}

/// The header of a data packet, by data packet format (clause 9.3.17).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DataHeader {
    /// DPF 0.
    Udt(Udt),
    /// DPF 1.
    Response(Response),
    /// DPF 2.
    Unconfirmed(Unconfirmed),
    /// DPF 3.
    Confirmed(Confirmed),
    /// DPF 13.
    ShortDataDefined(ShortDataDefined),
    /// DPF 14 with appended blocks.
    ShortDataRaw(ShortDataRaw),
    /// DPF 14 without.
    StatusPrecoded(StatusPrecoded),
    /// DPF 15.
    Proprietary(Proprietary),
    /// A reserved DPF, 4 to 12.
    Other {
        /// All ten information octets.
        octets: [u8; 10],
    },
}

impl DataHeader {
    /// The header in `pdu`: ten information octets and the masked CRC.
    ///
    /// # Errors
    /// The CRC does not match.
    pub fn decode(pdu: &[u8; 12]) -> Result<Self, HeaderError> {
        let [information @ .., high, low] = pdu;
        let found = u16::from_be_bytes([*high, *low]);
        let computed = crc::ccitt(information, crc::mask::DATA_HEADER);
        if found == computed {
            Ok(Self::read(pdu))
        } else {
            Err(HeaderError::Checksum { found, computed })
        }
    }

    /// What the information octets say, whether or not the CRC matches: for showing a
    /// damaged header to a technician.
    #[must_use]
    pub fn read(pdu: &[u8; 12]) -> Self {
        let bits = Bits::of(pdu);
        match bits.octet(4, 4) {
            udt::DPF => Self::Udt(Udt::decode(bits)),
            response::DPF => Self::Response(Response::decode(bits)),
            unconfirmed::DPF => Self::Unconfirmed(Unconfirmed::decode(bits)),
            confirmed::DPF => Self::Confirmed(Confirmed::decode(bits)),
            defined::DPF => Self::ShortDataDefined(ShortDataDefined::decode(bits)),
            raw::DPF => ShortDataRaw::decode(bits).map_or_else(
                || Self::StatusPrecoded(StatusPrecoded::decode(bits)),
                Self::ShortDataRaw,
            ),
            proprietary::DPF => Self::Proprietary(Proprietary::decode(bits)),
            _ => Self::Other {
                octets: bits.octets(),
            },
        }
    }

    /// The twelve octets, CRC included.
    #[must_use]
    pub fn encode(&self) -> [u8; 12] {
        let octets = match self {
            Self::Udt(header) => header.encode().octets(),
            Self::Response(header) => header.encode().octets(),
            Self::Unconfirmed(header) => header.encode().octets(),
            Self::Confirmed(header) => header.encode().octets(),
            Self::ShortDataDefined(header) => header.encode().octets(),
            Self::ShortDataRaw(header) => header.encode().octets(),
            Self::StatusPrecoded(header) => header.encode().octets(),
            Self::Proprietary(header) => header.encode().octets(),
            Self::Other { octets } => *octets,
        };
        crc::append_ccitt(&octets, crc::mask::DATA_HEADER)
    }

    /// Who sends to whom; `None` where the format does not say.
    #[must_use]
    pub const fn addressing(&self) -> Option<&Addressing> {
        match self {
            Self::Udt(header) => Some(&header.addressing),
            Self::Response(header) => Some(&header.addressing),
            Self::Unconfirmed(header) => Some(&header.addressing),
            Self::Confirmed(header) => Some(&header.addressing),
            Self::ShortDataDefined(header) => Some(&header.addressing),
            Self::ShortDataRaw(header) => Some(&header.addressing),
            Self::StatusPrecoded(header) => Some(&header.addressing),
            Self::Proprietary(_) | Self::Other { .. } => None,
        }
    }

    /// How many bursts belong to the packet after this header, 0 to 127.
    #[must_use]
    pub const fn blocks(&self) -> u8 {
        match self {
            Self::Udt(header) => header.blocks,
            Self::Response(header) => header.blocks_to_follow,
            Self::Unconfirmed(header) => header.blocks_to_follow,
            Self::Confirmed(header) => header.blocks_to_follow,
            Self::ShortDataDefined(header) => header.appended_blocks,
            Self::ShortDataRaw(header) => header.appended_blocks.get(),
            Self::StatusPrecoded(_) | Self::Proprietary(_) | Self::Other { .. } => 0,
        }
    }

    /// Whether the blocks carry serial numbers and CRC-9: by format for DPF 3, by the
    /// requested response for short data.
    #[must_use]
    pub const fn is_confirmed(&self) -> bool {
        match self {
            Self::Confirmed(_) => true,
            Self::ShortDataDefined(header) => header.addressing.response_requested,
            Self::ShortDataRaw(header) => header.addressing.response_requested,
            _ => false,
        }
    }

    /// Whether this is the first try with all blocks (F); true where the format has no such bit.
    #[must_use]
    pub const fn is_full_message(&self) -> bool {
        match self {
            Self::Unconfirmed(header) => header.full_message,
            Self::Confirmed(header) => header.full_message,
            Self::ShortDataDefined(header) => header.full_message,
            Self::ShortDataRaw(header) => header.full_message,
            _ => true,
        }
    }

    /// The addresses of a packet whose sender waits for a data response: confirmed blocks
    /// or a status, to one radio, with A set.
    #[must_use]
    pub const fn awaits_response(&self) -> Option<&Addressing> {
        let answered = self.is_confirmed() || matches!(self, Self::StatusPrecoded(_));
        match self.addressing() {
            Some(to) if answered && to.response_requested && !to.group => Some(to),
            _ => None,
        }
    }

    /// N(S), 0 to 7, for a confirmed packet; 0 where the format has none.
    #[must_use]
    pub const fn send_sequence(&self) -> u8 {
        match self {
            Self::Confirmed(header) => header.send_sequence,
            _ => 0,
        }
    }
}

impl Fields for DataHeader {
    fn name(&self) -> &'static str {
        match self {
            Self::Udt(header) => header.name(),
            Self::Response(header) => header.name(),
            Self::Unconfirmed(header) => header.name(),
            Self::Confirmed(header) => header.name(),
            Self::ShortDataDefined(header) => header.name(),
            Self::ShortDataRaw(header) => header.name(),
            Self::StatusPrecoded(header) => header.name(),
            Self::Proprietary(header) => header.name(),
            Self::Other { .. } => "DATA_HEAD",
        }
    }

    fn fields(&self, out: &mut Vec<Field>) {
        match self {
            Self::Udt(header) => header.fields(out),
            Self::Response(header) => header.fields(out),
            Self::Unconfirmed(header) => header.fields(out),
            Self::Confirmed(header) => header.fields(out),
            Self::ShortDataDefined(header) => header.fields(out),
            Self::ShortDataRaw(header) => header.fields(out),
            Self::StatusPrecoded(header) => header.fields(out),
            Self::Proprietary(header) => header.fields(out),
            Self::Other { octets } => out.push(Field::bytes("octets", *octets)),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    pub(crate) fn pdu(hex: &str) -> [u8; 12] {
        hex::decode(hex).unwrap().try_into().unwrap()
    }

    #[test]
    fn recorded_and_worked_headers_encode_to_the_same_octets() {
        for hex in [
            "023a2337fc2337fe820081a3",
            "434e23386323383b840818c1",
            "434e2110dd20f96d8558bf5b",
            "434b20f96d2110dd8348dc63",
            "01402337fc2337fe000ff83a",
            "013023383b23386300083118",
            "014020f96d2110dd01850153",
            "4da123386323383b05005757",
            "4da323383b23383b05608040",
            "0da123386323383b49006dec",
            "4ea023386323383b0005a2eb",
            "800500010627fce7001bacaf",
            "400323386323383bb91ae95e",
        ] {
            let decoded = DataHeader::decode(&pdu(hex)).unwrap();
            assert_eq!(hex::encode(decoded.encode()), hex, "{decoded:?}");
        }
    }

    #[test]
    fn a_header_masked_by_restricted_access_is_refused_but_readable() {
        let masked = pdu("439323956023956d84087cb2");
        assert!(matches!(
            DataHeader::decode(&masked),
            Err(HeaderError::Checksum { found: 0x7CB2, .. })
        ));
        assert!(matches!(
            DataHeader::read(&masked),
            DataHeader::Confirmed(Confirmed {
                addressing: Addressing {
                    sap: Sap::Proprietary,
                    ..
                },
                ..
            })
        ));
    }

    proptest! {
        #[test]
        fn every_header_keeps_every_bit(mut octets: [u8; 12]) {
            let [information @ .., high, low] = &mut octets;
            [*high, *low] = crc::ccitt(information, crc::mask::DATA_HEADER).to_be_bytes();
            let header = DataHeader::decode(&octets).unwrap();
            prop_assert_eq!(header.encode(), octets);
            prop_assert!(!header.to_fields().is_empty());
        }
    }
}
