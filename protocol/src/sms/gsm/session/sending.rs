//! One message of ours.

use super::GsmSession;
use super::command::{Ask, ESCAPE, Ended, Phase};
use super::outgoing::{Outgoing, Stage};
use crate::air::JobId;
use crate::session::{Refusal, Step};
use crate::sms::gsm::address::Address;
use crate::sms::gsm::submit::{Submit as Tpdu, validity};
use crate::sms::gsm::{cause, frame, message_id, user_data};
use crate::sms::submit::{RefusalClass, Submit};
use crate::time::Instant;

/// After so many faults in a row the modem is begun anew.
const MOST_FAULTS: u8 = 3;

impl GsmSession {
    pub(super) fn submit(
        &mut self,
        now: Instant,
        id: JobId,
        message: &Submit,
    ) -> Result<(), Refusal> {
        if self.phase != Phase::Up {
            return Err(Refusal::NoCarrier);
        }
        if self.room() == 0 {
            return Err(Refusal::NoRoom);
        }
        let coding = message.part.coding;
        let data_coding = user_data::data_coding(coding, message.at_once);
        let data_coding = data_coding.ok_or(Refusal::Unencodable)?;
        if !message.part.fits() {
            return Err(Refusal::TooLong);
        }
        let tpdu = Tpdu {
            reference: 0,
            to: Address::of(message.to),
            protocol_id: 0,
            data_coding,
            validity: message.validity.map(validity),
            report: message.receipt,
            part: message.part.clone(),
        }
        .encode();
        self.outgoing = Some(Outgoing {
            job: id,
            stage: Stage::Waiting,
            length: tpdu.len(),
            line: frame::encode(&tpdu),
        });
        self.go_on(now);
        Ok(())
    }

    /// Begins the message that waits.
    pub(super) fn begin_message(&mut self, now: Instant) -> bool {
        let text = match &mut self.outgoing {
            Some(it) if it.stage == Stage::Waiting => {
                it.stage = Stage::Asked;
                format!("AT+CMGS={}", it.length)
            }
            _ => return false,
        };
        self.ask(now, Ask::Prompt, text, None);
        true
    }

    /// The modem waits for the message. It is written once, whatever prompts follow.
    pub(super) fn prompted(&mut self, now: Instant) {
        let ask = self.running.as_ref().map(|it| it.ask);
        match (ask, &mut self.outgoing) {
            (Some(Ask::Prompt), Some(it)) => {
                it.stage = Stage::Written;
                let (job, line) = (it.job, it.line.clone());
                self.ask(now, Ask::Sending, line, Some(job));
            }
            (Some(Ask::Sending), _) => self.drops.count(now, "stray-prompt"),
            _ => {
                self.drops.count(now, "stray-prompt");
                self.write(ESCAPE, None);
            }
        }
    }

    /// The modem has answered to the command or the message.
    pub(super) fn sent(&mut self, now: Instant, ended: Ended, lines: &[String]) {
        let Some(outgoing) = self.outgoing.take() else {
            return;
        };
        let id = outgoing.job;
        match (ended, outgoing.stage) {
            (Ended::Ok, Stage::Written) => {
                self.faults = 0;
                self.taken(id, lines);
            }
            // The end of something before it: without a prompt nothing was sent.
            (Ended::Ok, _) => self.refuse(now, id, cause::NONE),
            (Ended::Error(number), _) => self.refuse(now, id, number),
        }
        self.pause(now);
    }

    fn taken(&mut self, id: JobId, lines: &[String]) {
        match reference(lines) {
            Some(reference) => {
                let message = message_id(reference);
                self.step(id, Step::Taken { message });
            }
            None => self.step(id, Step::Accepted),
        }
        self.step(id, Step::Done);
    }

    fn refuse(&mut self, now: Instant, id: JobId, code: u32) {
        let class = cause::class(code);
        self.step(id, Step::Refused(Refusal::Operator { class, code }));
        if class == RefusalClass::Permanent {
            self.drops.count(now, "refused-by-modem");
        }
        self.faults = if cause::is_of_modem(code) {
            self.faults + 1
        } else {
            0
        };
        if self.faults >= MOST_FAULTS {
            self.faults = 0;
            self.give_up("the modem fails again and again");
        }
    }

    /// The modem has not answered to the command or the message in time.
    pub(super) fn unanswered_message(&mut self, now: Instant, lines: &[String]) {
        let Some(outgoing) = self.outgoing.take() else {
            return;
        };
        let id = outgoing.job;
        match outgoing.stage {
            // The end of the answer is missing, not what it says.
            Stage::Written if reference(lines).is_some() => self.taken(id, lines),
            Stage::Written => self.step(id, Step::Lost),
            Stage::Waiting | Stage::Asked => self.refuse(now, id, cause::NONE),
        }
        self.pause(now);
    }

    fn pause(&mut self, now: Instant) {
        self.pause_until = Some(now + self.config.limits.pause);
    }

    /// The port is lost or the modem begins anew.
    pub(super) fn end_outgoing(&mut self) {
        let Some(outgoing) = self.outgoing.take() else {
            return;
        };
        let step = match outgoing.stage {
            Stage::Written => Step::Lost,
            Stage::Waiting | Stage::Asked => Step::Refused(Refusal::NoCarrier),
        };
        self.step(outgoing.job, step);
    }

    pub(super) fn withdraw(&mut self, id: JobId) {
        let waits = |it: &mut Outgoing| it.job == id && it.stage == Stage::Waiting;
        if self.outgoing.take_if(waits).is_some() {
            self.step(id, Step::Refused(Refusal::Withdrawn));
        }
    }
}

/// The reference that the modem gave (`+CMGS: n`).
fn reference(lines: &[String]) -> Option<u8> {
    let found = lines.iter().find_map(|line| line.strip_prefix("+CMGS:"))?;
    found.split(',').next()?.trim().parse().ok()
}
