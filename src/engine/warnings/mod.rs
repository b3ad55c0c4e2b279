//! What the messages of other systems do: they make alerts, take their place and end them.
//!
//! All that one message does is decided at once and stands in one commit: the alert that it makes,
//! the end of the one in whose place that comes, the document. So no order of messages and no crash
//! between them leaves two versions in force, or one that was cancelled.

mod book;

use std::collections::BTreeSet;

pub(super) use book::WarningBook;
use book::{InForce, MESSAGES, Warning};

use crate::engine::Engine;
use crate::engine::io::{Receipt, Refusal, Response, Says, Submit, Warn, Warned};
use crate::engine::limits::{check_reason, fitting};
use crate::model::alert::{Ask, Precedence, Target};
use crate::model::delivery::End;
use crate::model::facts::Fact;
use crate::model::ids::{AlertId, Seq};
use crate::model::language::Words;
use crate::model::token::Principal;
use crate::model::warning::{
    AllClear, DOCUMENT_OCTETS, NAME_CHARACTERS, PART_OCTETS, REFERENCES, WarningForm,
    WarningMessage, WarningOutcome, WarningTaken,
};

/// Most targets of an alert that takes the place of another, and of an all-clear.
const TARGETS: usize = 1_000;

/// What was decided of a message, before it is on record.
#[derive(Default)]
struct Decided {
    receipt: Option<Receipt>,
    /// Alerts that it ended.
    ended: Vec<AlertId>,
    all_clear: Option<Receipt>,
    problem: Option<String>,
}

impl Engine {
    /// Takes a message in.
    ///
    /// # Errors
    /// It cannot be understood, contradicts what is known, or its alert is refused. Then nothing
    /// has changed.
    pub(super) fn warn(&mut self, who: &Principal, warn: Warn) -> Result<Response, Refusal> {
        check(&warn)?;
        if let Some(first) = self.warned_before(who, &warn.message)? {
            return Ok(Response::Warned(Box::new(first)));
        }
        let found = self.warnings_of(who, &warn.message)?;
        let Warn {
            message,
            says,
            document,
        } = warn;
        let warnings = found.iter().filter_map(|id| self.state.warnings.get(*id));
        let in_force: Vec<InForce> = warnings
            .clone()
            .filter_map(|it| it.in_force.clone())
            .collect();
        let is_over = !found.is_empty() && warnings.clone().all(|warning| warning.over);
        let about = in_force
            .iter()
            .max_by_key(|it| it.version)
            .map(|it| it.alert);
        let (outcome, decided) = match says {
            Says::Over { .. } if found.is_empty() => {
                (WarningOutcome::CancelledAhead, Decided::default())
            }
            _ if is_over => (WarningOutcome::Over, Decided::default()),
            Says::Over { because, all_clear } => {
                let told = self.warned(&found);
                let mut decided = Decided::default();
                for old in &in_force {
                    let ended = self.withdraw(who, old.alert, End::Cancelled, &because);
                    decided.ended.extend(ended);
                }
                let newest = in_force.iter().max_by_key(|it| it.version);
                if let (Some(words), Some(newest)) = (all_clear, newest) {
                    let words = match &words {
                        AllClear::Words(words) => words,
                        AllClear::OfTheVersion => &newest.words,
                    };
                    let says = (words.changed(over), newest.precedence);
                    self.all_clear_of(who, &message, says, told, &mut decided);
                }
                (WarningOutcome::Cancelled, decided)
            }
            Says::Alert(_) if in_force.iter().any(|it| it.holds_against(&message)) => {
                let mut decided = Decided::default();
                self.withdraw_older(who, &in_force, about, &mut decided);
                (WarningOutcome::Late, decided)
            }
            Says::Alert(mut submit) => {
                self.go_on_to(who, &mut submit, &in_force);
                let (id, mut decided) = (submit.id, Decided::default());
                let receipt = self.submit_of(who, *submit, Some(message.form))?;
                decided.receipt = Some(receipt);
                let because = format!("superseded by {id}");
                for old in &in_force {
                    let ended = self.withdraw(who, old.alert, End::Superseded, &because);
                    decided.ended.extend(ended);
                }
                let outcome = if in_force.is_empty() {
                    WarningOutcome::Issued
                } else {
                    WarningOutcome::Replaced
                };
                (outcome, decided)
            }
        };
        let mut found = found.into_iter();
        let taken = WarningTaken {
            outcome,
            by: who.name.clone(),
            node: who.node.clone(),
            warning: found.next(),
            joined: found.collect(),
            alert: decided.receipt.as_ref().map(|receipt| receipt.id),
            about,
            all_clear: decided.all_clear.as_ref().map(|receipt| receipt.id),
            octets: u32::try_from(document.len()).unwrap_or(u32::MAX),
            message,
        };
        self.keep(taken, &document);
        Ok(Response::Warned(Box::new(Warned {
            outcome,
            repeated: false,
            receipt: decided.receipt,
            ended: decided.ended,
            all_clear: decided.all_clear,
            problem: decided.problem,
            seq: self.state.seq,
        })))
    }

