//! What the durable facts say of each alert, and what radios showed of it.

mod evidence;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use narrowcast_protocol::air::{CarrierId, GroupId, RadioId, Text};
use narrowcast_protocol::time::Instant;

use crate::model::alert::{Alert, Mark, Precedence};
use crate::model::delivery::Rung;
use crate::model::facts::Fact;
use crate::model::ids::{AlertId, DeliveryIndex};
use crate::model::language::Language;
use crate::model::wall::Wall;

/// Most times that a text goes to a radio, and how far apart: 20 s from the end of one attempt
/// to the next, less what a busy port takes to write.
const TIMES: u32 = 6;
const APART: Duration = Duration::from_millis(19_500);
/// Once a minute the engine forgets, and the ledger takes its time.
const FORGOTTEN_WITHIN: Duration = Duration::from_secs(150);

/// A delivery in the observer's books.
#[derive(Debug)]
pub(super) struct Seen {
    /// The radio that is addressed; none for a person with telephones only.
    radio: Option<RadioId>,
    /// All radios of the recipient.
    radios: Vec<RadioId>,
    /// The talkgroups of its radios, with the carriers they usually listen to.
    groups: Vec<(GroupId, Option<CarrierId>)>,
    /// What is read there.
    language: Language,
    has_end: bool,
    pub(super) rung: Rung,
    attempts: u8,
    /// The newest attempt; over or not, it stands on the ledger.
    last: Option<Open>,
    /// When the acknowledgement of what was sent last became durable.
    acknowledged: Option<Instant>,
    written: bool,
    /// How often each text was written since the last "send again", and when last.
    texts: BTreeMap<(RadioId, String), (u32, Instant, CarrierId)>,
}

#[derive(Debug, Clone, Copy)]
struct Open {
    carrier: CarrierId,
    reference: u8,
    parts: u8,
}

/// An alert in the observer's books.
#[derive(Debug)]
pub(super) struct SeenAlert {
    alert: Alert,
    accepted: Instant,
    ended_at: Option<Wall>,
    deliveries: Vec<Seen>,
    groups: BTreeSet<(GroupId, CarrierId)>,
}

impl SeenAlert {
    pub(super) fn delivery(&self, index: DeliveryIndex) -> Option<&Seen> {
        self.deliveries.get(usize::try_from(index.0).ok()?)
    }

    fn delivery_mut(&mut self, index: DeliveryIndex) -> Option<&mut Seen> {
        self.deliveries.get_mut(usize::try_from(index.0).ok()?)
    }
}

/// What a fact taught.
#[derive(Debug, Default)]
pub(super) struct Learnt {
    pub(super) received: bool,
    pub(super) answered: bool,
    /// A text of a radio that is on record with it.
    pub(super) text: Option<(RadioId, String)>,
    /// It is evidence of something that did not happen.
    pub(super) without_grounds: Option<String>,
}

/// All alerts.
#[derive(Debug, Default)]
pub(super) struct Alerts {
    all: BTreeMap<AlertId, SeenAlert>,
    live: BTreeSet<AlertId>,
    of_radio: BTreeMap<RadioId, Vec<(AlertId, DeliveryIndex)>>,
    by_token: BTreeMap<String, AlertId>,
    /// The newest alert of each mark.
    by_mark: BTreeMap<Mark, AlertId>,
    /// Numbered texts that were taken for an answer: which alert the first copy answered, and
    /// when.
    numbered: BTreeMap<(RadioId, String, u16), (AlertId, Instant)>,
    /// Which radio has shown which alert.
    shown: BTreeSet<(RadioId, AlertId)>,
    linger: Duration,
}

/// The word by which a simulated alert is known in whatever text: `#` and a number.
pub(super) fn token(text: &str) -> Option<&str> {
    let (at, _) = text.char_indices().find(|(_, c)| *c == '#')?;
    let word = text.get(at..)?;
    let end = word
        .char_indices()
        .skip(1)
        .find(|(_, c)| !c.is_ascii_digit())
        .map_or(word.len(), |(end, _)| end);
    word.get(..end).filter(|word| word.len() > 1)
}

