//! `diff`: what differs between two recordings.

mod align;
mod frame;
mod lanes;
mod show;

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Args;

use crate::decode::{Frames, Kind};
use crate::filter::Filter;
use crate::input;
use align::{Prints, Step};
pub(crate) use frame::{Changed, Frame};
pub(crate) use lanes::stations;
pub(crate) use show::Comparison;

/// Part of a gap by which it may be longer or shorter, besides the tolerance.
const TOLERATED_SHARE: f64 = 0.2;

#[derive(Debug, Args)]
pub(crate) struct DiffArgs {
    /// The one
    a: PathBuf,
    /// The other
    b: PathBuf,
    /// One JSON object per difference, then one that counts them
    #[arg(long)]
    json: bool,
    /// Also what differs between any two recordings: stream ids, salts, sequence numbers
    #[arg(long)]
    all: bool,
    /// Also the time between frames of one sender
    #[arg(long)]
    timing: bool,
    /// With --timing: what may differ, in milliseconds, besides a fifth of the time itself
    #[arg(long, value_name = "MS", default_value_t = 20)]
    tolerance: u64,
    /// What the frames are; guessed from each frame when left out
    #[arg(long = "as", value_name = "KIND", value_parser = crate::decode::kind::parser())]
    kind: Option<&'static Kind>,
    #[command(flatten)]
    filter: Filter,
}

/// Which differences count.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules {
    /// Also fields that differ between any two recordings.
    pub(crate) everything: bool,
    /// By how much times may differ, besides a fifth; `None` if they do not count.
    pub(crate) tolerance: Option<Duration>,
}

/// A recording, made ready to be compared.
#[derive(Debug, Default)]
pub(crate) struct Recording {
    frames: Vec<Frame>,
    /// Which frames are in each lane.
    lanes: BTreeMap<String, Vec<usize>>,
}

impl Recording {
    fn read(path: &Path, args: &DiffArgs) -> Result<Self> {
        let mut frames = Frames::of(args.kind);
        let mut all = Vec::new();
        input::read_as(Some(path), args.kind, &mut |raw| {
            all.extend(frames.push(raw));
            Ok(())
        })?;
        all.extend(frames.end());
        let mut sieve = args.filter.sieve();
        all.retain(|(raw, kind)| sieve.takes_raw(raw, *kind));
        if all.is_empty() {
            bail!(
                "{}: a recording without a frame cannot be compared",
                path.display()
            );
        }
        let (raws, kinds): (Vec<_>, Vec<_>) = all.into_iter().unzip();
        let lanes = lanes::lanes(&raws);
        let frames = raws.into_iter().zip(kinds);
        let frames = frames.map(|(raw, kind)| Frame::new(raw, kind, args.all));
        Ok(Self::of(frames.zip(lanes)))
    }

    /// Frames, each with its lane.
    pub(crate) fn of(frames: impl Iterator<Item = (Frame, String)>) -> Self {
        let mut recording = Self::default();
        for (number, (frame, lane)) in frames.enumerate() {
            recording.lanes.entry(lane).or_default().push(number);
            recording.frames.push(frame);
        }
        recording
    }
}

/// Compares two recordings: exit status 0 when equal, 1 when different.
pub(crate) fn run(args: &DiffArgs) -> Result<ExitCode> {
    let a = Recording::read(&args.a, args)?;
    let b = Recording::read(&args.b, args)?;
    let rules = Rules {
        everything: args.all,
        tolerance: args.timing.then(|| Duration::from_millis(args.tolerance)),
    };
    let comparison = compare(&a, &b, rules);
    comparison.print(args.json)?;
    Ok(ExitCode::from(u8::from(comparison.is_different())))
}

/// Compares lane by lane.
pub(crate) fn compare(a: &Recording, b: &Recording, rules: Rules) -> Comparison {
    let mut comparison = Comparison::default();
    let names: BTreeSet<&String> = a.lanes.keys().chain(b.lanes.keys()).collect();
    for name in names {
        let of = |recording: &Recording| recording.lanes.get(name).cloned().unwrap_or_default();
        let lane = Lane {
            name,
            a: (a, of(a)),
            b: (b, of(b)),
            rules,
        };
        lane.compare(&mut comparison);
    }
    comparison.sort();
    comparison
}

