//! Why a CAP alert becomes no alert of ours.

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
