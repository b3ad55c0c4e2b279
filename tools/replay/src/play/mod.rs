//! `play`: a recording, once more.

use core::time::Duration;
use std::collections::BTreeMap;
use std::io::Write;
use std::net::{SocketAddr, ToSocketAddrs, UdpSocket};
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread::sleep;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use indicatif::ProgressBar;
use narrowcast_hardware::capture::Direction;
use narrowcast_protocol::dmr::fields::Fields as _;
use narrowcast_protocol::homebrew::auth::Passphrase;
use narrowcast_protocol::homebrew::message::{Message, Role, Rptc, Rptcl, Rptk, Rptl, Rpto, Slots};

use crate::faults::Faults;
use crate::input::{self, Raw};

/// Between frames of a recording without times.
const GAP: Duration = Duration::from_millis(60);
/// A log-in step is asked for so often.
const TRIES: u32 = 3;
/// After the last frame, so that the other side takes the transmission as over.
const SETTLE: Duration = Duration::from_millis(1_500);

#[derive(Debug, Args)]
pub(crate) struct PlayArgs {
    /// pcap, pcapng, or hex lines
    file: PathBuf,
    /// udp:HOST:PORT or serial:PATH
    target: String,
    /// Times faster than recorded
    #[arg(long, default_value_t = 1.0, conflicts_with = "step")]
    speed: f64,
    /// Wait for the return key before each frame
    #[arg(long)]
    step: bool,
    /// How many times
    #[arg(long = "loop", default_value_t = 1)]
    times: u32,
    /// Play one side, log in for itself, wait for and compare the other side
    #[arg(long)]
    converse: bool,
    /// Which side, ADDRESS or ADDRESS:PORT; whoever sends RPTL when left out
    #[arg(long)]
    side: Option<String>,
    /// Passphrase of the log-in
    #[arg(long, default_value = "passw0rd")]
    passphrase: String,
    /// Log in with this repeater id instead of the recorded one
    #[arg(long)]
    id: Option<u32>,
    /// How long an answer is awaited, in milliseconds
    #[arg(long, default_value_t = 2_000)]
    timeout: u64,
    /// Speed of a serial line
    #[arg(long, default_value_t = 115_200)]
    baud: u32,
    /// Allow a target beyond this machine: something may go on the air
    #[arg(long)]
    arm: bool,
    #[command(flatten)]
    faults: Faults,
}

fn begins(raw: &Raw, names: &[&str]) -> bool {
    names
        .iter()
        .any(|name| raw.bytes.starts_with(name.as_bytes()))
}

/// Who plays: the address (with or without port), or the recorded direction.
fn is_ours(raw: &Raw, side: Option<&str>) -> bool {
    match (raw.peers, side) {
        (Some((source, _)), Some(side)) => {
            source.to_string() == side || source.ip().to_string() == side
        }
        (None, _) => {
            raw.direction != Some(Direction::Inbound) && Role::guess(&raw.bytes) == Role::Client
        }
        (Some(_), None) => Role::guess(&raw.bytes) == Role::Client,
    }
}

fn load(args: &PlayArgs) -> Result<Vec<Raw>> {
    let mut all = Vec::new();
    input::read(Some(&args.file), &mut |raw| {
        if let Some(why) = &raw.broken {
            bail!("{}: {why}: {}", args.file.display(), raw.given);
        }
        all.push(raw);
        Ok(())
    })?;
    if all.is_empty() {
        bail!("{}: no frame in it", args.file.display());
    }
    Ok(all)
}

/// Sleeps between frames as recorded, faster, or until somebody presses return.
struct Pace<'a> {
    args: &'a PlayArgs,
    before: Option<jiff::Timestamp>,
}

impl Pace<'_> {
    fn gap(&mut self, raw: &Raw) -> Result<Duration> {
        if self.args.step {
            eprint!("return for the next frame ");
            std::io::stdin().read_line(&mut String::new())?;
            return Ok(Duration::ZERO);
        }
        let before = self.before;
        self.before = raw.at.or(before);
        let gap = match (before, raw.at) {
            (Some(before), Some(at)) => {
                let micros = at.as_microsecond() - before.as_microsecond();
                Duration::from_micros(u64::try_from(micros).unwrap_or(0))
            }
            (None, Some(_)) => Duration::ZERO,
            _ => GAP,
        };
        Ok(Duration::try_from_secs_f64(gap.as_secs_f64() / self.args.speed).unwrap_or(gap))
    }
}

