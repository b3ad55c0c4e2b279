//! Ahoy: the system calls a radio and wants an answer.

use super::service::{Options, ServiceKind};
use crate::dmr::fields::Field;
use crate::dmr::gateway;
use crate::dmr::layout::pdu;

pdu! {
    /// The system calls a radio (TS 102 361-4 clause 7.1.1.1.6).
    Ahoy, "C_AHOY" {
        U16 {
            /// Service options as bits, as in the request; see [`Ahoy::options`].
            service_options_mirror: u8 = 7,
            /// Means something else for each service kind: will ring (individual voice),
            /// revive (stun), upload of a talkgroup list (registration).
            service_kind_flag: bool = 1,
            /// Ambient listening.
            ambient_listening: bool = 1,
            /// The target is a talkgroup.
            group: bool = 1,
            /// Blocks the radio may append; for a status its two low bits.
            appended: u8 = 2,
            /// What it is about.
            service_kind: ServiceKind = 4,
        }
        U24 {
            /// The radio or talkgroup that is called.
            target: u32 = 24,
        }
        U24 {
            /// Who calls: a radio or gateway; for authentication the challenge.
            source: u32 = 24,
        }
    }
    also show
}

/// All ones: no status, but the question for one.
const STATUS_POLL: u8 = 0x7F;

impl Ahoy {
    /// Asks `target` for its status (TS 102 361-4 clause 6.6.3).
    #[must_use]
    pub fn status_poll(target: u32, source: u32) -> Self {
        Self {
            service_options_mirror: STATUS_POLL >> 2,
            appended: STATUS_POLL & 3,
            service_kind: ServiceKind::Status,
            target,
            source,
            ..Self::default()
        }
    }

    /// The service options as the service kind means them.
    #[must_use]
    pub fn options(&self) -> Options {
        Options::of(self.service_kind, self.service_options_mirror)
    }

    /// The status, 0 to 126, when one is delivered.
    #[must_use]
    pub fn status(&self) -> Option<u8> {
        let status = self.options().status(self.appended);
        status.filter(|&status| status != STATUS_POLL)
    }

    /// Whether it asks for a status.
    #[must_use]
    pub fn is_status_poll(&self) -> bool {
        self.options().status(self.appended) == Some(STATUS_POLL)
    }

    /// The challenge, when it asks a radio to prove who it is.
    #[must_use]
    pub const fn challenge(&self) -> Option<u32> {
        match self.service_kind {
            ServiceKind::Registration if gateway::name(self.source).is_none() => Some(self.source),
            _ => None,
        }
    }
}

fn show(pdu: &Ahoy, out: &mut Vec<Field>) {
    out.push(pdu.options().field("options"));
    out.extend(
        pdu.status()
            .map(|status| Field::number("status", status, 7)),
    );
    if pdu.is_status_poll() {
        out.push(Field::flag("status_poll", true));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dmr::csbk::testing::outbound;
    use crate::dmr::csbk::{Csbk, CsbkBody};
    use crate::dmr::layout::keeps_every_bit;

    #[test]
    fn a_call_for_short_data_matches_the_recorded_pdu() {
        let ahoy = Ahoy {
            appended: 1,
            service_kind: ServiceKind::IndividualUdt,
            target: 0x23_383B,
            source: gateway::SDMI,
            ..Ahoy::default()
        };
        outbound("9c00001423383bfffec58aa2", &CsbkBody::Ahoy(ahoy));
    }

    #[test]
    fn a_status_and_the_question_for_one_match_the_worked_pdus() {
        let poll = Ahoy::status_poll(0x23_3863, 0x23_383B);
        outbound("9c003e3723386323383bb635", &CsbkBody::Ahoy(poll));
        assert!(poll.is_status_poll() && poll.status().is_none());
        let status = Ahoy {
            service_options_mirror: 0,
            appended: 1,
            ..poll
        };
        outbound("9c00001723386323383b000e", &CsbkBody::Ahoy(status));
        assert!(!status.is_status_poll() && status.status() == Some(1));
    }

    #[test]
    fn a_udt_poll_matches_the_worked_pdu() {
        let poll = Ahoy {
            appended: 1,
            service_kind: ServiceKind::UdtPolling,
            target: 0x23_3863,
            source: 0x23_383B,
            ..Ahoy::default()
        };
        outbound("9c00001623386323383bb86f", &CsbkBody::Ahoy(poll));
    }

    #[test]
    fn a_challenge_is_no_address() {
        let challenge = Ahoy {
            service_kind: ServiceKind::Registration,
            target: 5,
            source: 0x12_3456,
            ..Ahoy::default()
        };
        assert_eq!(challenge.challenge(), Some(0x12_3456));
        assert_eq!(Csbk::from(CsbkBody::Ahoy(challenge)).source(), None);
        let check = Ahoy {
            source: gateway::TSI,
            ..challenge
        };
        assert_eq!(check.challenge(), None);
    }

    keeps_every_bit!(Ahoy, 8);
}
