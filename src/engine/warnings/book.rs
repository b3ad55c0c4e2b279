//! Warnings as the facts tell of them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::alert::{Precedence, Target};
use crate::model::book::AlertBook;
use crate::model::delivery::Rung;
use crate::model::facts::Fact;
use crate::model::ids::{AlertId, Seq};
use crate::model::language::Words;
use crate::model::roster::Node;
use crate::model::wall::Wall;
use crate::model::warning::{
    MessageKey, WarningKind, WarningMessage, WarningOutcome, WarningTaken,
};

/// How long a warning is remembered after its last message: longer than any alert lives.
const LIFE: Duration = Duration::from_secs(8 * 24 * 3_600);
/// How long a cancellation waits for what it cancels.
const AHEAD_LIFE: Duration = Duration::from_secs(24 * 3_600);
/// Most warnings that are remembered. Beyond that the one goes that was silent for longest: what
/// comes of it later begins anew.
const WARNINGS: usize = 10_000;
/// Most messages of one warning.
pub(super) const MESSAGES: usize = 1_000;

/// Which of two versions is in force: the later one, and of equal ones always the same.
type Version = ((Wall, Wall), MessageKey);

/// A message that was taken in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::engine) struct Taken {
    /// The node of who sent it: others may take in the same message, each for itself.
    pub(super) node: Node,
    pub(super) hash: [u8; 32],
    pub(super) outcome: WarningOutcome,
    /// Where the fact that took it in stands in the ledger.
    pub(super) seq: Seq,
    /// What was answered of the alert that was made of it.
    pub(super) made: Option<Made>,
}

/// The alert of a message, as it was accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Made {
    pub(super) alert: AlertId,
    pub(super) mark: String,
    pub(super) recipients: u32,
    pub(super) expires_at: Wall,
    pub(super) seq: Seq,
}

/// The version of a warning that is in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct InForce {
    pub(super) alert: AlertId,
    pub(super) version: Version,
    /// Messages that it named: it comes after them.
    after: Vec<MessageKey>,
    pub(super) words: Words,
    pub(super) precedence: Precedence,
    pub(super) targets: Vec<Target>,
    pub(super) sms: bool,
    pub(super) expires_at: Wall,
    /// Whether it has left for at least one recipient, as far as is known.
    reached: bool,
}

impl InForce {
    fn of(taken: &WarningTaken, book: &AlertBook) -> Self {
        let alert = &book.alert;
        Self {
            alert: alert.id,
            version: (taken.message.version, taken.message.key()),
            after: taken.message.references.clone(),
            words: alert.words(),
            precedence: alert.precedence,
            targets: alert.targets.clone(),
            sms: alert.sms,
            expires_at: alert.expires_at,
            reached: false,
        }
    }

    /// Whether this message does not come later: the one that names the other does, otherwise the
    /// one with the later version.
    pub(super) fn holds_against(&self, message: &WarningMessage) -> bool {
        let (own, other) = (self.version.1, message.key());
        let named = message.references.contains(&own);
        match (named, self.after.contains(&other)) {
            (true, false) => false,
            (false, true) => true,
            _ => self.version > (message.version, other),
        }
    }

    /// Whether somebody may have got it.
    pub(super) fn reached(&self, books: &BTreeMap<AlertId, AlertBook>) -> bool {
        self.reached || books.get(&self.alert).is_some_and(has_left)
    }
}

fn has_left(book: &AlertBook) -> bool {
    let mut deliveries = book.deliveries.iter();
    deliveries.any(|delivery| delivery.rung >= Rung::Sent || delivery.open.is_some())
}

/// A warning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Warning {
    /// The node of who sent its first message.
    pub(super) node: Node,
    pub(super) exercise: bool,
    /// Its messages.
    pub(super) taken: BTreeMap<MessageKey, Taken>,
    /// Messages that its own name, and which have not come.
    awaited: BTreeSet<MessageKey>,
    pub(super) in_force: Option<InForce>,
    /// Whom versions named that are no longer in force and have reached somebody.
    pub(super) told: BTreeSet<Target>,
    /// Whether telephones may be told what they were told.
    pub(super) sms: bool,
    pub(super) over: bool,
    touched: Wall,
}

impl Warning {
    /// Whether nothing but a cancellation of it is known.
    fn is_ahead(&self) -> bool {
        self.over && self.in_force.is_none()
    }

    /// What is known of it is known of this one.
    fn join(&mut self, other: Self) {
        self.taken.extend(other.taken);
        self.awaited.extend(other.awaited);
        self.told.extend(other.told);
        self.sms |= other.sms;
        let later = |of: &Option<InForce>| of.as_ref().map(|it| it.version);
        if later(&other.in_force) > later(&self.in_force) {
            self.in_force = other.in_force;
        }
    }
}

/// All warnings of which something may still come.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(in crate::engine) struct WarningBook {
    /// By the place of their first message.
    warnings: BTreeMap<Seq, Warning>,
    /// Where a message belongs, also one that has not come.
    of: BTreeMap<MessageKey, BTreeSet<Seq>>,
    /// Whose alert is in force.
    by_alert: BTreeMap<AlertId, Seq>,
}

