//! One of every fact that concerns the outside, and more where a fact says different things.

use std::collections::BTreeSet;

use narrowcast_protocol::air::{
    CarrierId, GroupId, Phone, Position, RadioId, Slot, StationId, TextForm,
};
use ulid::Ulid;

use crate::model::alarm::{
    AlarmOf, AlarmUpdate, Alerted, AlertedFor, Level, SensorAlarm, Suppression,
};
use crate::model::alert::{Alert, Ask, Idempotency, Mark, Precedence, Target};
use crate::model::delivery::{End, FailReason, Outcome, RefusedBy};
use crate::model::emergency::{Emergency, LastPosition, Signature};
use crate::model::evidence::{Answer, AnsweredBy, Evidence};
use crate::model::facts::{Fact, ReportNote};
use crate::model::ids::{AlertId, DeliveryIndex, EmergencyId, SensorAlarmId, Seq, TokenId};
use crate::model::language::{Language, Translation};
use crate::model::phone_book::{MessageRef, ReceiptOutcome};
use crate::model::policy::AnswerSet;
use crate::model::roster::{Contact, FurtherRadio, Node, Recipient};
use crate::model::salvage::Salvage;
use crate::model::wall::Wall;
use crate::model::warning::{
    MessageKey, WarningForm, WarningKind, WarningMessage, WarningOutcome, WarningTaken,
};

/// When all of it happens.
pub(super) const AT: Wall = Wall::from_millis(1_795_478_400_000);
const ROUTE: StationId = StationId(3_000_001);
const DELIVERY: DeliveryIndex = DeliveryIndex(0);
const CARRIER: CarrierId = CarrierId {
    station: StationId(460_001),
    slot: Slot::One,
};
const MESSAGE: MessageRef = MessageRef {
    alert: ALERT,
    delivery: DELIVERY,
    phone: 0,
    number: 1,
    part: 0,
};
const ALERT: AlertId = AlertId(Ulid(0x01_93_7E_B0_00_00_12_34_56_78_9A_BC_DE_F0_12_34));
const EMERGENCY: EmergencyId = EmergencyId(Ulid(0x01_93_7E_B1_00_00_12_34_56_78_9A_BC_DE_F0_12_34));
const ALARM: SensorAlarmId = SensorAlarmId(Ulid(0x01_93_7E_B2_00_00_12_34_56_78_9A_BC_DE_F0_12_34));
const ANSWERS: AnswerSet = AnswerSet {
    name: 'A',
    first: 1,
    count: 2,
};

fn radio(id: u32) -> RadioId {
    RadioId::new(id).unwrap()
}

fn node(path: &str) -> Node {
    path.parse().unwrap()
}

fn phone() -> Phone {
    Phone::new("13800138000").unwrap()
}

fn level() -> Level {
    Level {
        name: "high".into(),
        rank: 20,
    }
}

fn of() -> AlarmOf {
    AlarmOf {
        id: ALARM,
        site: "depot-7".into(),
        kind: "gas".into(),
        node: node("city/east"),
        exercise: false,
    }
}

/// An alert that says everything that one can say.
fn alert() -> Alert {
    Alert {
        id: ALERT,
        text: "东山林场山火，请立即集合".into(),
        precedence: Precedence::Flash,
        ask: Ask::Answers(vec!["on my way".into(), "cannot come".into()]),
        targets: vec![
            Target::Node(node("city/east")),
            Target::Group("fire-1".into()),
        ],
        accepted_at: AT,
        expires_at: Wall::from_millis(AT.as_millis() + 3_600_000),
        exercise: false,
        station: None,
        by: "duty".into(),
        node: node("city"),
        mark: Mark::nth(37),
        recipients: 2,
        answer_set: Some(ANSWERS),
        sms: true,
        came_as: Some(WarningForm::Cap),
        idempotency: Some(Idempotency {
            token: TokenId(Ulid::nil()),
            key: "fire-east-1".into(),
            body: [7; 32],
        }),
        language: Some("zh-CN".parse().unwrap()),
        translations: vec![Translation {
            language: "en".parse().unwrap(),
            text: "Forest fire: assemble now".into(),
        }],
    }
}

