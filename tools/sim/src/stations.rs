//! Simulated stations on real sockets and pseudo-terminals.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use narrowcast_protocol::air::Slot;
use narrowcast_protocol::time::Instant;
use narrowcast_world::city::City;
use narrowcast_world::modem_site::{ModemSite, SiteEvent};
use narrowcast_world::repeater::{Repeater, RepeaterConfig, RepeaterEvent};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UdpSocket;
use tokio_serial::{SerialPort, SerialStream};

use crate::air_log::AirLog;
use crate::roll::Roll;

/// A log-in is tried this often: the real ones wait ten times longer.
pub(crate) const RETRY: Duration = Duration::from_secs(1);

/// Keep-alives as real repeaters send them.
pub(crate) const PING: Duration = Duration::from_secs(10);

/// A line that nobody has opened is looked at again after this long.
const UNPLUGGED: Duration = Duration::from_millis(50);

/// The wall of virtual time: instants since the simulation began.
#[derive(Clone, Copy)]
pub(crate) struct Clock(tokio::time::Instant);

impl Clock {
    pub(crate) fn start() -> Self {
        Self(tokio::time::Instant::now())
    }

    pub(crate) fn now(self) -> Instant {
        Instant::ZERO + self.0.elapsed()
    }

    pub(crate) async fn until(self, at: Instant) {
        tokio::time::sleep_until(self.0 + at.since(Instant::ZERO)).await;
    }
}

/// A repeater on a socket of its own, until the task is dropped.
pub(crate) async fn repeater(
    clock: Clock,
    master: SocketAddr,
    config: RepeaterConfig,
    (log, roll): (AirLog, Roll),
) -> anyhow::Result<()> {
    let id = config.id;
    let local = if master.is_ipv4() {
        "0.0.0.0:0"
    } else {
        "[::]:0"
    };
    let socket = UdpSocket::bind(local)
        .await
        .context("cannot open a UDP socket")?;
    socket
        .connect(master)
        .await
        .with_context(|| format!("cannot reach {master}"))?;
    let mut repeater = Repeater::new(config)?;
    repeater.opened(clock.now());
    let mut buffer = [0; 2_048];
    loop {
        while let Some(event) = repeater.poll() {
            match event {
                // A refused datagram means only that the master is not there yet.
                RepeaterEvent::Send(bytes) => drop(socket.send(&bytes).await),
                RepeaterEvent::LoggedIn(is_in) => roll.logged_in(id, is_in),
                RepeaterEvent::NotLoggedIn(why) => roll.not_logged_in(id, why),
                RepeaterEvent::Air { slot, event, .. } => log.write(id, slot, &event),
            }
        }
        tokio::select! {
            read = socket.recv(&mut buffer) => match read {
                Ok(length) => {
                    let datagram = buffer.get(..length).unwrap_or_default();
                    repeater.receive(clock.now(), datagram);
                }
                Err(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => {
                    roll.not_logged_in(id, &format!("nobody listens at {master}"));
                }
                Err(_) => {}
            },
            () = clock.until(repeater.deadline()) => repeater.tick(clock.now()),
        }
    }
}

/// A modem on a pseudo-terminal to which a link leads, until the task is dropped.
pub(crate) struct ModemLine {
    ours: SerialStream,
    /// Holds the far end open without claiming it: a line without a far end reports a
    /// hang-up without pause.
    _theirs: std::fs::File,
}

impl ModemLine {
    /// Makes the pseudo-terminal and the link to it.
    pub(crate) fn open(link: &Path) -> anyhow::Result<Self> {
        let (ours, mut theirs) = SerialStream::pair().context("cannot make a pseudo-terminal")?;
        let device = theirs.name().context("the pseudo-terminal has no name")?;
        // The server wants the device for itself.
        theirs
            .set_exclusive(false)
            .context("cannot share the pseudo-terminal")?;
        let held = std::fs::File::open(&device).with_context(|| format!("cannot open {device}"))?;
        drop(theirs);
        if link.symlink_metadata().is_ok() {
            std::fs::remove_file(link)
                .with_context(|| format!("cannot replace {}", link.display()))?;
        }
        std::os::unix::fs::symlink(&device, link)
            .with_context(|| format!("cannot make {}", link.display()))?;
        Ok(Self {
            ours,
            _theirs: held,
        })
    }

    pub(crate) async fn serve(
        mut self,
        clock: Clock,
        id: u32,
        mut site: ModemSite,
        log: AirLog,
    ) -> anyhow::Result<()> {
        let mut buffer = [0; 1_024];
        loop {
            while let Some(event) = site.poll() {
                match event {
                    // What nobody reads is lost, as on a line that is not plugged in.
                    SiteEvent::Write(bytes) => drop(self.ours.write_all(&bytes).await),
                    SiteEvent::Air { event, .. } => log.write(id, Slot::Two, &event),
                }
            }
            tokio::select! {
                bytes = heard(&mut self.ours, &mut buffer) => site.receive(clock.now(), bytes),
                () = clock.until(site.deadline()) => site.tick(clock.now()),
            }
        }
    }
}

/// The next bytes from the host. While nobody has the far end open, reading fails at once.
async fn heard<'a>(line: &mut SerialStream, buffer: &'a mut [u8]) -> &'a [u8] {
    let length = loop {
        match line.read(buffer).await {
            Ok(length) if length > 0 => break length,
            _ => tokio::time::sleep(UNPLUGGED).await,
        }
    };
    buffer.get(..length).unwrap_or_default()
}

/// Every station of a city, each as a task; they end when the set is dropped.
pub(crate) fn start(
    clock: Clock,
    city: &City,
    master: SocketAddr,
    passphrase: &str,
    modem: Option<&PathBuf>,
    (loss, seed): (f64, u64),
    (log, roll): (&AirLog, &Roll),
) -> anyhow::Result<tokio::task::JoinSet<anyhow::Result<()>>> {
    let mut tasks = tokio::task::JoinSet::new();
    for station in &city.stations {
        let seed = seed ^ u64::from(station.id);
        if station.modem {
            if let Some(link) = modem {
                let line = ModemLine::open(link)?;
                let [_, radios] = station.radios.clone();
                let site = ModemSite::new(clock.now(), radios, loss, seed);
                tasks.spawn(line.serve(clock, station.id, site, log.clone()));
            }
        } else {
            let config = RepeaterConfig {
                id: station.id,
                passphrase: passphrase.to_owned(),
                radios: station.radios.clone(),
                loss,
                retry: RETRY,
                ping: PING,
                seed,
            };
            let told = (log.clone(), roll.clone());
            tasks.spawn(repeater(clock, master, config, told));
        }
    }
    Ok(tasks)
}
