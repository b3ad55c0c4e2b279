//! The fold of one alert: where each of its deliveries stands, from its facts alone.

use std::time::Duration;

use narrowcast_protocol::air::{CarrierId, DMR_BURST_MICROS, GroupId, Phone, RadioId, TextForm};
use serde::{Deserialize, Serialize};

use crate::model::alert::{Alert, Ask};
use crate::model::delivery::{End, Outcome, Rung};
use crate::model::evidence::{Answer, AnsweredBy, Evidence};
use crate::model::facts::{Fact, Prediction};
use crate::model::ids::{DeliveryIndex, Seq};
use crate::model::phone_book::{MessageRef, PhoneBook, ReceiptOutcome};
use crate::model::roster::{FurtherRadio, Node, Recipient};
use crate::model::share::Share;
use crate::model::wall::Wall;

/// Most deliveries that are made room for before they are there.
const ROOM: usize = 1 << 20;

/// How a delivery was worded when it was tried last. A retry in the same form repeats the
/// wording with its numbers; whatever changes it takes new numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wording {
    /// The form of the text.
    pub form: TextForm,
    /// How many further alerts the text says are waiting; 0 if it says nothing of them.
    pub more: u16,
    /// How many parts the text has.
    pub parts: u8,
    /// The message number of its first part, where the form has one.
    pub reference: u8,
}

/// What is known of a radio of the recipient's that is not the one addressed now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StandbyBook {
    /// The radio.
    pub radio: FurtherRadio,
    /// As [`DeliveryBook::attempts`].
    pub attempts: u8,
    attempts_before: u8,
    completed: u8,
    tried: bool,
    carrier: Option<CarrierId>,
    wording: Option<Wording>,
    unclear: bool,
}

impl StandbyBook {
    const fn new(radio: FurtherRadio) -> Self {
        Self {
            radio,
            attempts: 0,
            attempts_before: 0,
            completed: 0,
            tried: false,
            carrier: None,
            wording: None,
            unclear: false,
        }
    }

    /// Attempts that count.
    #[must_use]
    pub const fn attempts_now(&self) -> u8 {
        self.attempts.saturating_sub(self.attempts_before)
    }

    /// How the radio's text was worded when it was tried last.
    #[must_use]
    pub const fn wording(&self) -> Option<Wording> {
        self.wording
    }

    /// Attempts since the last "send again" that were sent to their end.
    #[must_use]
    pub const fn completed(&self) -> u8 {
        self.completed
    }
}

/// The other ways to a recipient.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Others {
    /// Further radios.
    pub standby: Vec<StandbyBook>,
    /// Telephones, in the order of the recipient's.
    pub phones: Vec<PhoneBook>,
}

/// One delivery as its facts tell it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryBook {
    /// The recipient, frozen.
    pub recipient: Recipient,
    /// The highest rung that evidence proves, over whatever way.
    pub rung: Rung,
    /// The highest rung proven over radio.
    pub radio_rung: Rung,
    /// How it ended short of its aim.
    pub end: Option<End>,
    /// Whether evidence came after the end.
    pub late: bool,
    /// Attempts started.
    pub attempts: u8,
    /// Those of them that do not count: started before the last "send again", or never left.
    pub attempts_before: u8,
    /// Attempts since the last "send again" that were sent to their end.
    pub completed: u8,
    /// Whether an attempt has ended of which something may have left.
    pub tried: bool,
    /// The number of the attempt under way.
    pub open: Option<u8>,
    /// The carrier of the newest attempt.
    pub carrier: Option<CarrierId>,
    /// How it was worded when it was tried last.
    pub wording: Option<Wording>,
    /// Whether a person asked for it to be sent again and that has not come to its end.
    pub again: bool,
    /// Whether the newest attempt's outcome is unknown.
    pub unclear: bool,
    /// Whether the radio was heard after a transmission.
    pub present: bool,
    /// Whether a polled status within the alert's set can only be an answer.
    pub baselined: bool,
    /// What the person answered last.
    pub answer: Option<Box<Answer>>,
    /// When the rung was reached.
    pub at: Option<Wall>,
    /// The other ways to the recipient, if there are any.
    pub others: Option<Box<Others>>,
}

