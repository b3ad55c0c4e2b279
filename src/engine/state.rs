//! The fold over all facts: what a restart finds again.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hasher;
use std::time::Duration;

use fnv::FnvHasher;
use narrowcast_protocol::air::{CarrierId, Phone, RadioId, StationId};
use narrowcast_protocol::sms::Sender;
use serde::{Deserialize, Serialize};

use crate::engine::alarms::AlarmBook;
use crate::engine::roster::Roster;
use crate::engine::sms::pieces::{PieceBook, PieceKey};
use crate::engine::sms::sent::{Early, SentBook};
use crate::engine::sms::wording::Frames;
use crate::engine::warnings::WarningBook;
use crate::model::alert::Mark;
use crate::model::book::{AlertBook, DeliveryBook};
use crate::model::delivery::Rung;
use crate::model::emergency::{Emergency, LastPosition, Signature};
use crate::model::evidence::{AnsweredBy, Evidence};
use crate::model::facts::Fact;
use crate::model::ids::{AlertId, DeliveryId, EmergencyId, Seq, TokenId};
use crate::model::policy::{Policy, StationPolicy};
use crate::model::roster::Recipient;
use crate::model::salvage::Salvage;
use crate::model::token::Token;
use crate::model::wall::Wall;

/// How long an idempotency key is remembered.
pub(super) const KEY_LIFE: Duration = Duration::from_secs(7 * 24 * 3600);
/// How long a heard message is remembered as heard.
pub(super) const HEARD_LIFE: Duration = Duration::from_secs(600);
/// How long a closed emergency stays in memory.
const CLOSED_LIFE: Duration = Duration::from_secs(3600);

/// How long it is remembered that a radio was asked something by an alert that has left memory:
/// so long a late answer to it is reckoned with.
const ASKED_LIFE: Duration = Duration::from_secs(3600);

/// How long people may still answer a text that asks nothing.
pub(super) const TOLD_LIFE: Duration = Duration::from_secs(600);

/// An alert that has left memory and asked a radio something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Asked {
    pub(super) alert: AlertId,
    /// Whether the radio has answered it.
    pub(super) answered: bool,
    pub(super) left_at: Wall,
}

/// An alert that has left memory and asked nothing: people may still say that they have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Told {
    pub(super) alert: AlertId,
    /// When it reached its rung.
    pub(super) at: Wall,
}

/// Most salvages that are shown; all are on record.
pub(super) const SHOWN: usize = 16;

/// Everybody to whom a delivery goes, over whatever address.
fn speakers(recipient: &Recipient) -> impl Iterator<Item = Speaker> + '_ {
    let radios = recipient.radios().map(Speaker::Radio);
    let phones = recipient.phones().iter().copied();
    radios.chain(phones.map(Speaker::Phone))
}

fn remember_told(told: &mut HashMap<Speaker, Told>, book: &AlertBook) {
    let known = book.deliveries.iter();
    for delivery in known.filter(|delivery| book.can_be_known_to(delivery)) {
        let news = Told {
            alert: book.alert.id,
            at: delivery.at.unwrap_or(book.alert.accepted_at),
        };
        for speaker in speakers(&delivery.recipient) {
            let known = told.entry(speaker).or_insert(news);
            if known.at <= news.at {
                *known = news;
            }
        }
    }
}

fn remember_asked(asked: &mut HashMap<Speaker, Asked>, book: &AlertBook, now: Wall) {
    for delivery in book
        .deliveries
        .iter()
        .filter(|delivery| book.can_be_known_to(delivery))
    {
        let news = Asked {
            alert: book.alert.id,
            answered: delivery.rung == Rung::Answered,
            left_at: now,
        };
        // One that was not answered says more.
        for speaker in speakers(&delivery.recipient) {
            let known = asked.entry(speaker).or_insert(news);
            if known.answered || !news.answered {
                *known = news;
            }
        }
    }
}

/// What an idempotency key stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct KeyUse {
    pub(super) body: [u8; 32],
    pub(super) alert: AlertId,
    pub(super) mark: Mark,
    pub(super) recipients: u32,
    pub(super) expires_at: Wall,
    pub(super) at: Wall,
    pub(super) seq: Seq,
}

/// Where and when a radio was last on record.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct LastHeard {
    /// None once it has signed off there.
    pub(super) carrier: Option<CarrierId>,
    pub(super) at: Wall,
    pub(super) position: Option<LastPosition>,
}

