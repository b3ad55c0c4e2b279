//! Who needs help. Silence never closes an emergency.

use narrowcast_protocol::air::{CarrierId, Heard, HeardKind, Owed, RadioId};
use narrowcast_protocol::session::Job;

use crate::engine::Engine;
use crate::engine::attempts::JobRun;
use crate::engine::io::{Alarm, Effect, Now, Refusal, Response, Submit};
use crate::engine::limits::check_reason;
use crate::model::alert::{Ask, Precedence, Target};
use crate::model::emergency::Emergency;
use crate::model::facts::Fact;
use crate::model::ids::{AlertId, EmergencyId, Seq};
use crate::model::roster::Node;
use crate::model::token::Principal;

impl Engine {
    pub(super) fn emergency_heard(
        &mut self,
        radio: RadioId,
        to: u32,
        carrier: CarrierId,
        owed: Vec<Owed>,
    ) {
        let exercise = self.state.is_test(carrier);
        if self.state.open_emergency(radio, exercise).is_none() {
            self.raise(radio, to, carrier, exercise);
        }
        self.acknowledge_emergency(radio, carrier, owed);
    }

    /// Records a distress call that was shown before, if it is not on record already.
    pub(super) fn record_late(&mut self, heard: &Heard, shown: Emergency) {
        if self
            .state
            .open_emergency(shown.radio, shown.exercise)
            .is_none()
        {
            self.emit(Fact::EmergencyRaised(Box::new(shown.clone())));
        }
        self.acknowledge_emergency(shown.radio, heard.carrier, heard.owed.clone());
    }

    /// Shows a distress call that nothing can record now, and decides nothing else. The next
    /// engine is told of it by [`Input::Unrecorded`](crate::engine::io::Input::Unrecorded).
    pub fn show_distress(&mut self, heard: &Heard, now: Now) {
        self.clock.advance(now);
        if let HeardKind::Emergency { from, to } = heard.what
            && self.state.station(heard.carrier.station).is_some()
        {
            self.emergency_heard(from, to, heard.carrier, heard.owed.clone());
        }
        self.outbox.flush(self.state.seq);
    }

    /// The open emergency that this distress call belongs to, and where in the ledger it was
    /// raised.
    #[must_use]
    pub fn emergency_of(&self, heard: &Heard) -> Option<(Seq, &Emergency)> {
        let exercise = self.state.is_test(heard.carrier);
        self.state.open_emergency(heard.what.radio()?, exercise)
    }

    /// Says "we have your emergency", which rests on its raising and on nothing later.
    fn acknowledge_emergency(&mut self, radio: RadioId, carrier: CarrierId, owed: Vec<Owed>) {
        let exercise = self.state.is_test(carrier);
        let known = self.state.open_emergency(radio, exercise);
        let Some((raised, id)) = known.map(|(seq, emergency)| (seq, emergency.id)) else {
            return;
        };
        for Owed {
            acknowledgement,
            until,
        } in owed
        {
            let job = self.new_job(JobRun::Emergency(id));
            let acknowledge = Job::Acknowledge {
                id: job,
                carrier,
                acknowledgement,
                until,
            };
            self.outbox.let_out(raised, Effect::Transmit(acknowledge));
        }
    }

    fn raise(&mut self, radio: RadioId, to: u32, carrier: CarrierId, exercise: bool) {
        let emergency = Emergency {
            id: EmergencyId(self.fresh_id()),
            radio,
            to,
            carrier,
            raised_at: self.wall(),
            position: self.state.heard.get(&radio).and_then(|last| last.position),
            exercise,
            acknowledged_at: None,
            taken: None,
            closed: None,
            closed_because: None,
        };
        // Seen and sounded at once, recorded or not.
        self.at_once(Alarm::Emergency(Box::new(emergency.clone())));
        self.emit(Fact::EmergencyRaised(Box::new(emergency)));
    }

    pub(super) fn emergency_answered(&mut self, id: EmergencyId) {
        if self
            .state
            .emergencies
            .get(&id)
            .is_some_and(|(_, e)| e.acknowledged_at.is_none())
        {
            self.emit(Fact::EmergencyAcknowledged { id });
        }
    }

    /// A named person takes an emergency; the radio is told so in words.
    pub(super) fn take_emergency(
        &mut self,
        who: &Principal,
        id: EmergencyId,
    ) -> Result<Response, Refusal> {
        let emergency = self.open(who, id)?;
        if let Some(taken) = &emergency.taken {
            return Err(Refusal::Conflict(format!(
                "{} has taken it already",
                taken.by
            )));
        }
        let (radio, exercise) = (emergency.radio, emergency.exercise);
        let seq = self.emit(Fact::EmergencyTaken {
            id,
            by: who.name.clone(),
        });
        self.tell(radio, exercise, &who.name);
        Ok(Response::Done(seq))
    }

    fn tell(&mut self, radio: RadioId, exercise: bool, by: &str) {
        if self.state.roster.radio(radio).is_none() {
            return;
        }
        let words = Submit {
            id: AlertId(self.fresh_id()),
            text: self.state.policy.taken_text.replace("{by}", by),
            precedence: Precedence::Flash,
            ask: Ask::Receipt,
            targets: vec![Target::Radio(radio)],
            expires_at: None,
            exercise,
            sms: false,
            station: None,
            idempotency: None,
            language: None,
            translations: Vec::new(),
        };
        if let Ok(recipients) = self
            .state
            .roster
            .resolve(&words.targets, &Node::root(), false)
        {
            let alert = self.draft(words, &recipients, by.to_owned(), Node::root(), None);
            let hindered = self.hindered(&alert, &recipients);
            self.accept(alert, &recipients, hindered);
        }
    }

    pub(super) fn close_emergency(
        &mut self,
        who: &Principal,
        id: EmergencyId,
        because: String,
    ) -> Result<Response, Refusal> {
        self.open(who, id)?;
        check_reason(&because)?;
        Ok(Response::Done(self.emit(Fact::EmergencyClosed {
            id,
            by: who.name.clone(),
            because,
        })))
    }

    fn open(&self, who: &Principal, id: EmergencyId) -> Result<&Emergency, Refusal> {
        let known = self.state.emergencies.get(&id);
        let (_, emergency) = known
            .filter(|(_, emergency)| self.sees(who, emergency.radio))
            .ok_or(Refusal::NotFound("emergency"))?;
        match &emergency.closed {
            Some(closed) => Err(Refusal::Conflict(format!("{} has closed it", closed.by))),
            None => Ok(emergency),
        }
    }
}
