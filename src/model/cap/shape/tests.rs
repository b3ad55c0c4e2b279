use narrowcast_protocol::warning::cap::{Circle, Point};
use proptest::collection::vec;
use proptest::prelude::*;

use super::super::round::Round;
use super::*;

fn point(latitude: f64, longitude: f64) -> Point {
    Point::new(latitude, longitude).unwrap()
}

fn points(text: &str) -> Vec<Point> {
    let pairs = text.split_whitespace();
    pairs.map(|pair| Point::parse(pair).unwrap()).collect()
}

fn outline(text: &str) -> Outline {
    Outline::new(&points(text)).unwrap()
}

fn meets(one: &Outline, other: &Outline) -> bool {
    let there = one.meets(other, &mut Effort::new()).unwrap();
    let back = other.meets(one, &mut Effort::new()).unwrap();
    assert_eq!(there, back, "it is the same both ways");
    there
}

fn holds(outline: &Outline, at: Point) -> bool {
    outline.holds(at.into(), &mut Effort::new()).unwrap()
}

fn round(at: Point, km: f64) -> Round {
    (&Circle::new(at, km).unwrap()).into()
}

fn reaches(at: Point, km: f64, outline: &Outline) -> bool {
    round(at, km).meets(outline, &mut Effort::new()).unwrap()
}

const SQUARE: &str = "34,113 35,113 35,114 34,114 34,113";

#[test]
fn what_touches_counts_and_what_lies_beside_does_not() {
    let square = outline(SQUARE);
    for (other, is) in [
        // At a corner, along a side, at one point of a side.
        ("35,114 36,114 36,115 35,115", true),
        ("34,114 35,114 35,115 34,115", true),
        ("34.5,114 36,115 36,116", true),
        // In it, around it, across it without a corner in it.
        ("34.4,113.4 34.5,113.4 34.5,113.5", true),
        ("33,112 36,112 36,115 33,115", true),
        ("34.4,112 34.6,112 34.6,115 34.4,115", true),
        // A step of the grid away; and boxes that touch without the shapes.
        ("34,114.000001 35,114.000001 35,115 34,115", false),
        ("34.9,114.2 36,113.1 36,114.2", false),
        ("36,113 37,113 37,114", false),
    ] {
        assert_eq!(meets(&square, &outline(other)), is, "{other}");
    }
}

#[test]
fn a_notch_is_outside_and_what_lies_in_it_is_not_met() {
    // A U that is open to the north.
    let notched = outline("34,113 36,113 36,113.3 34.3,113.3 34.3,113.7 36,113.7 36,114 34,114");
    assert!(!holds(&notched, point(35.0, 113.5)));
    assert!(holds(&notched, point(35.0, 113.3)), "the border is in");
    assert!(!meets(&notched, &outline("35,113.4 35.5,113.4 35.5,113.6")));
    assert!(meets(&notched, &outline("35,113.4 35.5,113.4 35.5,113.8")));
    assert!(!reaches(point(35.0, 113.5), 18.0, &notched));
    // A fifth of a degree of longitude is 18.2 km there.
    assert!(reaches(point(35.0, 113.5), 18.3, &notched));
}

#[test]
fn what_is_wound_around_twice_is_in_and_a_hole_is_out() {
    let star = outline("4,0 -3.236,2.351 1.236,-3.804 1.236,3.804 -3.236,-2.351");
    assert!(holds(&star, point(0.0, 0.0)) && holds(&star, point(3.0, 0.0)));
    assert!(!holds(&star, point(3.0, 2.0)));
    // A square with a hole, to which a cut leads.
    let ring = outline("0,0 0,9 9,9 9,0 0,0 3,3 6,3 6,6 3,6 3,3 0,0");
    assert!(!holds(&ring, point(4.5, 4.5)) && holds(&ring, point(1.0, 2.0)));
    assert!(!meets(&ring, &outline("4,4 4,5 5,5")));
    assert!(meets(&ring, &outline("4,4 4,5 6,5")));
}

