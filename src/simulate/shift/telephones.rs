//! People with telephones, operators and what goes wrong with them. All of it is drawn from a
//! stream of its own.

use std::time::Duration;

use narrowcast_protocol::air::{Phone, RadioId, StationId};
use narrowcast_protocol::time::Instant;
use narrowcast_world::rng::Rng;
use narrowcast_world::smsc::{Faults, IdForm};

use super::words::{a_language, in_english, node};
use crate::engine::io::{Request, Submit};
use crate::model::alert::{Ask, Precedence, Target};
use crate::model::ids::AlertId;
use crate::model::policy::RouteKind;
use crate::model::roster::{Person, RosterEntry};
use crate::simulate::driver::civil;
use crate::simulate::run::{Happening, Run, Trouble};
use crate::simulate::setup::{Operator, Setup};

/// The number of the first route.
const FIRST_ROUTE: u32 = 0xE000_0001;
/// The first telephone.
const FIRST_PHONE: u64 = 13_800_138_000;
/// What sets this stream of chance apart from that of the radios.
const APART: u64 = 0x5E1E_F0E5;

pub(super) struct Telephones {
    rng: Rng,
    trouble: Duration,
    phones: Vec<Phone>,
    people: Vec<String>,
    operators: usize,
}

impl Telephones {
    pub(super) fn new(seed: u64, trouble: Duration) -> Self {
        Self {
            rng: Rng::new(seed ^ APART),
            trouble,
            phones: Vec::new(),
            people: Vec::new(),
            operators: 0,
        }
    }

    fn moment(&mut self) -> Instant {
        Instant::ZERO + self.rng.between(Duration::from_secs(5), self.trouble)
    }

    fn seconds(&mut self, least: u64, most: u64) -> Duration {
        self.rng
            .between(Duration::from_secs(least), Duration::from_secs(most))
    }

    fn pick<T: Clone>(&mut self, several: &[T]) -> Option<T> {
        let at = self.rng.below(several.len() as u64);
        several.get(usize::try_from(at).ok()?).cloned()
    }

    /// Adds people and operators; most radios stay nobody's.
    pub(super) fn equip(&mut self, setup: &mut Setup) {
        let radios = setup.roster.iter().filter_map(|entry| match entry {
            RosterEntry::Radio(radio) => Some(radio.id),
            _ => None,
        });
        let mut radios = radios.collect::<Vec<RadioId>>().into_iter();
        for number in 0..6 + self.rng.below(14) {
            let carried = match self.rng.below(6) {
                0..=2 => 1,
                3 => 2,
                _ => 0,
            };
            // Some radios between them are nobody's.
            let carried = radios.by_ref().skip(1).take(carried).collect::<Vec<_>>();
            let telephones = if carried.is_empty() {
                1 + self.rng.below(2)
            } else {
                self.rng.below(5).clamp(1, 3) - 1 + u64::from(self.rng.chance(0.5))
            };
            let phones = (0..telephones).filter_map(|_| self.a_phone()).collect();
            let id = format!("person-{number}");
            self.people.push(id.clone());
            let county = self.pick(&["city/east", "city/west"]).unwrap_or("city");
            setup.roster.push(RosterEntry::Person(Person {
                name: format!("Person {number}"),
                id,
                node: node(county),
                radios: carried,
                phones,
                phone_first: false,
                language: a_language(&mut self.rng),
            }));
        }
        setup.policy.sms.after = self.seconds(30, 90);
        setup.policy.sms.after_flash = self.seconds(10, 30);
        let kinds = [RouteKind::Smpp, RouteKind::Cmpp2, RouteKind::Cmpp3];
        for id in (FIRST_ROUTE..).take(1 + usize::from(self.rng.chance(0.5))) {
            let kind = self.pick(&kinds).unwrap_or(RouteKind::Smpp);
            let operator = self.an_operator(id, kind);
            setup.operators.push(operator);
        }
        self.operators = setup.operators.len();
    }

    fn a_phone(&mut self) -> Option<Phone> {
        let number = FIRST_PHONE + self.phones.len() as u64;
        let phone = Phone::new(&number.to_string()).ok()?;
        self.phones.push(phone);
        Some(phone)
    }

