//! The burst: 264 bits (33 octets) between its slot's guard times (clause 6, annex E).
//!
//! What stands in the middle decides what the rest is: a data sync has slot type and
//! info field around it, a voice sync or EMB has vocoder bits.

use super::emb::Emb;
use super::fec::{Corrected, FecError};
use super::info::{Info, InfoBits};
use super::slot_type::{ColorCode, DataType, SlotType};
use super::sync::{Content, DISTANCE, Sync};

/// Octets of a burst.
pub const LENGTH: usize = 33;

const SYNC_MASK: u64 = (1 << 48) - 1;
const SLOT_TYPE_HALF: u64 = (1 << 10) - 1;
const VOCODER_BITS: u32 = 108;
const VOCODER_MASK: u128 = (1 << VOCODER_BITS) - 1;

/// Why 33 octets are no burst that can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BurstError {
    /// Neither a known sync nor an EMB stands in the middle.
    #[error("burst: neither sync nor EMB in the middle ({0})")]
    Middle(#[source] FecError),
    /// The sync is known, but what it announces is not carried here.
    #[error("burst: sync {0:?} announces neither voice nor data")]
    Unsupported(Sync),
    /// The slot type is beyond repair.
    #[error("burst: slot type: {0}")]
    SlotType(#[source] FecError),
    /// The info field is beyond repair, or not coded as its data type says.
    #[error("burst: {} of colour code {}: {error}", slot_type.data_type, slot_type.color_code)]
    Info {
        /// The slot type, which was readable.
        slot_type: SlotType,
        /// What the decoder of the info field says.
        #[source]
        error: FecError,
    },
}

/// One burst.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Burst {
    /// Data or control.
    Data(DataBurst),
    /// Voice.
    Voice(VoiceBurst),
}

/// A data or control burst.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DataBurst {
    /// The sync; it says which kind of station sent the burst.
    pub sync: Sync,
    /// The colour code.
    pub color_code: ColorCode,
    /// What the info field carries.
    pub data_type: DataType,
    /// The info field, decoded.
    pub info: Info,
}

/// A voice burst.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VoiceBurst {
    /// What stands between the vocoder bits.
    pub middle: Middle,
    /// The 216 vocoder bits, in transmit order.
    pub vocoder: [u8; 27],
}

/// The middle of a voice burst.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Middle {
    /// Burst A of a superframe.
    Sync(Sync),
    /// Bursts B to F.
    Embedded {
        /// Colour code and place of the fragment.
        emb: Emb,
        /// 32 bits of embedded signalling.
        fragment: u32,
    },
}

/// The 68 bits from 98 on: slot type, sync or EMB, slot type.
#[inline]
fn middle(burst: &[u8; LENGTH]) -> (u64, u64) {
    // Octets 12 to 19 are bits 96 to 159; the slot type's last six bits are in octet 20.
    let head = burst[12..].first_chunk().copied();
    let head = head.map_or(0, u64::from_be_bytes);
    let sync = head >> 4 & SYNC_MASK;
    let slot_type =
        head >> 42 & 0xF_FC00 | (head << 6 | u64::from(burst[20] >> 2)) & SLOT_TYPE_HALF;
    (sync, slot_type)
}

/// A burst of its fields: 98 + 10 + 48 + 10 + 98 bits.
fn assemble(info: InfoBits, slot_type: u64, sync: u64) -> [u8; LENGTH] {
    let before = info.first() << 10 | u128::from(slot_type >> 10);
    let after = u128::from(slot_type & SLOT_TYPE_HALF) << 98 | info.second();
    let sync = u128::from(sync);
    let mut burst = [0; LENGTH];
    // Bits 0 to 127, 128 to 135, 136 to 263; the sync begins at bit 108.
    burst[..16].copy_from_slice(&(before << 20 | sync >> 28).to_be_bytes());
    burst[16] = (sync >> 20) as u8;
    burst[17..].copy_from_slice(&(sync << VOCODER_BITS | after).to_be_bytes());
    burst
}

impl Burst {
    /// Reads a burst by what stands in its middle. A sync may have up to [`DISTANCE`]
    /// wrong bits; the count of corrected bits has them, and those of slot type, info
    /// field and EMB.
    ///
    /// # Errors
    /// A field is beyond repair: see [`BurstError`].
    #[inline]
    pub fn decode(burst: &[u8; LENGTH]) -> Result<Corrected<Self>, BurstError> {
        let (bits, slot_type) = middle(burst);
        let Some(sync) = Sync::nearest(bits, DISTANCE) else {
            return Ok(VoiceBurst::decode_embedded(burst, bits)?.map(Self::Voice));
        };
        let mut read = match sync.value.content() {
            Content::Data => DataBurst::decode(burst, sync.value, slot_type)?.map(Self::Data),
            Content::Voice => Corrected {
                value: Self::Voice(VoiceBurst {
                    middle: Middle::Sync(sync.value),
                    vocoder: vocoder(burst),
                }),
                corrected_bits: 0,
            },
            Content::Other => return Err(BurstError::Unsupported(sync.value)),
        };
        read.corrected_bits += sync.corrected_bits;
        Ok(read)
    }