/// Plays the recording.
pub(crate) fn run(args: &PlayArgs) -> Result<ExitCode> {
    if !(args.speed.is_finite() && args.speed > 0.0) {
        bail!("--speed {}: more than 0", args.speed);
    }
    let all = load(args)?;
    let mut code = ExitCode::SUCCESS;
    for _ in 0..args.times {
        if let Some(path) = args.target.strip_prefix("serial:") {
            if args.converse {
                bail!("--converse speaks Homebrew: it needs udp:HOST:PORT");
            }
            if !args.arm && !path.starts_with("/dev/pts/") {
                bail!("{path} may be a transmitter: --arm if frames shall go there");
            }
            let mut port = tokio_serial::new(path, args.baud)
                .open()
                .with_context(|| format!("cannot open {path}"))?;
            send_all(args, &all, &mut |bytes| Ok(port.write_all(bytes)?))?;
        } else {
            let socket = connect(args)?;
            if args.converse {
                if !converse(args, &all, &socket)? {
                    code = ExitCode::from(1);
                }
            } else {
                send_all(args, &all, &mut |bytes| {
                    socket.send(bytes)?;
                    Ok(())
                })?;
            }
        }
    }
    Ok(code)
}

fn connect(args: &PlayArgs) -> Result<UdpSocket> {
    let name = args.target.strip_prefix("udp:");
    let name = name.with_context(|| format!("{}: udp:HOST:PORT or serial:PATH", args.target))?;
    let target: SocketAddr = name
        .to_socket_addrs()
        .with_context(|| format!("cannot resolve {name}"))?
        .next()
        .with_context(|| format!("{name} has no address"))?;
    if !target.ip().is_loopback() && !args.arm {
        bail!("{target} is beyond this machine: --arm if frames shall go there");
    }
    let local = if target.is_ipv4() {
        "0.0.0.0:0"
    } else {
        "[::]:0"
    };
    let socket = UdpSocket::bind(local)?;
    socket.connect(target)?;
    Ok(socket)
}

fn send_all(args: &PlayArgs, all: &[Raw], send: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
    let ours = all
        .iter()
        .filter(|raw| args.side.is_none() || is_ours(raw, args.side.as_deref()));
    let frames = args.faults.apply(ours.cloned().collect());
    let bar = ProgressBar::new(u64::try_from(frames.len())?);
    let mut pace = Pace { args, before: None };
    for raw in &frames {
        sleep(pace.gap(raw)?);
        send(&raw.bytes)?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(())
}

/// What came from the other side and is not yet matched, by message name.
struct Heard<'a> {
    socket: &'a UdpSocket,
    counts: BTreeMap<&'static str, u64>,
    salt: [u8; 4],
}

impl Heard<'_> {
    /// Takes in what comes until `until`, or until a message `name` is there; whether it is.
    fn listen(&mut self, until: Instant, name: Option<&'static str>) -> Result<bool> {
        let mut datagram = [0; 2048];
        loop {
            if let Some(count) = name.and_then(|name| self.counts.get_mut(name))
                && *count > 0
            {
                *count -= 1;
                return Ok(true);
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(false);
            }
            self.socket.set_read_timeout(Some(left))?;
            let Ok(length) = self.socket.recv(&mut datagram) else {
                // A time-out, or nobody listens on the port (yet).
                if Instant::now() < until {
                    sleep(Duration::from_millis(20).min(left));
                }
                continue;
            };
            let bytes = datagram.get(..length).unwrap_or_default();
            if let Ok(message) = Message::decode(bytes, Role::Master) {
                if let Message::Rptack(ack) = &message {
                    self.salt = ack.value;
                }
                *self.counts.entry(message.name()).or_default() += 1;
            }
        }
    }

    /// Sends a log-in step until it is accepted.
    fn step(&mut self, what: &str, bytes: &[u8], timeout: Duration) -> Result<()> {
        for _ in 0..TRIES {
            // A refusal while nobody listens shows at the next call.
            let _refused = self.socket.send(bytes);
            if self.listen(Instant::now() + timeout, Some("RPTACK"))? {
                return Ok(());
            }
            if self.counts.remove("MSTNAK").is_some() {
                bail!("{what} was refused (MSTNAK): is the id known and the passphrase right?");
            }
        }
        bail!("{what} was not answered")
    }
}

