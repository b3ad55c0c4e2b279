//! An MMDVM modem on one frequency, with radios on it.

use std::collections::VecDeque;

use bytes::Bytes;
use narrowcast_protocol::air::Slot;
use narrowcast_protocol::dmr::burst::Burst;
use narrowcast_protocol::mmdvm::message::Control;
use narrowcast_protocol::mmdvm::modem::{Modem, ModemConfig, ModemEvent};
use narrowcast_protocol::time::Instant;

use crate::air::{Air, AirEvent, BURST};
use crate::radio::RadioConfig;

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
    next_slot: Instant,
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
            next_slot: now + BURST,
            out: VecDeque::new(),
        }
    }

    /// Its carrier.
    pub const fn air(&mut self) -> &mut Air {
        &mut self.air
    }

    /// Bytes from the host.
    pub fn receive(&mut self, now: Instant, bytes: &[u8]) {
        self.modem.receive(now, bytes);
        self.drain();
    }

    /// Time has reached [`deadline`](Self::deadline).
    pub fn tick(&mut self, now: Instant) {
        self.modem.tick(now);
        self.drain();
        while self.next_slot <= now {
            let at = self.next_slot;
            self.next_slot += BURST;
            let down = self.down.pop_front();
            for event in self.air.slot(at, down) {
                match &event {
                    AirEvent::Up(burst) => {
                        if let Ok(Burst::Data(data)) = Burst::decode(burst).map(|read| read.value) {
                            self.modem.hear(
                                now,
                                Slot::Two,
                                Control::Data(data.data_type.number()),
                                *burst,
                            );
                        }
                    }
                    AirEvent::UpEnded => self.modem.lose(now, Slot::Two),
                    _ => {}
                }
                self.out.push_back(SiteEvent::Air { at, event });
            }
        }
        self.drain();
    }

    /// When to call [`tick`](Self::tick) next.
    #[must_use]
    pub fn deadline(&self) -> Instant {
        self.modem
            .deadline()
            .map_or(self.next_slot, |at| at.min(self.next_slot))
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
