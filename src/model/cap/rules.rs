//! What the configuration says of CAP alerts: whom they are for, in whose name ours are written.

use narrowcast_protocol::warning::signature::{SignatureError, Trust};

use super::grid::Spot;
use super::region::Region;
use super::shape::Outline;
use crate::model::alert::{Ask, Target};
use crate::model::cpeas::Agency;
use crate::model::wall::Wall;

/// `[[cap.area]]`: an area and whom it stands for. An area of a document is this one by any of
/// what is set. No text of it has white space at its ends.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CapArea {
    /// The value of a `geocode`, exactly; of a list with commas, one of its values.
    pub geocode: Option<String>,
    /// A region of China that the document's region is the same as, or is above of.
    pub region: Option<Region>,
    /// Whether a part of `region` is enough.
    pub widen: bool,
    /// The `valueName` that a code for `geocode` or `region` must have; any if not set.
    pub code_name: Option<String>,
    /// What a polygon or a circle must have a spot in common with.
    pub polygon: Option<Outline>,
    /// What a polygon or a circle must hold.
    pub site: Option<Spot>,
    /// The `areaDesc` as one line.
    pub name: Option<String>,
    /// One of the document's `addresses`, or the value of a parameter `narrowcast:group`; no area
    /// of the document has to do with it.
    pub address: Option<String>,
    /// Whom an alert for it names.
    pub targets: Vec<Target>,
}

/// `[cap]`: whom CAP alerts are for, and in whose name ours are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CapRules {
    /// The `sender` of what we write.
    pub sender: String,
    /// What alerts from CAP ask.
    pub ask: Ask,
    /// Areas and whom they stand for.
    pub areas: Vec<CapArea>,
    /// Whom an alert is for that names no area of [`areas`](Self::areas); it is refused if empty.
    pub default_targets: Vec<Target>,
    /// Whether those who had a warning are told that it is over, when its source cancels it.
    pub all_clear: bool,
    /// In whose name the national early-warning form is written.
    pub national: Option<Agency>,
    /// What the title of an exercise begins with.
    pub exercise_sign: String,
    /// Whose signatures are believed; none: signatures are not verified.
    pub trust: Option<Trust>,
}

impl CapRules {
    /// Whether a document may be taken in at `now`, as far as its signature goes. `octets` are
    /// the whole document as it came, whichever way.
    ///
    /// # Errors
    /// Its signature does not hold, or it has none and must have one.
    pub fn signed(&self, octets: &[u8], now: Wall) -> Result<(), SignatureError> {
        let Some(trust) = &self.trust else {
            return Ok(());
        };
        trust.check(octets, now.into()).map(|_| ())
    }
}
