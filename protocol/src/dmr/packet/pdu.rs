//! The PDUs a data transmission is made of, before channel coding.

use crate::dmr::burst::DataBurst;
use crate::dmr::info::Info;
use crate::dmr::slot_type::{ColorCode, DataType};
use crate::dmr::sync::Sync;

use super::block::Block;

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

    /// The burst that carries the PDU.
    #[must_use]
    pub const fn to_burst(&self, sync: Sync, color_code: ColorCode) -> DataBurst {
        let info = match self {
            Self::Csbk(octets) | Self::DataHeader(octets) | Self::Block(Block::Half(octets)) => {
                Info::Bptc(*octets)
            }
            Self::Block(Block::ThreeQuarters(octets)) => Info::Trellis(*octets),
            Self::Block(Block::Full(octets)) => Info::Rate1(*octets),
        };
        DataBurst {
            sync,
            color_code,
            data_type: DataType::from_number(self.data_type()),
            info,
        }
    }

    /// The PDU in a burst; `None` for data types that belong to no data transmission.
    #[must_use]
    pub const fn of_burst(burst: &DataBurst) -> Option<Self> {
        Some(match (burst.data_type, burst.info) {
            (DataType::Csbk, Info::Bptc(octets)) => Self::Csbk(octets),
            (DataType::DataHeader, Info::Bptc(octets)) => Self::DataHeader(octets),
            (DataType::Rate12Data, Info::Bptc(octets)) => Self::Block(Block::Half(octets)),
            (DataType::Rate34Data, Info::Trellis(octets)) => {
                Self::Block(Block::ThreeQuarters(octets))
            }
            (DataType::Rate1Data, Info::Rate1(octets)) => Self::Block(Block::Full(octets)),
            _ => return None,
        })
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::dmr::burst::Burst;

    use super::super::rate::Rate;
    use super::*;

    #[test]
    fn the_worked_rate_3_4_burst_is_built() {
        let octets = hex::decode("02f24400590020004d004100520045004b00").unwrap();
        let pdu = Pdu::Block(Block::new(Rate::ThreeQuarters, &octets).unwrap());
        let burst = pdu.to_burst(Sync::BsData, ColorCode::new(1).unwrap());
        assert_eq!(
            hex::encode(burst.encode()),
            "24f6d23fe2352212aed27fd2463dff57d75df5da868e2f212fae2f07822472f872"
        );
    }

    proptest! {
        #[test]
        fn pdus_survive_the_air(octets: [u8; 24], kind in 0..5) {
            let block = |rate: Rate| {
                Pdu::Block(Block::new(rate, &octets[..rate.octets()]).unwrap())
            };
            let pdu = match kind {
                0 => Pdu::Csbk(*octets.first_chunk().unwrap()),
                1 => Pdu::DataHeader(*octets.first_chunk().unwrap()),
                2 => block(Rate::Half),
                3 => block(Rate::ThreeQuarters),
                _ => block(Rate::Full),
            };
            let burst = pdu.to_burst(Sync::MsData, ColorCode::new(7).unwrap());
            let Burst::Data(heard) = Burst::decode(&burst.encode()).unwrap().value else {
                panic!("no data burst");
            };
            prop_assert_eq!(Pdu::of_burst(&heard), Some(pdu));
        }
    }
}
