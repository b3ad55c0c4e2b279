use std::path::PathBuf;

use narrowcast_protocol::warning::cap::{Area, Circle, Named, Point, Polygon, read};
use narrowcast_protocol::warning::xml::Strictness;

use super::super::tests::{alert, info, now};
use super::super::{Mapped, map};
use super::*;
use crate::model::cap::{Outline, Region};
use crate::model::wall::Wall;

/// Keys of a `[[cap.area]]`, and its target.
fn rule(target: &str, area: CapArea) -> CapArea {
    CapArea {
        targets: vec![target.parse().unwrap()],
        ..area
    }
}

fn region(code: &str, target: &str) -> CapArea {
    let area = CapArea {
        region: Region::parse(code),
        ..CapArea::default()
    };
    rule(target, area)
}

fn points(text: &str) -> Vec<Point> {
    let pairs = text.split_whitespace();
    pairs.map(|pair| Point::parse(pair).unwrap()).collect()
}

fn polygon(text: &str, target: &str) -> CapArea {
    let area = CapArea {
        polygon: Some(Outline::new(&points(text)).unwrap()),
        ..CapArea::default()
    };
    rule(target, area)
}

fn site(text: &str, target: &str) -> CapArea {
    let area = CapArea {
        site: Some(points(text)[0].into()),
        ..CapArea::default()
    };
    rule(target, area)
}

fn rules(areas: Vec<CapArea>) -> CapRules {
    CapRules {
        areas,
        ..super::super::tests::rules()
    }
}

fn coded(name: &str, codes: &[(&str, &str)]) -> Area {
    let codes = codes.iter().map(|(system, value)| Named {
        value_name: (*system).to_owned(),
        value: (*value).to_owned(),
    });
    Area {
        area_desc: name.to_owned(),
        geocode: codes.collect(),
        ..Area::default()
    }
}

fn shaped(name: &str, polygons: &[&str], circles: &[(&str, f64)]) -> Area {
    let polygons = polygons.iter().map(|text| {
        let mut points = points(text);
        points.push(points[0]);
        Polygon::new(points).unwrap()
    });
    let circles = circles
        .iter()
        .map(|(at, km)| Circle::new(points(at)[0], *km).unwrap());
    Area {
        area_desc: name.to_owned(),
        polygon: polygons.collect(),
        circle: circles.collect(),
        ..Area::default()
    }
}

fn document(areas: Vec<Area>) -> Alert {
    let mut one = info(
        "zh-CN",
        "大风",
        narrowcast_protocol::warning::cap::Severity::Minor,
        "08:00",
        "12:00",
    );
    one.area = areas;
    alert(vec![one])
}

fn mapped(areas: Vec<Area>, rules: &CapRules) -> Result<Mapped, Unmapped> {
    map(&document(areas), rules, now())
}

fn names(targets: &[Target]) -> Vec<String> {
    targets.iter().map(ToString::to_string).collect()
}

