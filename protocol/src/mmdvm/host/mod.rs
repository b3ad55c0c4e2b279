//! The host of a modem: one [`Session`] for one serial line or UDP peer.
//!
//! Start-up asks for the version, sets frequencies and configuration, and then polls the
//! status, which is the only thing a modem says about what it was given. It carries:
//!
//! * flow control: a burst is written while the last reported space allows it, at most
//!   one every 10 ms, with up to five waiting in the modem;
//! * evidence: space that was taken proves acceptance, space that came back with the
//!   transmitter on proves that the bursts were on the air;
//! * liveness: two seconds without one, and the line is given up.
//!
//! With a trunking part its slots are Tier III control channels: the transmitter stays
//! keyed, and the modem repeats the C_ALOHA of a quiet site by itself.
//!
//! The host repeats nothing that radios say to each other: in duplex it keys the
//! repeater for its own traffic and for radios that wake it.

use core::time::Duration;
use std::collections::VecDeque;

use super::deframe::{Deframed, Deframer};
use super::kind::{self, Direction};
use super::message::{
    Control, DmrAbort, DmrData, DmrStart, Flags, Mode, Nak, Reason, SetMode, Status, ToHost,
    ToModem, Version,
};
use crate::air::{JobId, Slot};
use crate::dmr::channel::numbered_for;
use crate::dmr::csbk::announcement::{LocalTime, RegistrationWindow};
use crate::session::{Action, Job, Notice, Peer, Refusal, Session, Step};
use crate::time::Instant;

mod air_side;
mod config;
mod flow;
mod keying;
mod lane;
mod polling;
mod start_up;
#[cfg(test)]
mod tests;
mod trunk;
#[cfg(test)]
mod trunk_tests;
mod wake_up;

use air_side::AirSide;
pub use config::{HostConfig, Trunking};
use flow::{Pending, Report};
use keying::Keying;
use lane::Lane;
use polling::Polling;
use start_up::{Ask, StartUp};
use trunk::Trunk;

/// Least time between two bursts written.
const PLAYOUT: Duration = Duration::from_millis(10);

/// The host of one modem.
#[derive(Debug)]
pub struct ModemHost {
    config: HostConfig,
    input: Deframer,
    start_up: StartUp,
    polling: Polling,
    keying: Keying,
    trunk: Trunk,
    lanes: Vec<Lane>,
    /// Where the modem is: the peer that last wrote.
    peer: Peer,
    /// An external input holds the transmitter off.
    inhibited: bool,
    /// When the next burst may be written.
    playout: Instant,
    out: VecDeque<Action>,
}

impl ModemHost {
    /// The host of a modem at `peer`.
    #[must_use]
    pub fn new(config: HostConfig, peer: Peer) -> Self {
        let lane = |slot| Lane::new(AirSide::new(&config, slot));
        Self {
            lanes: config.carriers().map(lane).collect(),
            config,
            input: Deframer::new(Direction::ToHost),
            start_up: StartUp::new(),
            polling: Polling::default(),
            keying: Keying::default(),
            trunk: Trunk::default(),
            peer,
            inhibited: false,
            playout: Instant::ZERO,
            out: VecDeque::new(),
        }
    }

    /// The local time: control channels announce it next.
    pub fn local_time(&mut self, now: Instant, time: LocalTime) {
        for lane in &mut self.lanes {
            if let Some(control) = lane.channel.control() {
                control.local_time(now, time);
            }
        }
        self.pump_running(now);
    }

    /// Tells all radios on control channels to register again, spread over this time.
    pub fn register_all(&mut self, now: Instant, window: RegistrationWindow) {
        for lane in &mut self.lanes {
            if let Some(control) = lane.channel.control() {
                control.register_all(now, window);
            }
        }
        self.pump_running(now);
    }

    fn pump_running(&mut self, now: Instant) {
        if self.start_up.is_running() {
            self.pump(now);
        }
    }

    fn lane_mut(&mut self, slot: Slot) -> Option<&mut Lane> {
        self.lanes
            .iter_mut()
            .find(|lane| lane.carrier().slot == slot)
    }

    fn write(&mut self, message: &ToModem, for_job: Option<JobId>) {
        if let Ok(frame) = message.encode(self.start_up.protocol()) {
            let (to, bytes) = (self.peer, frame.to_bytes());
            self.out.push_back(Action::Send { to, bytes, for_job });
        }
    }

    fn dropped(&mut self, cause: &'static str, count: u32) {
        let station = Some(self.config.station);
        self.out.push_back(Action::Notice(Notice::Dropped {
            station,
            cause,
            count,
        }));
    }

