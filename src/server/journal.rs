//! What people decided, in the log: one line each when it is on record, with who did it.
//!
//! The lines are made of the facts, so that it does not matter which way a request came. Texts
//! never stand in them.

use std::collections::VecDeque;

use tracing::info;

use crate::model::alert::{Alert, Precedence, Target};
use crate::model::facts::{Entry, Fact};
use crate::model::ids::{AlertId, Seq, TokenId};
use crate::model::roster::Node;
use crate::model::token::{Role, Token};

/// Targets that are named; the others are counted.
const NAMED: usize = 5;

/// What becomes a line when it is durable.
#[derive(Debug)]
enum Line {
    Alert(Accepted),
    Roster {
        by: String,
        lines: usize,
        replaces: bool,
    },
    TokenMade {
        by: String,
        token: TokenId,
        holder: String,
        role: Role,
        node: Node,
    },
    TokenRevoked {
        by: String,
        token: TokenId,
    },
}

/// An alert, without its text.
#[derive(Debug)]
struct Accepted {
    id: AlertId,
    precedence: Precedence,
    exercise: bool,
    recipients: u32,
    by: String,
    /// The first of its targets.
    named: Vec<String>,
    /// How many it has.
    targets: usize,
}

impl Accepted {
    fn new(alert: &Alert) -> Self {
        let mut accepted = Self {
            id: alert.id,
            precedence: alert.precedence,
            exercise: alert.exercise,
            recipients: alert.recipients,
            by: alert.by.clone(),
            named: Vec::new(),
            targets: 0,
        };
        accepted.name(&alert.targets);
        accepted
    }

    fn name(&mut self, targets: &[Target]) {
        let room = NAMED.saturating_sub(self.named.len());
        let named = targets.iter().take(room).map(ToString::to_string);
        self.named.extend(named);
        self.targets += targets.len();
    }

    fn shown(&self) -> String {
        let named = self.named.join(" ");
        match self.targets.saturating_sub(self.named.len()) {
            0 => named,
            more => format!("{named} and {more} more"),
        }
    }
}

/// Lines of what is committed and not yet durable: at most one for each fact of a batch.
#[derive(Debug, Default)]
pub(super) struct Journal(VecDeque<(Seq, Line)>);

impl Journal {
    /// This batch is committed, from `first` on.
    pub(super) fn committing(&mut self, first: Seq, batch: &[Entry]) {
        let restated = restated(batch);
        for (at, entry) in batch.iter().enumerate() {
            if restated.iter().any(|range| range.contains(&at)) {
                continue;
            }
            let seq = Seq(first.0 + at as u64);
            self.note(seq, &entry.fact, at > 0);
        }
    }

    fn note(&mut self, seq: Seq, fact: &Fact, in_batch: bool) {
        let before = self
            .0
            .back_mut()
            .filter(|(last, _)| in_batch && last.0 + 1 == seq.0);
        let line = match (fact, before) {
            // Further lines of the same import, or targets of the same alert.
            (
                Fact::RosterImported {
                    by,
                    clears: false,
                    entries,
                },
                Some((
                    last,
                    Line::Roster {
                        by: same, lines, ..
                    },
                )),
            ) if by == same => {
                *last = seq;
                *lines += entries.len();
                return;
            }
            (Fact::Targets { targets, .. }, Some((last, Line::Alert(alert)))) => {
                *last = seq;
                alert.name(targets);
                return;
            }
            (
                Fact::RosterImported {
                    by,
                    clears,
                    entries,
                },
                _,
            ) => Line::Roster {
                by: by.clone(),
                lines: entries.len(),
                replaces: *clears,
            },
            (Fact::AlertAccepted(alert), _) => Line::Alert(Accepted::new(alert)),
            (Fact::TokenCreated { by, token }, _) => made(by, token),
            (Fact::TokenRevoked { by, token }, _) => Line::TokenRevoked {
                by: by.clone(),
                token: *token,
            },
            _ => return,
        };
        self.0.push_back((seq, line));
    }