impl DeliveryBook {
    fn new(recipient: Recipient) -> Self {
        let contact = recipient
            .contact
            .as_deref()
            .filter(|_| recipient.has_choice());
        let others = contact.map(|contact| {
            let standby = contact.radios.iter().copied().map(StandbyBook::new);
            Box::new(Others {
                standby: standby.collect(),
                phones: vec![PhoneBook::default(); contact.phones.len()],
            })
        });
        Self {
            others,
            recipient,
            rung: Rung::Queued,
            radio_rung: Rung::Queued,
            end: None,
            late: false,
            attempts: 0,
            attempts_before: 0,
            completed: 0,
            tried: false,
            open: None,
            carrier: None,
            wording: None,
            again: false,
            unclear: false,
            present: false,
            baselined: false,
            answer: None,
            at: None,
        }
    }

    /// The rung at which nothing more is wanted.
    #[must_use]
    pub fn aim(&self, ask: &Ask) -> Rung {
        match ask {
            // A broker's word is all that some sinks can bring.
            Ask::Nothing if self.recipient.system().is_some() => Rung::Accepted,
            Ask::Nothing if self.recipient.has_choice() => Rung::Received,
            Ask::Nothing if self.recipient.confirms && self.recipient.talkgroup.is_none() => {
                Rung::Received
            }
            Ask::Nothing => Rung::Sent,
            Ask::Receipt => Rung::Received,
            Ask::Acknowledgement | Ask::Answers(_) => Rung::Answered,
        }
    }

    /// Whether nothing more is wanted of this delivery.
    #[must_use]
    pub fn settled(&self, ask: &Ask) -> bool {
        self.end.is_some() || (self.rung >= self.aim(ask) && !self.again)
    }

    /// Whether the terminal has confirmed what was sent last.
    #[must_use]
    pub fn confirmed(&self) -> bool {
        self.rung >= Rung::Received && !self.again
    }

    /// Whether the radio can have seen something of the alert: it was written to a link, or an
    /// attempt is under way, or one has ended of which a part may have left.
    #[must_use]
    pub fn was_sent(&self) -> bool {
        let before = |other: &StandbyBook| other.tried;
        self.rung >= Rung::Sent
            || self.open.is_some()
            || self.tried
            || self.standby().iter().any(before)
            || self.phones().iter().any(|phone| phone.attempts > 0)
    }

    /// The recipient's radios that are not addressed now.
    #[must_use]
    pub fn standby(&self) -> &[StandbyBook] {
        self.others.as_deref().map_or(&[], |others| &others.standby)
    }

    /// The recipient's telephones.
    #[must_use]
    pub fn phones(&self) -> &[PhoneBook] {
        self.others.as_deref().map_or(&[], |others| &others.phones)
    }

    /// One telephone.
    #[must_use]
    pub fn phone(&self, index: u8) -> Option<&PhoneBook> {
        self.phones().get(usize::from(index))
    }

    /// The highest rung proven over this telephone.
    #[must_use]
    pub fn rung_over(&self, phone: Phone) -> Rung {
        let phones = self.recipient.phones().iter().zip(self.phones());
        let found = phones.filter(|(known, _)| **known == phone);
        found.map(|(_, book)| book.rung).max().unwrap_or_default()
    }

    fn phone_mut(&mut self, index: u8) -> Option<&mut PhoneBook> {
        let others = self.others.as_deref_mut()?;
        others.phones.get_mut(usize::from(index))
    }

    /// From here on this radio of the recipient's is addressed.
    fn turn_to(&mut self, radio: RadioId) {
        let (Some(others), Some(addressed)) = (self.others.as_deref_mut(), self.recipient.radio)
        else {
            return;
        };
        let found = others.standby.iter().position(|it| it.radio.radio == radio);
        let Some(at) = found else {
            return;
        };
        let other = others.standby.remove(at);
        others.standby.push(StandbyBook {
            radio: FurtherRadio {
                radio: addressed,
                form: self.recipient.form,
                confirms: self.recipient.confirms,
                home: self.recipient.home,
                talkgroup: self.recipient.talkgroup,
            },
            attempts: self.attempts,
            attempts_before: self.attempts_before,
            completed: self.completed,
            tried: self.tried,
            carrier: self.carrier,
            wording: self.wording,
            unclear: self.unclear,
        });
        self.recipient.radio = Some(other.radio.radio);
        self.recipient.form = other.radio.form;
        self.recipient.confirms = other.radio.confirms;
        self.recipient.home = other.radio.home;
        self.recipient.talkgroup = other.radio.talkgroup;
        if let Some(contact) = self.recipient.contact.as_deref_mut() {
            contact.radios = others.standby.iter().map(|it| it.radio).collect();
        }
        self.attempts = other.attempts;
        self.attempts_before = other.attempts_before;
        self.completed = other.completed;
        self.tried = other.tried;
        self.carrier = other.carrier;
        self.wording = other.wording;
        self.unclear = other.unclear;
        self.open = None;
    }

