//! Full link control.

use nom::IResult;

use super::{
    CapacityPlusGroupVoice, CapacityPlusUnitVoice, GpsInfo, GroupVoice, TalkerAliasBlock,
    TalkerAliasHeader, TdLc, UnitToUnitVoice,
};
use crate::dmr::feature_set::FeatureSet;
use crate::dmr::fields::{Field, Fields};
use crate::dmr::layout::{Bits, Octets, U56};
use crate::dmr::target::Target;

/// Full link control, 72 bits (TS 102 361-1 clause 9.1.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FullLc {
    /// PF: the content is encrypted.
    pub protect: bool,
    /// Kept as heard.
    pub reserved: bool,
    /// Feature set id, 8 bits; voice often carries a manufacturer's.
    pub fid: u8,
    /// What it says.
    pub body: LcBody,
}

/// Makes the enum and its dispatch from rows of FLCO, the feature set it is bound to
/// where manufacturers use the number otherwise, variant, layout, name and meaning.
macro_rules! bodies {
    ($($flco:literal $(of $fid:literal)? => $variant:ident($layout:ident) $name:literal, $meaning:literal;)+) => {
        /// What a full link control says.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum LcBody {
            $(#[doc = $meaning] $variant($layout),)+
            /// Anything else.
            Other {
                /// FLCO, 6 bits.
                flco: u8,
                /// Octets 2 to 8.
                payload: [u8; 7],
            },
        }

        impl LcBody {
            fn parse(flco: u8, fid: u8, i: &[u8]) -> IResult<&[u8], Self> {
                match flco {
                    $($flco $(if fid == $fid)? => {
                        $layout::parse(i).map(|(rest, pdu)| (rest, Self::$variant(pdu)))
                    })+
                    _ => {
                        let (rest, payload) = U56::parse(i)?;
                        let payload = Bits::from_bits(payload);
                        Ok((rest, Self::Other { flco, payload }))
                    }
                }
            }

            fn payload(&self) -> u64 {
                match *self {
                    $(Self::$variant(pdu) => pdu.to_bits(),)+
                    Self::Other { payload, .. } => payload.to_bits(),
                }
            }

            /// FLCO, 6 bits.
            #[must_use]
            pub const fn flco(&self) -> u8 {
                match *self {
                    $(Self::$variant(_) => $flco,)+
                    Self::Other { flco, .. } => flco & 0x3F,
                }
            }
        }

        impl Fields for LcBody {
            fn name(&self) -> &'static str {
                match self {
                    $(Self::$variant(_) => $name,)+
                    Self::Other { .. } => "Other",
                }
            }

            fn fields(&self, out: &mut Vec<Field>) {
                match self {
                    $(Self::$variant(pdu) => pdu.fields(out),)+
                    Self::Other { payload, .. } => out.push(Field::bytes("payload", payload)),
                }
            }
        }
    };
}

bodies! {
    0 => GroupVoice(GroupVoice) "Grp_V_Ch_Usr", "A group call.";
    3 => UnitToUnitVoice(UnitToUnitVoice) "UU_V_Ch_Usr", "A private call.";
    4 of 0 => TalkerAliasHeader(TalkerAliasHeader) "Talker_Alias_Header", "The talker's name.";
    4 of 0x10 => CapacityPlusGroupVoice(CapacityPlusGroupVoice) "Cap_Plus_Grp_V_Ch_Usr", "A group call of Capacity Plus.";
    5 of 0 => TalkerAliasBlock1(TalkerAliasBlock) "Talker_Alias_Block1", "More of the talker's name.";
    6 of 0 => TalkerAliasBlock2(TalkerAliasBlock) "Talker_Alias_Block2", "More of the talker's name.";
    7 of 0 => TalkerAliasBlock3(TalkerAliasBlock) "Talker_Alias_Block3", "More of the talker's name.";
    7 of 0x10 => CapacityPlusUnitVoice(CapacityPlusUnitVoice) "Cap_Plus_UU_V_Ch_Usr", "A private call of Capacity Plus.";
    8 of 0 => GpsInfo(GpsInfo) "GPS_Info", "Where the talker is.";
    48 => TdLc(TdLc) "TD_LC", "A channel is held after data.";
}

impl From<LcBody> for FullLc {
    /// Without protection, of the standard's feature set.
    fn from(body: LcBody) -> Self {
        Self {
            protect: false,
            reserved: false,
            fid: FeatureSet::Standard.number(),
            body,
        }
    }
}

impl FullLc {
    /// Reads nine octets whose code or checksum has been checked. Total; reserved bits
    /// are kept, so that [`encode`](Self::encode) gives the same octets.
    #[must_use]
    pub fn decode(lc: &[u8; 9]) -> Self {
        let [octet, fid, payload @ ..] = *lc;
        let flco = octet & 0x3F;
        let body = LcBody::parse(flco, fid, &payload);
        Self {
            protect: octet & 0x80 != 0,
            reserved: octet & 0x40 != 0,
            fid,
            body: body.map_or(LcBody::Other { flco, payload }, |(_, body)| body),
        }
    }

