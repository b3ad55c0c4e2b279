//! What engine and sessions say to each other, and what is asked of the engine.

use narrowcast_protocol::air::JobId;
use narrowcast_protocol::session::{Job, Refusal as JobRefusal, Step};

use super::{Run, Who};
use crate::engine::io::{Input, Request, Ticket};
use crate::model::facts::Entry;
use crate::model::ids::{DeliveryIndex, Seq};
use crate::simulate::driver::Out;

impl Run {
    /// Lets engine and sessions talk until both are silent.
    pub(super) fn settle(&mut self) {
        loop {
            if let Some(input) = self.inputs.pop_front() {
                self.tell(input);
            } else if let Some(out) = self.core.poll(self.now) {
                self.hand_out(out);
            } else {
                break;
            }
        }
        self.agenda.set(Who::Core, self.core.deadline());
    }

    pub(super) fn tell(&mut self, input: Input) {
        match &input {
            Input::Sent(job) => self.watch.written(*job),
            Input::Step { id, step } => self.watch.step(*id, *step),
            Input::Carrier { id, state, room } => self.watch.carrier(*id, *state, *room),
            _ => {}
        }
        let heard = match &input {
            Input::Heard(heard) => Some(heard.clone()),
            _ => None,
        };
        if let Input::Step { id, step } = &input
            && self.keep_facts
        {
            self.steps.push((self.now, *id, *step));
        }
        if let Some(log) = &mut self.log {
            log.push(format!("{} in {input:?}", self.now));
        }
        self.core.input(self.now, input);
        if let Some(heard) = heard {
            self.watch.heard(&heard, &self.core);
        }
    }

    fn hand_out(&mut self, out: Out) {
        if let Some(log) = &mut self.log {
            log.push(format!("{} out {out:?}", self.now));
        }
        match out {
            Out::Durable(facts) => {
                self.durable(&facts);
                if self.keep_facts {
                    let now = self.now;
                    self.facts
                        .extend(facts.into_iter().map(|(seq, entry)| (now, seq, entry)));
                }
            }
            Out::Transmit(job) => self.transmit(job),
            Out::Reply(ticket, result) => {
                if self.keep_facts {
                    self.replies.push((self.now, result.clone()));
                }
                if let Some((ticket, result)) = self.readings.keep((ticket, result)) {
                    self.watch.replied(ticket, &result);
                }
                self.compare(self.core.durable());
            }
            Out::Alarm(alarm) => self.alarms.push((self.now, alarm)),
            Out::Away => {
                self.readings.forget();
                self.watch.away(false);
            }
            Out::Back => self.watch.back(),
            Out::CaughtUp => self.watch.caught_up(),
        }
    }

    /// Facts became durable: a reading is compared with those before it and none behind it.
    fn durable(&mut self, facts: &[(Seq, Entry)]) {
        for fact in facts {
            self.compare(Seq(fact.0.0.saturating_sub(1)));
            self.watch.durable(std::slice::from_ref(fact));
        }
        self.compare(self.core.durable());
    }

    fn compare(&mut self, durable: Seq) {
        while let Some((ticket, result)) = self.readings.caught_up(durable) {
            self.watch.replied(ticket, &result);
        }
    }

    fn transmit(&mut self, job: Job) {
        self.watch.let_out(&job);
        let serving = match &job {
            Job::Send { carrier, .. }
            | Job::Acknowledge { carrier, .. }
            | Job::Collect { carrier, .. }
            | Job::Admit { carrier, .. } => {
                let station = carrier.station;
                self.links.iter().position(|link| link.serves(station))
            }
            Job::Withdraw(_) => None,
        };
        if self.keep_facts {
            self.sends.push((self.now, job.clone()));
        }
        let withdrawn = matches!(job, Job::Withdraw(_));
        let links = match serving {
            Some(index) => index..index + 1,
            // A session that does not have it takes no notice.
            None if withdrawn => 0..self.links.len(),
            None => return self.refuse(&job),
        };
        for index in links {
            if let Some(link) = self.links.get_mut(index) {
                link.ends.given(&job);
                link.session.transmit(self.now, job.clone());
            }
            self.drain_link(index);
        }
    }

    fn refuse(&mut self, job: &Job) {
        let id: JobId = match job {
            Job::Send { id, .. }
            | Job::Acknowledge { id, .. }
            | Job::Collect { id, .. }
            | Job::Admit { id, .. }
            | Job::Withdraw(id) => *id,
        };
        let step = Step::Refused(JobRefusal::NoCarrier);
        self.inputs.push_back(Input::Step { id, step });
    }

    pub(super) fn ask(&mut self, request: Request) {
        self.tickets += 1;
        let ticket = Ticket(self.tickets);
        if self.core.is_dead() {
            return;
        }
        let looks = request.only_looks();
        // What an engine shows that does not decide may never come on record.
        if !(looks && self.core.is_away()) {
            self.watch.asks(ticket, &request);
        }
        self.core.request(self.now, ticket, request);
        if looks && !self.core.is_away() {
            self.readings.asked(ticket, self.core.engine().seq());
        }
    }

    /// What is no event: the sizes of things, and what the engine shows.
    pub(super) fn look(&mut self) {
        self.looked = self.now;
        let waiting = self.core.waiting() + self.wire.len();
        self.watch.check(waiting, &self.core);
        self.ask(Request::Overview);
        // A few at a time, in turn: every live alert is looked at once a minute or so.
        let live = self.watch.live();
        let turn = usize::try_from(self.tickets).unwrap_or(0) % live.len().max(1);
        for alert in live
            .iter()
            .cycle()
            .skip(turn)
            .take(live.len().min(2))
            .copied()
        {
            self.ask(Request::Deliveries {
                alert,
                from: DeliveryIndex(0),
                limit: 1_000,
            });
        }
        self.settle();
    }
}