    /// Everything up to here is on record.
    pub(super) fn durable(&mut self, up_to: Seq) {
        let is_durable = |(seq, _): &(Seq, Line)| *seq <= up_to;
        while self.0.front().is_some_and(is_durable) {
            if let Some((_, line)) = self.0.pop_front() {
                line.write();
            }
        }
    }

    /// The commit under way failed: whether its facts are there is not known.
    pub(super) fn forget(&mut self) {
        self.0.clear();
    }
}

/// Where in a batch the facts stand that a trim states again: they are old.
fn restated(batch: &[Entry]) -> Vec<std::ops::Range<usize>> {
    let mut ranges = Vec::new();
    let mut policy = None;
    for (at, entry) in batch.iter().enumerate() {
        match entry.fact {
            Fact::PolicyInForce(_) => policy = Some(at),
            Fact::Trimmed { .. } => ranges.extend(policy.take().map(|from| from..at)),
            _ => {}
        }
    }
    ranges
}

fn made(by: &str, token: &Token) -> Line {
    Line::TokenMade {
        by: by.to_owned(),
        token: token.id,
        holder: token.name.clone(),
        role: token.role,
        node: token.node.clone(),
    }
}

impl Line {
    fn write(&self) {
        match self {
            Self::Alert(alert) => info!(
                alert = %alert.id,
                precedence = alert.precedence.name(),
                targets = alert.shown(),
                recipients = alert.recipients,
                exercise = alert.exercise,
                by = alert.by,
                "alert accepted"
            ),
            Self::Roster {
                by,
                lines,
                replaces,
            } => info!(lines, replaces, by, "roster imported"),
            Self::TokenMade {
                by,
                token,
                holder,
                role,
                node,
            } => info!(%token, holder, ?role, %node, by, "token made"),
            Self::TokenRevoked { by, token } => info!(%token, by, "token revoked"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::wall::Wall;

    fn imported(clears: bool) -> Fact {
        Fact::RosterImported {
            by: "王".to_owned(),
            clears,
            entries: Vec::new(),
        }
    }

    fn revoked() -> Fact {
        Fact::TokenRevoked {
            by: "王".to_owned(),
            token: TokenId(ulid::Ulid::from(7u128)),
        }
    }

    fn batch(facts: impl IntoIterator<Item = Fact>) -> Vec<Entry> {
        let at = Wall::default();
        let entries = facts.into_iter().map(|fact| Entry { at, fact });
        entries.collect()
    }

    /// At which positions lines wait.
    fn waiting(journal: &Journal) -> Vec<u64> {
        journal.0.iter().map(|(seq, _)| seq.0).collect()
    }

    #[test]
    fn an_import_in_several_facts_is_one_line_and_is_written_when_all_are_durable() {
        let mut journal = Journal::default();
        let facts = [imported(true), imported(false), imported(false), revoked()];
        journal.committing(Seq(5), &batch(facts));
        assert_eq!(waiting(&journal), [7, 8]);
        journal.durable(Seq(6));
        assert_eq!(waiting(&journal), [7, 8]);
        journal.durable(Seq(7));
        assert_eq!(waiting(&journal), [8]);
        journal.forget();
        assert_eq!(waiting(&journal), [0; 0]);
    }

    #[test]
    fn what_a_trim_states_again_is_not_told_as_new() {
        let policy = || Fact::PolicyInForce(Box::default());
        let trimmed = Fact::Trimmed {
            by: "王".to_owned(),
            up_to: Seq(1),
            hash: [0; 32],
        };
        let mut journal = Journal::default();
        let facts = [
            imported(true),
            policy(),
            imported(true),
            revoked(),
            trimmed,
            revoked(),
        ];
        journal.committing(Seq(1), &batch(facts));
        assert_eq!(waiting(&journal), [1, 6]);
        let started = [policy(), imported(true)];
        journal.committing(Seq(7), &batch(started));
        assert_eq!(waiting(&journal), [1, 6, 8]);
    }
}
