//! What a radio's words mean to us.

use std::time::Duration;

use narrowcast_protocol::air::{Address, CarrierId, Heard, HeardKind, Owed, Position, RadioId};
use narrowcast_protocol::session::Job;

use crate::engine::Engine;
use crate::engine::answers::{self, Matched};
use crate::engine::io::Effect;
use crate::engine::known::known;
use crate::engine::state::{HEARD_LIFE, HeardKey, Speaker};
use crate::model::delivery::Rung;
use crate::model::evidence::{Answer, AnsweredBy, Evidence};
use crate::model::facts::{Fact, ReportNote};
use crate::model::ids::Seq;
use crate::model::text;

/// A radio that stays where it is, is recorded at most this often.
const RECORD_PRESENCE: Duration = Duration::from_secs(600);
/// A radio that moves, is recorded at most this often.
const RECORD_MOVE: Duration = Duration::from_secs(60);
/// The same status or unnumbered text again within this time of the first is the same message.
pub(super) const PRESSED_TWICE: Duration = Duration::from_secs(30);
/// Longest text of a report that is kept, in characters.
pub(super) const REPORT_TEXT: usize = 1_000;

/// A text or status that was heard.
struct Message {
    from: RadioId,
    to: Address,
    carrier: CarrierId,
    text: String,
    status: Option<u16>,
    reference: Option<u16>,
}

impl Engine {
    pub(super) fn hear(&mut self, heard: Heard) {
        let Heard {
            carrier,
            what,
            owed,
        } = heard;
        if self.state.policy.route(carrier.station).is_some() {
            return match what {
                HeardKind::Sms(incoming) => self.phone_heard(carrier, *incoming, owed),
                HeardKind::Receipt(receipt) => self.receipt_heard(carrier, *receipt, owed),
                _ => {}
            };
        }
        if self.state.station(carrier.station).is_none() {
            return;
        }
        let Some(from) = what.radio() else {
            return;
        };
        let position = if let HeardKind::Position { position, .. } = &what {
            Some(*position)
        } else {
            None
        };
        let leaves = matches!(what, HeardKind::Deregistered { .. });
        if !leaves
            && self
                .whereabouts
                .is_there(&self.state, from, carrier, self.clock.now())
        {
            self.radio_present(from, carrier, position);
        }
        match what {
            HeardKind::Text {
                from,
                to,
                text,
                reference,
            } => {
                let text = text::shown(text.trim()).chars().take(REPORT_TEXT).collect();
                let recorded = self.message(Message {
                    from,
                    to,
                    carrier,
                    text,
                    status: None,
                    reference,
                });
                self.pay_after(recorded, carrier, owed);
            }
            HeardKind::Status {
                from,
                code,
                polled: true,
                ..
            } => {
                self.status_polled(from, code);
                self.pay(carrier, owed);
            }
            HeardKind::Status { from, to, code, .. } => {
                self.collection.note(&self.state, from, code);
                let text = format!("status {code}");
                let recorded = self.message(Message {
                    from,
                    to,
                    carrier,
                    text,
                    status: Some(code),
                    reference: None,
                });
                self.pay_after(recorded, carrier, owed);
            }
            HeardKind::TextAcknowledged { from, reference } => {
                self.text_acknowledged(from, reference);
                self.pay(carrier, owed);
            }
            HeardKind::Emergency { from, to } => self.emergency_heard(from, to, carrier, owed),
            HeardKind::Deregistered { from } => {
                self.radio_left(from, carrier);
                self.pay(carrier, owed);
            }
            HeardKind::Registered { from } => {
                self.recall(from);
                self.pay(carrier, owed);
            }
            HeardKind::Position { .. } | HeardKind::Presence { .. } => self.pay(carrier, owed),
            HeardKind::Sms(_) | HeardKind::Receipt(_) => {}
        }
    }

    /// Sends what a radio waits for, once everything decided so far is durable.
    pub(super) fn pay(&mut self, carrier: CarrierId, owed: Vec<Owed>) {
        self.pay_after(self.state.seq, carrier, owed);
    }

    /// Sends what a radio waits for, once what it said is durable: a repetition of what is on
    /// disk already is acknowledged at once.
    pub(super) fn pay_after(&mut self, recorded: Seq, carrier: CarrierId, owed: Vec<Owed>) {
        for Owed {
            acknowledgement,
            until,
        } in owed
        {
            let id = self.outbox.next_job();
            let job = Job::Acknowledge {
                id,
                carrier,
                acknowledgement,
                until,
            };
            self.outbox.let_out(recorded, Effect::Transmit(job));
        }
    }

