//! Polygons of areas: whether they meet, and what they hold. Straight lines in degrees, which is
//! near enough to the earth below 300 km. The border belongs to the area, and touching counts.

use narrowcast_protocol::warning::cap::Point;

use super::grid::{Bounds, HALF_TURN, Side, Spot};

/// Most work of one document: what its shapes may cost together, in comparisons. A document of
/// 10,000 points needs a quarter of it against 1,000 areas that lie where it does.
const MOST: u64 = 32_000_000;
/// What the comparison of two sides costs, in comparisons of two numbers.
const SIDES: u64 = 8;

/// Why points make no outline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ShapeError {
    /// It has no points at all.
    #[error("it has no points; write at least three")]
    Empty,
    /// Two neighbours are half a turn apart or more, so that it is not said which way round.
    #[error("it crosses the 180th meridian; write two polygons, one on each side")]
    Antimeridian,
}

/// The shapes of a document cost more than they may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooIntricate;

/// What is left of the work that a document may cost.
#[derive(Debug)]
pub(super) struct Effort(u64);

impl Effort {
    pub(super) const fn new() -> Self {
        Self(MOST)
    }

    pub(super) fn spend(&mut self, comparisons: u64) -> Result<(), TooIntricate> {
        self.0 = self.0.checked_sub(comparisons).ok_or(TooIntricate)?;
        Ok(())
    }

    fn each<T>(&mut self, all: &[T], cost: u64) -> Result<(), TooIntricate> {
        self.spend((all.len() as u64).saturating_mul(cost))
    }

    #[cfg(test)]
    pub(super) const fn spent(&self) -> u64 {
        MOST - self.0
    }
}

/// A polygon, made ready to be compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outline {
    /// From the south to the north, by their southern ends; at least one.
    sides: Vec<Side>,
    /// Its points as they were given, so many as there are sides.
    spots: Vec<Spot>,
    /// One of them.
    spot: Spot,
    bounds: Bounds,
}

impl Outline {
    /// The outline of these points; where the last is not the first again, it is closed.
    ///
    /// # Errors
    /// There is none, or the outline crosses the 180th meridian.
    pub fn new(points: &[Point]) -> Result<Self, ShapeError> {
        let spots: Vec<Spot> = points.iter().copied().map(Spot::from).collect();
        let next = spots.iter().cycle().skip(1);
        let sides = spots.iter().zip(next);
        let mut sides: Vec<Side> = sides
            .map(|(from, to)| Side {
                from: *from,
                to: *to,
            })
            .collect();
        let bounds = sides.iter().map(Side::bounds).reduce(|a, b| a.with(&b));
        let (Some(spot), Some(bounds)) = (spots.first().copied(), bounds) else {
            return Err(ShapeError::Empty);
        };
        let wide = |side: &Side| (side.from.east() - side.to.east()).abs() >= HALF_TURN;
        if sides.iter().any(wide) {
            return Err(ShapeError::Antimeridian);
        }
        sides.sort_by_key(|side| side.bounds().south);
        Ok(Self {
            sides,
            spots,
            spot,
            bounds,
        })
    }

    /// Its points; the last may be the first again.
    pub(super) fn spots(&self) -> &[Spot] {
        &self.spots
    }

    /// One of its points.
    pub(super) const fn spot(&self) -> Spot {
        self.spot
    }

    pub(super) const fn bounds(&self) -> &Bounds {
        &self.bounds
    }

    /// Its sides that touch a box, from the south to the north.
    pub(super) fn within(
        &self,
        bounds: &Bounds,
        effort: &mut Effort,
    ) -> Result<Vec<Side>, TooIntricate> {
        effort.each(&self.sides, 1)?;
        let touching = |side: &&Side| side.bounds().touches(bounds);
        Ok(self.sides.iter().filter(touching).copied().collect())
    }

    /// Whether a spot is in it or on its border. Where it winds around a spot more than once, the
    /// spot is in it, unless it winds as often the other way.
    pub(super) fn holds(&self, spot: Spot, effort: &mut Effort) -> Result<bool, TooIntricate> {
        if !self.bounds.holds(spot) {
            return Ok(false);
        }
        effort.each(&self.sides, 1)?;
        let mut winding = 0_i64;
        for side in &self.sides {
            if side.holds(spot) {
                return Ok(true);
            }
            let before = side.from.north() <= spot.north();
            let after = side.to.north() <= spot.north();
            let turn = side.turn(spot);
            if before && !after && turn > 0 {
                winding += 1;
            } else if !before && after && turn < 0 {
                winding -= 1;
            }
        }
        Ok(winding != 0)
    }

    /// Whether two have a spot in common: their borders meet, or one is in the other.
    pub(super) fn meets(&self, other: &Self, effort: &mut Effort) -> Result<bool, TooIntricate> {
        if !self.bounds.touches(&other.bounds) {
            return Ok(false);
        }
        let common = self.bounds.common(&other.bounds);
        let (ours, theirs) = (
            self.within(&common, effort)?,
            other.within(&common, effort)?,
        );
        Ok(any_meet(&ours, &theirs, effort)?
            || self.holds(other.spot, effort)?
            || other.holds(self.spot, effort)?)
    }
}

/// Whether a side of the one meets a side of the other; both go from the south to the north. A
/// line goes north over both, and each side is compared with those that it meets on its way.
fn any_meet(ours: &[Side], theirs: &[Side], effort: &mut Effort) -> Result<bool, TooIntricate> {
    let (mut ours, mut theirs) = (ours.iter().peekable(), theirs.iter().peekable());
    let (mut open_ours, mut open_theirs) = (Vec::new(), Vec::new());
    loop {
        let one = ours.peek().map(|side| side.bounds().south);
        let other = theirs.peek().map(|side| side.bounds().south);
        let ours_is_next = match (one, other) {
            (Some(one), Some(other)) => one <= other,
            (Some(_), None) => true,
            (None, Some(_)) => false,
            (None, None) => return Ok(false),
        };
        let (next, open_here, open_there) = if ours_is_next {
            (ours.next(), &mut open_ours, &mut open_theirs)
        } else {
            (theirs.next(), &mut open_theirs, &mut open_ours)
        };
        let Some(side) = next else { return Ok(false) };
        effort.spend(1)?;
        effort.each(open_there, SIDES)?;
        let line = side.bounds().south;
        open_there.retain(|it: &Side| it.bounds().north >= line);
        if open_there.iter().any(|it| it.meets(side)) {
            return Ok(true);
        }
        open_here.push(*side);
    }
}

#[cfg(test)]
mod tests;