#[test]
fn shapes_without_an_inside_are_the_points_and_lines_that_they_are() {
    let square = outline(SQUARE);
    for (degenerate, is) in [
        ("34.5,113.5 34.5,113.5 34.5,113.5 34.5,113.5", true),
        ("34.5,113.5", true),
        ("35,113.5", true),
        ("35.000001,113.5", false),
        ("33,113.5 36,113.5 33,113.5", true),
        ("33,112 33,112 33,116 33,112", false),
    ] {
        let shape = outline(degenerate);
        assert_eq!(meets(&square, &shape), is, "{degenerate}");
        assert!(meets(&shape, &shape), "{degenerate}");
    }
    // Two lines that cross, two on one line, two points.
    assert!(meets(&outline("0,0 2,2"), &outline("0,2 2,0")));
    assert!(meets(&outline("0,0 2,2"), &outline("1,1 3,3")));
    assert!(!meets(&outline("0,0 1,1"), &outline("2,2 3,3")));
    assert!(!meets(&outline("0,0"), &outline("0,0.000001")));
    // A circle without a radius is its point.
    assert!(reaches(point(35.0, 113.5), 0.0, &square));
    assert!(!reaches(point(35.001, 113.5), 0.0, &square));
    assert!(reaches(point(34.5, 113.5), 0.0, &square));
}

#[test]
fn a_circle_reaches_a_side_by_the_great_circle() {
    // The side on the meridian of 113 degrees is 45.6 km away: half a degree at 35 degrees north
    // is 45.5 km, and 55.6 km at the equator.
    let north = outline("34,113 36,113 36,114 34,114");
    assert!(!reaches(point(35.0, 112.5), 45.4, &north));
    assert!(reaches(point(35.0, 112.5), 45.7, &north));
    // Around everything.
    assert!(reaches(point(35.0, 113.5), 900.0, &north));
    assert!(reaches(point(-35.0, -66.5), 20_100.0, &north));
    // On the other side of the 180th meridian.
    let east = outline("9,-179.9 11,-179.9 11,-179 9,-179");
    assert!(reaches(point(10.0, 179.9), 22.0, &east));
    assert!(!reaches(point(10.0, 179.9), 21.8, &east));
}

#[test]
fn an_outline_across_the_180th_meridian_is_refused_and_one_beside_it_is_not() {
    let of = |text: &str| Outline::new(&points(text)).map(|_| ());
    assert_eq!(of("1,179 1,-179 2,179"), Err(ShapeError::Antimeridian));
    assert_eq!(of("1,90 1,-90 2,90"), Err(ShapeError::Antimeridian));
    assert_eq!(of("1,179 1,180 2,179"), Ok(()));
    assert_eq!(of("-90,-180 90,-1 -90,178"), Err(ShapeError::Antimeridian));
    assert_eq!(of(""), Err(ShapeError::Empty));
}

/// A line of `count` points that goes to and fro over a box, whose turns are `step` apart.
fn zigzag(south: f64, west: f64, height: f64, width: f64, count: u32) -> Outline {
    let points = (0..count).map(|at| {
        let north = if at % 2 == 0 { south } else { south + height };
        let part = f64::from(at) / f64::from(count);
        point(north, west + width * part)
    });
    Outline::new(&points.collect::<Vec<_>>()).unwrap()
}

/// A round shape of `count` points.
fn coast(latitude: f64, longitude: f64, degrees: f64, count: u32) -> Outline {
    let points = (0..count).map(|at| {
        let turn = f64::from(at) / f64::from(count) * std::f64::consts::TAU;
        let ragged = degrees * (1.0 + 0.02 * f64::from(at % 7));
        point(
            latitude + ragged * turn.sin(),
            longitude + ragged * turn.cos(),
        )
    });
    Outline::new(&points.collect::<Vec<_>>()).unwrap()
}

#[test]
fn ten_thousand_points_against_a_thousand_areas_cost_what_they_may() {
    // A province of 10,000 points, and 1,000 counties of 100 points inside and around it.
    let province = coast(34.0, 113.0, 3.0, 10_000);
    let mut effort = Effort::new();
    let mut met = 0;
    for county in 0..1_000_u32 {
        let (north, east) = (f64::from(county / 32), f64::from(county % 32));
        let county = coast(29.0 + north * 0.32, 108.0 + east * 0.32, 0.15, 100);
        met += u32::from(province.meets(&county, &mut effort).unwrap());
    }
    assert!((250..600).contains(&met), "{met}");
    assert!(effort.spent() < MOST / 3, "{}", effort.spent());
    // Made to cost much: all sides of the one lie beside all sides of the other. It ends, by
    // being refused.
    let hostile = zigzag(0.0, 0.0, 10.0, 10.0, 10_000);
    let area = zigzag(0.0005, 0.0005, 9.0, 0.0001, 1_000);
    let mut effort = Effort::new();
    let answers = (0..1_000).map(|_| hostile.meets(&area, &mut effort));
    let last = answers.take_while(Result::is_ok).count();
    assert!(effort.spent() <= MOST && last > 0, "{last}");
}

