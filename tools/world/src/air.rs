//! One carrier: a timeslot or a simplex frequency with radios on it.

use std::time::Duration;

use narrowcast_protocol::air::DMR_BURST_MICROS;
use narrowcast_protocol::time::Instant;

use crate::radio::{Radio, RadioConfig};
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

/// A carrier with its radios.
#[derive(Debug)]
pub struct Air {
    radios: Vec<Radio>,
    rng: Rng,
    loss: f64,
    /// The radio whose transmission is under way.
    talking: Option<usize>,
}

impl Air {
    /// A carrier with these radios. Each burst is lost with probability `loss` on its way
    /// to each receiver.
    #[must_use]
    pub fn new(radios: Vec<RadioConfig>, loss: f64, seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        let radios = radios
            .into_iter()
            .map(|config| Radio::new(config, rng.draw()))
            .collect();
        Self {
            radios,
            rng,
            loss,
            talking: None,
        }
    }

    /// The radios.
    #[must_use]
    pub fn radios(&self) -> &[Radio] {
        &self.radios
    }

    /// The radio with this address.
    pub fn radio(&mut self, id: u32) -> Option<&mut Radio> {
        self.radios.iter_mut().find(|radio| radio.id() == id)
    }

    /// One slot passes: the station's burst goes down, at most one radio's burst comes up.
    pub fn slot(&mut self, now: Instant, down: Option<[u8; 33]>) -> Vec<AirEvent> {
        let mut events = Vec::new();
        if let Some(burst) = down {
            events.push(AirEvent::Down(burst));
            for radio in &mut self.radios {
                if !self.rng.chance(self.loss) {
                    let shown = radio.hear(now, &burst);
                    events.extend(shown.map(|text| AirEvent::Shown {
                        radio: radio.id(),
                        text,
                    }));
                }
            }
        }
        self.up(now, down.is_some(), &mut events);
        events
    }

    fn up(&mut self, now: Instant, busy: bool, events: &mut Vec<AirEvent>) {
        self.radios.iter_mut().for_each(|radio| radio.tick(now));
        if self.talking.is_none() {
            let ready =
                |(index, radio): (usize, &Radio)| radio.is_ready(now, busy).then_some(index);
            let starting: Vec<usize> = self.radios.iter().enumerate().filter_map(ready).collect();
            match starting.as_slice() {
                [] => return,
                [one] => self.talking = Some(*one),
                several => {
                    for index in several {
                        if let Some(radio) = self.radios.get_mut(*index) {
                            radio.collided(now);
                        }
                    }
                    events.push(AirEvent::Collision);
                    return;
                }
            }
        }
        let Some(radio) = self.talking.and_then(|index| self.radios.get_mut(index)) else {
            return;
        };
        let sent = radio.send(now);
        if sent.is_none_or(|(_, last)| last) {
            self.talking = None;
        }
        if let Some((burst, last)) = sent {
            if !self.rng.chance(self.loss) {
                events.push(AirEvent::Up(burst));
            }
            if last {
                events.push(AirEvent::UpEnded);
            }
        }
    }
}
