//! What is known of each part of a text that goes to one radio in one wording.

use crate::model::delivery::Rung;

/// The rungs that reports about a part can prove, lowest first.
const RUNGS: [Rung; 4] = [
    Rung::Sent,
    Rung::Accepted,
    Rung::Transmitted,
    Rung::Received,
];

/// Which parts were handed over in this attempt, and what is proven of each in any attempt with
/// the same wording. Reports may come in any order: a higher one includes those below it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Progress {
    attempt: u8,
    handed: u16,
    proven: [u16; 4],
}

impl Progress {
    /// An attempt begins or goes on: a new one hands over what is not confirmed yet.
    pub(super) const fn begin(&mut self, attempt: u8) {
        if self.attempt != attempt {
            self.attempt = attempt;
            self.handed = 0;
        }
    }

    /// The first of `parts` that this attempt has not handed over and no terminal confirmed.
    pub(super) fn next(&self, parts: u8) -> Option<u8> {
        let done = self.handed | self.proven_at(Rung::Received);
        (0..parts.min(16)).find(|part| done & bit(*part) == 0)
    }

    /// A part is handed over to be sent.
    pub(super) fn hand_over(&mut self, part: u8) {
        self.handed |= bit(part);
    }

    /// A part that was handed over came back: it never left.
    pub(super) fn take_back(&mut self, part: u8) {
        self.handed &= !bit(part);
    }

    /// Whether anything of this attempt may have left.
    pub(super) const fn has_left(&self) -> bool {
        self.handed != 0
    }

    /// A report about one part.
    pub(super) fn prove(&mut self, part: u8, rung: Rung) {
        for (known, bits) in RUNGS.iter().zip(&mut self.proven) {
            if *known <= rung {
                *bits |= bit(part);
            }
        }
    }

    /// Whether a terminal confirmed this part.
    pub(super) fn is_received(&self, part: u8) -> bool {
        self.is_proven(part, Rung::Received)
    }

    /// Whether this rung is proven of this part.
    pub(super) fn is_proven(&self, part: u8, rung: Rung) -> bool {
        self.proven_at(rung) & bit(part) != 0
    }

    /// The highest rung that is proven of every one of `parts`.
    pub(super) fn proven(&self, parts: u8) -> Option<Rung> {
        let all = (0..parts.min(16)).fold(0, |all, part| all | bit(part));
        let levels = RUNGS.iter().zip(&self.proven).rev();
        let reached = levels.filter(|(_, bits)| all != 0 && **bits & all == all);
        reached.map(|(rung, _)| *rung).next()
    }

    fn proven_at(&self, rung: Rung) -> u16 {
        let at = RUNGS.iter().position(|known| *known == rung);
        at.and_then(|at| self.proven.get(at)).copied().unwrap_or(0)
    }
}

fn bit(part: u8) -> u16 {
    1u16.checked_shl(part.into()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_new_attempt_hands_over_what_is_not_confirmed() {
        let mut progress = Progress::default();
        progress.begin(1);
        (0..3).for_each(|part| progress.hand_over(part));
        assert_eq!(progress.next(3), None);
        progress.prove(1, Rung::Received);
        progress.begin(2);
        assert_eq!(progress.next(3), Some(0));
        progress.hand_over(0);
        assert_eq!(progress.next(3), Some(2));
        progress.take_back(0);
        assert!(!progress.has_left());
        assert_eq!(progress.next(3), Some(0));
    }

    proptest! {
        #[test]
        fn a_rung_is_proven_when_every_part_reached_it_in_whatever_order(
            reports in prop::collection::vec((0u8..4, 0usize..4), 0..40),
            parts in 1u8..5,
        ) {
            let mut progress = Progress::default();
            let mut highest = [None; 4];
            for (part, level) in reports {
                progress.prove(part, RUNGS[level]);
                let known = &mut highest[usize::from(part)];
                *known = (*known).max(Some(RUNGS[level]));
            }
            let lowest = highest[..usize::from(parts)].iter().min().copied().flatten();
            prop_assert_eq!(progress.proven(parts), lowest);
        }
    }
}
