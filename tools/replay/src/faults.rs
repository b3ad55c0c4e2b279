//! Faults put into a recording, the same ones for the same seed.

use clap::Args;

use crate::input::Raw;

/// How often each fault happens, as a share of 0 to 1.
#[derive(Debug, Clone, Args)]
pub(crate) struct Faults {
    /// Which faults: the same number makes the same ones
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Share of wrong bits
    #[arg(long, default_value_t = 0.0)]
    pub(crate) bit_errors: f64,
    /// Share of frames lost
    #[arg(long, default_value_t = 0.0)]
    pub(crate) drop: f64,
    /// Share of frames sent twice
    #[arg(long, default_value_t = 0.0)]
    pub(crate) duplicate: f64,
    /// Share of frames that change places with the next
    #[arg(long, default_value_t = 0.0)]
    pub(crate) reorder: f64,
    /// Share of frames cut short
    #[arg(long, default_value_t = 0.0)]
    pub(crate) truncate: f64,
    /// Share of frames sent in two pieces
    #[arg(long, default_value_t = 0.0)]
    pub(crate) split: f64,
}

/// A small generator of numbers (SplitMix64).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ z >> 31
    }

    fn happens(&mut self, share: f64) -> bool {
        // 53 bits fill the mantissa.
        ((self.next() >> 11) as f64) < share * (1_u64 << 53) as f64
    }

    /// A place inside `length` bytes, but for the first.
    fn place(&mut self, length: usize) -> usize {
        let inside = u64::try_from(length.saturating_sub(1)).unwrap_or(u64::MAX);
        match inside {
            0 => 0,
            inside => 1 + usize::try_from(self.next() % inside).unwrap_or(0),
        }
    }
}

impl Faults {
    /// The recording with its faults.
    pub(crate) fn apply(&self, frames: Vec<Raw>) -> Vec<Raw> {
        let mut numbers = Numbers(self.seed);
        let mut out: Vec<Raw> = Vec::with_capacity(frames.len());
        let mut late: Option<Raw> = None;
        for mut frame in frames {
            if numbers.happens(self.drop) {
                continue;
            }
            if self.bit_errors > 0.0 {
                for byte in &mut frame.bytes {
                    for bit in 0..8 {
                        *byte ^= u8::from(numbers.happens(self.bit_errors)) << bit;
                    }
                }
            }
            if numbers.happens(self.truncate) {
                frame.bytes.truncate(numbers.place(frame.bytes.len()));
            }
            let before = late.take();
            if before.is_none() && numbers.happens(self.reorder) {
                late = Some(frame);
                continue;
            }
            let twice = numbers.happens(self.duplicate).then(|| frame.clone());
            if numbers.happens(self.split) {
                let mut rest = frame.clone();
                rest.bytes = frame.bytes.split_off(numbers.place(frame.bytes.len()));
                out.extend([frame, rest]);
            } else {
                out.push(frame);
            }
            out.extend(twice);
            out.extend(before);
        }
        out.extend(late);
        out
    }
}

#[cfg(test)]
pub(crate) fn none() -> Faults {
    Faults {
        seed: 1,
        bit_errors: 0.0,
        drop: 0.0,
        duplicate: 0.0,
        reorder: 0.0,
        truncate: 0.0,
        split: 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames() -> Vec<Raw> {
        let frame = |byte| Raw {
            bytes: vec![byte; 8],
            ..Raw::default()
        };
        (0..100).map(frame).collect()
    }

    #[test]
    fn one_seed_makes_one_set_of_faults_and_no_rate_makes_none() {
        assert_eq!(none().apply(frames()), frames());
        let half = Faults {
            drop: 0.3,
            reorder: 0.2,
            bit_errors: 0.01,
            ..none()
        };
        assert_eq!(half.apply(frames()), half.apply(frames()));
        assert_ne!(half.apply(frames()), frames());
        let all = Faults {
            drop: 1.0,
            ..none()
        };
        assert!(all.apply(frames()).is_empty());
    }
}