    /// Something is proven of one part of a text to a telephone.
    fn message(&mut self, of: &MessageRef, evidence: &Evidence, at: Wall) {
        let proved = self.phone_mut(of.phone);
        if let Some(whole) = proved.and_then(|phone| phone.proved(of.number, of.part, evidence)) {
            self.learn(&whole, true, at);
        }
    }

    /// Attempts that count: those since the last "send again" of which something left.
    #[must_use]
    pub const fn attempts_now(&self) -> u8 {
        self.attempts.saturating_sub(self.attempts_before)
    }

    /// Whether it hears what goes to this talkgroup over this carrier.
    #[must_use]
    pub fn hears(&self, group: GroupId, carrier: CarrierId) -> bool {
        let home = self.recipient.home;
        self.recipient.talkgroup == Some(group) && home.is_none_or(|home| home == carrier)
    }

    fn attempt_ended(&mut self, outcome: Outcome) {
        self.unclear = outcome == Outcome::Unclear && self.rung < Rung::Received;
        self.tried |= outcome != Outcome::Withdrawn;
        match outcome {
            Outcome::Evidenced => {
                self.completed = self.completed.saturating_add(1);
                self.again = false;
            }
            Outcome::Withdrawn => self.attempts_before = self.attempts_before.saturating_add(1),
            Outcome::Refused(_) | Outcome::TimedOut | Outcome::Unclear => {}
        }
    }

    fn learn(&mut self, evidence: &Evidence, over_phone: bool, at: Wall) {
        if self.end.is_some() {
            self.late = true;
        }
        match evidence {
            Evidence::Present => self.present = true,
            Evidence::Answered(answer) => self.answer = Some(Box::new(answer.clone())),
            _ => {}
        }
        let by_phone = |answer: &Answer| matches!(answer.by, AnsweredBy::Sms(_) | AnsweredBy::Api);
        let over_radio = match evidence {
            Evidence::HandsetReceipt => false,
            Evidence::Answered(answer) => !by_phone(answer),
            _ => !over_phone,
        };
        if let Some(rung) = evidence.proves().filter(|_| over_radio) {
            self.radio_rung = self.radio_rung.max(rung);
        }
        if let Some(rung) = evidence.proves()
            && rung > self.rung
        {
            self.rung = rung;
            self.at = Some(at);
        }
        if evidence.proves().is_some_and(|rung| rung >= Rung::Received) {
            self.again = false;
            self.unclear = false;
        }
    }
}

/// A group transmission of an alert over one carrier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupBook {
    /// The talkgroup.
    pub group: GroupId,
    /// The carrier.
    pub carrier: CarrierId,
    /// How often it was started.
    pub attempts: u8,
    /// What its own evidence proves.
    pub rung: Rung,
}

/// One alert as its facts tell it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertBook {
    /// The alert.
    pub alert: Alert,
    /// Where its acceptance stands in the ledger.
    pub seq: Seq,
    /// Its deliveries, by index.
    pub deliveries: Vec<DeliveryBook>,
    /// Its group transmissions.
    pub groups: Vec<GroupBook>,
    /// How many deliveries are not settled.
    pub unsettled: u32,
    /// When it ended; none while it goes on.
    pub ended_at: Option<Wall>,
    /// When a person asked for it to be sent again, the last time.
    pub again_at: Option<Wall>,
    /// What it was predicted to take.
    pub predicted: Vec<Prediction>,
    /// What it has taken of each carrier.
    pub spent: Vec<Spent>,
    /// Whether it has left memory and nothing more will be learnt of it.
    pub left_memory: bool,
}

