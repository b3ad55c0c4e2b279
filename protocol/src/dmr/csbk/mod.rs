//! Control signalling blocks (TS 102 361-1 clause 9.1.5, -2 clause 7.1.2, -4 clause 7.1.1).
//!
//! A CSBK is 12 octets: LB(1) PF(1) CSBKO(6), FID(8), 64 bits of payload, CRC-CCITT
//! with the mask A5A5. [`CsbkBody`] has one variant for each CSBK known here.

mod ack;
mod address;
mod ahoy;
mod aloha;
pub mod announcement;
mod backoff;
mod bcast;
mod body;
mod bs_dwn_act;
mod c_move;
mod context;
mod ct_csbk;
mod grant;
mod motorola;
mod nack_rsp;
mod opaque;
mod payload_channel;
mod preamble;
mod rand;
mod reason;
pub mod service;
mod system_identity;
mod uu_ans_rsp;
mod uu_v_req;

pub use ack::{Ack, AckVit};
pub use ahoy::Ahoy;
pub use aloha::{Aloha, ServiceFunction, Version};
pub use announcement::Announcement;
pub use backoff::Backoff;
pub use bcast::Bcast;
pub use body::CsbkBody;
pub use bs_dwn_act::BsDwnAct;
pub use c_move::Move;
pub use context::{Context, Direction, System};
pub use ct_csbk::{ChannelTimingOpcode, CtCsbk};
pub use grant::channel;
pub use grant::{DataGrant, DuplexDataGrant, DuplexVoiceGrant, GroupVoiceGrant, PrivateVoiceGrant};
pub use motorola::{CallAlert, CallAlertAck, CapacityPlusPreamble, EmergencyAlarm};
pub use motorola::{ExtendedFunction, Function};
pub use nack_rsp::{NackReason, NackRsp};
pub use opaque::Opaque;
pub use payload_channel::{Clear, Maint, MaintKind, Protect, ProtectKind};
pub use preamble::Preamble;
pub use rand::Rand;
pub use reason::{Answer, Reason};
pub use service::ServiceKind;
pub use system_identity::{Category, NetworkModel, SystemCode, SystemIdentity};
pub use uu_ans_rsp::{AnswerResponse, UuAnsRsp};
pub use uu_v_req::UuVReq;

use super::crc::{ccitt, mask};
use super::fields::{Field, Fields};
use super::target::Target;

/// Why 12 octets are no CSBK.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CsbkError {
    /// Damaged on the air, or protected by a key that is not ours (restricted access).
    #[error("CSBK CRC is {found:04x}, its octets give {computed:04x}")]
    Crc {
        /// The CRC it carries.
        found: u16,
        /// The CRC of its first ten octets.
        computed: u16,
    },
}

/// A control signalling block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Csbk {
    /// LB: nothing of this PDU follows. False in the header of a multi-block PDU.
    pub last_block: bool,
    /// PF: the content is encrypted.
    pub protect: bool,
    /// What it says.
    pub body: CsbkBody,
}

impl From<CsbkBody> for Csbk {
    /// A single block without protection.
    fn from(body: CsbkBody) -> Self {
        Self {
            last_block: true,
            protect: false,
            body,
        }
    }
}

impl Csbk {
    /// Reads the 12 octets of a CSBK burst. Reserved bits are kept, so that
    /// [`encode`](Self::encode) gives the same octets.
    ///
    /// # Errors
    /// [`CsbkError::Crc`] when the CRC does not match.
    pub fn decode(pdu: &[u8; 12], context: Context) -> Result<Self, CsbkError> {
        check(pdu, mask::CSBK)?;
        Ok(Self::decode_unchecked(pdu, context))
    }

    /// Reads the 12 octets whatever their CRC: for tools that show what a damaged or
    /// specially masked PDU would say.
    #[must_use]
    pub fn decode_unchecked(pdu: &[u8; 12], context: Context) -> Self {
        let [octet, fid, payload @ .., _, _] = *pdu;
        let parsed = CsbkBody::parse(fid, octet & 0x3F, context, &payload);
        Self {
            last_block: octet & 0x80 != 0,
            protect: octet & 0x40 != 0,
            body: parsed.map_or(
                CsbkBody::Other {
                    fid,
                    opcode: octet & 0x3F,
                    payload,
                },
                |(_, body)| body,
            ),
        }
    }

    /// The 12 octets with their CRC.
    #[must_use]
    pub fn encode(&self) -> [u8; 12] {
        self.encode_masked(mask::CSBK)
    }

    pub(super) fn encode_masked(&self, mask: u16) -> [u8; 12] {
        let flags = u8::from(self.last_block) << 7 | u8::from(self.protect) << 6;
        let [a, b, c, d, e, f, g, h] = self.body.payload();
        let head = flags | self.body.opcode();
        let octets = [head, self.body.fid(), a, b, c, d, e, f, g, h];
        let [high, low] = ccitt(&octets, mask).to_be_bytes();
        [head, self.body.fid(), a, b, c, d, e, f, g, h, high, low]
    }

