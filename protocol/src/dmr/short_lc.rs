//! Short link control, 28 bits (TS 102 361-2 clause 7.1.3, TS 102 361-4 clause 7.1.2).

/// What a base station says about itself on the CACH.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ShortLc {
    /// SLCO 0: nothing. The 24 bits are sent as zero.
    Null {
        /// The low 24 bits.
        payload: u32,
    },
    /// SLCO 1: who is active on the two slots.
    Activity {
        /// Activity of slots 1 and 2.
        activity: [Activity; 2],
        /// CRC-8 of the address active on slots 1 and 2, 0 without activity.
        hash: [u8; 2],
    },
    /// SLCO 2, C_SYS_Parms: this is a control channel.
    ControlChannel(SystemParameters),
    /// SLCO 3, P_SYS_Parms: this is a payload channel.
    PayloadChannel(SystemParameters),
    /// Any other SLCO: reserved, or a vendor's.
    Other {
        /// 4 to 15.
        opcode: u8,
        /// The low 24 bits.
        payload: u32,
    },
}

/// What both SYS_Parms carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SystemParameters {
    /// System identity code, 14 bits.
    pub system_code: u16,
    /// Reg: radios must register before they use the system.
    pub registration: bool,
    /// Common slot counter, 9 bits.
    pub counter: u16,
}

/// What a slot is used for (TS 102 361-2 clause 7.2.13).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
#[expect(missing_docs, reason = "the numbers without a name are reserved")]
pub enum Activity {
    /// No activity.
    None = 0,
    Reserved1 = 1,
    /// Group CSBK.
    GroupCsbk = 2,
    /// Individual CSBK.
    IndividualCsbk = 3,
    Reserved4 = 4,
    Reserved5 = 5,
    Reserved6 = 6,
    Reserved7 = 7,
    /// Group voice.
    GroupVoice = 8,
    /// Individual voice.
    IndividualVoice = 9,
    /// Individual data.
    IndividualData = 10,
    /// Group data.
    GroupData = 11,
    /// Emergency call to a group.
    EmergencyGroup = 12,
    /// Emergency call to a radio.
    EmergencyIndividual = 13,
    Reserved14 = 14,
    Reserved15 = 15,
}

impl Activity {
    /// The activity in the low four bits; the others are ignored.
    #[must_use]
    pub const fn from_number(number: u8) -> Self {
        match number & 0x0F {
            0 => Self::None,
            1 => Self::Reserved1,
            2 => Self::GroupCsbk,
            3 => Self::IndividualCsbk,
            4 => Self::Reserved4,
            5 => Self::Reserved5,
            6 => Self::Reserved6,
            7 => Self::Reserved7,
            8 => Self::GroupVoice,
            9 => Self::IndividualVoice,
            10 => Self::IndividualData,
            11 => Self::GroupData,
            12 => Self::EmergencyGroup,
            13 => Self::EmergencyIndividual,
            14 => Self::Reserved14,
            _ => Self::Reserved15,
        }
    }

    /// 0 to 15.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }
}

impl SystemParameters {
    const fn from_bits(bits: u32) -> Self {
        Self {
            system_code: (bits >> 10 & 0x3FFF) as u16,
            registration: bits >> 9 & 1 == 1,
            counter: (bits & 0x1FF) as u16,
        }
    }

    fn to_bits(self) -> u32 {
        u32::from(self.system_code & 0x3FFF) << 10
            | u32::from(self.registration) << 9
            | u32::from(self.counter & 0x1FF)
    }
}

impl ShortLc {
    /// The short LC in the low 28 bits (see [`super::fec::short_lc`] for their coding).
    #[must_use]
    pub const fn from_bits(bits: u32) -> Self {
        let payload = bits & 0xFF_FFFF;
        match (bits >> 24 & 0x0F) as u8 {
            0 => Self::Null { payload },
            1 => {
                let [_, activity, first, second] = payload.to_be_bytes();
                Self::Activity {
                    activity: [
                        Activity::from_number(activity >> 4),
                        Activity::from_number(activity),
                    ],
                    hash: [first, second],
                }
            }
            2 => Self::ControlChannel(SystemParameters::from_bits(payload)),
            3 => Self::PayloadChannel(SystemParameters::from_bits(payload)),
            opcode => Self::Other { opcode, payload },
        }
    }

    /// The 28 bits. What does not fit its field is cut off.
    #[must_use]
    pub fn to_bits(self) -> u32 {
        let (opcode, payload) = match self {
            Self::Null { payload } => (0, payload),
            Self::Activity {
                activity: [a, b],
                hash: [first, second],
            } => {
                let activity = a.number() << 4 | b.number();
                (1, u32::from_be_bytes([0, activity, first, second]))
            }
            Self::ControlChannel(parameters) => (2, parameters.to_bits()),
            Self::PayloadChannel(parameters) => (3, parameters.to_bits()),
            Self::Other { opcode, payload } => (opcode, payload),
        };
        u32::from(opcode & 0x0F) << 24 | payload & 0xFF_FFFF
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_worked_system_parameters_agree_both_ways() {
        let value = ShortLc::ControlChannel(SystemParameters {
            system_code: 9,
            registration: true,
            counter: 5,
        });
        assert_eq!(ShortLc::from_bits(0x200_2605), value);
        assert_eq!(value.to_bits(), 0x200_2605);
    }

    #[test]
    fn activity_names_slot_one_first() {
        let value = ShortLc::Activity {
            activity: [Activity::GroupVoice, Activity::EmergencyGroup],
            hash: [0x3F, 0x07],
        };
        assert_eq!(value.to_bits(), 0x18C_3F07);
    }

    proptest! {
        #[test]
        fn every_value_is_kept_bit_for_bit(bits in 0..1u32 << 28) {
            prop_assert_eq!(ShortLc::from_bits(bits).to_bits(), bits);
        }
    }
}