/// An alert that says as little as one can.
fn bare() -> Alert {
    Alert {
        ask: Ask::Nothing,
        targets: vec![
            Target::All,
            Target::Radio(radio(2_308_155)),
            Target::Person("li-wei".into()),
            Target::System("province".into()),
            Target::Node(Node::root()),
        ],
        exercise: true,
        station: Some(CARRIER.station),
        node: Node::root(),
        answer_set: None,
        sms: false,
        came_as: None,
        language: None,
        translations: Vec::new(),
        idempotency: None,
        ..alert()
    }
}

fn recipients() -> Vec<Recipient> {
    let person = Recipient {
        radio: Some(radio(2_308_155)),
        name: "Li Wei".into(),
        node: node("city/east"),
        form: TextForm::Tms,
        confirms: true,
        home: Some(CARRIER),
        talkgroup: None,
        contact: Some(Box::new(Contact {
            id: "li-wei".into(),
            radios: vec![FurtherRadio {
                radio: radio(2_308_156),
                form: TextForm::ShortDataUtf16,
                confirms: false,
                home: None,
                talkgroup: GroupId::new(9).ok(),
            }],
            phones: vec![phone(), Phone::new("+4917012345678").unwrap()],
            phone_first: false,
            sink: None,
        })),
        language: Language::default(),
    };
    let radio = Recipient {
        form: TextForm::Udt,
        contact: None,
        talkgroup: GroupId::new(9).ok(),
        ..person.clone()
    };
    let system = Recipient {
        radio: None,
        name: "The province".into(),
        node: Node::root(),
        form: TextForm::ShortDataUtf8,
        confirms: false,
        home: None,
        talkgroup: None,
        contact: Some(Box::new(Contact {
            id: "province".into(),
            radios: Vec::new(),
            phones: Vec::new(),
            phone_first: false,
            sink: Some("province".into()),
        })),
        language: Language::default(),
    };
    vec![person, radio, system]
}

fn emergency() -> Emergency {
    Emergency {
        id: EMERGENCY,
        radio: radio(2_308_155),
        to: 9,
        carrier: CARRIER,
        raised_at: AT,
        position: Some(LastPosition {
            position: Position {
                latitude: 34.75,
                longitude: 113.66,
            },
            at: AT,
        }),
        exercise: false,
        acknowledged_at: None,
        taken: None,
        closed: None,
        closed_because: None,
    }
}

/// As it is stated when it is over.
fn closed() -> Emergency {
    let signed = Signature {
        by: "duty".into(),
        at: AT,
    };
    Emergency {
        position: None,
        acknowledged_at: Some(AT),
        taken: Some(signed.clone()),
        closed: Some(signed),
        closed_because: Some("found, unhurt".into()),
        ..emergency()
    }
}

fn alarm() -> SensorAlarm {
    SensorAlarm {
        of: of(),
        source_id: Some("S-1189".into()),
        by: "monitoring".into(),
        level: level(),
        value: Some("38 %LEL".into()),
        said_at: Some(AT),
        raised_at: AT,
        changed_at: AT,
        count: 1,
        cleared_at: None,
        ended_at: None,
        alerted: None,
        lower_since: None,
        alerts: Vec::new(),
        told: BTreeSet::new(),
        sms: false,
        problem: None,
    }
}

/// As it is after a while.
fn old_alarm() -> SensorAlarm {
    SensorAlarm {
        source_id: None,
        value: None,
        said_at: None,
        cleared_at: Some(AT),
        ended_at: Some(AT),
        alerted: Some(Alerted { rank: 20, at: AT }),
        lower_since: Some(AT),
        alerts: vec![ALERT],
        told: BTreeSet::from([Target::Person("li-wei".into())]),
        sms: true,
        problem: Some("no station is there".into()),
        ..alarm()
    }
}

fn answer(by: AnsweredBy) -> Evidence {
    Evidence::Answered(Answer {
        choice: 1,
        text: "K7 1".into(),
        by,
        from: None,
        recorded_by: None,
        reference: Some(12),
    })
}

