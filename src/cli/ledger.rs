//! `narrowcast ledger` and `narrowcast verify`: over the API, or offline on a directory.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use futures_util::StreamExt;
use indicatif::{ProgressBar, ProgressStyle};
use narrowcast::ledger::sled::SledLedger;
use narrowcast::ledger::verify::Sound;
use narrowcast::ledger::{self, Ledger};
use narrowcast::model::ids::Seq;
use serde_json::json;

use super::access::Access;
use super::client::Client;
use super::output::print;
use super::probe::probe;

#[derive(Debug, Subcommand)]
pub(super) enum LedgerCommand {
    /// Write every record as JSON lines; the file can be imported to the byte.
    Export {
        /// The file to write; must not exist yet.
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
    /// Let the running server check the whole ledger now, slowly. What it finds stands in
    /// health: see `doctor`.
    Scrub,
    /// Take note of what salvages of the ledger could not recover.
    AcknowledgeSalvage,
    /// Open a ledger of a stopped server, and say whether its end is there. `verify` reads it all.
    Check {
        /// The ledger's directory.
        ledger: PathBuf,
        /// The jurisdiction whose ledger it is.
        #[arg(long, default_value = "default")]
        jurisdiction: String,
    },
}

/// A ledger that can be opened.
fn check(access: &Access, ledger: &SledLedger, dir: &Path) {
    let (first, last) = (ledger.first().0, ledger.last().0);
    let value = json!({"ok": true, "first": first, "last": last});
    print(access, &value, |_| {
        format!(
            "{} can be opened: records {first} to {last}, nothing is missing at its end",
            dir.display()
        )
    });
}

/// What `verify` checks.
#[derive(Debug, Args)]
pub(super) struct VerifyArguments {
    /// Offline: the ledger's directory, of a server that is stopped.
    #[arg(long)]
    ledger: Option<PathBuf>,
    /// Offline: the jurisdiction whose ledger it is.
    #[arg(long, default_value = "default")]
    jurisdiction: String,
    /// Offline: an exported file.
    #[arg(long, conflicts_with = "ledger")]
    file: Option<PathBuf>,
}

pub(super) fn run(access: &Access, command: LedgerCommand) -> anyhow::Result<ExitCode> {
    match command {
        LedgerCommand::Export {
            file,
            ledger: dir,
            jurisdiction,
        } => {
            if file.exists() {
                bail!("{} exists already: name another file", file.display());
            }
            match dir {
                Some(dir) => {
                    probe(&dir, &jurisdiction)?;
                    let mut ledger = open(&dir, &jurisdiction)?;
                    let bar = bar(ledger.last());
                    ledger::export::export(&mut ledger, &file, |at| bar.set_position(at.0))?;
                    bar.finish_and_clear();
                }
                None => super::access::online(download(access, &file))?,
            }
            let sound = ledger::export::check(&file)?;
            report(access, &sound, &format!("exported to {}", file.display()));
        }
        LedgerCommand::Import {
            file,
            ledger: dir,
            jurisdiction,
        } => {
            let mut ledger = SledLedger::open(&dir, &jurisdiction, 1)?;
            let bar = ProgressBar::new_spinner();
            let sound = ledger::export::import(&file, &mut ledger, |at| bar.set_position(at.0))?;
            bar.finish_and_clear();
            report(access, &sound, &format!("imported into {}", dir.display()));
        }
        LedgerCommand::Scrub => {
            let empty = json!({});
            super::access::online(async {
                Client::new(access)?.post("ledger/scrub", &empty).await
            })?;
            print(access, &json!({"ok": true}), |_| {
                "the ledger is being checked; `narrowcast doctor` says what is found".to_owned()
            });
        }
        LedgerCommand::AcknowledgeSalvage => {
            let path = "ledger/salvage/acknowledge";
            let empty = json!({});
            let done =
                super::access::online(async { Client::new(access)?.post(path, &empty).await })?;
            print(access, &done, |done| {
                format!("noted as record {}", super::output::cell(done, "seq"))
            });
        }
        LedgerCommand::Check {
            ledger: dir,
            jurisdiction,
        } => check(access, &open(&dir, &jurisdiction)?, &dir),
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn verify(access: &Access, arguments: &VerifyArguments) -> anyhow::Result<ExitCode> {
    let sound = match (&arguments.file, &arguments.ledger) {
        (Some(file), _) => ledger::export::check(file)?,
        (None, Some(dir)) => {
            probe(dir, &arguments.jurisdiction)?;
            let mut ledger = open(dir, &arguments.jurisdiction)?;
            let bar = bar(ledger.last());
            let checked = ledger::verify::verify(&mut ledger, |at| bar.set_position(at.0));
            bar.finish_and_clear();
            checked?
        }
        (None, None) => {
            let name = format!("narrowcast-verify-{}.jsonl", ulid::Ulid::generate());
            let file = std::env::temp_dir().join(name);
            let downloaded = super::access::online(download(access, &file));
            let checked = downloaded.and_then(|()| Ok(ledger::export::check(&file)?));
            std::fs::remove_file(&file).ok();
            checked?
        }
    };
    report(access, &sound, "the chain is sound");
    Ok(ExitCode::SUCCESS)
}

/// The server's export, as it comes, into a new file that only its owner can read.
async fn download(access: &Access, file: &Path) -> anyhow::Result<()> {
    let response = Client::new(access)?.stream("ledger/export").await?;
    let unwritable = || format!("cannot write {}", file.display());
    let mut out = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(file)
        .with_context(unwritable)?;
    let bar = ProgressBar::new_spinner();
    let mut chunks = response.bytes_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.context("the export broke off; see the server's log, then try again")?;
        out.write_all(&chunk).with_context(unwritable)?;
        bar.inc(chunk.len() as u64);
    }
    bar.finish_and_clear();
    out.sync_all().with_context(unwritable)
}

fn report(access: &Access, sound: &Sound, what: &str) {
    let hash = hex::encode(sound.hash);
    let (first, last) = (sound.first.0, sound.last.0);
    let value = json!({"ok": true, "first": first, "last": last, "hash": hash});
    print(access, &value, |_| {
        format!("{what}: records {first} to {last}, the last hash is {hash}")
    });
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
