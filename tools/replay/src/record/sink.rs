//! Where what was heard is written down.

use core::sync::atomic::{AtomicU64, Ordering};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter};
use std::net::SocketAddr;
use std::sync::Arc;

use jiff::Timestamp;
use narrowcast_hardware::capture::file::PcapNgFile;
use narrowcast_hardware::capture::reader::Captured;
use narrowcast_hardware::capture::{Direction, Routes, SerialEvent};
use tokio::sync::mpsc;

use super::mask::{Mask, Masked};
use crate::filter::Sieve;
use crate::input::Raw;

/// Most chunks that wait for the disk.
const QUEUE: usize = 4_096;
/// What stands beside a log-in whose secret is not recorded.
const HIDDEN: &str = "the password or proof is not recorded: zeros stand in its place";

/// Takes what was heard, never waits, and counts what it cannot keep.
#[derive(Debug, Clone)]
pub(crate) struct Tap {
    queue: mpsc::Sender<Heard>,
    losses: Arc<Losses>,
}

#[derive(Debug, Default)]
struct Losses {
    unrecorded: AtomicU64,
    undelivered: AtomicU64,
}

/// One chunk.
#[derive(Debug)]
pub(crate) struct Heard {
    at: Timestamp,
    link: String,
    direction: Direction,
    /// Source and destination of a datagram.
    ends: Option<(SocketAddr, SocketAddr)>,
    bytes: Vec<u8>,
    /// Nothing was heard: a stream begins.
    begins: bool,
}

impl Tap {
    /// A tap, and what comes through it.
    pub(crate) fn new() -> (Self, mpsc::Receiver<Heard>) {
        let (queue, heard) = mpsc::channel(QUEUE);
        let losses = Arc::default();
        (Self { queue, losses }, heard)
    }

    pub(crate) fn record(
        &self,
        link: &str,
        direction: Direction,
        ends: Option<(SocketAddr, SocketAddr)>,
        bytes: &[u8],
    ) {
        self.put(Heard {
            at: Timestamp::now(),
            link: link.to_owned(),
            direction,
            ends,
            bytes: bytes.to_vec(),
            begins: false,
        });
    }

    /// A byte stream begins in this direction: its port was opened.
    pub(crate) fn begins(&self, link: &str, direction: Direction) {
        self.put(Heard {
            at: Timestamp::now(),
            link: link.to_owned(),
            direction,
            ends: None,
            bytes: Vec::new(),
            begins: true,
        });
    }

    fn put(&self, heard: Heard) {
        if self.queue.try_send(heard).is_err() {
            self.losses.unrecorded.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Something was recorded that the other side of a proxy did not take.
    pub(crate) fn not_delivered(&self) {
        self.losses.undelivered.fetch_add(1, Ordering::Relaxed);
    }

    /// Chunks that are not in the recording.
    pub(crate) fn unrecorded(&self) -> u64 {
        self.losses.unrecorded.load(Ordering::Relaxed)
    }

    /// What is lost so far, in words; empty when nothing is.
    pub(crate) fn losses(&self) -> String {
        [
            (&self.losses.unrecorded, "not recorded"),
            (&self.losses.undelivered, "not passed on"),
        ]
        .iter()
        .map(|(count, what)| (count.load(Ordering::Relaxed), what))
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!(", {count} chunks {what}"))
        .collect()
    }
}

/// The file.
#[derive(Debug)]
pub(crate) struct Sink<'a> {
    file: PcapNgFile<BufWriter<File>>,
    routes: Routes,
    /// Which datagrams are wanted.
    sieve: Sieve<'a>,
    /// Of each direction of a stream; none if secrets are kept.
    masks: Option<BTreeMap<(String, bool), Mask>>,
    /// Log-ins whose secrets are not in the recording.
    pub(crate) hidden: u64,
    /// Chunks written.
    pub(crate) frames: u64,
    /// Their bytes.
    pub(crate) bytes: u64,
}

impl<'a> Sink<'a> {
    /// Into this file, the datagrams that `sieve` takes; `secrets` keeps what log-ins to SMS centres prove themselves with.
    pub(crate) fn new(file: BufWriter<File>, secrets: bool, sieve: Sieve<'a>) -> io::Result<Self> {
        Ok(Self {
            file: PcapNgFile::new(file, None)?,
            routes: Routes::default(),
            sieve,
            masks: (!secrets).then(BTreeMap::new),
            hidden: 0,
            frames: 0,
            bytes: 0,
        })
    }

    pub(crate) fn write(&mut self, heard: Heard) -> io::Result<()> {
        let Some(masks) = self.masks.as_mut().filter(|_| heard.ends.is_none()) else {
            return match heard.begins {
                true => Ok(()),
                false => self.put(heard, false),
            };
        };
        let way = (heard.link.clone(), heard.direction == Direction::Inbound);
        let mask = masks.entry(way).or_default();
        let masked = match heard.begins {
            true => mask.end(),
            false => mask.take(&heard.bytes),
        };
        self.put_masked(heard, masked)
    }

    /// Writes what is held back: nothing follows.
    pub(crate) fn end(&mut self) -> io::Result<()> {
        for ((link, inbound), mut mask) in self.masks.take().unwrap_or_default() {
            let heard = Heard {
                at: Timestamp::now(),
                link,
                direction: match inbound {
                    true => Direction::Inbound,
                    false => Direction::Outbound,
                },
                ends: None,
                bytes: Vec::new(),
                begins: false,
            };
            self.put_masked(heard, mask.end())?;
        }
        Ok(())
    }

    fn put_masked(&mut self, heard: Heard, masked: Masked) -> io::Result<()> {
        if masked.bytes.is_empty() {
            return Ok(());
        }
        self.hidden += u64::from(masked.hidden);
        let bytes = masked.bytes;
        self.put(Heard { bytes, ..heard }, masked.hidden)
    }

    fn put(&mut self, heard: Heard, hidden: bool) -> io::Result<()> {
        let peers = heard.ends.map(|(source, destination)| {
            (
                self.routes.real_local(source, destination.ip()),
                self.routes.real_local(destination, source.ip()),
            )
        });
        if peers.is_some() {
            let raw = Raw {
                at: Some(heard.at),
                interface: heard.link.clone(),
                direction: Some(heard.direction),
                peers,
                bytes: heard.bytes.clone(),
                ..Raw::default()
            };
            if !self.sieve.takes_raw(&raw, None) {
                return Ok(());
            }
        }
        self.frames += 1;
        self.bytes += heard.bytes.len() as u64;
        self.file.write(&Captured {
            at: heard.at,
            interface: heard.link,
            description: None,
            linktype: 0,
            direction: Some(heard.direction),
            peers,
            segment: None,
            event: peers.is_none().then(|| SerialEvent::of(heard.direction)),
            payload: heard.bytes,
            comment: hidden.then(|| HIDDEN.to_owned()),
        })
    }

    /// Puts on record that the recording has gaps.
    pub(crate) fn admit_loss(&mut self, lost: u64) -> io::Result<()> {
        self.file.write(&Captured {
            at: Timestamp::now(),
            interface: "lost".to_owned(),
            description: None,
            linktype: 0,
            direction: None,
            peers: None,
            segment: None,
            event: Some(SerialEvent::CaptureDataLost),
            payload: Vec::new(),
            comment: Some(format!("{lost} chunks were not recorded")),
        })
    }

    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
