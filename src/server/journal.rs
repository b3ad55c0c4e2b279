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
        while let Some((_, line)) = self.0.pop_front_if(|(seq, _)| *seq <= up_to) {
            line.write();
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