fn evidence() -> Vec<Evidence> {
    vec![
        answer(AnsweredBy::Text),
        answer(AnsweredBy::Status(1)),
        answer(AnsweredBy::PolledStatus(1)),
        answer(AnsweredBy::Sms(phone())),
        Evidence::Answered(Answer {
            choice: 2,
            text: "on the way".into(),
            by: AnsweredBy::Api,
            from: Some(radio(2_308_156)),
            recorded_by: Some("duty".into()),
            reference: None,
        }),
        Evidence::Written,
        Evidence::StationAccepted,
        Evidence::OnAir,
        Evidence::LinkConfirmed,
        Evidence::TextAcknowledged,
        Evidence::ReadReport,
        Evidence::Present,
        Evidence::HandsetReceipt,
        Evidence::BrokerAccepted,
        Evidence::SystemAcknowledged,
    ]
}

const OUTCOMES: [Outcome; 7] = [
    Outcome::Evidenced,
    Outcome::Refused(RefusedBy::Link),
    Outcome::Refused(RefusedBy::Station(3)),
    Outcome::Refused(RefusedBy::Terminal(4)),
    Outcome::TimedOut,
    Outcome::Withdrawn,
    Outcome::Unclear,
];

const ENDS: [End; 7] = [
    End::Failed(FailReason::NoAcknowledgement),
    End::Failed(FailReason::Unencodable),
    End::Failed(FailReason::NoPermittedStation),
    End::Failed(FailReason::RefusedBySystem),
    End::Expired,
    End::Cancelled,
    End::Superseded,
];

fn notes() -> [ReportNote; 4] {
    [
        ReportNote::NothingAsked,
        ReportNote::Ambiguous(vec![ALERT]),
        ReportNote::NoAnswer(ALERT),
        ReportNote::MarkUnknown,
    ]
}

/// Everything that concerns the outside; the first of each name is a good example of it.
pub(super) fn samples() -> Vec<Fact> {
    let mut all = of_alerts();
    all.extend(of_telephones());
    all.extend(of_emergencies_and_reports());
    all.extend(of_alarms());
    all.extend(of_warnings());
    all.extend(of_the_system());
    all
}

fn of_alerts() -> Vec<Fact> {
    let (alert_id, delivery, carrier) = (ALERT, DELIVERY, CARRIER);
    let mut all: Vec<Fact> = [
        alert(),
        bare(),
        Alert {
            ask: Ask::Receipt,
            precedence: Precedence::Immediate,
            ..alert()
        },
        Alert {
            ask: Ask::Acknowledgement,
            precedence: Precedence::Priority,
            ..alert()
        },
        Alert {
            precedence: Precedence::Routine,
            ..alert()
        },
    ]
    .map(|alert| Fact::AlertAccepted(Box::new(alert)))
    .into();
    all.extend([
        Fact::Targets {
            alert: alert_id,
            targets: bare().targets,
        },
        Fact::Recipients {
            alert: alert_id,
            first: delivery,
            recipients: recipients(),
        },
        Fact::AttemptStarted {
            alert: alert_id,
            delivery,
            number: 1,
            carrier,
            reference: 17,
            parts: 1,
            form: TextForm::Tms,
            more: 0,
            bursts: 8,
        },
        Fact::GroupAttemptStarted {
            alert: alert_id,
            group: GroupId::new(9).unwrap(),
            carrier,
            number: 1,
            parts: 1,
            bursts: 8,
        },
        Fact::GroupEvidenced {
            alert: alert_id,
            group: GroupId::new(9).unwrap(),
            carrier,
            evidence: Evidence::OnAir,
        },
    ]);
    all.extend(evidence().into_iter().map(|evidence| Fact::Evidenced {
        alert: alert_id,
        delivery,
        evidence,
    }));
    all.extend(OUTCOMES.map(|outcome| Fact::AttemptEnded {
        alert: alert_id,
        delivery,
        number: 1,
        outcome,
    }));
    all.extend(ENDS.map(|end| Fact::DeliveryEnded {
        alert: alert_id,
        delivery,
        end,
    }));
    all.extend([
        Fact::RadioTurned {
            alert: alert_id,
            delivery,
            radio: radio(2_308_156),
        },
        Fact::Resent {
            alert: alert_id,
            by: "duty".into(),
            deliveries: vec![delivery],
            answer_set: Some(ANSWERS),
        },
        Fact::Resent {
            alert: alert_id,
            by: "duty".into(),
            deliveries: vec![delivery],
            answer_set: None,
        },
        Fact::AlertEnded {
            alert: alert_id,
            end: Some(End::Cancelled),
            by: Some("duty".into()),
            because: Some("the fire is out".into()),
        },
        Fact::AlertEnded {
            alert: alert_id,
            end: None,
            by: None,
            because: None,
        },
    ]);
    all
}

