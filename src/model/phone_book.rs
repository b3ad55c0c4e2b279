//! The fold of one telephone of a delivery: what was sent to it and what is proven of that.

use narrowcast_protocol::air::StationId;
use serde::{Deserialize, Serialize};

use crate::model::delivery::{Outcome, Rung};
use crate::model::evidence::Evidence;
use crate::model::ids::{AlertId, DeliveryIndex};
use crate::model::wall::Wall;

/// Names one part of one attempt over one telephone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct MessageRef {
    /// The alert.
    pub alert: AlertId,
    /// The delivery.
    pub delivery: DeliveryIndex,
    /// Which of the person's telephones, from 0.
    pub phone: u8,
    /// Which attempt, from 1.
    pub number: u8,
    /// Which part, from 0.
    pub part: u8,
}

/// What an operator says became of a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum ReceiptOutcome {
    /// The telephone has it.
    Delivered,
    /// The telephone will not get it.
    Failed,
    /// Nothing more will be said, and the telephone may have it.
    Unknown,
    /// It is still under way.
    Intermediate,
}

/// One bit for each part of a text.
type Parts = u16;

/// One telephone of a delivery as its facts tell it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PhoneBook {
    /// Attempts started.
    pub attempts: u8,
    /// Those of them that do not count: before the last "send again", never left, or refused
    /// because they came too fast.
    pub attempts_before: u8,
    /// The number of the attempt under way.
    pub open: Option<u8>,
    /// The route of the newest attempt.
    pub route: Option<StationId>,
    /// The number that ties the parts of the newest text together.
    pub reference: u8,
    /// The first attempt that gave it to an operator; later ones gave only what was missing.
    first: u8,
    /// How many parts it has.
    pub parts: u8,
    /// Which frame of an operator's stands around its words.
    pub frame: u32,
    /// Parts that were written to a link.
    written: Parts,
    /// Parts that an operator has taken.
    taken: Parts,
    /// Parts that the telephone has.
    received: Parts,
    /// The highest rung proven over this telephone.
    pub rung: Rung,
    /// Since when the fate of the newest attempt is unknown; none while it is known.
    pub unclear_since: Option<Wall>,
    /// Whether it is not tried any more.
    pub spent: bool,
}

const fn bit(part: u8) -> Parts {
    1 << (part & 0xF)
}

impl PhoneBook {
    /// Attempts that count.
    #[must_use]
    pub const fn attempts_now(&self) -> u8 {
        self.attempts.saturating_sub(self.attempts_before)
    }

    const fn all(&self) -> Parts {
        match self.parts {
            0 => 0,
            parts if parts >= 16 => Parts::MAX,
            parts => (1 << parts) - 1,
        }
    }

    /// Whether an operator has taken this part of the newest text.
    #[must_use]
    pub const fn is_taken(&self, part: u8) -> bool {
        self.taken & bit(part) != 0
    }

    /// Whether this part of the newest text was written to a link or taken.
    #[must_use]
    pub const fn has_left(&self, part: u8) -> bool {
        (self.written | self.taken | self.received) & bit(part) != 0
    }

    /// Whether this part of this attempt is with the telephone.
    #[must_use]
    pub const fn is_received(&self, number: u8, part: u8) -> bool {
        if number >= self.first {
            self.received & bit(part) != 0
        } else {
            self.rung as u8 >= Rung::Received as u8
        }
    }

    /// Whether any part of the newest text has left.
    #[must_use]
    pub const fn has_any_left(&self) -> bool {
        self.written | self.taken | self.received != 0
    }

    /// Whether the telephone has every part of the newest text, and nobody has asked since that
    /// it be sent again.
    #[must_use]
    pub const fn has_it(&self) -> bool {
        self.attempts_now() > 0 && self.parts > 0 && self.received == self.all()
    }