    /// What the same message was answered before.
    fn warned_before(
        &self,
        who: &Principal,
        message: &WarningMessage,
    ) -> Result<Option<Warned>, Refusal> {
        let own = message.key();
        let mut known = self.state.warnings.of(&own, &who.node);
        let known = known.find_map(|(_, it)| it.taken.get(&own).filter(|it| it.node == who.node));
        let Some(known) = known else {
            return Ok(None);
        };
        if known.hash != message.hash {
            return Err(Refusal::KeyReused);
        }
        let receipt = known.made.as_ref().map(|made| Receipt {
            id: made.alert,
            mark: made.mark.clone(),
            recipients: made.recipients,
            expires_at: made.expires_at,
            seq: made.seq,
            repeated: true,
            hindrances: Vec::new(),
        });
        Ok(Some(Warned {
            outcome: known.outcome,
            repeated: true,
            receipt,
            ended: Vec::new(),
            all_clear: None,
            problem: None,
            seq: known.seq,
        }))
    }

    /// The warnings to which a message belongs, the oldest first. Those that are over count only
    /// where there are no others, and where they name this very message.
    fn warnings_of(&self, who: &Principal, message: &WarningMessage) -> Result<Vec<Seq>, Refusal> {
        let book = &self.state.warnings;
        let named = message
            .references
            .iter()
            .flat_map(|key| book.of(key, &who.node));
        let mut found = BTreeSet::new();
        for (id, warning) in named {
            if warning.exercise != message.exercise {
                let (own, its) = if message.exercise {
                    ("a drill", "none")
                } else {
                    ("no drill", "one")
                };
                let why = format!(
                    "the message is {own}, and what it names is {its}: send it with the same status"
                );
                return Err(Refusal::Invalid {
                    field: "references",
                    why,
                });
            }
            found.insert(id);
        }
        // What waits for this message: an end that came ahead holds below its node, all else at it.
        let waiting: Vec<(Seq, &Warning)> = book
            .all_of(&message.key())
            .filter(|(_, it)| it.exercise == message.exercise)
            .filter(|(_, it)| it.node == who.node || it.over && it.node.covers(&who.node))
            .collect();
        let ended = waiting.iter().find(|(_, warning)| warning.over);
        let ended = ended.map(|(id, _)| *id);
        found.extend(waiting.iter().map(|(id, _)| *id));
        let is_over = |id: &Seq| book.get(*id).is_some_and(|warning| warning.over);
        if let Some(ended) = ended {
            return Ok(vec![ended]);
        }
        if !found.iter().all(is_over) {
            found.retain(|id| !is_over(id));
        }
        let messages: usize = found
            .iter()
            .filter_map(|id| book.get(*id))
            .map(|it| it.taken.len())
            .sum();
        if messages >= MESSAGES {
            let why = format!("what it names has {messages} messages already: begin a new warning");
            return Err(Refusal::Invalid {
                field: "references",
                why,
            });
        }
        Ok(found.into_iter().collect())
    }

    /// Whom a warning may have reached, and whether telephones may be told.
    fn warned(&self, found: &[Seq]) -> (BTreeSet<Target>, bool) {
        let mut told = (BTreeSet::new(), false);
        for warning in found.iter().filter_map(|id| self.state.warnings.get(*id)) {
            told.0.extend(warning.told.iter().cloned());
            told.1 |= warning.sms;
            let in_force = warning.in_force.iter();
            let reached = in_force.filter(|it| it.reached(&self.state.alerts));
            told.0
                .extend(reached.flat_map(|it| it.targets.iter().cloned()));
        }
        told
    }

    /// Who got the version before gets the one that takes its place, too.
    fn go_on_to(&self, who: &Principal, submit: &mut Submit, in_force: &[InForce]) {
        let now = self.wall();
        let reached = in_force
            .iter()
            .filter(|it| it.expires_at > now && it.reached(&self.state.alerts));
        let mut before: BTreeSet<&Target> = reached.flat_map(|it| &it.targets).collect();
        for target in &submit.targets {
            before.remove(target);
        }
        let sms = submit.sms && self.state.policy.has_route(submit.exercise);
        let room = TARGETS.saturating_sub(submit.targets.len());
        let known = before
            .into_iter()
            .filter(|target| self.reaches(who, target, sms));
        submit.targets.extend(known.take(room).cloned());
    }

    /// Whether the roster still knows somebody of this name.
    fn reaches(&self, who: &Principal, target: &Target, sms: bool) -> bool {
        let one = std::slice::from_ref(target);
        self.state
            .roster
            .resolve(one, &who.node, sms)
            .is_ok_and(|found| !found.is_empty())
    }

