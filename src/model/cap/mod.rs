//! What a CAP alert becomes here, and what an alert of ours becomes as CAP: the mapping, without
//! clock and without network. `docs/cap.md` has it as tables.

mod areas;
mod choice;
mod grid;
mod outgoing;
mod place;
mod precedence;
mod region;
mod round;
mod shape;
mod words;
mod written;

use std::time::Duration;

use narrowcast_protocol::warning::cap::{Alert, MessageId};
use narrowcast_protocol::warning::signature::{SignatureError, Trust};
use sha2::{Digest, Sha256};

pub use areas::CapArea;
pub use grid::Spot;
pub use outgoing::{Outgoing, as_it_came};
pub use precedence::precedence;
pub use region::Region;
pub use shape::{Outline, ShapeError};

use crate::model::alert::{Ask, Precedence, Target};
use crate::model::cpeas::Agency;
use crate::model::language::Words;
use crate::model::wall::Wall;
use crate::model::warning::{AllClear, NAME_CHARACTERS};

/// How long an alert without `expires` has a meaning, from when it begins.
const LIFE: Duration = Duration::from_secs(12 * 3_600);
/// The longest life of an alert of ours; a later `expires` is brought forward to it.
const LONGEST: Duration = Duration::from_secs(7 * 24 * 3_600);

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

/// An alert of ours out of a CAP alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapped {
    /// What it says, each text of 1 to 300 characters.
    pub words: Words,
    /// How urgent it is.
    pub precedence: Precedence,
    /// Whom it names.
    pub targets: Vec<Target>,
    /// When it expires; in the past if the document has expired.
    pub expires_at: Wall,
    /// Areas and addresses of the document, each with what of the configuration it hit.
    pub matched_areas: Vec<String>,
    /// Areas and addresses of the document that hit nothing, and polygons of it that are not used.
    pub unknown_areas: Vec<String>,
}

/// Why a CAP alert becomes no alert of ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unmapped {
    /// It says nothing.
    #[error("the alert has no info, so that it says nothing; send at least one info")]
    NoInfo,
    /// Nothing is left of its words.
    #[error(
        "headline, event and areaDesc hold no words that can be shown; write what has happened"
    )]
    NoWords,
    /// No area of it is configured.
    #[error(
        "no area of the alert is configured ({}); add a [[cap.area]] for it, or set \
         default_targets in [cap]",
        listed(.0)
    )]
    NoTargets(Vec<String>),
    /// It is Private, and none of its addresses is configured.
    #[error(
        "the alert is Private, and no address of it is configured ({}); add a [[cap.area]] with \
         its address, or send it as Public or Restricted",
        listed(.0)
    )]
    NoAddress(Vec<String>),
    /// Its areas stand for more targets than an alert may name.
    #[error(
        "the areas of the alert stand for {0} targets, and 1000 is the most; add a [[cap.area]] for \
         the region above them with a node above theirs as its target"
    )]
    ManyTargets(usize),
    /// Its shapes would take too long to compare.
    #[error(
        "the polygons and circles of the alert take too long to compare with those of \
         [[cap.area]]; send fewer points, or codes"
    )]
    TooIntricate,
}

impl Unmapped {
    /// The element that is wrong.
    #[must_use]
    pub const fn element(&self) -> &'static str {
        match self {
            Self::NoInfo => "info",
            Self::NoWords => "info/headline",
            Self::NoTargets(_) | Self::ManyTargets(_) | Self::TooIntricate => "info/area",
            Self::NoAddress(_) => "addresses",
        }
    }
}

fn listed(areas: &[String]) -> String {
    /// How many areas a sentence names.
    const NAMED: usize = 10;
    if areas.is_empty() {
        return "it names none".to_owned();
    }
    let mut named = areas
        .iter()
        .take(NAMED)
        .cloned()
        .collect::<Vec<_>>()
        .join("; ");
    if let Some(more) = areas.len().checked_sub(NAMED).filter(|more| *more > 0) {
        named.push_str(&format!("; and {more} more"));
    }
    named
}

/// What a CAP alert becomes at `now`.
///
/// # Errors
/// It says nothing, or is for nobody.
pub fn map(alert: &Alert, rules: &CapRules, now: Wall) -> Result<Mapped, Unmapped> {
    let chosen = choice::chosen(alert, now);
    if chosen.is_empty() {
        return Err(Unmapped::NoInfo);
    }
    let ranks = chosen.iter().map(|info| precedence(info));
    let ends = chosen.iter().map(|info| choice::expires(alert, info));
    let found = areas::found(alert, &chosen, rules)?;
    Ok(Mapped {
        words: words::words(alert, now).ok_or(Unmapped::NoWords)?,
        precedence: ranks.min().unwrap_or(Precedence::Routine),
        targets: found.targets,
        expires_at: ends.max().unwrap_or(now).min(now.plus(LONGEST)),
        matched_areas: found.matched,
        unknown_areas: found.unknown,
    })
}

/// How people are told that a warning is over that this Cancel ends.
#[must_use]
pub fn all_clear(cancel: &Alert) -> AllClear {
    // Whatever has expired: a Cancel says what is over.
    words::words(cancel, Wall::default()).map_or(AllClear::OfTheVersion, AllClear::Words)
}

/// A text of somebody else as an alert says it; none if nothing of it can be shown.
#[must_use]
pub fn shown(text: &str) -> Option<String> {
    words::shown(text)
}

/// The name under which a CAP message is taken in: `cap:sender,identifier`, as one sender gives an
/// identifier once; a hash of that if it is longer than a name may be.
#[must_use]
pub fn key(id: &MessageId) -> String {
    let named = format!("cap:{},{}", id.sender, id.identifier);
    if named.chars().count() <= NAME_CHARACTERS {
        return named;
    }
    let hash = Sha256::digest(named.as_bytes());
    let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("cap:sha256:{hex}")
}

#[cfg(test)]
mod tests;