    fn give_up(&mut self, now: Instant, why: &'static str) {
        self.shut(now);
        self.out.push_back(Action::Reopen { why });
    }

    fn shut(&mut self, now: Instant) {
        self.start_up.stop();
        self.input.clear();
        self.keying = Keying::default();
        self.inhibited = false;
        for lane in &mut self.lanes {
            lane.close(now, &mut self.out);
        }
    }

    /// Takes in octets, or with none gives up frames that are late.
    fn read(&mut self, now: Instant, mut bytes: &[u8]) {
        while let Some(Deframed { frame, .. }) = self.input.next(now, &mut bytes) {
            match ToHost::decode(&frame) {
                Ok(message) => self.message(now, message),
                Err(_) => self.dropped("malformed-message", 1),
            }
        }
        let dropped = self.input.take_dropped();
        for (cause, count) in dropped.causes() {
            self.dropped(cause, count);
        }
        if dropped.foreign > 0 && self.start_up.saw_foreign() {
            self.out.push_back(Action::Notice(Notice::LogInRefused {
                claimed: self.config.station.0,
                peer: self.peer,
                why: "octets FE of the DVM protocol on the line: only MMDVM's is spoken here",
                count: 1,
            }));
        }
    }

    fn message(&mut self, now: Instant, message: ToHost) {
        match message {
            ToHost::Version(version) => self.version(now, &version),
            ToHost::Ack(ack) => {
                if self.start_up.ack(now, ack.command) {
                    self.polling.start(now);
                    self.playout = now;
                    self.trunk.start(now);
                    self.lanes.iter_mut().for_each(|lane| lane.open(now));
                    if self.config.is_trunked() {
                        self.key(now);
                    }
                }
            }
            ToHost::Nak(nak) => self.nak(now, nak),
            _ if !self.start_up.is_running() => {}
            ToHost::Status(status) => self.status(now, &status),
            ToHost::DmrData(data) => self.heard(now, &data),
            ToHost::DmrLost(lost) => {
                if let Some(lane) = self.lane_mut(lost.0) {
                    lane.channel.signal_lost(now);
                }
            }
            ToHost::SerialData(_) | ToHost::Debug(_) => {}
            ToHost::Other(_) => self.dropped("unused-message", 1),
        }
    }

    fn version(&mut self, now: Instant, version: &Version) {
        match self.start_up.version(now, version) {
            Ok(true) => {
                let station = self.config.station;
                let description = version.text().to_owned();
                self.out
                    .push_back(Action::Notice(Notice::StationIdentified {
                        station,
                        description,
                    }));
            }
            Ok(false) => {}
            Err(why) => self.give_up(now, why),
        }
    }

    fn nak(&mut self, now: Instant, nak: Nak) {
        if let Some(why) = self.start_up.nak(nak.command) {
            return self.give_up(now, why);
        }
        let slot = match nak.command {
            kind::DMR_DATA1 => Slot::One,
            kind::DMR_DATA2 => Slot::Two,
            _ => return self.dropped("command-refused", 1),
        };
        let taken_back = self.lane_mut(slot).is_some_and(|lane| match nak.reason {
            Reason::BufferFull => lane.flow.refused_full(now),
            reason => lane.flow.refused(reason.into()),
        });
        let cause = match (taken_back, nak.reason) {
            (false, _) => "refusal-of-nothing",
            (true, Reason::BufferFull) => "burst-refused-full",
            (true, _) => "burst-refused",
        };
        self.dropped(cause, 1);
    }

    fn status(&mut self, now: Instant, status: &Status) {
        let marks = self.polling.answer(now);
        self.inhibited = status.flags.has(Flags::LOCKOUT);
        if status.flags.has(Flags::TX_OVERFLOW) {
            self.dropped("modem-transmit-overflow", 1);
        }
        if status.flags.has(Flags::RX_OVERFLOW) {
            self.dropped("modem-receive-overflow", 1);
        }
        let Some([one, two]) = marks else {
            return;
        };
        self.keying.status(status);
        let keyed = status.flags.has(Flags::TRANSMITTING) && !self.inhibited;
        let [space_one, space_two] = status.spaces.dmr;
        let mut proofs = Vec::new();
        for lane in &mut self.lanes {
            let (mark, space) = match lane.carrier().slot {
                Slot::One => (one, space_one),
                Slot::Two => (two, space_two),
            };
            let report = Report {
                space,
                keyed,
                inhibited: self.inhibited,
            };
            lane.flow.status(mark, report, &mut proofs);
            lane.left(now, mark.at);
            for proof in proofs.drain(..) {
                lane.proved(proof, &mut self.out);
            }
        }
        if self.config.duplex && self.keying.is_missing() {
            let commands: Vec<_> = self.keying.again().collect();
            self.write_all(&commands);
        }
    }

