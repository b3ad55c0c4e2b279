//! `eventType`: five characters such as 11B06, gale.

use core::fmt;

use crate::warning::cap::Category;

/// The code of a kind of event. Never choose recipients by it alone: another, older numbering
/// travels under the same prefix in some feeds.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct EventType(String);

impl EventType {
    /// A code; one of another form is kept, too. None where it is empty.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        (!text.is_empty()).then(|| Self(text.to_owned()))
    }

    /// The code as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the code is of the form digit, digit, capital letter, digit, digit.
    #[must_use]
    pub fn is_regular(&self) -> bool {
        let [a, b, letter, c, d] = self.0.as_bytes() else {
            return false;
        };
        [a, b, c, d].iter().all(|digit| digit.is_ascii_digit()) && letter.is_ascii_uppercase()
    }

    /// CAP's category, by the prefix; Other where it is not known.
    #[must_use]
    pub fn category(&self) -> Category {
        let prefix = |length: usize| self.0.get(..length).filter(|_| self.is_regular());
        match (self.0.as_str(), prefix(3), prefix(2)) {
            ("11B25" | "11B26" | "11B41", ..) | (_, Some("11G"), _) => Category::Fire,
            ("11B29" | "11B32", ..) | (_, Some("11F"), _) => Category::Env,
            (_, Some("11B"), _) => Category::Met,
            (_, Some("11A" | "11C" | "11D" | "11E"), _) => Category::Geo,
            (_, _, Some("12")) => Category::Safety,
            (_, _, Some("13")) => Category::Health,
            (_, _, Some("14")) => Category::Security,
            _ => Category::Other,
        }
    }
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
