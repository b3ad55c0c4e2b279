//! The namespace that a document names.

/// The namespace that some documents have; others have none.
pub const NAMESPACE: &str = "http://com.icss.amp";

/// The namespace of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Namespace {
    /// None.
    #[default]
    None,
    /// [`NAMESPACE`].
    Amp,
}

impl Namespace {
    /// The namespace as it is written; none is absent.
    #[must_use]
    pub const fn uri(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::Amp => Some(NAMESPACE),
        }
    }
}
