//! The files of a ring.

use core::time::Duration;
use std::collections::VecDeque;
use std::fs::{self, DirBuilder, File};
use std::io::{self, BufWriter};
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;
use std::time::Instant;

use jiff::Timestamp;

use super::super::file;
use super::super::route::Routes;
use super::super::writer::{Content, FileWriter};
use super::super::{Direction, SerialEvent};
use super::config::CaptureConfig;
use super::records::{Chunk, Records, Source};

/// After a failure the disk is left in peace for so long.
const PAUSE: Duration = Duration::from_secs(1);
/// What a record may cost beyond its bytes: blocks, headers, options, a new interface.
const OVERHEAD: u64 = 512;

/// The files of a ring, the newest of them open.
pub(super) struct Files {
    config: CaptureConfig,
    /// Boxed because it is taken and put back for each record.
    current: Option<Box<Current>>,
    finished: VecDeque<PathBuf>,
    pause_until: Option<Instant>,
    routes: Routes,
    /// When the newest record was made: what the age of a file is measured by.
    now: Instant,
}

struct Current {
    path: PathBuf,
    begun: Instant,
    writer: FileWriter<BufWriter<File>>,
}

/// The ring's files, oldest first.
pub(super) fn list(config: &CaptureConfig) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(&config.directory)? {
        let entry = entry?;
        let name = entry.file_name();
        let ours = name.to_str().is_some_and(|name| {
            name.strip_prefix(&config.prefix)
                .and_then(|rest| rest.strip_prefix('-'))
                .is_some_and(|rest| rest.ends_with(".pcapng"))
        });
        if ours {
            files.push(entry.path());
        }
    }
    files.sort();
    Ok(files)
}

impl Files {
    pub(super) fn open(config: &CaptureConfig) -> io::Result<Self> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&config.directory)?;
        Ok(Self {
            finished: list(config)?.into(),
            config: config.clone(),
            current: None,
            pause_until: None,
            routes: Routes::default(),
            now: Instant::now(),
        })
    }

    pub(super) fn is_paused(&self) -> bool {
        self.pause_until.is_some()
    }

    /// Writes records until one fails; `written` counts them.
    pub(super) fn record(
        &mut self,
        records: &Records,
        clock_step: Option<i64>,
        written: &mut u64,
    ) -> io::Result<()> {
        self.now = records.monotonic;
        let mut comment = clock_step.map(|ms| format!("the wall clock was set by {ms} ms"));
        for chunk in &records.chunks {
            self.chunk(records, chunk, comment.take())?;
            *written += 1;
        }
        Ok(())
    }

    fn chunk(
        &mut self,
        records: &Records,
        chunk: &Chunk,
        mut comment: Option<String>,
    ) -> io::Result<()> {
        let content = match chunk.ends {
            Some(ends) => {
                let local = self.routes.real_local(ends.local, ends.peer.ip());
                if local.ip().is_unspecified() {
                    comment = Some("own address unknown".to_owned());
                }
                let (source, destination) = match records.direction {
                    Direction::Inbound => (ends.peer, local),
                    Direction::Outbound => (local, ends.peer),
                };
                Content::Datagram {
                    source,
                    destination,
                    payload: &chunk.bytes,
                }
            }
            None => Content::Serial {
                event: SerialEvent::of(records.direction),
                bytes: &chunk.bytes,
            },
        };
        let source = &records.source;
        let direction = Some(records.direction);
        self.write(
            &source.name,
            source,
            records.at,
            direction,
            &content,
            comment.as_deref(),
        )
    }

    /// Puts a loss on record, on an interface of its own: that of a datagram link has no
    /// such record.
    pub(super) fn admit_loss(&mut self, source: &Source, lost: u64) -> io::Result<()> {
        let content = Content::Serial {
            event: SerialEvent::CaptureDataLost,
            bytes: &[],
        };
        self.now = Instant::now();
        let comment = format!("{lost} chunks of {} were not recorded", source.name);
        let interface = format!("{}:lost", source.name);
        let at = Timestamp::now();
        self.write(&interface, source, at, None, &content, Some(&comment))
    }

    pub(super) fn flush(&mut self) -> io::Result<()> {
        let flushed = match &mut self.current {
            Some(current) => current.writer.flush(),
            None => Ok(()),
        };
        self.mind(flushed)
    }

    fn write(
        &mut self,
        interface: &str,
        source: &Source,
        at: Timestamp,
        direction: Option<Direction>,
        content: &Content<'_>,
        comment: Option<&str>,
    ) -> io::Result<()> {
        if let Some(until) = self.pause_until {
            if Instant::now() < until {
                return Err(io::Error::other("waiting after a failure"));
            }
            self.pause_until = None;
        }
        let bytes = match content {
            Content::Datagram { payload, .. } => payload.len(),
            Content::Serial { bytes, .. } => bytes.len(),
        };
        let size = OVERHEAD + bytes as u64;
        let written = self.file_for(size).and_then(|current| {
            let description = &source.description;
            let writer = &mut current.writer;
            writer.write(interface, description, at, direction, content, comment)
        });
        self.mind(written)
    }

    /// After a failure the file is given up, and with it what its buffer held.
    fn mind(&mut self, outcome: io::Result<()>) -> io::Result<()> {
        if outcome.is_err() {
            if let Some(current) = self.current.take() {
                self.finished.push_back(current.path);
            }
            self.pause_until = Some(Instant::now() + PAUSE);
        }
        outcome
    }

    fn file_for(&mut self, size: u64) -> io::Result<&mut Current> {
        let full = self.current.as_ref().is_some_and(|current| {
            current.writer.size() + size > self.config.file_bytes
                || self.now.saturating_duration_since(current.begun) >= self.config.file_age
        });
        if full && let Some(mut current) = self.current.take() {
            let flushed = current.writer.flush();
            self.finished.push_back(current.path);
            flushed?;
        }
        let current = match self.current.take() {
            Some(current) => current,
            None => self.begin()?,
        };
        Ok(self.current.insert(current))
    }

    fn begin(&mut self) -> io::Result<Box<Current>> {
        // Room is made before it is needed, so that the bound holds at every moment.
        while self.finished.len() >= self.config.files {
            if let Some(oldest) = self.finished.pop_front() {
                match fs::remove_file(oldest) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                    _ => {}
                }
            }
        }
        let begun = Timestamp::now().strftime("%Y%m%dT%H%M%S%.6fZ");
        let name = format!("{}-{begun}.pcapng", self.config.prefix);
        let path = self.config.directory.join(name);
        Ok(Box::new(Current {
            writer: FileWriter::new(file::create(&path)?, None)?,
            path,
            begun: Instant::now(),
        }))
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        if let Some(current) = &mut self.current {
            // The last chance; the writer has tried every 200 ms before.
            let _flushed = current.writer.flush();
        }
    }
}