    /// Whether an operator has taken the whole of the newest text.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        self.parts > 0 && self.taken | self.received == self.all()
    }

    pub(super) fn started(
        &mut self,
        (number, route): (u8, StationId),
        (reference, parts, frame): (u8, u8, u32),
    ) {
        if (self.reference, self.parts) != (reference, parts) {
            (self.written, self.taken, self.received) = (0, 0, 0);
            self.first = number;
        }
        (self.reference, self.parts, self.frame) = (reference, parts, frame);
        self.attempts = self.attempts.max(number);
        self.open = Some(number);
        self.route = Some(route);
        self.unclear_since = None;
    }

    /// Something is proven of one part; what is proven of the text now.
    pub(super) fn proved(&mut self, number: u8, part: u8, evidence: &Evidence) -> Option<Evidence> {
        // Of an older text only its own end counts, and only where it was one part.
        let newest = number >= self.first || self.parts == 1;
        let (parts, news) = match evidence {
            Evidence::Written => (&mut self.written, Rung::Sent),
            Evidence::StationAccepted => (&mut self.taken, Rung::Accepted),
            Evidence::HandsetReceipt => (&mut self.received, Rung::Received),
            _ => return None,
        };
        if !newest {
            return None;
        }
        *parts |= bit(part);
        let taken = self.taken | self.received;
        let all = self.all();
        let whole = match news {
            Rung::Sent => self.written | taken == all,
            Rung::Accepted => taken == all,
            _ => self.received == all,
        };
        if !whole {
            return None;
        }
        self.rung = self.rung.max(news);
        Some(evidence.clone())
    }

    pub(super) fn ended(&mut self, number: u8, outcome: Outcome, spent: bool, at: Wall) {
        self.spent |= spent;
        if self.open != Some(number) {
            return;
        }
        self.open = None;
        match outcome {
            Outcome::Withdrawn => self.attempts_before = self.attempts_before.saturating_add(1),
            Outcome::Unclear if !self.has_it() => self.unclear_since = Some(at),
            _ => {}
        }
    }

    /// The server started anew: an open attempt is unclear from here on.
    pub(super) fn interrupted(&mut self, at: Wall) {
        if self.open.take().is_some() && !self.has_it() {
            self.unclear_since = Some(at);
        }
    }

    /// It is sent again because a person asked for it.
    pub(super) fn again(&mut self) {
        self.attempts_before = self.attempts;
        self.spent = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn started(parts: u8) -> PhoneBook {
        let mut book = PhoneBook::default();
        book.started((1, StationId(1)), (7, parts, 0));
        book
    }

    #[test]
    fn a_text_is_received_when_every_part_is_in_whatever_order_the_receipts_come() {
        let mut book = started(2);
        assert_eq!(book.proved(1, 1, &Evidence::HandsetReceipt), None);
        assert_eq!(
            book.proved(1, 0, &Evidence::StationAccepted),
            Some(Evidence::StationAccepted)
        );
        assert_eq!(
            book.proved(1, 0, &Evidence::HandsetReceipt),
            Some(Evidence::HandsetReceipt)
        );
        assert_eq!(book.rung, Rung::Received);
    }

    #[test]
    fn another_attempt_with_the_same_number_keeps_what_was_taken_and_another_one_begins_anew() {
        let mut book = started(2);
        book.proved(1, 0, &Evidence::StationAccepted);
        book.ended(1, Outcome::Unclear, false, Wall::default());
        assert!(book.unclear_since.is_some());
        book.started((2, StationId(1)), (7, 2, 0));
        assert!(book.is_taken(0) && !book.is_taken(1) && book.unclear_since.is_none());
        book.started((3, StationId(1)), (8, 2, 0));
        assert!(!book.is_taken(0) && !book.has_any_left());
    }

    #[test]
    fn a_late_receipt_of_an_older_attempt_counts_where_the_text_is_one_part() {
        for (parts, rung) in [(1, Rung::Received), (2, Rung::Queued)] {
            let mut book = started(parts);
            book.started((2, StationId(1)), (8, parts, 0));
            for part in 0..parts {
                book.proved(1, part, &Evidence::HandsetReceipt);
            }
            assert_eq!(book.rung, rung);
        }
    }
}
