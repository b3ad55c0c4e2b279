//! Asking for answers: what the engine does about the polls and admissions that
//! [`Collection`](crate::engine::collection::Collection) plans.

use narrowcast_protocol::air::{CarrierId, JobId, RadioId};
use narrowcast_protocol::session::{ADMITTED, Job, POLL_RUN};
use narrowcast_protocol::time::Instant;

use crate::engine::Engine;
use crate::engine::attempts::{GroupRunId, JobRun};
use crate::engine::collection::FollowUp;
use crate::engine::io::Effect;
use crate::engine::known::known;
use crate::engine::queue::{Item, Place};
use crate::engine::wants::{wants_answer, wants_sending};
use crate::model::evidence::{Answer, AnsweredBy, Evidence};
use crate::model::facts::{CHUNK, Fact};
use crate::model::ids::{AlertId, DeliveryId, DeliveryIndex};

impl Engine {
    /// Asks the radio whose turn it is, and further ones of the same alert.
    pub(super) fn start_polls(&mut self, carrier: CarrierId, first: Place) {
        let station = self.state.station(carrier.station);
        let Some(from) = station.map(|station| station.own) else {
            return;
        };
        let alert = first.alert;
        let (state, attempts) = (&self.state, &self.attempts);
        let radio_of = |place: &Place| {
            let index = place.item.delivery()?;
            state.radio_of(DeliveryId { alert, index })
        };
        let is_free = |place: &Place| radio_of(place).is_none_or(|it| !attempts.is_busy(it));
        let further = self
            .air
            .further_polls(carrier, &first, POLL_RUN - 1, is_free);
        let asked = std::iter::once(first).chain(further);
        let asked = asked.filter_map(|place| {
            let index = place.item.delivery()?;
            let (book, delivery) = state.delivery(DeliveryId { alert, index })?;
            let radio = delivery.recipient.radio?;
            wants_answer(book, delivery).then_some((index, radio))
        });
        let radios: Vec<(DeliveryIndex, RadioId)> = asked.collect();
        if radios.is_empty() {
            return;
        }
        let polls = u16::try_from(radios.len()).unwrap_or(u16::MAX);
        self.emit(Fact::Polled {
            alert,
            carrier,
            polls,
        });
        let ids: Vec<RadioId> = radios.iter().map(|(_, radio)| *radio).collect();
        let known = known!(self);
        self.air.begin(known, carrier, alert, polls.into());
        let job = self.new_job(JobRun::Polls);
        ids.iter().for_each(|radio| self.attempts.occupy(*radio));
        self.collection.begin(job, alert, radios);
        self.collect(job, carrier, from, ids);
    }

    fn collect(&mut self, id: JobId, carrier: CarrierId, from: RadioId, radios: Vec<RadioId>) {
        self.after_commit(Effect::Transmit(Job::Collect {
            id,
            carrier,
            from,
            radios,
        }));
    }

    /// A radio that was asked tells its status.
    pub(super) fn status_polled(&mut self, from: RadioId, status: u16) {
        let Some(polled) = self.collection.polled(&self.state, from, status) else {
            return;
        };
        self.free(from);
        let Some(choice) = polled.choice else {
            return self.follow_up(polled.delivery);
        };
        let answer = Answer {
            choice,
            text: format!("status {status}"),
            by: AnsweredBy::PolledStatus(status),
            from: None,
            recorded_by: None,
            reference: None,
        };
        self.learn(polled.delivery, Evidence::Answered(answer));
    }

    /// A run of polls is over: who is still on it stayed silent.
    pub(super) fn polls_over(&mut self, job: JobId) {
        let now = self.clock.mono();
        for silent in self.collection.over(&self.state, job) {
            self.free(silent.radio);
            let id = silent.delivery;
            if silent.again {
                self.enqueue_item(id.alert, Item::Poll(id.index), now);
            } else {
                self.follow_up(id);
            }
        }
    }

    /// A poll has brought no answer: the text again, or a later poll.
    pub(super) fn follow_up(&mut self, id: DeliveryId) {
        let now = self.clock.mono();
        match self.collection.follow_up(&self.state, id) {
            Some(FollowUp::Text) => self.enqueue(id, now),
            Some(FollowUp::Poll(wait)) => {
                self.enqueue_item(id.alert, Item::Poll(id.index), now + wait);
            }
            None => {}
        }
    }

