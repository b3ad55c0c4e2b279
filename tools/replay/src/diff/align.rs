//! Which frame of one recording is which of the other.

use std::collections::HashSet;

use similar::{Algorithm, DiffOp, capture_diff_slices};

/// A pair, or a frame that has no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Both(usize, usize),
    OnlyA(usize),
    OnlyB(usize),
}

/// The frames of one lane of one recording, each as two numbers.
#[derive(Debug, Clone, Default)]
pub(super) struct Prints {
    /// Equal for frames that say the same.
    pub(super) contents: Vec<u64>,
    /// Equal for frames of the same sort.
    pub(super) keys: Vec<u64>,
}

/// Pairs the frames of one lane, in the order of both. Frames with equal content anchor the
/// alignment (a longest common subsequence), so that one that is missing shifts nothing;
/// between the anchors frames of the same sort are taken for changed ones.
pub(super) fn align(a: &Prints, b: &Prints) -> Vec<Step> {
    let mut steps = Vec::new();
    let (mut i, mut j) = (0, 0);
    let anchors = common(&a.contents, &b.contents);
    let end = (a.contents.len(), b.contents.len());
    for (at, other) in anchors.into_iter().chain([end]) {
        between(&a.keys, &b.keys, (i, at), (j, other), &mut steps);
        if (at, other) != end {
            steps.push(Step::Both(at, other));
        }
        (i, j) = (at + 1, other + 1);
    }
    steps
}

fn between(
    a: &[u64],
    b: &[u64],
    (mut i, i_end): (usize, usize),
    (mut j, j_end): (usize, usize),
    steps: &mut Vec<Step>,
) {
    let part = |of: &[u64], from, to| of.get(from..to).unwrap_or_default().to_vec();
    let pairs = common(&part(a, i, i_end), &part(b, j, j_end));
    let (i_first, j_first) = (i, j);
    let pairs = pairs.into_iter().map(|(x, y)| (x + i_first, y + j_first));
    for (at, other) in pairs.chain([(i_end, j_end)]) {
        steps.extend((i..at).map(Step::OnlyA));
        steps.extend((j..other).map(Step::OnlyB));
        if at < i_end {
            steps.push(Step::Both(at, other));
        }
        (i, j) = (at + 1, other + 1);
    }
}

/// The places of a longest common subsequence. What only one side has cannot be in it and is
/// left out before: recordings that have little in common take no longer for it.
fn common(a: &[u64], b: &[u64]) -> Vec<(usize, usize)> {
    let shared = |of: &[u64], other: &[u64]| -> Vec<(usize, u64)> {
        let other: HashSet<u64> = other.iter().copied().collect();
        let of = of.iter().copied().enumerate();
        of.filter(|(_, value)| other.contains(value)).collect()
    };
    let (a, b) = (shared(a, b), shared(b, a));
    let values = |of: &[(usize, u64)]| of.iter().map(|(_, value)| *value).collect::<Vec<_>>();
    let place = |of: &[(usize, u64)], at: usize| of.get(at).map_or(at, |(place, _)| *place);
    let ops = capture_diff_slices(Algorithm::Patience, &values(&a), &values(&b));
    let mut pairs = Vec::new();
    for op in ops {
        if let DiffOp::Equal {
            old_index,
            new_index,
            len,
        } = op
        {
            pairs.extend((0..len).map(|n| (place(&a, old_index + n), place(&b, new_index + n))));
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Contents are whole numbers, keys their tens.
    fn steps(a: &[u64], b: &[u64]) -> Vec<Step> {
        let prints = |of: &[u64]| Prints {
            contents: of.to_vec(),
            keys: of.iter().map(|frame| frame / 10).collect(),
        };
        align(&prints(a), &prints(b))
    }

    #[test]
    fn one_missing_frame_shifts_nothing() {
        use Step::{Both, OnlyA, OnlyB};
        assert_eq!(
            steps(&[11, 12, 13, 14], &[11, 13, 14]),
            [Both(0, 0), OnlyA(1), Both(2, 1), Both(3, 2)]
        );
        assert_eq!(
            steps(&[11, 12, 13], &[11, 15, 21, 13]),
            [Both(0, 0), Both(1, 1), OnlyB(2), Both(2, 3)]
        );
        assert_eq!(steps(&[], &[1]), [OnlyB(0)]);
        assert_eq!(steps(&[11], &[21]), [OnlyA(0), OnlyB(0)]);
    }

    proptest! {
        #[test]
        fn every_frame_is_in_one_step_in_its_order(
            a in prop::collection::vec(0_u64..40, 0..30),
            b in prop::collection::vec(0_u64..40, 0..30),
        ) {
            let steps = steps(&a, &b);
            let of_a: Vec<usize> = steps.iter().filter_map(|step| match step {
                Step::Both(at, _) | Step::OnlyA(at) => Some(*at),
                Step::OnlyB(_) => None,
            }).collect();
            let of_b: Vec<usize> = steps.iter().filter_map(|step| match step {
                Step::Both(_, at) | Step::OnlyB(at) => Some(*at),
                Step::OnlyA(_) => None,
            }).collect();
            prop_assert_eq!(of_a, (0..a.len()).collect::<Vec<_>>());
            prop_assert_eq!(of_b, (0..b.len()).collect::<Vec<_>>());
            for step in steps {
                if let Step::Both(x, y) = step {
                    prop_assert_eq!(a[x] / 10, b[y] / 10);
                }
            }
        }
    }
}