    /// A burst from the air. A repeater that is not keyed hears only radios that wake it.
    fn heard(&mut self, now: Instant, data: &DmrData) {
        if self.config.duplex && !self.keying.is_wanted() {
            let wakes = matches!(data.control, Control::Idle(_))
                && wake_up::is_for(&data.burst, self.config.own.get());
            if !wakes {
                return;
            }
            self.key(now);
        }
        self.keying.heard(now, self.hang());
        if let Some(lane) = self.lane_mut(data.slot) {
            lane.channel.heard(now, &data.burst);
        }
    }

    /// How long the transmitter stays keyed: a control channel never pauses.
    fn hang(&self) -> Duration {
        if self.config.is_trunked() {
            Duration::MAX
        } else {
            self.config.hang
        }
    }

    fn key(&mut self, now: Instant) {
        let commands: Vec<_> = self.keying.want(now, self.hang()).collect();
        self.write_all(&commands);
    }

    fn write_all(&mut self, commands: &[ToModem]) {
        for command in commands {
            self.write(command, None);
        }
    }

    /// Writes what is due: start-up, questions, bursts.
    fn pump(&mut self, now: Instant) {
        while let Some(due) = self.start_up.due(now) {
            match due {
                Ok(Ask::Version) => self.write(&ToModem::GetVersion, None),
                Ok(Ask::Freq) => self.write(&ToModem::SetFreq(self.config.set_freq()), None),
                Ok(Ask::Config) => self.write(&ToModem::SetConfig(self.config.set_config()), None),
                Err(why) => self.give_up(now, why),
            }
        }
        if self.start_up.is_running() {
            if self.polling.is_silent(now) {
                return self.give_up(now, "the modem has said nothing for 2 s");
            }
            self.tell_trunk(now);
            self.play_out(now);
            if self.polling.is_due(now) {
                self.ask_status(now);
            }
            if self.lanes.iter().all(|lane| lane.flow.is_empty()) && self.keying.is_over(now) {
                self.write(&ToModem::DmrStart(DmrStart(false)), None);
            }
        }
        for lane in &mut self.lanes {
            lane.drain(self.inhibited, &mut self.out);
        }
    }

    fn tell_trunk(&mut self, now: Instant) {
        if !self.config.is_trunked() {
            return;
        }
        let Some(trunking) = &self.config.trunking else {
            return;
        };
        let due = self.trunk.due(now, trunking, &self.lanes);
        self.write_all(&due);
    }

    fn ask_status(&mut self, now: Instant) {
        let mark = |slot: Slot| {
            let lane = self.lanes.iter().find(|lane| lane.carrier().slot == slot);
            lane.map_or_else(|| flow::Flow::default().mark(now), |l| l.flow.mark(now))
        };
        let marks = [mark(Slot::One), mark(Slot::Two)];
        let mut waiting = self.lanes.iter().filter(|lane| lane.flow.is_waiting());
        let pace = match waiting.clone().next() {
            None => polling::POLL,
            _ if waiting.any(|lane| lane.channel.is_control()) => polling::CONTROL_POLL,
            _ => polling::BUSY_POLL,
        };
        self.polling.ask(now, marks, pace);
        self.write(&ToModem::GetStatus, None);
    }

    /// Writes one burst, of the slot that has waited longer.
    fn play_out(&mut self, now: Instant) {
        if self.inhibited || now < self.playout {
            return;
        }
        let next = self.lanes.iter_mut().enumerate().find_map(|(place, lane)| {
            let (slot, control) = (lane.carrier().slot, lane.channel.is_control());
            lane.next(now)
                .map(|pending| (place, slot, control, pending))
        });
        let Some((place, slot, control, Pending { burst, last_of, .. })) = next else {
            return;
        };
        self.lanes
            .get_mut(place..)
            .into_iter()
            .for_each(|rest| rest.rotate_left(1));
        if self.config.duplex {
            self.key(now);
        }
        self.write(&ToModem::DmrData(DmrData::to_send(slot, burst)), last_of);
        self.playout = now + PLAYOUT;
        if control {
            self.polling.soon(now);
        } else if last_of.is_some() {
            self.polling.hurry(now);
        }
    }
}

impl Session for ModemHost {
    fn opened(&mut self, now: Instant) {
        self.shut(now);
        self.start_up.opened(now, self.config.settle);
        self.pump(now);
    }

