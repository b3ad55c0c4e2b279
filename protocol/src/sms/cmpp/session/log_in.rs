//! How the session gets in.

use super::{CmppSession, Phase};
use crate::session::{Notice, Peer};
use crate::sms::cmpp::Version;
use crate::sms::cmpp::authenticator::{is_of_gateway, of_source};
use crate::sms::cmpp::config::{AskFor, Verify};
use crate::sms::cmpp::connect::Connect;
use crate::sms::cmpp::connect_resp::ConnectResp;
use crate::sms::cmpp::header::Header;
use crate::sms::cmpp::pdu::Pdu;
use crate::sms::cmpp::result;
use crate::time::Instant;

impl CmppSession {
    pub(super) fn log_in(&mut self, now: Instant) {
        let timestamp = self.config.wall.log_in_stamp(now);
        let proof = of_source(&self.config.account, &self.config.secret, timestamp);
        let sequence = self.next_sequence();
        let connect = Connect {
            account: self.config.account.clone(),
            proof,
            version: self.version.code(),
            timestamp,
        };
        self.phase = Phase::LoggingIn {
            sequence,
            proof,
            until: now + self.config.limits.answer,
        };
        self.send(&Pdu::Connect(connect), sequence, None);
    }

    pub(super) fn log_in_answered(&mut self, now: Instant, header: Header, answer: ConnectResp) {
        let Phase::LoggingIn {
            sequence, proof, ..
        } = self.phase
        else {
            return self.drops.count(now, "unasked-response");
        };
        if header.sequence != sequence {
            return self.drops.count(now, "unasked-response");
        }
        if answer.status != result::OK {
            let too_high = answer.status == 4 && self.config.version == AskFor::Auto;
            if too_high && self.version == Version::V3 {
                self.version = Version::V2;
                return self.give_up("the gateway speaks 2.0 only");
            }
            return self.log_in_refused(now, result::log_in_refusal(answer.status));
        }
        let secret = &self.config.secret;
        let proved = is_of_gateway(&answer.proof, answer.status, &proof, secret);
        if !proved && self.config.verify == Verify::Strict {
            let why = "the gateway does not prove that it knows the secret: check the secret, or set verify to lenient";
            return self.log_in_refused(now, why);
        }
        if self.config.version == AskFor::Auto && answer.version >> 4 == 2 {
            self.version = Version::V2;
        }
        self.hold.let_in();
        self.phase = Phase::In;
        let doubt = if proved || self.config.verify == Verify::Off {
            ""
        } else {
            "; it does not prove that it knows the secret"
        };
        let (major, minor) = (answer.version >> 4, answer.version & 0xF);
        let description = format!("CMPP gateway, version {major}.{minor}{doubt}");
        let station = self.config.station;
        self.notice(Notice::StationIdentified {
            station,
            description,
        });
    }

    fn log_in_refused(&mut self, now: Instant, why: &'static str) {
        self.notice(Notice::LogInRefused {
            claimed: self.config.station.0,
            peer: Peer::Line,
            why,
            count: 1,
        });
        self.hold.refused(now);
        self.give_up("the log-in was refused");
    }
}
