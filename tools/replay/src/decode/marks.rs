//! Which blocks of a packet are missing, where the blocks carry no number: the gaps between
//! those that were heard tell.

use core::time::Duration;

use jiff::Timestamp;

/// From one block of a timeslot to the next.
const STEP: Duration = Duration::from_millis(60);
/// More blocks than any packet has.
const MOST: usize = 128;

/// Where a header and the blocks behind it stood.
#[derive(Debug, Default)]
pub(super) struct Marks(Vec<Mark>);

/// When a burst was recorded, and its link's number for it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark {
    pub(super) at: Option<Timestamp>,
    /// 8 bits.
    pub(super) sequence: Option<u8>,
}

impl Marks {
    /// A header: another packet begins.
    pub(super) fn begin(&mut self, header: Mark) {
        self.0 = vec![header];
    }

    /// A block behind it.
    pub(super) fn add(&mut self, block: Mark) {
        if self.0.len() <= MOST {
            self.0.push(block);
        }
    }

    /// How many blocks were heard behind the header.
    pub(super) fn blocks(&self) -> usize {
        self.0.len().saturating_sub(1)
    }

    /// Numbers, from 1, of the missing ones of `total` blocks; `None` if the gaps do not
    /// explain it.
    pub(super) fn missing(&self, total: usize) -> Option<Vec<usize>> {
        let mut heard = Vec::new();
        let mut number = 0;
        for pair in self.0.windows(2) {
            let [before, after] = pair else {
                return None;
            };
            let step = match (before.sequence, after.sequence) {
                (Some(before), Some(after)) => u32::from(after.wrapping_sub(before)),
                _ => {
                    let gap = after.at?.duration_since(before.at?);
                    (gap.as_secs_f64() / STEP.as_secs_f64()).round() as u32
                }
            };
            number += usize::try_from(step).ok().filter(|step| *step > 0)?;
            heard.push(number);
        }
        let missing: Vec<usize> = (1..=total).filter(|n| !heard.contains(n)).collect();
        (heard.len() + missing.len() == total).then_some(missing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marks(of: &[Mark]) -> Marks {
        let mut marks = Marks::default();
        let mut of = of.iter();
        marks.begin(*of.next().unwrap());
        of.for_each(|mark| marks.add(*mark));
        marks
    }

    #[test]
    fn gaps_in_sequence_or_time_tell_which_blocks_are_missing() {
        let numbered = |sequence| Mark {
            at: None,
            sequence: Some(sequence),
        };
        let wrapped = marks(&[254, 255, 0, 2].map(numbered));
        assert_eq!(wrapped.missing(4), Some(vec![3]));
        assert_eq!(wrapped.missing(6), Some(vec![3, 5, 6]));
        assert_eq!(wrapped.missing(3), None);
        let timed = |millis| Mark {
            at: Timestamp::from_millisecond(millis).ok(),
            sequence: None,
        };
        assert_eq!(
            marks(&[0, 61, 118, 240].map(timed)).missing(4),
            Some(vec![3])
        );
        assert_eq!(marks(&[0, 1, 2].map(timed)).missing(3), None, "all at once");
        let blind = Mark {
            at: None,
            sequence: None,
        };
        assert_eq!(marks(&[blind; 3]).missing(3), None);
    }
}
