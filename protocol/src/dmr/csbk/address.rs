//! Who sends a CSBK and whom it is for.

use super::CsbkBody;

/// Whom a PDU is for: a radio, a talkgroup or a gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    /// The 24-bit address; gateways and all-calls included.
    pub number: u32,
    /// It is a talkgroup.
    pub group: bool,
}

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
            _ => None,
        }
    }
}
