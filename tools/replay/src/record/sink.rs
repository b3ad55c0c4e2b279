//! Where what was heard is written down.

use core::sync::atomic::{AtomicU64, Ordering};
use std::fs::File;
use std::io::{self, BufWriter};
use std::net::SocketAddr;
use std::sync::Arc;

use jiff::Timestamp;
use narrowcast_hardware::capture::file::PcapNgFile;
use narrowcast_hardware::capture::reader::Captured;
use narrowcast_hardware::capture::{Direction, Routes, SerialEvent};
use tokio::sync::mpsc;

/// Most chunks that wait for the disk.
const QUEUE: usize = 4_096;

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
        let heard = Heard {
            at: Timestamp::now(),
            link: link.to_owned(),
            direction,
            ends,
            bytes: bytes.to_vec(),
        };
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
pub(crate) struct Sink {
    file: PcapNgFile<BufWriter<File>>,
    routes: Routes,
    /// Chunks written.
    pub(crate) frames: u64,
    /// Their bytes.
    pub(crate) bytes: u64,
}

impl Sink {
    pub(crate) fn new(file: BufWriter<File>) -> io::Result<Self> {
        Ok(Self {
            file: PcapNgFile::new(file, None)?,
            routes: Routes::default(),
            frames: 0,
            bytes: 0,
        })
    }

    pub(crate) fn write(&mut self, heard: Heard) -> io::Result<()> {
        let peers = heard.ends.map(|(source, destination)| {
            (
                self.routes.real_local(source, destination.ip()),
                self.routes.real_local(destination, source.ip()),
            )
        });
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
            comment: None,
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
