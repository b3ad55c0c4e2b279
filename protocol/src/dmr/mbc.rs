//! Multi-block control: a CSBK that needs more than one burst
//! (TS 102 361-1 clause 9.1.5 and 7.4).
//!
//! A header in the form of a CSBK, then one to five continuation blocks, of which the
//! last has LB set and ends with a CRC over the continuation blocks only.

use super::crc::{ccitt, mask};
use super::csbk::{Announcement, Context, Csbk, CsbkBody, CsbkError, channel, check};
use super::fields::{Field, Fields};
use super::layout::pdu;

/// Most continuation blocks of one PDU.
pub const MAX_BLOCKS: usize = 5;

const LAST_BLOCK: u8 = 0x80;

/// Why bursts make no multi-block control PDU.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MbcError {
    /// The header was damaged on the air.
    #[error("MBC header: {0}")]
    Header(#[from] CsbkError),
    /// The header says that nothing follows.
    #[error("MBC header has its last-block flag set")]
    NothingFollows,
    /// The sender never set LB.
    #[error("MBC has more than {MAX_BLOCKS} continuation blocks")]
    TooLong,
    /// A continuation block was damaged on the air.
    #[error("MBC CRC is {found:04x}, its continuation blocks give {computed:04x}")]
    Crc {
        /// The CRC it carries.
        found: u16,
        /// The CRC of its continuation blocks.
        computed: u16,
    },
}

/// A complete multi-block control PDU.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mbc {
    header: Csbk,
    continuation: Vec<[u8; 12]>,
}

impl Mbc {
    /// A PDU whose channel is given by its frequency.
    #[must_use]
    pub fn with_channel(header: CsbkBody, color_code: u8, channel: AbsoluteChannel) -> Self {
        let [a, b, c, d, e, f, g, h] = channel.to_bits().to_be_bytes();
        let octets = [
            LAST_BLOCK | header.opcode(),
            color_code & 0xF,
            a,
            b,
            c,
            d,
            e,
            f,
            g,
            h,
        ];
        let [high, low] = ccitt(&octets, mask::NONE).to_be_bytes();
        let [head, color_code, ..] = octets;
        Self {
            header: Csbk {
                last_block: false,
                ..header.into()
            },
            continuation: vec![[head, color_code, a, b, c, d, e, f, g, h, high, low]],
        }
    }

    /// What the PDU says, as far as its header goes.
    #[must_use]
    pub const fn header(&self) -> &Csbk {
        &self.header
    }

    /// The continuation blocks with their CRC.
    #[must_use]
    pub fn continuation(&self) -> &[[u8; 12]] {
        &self.continuation
    }

    /// The blocks in the order of transmission, header first.
    #[must_use]
    pub fn encode(&self) -> Vec<[u8; 12]> {
        let mut blocks = vec![self.header.encode_masked(mask::MBC_HEADER)];
        blocks.extend_from_slice(&self.continuation);
        blocks
    }

    /// Colour code and frequencies of the channel that the PDU is about, where its header
    /// refers to a continuation block for them.
    #[must_use]
    pub fn channel(&self) -> Option<(u8, AbsoluteChannel)> {
        let [[_, color_code, octets @ .., _, _]] = self.continuation.as_slice() else {
            return None;
        };
        let (_, channel) = AbsoluteChannel::parse(octets).ok()?;
        let expected = refers_to_frequency(&self.header.body) && channel.cdeftype == 0;
        expected.then_some((color_code & 0xF, channel))
    }
}

/// Whether the header's channel number stands for a frequency in the continuation block.
const fn refers_to_frequency(header: &CsbkBody) -> bool {
    let number = match header {
        CsbkBody::PvGrant(pdu) => pdu.channel,
        CsbkBody::TvGrant(pdu) | CsbkBody::BtvGrant(pdu) => pdu.channel,
        CsbkBody::PdGrant(pdu) | CsbkBody::PdGrantMi(pdu) => pdu.channel,
        CsbkBody::TdGrant(pdu) | CsbkBody::TdGrantMi(pdu) => pdu.channel,
        CsbkBody::PvGrantDx(pdu) => pdu.channel,
        CsbkBody::PdGrantDx(pdu) => pdu.channel,
        CsbkBody::Move(pdu) => pdu.channel,
        CsbkBody::Clear(pdu) => pdu.channel,
        CsbkBody::Bcast(pdu) => match pdu.announcement {
            Announcement::ChanFreq(_) => return true,
            Announcement::VoteNow(site) | Announcement::AdjacentSite(site) => site.channel,
            _ => return false,
        },
        _ => return false,
    };
    number == channel::ABSOLUTE
}

