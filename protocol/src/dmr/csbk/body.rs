//! Which CSBK it is: the pair of feature set id and opcode.

use nom::IResult;

use super::*;
use crate::dmr::feature_set::FeatureSet;
use crate::dmr::fields::{Field, Fields};
use crate::dmr::layout::Bits;

/// Makes the enum and its dispatch from rows of feature set, opcode, an optional
/// condition on the context, variant, layout, name and meaning. The first row that
/// fits wins.
macro_rules! bodies {
    ($($fid:literal $opcode:literal $(if $condition:ident)? => $variant:ident($layout:ty) $name:literal, $meaning:literal;)+) => {
        /// What a CSBK says.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum CsbkBody {
            $(#[doc = $meaning] $variant($layout),)+
            /// Any other pair of feature set and opcode.
            Other {
                /// Feature set id, 8 bits.
                fid: u8,
                /// CSBKO, 6 bits.
                opcode: u8,
                /// Octets 2 to 9.
                payload: [u8; 8],
            },
        }

        impl CsbkBody {
            pub(super) fn parse(fid: u8, opcode: u8, context: Context, i: &[u8]) -> IResult<&[u8], Self> {
                match (fid, opcode) {
                    $(($fid, $opcode) $(if context.$condition())? => {
                        <$layout>::parse(i).map(|(rest, pdu)| (rest, Self::$variant(pdu)))
                    })+
                    _ => {
                        let (rest, Opaque { payload }) = Opaque::parse(i)?;
                        Ok((rest, Self::Other { fid, opcode, payload }))
                    }
                }
            }

            pub(super) fn payload(&self) -> [u8; 8] {
                match *self {
                    $(Self::$variant(pdu) => pdu.to_bits().to_be_bytes(),)+
                    Self::Other { payload, .. } => payload,
                }
            }

            /// Feature set id, 8 bits.
            #[must_use]
            pub const fn fid(&self) -> u8 {
                match *self {
                    $(Self::$variant(_) => $fid,)+
                    Self::Other { fid, .. } => fid,
                }
            }

            /// CSBKO, 6 bits.
            #[must_use]
            pub const fn opcode(&self) -> u8 {
                match *self {
                    $(Self::$variant(_) => $opcode,)+
                    Self::Other { opcode, .. } => opcode & 0x3F,
                }
            }
        }

        impl Fields for CsbkBody {
            /// The standard's short name; a made one for what only manufacturers define.
            fn name(&self) -> &'static str {
                match self {
                    $(Self::$variant(_) => $name,)+
                    Self::Other { .. } => "Other",
                }
            }

            fn fields(&self, out: &mut Vec<Field>) {
                out.push(Field::number("csbko", self.opcode(), 6));
                out.push(Bits::field(FeatureSet::from_number(self.fid()), "fid", 8));
                match self {
                    $(Self::$variant(pdu) => pdu.fields(out),)+
                    Self::Other { payload, .. } => out.push(Field::bytes("payload", payload)),
                }
            }
        }
    };
}

