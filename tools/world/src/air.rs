//! One carrier: a timeslot or a simplex frequency with radios on it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use narrowcast_protocol::air::DMR_BURST_MICROS;
use narrowcast_protocol::dmr::burst::Burst;
use narrowcast_protocol::time::Instant;

use crate::radio::{Down, Radio, RadioConfig};
use crate::rng::Rng;

/// One burst a slot.
pub const BURST: Duration = Duration::from_micros(DMR_BURST_MICROS);

/// What went over a carrier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AirEvent {
    /// A burst from the station to the radios.
    Down([u8; 33]),
    /// A burst from a radio that the station heard.
    Up([u8; 33]),
    /// The last burst of a radio's transmission has passed.
    UpEnded,
    /// A radio showed a text to its user.
    Shown {
        /// The radio.
        radio: u32,
        /// What it says.
        text: String,
    },
    /// Radios sent at the same time, and none was heard.
    Collision,
}

/// How many bursts were sent to a receiver, and how many of them were lost on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Losses {
    /// Bursts of the station that were meant for a radio, once per radio.
    pub down: u64,
    /// Those of them that were lost.
    pub down_lost: u64,
    /// Bursts of radios.
    pub up: u64,
    /// Those of them that were lost, collisions apart.
    pub up_lost: u64,
}

/// A carrier with its radios.
#[derive(Debug)]
pub struct Air {
    radios: BTreeMap<u32, Radio>,
    groups: BTreeMap<u32, BTreeSet<u32>>,
    /// When each radio wants to be looked at.
    due: BTreeSet<(Instant, u32)>,
    due_of: BTreeMap<u32, Instant>,
    /// Radios with something to send.
    ready: BTreeSet<u32>,
    /// The radios to which the last header was addressed: the blocks are theirs.
    listening: Vec<u32>,
    rng: Rng,
    loss: f64,
    losses: Losses,
    /// The radio whose transmission is under way.
    talking: Option<u32>,
}

impl Air {
    /// A carrier with these radios. Each burst is lost with probability `loss` on its way
    /// to each receiver.
    #[must_use]
    pub fn new(radios: Vec<RadioConfig>, loss: f64, seed: u64) -> Self {
        let mut air = Self {
            radios: BTreeMap::new(),
            groups: BTreeMap::new(),
            due: BTreeSet::new(),
            due_of: BTreeMap::new(),
            ready: BTreeSet::new(),
            listening: Vec::new(),
            rng: Rng::new(seed),
            loss,
            losses: Losses::default(),
            talking: None,
        };
        for config in radios {
            let seed = air.rng.draw();
            air.join(Radio::new(config, seed));
        }
        air
    }

    /// The radios, by number.
    pub fn radios(&self) -> impl Iterator<Item = &Radio> {
        self.radios.values()
    }

    /// The radio with this address.
    #[must_use]
    pub fn radio(&self, id: u32) -> Option<&Radio> {
        self.radios.get(&id)
    }

    /// What was sent and lost so far.
    #[must_use]
    pub const fn losses(&self) -> Losses {
        self.losses
    }

    /// Does something to the radio with this address; whether it is here.
    pub fn change(&mut self, id: u32, change: impl FnOnce(&mut Radio)) -> bool {
        let Some(radio) = self.radios.get_mut(&id) else {
            return false;
        };
        change(radio);
        self.look(id);
        true
    }

    /// A radio comes within reach.
    pub fn join(&mut self, radio: Radio) {
        let id = radio.id();
        if let Some(group) = radio.group() {
            self.groups.entry(group.get()).or_default().insert(id);
        }
        self.radios.insert(id, radio);
        self.look(id);
    }

    /// The radio goes out of reach; a transmission of its own is cut off.
    pub fn leave(&mut self, id: u32) -> Option<Radio> {
        let radio = self.radios.remove(&id)?;
        self.look(id);
        for members in self.groups.values_mut() {
            members.remove(&id);
        }
        self.listening.retain(|listener| *listener != id);
        self.talking.take_if(|talking| *talking == id);
        Some(radio)
    }

