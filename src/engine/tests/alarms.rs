//! What sensor alarms promise.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::engine::io::AlarmReport;
use crate::engine::views::SensorAlarmView;
use crate::model::alarm::{AlarmRule, AlertedFor, Level, LevelRule, Suppression};
use crate::model::ids::SensorAlarmId;
use crate::model::language::Language;

const MINUTE: Duration = Duration::from_secs(60);

fn level(name: &str, rank: u8, precedence: Precedence, to: &[&str]) -> LevelRule {
    LevelRule {
        level: Level {
            name: name.into(),
            rank,
        },
        precedence,
        text: "{site} {kind} {level} {value} x{count}".into(),
        to: to.iter().map(|target| target.parse().unwrap()).collect(),
        ask: Ask::Receipt,
        sms: true,
    }
}

fn rule(site: &str, node: &str) -> AlarmRule {
    AlarmRule {
        sites: vec![site.into()],
        kind: "gas".into(),
        node: node.parse().unwrap(),
        levels: vec![
            level("low", 20, Precedence::Priority, &["radio:1"]),
            level("high", 40, Precedence::Flash, &["radio:1", "radio:2"]),
        ],
        clear_text: Some("{site}: over after {count}".into()),
        quiet: 5 * MINUTE,
        repeat_after: None,
    }
}

fn alarm_policy() -> Policy {
    let mut policy = policy();
    policy.stations[0].exercises = true;
    policy.alarms = vec![rule("plant", "city/east"), rule("depot", "city/west")];
    policy
}

fn rig() -> Rig {
    Rig::of(alarm_policy())
}

fn said(level: &str, raised: bool) -> AlarmReport {
    AlarmReport {
        site: "plant".into(),
        kind: "gas".into(),
        level: Some(level.into()),
        raised,
        id: None,
        value: Some("12 %".into()),
        at: None,
        exercise: false,
    }
}

impl Rig {
    fn report(&mut self, report: AlarmReport) -> (SensorAlarmView, bool) {
        match self.ask(Request::ReportAlarm(report)) {
            Ok(Response::SensorAlarm { view, new }) => (*view, new),
            other => panic!("{other:?}"),
        }
    }

    /// Whether the source is told that we have its report.
    fn has(&mut self, report: AlarmReport) -> bool {
        match self.ask(Request::ReportAlarm(report)) {
            Ok(_) => true,
            Err(Refusal::Busy { .. }) => false,
            other => panic!("{other:?}"),
        }
    }

    fn raise(&mut self, level: &str) -> SensorAlarmView {
        self.report(said(level, true)).0
    }

    fn clear(&mut self) -> SensorAlarmView {
        self.report(said("low", false)).0
    }

    fn shown(&mut self, id: SensorAlarmId) -> SensorAlarmView {
        match self.ask(Request::SensorAlarm(id)) {
            Ok(Response::SensorAlarm { view, .. }) => *view,
            other => panic!("{other:?}"),
        }
    }

    fn all_shown(&mut self, who: Credential) -> (Vec<SensorAlarmView>, Vec<Suppression>) {
        let request = Request::SensorAlarms {
            before: None,
            limit: 100,
        };
        match self.request(who, request) {
            Ok(Response::SensorAlarms {
                alarms,
                suppressions,
            }) => (alarms, suppressions),
            other => panic!("{other:?}"),
        }
    }

    fn accepted(&self) -> Vec<crate::model::alert::Alert> {
        let alert = |entry: &Entry| match &entry.fact {
            Fact::AlertAccepted(alert) => Some(alert.as_ref().clone()),
            _ => None,
        };
        self.facts.iter().filter_map(alert).collect()
    }

    fn reasons(&self) -> Vec<AlertedFor> {
        let reason = |entry: &Entry| match &entry.fact {
            Fact::AlarmAlerted { because, .. } => Some(*because),
            _ => None,
        };
        self.facts.iter().filter_map(reason).collect()
    }

