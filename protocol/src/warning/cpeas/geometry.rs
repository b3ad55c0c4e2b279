//! Polygons and circles: longitude first, but the order is decided by value, as no longitude in
//! China is a latitude there.

use core::fmt;
use core::ops::RangeInclusive;

use super::fault::{Rule, shown};
use crate::warning::cap::Point;

/// Longitudes of China, degrees east.
const LONGITUDES: RangeInclusive<f64> = 73.0..=136.0;
/// Latitudes of China, degrees north.
const LATITUDES: RangeInclusive<f64> = 3.0..=54.0;

/// Reads digits with a decimal point or without.
fn decimal(text: &str) -> Option<f64> {
    let plain = text.bytes().all(|c| c.is_ascii_digit() || c == b'.');
    text.parse()
        .ok()
        .filter(|number: &f64| plain && number.is_finite())
}

/// Reads a pair in either order of its axes; true: latitude stood first.
fn pair(text: &str) -> Result<(Point, bool), Rule> {
    let refused = || Rule::Pair(shown(text));
    let (first, second) = text.split_once([',', '，']).ok_or_else(refused)?;
    let first = decimal(first).ok_or_else(refused)?;
    let second = decimal(second).ok_or_else(refused)?;
    let (point, swapped) = if LONGITUDES.contains(&first) && LATITUDES.contains(&second) {
        (Point::new(second, first), false)
    } else if LATITUDES.contains(&first) && LONGITUDES.contains(&second) {
        (Point::new(first, second), true)
    } else {
        return Err(refused());
    };
    Ok((point.ok_or_else(refused)?, swapped))
}

fn in_china(point: Point) -> bool {
    LONGITUDES.contains(&point.longitude()) && LATITUDES.contains(&point.latitude())
}

/// `polygon`: an area when it is closed, a line when it is not.
#[derive(Debug, Clone, PartialEq)]
pub struct Path(Vec<Point>);

impl Path {
    /// A path of at least two points, all between 73 and 136 degrees east and 3 and 54 degrees
    /// north; none otherwise.
    #[must_use]
    pub fn new(points: Vec<Point>) -> Option<Self> {
        let fits = points.len() >= 2 && points.iter().all(|point| in_china(*point));
        fits.then_some(Self(points))
    }

    /// The points; of an area the last is the first again.
    #[must_use]
    pub fn points(&self) -> &[Point] {
        &self.0
    }

    /// Whether it encloses an area: at least four points, of which the last is the first.
    #[must_use]
    pub fn is_area(&self) -> bool {
        self.0.len() >= 4 && self.0.first() == self.0.last()
    }

    /// Reads pairs with white space between them; true: in one latitude stood first.
    pub(super) fn parse(text: &str) -> Result<(Self, bool), Rule> {
        let pairs: Vec<(Point, bool)> = text
            .split_whitespace()
            .map(pair)
            .collect::<Result<_, _>>()?;
        let swapped = pairs.iter().any(|(_, swapped)| *swapped);
        let points = pairs.into_iter().map(|(point, _)| point).collect();
        let path = Self::new(points).ok_or(Rule::OnePoint)?;
        Ok((path, swapped))
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, point) in self.0.iter().enumerate() {
            let blank = if at == 0 { "" } else { " " };
            write!(f, "{blank}{},{}", point.longitude(), point.latitude())?;
        }
        Ok(())
    }
}

/// `circle`: a point and what is around it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Circle {
    centre: Point,
    radius_m: f64,
}

impl Circle {
    /// A circle; none where the middle is outside the ranges of [`Path::new`], or the radius
    /// is negative or no number.
    #[must_use]
    pub fn new(centre: Point, radius_m: f64) -> Option<Self> {
        let fits = in_china(centre) && radius_m >= 0.0 && radius_m.is_finite();
        fits.then_some(Self { centre, radius_m })
    }

    /// The middle.
    #[must_use]
    pub const fn centre(self) -> Point {
        self.centre
    }

    /// Metres (CAP has kilometres), not negative; 0 is the point itself.
    #[must_use]
    pub const fn radius_m(self) -> f64 {
        self.radius_m
    }

    /// Reads a pair and a radius with white space between them; true: latitude stood first.
    pub(super) fn parse(text: &str) -> Result<(Self, bool), Rule> {
        let mut parts = text.split_whitespace();
        let (Some(centre), Some(radius), None) = (parts.next(), parts.next(), parts.next()) else {
            return Err(Rule::Circle(shown(text)));
        };
        let (centre, swapped) = pair(centre)?;
        let circle = decimal(radius).and_then(|radius| Self::new(centre, radius));
        Ok((circle.ok_or_else(|| Rule::Circle(shown(text)))?, swapped))
    }
}

impl fmt::Display for Circle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (longitude, latitude) = (self.centre.longitude(), self.centre.latitude());
        write!(f, "{longitude},{latitude} {}", self.radius_m)
    }
}
