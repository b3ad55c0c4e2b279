//! `area` (CAP 1.2, clause 3.2.4).

use super::fault::Rule;
use super::fields::Fields;
use super::out::Out;
use super::{Circle, Named, Polygon};

/// Where the event is. The area is everything that its polygons, circles and codes hold.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Area {
    /// `areaDesc`: the area in words.
    pub area_desc: String,
    /// `polygon`
    pub polygon: Vec<Polygon>,
    /// `circle`
    pub circle: Vec<Circle>,
    /// `geocode`: codes of regions, each with the name of its system.
    pub geocode: Vec<Named>,
    /// `altitude`: feet above mean sea level; the lower end where there is a ceiling.
    pub altitude: Option<f64>,
    /// `ceiling`: feet above mean sea level, not below the altitude.
    pub ceiling: Option<f64>,
}

impl Area {
    /// Pairs of coordinates in all its shapes.
    #[must_use]
    pub fn points(&self) -> usize {
        let polygons = self.polygon.iter().map(|polygon| polygon.points().len());
        polygons.sum::<usize>().saturating_add(self.circle.len())
    }

    pub(super) fn decode(fields: &mut Fields<'_, '_, '_>) -> Option<Self> {
        let area_desc = fields.text("areaDesc");
        let polygon = shapes(fields, "polygon", Polygon::parse);
        let circle = shapes(fields, "circle", Circle::parse);
        Some(Self {
            area_desc,
            polygon,
            circle,
            geocode: fields.each("geocode", Named::decode)?,
            altitude: fields.decimal("altitude"),
            ceiling: fields.decimal("ceiling"),
        })
    }

    pub(super) fn encode(&self, out: &mut Out) {
        out.open("area");
        out.text("areaDesc", &self.area_desc);
        for polygon in &self.polygon {
            out.text("polygon", &polygon.to_string());
        }
        for circle in &self.circle {
            out.text("circle", &circle.to_string());
        }
        Named::encode("geocode", &self.geocode, out);
        for (name, number) in [("altitude", self.altitude), ("ceiling", self.ceiling)] {
            if let Some(number) = number {
                out.text(name, &number.to_string());
            }
        }
        out.close("area");
    }
}

/// The shapes of a name; what is none is reported and left out.
fn shapes<T>(
    fields: &mut Fields<'_, '_, '_>,
    name: &'static str,
    parse: fn(&str) -> Result<T, Rule>,
) -> Vec<T> {
    let mut found = Vec::new();
    for (path, text) in fields.texts(name) {
        match parse(&text) {
            Ok(shape) => found.push(shape),
            Err(rule) => fields.faults.note(path, rule),
        }
    }
    found
}
