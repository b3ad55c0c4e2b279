//! What can go wrong between a modem and its host, by seed.

use crate::time::Instant;
use rand_xoshiro::SplitMix64;
use rand_xoshiro::rand_core::{Rng as _, SeedableRng};

/// Faults of a simulated modem, all off at first. Rates are per 65,536.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Faults {
    /// Octets to the host that are lost.
    pub lost_octets: u16,
    /// Octets of zero inserted before an octet to the host.
    pub inserted_zeros: u16,
    /// Frames to the host before which random octets stand.
    pub garbage: u16,
    /// Frames to the host before which a debug frame stands.
    pub debug_frames: u16,
    /// Until then it reads and writes nothing; what is queued goes on the air.
    pub silent_until: Option<Instant>,
    /// So many more bursts are refused as if the buffer were full.
    pub refuse_full: u8,
    /// The transmitter is held off from outside.
    pub lockout: bool,
}

/// A stream of numbers that is the same for the same seed.
#[derive(Debug, Clone)]
pub(super) struct Dice(SplitMix64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(SplitMix64::from_seed(seed.to_le_bytes()))
    }

    pub(super) fn roll(&mut self) -> u64 {
        self.0.next_u64() >> 16
    }

    /// True so often in 65,536.
    pub(super) fn hits(&mut self, rate: u16) -> bool {
        rate > 0 && self.roll() & 0xFFFF < rate as u64
    }
}

impl Faults {
    /// One frame as the host receives it.
    pub(super) fn spoil(&self, dice: &mut Dice, frame: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(frame.len() + 8);
        if dice.hits(self.garbage) {
            let count = dice.roll() % 40;
            out.extend((0..count).map(|_| dice.roll().to_le_bytes()[0]));
        }
        for &octet in frame {
            if dice.hits(self.inserted_zeros) {
                out.push(0);
            }
            if !dice.hits(self.lost_octets) {
                out.push(octet);
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_faults_a_frame_arrives_as_it_is() {
        let mut dice = Dice::new(1);
        assert_eq!(Faults::default().spoil(&mut dice, &[1, 2, 3]), [1, 2, 3]);
    }

    #[test]
    fn rates_are_kept_and_a_seed_repeats_itself() {
        let faults = Faults {
            lost_octets: 0x8000,
            ..Faults::default()
        };
        let run = |seed| faults.spoil(&mut Dice::new(seed), &[7; 10_000]);
        assert!((4_500..5_500).contains(&run(3).len()));
        assert_eq!(run(3), run(3));
        assert_ne!(run(3).len(), run(4).len());
    }
}