/// What an alert has taken of one carrier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spent {
    /// The carrier.
    pub carrier: CarrierId,
    /// Bursts of the attempts and polls that were started.
    pub bursts: u64,
    /// When the text had gone out to the last recipient for the first time, or the last time to a
    /// talkgroup: what a prediction foretells. None while there was nothing of it.
    pub through: Option<Wall>,
}

fn airtime(bursts: u16) -> Duration {
    Duration::from_micros(u64::from(bursts) * DMR_BURST_MICROS)
}

impl Spent {
    fn is_through(&mut self, at: Wall) {
        self.through = self.through.max(Some(at));
    }
}

impl AlertBook {
    /// The book of an alert that was accepted at `seq`.
    #[must_use]
    pub fn open(alert: Alert, seq: Seq) -> Self {
        Self {
            alert,
            seq,
            deliveries: Vec::new(),
            groups: Vec::new(),
            unsettled: 0,
            ended_at: None,
            again_at: None,
            predicted: Vec::new(),
            spent: Vec::new(),
            left_memory: false,
        }
    }

    /// The book that these facts of one alert tell, oldest first; none if they do not
    /// begin with its acceptance.
    pub fn from_facts<'a>(mut facts: impl Iterator<Item = (Seq, Wall, &'a Fact)>) -> Option<Self> {
        let (seq, _, Fact::AlertAccepted(alert)) = facts.next()? else {
            return None;
        };
        let mut book = Self::open(alert.as_ref().clone(), seq);
        facts.for_each(|(_, at, fact)| book.apply(at, fact));
        Some(book)
    }

    /// One delivery.
    #[must_use]
    pub fn delivery(&self, index: DeliveryIndex) -> Option<&DeliveryBook> {
        self.deliveries.get(usize::try_from(index.0).ok()?)
    }

    /// The share that `node` has in it; none if it may not see it at all.
    #[must_use]
    pub fn share(&self, node: &Node) -> Option<Share> {
        let recipients = self.deliveries.iter().map(|book| &book.recipient);
        Share::of(&self.alert, recipients, node)
    }

    /// The deliveries of a share, by index from `from` on.
    pub fn shared(
        &self,
        share: &Share,
        from: DeliveryIndex,
    ) -> impl Iterator<Item = (DeliveryIndex, &DeliveryBook)> {
        (0..)
            .map(DeliveryIndex)
            .zip(&self.deliveries)
            .skip(usize::try_from(from.0).unwrap_or(usize::MAX))
            .filter(|(index, _)| share.has(*index))
    }

    /// Learns one fact; facts of other alerts must not be given.
    pub fn apply(&mut self, at: Wall, fact: &Fact) {
        match fact {
            Fact::Recipients { recipients, .. } => {
                self.make_room(recipients.len());
                self.deliveries
                    .extend(recipients.iter().cloned().map(DeliveryBook::new));
                self.unsettled = u32::try_from(self.deliveries.len()).unwrap_or(u32::MAX);
            }
            Fact::AttemptStarted {
                delivery,
                number,
                carrier,
                reference,
                parts,
                form,
                more,
                bursts,
                ..
            } => {
                self.spent_on(*carrier).bursts += u64::from(*bursts);
                self.change(*delivery, |book| {
                    book.attempts = book.attempts.max(*number);
                    book.open = Some(*number);
                    book.carrier = Some(*carrier);
                    book.wording = Some(Wording {
                        form: *form,
                        more: *more,
                        parts: *parts,
                        reference: *reference,
                    });
                    book.unclear = false;
                });
            }
            Fact::GroupAttemptStarted {
                group,
                carrier,
                number,
                bursts,
                ..
            } => {
                let spent = self.spent_on(*carrier);
                spent.bursts += u64::from(*bursts);
                spent.is_through(at.plus(airtime(*bursts)));
                self.group(*group, *carrier).attempts = *number;
            }
            Fact::Polled { carrier, polls, .. } => {
                let spent = self.spent_on(*carrier);
                spent.bursts += u64::from(*polls);
                spent.is_through(at.plus(airtime(*polls)));
            }
            Fact::Predicted { carriers, .. } => self.predicted.extend(carriers),
            Fact::Targets { targets, .. } => self.alert.targets.extend(targets.iter().cloned()),
            Fact::Baselined { deliveries, .. } => {
                for index in deliveries {
                    self.change(*index, |book| book.baselined = true);
                }
            }
            Fact::Evidenced {
                delivery, evidence, ..
            } => {
                let known = self.delivery(*delivery).filter(|book| !book.tried);
                let first = known.filter(|book| book.open.is_some() && book.rung == Rung::Queued);
                let out = first.filter(|_| evidence.proves() >= Some(Rung::Sent));
                if let Some(carrier) = out.and_then(|book| book.carrier) {
                    self.spent_on(carrier).is_through(at);
                }
                self.change(*delivery, |book| book.learn(evidence, false, at));
            }
            Fact::GroupEvidenced {
                group,
                carrier,
                evidence,
                ..
            } => self.learn_group(*group, *carrier, evidence, at),
            Fact::AttemptEnded {
                delivery,
                number,
                outcome,
                ..
            } => {
                let open = self.delivery(*delivery);
                let open = open.filter(|book| book.open == Some(*number));
                let grouped = |book: &&DeliveryBook| book.recipient.talkgroup.is_some();
                let first = open.filter(|book| !book.tried && *outcome != Outcome::Withdrawn);
                let first = first.filter(|book| book.rung == Rung::Queued || grouped(book));
                if let Some(carrier) = first.and_then(|book| book.carrier) {
                    self.spent_on(carrier).is_through(at);
                }
                self.change(*delivery, |book| {
                    if book.open == Some(*number) {
                        book.open = None;
                        book.attempt_ended(*outcome);
                    }
                });
            }
            Fact::DeliveryEnded { delivery, end, .. } => self.change(*delivery, |book| {
                book.end = book.end.or(Some(*end));
            }),
            Fact::AlertEnded { end, .. } => self.finish(at, *end),
            Fact::RadioTurned {
                delivery, radio, ..
            } => self.change(*delivery, |book| book.turn_to(*radio)),
            Fact::MessageStarted {
                delivery,
                phone,
                number,
                route,
                reference,
                parts,
                frame,
                ..
            } => self.change(*delivery, |book| {
                if let Some(phone) = book.phone_mut(*phone) {
                    phone.started((*number, *route), (*reference, *parts, *frame));
                }
            }),
            Fact::MessageEvidenced { of, evidence } => {
                self.change(of.delivery, |book| book.message(of, evidence, at));
            }
            Fact::MessageTaken { of, .. } => self.change(of.delivery, |book| {
                book.message(of, &Evidence::StationAccepted, at);
            }),
            Fact::ReceiptHeard {
                of,
                outcome: ReceiptOutcome::Delivered,
                ..
            } => self.change(of.delivery, |book| {
                book.message(of, &Evidence::HandsetReceipt, at);
            }),
            Fact::MessageEnded {
                delivery,
                phone,
                number,
                outcome,
                spent,
                ..
            } => self.change(*delivery, |book| {
                if let Some(phone) = book.phone_mut(*phone) {
                    phone.ended(*number, *outcome, *spent, at);
                }
            }),
            Fact::Summed { .. } => self.left_memory = true,
            Fact::Resent {
                deliveries,
                answer_set,
                ..
            } => {
                self.alert.answer_set = *answer_set;
                self.again_at = Some(at);
                for index in deliveries {
                    self.change(*index, |book| {
                        book.attempts_before = book.attempts;
                        book.completed = 0;
                        book.again = true;
                        book.end = None;
                        if let Some(others) = book.others.as_deref_mut() {
                            others.phones.iter_mut().for_each(PhoneBook::again);
                            for other in &mut others.standby {
                                other.attempts_before = other.attempts;
                                other.completed = 0;
                            }
                        }
                    });
                }
                self.ended_at = None;
            }
            _ => {}
        }
    }

    /// Room for all deliveries at once: growing by doubling leaves almost half of it empty.
    fn make_room(&mut self, first: usize) {
        let all = usize::try_from(self.alert.recipients).unwrap_or(usize::MAX);
        if self.deliveries.is_empty() {
            self.deliveries.reserve_exact(all.min(ROOM).max(first));
        }
    }

    /// The server started anew: open attempts are unclear from here on.
    pub fn interrupted(&mut self, at: Wall) {
        for book in &mut self.deliveries {
            if book.open.take().is_some() {
                book.tried = true;
                book.unclear |= book.rung < Rung::Received;
            }
            if let Some(others) = book.others.as_deref_mut() {
                others
                    .phones
                    .iter_mut()
                    .for_each(|phone| phone.interrupted(at));
            }
        }
    }

    fn change(&mut self, index: DeliveryIndex, change: impl FnOnce(&mut DeliveryBook)) {
        let Some(book) = usize::try_from(index.0)
            .ok()
            .and_then(|i| self.deliveries.get_mut(i))
        else {
            return;
        };
        let before = book.settled(&self.alert.ask);
        change(book);
        match (before, book.settled(&self.alert.ask)) {
            (false, true) => self.unsettled = self.unsettled.saturating_sub(1),
            (true, false) => self.unsettled += 1,
            _ => {}
        }
    }

    fn spent_on(&mut self, carrier: CarrierId) -> &mut Spent {
        let found = self.spent.iter().position(|spent| spent.carrier == carrier);
        let at = found.unwrap_or_else(|| {
            self.spent.push(Spent {
                carrier,
                bursts: 0,
                through: None,
            });
            self.spent.len() - 1
        });
        #[expect(clippy::indexing_slicing, reason = "found above or just pushed")]
        &mut self.spent[at]
    }

    /// Whether this recipient can have seen something of the alert, sent to it alone or to its
    /// talkgroup. A radio may be within reach of another carrier than its own.
    #[must_use]
    pub fn can_be_known_to(&self, delivery: &DeliveryBook) -> bool {
        let of_group = |known: &GroupBook| delivery.recipient.talkgroup == Some(known.group);
        delivery.was_sent() || self.groups.iter().any(of_group)
    }

    /// How often the text was sent so that this recipient could hear it: since the last
    /// "send again" to it alone, and before that to its talkgroup.
    #[must_use]
    pub fn times_sent(&self, delivery: &DeliveryBook) -> u8 {
        let heard = |known: &&GroupBook| delivery.hears(known.group, known.carrier);
        let to_group = self.groups.iter().filter(heard).map(|known| known.attempts);
        let to_group = to_group.max().filter(|_| !delivery.again).unwrap_or(0);
        delivery.attempts_now().saturating_add(to_group)
    }

    fn group(&mut self, group: GroupId, carrier: CarrierId) -> &mut GroupBook {
        let found = self
            .groups
            .iter()
            .position(|book| book.group == group && book.carrier == carrier);
        let at = found.unwrap_or_else(|| {
            self.groups.push(GroupBook {
                group,
                carrier,
                attempts: 0,
                rung: Rung::Queued,
            });
            self.groups.len() - 1
        });
        #[expect(clippy::indexing_slicing, reason = "found above or just pushed")]
        &mut self.groups[at]
    }

    fn learn_group(&mut self, group: GroupId, carrier: CarrierId, evidence: &Evidence, at: Wall) {
        // A group transmission proves at most that it was on the air.
        let most = Rung::Transmitted;
        let Some(rung) = evidence.proves().filter(|rung| *rung <= most) else {
            return;
        };
        let book = self.group(group, carrier);
        book.rung = book.rung.max(rung);
        for index in 0..u32::try_from(self.deliveries.len()).unwrap_or(u32::MAX) {
            let index = DeliveryIndex(index);
            let hears = self
                .delivery(index)
                .is_some_and(|book| book.hears(group, carrier));
            if hears {
                self.change(index, |book| {
                    book.carrier = book.carrier.or(Some(carrier));
                    book.learn(evidence, false, at);
                });
            }
        }
    }

    fn finish(&mut self, at: Wall, end: Option<End>) {
        self.ended_at = Some(at);
        let ask = &self.alert.ask;
        for book in &mut self.deliveries {
            if !book.settled(ask) {
                book.end = end;
            }
        }
        self.unsettled = 0;
    }
}

