//! What a salvage could not recover of the ledger.

use serde::{Deserialize, Serialize};

use crate::model::ids::Seq;
use crate::model::text;

/// Most characters of the reason, and of the path.
const CHARACTERS: usize = 1_000;

/// A ledger that could not be used as it was, and what is left of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Salvage {
    /// Why it could not be used as it was.
    pub why: String,
    /// The last record that is there.
    pub has: Seq,
    /// The last record that is known to have been durable; none if that is not known. Records
    /// after `has` up to this one are lost.
    pub head: Option<Seq>,
    /// The directory that holds its files as they were found.
    pub kept: String,
}

impl Salvage {
    /// With reason and path cut and made safe to show: the fact fits a record.
    #[must_use]
    pub fn new(why: &str, has: Seq, head: Option<Seq>, kept: &str) -> Self {
        let safe = |text: &str| text::shown(text).chars().take(CHARACTERS).collect();
        Self {
            why: safe(why),
            has,
            head,
            kept: safe(kept),
        }
    }
}

impl std::fmt::Display for Salvage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.head {
            Some(head) if head > self.has => {
                write!(f, "records {} to {head} are lost", self.has.next())?;
            }
            Some(head) => write!(f, "no record up to {head} is lost")?,
            None => write!(f, "what stood behind record {} is not known", self.has)?,
        }
        write!(f, "; the files are kept in {}", self.kept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::facts::{FACT_BYTES, Fact};

    #[test]
    fn it_says_what_is_lost_as_far_as_that_is_known() {
        let told = |head| Salvage::new("why", Seq(5), head, "/kept").to_string();
        let kept = "; the files are kept in /kept";
        assert_eq!(told(Some(Seq(9))), format!("records 6 to 9 are lost{kept}"));
        assert_eq!(
            told(Some(Seq(5))),
            format!("no record up to 5 is lost{kept}")
        );
        assert_eq!(
            told(None),
            format!("what stood behind record 5 is not known{kept}")
        );
    }

    #[test]
    fn however_long_reason_and_path_are_the_fact_fits_a_record() {
        let long = "𝕏".repeat(9_000);
        let fact = Fact::Salvaged(Salvage::new(&long, Seq(u64::MAX), None, &long));
        assert!(fact.size() <= FACT_BYTES, "{}", fact.size());
    }
}
