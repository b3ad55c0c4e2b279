//! The state as bytes, so that a restart need not fold every fact.
//!
//! | bytes | meaning |
//! |---|---|
//! | 4 | the layout, `NCS` and its number |
//! | n | postcard of the state |
//!
//! postcard does not say what it holds, so a state of another layout may well be readable and
//! mean something else. The number tells; what it does not know is folded from the facts.

use crate::engine::Engine;
use crate::engine::state::State;
use crate::model::ids::Seq;

/// Raise the number with every change of what is stored of the state; a test tells when.
const LAYOUT: &[u8; 4] = b"NC22";

/// A stored state that this version cannot read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the checkpoint is not of this version")]
pub struct CheckpointError;

impl Engine {
    /// Takes up a stored state instead of its facts. Before any [`replay`](Self::replay).
    ///
    /// # Errors
    /// The bytes are no state of this version: fold the facts instead.
    pub fn restore(&mut self, stored: &[u8]) -> Result<Seq, CheckpointError> {
        self.state = decode(stored)?;
        self.state.compact();
        Ok(self.state.seq)
    }

    /// The state as bytes, and the position whose fold it is.
    #[must_use]
    pub fn checkpoint(&mut self) -> (Seq, Vec<u8>) {
        self.state.forget(self.clock.wall());
        (self.state.seq, encode(&self.state))
    }
}

fn decode(stored: &[u8]) -> Result<State, CheckpointError> {
    let state = stored.strip_prefix(LAYOUT).ok_or(CheckpointError)?;
    match postcard::take_from_bytes::<State>(state) {
        Ok((mut state, [])) => {
            state.index_stations();
            state.roster.index_owners();
            Ok(state)
        }
        Ok(_) | Err(_) => Err(CheckpointError),
    }
}

