//! `narrowcast-sim city`: the stations of a city, and what their server must know of them.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::Context;
use narrowcast_protocol::time::Instant;
use narrowcast_world::city::{City, city};

use crate::air_log::AirLog;
use crate::configuration;
use crate::roll::{Lines, Roll};
use crate::stations::{Clock, start};

/// The stations of a city.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct CityArguments {
    /// Where the server's Homebrew link listens.
    #[arg(long)]
    master: SocketAddr,
    /// The passphrase of every station.
    #[arg(long, default_value = "passw0rd")]
    passphrase: String,
    /// How many repeaters.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    repeaters: u32,
    /// How many radios on all of them together.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(..=100_000))]
    radios: u32,
    /// Probability that a burst is lost.
    #[arg(long, default_value_t = 0.02)]
    loss: f64,
    /// Seed of everything by chance.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Where a link to the modem's pseudo-terminal is made; no modem if left out.
    #[arg(long)]
    modem: Option<PathBuf>,
    /// Where everything on the air is written as JSON lines.
    #[arg(long)]
    air_log: Option<PathBuf>,
    /// The second radio's user presses the emergency button after so many seconds.
    #[arg(long)]
    emergency_after: Option<u64>,
    /// Write the roster as CSV to this file.
    #[arg(long)]
    roster: Option<PathBuf>,
    /// Write the configuration of the server that these stations need to this file ("-": to the
    /// standard output, everything else then goes to standard error).
    #[arg(long, value_name = "FILE")]
    print_config: Option<PathBuf>,
}

/// Until Ctrl-C, or a station cannot go on.
pub(crate) async fn run(arguments: CityArguments) -> anyhow::Result<()> {
    let clock = Clock::start();
    let emergency = arguments
        .emergency_after
        .map(|seconds| Instant::from_millis(seconds.saturating_mul(1_000)));
    let city = city(
        (arguments.repeaters, arguments.modem.is_some()),
        arguments.radios,
        emergency,
        arguments.seed,
    );
    if let Some(path) = &arguments.roster {
        std::fs::write(path, &city.roster)
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    let lines = print_config(&arguments, &city)?;
    let log = AirLog::open(arguments.air_log.as_deref())?;
    introduce(&arguments, &city, lines);
    let repeaters = city.stations.iter().filter(|station| !station.modem);
    let roll = Roll::of(
        lines,
        repeaters.map(|station| (station.id, station.name.clone())),
    );
    let mut tasks = start(
        clock,
        &city,
        arguments.master,
        &arguments.passphrase,
        arguments.modem.as_ref(),
        (arguments.loss, arguments.seed),
        (&log, &roll),
    )?;
    tokio::select! {
        Some(ended) = tasks.join_next() => ended?,
        signal = tokio::signal::ctrl_c() => signal.map_err(Into::into),
    }
}

/// Writes the server's configuration, if it is wanted; where lines for people go then. The
/// server's state is kept beside the file.
fn print_config(arguments: &CityArguments, city: &City) -> anyhow::Result<Lines> {
    let Some(path) = &arguments.print_config else {
        return Ok(Lines::Output);
    };
    let is_output = path.as_os_str() == "-";
    let beside = path.parent().filter(|_| !is_output);
    let text = configuration::whole(
        city,
        arguments.master,
        &arguments.passphrase,
        arguments.modem.as_deref(),
        beside.unwrap_or(Path::new("")).join("narrowcast-city"),
    )?;
    if is_output {
        std::io::stdout()
            .write_all(text.as_bytes())
            .context("cannot write the configuration to the standard output")?;
        return Ok(Lines::Error);
    }
    std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(Lines::Output)
}

/// Says what the server must know of the stations.
fn introduce(arguments: &CityArguments, city: &City, lines: Lines) {
    let (master, passphrase) = (arguments.master, &arguments.passphrase);
    for station in &city.stations {
        let (id, name) = (station.id, &station.name);
        let radios: usize = station.radios.iter().map(Vec::len).sum();
        let how = match &arguments.modem {
            Some(link) if station.modem => format!("modem at {}", link.display()),
            _ => format!("repeater, passphrase {passphrase}"),
        };
        lines.say(&format!("{id} {name}: {how}, {radios} radios"));
    }
    let modems = city.stations.iter().filter(|station| station.modem).count();
    let repeaters = city.stations.len() - modems;
    let modems = match modems {
        0 => "no modem".to_owned(),
        count => format!("{count} modem"),
    };
    let config = match &arguments.print_config {
        Some(path) if path.as_os_str() == "-" => String::new(),
        Some(path) => format!("; the server: narrowcast serve --config {}", path.display()),
        None => "; --print-config FILE writes the server's configuration".to_owned(),
    };
    lines.say(&format!(
        "{repeaters} repeaters that call {master}, {modems}, {} radios{config}; Ctrl-C ends",
        city.radios
    ));
}
