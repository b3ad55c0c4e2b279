//! A repeater that logs in to a live master.

use core::time::Duration;
use std::collections::VecDeque;

use anyhow::{Context as _, Result, bail};
use narrowcast_protocol::homebrew::auth::Passphrase;
use narrowcast_protocol::homebrew::message::{
    Message, Role, Rptc, Rptcl, Rptk, Rptl, Rpto, Rptping, Sent, Slots,
};
use tokio::time::Instant;

use super::Taken;
use crate::input::Raw;
use crate::play::PlayArgs;
use crate::play::line::Line;

/// A log-in step is asked for so often.
const TRIES: u32 = 3;
/// Masters drop a repeater that is silent for three of their own intervals, of 5 s at least.
const PING: Duration = Duration::from_secs(5);

/// The repeater's side of a session.
#[derive(Debug)]
pub(crate) struct Repeater {
    identity: Box<Rptc>,
    options: Option<String>,
    passphrase: Passphrase,
    timeout: Duration,
    last_ping: Instant,
    /// Pings without an answer yet; whether they were recorded ones.
    owed: VecDeque<bool>,
    refused: bool,
    closed: bool,
}

impl Repeater {
    /// The repeater whose frames `played` are, under the id that was asked for.
    pub(super) fn new(args: &PlayArgs, played: &[Raw]) -> Result<Self> {
        let mut identity = None;
        let mut options = None;
        let mut recorded = None;
        for raw in played {
            match Message::decode(&raw.bytes, Role::Client) {
                Ok(Message::Rptc(said)) => {
                    identity.get_or_insert(said);
                }
                Ok(Message::Rpto(said)) => options = Some(said.options),
                Ok(Message::Rptl(said)) => recorded = recorded.or(Some(said.id)),
                Ok(Message::Dmrd(said)) => recorded = recorded.or(Some(said.repeater)),
                _ => {}
            }
        }
        let id = args
            .id
            .or(recorded)
            .context("the recording names no repeater: say which with --id")?;
        let mut identity = identity.unwrap_or_else(|| Box::new(plain_identity(id)));
        identity.id = id;
        Ok(Self {
            identity,
            options,
            passphrase: Passphrase::new(args.passphrase.as_bytes()).context("--passphrase")?,
            timeout: args.timeout(),
            last_ping: Instant::now(),
            owed: VecDeque::new(),
            refused: false,
            closed: false,
        })
    }

    pub(super) fn id(&self) -> u32 {
        self.identity.id
    }

    pub(super) async fn log_in(&mut self, line: &mut Line) -> Result<()> {
        let id = self.id();
        let salt = self.step(line, "the log-in", &Rptl { id }.encode()).await?;
        let digest = self.passphrase.digest(salt);
        let proof = Rptk { id, digest }.encode();
        self.step(line, "the passphrase", &proof).await?;
        let identity = self.identity.encode();
        self.step(line, "the configuration", &identity).await?;
        if let Some(options) = self.options.clone() {
            let options = Rpto { id, options }.encode();
            self.step(line, "the options", &options).await?;
        }
        self.last_ping = Instant::now();
        eprintln!("logged in as {id}");
        Ok(())
    }

    /// Sends a log-in step until it is accepted; what the acceptance holds.
    async fn step(&self, line: &mut Line, what: &str, bytes: &[u8]) -> Result<[u8; 4]> {
        for _ in 0..TRIES {
            line.send(bytes).await?;
            let until = Instant::now() + self.timeout;
            while let Some(heard) = line.hear(until).await? {
                match Message::decode(&heard.raw.bytes, Role::Master) {
                    Ok(Message::Rptack(ack)) => return Ok(ack.value),
                    Ok(Message::Mstnak(_)) => {
                        bail!(
                            "{what} was refused (MSTNAK): is the id known and the passphrase right?"
                        )
                    }
                    _ => {}
                }
            }
        }
        bail!("{what} was not answered")
    }

    pub(super) fn sent(&mut self, bytes: &[u8]) {
        if bytes.starts_with(b"RPTPING") {
            self.ping(true);
        }
    }

    fn ping(&mut self, recorded: bool) {
        self.last_ping = Instant::now();
        self.owed.push_back(recorded);
    }

    pub(super) fn take(&mut self, bytes: &[u8]) -> Taken {
        match Message::decode(bytes, Role::Master) {
            Ok(Message::Mstpong(_)) => match self.owed.pop_front() {
                Some(false) => Taken::Session(None),
                Some(true) | None => Taken::Script,
            },
            // The answer to a step that was sent twice.
            Ok(Message::Rptack(_)) => Taken::Session(None),
            Ok(Message::Mstnak(_)) => {
                self.refused = true;
                Taken::Session(None)
            }
            Ok(Message::Mstcl(_)) => {
                self.closed = true;
                Taken::Script
            }
            _ => Taken::Script,
        }
    }

    pub(super) fn keep_alive(&mut self, now: Instant) -> (Option<Vec<u8>>, Option<Instant>) {
        if now < self.last_ping + PING {
            return (None, Some(self.last_ping + PING));
        }
        self.ping(false);
        let ping = Rptping { id: self.id() }.encode().to_vec();
        (Some(ping), Some(self.last_ping + PING))
    }

    pub(super) fn farewell(&self) -> Vec<u8> {
        Rptcl { id: self.id() }.encode().to_vec()
    }

    pub(super) fn trouble(&self) -> Option<String> {
        match self.owed.len() {
            _ if self.refused => Some("the master refused (MSTNAK)".to_owned()),
            _ if self.closed => Some("the master closed (MSTCL)".to_owned()),
            0 => None,
            owed => Some(format!("{owed} keep-alives were not answered")),
        }
    }
}

/// What a repeater says of itself when the recording does not.
pub(super) fn plain_identity(id: u32) -> Rptc {
    Rptc {
        id,
        callsign: "REPLAY".to_owned(),
        rx_frequency: Some(430_000_000),
        tx_frequency: Some(435_000_000),
        power: Some(1),
        color_code: Some(1),
        latitude: Some(0.0),
        longitude: Some(0.0),
        height: Some(0),
        location: String::new(),
        description: "replay".to_owned(),
        slots: Slots::Both,
        url: String::new(),
        software: "narrowcast-replay".to_owned(),
        package: String::new(),
        sent: Sent::default(),
    }
}