/// Whom an area is for; nobody where it hits nothing.
fn hit(area: Area, rules: &CapRules) -> Vec<String> {
    match mapped(vec![area], rules) {
        Ok(mapped) => {
            assert_eq!(mapped.matched_areas.len(), 1, "{:?}", mapped.matched_areas);
            names(&mapped.targets)
        }
        Err(Unmapped::NoTargets(unknown)) => {
            assert_eq!(unknown.len(), 1);
            Vec::new()
        }
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn a_region_reaches_its_parts_and_a_part_reaches_it_only_if_it_is_widened() {
    let mut wide = region("410100", "group:wide");
    wide.widen = true;
    let rules = rules(vec![
        region("410100", "group:city"),
        region("410105", "group:county"),
        region("410105001000", "group:township"),
        wide,
    ]);
    let city = ["group:city", "group:county", "group:township", "group:wide"];
    for (code, targets) in [
        ("410000", &city[..]),
        ("410000000000", &city),
        ("410100", &city),
        ("410100000000,410100000000", &city),
        ("410105", &["group:county", "group:township", "group:wide"]),
        ("410105001000", &["group:township", "group:wide"]),
        ("410105001002", &["group:wide"]),
        ("410106，410200", &["group:wide"]),
        ("410200", &[]),
        ("420000", &[]),
        ("41", &[]),
        ("", &[]),
    ] {
        assert_eq!(hit(coded("x", &[("GB", code)]), &rules), targets, "{code}");
    }
    let said = mapped(vec![coded("河南省", &[("GB", "410000")])], &rules).unwrap();
    let said = &said.matched_areas[0];
    assert!(
        said.starts_with("河南省, geocode 410000: region 410100 by 410000; "),
        "{said}"
    );
}

#[test]
fn codes_of_other_systems_are_no_regions_and_a_wanted_system_must_be_the_codes() {
    let of = |name: &str| {
        let mut named = region("136000", "group:a");
        named.code_name = Some(name.to_owned());
        rules(vec![named])
    };
    let any = rules(vec![
        region("136000", "group:a"),
        region("110101", "group:b"),
    ]);
    assert_eq!(
        hit(coded("x", &[("GB/T 2260", "136000")]), &any),
        ["group:a"]
    );
    // Parts of a county of the United States are written with a digit before its state.
    for system in ["SAME", "same", "FIPS6", "layer:EC-MSC-SMC:1.0:CLC"] {
        assert_eq!(
            hit(coded("x", &[(system, "136000")]), &any),
            [""; 0],
            "{system}"
        );
    }
    assert_eq!(hit(coded("x", &[("other", "006037")]), &any), [""; 0]);
    assert_eq!(
        hit(coded("x", &[("GB/T 2260", "136000")]), &of("GB/T 2260")),
        ["group:a"]
    );
    assert_eq!(
        hit(coded("x", &[("other", "136000")]), &of("GB/T 2260")),
        [""; 0]
    );
    assert_eq!(
        hit(coded("x", &[("SAME", "130000")]), &of("GB/T 2260")),
        [""; 0]
    );
}

#[test]
fn other_codes_are_compared_whole() {
    let code = |value: &str, system: Option<&str>, target: &str| {
        let area = CapArea {
            geocode: Some(value.to_owned()),
            code_name: system.map(str::to_owned),
            ..CapArea::default()
        };
        rule(target, area)
    };
    let rules = rules(vec![
        code("006037", Some("SAME"), "group:same"),
        code("006037", None, "group:any"),
        code("a,b", None, "group:list"),
        code("410100", None, "group:plain"),
    ]);
    assert_eq!(
        hit(coded("x", &[("SAME", " 006037 ")]), &rules),
        ["group:same", "group:any"]
    );
    assert_eq!(hit(coded("x", &[("CLC", "006037")]), &rules), ["group:any"]);
    assert_eq!(
        hit(coded("x", &[("CLC", "c,006037")]), &rules),
        ["group:any"]
    );
    assert_eq!(hit(coded("x", &[("CLC", "a,b")]), &rules), ["group:list"]);
    for code in ["00603", "0060370", "410000", "410100000000"] {
        assert_eq!(hit(coded("x", &[("CLC", code)]), &rules), [""; 0], "{code}");
    }
}

#[test]
fn shapes_are_hit_by_shapes_and_sites_by_what_holds_them() {
    let rules = rules(vec![
        polygon("34,113 35,113 35,114 34,114", "group:east"),
        polygon("34,110 35,110 35,111 34,111", "group:west"),
        site("34.75,113.66", "radio:1"),
    ]);
    for (area, targets) in [
        (
            shaped("a", &["34.5,113.9 34.5,116 36,116"], &[]),
            &["group:east"][..],
        ),
        (
            shaped("b", &["34,111 34,113 35,112"], &[]),
            &["group:east", "group:west"],
        ),
        (
            shaped("c", &[], &[("34.75,113.67", 1.0)]),
            &["group:east", "radio:1"],
        ),
        (
            shaped("d", &[], &[("34.75,113.66", 0.0)]),
            &["group:east", "radio:1"],
        ),
        (
            shaped("e", &["1,1 2,2 2,1"], &[("34.5,111.1", 10.0)]),
            &["group:west"],
        ),
        (
            shaped("f", &["30,100 40,100 40,120 30,120"], &[]),
            &["group:east", "group:west", "radio:1"],
        ),
        (
            shaped("g", &["34.1,111.1 34.9,111.1 34.9,112.9"], &[("1,1", 0.0)]),
            &[],
        ),
    ] {
        let name = area.area_desc.clone();
        assert_eq!(hit(area, &rules), targets, "{name}");
    }
    let said = mapped(vec![shaped("c", &[], &[("34.75,113.67", 1.0)])], &rules).unwrap();
    assert_eq!(
        said.matched_areas,
        ["c: polygon from 34,113; site 34.75,113.66"]
    );
}

#[test]
fn an_area_is_hit_by_any_of_its_codes_names_and_shapes() {
    let all = CapArea {
        name: Some("郑州市".to_owned()),
        geocode: Some("z".to_owned()),
        ..polygon("34,113 35,113 35,114 34,114", "group:a")
    };
    let rules = rules(vec![all, site("1,1", "group:b")]);
    for area in [
        coded(" 郑州市\n", &[]),
        coded("x", &[("s", "z")]),
        shaped("x", &[], &[("34.5,113.5", 1.0)]),
    ] {
        assert_eq!(hit(area, &rules), ["group:a"]);
    }
    let mut both = shaped("郑州市", &[], &[("1,1", 1.0)]);
    both.geocode = coded("", &[("s", "z")]).geocode;
    assert_eq!(hit(both, &rules), ["group:a", "group:b"]);
}

#[test]
fn a_polygon_across_the_180th_meridian_hits_nothing_and_is_named() {
    let rules = rules(vec![
        polygon("0,-179 2,-179 2,-178 0,-178", "group:a"),
        polygon("0,0 2,0 2,2 0,2", "group:zero"),
    ]);
    let across = shaped("x", &["1,179 1,-179 2,179"], &[]);
    let error = mapped(vec![across.clone()], &rules).unwrap_err();
    assert!(error.to_string().contains("180th meridian"), "{error}");
    let mut both = across;
    both.circle = shaped("", &[], &[("1,1", 1.0)]).circle;
    let some = mapped(vec![both], &rules).unwrap();
    assert_eq!(names(&some.targets), ["group:zero"]);
    assert_eq!(
        some.unknown_areas,
        ["x: a polygon across the 180th meridian is not used"]
    );
}

#[test]
fn addresses_and_the_group_parameter_name_their_targets_and_of_private_alerts_only_they() {
    let addressed = |address: &str, target: &str| {
        let area = CapArea {
            address: Some(address.to_owned()),
            ..CapArea::default()
        };
        rule(target, area)
    };
    let mut rules = rules(vec![
        addressed("fire 1", "group:fire"),
        addressed("depot", "group:depot"),
        region("410100", "group:city"),
    ]);
    let mut one = document(vec![coded("郑州市", &[("GB", "410100")])]);
    one.addresses = vec!["fire 1".to_owned(), "fire".to_owned()];
    one.info[0].parameter = vec![Named {
        value_name: "narrowcast:group".to_owned(),
        value: "depot, other".to_owned(),
    }];
    let public = map(&one, &rules, now()).unwrap();
    assert_eq!(
        names(&public.targets),
        ["group:fire", "group:depot", "group:city"]
    );
    assert_eq!(public.unknown_areas, ["address fire", "address other"]);
    assert_eq!(
        public.matched_areas[..2],
        ["address depot", "address fire 1"]
    );
    one.scope = Scope::Private;
    let private = map(&one, &rules, now()).unwrap();
    assert_eq!(names(&private.targets), ["group:fire", "group:depot"]);
    // Another parameter is nobody's address, and nobody stands in for an address.
    one.addresses = vec!["nobody".to_owned()];
    one.info[0].parameter[0].value_name = "narrowcast:other".to_owned();
    rules.default_targets = vec![Target::All];
    let error = map(&one, &rules, now()).unwrap_err();
    assert_eq!(error.element(), "addresses");
    assert!(error.to_string().contains("address nobody"), "{error}");
}

#[test]
fn many_areas_and_addresses_are_named_in_short() {
    let many = (0..300).map(|at| region("410100", &format!("group:g{at}")));
    let rules = rules(many.collect());
    let mut one = document(vec![coded("x", &[("GB", "410000")]); 5]);
    one.addresses = (0..100).map(|at| format!("a{at}")).collect();
    let mapped = map(&one, &rules, now()).unwrap();
    assert_eq!(mapped.targets.len(), 300);
    assert_eq!(mapped.matched_areas.len(), 1);
    assert!(mapped.matched_areas[0].ends_with("; and 280 more"));
    assert_eq!(mapped.unknown_areas.len(), NAMED + 1);
    assert_eq!(mapped.unknown_areas[NAMED], "and 80 more");
}

#[test]
fn a_province_reaches_more_villages_than_an_alert_names_through_the_nodes_above_them() {
    let code = |at: usize| format!("41{:02}{:02}", at / 90 + 1, at % 90 + 1);
    let villages = (0..1_200).map(|at| region(&code(at), &format!("node:city/east/v{at}")));
    let mut areas: Vec<CapArea> = villages.collect();
    let many = mapped(vec![coded("x", &[("GB", "410000")])], &rules(areas.clone()));
    assert_eq!(many, Err(Unmapped::ManyTargets(1_200)));
    areas.push(region("410000", "node:city/east"));
    areas.push(region("410000", "node:city/eastern"));
    let some = mapped(vec![coded("x", &[("GB", "410000")])], &rules(areas)).unwrap();
    assert_eq!(
        names(&some.targets),
        ["node:city/east", "node:city/eastern"]
    );
}

#[test]
fn shapes_that_would_take_too_long_are_refused_with_the_remedy() {
    // 10,000 circles in the notches of areas that are open to the north.
    let mut notched = String::from("30,100 40,100 ");
    for at in 0..900 {
        let north = 40.0 - f64::from(at) * 0.01;
        notched.push_str(&format!("{north:.2},100.001 "));
    }
    notched.push_str("30.001,100.001 30.001,110 40,110 40,111 30,111");
    let rules = rules(vec![polygon(&notched, "group:a"); 1_000]);
    let circles = vec![("35,105", 500.0); 10_000];
    let answer = mapped(vec![shaped("x", &[], &circles)], &rules);
    assert!(
        answer.is_ok(),
        "a circle that meets the first costs no more"
    );
    let circles = vec![("35,105", 450.0); 10_000];
    let error = mapped(vec![shaped("x", &[], &circles)], &rules).unwrap_err();
    assert_eq!(error, Unmapped::TooIntricate);
    assert_eq!(error.element(), "info/area");
}

/// Case C2: the second of three info has two areas with three polygons and one circle.
#[test]
fn all_shapes_of_all_areas_of_all_info_count() {
    let rules = rules(vec![
        site("34.5,113.5", "radio:1"),
        site("34.5,114.5", "radio:2"),
        site("34.5,115.5", "radio:3"),
        site("34.5,116.5", "radio:4"),
        site("34.5,117.5", "radio:5"),
        site("34.5,118.5", "radio:6"),
    ]);
    let square = |east: u16| format!("34,{east} 35,{east} 35,{} 34,{}", east + 1, east + 1);
    let (a, b, c, first) = (square(113), square(114), square(115), square(118));
    let mut three = super::super::tests::several();
    three[0].area = vec![shaped("市", &[first.as_str()], &[])];
    three[1].area = vec![
        shaped("北", &[a.as_str(), b.as_str()], &[]),
        shaped("南", &[c.as_str()], &[("34.5,116.49", 2.0)]),
    ];
    three[2].area = vec![shaped("市", &[first.as_str()], &[])];
    let all = map(&alert(three), &rules, now()).unwrap();
    assert_eq!(
        names(&all.targets),
        ["radio:6", "radio:1", "radio:2", "radio:3", "radio:4"]
    );
    assert_eq!(all.unknown_areas, [""; 0]);
    assert_eq!(
        all.matched_areas,
        [
            "市: site 34.5,118.5",
            "北: site 34.5,113.5; site 34.5,114.5",
            "南: site 34.5,115.5; site 34.5,116.5",
        ]
    );
}

/// A document of others as if it came when it was sent.
fn vector(file: &str) -> Option<(Alert, Wall)> {
    let root = std::env::var_os("NARROWCAST_VECTORS").map(PathBuf::from);
    if root.is_none() {
        eprintln!("NARROWCAST_VECTORS is not set: no area of others was compared");
    }
    let octets = std::fs::read(root?.join("cap").join(file)).unwrap();
    let document = read(&octets, Strictness::Lenient).unwrap();
    let alert = document.alerts[0].acceptable().unwrap().clone();
    let sent = Wall::from(alert.sent.timestamp());
    Some((alert, sent))
}

#[test]
fn polygons_of_a_hurricane_warning_reach_who_is_in_them() {
    let Some((alert, sent)) = vector("kel_NOAA_MultiplePolygons.txt") else {
        return;
    };
    // The parish has two polygons, the first a sliver of some hundred metres.
    let rules = rules(vec![
        site("30.214,-92.374", "radio:1"),
        site("30.226,-93.217", "radio:2"),
        site("30.0925,-92.6225", "radio:3"),
        polygon(
            "30.2,-92.5 30.2,-92.2 30.6,-92.2 30.6,-92.5",
            "group:parish",
        ),
        polygon("30.5,-92.5 30.5,-92.2 30.6,-92.2 30.6,-92.5", "group:north"),
        region("220010", "group:jilin"),
    ]);
    let mapped = map(&alert, &rules, sent).unwrap();
    assert_eq!(
        names(&mapped.targets),
        ["radio:1", "radio:3", "group:parish"]
    );
    assert_eq!(mapped.unknown_areas, [""; 0]);
}

#[test]
fn neighbours_of_a_canadian_warning_are_told_apart_by_their_polygons() {
    let Some((alert, sent)) = vector("goo_canada.cap") else {
        return;
    };
    let location = "profile:CAP-CP:Location:0.3";
    let coded = CapArea {
        geocode: Some("3537001".to_owned()),
        code_name: Some(location.to_owned()),
        ..CapArea::default()
    };
    let rules = rules(vec![
        site("42.3149,-83.0364", "radio:1"),
        site("42.4048,-82.191", "radio:2"),
        site("43.65,-79.38", "radio:3"),
        // In the lake south of both.
        polygon("41.6,-82.3 41.6,-82 41.9,-82", "group:lake"),
        rule("group:code", coded),
    ]);
    let mapped = map(&alert, &rules, sent).unwrap();
    assert_eq!(names(&mapped.targets), ["radio:1", "group:code", "radio:2"]);
    let [windsor, chatham] = mapped.matched_areas.as_slice() else {
        panic!("{:?}", mapped.matched_areas);
    };
    assert!(windsor.starts_with("Windsor") && windsor.ends_with("geocode 3537001"));
    assert!(chatham.starts_with("Chatham-Kent") && chatham.ends_with("site 42.4048,-82.191"));
}

#[test]
fn an_australian_warning_without_shapes_goes_by_its_codes() {
    let Some((alert, sent)) = vector("kel_australia_bom.cap") else {
        return;
    };
    let code = |system: &str, target: &str| {
        let area = CapArea {
            geocode: Some("NSW_PW003".to_owned()),
            code_name: Some(system.to_owned()),
            ..CapArea::default()
        };
        rule(target, area)
    };
    let rules = rules(vec![
        code("AMOC-AreaCode", "group:hunter"),
        code("other", "group:other"),
        polygon("-40,140 -20,140 -20,155 -40,155", "group:shape"),
    ]);
    let mapped = map(&alert, &rules, sent).unwrap();
    assert_eq!(names(&mapped.targets), ["group:hunter"]);
}