    /// The 33 octets.
    #[must_use]
    pub fn encode(&self) -> [u8; LENGTH] {
        match self {
            Self::Data(burst) => burst.encode(),
            Self::Voice(burst) => burst.encode(),
        }
    }
}

impl DataBurst {
    #[inline]
    fn decode(
        burst: &[u8; LENGTH],
        sync: Sync,
        slot_type: u64,
    ) -> Result<Corrected<Self>, BurstError> {
        let slot_type = SlotType::decode(slot_type as u32).map_err(BurstError::SlotType)?;
        let SlotType {
            color_code,
            data_type,
        } = slot_type.value;
        let info = Info::decode(data_type, InfoBits::of_burst(burst)).map_err(|error| {
            BurstError::Info {
                slot_type: slot_type.value,
                error,
            }
        })?;
        Ok(Corrected {
            value: Self {
                sync,
                color_code,
                data_type,
                info: info.value,
            },
            corrected_bits: slot_type.corrected_bits + info.corrected_bits,
        })
    }

    /// The 33 octets. The info field is coded as its variant says.
    #[must_use]
    pub fn encode(&self) -> [u8; LENGTH] {
        let slot_type = SlotType {
            color_code: self.color_code,
            data_type: self.data_type,
        };
        assemble(
            self.info.encode(),
            slot_type.encode().into(),
            self.sync.pattern(),
        )
    }
}

/// Bits 0 to 107 and 156 to 263.
fn vocoder(burst: &[u8; LENGTH]) -> [u8; 27] {
    let [first, second] = [burst.first_chunk(), burst.last_chunk()]
        .map(|chunk| chunk.copied().map_or(0, u128::from_be_bytes));
    let (first, second) = (first >> 20, second & VOCODER_MASK);
    // 108 bits are 13 octets and a half.
    let mut octets = [0; 27];
    octets[..16].copy_from_slice(&(first << 20 | second >> 88).to_be_bytes());
    octets[11..].copy_from_slice(&((first << 108) | second).to_be_bytes());
    octets
}

impl VoiceBurst {
    fn decode_embedded(burst: &[u8; LENGTH], bits: u64) -> Result<Corrected<Self>, BurstError> {
        let word = (bits >> 32 & 0xFF00 | bits & 0xFF) as u16;
        let emb = Emb::decode(word).map_err(BurstError::Middle)?;
        Ok(emb.map(|emb| Self {
            middle: Middle::Embedded {
                emb,
                fragment: (bits >> 8) as u32,
            },
            vocoder: vocoder(burst),
        }))
    }