#[cfg(test)]
mod tests {
    use narrowcast_protocol::air::TextForm;
    use proptest::prelude::*;

    use super::*;
    use crate::model::alert::{Mark, Precedence, Target};
    use crate::model::evidence::AnsweredBy;
    use crate::model::ids::AlertId;
    use crate::model::language::Language;

    fn book(ask: Ask) -> AlertBook {
        let alert = Alert {
            id: AlertId(ulid::Ulid::from(7u128)),
            text: "山火".into(),
            precedence: Precedence::Flash,
            ask,
            targets: vec![Target::All],
            accepted_at: Wall::default(),
            expires_at: Wall::from_millis(1_000_000),
            exercise: false,
            station: None,
            by: "tester".into(),
            node: Node::root(),
            mark: Mark::nth(0),
            recipients: 1,
            answer_set: None,
            sms: true,
            idempotency: None,
            came_as: None,
            language: None,
            translations: Vec::new(),
        };
        let recipient = Recipient {
            radio: RadioId::new(1).ok(),
            name: "one".into(),
            node: Node::root(),
            form: TextForm::Tms,
            confirms: true,
            home: None,
            talkgroup: GroupId::new(9).ok(),
            contact: None,
            language: Language::default(),
        };
        let id = alert.id;
        let mut book = AlertBook::open(alert, Seq(1));
        book.apply(
            Wall::default(),
            &Fact::Recipients {
                alert: id,
                first: DeliveryIndex(0),
                recipients: vec![recipient],
            },
        );
        book
    }

