//! The modem side: a firmware without a radio, for simulations and tests.
//!
//! It answers as the firmware does, keeps the same buffer arithmetic, sends one burst
//! per slot every 60 ms, and can be made to fail in the ways that serial lines and
//! modems do. Like every state machine here it has no clock and no dice of its own.

use core::time::Duration;
use std::collections::VecDeque;

use bytes::Bytes;

use super::deframe::Deframer;
use super::frame::Frame;
use super::kind::{self, Direction};
use super::message::{
    Ack, AlohaNumber, Control, Cpu, Debug, DmrAloha, DmrData, DmrLost, DmrShortLc, Flags, Mode,
    Modes, Nak, Protocol, Reason, SetConfig, Spaces, Status, ToHost, ToModem, Version,
};
use crate::air::Slot;
use crate::dmr::burst::{Burst, DataBurst};
use crate::dmr::slot_type::ColorCode;
use crate::time::Instant;

mod faults;
mod transmitter;

use faults::Dice;
pub use faults::Faults;
use transmitter::{Sent, Transmitter};

/// Without a GET_STATUS for so long the firmware stops transmitting.
const WATCHDOG: Duration = Duration::from_secs(2);
/// Most frames kept for a host that does not read; the oldest are lost.
const MOST_OUTPUT: usize = 1_024;

/// What a simulated modem is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModemConfig {
    /// The protocol it speaks.
    pub protocol: Protocol,
    /// What it says about itself.
    pub text: String,
    /// Whether received bursts carry a signal strength.
    pub rssi: bool,
    /// The number by which it knows DMR_ALOHA.
    pub aloha: AlohaNumber,
    /// Seed of the faults.
    pub seed: u64,
}

impl Default for ModemConfig {
    fn default() -> Self {
        Self {
            protocol: Protocol::V2,
            text: "MMDVM Narrowcast simulation".into(),
            rssi: false,
            aloha: AlohaNumber::Mmdvm,
            seed: 0,
        }
    }
}

/// What a simulated modem did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ModemEvent {
    /// It wrote these octets to its host.
    ToHost(Bytes),
    /// It put a burst on the air: a queued one, or the stored C_ALOHA in a slot that had
    /// none. Told when the burst ends, 27.5 ms after its beginning.
    OnAir {
        /// When its transmission began.
        at: Instant,
        /// In which slot.
        slot: Slot,
        /// The burst, as the host wrote it; a stored C_ALOHA with the modem's colour code.
        burst: [u8; 33],
        /// The CACH behind it says that the slot's next inbound burst is taken: more is
        /// queued for the slot. Otherwise random access is open. Simplex has no CACH.
        busy: bool,
    },
    /// It refused a command.
    Refused(Nak),
}

/// A simulated modem.
#[derive(Debug)]
pub struct Modem {
    config: ModemConfig,
    faults: Faults,
    dice: Dice,
    input: Deframer,
    set: Option<SetConfig>,
    mode: Mode,
    transmitter: Transmitter,
    short_lc: Option<DmrShortLc>,
    /// When the watchdog strikes; it runs from SET_CONFIG on.
    watchdog: Option<Instant>,
    output: VecDeque<ModemEvent>,
}

impl Modem {
    /// A modem that has just been switched on.
    #[must_use]
    pub fn new(config: ModemConfig) -> Self {
        Self {
            dice: Dice::new(config.seed),
            config,
            faults: Faults::default(),
            input: Deframer::new(Direction::ToModem),
            set: None,
            mode: Mode::Idle,
            transmitter: Transmitter::default(),
            short_lc: None,
            watchdog: None,
            output: VecDeque::new(),
        }
    }

    /// The faults, to change.
    pub const fn faults(&mut self) -> &mut Faults {
        &mut self.faults
    }

    /// The configuration it was given.
    #[must_use]
    pub const fn configuration(&self) -> Option<&SetConfig> {
        self.set.as_ref()
    }

    /// What it is doing.
    #[must_use]
    pub const fn mode(&self) -> Mode {
        self.mode
    }

    /// Whether the transmitter is keyed.
    #[must_use]
    pub const fn is_transmitting(&self) -> bool {
        self.transmitter.is_on()
    }

    /// The short link control it was given for the CACH.
    #[must_use]
    pub const fn short_lc(&self) -> Option<DmrShortLc> {
        self.short_lc
    }

