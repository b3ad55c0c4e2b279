//! The command line. All but `serve`, `config`, `check-config`, `doctor`, `cap` and the
//! offline forms of `verify` and `ledger` are clients of the API.

mod access;
mod alarm;
mod alert;
mod cap;
mod client;
mod doctor;
mod emergency;
mod ledger;
mod output;
mod probe;
mod roster;
mod serve;
mod simulate;
mod sink;
mod sms;
mod station;
mod token;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::cli::access::{Access, online};

/// Narrowband radio messaging and alerting server.
#[derive(Debug, Parser)]
#[command(name = "narrowcast", version, max_term_width = 80)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    access: Access,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server.
    Serve {
        /// The configuration file.
        #[arg(long, default_value = "/etc/narrowcast.toml")]
        config: PathBuf,
        /// Start with what is there of a ledger that lost its end; its files are copied aside.
        #[arg(long)]
        salvage: bool,
    },
    /// Print the commented default configuration.
    Config,
    /// Check a configuration file and say everything that is wrong with it.
    CheckConfig {
        /// The configuration file.
        #[arg(default_value = "/etc/narrowcast.toml")]
        config: PathBuf,
    },
    /// Send alerts and see where they stand.
    #[command(subcommand)]
    Alert(alert::AlertCommand),
    /// Radios, people and groups.
    #[command(subcommand)]
    Roster(roster::RosterCommand),
    /// Distress calls.
    #[command(subcommand)]
    Emergency(emergency::EmergencyCommand),
    /// Alarms of sensors at hazard sites.
    #[command(subcommand)]
    Alarm(alarm::AlarmCommand),
    /// Base stations and modems.
    #[command(subcommand)]
    Station(station::StationCommand),
    /// What is fed with events: webhooks.
    #[command(subcommand)]
    Sink(sink::SinkCommand),
    /// Check CAP documents.
    #[command(subcommand)]
    Cap(cap::CapCommand),
    /// SMS routes.
    #[command(subcommand)]
    Sms(sms::SmsCommand),
    /// Access tokens.
    #[command(subcommand)]
    Token(token::TokenCommand),
    /// Export and import the ledger.
    #[command(subcommand)]
    Ledger(ledger::LedgerCommand),
    /// Check the ledger's hash chain.
    Verify(ledger::VerifyArguments),
    /// Run the server inside a simulated world, in virtual time.
    Simulate(simulate::SimulateArguments),
    /// Look for what keeps this installation from working.
    Doctor {
        /// The configuration file.
        #[arg(long, default_value = "/etc/narrowcast.toml")]
        config: PathBuf,
    },
}

/// Does what was asked.
pub(crate) fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let access = arguments.access;
    match arguments.command {
        Command::Serve { config, salvage } => serve::serve(&config, salvage),
        Command::Config => {
            output::write(narrowcast::config::DOCUMENTED);
            Ok(ExitCode::SUCCESS)
        }
        Command::CheckConfig { config } => serve::check(&access, &config),
        Command::Ledger(command) => ledger::run(&access, command),
        Command::Verify(arguments) => ledger::verify(&access, &arguments),
        Command::Simulate(arguments) => simulate::run(&access, &arguments),
        Command::Doctor { config } => doctor::run(&access, &config),
        Command::Cap(command) => cap::run(&access, command),
        Command::Alert(command) => online(alert::run(&access, command)),
        Command::Roster(command) => online(roster::run(&access, command)),
        Command::Emergency(command) => online(emergency::run(&access, command)),
        Command::Alarm(command) => online(alarm::run(&access, command)),
        Command::Station(command) => online(station::run(&access, command)),
        Command::Sink(command) => online(sink::run(&access, command)),
        Command::Sms(command) => online(sms::run(&access, command)),
        Command::Token(command) => online(token::run(&access, command)),
    }
}

/// An error as one harmless line.
pub(crate) fn complaint(error: &anyhow::Error) -> String {
    format!("narrowcast: {}", output::safe_lines(&format!("{error:#}")))
}
