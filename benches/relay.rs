//! What relaying costs: processor time for each datagram that a Homebrew master passes on, through
//! real sockets, beside a bare `sendmmsg` loop to the same sockets in the same run.
//!
//! 200 stations log in and belong to one talkgroup; one of them calls, a burst every 60 ms, and
//! each burst goes out to the other 199. The master's link is the one that the server runs (socket,
//! pump, session), with its capture ring or without it; what it reports is taken and forgotten, as
//! the engine is no part of it. The stations are a process of their own, so all processor time of
//! this one is the link's. The loop has the same pace: what is in the caches after a pause is part
//! of the cost. The target is twice the loop's.

mod bare;

use std::env;
use std::io::{self, BufRead, BufReader, IoSlice, Write};
use std::net::{SocketAddr, UdpSocket};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use bare::{median, ratio};
use narrowcast_hardware::capture::{CaptureConfig, CaptureRing};
use narrowcast_hardware::clock::Clock;
use narrowcast_hardware::events::{EventLanes, LinkEvent};
use narrowcast_hardware::port::PortConfig;
use narrowcast_hardware::pump::{Lanes, Pump};
use narrowcast_protocol::air::{GroupId, RadioId, Slot, StationId};
use narrowcast_protocol::homebrew::auth::Passphrase;
use narrowcast_protocol::homebrew::master::{
    HomebrewMaster, MasterConfig, RelayRule, StationConfig,
};
use narrowcast_protocol::homebrew::message::{Dmrd, FrameType, Rptack, Rptc, Rptk, Rptl};
use rustix::net::addr::SocketAddrArg;
use rustix::net::{MMsgHdr, SendAncillaryBuffer, SendFlags, SocketAddrAny, sendmmsg};
use rustix::time::{ClockId, clock_gettime};
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

const STATIONS: u32 = 200;
const FIRST_ID: u32 = 310_001;
const GROUP: u32 = 9;
const PASSPHRASE: &str = "s3cr37w0rd";
/// A DMR burst is on the air for so long.
const PACE: Duration = Duration::from_millis(60);
/// Bursts of one round: three seconds of a call.
const BURSTS: u32 = 50;
const ROUNDS: usize = 7;
/// So long after the last burst everything has arrived, and the ring is written.
const SETTLED: Duration = Duration::from_millis(400);
/// In the environment of the process that plays the stations: where the master listens.
const MASTER: &str = "NARROWCAST_RELAY_MASTER";

fn main() {
    if let Ok(master) = env::var(MASTER) {
        let master = master.parse().expect("an address");
        return stations(master).expect("the stations' sockets work");
    }
    for (name, records) in [("relay recorded", true), ("relay unrecorded", false)] {
        if bare::wanted(name) {
            measure(name, records);
        }
    }
}

fn measure(name: &str, records: bool) {
    let directory = bare::directory();
    let ring = records.then(|| {
        let config = CaptureConfig::in_directory(directory.path());
        CaptureRing::start(config).expect("a ring")
    });
    let runtime = Runtime::new().expect("a runtime");
    let shutdown = CancellationToken::new();
    let listen = free_address();
    runtime.block_on(link(listen, ring.as_ref(), &shutdown));
    let mut far = Stations::start(listen);
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    let (mut ours, mut loops) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let before = processor_time(ClockId::ProcessCPUTime);
        let relayed = far.ask("call");
        let spent = processor_time(ClockId::ProcessCPUTime) - before;
        assert_eq!(relayed, BURSTS * (STATIONS - 1), "every datagram arrives");
        ours.push(spent.as_secs_f64() * 1e6 / f64::from(relayed));
        let spent = send_bare(&socket, &far.addresses);
        let sent = far.ask("count");
        assert_eq!(sent, BURSTS * (STATIONS - 1), "every datagram arrives");
        loops.push(spent.as_secs_f64() * 1e6 / f64::from(sent));
    }
    if let Some(ring) = &ring {
        assert_eq!(ring.status().lost, 0, "everything is on record");
    }
    println!(
        "{name}: {STATIONS} stations, {:.2} µs of processor time a datagram; bare sendmmsg \
         {:.2} µs; ratio {:.2} (medians of {ROUNDS})",
        median(ours.clone()),
        median(loops.clone()),
        ratio(&ours, &loops),
    );
    shutdown.cancel();
    runtime.shutdown_timeout(Duration::from_secs(2));
}

