//! One station on its own, for a technician.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Context;
use narrowcast_protocol::air::{GroupId, RadioId};
use narrowcast_protocol::time::Instant;
use narrowcast_world::city::TALKGROUP;
use narrowcast_world::modem_site::ModemSite;
use narrowcast_world::radio::RadioConfig;
use narrowcast_world::repeater::RepeaterConfig;

use crate::air_log::AirLog;
use crate::roll::{Lines, Roll};
use crate::stations::{self, Clock, ModemLine, PING, RETRY};

/// What one station needs to know.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct StationArguments {
    /// Addresses of its radios, separated by commas.
    #[arg(long, value_delimiter = ',')]
    radios: Vec<u32>,
    /// Probability that a burst is lost.
    #[arg(long, default_value_t = 0.02)]
    loss: f64,
    /// Seed of everything by chance.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Where everything on the air is written as JSON lines.
    #[arg(long)]
    air_log: Option<PathBuf>,
    /// The first radio's user presses the emergency button after so many seconds.
    #[arg(long)]
    emergency_after: Option<u64>,
}

/// One repeater.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct RepeaterArguments {
    /// Where the master listens.
    #[arg(long)]
    master: SocketAddr,
    /// The id it logs in with.
    #[arg(long)]
    id: u32,
    /// The passphrase it logs in with.
    #[arg(long)]
    passphrase: String,
    /// The timeslot of its radios: 1 or 2.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=2))]
    slot: u8,
    #[command(flatten)]
    station: StationArguments,
}

/// One modem.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct ModemArguments {
    /// Where a link to the pseudo-terminal is made.
    #[arg(long)]
    link: PathBuf,
    /// Its number in the log.
    #[arg(long, default_value_t = 1)]
    id: u32,
    #[command(flatten)]
    station: StationArguments,
}

/// `narrowcast-sim repeater`: until Ctrl-C.
pub(crate) async fn repeater(arguments: RepeaterArguments) -> anyhow::Result<()> {
    let log = AirLog::open(arguments.station.air_log.as_deref())?;
    let radios = radios(&arguments.station)?;
    let config = RepeaterConfig {
        id: arguments.id,
        passphrase: arguments.passphrase,
        radios: if arguments.slot == 1 {
            [radios, Vec::new()]
        } else {
            [Vec::new(), radios]
        },
        loss: arguments.station.loss,
        retry: RETRY,
        ping: PING,
        seed: arguments.station.seed,
    };
    Lines::Output.say(&format!(
        "repeater {} calls {}; Ctrl-C ends",
        arguments.id, arguments.master
    ));
    let roll = Roll::of(Lines::Output, [(arguments.id, "repeater".to_owned())]);
    tokio::select! {
        ended = stations::repeater(Clock::start(), arguments.master, config, (log, roll)) => ended,
        signal = tokio::signal::ctrl_c() => signal.map_err(Into::into),
    }
}

/// `narrowcast-sim modem`: until Ctrl-C.
pub(crate) async fn modem(arguments: ModemArguments) -> anyhow::Result<()> {
    let log = AirLog::open(arguments.station.air_log.as_deref())?;
    let clock = Clock::start();
    let (loss, seed) = (arguments.station.loss, arguments.station.seed);
    let site = ModemSite::new(clock.now(), radios(&arguments.station)?, loss, seed);
    let line = ModemLine::open(&arguments.link)?;
    println!("modem at {}; Ctrl-C ends", arguments.link.display());
    let done = tokio::select! {
        ended = line.serve(clock, arguments.id, site, log) => ended,
        signal = tokio::signal::ctrl_c() => signal.map_err(Into::into),
    };
    let removed = std::fs::remove_file(&arguments.link);
    done.and_then(|()| removed.context("cannot remove the link to the pseudo-terminal"))
}

fn radios(arguments: &StationArguments) -> anyhow::Result<Vec<RadioConfig>> {
    let alarm = arguments
        .emergency_after
        .map(|seconds| Instant::from_millis(seconds.saturating_mul(1_000)));
    let radio = |(index, &number): (usize, &u32)| {
        let id = RadioId::new(number).context("--radios")?;
        Ok(RadioConfig {
            group: GroupId::new(TALKGROUP).ok(),
            emergency_at: alarm.filter(|_| index == 0),
            ..RadioConfig::new(id)
        })
    };
    arguments.radios.iter().enumerate().map(radio).collect()
}
