//! Reading where a warning holds, and its attached files.

use super::fault::{Rule, shown};
use super::fields::Fields;
use super::geometry::{Circle, Path};
use super::message::{Area, Resource};
use super::size::Size;

/// Most `area` of a message.
pub const MAX_AREAS: usize = 200;
/// Most pairs of coordinates of a message.
pub const MAX_POINTS: usize = 10_000;

pub(super) fn in_limits(f: &mut Fields<'_, '_, '_>, areas: &[Area]) -> bool {
    let paths = areas.iter().flat_map(|area| &area.paths);
    let circles: usize = areas.iter().map(|area| area.circles.len()).sum();
    let points: usize = paths.map(|path| path.points().len()).sum();
    let counted = [
        ("areas", areas.len(), MAX_AREAS),
        (
            "pairs of coordinates",
            points.saturating_add(circles),
            MAX_POINTS,
        ),
    ];
    let mut fits = true;
    for (what, count, most) in counted {
        if count > most {
            f.fault("area", Rule::Limit { what, most });
            fits = false;
        }
    }
    fits
}

pub(super) fn resource(f: &mut Fields<'_, '_, '_>) -> Option<Resource> {
    let description = f.option("resourceDesc");
    let size = f.option("size").and_then(|size| Size::new(&size));
    if let Some(size) = size.as_ref().filter(|size| size.octets().is_none()) {
        f.fault("size", Rule::Size(shown(size.as_str())));
    }
    let digest = f.option("digest");
    let unknown = f.unknown(&["resourceDesc", "size", "digest"]);
    Some(Resource {
        description,
        size,
        digest,
        unknown,
    })
}

pub(super) fn area(f: &mut Fields<'_, '_, '_>) -> Option<Area> {
    let description = f.option("areaDesc");
    let paths = shapes(f, "polygon", Path::parse);
    let circles = shapes(f, "circle", Circle::parse);
    let mut geocodes = Vec::new();
    f.list("geocode", &mut geocodes);
    let regular =
        |code: &String| matches!(code.len(), 6 | 12) && code.bytes().all(|c| c.is_ascii_digit());
    for code in geocodes.iter().filter(|code| !regular(code)) {
        f.fault("geocode", Rule::Region(shown(code)));
    }
    let unknown = f.unknown(&["areaDesc", "polygon", "circle", "geocode"]);
    Some(Area {
        description,
        paths,
        circles,
        geocodes,
        unknown,
    })
}

/// Every shape of a name; those that cannot be read are noted and left out.
fn shapes<T>(
    f: &mut Fields<'_, '_, '_>,
    name: &str,
    parse: impl Fn(&str) -> Result<(T, bool), Rule>,
) -> Vec<T> {
    let mut found = Vec::new();
    for (path, node, text) in f.texts(name) {
        match parse(&text) {
            Ok((shape, swapped)) => {
                if swapped {
                    f.faults.add(path, Some(node), Rule::LatitudeFirst);
                }
                found.push(shape);
            }
            Err(rule) => f.faults.add(path, Some(node), rule),
        }
    }
    found
}
