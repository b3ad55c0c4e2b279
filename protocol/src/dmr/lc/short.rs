//! Short link control: what a base station says beside its bursts.

use crate::dmr::crc::crc8_short_lc;
use crate::dmr::csbk::SystemCode;
use crate::dmr::fields::{Field, Fields};
use crate::dmr::layout::{BitWriter, Bits, bits, codes};

codes! {
    /// What goes on in a timeslot (TS 102 361-2 clause 7.1.3.2), 4 bits.
    Activity {
        None = 0 "no activity",
        GroupCsbk = 2 "CSBK for a group",
        IndividualCsbk = 3 "CSBK for a radio",
        GroupVoice = 8 "group voice",
        IndividualVoice = 9 "individual voice",
        IndividualData = 10 "individual data",
        GroupData = 11 "group data",
        EmergencyGroupVoice = 12 "emergency group voice",
        EmergencyIndividualVoice = 13 "emergency individual voice",
    }
    else Reserved "reserved"
}

bits! {
    /// What goes on in both timeslots (TS 102 361-2 clause 7.1.3.2).
    ActivityUpdate: 24 {
        /// In timeslot 1.
        slot_1_activity: Activity = 4,
        /// In timeslot 2.
        slot_2_activity: Activity = 4,
        /// CRC-8 of the address active in timeslot 1; see [`crate::dmr::crc::crc8`].
        slot_1_hash: u8 = 8,
        /// CRC-8 of the address active in timeslot 2.
        slot_2_hash: u8 = 8,
    }
}

bits! {
    /// System parameters of a trunked site (TS 102 361-4 clause 7.1.2).
    SysParms: 24 {
        /// Network and site.
        system_code: SystemCode = 14,
        /// On a control channel: radios must register. On a payload channel sources
        /// disagree what it means.
        registration: bool = 1,
        /// Counts bursts, modulo 512.
        common_slot_counter: u16 = 9,
    }
}

/// Short link control, 28 bits (TS 102 361-2 clause 7.1.3, TS 102 361-4 clause 7.1.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShortLc {
    /// Nothing to say.
    Null {
        /// 24 bits, kept as heard.
        reserved: u32,
    },
    /// What goes on in both timeslots.
    ActivityUpdate(ActivityUpdate),
    /// A control channel's parameters.
    CSysParms(SysParms),
    /// A payload channel's parameters.
    PSysParms(SysParms),
    /// A manufacturer's or reserved one.
    Other {
        /// SLCO, 4 bits.
        slco: u8,
        /// 24 bits.
        payload: u32,
    },
}

/// A short LC was damaged on the air.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("CRC-8 of the short LC is {found:02x}, its bits give {computed:02x}")]
pub struct ShortLcError {
    /// The CRC it carries.
    pub found: u8,
    /// The CRC of its 28 bits.
    pub computed: u8,
}

impl ShortLc {
    /// Reads 28 bits and their CRC-8, in the low 36 bits of `word`.
    ///
    /// # Errors
    /// The CRC does not match.
    pub fn decode(word: u64) -> Result<Self, ShortLcError> {
        let lc = (word >> 8) as u32 & 0x0FFF_FFFF;
        let (found, computed) = (word as u8, crc8_short_lc(lc));
        if found == computed {
            Ok(Self::from_28_bits(lc))
        } else {
            Err(ShortLcError { found, computed })
        }
    }

    /// The 28 bits and their CRC-8, in the low 36 bits.
    #[must_use]
    pub fn encode(&self) -> u64 {
        let mut bits = BitWriter::default();
        bits.put(u64::from(self.slco()), 4);
        bits.put(self.payload(), 24);
        let lc = bits.finish();
        lc << 8 | u64::from(crc8_short_lc(lc as u32))
    }

    fn from_28_bits(lc: u32) -> Self {
        let payload = lc & 0xFF_FFFF;
        let bits = u64::from(payload);
        match (lc >> 24) as u8 {
            0 => Self::Null { reserved: payload },
            1 => Self::ActivityUpdate(Bits::from_bits(bits)),
            2 => Self::CSysParms(Bits::from_bits(bits)),
            3 => Self::PSysParms(Bits::from_bits(bits)),
            slco => Self::Other { slco, payload },
        }
    }

    /// SLCO, 4 bits.
    #[must_use]
    pub const fn slco(&self) -> u8 {
        match *self {
            Self::Null { .. } => 0,
            Self::ActivityUpdate(_) => 1,
            Self::CSysParms(_) => 2,
            Self::PSysParms(_) => 3,
            Self::Other { slco, .. } => slco & 0xF,
        }
    }

    fn payload(self) -> u64 {
        match self {
            Self::Null { reserved } => reserved.to_bits(),
            Self::ActivityUpdate(update) => update.to_bits(),
            Self::CSysParms(parms) | Self::PSysParms(parms) => parms.to_bits(),
            Self::Other { payload, .. } => payload.to_bits(),
        }
    }
}

impl Fields for ShortLc {
    fn name(&self) -> &'static str {
        match self {
            Self::Null { .. } => "Nul_Msg",
            Self::ActivityUpdate(_) => "Act_Updt",
            Self::CSysParms(_) => "C_SYS_Parms",
            Self::PSysParms(_) => "P_SYS_Parms",
            Self::Other { .. } => "Other",
        }
    }

    fn fields(&self, out: &mut Vec<Field>) {
        out.push(Field::number("slco", self.slco(), 4));
        match self {
            Self::Null { reserved } => out.push(Field::number("reserved", *reserved, 24)),
            Self::ActivityUpdate(update) => update.fields(out),
            Self::CSysParms(parms) | Self::PSysParms(parms) => parms.fields(out),
            Self::Other { payload, .. } => out.push(Field::number("payload", *payload, 24)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dmr::csbk::NetworkModel;
    use proptest::prelude::*;

    #[test]
    fn system_parameters_match_the_worked_word() {
        let parms = SysParms {
            system_code: SystemCode {
                model: NetworkModel::Tiny,
                network: 1,
                site: 1,
            },
            registration: true,
            common_slot_counter: 5,
        };
        assert_eq!(ShortLc::CSysParms(parms).encode(), 0x2_0026_05E7);
        assert_eq!(
            ShortLc::decode(0x2_0026_05E7),
            Ok(ShortLc::CSysParms(parms))
        );
    }

    #[test]
    fn a_wrong_crc_is_refused() {
        let error = ShortLcError {
            found: 0xE6,
            computed: 0xE7,
        };
        assert_eq!(ShortLc::decode(0x2_0026_05E6), Err(error));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]
        #[test]
        fn any_28_bits_come_back(lc in 0u32..1 << 28) {
            let word = u64::from(lc) << 8 | u64::from(crc8_short_lc(lc));
            let short = ShortLc::decode(word).unwrap();
            prop_assert_eq!(short.encode(), word);
            prop_assert!(short.to_fields().len() > 1);
        }
    }
}