fn of_telephones() -> Vec<Fact> {
    let receipt = |outcome| Fact::ReceiptHeard {
        of: MESSAGE,
        outcome,
        code: "DELIVRD".into(),
    };
    let unmatched = |to| Fact::ReceiptUnmatched {
        route: ROUTE,
        message: "7F0012".into(),
        to,
        outcome: ReceiptOutcome::Delivered,
        code: "DELIVRD".into(),
    };
    let mut all = vec![
        Fact::MessageStarted {
            alert: ALERT,
            delivery: DELIVERY,
            phone: 0,
            number: 1,
            route: ROUTE,
            reference: 17,
            parts: 1,
            frame: 0,
        },
        Fact::MessageEvidenced {
            of: MESSAGE,
            evidence: Evidence::Written,
        },
        Fact::MessageTaken {
            of: MESSAGE,
            route: ROUTE,
            to: phone(),
            message: "7F0012".into(),
        },
        receipt(ReceiptOutcome::Delivered),
        receipt(ReceiptOutcome::Failed),
        receipt(ReceiptOutcome::Unknown),
        receipt(ReceiptOutcome::Intermediate),
        unmatched(Some(phone())),
        unmatched(None),
    ];
    all.extend(OUTCOMES.map(|outcome| Fact::MessageEnded {
        alert: ALERT,
        delivery: DELIVERY,
        phone: 0,
        number: 1,
        outcome,
        spent: false,
    }));
    let references = [Some(12), None, None, None];
    let heard = notes().into_iter().zip(references);
    all.extend(heard.map(|(note, reference)| Fact::PhoneReportHeard {
        route: ROUTE,
        from: "13800138000".into(),
        to: "10690000".into(),
        text: "smoke on the east hill".into(),
        reference,
        note,
    }));
    all
}

fn of_emergencies_and_reports() -> Vec<Fact> {
    let mut all = vec![
        Fact::EmergencyRaised(Box::new(emergency())),
        Fact::EmergencyRaised(Box::new(closed())),
        Fact::EmergencyAcknowledged { id: EMERGENCY },
        Fact::EmergencyTaken {
            id: EMERGENCY,
            by: "duty".into(),
        },
        Fact::EmergencyClosed {
            id: EMERGENCY,
            by: "duty".into(),
            because: "found, unhurt".into(),
        },
    ];
    let codes = [
        (None, Some(12)),
        (Some(7), None),
        (None, None),
        (None, None),
    ];
    let heard = notes().into_iter().zip(codes);
    all.extend(heard.map(|(note, (status, reference))| Fact::ReportHeard {
        from: radio(2_308_155),
        to: (9, true),
        carrier: CarrierId {
            slot: Slot::Two,
            ..CARRIER
        },
        text: "smoke on the east hill".into(),
        status,
        reference,
        note,
    }));
    all
}

