//! One conventional DMR channel (a timeslot of a repeater, or a simplex frequency) as the
//! far side of its radios: what a Homebrew master and a modem host have in common.
//!
//! The transport feeds it the bursts it hears ([`heard`](Channel::heard)) and pulls the
//! bursts to send when it may send one ([`next_burst`](Channel::next_burst)). The channel
//! holds one fragment at a time, lets acknowledgements go first, waits while a call is up,
//! runs the link layer's confirmation (ACK, selective repeat, NACK), and reports what it
//! heard for us.
//!
//! ```text
//! send() -> waiting -> (pulled) sending -> awaiting the response -> Done
//!                                             ^    | SACK
//!                                             +----+ the flagged blocks again, thrice at most
//! ```

mod answers;
mod call;
mod compose;
mod config;
mod listen;
mod numbering;
mod outgoing;

use std::collections::VecDeque;
use std::time::Duration;

use crate::air::{Acknowledgement, CarrierId, Heard, JobId, RadioId, Transmission};
use crate::dmr::data_header::{DataHeader, Response, Verdict};
use crate::dmr::packet::response::asked_again;
use crate::dmr::packet::{self, Reassembler};
use crate::dmr::voice::VoiceCollector;
use crate::session::{CarrierState, Refusal, Step};
use crate::time::Instant;

use answers::{Answers, Due, Urgency};
use call::Occupancy;
use compose::Composed;
pub use config::{ChannelConfig, Source};
use numbering::Numbering;
pub use numbering::numbered_for;
pub use outgoing::Outgoing;

/// How long one call may hold a channel: T_TO, a radio's own limit (TS 102 361-2 annex A).
pub const LONGEST_CALL: Duration = Duration::from_secs(180);
/// Most selective repeats of one packet.
const SELECTIVE_REPEATS: u8 = 3;

/// What a channel reports.
#[derive(Debug, Clone, PartialEq)]
pub enum ChannelEvent {
    /// Something usable was heard.
    Heard(Heard),
    /// A job came further.
    Job {
        /// The number under which the engine gave it.
        id: JobId,
        /// How far it has come; the last step ends it.
        step: Step,
    },
    /// Its state or room changed.
    State {
        /// Its state.
        state: CarrierState,
        /// How many fragments it takes now: 0 or 1.
        room: u8,
    },
    /// Something was dropped, by cause.
    Dropped {
        /// A short fixed word.
        cause: &'static str,
        /// How many bursts.
        count: u32,
    },
}

/// The fragment that the channel holds.
#[derive(Debug)]
enum Fragment {
    /// Not a burst of it has left.
    Waiting { id: JobId, composed: Composed },
    /// Its bursts are being pulled.
    Sending {
        id: JobId,
        to: RadioId,
        packet: Option<packet::Outgoing>,
        repeats: u8,
    },
    /// All bursts have left; the radio's response is awaited.
    Awaiting {
        id: JobId,
        to: RadioId,
        packet: packet::Outgoing,
        until: Instant,
        repeats: u8,
    },
}

/// One conventional channel.
#[derive(Debug)]
pub struct Channel {
    config: ChannelConfig,
    numbering: Numbering,
    reassembler: Reassembler,
    fragment: Option<Fragment>,
    answers: Answers,
    /// Bursts of the transmission under way.
    pulling: VecDeque<Outgoing>,
    occupancy: Occupancy,
    /// Nothing new of the engine's is begun: the station may not be there.
    paused: bool,
    /// Puts the embedded link control of the call together.
    voice: VoiceCollector,
    present: Option<(RadioId, Instant)>,
    /// What is being heard comes from a radio that another station hears.
    is_elsewhere: bool,
    /// The stream of the burst at hand, where the link counts bursts to streams.
    stream: Option<u32>,
    /// The stream of the newest data header: blocks of another one are another packet's.
    packet_stream: Option<u32>,
    reported: Option<(CarrierState, u8)>,
    out: VecDeque<ChannelEvent>,
}

impl Channel {
    /// A channel that is there and free.
    #[must_use]
    pub fn new(config: ChannelConfig) -> Self {
        let mut channel = Self {
            occupancy: Occupancy::new(config.longest_call),
            config,
            numbering: Numbering::default(),
            reassembler: Reassembler::default(),
            fragment: None,
            answers: Answers::default(),
            pulling: VecDeque::new(),
            paused: false,
            voice: VoiceCollector::default(),
            present: None,
            is_elsewhere: false,
            stream: None,
            packet_stream: None,
            reported: None,
            out: VecDeque::new(),
        };
        channel.report_state();
        channel
    }

    /// Which carrier this is.
    #[must_use]
    pub const fn carrier(&self) -> CarrierId {
        self.config.carrier
    }