    /// The standard's short name, as in `C_ALOHA`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.body.name()
    }

    /// The sender's 24-bit address, where the PDU names it.
    #[must_use]
    pub fn source(&self) -> Option<u32> {
        self.body.source()
    }

    /// Whom it is for, where the PDU names one.
    #[must_use]
    pub fn target(&self) -> Option<Target> {
        self.body.target()
    }
}

/// Compares the last two octets with the CRC of the first ten.
pub(super) fn check(pdu: &[u8; 12], mask: u16) -> Result<(), CsbkError> {
    let [octets @ .., high, low] = pdu;
    let (found, computed) = (u16::from_be_bytes([*high, *low]), ccitt(octets, mask));
    if found == computed {
        Ok(())
    } else {
        Err(CsbkError::Crc { found, computed })
    }
}

impl Fields for Csbk {
    fn name(&self) -> &'static str {
        self.body.name()
    }

    fn fields(&self, out: &mut Vec<Field>) {
        out.push(Field::flag("last_block", self.last_block));
        out.push(Field::flag("protect", self.protect));
        self.body.fields(out);
    }
}

#[cfg(test)]
mod testing {
    use super::*;

    /// The PDU in `hex` decodes to `body` in this context, and `body` encodes to it.
    #[track_caller]
    pub(super) fn matches(hex: &str, context: Context, body: &CsbkBody) {
        let pdu: [u8; 12] = hex::decode(hex).unwrap().try_into().unwrap();
        let csbk = Csbk::decode(&pdu, context).unwrap();
        assert_eq!(csbk, Csbk::from(*body));
        assert_eq!(hex::encode(csbk.encode()), hex);
    }

    /// [`matches`] for what a radio sends.
    #[track_caller]
    pub(super) fn inbound(hex: &str, body: &CsbkBody) {
        matches(hex, Context::default(), body);
    }

    /// [`matches`] for what a control channel sends.
    #[track_caller]
    pub(super) fn outbound(hex: &str, body: &CsbkBody) {
        let context = Context {
            direction: Direction::Outbound,
            system: System::Trunked,
        };
        matches(hex, context, body);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_wrong_crc_is_refused_and_still_can_be_shown() {
        let mut pdu = [0; 12];
        hex::decode_to_slice("bd00801d23386323383b5888", &mut pdu).unwrap();
        let context = Context::default();
        assert_eq!(
            Csbk::decode(&pdu, context),
            Err(CsbkError::Crc {
                found: 0x5888,
                computed: 0x5889
            })
        );
        let shown = Csbk::decode_unchecked(&pdu, context);
        assert_eq!(shown.name(), "Preamble");
        assert_eq!(shown.source(), Some(0x23_383B));
    }

    #[test]
    fn an_unknown_opcode_is_kept_whole() {
        let body = CsbkBody::Other {
            fid: 0x77,
            opcode: 0x11,
            payload: [1, 2, 3, 4, 5, 6, 7, 8],
        };
        let pdu = Csbk::from(body).encode();
        assert_eq!(Csbk::decode(&pdu, Context::default()), Ok(Csbk::from(body)));
        assert_eq!(Csbk::from(body).target(), None);
    }

    fn contexts() -> impl Strategy<Value = Context> {
        (any::<bool>(), any::<bool>()).prop_map(|(outbound, trunked)| Context {
            direction: if outbound {
                Direction::Outbound
            } else {
                Direction::Inbound
            },
            system: if trunked {
                System::Trunked
            } else {
                System::Conventional
            },
        })
    }

    /// Octets 0 and 1 that name a known PDU half of the time.
    fn heads() -> impl Strategy<Value = [u8; 2]> {
        let fid = prop_oneof![Just(0), Just(0x10), Just(0x08), Just(0x68), any::<u8>()];
        (any::<u8>(), fid).prop_map(|(octet, fid)| [octet, fid])
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]
        #[test]
        fn whatever_is_accepted_encodes_to_the_same_octets(
            context in contexts(), head in heads(), payload: [u8; 8]
        ) {
            let mut pdu = [0; 12];
            for (to, from) in pdu.iter_mut().zip(head.into_iter().chain(payload)) {
                *to = from;
            }
            let [high, low] = ccitt(&pdu[..10], mask::CSBK).to_be_bytes();
            pdu[10..].copy_from_slice(&[high, low]);
            let csbk = Csbk::decode(&pdu, context).unwrap();
            prop_assert_eq!(csbk.encode(), pdu);
            prop_assert!(csbk.to_fields().len() > 4);
            if let Some(target) = csbk.target() {
                prop_assert!(target.number <= 0xFF_FFFF);
            }
        }

        #[test]
        fn random_octets_never_panic(pdu: [u8; 12], context in contexts()) {
            if let Ok(csbk) = Csbk::decode(&pdu, context) {
                prop_assert_eq!(csbk.encode(), pdu);
            }
            let shown = Csbk::decode_unchecked(&pdu, context);
            prop_assert_eq!(&shown.encode()[..10], &pdu[..10]);
        }
    }
}
