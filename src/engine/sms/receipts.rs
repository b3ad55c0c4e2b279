//! Which message a receipt is about, and what follows from it.

use narrowcast_protocol::air::{CarrierId, MessageId, Owed, Phone, Receipt, StationId};
use narrowcast_protocol::sms;

use crate::engine::Engine;
use crate::engine::sms::Ring;
use crate::model::delivery::{Outcome, RefusedBy};
use crate::model::facts::Fact;
use crate::model::phone_book::{MessageRef, ReceiptOutcome};

const fn outcome(of: sms::Outcome) -> ReceiptOutcome {
    match of {
        sms::Outcome::Delivered => ReceiptOutcome::Delivered,
        sms::Outcome::Failed => ReceiptOutcome::Failed,
        sms::Outcome::Unknown => ReceiptOutcome::Unknown,
        sms::Outcome::Intermediate => ReceiptOutcome::Intermediate,
    }
}

impl Engine {
    /// An operator says what became of a message. It is told that we have it once that is on disk.
    pub(in crate::engine) fn receipt_heard(
        &mut self,
        carrier: CarrierId,
        receipt: Receipt,
        owed: Vec<Owed>,
    ) {
        let route = carrier.station;
        let said = outcome(receipt.outcome);
        match self.state.sent.find(route, &receipt.message, receipt.to) {
            Some(of) => self.receipt_of(of, said, receipt.code),
            None if said == ReceiptOutcome::Intermediate => {}
            None => self.receipt_unmatched(route, &receipt, said),
        }
        self.pay(carrier, owed);
    }

    fn receipt_unmatched(&mut self, route: StationId, receipt: &Receipt, said: ReceiptOutcome) {
        let message = receipt.message.as_str();
        let early = &self.state.sent;
        if early.is_early(route, message, receipt.to, said) {
            return;
        }
        self.outcomes.count("receipt_unmatched");
        self.emit(Fact::ReceiptUnmatched {
            route,
            message: message.to_owned(),
            to: receipt.to,
            outcome: said,
            code: receipt.code.clone(),
        });
    }

    /// The answer that names a message has come: receipts may have overtaken it.
    pub(super) fn match_early_receipts(&mut self, route: StationId, message: MessageId, to: Phone) {
        for early in self.state.sent.early(route, &message, to) {
            let found = MessageId::new(early.message.as_bytes()).ok();
            let found = found.and_then(|id| self.state.sent.find(route, &id, early.to));
            if let Some(of) = found {
                self.receipt_of(of, early.outcome, early.code);
            }
        }
    }

    fn receipt_of(&mut self, of: MessageRef, said: ReceiptOutcome, code: String) {
        let ring = Ring::of(of);
        let known = self.state.delivery_book(ring.delivery());
        let known = known.and_then(|it| it.phone(of.phone));
        if let Some(known) = known {
            let is_old = match said {
                ReceiptOutcome::Delivered => known.is_received(of.number, of.part),
                ReceiptOutcome::Failed | ReceiptOutcome::Unknown => known.open != Some(of.number),
                ReceiptOutcome::Intermediate => true,
            };
            if is_old {
                return;
            }
        }
        let route = known.and_then(|known| known.route);
        if let Some(run) = route.and_then(|route| self.sms.routes.get_mut(&route)) {
            match said {
                ReceiptOutcome::Delivered => run.delivered += 1,
                ReceiptOutcome::Failed => {
                    run.failed += 1;
                    run.last_error = Some(code.clone());
                }
                _ => {}
            }
        }
        self.emit(Fact::ReceiptHeard {
            of,
            outcome: said,
            code,
        });
        let known = self.state.delivery_book(ring.delivery());
        let known = known.and_then(|it| it.phone(of.phone));
        let Some((open, has_it)) = known.map(|known| (known.open, known.has_it())) else {
            return;
        };
        match said {
            ReceiptOutcome::Delivered if has_it => {
                if let Some(number) = open {
                    self.end_message(ring, number, Outcome::Evidenced, false);
                }
                self.after_message(ring);
            }
            ReceiptOutcome::Failed => {
                let failed = Outcome::Refused(RefusedBy::Terminal(0));
                self.end_message(ring, of.number, failed, false);
            }
            ReceiptOutcome::Unknown => {
                self.end_message(ring, of.number, Outcome::Unclear, false);
            }
            _ => {}
        }
    }
}