    fn evidence() -> impl Strategy<Value = Evidence> {
        prop_oneof![
            Just(Evidence::Written),
            Just(Evidence::StationAccepted),
            Just(Evidence::OnAir),
            Just(Evidence::LinkConfirmed),
            Just(Evidence::TextAcknowledged),
            Just(Evidence::ReadReport),
            Just(Evidence::Present),
            (1u8..4).prop_map(|choice| Evidence::Answered(Answer {
                choice,
                text: choice.to_string(),
                by: AnsweredBy::Text,
                from: None,
                recorded_by: None,
                reference: None,
            })),
        ]
    }

    fn rung_after(pieces: &[Evidence]) -> Rung {
        let mut book = book(Ask::Acknowledgement);
        let alert = book.alert.id;
        for piece in pieces {
            book.apply(
                Wall::default(),
                &Fact::Evidenced {
                    alert,
                    delivery: DeliveryIndex(0),
                    evidence: piece.clone(),
                },
            );
        }
        book.deliveries[0].rung
    }

    proptest! {
        #[test]
        fn any_order_and_repetition_of_evidence_folds_to_the_same_rung(
            pieces in prop::collection::vec(evidence(), 0..6),
            order in any::<prop::sample::Index>(),
            again in any::<prop::sample::Index>(),
        ) {
            let mut shuffled = pieces.clone();
            if !pieces.is_empty() {
                shuffled.rotate_left(order.index(pieces.len()));
                shuffled.push(pieces[again.index(pieces.len())].clone());
                shuffled.reverse();
            }
            prop_assert_eq!(rung_after(&pieces), rung_after(&shuffled));
        }
    }

