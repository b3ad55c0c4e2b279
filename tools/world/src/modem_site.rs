//! An MMDVM modem on one frequency, with radios on it.

use std::collections::VecDeque;

use bytes::Bytes;
use narrowcast_protocol::air::Slot;
use narrowcast_protocol::dmr::burst::Burst;
use narrowcast_protocol::mmdvm::message::Control;
use narrowcast_protocol::mmdvm::modem::{Faults, Modem, ModemConfig, ModemEvent};
use narrowcast_protocol::time::Instant;

use crate::air::{Air, AirEvent};
use crate::radio::{Radio, RadioConfig};
use crate::slots::SlotClock;

/// What a site did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SiteEvent {
    /// The modem wrote this to its host.
    Write(Bytes),
    /// Something went over its air.
    Air {
        /// When.
        at: Instant,
        /// What.
        event: AirEvent,
    },
}

/// A simplex modem with its radios, all on timeslot 2.
#[derive(Debug)]
pub struct ModemSite {
    modem: Modem,
    air: Air,
    down: VecDeque<[u8; 33]>,
    slots: SlotClock,
    out: VecDeque<SiteEvent>,
}

impl ModemSite {
    /// A site whose modem was just switched on.
    #[must_use]
    pub fn new(now: Instant, radios: Vec<RadioConfig>, loss: f64, seed: u64) -> Self {
        Self {
            modem: Modem::new(ModemConfig {
                seed,
                ..ModemConfig::default()
            }),
            air: Air::new(radios, loss, seed),
            down: VecDeque::new(),
            slots: SlotClock::new(now),
            out: VecDeque::new(),
        }
    }

    /// Its carrier.
    pub const fn air(&mut self) -> &mut Air {
        &mut self.air
    }

    /// Bytes from the host.
    pub fn receive(&mut self, now: Instant, bytes: &[u8]) {
        self.pass_until(now);
        self.modem.receive(now, bytes);
        self.drain();
    }

    /// Time has reached [`deadline`](Self::deadline).
    pub fn tick(&mut self, now: Instant) {
        self.modem.tick(now);
        self.drain();
        self.pass_until(now);
    }

    /// Lets the slots until `now` pass; those in which nothing can happen cost nothing.
    fn pass_until(&mut self, now: Instant) {
        while let Some(at) = self.slots.due(self.wanted(), now) {
            let down = self.down.pop_front();
            for event in self.air.slot(at, down) {
                match &event {
                    AirEvent::Up(burst) => {
                        let control = match Burst::decode(burst).map(|read| read.value) {
                            Ok(Burst::Data(data)) => Control::Data(data.data_type.number()),
                            Ok(Burst::Voice(_)) => Control::VoiceSync,
                            Err(_) => continue,
                        };
                        self.modem.hear(at, Slot::Two, control, *burst);
                    }
                    AirEvent::UpEnded => self.modem.lose(at, Slot::Two),
                    _ => {}
                }
                self.out.push_back(SiteEvent::Air { at, event });
            }
            self.drain();
        }
        self.slots.rest(now);
    }

    /// From when on slots are worth looking at.
    fn wanted(&self) -> Option<Instant> {
        match self.down.is_empty() {
            true => self.air.deadline(),
            false => Some(Instant::ZERO),
        }
    }

    /// Does something to the radio with this address; whether it is here.
    pub fn change(&mut self, now: Instant, id: u32, change: impl FnOnce(&mut Radio)) -> bool {
        self.pass_until(now);
        self.air.change(id, change)
    }

    /// The modem's faults, to change.
    pub const fn faults(&mut self) -> &mut Faults {
        self.modem.faults()
    }

    /// When to call [`tick`](Self::tick) next.
    #[must_use]
    pub fn deadline(&self) -> Instant {
        let slot = self.slots.next(self.wanted());
        self.modem.deadline().map_or(slot, |at| at.min(slot))
    }

    /// What it did next.
    pub fn poll(&mut self) -> Option<SiteEvent> {
        self.out.pop_front()
    }

    fn drain(&mut self) {
        while let Some(event) = self.modem.poll() {
            match event {
                ModemEvent::ToHost(bytes) => self.out.push_back(SiteEvent::Write(bytes)),
                ModemEvent::OnAir { burst, .. } => self.down.push_back(burst),
                ModemEvent::Refused(_) => {}
            }
        }
    }
}
