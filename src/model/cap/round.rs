//! Circles of areas: what they hold, by the great-circle distance.

use narrowcast_protocol::warning::cap::Circle;

use super::grid::{Bounds, DEGREE, HALF_TURN, Side, Spot};
use super::shape::{Effort, Outline, TooIntricate};

/// Mean radius of the earth, km.
const EARTH_KM: f64 = 6_371.008_8;
/// What is so near to the border counts as on it, km: numbers of CAP say no more.
const NEAR_KM: f64 = 0.001;
/// What the distance to a side costs, in comparisons of two numbers.
const DISTANCE: u64 = 64;
/// How often the nearest point of a side is looked for again from the point found.
const ROUNDS: usize = 3;

/// A circle, made ready to be compared.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Round {
    centre: Spot,
    radius_km: f64,
    bounds: Bounds,
}

impl From<&Circle> for Round {
    fn from(circle: &Circle) -> Self {
        let centre = Spot::from(circle.centre);
        let radius_km = circle.radius_km() + NEAR_KM;
        Self {
            centre,
            radius_km,
            bounds: bounds(centre, radius_km),
        }
    }
}

impl Round {
    pub(super) fn holds(&self, spot: Spot) -> bool {
        let at = (spot.latitude(), spot.longitude());
        self.bounds.holds(spot) && distance_km(self.centre, at) <= self.radius_km
    }