    /// Takes one fragment, if there is room.
    pub fn send(&mut self, _now: Instant, id: JobId, transmission: Transmission) {
        if self.fragment.is_some() {
            return self.step(id, Step::Refused(Refusal::NoRoom));
        }
        match compose::transmission(&self.config, &mut self.numbering, &transmission) {
            Ok(composed) => self.fragment = Some(Fragment::Waiting { id, composed }),
            Err(refusal) => self.step(id, Step::Refused(refusal)),
        }
        self.report_state();
    }

    /// Sends an acknowledgement before any fragment, if it is not too late by then.
    pub fn acknowledge(
        &mut self,
        now: Instant,
        id: JobId,
        acknowledgement: Acknowledgement,
        until: Instant,
    ) {
        if until <= now {
            return self.step(id, Step::Refused(Refusal::TooLate));
        }
        match compose::acknowledgement(&self.config, &mut self.numbering, &acknowledgement) {
            Ok(bursts) => self.answer(Due {
                id: Some(id),
                urgency: Urgency::from(&acknowledgement),
                bursts,
                until,
            }),
            Err(refusal) => self.step(id, Step::Refused(refusal)),
        }
    }

    /// Queues an answer. One without a place counts as late: the radio repeats.
    fn answer(&mut self, due: Due) {
        match self.answers.push(due).map(|due| due.id) {
            Some(Some(id)) => self.step(id, Step::Refused(Refusal::TooLate)),
            Some(None) => self.dropped("answers_full"),
            None => {}
        }
    }

    /// The radio has been sent something over another channel: our numbers say nothing to it.
    pub fn used_elsewhere(&mut self, radio: RadioId) {
        self.numbering.forget(radio);
    }

    /// Forgets the fragment if not a burst of it has left.
    pub fn withdraw(&mut self, id: JobId) {
        if matches!(&self.fragment, Some(Fragment::Waiting { id: held, .. }) if *held == id) {
            self.fragment = None;
            self.step(id, Step::Refused(Refusal::Withdrawn));
            self.report_state();
        }
    }

    /// The next burst, if the channel has one to send now.
    pub fn next_burst(&mut self, now: Instant) -> Option<Outgoing> {
        if self.pulling.is_empty() {
            self.start_next(now);
        }
        let burst = self.pulling.pop_front()?;
        if self.pulling.is_empty() {
            self.all_pulled(now);
        }
        Some(burst)
    }

    /// Whether a transmission of ours is under way: its bursts must follow without a gap.
    #[must_use]
    pub fn is_sending(&self) -> bool {
        !self.pulling.is_empty()
    }

    /// Whether a call, a radio's data or a transmission of ours holds the channel now.
    #[must_use]
    pub fn in_use(&self, now: Instant) -> bool {
        self.is_sending()
            || self.occupancy.holds(now)
            || matches!(self.fragment, Some(Fragment::Awaiting { .. }))
    }

    /// Somebody else's traffic goes out on this channel until then, unless
    /// [`vacate`](Self::vacate) ends it earlier: it is busy, as with a call of its own.
    pub fn occupy(&mut self, now: Instant, until: Instant) {
        self.occupancy.hold(now, until);
        self.report_state();
    }

    /// Somebody else's traffic is over.
    pub fn vacate(&mut self) {
        self.occupancy.end();
        self.report_state();
    }

    /// Whether the station may be gone without a word: until it is heard again no fragment
    /// is begun, and one that waits goes on waiting. What is under way is finished, and
    /// acknowledgements leave, because they answer what was heard just now.
    pub fn pause(&mut self, paused: bool) {
        self.paused = paused;
        self.report_state();
    }

    /// The link was lost: what was under way is lost, what waited too.
    pub fn close(&mut self, _now: Instant) {
        self.pulling.clear();
        if let Some(
            Fragment::Waiting { id, .. }
            | Fragment::Sending { id, .. }
            | Fragment::Awaiting { id, .. },
        ) = self.fragment.take()
        {
            self.step(id, Step::Lost);
        }
        for id in self.answers.clear() {
            self.step(id, Step::Lost);
        }
        self.occupancy.end();
        self.reassembler = Reassembler::default();
        self.reported = None;
        self.out.push_back(ChannelEvent::State {
            state: CarrierState::Gone,
            room: 0,
        });
    }

    /// The link is back: reports the channel as there.
    pub fn reopen(&mut self) {
        self.report_state();
    }

    /// Time has reached the [`deadline`](Self::deadline).
    pub fn tick(&mut self, now: Instant) {
        if let Some(Fragment::Awaiting { id, until, .. }) = &self.fragment
            && *until <= now
        {
            let id = *id;
            self.fragment = None;
            self.step(id, Step::Done);
        }
        for id in self.answers.expire(now) {
            self.step(id, Step::Refused(Refusal::TooLate));
        }
        if self.occupancy.tick(now) {
            self.voice = VoiceCollector::default();
        }
        let outcomes = self.reassembler.tick(now);
        for outcome in outcomes {
            self.packet_outcome(now, outcome);
        }
        self.report_state();
    }

