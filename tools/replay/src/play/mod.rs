//! `play`: a recording, once more.

mod alarms;
mod conversation;
mod line;
mod pace;
mod roles;
mod side;

use core::time::Duration;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use tokio::time::Instant;

use crate::convert::SmsStreams;
use crate::decode::{Frames, Kind};
use crate::faults::Faults;
use crate::filter::Filter;
use crate::input::{self, Raw};
use crate::link::{Link, Place, resolve};
use line::Line;
use pace::{LOOK, Pace, pressed};
use side::{Side, Sides};

const EXAMPLES: &str = "\
Examples:
  Be the recorded repeater before a live master
    narrowcast-replay play session.pcapng udp:127.0.0.1:62031 --converse \\
      --passphrase SECRET
  Be the recorded master, to which a live repeater logs in
    narrowcast-replay play session.pcapng udp-listen:127.0.0.1:62031 \\
      --converse --side master
  Be the recorded modem, for a host that opens /tmp/modem
    narrowcast-replay play modem.pcapng pty:/tmp/modem --converse \\
      --side received
  Be the recorded client of an SMS centre, or the centre
    narrowcast-replay play smpp.pcapng tcp:127.0.0.1:2775 --converse \\
      --password SECRET
    narrowcast-replay play smpp.pcapng tcp-listen:127.0.0.1:2775 --converse
  A bad line: the same faults at every run
    narrowcast-replay play modem.pcapng pty:/tmp/modem --bit-errors 0.001 \\
      --drop 0.05 --seed 7";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct PlayArgs {
    /// pcap, pcapng, or hex lines
    file: PathBuf,
    /// udp:HOST:PORT, serial:PATH, tcp:HOST:PORT; or an own udp-listen:HOST:PORT,
    /// tcp-listen:HOST:PORT or pty or pty:PATH
    target: Place,
    /// Times faster than recorded
    #[arg(long, default_value_t = 1.0, conflicts_with_all = ["step", "gap"], value_parser = speed)]
    speed: f64,
    /// Always this time between frames, in milliseconds; 0 is as fast as possible
    #[arg(long, value_name = "MS", conflicts_with = "step")]
    gap: Option<u64>,
    /// Wait for the return key before each frame
    #[arg(long)]
    step: bool,
    /// How many times; 0 is for ever
    #[arg(long = "loop", default_value_t = 1)]
    times: u32,
    /// Play one side, log in for itself, wait for the other side and compare it
    #[arg(long)]
    converse: bool,
    /// Which side: client, master, sent, received, ADDRESS or ADDRESS:PORT. When left out,
    /// the client where one logs in (the master, to converse at an own address), else what
    /// was sent, else everything
    #[arg(long)]
    side: Option<Side>,
    /// Passphrase of the log-in
    #[arg(long, default_value = "passw0rd")]
    passphrase: String,
    /// With --converse, of an SMS link: password of the bind, or secret from which the
    /// authenticators of CMPP are made anew. Answers take the sequence numbers of the live
    /// requests; message ids stay those of the recording. Without --converse nothing is
    /// rewritten
    #[arg(long)]
    password: Option<String>,
    /// Log in with this repeater id instead of the recorded one
    #[arg(long)]
    id: Option<u32>,
    /// How long an answer is awaited, in milliseconds
    #[arg(long, default_value_t = 2_000)]
    timeout: u64,
    /// With --converse: exit status 1 whenever the other side differs, not only when the
    /// log-in fails or keep-alives are not answered
    #[arg(long)]
    strict: bool,
    /// With --converse: the report as JSON lines
    #[arg(long)]
    json: bool,
    /// Speed of a serial line
    #[arg(long, default_value_t = 115_200)]
    baud: u32,
    /// Allow a target beyond this machine: something may go on the air
    #[arg(long)]
    arm: bool,
    #[command(flatten)]
    faults: Faults,
    #[command(flatten)]
    filter: Filter,
}

impl PlayArgs {
    fn timeout(&self) -> Duration {
        Duration::from_millis(self.timeout)
    }
}

fn speed(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(speed) if speed.is_finite() && speed > 0.0 => Ok(speed),
        _ => Err(format!("{text}: expected a number above 0")),
    }
}

