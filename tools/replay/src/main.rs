//! `narrowcast-replay`, the technician's frame tool.

mod convert;
mod decode;
mod diff;
mod encode;
mod faults;
mod filter;
mod input;
mod link;
mod play;
mod record;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Decode, make and play the frames of base-station links.
#[derive(Debug, Parser)]
#[command(name = "narrowcast-replay", version, max_term_width = 80)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Write down what goes over a link, or between two of them, as pcapng
    Record(record::RecordArgs),
    /// Show the frames of a capture or of hex lines
    Decode(decode::DecodeArgs),
    /// Write the frames that carry a text, as hex lines in sending order
    Encode(encode::EncodeArgs),
    /// Play a recording to a link
    Play(play::PlayArgs),
    /// Compare two recordings: exit 0 equal, 1 different, 2 unusable
    Diff(diff::DiffArgs),
    /// Write a recording as an annotated hex log, pcapng or pcap
    Convert(convert::ConvertArgs),
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Record(args) => record::run(&args),
        Command::Decode(args) => decode::run(&args),
        Command::Encode(args) => encode::run(&args),
        Command::Play(args) => play::run(&args),
        Command::Diff(args) => diff::run(&args),
        Command::Convert(args) => convert::run(&args),
    };
    match result {
        Ok(code) => code,
        Err(error) => {
            eprintln!("narrowcast-replay: {error:#}");
            ExitCode::from(2)
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn every_help_fits_eighty_columns_and_no_example_is_broken_by_it() {
        let mut command = Cli::command();
        command.build();
        for sub in command.get_subcommands_mut() {
            let name = sub.get_name().to_owned();
            let examples = sub.get_after_help().map(ToString::to_string);
            for help in [sub.render_help(), sub.render_long_help()] {
                let help = help.to_string();
                for line in help.lines() {
                    assert!(line.chars().count() <= 80, "{name}: {line}");
                }
                if let Some(examples) = &examples {
                    assert!(help.contains(examples.trim_end()), "{name}: {help}");
                }
            }
        }
    }
}
