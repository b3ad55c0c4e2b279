//! Severity, urgency and certainty: how urgent an alert is.

use narrowcast_protocol::warning::cap::{Certainty, Info, Severity, Urgency};

use crate::model::alert::Precedence;

/// How urgent an info of a CAP alert is. The table stands in `docs/cap.md`.
#[must_use]
pub fn precedence(info: &Info) -> Precedence {
    let later = matches!(info.urgency, Urgency::Future | Urgency::Past)
        || info.certainty == Certainty::Unlikely;
    let soon = matches!(info.urgency, Urgency::Immediate | Urgency::Expected);
    let sure = matches!(info.certainty, Certainty::Observed | Certainty::Likely);
    match (info.severity, later) {
        (Severity::Extreme, _) if soon && sure => Precedence::Flash,
        (Severity::Extreme, _) | (Severity::Severe, false) => Precedence::Immediate,
        (Severity::Severe, true) | (Severity::Moderate, false) => Precedence::Priority,
        (Severity::Moderate, true) | (Severity::Minor | Severity::Unknown, _) => {
            Precedence::Routine
        }
    }
}

/// How an alert of ours is rated as CAP; [`precedence`] of it is the same again.
pub(super) const fn rated(precedence: Precedence) -> (Severity, Urgency) {
    match precedence {
        Precedence::Flash => (Severity::Extreme, Urgency::Immediate),
        Precedence::Immediate => (Severity::Severe, Urgency::Immediate),
        Precedence::Priority => (Severity::Moderate, Urgency::Expected),
        Precedence::Routine => (Severity::Minor, Urgency::Expected),
    }
}

#[cfg(test)]
mod tests {
    use narrowcast_protocol::warning::cap::Category;

    use super::*;

    fn of(severity: Severity, urgency: Urgency, certainty: Certainty) -> Precedence {
        precedence(&Info::new(Category::Met, "e", urgency, severity, certainty))
    }

    #[test]
    fn every_combination_stands_in_the_table() {
        use Precedence::{Flash, Immediate, Priority, Routine};
        // Columns: soon and sure; soon and not sure, or urgency unknown; Future, Past or Unlikely.
        let table = [
            (Severity::Extreme, [Flash, Immediate, Immediate]),
            (Severity::Severe, [Immediate, Immediate, Priority]),
            (Severity::Moderate, [Priority, Priority, Routine]),
            (Severity::Minor, [Routine, Routine, Routine]),
            (Severity::Unknown, [Routine, Routine, Routine]),
        ];
        assert_eq!(table.len(), Severity::ALL.len());
        for (severity, row) in table {
            for urgency in Urgency::ALL {
                for certainty in Certainty::ALL {
                    let column = match (urgency, certainty) {
                        (Urgency::Future | Urgency::Past, _) | (_, Certainty::Unlikely) => 2,
                        (
                            Urgency::Immediate | Urgency::Expected,
                            Certainty::Observed | Certainty::Likely,
                        ) => 0,
                        _ => 1,
                    };
                    assert_eq!(
                        of(severity, *urgency, *certainty),
                        row[column],
                        "{severity} {urgency} {certainty}"
                    );
                }
            }
        }
    }

    #[test]
    fn what_we_write_is_rated_as_it_was_sent() {
        for precedence in Precedence::ALL {
            let (severity, urgency) = rated(precedence);
            assert_eq!(of(severity, urgency, Certainty::Likely), precedence);
        }
    }
}