/// Whether a text that has a token goes on behind it as `said` does.
fn begins(text: &str, said: &str) -> bool {
    let Some(token) = token(said).filter(|said| token(text) == Some(said)) else {
        return true;
    };
    let next = said.split_once(token).map_or("", |(_, rest)| rest);
    let next: String = next.chars().take(2).collect();
    text.contains(&format!("{token}{next}"))
}

impl Alerts {
    pub(super) fn get(&self, id: AlertId) -> Option<&SeenAlert> {
        self.all.get(&id)
    }

    pub(super) fn alert(&self, id: AlertId) -> Option<&Alert> {
        self.all.get(&id).map(|book| &book.alert)
    }

    /// Deliveries that are below what their live alerts ask: since when, and whether they have a
    /// radio.
    pub(super) fn below(&self) -> impl Iterator<Item = (&Alert, DeliveryIndex, Instant, bool)> {
        let live = self.live.iter().filter_map(|id| self.all.get(id));
        live.flat_map(|book| {
            let enough = if book.alert.ask.wants_answer() {
                Rung::Answered
            } else {
                Rung::Received
            };
            let deliveries = (0u32..).map(DeliveryIndex).zip(&book.deliveries);
            deliveries
                .filter(move |(_, seen)| seen.rung < enough && !seen.has_end)
                .map(|(index, seen)| (&book.alert, index, book.accepted, seen.radio.is_some()))
        })
    }

    /// Whether one of these deliveries of an alert that is live waits for an answer.
    pub(super) fn waits_for_answer(
        &self,
        id: AlertId,
        which: impl Fn(DeliveryIndex) -> bool,
    ) -> bool {
        let Some(book) = self.all.get(&id).filter(|book| book.ended_at.is_none()) else {
            return false;
        };
        let mut deliveries = (0u32..).map(DeliveryIndex).zip(&book.deliveries);
        book.alert.ask.wants_answer()
            && deliveries
                .any(|(index, seen)| seen.rung < Rung::Answered && !seen.has_end && which(index))
    }

    /// Something was proven of a delivery over a telephone.
    pub(super) fn lift(&mut self, alert: AlertId, index: DeliveryIndex, rung: Rung) -> bool {
        let Some(seen) = self.seen(alert, index) else {
            return false;
        };
        let news = rung >= Rung::Received && seen.rung < Rung::Received;
        seen.rung = seen.rung.max(rung);
        news
    }

    pub(super) fn precedence(&self, id: AlertId) -> Option<Precedence> {
        self.all.get(&id).map(|alert| alert.alert.precedence)
    }

    pub(super) fn live(&self) -> Vec<AlertId> {
        self.live.iter().copied().collect()
    }

    /// How many alerts may be in memory at most, and how many places they may have.
    pub(super) fn bounds(&self, wall: Wall) -> (usize, usize) {
        let kept = |alert: &&SeenAlert| {
            alert
                .ended_at
                .is_none_or(|ended| wall.since(ended) < self.linger + FORGOTTEN_WITHIN)
        };
        let places = |alert: &SeenAlert| alert.deliveries.len() + 16;
        let kept = self.all.values().filter(kept);
        // What was decided and is not durable yet may be more.
        kept.fold((8, 2_000), |(count, sum), alert| {
            (count + 1, sum + places(alert))
        })
    }

    pub(super) fn overdue(&self, wall: Wall, grace: Duration) -> Option<AlertId> {
        let late = |id: &&AlertId| {
            let alert = self.all.get(id);
            alert.is_some_and(|alert| wall.since(alert.alert.expires_at) > grace)
        };
        self.live.iter().find(late).copied()
    }

    /// Whether the radio may show this text: an alert of that token was tried to it or to its
    /// talkgroup. Texts without a token are no alerts of the script.
    pub(super) fn shown(&mut self, radio: RadioId, text: &str) -> bool {
        let Some(id) = self.named(text) else {
            return token(text).is_none();
        };
        self.shown.insert((radio, id));
        let Some(alert) = self.all.get(&id) else {
            return false;
        };
        let tried = |seen: &Seen| seen.radios.contains(&radio) && seen.attempts > 0;
        !alert.groups.is_empty() || alert.deliveries.iter().any(tried)
    }