    /// Takes in a message; where in the ledger it stands.
    fn message(&mut self, message: Message) -> Seq {
        let Message {
            from,
            to,
            carrier,
            text,
            status,
            reference,
        } = message;
        let key = HeardKey::new(Speaker::Radio(from), &text, status, reference);
        // A number makes a repetition certain for long; without one only a key that is
        // pressed twice is taken for once.
        let window = if reference.is_some() {
            HEARD_LIFE
        } else {
            PRESSED_TWICE
        };
        let before = self.state.messages.get(&key);
        if let Some((_, seq)) = before.filter(|(at, _)| self.wall().since(*at) < window) {
            return *seq;
        }
        let exercise = self.state.is_test(carrier);
        let trunked = self.state.is_trunked(carrier);
        let matched = self.match_answer(&answers::Heard {
            speaker: Speaker::Radio(from),
            deliveries: self.whereabouts.deliveries_of(from),
            text: &text,
            status,
            on_test: exercise,
            trunked,
        });
        let note = match matched {
            Matched::Answer { delivery, choice } => {
                let addressed = self.state.radio_of(delivery);
                let by = status.map_or(AnsweredBy::Text, AnsweredBy::Status);
                let answer = Answer {
                    choice,
                    text,
                    by,
                    from: Some(from).filter(|_| addressed != Some(from)),
                    recorded_by: None,
                    reference,
                };
                self.learn(delivery, Evidence::Answered(answer));
                return self.state.seq;
            }
            Matched::Nothing(note) => note,
        };
        self.report(from, to, carrier, text, status, reference, note);
        self.state.seq
    }

    #[expect(clippy::too_many_arguments, reason = "the fields of one fact")]
    fn report(
        &mut self,
        from: RadioId,
        to: Address,
        carrier: CarrierId,
        text: String,
        status: Option<u16>,
        reference: Option<u16>,
        note: ReportNote,
    ) {
        let to = (to.get(), to.is_group());
        self.emit(Fact::ReportHeard {
            from,
            to,
            carrier,
            text,
            status,
            reference,
            note,
        });
    }

    /// A terminal acknowledged a text by its number.
    fn text_acknowledged(&mut self, from: RadioId, reference: u8) {
        let candidates = self.whereabouts.deliveries_of(from);
        let found = candidates.into_iter().rev().find_map(|id| {
            let delivery = self.state.delivery_book(id)?;
            let addressed = delivery.recipient.radio == Some(from);
            let wording = if addressed {
                delivery.wording?
            } else {
                let mut standby = delivery.standby().iter();
                standby.find(|it| it.radio.radio == from)?.wording()?
            };
            let part = reference.wrapping_sub(wording.reference) & 0x7F;
            (part < wording.parts).then_some((id, part, (addressed, wording.parts)))
        });
        match found {
            // Its own parts are not counted any more: of several, one alone proves nothing.
            Some((id, _, (false, 1))) => self.learn(id, Evidence::TextAcknowledged),
            Some((_, _, (false, _))) => {}
            Some((id, part, _)) => self.part_reported(id, part, Evidence::TextAcknowledged),
            None => self.outcomes.count("acknowledged_nothing"),
        }
    }

    fn radio_present(&mut self, radio: RadioId, carrier: CarrierId, position: Option<Position>) {
        // Nothing is sent to a stranger: where it is need not be known.
        if self.state.roster.radio(radio).is_none() {
            return;
        }
        let now = self.clock.mono();
        let before = self.whereabouts.note(&self.state, radio, carrier, now);
        if before.is_none_or(|seen| seen.carrier != carrier) {
            self.radio_moved(radio);
        }
        let absence = self.state.policy.catch_up.absence;
        if before.is_none_or(|seen| now.since(seen.at) >= absence) {
            self.recall(radio);
            self.catch_up(radio);
        }
        self.want_baseline(radio, carrier);
        self.note_presence(radio);
        self.record_presence(radio, carrier, position);
    }

    /// A radio signed off at a site: it is not there any more, wherever it is.
    fn radio_left(&mut self, radio: RadioId, carrier: CarrierId) {
        if !self.whereabouts.leave(radio, carrier) {
            return;
        }
        let recorded = self.state.heard.get(&radio).and_then(|last| last.carrier);
        if recorded.is_some_and(|at| at.station == carrier.station) {
            self.emit(Fact::RadioLeft { radio, carrier });
        }
        self.radio_moved(radio);
    }

    /// What waits for a radio moves to where it is now.
    fn radio_moved(&mut self, radio: RadioId) {
        let deliveries = self.whereabouts.deliveries_of(radio);
        let known = known!(self);
        self.air.radio_moved(known, &deliveries);
    }

    /// A radio that was away is back: what waits for it goes in the order in which it still
    /// matters, and tells it how much more there is.
    fn catch_up(&mut self, radio: RadioId) {
        let deliveries = self.whereabouts.deliveries_of(radio);
        let known = known!(self);
        for (id, more) in self.air.catch_up(known, &deliveries) {
            self.attempts.announce(id, more);
        }
    }

    fn record_presence(&mut self, radio: RadioId, carrier: CarrierId, position: Option<Position>) {
        let wall = self.wall();
        let due = self.state.heard.get(&radio).is_none_or(|last| {
            let silent = wall.since(last.at);
            let moved = last.carrier != Some(carrier) || position.is_some();
            silent >= RECORD_PRESENCE || (moved && silent >= RECORD_MOVE)
        });
        if due {
            self.emit(Fact::RadioHeard {
                radio,
                carrier,
                position,
            });
        }
    }

    /// A radio that is heard after a transmission is there; that proves no more.
    fn note_presence(&mut self, radio: RadioId) {
        let unproved: Vec<_> = self
            .whereabouts
            .deliveries_of(radio)
            .into_iter()
            .filter(|id| {
                let known = self.state.delivery_book(*id);
                known.is_some_and(|d| !d.present && d.rung >= Rung::Sent && d.rung < Rung::Received)
            })
            .collect();
        for id in unproved {
            self.learn(id, Evidence::Present);
        }
    }
}