/// A station as the ledger knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct StationBook {
    pub(super) up: bool,
    pub(super) description: String,
    pub(super) since: Wall,
}

/// The source of a text or status: a radio, a telephone, or something with a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum Speaker {
    /// A radio.
    Radio(RadioId),
    /// A telephone.
    Phone(Phone),
    /// Something that has a name instead of a number, by a digest of it.
    Name(u64),
}

/// A text or status that was heard and is on record: its repetition is no news.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct HeardKey {
    pub(super) from: Speaker,
    pub(super) digest: u64,
}

/// Everything that is known, from facts alone.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct State {
    pub(super) seq: Seq,
    pub(super) at: Wall,
    pub(super) policy: Policy,
    /// Where each station stands in the policy.
    #[serde(skip)]
    places: HashMap<StationId, usize>,
    pub(super) roster: Roster,
    pub(super) tokens: HashMap<[u8; 32], Token>,
    pub(super) alerts: BTreeMap<AlertId, AlertBook>,
    pub(super) keys: BTreeMap<(TokenId, String), KeyUse>,
    pub(super) emergencies: BTreeMap<EmergencyId, (Seq, Emergency)>,
    pub(super) heard: HashMap<RadioId, LastHeard>,
    /// Texts and statuses that are on record: when the first copy was, and where it stands.
    pub(super) messages: BTreeMap<HeardKey, (Wall, Seq)>,
    /// The newest alert of those that have left memory which each radio was asked to answer.
    pub(super) asked: HashMap<Speaker, Asked>,
    /// The newest alert of those that have left memory which asked nothing, for each that got it.
    pub(super) told: HashMap<Speaker, Told>,
    pub(super) stations: HashMap<StationId, StationBook>,
    pub(super) references: HashMap<RadioId, u8>,
    pub(super) accepted: u64,
    /// Deliveries of which something is still wanted.
    pub(super) unsettled: u32,
    /// When each answer set was given out last.
    pub(super) sets: BTreeMap<char, Wall>,
    /// How many open alerts carry each mark.
    pub(super) marks: BTreeMap<Mark, u32>,
    /// When each mark was given last, counted in alerts.
    pub(super) given: BTreeMap<Mark, u64>,
    /// The radio of every emergency on record and where that stands: it tells who may see
    /// what became of it.
    pub(super) distress: BTreeMap<EmergencyId, (Seq, RadioId)>,
    /// Salvages of the ledger that nobody has taken note of, and where they stand; the oldest
    /// go first when there are more than [`SHOWN`].
    pub(super) salvages: Vec<(Seq, Salvage)>,
    /// Messages that operators have taken, and receipts that came before the answer.
    pub(super) sent: SentBook,
    /// Long texts from telephones of which parts are missing.
    pub(super) pieces: PieceBook,
    /// How operators wanted texts framed, now and before.
    pub(super) frames: Frames,
    /// Sensor alarms and their suppressions.
    pub(super) alarms: AlarmBook,
    /// Warnings of other systems.
    pub(super) warnings: WarningBook,
}

