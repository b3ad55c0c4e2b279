//! Texts and reports that the modem announces or keeps.

use core::time::Duration;

use super::GsmSession;
use super::command::{Ask, Ended, LOOK};
use super::store::{Expected, Store, Stored, Task};
use crate::air::{Acknowledgement, Heard, HeardKind, JobId, Owed};
use crate::session::{Action, Refusal, Step};
use crate::sms::gsm::deliver::Deliver;
use crate::sms::gsm::frame;
use crate::sms::gsm::status_report::StatusReport;
use crate::sms::incoming::{Answer, Incoming, Sender, SmsToken};
use crate::sms::part::{Coding, Part};
use crate::sms::unanswered::Keep;
use crate::time::Instant;

/// How long a stored message waits for our disk; after it the store is looked through again.
const PATIENCE: Duration = Duration::from_secs(60);
/// Most commands for the store that wait; the store is looked through anyway.
const MOST_TASKS: usize = 256;
/// Most messages whose digits have not come.
const MOST_EXPECTED: usize = 4;
/// Longest digits that are handed on unread.
const LONGEST: usize = 400;

impl GsmSession {
    /// Begins what is to be done with the store, if anything is.
    pub(super) fn begin_task(&mut self, now: Instant) -> bool {
        if self.look_at <= now {
            self.look_at = now + LOOK;
            self.add(now, Task::Look);
        }
        let Some(task) = self.tasks.pop_front() else {
            return false;
        };
        let (store, text, job) = match task {
            Task::Select(store) => {
                let name = match store {
                    Store::Texts => "SM",
                    Store::Reports => "SR",
                };
                (None, format!("AT+CPMS=\"{name}\""), None)
            }
            Task::Look => (None, "AT+CMGL=4".to_owned(), None),
            Task::Read(Stored { store, index }) => (Some(store), format!("AT+CMGR={index}"), None),
            Task::Delete {
                stored: Stored { store, index },
                job,
            } => (Some(store), format!("AT+CMGD={index}"), Some(job)),
        };
        if store == Some(Store::Reports) {
            // There, and back when it is done.
            self.tasks.push_front(Task::Select(Store::Texts));
        }
        self.ask(now, Ask::Task(task), text, job);
        true
    }

    fn add(&mut self, now: Instant, task: Task) {
        if self.tasks.len() >= MOST_TASKS {
            return self.drops.count(now, "busy");
        }
        if let Task::Read(Stored {
            store: Store::Reports,
            ..
        })
        | Task::Delete {
            stored: Stored {
                store: Store::Reports,
                ..
            },
            ..
        } = task
        {
            self.tasks.push_back(Task::Select(Store::Reports));
        }
        self.tasks.push_back(task);
    }

    /// A command for the store has ended. A place that is empty or refused is left alone.
    pub(super) fn served(&mut self, now: Instant, task: Task, ended: Ended) {
        self.expected.retain(|it| it.stored.is_none());
        if ended != Ended::Ok && !matches!(task, Task::Look) {
            self.drops.count(now, "store-refused");
            self.unselected(task);
        }
    }

    /// The modem did not change to a store: what was to be done there must not be done in
    /// another one.
    pub(super) fn unselected(&mut self, task: Task) {
        match task {
            Task::Select(Store::Reports) => match self.tasks.pop_front() {
                Some(Task::Delete { job, .. }) => self.step(job, Step::Done),
                Some(Task::Read(_)) | None => {}
                Some(other) => self.tasks.push_front(other),
            },
            Task::Select(Store::Texts) => self.tasks.push_front(task),
            Task::Look | Task::Read(_) | Task::Delete { .. } => {}
        }
    }

