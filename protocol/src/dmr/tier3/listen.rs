//! From the bursts of the air to what radios said.

use core::time::Duration;

use crate::air::{Acknowledgement, Address, GroupId, Heard, HeardKind, Owed, RadioId};
use crate::dmr::burst::{Burst, DataBurst};
use crate::dmr::channel::{ChannelEvent, Outgoing};
use crate::dmr::csbk::{Ack, Answer, Context, Csbk, CsbkBody, Direction, Reason, System};
use crate::dmr::data_header::DataHeader;
use crate::dmr::gateway::{DISPATDI, DISPATI, SDMI, TSI};
use crate::dmr::packet::{Block, Rate};
use crate::dmr::slot_type::DataType;
use crate::session::{Refusal, Step};
use crate::time::Instant;

use super::fragment::{Expect, Open};
use super::{ANSWERS, ControlChannel, Due};

/// How long a radio waits for the answer to a request that needs no payload channel
/// (TNP_Timer, TS 102 361-4 annex A: 2 s at least).
pub(super) const TNP_TIMER: Duration = Duration::from_secs(5);

impl ControlChannel {
    /// A burst was received on this channel.
    pub fn heard(&mut self, now: Instant, burst: &[u8; 33]) {
        match Burst::decode(burst).map(|read| read.value) {
            Ok(Burst::Data(data)) => self.data_burst(now, &data),
            Ok(Burst::Voice(_)) => self.dropped("voice_on_control_channel"),
            Err(_) => {
                self.access.damaged();
                self.dropped("undecodable_burst");
            }
        }
        self.report_state();
    }

    /// The radio's signal was lost: its transmission is over.
    pub fn signal_lost(&mut self, now: Instant) {
        let outcome = self.reassembler.ended(self.config.carrier.slot);
        self.packet_outcome(now, outcome);
        self.report_state();
    }

    fn data_burst(&mut self, now: Instant, burst: &DataBurst) {
        let octets = burst.info.octets();
        match (burst.data_type, octets.first_chunk::<12>()) {
            (DataType::Csbk, Some(pdu)) => self.csbk(now, pdu),
            (DataType::DataHeader, Some(pdu)) => self.header(now, pdu),
            (DataType::Rate12Data, _) => self.block(now, octets),
            _ => self.dropped("unexpected_burst"),
        }
    }

    fn csbk(&mut self, now: Instant, pdu: &[u8; 12]) {
        let context = Context {
            direction: Direction::Inbound,
            system: System::Trunked,
        };
        let Ok(csbk) = Csbk::decode(pdu, context) else {
            self.access.damaged();
            return self.dropped("csbk_crc");
        };
        match csbk.body {
            CsbkBody::Rand(request) => self.request(now, &request),
            CsbkBody::AckU(answer) => self.answered(now, &answer),
            _ => self.dropped("unexpected_csbk"),
        }
    }

    fn header(&mut self, now: Instant, pdu: &[u8; 12]) {
        let Ok(header) = DataHeader::decode(pdu) else {
            return self.dropped("data_header_crc");
        };
        let slot = self.config.carrier.slot;
        let ended = self.reassembler.ended(slot);
        self.packet_outcome(now, ended);
        let outcome = self.reassembler.header(now, slot, &header);
        self.packet_outcome(now, outcome);
    }

    fn block(&mut self, now: Instant, octets: &[u8]) {
        let Some(block) = Block::new(Rate::Half, octets) else {
            return;
        };
        let slot = self.config.carrier.slot;
        let outcome = self.reassembler.block(now, slot, &block);
        self.packet_outcome(now, outcome);
    }

    /// A radio answers what was sent to it.
    fn answered(&mut self, now: Instant, answer: &Ack) {
        let Ok(by) = RadioId::new(answer.source) else {
            return self.dropped("reserved_address");
        };
        self.register.heard(now, by);
        if let Some(code) = answer.status() {
            let what = HeardKind::Status {
                from: by,
                to: Address::Radio(self.config.own),
                code: code.into(),
                polled: true,
            };
            self.say(what, Vec::new());
            self.poll_answered(by);
            return;
        }
        match self.take_answered(by, answer) {
            Some(Open { id, fragment, .. }) => match (fragment.expect, answer.reason.answer()) {
                (Expect::Presence { .. }, _) => {
                    self.say(HeardKind::Presence { from: by }, Vec::new());
                    self.step(id, Step::Done);
                }
                (_, Answer::Nack) => {
                    let reason = answer.reason.number();
                    self.step(id, Step::Refused(Refusal::Terminal(reason)));
                }
                _ => {
                    self.step(id, Step::Received { by });
                    self.step(id, Step::Done);
                }
            },
            None => {
                let polled = answer.reason.answer() == Answer::Nack && self.poll_answered(by);
                if !polled {
                    self.dropped("answer_to_nothing");
                }
                self.say(HeardKind::Presence { from: by }, Vec::new());
            }
        }
    }

    /// Takes out the open fragment that an answer settles: C_ACKU 44, or a refusal.
    fn take_answered(&mut self, by: RadioId, answer: &Ack) -> Option<Open> {
        let settles = answer.reason == Reason::MsAccepted || answer.reason.answer() == Answer::Nack;
        let mut open = self.open.iter();
        let place = open.position(|open| open.is_answered_by(by, answer.target))?;
        if settles {
            self.open.remove(place)
        } else {
            None
        }
    }

    /// Whether the radio had been polled; it has answered.
    fn poll_answered(&mut self, by: RadioId) -> bool {
        let place = self.polls.iter().position(|poll| poll.radio == by);
        let poll = place.and_then(|place| self.polls.remove(place));
        let polled = poll.is_some();
        if let Some(poll) = poll {
            self.collected(poll.id);
        }
        polled
    }

    /// The address as the engine knows it, if what is sent there is for us.
    pub(super) fn ours(&self, to: u32, group: bool) -> Option<Address> {
        if group {
            let group = GroupId::new(to).ok()?;
            return self
                .config
                .groups
                .contains(&group)
                .then_some(Address::Group(group));
        }
        let ours = to == self.config.own.get() || matches!(to, TSI | SDMI | DISPATI | DISPATDI);
        ours.then_some(Address::Radio(self.config.own))
    }

    /// Queues an answer that says nothing of having taken a message.
    pub(super) fn answer(&mut self, now: Instant, reason: Reason, to: RadioId, source: u32) {
        let burst = self.config.answer(reason, to, source);
        self.answer_with(now, burst);
    }

    /// Queues a burst as an answer, unless the same already waits.
    pub(super) fn answer_with(&mut self, now: Instant, burst: Outgoing) {
        if self.due.iter().any(|due| due.burst == burst) {
            return;
        }
        if self.due.len() >= ANSWERS {
            return self.dropped("answers_full");
        }
        self.due.push_back(Due {
            id: None,
            burst,
            until: now + TNP_TIMER,
        });
    }

    /// What is owed once a message is on disk.
    pub(super) fn owed(now: Instant, from: u32, to: RadioId) -> Vec<Owed> {
        vec![Owed {
            acknowledgement: Acknowledgement::Accepted { from, to },
            until: now + TNP_TIMER,
        }]
    }

    pub(super) fn say(&mut self, what: HeardKind, owed: Vec<Owed>) {
        self.out.push_back(ChannelEvent::Heard(Heard {
            carrier: self.config.carrier,
            what,
            owed,
        }));
    }
}
