//! `narrowcast-replay`, the technician's frame tool.

mod compare;
mod decode;
mod encode;
mod faults;
mod input;
mod play;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use decode::Kind;

/// Decode, make and play the frames of base-station links.
#[derive(Debug, Parser)]
#[command(name = "narrowcast-replay", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show the frames of a capture or of hex lines
    Decode(DecodeArgs),
    /// Write the frames that carry a text, as hex lines in sending order
    Encode(encode::EncodeArgs),
    /// Play a recording to a link
    Play(play::PlayArgs),
    /// Compare two recordings: exit 0 equal, 1 different, 2 unusable
    Diff(compare::DiffArgs),
    /// Write a recording as an annotated hex log
    Convert(compare::ConvertArgs),
}

#[derive(Debug, Args)]
struct DecodeArgs {
    /// One JSON object per frame instead of trees
    #[arg(long)]
    json: bool,
    /// What the frames are; guessed from each frame when left out
    #[arg(long = "as", value_name = "KIND")]
    kind: Option<Kind>,
    /// Also put text messages together
    #[arg(long)]
    reassemble: bool,
    /// Read the CSBKs of base stations as those of a trunked control channel
    #[arg(long)]
    tier3: bool,
    /// pcap, pcapng, or hex lines; standard input when left out
    file: Option<PathBuf>,
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Decode(args) => decode::run(
            args.file.as_deref(),
            &decode::Settings {
                json: args.json,
                kind: args.kind,
                reassemble: args.reassemble,
                trunked: args.tier3,
            },
        ),
        Command::Encode(args) => encode::run(&args),
        Command::Play(args) => play::run(&args),
        Command::Diff(args) => compare::diff(&args),
        Command::Convert(args) => compare::convert(&args),
    };
    match result {
        Ok(code) => code,
        Err(error) => {
            eprintln!("narrowcast-replay: {error:#}");
            ExitCode::from(2)
        }
    }
}