    /// The 33 octets.
    #[must_use]
    pub fn encode(&self) -> [u8; LENGTH] {
        let sync = match self.middle {
            Middle::Sync(sync) => sync.pattern(),
            Middle::Embedded { emb, fragment } => {
                let word = u64::from(emb.encode());
                word << 32 & 0xFF00_0000_0000 | u64::from(fragment) << 8 | word & 0xFF
            }
        };
        let [first, second] = [self.vocoder.first_chunk(), self.vocoder.last_chunk()]
            .map(|chunk| chunk.copied().map_or(0, u128::from_be_bytes));
        let (first, second) = (first >> 20, second & VOCODER_MASK);
        let slot_type = ((first as u64 & SLOT_TYPE_HALF) << 10) | (second >> 98) as u64;
        assemble(InfoBits::new(first >> 10, second), slot_type, sync)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::dmr::crc::{self, mask};
    use crate::dmr::emb::Lcss;

    fn burst(hex: &str) -> [u8; LENGTH] {
        hex::decode(hex).unwrap().try_into().unwrap()
    }

    #[test]
    fn worked_data_bursts_agree_both_ways() {
        for (hex, sync, color_code, data_type, info) in [
            (
                "53df0a83b7a8282c2509625014fdff57d75df5dcadde429028c87ae3341e24191c",
                Sync::BsData,
                5,
                DataType::Csbk,
                "bd00801d23386323383b5889",
            ),
            (
                "03c814e925700ec1a9d8ef9044cdff57d75df5dacaa08dc0fde831e27bd0d8a5fc",
                Sync::BsData,
                1,
                DataType::Csbk,
                "99000900b40027fffed4b9c5",
            ),
            (
                "01f682c54be202fc03baa4f204cd5d7f77fd757ac92003c0ca793ba23cd43e8929",
                Sync::MsData,
                1,
                DataType::Csbk,
                "9f00024e00000923383b3b6e",
            ),
            (
                "31f921fe284470713826e521058d5d7f77fd7573391c1a3032c238a33183029a24",
                Sync::MsData,
                1,
                DataType::DataHeader,
                "000423386323383b309b0a46",
            ),
            (
                "545f58c345306b71103444ef05ed5d7f77fd757094d871e4207401c40e090c8510",
                Sync::MsData,
                1,
                DataType::Rate12Data,
                "414c4552542d3100000039d5",
            ),
            (
                "24f6d23fe2352212aed27fd2463dff57d75df5da868e2f212fae2f07822472f872",
                Sync::BsData,
                1,
                DataType::Rate34Data,
                "02f24400590020004d004100520045004b00",
            ),
            (
                "53c25eaba8671dc7383bd936025dff57d75df5d4b7f6e465171b48ca6d4fc610b4",
                Sync::BsData,
                0,
                DataType::Idle,
                "ff83df1732094ed1e7cd8a91",
            ),
        ] {
            let received = burst(hex);
            let read = Burst::decode(&received).unwrap();
            assert_eq!(read.corrected_bits, 0);
            let Burst::Data(data) = read.value else {
                panic!("{hex} read as voice")
            };
            assert_eq!(data.sync, sync);
            assert_eq!(data.color_code.get(), color_code);
            assert_eq!(data.data_type, data_type);
            assert_eq!(hex::encode(data.info.octets()), info);
            assert_eq!(data.encode(), received);
            if data_type == DataType::Csbk {
                let (pdu, check) = data.info.octets().split_at(10);
                assert_eq!(crc::ccitt(pdu, mask::CSBK).to_be_bytes(), check);
            }
        }
    }

    #[test]
    fn a_burst_of_a_vendor_that_is_not_coded_names_slot_type_and_field() {
        let clean = burst("53df0a83b7a8282c2509625014fdff57d75df5dcadde429028c87ae3341e24191c");
        let mut received = clean;
        received[..12].fill(0xA7);
        received[21..].fill(0x3C);
        let error = Burst::decode(&received).unwrap_err();
        assert_eq!(
            error.to_string(),
            "burst: CSBK of colour code 5: BPTC(196,96): rows and columns do not agree"
        );
    }

    #[test]
    fn a_middle_that_is_nothing_known_is_refused() {
        // All zeros are the codeword of colour code 0, so they are a voice burst.
        assert!(matches!(
            Burst::decode(&[0; LENGTH]).unwrap().value,
            Burst::Voice(VoiceBurst {
                middle: Middle::Embedded { fragment: 0, .. },
                ..
            })
        ));
        let mut received = [0; LENGTH];
        received[13] = 0x0E;
        assert_eq!(
            Burst::decode(&received),
            Err(BurstError::Middle(FecError::QuadraticResidue))
        );
        let standalone = assemble(InfoBits::new(0, 0), 0, Sync::MsReverseChannel.pattern());
        assert_eq!(
            Burst::decode(&standalone),
            Err(BurstError::Unsupported(Sync::MsReverseChannel))
        );
    }

    #[test]
    fn wrong_bits_of_sync_slot_type_and_info_are_all_counted() {
        let clean = burst("53df0a83b7a8282c2509625014fdff57d75df5dcadde429028c87ae3341e24191c");
        let mut received = clean;
        received[0] ^= 0x11;
        received[12] ^= 0x08;
        received[16] ^= 0x42;
        received[32] ^= 0x01;
        let read = Burst::decode(&received).unwrap();
        assert_eq!(read.corrected_bits, 6);
        assert_eq!(read.value.encode(), clean);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn voice_bursts_keep_every_bit(vocoder in any::<[u8; 27]>(), fragment in any::<u32>(), number in 0..128u8) {
            let emb = Emb {
                color_code: ColorCode::from_bits(number >> 3),
                reverse_channel: number & 4 != 0,
                lcss: Lcss::from_number(number),
            };
            for middle in [Middle::Embedded { emb, fragment }, Middle::Sync(Sync::MsVoice)] {
                let sent = Burst::Voice(VoiceBurst { middle, vocoder });
                let read = Burst::decode(&sent.encode()).unwrap();
                prop_assert_eq!((read.value, read.corrected_bits), (sent, 0));
            }
        }

        #[test]
        fn data_bursts_come_back_as_they_were_sent(octets in any::<[u8; 12]>(), slot in any::<u8>()) {
            let data_type = DataType::from_number(slot);
            prop_assume!(data_type.number() < 12 && data_type != DataType::Rate34Data && data_type != DataType::Rate1Data);
            let sent = DataBurst {
                sync: Sync::Direct2Data,
                color_code: ColorCode::from_bits(slot >> 4),
                data_type,
                info: Info::Bptc(octets),
            };
            let read = Burst::decode(&sent.encode()).unwrap();
            prop_assert_eq!((read.value, read.corrected_bits), (Burst::Data(sent), 0));
        }

        #[test]
        fn a_burst_is_read_or_refused_and_what_is_read_holds(head in any::<[u8; 32]>(), last in any::<u8>(), sync in 0..20usize) {
            let mut received = [last; LENGTH];
            received[..32].copy_from_slice(&head);
            if let Some(sync) = Sync::ALL.get(sync) {
                // With a known sync the other decoders are reached.
                let (_, slot_type) = middle(&received);
                received = assemble(InfoBits::of_burst(&received), slot_type, sync.pattern());
            }
            if let Ok(read) = Burst::decode(&received) {
                let again = Burst::decode(&read.value.encode()).unwrap();
                prop_assert_eq!(again.value, read.value);
                prop_assert_eq!(again.corrected_bits, 0);
            }
        }
    }
}
