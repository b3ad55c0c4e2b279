//! Messages of ours, and what the centre answers.

use super::{Phase, SmppSession};
use crate::air::JobId;
use crate::session::{Action, Peer, Refusal, Step};
use crate::sms::message_id::MessageId;
use crate::sms::smpp::compose;
use crate::sms::smpp::header::{Command, Header, OCTETS};
use crate::sms::smpp::message_resp::MessageResp;
use crate::sms::smpp::pdu::Pdu;
use crate::sms::smpp::status::{self, class};
use crate::sms::submit::{RefusalClass, Submit};
use crate::sms::window::{Due, Flight};
use crate::time::Instant;

impl SmppSession {
    pub(super) fn submit(
        &mut self,
        now: Instant,
        id: JobId,
        message: &Submit,
    ) -> Result<(), Refusal> {
        if self.phase != Phase::In {
            return Err(Refusal::NoCarrier);
        }
        if self.room(now) == 0 {
            return Err(Refusal::NoRoom);
        }
        let submit = compose::submit(&self.config, message, now)?;
        let sequence = self.next_sequence();
        let bytes = Pdu::SubmitSm(Box::new(submit)).encode(status::OK, sequence);
        self.window.begin(now, sequence, id, bytes.clone());
        self.pace.sent(now);
        self.actions.push_back(Action::Send {
            to: Peer::Line,
            bytes,
            for_job: Some(id),
        });
        Ok(())
    }

    /// Whether it was asked for.
    pub(super) fn submit_answered(
        &mut self,
        now: Instant,
        header: Header,
        answer: &MessageResp,
    ) -> bool {
        let Some(flight) = self.window.answered(now, header.sequence) else {
            self.drops.count(now, "unasked-response");
            return false;
        };
        if header.status != status::OK {
            self.refused(now, flight, header.status);
            return true;
        }
        self.pace.taken(now);
        let id = flight.job;
        match MessageId::new(answer.message_id.as_bytes()) {
            Ok(message) => self.step(id, Step::Taken { message }),
            // It was taken, and no receipt will ever be matched to it.
            Err(_) => {
                self.drops.count(now, "unreadable-id");
                self.step(id, Step::Accepted);
            }
        }
        self.step(id, Step::Done);
        true
    }

    /// The centre did not understand a request of ours; whether it was one that waits.
    pub(super) fn not_understood(&mut self, now: Instant, header: Header) -> bool {
        let sequence = header.sequence;
        if matches!(self.phase, Phase::Binding { sequence: it, .. } if it == sequence) {
            self.bind_refused(now, status::bind_refusal(header.status));
        } else if self.enquired == Some(sequence) {
            // It does not know enquiries, but it is there.
            self.enquired = None;
        } else if let Some(flight) = self.window.answered(now, sequence) {
            // A rejection that names no cause is none of the other codes.
            let code = if header.status == status::OK {
                status::UNKNOWN_COMMAND
            } else {
                header.status
            };
            self.refused(now, flight, code);
        } else {
            self.drops.count(now, "generic-nack");
            return false;
        }
        true
    }

    fn refused(&mut self, now: Instant, flight: Flight, code: u32) {
        if status::is_validity(code)
            && flight.tries == 1
            && let Some(mut pdu) = sent(&flight)
        {
            // Some centres read the time differently: without it the message may go.
            if let Pdu::SubmitSm(submit) = &mut pdu
                && !submit.validity.is_empty()
            {
                submit.validity.clear();
                let sequence = self.next_sequence();
                let bytes = pdu.encode(status::OK, sequence);
                let bytes = self.window.again(now, flight, sequence, bytes);
                self.pace.sent(now);
                self.actions.push_back(Action::Send {
                    to: Peer::Line,
                    bytes,
                    for_job: None,
                });
                return;
            }
        }
        let class = class(code, &self.config.contract.results).unwrap_or(RefusalClass::Unknown);
        if class == RefusalClass::Throttled {
            self.pace.throttled(now);
        }
        self.step(flight.job, Step::Refused(Refusal::Operator { class, code }));
        if matches!(code, status::NOT_BOUND) {
            self.give_up("the centre says that the session is not bound");
        }
    }

    /// Gives up what was not answered in time.
    pub(super) fn serve_window(&mut self, now: Instant) {
        while let Some(due) = self.window.due(now) {
            match due {
                Due::Repeat(bytes) => {
                    self.pace.sent(now);
                    self.actions.push_back(Action::Send {
                        to: Peer::Line,
                        bytes,
                        for_job: None,
                    });
                }
                Due::Lost(job) => self.step(job, Step::Lost),
                Due::Stuck => return self.give_up("the centre answers no message"),
            }
        }
    }
}

/// What was sent.
fn sent(flight: &Flight) -> Option<Pdu> {
    let body = flight.bytes.get(OCTETS..)?;
    Pdu::decode(Command::SUBMIT_SM, body).ok()
}
