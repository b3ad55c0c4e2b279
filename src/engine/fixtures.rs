//! What is known, made of facts alone, for the tests of the engine's parts.

use narrowcast_protocol::air::{CarrierId, CarrierKind, RadioId, Slot, StationId, TextForm};
use narrowcast_protocol::time::Instant;

use crate::engine::clock::Clock;
use crate::engine::io::Now;
use crate::engine::known::Known;
use crate::engine::state::State;
use crate::engine::whereabouts::Whereabouts;
use crate::model::alert::{Alert, Ask, Mark, Precedence};
use crate::model::facts::Fact;
use crate::model::ids::{AlertId, DeliveryId, DeliveryIndex};
use crate::model::language::Language;
use crate::model::policy::{Policy, StationPolicy};
use crate::model::roster::{Node, Radio, Recipient, RosterEntry};
use crate::model::wall::Wall;

pub(super) fn carrier(station: u32) -> CarrierId {
    CarrierId {
        station: StationId(station),
        slot: Slot::One,
    }
}

pub(super) fn radio(id: u32) -> RadioId {
    RadioId::new(id).unwrap()
}

pub(super) fn alert(id: u128) -> AlertId {
    AlertId(ulid::Ulid::from(id))
}

pub(super) fn delivery(alert_id: u128, index: u32) -> DeliveryId {
    DeliveryId {
        alert: alert(alert_id),
        index: DeliveryIndex(index),
    }
}

/// A radio that lives at the first station.
pub(super) fn recipient(id: u32) -> Recipient {
    Recipient {
        radio: Some(radio(id)),
        name: format!("Unit {id}"),
        node: Node::root(),
        form: TextForm::Udt,
        confirms: true,
        home: Some(carrier(1)),
        talkgroup: None,
        contact: None,
        language: Language::default(),
    }
}

/// So many seconds after the start.
pub(super) fn at(seconds: u64) -> Now {
    let millis = seconds * 1_000;
    Now {
        mono: Instant::from_millis(millis),
        wall: Wall::from_millis(1_800_000_000_000 + i64::try_from(millis).unwrap()),
    }
}

/// Two stations of this kind, and radios that live at the first.
#[derive(Debug)]
pub(super) struct Facts {
    pub(super) state: State,
    pub(super) whereabouts: Whereabouts,
}

impl Facts {
    pub(super) fn new(kind: CarrierKind) -> Self {
        let station = |id| StationPolicy {
            id: StationId(id),
            name: format!("station {id}"),
            kind,
            terminal_accepts: false,
            own: radio(16_000_001),
            groups: vec![],
            test: false,
            exercises: false,
            peer: false,
            reports_air: false,
            node: Node::root(),
        };
        let mut facts = Self {
            state: State::default(),
            whereabouts: Whereabouts::new(Instant::ZERO),
        };
        for fact in Fact::of_policy(&Policy {
            stations: vec![station(1), station(2)],
            ..Policy::default()
        }) {
            facts.learn(fact);
        }
        facts
    }

    pub(super) fn learn(&mut self, fact: Fact) {
        let seq = self.state.seq.next();
        self.state.apply(seq, at(0).wall, &fact);
    }

    /// Puts radios into the roster.
    pub(super) fn with_radios(mut self, ids: impl IntoIterator<Item = u32>) -> Self {
        let entries = ids.into_iter().map(|id| {
            RosterEntry::Radio(Radio {
                id: radio(id),
                name: format!("Unit {id}"),
                node: Node::root(),
                form: TextForm::Udt,
                confirms: true,
                home: Some(carrier(1)),
                language: Language::default(),
            })
        });
        self.learn(Fact::RosterImported {
            by: "test".into(),
            clears: true,
            entries: entries.collect(),
        });
        self
    }

    /// Accepts an alert to radios that live at the first station; each is a delivery.
    pub(super) fn with_alert(
        self,
        id: u128,
        precedence: Precedence,
        ask: Ask,
        radios: impl IntoIterator<Item = u32>,
    ) -> Self {
        let recipients: Vec<Recipient> = radios.into_iter().map(recipient).collect();
        self.with_recipients(id, precedence, ask, &recipients)
    }

    /// Accepts an alert to these recipients; each is a delivery.
    pub(super) fn with_recipients(
        mut self,
        id: u128,
        precedence: Precedence,
        ask: Ask,
        recipients: &[Recipient],
    ) -> Self {
        let answer_set = self.state.policy.answer_sets.first().copied();
        let answer_set = answer_set.filter(|_| ask.wants_answer());
        let alert = Alert {
            id: alert(id),
            text: "集合".into(),
            precedence,
            ask,
            targets: Vec::new(),
            accepted_at: at(0).wall,
            expires_at: at(3_600).wall,
            exercise: false,
            station: None,
            by: "test".into(),
            node: Node::root(),
            mark: Mark::nth(0),
            recipients: u32::try_from(recipients.len()).unwrap(),
            answer_set,
            sms: false,
            idempotency: None,
            came_as: None,
            language: None,
            translations: Vec::new(),
        };
        for fact in Fact::of_alert(alert, recipients) {
            self.learn(fact);
        }
        self
    }

    pub(super) fn known(&self, now: Now) -> Known<'_> {
        Known::new(&self.state, &self.whereabouts, &Clock::new(now))
    }
}
