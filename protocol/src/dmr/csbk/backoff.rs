//! How far radios spread their random access.

use crate::dmr::fields::Field;
use crate::dmr::layout::Bits;

/// Backoff number, 4 bits (TS 102 361-4 clause 7.2.14): a radio chooses a slot at random
/// within [`frames`](Self::frames).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Backoff(pub u8);

impl Backoff {
    /// The window in TDMA frames of 60 ms; none for the reserved number 0.
    #[must_use]
    pub const fn frames(self) -> Option<u8> {
        Some(match self.0 {
            n @ 1..=5 => n,
            6 => 8,
            7 => 11,
            8 => 15,
            9 => 20,
            10 => 26,
            11 => 33,
            12 => 41,
            13 => 50,
            14 => 70,
            15 => 100,
            _ => return None,
        })
    }
}

impl Bits for Backoff {
    fn from_bits(bits: u64) -> Self {
        Self(bits as u8)
    }

    fn to_bits(self) -> u64 {
        u64::from(self.0)
    }

    fn field(self, name: &'static str, width: u8) -> Field {
        let meaning = self.frames().map_or_else(
            || "reserved".to_owned(),
            |frames| format!("{frames} frames"),
        );
        Field::coded(name, self.0, width, meaning)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_grow_with_the_number() {
        let windows: Vec<u8> = (0..=16).filter_map(|n| Backoff(n).frames()).collect();
        assert_eq!(windows.len(), 15);
        assert!(windows.is_sorted());
        assert_eq!(
            Backoff(6).field("backoff", 4).value.to_string(),
            "6h 8 frames"
        );
    }
}
