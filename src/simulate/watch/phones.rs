//! What operators took, gave out and were told, and what the durable facts say of it.

mod facts;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use narrowcast_protocol::air::{MessageId, Phone, StationId};
use narrowcast_protocol::session::CarrierState;
use narrowcast_protocol::sms::{Concatenation, Reference};
use narrowcast_protocol::time::Instant;
use narrowcast_world::smsc::{CentreEvent, Given, Message};

use super::alerts::{Alerts, token};
use crate::model::alert::{Alert, Precedence};
use crate::model::delivery::Outcome;
use crate::model::ids::{AlertId, DeliveryIndex};
use crate::model::policy::{Policy, SmsPolicy, SmsRoute};
use crate::simulate::invariant::Invariant;

/// The latest that a telephone is tried after its time has come and a route has had room.
const SLACK: Duration = Duration::from_secs(20);
/// What clocks and the ledger may take of a wait.
const TOLERANCE: Duration = Duration::from_secs(3);

/// Within this time a telephone joins parts with one number.
const JOINED: Duration = Duration::from_secs(600);

/// A broken promise, if there is one.
pub(super) type Verdict = Option<(Invariant, String)>;

/// A telephone of a delivery.
type Line = (AlertId, DeliveryIndex, u8);

/// A text as it was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Start {
    number: u8,
    route: StationId,
    reference: u8,
    parts: u8,
    /// How it ended; none while it is open.
    ended: Option<Outcome>,
}

/// What is known of a telephone of a delivery.
#[derive(Debug, Default)]
struct Book {
    starts: Vec<Start>,
    /// Starts that do not count: withdrawn, or before a person sent the alert again.
    free: usize,
    /// Parts of each text that left, were taken, and are with the telephone, by route and
    /// reference.
    written: BTreeSet<(StationId, u8, u8)>,
    taken: BTreeSet<(StationId, u8, u8)>,
    received: BTreeSet<(StationId, u8, u8)>,
    /// When an operator took each part last, and which.
    took: BTreeMap<u8, (Instant, StationId)>,
    /// An operator said that a part failed, or a person sent the alert again, since.
    may_repeat: bool,
}

impl Book {
    fn start(&self, number: u8) -> Option<Start> {
        self.starts
            .iter()
            .rev()
            .find(|it| it.number == number)
            .copied()
    }

    /// Whether every part of the text of `start` is among these.
    fn whole(start: Start, parts: &BTreeSet<(StationId, u8, u8)>) -> bool {
        (0..start.parts).all(|part| parts.contains(&(start.route, start.reference, part)))
    }
}

/// Which part of which texts an operator's message may be.
#[derive(Debug, Clone)]
struct Place {
    lines: Vec<Line>,
    reference: Option<u8>,
    part: u8,
}

/// The link of a route, as the engine was told.
#[derive(Debug, Clone, Copy, Default)]
struct Link {
    there: bool,
    /// Since when it has had room.
    room_since: Option<Instant>,
}

/// All telephones.
#[derive(Debug, Default)]
pub(super) struct Phones {
    routes: BTreeMap<StationId, SmsRoute>,
    policy: Option<SmsPolicy>,
    sign: String,
    numbers: BTreeMap<Line, Phone>,
    books: BTreeMap<Line, Book>,
    links: BTreeMap<StationId, Link>,
    /// What operators took, by route and name.
    places: BTreeMap<(StationId, String), Place>,
    /// Names of which a delivered receipt was given out.
    given: BTreeSet<(StationId, String)>,
    unmatched: Vec<(StationId, MessageId)>,
    /// What people wrote, and when it was given out last.
    said: BTreeMap<(Phone, String), Instant>,
    /// When an operator first took a text of an alert for a telephone.
    reached: BTreeMap<(Phone, AlertId), Instant>,
    /// Which alert last used a number for parts over a route to a telephone, and when.
    joined: BTreeMap<(StationId, Phone, u8, u8), (AlertId, Instant)>,
    /// Operators' messages, delivered receipts that were kept, and answers on record.
    pub(super) taken: u64,
    pub(super) delivered: u64,
    pub(super) answered: u64,
}

fn part_of(part: Option<Concatenation>) -> (Option<u8>, u8, u8) {
    part.map_or((None, 1, 0), |part| {
        let reference = match part.reference {
            Reference::Eight(reference) => Some(reference),
            Reference::Sixteen(_) => None,
        };
        (reference, part.total, part.number.saturating_sub(1))
    })
}

impl Phones {
    pub(super) fn telephones(&self) -> usize {
        self.numbers.len()
    }

