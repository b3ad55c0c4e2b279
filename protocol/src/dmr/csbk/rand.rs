//! Random access: what a radio asks for.

use super::service::{Options, ServiceKind, StatusOptions};
use crate::dmr::fields::Field;
use crate::dmr::layout::pdu;

pdu! {
    /// Random access request (TS 102 361-4 clause 7.1.1.2.1).
    Rand, "C_RAND" {
        U16 {
            /// Service options as bits; see [`Rand::options`].
            service_options: u8 = 7,
            /// Proxy flag.
            proxy: bool = 1,
            /// Appended blocks of supplementary data; for a registration what the target is:
            /// 0 the system code, 1 a talkgroup to attach, 2 a list follows.
            supplementary: u8 = 2,
            /// Appended blocks of short data; for a status its two low bits.
            appended: u8 = 2,
            /// What is asked for.
            service_kind: ServiceKind = 4,
        }
        U24 {
            /// The called radio, talkgroup or gateway.
            target: u32 = 24,
        }
        U24 {
            /// The radio that asks.
            source: u32 = 24,
        }
    }
    also show
}

impl Rand {
    /// The service options as the service kind means them.
    #[must_use]
    pub fn options(&self) -> Options {
        Options::of(self.service_kind, self.service_options)
    }

    /// The status, 0 to 127, when one is sent.
    #[must_use]
    pub fn status(&self) -> Option<u8> {
        self.options().status(self.appended)
    }

    /// Whether the target is a talkgroup.
    #[must_use]
    pub fn is_group(&self) -> bool {
        match self.options() {
            Options::Status(StatusOptions { group, .. }) => group,
            _ => self.service_kind.is_group(),
        }
    }
}

fn show(pdu: &Rand, out: &mut Vec<Field>) {
    out.push(pdu.options().field("options"));
    out.extend(
        pdu.status()
            .map(|status| Field::number("status", status, 7)),
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dmr::csbk::testing::inbound;
    use crate::dmr::csbk::{Csbk, CsbkBody};
    use crate::dmr::layout::keeps_every_bit;

    #[test]
    fn requests_match_the_recorded_pdus() {
        let registration = Rand {
            service_options: 1,
            service_kind: ServiceKind::Registration,
            target: 9,
            source: 0x23_383B,
            ..Rand::default()
        };
        inbound(
            "9f00024e00000923383b3b6e",
            &CsbkBody::Rand(Rand {
                supplementary: 1,
                ..registration
            }),
        );
        let message = Rand {
            service_options: 0,
            appended: 1,
            service_kind: ServiceKind::IndividualUdt,
            target: 0x23_3863,
            ..registration
        };
        inbound("9f00001423386323383b6943", &CsbkBody::Rand(message));
        let voice = Rand {
            service_options: 0,
            service_kind: ServiceKind::GroupVoice,
            ..registration
        };
        inbound("9f00000100000923383be3cd", &CsbkBody::Rand(voice));
        let target = Csbk::from(CsbkBody::Rand(voice)).target().unwrap();
        assert!(target.group && target.number == 9);
    }

    #[test]
    fn a_status_is_put_together_from_its_two_parts() {
        let status = Rand {
            service_kind: ServiceKind::Status,
            service_options: 0,
            supplementary: 1,
            appended: 1,
            target: 0x23_3863,
            source: 0x23_383B,
            ..Rand::default()
        };
        inbound("9f00005723386323383b6c2d", &CsbkBody::Rand(status));
        assert_eq!(status.status(), Some(1));
        let high = Rand {
            service_options: 0x7F,
            ..status
        };
        assert_eq!(high.status(), Some(0x7D));
        assert!(high.is_group() && !status.is_group());
    }

    keeps_every_bit!(Rand, 8);
}