fn of_alarms() -> Vec<Fact> {
    let update = AlarmUpdate {
        of: of(),
        level: level(),
        value: Some("41 %LEL".into()),
        said_at: Some(AT),
        count: 7,
        rearmed: false,
    };
    let less = AlarmUpdate {
        value: None,
        said_at: None,
        ..update.clone()
    };
    let resumed = |by| Fact::AlarmResumed {
        site: "depot-7".into(),
        kind: "gas".into(),
        node: node("city/east"),
        by,
    };
    let mut all = vec![
        Fact::AlarmRaised(Box::new(alarm())),
        Fact::AlarmRaised(Box::new(old_alarm())),
        Fact::AlarmUpdated(Box::new(update)),
        Fact::AlarmUpdated(Box::new(less)),
        Fact::AlarmCleared {
            of: of(),
            by: "monitoring".into(),
            count: 7,
        },
        Fact::AlarmEnded { of: of() },
        Fact::AlarmUnalerted {
            of: of(),
            problem: "nobody of the rule is in the roster; import it".into(),
        },
        Fact::AlarmSuppressed(Suppression {
            site: "depot-7".into(),
            kind: "gas".into(),
            node: node("city/east"),
            by: "duty".into(),
            why: "the sensor is being calibrated".into(),
            since: AT,
            until: Wall::from_millis(AT.as_millis() + 3_600_000),
        }),
        resumed(Some("duty".into())),
        resumed(None),
    ];
    all.extend(
        [
            AlertedFor::Raised,
            AlertedFor::Higher,
            AlertedFor::StillStands,
            AlertedFor::SuppressionEnded,
            AlertedFor::AllClear,
        ]
        .map(|because| Fact::AlarmAlerted {
            of: of(),
            alert: ALERT,
            level: level(),
            because,
            missing: vec![Target::Person("wang-fang".into())],
        }),
    );
    all
}

fn of_warnings() -> Vec<Fact> {
    let taken = |outcome| WarningTaken {
        message: WarningMessage {
            name: "weather@city.example,2026-118,2026-11-24T00:00:00+00:00".into(),
            form: WarningForm::Cap,
            kind: WarningKind::Issue,
            references: Vec::new(),
            version: (AT, AT),
            exercise: false,
            hash: [7; 32],
        },
        by: "weather".into(),
        node: node("city"),
        outcome,
        warning: None,
        joined: Vec::new(),
        alert: Some(ALERT),
        about: None,
        all_clear: None,
        octets: 2_412,
    };
    let later = |kind, outcome| {
        let first = taken(outcome);
        WarningTaken {
            message: WarningMessage {
                form: WarningForm::Cpeas,
                kind,
                references: vec![MessageKey::of("2026-118")],
                exercise: true,
                ..first.message
            },
            warning: Some(Seq(90)),
            joined: vec![Seq(70)],
            alert: None,
            about: Some(ALERT),
            all_clear: Some(ALERT),
            ..first
        }
    };
    let unknown = WarningTaken {
        about: None,
        all_clear: None,
        ..later(WarningKind::Cancel, WarningOutcome::CancelledAhead)
    };
    [
        taken(WarningOutcome::Issued),
        taken(WarningOutcome::Replaced),
        later(WarningKind::Update, WarningOutcome::Late),
        later(WarningKind::Update, WarningOutcome::Over),
        later(WarningKind::Cancel, WarningOutcome::Cancelled),
        unknown,
    ]
    .map(|taken| Fact::WarningTaken(Box::new(taken)))
    .into()
}

fn of_the_system() -> Vec<Fact> {
    let salvage = |head| Fact::Salvaged(Salvage::new("a torn page", Seq(90), head, "/kept"));
    vec![
        Fact::Started {
            version: "0.1.0".into(),
        },
        Fact::StationChanged {
            station: CARRIER.station,
            up: true,
            changes: 1,
            description: "MMDVM 20240101".into(),
        },
        Fact::ClockConfirmed {
            by: "duty".into(),
            step_millis: -3_600_000,
        },
        salvage(Some(Seq(94))),
        salvage(None),
        Fact::SalvageAcknowledged { by: "duty".into() },
        Fact::SinkBehind {
            sink: "province".into(),
            node: Node::root(),
            why: "it answers 503".into(),
        },
        Fact::SinkRecovered {
            sink: "province".into(),
            node: Node::root(),
        },
    ]
}