/// Points within some degrees of each other, off the grid; some of them the same.
fn shape() -> impl Strategy<Value = Vec<Point>> {
    let near = (33.0..36.0_f64, 112.0..115.0_f64);
    let coarse = (0..4_u8, 0..4_u8)
        .prop_map(|(north, east)| point(33.0 + f64::from(north), 112.0 + f64::from(east)));
    let fine = near.prop_map(|(north, east)| point(north, east));
    vec(prop_oneof![fine, coarse], 1..9)
}

/// The answer by another way: fine points on each border against the other shape.
fn sampled(one: &[Point], other: &Outline) -> bool {
    let next = one.iter().cycle().skip(1);
    one.iter().zip(next).any(|(from, to)| {
        (0..=200).any(|step| {
            let part = f64::from(step) / 200.0;
            let north = from.latitude() + (to.latitude() - from.latitude()) * part;
            let east = from.longitude() + (to.longitude() - from.longitude()) * part;
            holds(other, point(north, east))
        })
    })
}

proptest! {
    #[test]
    fn a_shape_meets_itself_its_points_and_every_circle_around_one_of_them(
        points in shape(), km in 0.0..50.0_f64,
    ) {
        let whole = Outline::new(&points).unwrap();
        prop_assert!(meets(&whole, &whole));
        for at in &points {
            prop_assert!(holds(&whole, *at));
            prop_assert!(reaches(*at, km, &whole));
            prop_assert!(meets(&whole, &Outline::new(&[*at]).unwrap()));
        }
    }

    #[test]
    fn the_order_of_the_points_and_where_they_begin_do_not_matter(
        one in shape(), other in shape(), start in 0..9_usize, north in 33.0..36.0_f64, east in 112.0..115.0_f64,
    ) {
        let at = point(north, east);
        let there = Outline::new(&other).unwrap();
        let first = Outline::new(&one).unwrap();
        let mut turned = one.clone();
        turned.rotate_left(start % one.len());
        let mut back = turned.clone();
        back.reverse();
        let mut closed = one.clone();
        closed.push(one[0]);
        for again in [turned, back, closed] {
            let again = Outline::new(&again).unwrap();
            prop_assert_eq!(holds(&again, at), holds(&first, at));
            prop_assert_eq!(meets(&again, &there), meets(&first, &there));
            prop_assert_eq!(reaches(at, 20.0, &again), reaches(at, 20.0, &first));
        }
    }

    #[test]
    fn far_away_nothing_is_met(points in shape(), other in shape(), km in 0.0..200.0_f64) {
        let moved: Vec<Point> = other.iter()
            .map(|it| point(it.latitude() - 30.0, it.longitude() + 40.0))
            .collect();
        let (one, far) = (Outline::new(&points).unwrap(), Outline::new(&moved).unwrap());
        prop_assert!(!meets(&one, &far));
        for at in moved {
            prop_assert!(!holds(&one, at) && !reaches(at, km, &one));
        }
    }

    #[test]
    fn what_points_on_the_borders_show_is_found(one in shape(), other in shape()) {
        let (first, second) = (Outline::new(&one).unwrap(), Outline::new(&other).unwrap());
        if sampled(&one, &second) || sampled(&other, &first) {
            prop_assert!(meets(&first, &second));
        }
    }

    #[test]
    fn a_circle_meets_what_it_holds_a_point_of(
        points in shape(), north in 33.0..36.0_f64, east in 112.0..115.0_f64, km in 0.0..150.0_f64,
    ) {
        let at = point(north, east);
        let whole = Outline::new(&points).unwrap();
        let next = points.iter().cycle().skip(1);
        let within = |km: f64| points.iter().zip(next.clone()).any(|(from, to)| {
            (0..=200).any(|step| {
                let part = f64::from(step) / 200.0;
                let north = from.latitude() + (to.latitude() - from.latitude()) * part;
                let east = from.longitude() + (to.longitude() - from.longitude()) * part;
                round(at, km).holds(point(north, east).into())
            })
        });
        let met = reaches(at, km, &whole);
        if within(km * 0.999) {
            prop_assert!(met);
        }
        // Points on the border are 2 km apart at most.
        if met && !holds(&whole, at) {
            prop_assert!(within(km + 1.5));
        }
    }
}