/// Plays a repeater's side against a live master; whether all answers came.
fn converse(args: &PlayArgs, all: &[Raw], socket: &UdpSocket) -> Result<bool> {
    let side = args.side.clone().or_else(|| {
        let login = all.iter().find(|raw| begins(raw, &["RPTL"]))?;
        Some(login.peers?.0.to_string())
    });
    let side = side.as_deref();
    let decoded = |raw: &Raw| Message::decode(&raw.bytes, Role::Client).ok();
    let ours = all.iter().filter(|raw| is_ours(raw, side));
    let mut identity = None;
    let mut options = None;
    let mut recorded_id = None;
    for message in ours.filter_map(decoded) {
        match message {
            Message::Rptc(said) => {
                identity.get_or_insert(said);
            }
            Message::Rpto(said) => options = Some(said.options),
            Message::Rptl(said) => recorded_id = recorded_id.or(Some(said.id)),
            Message::Dmrd(said) => recorded_id = recorded_id.or(Some(said.repeater)),
            _ => {}
        }
    }
    let id = args
        .id
        .or(recorded_id)
        .context("the recording names no repeater: say which with --id")?;
    let mut identity = identity.map_or_else(|| plain_identity(id), |said| *said);
    identity.id = id;
    let passphrase = Passphrase::new(args.passphrase.as_bytes()).context("--passphrase")?;
    let timeout = Duration::from_millis(args.timeout);
    let mut heard = Heard {
        socket,
        counts: BTreeMap::new(),
        salt: [0; 4],
    };
    heard.step("the log-in", &Rptl { id }.encode(), timeout)?;
    let digest = passphrase.digest(heard.salt);
    heard.step("the passphrase", &Rptk { id, digest }.encode(), timeout)?;
    heard.step("the configuration", &identity.encode(), timeout)?;
    if let Some(options) = options {
        heard.step("the options", &Rpto { id, options }.encode(), timeout)?;
    }
    eprintln!("logged in as {id}");

    let login = ["RPTL", "RPTK", "RPTO", "RPTACK", "RPTC", "MSTNAK"];
    let session: Vec<Raw> = all
        .iter()
        .filter(|raw| !begins(raw, &login) || begins(raw, &["RPTCL"]))
        .filter(|raw| !(begins(raw, &["RPTCL"]) && is_ours(raw, side)))
        .cloned()
        .collect();
    let bar = ProgressBar::new(u64::try_from(session.len())?);
    let mut pace = Pace { args, before: None };
    let (mut sent, mut matched, mut missing) = (0_u64, 0_u64, 0_u64);
    for raw in args.faults.apply(session) {
        let due = Instant::now() + pace.gap(&raw)?;
        bar.inc(1);
        if is_ours(&raw, side) {
            heard.listen(due, None)?;
            socket.send(&rewritten(&raw.bytes, id))?;
            sent += 1;
        } else if begins(&raw, &["MSTPONG"]) {
            if heard.listen(due + timeout, Some("MSTPONG"))? {
                matched += 1;
            } else {
                missing += 1;
            }
        }
    }
    bar.finish_and_clear();
    heard.listen(Instant::now() + SETTLE, None)?;
    socket.send(&Rptcl { id }.encode())?;
    eprintln!("sent {sent}, answers as recorded {matched}, missing {missing}");
    for (name, count) in heard.counts.iter().filter(|(_, count)| **count > 0) {
        eprintln!("not in step with the recording: {count} {name}");
    }
    Ok(missing == 0 && !heard.counts.contains_key("MSTNAK"))
}