    pub(super) fn is_route(&self, station: StationId) -> bool {
        self.routes.contains_key(&station)
    }

    pub(super) fn begin(&mut self, policy: &Policy) {
        self.routes = policy.routes.iter().map(|it| (it.id, it.clone())).collect();
        self.policy = Some(policy.sms.clone());
        self.sign.clone_from(&policy.exercise_sign);
    }

    pub(super) fn recipient(&mut self, alert: AlertId, index: DeliveryIndex, phones: &[Phone]) {
        for (phone, number) in (0u8..).zip(phones) {
            self.numbers.insert((alert, index, phone), *number);
        }
    }

    pub(super) fn link(&mut self, now: Instant, id: StationId, state: CarrierState, room: u8) {
        let link = self.links.entry(id).or_default();
        link.there = state != CarrierState::Gone;
        link.room_since =
            (state == CarrierState::Up && room > 0).then_some(link.room_since.unwrap_or(now));
    }

    /// No link is there: the process is gone.
    pub(super) fn hang_up(&mut self) {
        self.links.clear();
    }

    /// An operator did this.
    pub(super) fn operator(
        &mut self,
        now: Instant,
        route: StationId,
        event: &CentreEvent,
        alerts: &Alerts,
    ) -> Verdict {
        match event {
            CentreEvent::Taken(message) => self.took(now, route, message, alerts),
            CentreEvent::Gives(Given::Receipt {
                message, delivered, ..
            }) => {
                let key = (route, message.clone());
                if *delivered {
                    self.given.insert(key);
                } else if let Some(place) = self.places.get(&key) {
                    for line in &place.lines {
                        self.books.entry(*line).or_default().may_repeat = true;
                    }
                }
                None
            }
            CentreEvent::Gives(Given::Text { from, text }) => {
                if let Ok(phone) = Phone::new(from) {
                    self.said.insert((phone, text.clone()), now);
                }
                None
            }
            CentreEvent::Brought {
                given:
                    Given::Receipt {
                        message,
                        delivered: true,
                        ..
                    },
                kept: true,
                ..
            } => {
                self.delivered += 1;
                self.is_on_record(route, message)
            }
            _ => None,
        }
    }

    fn took(
        &mut self,
        now: Instant,
        route: StationId,
        message: &Message,
        alerts: &Alerts,
    ) -> Verdict {
        self.taken += 1;
        let wrong = |what: String| Some((Invariant::NoMessageWithoutAttempt, what));
        let Ok(phone) = Phone::new(&message.to) else {
            return wrong(format!("{} is no telephone", message.to));
        };
        let (reference, total, part) = part_of(message.part);
        let named = token(&message.text)
            .filter(|_| part == 0)
            .and_then(|_| alerts.named(&message.text));
        let lines = self.numbers.iter().filter(|(line, number)| {
            let fits = |start: &Start| {
                start.route == route
                    && start.parts == total
                    && reference.is_none_or(|reference| reference == start.reference)
            };
            let book = self.books.get(line);
            **number == phone
                && named.is_none_or(|named| named == line.0)
                && book.is_some_and(|book| book.starts.iter().any(fits))
        });
        let lines: Vec<Line> = lines.map(|(line, _)| *line).collect();
        if lines.is_empty() {
            return wrong(format!(
                "{:?} for {phone} reached route {route}, and no attempt is on the ledger",
                message.text
            ));
        }
        let place = Place {
            lines: lines.clone(),
            reference,
            part,
        };
        self.places.insert((route, message.id.clone()), place);
        let alert = named.and_then(|id| alerts.alert(id))?;
        let is_read = |line: &Line| alerts.is_read(line.0, line.1, &message.text);
        if !lines.iter().any(is_read) {
            let what = format!("{:?} reached {phone}", message.text);
            return Some((Invariant::NoOtherLanguage, what));
        }
        self.reached.entry((phone, alert.id)).or_insert(now);
        let drill = self.fence(route, message, alert);
        let numbered = reference.map(|reference| (route, phone, reference, total));
        let mixed = numbered.and_then(|numbered| self.mixed(now, numbered, alert.id));
        let again = self.again(now, route, part, alert, &lines);
        drill.or(mixed).or(again)
    }

    /// Parts of two alerts that a telephone would take for one text.
    fn mixed(&mut self, now: Instant, key: (StationId, Phone, u8, u8), alert: AlertId) -> Verdict {
        let before = self.joined.insert(key, (alert, now));
        let other = before.filter(|(id, at)| *id != alert && now.since(*at) < JOINED)?;
        let what = format!(
            "parts of {alert} and {} have one number at {}",
            other.0, key.1
        );
        Some((Invariant::NoTextsMixed, what))
    }

