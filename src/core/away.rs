//! While the ledger is away: a crash without the process. What was not durable is dropped and
//! said to be, sessions stay up, distress calls are shown and kept.

use narrowcast_protocol::air::{Heard, HeardKind};
use narrowcast_protocol::session::Job;

use crate::core::Core;
use crate::core::gate::Held;
use crate::core::io::{Action, LedgerFault};
use crate::core::messages::is_message;
use crate::engine::io::{Effect, Input, Refusal};
use crate::model::emergency::Emergency;
use crate::model::ids::Seq;

impl Core {
    /// A commit failed: what rests on it is dropped, who waits for it is told, and the ledger
    /// is opened again.
    pub(super) fn fail(&mut self, why: LedgerFault) {
        self.batch.take();
        let dropped: Vec<Held> = self.gate.drop_all().collect();
        for held in dropped {
            if let Held::Effect(Effect::Reply { ticket, .. }) = held {
                self.reply(ticket, Err(Refusal::Away));
            }
        }
        self.trims.clear();
        let jobs = std::mem::take(&mut self.jobs).into_iter();
        self.out
            .extend(jobs.map(|id| Action::Transmit(Job::Withdraw(id))));
        self.distress.undecided();
        self.give_up(why);
    }

    /// Nothing is acknowledged. A text is sent again by its radio, what no radio repeats is
    /// kept, and what the next engine needs to know of the world is noted.
    pub(super) fn input_while_away(&mut self, input: Input) {
        match input {
            Input::Heard(heard) if matches!(heard.what, HeardKind::Emergency { .. }) => {
                self.show_distress(heard);
            }
            Input::Heard(heard) if is_message(&heard.what) => {
                self.messages.hold(heard, self.limits.held);
            }
            Input::Heard(heard) => self.messages.count(&heard),
            Input::StationIdentified {
                station,
                description,
            } if self.policy.station(station).is_some() => {
                self.descriptions.insert(station, description);
            }
            _ => {}
        }
    }

    /// The engine of before raises it, so that it has an id and is seen.
    fn show_distress(&mut self, heard: Heard) {
        self.engine.show_distress(&heard, self.now);
        self.collect_while_away();
        if let Some((seq, emergency)) = self.engine.emergency_of(&heard)
            && seq > self.gate.durable()
        {
            let emergency = emergency.clone();
            self.keep_distress(None, heard, emergency);
        }
    }

    /// Beyond the bound the radio's own repetition has to do.
    pub(super) fn keep_distress(&mut self, after: Option<Seq>, heard: Heard, emergency: Emergency) {
        let limit = self.limits.held;
        if !self.distress.keep(after, heard.clone(), emergency, limit) {
            self.messages.count(&heard);
        }
    }

    /// Only "I have your emergency", when the emergency is on record.
    pub(super) fn may_leave_while_away(&self, job: &Job, after: Seq) -> bool {
        matches!(job, Job::Acknowledge { .. }) && after <= self.gate.durable()
    }
}
