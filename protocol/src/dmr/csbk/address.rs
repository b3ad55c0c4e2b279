//! Who sends a CSBK and whom it is for.

use super::{Announcement, CsbkBody, Reason};
use crate::dmr::target::Target;

impl CsbkBody {
    /// The sender's 24-bit address, where the PDU names it.
    #[must_use]
    pub fn source(&self) -> Option<u32> {
        match self {
            Self::UuVReq(pdu) => Some(pdu.source),
            Self::UuAnsRsp(pdu) => Some(pdu.source),
            Self::CtCsbk(pdu) => Some(pdu.source_identifier),
            Self::NackRsp(pdu) => Some(pdu.source),
            Self::BsDwnAct(pdu) => Some(pdu.source),
            Self::Preamble(pdu) => Some(pdu.source),
            Self::CallAlert(pdu) => Some(pdu.source),
            Self::CallAlertAck(pdu) => Some(pdu.source),
            Self::ExtendedFunction(pdu) => Some(pdu.source()),
            Self::EmergencyAlarm(pdu) => Some(pdu.source),
            Self::CapacityPlusPreamble(pdu) => Some(u32::from(pdu.source)),
            Self::PvGrant(pdu) => Some(pdu.source),
            Self::TvGrant(pdu) | Self::BtvGrant(pdu) => Some(pdu.source),
            Self::PdGrant(pdu) | Self::TdGrant(pdu) => Some(pdu.source),
            Self::PdGrantMi(pdu) | Self::TdGrantMi(pdu) => Some(pdu.source),
            Self::PvGrantDx(pdu) => Some(pdu.source),
            Self::PdGrantDx(pdu) => Some(pdu.source),
            Self::Ahoy(pdu) if pdu.challenge().is_some() => None,
            Self::Ahoy(pdu) => Some(pdu.source),
            Self::AckVit(pdu) => Some(pdu.source),
            Self::Rand(pdu) => Some(pdu.source),
            Self::AckD(pdu) | Self::AckU(pdu) | Self::PAckD(pdu) | Self::PAckU(pdu) => {
                (pdu.reason != Reason::TsAuthentication).then_some(pdu.source)
            }
            Self::Maint(pdu) => Some(pdu.source),
            Self::Clear(pdu) => Some(pdu.source),
            Self::Protect(pdu) => Some(pdu.source),
            _ => None,
        }
    }

    /// Whom it is for, where the PDU names one.
    #[must_use]
    pub fn target(&self) -> Option<Target> {
        let radio = |number| {
            Some(Target {
                number,
                group: false,
            })
        };
        let either = |number, group| Some(Target { number, group });
        match self {
            Self::UuVReq(pdu) => radio(pdu.target),
            Self::UuAnsRsp(pdu) => radio(pdu.target),
            Self::NackRsp(pdu) => radio(pdu.target),
            Self::BsDwnAct(pdu) => radio(pdu.bs_address),
            Self::Preamble(pdu) => either(pdu.target, pdu.group),
            Self::CallAlert(pdu) => radio(pdu.target),
            Self::CallAlertAck(pdu) => radio(pdu.target),
            Self::ExtendedFunction(pdu) => radio(pdu.target()),
            Self::EmergencyAlarm(pdu) => either(pdu.target, true),
            Self::CapacityPlusPreamble(pdu) => either(u32::from(pdu.target), pdu.group),
            Self::PvGrant(pdu) => radio(pdu.target),
            Self::TvGrant(pdu) | Self::BtvGrant(pdu) => either(pdu.target, true),
            Self::PdGrant(pdu) | Self::PdGrantMi(pdu) => radio(pdu.target),
            Self::TdGrant(pdu) | Self::TdGrantMi(pdu) => either(pdu.target, true),
            Self::PvGrantDx(pdu) => radio(pdu.target),
            Self::PdGrantDx(pdu) => radio(pdu.target),
            Self::Aloha(pdu) | Self::CapacityMaxAloha(pdu) => radio(pdu.address),
            Self::Move(pdu) => radio(pdu.address),
            Self::Bcast(pdu) => match pdu.announcement {
                Announcement::MassReg(mass) => radio(mass.address),
                _ => None,
            },
            Self::Ahoy(pdu) => either(pdu.target, pdu.group),
            Self::Rand(pdu) => either(pdu.target, pdu.is_group()),
            Self::AckD(pdu) | Self::AckU(pdu) | Self::PAckD(pdu) | Self::PAckU(pdu)
                if pdu.reason != Reason::MsAuthentication =>
            {
                radio(pdu.target)
            }
            Self::Maint(pdu) => radio(pdu.target),
            Self::Clear(pdu) => either(pdu.target, pdu.group),
            Self::Protect(pdu) => either(pdu.target, pdu.group),
            _ => None,
        }
    }
}