    fn submit_of(
        &mut self,
        who: &Principal,
        submit: Submit,
        came_as: Option<WarningForm>,
    ) -> Result<Receipt, Refusal> {
        let (mut alert, recipients, hindered) = self.prepared(who, submit)?;
        alert.came_as = came_as;
        Ok(self.accept(alert, &recipients, hindered))
    }

    /// Ends an alert that is live.
    fn withdraw(
        &mut self,
        who: &Principal,
        alert: AlertId,
        end: End,
        because: &str,
    ) -> Option<AlertId> {
        let book = self.state.alerts.get(&alert)?;
        if book.ended_at.is_some() {
            return None;
        }
        let because = Some(because.to_owned());
        self.finish(alert, Some(end), Some(who.name.clone()), because);
        Some(alert)
    }

    /// A message can show that several warnings are one: then only the latest version stays.
    fn withdraw_older(
        &mut self,
        who: &Principal,
        in_force: &[InForce],
        latest: Option<AlertId>,
        decided: &mut Decided,
    ) {
        let Some(stays) = latest else {
            return;
        };
        let because = format!("superseded by {stays}");
        for old in in_force.iter().filter(|it| it.alert != stays) {
            decided
                .ended
                .extend(self.withdraw(who, old.alert, End::Superseded, &because));
        }
    }

    /// Tells whoever may have got a version that it is over, one step less urgently.
    fn all_clear_of(
        &mut self,
        who: &Principal,
        message: &WarningMessage,
        (words, precedence): (Words, Precedence),
        (told, sms): (BTreeSet<Target>, bool),
        decided: &mut Decided,
    ) {
        let routes = sms && self.state.policy.has_route(message.exercise);
        let known = told
            .into_iter()
            .filter(|target| self.reaches(who, target, routes));
        let targets: Vec<Target> = known.take(TARGETS).collect();
        if targets.is_empty() {
            return;
        }
        let submit = Submit {
            id: AlertId(self.fresh_id()),
            text: words.text,
            precedence: one_less(precedence),
            ask: Ask::Nothing,
            targets,
            expires_at: None,
            exercise: message.exercise,
            sms,
            station: None,
            idempotency: None,
            language: words.language,
            translations: words.translations,
        };
        match self.submit_of(who, submit, None) {
            Ok(receipt) => decided.all_clear = Some(receipt),
            // What it ends is ended all the same.
            Err(why) => decided.problem = Some(format!("the all-clear was not sent: {why}")),
        }
    }

    /// Puts a message and its document on record.
    fn keep(&mut self, taken: WarningTaken, document: &[u8]) {
        let (alert, node) = (taken.kept_with(), taken.node.clone());
        let message = self.emit(Fact::WarningTaken(Box::new(taken)));
        for (part, octets) in (0u16..).zip(document.chunks(PART_OCTETS)) {
            self.emit(Fact::DocumentPart {
                alert,
                node: node.clone(),
                message,
                part,
                octets: octets.to_vec(),
            });
        }
    }
}

/// Words that say that something is over, in lower case.
const OVER: [&str; 8] = [
    "解除",
    "取消",
    "撤销",
    "终止",
    "cancel",
    "all clear",
    "lifted",
    "no longer",
];

/// What is said of the end of a warning: never the bare words of the warning.
fn over(text: &str) -> String {
    let lower = text.to_lowercase();
    if OVER.iter().any(|word| lower.contains(word)) {
        return fitting(text);
    }
    let chinese = |c: char| matches!(c, '\u{3400}'..='\u{9FFF}' | '\u{20000}'..='\u{3FFFF}');
    let sign = if text.contains(chinese) {
        "【解除】"
    } else {
        "CANCELLED: "
    };
    fitting(&format!("{sign}{text}"))
}

const fn one_less(precedence: Precedence) -> Precedence {
    match precedence {
        Precedence::Flash => Precedence::Immediate,
        Precedence::Immediate => Precedence::Priority,
        Precedence::Priority | Precedence::Routine => Precedence::Routine,
    }
}

fn check(warn: &Warn) -> Result<(), Refusal> {
    let invalid = |field, why: String| Err(Refusal::Invalid { field, why });
    let characters = warn.message.name.chars().count();
    if !(1..=NAME_CHARACTERS).contains(&characters) {
        let why = format!(
            "the message's name has {characters} characters; give it 1 to {NAME_CHARACTERS}"
        );
        return invalid("identifier", why);
    }
    let references = warn.message.references.len();
    if references > REFERENCES {
        let why = format!("it names {references} messages; name at most {REFERENCES}");
        return invalid("references", why);
    }
    if warn.document.len() > DOCUMENT_OCTETS {
        let why = format!(
            "it has {} octets; send at most {DOCUMENT_OCTETS}",
            warn.document.len()
        );
        return invalid("document", why);
    }
    match &warn.says {
        Says::Over { because, .. } => check_reason(because),
        Says::Alert(_) => Ok(()),
    }
}