    /// The alert that a text is of: by its token, which stands in its first part, or by its
    /// mark, which stands in every part.
    pub(super) fn named(&self, text: &str) -> Option<AlertId> {
        if let Some(token) = token(text) {
            return self.by_token.get(token).copied();
        }
        let unsigned = text.rsplit('】').next().unwrap_or(text);
        let (mark, _) = Mark::strip(unsigned)?;
        self.by_mark.get(&mark).copied()
    }

    /// The delivery whose newest attempt this transmission is.
    pub(super) fn attempt(
        &self,
        radio: RadioId,
        carrier: CarrierId,
        text: &Text,
    ) -> Option<(AlertId, DeliveryIndex)> {
        let named = self.named(&text.text);
        let of_radio = self.of_radio.get(&radio)?;
        of_radio.iter().rev().copied().find(|(id, index)| {
            let Some(alert) = self.all.get(id) else {
                return false;
            };
            let last = alert.delivery(*index).and_then(|seen| seen.last);
            let Some(last) = last.filter(|last| last.carrier == carrier) else {
                return false;
            };
            let part = text.reference.wrapping_sub(last.reference) & 0x7F;
            // Only further parts can do without token and mark.
            let may_be = named.map_or(part > 0 || token(&alert.alert.text).is_none(), |named| {
                named == *id
            });
            part < last.parts && may_be
        })
    }

    /// Whether this text is in the language that is read there; only first parts tell.
    pub(super) fn is_read(&self, alert: AlertId, index: DeliveryIndex, text: &str) -> bool {
        let alert = self.all.get(&alert);
        let read = alert.and_then(|alert| {
            let said = alert.alert.said_to(&alert.delivery(index)?.language);
            Some(begins(text, said.text))
        });
        read.unwrap_or(true)
    }

    /// Whether it is in the language of all who hear it in a talkgroup.
    pub(super) fn is_read_in(&self, group: GroupId, text: &str) -> bool {
        let alert = self.named(text).and_then(|id| self.all.get(&id));
        let deliveries = alert.into_iter().flat_map(|alert| &alert.deliveries);
        let mut members = deliveries.filter(|it| it.groups.iter().any(|(of, _)| *of == group));
        members.all(|member| {
            let said = alert.map(|it| it.alert.said_to(&member.language));
            said.is_none_or(|said| begins(text, said.text))
        })
    }

    pub(super) fn group_attempt(&self, group: GroupId, carrier: CarrierId) -> bool {
        let live = self.live.iter().filter_map(|id| self.all.get(id));
        live.into_iter()
            .any(|alert| alert.groups.contains(&(group, carrier)))
    }

    pub(super) fn written(&mut self, alert: AlertId, index: DeliveryIndex) {
        if let Some(seen) = self.seen(alert, index) {
            seen.written = true;
        }
    }

    /// How this text, written now, comes too often or too soon.
    pub(super) fn too_often(
        &mut self,
        now: Instant,
        (alert, index, carrier): (AlertId, DeliveryIndex, CarrierId),
        (radio, text): (RadioId, &str),
    ) -> Option<String> {
        let flash = self.precedence(alert) == Some(Precedence::Flash);
        let seen = self.seen(alert, index)?;
        let key = (radio, text.to_owned());
        let before = seen.texts.get(&key).copied();
        let times = before.map_or(1, |(times, ..)| times + 1);
        seen.texts.insert(key, (times, now, carrier));
        // A Flash that went round goes over its home as soon as that is back.
        let soon = before
            .is_some_and(|(_, at, over)| now.since(at) < APART && !(flash && over != carrier));
        (soon || times > TIMES).then(|| {
            let since = before.map(|(_, at, _)| now.since(at));
            format!("{text:?} goes to {radio} for the {times}. time, {since:?} after the last")
        })
    }

    pub(super) fn acknowledged_at(&self, alert: AlertId, index: DeliveryIndex) -> Option<Instant> {
        self.all.get(&alert)?.delivery(index)?.acknowledged
    }

    fn seen(&mut self, alert: AlertId, index: DeliveryIndex) -> Option<&mut Seen> {
        self.all.get_mut(&alert)?.delivery_mut(index)
    }

