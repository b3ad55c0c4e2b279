//! What comes in: texts of phones and reports, and how they are answered.

use super::kept::Kept;
use super::{CmppSession, Phase};
use crate::air::{Acknowledgement, Heard, HeardKind, JobId, Owed};
use crate::session::{Action, Refusal};
use crate::sms::cmpp::deliver::Deliver;
use crate::sms::cmpp::deliver_resp::DeliverResp;
use crate::sms::cmpp::header::Header;
use crate::sms::cmpp::pdu::Pdu;
use crate::sms::cmpp::{compose, result};
use crate::sms::incoming::{Answer, SmsToken};
use crate::sms::unanswered::Keep;
use crate::time::Instant;

impl CmppSession {
    /// The gateway hears that we cannot read it, so that it does not wait for an answer.
    pub(super) fn refuse_unreadable(&mut self, header: Header, body: &[u8]) {
        if self.phase == Phase::In
            && let Some(message) = body.first_chunk()
        {
            let answer = Pdu::DeliverResp(DeliverResp {
                message: u64::from_be_bytes(*message),
                result: result::STRUCTURE,
            });
            self.send(&answer, header.sequence, None);
        }
    }

    pub(super) fn deliver(&mut self, now: Instant, header: Header, deliver: &Deliver) {
        if deliver.damaged {
            self.drops.count(now, "inner-length");
        }
        let kept = Kept {
            sequence: header.sequence,
            message: deliver.message,
        };
        let what = match deliver.report() {
            Some(Ok(report)) => HeardKind::Receipt(Box::new(report.receipt())),
            Some(Err(_)) => {
                // It would come for days, and never be readable.
                self.drops.count(now, "unreadable-report");
                return self.answer(kept, result::OK, None);
            }
            None => {
                let (incoming, damaged) = compose::incoming(deliver);
                if damaged {
                    self.drops.count(now, "broken-header");
                }
                HeardKind::Sms(Box::new(incoming))
            }
        };
        let until = now + self.config.limits.answer;
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
                self.answer(kept, result::FLOW_CONTROL, None);
            }
        }
    }

    fn answer(&mut self, kept: Kept, result: u32, for_job: Option<JobId>) {
        let message = kept.message;
        let answer = Pdu::DeliverResp(DeliverResp { message, result });
        self.send(&answer, kept.sequence, for_job);
    }

    pub(super) fn acknowledge(
        &mut self,
        now: Instant,
        id: JobId,
        token: SmsToken,
        answer: Answer,
    ) -> Result<(), Refusal> {
        let kept = self.unanswered.take(now, token).ok_or(Refusal::TooLate)?;
        let result = match answer {
            Answer::Taken => result::OK,
            Answer::Busy => result::FLOW_CONTROL,
        };
        self.answer(kept, result, Some(id));
        Ok(())
    }
}