impl State {
    /// Folds one more fact in, decided at `at`.
    pub(super) fn apply(&mut self, seq: Seq, at: Wall, fact: &Fact) {
        self.seq = seq;
        self.at = self.at.max(at);
        self.warnings.apply((seq, at), fact, &self.alerts);
        match fact {
            Fact::Started { .. } => self.interrupted(at),
            Fact::PolicyInForce(policy) => {
                self.policy = policy.as_ref().clone();
                self.frames.learn(policy);
                self.index_stations();
            }
            Fact::StationsInForce { stations } => {
                self.policy.stations.extend(stations.iter().cloned());
                self.index_stations();
            }
            Fact::AlarmRulesInForce { rules } => self.policy.alarms.extend(rules.iter().cloned()),
            Fact::RosterImported {
                clears, entries, ..
            } => self.roster.import(*clears, entries),
            Fact::TokenCreated { token, .. } => {
                self.tokens.insert(token.hash, token.clone());
            }
            Fact::TokenRevoked { token, .. } => self.tokens.retain(|_, known| known.id != *token),
            Fact::AlertAccepted(alert) => {
                self.accepted += 1;
                if let Some(set) = alert.answer_set {
                    self.sets.insert(set.name, at);
                }
                self.given.insert(alert.mark, self.accepted);
                if let Some(key) = &alert.idempotency {
                    let use_ = KeyUse {
                        body: key.body,
                        alert: alert.id,
                        mark: alert.mark,
                        recipients: alert.recipients,
                        expires_at: alert.expires_at,
                        at,
                        seq,
                    };
                    self.keys.insert((key.token, key.key.clone()), use_);
                }
                self.alerts
                    .insert(alert.id, AlertBook::open(alert.as_ref().clone(), seq));
            }
            Fact::RadioHeard {
                radio,
                carrier,
                position,
            } => self.radio_heard(*radio, *carrier, *position, at),
            Fact::RadioLeft { radio, carrier } => {
                if let Some(last) = self.heard.get_mut(radio) {
                    last.carrier = last.carrier.filter(|at| at.station != carrier.station);
                }
            }
            Fact::ReportHeard {
                from,
                text,
                status,
                reference,
                ..
            } => {
                let key = HeardKey::new(Speaker::Radio(*from), text, *status, *reference);
                self.messages.insert(key, (at, seq));
            }
            Fact::Evidenced {
                alert,
                delivery,
                evidence: Evidence::Answered(answer),
            } => {
                // A user presses the key twice, a radio repeats a text whose acknowledgement was
                // lost: the second copy must not answer the next alert.
                let known = self.alerts.get(alert).and_then(|b| b.delivery(*delivery));
                let status = match answer.by {
                    AnsweredBy::Status(code) => Some(code),
                    AnsweredBy::Text
                    | AnsweredBy::PolledStatus(_)
                    | AnsweredBy::Sms(_)
                    | AnsweredBy::Api => None,
                };
                let speaker = match answer.by {
                    AnsweredBy::Api => None,
                    AnsweredBy::Sms(phone) => Some(Speaker::Phone(phone)),
                    _ => answer
                        .from
                        .or(known.and_then(|delivery| delivery.recipient.radio))
                        .map(Speaker::Radio),
                };
                if let Some(speaker) = speaker {
                    let key = HeardKey::new(speaker, &answer.text, status, answer.reference);
                    self.messages.insert(key, (at, seq));
                }
            }
            Fact::MessageTaken {
                of,
                route,
                to,
                message,
            } => self.sent.taken(*of, *route, *to, message, at),
            Fact::ReceiptHeard { of, .. } => self.sent.matched(of),
            Fact::ReceiptUnmatched {
                route,
                message,
                to,
                outcome,
                code,
            } => self.sent.unmatched(Early {
                route: *route,
                to: *to,
                message: message.as_str().into(),
                outcome: *outcome,
                code: code.clone(),
                at,
            }),
            Fact::PhonePartHeard {
                route,
                from,
                to,
                reference,
                total,
                part,
                text,
            } => {
                let key = PieceKey {
                    route: *route,
                    from: from.clone(),
                    to: to.clone(),
                    reference: *reference,
                    total: *total,
                };
                self.pieces.add(key, *part, text.clone(), at);
            }
            Fact::PhonePartsGivenUp {
                route,
                from,
                to,
                reference,
                total,
            } => self.pieces.give_up(&PieceKey {
                route: *route,
                from: from.clone(),
                to: to.clone(),
                reference: *reference,
                total: *total,
            }),
            Fact::PhoneReportHeard {
                from,
                text,
                reference,
                ..
            } => {
                let key = match Sender::new(from) {
                    Sender::Phone(phone) => {
                        HeardKey::new(Speaker::Phone(phone), text, None, *reference)
                    }
                    Sender::Name(name) => HeardKey::of_name(&name, text, *reference),
                };
                self.messages.insert(key, (at, seq));
            }
            Fact::EmergencyRaised(emergency) => {
                self.distress.insert(emergency.id, (seq, emergency.radio));
                self.emergencies
                    .insert(emergency.id, (seq, emergency.as_ref().clone()));
            }
            Fact::EmergencyAcknowledged { id } => {
                self.emergency(*id, |e| e.acknowledged_at = Some(at))
            }
            Fact::EmergencyTaken { id, by } => {
                self.emergency(*id, |e| e.taken = Some(Signature { by: by.clone(), at }));
            }
            Fact::EmergencyClosed { id, by, because } => self.emergency(*id, |e| {
                e.closed = Some(Signature { by: by.clone(), at });
                e.closed_because = Some(because.clone());
            }),
            Fact::Summed { alert, .. } => {
                if let Some(book) = self.alerts.remove(alert) {
                    self.unsettled -= book.unsettled;
                    if book.alert.ask.wants_answer() {
                        remember_asked(&mut self.asked, &book, at);
                    } else {
                        remember_told(&mut self.told, &book);
                    }
                }
            }
            Fact::Trimmed { up_to, .. } => self.distress.retain(|_, (seq, _)| *seq > *up_to),
            Fact::Salvaged(salvage) => {
                let excess = (self.salvages.len() + 1).saturating_sub(SHOWN);
                self.salvages.drain(..excess);
                self.salvages.push((seq, salvage.clone()));
            }
            Fact::SalvageAcknowledged { .. } => self.salvages.clear(),
            Fact::StationChanged {
                station,
                up,
                description,
                ..
            } => {
                let book = StationBook {
                    up: *up,
                    description: description.clone(),
                    since: at,
                };
                self.stations.insert(*station, book);
            }
            Fact::AttemptStarted {
                alert,
                delivery,
                reference,
                parts,
                ..
            } => {
                let radio = self
                    .alerts
                    .get(alert)
                    .and_then(|b| b.delivery(*delivery))
                    .and_then(|d| d.recipient.radio);
                if let Some(radio) = radio {
                    // A retry repeats its numbers; those after them stay given.
                    let next = self.references.entry(radio).or_insert(*reference);
                    let after = reference.wrapping_add(*parts) & 0x7F;
                    if after.wrapping_sub(*next) & 0x7F < 0x40 {
                        *next = after;
                    }
                }
            }
            _ => {}
        }
        self.apply_to_alert(at, fact);
        self.alarms.apply(at, fact, &self.alerts, &self.policy);
    }

