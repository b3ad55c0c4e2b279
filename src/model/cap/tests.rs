use narrowcast_protocol::warning::cap::{
    Area, Category, Certainty, Identifier, Info, Layout, MsgType, Named, Scope, Sender, Severity,
    Status, Time, Urgency,
};

use super::choice::LIFE;
use super::*;
use crate::model::alert::Ask;
use crate::model::ids::AlertId;

/// 08:00 of the day in Beijing.
pub(super) fn now() -> Wall {
    at("08:00")
}

fn time(hour: &str) -> Time {
    Time::parse(&format!("2026-11-23T{hour}:00+08:00")).unwrap()
}

fn at(hour: &str) -> Wall {
    time(hour).timestamp().into()
}

fn area(name: &str, code: &str) -> Area {
    Area {
        area_desc: name.to_owned(),
        polygon: vec![],
        circle: vec![],
        geocode: vec![Named {
            value_name: "GB".to_owned(),
            value: code.to_owned(),
        }],
        altitude: None,
        ceiling: None,
    }
}

pub(super) fn info(language: &str, event: &str, severity: Severity, from: &str, to: &str) -> Info {
    let mut info = Info::new(
        Category::Met,
        event,
        Urgency::Expected,
        severity,
        Certainty::Likely,
    );
    info.language = (!language.is_empty()).then(|| language.to_owned());
    info.onset = Some(time(from));
    info.expires = Some(time(to));
    info.area = vec![area("郑州市", "410100")];
    info
}

pub(super) fn alert(info: Vec<Info>) -> Alert {
    Alert {
        identifier: Identifier::new("a-1").unwrap(),
        sender: Sender::new("bureau").unwrap(),
        sent: time("07:30"),
        status: Status::Actual,
        msg_type: MsgType::Alert,
        source: None,
        scope: Scope::Public,
        restriction: None,
        addresses: vec![],
        code: vec![],
        note: None,
        references: vec![],
        incidents: vec![],
        info,
    }
}

pub(super) fn rules() -> CapRules {
    let known = |code: &str, target: &str| CapArea {
        geocode: Some(code.to_owned()),
        targets: vec![target.parse().unwrap(), "group:fire-1".parse().unwrap()],
        ..CapArea::default()
    };
    CapRules {
        sender: "nc.example".to_owned(),
        ask: Ask::Receipt,
        areas: vec![known("410100", "node:east"), known("410200", "node:west")],
        default_targets: vec![],
        all_clear: true,
        national: None,
        exercise_sign: "【演练】".to_owned(),
        trust: None,
    }
}

fn mapped(info: Vec<Info>) -> Mapped {
    map(&alert(info), &rules(), now()).unwrap()
}

fn names(targets: &[Target]) -> Vec<String> {
    targets.iter().map(ToString::to_string).collect()
}

/// Three info of one language: 大风 Moderate, 道路结冰 Severe in two areas, 大风 Minor.
pub(super) fn several() -> Vec<Info> {
    let mut icy = info("zh-CN", "道路结冰", Severity::Severe, "18:00", "23:00");
    icy.area.push(area("开封市", "410200"));
    vec![
        info("zh-CN", "大风", Severity::Moderate, "08:00", "12:00"),
        icy,
        info("zh-CN", "大风", Severity::Minor, "12:00", "18:00"),
    ]
}

#[test]
fn of_several_info_all_events_are_named_and_the_highest_counts() {
    let all = mapped(several());
    assert_eq!(
        all.words.text,
        "大风 08:00-12:00 郑州市；道路结冰 18:00-23:00 郑州市、开封市；大风 12:00-18:00 郑州市"
    );
    assert_eq!(all.precedence, Precedence::Immediate);
    assert_eq!(
        names(&all.targets),
        ["node:east", "group:fire-1", "node:west"]
    );
    assert_eq!(all.expires_at, at("23:00"));
}

#[test]
fn an_info_that_has_expired_no_longer_counts() {
    let mut infos = several();
    infos[1].expires = Some(time("07:59"));
    let left = mapped(infos);
    assert_eq!(left.precedence, Precedence::Priority);
    assert!(!left.words.text.contains("结冰") && left.words.text.contains("大风"));
    assert_eq!(left.expires_at, at("18:00"));
    assert_eq!(names(&left.targets), ["node:east", "group:fire-1"]);
    let mut infos = several();
    for info in &mut infos {
        info.expires = Some(time("07:59"));
    }
    assert!(mapped(infos).expires_at < now(), "the engine refuses it");
}

#[test]
fn what_is_too_long_with_areas_is_said_without_them_and_cut_only_at_last() {
    let mut infos = several();
    infos[1].area = vec![area(&"区".repeat(290), "410200")];
    let text = mapped(infos).words.text;
    assert_eq!(
        text,
        "大风 08:00-12:00；道路结冰 18:00-23:00；大风 12:00-18:00"
    );
    let mut long = info("", "大风", Severity::Minor, "08:00", "12:00");
    long.headline = Some("风".repeat(301));
    let text = mapped(vec![long]).words.text;
    assert_eq!(text.chars().count(), 300);
    assert!(text.ends_with('…'));
}

