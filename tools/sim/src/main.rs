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
    City(city::CityArguments),
    /// Run one repeater with radios.
    Repeater(single::RepeaterArguments),
    /// Run one modem with radios on a pseudo-terminal.
    Modem(single::ModemArguments),
    /// Run an operator's SMS centre (SMPP) or gateway (CMPP) on a TCP port.
    Sms(Box<sms::SmsArguments>),
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