/// Starts the master's link as the server does.
async fn link(listen: SocketAddr, ring: Option<&CaptureRing>, shutdown: &CancellationToken) {
    let passphrase = Passphrase::new(PASSPHRASE).expect("it is not empty");
    let ids = || (FIRST_ID..FIRST_ID + STATIONS).map(StationId);
    let stations = ids().map(|id| StationConfig {
        id,
        passphrase: passphrase.clone(),
        networks: Vec::new(),
        color_code: None,
        own: RadioId::new(16_000_001).expect("it is in range"),
        groups: Vec::new(),
        slots: vec![Slot::One, Slot::Two],
        test: false,
        trunking: None,
    });
    let mut config = MasterConfig::new(stations.collect());
    config.naks_per_second = 2 * STATIONS;
    config.relays.push(RelayRule {
        group: GroupId::new(GROUP).expect("it is in range"),
        members: ids().map(|id| (id, Slot::Two)).collect(),
    });
    let session = HomebrewMaster::new(config, [7; 32]).expect("a master");
    let tap = ring.map(|ring| ring.tap("homebrew", "homebrew"));
    let port = PortConfig::Udp { listen };
    let pump = Pump::new(port, Box::new(session), Clock::start(), 1, tap);
    let (urgent, routine, lanes) = Lanes::new(16, 16);
    let (events, mut ends) = EventLanes::new(64, 1_024);
    tokio::spawn(pump.run(lanes, events, shutdown.clone()));
    let up = ends.others.recv().await;
    assert!(
        matches!(up, Some(LinkEvent::Link(state)) if state.up),
        "it opens"
    );
    tokio::spawn(async move {
        // The lanes for jobs stay open as long as somebody listens.
        let _jobs = (urgent, routine);
        while ends.others.recv().await.is_some() {}
    });
}

fn free_address() -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    socket.local_addr().expect("an address")
}