    /// When anything can happen here without a burst from the station.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        if self.talking.is_some() || !self.ready.is_empty() {
            return Some(Instant::ZERO);
        }
        self.due.first().map(|(at, _)| *at)
    }

    /// One slot passes: the station's burst goes down, at most one radio's burst comes up.
    pub fn slot(&mut self, now: Instant, down: Option<[u8; 33]>) -> Vec<AirEvent> {
        let mut events = Vec::new();
        if let Some(burst) = down {
            events.push(AirEvent::Down(burst));
            self.down(now, &burst, &mut events);
        }
        self.wake(now, &mut events);
        self.up(now, down.is_some(), &mut events);
        events
    }

    /// The burst reaches the radios that it is for. It is decoded once for all of them.
    fn down(&mut self, now: Instant, burst: &[u8; 33], events: &mut Vec<AirEvent>) {
        let Ok(Burst::Data(data)) = Burst::decode(burst).map(|read| read.value) else {
            return;
        };
        let Some(down) = Down::of(&data) else { return };
        match &down {
            Down::Csbk(csbk) => {
                self.listening = csbk.target().map_or_else(Vec::new, |target| {
                    self.addressed(target.number, target.group)
                });
            }
            Down::Header(header) => {
                // A second header has no addresses: it belongs to the first.
                if let Some(way) = header.addressing() {
                    self.listening = self.addressed(way.destination, way.group);
                }
            }
            Down::Block(..) => {}
        }
        let listening = std::mem::take(&mut self.listening);
        for &id in &listening {
            self.losses.down += 1;
            if self.rng.chance(self.loss) {
                self.losses.down_lost += 1;
                continue;
            }
            if let Some(radio) = self.radios.get_mut(&id) {
                let shown = radio.hear(now, &down);
                events.extend(shown.map(|text| AirEvent::Shown { radio: id, text }));
                self.look(id);
            }
        }
        self.listening = listening;
    }

    fn addressed(&self, number: u32, group: bool) -> Vec<u32> {
        if group {
            let members = self.groups.get(&number).into_iter().flatten();
            members.copied().collect()
        } else {
            self.radios
                .get(&number)
                .map(Radio::id)
                .into_iter()
                .collect()
        }
    }

    /// Lets time pass for the radios that wait for it.
    fn wake(&mut self, now: Instant, events: &mut Vec<AirEvent>) {
        while let Some(&(at, id)) = self.due.first() {
            if at > now {
                return;
            }
            self.due.pop_first();
            self.due_of.remove(&id);
            if let Some(radio) = self.radios.get_mut(&id) {
                let shown = radio.tick(now).into_iter();
                events.extend(shown.map(|text| AirEvent::Shown { radio: id, text }));
                if radio.waits(now) {
                    self.ready.insert(id);
                }
            }
            self.look(id);
        }
    }

    /// Notes anew when a radio wants to be looked at.
    fn look(&mut self, id: u32) {
        let radio = self.radios.get(&id);
        if radio.is_none_or(|radio| !radio.has_something_to_send()) {
            self.ready.remove(&id);
        }
        let due = radio.and_then(|radio| radio.deadline(self.ready.contains(&id)));
        if self.due_of.get(&id) != due.as_ref() {
            let old = match due {
                Some(at) => self.due_of.insert(id, at),
                None => self.due_of.remove(&id),
            };
            if let Some(old) = old {
                self.due.remove(&(old, id));
            }
            self.due.extend(due.map(|at| (at, id)));
        }
    }

    fn up(&mut self, now: Instant, busy: bool, events: &mut Vec<AirEvent>) {
        if self.talking.is_none() {
            let starting: Vec<u32> = self
                .ready
                .iter()
                .filter(|id| {
                    let radio = self.radios.get(id);
                    radio.is_some_and(|radio| radio.is_ready(now, busy))
                })
                .copied()
                .collect();
            match starting.as_slice() {
                [] => return,
                [one] => self.talking = Some(*one),
                several => {
                    for id in several {
                        if let Some(radio) = self.radios.get_mut(id) {
                            radio.collided(now);
                        }
                        self.ready.remove(id);
                        self.look(*id);
                    }
                    events.push(AirEvent::Collision);
                    return;
                }
            }
        }
        let Some((id, radio)) = self
            .talking
            .and_then(|id| Some((id, self.radios.get_mut(&id)?)))
        else {
            return;
        };
        let sent = radio.send(now);
        if sent.is_none_or(|(_, last)| last) {
            self.talking = None;
            self.ready.remove(&id);
            self.look(id);
        }
        if let Some((burst, last)) = sent {
            self.losses.up += 1;
            if self.rng.chance(self.loss) {
                self.losses.up_lost += 1;
            } else {
                events.push(AirEvent::Up(burst));
            }
            if last {
                events.push(AirEvent::UpEnded);
            }
        }
    }
}
