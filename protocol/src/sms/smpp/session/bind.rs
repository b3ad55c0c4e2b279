//! How the session gets in.

use super::{Phase, SmppSession};
use crate::session::{Notice, Peer};
use crate::sms::smpp::bind::{Bind, Way};
use crate::sms::smpp::bind_resp::BindResp;
use crate::sms::smpp::header::Header;
use crate::sms::smpp::pdu::Pdu;
use crate::sms::smpp::status;
use crate::sms::smpp::wire::readable;
use crate::time::Instant;

impl SmppSession {
    pub(super) fn bind(&mut self, now: Instant) {
        let bind = Bind {
            way: Way::Transceiver,
            system_id: self.config.account.clone(),
            password: readable(self.config.password.octets()),
            system_type: self.config.system_type.clone(),
            version: 0x34,
            ton: 0,
            npi: 0,
            range: String::new(),
        };
        let sequence = self.next_sequence();
        let until = now + self.config.limits.bind;
        self.phase = Phase::Binding { sequence, until };
        self.send(&Pdu::Bind(bind), status::OK, sequence, None);
    }

    pub(super) fn bind_answered(&mut self, now: Instant, header: Header, answer: &BindResp) {
        let asked = match self.phase {
            Phase::Binding { sequence, .. } => {
                sequence == header.sequence && answer.way == Way::Transceiver
            }
            _ => false,
        };
        if !asked {
            return self.drops.count(now, "unasked-response");
        }
        if header.status != status::OK {
            return self.bind_refused(now, status::bind_refusal(header.status));
        }
        self.hold.let_in();
        self.phase = Phase::In;
        let version = match answer.version {
            Some(version) => format!(", version {}.{}", version >> 4, version & 0xF),
            None => String::new(),
        };
        let description = format!("SMPP centre \"{}\"{version}", answer.system_id);
        let station = self.config.station;
        self.notice(Notice::StationIdentified {
            station,
            description,
        });
    }

    pub(super) fn bind_refused(&mut self, now: Instant, why: &'static str) {
        self.notice(Notice::LogInRefused {
            claimed: self.config.station.0,
            peer: Peer::Line,
            why,
            count: 1,
        });
        self.hold.refused(now);
        self.give_up("the bind was refused");
    }
}
