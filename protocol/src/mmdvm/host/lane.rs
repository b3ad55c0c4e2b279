//! One carrier: the channel that decides what to send, the flow that knows what the
//! modem did with it, and the steps of each fragment put together from both.

use std::collections::VecDeque;

use super::air_side::AirSide;
use super::flow::{Flow, Pending, Proof};
use crate::air::{CarrierId, JobId, RadioId, Transmission};
use crate::dmr::channel::ChannelEvent;
use crate::session::{Action, CarrierState, Notice, Refusal, Step};
use crate::time::Instant;

/// A fragment whose last step has not been reported.
#[derive(Debug)]
struct Live {
    id: JobId,
    /// The channel is done with it; only the modem's evidence is awaited.
    done: bool,
    /// A radio confirmed it, which proves more than the modem can.
    received: bool,
    /// Its last step has been reported, but the channel does not know.
    muted: bool,
}

/// One carrier of a modem.
#[derive(Debug)]
pub(super) struct Lane {
    pub(super) channel: AirSide,
    pub(super) flow: Flow,
    /// Bursts pulled on this connection.
    pulled: u64,
    live: VecDeque<Live>,
    /// The modem works. Until then the carrier is gone, whatever the channel says of itself.
    works: bool,
    /// What the channel says about itself, and what was reported.
    state: (CarrierState, u8),
    reported: (CarrierState, u8),
}

const GONE: (CarrierState, u8) = (CarrierState::Gone, 0);

impl Lane {
    /// The carrier of a channel that is not there yet.
    pub(super) fn new(mut channel: AirSide) -> Self {
        channel.close(Instant::ZERO);
        while channel.poll().is_some() {}
        Self {
            channel,
            flow: Flow::default(),
            pulled: 0,
            live: VecDeque::new(),
            works: false,
            state: GONE,
            reported: GONE,
        }
    }

    pub(super) fn carrier(&self) -> CarrierId {
        self.channel.carrier()
    }

    pub(super) fn send(&mut self, now: Instant, id: JobId, transmission: Transmission) {
        self.follow(id);
        self.channel.send(now, id, transmission);
    }

    pub(super) fn collect(&mut self, now: Instant, id: JobId, from: RadioId, radios: &[RadioId]) {
        self.follow(id);
        self.channel.collect(now, id, from, radios);
    }

    fn follow(&mut self, id: JobId) {
        self.live.push_back(Live {
            id,
            done: false,
            received: false,
            muted: false,
        });
    }

    /// Whether the modem takes a burst now.
    pub(super) fn may_write(&self) -> bool {
        self.flow.may_write(self.channel.depth())
    }

    /// The next burst to write, if there is one and the modem has room.
    pub(super) fn next(&mut self, now: Instant) -> Option<Pending> {
        if !self.may_write() {
            return None;
        }
        let again = self.flow.take_again();
        let pending = again.or_else(|| self.pull(now))?;
        self.flow.wrote(pending);
        Some(pending)
    }

    fn pull(&mut self, now: Instant) -> Option<Pending> {
        let burst = self.channel.next_burst(now)?;
        self.pulled += 1;
        Some(Pending {
            burst: burst.burst,
            starts: burst.new_stream,
            last_of: burst.last_of,
            number: self.pulled,
        })
    }

    /// A status has been read: tells the channel what has left.
    pub(super) fn left(&mut self, now: Instant, asked: Instant) {
        self.channel.left(now, asked, self.flow.left());
    }

    /// The modem works: the carrier is there.
    pub(super) fn open(&mut self, now: Instant) {
        self.flow = Flow::default();
        self.pulled = 0;
        self.works = true;
        self.channel.reopen(now);
    }

    /// The link was lost.
    pub(super) fn close(&mut self, now: Instant, out: &mut VecDeque<Action>) {
        self.channel.close(now);
        self.works = false;
        self.drain(false, out);
        for live in self.live.drain(..).filter(|live| !live.muted) {
            let (id, step) = (live.id, Step::Lost);
            out.push_back(Action::Job { id, step });
        }
        self.flow = Flow::default();
    }

    /// Reports what a status proved.
    pub(super) fn proved(&mut self, proof: Proof, out: &mut VecDeque<Action>) {
        let (id, step) = match proof {
            Proof::Accepted(id) => (id, Step::Accepted),
            Proof::OnAir(id) => (id, Step::OnAir),
            Proof::Refused(id, reason) => (id, Step::Refused(Refusal::Station(reason))),
            Proof::Settled(id) => (id, Step::Done),
        };
        let Some(place) = self.live.iter().position(|live| live.id == id) else {
            return;
        };
        let Some(live) = self.live.get_mut(place).filter(|live| !live.muted) else {
            return;
        };
        let ended = live.done;
        match proof {
            Proof::Settled(_) if !ended => return,
            Proof::Refused(..) if !ended => live.muted = true,
            Proof::Settled(_) | Proof::Refused(..) => {
                self.live.remove(place);
            }
            Proof::Accepted(_) | Proof::OnAir(_) => {}
        }
        out.push_back(Action::Job { id, step });
    }

    /// Passes on what the channel reports. A fragment is not done before the modem's
    /// evidence about it is complete, or a radio has confirmed it.
    pub(super) fn drain(&mut self, inhibited: bool, out: &mut VecDeque<Action>) {
        while let Some(event) = self.channel.poll() {
            match event {
                ChannelEvent::Heard(heard) => out.push_back(Action::Heard(heard)),
                ChannelEvent::Job { id, step } => self.stepped(id, step, out),
                ChannelEvent::State { state, room } => {
                    self.state = (state, room);
                    self.report(inhibited, out);
                }
                ChannelEvent::Dropped { cause, count } => {
                    let station = Some(self.carrier().station);
                    out.push_back(Action::Notice(Notice::Dropped {
                        station,
                        cause,
                        count,
                    }));
                }
            }
        }
        self.report(inhibited, out);
    }

    /// Reports the state if it is another one. Room that was used and came back at once is
    /// reported twice: whoever used it counts on that.
    fn report(&mut self, inhibited: bool, out: &mut VecDeque<Action>) {
        let now = match self.state {
            _ if !self.works => GONE,
            (CarrierState::Up, _) if inhibited => (CarrierState::Busy, 0),
            state => state,
        };
        if now != self.reported {
            self.reported = now;
            let (id, (state, room)) = (self.carrier(), now);
            out.push_back(Action::Carrier { id, state, room });
        }
    }

    fn stepped(&mut self, id: JobId, step: Step, out: &mut VecDeque<Action>) {
        if let Some(place) = self.live.iter().position(|live| live.id == id) {
            let follows = self.flow.follows(id);
            if let Some(live) = self.live.get_mut(place) {
                live.received |= matches!(step, Step::Received { .. });
                live.done |= step == Step::Done;
                let muted = live.muted;
                let waits = live.done && follows && !live.received && !muted;
                let ends = matches!(step, Step::Done | Step::Refused(_) | Step::Lost);
                if waits {
                    return;
                }
                if ends {
                    self.live.remove(place);
                }
                if muted {
                    return;
                }
            }
        }
        out.push_back(Action::Job { id, step });
    }
}