    /// The radio has its text: after a while it is asked for the answer.
    pub(super) fn ask_after_text(&mut self, id: DeliveryId) {
        let Some((book, delivery)) = self.state.delivery(id) else {
            return;
        };
        let carrier = self.air.way(known!(self), id).now;
        let polled = wants_answer(book, delivery) && self.state.polls_on(&book.alert, carrier);
        if polled && !self.air.is_waiting(id) {
            let ready = self.clock.mono() + self.state.policy.collection.first_poll;
            self.enqueue_item(id.alert, Item::Poll(id.index), ready);
        }
    }

    /// A talkgroup has its text: its members are asked, or admitted to answer.
    pub(super) fn collect_after_group(&mut self, run: GroupRunId) {
        let Some(book) = self.state.alerts.get(&run.alert) else {
            return;
        };
        let collects = self.state.collects(&book.alert, Some(run.carrier));
        if book.ended_at.is_some() || !collects {
            return;
        }
        let members = (0u32..).map(DeliveryIndex).zip(&book.deliveries);
        let members = members.filter(|(_, delivery)| {
            delivery.recipient.talkgroup == Some(run.group) && wants_answer(book, delivery)
        });
        if !self.state.policy.collection.polls {
            let radios = members.filter_map(|(_, delivery)| delivery.recipient.radio);
            let radios = radios.take(ADMITTED).collect();
            return self.admit(run, radios);
        }
        let waiting: Vec<DeliveryIndex> = members.map(|(index, _)| index).collect();
        let ready = self.clock.mono() + self.state.policy.collection.first_poll;
        for index in waiting {
            let alert = run.alert;
            let waits_here = matches!(
                self.air.waits(DeliveryId { alert, index }),
                Some((Some(carrier), Place { item: Item::Poll(_), .. })) if carrier == run.carrier
            );
            if waits_here {
                self.enqueue_item(alert, Item::Poll(index), ready);
            }
        }
    }

    fn admit(&mut self, run: GroupRunId, radios: Vec<RadioId>) {
        let id = self.new_job(JobRun::Admission);
        self.collection.admit(run.alert, run.carrier, id);
        self.after_commit(Effect::Transmit(Job::Admit {
            id,
            carrier: run.carrier,
            radios,
        }));
    }

    /// Nobody is expected to answer this alert any more.
    pub(super) fn end_collection(&mut self, alert: AlertId) {
        for job in self.collection.end_alert(alert) {
            self.after_commit(Effect::Transmit(Job::Withdraw(job)));
        }
    }

    /// Records which radios' polled answers can be trusted.
    pub(super) fn record_baselines(&mut self, alert: AlertId) {
        for chunk in self
            .collection
            .baselines(&self.state, alert)
            .chunks(CHUNK * 8)
        {
            self.emit(Fact::Baselined {
                alert,
                deliveries: chunk.to_vec(),
            });
        }
    }

    /// A radio was heard over a carrier: its status is asked for if it is not known.
    pub(super) fn want_baseline(&mut self, radio: RadioId, carrier: CarrierId) {
        if self.collection.want_baseline(&self.state, radio, carrier) {
            self.air.touch(carrier);
        }
    }

    /// Asks radios for the status they have. Returns whether it did.
    pub(super) fn ask_baselines(&mut self, carrier: CarrierId) -> bool {
        let station = self.state.station(carrier.station);
        let Some(from) = station.map(|station| station.own) else {
            return false;
        };
        let known = known!(self);
        if !self.collection.wants_baselines(carrier) || !self.air.may_ask(known, carrier) {
            return false;
        }
        let attempts = &self.attempts;
        let is_busy = |radio| attempts.is_busy(radio);
        let radios = self.collection.next_baselines(carrier, is_busy);
        if radios.is_empty() {
            return false;
        }
        self.air.begin_ask(known, carrier, &radios);
        let job = self.new_job(JobRun::Polls);
        self.collect(job, carrier, from, radios);
        true
    }

    /// After a restart: who has the text and has not answered is asked again.
    pub(super) fn poll_again_after_restart(&mut self, alert: AlertId, now: Instant) {
        let Some(book) = self.state.alerts.get(&alert) else {
            return;
        };
        let deliveries = (0u32..).map(DeliveryIndex).zip(&book.deliveries);
        let silent = deliveries
            .filter(|(_, d)| wants_answer(book, d) && !wants_sending(&book.alert.ask, d))
            .filter(|(index, _)| {
                let index = *index;
                let way = self.air.way(known!(self), DeliveryId { alert, index });
                self.state.polls_on(&book.alert, way.now)
            });
        let silent: Vec<DeliveryIndex> = silent.map(|(index, _)| index).collect();
        let ready = now + self.state.policy.collection.first_poll;
        for index in silent {
            self.enqueue_item(alert, Item::Poll(index), ready);
        }
    }
}