impl WarningBook {
    /// Folds one more fact in. The facts of an alert stand before that of its message.
    pub(in crate::engine) fn apply(
        &mut self,
        (seq, at): (Seq, Wall),
        fact: &Fact,
        books: &BTreeMap<AlertId, AlertBook>,
    ) {
        match fact {
            Fact::WarningTaken(taken) => self.taken(seq, at, taken, books),
            // The last look at who got it, before it leaves memory.
            Fact::AlertEnded { alert, .. } | Fact::Summed { alert, .. } => {
                let warning = self.by_alert.get(alert);
                let warning = warning.and_then(|id| self.warnings.get_mut(id));
                if let Some(in_force) = warning.and_then(|warning| warning.in_force.as_mut()) {
                    in_force.reached = in_force.reached(books);
                }
            }
            _ => {}
        }
    }

    fn taken(
        &mut self,
        seq: Seq,
        at: Wall,
        taken: &WarningTaken,
        books: &BTreeMap<AlertId, AlertBook>,
    ) {
        let id = taken.warning.unwrap_or(seq);
        let message = &taken.message;
        let mut warning = self.remove(id).unwrap_or_else(|| Warning {
            node: taken.node.clone(),
            exercise: message.exercise,
            taken: BTreeMap::new(),
            awaited: BTreeSet::new(),
            in_force: None,
            told: BTreeSet::new(),
            sms: false,
            over: false,
            touched: at,
        });
        for joined in &taken.joined {
            if let Some(other) = self.remove(*joined) {
                warning.supersede(&other, books);
                warning.join(other);
            }
        }
        warning.touched = at;
        let own = message.key();
        let made = taken.alert.and_then(|alert| books.get(&alert));
        let entry = Taken {
            node: taken.node.clone(),
            hash: message.hash,
            outcome: taken.outcome,
            seq,
            made: made.map(|book| Made {
                alert: book.alert.id,
                mark: book.alert.mark.to_string(),
                recipients: book.alert.recipients,
                expires_at: book.alert.expires_at,
                seq: book.seq,
            }),
        };
        warning.taken.insert(own, entry);
        warning.awaited.extend(message.references.iter().copied());
        warning
            .awaited
            .retain(|key| !warning.taken.contains_key(key));
        match taken.outcome {
            WarningOutcome::Issued | WarningOutcome::Replaced => {
                let old = warning.clone();
                warning.supersede(&old, books);
                warning.in_force = made.map(|book| InForce::of(taken, book));
                warning.sms |= made.is_some_and(|book| book.alert.sms);
            }
            WarningOutcome::Cancelled | WarningOutcome::CancelledAhead => warning.over = true,
            WarningOutcome::Over if message.kind == WarningKind::Cancel => warning.over = true,
            WarningOutcome::Late | WarningOutcome::Over => {}
        }
        self.insert(id, warning);
        self.bound();
    }

    fn insert(&mut self, id: Seq, warning: Warning) {
        for key in warning.taken.keys().chain(&warning.awaited) {
            self.of.entry(*key).or_default().insert(id);
        }
        if let Some(in_force) = &warning.in_force {
            self.by_alert.insert(in_force.alert, id);
        }
        self.warnings.insert(id, warning);
    }

    fn remove(&mut self, id: Seq) -> Option<Warning> {
        let warning = self.warnings.remove(&id)?;
        for key in warning.taken.keys().chain(&warning.awaited) {
            if let Some(of) = self.of.get_mut(key) {
                of.remove(&id);
                if of.is_empty() {
                    self.of.remove(key);
                }
            }
        }
        if let Some(in_force) = &warning.in_force {
            self.by_alert.remove(&in_force.alert);
        }
        Some(warning)
    }

    fn bound(&mut self) {
        if self.warnings.len() > WARNINGS {
            let all = self.warnings.iter();
            let oldest = all.min_by_key(|(id, warning)| (warning.touched, **id));
            if let Some(id) = oldest.map(|(id, _)| *id) {
                self.remove(id);
            }
        }
    }

    /// Forgets the warnings of which nothing comes any more.
    pub(in crate::engine) fn forget(&mut self, now: Wall) {
        let silent = |warning: &Warning| {
            let life = if warning.is_ahead() { AHEAD_LIFE } else { LIFE };
            now.since(warning.touched) >= life
        };
        let gone: Vec<Seq> = self
            .warnings
            .iter()
            .filter(|(_, it)| silent(it))
            .map(|(id, _)| *id)
            .collect();
        for id in gone {
            self.remove(id);
        }
    }

    pub(super) fn get(&self, id: Seq) -> Option<&Warning> {
        self.warnings.get(&id)
    }

    /// The warnings to which this message belongs, the oldest first.
    pub(super) fn all_of(&self, key: &MessageKey) -> impl Iterator<Item = (Seq, &Warning)> {
        let ids = self.of.get(key).into_iter().flatten();
        ids.filter_map(|id| Some((*id, self.warnings.get(id)?)))
    }

    /// Those of them that `node` may touch.
    pub(super) fn of<'a>(
        &'a self,
        key: &MessageKey,
        node: &'a Node,
    ) -> impl Iterator<Item = (Seq, &'a Warning)> {
        let all = self.all_of(key);
        all.filter(|(_, warning)| node.covers(&warning.node))
    }

    /// The first fact that is still needed.
    pub(in crate::engine) fn first(&self) -> Option<Seq> {
        self.warnings.keys().next().copied()
    }
}

impl Warning {
    /// What another one said is not in force any more.
    fn supersede(&mut self, other: &Self, books: &BTreeMap<AlertId, AlertBook>) {
        if let Some(old) = &other.in_force
            && old.reached(books)
        {
            self.told.extend(old.targets.iter().cloned());
        }
    }
}