    #[test]
    fn presence_proves_no_rung() {
        assert_eq!(rung_after(&[Evidence::Present]), Rung::Queued);
        assert_eq!(
            rung_after(&[Evidence::Written, Evidence::Present]),
            Rung::Sent
        );
    }

    #[test]
    fn a_group_transmission_proves_at_most_transmitted() {
        let mut book = book(Ask::Receipt);
        let carrier = CarrierId {
            station: narrowcast_protocol::air::StationId(1),
            slot: narrowcast_protocol::air::Slot::One,
        };
        let group = GroupId::new(9).unwrap();
        for evidence in [Evidence::LinkConfirmed, Evidence::OnAir] {
            let fact = Fact::GroupEvidenced {
                alert: book.alert.id,
                group,
                carrier,
                evidence,
            };
            book.apply(Wall::default(), &fact);
        }
        assert_eq!(book.deliveries[0].rung, Rung::Transmitted);
    }

    #[test]
    fn evidence_after_the_end_counts_and_is_marked_late() {
        let mut book = book(Ask::Receipt);
        let alert = book.alert.id;
        book.apply(
            Wall::default(),
            &Fact::AlertEnded {
                alert,
                end: Some(End::Expired),
                by: None,
                because: None,
            },
        );
        book.apply(
            Wall::default(),
            &Fact::Evidenced {
                alert,
                delivery: DeliveryIndex(0),
                evidence: Evidence::LinkConfirmed,
            },
        );
        let delivery = &book.deliveries[0];
        assert_eq!(
            (delivery.rung, delivery.end, delivery.late),
            (Rung::Received, Some(End::Expired), true)
        );
    }
}