    /// Learns a durable fact.
    pub(super) fn learn(&mut self, now: Instant, at: Wall, fact: &Fact) -> Learnt {
        match fact {
            Fact::PolicyInForce(policy) => self.linger = policy.linger,
            Fact::Started { .. } => self.interrupted(),
            Fact::AlertAccepted(alert) => self.accepted(now, alert),
            Fact::Recipients {
                alert, recipients, ..
            } => {
                if let Some(book) = self.all.get_mut(alert) {
                    for recipient in recipients {
                        let index = u32::try_from(book.deliveries.len()).unwrap_or(u32::MAX);
                        for radio in recipient.radios() {
                            let of_radio = self.of_radio.entry(radio).or_default();
                            of_radio.push((*alert, DeliveryIndex(index)));
                        }
                        let contact = recipient.contact.as_deref();
                        let further = contact.map_or(&[][..], |it| &it.radios);
                        let further = further.iter().map(|it| (it.talkgroup, it.home));
                        let groups = std::iter::once((recipient.talkgroup, recipient.home))
                            .chain(further)
                            .filter_map(|(group, home)| Some((group?, home)));
                        book.deliveries.push(Seen {
                            radio: recipient.radio,
                            radios: recipient.radios().collect(),
                            groups: groups.collect(),
                            language: recipient.language.clone(),
                            has_end: false,
                            rung: Rung::Queued,
                            attempts: 0,
                            last: None,
                            acknowledged: None,
                            written: false,
                            texts: BTreeMap::new(),
                        });
                    }
                }
            }
            Fact::AttemptStarted {
                alert,
                delivery,
                number,
                carrier,
                reference,
                parts,
                ..
            } => {
                if let Some(seen) = self.seen(*alert, *delivery) {
                    seen.attempts = *number;
                    seen.last = Some(Open {
                        carrier: *carrier,
                        reference: *reference,
                        parts: *parts,
                    });
                }
            }
            Fact::GroupAttemptStarted {
                alert,
                group,
                carrier,
                ..
            } => {
                if let Some(book) = self.all.get_mut(alert) {
                    book.groups.insert((*group, *carrier));
                }
            }
            Fact::Evidenced {
                alert,
                delivery,
                evidence,
            } => return self.evidence(now, *alert, *delivery, evidence),
            Fact::GroupEvidenced {
                alert,
                group,
                carrier,
                evidence,
            } => self.group_evidence(*alert, *group, *carrier, evidence),
            Fact::RadioTurned {
                alert,
                delivery,
                radio,
            } => {
                if let Some(seen) = self.seen(*alert, *delivery) {
                    seen.radio = Some(*radio);
                }
            }
            Fact::DeliveryEnded {
                alert, delivery, ..
            } => {
                if let Some(seen) = self.seen(*alert, *delivery) {
                    seen.has_end = true;
                }
            }
            Fact::AlertEnded { alert, .. } => {
                self.live.remove(alert);
                if let Some(book) = self.all.get_mut(alert) {
                    book.ended_at = Some(at);
                }
            }
            Fact::Resent {
                alert, deliveries, ..
            } => {
                self.live.insert(*alert);
                if let Some(book) = self.all.get_mut(alert) {
                    book.ended_at = None;
                    // The times of the policy count from here.
                    book.accepted = now;
                }
                for index in deliveries {
                    if let Some(seen) = self.seen(*alert, *index) {
                        seen.acknowledged = None;
                        seen.has_end = false;
                        seen.texts.clear();
                    }
                }
            }
            _ => {}
        }
        Learnt::default()
    }

    fn accepted(&mut self, now: Instant, alert: &Alert) {
        self.live.insert(alert.id);
        if let Some(token) = token(&alert.text) {
            self.by_token.insert(token.to_owned(), alert.id);
        }
        self.by_mark.insert(alert.mark, alert.id);
        self.all.insert(
            alert.id,
            SeenAlert {
                alert: alert.clone(),
                accepted: now,
                ended_at: None,
                deliveries: Vec::new(),
                groups: BTreeSet::new(),
            },
        );
    }

    fn interrupted(&mut self) {
        let live = self.all.values_mut();
        for seen in live.flat_map(|alert| &mut alert.deliveries) {
            seen.last = None;
        }
    }
}