    /// Whether it has a spot in common with an outline.
    pub(super) fn meets(
        &self,
        outline: &Outline,
        effort: &mut Effort,
    ) -> Result<bool, TooIntricate> {
        effort.spend(1)?;
        if !self.bounds.touches(outline.bounds()) {
            return Ok(false);
        }
        if outline.holds(self.centre, effort)? || self.holds(outline.spot()) {
            return Ok(true);
        }
        for side in outline.within(&self.bounds, effort)? {
            effort.spend(DISTANCE)?;
            if self.reaches(&side) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether a spot of the side is in it. The nearest is found on a plane whose degrees of
    /// longitude are as long as half-way to it, and measured on the sphere.
    fn reaches(&self, side: &Side) -> bool {
        if self.holds(side.from) || self.holds(side.to) {
            return true;
        }
        let (north, east) = (self.centre.latitude(), self.centre.longitude());
        let from = (
            side.from.latitude() - north,
            turned(side.from.longitude() - east),
        );
        let along = (
            side.to.latitude() - side.from.latitude(),
            side.to.longitude() - side.from.longitude(),
        );
        let mut nearest = north;
        for _ in 0..ROUNDS {
            let shrink = ((north + nearest) / 2.0).to_radians().cos().powi(2);
            let length = along.0 * along.0 + along.1 * along.1 * shrink;
            if length <= 0.0 {
                return false;
            }
            let back = from.0 * along.0 + from.1 * along.1 * shrink;
            let part = (-back / length).clamp(0.0, 1.0);
            nearest = north + from.0 + part * along.0;
            let at = (nearest, east + from.1 + part * along.1);
            if distance_km(self.centre, at) <= self.radius_km {
                return true;
            }
        }
        false
    }
}

/// A difference of longitudes the short way round, -180 to 180.
fn turned(degrees: f64) -> f64 {
    if degrees > 180.0 {
        degrees - 360.0
    } else if degrees < -180.0 {
        degrees + 360.0
    } else {
        degrees
    }
}

/// Great-circle distance to a latitude and longitude in degrees, by haversines.
fn distance_km(from: Spot, (latitude, longitude): (f64, f64)) -> f64 {
    let half = |degrees: f64| (degrees.to_radians() / 2.0).sin().powi(2);
    let cosines = from.latitude().to_radians().cos() * latitude.to_radians().cos();
    let north = half(latitude - from.latitude());
    let h = north + cosines * half(longitude - from.longitude());
    2.0 * EARTH_KM * h.clamp(0.0, 1.0).sqrt().asin()
}

/// A box around the circle; all longitudes where it holds a pole or crosses the 180th meridian.
fn bounds(centre: Spot, radius_km: f64) -> Bounds {
    let angle = radius_km / EARTH_KM;
    // One step more, for rounding.
    let steps = |radians: f64| (radians.to_degrees() * DEGREE).ceil() as i64 + 1;
    let (north, east) = (centre.north(), centre.east());
    let reach = steps(angle.min(std::f64::consts::PI));
    let (south, top) = (north - reach, north + reach);
    let all = (-HALF_TURN, HALF_TURN);
    let pole = HALF_TURN / 2;
    let (west, east) = if south <= -pole || top >= pole {
        all
    } else {
        // Within a quarter turn, as no pole is in it.
        let ratio = angle.sin() / centre.latitude().to_radians().cos();
        let wide = steps(ratio.clamp(0.0, 1.0).asin());
        if east - wide < -HALF_TURN || east + wide > HALF_TURN {
            all
        } else {
            (east - wide, east + wide)
        }
    };
    Bounds {
        south,
        north: top,
        west,
        east,
    }
}

#[cfg(test)]
mod tests {
    use narrowcast_protocol::warning::cap::Point;

    use super::*;

    fn spot(latitude: f64, longitude: f64) -> Spot {
        Point::new(latitude, longitude).unwrap().into()
    }

    fn round(latitude: f64, longitude: f64, km: f64) -> Round {
        (&Circle::new(Point::new(latitude, longitude).unwrap(), km).unwrap()).into()
    }

    #[test]
    fn distances_are_those_of_the_great_circle() {
        // Zhengzhou to Kaifeng; a degree of a meridian; half-way round; a pole to the equator.
        for (from, to, km) in [
            (spot(34.7466, 113.6253), (34.7973, 114.3076), 62.6),
            (spot(0.0, 0.0), (1.0, 0.0), 111.2),
            (spot(0.0, 0.0), (0.0, 180.0), 20_015.1),
            (spot(90.0, 17.0), (0.0, -3.0), 10_007.6),
            (spot(10.0, 179.9), (10.0, -179.9), 21.9),
        ] {
            let found = distance_km(from, to);
            assert!((found - km).abs() < 0.1, "{from} {to:?}: {found}");
        }
    }

    #[test]
    fn the_box_of_a_circle_holds_all_that_the_circle_holds() {
        for (latitude, km) in [
            (0.0, 5.0),
            (34.7, 300.0),
            (-66.0, 900.0),
            (80.0, 1_000.0),
            (89.9, 50.0),
        ] {
            let circle = round(latitude, 100.0, km);
            for bearing in 0..360 {
                let (angle, turn) = ((km * 0.999 / EARTH_KM), f64::from(bearing).to_radians());
                let (lat, from): (f64, f64) = (latitude.to_radians(), 100_f64.to_radians());
                let to = (lat.sin() * angle.cos() + lat.cos() * angle.sin() * turn.cos()).asin();
                let dy = turn.sin() * angle.sin() * lat.cos();
                let east = from + dy.atan2(angle.cos() - lat.sin() * to.sin());
                let on = spot(to.to_degrees(), turned(east.to_degrees()));
                assert!(
                    circle.bounds.holds(on) && circle.holds(on),
                    "{latitude} {km} {bearing}"
                );
            }
        }
    }

    #[test]
    fn a_circle_across_the_antimeridian_or_a_pole_holds_what_is_near_it() {
        assert!(round(10.0, 179.95, 20.0).holds(spot(10.0, -179.95)));
        assert!(!round(10.0, 179.95, 5.0).holds(spot(10.0, -179.95)));
        assert!(round(89.9, 0.0, 50.0).holds(spot(89.9, 180.0)));
        assert!(round(0.0, 0.0, 30_000.0).holds(spot(0.0, 180.0)));
    }
}