bodies! {
    0x00 0x04 => UuVReq(UuVReq) "UU_V_Req", "Asks a radio for a voice call.";
    0x00 0x05 => UuAnsRsp(UuAnsRsp) "UU_Ans_Rsp", "Answers a request for a voice call.";
    0x00 0x07 => CtCsbk(CtCsbk) "CT_CSBK", "Channel timing.";
    0x00 0x19 => Aloha(Aloha) "C_ALOHA", "Invitation to random access.";
    0x00 0x1C => Ahoy(Ahoy) "C_AHOY", "The system calls a radio; P_AHOY on a payload channel.";
    0x00 0x1E => AckVit(AckVit) "C_ACKVIT", "A radio asks the system to prove itself.";
    0x00 0x1F => Rand(Rand) "C_RAND", "Random access request; P_RAND on a payload channel.";
    0x00 0x20 => AckD(Ack) "C_ACKD", "Answer of the system.";
    0x00 0x21 => AckU(Ack) "C_ACKU", "Answer of a radio.";
    0x00 0x22 => PAckD(Ack) "P_ACKD", "Answer of the system on a payload channel.";
    0x00 0x23 => PAckU(Ack) "P_ACKU", "Answer of a radio on a payload channel.";
    0x00 0x28 => Bcast(Bcast) "C_BCAST", "Announcement.";
    0x00 0x2A => Maint(Maint) "P_MAINT", "A radio ends its call.";
    0x00 0x2E => Clear(Clear) "P_CLEAR", "The call is over.";
    0x00 0x2F => Protect(Protect) "P_PROTECT", "Protects a call from others.";
    0x00 0x39 => Move(Move) "C_MOVE", "Sends radios to another control channel.";
    0x00 0x26 => NackRsp(NackRsp) "NACK_Rsp", "Refuses a service.";
    0x00 0x38 if is_control_channel => TdGrantMi(DataGrant) "TD_GRANT_MI", "Talkgroup data channel grant, several items.";
    0x00 0x38 => BsDwnAct(BsDwnAct) "BS_Dwn_Act", "Wakes a repeater.";
    0x00 0x3D => Preamble(Preamble) "Preamble", "Announces bursts.";

    0x00 0x30 => PvGrant(PrivateVoiceGrant) "PV_GRANT", "Private voice channel grant.";
    0x00 0x31 => TvGrant(GroupVoiceGrant) "TV_GRANT", "Talkgroup voice channel grant.";
    0x00 0x32 => BtvGrant(GroupVoiceGrant) "BTV_GRANT", "Broadcast talkgroup voice channel grant.";
    0x00 0x33 => PdGrant(DataGrant) "PD_GRANT", "Private data channel grant, one item.";
    0x00 0x34 => TdGrant(DataGrant) "TD_GRANT", "Talkgroup data channel grant, one item.";
    0x00 0x35 => PvGrantDx(DuplexVoiceGrant) "PV_GRANT_DX", "Duplex private voice channel grant.";
    0x00 0x36 => PdGrantDx(DuplexDataGrant) "PD_GRANT_DX", "Duplex private data channel grant.";
    0x00 0x37 => PdGrantMi(DataGrant) "PD_GRANT_MI", "Private data channel grant, several items.";

    0x10 0x19 => CapacityMaxAloha(Aloha) "Capacity_Max_Aloha", "Invitation to random access of a Capacity Max system.";
    0x10 0x1F => CallAlert(CallAlert) "Call_Alert", "Pages a radio.";
    0x10 0x20 => CallAlertAck(CallAlertAck) "Call_Alert_Ack", "Acknowledges a page.";
    0x10 0x24 => ExtendedFunction(ExtendedFunction) "Extended_Function", "Radio check, inhibit, uninhibit.";
    0x10 0x27 => EmergencyAlarm(EmergencyAlarm) "Emergency_Alarm", "The emergency button.";
    0x10 0x29 => CapacityPlusDataWindow(Opaque) "Capacity_Plus_Data_Window", "Data revert window.";
    0x10 0x2A => CapacityPlusDataWindowGrant(Opaque) "Capacity_Plus_Data_Window_Grant", "Data revert window, second form.";
    0x10 0x3B => CapacityPlusNeighbours(Opaque) "Capacity_Plus_Neighbours", "Neighbour sites.";
    0x10 0x3D => CapacityPlusPreamble(CapacityPlusPreamble) "Capacity_Plus_Preamble", "Announces bursts, with 16-bit addresses.";
    0x10 0x3E => CapacityPlusSiteStatus(Opaque) "Capacity_Plus_Site_Status", "State of a site's channels.";

    0x08 0x20 => HyteraAcknowledge(Opaque) "Hytera_Acknowledge", "Acknowledge.";
    0x08 0x28 => HyteraAnnouncement(Opaque) "Hytera_Announcement", "Announcement.";
    0x08 0x2F => HyteraTalkerStatus(Opaque) "Hytera_Talker_Status", "Who talks on a traffic channel.";
    0x68 0x0A => XptSiteState(Opaque) "XPT_Site_State", "State of an XPT site. Bits 0 and 1 of the CSBK are a sequence number.";
    0x68 0x0B => XptAdjacent(Opaque) "XPT_Adjacent", "Neighbours of an XPT site.";
    0x68 0x19 => XptAloha(Opaque) "XPT_Aloha", "Aloha.";
    0x68 0x20 => XptAcknowledge(Opaque) "XPT_Acknowledge", "Acknowledge.";
    0x68 0x28 => XptAnnouncement(Opaque) "XPT_Announcement", "Announcement.";
    0x68 0x3D => XptPreamble(Opaque) "XPT_Preamble", "Announces bursts.";
}
