//! A Homebrew repeater with radios on its two timeslots.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use narrowcast_protocol::air::Slot;
use narrowcast_protocol::dmr::burst::{Burst, DataBurst};
use narrowcast_protocol::dmr::csbk::{Context, Csbk};
use narrowcast_protocol::dmr::data_header::DataHeader;
use narrowcast_protocol::dmr::packet::Pdu;
use narrowcast_protocol::homebrew::auth::{EmptyPassphrase, Passphrase};
use narrowcast_protocol::homebrew::client::{Client, ClientAction, ClientConfig};
use narrowcast_protocol::homebrew::message::{Dmrd, FrameType, Quality, Rptc, Sent, Slots};
use narrowcast_protocol::time::Instant;

use crate::air::{Air, AirEvent};
use crate::radio::{Radio, RadioConfig};
use crate::rng::Rng;
use crate::slots::SlotClock;

/// A repeater buffers about so many bursts a slot; what comes too fast is lost.
const BUFFER: usize = 17;

/// What a repeater is.
#[derive(Debug, Clone)]
pub struct RepeaterConfig {
    /// The id it logs in with.
    pub id: u32,
    /// Its passphrase.
    pub passphrase: String,
    /// Radios on timeslot 1 and on timeslot 2.
    pub radios: [Vec<RadioConfig>; 2],
    /// Probability that a burst is lost on its way to a receiver.
    pub loss: f64,
    /// Wait before a log-in and between its repeats.
    pub retry: Duration,
    /// Between two keep-alives; 10 s on real ones.
    pub ping: Duration,
    /// Seed of everything by chance.
    pub seed: u64,
}

/// What a repeater did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RepeaterEvent {
    /// It sends this to its master.
    Send(Bytes),
    /// It is logged in, or not any more.
    LoggedIn(bool),
    /// A log-in failed; the next follows by itself.
    NotLoggedIn(
        /// Why, in words.
        &'static str,
    ),
    /// Something went over its air.
    Air {
        /// When.
        at: Instant,
        /// On which timeslot.
        slot: Slot,
        /// What.
        event: AirEvent,
    },
}

/// Who sends to whom: a block does not say, its header did.
#[derive(Debug, Clone, Copy, Default)]
struct Way {
    source: u32,
    destination: u32,
    group: bool,
}

impl Way {
    fn of(burst: &DataBurst) -> Option<Self> {
        match Pdu::of_burst(burst)? {
            Pdu::Csbk(octets) => {
                let csbk = Csbk::decode(&octets, Context::default()).ok()?;
                let target = csbk.target()?;
                Some(Self {
                    source: csbk.source()?,
                    destination: target.number,
                    group: target.group,
                })
            }
            Pdu::DataHeader(octets) => {
                let header = DataHeader::decode(&octets).ok()?;
                let addressing = header.addressing()?;
                Some(Self {
                    source: addressing.source,
                    destination: addressing.destination,
                    group: addressing.group,
                })
            }
            Pdu::Block(_) => None,
        }
    }
}

/// A repeater.
#[derive(Debug)]
pub struct Repeater {
    client: Client,
    airs: [(Slot, Air, VecDeque<[u8; 33]>); 2],
    rng: Rng,
    slots: SlotClock,
    stream: [u32; 2],
    fresh: [bool; 2],
    ways: [Way; 2],
    sequence: u8,
    out: VecDeque<RepeaterEvent>,
}

impl Repeater {
    /// A repeater that is not connected yet.
    ///
    /// # Errors
    /// The passphrase is empty.
    pub fn new(config: RepeaterConfig) -> Result<Self, EmptyPassphrase> {
        let mut rng = Rng::new(config.seed);
        let identity = Rptc {
            id: config.id,
            callsign: format!("SIM{}", config.id % 10_000),
            rx_frequency: Some(431_000_000),
            tx_frequency: Some(439_000_000),
            power: Some(10),
            color_code: Some(1),
            latitude: None,
            longitude: None,
            height: None,
            location: "simulated".into(),
            description: "no radio waves".into(),
            slots: Slots::Both,
            url: String::new(),
            software: "narrowcast-sim".into(),
            package: "simulated".into(),
            sent: Sent::default(),
        };
        let mut client = ClientConfig::new(Passphrase::new(config.passphrase)?, identity);
        client.first = config.retry;
        client.retry = config.retry;
        client.ping = config.ping;
        let [one, two] = config.radios;
        let airs = [
            (
                Slot::One,
                Air::new(one, config.loss, rng.draw()),
                VecDeque::new(),
            ),
            (
                Slot::Two,
                Air::new(two, config.loss, rng.draw()),
                VecDeque::new(),
            ),
        ];
        Ok(Self {
            client: Client::new(client),
            airs,
            rng,
            slots: SlotClock::new(Instant::ZERO),
            stream: [0; 2],
            fresh: [true; 2],
            ways: [Way::default(); 2],
            sequence: 0,
            out: VecDeque::new(),
        })
    }

    /// The socket is open.
    pub fn opened(&mut self, now: Instant) {
        self.slots = SlotClock::new(now);
        self.client.opened(now);
    }