fn encode(state: &State) -> Vec<u8> {
    postcard::to_extend(state, LAYOUT.to_vec()).expect("every part of the state has a stored form")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use narrowcast_protocol::air::{
        CarrierId, CarrierKind, GroupId, Position, RadioId, Slot, StationId, TextForm,
    };

    use super::*;
    use crate::model::alarm::{
        AlarmOf, AlarmRule, AlertedFor, Level, LevelRule, SensorAlarm, Suppression,
    };
    use crate::model::alert::{Alert, Ask, Idempotency, Mark, Precedence, Target};
    use crate::model::emergency::Emergency;
    use crate::model::evidence::{Answer, AnsweredBy, Evidence};
    use crate::model::facts::{Fact, Prediction, ReportNote};
    use crate::model::ids::{AlertId, DeliveryIndex, EmergencyId, SensorAlarmId, TokenId};
    use crate::model::language::{Language, Translation};
    use crate::model::phone_book::{MessageRef, ReceiptOutcome};
    use crate::model::policy::{
        AnswerSet, CatchUp, Ceilings, Collection, Policy, RouteKind, SinkPolicy, SmsPolicy,
        SmsRoute, SpaceMarks, StationPolicy,
    };
    use crate::model::roster::{
        Contact, FurtherRadio, Group, Node, Person, Phone, Radio, Recipient, RosterEntry, System,
    };
    use crate::model::salvage::Salvage;
    use crate::model::token::{Role, Token};
    use crate::model::wall::Wall;
    use crate::model::warning::{
        MessageKey, WarningForm, WarningKind, WarningMessage, WarningOutcome, WarningTaken,
    };

    const ALERT: u128 = 5;
    const CARRIER: CarrierId = CarrierId {
        station: StationId(1),
        slot: Slot::Two,
    };

    const SET: AnswerSet = AnswerSet {
        name: 'A',
        first: 1,
        count: 4,
    };

    fn radio() -> RadioId {
        RadioId::new(2_300_001).unwrap()
    }

    fn phone() -> Phone {
        Phone::new("13800138000").unwrap()
    }

    fn node() -> Node {
        "city/east".parse().unwrap()
    }

    fn alarm_rule() -> AlarmRule {
        AlarmRule {
            sites: vec!["plant".into()],
            kind: "gas".into(),
            node: node(),
            levels: vec![LevelRule {
                level: Level {
                    name: "high".into(),
                    rank: 40,
                },
                precedence: Precedence::Flash,
                text: "{site}".into(),
                to: vec![Target::Radio(radio())],
                ask: Ask::Receipt,
                sms: true,
            }],
            clear_text: Some("over".into()),
            quiet: Duration::from_secs(300),
            repeat_after: Some(Duration::from_secs(900)),
        }
    }

    fn alarms() -> Vec<Fact> {
        let of = AlarmOf {
            id: SensorAlarmId(9u128.into()),
            site: "plant".into(),
            kind: "gas".into(),
            node: node(),
            exercise: true,
        };
        let level = Level {
            name: "high".into(),
            rank: 40,
        };
        let alarm = SensorAlarm {
            of: of.clone(),
            source_id: Some("7".into()),
            by: "plant".into(),
            level: level.clone(),
            value: Some("12".into()),
            said_at: Some(Wall::from_millis(1)),
            raised_at: Wall::from_millis(2),
            changed_at: Wall::from_millis(2),
            count: 1,
            cleared_at: None,
            ended_at: None,
            alerted: None,
            lower_since: None,
            alerts: Vec::new(),
            told: std::collections::BTreeSet::new(),
            sms: false,
            problem: None,
        };
        vec![
            Fact::AlarmRaised(Box::new(alarm)),
            Fact::AlarmAlerted {
                of: of.clone(),
                alert: AlertId(ALERT.into()),
                level,
                because: AlertedFor::Raised,
                missing: Vec::new(),
            },
            Fact::AlarmUnalerted {
                of,
                problem: "nobody".into(),
            },
            Fact::AlarmSuppressed(Suppression {
                site: "plant".into(),
                kind: "gas".into(),
                node: node(),
                by: "tester".into(),
                why: "works".into(),
                since: Wall::from_millis(2),
                until: Wall::from_millis(9),
            }),
        ]
    }

    /// One of everything that is kept, with no default of ours in it.
    fn facts() -> Vec<Fact> {
        let station = StationPolicy {
            id: CARRIER.station,
            name: "site".into(),
            kind: CarrierKind::Control,
            terminal_accepts: true,
            own: radio(),
            groups: vec![GroupId::new(9).unwrap()],
            test: true,
            exercises: true,
            peer: true,
            reports_air: true,
            node: "city".parse().unwrap(),
        };
        let policy = Policy {
            stations: vec![station],
            routes: vec![SmsRoute {
                id: StationId(0xE000_0001),
                name: "operator".into(),
                kind: RouteKind::Cmpp2,
                exercises: true,
                receipt_wait: Duration::from_secs(900),
                prefixes: vec!["139".into()],
                signature: "【应急】".into(),
                template: "告{text}".into(),
                cost: 5,
                daily_cap: 9,
            }],
            sinks: vec![SinkPolicy {
                name: "up".into(),
                kind: "webhook".into(),
                node: node(),
            }],
            sms: SmsPolicy {
                after: Duration::from_secs(120),
                after_flash: Duration::from_secs(30),
                attempts: 3,
            },
            max_attempts: 6,
            attempt_gap: Duration::from_secs(20),
            answer_window: Duration::from_secs(10),
            group_repeats: 2,
            group_window: Duration::from_secs(15),
            default_expiry: Duration::from_secs(600),
            linger: Duration::from_secs(3_600),
            hold_down: Duration::from_secs(10),
            home_grace: Duration::from_secs(60),
            longest_call: Duration::from_secs(180),
            max_live_deliveries: 9,
            answers: Vec::new(),
            answer_sets: vec![SET],
            ceilings: Ceilings {
                percent: [100, 90, 80, 60],
                window: Duration::from_secs(60),
            },
            collection: Collection {
                polls: true,
                first_poll: Duration::from_secs(15),
                gap: Duration::from_secs(5),
                max_polls: 10,
            },
            catch_up: CatchUp {
                absence: Duration::from_secs(600),
                at_once: 5,
                pause: Duration::from_secs(60),
            },
            taken_text: "taken".into(),
            exercise_sign: "drill".into(),
            space: SpaceMarks {
                low_permille: 1,
                low_bytes: 2,
                critical_permille: 3,
            },
            alarms: vec![alarm_rule()],
        };
        let alert = Alert {
            id: AlertId(ALERT.into()),
            text: "山火".into(),
            precedence: Precedence::Flash,
            ask: Ask::Answers(vec!["yes".into()]),
            targets: vec![Target::All],
            accepted_at: Wall::from_millis(1),
            expires_at: Wall::from_millis(600_001),
            exercise: true,
            station: Some(CARRIER.station),
            by: "tester".into(),
            node: node(),
            mark: Mark::nth(3),
            recipients: 1,
            answer_set: Some(SET),
            sms: true,
            idempotency: Some(Idempotency {
                token: TokenId(1u128.into()),
                key: "key".into(),
                body: [4; 32],
            }),
            came_as: Some(WarningForm::Cap),
            language: Some("zh-CN".parse().unwrap()),
            translations: vec![Translation {
                language: "en".parse().unwrap(),
                text: "Forest fire: assemble now".into(),
            }],
        };
        let emergency = Emergency {
            id: EmergencyId(8u128.into()),
            radio: radio(),
            to: 9,
            carrier: CARRIER,
            raised_at: Wall::from_millis(2),
            position: None,
            exercise: true,
            acknowledged_at: None,
            taken: None,
            closed: None,
            closed_because: None,
        };
        let mut facts = vec![
            Fact::PolicyInForce(Box::new(policy)),
            Fact::RosterImported {
                by: "tester".into(),
                clears: true,
                entries: roster(),
            },
            Fact::TokenCreated {
                by: "tester".into(),
                token: Token {
                    id: TokenId(1u128.into()),
                    name: "tester".into(),
                    role: Role::Admin,
                    node: node(),
                    hash: [6; 32],
                    created_at: Wall::from_millis(1),
                },
            },
            Fact::AlertAccepted(Box::new(alert)),
        ];
        facts.extend(deliveries());
        facts.extend(heard());
        facts.push(Fact::EmergencyRaised(Box::new(emergency)));
        let salvage = Salvage::new("torn", Seq(5), Some(Seq(9)), "/kept");
        facts.push(Fact::Salvaged(salvage));
        facts.extend(alarms());
        facts.extend(warnings());
        facts
    }

    /// A warning in force, and one that was cancelled before it came.
    fn warnings() -> Vec<Fact> {
        let taken = |name: &str, kind, outcome, alert| {
            Fact::WarningTaken(Box::new(WarningTaken {
                message: WarningMessage {
                    name: name.into(),
                    form: WarningForm::Cap,
                    kind,
                    references: vec![MessageKey::of("named")],
                    version: (Wall::from_millis(1), Wall::from_millis(2)),
                    exercise: true,
                    hash: [7; 32],
                },
                by: "tester".into(),
                node: node(),
                outcome,
                warning: None,
                joined: vec![],
                alert,
                about: None,
                all_clear: None,
                octets: 3,
            }))
        };
        let alert = Some(AlertId(ALERT.into()));
        let (issued, ahead) = (WarningOutcome::Issued, WarningOutcome::CancelledAhead);
        vec![
            taken("cap:s,i", WarningKind::Issue, issued, alert),
            taken("cap:s,j", WarningKind::Cancel, ahead, None),
        ]
    }

    fn roster() -> Vec<RosterEntry> {
        vec![
            RosterEntry::Radio(Radio {
                id: radio(),
                name: "one".into(),
                node: node(),
                form: TextForm::Tms,
                confirms: true,
                home: Some(CARRIER),
                language: Language::default(),
            }),
            RosterEntry::Person(Person {
                id: "li".into(),
                name: "Li".into(),
                node: node(),
                radios: vec![radio()],
                phones: vec![phone()],
                phone_first: false,
                language: Language::default(),
            }),
            RosterEntry::Group(Group {
                id: "fire".into(),
                name: "Fire".into(),
                node: node(),
                talkgroup: GroupId::new(9).ok(),
                members: vec![radio()],
            }),
            RosterEntry::System(System {
                id: "province".into(),
                name: "Province".into(),
                node: node(),
                sink: "up".into(),
            }),
        ]
    }

    fn deliveries() -> Vec<Fact> {
        let (alert, delivery) = (AlertId(ALERT.into()), DeliveryIndex(0));
        let (group, carrier) = (GroupId::new(9).unwrap(), CARRIER);
        let answer = Answer {
            choice: 1,
            text: "yes".into(),
            by: AnsweredBy::Status(1),
            from: Some(radio()),
            recorded_by: None,
            reference: None,
        };
        let recipient = Recipient {
            radio: Some(radio()),
            name: "one".into(),
            node: node(),
            form: TextForm::Tms,
            confirms: true,
            home: Some(CARRIER),
            talkgroup: Some(group),
            contact: Some(Box::new(Contact {
                id: "li".into(),
                radios: vec![FurtherRadio {
                    radio: RadioId::new(2_300_002).unwrap(),
                    form: TextForm::Udt,
                    confirms: false,
                    home: None,
                    talkgroup: None,
                }],
                phones: vec![phone()],
                phone_first: false,
                sink: None,
            })),
            language: Language::default(),
        };
        let of = MessageRef {
            alert,
            delivery,
            phone: 0,
            number: 1,
            part: 0,
        };
        let route = StationId(0xE000_0001);
        vec![
            Fact::Recipients {
                alert,
                first: delivery,
                recipients: vec![recipient],
            },
            Fact::GroupAttemptStarted {
                alert,
                group,
                carrier,
                number: 1,
                parts: 1,
                bursts: 8,
            },
            Fact::Predicted {
                alert,
                carriers: vec![Prediction {
                    carrier,
                    airtime_ms: 480,
                    finished_in_ms: 900,
                }],
            },
            Fact::Baselined {
                alert,
                deliveries: vec![delivery],
            },
            Fact::AttemptStarted {
                alert,
                delivery,
                number: 1,
                carrier,
                reference: 3,
                parts: 1,
                form: TextForm::Tms,
                more: 0,
                bursts: 8,
            },
            Fact::Evidenced {
                alert,
                delivery,
                evidence: Evidence::Answered(answer),
            },
            Fact::MessageStarted {
                alert,
                delivery,
                phone: 0,
                number: 1,
                route,
                reference: 1,
                parts: 2,
                frame: 7,
            },
            Fact::MessageTaken {
                of,
                route,
                to: phone(),
                message: "7F".into(),
            },
            Fact::ReceiptUnmatched {
                route,
                message: "80".into(),
                to: None,
                outcome: ReceiptOutcome::Delivered,
                code: "DELIVRD".into(),
            },
            Fact::PhonePartHeard {
                route,
                from: "13800138000".into(),
                to: "1069".into(),
                reference: 4,
                total: 2,
                part: 1,
                text: "hi".into(),
            },
        ]
    }

    fn heard() -> Vec<Fact> {
        let position = Position {
            latitude: 30.5,
            longitude: 114.25,
        };
        vec![
            Fact::RadioHeard {
                radio: radio(),
                carrier: CARRIER,
                position: Some(position),
            },
            Fact::ReportHeard {
                from: radio(),
                to: (9, true),
                carrier: CARRIER,
                text: "help".into(),
                status: None,
                reference: Some(2),
                note: ReportNote::NothingAsked,
            },
            Fact::StationChanged {
                station: CARRIER.station,
                up: true,
                changes: 1,
                description: "site".into(),
            },
        ]
    }

    fn state() -> State {
        let mut state = State::default();
        for (seq, fact) in (1..).zip(facts()) {
            state.apply(Seq(seq), Wall::from_millis(2), &fact);
        }
        state
    }

    /// If it fails, raise the number in `LAYOUT`, so that checkpoints of before are refused and
    /// their facts folded anew; then accept the snapshot, which has the number in its name.
    #[test]
    fn what_is_stored_changes_only_with_the_number_of_its_layout() {
        let stored = encode(&state());
        let lines: Vec<String> = stored.chunks(32).map(hex::encode).collect();
        let name = format!("layout_{}", LAYOUT.escape_ascii());
        insta::assert_snapshot!(name, lines.join("\n"));
    }

    #[test]
    fn a_state_reads_as_it_was_written() {
        assert_eq!(decode(&encode(&state())), Ok(state()));
    }

    #[test]
    fn another_layout_and_a_state_with_something_behind_it_are_refused() {
        let stored = encode(&state());
        let mut older = stored.clone();
        older[3] = b'?';
        assert_eq!(decode(&older), Err(CheckpointError));
        assert_eq!(decode(&stored[4..]), Err(CheckpointError));
        assert_eq!(
            decode(&[&stored, [0].as_slice()].concat()),
            Err(CheckpointError)
        );
        assert_eq!(decode(&[]), Err(CheckpointError));
    }
}
