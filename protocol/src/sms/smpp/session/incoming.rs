//! What comes in: texts of phones and receipts, and how they are answered.

use sha2::{Digest, Sha256};

use super::kept::Kept;
use super::{Phase, SmppSession};
use crate::air::{Acknowledgement, Heard, HeardKind, JobId, Owed};
use crate::session::{Action, Refusal};
use crate::sms::incoming::{Answer, SmsToken};
use crate::sms::smpp::header::{Command, Header};
use crate::sms::smpp::message::Message;
use crate::sms::smpp::message_resp::MessageResp;
use crate::sms::smpp::pdu::Pdu;
use crate::sms::smpp::{compose, receipt, status};
use crate::sms::unanswered::Keep;
use crate::time::Instant;

impl SmppSession {
    /// A mandatory field is cut. A message is answered as taken, because it would come for days
    /// and never be readable; it is counted.
    pub(super) fn unreadable(&mut self, now: Instant, header: Header) {
        self.drops.count(now, "cut-pdu");
        if header.command == Command::DELIVER_SM && self.phase == Phase::In {
            self.answer(header.sequence, status::OK, None);
        } else {
            self.refuse(header, status::SYSTEM_ERROR);
        }
    }

    pub(super) fn deliver(&mut self, now: Instant, header: Header, body: &[u8], deliver: &Message) {
        if self.phase != Phase::In {
            self.drops.count(now, "before-bind");
            return self.answer(header.sequence, status::NOT_BOUND, None);
        }
        if deliver.cut {
            self.drops.count(now, "inner-length");
        }
        if deliver.tlvs.damaged {
            self.drops.count(now, "broken-parameter");
        }
        let what = if receipt::is_receipt(deliver, &self.config.contract) {
            match receipt::receipt(deliver) {
                Some(receipt) => HeardKind::Receipt(Box::new(receipt)),
                None => {
                    // It would come for days, and never be readable.
                    self.drops.count(now, "unreadable-receipt");
                    return self.answer(header.sequence, status::OK, None);
                }
            }
        } else {
            let (incoming, fault) = compose::incoming(deliver, &self.config.contract);
            if let Some(cause) = fault {
                self.drops.count(now, cause);
            }
            HeardKind::Sms(Box::new(incoming))
        };
        let kept = Kept {
            sequence: header.sequence,
            digest: Sha256::digest(body).into(),
        };
        let until = now + self.config.limits.patience;
        match self.unanswered.keep(now, kept, until) {
            Keep::Named(token) => {
                let answer = Answer::Taken;
                let acknowledgement = Acknowledgement::Sms { token, answer };
                self.actions.push_back(Action::Heard(Heard {
                    carrier: self.carrier(),
                    what,
                    owed: vec![Owed {
                        acknowledgement,
                        until,
                    }],
                }));
            }
            Keep::Known => self.drops.count(now, "repeated"),
            Keep::Full => {
                self.drops.count(now, "busy");
                self.answer(header.sequence, status::NOT_NOW, None);
            }
        }
    }

    fn answer(&mut self, sequence: u32, status: u32, for_job: Option<JobId>) {
        let answer = Pdu::DeliverSmResp(MessageResp::default());
        self.send(&answer, status, sequence, for_job);
    }

    pub(super) fn acknowledge(
        &mut self,
        now: Instant,
        id: JobId,
        token: SmsToken,
        answer: Answer,
    ) -> Result<(), Refusal> {
        let kept = self.unanswered.take(now, token).ok_or(Refusal::TooLate)?;
        let status = match answer {
            Answer::Taken => status::OK,
            Answer::Busy => status::NOT_NOW,
        };
        self.answer(kept.sequence, status, Some(id));
        Ok(())
    }
}