#[test]
fn one_info_is_its_headline_and_its_instruction_if_that_fits() {
    let mut one = info("", "大风", Severity::Minor, "08:00", "12:00");
    assert_eq!(mapped(vec![one.clone()]).words.text, "大风 郑州市");
    one.headline = Some(" 大风\n 蓝色预警\u{202E}\u{200D} ".to_owned());
    one.instruction = Some("关好门窗".to_owned());
    assert_eq!(
        mapped(vec![one.clone()]).words.text,
        "大风 蓝色预警。关好门窗"
    );
    one.instruction = Some("窗".repeat(300));
    assert_eq!(mapped(vec![one.clone()]).words.text, "大风 蓝色预警");
    one.headline = Some("\u{200B}".to_owned());
    one.event = "\u{FE0F}".to_owned();
    one.area[0].area_desc = "\u{200B}".to_owned();
    one.instruction = None;
    let nothing = map(&alert(vec![one]), &rules(), now());
    assert_eq!(nothing, Err(Unmapped::NoWords));
}

#[test]
fn chinese_goes_before_the_default_and_that_before_the_first() {
    let of = |language: &str| {
        let event = if language.is_empty() {
            "none"
        } else {
            language
        };
        info(language, event, Severity::Minor, "08:00", "12:00")
    };
    for (languages, chosen) in [
        (&["fr", "en-US", "zh-TW", "zh-cn"][..], "zh-cn"),
        (&["fr", "en-US", "zh-TW", "zh-HK"], "zh-TW"),
        (&["fr", "", "de"], "none"),
        (&["fr", "de"], "fr"),
    ] {
        let infos = languages.iter().map(|it| of(it)).collect();
        assert_eq!(mapped(infos).words.text, format!("{chosen} 郑州市"));
    }
}

#[test]
fn without_expires_it_holds_for_twelve_hours_and_never_longer_than_a_week() {
    let mut one = info("", "e", Severity::Minor, "10:00", "12:00");
    one.expires = None;
    assert_eq!(mapped(vec![one.clone()]).expires_at, at("22:00"));
    one.onset = None;
    assert_eq!(mapped(vec![one.clone()]).expires_at, at("19:30"));
    one.expires = Time::parse("9999-12-31T23:59:59+00:00");
    assert_eq!(mapped(vec![one]).expires_at, now().plus(LONGEST));
}

#[test]
fn unknown_areas_are_named_and_nobody_is_guessed() {
    let mut one = info("", "e", Severity::Minor, "08:00", "12:00");
    one.area.push(area("洛阳市", "410300"));
    let some = mapped(vec![one.clone()]);
    assert_eq!(names(&some.targets), ["node:east", "group:fire-1"]);
    assert_eq!(some.unknown_areas, ["洛阳市, geocode 410300"]);
    // A code that only begins like a known one is another.
    one.area = vec![area("x", "4101")];
    let error = map(&alert(vec![one.clone()]), &rules(), now()).unwrap_err();
    assert_eq!(error.element(), "info/area");
    assert!(error.to_string().contains("4101") && error.to_string().contains("[[cap.area]]"));
    let rules = CapRules {
        default_targets: vec![Target::All],
        ..rules()
    };
    let by_default = map(&alert(vec![one]), &rules, now()).unwrap();
    assert_eq!(by_default.targets, [Target::All]);
    assert_eq!(map(&alert(vec![]), &rules, now()), Err(Unmapped::NoInfo));
}

#[test]
fn the_key_is_sender_and_identifier_and_never_too_long() {
    let of = |text: &str| key(&text.parse().unwrap());
    let east = of("s,i,2026-01-31T08:00:00+08:00");
    assert_eq!(east, "cap:s,i");
    assert_eq!(of("s,i,2026-01-31T00:00:00+00:00"), east);
    let long = of(&format!("s,{},2026-01-31T08:00:00+08:00", "i".repeat(300)));
    let other = of(&format!("s,{},2026-01-31T08:00:00+08:00", "i".repeat(301)));
    assert!(long.starts_with("cap:sha256:") && long.len() <= NAME_CHARACTERS && long != other);
}

#[test]
fn what_we_write_is_valid_and_a_cancel_names_its_alert() {
    for precedence in Precedence::ALL {
        let outgoing = Outgoing {
            id: AlertId(ulid::Ulid::from(7u128)),
            text: " leave < now & \"run\" ",
            targets: &[],
            language: None,
            translations: &[],
            precedence,
            exercise: precedence == Precedence::Routine,
            accepted_at: Wall::from_millis(1_700_000_000_123),
            expires_at: Wall::from_millis(1_700_000_100_456),
            cancelled_at: None,
        };
        let first = outgoing.alert(&rules()).unwrap();
        first.to_xml(Layout::Indented).unwrap();
        assert_eq!(super::precedence(&first.info[0]), precedence);
        assert_eq!(
            first.info[0].headline.as_deref(),
            Some("leave < now & \"run\"")
        );
        let cancelled = Outgoing {
            // In the same second.
            cancelled_at: Some(outgoing.accepted_at),
            ..outgoing
        };
        let cancel = cancelled.alert(&rules()).unwrap();
        cancel.to_xml(Layout::Compact).unwrap();
        assert_eq!(cancel.references, [first.id()]);
        assert_eq!(cancel.msg_type, MsgType::Cancel);
    }
}