    fn alarm_facts(&self) -> usize {
        let of_alarm = |entry: &&Entry| entry.fact.own_node().is_some();
        self.facts.iter().filter(of_alarm).count()
    }

    fn suppress(&mut self, minutes: i64) -> Result<Response, Refusal> {
        let until = Wall::from_millis(self.now.wall.as_millis() + minutes * 60_000);
        self.ask(Request::SuppressAlarm {
            site: "plant".into(),
            kind: "gas".into(),
            until,
            why: "maintenance".into(),
        })
    }

    /// The engine that folds the same facts again, started.
    fn refold(&mut self) {
        let durable = self.facts.len();
        self.restart_with(alarm_policy(), durable);
    }
}

fn refused(result: Result<Response, Refusal>) -> (String, String) {
    match result {
        Err(Refusal::Invalid { field, why }) => (field.to_owned(), why),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_hundred_alarms_a_second_are_one_alert_with_a_count_and_few_facts() {
    let mut rig = rig();
    for _ in 0..300 {
        rig.raise("low");
        rig.pass(Duration::from_millis(10));
    }
    let alarm = rig.raise("low");
    assert_eq!(alarm.count, 301);
    assert_eq!(rig.accepted().len(), 1);
    assert!(rig.alarm_facts() <= 3, "{}", rig.alarm_facts());
    rig.pass(Duration::from_secs(6));
    assert!(rig.alarm_facts() <= 4, "{}", rig.alarm_facts());
    // What is counted is on disk some seconds later.
    rig.refold();
    assert_eq!(rig.shown(alarm.id).count, 301);
}

#[test]
fn the_alert_says_what_the_rule_says_and_carries_the_name_of_the_source() {
    let mut rig = rig();
    let token = Token {
        id: TokenId(ulid::Ulid::from(3u128)),
        name: "plant SCADA".into(),
        role: Role::Dispatcher,
        node: "city/east".parse().unwrap(),
        hash: [3; 32],
        created_at: Wall::default(),
    };
    rig.ask(Request::CreateToken(token)).unwrap();
    let report = Request::ReportAlarm(said("high", true));
    rig.request(Credential::Token([3; 32]), report).unwrap();
    let alerts = rig.accepted();
    let alert = alerts.first().unwrap();
    assert_eq!(alert.text, "plant gas high 12 % x1");
    assert_eq!(alert.by, "plant SCADA");
    assert_eq!(alert.precedence, Precedence::Flash);
    assert_eq!(alert.node, "city/east".parse().unwrap());
    assert_eq!(alert.recipients, 2);
}

#[test]
fn a_higher_level_makes_a_new_alert_at_once_and_a_lower_one_none() {
    let mut rig = rig();
    rig.raise("low");
    let alarm = rig.raise("high");
    assert_eq!(alarm.alerts.len(), 2);
    rig.raise("low");
    rig.raise("high");
    let alarm = rig.raise("low");
    assert_eq!((alarm.level.as_str(), alarm.count), ("low", 5));
    let levels: Vec<Precedence> = rig.accepted().iter().map(|it| it.precedence).collect();
    assert_eq!(levels, [Precedence::Priority, Precedence::Flash]);
    assert_eq!(rig.reasons(), [AlertedFor::Raised, AlertedFor::Higher]);
}

#[test]
fn a_rise_after_it_was_lower_for_long_is_news_again() {
    let mut rig = rig();
    rig.raise("high");
    rig.raise("low");
    rig.pass(6 * MINUTE);
    rig.raise("high");
    assert_eq!(rig.accepted().len(), 2);
}

#[test]
fn an_alarm_that_flaps_is_the_same_one_and_rings_nobody_again() {
    let mut rig = rig();
    let first = rig.raise("low");
    for _ in 0..500 {
        rig.has(said("low", false));
        rig.pass(Duration::from_millis(10));
        rig.has(said("low", true));
        rig.pass(Duration::from_millis(10));
    }
    rig.pass(Duration::from_secs(6));
    let alarm = rig.raise("low");
    assert_eq!((alarm.id, alarm.count), (first.id, 502));
    assert_eq!(rig.accepted().len(), 1);
    assert!(rig.alarm_facts() < 20, "{}", rig.alarm_facts());
    rig.clear();
    rig.pass(4 * MINUTE);
    assert!(rig.shown(first.id).ended_at.is_none());
    rig.pass(2 * MINUTE);
    assert!(rig.shown(first.id).ended_at.is_some());
    let again = rig.raise("low");
    assert_ne!(again.id, first.id);
    assert_eq!(again.alerts.len(), 1);
}

#[test]
fn what_a_source_is_told_that_we_have_outlives_a_crash_at_any_moment() {
    let mut rig = rig();
    let id = rig.raise("low").id;
    let (mut taken, mut held) = (0, 0);
    for turn in 0..60 {
        let (level, raised) =
            [("low", false), ("low", true), ("high", true), ("low", true)][turn % 4];
        let told = rig.has(said(level, raised));
        if told {
            taken += 1;
            // The process dies here, and this is what the next one finds.
            let mut next = self::rig();
            next.facts.clone_from(&rig.facts);
            next.now = rig.now;
            let durable = next.facts.len();
            next.restart_with(alarm_policy(), durable);
            let alarm = next.shown(id);
            let level = if raised { level } else { &alarm.level };
            assert_eq!(
                (alarm.stands, alarm.level.as_str()),
                (raised, level),
                "turn {turn}"
            );
        } else {
            held += 1;
        }
        rig.pass(Duration::from_millis(300));
    }
    assert!(taken > 10 && held > 10, "{taken} {held}");
}

#[test]
fn the_all_clear_reaches_exactly_those_who_were_alerted() {
    let mut rig = rig();
    let alarm = rig.raise("low");
    rig.clear();
    rig.pass(6 * MINUTE);
    let alerts = rig.accepted();
    let clear = alerts.last().unwrap();
    assert_eq!(clear.text, "plant: over after 1");
    assert_eq!(clear.targets, ["radio:1".parse().unwrap()]);
    assert_eq!(rig.reasons(), [AlertedFor::Raised, AlertedFor::AllClear]);
    let shown = rig.shown(alarm.id);
    assert_eq!(shown.alerts.len(), 2);
    assert!(!shown.stands);
    // To clear it again is no fault, and rings nobody.
    assert_eq!(rig.clear().id, alarm.id);
    assert_eq!(rig.accepted().len(), 2);
}

#[test]
fn an_alarm_that_stands_is_alerted_again_where_the_rule_says_so() {
    let mut policy = alarm_policy();
    policy.alarms[0].repeat_after = Some(10 * MINUTE);
    let mut rig = Rig::of(policy);
    rig.raise("low");
    rig.pass(25 * MINUTE);
    assert_eq!(rig.accepted().len(), 3);
    rig.clear();
    rig.pass(60 * MINUTE);
    assert_eq!(rig.reasons().last(), Some(&AlertedFor::AllClear));
    assert_eq!(rig.accepted().len(), 4);
}

#[test]
fn a_suppressed_alarm_is_shown_and_alerted_when_the_suppression_ends_while_it_stands() {
    let mut rig = rig();
    rig.suppress(30).unwrap();
    let alarm = rig.raise("low");
    assert!(alarm.suppressed_until.is_some() && alarm.alerts.is_empty());
    let (_, suppressions) = rig.all_shown(Credential::System);
    assert_eq!(suppressions.len(), 1);
    rig.pass(29 * MINUTE);
    assert_eq!(rig.accepted(), []);
    rig.refold();
    rig.pass(2 * MINUTE);
    assert_eq!(rig.reasons(), [AlertedFor::SuppressionEnded]);
    assert!(rig.shown(alarm.id).suppressed_until.is_none());
}

#[test]
fn a_suppression_ends_early_by_a_time_in_the_past_and_lasts_a_day_at_most() {
    let mut rig = rig();
    let (field, why) = refused(rig.suppress(24 * 60 + 1));
    assert_eq!(field, "until");
    assert!(why.contains("24 h"), "{why}");
    rig.suppress(60).unwrap();
    rig.raise("low");
    rig.raise("high");
    assert_eq!(rig.accepted(), []);
    rig.suppress(-1).unwrap();
    assert_eq!(rig.accepted().len(), 1);
    assert_eq!(rig.accepted()[0].precedence, Precedence::Flash);
    assert!(matches!(rig.suppress(-1), Err(Refusal::Conflict(_))));
}

#[test]
fn what_is_cleared_while_suppressed_rings_nobody() {
    let mut rig = rig();
    rig.suppress(30).unwrap();
    rig.raise("low");
    rig.clear();
    rig.pass(40 * MINUTE);
    assert_eq!(rig.accepted(), []);
}

#[test]
fn unknown_sites_kinds_and_levels_are_refused_by_name() {
    let mut rig = rig();
    let mut tried = |change: fn(&mut AlarmReport)| {
        let mut report = said("low", true);
        change(&mut report);
        refused(rig.ask(Request::ReportAlarm(report)))
    };
    let (field, why) = tried(|it| it.site = "mill".into());
    assert_eq!(field, "site");
    assert!(
        why.contains("depot, plant") && why.contains("[[alarm]]"),
        "{why}"
    );
    let (field, why) = tried(|it| it.kind = "smoke".into());
    assert_eq!(field, "kind");
    assert!(why.contains("gas"), "{why}");
    let (field, why) = tried(|it| it.level = Some("red".into()));
    assert_eq!(field, "level");
    assert!(why.contains("low, high"), "{why}");
    assert_eq!(tried(|it| it.level = None).0, "level");
    assert_eq!(tried(|it| it.site = "s".repeat(61)).0, "site");
    assert_eq!(tried(|it| it.value = Some("\u{202E}".into())).0, "value");
    assert_eq!(tried(|it| it.id = Some(" ".into())).0, "id");
    assert_eq!(rig.alarm_facts(), 0);
}

#[test]
fn a_token_raises_clears_suppresses_and_sees_the_alarms_of_its_node_only() {
    let mut rig = rig();
    let token = Token {
        id: TokenId(ulid::Ulid::from(2u128)),
        name: "west".into(),
        role: Role::Supervisor,
        node: "city/west".parse().unwrap(),
        hash: [2; 32],
        created_at: Wall::default(),
    };
    rig.ask(Request::CreateToken(token)).unwrap();
    let west = || Credential::Token([2; 32]);
    let east = rig.raise("low");
    for raised in [true, false] {
        let report = Request::ReportAlarm(said("low", raised));
        let result = rig.request(west(), report);
        assert!(
            matches!(result, Err(Refusal::OutsideNode { .. })),
            "{result:?}"
        );
    }
    let suppress = Request::SuppressAlarm {
        site: "plant".into(),
        kind: "gas".into(),
        until: rig.now.wall.plus(MINUTE),
        why: "not mine".into(),
    };
    let result = rig.request(west(), suppress);
    assert!(
        matches!(result, Err(Refusal::OutsideNode { .. })),
        "{result:?}"
    );
    let result = rig.request(west(), Request::SensorAlarm(east.id));
    assert_eq!(result, Err(Refusal::NotFound("alarm")));
    rig.suppress(5).unwrap();
    assert_eq!(rig.all_shown(west()), (vec![], vec![]));
    let mut own = said("low", true);
    own.site = "depot".into();
    rig.request(west(), Request::ReportAlarm(own)).unwrap();
    assert_eq!(rig.all_shown(west()).0.len(), 1);
    assert_eq!(rig.all_shown(Credential::System).0.len(), 2);
    // It is not told which sites others have.
    let mut unknown = said("low", true);
    unknown.site = "mill".into();
    let (_, why) = refused(rig.request(west(), Request::ReportAlarm(unknown)));
    assert!(why.contains("depot") && !why.contains("plant"), "{why}");
}

#[test]
fn a_drill_makes_drills_only_and_is_an_alarm_of_its_own() {
    let mut rig = rig();
    let live = rig.raise("low");
    let drill = AlarmReport {
        exercise: true,
        ..said("high", true)
    };
    let (drill, new) = rig.report(drill);
    assert!(new && drill.id != live.id && drill.exercise);
    let flags: Vec<bool> = rig.accepted().iter().map(|it| it.exercise).collect();
    assert_eq!(flags, [false, true]);
    rig.clear();
    assert!(rig.shown(drill.id).stands);
}

#[test]
fn endless_ids_of_a_source_are_counted_as_one_alarm() {
    let mut rig = rig();
    for id in 0..500 {
        rig.report(AlarmReport {
            id: Some(format!("detector {id}")),
            ..said("low", true)
        });
    }
    let (alarms, _) = rig.all_shown(Credential::System);
    assert_eq!(alarms.len(), 17);
    let rest = alarms.iter().find(|it| it.source_id.is_none()).unwrap();
    assert_eq!(rest.count, 484);
    assert_eq!(rig.accepted().len(), 17);
}

#[test]
fn people_whom_the_roster_does_not_know_keep_nobody_else_from_the_alert() {
    let mut policy = alarm_policy();
    policy.alarms[0].levels[0]
        .to
        .push(Target::Person("nobody".into()));
    policy.alarms[0].levels[1].to = vec![Target::Person("nobody".into())];
    let mut rig = Rig::of(policy);
    rig.raise("low");
    assert_eq!(rig.accepted()[0].recipients, 1);
    let missing = rig.facts.iter().find_map(|entry| match &entry.fact {
        Fact::AlarmAlerted { missing, .. } => Some(missing.clone()),
        _ => None,
    });
    assert_eq!(missing, Some(vec![Target::Person("nobody".into())]));
    // Where nobody is left, it is shown, and made up for as soon as that is mended.
    let alarm = rig.raise("high");
    let problem = alarm.problem.unwrap();
    assert!(problem.contains("person:nobody"), "{problem}");
    rig.pass(10 * MINUTE);
    let told = |entry: &&Entry| matches!(entry.fact, Fact::AlarmUnalerted { .. });
    assert_eq!(rig.facts.iter().filter(told).count(), 1);
    let entry = RosterEntry::Person(crate::model::roster::Person {
        id: "nobody".into(),
        name: "Somebody".into(),
        node: Node::root(),
        radios: vec![radio(5)],
        phones: vec![],
        phone_first: false,
        language: Language::default(),
    });
    rig.ask(Request::ImportRoster {
        entries: vec![entry],
        replace: false,
    })
    .unwrap();
    rig.pass(MINUTE);
    assert_eq!(rig.accepted().len(), 2);
    assert_eq!(rig.shown(alarm.id).problem, None);
}

#[test]
fn a_restart_and_a_checkpoint_know_what_was_known() {
    let mut rig = rig();
    let alarm = rig.raise("low");
    rig.raise("high");
    rig.clear();
    rig.suppress(60).unwrap();
    let before = rig.shown(alarm.id);
    let (_, stored) = rig.engine.checkpoint();
    let mut restored = Engine::new(rig.now, [1; 32]);
    restored.restore(&stored).unwrap();
    assert_eq!(restored.state, rig.engine.state);
    let folded = rig.engine.state.alarms.clone();
    rig.refold();
    assert_eq!(rig.engine.state.alarms, folded);
    assert_eq!(rig.shown(alarm.id), before);
    // The quiet time goes on where it was.
    rig.pass(6 * MINUTE);
    assert!(rig.shown(alarm.id).ended_at.is_some());
}

#[test]
fn an_open_alarm_outlives_the_trimming_of_its_facts() {
    let mut rig = rig();
    let alarm = rig.raise("high");
    rig.suppress(60).unwrap();
    let known = rig.engine.state.alarms.clone();
    let facts = known.restated();
    assert!(
        facts
            .iter()
            .all(|fact| fact.size() <= crate::model::facts::FACT_BYTES)
    );
    let mut book = crate::engine::alarms::AlarmBook::default();
    for fact in &facts {
        book.apply(rig.now.wall, fact, &BTreeMap::new(), &Policy::default());
    }
    assert_eq!(book, known);
    assert!(book.get(alarm.id).is_some_and(|it| it.told.len() == 2));
}

#[test]
fn rules_that_do_not_fit_one_fact_are_put_in_force_by_several() {
    let mut policy = alarm_policy();
    policy.alarms = (0..300)
        .map(|n| rule(&format!("site {n}"), "city"))
        .collect();
    let facts = Fact::of_policy(&policy);
    assert!(facts.len() > 1);
    assert!(
        facts
            .iter()
            .all(|fact| fact.size() <= crate::model::facts::FACT_BYTES)
    );
    let rig = Rig::with(policy.clone());
    assert_eq!(rig.engine.state.policy, policy);
}

/// What a source may do next.
#[derive(Debug, Clone)]
enum Move {
    Report {
        level: usize,
        raised: bool,
        id: Option<u8>,
        exercise: bool,
    },
    Wait(u64),
    Restart,
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let report = (
        0..2usize,
        any::<bool>(),
        proptest::option::of(0..2u8),
        any::<bool>(),
    );
    let report = report.prop_map(|(level, raised, id, exercise)| Move::Report {
        level,
        raised,
        id,
        exercise,
    });
    let wait = prop_oneof![0..200u64, 1_000..400_000u64].prop_map(Move::Wait);
    let one = prop_oneof![8 => report, 3 => wait, 1 => Just(Move::Restart)];
    proptest::collection::vec(one, 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn at_most_one_alert_per_alarm_level_and_quiet_time_and_no_drill_is_live(moves in moves()) {
        let mut policy = alarm_policy();
        policy.alarms[0].clear_text = None;
        let mut rig = Rig::of(policy.clone());
        for one in moves {
            match one {
                Move::Report { level, raised, id, exercise } => {
                    let report = AlarmReport {
                        id: id.map(|id| id.to_string()),
                        exercise,
                        ..said(["low", "high"][level], raised)
                    };
                    let _ = rig.ask(Request::ReportAlarm(report));
                }
                Move::Wait(millis) => rig.pass(Duration::from_millis(millis)),
                Move::Restart => {
                    // The rig's ids come from the time of the start.
                    rig.pass(Duration::from_millis(10));
                    let durable = rig.facts.len();
                    rig.restart_with(policy.clone(), durable);
                }
            }
        }
        let alerts: BTreeMap<AlertId, bool> = rig
            .accepted()
            .iter()
            .map(|alert| (alert.id, alert.exercise))
            .collect();
        let mut newest: BTreeMap<(String, bool, String), Wall> = BTreeMap::new();
        let mut ids: BTreeMap<SensorAlarmId, String> = BTreeMap::new();
        let mut made = 0;
        for entry in &rig.facts {
            match &entry.fact {
                Fact::AlarmRaised(alarm) => {
                    ids.insert(alarm.of.id, format!("{:?}", alarm.source_id));
                }
                Fact::AlarmAlerted { of, alert, level, .. } => {
                    made += 1;
                    prop_assert_eq!(alerts.get(alert), Some(&of.exercise));
                    let known = (ids[&of.id].clone(), of.exercise, level.name.clone());
                    if let Some(before) = newest.insert(known, entry.at) {
                        prop_assert!(entry.at.since(before) >= 5 * MINUTE);
                    }
                }
                _ => {}
            }
        }
        prop_assert_eq!(made, alerts.len());
    }
}