impl Fields for Mbc {
    fn name(&self) -> &'static str {
        self.header.name()
    }

    fn fields(&self, out: &mut Vec<Field>) {
        self.header.fields(out);
        for block in &self.continuation {
            out.push(Field::bytes("continuation", block));
        }
        if let Some((color_code, channel)) = self.channel() {
            out.push(Field::number("color_code", color_code, 4));
            out.push(Field::nested("absolute_channel", &channel));
        }
    }
}

/// Puts a multi-block control PDU together, burst by burst.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MbcAssembly {
    header: Csbk,
    continuation: Vec<[u8; 12]>,
}

impl MbcAssembly {
    /// Begins with the 12 octets of a header burst.
    ///
    /// # Errors
    /// [`MbcError::Header`] or [`MbcError::NothingFollows`].
    pub fn begin(pdu: &[u8; 12], context: Context) -> Result<Self, MbcError> {
        check(pdu, mask::MBC_HEADER)?;
        let header = Csbk::decode_unchecked(pdu, context);
        if header.last_block {
            return Err(MbcError::NothingFollows);
        }
        Ok(Self {
            header,
            continuation: Vec::new(),
        })
    }

    /// Takes the 12 octets of the next continuation burst; gives the PDU with the last.
    /// After an error the assembly is of no use.
    ///
    /// # Errors
    /// [`MbcError::TooLong`] or [`MbcError::Crc`].
    pub fn push(&mut self, block: &[u8; 12]) -> Result<Option<Mbc>, MbcError> {
        if self.continuation.len() >= MAX_BLOCKS {
            return Err(MbcError::TooLong);
        }
        self.continuation.push(*block);
        let [head, .., high, low] = *block;
        if head & LAST_BLOCK == 0 {
            return Ok(None);
        }
        let octets = self.continuation.concat();
        let covered = octets
            .split_last_chunk::<2>()
            .map_or(&[][..], |(covered, _)| covered);
        let (found, computed) = (u16::from_be_bytes([high, low]), ccitt(covered, mask::NONE));
        if found != computed {
            return Err(MbcError::Crc { found, computed });
        }
        Ok(Some(Mbc {
            header: self.header,
            continuation: core::mem::take(&mut self.continuation),
        }))
    }
}

pdu! {
    /// A channel by its frequencies (TS 102 361-4 clause 7.2.19.7).
    ///
    /// "Transmit" and "receive" are meant as the radio does it; programs disagree, so
    /// compare with the system's real plan before use.
    AbsoluteChannel, "Absolute_Channel" {
        U64 {
            /// What follows; 0 for the fields below.
            cdeftype: u8 = 4,
            /// Kept as heard.
            reserved: u8 = 2,
            /// The logical channel that has these frequencies.
            channel: u16 = 12,
            /// Transmit frequency, whole MHz.
            transmit_mhz: u16 = 10,
            /// Transmit frequency, rest in steps of 125 Hz.
            transmit_steps: u16 = 13,
            /// Receive frequency, whole MHz.
            receive_mhz: u16 = 10,
            /// Receive frequency, rest in steps of 125 Hz.
            receive_steps: u16 = 13,
        }
    }
    also show_frequencies
}

impl AbsoluteChannel {
    /// A channel with frequencies in Hz; what is finer than 125 Hz is cut off.
    #[must_use]
    pub fn new(channel: u16, transmit_hz: u32, receive_hz: u32) -> Self {
        let parts = |hz: u32| ((hz / 1_000_000) as u16, (hz % 1_000_000 / 125) as u16);
        let (transmit_mhz, transmit_steps) = parts(transmit_hz);
        let (receive_mhz, receive_steps) = parts(receive_hz);
        Self {
            channel,
            transmit_mhz,
            transmit_steps,
            receive_mhz,
            receive_steps,
            ..Self::default()
        }
    }

    /// Transmit frequency in Hz.
    #[must_use]
    pub fn transmit_hz(&self) -> u32 {
        u32::from(self.transmit_mhz) * 1_000_000 + u32::from(self.transmit_steps) * 125
    }

    /// Receive frequency in Hz.
    #[must_use]
    pub fn receive_hz(&self) -> u32 {
        u32::from(self.receive_mhz) * 1_000_000 + u32::from(self.receive_steps) * 125
    }
}

fn show_frequencies(pdu: &AbsoluteChannel, out: &mut Vec<Field>) {
    let mhz = |hz: u32| format!("{}.{:06} MHz", hz / 1_000_000, hz % 1_000_000);
    out.push(Field::text("transmit", mhz(pdu.transmit_hz())));
    out.push(Field::text("receive", mhz(pdu.receive_hz())));
}