/// A frame with the repeater id of this log-in.
fn rewritten(bytes: &[u8], id: u32) -> Vec<u8> {
    let mut out = bytes.to_vec();
    let at = match bytes {
        [b'D', b'M', b'R', b'D', ..] => 11,
        [b'R', b'P', b'T', b'P', b'I', b'N', b'G', ..] => 7,
        [b'R', b'P', b'T', b'G', ..] | [b'D', b'M', b'R', b'A' | b'G', ..] => 4,
        _ => return out,
    };
    if let Some(place) = out.get_mut(at..at + 4) {
        place.copy_from_slice(&id.to_be_bytes());
    }
    out
}

/// What a repeater says of itself when the recording does not.
fn plain_identity(id: u32) -> Rptc {
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
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use narrowcast_protocol::homebrew::message::{Mstpong, Rptack};

    use super::*;

    /// A master that accepts one passphrase; what it took in after the log-in.
    fn master(socket: &UdpSocket, passphrase: &str) -> Vec<Message> {
        let salt = [9, 8, 7, 6];
        let mut heard = Vec::new();
        let mut buffer = [0; 2048];
        loop {
            let (length, from) = socket.recv_from(&mut buffer).unwrap();
            let message = Message::decode(&buffer[..length], Role::Client).unwrap();
            let answer = match &message {
                Message::Rptl(_) => Rptack { value: salt }.encode(),
                Message::Rptk(proof) => {
                    let known = Passphrase::new(passphrase.as_bytes()).unwrap();
                    assert!(known.accepts(salt, &proof.digest));
                    Rptack {
                        value: proof.id.to_be_bytes(),
                    }
                    .encode()
                }
                Message::Rptc(said) => Rptack {
                    value: said.id.to_be_bytes(),
                }
                .encode(),
                Message::Rptping(ping) => {
                    heard.push(message.clone());
                    Mstpong { id: ping.id }.encode()
                }
                Message::Rptcl(_) => return heard,
                _ => {
                    heard.push(message);
                    continue;
                }
            };
            socket.send_to(&answer, from).unwrap();
        }
    }

    #[test]
    fn a_conversation_logs_in_with_the_live_salt_and_plays_under_its_own_id() {
        let mut args = crate::encode::tests_args();
        args.kind = crate::decode::Kind::named("homebrew").unwrap();
        let frames = crate::encode::frames(&args).unwrap();
        let mut file = tempfile::NamedTempFile::new().unwrap();
        writeln!(file, "{}", hex::encode(b"RPTPING\0\0\0\x07")).unwrap();
        writeln!(file, "{}", hex::encode(b"MSTPONG\0\0\0\x07")).unwrap();
        for frame in &frames {
            writeln!(file, "{}", hex::encode(frame)).unwrap();
        }
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket
            .set_read_timeout(Some(Duration::from_secs(10)))
            .unwrap();
        let play = PlayArgs {
            file: file.path().to_owned(),
            target: format!("udp:{}", socket.local_addr().unwrap()),
            speed: 20.0,
            step: false,
            times: 1,
            converse: true,
            side: None,
            passphrase: "secret".to_owned(),
            id: Some(310_001),
            timeout: 2_000,
            baud: 115_200,
            arm: false,
            faults: crate::faults::none(),
        };
        let other = std::thread::spawn(move || master(&socket, "secret"));
        assert_eq!(run(&play).unwrap(), ExitCode::SUCCESS);
        let heard = other.join().unwrap();
        assert_eq!(heard.len(), frames.len() + 1);
        for message in heard {
            if let Message::Dmrd(burst) = message {
                assert_eq!(burst.repeater, 310_001);
            }
        }
    }

    #[test]
    fn a_target_beyond_this_machine_needs_an_armed_hand() {
        let mut play = PlayArgs {
            file: PathBuf::new(),
            target: "udp:192.0.2.1:62031".to_owned(),
            speed: 1.0,
            step: false,
            times: 1,
            converse: false,
            side: None,
            passphrase: String::new(),
            id: None,
            timeout: 1,
            baud: 9_600,
            arm: false,
            faults: crate::faults::none(),
        };
        assert!(connect(&play).unwrap_err().to_string().contains("--arm"));
        play.target = "192.0.2.1".to_owned();
        assert!(connect(&play).is_err());
    }
}