    /// Leaves in good order.
    pub fn close(&mut self) {
        self.client.close();
        self.drain_client();
    }

    /// The carrier of a timeslot.
    pub fn air(&mut self, slot: Slot) -> &mut Air {
        let [one, two] = &mut self.airs;
        if slot == Slot::One {
            &mut one.1
        } else {
            &mut two.1
        }
    }

    /// A datagram from the master.
    pub fn receive(&mut self, now: Instant, datagram: &[u8]) {
        self.pass_until(now);
        self.client.receive(now, datagram);
        self.drain_client();
    }

    /// Does something to the radio with this address, wherever it is; whether it is here.
    pub fn change(&mut self, now: Instant, id: u32, change: impl FnOnce(&mut Radio)) -> bool {
        self.pass_until(now);
        let [(_, one, _), (_, two, _)] = &mut self.airs;
        let air = if one.radio(id).is_some() { one } else { two };
        air.change(id, change)
    }

    /// Time has reached [`deadline`](Self::deadline).
    pub fn tick(&mut self, now: Instant) {
        self.client.tick(now);
        self.drain_client();
        self.pass_until(now);
    }

    /// When to call [`tick`](Self::tick) next.
    #[must_use]
    pub fn deadline(&self) -> Instant {
        let slot = self.slots.next(self.wanted());
        self.client.deadline().map_or(slot, |at| at.min(slot))
    }

    /// From when on slots are worth looking at.
    fn wanted(&self) -> Option<Instant> {
        let wanted = |(_, air, queue): &(Slot, Air, VecDeque<_>)| match queue.is_empty() {
            true => air.deadline(),
            false => Some(Instant::ZERO),
        };
        self.airs.iter().filter_map(wanted).min()
    }

    /// Lets the slots until `now` pass; those in which nothing can happen cost nothing.
    fn pass_until(&mut self, now: Instant) {
        while let Some(at) = self.slots.due(self.wanted(), now) {
            self.pass(at);
        }
        self.slots.rest(now);
    }

    /// What it did next.
    pub fn poll(&mut self) -> Option<RepeaterEvent> {
        self.out.pop_front()
    }

    fn drain_client(&mut self) {
        while let Some(action) = self.client.poll() {
            match action {
                ClientAction::Send(bytes) => self.out.push_back(RepeaterEvent::Send(bytes)),
                ClientAction::LoggedIn => self.out.push_back(RepeaterEvent::LoggedIn(true)),
                ClientAction::LoggedOut(_) => self.out.push_back(RepeaterEvent::LoggedIn(false)),
                ClientAction::Burst(burst) => {
                    let queue = self.airs.iter_mut().find(|(slot, ..)| *slot == burst.slot);
                    if let Some((_, _, queue)) = queue.filter(|(_, _, queue)| queue.len() < BUFFER)
                    {
                        queue.push_back(burst.burst);
                    }
                }
                ClientAction::Failed(why) => self.out.push_back(RepeaterEvent::NotLoggedIn(why)),
                ClientAction::Beacon | ClientAction::Dropped(_) => {}
            }
        }
    }

    fn pass(&mut self, at: Instant) {
        let mut up = Vec::new();
        for (slot, air, queue) in &mut self.airs {
            for event in air.slot(at, queue.pop_front()) {
                match &event {
                    AirEvent::Up(burst) => up.push((*slot, Some(*burst))),
                    AirEvent::UpEnded => up.push((*slot, None)),
                    _ => {}
                }
                self.out.push_back(RepeaterEvent::Air {
                    at,
                    slot: *slot,
                    event,
                });
            }
        }
        for (slot, burst) in up {
            self.forward(slot, burst);
        }
        self.drain_client();
    }

    /// Sends a radio's burst to the master; none ends its stream.
    fn forward(&mut self, slot: Slot, burst: Option<[u8; 33]>) {
        let index = usize::from(slot == Slot::Two);
        let (Some(stream), Some(fresh), Some(way)) = (
            self.stream.get_mut(index),
            self.fresh.get_mut(index),
            self.ways.get_mut(index),
        ) else {
            return;
        };
        let Some(burst) = burst else {
            *fresh = true;
            return;
        };
        if std::mem::take(fresh) {
            *stream = u32::try_from(self.rng.below(1 << 32)).unwrap_or(1);
        }
        let frame = match Burst::decode(&burst).map(|read| read.value) {
            Ok(Burst::Data(data)) => {
                *way = Way::of(&data).unwrap_or(*way);
                FrameType::Data(data.data_type.number())
            }
            Ok(Burst::Voice(_)) => FrameType::VoiceSync(0),
            Err(_) => return,
        };
        let (stream, way) = (*stream, *way);
        self.sequence = self.sequence.wrapping_add(1);
        self.client.send_burst(Dmrd {
            sequence: self.sequence,
            source: way.source,
            destination: way.destination,
            repeater: 0,
            slot,
            group: way.group,
            frame,
            stream,
            burst,
            quality: Some(Quality {
                bit_errors: 0,
                rssi: 60,
            }),
            uuid: None,
        });
    }
}
