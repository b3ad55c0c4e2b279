//! `narrowcast ledger` and `narrowcast verify`: over the API, or offline on a directory.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Subcommand;
use indicatif::{ProgressBar, ProgressStyle};
use narrowcast::ledger::sled::SledLedger;
use narrowcast::ledger::{self, Ledger};
use narrowcast::model::ids::Seq;

use super::Access;
use super::client::Client;

#[derive(Debug, Subcommand)]
pub(super) enum LedgerCommand {
    /// Write every record as JSON lines; the file can be imported to the byte.
    Export {
        /// The file to write; it appears whole or not at all.
        file: PathBuf,
        /// Offline: the ledger's directory, of a server that is stopped.
        #[arg(long)]
        ledger: Option<PathBuf>,
        /// Offline: the jurisdiction whose ledger it is.
        #[arg(long, default_value = "default")]
        jurisdiction: String,
    },
    /// Import an export into an empty ledger. Offline only.
    Import {
        /// The file.
        file: PathBuf,
        /// The directory of the new ledger.
        #[arg(long)]
        ledger: PathBuf,
        /// The jurisdiction whose ledger it is.
        #[arg(long, default_value = "default")]
        jurisdiction: String,
    },
}

pub(super) fn run(access: &Access, command: LedgerCommand) -> anyhow::Result<ExitCode> {
    match command {
        LedgerCommand::Export {
            file,
            ledger: Some(dir),
            jurisdiction,
        } => {
            let mut ledger = open(&dir, &jurisdiction)?;
            let bar = bar(ledger.last());
            let count = ledger::export::export(&mut ledger, &file, |at| bar.set_position(at.0))?;
            bar.finish_and_clear();
            println!("exported {count} records to {}", file.display());
        }
        LedgerCommand::Export {
            file, ledger: None, ..
        } => {
            let text = super::online(async {
                Client::new(access)?
                    .text("ledger/export", "application/x-ndjson")
                    .await
            })?;
            write_whole(&file, &text)?;
            println!(
                "exported {} records to {}",
                text.lines().count(),
                file.display()
            );
        }
        LedgerCommand::Import {
            file,
            ledger: dir,
            jurisdiction,
        } => {
            let mut ledger = SledLedger::open(&dir, &jurisdiction, 1)?;
            let sound = ledger::export::import(&file, &mut ledger, |_| {})?;
            println!(
                "imported records {} to {} into {}",
                sound.first,
                sound.last,
                dir.display()
            );
        }
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn verify(
    access: &Access,
    dir: Option<PathBuf>,
    jurisdiction: &str,
) -> anyhow::Result<ExitCode> {
    let checked = match dir {
        Some(dir) => {
            let mut ledger = open(&dir, jurisdiction)?;
            let bar = bar(ledger.last());
            let checked = ledger::verify::verify(&mut ledger, |at| bar.set_position(at.0));
            bar.finish_and_clear();
            checked
        }
        None => {
            let text = super::online(async {
                Client::new(access)?
                    .text("ledger/export", "application/x-ndjson")
                    .await
            })?;
            let file = std::env::temp_dir()
                .join(format!("narrowcast-verify-{}.jsonl", std::process::id()));
            write_whole(&file, &text)?;
            let checked = ledger::export::check(&file);
            std::fs::remove_file(&file).ok();
            checked
        }
    };
    match checked {
        Ok(sound) => {
            println!(
                "chain sound from {} to {}, ends with {}",
                sound.first,
                sound.last,
                hex::encode(sound.hash)
            );
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => {
            eprintln!("{error}");
            Ok(ExitCode::FAILURE)
        }
    }
}

fn open(dir: &Path, jurisdiction: &str) -> anyhow::Result<SledLedger> {
    if !dir.join("db").exists() {
        bail!(
            "{} is no ledger: it has no file `db`; name the directory `<state_dir>/ledger`",
            dir.display()
        );
    }
    Ok(SledLedger::open(dir, jurisdiction, 1)?)
}

fn bar(last: Seq) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} facts")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(last.0).with_style(style)
}

fn write_whole(file: &Path, text: &str) -> anyhow::Result<()> {
    let partial = file.with_extension("partial");
    std::fs::write(&partial, text)
        .with_context(|| format!("cannot write {}", partial.display()))?;
    std::fs::rename(&partial, file).with_context(|| format!("cannot write {}", file.display()))
}