fn load(args: &PlayArgs) -> Result<Vec<Raw>> {
    let mut all = Vec::new();
    let mut sieve = args.filter.sieve_to_play();
    // A piece of a stream may hold several PDUs, of which not all are wanted.
    let mut pdus = Frames::of(None);
    let mut sms = SmsStreams::default();
    let is_filtered = !args.filter.is_idle();
    let mut keep = |(raw, kind): (Raw, Option<&'static Kind>)| {
        if sieve.takes_raw(&raw, kind) {
            all.push(raw);
        }
    };
    input::read(Some(&args.file), &mut |raw| {
        if let Some(why) = &raw.broken {
            bail!("{}: {why}: {}", args.file.display(), raw.given);
        }
        if is_filtered && sms.has(&raw) {
            pdus.push(raw).into_iter().for_each(&mut keep);
        } else {
            keep((raw, None));
        }
        Ok(())
    })?;
    pdus.end().into_iter().for_each(&mut keep);
    if all.is_empty() {
        bail!("{}: no frame in it", args.file.display());
    }
    Ok(all)
}

/// Plays the recording.
pub(crate) fn run(args: &PlayArgs) -> Result<ExitCode> {
    let all = load(args)?;
    for warning in alarms::warnings(&all) {
        eprintln!("narrowcast-replay: warning: {warning}");
    }
    let runtime = tokio::runtime::Runtime::new().context("cannot start the runtime")?;
    runtime.block_on(async {
        check_target(&args.target, args.arm).await?;
        let mut link = Link::new(args.target.clone(), args.baud);
        let mut line = Line::new(link.open().await?, &args.target);
        let mut code = ExitCode::SUCCESS;
        let mut times = 0;
        while args.times == 0 || times < args.times {
            if args.converse {
                if !conversation::play(args, &all, &mut line).await? {
                    code = ExitCode::FAILURE;
                }
            } else {
                send_all(args, &all, &mut line).await?;
            }
            times = times.saturating_add(1);
        }
        line.drained().await;
        Ok(code)
    })
}

/// Refuses what may put something on the air, unless somebody says that it shall.
async fn check_target(target: &Place, is_armed: bool) -> Result<()> {
    if is_armed {
        return Ok(());
    }
    match target {
        Place::Pty(_) => {}
        Place::Serial(path) => {
            let device = std::fs::canonicalize(path).unwrap_or_else(|_| path.clone());
            if !device.starts_with("/dev/pts/") {
                bail!("{target} may be a transmitter: --arm if frames shall go there");
            }
        }
        Place::Udp(name) | Place::UdpListen(name) | Place::Tcp(name) | Place::TcpListen(name) => {
            let address = resolve(name).await?;
            if !address.ip().is_loopback() {
                bail!("{address} is beyond this machine: --arm if frames shall go there");
            }
        }
    }
    Ok(())
}

async fn send_all(args: &PlayArgs, all: &[Raw], line: &mut Line) -> Result<()> {
    let sides = Sides::of(all);
    let side = args.side.clone().or_else(|| sides.usual());
    let is_played = |raw: &&Raw| side.as_ref().is_none_or(|side| sides.is(side, raw));
    let frames: Vec<Raw> = all.iter().filter(is_played).cloned().collect();
    if frames.is_empty() {
        bail!("nothing in the recording is of the side that --side names");
    }
    let (frames, made) = args.faults.apply(frames, |_| true);
    let bar = bar(frames.len());
    let mut pace = Pace::new(args);
    for raw in &frames {
        if let Some(mut key) = pace.ask() {
            while !pressed(&mut key).await? {
                while line.hear(Instant::now() + LOOK).await?.is_some() {}
            }
        }
        let due = pace.due(raw);
        // What the other side says is none of our business here, but must not dam up.
        while line.hear(due).await?.is_some() {}
        line.send(&raw.bytes).await?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    eprintln!(
        "sent {} frames{}",
        frames.len(),
        faults(args, &made.to_string())
    );
    Ok(())
}

/// What to say about the faults that were made.
fn faults(args: &PlayArgs, made: &str) -> String {
    match made {
        "" => String::new(),
        made => format!(" with faults of seed {}: {made}", args.faults.seed),
    }
}

fn bar(frames: usize) -> ProgressBar {
    let bar = ProgressBar::new(u64::try_from(frames).unwrap_or(u64::MAX));
    match ProgressStyle::with_template("{bar:30} {pos} of {len} frames, {eta} left") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

#[cfg(test)]
mod tests;