/// Areas of what we write for these targets: each by its description, its codes, its shapes.
fn written_areas(targets: &[&str], areas: Vec<CapArea>) -> Vec<(String, String, usize)> {
    let targets: Vec<String> = targets.iter().map(|it| (*it).to_owned()).collect();
    let outgoing = Outgoing {
        id: AlertId(ulid::Ulid::from(7u128)),
        text: "t",
        targets: &targets,
        language: None,
        translations: &[],
        precedence: Precedence::Routine,
        exercise: false,
        accepted_at: now(),
        expires_at: now().plus(LIFE),
        cancelled_at: None,
    };
    let rules = CapRules { areas, ..rules() };
    let alert = outgoing.alert(&rules).unwrap();
    alert.to_xml(Layout::Compact).unwrap();
    let codes = |area: &Area| {
        let all = area.geocode.iter();
        let all = all.map(|it| format!("{}={}", it.value_name, it.value));
        all.collect::<Vec<_>>().join(" ")
    };
    let areas = alert.info[0].area.iter();
    areas
        .map(|it| (it.area_desc.clone(), codes(it), it.points()))
        .collect()
}

fn is(name: &str, codes: &str, points: usize) -> (String, String, usize) {
    (name.to_owned(), codes.to_owned(), points)
}

#[test]
fn what_we_write_names_the_areas_all_of_whose_targets_it_is_for() {
    let parsed = |text: &str| narrowcast_protocol::warning::cap::Point::parse(text).unwrap();
    let square = ["34,113", "35,113", "35,114"].map(parsed);
    let city = CapArea {
        name: Some("郑州市".to_owned()),
        region: Region::parse("410100"),
        polygon: Some(Outline::new(&square).unwrap()),
        site: Some(parsed("34.75,113.66").into()),
        targets: vec!["node:east".parse().unwrap(), "system:hall".parse().unwrap()],
        ..CapArea::default()
    };
    let of = |targets: &[&str]| written_areas(targets, vec![city.clone()]);
    let whole = is("郑州市", "GB/T 2260=410100", 5);
    let alone = of(&["system:hall", "node:east"]);
    assert_eq!(alone, std::slice::from_ref(&whole));
    assert_eq!(
        of(&[
            "node:east",
            "group:fire-1",
            "radio:7",
            "person:p",
            "system:hall",
            "all"
        ]),
        [
            whole,
            is("group:fire-1", "narrowcast:target=group:fire-1", 0),
            is("all", "narrowcast:target=all", 0),
        ]
    );
    // The city is more than its node, and the hall is no area.
    assert_eq!(
        of(&["node:east"]),
        [is("node:east", "narrowcast:target=node:east", 0)]
    );
    assert_eq!(of(&["system:hall"]), []);
}

#[test]
fn an_area_that_we_write_has_what_is_known_of_it() {
    let of = |area: CapArea| {
        let area = CapArea {
            targets: vec!["node:east".parse().unwrap()],
            ..area
        };
        written_areas(&["node:east"], vec![area])
    };
    let some = |text: &str| Some(text.to_owned());
    let own = is("node:east", "narrowcast:target=node:east", 0);
    assert_eq!(
        of(CapArea {
            geocode: some("3537001"),
            code_name: some("CLC"),
            ..CapArea::default()
        }),
        [is("node:east", "CLC=3537001", 0)]
    );
    assert_eq!(
        of(CapArea {
            name: some("郑州市"),
            ..CapArea::default()
        }),
        [is("郑州市", "narrowcast:target=node:east", 0)]
    );
    // An address is no area.
    assert_eq!(
        of(CapArea {
            address: some("fire-1"),
            ..CapArea::default()
        }),
        [own]
    );
}

#[test]
fn so_many_areas_are_written_as_a_reader_takes() {
    let point = |at: u32| {
        let turn = f64::from(at) * 0.006;
        narrowcast_protocol::warning::cap::Point::new(34.0 + turn.sin(), 113.0 + turn.cos())
    };
    let points: Vec<_> = (0..1_000).filter_map(point).collect();
    let area = CapArea {
        polygon: Some(Outline::new(&points).unwrap()),
        targets: vec!["node:east".parse().unwrap()],
        ..CapArea::default()
    };
    let all = written_areas(&["node:east"], vec![area; 300]);
    assert_eq!(all.len(), 200);
    assert_eq!(all.iter().filter(|(_, _, points)| *points > 0).count(), 9);
    assert!(all[9].1.contains("node:east"));
}