/// The frames of one lane in both recordings.
struct Lane<'a> {
    name: &'a str,
    a: Side<'a>,
    b: Side<'a>,
    rules: Rules,
}

/// A recording, and which of its frames are in the lane.
type Side<'a> = (&'a Recording, Vec<usize>);

/// The frame at a place of the lane, and its number in the recording.
fn at<'a>((recording, lane): &Side<'a>, place: usize) -> Option<(usize, &'a Frame)> {
    let number = *lane.get(place)?;
    Some((number, recording.frames.get(number)?))
}

fn prints(side: &Side<'_>) -> Prints {
    let frames = (0..side.1.len()).filter_map(|place| at(side, place));
    let (contents, keys) = frames
        .map(|(_, frame)| (frame.content, frame.key()))
        .unzip();
    Prints { contents, keys }
}

impl Lane<'_> {
    fn compare(&self, found: &mut Comparison) {
        let steps = align::align(&prints(&self.a), &prints(&self.b));
        let moved = self.moved(&steps);
        let taken: HashSet<usize> = moved.values().copied().collect();
        let mut before = None;
        for step in steps {
            match step {
                Step::Both(i, j) => {
                    self.pair(i, j, before, found);
                    before = Some((i, j));
                }
                Step::OnlyA(i) => {
                    let other = moved.get(&i).and_then(|j| at(&self.b, *j));
                    if let Some((a, frame)) = at(&self.a, i) {
                        found.only_a(self.name, (a, frame), other.map(|(b, _)| b));
                    }
                }
                Step::OnlyB(j) if taken.contains(&j) => {}
                Step::OnlyB(j) => {
                    if let Some((b, frame)) = at(&self.b, j) {
                        found.only_b(self.name, (b, frame));
                    }
                }
            }
        }
    }

    /// Frames that both have, in another order.
    fn moved(&self, steps: &[Step]) -> HashMap<usize, usize> {
        let mut free: HashMap<u64, Vec<usize>> = HashMap::new();
        for step in steps.iter().rev() {
            if let Step::OnlyB(j) = step
                && let Some((_, frame)) = at(&self.b, *j)
            {
                free.entry(frame.content).or_default().push(*j);
            }
        }
        let mut moved = HashMap::new();
        for step in steps {
            if let Step::OnlyA(i) = step
                && let Some((_, frame)) = at(&self.a, *i)
                && let Some(j) = free.get_mut(&frame.content).and_then(Vec::pop)
            {
                moved.insert(*i, j);
            }
        }
        moved
    }

    fn pair(&self, i: usize, j: usize, before: Option<(usize, usize)>, found: &mut Comparison) {
        let (Some((a, of_a)), Some((b, of_b))) = (at(&self.a, i), at(&self.b, j)) else {
            return;
        };
        let mut is_equal = true;
        if !of_a.says_what(of_b) {
            is_equal = false;
            found.changed(self.name, (a, of_a), (b, of_b), self.rules);
        }
        if let (Some(tolerance), Some((i, j))) = (self.rules.tolerance, before)
            && let (Some((_, before_a)), Some((_, before_b))) = (at(&self.a, i), at(&self.b, j))
            && let (Some(gap_a), Some(gap_b)) = (gap(before_a, of_a), gap(before_b, of_b))
            && (gap_a - gap_b).abs() > tolerance.as_secs_f64() + gap_a.abs() * TOLERATED_SHARE
        {
            is_equal = false;
            found.timing(self.name, (a, of_a), b, (gap_a, gap_b));
        }
        found.counts.equal += u64::from(is_equal);
    }
}

/// Seconds from one frame to the next.
fn gap(from: &Frame, to: &Frame) -> Option<f64> {
    Some(to.raw.at?.duration_since(from.raw.at?).as_secs_f64())
}

#[cfg(test)]
mod tests;
