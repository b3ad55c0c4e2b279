//! One side of a recorded conversation with a live other side.

use core::time::Duration;
use std::collections::HashSet;

use anyhow::{Result, bail};
use indicatif::ProgressBar;
use narrowcast_hardware::capture::Direction;
use tokio::time::Instant;

use super::line::{Heard, Line};
use super::pace::{LOOK, Pace, pressed};
use super::roles::{Role, Taken};
use super::side::{Side, Sides};
use super::{PlayArgs, bar, faults};
use crate::decode::{Frames, Kind, Station};
use crate::diff::{self, Frame, Recording, Rules};
use crate::input::Raw;
use crate::link::Place;

/// Own datagrams that follow each other so closely are one transmission, which waits for
/// nobody.
const TRANSMISSION: Duration = Duration::from_millis(500);
/// After the last frame, so that the other side takes the transmission as over.
const SETTLE: Duration = Duration::from_millis(1_500);
/// Frames without a match that are remembered to match later.
const MOST_UNMATCHED: usize = 4_096;

/// Plays one side; whether the session was one, and with `--strict`, whether the other side
/// said what was recorded.
pub(super) async fn play(args: &PlayArgs, all: &[Raw], line: &mut Line) -> Result<bool> {
    let sides = Sides::of(all);
    let side = args
        .side
        .clone()
        .unwrap_or_else(|| default_side(&sides, line, args));
    let (ours, theirs): (Vec<Raw>, Vec<Raw>) =
        all.iter().cloned().partition(|raw| sides.is(&side, raw));
    if ours.is_empty() {
        bail!("nothing in the recording is of the side that is played; see --side");
    }
    let other = theirs.iter().find_map(|raw| raw.direction);
    line.hear_as(other.unwrap_or(Direction::Inbound));
    let station = sides.has_log_in().then(|| match side {
        Side::Client => Station::Client,
        Side::Master => Station::Master,
        _ if ours.iter().any(|raw| sides.is(&Side::Master, raw)) => Station::Master,
        _ => Station::Client,
    });
    let mut role = Role::of(station, args, &ours)?;
    role.begin(line).await?;

    let script = frames(all, &role);
    let is_ours = |raw: &Raw| sides.is(&side, raw);
    let (script, made) = args.faults.apply(script, is_ours);
    let mut conversation = Conversation {
        bar: bar(script.len()),
        pace: Pace::new(args),
        timeout: args.timeout(),
        is_datagrams: line.is_datagrams(),
        line,
        role,
        open: Vec::new(),
        unmatched: Vec::new(),
        given_up: HashSet::new(),
        expected: Vec::new(),
        heard: Vec::new(),
        sent: 0,
    };
    for raw in script {
        if is_ours(&raw) {
            conversation.say(&raw).await?;
        } else {
            conversation.expect(raw);
        }
        conversation.bar.inc(1);
    }
    conversation.end().await?;
    conversation.report(args, &made.to_string())
}

fn default_side(sides: &Sides, line: &Line, args: &PlayArgs) -> Side {
    let is_listening = line.is_listening() || matches!(args.target, Place::TcpListen(_));
    match sides.usual() {
        Some(Side::Client) if is_listening => Side::Master,
        usual => usual.unwrap_or(Side::Sent),
    }
}

/// The frames that are said and expected; pieces of streams put together.
fn frames(all: &[Raw], role: &Role) -> Vec<Raw> {
    let mut frames = Frames::of(None);
    let mut script: Vec<Raw> = Vec::new();
    for raw in all {
        script.extend(frames.push(raw.clone()).into_iter().map(|(raw, _)| raw));
    }
    script.extend(frames.end().into_iter().map(|(raw, _)| raw));
    script.retain(|raw| role.is_scripted(&raw.bytes));
    script
}

/// Something that the other side should say.
struct Expected {
    frame: Frame,
    /// After this it is missing.
    deadline: Instant,
}

struct Conversation<'a> {
    line: &'a mut Line,
    is_datagrams: bool,
    role: Role,
    pace: Pace,
    timeout: Duration,
    bar: ProgressBar,
    /// Expected and not heard yet.
    open: Vec<Expected>,
    /// Heard and not expected yet.
    unmatched: Vec<Frame>,
    /// Sorts of frames for which nobody waits longer any more, because one was missing.
    given_up: HashSet<u64>,
    /// All that was expected and all that was heard, for the report.
    expected: Vec<Frame>,
    heard: Vec<Frame>,
    sent: u64,
}

