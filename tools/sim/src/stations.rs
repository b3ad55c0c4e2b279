//! Simulated stations on real sockets and pseudo-terminals.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use narrowcast_protocol::air::Slot;
use narrowcast_protocol::time::Instant;
use narrowcast_world::city::{City, city};
use narrowcast_world::modem_site::{ModemSite, SiteEvent};
use narrowcast_world::repeater::{Repeater, RepeaterConfig, RepeaterEvent};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UdpSocket;
use tokio_serial::{SerialPort, SerialStream};

use crate::air_log::AirLog;
use crate::roll::{Lines, Roll};
use crate::{CityArguments, configuration};

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

/// `narrowcast-sim city`: until Ctrl-C, or a station cannot go on.
pub(crate) async fn run_city(arguments: CityArguments) -> anyhow::Result<()> {
    let clock = Clock::start();
    let emergency = arguments
        .emergency_after
        .map(|seconds| Instant::from_millis(seconds.saturating_mul(1_000)));
    let city = city(
        (arguments.repeaters, arguments.modem.is_some()),
        arguments.radios,
        emergency,
        arguments.seed,
    );
    if let Some(path) = &arguments.roster {
        std::fs::write(path, &city.roster)
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    let lines = print_config(&arguments, &city)?;
    let log = AirLog::open(arguments.air_log.as_deref())?;
    introduce(&arguments, &city, lines);
    let repeaters = city.stations.iter().filter(|station| !station.modem);
    let roll = Roll::of(
        lines,
        repeaters.map(|station| (station.id, station.name.clone())),
    );
    let mut tasks = start(
        clock,
        &city,
        arguments.master,
        &arguments.passphrase,
        arguments.modem.as_ref(),
        (arguments.loss, arguments.seed),
        (&log, &roll),
    )?;
    tokio::select! {
        Some(ended) = tasks.join_next() => ended?,
        signal = tokio::signal::ctrl_c() => signal.map_err(Into::into),
    }
}

/// Writes the server's configuration, if it is wanted; where lines for people go then. The
/// server's state is kept beside the file.
fn print_config(arguments: &CityArguments, city: &City) -> anyhow::Result<Lines> {
    let Some(path) = &arguments.print_config else {
        return Ok(Lines::Output);
    };
    let is_output = path.as_os_str() == "-";
    let beside = path.parent().filter(|_| !is_output);
    let text = configuration::whole(
        city,
        arguments.master,
        &arguments.passphrase,
        arguments.modem.as_deref(),
        beside.unwrap_or(Path::new("")).join("narrowcast-city"),
    )?;
    if is_output {
        std::io::stdout()
            .write_all(text.as_bytes())
            .context("cannot write the configuration to the standard output")?;
        return Ok(Lines::Error);
    }
    std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(Lines::Output)
}

/// Says what the server must know of the stations.
fn introduce(arguments: &CityArguments, city: &City, lines: Lines) {
    let (master, passphrase) = (arguments.master, &arguments.passphrase);
    for station in &city.stations {
        let (id, name) = (station.id, &station.name);
        let radios: usize = station.radios.iter().map(Vec::len).sum();
        let how = match &arguments.modem {
            Some(link) if station.modem => format!("modem at {}", link.display()),
            _ => format!("repeater, passphrase {passphrase}"),
        };
        lines.say(&format!("{id} {name}: {how}, {radios} radios"));
    }
    let modems = city.stations.iter().filter(|station| station.modem).count();
    let repeaters = city.stations.len() - modems;
    let modems = match modems {
        0 => "no modem".to_owned(),
        count => format!("{count} modem"),
    };
    let config = match &arguments.print_config {
        Some(path) if path.as_os_str() == "-" => String::new(),
        Some(path) => format!("; the server: narrowcast serve --config {}", path.display()),
        None => "; --print-config FILE writes the server's configuration".to_owned(),
    };
    lines.say(&format!(
        "{repeaters} repeaters that call {master}, {modems}, {} radios{config}; Ctrl-C ends",
        city.radios
    ));
}
