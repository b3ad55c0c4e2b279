//! Points of WGS-84 on a grid of whole microdegrees (11 cm): what is compared on it is exact, so
//! that no order of points and no place on the earth changes an answer by rounding.

use std::fmt;

use narrowcast_protocol::warning::cap::Point;

/// Steps of the grid in a degree.
pub(super) const DEGREE: f64 = 1e6;
/// Half a turn, in steps.
pub(super) const HALF_TURN: i64 = 180_000_000;

/// A point on the grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Spot {
    /// Microdegrees north, -90,000,000 to 90,000,000.
    north: i32,
    /// Microdegrees east, -180,000,000 to 180,000,000.
    east: i32,
}

impl Spot {
    /// Microdegrees north.
    pub(super) fn north(self) -> i64 {
        self.north.into()
    }

    /// Microdegrees east.
    pub(super) fn east(self) -> i64 {
        self.east.into()
    }

    /// The point that it is.
    pub(super) fn point(self) -> Option<Point> {
        Point::new(self.latitude(), self.longitude())
    }

    /// Degrees north, -90 to 90.
    pub(super) fn latitude(self) -> f64 {
        f64::from(self.north) / DEGREE
    }

    /// Degrees east, -180 to 180.
    pub(super) fn longitude(self) -> f64 {
        f64::from(self.east) / DEGREE
    }
}

impl From<Point> for Spot {
    fn from(point: Point) -> Self {
        // A point is at most 90 degrees north and 180 east: both fit.
        Self {
            north: (point.latitude() * DEGREE).round() as i32,
            east: (point.longitude() * DEGREE).round() as i32,
        }
    }
}

impl fmt::Display for Spot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{},{}", self.latitude(), self.longitude())
    }
}

/// A box of the grid, its borders with it; microdegrees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bounds {
    pub(super) south: i64,
    pub(super) north: i64,
    pub(super) west: i64,
    pub(super) east: i64,
}

impl Bounds {
    pub(super) fn touches(&self, other: &Self) -> bool {
        self.south <= other.north
            && other.south <= self.north
            && self.west <= other.east
            && other.west <= self.east
    }

    pub(super) fn holds(&self, spot: Spot) -> bool {
        (self.south..=self.north).contains(&spot.north())
            && (self.west..=self.east).contains(&spot.east())
    }

    /// What is in both; nothing is in it where they do not touch.
    pub(super) fn common(&self, other: &Self) -> Self {
        Self {
            south: self.south.max(other.south),
            north: self.north.min(other.north),
            west: self.west.max(other.west),
            east: self.east.min(other.east),
        }
    }

    pub(super) fn with(&self, other: &Self) -> Self {
        Self {
            south: self.south.min(other.south),
            north: self.north.max(other.north),
            west: self.west.min(other.west),
            east: self.east.max(other.east),
        }
    }
}

/// A straight line between two spots, in degrees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Side {
    pub(super) from: Spot,
    pub(super) to: Spot,
}

impl Side {
    pub(super) fn bounds(&self) -> Bounds {
        let (from, to) = (self.from, self.to);
        Bounds {
            south: from.north().min(to.north()),
            north: from.north().max(to.north()),
            west: from.east().min(to.east()),
            east: from.east().max(to.east()),
        }
    }

    /// On which side of the line a spot is: above 0 to the left, below 0 to the right. At most
    /// twice the product of 180,000,000 and 360,000,000.
    pub(super) fn turn(&self, spot: Spot) -> i64 {
        let (from, to) = (self.from, self.to);
        (to.east() - from.east()) * (spot.north() - from.north())
            - (to.north() - from.north()) * (spot.east() - from.east())
    }

    pub(super) fn holds(&self, spot: Spot) -> bool {
        self.bounds().holds(spot) && self.turn(spot) == 0
    }

    /// Whether two lines have a spot in common, which need not be on the grid.
    pub(super) fn meets(&self, other: &Self) -> bool {
        if !self.bounds().touches(&other.bounds()) {
            return false;
        }
        let apart = |line: &Self, a: Spot, b: Spot| line.turn(a).signum() * line.turn(b).signum();
        let crossing =
            apart(self, other.from, other.to) < 0 && apart(other, self.from, self.to) < 0;
        crossing
            || self.holds(other.from)
            || self.holds(other.to)
            || other.holds(self.from)
            || other.holds(self.to)
    }
}
