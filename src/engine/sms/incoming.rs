//! What telephones say.

use narrowcast_protocol::air::{CarrierId, Incoming, Owed, StationId};
use narrowcast_protocol::sms::{Reference, Sender};

use crate::engine::Engine;
use crate::engine::answers::{Heard, Matched};
use crate::engine::hearing::{PRESSED_TWICE, REPORT_TEXT};
use crate::engine::sms::pieces::PieceKey;
use crate::engine::state::{HEARD_LIFE, HeardKey, Speaker};
use crate::model::evidence::{Answer, AnsweredBy, Evidence};
use crate::model::facts::{Fact, ReportNote};
use crate::model::ids::Seq;
use crate::model::text;

/// Longest part that is kept, in characters: no operator carries more in one message.
const PART_TEXT: usize = 255;

/// A number from an operator's name of a message: a repetition has the same one.
fn number_of(name: &str) -> u16 {
    name.bytes().fold(0x1D0F, |number: u16, byte| {
        number.rotate_left(5).wrapping_mul(31) ^ u16::from(byte)
    })
}

fn safe(said: &str, longest: usize) -> String {
    text::shown(said).chars().take(longest).collect()
}

impl Engine {
    /// A telephone sent a text or a part of one. The operator is told that we have it once that
    /// is on disk.
    pub(in crate::engine) fn phone_heard(
        &mut self,
        carrier: CarrierId,
        incoming: Incoming,
        owed: Vec<Owed>,
    ) {
        let Incoming { from, to, part, id } = incoming;
        let said = part.coding.decode(&part.octets);
        let route = carrier.station;
        let number = id.map(|id| number_of(id.as_str()));
        let recorded = match part.concatenation.filter(|it| it.total > 1) {
            None => self.phone_said(route, &from, to, said.trim(), number),
            Some(of) => {
                let reference = match of.reference {
                    Reference::Eight(reference) => reference.into(),
                    Reference::Sixteen(reference) => reference,
                };
                let key = PieceKey {
                    route,
                    from: from.to_string(),
                    to,
                    reference,
                    total: of.total,
                };
                self.phone_part(key, &from, of.number, safe(&said, PART_TEXT))
            }
        };
        self.pay_after(recorded, carrier, owed);
    }

    fn phone_part(&mut self, key: PieceKey, from: &Sender, part: u8, text: String) -> Seq {
        if self.state.pieces.has(&key, part) {
            return self.state.seq;
        }
        let whole = self.state.pieces.whole_with(&key, part, &text);
        self.emit(Fact::PhonePartHeard {
            route: key.route,
            from: key.from,
            to: key.to.clone(),
            reference: key.reference,
            total: key.total,
            part,
            text,
        });
        if let Some(whole) = whole {
            self.phone_said(key.route, from, key.to, whole.trim(), None);
        }
        self.state.seq
    }

    /// Passes on the long texts whose missing parts have not come.
    pub(in crate::engine) fn give_up_parts(&mut self) {
        for (key, said) in self.state.pieces.overdue(self.wall()) {
            let PieceKey {
                route,
                from,
                to,
                reference,
                total,
            } = key;
            self.emit(Fact::PhonePartsGivenUp {
                route,
                from: from.clone(),
                to: to.clone(),
                reference,
                total,
            });
            self.phone_said(route, &Sender::new(&from), to, said.trim(), None);
        }
    }

    /// Takes in what a telephone said; where in the ledger it stands.
    fn phone_said(
        &mut self,
        route: StationId,
        from: &Sender,
        to: String,
        said: &str,
        reference: Option<u16>,
    ) -> Seq {
        let text = safe(said, REPORT_TEXT);
        // The operator's name of it makes a repetition certain for long; without one only what
        // is said twice at once is taken for once.
        let window = if reference.is_some() {
            HEARD_LIFE
        } else {
            PRESSED_TWICE
        };
        let key = match from {
            Sender::Phone(phone) => HeardKey::new(Speaker::Phone(*phone), &text, None, reference),
            Sender::Name(name) => HeardKey::of_name(name, &text, reference),
        };
        let before = self.state.messages.get(&key);
        if let Some((_, seq)) = before.filter(|(at, _)| self.wall().since(*at) < window) {
            return *seq;
        }
        let matched = match from.phone() {
            None => Matched::Nothing(ReportNote::NothingAsked),
            Some(phone) => self.match_answer(&Heard {
                speaker: Speaker::Phone(phone),
                deliveries: self.sms.by_phone.of(phone),
                text: &text,
                status: None,
                on_test: false,
                trunked: false,
            }),
        };
        match (matched, from.phone()) {
            (Matched::Answer { delivery, choice }, Some(phone)) => {
                let answer = Answer {
                    choice,
                    text,
                    by: AnsweredBy::Sms(phone),
                    from: None,
                    recorded_by: None,
                    reference,
                };
                self.learn(delivery, Evidence::Answered(answer));
                self.stop_ringing(delivery);
            }
            (Matched::Answer { .. }, None) => {}
            (Matched::Nothing(note), _) => {
                self.emit(Fact::PhoneReportHeard {
                    route,
                    from: from.to_string(),
                    to: safe(&to, 32),
                    text,
                    reference,
                    note,
                });
            }
        }
        self.state.seq
    }
}
