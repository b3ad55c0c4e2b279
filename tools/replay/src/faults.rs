//! Faults put into a recording, the same ones for the same seed.

use core::fmt;
use rand_xoshiro::SplitMix64;
use rand_xoshiro::rand_core::{Rng as _, SeedableRng};

use clap::Args;

use crate::input::Raw;

/// How often each fault happens, as a share of 0 to 1.
#[derive(Debug, Clone, Args)]
pub(crate) struct Faults {
    /// Which faults: the same number makes the same ones
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Share of wrong bits, 0 to 1
    #[arg(long, value_name = "SHARE", default_value_t = 0.0, value_parser = share)]
    pub(crate) bit_errors: f64,
    /// Share of frames lost
    #[arg(long, value_name = "SHARE", default_value_t = 0.0, value_parser = share)]
    pub(crate) drop: f64,
    /// Share of frames sent twice
    #[arg(long, value_name = "SHARE", default_value_t = 0.0, value_parser = share)]
    pub(crate) duplicate: f64,
    /// Share of frames that change places with the next
    #[arg(long, value_name = "SHARE", default_value_t = 0.0, value_parser = share)]
    pub(crate) reorder: f64,
    /// Share of frames cut short
    #[arg(long, value_name = "SHARE", default_value_t = 0.0, value_parser = share)]
    pub(crate) truncate: f64,
    /// Share of frames sent in two pieces
    #[arg(long, value_name = "SHARE", default_value_t = 0.0, value_parser = share)]
    pub(crate) split: f64,
}

fn share(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        _ => Err(format!("{text}: expected a share of 0 to 1")),
    }
}

/// How many faults were made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Made {
    bits: u64,
    dropped: u64,
    doubled: u64,
    reordered: u64,
    cut: u64,
    split: u64,
}

impl fmt::Display for Made {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let made = [
            (self.bits, "bits wrong"),
            (self.dropped, "dropped"),
            (self.doubled, "doubled"),
            (self.reordered, "reordered"),
            (self.cut, "cut"),
            (self.split, "split"),
        ];
        let made: Vec<String> = made
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!("{count} {what}"))
            .collect();
        f.write_str(&made.join(", "))
    }
}

/// Numbers that are the same for the same seed.
struct Numbers(SplitMix64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0.next_u64()
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
    /// The recording with its faults, in the frames that are `ours` alone.
    pub(crate) fn apply(&self, frames: Vec<Raw>, ours: impl Fn(&Raw) -> bool) -> (Vec<Raw>, Made) {
        let mut numbers = Numbers(SplitMix64::from_seed(self.seed.to_le_bytes()));
        let mut made = Made::default();
        let mut out: Vec<Raw> = Vec::with_capacity(frames.len());
        let mut late: Option<Raw> = None;
        for mut frame in frames {
            if !ours(&frame) {
                out.push(frame);
                continue;
            }
            if numbers.happens(self.drop) {
                made.dropped += 1;
                continue;
            }
            made.bits += self.flip(&mut frame.bytes, &mut numbers);
            if numbers.happens(self.truncate) {
                made.cut += 1;
                frame.bytes.truncate(numbers.place(frame.bytes.len()));
            }
            let before = late.take();
            if before.is_none() && numbers.happens(self.reorder) {
                made.reordered += 1;
                late = Some(frame);
                continue;
            }
            let twice = numbers.happens(self.duplicate).then(|| frame.clone());
            made.doubled += u64::from(twice.is_some());
            if numbers.happens(self.split) {
                made.split += 1;
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
        (out, made)
    }

    fn flip(&self, bytes: &mut [u8], numbers: &mut Numbers) -> u64 {
        let mut flipped = 0;
        if self.bit_errors > 0.0 {
            for byte in bytes {
                for bit in 0..8 {
                    let is_wrong = u8::from(numbers.happens(self.bit_errors));
                    *byte ^= is_wrong << bit;
                    flipped += u64::from(is_wrong);
                }
            }
        }
        flipped
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
        let apply = |faults: &Faults| faults.apply(frames(), |_| true);
        assert_eq!(apply(&none()), (frames(), Made::default()));
        let some = Faults {
            drop: 0.3,
            reorder: 0.2,
            bit_errors: 0.01,
            ..none()
        };
        assert_eq!(apply(&some), apply(&some));
        assert_ne!(apply(&some).0, frames());
        let other = Faults {
            seed: 2,
            ..some.clone()
        };
        assert_ne!(apply(&some), apply(&other));
        let all = Faults {
            drop: 1.0,
            ..none()
        };
        let (left, made) = apply(&all);
        assert_eq!((left.len(), made.to_string().as_str()), (0, "100 dropped"));
    }

    #[test]
    fn every_fault_does_what_it_is_called() {
        let one = |faults: Faults| faults.apply(frames(), |_| true).0;
        let bytes = |frames: &[Raw]| frames.iter().map(|frame| frame.bytes.len()).sum::<usize>();
        let doubled = one(Faults {
            duplicate: 1.0,
            ..none()
        });
        assert_eq!(doubled.len(), 200);
        let split = one(Faults {
            split: 1.0,
            ..none()
        });
        assert_eq!((split.len(), bytes(&split)), (200, 800));
        let cut = one(Faults {
            truncate: 1.0,
            ..none()
        });
        assert!(cut.iter().all(|frame| (1..8).contains(&frame.bytes.len())));
        let swapped = one(Faults {
            reorder: 1.0,
            ..none()
        });
        assert_eq!((swapped[0].bytes[0], swapped[1].bytes[0]), (1, 0));
        assert_eq!(swapped.len(), 100);
        let flipped = one(Faults {
            bit_errors: 1.0,
            ..none()
        });
        assert_eq!(flipped[0].bytes, [0xFF; 8]);
    }

    #[test]
    fn the_frames_of_the_other_side_are_left_alone() {
        let all = Faults {
            drop: 1.0,
            ..none()
        };
        let (left, _) = all.apply(frames(), |frame| frame.bytes[0] % 2 == 0);
        assert_eq!(left.len(), 50);
        assert!(share("1.5").is_err() && share("x").is_err() && share("NaN").is_err());
    }
}
