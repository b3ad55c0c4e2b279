//! What one side of a conversation does besides saying what was recorded.

mod master;
mod repeater;
mod sms;

use anyhow::Result;
use tokio::time::Instant;

use super::PlayArgs;
use super::line::Line;
use crate::decode::{Kind, Station};
use crate::input::Raw;
use master::Master;
use repeater::Repeater;
use sms::Sms;

/// What a frame of the other side is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// Part of what was recorded, to be compared.
    Script,
    /// Part of keeping the session; here is the answer, if it needs one.
    Session(Option<Vec<u8>>),
}

/// Who plays.
#[derive(Debug)]
pub(super) enum Role {
    /// Somebody without a session: says what was recorded and nothing else.
    Plain,
    /// A repeater, which logs in for itself.
    Repeater(Repeater),
    /// A master, to which a repeater logs in.
    Master(Master),
    /// A client or operator of an SMS link, over a stream.
    Sms(Sms),
}

impl Role {
    /// Who speaks for `station` in a recording; nobody in particular without log-in.
    pub(super) fn of(station: Option<Station>, args: &PlayArgs, played: &[Raw]) -> Result<Self> {
        let mut kinds = played.iter().filter_map(|raw| Kind::guess(&raw.bytes));
        if let Some(kind) = kinds.find(|kind| kind.is_sms()) {
            return Ok(Self::Sms(Sms::new(kind, args)));
        }
        Ok(match station {
            None => Self::Plain,
            Some(Station::Client) => Self::Repeater(Repeater::new(args, played)?),
            Some(Station::Master) => Self::Master(Master::new(args)?),
        })
    }

    /// Makes the session.
    pub(super) async fn begin(&mut self, line: &mut Line) -> Result<()> {
        match self {
            // The log-in of an SMS link is part of the script.
            Self::Plain | Self::Sms(_) => Ok(()),
            Self::Repeater(repeater) => repeater.log_in(line).await,
            Self::Master(master) => master.await_log_in(line).await,
        }
    }

    /// Whether a recorded frame is said and expected again; the session's own are made anew.
    pub(super) fn is_scripted(&self, bytes: &[u8]) -> bool {
        const LOG_IN: [&[u8]; 6] = [b"RPTL", b"RPTK", b"RPTO", b"RPTC", b"RPTACK", b"MSTNAK"];
        const KEEP_ALIVE: [&[u8]; 2] = [b"RPTPING", b"MSTPONG"];
        let begins = |names: &[&[u8]]| names.iter().any(|name| bytes.starts_with(name));
        match self {
            Self::Plain => true,
            Self::Sms(sms) => !sms.is_keep_alive(bytes),
            Self::Repeater(_) => !begins(&LOG_IN),
            Self::Master(_) => !begins(&LOG_IN) && !begins(&KEEP_ALIVE),
        }
    }

    /// A recorded or heard frame under the id of this session.
    pub(super) fn rewritten(&self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Self::Plain | Self::Sms(_) => bytes.to_vec(),
            Self::Repeater(repeater) => with_id(bytes, repeater.id()),
            Self::Master(master) => with_id(bytes, master.id()),
        }
    }

    /// A frame that is said, with what must be of this moment.
    pub(super) fn fresh(&mut self, bytes: Vec<u8>) -> Vec<u8> {
        match self {
            Self::Sms(sms) => sms.fresh(bytes),
            _ => bytes,
        }
    }

    /// Takes notice of what is sent.
    pub(super) fn sent(&mut self, bytes: &[u8]) {
        if let Self::Repeater(repeater) = self {
            repeater.sent(bytes);
        }
    }

    /// Takes notice of what the other side says.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Taken {
        match self {
            Self::Plain => Taken::Script,
            Self::Sms(sms) => sms.take(bytes),
            Self::Repeater(repeater) => repeater.take(bytes),
            Self::Master(master) => master.take(bytes),
        }
    }

    /// What must be said so that the session stays, and when this is to be asked again.
    pub(super) fn keep_alive(&mut self, now: Instant) -> (Option<Vec<u8>>, Option<Instant>) {
        match self {
            Self::Repeater(repeater) => repeater.keep_alive(now),
            Self::Plain | Self::Master(_) | Self::Sms(_) => (None, None),
        }
    }

    /// What is said last.
    pub(super) fn farewell(&self) -> Option<Vec<u8>> {
        match self {
            Self::Plain | Self::Sms(_) => None,
            Self::Repeater(repeater) => Some(repeater.farewell()),
            Self::Master(master) => Some(master.farewell()),
        }
    }

    /// Why the session was none, if it was not.
    pub(super) fn trouble(&self) -> Option<String> {
        match self {
            Self::Plain | Self::Sms(_) => None,
            Self::Repeater(repeater) => repeater.trouble(),
            Self::Master(master) => master.trouble(),
        }
    }
}

/// A Homebrew datagram with another repeater id.
fn with_id(bytes: &[u8], id: u32) -> Vec<u8> {
    let mut out = bytes.to_vec();
    let at = match bytes {
        [b'D', b'M', b'R', b'D', ..] => 11,
        [b'R', b'P', b'T', b'P', b'I', b'N', b'G', ..]
        | [b'M', b'S', b'T', b'P', b'O', b'N', b'G', ..] => 7,
        [b'M', b'S', b'T', b'C', b'L', ..] => 5,
        [b'R', b'P', b'T', b'G', ..] | [b'D', b'M', b'R', b'A' | b'G', ..] => 4,
        _ => return out,
    };
    if let Some(place) = out.get_mut(at..at + 4) {
        place.copy_from_slice(&id.to_be_bytes());
    }
    out
}

#[cfg(test)]
pub(super) fn tests_identity() -> narrowcast_protocol::homebrew::message::Rptc {
    repeater::plain_identity(1)
}