    fn fence(&self, route: StationId, message: &Message, alert: &Alert) -> Verdict {
        let carries = self.routes.get(&route).is_some_and(|it| it.exercises);
        let signed = message.text.contains(&self.sign);
        let broken = alert.exercise && !(carries && signed) || !alert.sms;
        broken.then(|| {
            let what = format!("{:?} reached route {route}", message.text);
            (Invariant::NoExerciseOverLiveSms, what)
        })
    }

    /// A part that an operator has taken before needs a reason.
    fn again(
        &mut self,
        now: Instant,
        route: StationId,
        part: u8,
        alert: &Alert,
        lines: &[Line],
    ) -> Verdict {
        let flash = alert.precedence == Precedence::Flash;
        let mut verdict = None;
        for line in lines {
            let book = self.books.entry(*line).or_default();
            let before = book.took.insert(part, (now, route));
            // The route that took it last has its time to bring a receipt.
            let wait = before
                .and_then(|(_, over)| self.routes.get(&over))
                .map_or(Duration::ZERO, |it| it.receipt_wait);
            let before = before.map(|(at, _)| at);
            // The fate of a Flash may be unclear at once.
            let in_doubt = flash
                && book
                    .starts
                    .iter()
                    .rev()
                    .skip(1)
                    // What never left says nothing of the one before.
                    .find(|it| it.ended != Some(Outcome::Withdrawn))
                    .is_some_and(|it| it.ended == Some(Outcome::Unclear));
            let due = before.is_some_and(|at| now.since(at) + TOLERANCE < wait);
            if due && !book.may_repeat && !in_doubt && lines.len() == 1 {
                let since = before.map(|at| now.since(at));
                verdict = Some((
                    Invariant::NoMessageTwiceWithoutNeed,
                    format!(
                        "{} went to telephone {} again {since:?} after the last",
                        alert.id, line.2
                    ),
                ));
            }
            book.may_repeat = false;
        }
        verdict
    }

    /// An operator was told that we have a receipt.
    fn is_on_record(&self, route: StationId, name: &str) -> Verdict {
        let place = self.places.get(&(route, name.to_owned()))?;
        let recorded = place.lines.iter().any(|line| {
            let Some(book) = self.books.get(line) else {
                return false;
            };
            let this = |(over, reference, part): &(StationId, u8, u8)| {
                *over == route
                    && *part == place.part
                    && place.reference.is_none_or(|known| known == *reference)
            };
            book.received.iter().any(this)
                || book
                    .starts
                    .iter()
                    .any(|start| Book::whole(*start, &book.received))
        });
        let id = MessageId::new(name.as_bytes()).ok();
        let waits = self
            .unmatched
            .iter()
            .any(|(over, known)| *over == route && id.is_some_and(|id| id.may_be(known)));
        (!recorded && !waits).then(|| {
            let what = format!("the receipt of {name} over route {route} is not on the ledger");
            (Invariant::NoReceiptIsLost, what)
        })
    }

    /// Who is below what is asked, could be tried, and was not.
    pub(super) fn untried(&self, now: Instant, ready: Instant, alerts: &Alerts) -> Verdict {
        let policy = self.policy.as_ref()?;
        let missed = alerts.below().find(|(alert, index, accepted, has_radio)| {
            let line = (alert.id, *index, 0);
            if !alert.sms || alert.station.is_some() || !self.numbers.contains_key(&line) {
                return false;
            }
            if self
                .books
                .get(&line)
                .is_some_and(|book| !book.starts.is_empty())
            {
                return false;
            }
            let after = match (has_radio, alert.precedence) {
                (false, _) => Duration::ZERO,
                (true, Precedence::Flash) => policy.after_flash,
                (true, _) => policy.after,
            };
            let due = (*accepted + after).max(ready);
            let permitted = self.routes.values();
            let permitted = permitted.filter(|it| !alert.exercise || it.exercises);
            let mut there = permitted
                .filter_map(|route| self.links.get(&route.id))
                .filter(|link| link.there)
                .peekable();
            there.peek().is_some()
                && there.all(|link| {
                    let since = link.room_since.map(|at| at.max(due));
                    since.is_some_and(|since| now.since(since) > SLACK)
                })
        });
        missed.map(|(alert, index, ..)| {
            let what = format!("delivery {} of {} was not tried by SMS", index.0, alert.id);
            (Invariant::EverybodyIsTried, what)
        })
    }
}