    /// Takes what the modem announces and the messages that it writes; whether it was one.
    pub(super) fn announced(&mut self, now: Instant, line: &str) -> bool {
        if line.bytes().all(|it| it.is_ascii_hexdigit()) && !line.is_empty() {
            if let Some(expected) = self.expected.pop() {
                self.heard(now, expected, line);
                return true;
            }
            return false;
        }
        let Some((what, rest)) = line.split_once(':') else {
            return false;
        };
        let last = rest.rsplit(',').next().map(str::trim);
        let last = last.and_then(|it| it.parse::<u16>().ok());
        let current = match self.running.as_ref().map(|it| it.ask) {
            Some(Ask::Task(Task::Read(stored))) => Some(stored),
            _ => None,
        };
        let first = rest.split(',').next().map(str::trim);
        let first = first.and_then(|it| it.parse::<u16>().ok());
        match (what, last) {
            ("+CMTI", Some(index)) => {
                let store = Store::Texts;
                self.add(now, Task::Read(Stored { store, index }));
                self.go_on(now);
            }
            ("+CDSI", Some(index)) => {
                let store = if rest.contains("\"SR\"") {
                    Store::Reports
                } else {
                    Store::Texts
                };
                self.add(now, Task::Read(Stored { store, index }));
                self.go_on(now);
            }
            ("+CMT" | "+CDS", Some(length)) => self.expect(None, length),
            ("+CMGR", Some(length)) if current.is_some() => self.expect(current, length),
            ("+CMGL", Some(length)) => {
                let store = Store::Texts;
                self.expect(first.map(|index| Stored { store, index }), length);
            }
            ("+CMTI" | "+CDSI" | "+CMT" | "+CDS" | "+CMGR" | "+CMGL", _) => {
                self.drops.count(now, "unreadable-line");
            }
            _ => return false,
        }
        true
    }

    fn expect(&mut self, stored: Option<Stored>, length: u16) {
        if self.expected.len() >= MOST_EXPECTED {
            self.expected.remove(0);
        }
        let length = usize::from(length);
        self.expected.push(Expected { stored, length });
    }

    /// A message. What cannot be read is handed on as its digits, so that nothing is deleted that
    /// nobody has seen.
    fn heard(&mut self, now: Instant, expected: Expected, line: &str) {
        let tpdu = frame::decode(line, expected.length);
        let kind = tpdu.as_ref().ok().and_then(|it| it.first().copied());
        if kind.is_some_and(|it| it & 3 == 1) {
            // Kept there by somebody for sending: no text for us.
            return self.drops.count(now, "own-message");
        }
        let what = match (kind.map(|it| it & 3), &tpdu) {
            (Some(0), Ok(tpdu)) => Deliver::decode(tpdu).ok().map(|it| {
                if it.damaged {
                    self.drops.count(now, "inner-length");
                }
                HeardKind::Sms(Box::new(it.incoming()))
            }),
            (Some(2), Ok(tpdu)) => {
                let report = StatusReport::decode(tpdu).ok();
                report.map(|it| HeardKind::Receipt(Box::new(it.receipt())))
            }
            _ => None,
        };
        let what = what.unwrap_or_else(|| {
            self.drops.count(now, "unreadable");
            let octets = line.bytes().take(LONGEST).collect();
            HeardKind::Sms(Box::new(Incoming {
                from: Sender::Name("unreadable".to_owned()),
                to: String::new(),
                part: Part {
                    coding: Coding::Ascii,
                    concatenation: None,
                    octets,
                },
                id: None,
            }))
        });
        let until = now + PATIENCE;
        let owed = match expected.stored {
            None => Vec::new(),
            Some(stored) => match self.unanswered.keep(now, stored, until) {
                Keep::Named(token) => {
                    let answer = Answer::Taken;
                    let acknowledgement = Acknowledgement::Sms { token, answer };
                    vec![Owed {
                        acknowledgement,
                        until,
                    }]
                }
                Keep::Known => return self.drops.count(now, "repeated"),
                Keep::Full => return self.drops.count(now, "busy"),
            },
        };
        self.actions.push_back(Action::Heard(Heard {
            carrier: self.carrier(),
            what,
            owed,
        }));
    }

    /// What is on our disk is deleted in the modem; for what is not, the store is looked through
    /// again.
    pub(super) fn acknowledge(
        &mut self,
        now: Instant,
        id: JobId,
        token: SmsToken,
        answer: Answer,
    ) -> Result<(), Refusal> {
        let stored = self.unanswered.take(now, token).ok_or(Refusal::TooLate)?;
        match answer {
            Answer::Taken if self.tasks.len() < MOST_TASKS => {
                self.add(now, Task::Delete { stored, job: id });
                self.go_on(now);
            }
            Answer::Taken | Answer::Busy => {
                self.look_at = self.look_at.min(now + PATIENCE);
                self.step(id, Step::Done);
            }
        }
        Ok(())
    }
}