    /// When to call [`tick`](Self::tick), or to pull again after a hold-off.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        let awaited = match &self.fragment {
            Some(Fragment::Awaiting { until, .. }) => Some(*until),
            _ => None,
        };
        let pull = (self.wants_to_send() && !self.occupancy.is_busy())
            .then_some(self.occupancy.data_until());
        [
            awaited,
            self.answers.deadline(),
            pull,
            self.occupancy.deadline(),
            self.reassembler.deadline(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// The next report, until there is none.
    pub fn poll(&mut self) -> Option<ChannelEvent> {
        self.out.pop_front()
    }

    /// Whether there is anything to pull, now or after a hold-off.
    #[must_use]
    pub fn wants_to_send(&self) -> bool {
        !self.pulling.is_empty()
            || !self.answers.is_empty()
            || (!self.paused && matches!(self.fragment, Some(Fragment::Waiting { .. })))
    }

    fn start_next(&mut self, now: Instant) {
        if self.occupancy.holds(now) {
            return;
        }
        while let Some(due) = self.answers.next() {
            if due.until > now {
                self.pulling = due.bursts.into();
                if let Some(last) = self.pulling.back_mut() {
                    last.last_of = due.id;
                }
                return;
            }
            if let Some(id) = due.id {
                self.step(id, Step::Refused(Refusal::TooLate));
            }
        }
        if let Some(Fragment::Waiting { id, composed }) = self
            .fragment
            .take_if(|f| !self.paused && matches!(f, Fragment::Waiting { .. }))
        {
            self.pulling = composed.bursts(&self.config, Some(id)).into();
            self.fragment = Some(Fragment::Sending {
                id,
                to: composed.to,
                packet: composed.confirmed,
                repeats: 0,
            });
            self.report_state();
        }
    }

    fn all_pulled(&mut self, now: Instant) {
        if let Some(Fragment::Sending {
            id,
            to,
            packet,
            repeats,
        }) = self
            .fragment
            .take_if(|f| matches!(f, Fragment::Sending { .. }))
        {
            match packet {
                Some(packet) => {
                    let until = now + self.config.response_wait;
                    self.fragment = Some(Fragment::Awaiting {
                        id,
                        to,
                        packet,
                        until,
                        repeats,
                    });
                }
                None => self.step(id, Step::Done),
            }
        }
        self.report_state();
    }

    /// A radio's link layer answers a packet of ours.
    fn responded(&mut self, by: RadioId, response: &Response, flags: &[u8]) {
        let Some(Fragment::Awaiting { id, to, packet, repeats, .. }) =
            self.fragment.take_if(|f| matches!(f, Fragment::Awaiting { to, packet, .. } if *to == by && answers(packet, response)))
        else {
            return self.dropped("response_to_nothing");
        };
        match response.verdict {
            Verdict::Ack => {
                if matches!(packet.header, DataHeader::Confirmed(_)) {
                    self.numbering.confirmed(by, response.status);
                }
                self.step(id, Step::Received { by });
                self.step(id, Step::Done);
            }
            Verdict::Nack(reason) => {
                self.numbering.forget(by);
                self.step(id, Step::Refused(Refusal::Terminal(reason.code())));
            }
            Verdict::Sack => {
                let again = packet.retry(&asked_again(flags, packet.blocks.len()));
                match again.filter(|_| repeats < SELECTIVE_REPEATS) {
                    Some(again) => {
                        let bursts = compose::bursts(&self.config, &again.pdus(0), Some(&packet));
                        self.pulling = bursts.into();
                        self.fragment = Some(Fragment::Sending {
                            id,
                            to,
                            packet: Some(packet),
                            repeats: repeats + 1,
                        });
                    }
                    None => self.step(id, Step::Done),
                }
            }
            Verdict::Other { .. } => self.step(id, Step::Done),
        }
        self.report_state();
    }

    fn report_state(&mut self) {
        let busy = self.occupancy.is_busy() || self.paused;
        let state = if busy {
            CarrierState::Busy
        } else {
            CarrierState::Up
        };
        let room = u8::from(!busy && self.fragment.is_none());
        if self.reported != Some((state, room)) {
            self.reported = Some((state, room));
            self.out.push_back(ChannelEvent::State { state, room });
        }
    }

    fn step(&mut self, id: JobId, step: Step) {
        self.out.push_back(ChannelEvent::Job { id, step });
    }
}

/// Whether `response` can be meant for `packet`: it carries its N(S), where it has one.
fn answers(packet: &packet::Outgoing, response: &Response) -> bool {
    match &packet.header {
        DataHeader::Confirmed(header) => header.send_sequence == response.status,
        _ => true,
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod trust_tests;