    /// Octets from the host.
    pub fn receive(&mut self, now: Instant, mut bytes: &[u8]) {
        self.tick(now);
        if self.is_silent(now) {
            return;
        }
        while let Some(found) = self.input.next(now, &mut bytes) {
            self.command(now, &found.frame);
        }
    }

    /// A burst from the air, and what the receiver takes it for. A simplex modem is deaf
    /// while it transmits and knows slot 2 only; a duplex modem that is not keyed passes
    /// only what [`Control::Idle`] marks.
    pub fn hear(&mut self, now: Instant, slot: Slot, control: Control, burst: [u8; 33]) {
        self.tick(now);
        let Some(set) = self.set.filter(|set| set.modes.dmr) else {
            return;
        };
        let deaf = if set.is_simplex() {
            slot == Slot::One || self.transmitter.is_on()
        } else {
            !self.transmitter.is_on() && !matches!(control, Control::Idle(_))
        };
        if !deaf {
            let rssi = self.config.rssi.then_some(0x0032);
            self.write(
                now,
                &ToHost::DmrData(DmrData {
                    slot,
                    control,
                    burst,
                    rssi,
                }),
            );
        }
    }

    /// The signal on a slot was lost.
    pub fn lose(&mut self, now: Instant, slot: Slot) {
        self.tick(now);
        self.write(now, &ToHost::DmrLost(DmrLost(slot)));
    }

    /// Time has reached [`deadline`](Self::deadline). Calling it earlier does no harm.
    pub fn tick(&mut self, now: Instant) {
        if let Some(due) = self.watchdog.filter(|due| *due <= now) {
            self.air(due);
            self.watchdog = None;
            self.mode = Mode::Idle;
            self.transmitter.drop_all();
        }
        self.air(now);
    }