    fn an_operator(&mut self, id: u32, kind: RouteKind) -> Operator {
        let mut operator = Operator::new(StationId(id), kind, self.rng.draw());
        operator.route.exercises = self.rng.chance(0.3);
        operator.route.receipt_wait = self.seconds(30, 90);
        let forms = [
            IdForm::Hexadecimal,
            IdForm::Decimal,
            IdForm::ZeroPadded,
            IdForm::HexadecimalThenDecimal,
        ];
        operator.ids = self.pick(&forms).unwrap_or_default();
        for phone in self.phones.clone() {
            match self.rng.below(12) {
                0 => operator.people.unreachable.push(phone.to_string()),
                1 => operator.people.unknown.push(phone.to_string()),
                _ => {}
            }
        }
        operator
    }

    /// Alerts for people, beside those for radios.
    pub(super) fn ask(&mut self, run: &mut Run) {
        for number in 0..4 + self.rng.below(8) {
            let at = self.moment();
            let submit = self.an_alert(at, number);
            run.at(at, Happening::Ask(Request::Submit(submit)));
        }
        for _ in 0..self.rng.below(5) {
            let at = self.moment();
            let office = usize::try_from(self.rng.below(2)).unwrap_or(0);
            if let Some(phone) = self.pick(&self.phones.clone()) {
                let words = "桥头水位在涨".to_owned();
                run.at(at, Happening::PhoneWrites(office, phone, words));
            }
        }
    }

    fn an_alert(&mut self, at: Instant, number: u64) -> Submit {
        let precedence = self.pick(&Precedence::ALL).unwrap_or(Precedence::Routine);
        let ask = match self.rng.below(4) {
            0 => Ask::Nothing,
            1 => Ask::Receipt,
            _ => Ask::Acknowledgement,
        };
        let person = self.pick(&self.people.clone()).unwrap_or_default();
        let target = match self.rng.below(4) {
            0 => Target::Node(node("city/west")),
            _ => Target::Person(person),
        };
        let words = "东山水库泄洪,请沿河人员撤到高处,清点人数后回报".chars();
        let length = usize::try_from(4 + self.rng.below(110)).unwrap_or(4);
        let words: String = words.cycle().take(length).collect();
        let number = 90_000 + number;
        let translations = in_english(&mut self.rng, number, length);
        let wall = civil(at).wall;
        Submit {
            id: AlertId(ulid::Ulid::from_parts(
                u64::try_from(wall.as_millis()).unwrap_or(0),
                u128::from(self.rng.draw()),
            )),
            // Numbers that the alerts for radios do not reach.
            text: format!("#{number} {words}"),
            precedence,
            ask,
            targets: vec![target],
            expires_at: Some(wall.plus(self.seconds(100, 230))),
            exercise: self.rng.chance(0.25),
            sms: !self.rng.chance(0.1),
            station: None,
            idempotency: None,
            language: None,
            translations,
        }
    }

    /// What goes wrong with operators.
    pub(super) fn trouble(&mut self, run: &mut Run) {
        for office in 0..self.operators {
            for _ in 0..1 + self.rng.below(5) {
                let (at, length) = (self.moment(), self.seconds(10, 120));
                let trouble = self.one_trouble();
                run.at(at, Happening::Operator(office, trouble));
                let well = Trouble::Faults(Faults::default());
                run.at(at + length, Happening::Operator(office, well));
            }
            // Crashes while messages are under way.
            if self.rng.chance(0.3) {
                let (at, length) = (self.moment(), self.seconds(1, 10));
                run.at(at, Happening::Kill(length));
            }
        }
    }

    fn one_trouble(&mut self) -> Trouble {
        let none = Faults::default();
        match self.rng.below(9) {
            0 => Trouble::Away(self.seconds(5, 200)),
            1 => Trouble::Unbinds,
            2 => Trouble::Closes,
            3 => Trouble::Faults(Faults {
                receipt_first: true,
                ..none
            }),
            4 => Trouble::Faults(Faults {
                receipt_twice: true,
                ..none
            }),
            5 => Trouble::Faults(Faults {
                receipts_held: self.seconds(10, 120),
                ..none
            }),
            6 => Trouble::Faults(Faults {
                slow: self.seconds(1, 20),
                ..none
            }),
            7 => Trouble::Faults(Faults {
                throttle_every: 2,
                ..none
            }),
            _ => Trouble::Faults(Faults {
                wrong_sequence_every: 2,
                ..none
            }),
        }
    }
}
