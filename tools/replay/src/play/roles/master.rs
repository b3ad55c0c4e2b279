//! A master that a live repeater logs in to.

use core::time::Duration;
use std::hash::{BuildHasher as _, RandomState};

use anyhow::{Context as _, Result, bail};
use narrowcast_protocol::homebrew::auth::Passphrase;
use narrowcast_protocol::homebrew::message::{Message, Mstcl, Mstnak, Mstpong, Role, Rptack};
use tokio::time::Instant;

use super::Taken;
use crate::play::PlayArgs;
use crate::play::line::Line;

/// Repeaters in the field try again after 10 s, and give up on a master after 60 s.
const PATIENCE: Duration = Duration::from_secs(120);

/// The master's side of a session with one repeater.
#[derive(Debug)]
pub(crate) struct Master {
    passphrase: Passphrase,
    salt: [u8; 4],
    id: Option<u32>,
    is_proved: bool,
    is_configured: bool,
    left: bool,
}

impl Master {
    pub(super) fn new(args: &PlayArgs) -> Result<Self> {
        // Keyed at random by the system for every hasher.
        let random = RandomState::new().hash_one(0_u8).to_be_bytes();
        let [a, b, c, d, ..] = random;
        Ok(Self {
            passphrase: Passphrase::new(args.passphrase.as_bytes()).context("--passphrase")?,
            salt: [a, b, c, d],
            id: None,
            is_proved: false,
            is_configured: false,
            left: false,
        })
    }

    pub(super) fn id(&self) -> u32 {
        self.id.unwrap_or(0)
    }

    pub(super) async fn await_log_in(&mut self, line: &mut Line) -> Result<()> {
        if !line.is_listening() {
            bail!("repeaters log in to an own address: udp-listen:HOST:PORT");
        }
        line.forget_peer();
        eprintln!("waiting for a repeater to log in");
        let until = Instant::now() + PATIENCE;
        while !self.is_configured {
            let Some(heard) = line.hear(until).await? else {
                bail!("no repeater has logged in for {} s", PATIENCE.as_secs());
            };
            if let Taken::Session(Some(answer)) = self.take(&heard.raw.bytes) {
                line.send(&answer).await?;
            }
            if self.id.is_none() {
                // Something that is no log-in: somebody else may come.
                line.forget_peer();
            }
        }
        eprintln!("{} has logged in", self.id());
        Ok(())
    }

    pub(super) fn take(&mut self, bytes: &[u8]) -> Taken {
        let Ok(message) = Message::decode(bytes, Role::Client) else {
            return Taken::Script;
        };
        let is_known = |id| self.id == Some(id);
        let answer = match message {
            Message::Rptl(said) => {
                self.id = Some(said.id);
                self.is_proved = false;
                Rptack { value: self.salt }.encode()
            }
            Message::Rptk(said) => {
                self.is_proved =
                    is_known(said.id) && self.passphrase.accepts(self.salt, &said.digest);
                self.judged(said.id, self.is_proved)
            }
            Message::Rptc(said) => {
                self.is_configured = self.is_proved && is_known(said.id);
                self.judged(said.id, self.is_configured)
            }
            Message::Rpto(said) => self.judged(said.id, self.is_proved && is_known(said.id)),
            Message::Rptping(said) if self.is_proved && is_known(said.id) => {
                Mstpong { id: said.id }.encode()
            }
            Message::Rptping(said) => Mstnak { id: said.id }.encode(),
            Message::Rptcl(_) => {
                self.left = true;
                return Taken::Session(None);
            }
            _ => return Taken::Script,
        };
        Taken::Session(Some(answer.to_vec()))
    }

    fn judged(&self, id: u32, accepted: bool) -> bytes::Bytes {
        if accepted {
            let value = id.to_be_bytes();
            Rptack { value }.encode()
        } else {
            eprintln!("{id} is refused: wrong passphrase, or out of turn");
            Mstnak { id }.encode()
        }
    }

    pub(super) fn farewell(&self) -> Vec<u8> {
        Mstcl { id: self.id() }.encode().to_vec()
    }

    pub(super) fn trouble(&self) -> Option<String> {
        self.left.then(|| "the repeater left (RPTCL)".to_owned())
    }
}
