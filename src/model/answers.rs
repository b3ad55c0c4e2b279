//! Which status codes and words mean which answer.

use serde::{Deserialize, Serialize};

/// Which status code or keyword means which numbered answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerRule {
    /// The numbered answer, from 1.
    pub choice: u8,
    /// The status code that means it, 0 to 1023.
    pub status: Option<u16>,
    /// Words that mean it, compared without regard to case or surrounding space.
    pub keywords: Vec<String>,
}

/// A run of status codes that radios have under their keys, named by a letter. An alert on a
/// trunked system gets a set of its own while it is open, so that a status value left over
/// from yesterday never answers today's alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct AnswerSet {
    /// Its name in texts, `A` to `F`.
    #[cfg_attr(test, schemars(extend("pattern" = "^[A-F]$")))]
    pub name: char,
    /// The status code of its first answer, 1 to 126.
    #[cfg_attr(test, schemars(range(min = 1, max = 126)))]
    pub first: u16,
    /// How many answers it has, 1 to 9.
    #[cfg_attr(test, schemars(range(min = 1, max = 9)))]
    pub count: u8,
}

impl AnswerSet {
    /// The numbered answer that a status code means in this set.
    #[must_use]
    pub fn choice(&self, status: u16) -> Option<u8> {
        let offset = u8::try_from(status.checked_sub(self.first)?).ok()?;
        (offset < self.count).then(|| offset + 1)
    }
}