    /// When to call [`tick`](Self::tick) next.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        let air = self.transmitter.deadline().filter(|_| !self.faults.lockout);
        [self.watchdog, air].into_iter().flatten().min()
    }

    /// The next thing it did, until there is none.
    pub fn poll(&mut self) -> Option<ModemEvent> {
        self.output.pop_front()
    }

    fn is_silent(&self, now: Instant) -> bool {
        self.faults.silent_until.is_some_and(|until| now < until)
    }

    fn is_simplex(&self) -> bool {
        self.set.is_some_and(|set| set.is_simplex())
    }

    /// Lets bursts leave until `now`.
    fn air(&mut self, now: Instant) {
        if self.faults.lockout {
            return;
        }
        while let Some(sent) = self.transmitter.advance(now) {
            let Sent {
                at, slot, burst, ..
            } = sent;
            let busy = sent.busy && !self.is_simplex();
            self.push(ModemEvent::OnAir {
                at,
                slot,
                burst,
                busy,
            });
            if self.is_simplex() && self.transmitter.is_empty() {
                self.transmitter.stop();
            }
        }
    }

    fn command(&mut self, now: Instant, frame: &Frame) {
        let command = frame.kind();
        let done = match ToModem::decode(frame) {
            Ok(message) => self.obey(now, &message),
            Err(_) => Err(Reason::BadParameter),
        };
        match done {
            Ok(()) => {
                if matches!(command, kind::SET_CONFIG | kind::SET_MODE | kind::SET_FREQ) {
                    self.write(now, &ToHost::Ack(Ack { command }));
                }
            }
            Err(reason) => {
                let nak = Nak { command, reason };
                self.push(ModemEvent::Refused(nak));
                self.write(now, &ToHost::Nak(nak));
            }
        }
    }

    fn obey(&mut self, now: Instant, message: &ToModem) -> Result<(), Reason> {
        match message {
            ToModem::GetVersion => self.write(now, &ToHost::Version(self.version())),
            ToModem::GetStatus => {
                if self.watchdog.is_some() {
                    self.watchdog = Some(now + WATCHDOG);
                }
                self.write(now, &ToHost::Status(self.status()));
            }
            ToModem::SetConfig(config) => {
                config.check().map_err(|_| Reason::BadParameter)?;
                self.set = Some(*config);
                self.mode = config.mode;
                self.transmitter.drop_all();
                if !config.trunking {
                    self.transmitter.store_aloha(None);
                }
                self.watchdog = Some(now + WATCHDOG);
            }
            ToModem::SetMode(mode) => self.set_mode(now, mode.0)?,
            ToModem::SetFreq(_) => {}
            ToModem::DmrData(data) => self.queue(now, data)?,
            ToModem::DmrStart(start) => {
                if self.mode != Mode::Dmr || self.is_simplex() {
                    return Err(Reason::BadParameter);
                }
                if start.0 {
                    self.transmitter.start(now, self.delay());
                } else {
                    self.transmitter.stop();
                }
            }
            ToModem::DmrAbort(abort) => self.transmitter.abort(abort.0),
            ToModem::DmrShortLc(short_lc) => {
                self.need_dmr()?;
                self.short_lc = Some(*short_lc);
            }
            ToModem::DmrAloha(aloha) => self.store(aloha)?,
            ToModem::PocsagData(_) => return Err(Reason::WrongMode),
            ToModem::SerialData(_) => {}
            ToModem::Other(_) => return Err(Reason::UnknownCommand),
        }
        Ok(())
    }

    /// Stores a C_ALOHA with our own colour code in its slot type.
    fn store(&mut self, aloha: &DmrAloha) -> Result<(), Reason> {
        if aloha.number != self.config.aloha {
            return Err(Reason::UnknownCommand);
        }
        self.need_dmr()?;
        let code = self.set.and_then(|set| ColorCode::new(set.color_code).ok());
        let stamped = match (Burst::decode(&aloha.burst).map(|read| read.value), code) {
            (Ok(Burst::Data(data)), Some(color_code)) => DataBurst { color_code, ..data }.encode(),
            _ => aloha.burst,
        };
        self.transmitter.store_aloha(Some(stamped));
        Ok(())
    }

    fn set_mode(&mut self, now: Instant, mode: Mode) -> Result<(), Reason> {
        match mode {
            Mode::Idle => self.transmitter.drop_all(),
            Mode::Dmr => self.need_dmr()?,
            Mode::Other(_) => return Err(Reason::BadParameter),
            _ => return Err(Reason::WrongMode),
        }
        if self.watchdog.is_none() && self.set.is_some() {
            self.watchdog = Some(now + WATCHDOG);
        }
        self.mode = mode;
        Ok(())
    }

    fn queue(&mut self, now: Instant, data: &DmrData) -> Result<(), Reason> {
        self.need_dmr()?;
        let simplex = self.is_simplex();
        if simplex && data.slot == Slot::One || !matches!(self.mode, Mode::Idle | Mode::Dmr) {
            return Err(Reason::WrongMode);
        }
        if self.faults.refuse_full > 0 {
            self.faults.refuse_full -= 1;
            return Err(Reason::BufferFull);
        }
        if !self.transmitter.queue_burst(data.slot, data.burst) {
            return Err(Reason::BufferFull);
        }
        self.mode = Mode::Dmr;
        if self.watchdog.is_none() {
            self.watchdog = Some(now + WATCHDOG);
        }
        if simplex {
            self.transmitter.start(now, self.delay());
        }
        Ok(())
    }

    fn need_dmr(&self) -> Result<(), Reason> {
        match self.set {
            Some(set) if set.modes.dmr => Ok(()),
            _ => Err(Reason::WrongMode),
        }
    }

    fn delay(&self) -> Duration {
        let units = self.set.map_or(0, |set| set.tx_delay);
        Duration::from_millis(u64::from(units) * 10)
    }

    fn version(&self) -> Version {
        let text = self.config.text.clone();
        match self.config.protocol {
            Protocol::V1 => Version::V1 { text },
            Protocol::V2 => Version::V2 {
                capabilities: Modes::DMR,
                cpu: Cpu::St,
                unique_id: [0; 16],
                text,
            },
        }
    }

    fn status(&self) -> Status {
        let set = self.set.filter(|set| set.modes.dmr);
        let mut flags = 0;
        if self.transmitter.is_on() && !self.faults.lockout {
            flags |= Flags::TRANSMITTING;
        }
        if self.faults.lockout {
            flags |= Flags::LOCKOUT;
        }
        let one = if self.is_simplex() {
            10
        } else {
            self.transmitter.space(Slot::One)
        };
        Status {
            enabled: match self.config.protocol {
                Protocol::V1 => Some(set.map_or_else(Modes::default, |set| set.modes)),
                Protocol::V2 => None,
            },
            mode: self.mode,
            flags: Flags(flags),
            spaces: Spaces {
                dmr: set.map_or([0, 0], |_| [one, self.transmitter.space(Slot::Two)]),
                ..Spaces::default()
            },
        }
    }

    fn write(&mut self, now: Instant, message: &ToHost) {
        if self.is_silent(now) {
            return;
        }
        if self.dice.hits(self.faults.debug_frames) {
            let text = "DMRTX: simulated".into();
            let values = vec![1, 2];
            self.write_frame(&ToHost::Debug(Debug { text, values }));
        }
        self.write_frame(message);
    }

    fn write_frame(&mut self, message: &ToHost) {
        if let Ok(frame) = message.encode() {
            let octets = self.faults.spoil(&mut self.dice, &frame.to_bytes());
            self.push(ModemEvent::ToHost(octets.into()));
        }
    }

    fn push(&mut self, event: ModemEvent) {
        if self.output.len() == MOST_OUTPUT {
            self.output.pop_front();
        }
        self.output.push_back(event);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mmdvm::message::{DmrStart, SetMode, config_flag};

    fn write(modem: &mut Modem, now: u64, message: &ToModem) -> Vec<ToHost> {
        let protocol = modem.config.protocol;
        let bytes = message.encode(protocol).unwrap().to_bytes();
        modem.receive(Instant::from_millis(now), &bytes);
        read(modem, now)
    }

    fn read(modem: &mut Modem, now: u64) -> Vec<ToHost> {
        let mut deframer = Deframer::new(Direction::ToHost);
        let mut messages = Vec::new();
        while let Some(event) = modem.poll() {
            if let ModemEvent::ToHost(bytes) = event {
                let mut rest = &bytes[..];
                while let Some(found) = deframer.next(Instant::from_millis(now), &mut rest) {
                    messages.push(ToHost::decode(&found.frame).unwrap());
                }
            }
        }
        messages
    }

    fn configured(flags: u8, protocol: Protocol) -> Modem {
        let mut modem = Modem::new(ModemConfig {
            protocol,
            ..ModemConfig::default()
        });
        let config = SetConfig {
            flags,
            ..SetConfig::default()
        };
        let answer = write(&mut modem, 0, &ToModem::SetConfig(config));
        assert_eq!(answer, [ToHost::Ack(Ack { command: 2 })]);
        modem
    }

    fn burst(slot: Slot) -> ToModem {
        ToModem::DmrData(DmrData::to_send(slot, [5; 33]))
    }

    fn nak(command: u8, reason: Reason) -> ToHost {
        ToHost::Nak(Nak { command, reason })
    }

    #[test]
    fn both_versions_identify_themselves_and_report_their_space() {
        for (protocol, length) in [(Protocol::V1, 13), (Protocol::V2, 20)] {
            let mut modem = configured(0, protocol);
            let version = write(&mut modem, 1, &ToModem::GetVersion);
            assert!(matches!(&version[..], [ToHost::Version(v)] if v.protocol() == Some(protocol)));
            let status = write(&mut modem, 2, &ToModem::GetStatus);
            let [ToHost::Status(status)] = status[..] else {
                panic!("{status:?}")
            };
            assert_eq!(status.spaces.dmr, [10, 10]);
            assert_eq!(status.encode().total(), length);
        }
    }

    #[test]
    fn simplex_knows_slot_2_only_and_keys_by_itself() {
        let mut modem = configured(config_flag::SIMPLEX, Protocol::V2);
        assert_eq!(
            write(&mut modem, 1, &burst(Slot::One)),
            [nak(0x18, Reason::WrongMode)]
        );
        assert_eq!(write(&mut modem, 1, &burst(Slot::Two)), []);
        assert!(modem.is_transmitting());
        modem.tick(Instant::from_millis(400));
        assert!(!modem.is_transmitting());
        assert!(matches!(
            modem.poll(),
            Some(ModemEvent::OnAir {
                slot: Slot::Two,
                ..
            })
        ));
    }

    #[test]
    fn duplex_transmits_between_start_and_stop_only() {
        let mut modem = configured(0, Protocol::V2);
        let start = |on| ToModem::DmrStart(DmrStart(on));
        assert_eq!(
            write(&mut modem, 1, &start(true)),
            [nak(0x1D, Reason::BadParameter)]
        );
        assert_eq!(write(&mut modem, 2, &burst(Slot::One)), []);
        assert_eq!(modem.mode(), Mode::Dmr);
        modem.tick(Instant::from_millis(900));
        assert_eq!(modem.poll(), None);
        write(&mut modem, 901, &start(true));
        write(&mut modem, 902, &start(false));
        modem.tick(Instant::from_millis(1_029));
        let Some(ModemEvent::OnAir { at, .. }) = modem.poll() else {
            panic!("nothing on the air")
        };
        assert_eq!(at, Instant::from_millis(1_001));
        modem.tick(Instant::from_millis(1_200));
        assert!(!modem.is_transmitting());
    }

    #[test]
    fn the_eleventh_burst_is_refused_and_so_are_unknown_commands() {
        let mut modem = configured(0, Protocol::V2);
        for _ in 0..10 {
            assert_eq!(write(&mut modem, 1, &burst(Slot::Two)), []);
        }
        assert_eq!(
            write(&mut modem, 1, &burst(Slot::Two)),
            [nak(0x1A, Reason::BufferFull)]
        );
        let other = ToModem::Other(Frame::new(0x90, vec![1]).unwrap());
        assert_eq!(
            write(&mut modem, 1, &other),
            [nak(0x90, Reason::UnknownCommand)]
        );
        let mode = ToModem::SetMode(SetMode(Mode::Ysf));
        assert_eq!(write(&mut modem, 1, &mode), [nak(3, Reason::WrongMode)]);
    }

    #[test]
    fn a_stored_aloha_fills_empty_slots_with_the_modems_colour_code_until_trunking_ends() {
        let mut modem = configured(0, Protocol::V2);
        let set = SetConfig {
            color_code: 3,
            ..SetConfig::default()
        };
        write(&mut modem, 0, &ToModem::SetConfig(set));
        let sent =
            hex::decode("03c814e925700ec1a9d8ef9044cdff57d75df5dacaa08dc0fde831e27bd0d8a5fc");
        let burst: [u8; 33] = sent.unwrap().try_into().unwrap();
        let aloha = |number| ToModem::DmrAloha(DmrAloha { number, burst });
        let refused = write(&mut modem, 1, &aloha(AlohaNumber::MmdvmSdr));
        assert_eq!(refused, [nak(0x14, Reason::UnknownCommand)]);
        write(&mut modem, 1, &ToModem::SetMode(SetMode(Mode::Dmr)));
        assert_eq!(write(&mut modem, 1, &aloha(AlohaNumber::Mmdvm)), []);
        write(&mut modem, 1, &ToModem::DmrStart(DmrStart(true)));
        modem.tick(Instant::from_millis(200));
        let Some(ModemEvent::OnAir {
            burst: air, busy, ..
        }) = modem.poll()
        else {
            panic!("nothing on the air")
        };
        let Ok(Burst::Data(data)) = Burst::decode(&air).map(|read| read.value) else {
            panic!("no data burst")
        };
        assert_eq!((data.color_code.get(), busy), (3, false));
        read(&mut modem, 200);
        let end = ToModem::SetConfig(SetConfig::default());
        write(&mut modem, 201, &end);
        write(&mut modem, 202, &ToModem::SetMode(SetMode(Mode::Dmr)));
        write(&mut modem, 202, &ToModem::DmrStart(DmrStart(true)));
        modem.tick(Instant::from_millis(500));
        assert_eq!(modem.poll(), None);
    }

    #[test]
    fn without_polling_for_two_seconds_it_drops_the_transmission() {
        let mut modem = configured(0, Protocol::V2);
        write(&mut modem, 1_000, &ToModem::GetStatus);
        write(&mut modem, 1_500, &burst(Slot::Two));
        write(&mut modem, 1_500, &ToModem::DmrStart(DmrStart(true)));
        modem.tick(Instant::from_millis(2_999));
        assert!(modem.is_transmitting());
        modem.tick(Instant::from_millis(3_000));
        assert!(!modem.is_transmitting());
        assert_eq!(modem.mode(), Mode::Idle);
    }

    #[test]
    fn a_silent_modem_neither_reads_nor_writes() {
        let mut modem = configured(0, Protocol::V2);
        modem.faults().silent_until = Some(Instant::from_millis(100));
        assert_eq!(write(&mut modem, 50, &ToModem::GetStatus), []);
        assert_eq!(write(&mut modem, 100, &ToModem::GetStatus).len(), 1);
    }
}
