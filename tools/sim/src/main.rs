//! Base stations and radios without radio, behind real UDP sockets and pseudo-terminals.

mod air_log;
mod api;
mod city;
mod configuration;
mod demo;
mod roll;
mod server;
mod single;
mod sms;
mod stations;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Base stations and radios without radio.
#[derive(Debug, Parser)]
#[command(name = "narrowcast-sim", version, max_term_width = 80)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run a server on a temporary ledger beside a small city, and show the main job.
    Demo(demo::DemoArguments),
    /// Run the stations of a city against a server that runs already.
    City(CityArguments),
    /// Run one repeater with radios.
    Repeater(RepeaterArguments),
    /// Run one modem with radios on a pseudo-terminal.
    Modem(ModemArguments),
    /// Run an operator's SMS centre (SMPP) or gateway (CMPP) on a TCP port.
    Sms(Box<sms::SmsArguments>),
}

/// What one station needs to know.
#[derive(Debug, Clone, clap::Args)]
struct StationArguments {
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
struct RepeaterArguments {
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
struct ModemArguments {
    /// Where a link to the pseudo-terminal is made.
    #[arg(long)]
    link: PathBuf,
    /// Its number in the log.
    #[arg(long, default_value_t = 1)]
    id: u32,
    #[command(flatten)]
    station: StationArguments,
}

/// The stations of a city.
#[derive(Debug, Clone, clap::Args)]
struct CityArguments {
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

fn main() -> ExitCode {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("narrowcast-sim: cannot start the runtime: {error}");
            return ExitCode::FAILURE;
        }
    };
    let done = runtime.block_on(async {
        match Arguments::parse().command {
            Command::Demo(arguments) => demo::run(arguments).await,
            Command::City(arguments) => city::run(arguments).await.map(|()| true),
            Command::Repeater(arguments) => single::repeater(arguments).await.map(|()| true),
            Command::Modem(arguments) => single::modem(arguments).await.map(|()| true),
            Command::Sms(arguments) => sms::run(*arguments).await.map(|()| true),
        }
    });
    runtime.shutdown_background();
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("narrowcast-sim: {error:#}");
            ExitCode::FAILURE
        }
    }
}
