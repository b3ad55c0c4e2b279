//! `record`: what goes over a link, as pcapng.

mod datagrams;
mod mask;
mod sink;
mod streams;

use core::pin::pin;
use core::time::Duration;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use jiff::{SignedDuration, Timestamp};
use narrowcast_hardware::capture::file::create;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use crate::filter::Filter;
use crate::link::{Link, Place};
use sink::{Heard, Sink, Tap};

/// Nothing waits longer than this in our own buffers.
const FLUSH: Duration = Duration::from_millis(200);
/// How long links go on after the end of the recording.
const LAST: Duration = Duration::from_millis(50);
/// Longer than any recording.
const FOR_EVER: Duration = Duration::from_secs(10 * 365 * 86_400);

const EXAMPLES: &str = "\
Examples:
  What a master and its repeaters say: repeaters log in to port 62031 here
    narrowcast-replay record udp:0.0.0.0:62031 udp:master.example:62031 \\
      -o session.pcapng
  What host and modem say: let the host open /tmp/modem
    narrowcast-replay record pty:/tmp/modem serial:/dev/ttyUSB0 --for 10m";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct RecordArgs {
    /// udp:HOST:PORT (an own address), serial:PATH, tcp:HOST:PORT, tcp-listen:HOST:PORT, pty or pty:PATH
    near: Place,
    /// Pass everything on to here and back: udp:HOST:PORT for datagrams, else a stream
    far: Option<Place>,
    /// The file; named by the time when left out. What exists is not overwritten
    #[arg(long, short)]
    output: Option<PathBuf>,
    /// End after this time, as in 90s, 10m, 1h30m
    #[arg(long = "for", value_name = "DURATION", value_parser = duration)]
    time: Option<Duration>,
    /// End after so many datagrams or pieces of a stream
    #[arg(long, value_name = "N")]
    frames: Option<u64>,
    /// Speed of serial lines
    #[arg(long, default_value_t = 115_200)]
    baud: u32,
    /// Keep passwords and proofs of log-ins to SMS centres; else they are zeros
    #[arg(long)]
    secrets: bool,
    #[command(flatten)]
    filter: Filter,
}

fn duration(text: &str) -> Result<Duration, String> {
    let expected = || format!("{text}: expected a time above zero, as in 90s, 10m, 1h30m");
    let time: SignedDuration = text.parse().map_err(|_| expected())?;
    match Duration::try_from(time) {
        Ok(time) if !time.is_zero() => Ok(time.min(FOR_EVER)),
        _ => Err(expected()),
    }
}

/// Records until Ctrl-C or the given end.
pub(crate) fn run(args: &RecordArgs) -> Result<ExitCode> {
    tokio::runtime::Runtime::new()
        .context("cannot start the runtime")?
        .block_on(async { record(args, interrupted()?).await })
}

/// Waits for whoever has enough.
fn interrupted() -> Result<impl Future<Output = ()>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

async fn record(args: &RecordArgs, stop: impl Future<Output = ()>) -> Result<ExitCode> {
    if !args.filter.is_idle() && !args.near.is_datagrams() {
        bail!(
            "{}: filters choose among datagrams; a stream is recorded whole: choose from the \
             recording with decode or convert",
            args.near
        );
    }
    let (tap, heard) = Tap::new();
    let path = args.output.clone().unwrap_or_else(|| {
        let now = Timestamp::now().strftime("%Y%m%dT%H%M%SZ");
        format!("recording-{now}.pcapng").into()
    });
    let file = create(&path).with_context(|| format!("cannot make {}", path.display()))?;
    let mut sink = Sink::new(file, args.secrets, args.filter.sieve())?;
    let mut links = pin!(links(args, tap.clone()));
    let recorded = tokio::select! {
        biased;
        written = write(args, &mut sink, heard, stop) => {
            // What was recorded last is still to be passed on.
            let _running = tokio::time::timeout(LAST, &mut links).await;
            written
        }
        ended = &mut links => ended,
    };
    sink.end()?;
    if tap.unrecorded() > 0 {
        sink.admit_loss(tap.unrecorded())?;
    }
    sink.flush()?;
    if recorded.is_err() && sink.frames == 0 {
        // Nothing was recorded: the name is free for the next try.
        let _gone = std::fs::remove_file(&path);
    }
    recorded?;
    eprintln!(
        "{} frames of {} bytes in {}{}{}",
        sink.frames,
        sink.bytes,
        path.display(),
        match sink.hidden {
            0 => String::new(),
            hidden => format!(", {hidden} without their secrets (--secrets keeps them)"),
        },
        tap.losses()
    );
    Ok(ExitCode::SUCCESS)
}

/// Runs the ports. Ends only when they cannot be used.
async fn links(args: &RecordArgs, tap: Tap) -> Result<()> {
    let near = match &args.near {
        // There is nothing to hear from an address before something is said to it.
        Place::Udp(address) => Place::UdpListen(address.clone()),
        other => other.clone(),
    };
    let is_datagrams = near.is_datagrams();
    let near = Link::new(near, args.baud);
    match &args.far {
        None if is_datagrams => datagrams::listen(near, tap).await,
        None => streams::listen(near, tap).await,
        Some(far) if is_datagrams => datagrams::relay(near, far, tap).await,
        Some(far) if far.is_datagrams() => {
            bail!("{far}: a byte stream needs a far end that is one")
        }
        Some(far) => streams::relay(near, Link::new(far.clone(), args.baud), tap).await,
    }
}

/// Writes what is heard, until it is enough.
async fn write(
    args: &RecordArgs,
    sink: &mut Sink<'_>,
    mut heard: mpsc::Receiver<Heard>,
    stop: impl Future<Output = ()>,
) -> Result<()> {
    let end = Instant::now() + args.time.unwrap_or(FOR_EVER);
    let mut stop = pin!(stop);
    let mut flush = tokio::time::interval(FLUSH);
    let bar = bar(args);
    let is_enough = |sink: &Sink<'_>| args.frames.is_some_and(|frames| sink.frames >= frames);
    while !is_enough(sink) {
        tokio::select! {
            Some(heard) = heard.recv() => sink.write(heard)?,
            _ = flush.tick() => {
                sink.flush()?;
                bar.set_position(sink.frames);
                bar.set_message(format!("{} bytes", sink.bytes));
            }
            () = sleep_until(end) => break,
            () = &mut stop => break,
        }
    }
    // What was heard before the end is part of the recording.
    while !is_enough(sink)
        && let Ok(heard) = heard.try_recv()
    {
        sink.write(heard)?;
    }
    bar.finish_and_clear();
    Ok(())
}

fn bar(args: &RecordArgs) -> ProgressBar {
    let (bar, form) = match args.frames {
        Some(frames) => (
            ProgressBar::new(frames),
            "{bar:30} {pos} of {len} frames, {msg}",
        ),
        None => (
            ProgressBar::new_spinner(),
            "{spinner} {elapsed} {pos} frames, {msg}",
        ),
    };
    match ProgressStyle::with_template(form) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

#[cfg(test)]
mod tests;