    fn apply_to_alert(&mut self, at: Wall, fact: &Fact) {
        let Some(book) = fact.alert().and_then(|id| self.alerts.get_mut(&id)) else {
            return;
        };
        let fresh = matches!(fact, Fact::AlertAccepted(_));
        let (unsettled, open) = (book.unsettled, book.ended_at.is_none() && !fresh);
        book.apply(at, fact);
        if let Fact::Recipients { recipients, .. } = fact {
            let news = book.deliveries.iter_mut().rev().take(recipients.len());
            news.for_each(|delivery| self.roster.share_node(&mut delivery.recipient));
        }
        self.unsettled = self.unsettled + book.unsettled - unsettled;
        match (open, book.ended_at.is_none()) {
            (false, true) => *self.marks.entry(book.alert.mark).or_default() += 1,
            (true, false) => {
                let count = self.marks.entry(book.alert.mark).or_default();
                *count = count.saturating_sub(1);
                if *count == 0 {
                    self.marks.remove(&book.alert.mark);
                }
            }
            _ => {}
        }
    }

    /// The alerts that have lingered long enough after their end, oldest first.
    pub(super) fn over(&self, now: Wall) -> impl Iterator<Item = &AlertBook> {
        let linger = self.policy.linger;
        let books = self.alerts.values();
        books.filter(move |book| {
            book.ended_at
                .is_some_and(|ended| now.since(ended) >= linger)
        })
    }

    /// Forgets what has no bearing on any decision any more. Called at the same points
    /// of the fold in every run: right before a checkpoint and once a minute.
    pub(super) fn forget(&mut self, now: Wall) {
        self.keys.retain(|_, used| now.since(used.at) < KEY_LIFE);
        self.messages
            .retain(|_, (at, _)| now.since(*at) < HEARD_LIFE);
        self.emergencies.retain(|_, (_, e)| {
            e.closed
                .as_ref()
                .is_none_or(|c| now.since(c.at) < CLOSED_LIFE)
        });
        self.sent.forget(now);
        self.alarms.forget(now);
        self.warnings.forget(now);
        self.told.retain(|_, told| now.since(told.at) < TOLD_LIFE);
        self.asked
            .retain(|_, asked| now.since(asked.left_at) < ASKED_LIFE);
    }

    pub(super) fn index_stations(&mut self) {
        let stations = self.policy.stations.iter().enumerate();
        self.places = stations.map(|(at, station)| (station.id, at)).collect();
    }

