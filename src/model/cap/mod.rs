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
mod rules;
mod shape;
mod unmapped;
mod words;
mod written;

use std::time::Duration;

use narrowcast_protocol::warning::cap::{Alert, MessageId};
use sha2::{Digest, Sha256};

pub use grid::Spot;
pub use outgoing::{Outgoing, as_it_came};
pub use precedence::precedence;
pub use region::Region;
pub use rules::{CapArea, CapRules};
pub use shape::{Outline, ShapeError};
pub use unmapped::Unmapped;

use crate::model::alert::{Precedence, Target};
use crate::model::language::Words;
use crate::model::wall::Wall;
use crate::model::warning::{AllClear, NAME_CHARACTERS};

/// The longest life of an alert of ours; a later `expires` is brought forward to it.
const LONGEST: Duration = Duration::from_secs(7 * 24 * 3_600);

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