impl Conversation<'_> {
    /// A frame under this session's id, as it is compared.
    fn frame(&self, mut raw: Raw, kind: Option<&'static Kind>) -> Frame {
        raw.bytes = self.role.rewritten(&raw.bytes);
        let kind = kind.or_else(|| Kind::guess(&raw.bytes));
        Frame::new(raw, kind, false)
    }

    fn expect(&mut self, raw: Raw) {
        let due = self.pace.due(&raw);
        let kind = raw.stream.then(|| Kind::of_stream(&raw));
        let frame = self.frame(raw, kind);
        let patience = match self.given_up.contains(&frame.key()) {
            true => Duration::ZERO,
            false => self.timeout,
        };
        self.expected.push(frame.clone());
        self.open.push(Expected {
            frame,
            deadline: due + patience,
        });
        self.settle();
    }

    async fn say(&mut self, raw: &Raw) -> Result<()> {
        if let Some(mut key) = self.pace.ask() {
            while !pressed(&mut key).await? {
                self.listen(Instant::now() + LOOK).await?;
            }
        }
        let before = self.pace.shifted();
        let due = self.pace.due(raw);
        let goes_on = self.is_datagrams && self.sent > 0 && due - before < TRANSMISSION;
        if !goes_on {
            self.await_open().await?;
        }
        let due = match goes_on {
            true => due,
            false => self.pace.shifted(),
        };
        self.listen(due).await?;
        let bytes = self.role.rewritten(&raw.bytes);
        let bytes = self.role.fresh(bytes);
        self.line.send(&bytes).await?;
        self.role.sent(&bytes);
        self.sent += 1;
        Ok(())
    }

    /// Takes in what comes, and keeps the session, until then.
    async fn listen(&mut self, until: Instant) -> Result<()> {
        loop {
            let (ping, again) = self.role.keep_alive(Instant::now());
            if let Some(ping) = ping {
                self.line.send(&ping).await?;
            }
            let part = again.map_or(until, |again| again.min(until));
            match self.line.hear(part).await? {
                Some(heard) => self.take(heard).await?,
                None if Instant::now() >= until => return Ok(()),
                None => {}
            }
        }
    }

    async fn take(&mut self, heard: Heard) -> Result<()> {
        match self.role.take(&heard.raw.bytes) {
            Taken::Session(Some(answer)) => self.line.send(&answer).await,
            Taken::Session(None) => Ok(()),
            Taken::Script => {
                let frame = self.frame(heard.raw, heard.kind);
                self.heard.push(frame.clone());
                if self.unmatched.len() < MOST_UNMATCHED {
                    self.unmatched.push(frame);
                }
                self.settle();
                Ok(())
            }
        }
    }

    /// Strikes what is both expected and heard: what says the same, else what is of the
    /// same sort.
    fn settle(&mut self) {
        let unmatched = &mut self.unmatched;
        self.open.retain(|Expected { frame, .. }| {
            let same = unmatched.iter().position(|heard| heard.says_what(frame));
            let found = same.or_else(|| {
                unmatched
                    .iter()
                    .position(|heard| heard.key() == frame.key())
            });
            if let Some(found) = found {
                unmatched.remove(found);
            }
            found.is_none()
        });
    }

    /// Waits until all that is expected was heard or is missing.
    async fn await_open(&mut self) -> Result<()> {
        while let Some(first) = self.open.iter().map(|open| open.deadline).min() {
            let before = self.heard.len();
            let (ping, again) = self.role.keep_alive(Instant::now());
            if let Some(ping) = ping {
                self.line.send(&ping).await?;
            }
            let part = again.map_or(first, |again| again.min(first));
            if let Some(heard) = self.line.hear(part).await? {
                self.take(heard).await?;
            }
            if self.heard.len() == before && Instant::now() >= first {
                let now = Instant::now();
                let (missing, open) = core::mem::take(&mut self.open)
                    .into_iter()
                    .partition(|open| open.deadline <= now);
                self.open = open;
                let missing: Vec<Expected> = missing;
                self.given_up
                    .extend(missing.iter().map(|open| open.frame.key()));
            }
        }
        Ok(())
    }

    async fn end(&mut self) -> Result<()> {
        self.await_open().await?;
        self.listen(Instant::now() + SETTLE).await?;
        self.bar.finish_and_clear();
        if let Some(farewell) = self.role.farewell() {
            self.line.send(&farewell).await?;
        }
        Ok(())
    }

    fn report(self, args: &PlayArgs, made: &str) -> Result<bool> {
        eprintln!("sent {} frames{}", self.sent, faults(args, made));
        let rules = Rules {
            everything: false,
            tolerance: None,
        };
        let comparison = diff::compare(&recording(self.expected), &recording(self.heard), rules);
        if !args.json {
            println!("the other side, as recorded (a) and as heard (b):");
        }
        comparison.print(args.json)?;
        let trouble = self.role.trouble();
        if let Some(trouble) = &trouble {
            eprintln!("narrowcast-replay: {trouble}");
        }
        Ok(trouble.is_none() && !(args.strict && comparison.is_different()))
    }
}

/// Frames whose order means something within each slot.
fn recording(frames: Vec<Frame>) -> Recording {
    let lane = |frame: &Frame| match frame.report().slot {
        Some(slot) => format!("slot {slot}"),
        None => "no slot".to_owned(),
    };
    Recording::of(frames.into_iter().map(|frame| {
        let lane = lane(&frame);
        (frame, lane)
    }))
}