    /// The station with this number.
    /// A delivery in memory, and the alert to which it belongs.
    pub(super) fn delivery(&self, id: DeliveryId) -> Option<(&AlertBook, &DeliveryBook)> {
        let book = self.alerts.get(&id.alert)?;
        Some((book, book.delivery(id.index)?))
    }

    /// A delivery in memory.
    pub(super) fn delivery_book(&self, id: DeliveryId) -> Option<&DeliveryBook> {
        self.delivery(id).map(|(_, delivery)| delivery)
    }

    /// The radio that a delivery addresses now.
    pub(super) fn radio_of(&self, id: DeliveryId) -> Option<RadioId> {
        self.delivery_book(id)?.recipient.radio
    }

    pub(super) fn station(&self, id: StationId) -> Option<&StationPolicy> {
        self.policy.stations.get(*self.places.get(&id)?)
    }

    /// Lets what was read from a checkpoint take no more room than what was folded.
    pub(super) fn compact(&mut self) {
        self.roster.index_owners();
        self.roster.share_nodes();
        for book in self.alerts.values_mut() {
            book.deliveries.shrink_to_fit();
            for delivery in &mut book.deliveries {
                self.roster.share_node(&mut delivery.recipient);
            }
        }
    }

    /// The highest position before which nothing is needed any more.
    pub(super) fn trim_limit(&self) -> Seq {
        let alerts = self.alerts.values().map(|book| book.seq);
        let keys = self.keys.values().map(|used| used.seq);
        let emergencies = self.emergencies.values().map(|(seq, _)| *seq);
        let salvages = self.salvages.iter().map(|(seq, _)| *seq);
        let oldest = alerts
            .chain(keys)
            .chain(emergencies)
            .chain(salvages)
            .chain(self.warnings.first())
            .min()
            .unwrap_or(self.seq.next());
        Seq(oldest.0.saturating_sub(1))
    }

    /// The open emergency of a radio, if it has one of this kind.
    pub(super) fn open_emergency(
        &self,
        radio: RadioId,
        exercise: bool,
    ) -> Option<(Seq, &Emergency)> {
        self.emergencies
            .values()
            .find(|(_, e)| e.radio == radio && e.exercise == exercise && e.closed.is_none())
            .map(|(seq, e)| (*seq, e))
    }

    fn emergency(&mut self, id: EmergencyId, change: impl FnOnce(&mut Emergency)) {
        if let Some((_, emergency)) = self.emergencies.get_mut(&id) {
            change(emergency);
        }
    }

    fn interrupted(&mut self, at: Wall) {
        let books = self.alerts.values_mut();
        books.for_each(|book| book.interrupted(at));
        self.stations
            .values_mut()
            .for_each(|station| station.up = false);
    }

    fn radio_heard(
        &mut self,
        radio: RadioId,
        carrier: CarrierId,
        position: Option<narrowcast_protocol::air::Position>,
        at: Wall,
    ) {
        let old = self.heard.get(&radio).and_then(|last| last.position);
        let position = position
            .map(|position| LastPosition { position, at })
            .or(old);
        self.heard.insert(
            radio,
            LastHeard {
                carrier: Some(carrier),
                at,
                position,
            },
        );
    }
}

impl HeardKey {
    /// The key of what something with a name says.
    pub(super) fn of_name(name: &str, text: &str, reference: Option<u16>) -> Self {
        let from = Speaker::Name(digest(name.bytes()));
        Self::new(from, text, None, reference)
    }

    /// The key of a text or status. FNV-1a: no adversary gains by a collision but to have
    /// a message of its own taken for a repetition.
    pub(super) fn new(
        from: Speaker,
        text: &str,
        status: Option<u16>,
        reference: Option<u16>,
    ) -> Self {
        let status = status.map_or(0xFFFF_FFFF, u32::from).to_be_bytes();
        let reference = reference.map_or(0xFFFF_FFFF, u32::from).to_be_bytes();
        let bytes = status.iter().chain(&reference).chain(text.as_bytes());
        let digest = digest(bytes.copied());
        Self { from, digest }
    }
}

/// FNV-1a, whose values are defined once and for all: checkpoints hold them.
fn digest(bytes: impl Iterator<Item = u8>) -> u64 {
    let mut hasher = FnvHasher::default();
    bytes.for_each(|byte| hasher.write_u8(byte));
    hasher.finish()
}