    /// The nine octets, without code or checksum.
    #[must_use]
    pub fn encode(&self) -> [u8; 9] {
        let flags = u8::from(self.protect) << 7 | u8::from(self.reserved) << 6;
        let [_, a, b, c, d, e, f, g] = self.body.payload().to_be_bytes();
        [flags | self.body.flco(), self.fid, a, b, c, d, e, f, g]
    }

    /// The sender's 24-bit address, where it is named.
    #[must_use]
    pub const fn source(&self) -> Option<u32> {
        match self.body {
            LcBody::GroupVoice(GroupVoice { source, .. })
            | LcBody::UnitToUnitVoice(UnitToUnitVoice { source, .. })
            | LcBody::TdLc(TdLc { source, .. }) => Some(source),
            LcBody::CapacityPlusGroupVoice(CapacityPlusGroupVoice { source, .. })
            | LcBody::CapacityPlusUnitVoice(CapacityPlusUnitVoice { source, .. }) => {
                Some(source as u32)
            }
            _ => None,
        }
    }

    /// Whom it is for, where it is named.
    #[must_use]
    pub const fn target(&self) -> Option<Target> {
        let (number, group) = match self.body {
            LcBody::GroupVoice(lc) => (lc.group_address, true),
            LcBody::UnitToUnitVoice(lc) => (lc.target, false),
            LcBody::TdLc(lc) => (lc.target, lc.group),
            LcBody::CapacityPlusGroupVoice(lc) => (lc.group_address as u32, true),
            LcBody::CapacityPlusUnitVoice(lc) => (lc.target as u32, false),
            _ => return None,
        };
        Some(Target { number, group })
    }
}

impl Fields for FullLc {
    fn name(&self) -> &'static str {
        self.body.name()
    }

    fn fields(&self, out: &mut Vec<Field>) {
        out.push(Field::flag("protect", self.protect));
        out.push(Field::flag("reserved", self.reserved));
        out.push(Field::number("flco", self.body.flco(), 6));
        out.push(Bits::field(FeatureSet::from_number(self.fid), "fid", 8));
        self.body.fields(out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_recorded_group_call_names_talker_and_group() {
        let mut octets = [0; 9];
        hex::decode_to_slice("00000000086520baf8", &mut octets).unwrap();
        let lc = FullLc::decode(&octets);
        assert_eq!(lc.name(), "Grp_V_Ch_Usr");
        assert_eq!(lc.source(), Some(2_145_016));
        let group = Target {
            number: 2149,
            group: true,
        };
        assert_eq!(lc.target(), Some(group));
        assert_eq!(lc.encode(), octets);
    }

    #[test]
    fn a_manufacturers_alias_is_not_read_as_the_standards() {
        assert_eq!(
            FullLc::decode(&[4, 0x68, 1, 2, 3, 4, 5, 6, 7]).name(),
            "Other"
        );
        assert_eq!(
            FullLc::decode(&[0, 0x10, 1, 2, 3, 4, 5, 6, 7]).name(),
            "Grp_V_Ch_Usr"
        );
    }

    #[test]
    fn calls_of_capacity_plus_have_addresses_of_16_bits() {
        let target = |number, group| Some(Target { number, group });
        let private = FullLc::decode(&[7, 0x10, 0, 0, 0x52, 0x09, 4, 0x52, 0x0A]);
        assert_eq!(private.name(), "Cap_Plus_UU_V_Ch_Usr");
        assert_eq!(private.target(), target(21_001, false));
        assert_eq!(private.source(), Some(21_002));
        let group = FullLc::decode(&[4, 0x10, 0x20, 0, 0, 9, 0xF1, 0xFF, 0xFE]);
        assert_eq!(group.target(), target(9, true));
        assert_eq!(group.source(), Some(65_534));
        // Under the standard's feature set the numbers are those of the talker's name.
        let alias = FullLc::decode(&[7, 0, 0, 0, 0x52, 0x09, 4, 0x52, 0x0A]);
        assert_eq!((alias.source(), alias.target()), (None, None));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]
        #[test]
        fn any_nine_octets_encode_to_themselves(
            flco in prop_oneof![0u8..9, Just(48), any::<u8>()],
            fid in prop_oneof![Just(0), Just(0x10), any::<u8>()],
            payload: [u8; 7]
        ) {
            let [a, b, c, d, e, f, g] = payload;
            let octets = [flco, fid, a, b, c, d, e, f, g];
            let lc = FullLc::decode(&octets);
            prop_assert_eq!(lc.encode(), octets);
            prop_assert!(lc.to_fields().len() > 4);
        }
    }
}