#[cfg(test)]
mod tests {
    use super::super::csbk::{Direction, GroupVoiceGrant, System};
    use super::super::layout::keeps_every_bit;
    use super::*;
    use proptest::prelude::*;

    const TSCC: Context = Context {
        direction: Direction::Outbound,
        system: System::Trunked,
    };

    fn grant(channel: u16) -> Mbc {
        let grant = GroupVoiceGrant {
            channel,
            target: 9,
            source: 0x23_383B,
            ..GroupVoiceGrant::default()
        };
        let frequencies = AbsoluteChannel::new(37, 415_312_500, 425_312_500);
        Mbc::with_channel(CsbkBody::TvGrant(grant), 5, frequencies)
    }

    fn assemble(blocks: &[[u8; 12]]) -> Result<Option<Mbc>, MbcError> {
        let (header, rest) = blocks.split_first().unwrap();
        let mut assembly = MbcAssembly::begin(header, TSCC)?;
        for (block, left) in rest.iter().zip((0..rest.len()).rev()) {
            match assembly.push(block)? {
                Some(mbc) if left == 0 => return Ok(Some(mbc)),
                Some(_) => panic!("complete {left} blocks early"),
                None => {}
            }
        }
        Ok(None)
    }

    #[test]
    fn a_grant_of_an_absolute_frequency_comes_back() {
        let mbc = grant(channel::ABSOLUTE);
        let back = assemble(&mbc.encode()).unwrap().unwrap();
        assert_eq!(back, mbc);
        let (color_code, channel) = back.channel().unwrap();
        assert_eq!((color_code, channel.channel), (5, 37));
        assert_eq!(channel.transmit_hz(), 415_312_500);
        assert_eq!(channel.receive_hz(), 425_312_500);
        assert_eq!(back.name(), "TV_GRANT");
    }

    #[test]
    fn a_header_that_names_a_logical_channel_has_no_frequency() {
        assert_eq!(grant(37).channel(), None);
    }

    #[test]
    fn fields_of_the_continuation_stand_at_their_bits() {
        let blocks = grant(channel::ABSOLUTE).encode();
        let [header, block] = blocks[..] else {
            panic!("{} blocks", blocks.len())
        };
        assert_eq!(header[..2], [0x31, 0]);
        // 37; 415 MHz and 2500 steps; 425 MHz and 2500 steps
        let bits = (37u64 << 46) | (415 << 36) | (2500 << 23) | (425 << 13) | 2500;
        assert_eq!(block[..2], [0xB1, 5]);
        assert_eq!(block[2..10], bits.to_be_bytes());
    }

    #[test]
    fn damage_and_endless_pdus_are_refused() {
        let blocks = grant(channel::ABSOLUTE).encode();
        let mut damaged = blocks.clone();
        damaged[1][4] ^= 1;
        assert!(matches!(assemble(&damaged), Err(MbcError::Crc { .. })));
        damaged[0][4] ^= 1;
        assert!(matches!(assemble(&damaged), Err(MbcError::Header(_))));
        let mut endless = vec![blocks[0]];
        endless.extend([[0; 12]; MAX_BLOCKS + 1]);
        assert_eq!(assemble(&endless), Err(MbcError::TooLong));
        let alone = Csbk {
            last_block: true,
            ..*grant(1).header()
        };
        let alone = alone.encode_masked(mask::MBC_HEADER);
        assert_eq!(
            MbcAssembly::begin(&alone, TSCC),
            Err(MbcError::NothingFollows)
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]
        #[test]
        fn any_blocks_with_a_right_crc_come_back(
            mut blocks in prop::collection::vec(any::<[u8; 12]>(), 1..=MAX_BLOCKS)
        ) {
            for block in &mut blocks {
                block[0] &= !LAST_BLOCK;
            }
            blocks.last_mut().unwrap()[0] |= LAST_BLOCK;
            let octets = blocks.concat();
            let crc = ccitt(&octets[..octets.len() - 2], mask::NONE).to_be_bytes();
            blocks.last_mut().unwrap()[10..].copy_from_slice(&crc);
            blocks.insert(0, grant(channel::ABSOLUTE).encode()[0]);
            let mbc = assemble(&blocks).unwrap().unwrap();
            prop_assert_eq!(mbc.encode(), blocks);
            prop_assert!(mbc.to_fields().len() > 4);
        }
    }

    keeps_every_bit!(AbsoluteChannel, 8);
}