/// The same datagrams, by nothing but the call of the system; the time that this thread took.
fn send_bare(socket: &UdpSocket, to: &[SocketAddr]) -> Duration {
    let bytes = burst(0, FIRST_ID).encode();
    let datagrams = to.iter().map(|to| (to.as_any(), [IoSlice::new(&bytes)]));
    let datagrams: Vec<(SocketAddrAny, [IoSlice<'_>; 1])> = datagrams.collect();
    let mut spent = Duration::ZERO;
    for _ in 0..BURSTS {
        let before = processor_time(ClockId::ThreadCPUTime);
        let mut controls: Vec<_> = to.iter().map(|_| SendAncillaryBuffer::default()).collect();
        let headers = datagrams.iter().zip(&mut controls);
        let headers = headers.map(|((to, it), control)| MMsgHdr::new_with_addr(to, it, control));
        let mut headers: Vec<MMsgHdr<'_>> = headers.collect();
        let sent = sendmmsg(socket, &mut headers, SendFlags::empty()).expect("it sends");
        assert_eq!(sent, to.len(), "all at once");
        spent += processor_time(ClockId::ThreadCPUTime) - before;
        sleep(PACE);
    }
    spent
}

fn processor_time(clock: ClockId) -> Duration {
    clock_gettime(clock).try_into().expect("it is positive")
}

/// The process that plays the stations.
struct Stations {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    /// Where all but the one that calls listen.
    addresses: Vec<SocketAddr>,
}

impl Stations {
    fn start(master: SocketAddr) -> Self {
        let mut command = Command::new(env::current_exe().expect("this program"));
        command.env(MASTER, master.to_string());
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().expect("a process");
        let input = process.stdin.take().expect("its input");
        let mut output = BufReader::new(process.stdout.take().expect("its output"));
        let mut line = String::new();
        output.read_line(&mut line).expect("what it says");
        let addresses = line
            .split_whitespace()
            .map(|it| it.parse().expect("an address"));
        Self {
            addresses: addresses.collect(),
            process,
            input,
            output,
        }
    }

    /// How many datagrams arrived since the answer before.
    fn ask(&mut self, what: &str) -> u32 {
        writeln!(self.input, "{what}").expect("it listens");
        let mut line = String::new();
        self.output.read_line(&mut line).expect("it answers");
        line.trim().parse().expect("a number")
    }
}

impl Drop for Stations {
    fn drop(&mut self) {
        // It ends at the latest with its input.
        let _ended = self.process.kill().and_then(|()| self.process.wait());
    }
}

/// Plays the stations until its input ends: "call" has one of them call, and both "call" and
/// "count" tell how many datagrams have arrived at the others.
fn stations(master: SocketAddr) -> io::Result<()> {
    let sockets = (FIRST_ID..FIRST_ID + STATIONS).map(|id| log_in(master, id));
    let sockets: Vec<UdpSocket> = sockets.collect::<io::Result<_>>()?;
    let Some((caller, others)) = sockets.split_first() else {
        return Ok(());
    };
    let addresses: Vec<String> = others
        .iter()
        .map(|it| it.local_addr().map(|address| address.to_string()))
        .collect::<io::Result<_>>()?;
    println!("{}", addresses.join(" "));
    for (round, line) in io::stdin().lines().enumerate() {
        let mut arrived = 0;
        if line? == "call" {
            for number in 0..BURSTS {
                let next = Instant::now() + PACE;
                caller.send_to(&burst(number, round as u32).encode(), master)?;
                while Instant::now() < next {
                    sleep(PACE / 6);
                    arrived += heard(others);
                }
            }
        }
        sleep(SETTLED);
        println!("{}", arrived + heard(others));
    }
    Ok(())
}

/// How many datagrams wait at all of them.
fn heard(sockets: &[UdpSocket]) -> u32 {
    let mut buffer = [0; 128];
    let mut count = 0;
    for socket in sockets {
        while socket.recv(&mut buffer).is_ok() {
            count += 1;
        }
    }
    count
}

fn log_in(master: SocketAddr, id: u32) -> io::Result<UdpSocket> {
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    socket.set_read_timeout(Some(Duration::from_secs(5)))?;
    let passphrase = Passphrase::new(PASSPHRASE).map_err(io::Error::other)?;
    let mut buffer = [0; 128];
    let mut answer = |bytes: &[u8]| {
        socket.send_to(bytes, master)?;
        let count = socket.recv(&mut buffer)?;
        let bytes = buffer.get(..count).unwrap_or_default();
        let accepted = Rptack::decode(bytes).map_err(io::Error::other)?;
        Ok::<_, io::Error>(accepted.value)
    };
    let salt = answer(&Rptl { id }.encode())?;
    let digest = passphrase.digest(salt);
    answer(&Rptk { id, digest }.encode())?;
    let mut configuration = b"RPTC".to_vec();
    configuration.extend(id.to_be_bytes());
    configuration.resize(97, b'1');
    configuration.push(b'3');
    configuration.resize(Rptc::LENGTH, b' ');
    answer(&configuration)?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// A burst of a call: six of voice make a superframe, of which the first has the sync.
fn burst(number: u32, stream: u32) -> Dmrd {
    const SYNC: [u8; 7] = [0x07, 0xF7, 0xD5, 0xDD, 0x57, 0xDF, 0xD0];
    let place = (number % 6) as u8;
    let mut voice = [0; 33];
    if place == 0
        && let Some(middle) = voice.get_mut(13..20)
    {
        middle.copy_from_slice(&SYNC);
    }
    Dmrd {
        sequence: number as u8,
        source: 3_100_001,
        destination: GROUP,
        repeater: FIRST_ID,
        slot: Slot::Two,
        group: true,
        frame: match place {
            0 => FrameType::VoiceSync(0),
            place => FrameType::Voice(place),
        },
        stream,
        burst: voice,
        quality: None,
        uuid: None,
    }
}
