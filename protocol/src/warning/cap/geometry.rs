//! Polygons and circles (CAP 1.2, elements `polygon` and `circle`): WGS-84, latitude first.

use core::fmt;

use super::fault::{Rule, shown};
use super::simple;

/// Least points of a polygon, the last of which is the first again.
pub const LEAST_POINTS: usize = 4;

/// A point on the earth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Degrees north, -90 to 90.
    latitude: f64,
    /// Degrees east, -180 to 180.
    longitude: f64,
}

impl Point {
    /// A point; none where a number is out of range or none at all.
    #[must_use]
    pub fn new(latitude: f64, longitude: f64) -> Option<Self> {
        let fits = latitude.abs() <= 90.0 && longitude.abs() <= 180.0;
        fits.then_some(Self {
            latitude,
            longitude,
        })
    }

    /// Degrees north, -90 to 90.
    #[must_use]
    pub const fn latitude(self) -> f64 {
        self.latitude
    }

    /// Degrees east, -180 to 180.
    #[must_use]
    pub const fn longitude(self) -> f64 {
        self.longitude
    }

    /// Reads `latitude,longitude`: two decimal numbers without an exponent; none otherwise.
    #[must_use]
    pub fn parse(pair: &str) -> Option<Self> {
        let (latitude, longitude) = pair.split_once(',')?;
        Self::new(simple::decimal(latitude)?, simple::decimal(longitude)?)
    }
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{},{}", self.latitude, self.longitude)
    }
}

/// `polygon`: a closed line of at least [`LEAST_POINTS`] points.
#[derive(Debug, Clone, PartialEq)]
pub struct Polygon(Vec<Point>);

impl Polygon {
    /// A polygon.
    ///
    /// # Errors
    /// It has less than four points, or the last is not the first again.
    pub fn new(points: Vec<Point>) -> Result<Self, Rule> {
        if points.len() < LEAST_POINTS {
            return Err(Rule::FewPoints(points.len()));
        }
        if points.first() != points.last() {
            return Err(Rule::Open);
        }
        Ok(Self(points))
    }

    /// The points, the last of which is the first again.
    #[must_use]
    pub fn points(&self) -> &[Point] {
        &self.0
    }

    /// Reads pairs with white space between them.
    pub(super) fn parse(text: &str) -> Result<Self, Rule> {
        let pairs = text.split_whitespace();
        let points = pairs.map(|pair| Point::parse(pair).ok_or(pair));
        match points.collect::<Result<Vec<_>, _>>() {
            Ok(points) => Self::new(points),
            Err(pair) => Err(Rule::Coordinates(shown(pair))),
        }
    }

    /// Whether two of its sides that are no neighbours meet. Takes the square of its length:
    /// polygons longer than `most` are not looked at.
    #[must_use]
    pub fn crosses_itself(&self, most: usize) -> bool {
        let sides: Vec<(Point, Point)> = self
            .0
            .iter()
            .zip(self.0.iter().skip(1))
            .map(|(from, to)| (*from, *to))
            .filter(|(from, to)| from != to)
            .collect();
        if sides.len() > most {
            return false;
        }
        let last = sides.len().saturating_sub(1);
        sides.iter().enumerate().any(|(at, side)| {
            let others = sides.iter().enumerate().skip(at + 2);
            others
                .filter(|(other, _)| !(at == 0 && *other == last))
                .any(|(_, other)| meet(side, other))
        })
    }
}

impl fmt::Display for Polygon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, point) in self.0.iter().enumerate() {
            let blank = if at == 0 { "" } else { " " };
            write!(f, "{blank}{point}")?;
        }
        Ok(())
    }
}

/// Whether two sides cross between their ends.
fn meet((a, b): &(Point, Point), (c, d): &(Point, Point)) -> bool {
    let side = |from: &Point, to: &Point, of: &Point| {
        let (north, east) = (to.latitude - from.latitude, to.longitude - from.longitude);
        east * (of.latitude - from.latitude) - north * (of.longitude - from.longitude)
    };
    side(a, b, c) * side(a, b, d) < 0.0 && side(c, d, a) * side(c, d, b) < 0.0
}

/// `circle`: a point and what is around it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Circle {
    /// The middle.
    pub centre: Point,
    /// Kilometres, not negative; 0 is the point itself.
    radius_km: f64,
}

impl Circle {
    /// A circle; none where the radius is negative or no number.
    #[must_use]
    pub fn new(centre: Point, radius_km: f64) -> Option<Self> {
        let fits = radius_km >= 0.0 && radius_km.is_finite();
        fits.then_some(Self { centre, radius_km })
    }

    /// Kilometres, not negative; 0 is the point itself.
    #[must_use]
    pub const fn radius_km(self) -> f64 {
        self.radius_km
    }

    /// Reads a pair and a radius with white space between them.
    pub(super) fn parse(text: &str) -> Result<Self, Rule> {
        let mut parts = text.split_whitespace();
        let (Some(pair), Some(radius), None) = (parts.next(), parts.next(), parts.next()) else {
            return Err(Rule::Circle(shown(text)));
        };
        let centre = Point::parse(pair).ok_or_else(|| Rule::Coordinates(shown(pair)))?;
        let radius = simple::decimal(radius);
        let circle = radius.and_then(|radius| Self::new(centre, radius));
        circle.ok_or_else(|| Rule::Circle(shown(text)))
    }
}

impl fmt::Display for Circle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.centre, self.radius_km)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_polygon_is_closed_has_four_pairs_and_is_on_the_earth() {
        let closed = "34.70,113.60 34.80,113.60\n\t34.80,113.70  34.70,113.60";
        let polygon = Polygon::parse(closed).expect("a polygon");
        assert_eq!(polygon.points().len(), 4);
        assert_eq!(
            polygon.to_string(),
            "34.7,113.6 34.8,113.6 34.8,113.7 34.7,113.6"
        );
        assert_eq!(Polygon::parse(""), Err(Rule::FewPoints(0)));
        assert_eq!(Polygon::parse("1,1 2,2 1,1"), Err(Rule::FewPoints(3)));
        assert_eq!(Polygon::parse("1,1 2,2 3,3 4,4"), Err(Rule::Open));
        for bad in ["91,0", "0,181", "1,", "1", "1,1,1", "NaN,1", "1e1,1", "1;1"] {
            let text = format!("1,1 {bad} 2,2 1,1");
            assert_eq!(
                Polygon::parse(&text),
                Err(Rule::Coordinates(bad.to_owned()))
            );
        }
        assert!(Polygon::parse("+90,-180 -90,180 0,0 90.0,-180.00").is_ok());
    }

    #[test]
    fn a_circle_has_a_middle_and_a_radius_that_may_be_nothing() {
        let circle = Circle::parse(" -30.546,151.9576\n0.0 ").expect("a circle");
        assert_eq!(circle.to_string(), "-30.546,151.9576 0");
        for bad in ["1,1", "1,1 -1", "1,1 2km", "1,1 2 3", ""] {
            assert!(matches!(Circle::parse(bad), Err(Rule::Circle(_))), "{bad}");
        }
        assert!(matches!(Circle::parse("1 1"), Err(Rule::Coordinates(_))));
    }

    #[test]
    fn a_bow_tie_crosses_itself_and_a_square_does_not() {
        let crosses = |text| Polygon::parse(text).is_ok_and(|it: Polygon| it.crosses_itself(100));
        assert!(crosses("0,0 1,1 1,0 0,1 0,0"));
        assert!(!crosses("0,0 0,1 1,1 1,0 0,0"));
        assert!(!crosses("0,0 0,0 0,1 1,1 1,0 0,0"));
    }
}
