//! A packet on its way out, and the retry that its receiver asks for.

use core::num::NonZeroU8;

use crate::dmr::data_header::{Addressing, DataHeader};

use super::block::Block;
use super::pdu::Pdu;
use super::preamble::preamble;

/// A packet ready to send: one header and its blocks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// The header.
    pub header: DataHeader,
    /// The blocks it announces, in order.
    pub blocks: Vec<Block>,
}

impl Outgoing {
    /// Header and blocks behind `preambles` preambles that count down to them. Headers
    /// without addresses (proprietary) get none.
    #[must_use]
    pub fn pdus(&self, preambles: u8) -> Vec<Pdu> {
        let packet = u8::try_from(1 + self.blocks.len()).unwrap_or(u8::MAX);
        let announce = |addressing: &Addressing| {
            (0..preambles)
                .rev()
                .map(|left| Pdu::Csbk(preamble(addressing, packet.saturating_add(left))))
                .collect::<Vec<_>>()
        };
        let mut pdus = self.header.addressing().map(announce).unwrap_or_default();
        pdus.push(Pdu::DataHeader(self.header.encode()));
        pdus.extend(self.blocks.iter().copied().map(Pdu::Block));
        pdus
    }

    /// The retry that a selective response asks for: the same header with F = 0 and only
    /// the blocks with these serial numbers. `None` if the packet is not confirmed or
    /// has none of them.
    #[must_use]
    pub fn retry(&self, serials: &[u8]) -> Option<Self> {
        let blocks: Vec<Block> = self
            .blocks
            .iter()
            .zip(0_u8..)
            .filter(|(_, serial)| serials.contains(serial))
            .map(|(block, _)| *block)
            .collect();
        let count = NonZeroU8::new(u8::try_from(blocks.len()).ok()?)?;
        let mut header = self.header;
        match &mut header {
            DataHeader::Confirmed(header) => {
                header.full_message = false;
                header.blocks_to_follow = count.get();
            }
            DataHeader::ShortDataDefined(header) if header.addressing.response_requested => {
                header.full_message = false;
                header.appended_blocks = count.get();
            }
            DataHeader::ShortDataRaw(header) if header.addressing.response_requested => {
                header.full_message = false;
                header.appended_blocks = count;
            }
            _ => return None,
        }
        Some(Self { header, blocks })
    }
}