    fn closed(&mut self, now: Instant) {
        self.shut(now);
    }

    /// What waits in the modem is dropped, the transmitter unkeyed, and the mode left: in
    /// idle the firmware transmits nothing, so that a lost octet of one command does not
    /// leave it keyed.
    fn leaving(&mut self, now: Instant) {
        if self.start_up.is_running() {
            let slots = self.lanes.iter().map(|lane| lane.carrier().slot);
            let mut commands: Vec<_> = slots
                .map(|slot| ToModem::DmrAbort(DmrAbort(slot)))
                .collect();
            if self.config.duplex {
                commands.push(ToModem::DmrStart(DmrStart(false)));
            }
            commands.push(ToModem::SetMode(SetMode(Mode::Idle)));
            self.write_all(&commands);
        }
        self.shut(now);
    }

    fn receive(&mut self, now: Instant, from: Peer, bytes: &[u8]) {
        if from != self.peer {
            return self.dropped("foreign-peer", 1);
        }
        if self.start_up.is_off() {
            return;
        }
        self.read(now, bytes);
        self.pump(now);
    }

    fn transmit(&mut self, now: Instant, job: Job) {
        let running = self.start_up.is_running();
        let gone = |id| Action::Job {
            id,
            step: Step::Refused(Refusal::NoCarrier),
        };
        let station = self.config.station;
        match job {
            Job::Send {
                id,
                carrier,
                transmission,
            } => {
                if let Some(to) = numbered_for(&transmission) {
                    let others = self.lanes.iter_mut();
                    let others = others.filter(|lane| lane.carrier().slot != carrier.slot);
                    others.for_each(|lane| lane.channel.used_elsewhere(to));
                }
                match self.lane_mut(carrier.slot) {
                    Some(lane) if running && carrier.station == station => {
                        lane.send(now, id, transmission);
                    }
                    _ => self.out.push_back(gone(id)),
                }
            }
            Job::Acknowledge {
                id,
                carrier,
                acknowledgement,
                until,
            } => match self.lane_mut(carrier.slot) {
                Some(lane) if running && carrier.station == station => {
                    lane.channel.acknowledge(now, id, acknowledgement, until);
                }
                _ => self.out.push_back(gone(id)),
            },
            Job::Collect {
                id,
                carrier,
                from,
                radios,
            } => match self.lane_mut(carrier.slot) {
                Some(lane) if running && carrier.station == station => {
                    lane.collect(now, id, from, &radios);
                }
                _ => self.out.push_back(gone(id)),
            },
            Job::Admit {
                id,
                carrier,
                radios,
            } => match self.lane_mut(carrier.slot) {
                Some(lane) if running && carrier.station == station => {
                    lane.channel.admit(now, id, radios);
                }
                _ => self.out.push_back(gone(id)),
            },
            Job::Withdraw(id) => {
                for lane in &mut self.lanes {
                    lane.channel.withdraw(id);
                }
            }
        }
        self.pump(now);
    }

    fn tick(&mut self, now: Instant) {
        if self.start_up.is_off() {
            return;
        }
        self.read(now, &[]);
        for lane in &mut self.lanes {
            lane.channel.tick(now);
        }
        self.pump(now);
    }

    fn deadline(&self) -> Option<Instant> {
        if self.start_up.is_off() {
            return None;
        }
        let read = self.input.deadline();
        if !self.start_up.is_running() {
            return [read, self.start_up.deadline()].into_iter().flatten().min();
        }
        let lanes = self.lanes.iter().filter_map(|lane| {
            // Once a status has made room for it, a burst may be written; until then
            // there is nothing to wake up for.
            let due = lane.channel.deadline()?;
            let can_write = lane.may_write() && !self.inhibited;
            if can_write || !lane.channel.wants_to_send() {
                Some(due.max(self.playout))
            } else {
                Some(due.max(self.polling.deadline()))
            }
        });
        let resend = self
            .lanes
            .iter()
            .filter(|lane| lane.may_write() && !self.inhibited)
            .any(|lane| lane.flow.has_again() || lane.channel.is_sending())
            .then_some(self.playout);
        let hang = self
            .keying
            .deadline()
            .filter(|_| self.lanes.iter().all(|lane| lane.flow.is_empty()));
        let trunk = self.config.is_trunked().then(|| self.trunk.deadline());
        [Some(self.polling.deadline()), read, resend, hang, trunk]
            .into_iter()
            .flatten()
            .chain(lanes)
            .min()
    }

    fn poll(&mut self) -> Option<Action> {
        self.out.pop_front()
    }
}
