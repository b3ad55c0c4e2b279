//! Areas of a CAP alert that we write: what of the configuration its targets stand for.

use std::collections::BTreeSet;

use narrowcast_protocol::warning::cap::{
    Area, Circle, MAX_AREAS, MAX_POINTS, Named, Point, Polygon,
};
use narrowcast_protocol::warning::text::one_line;

use super::{CapArea, Spot};
use crate::model::alert::Target;

/// `valueName` of a target of ours.
const TARGET: &str = "narrowcast:target";
/// `valueName` of Chinese regions, and of other codes, where none is configured.
const NAMES: (&str, &str) = ("GB/T 2260", "geocode");

/// The areas of an alert that names these targets: every configured one all of whose targets are
/// named, so that none says more than the alert does; then the nodes and groups that stand in
/// none of them, and everybody, each as an area of its own. Radios, persons and systems are no
/// areas.
pub(super) fn areas(targets: &[String], rules: &[CapArea]) -> Vec<Area> {
    let named: BTreeSet<&str> = targets.iter().map(String::as_str).collect();
    let (mut held, mut areas, mut room) = (BTreeSet::new(), Vec::new(), MAX_POINTS);
    for rule in rules {
        let ours: Vec<String> = rule.targets.iter().map(ToString::to_string).collect();
        if ours.is_empty() || !ours.iter().all(|target| named.contains(target.as_str())) {
            continue;
        }
        if let Some(area) = written(rule, &ours, &mut room) {
            areas.push(area);
            held.extend(ours);
        }
    }
    let others = targets.iter().filter(|target| !held.contains(*target));
    areas.extend(others.filter(|it| is_area(it)).map(|it| own(it)));
    areas.truncate(MAX_AREAS);
    areas
}

fn is_area(target: &str) -> bool {
    matches!(
        target.parse(),
        Ok(Target::Node(_) | Target::Group(_) | Target::All)
    )
}

fn code(name: &str, value: &str) -> Named {
    Named {
        value_name: one_line(name),
        value: one_line(value),
    }
}

/// A target as an area.
fn own(target: &str) -> Area {
    Area {
        area_desc: one_line(target),
        geocode: vec![code(TARGET, target)],
        ..Area::default()
    }
}

/// A configured area, its shapes if there is room for their points; none if addresses alone lead
/// to it.
fn written(rule: &CapArea, targets: &[String], room: &mut usize) -> Option<Area> {
    let name = rule
        .name
        .as_deref()
        .map(one_line)
        .filter(|name| !name.is_empty());
    let system = rule.code_name.as_deref();
    let region = rule.region.as_ref();
    let region = region.map(|it| code(system.unwrap_or(NAMES.0), &it.to_string()));
    let geocode = rule.geocode.as_deref();
    let geocode = geocode.map(|it| code(system.unwrap_or(NAMES.1), it));
    let spots = rule.polygon.as_ref().map(|outline| outline.spots());
    let polygon = spots.and_then(|spots| {
        let points: Option<Vec<Point>> = spots
            .iter()
            .chain(spots.first())
            .map(|it| it.point())
            .collect();
        Polygon::new(points?).ok()
    });
    let circle = rule
        .site
        .and_then(Spot::point)
        .and_then(|at| Circle::new(at, 0.0));
    let mut area = Area {
        area_desc: name.clone().unwrap_or_else(|| one_line(&targets.join(" "))),
        polygon: polygon.into_iter().collect(),
        circle: circle.into_iter().collect(),
        geocode: region.into_iter().chain(geocode).collect(),
        ..Area::default()
    };
    if name.is_none() && area.points() == 0 && area.geocode.is_empty() {
        return None;
    }
    match room.checked_sub(area.points()) {
        Some(left) => *room = left,
        None => (area.polygon, area.circle) = (Vec::new(), Vec::new()),
    }
    if area.points() == 0 && area.geocode.is_empty() {
        // CAP has no area of a name alone.
        area.geocode = targets.iter().map(|it| code(TARGET, it)).collect();
    }
    Some(area)
}
