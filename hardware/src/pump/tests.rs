use std::cell::Cell;
use std::collections::VecDeque;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use bytes::Bytes;
use narrowcast_protocol::air::{
    CarrierId, Heard, HeardKind, JobId, RadioId, Slot, StationId, Transmission,
};
use narrowcast_protocol::session::{CarrierState, Step};
use narrowcast_protocol::time::Instant;
use tokio_serial::{SerialPort, SerialStream};

use super::*;
use crate::events::EventEnds;
use crate::port::SerialSettings;

/// Answers every chunk with itself and reports it; sends `size` bytes for each job, and says
/// that the job is done before it has handed them over.
#[derive(Default)]
struct Echo {
    actions: VecDeque<Action>,
    size: usize,
    tick_at: Option<Instant>,
    reopen_on: Option<u8>,
}

fn carrier() -> CarrierId {
    CarrierId {
        station: StationId(1),
        slot: Slot::Two,
    }
}

impl Session for Echo {
    fn opened(&mut self, now: Instant) {
        self.tick_at = Some(now + Duration::from_millis(20));
        self.actions.push_back(Action::Carrier {
            id: carrier(),
            state: CarrierState::Up,
            room: 4,
        });
    }

    fn closed(&mut self, _: Instant) {
        self.tick_at = None;
        self.actions.push_back(Action::Carrier {
            id: carrier(),
            state: CarrierState::Gone,
            room: 0,
        });
    }

    fn receive(&mut self, _: Instant, from: Peer, bytes: &[u8]) {
        if self.reopen_on.is_some() && bytes.first().copied() == self.reopen_on {
            self.actions.push_back(Action::Reopen { why: "told to" });
            return;
        }
        let radio = RadioId::new(7).unwrap();
        if bytes == b"!" {
            return self.actions.push_back(Action::Heard(Heard {
                carrier: carrier(),
                what: HeardKind::Emergency { from: radio, to: 9 },
                owed: Vec::new(),
            }));
        }
        self.actions.push_back(Action::Heard(Heard {
            carrier: carrier(),
            what: HeardKind::Text {
                from: radio,
                to: narrowcast_protocol::air::Address::Radio(RadioId::new(8).unwrap()),
                text: String::from_utf8_lossy(bytes).into_owned(),
                reference: None,
            },
            owed: Vec::new(),
        }));
        self.actions.push_back(Action::Send {
            to: from,
            bytes: Bytes::copy_from_slice(bytes),
            for_job: None,
        });
    }

    fn transmit(&mut self, _: Instant, job: Job) {
        if let Job::Send { id, .. } = job {
            let step = Step::Done;
            self.actions.push_back(Action::Job { id, step });
            self.actions.push_back(Action::Send {
                to: Peer::Line,
                bytes: vec![b'j'; self.size].into(),
                for_job: Some(id),
            });
        }
    }

    fn tick(&mut self, now: Instant) {
        assert!(self.tick_at.is_some_and(|at| now >= at));
        self.tick_at = None;
        self.actions.push_back(Action::Notice(Notice::Dropped {
            station: None,
            cause: "ticked",
            count: 1,
        }));
    }

    fn deadline(&self) -> Option<Instant> {
        self.tick_at
    }

    fn poll(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }
}

struct Running {
    urgent: mpsc::Sender<Job>,
    routine: mpsc::Sender<Job>,
    emergencies: mpsc::Receiver<LinkEvent>,
    events: mpsc::Receiver<LinkEvent>,
    shutdown: CancellationToken,
    task: tokio::task::JoinHandle<()>,
}

impl Running {
    fn start(config: PortConfig, session: Echo, room: usize) -> Self {
        let (urgent, routine, lanes) = Lanes::new(8, 8);
        let (
            sender,
            EventEnds {
                emergencies,
                others: events,
            },
        ) = EventLanes::new(room, room);
        let shutdown = CancellationToken::new();
        let pump = Pump::new(config, Box::new(session), Clock::start(), 1, None);
        let task = tokio::spawn(pump.run(lanes, sender, shutdown.clone()));
        Self {
            urgent,
            routine,
            emergencies,
            events,
            shutdown,
            task,
        }
    }

    async fn until<T>(&mut self, wanted: impl Fn(&LinkEvent) -> Option<T>) -> T {
        let search = async {
            loop {
                let event = self.events.recv().await.expect("a running pump");
                if let Some(found) = wanted(&event) {
                    return found;
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(10), search)
            .await
            .expect("the event within 10 s")
    }

    async fn up(&mut self) -> LinkState {
        self.until(|event| match event {
            LinkEvent::Link(state) if state.up => Some(state.clone()),
            _ => None,
        })
        .await
    }

    async fn down(&mut self) -> LinkState {
        self.until(|event| match event {
            LinkEvent::Link(state) if !state.up => Some(state.clone()),
            _ => None,
        })
        .await
    }
}

fn job(id: u64) -> Job {
    Job::Send {
        id: JobId(id),
        carrier: carrier(),
        transmission: Transmission::RadioCheck {
            from: RadioId::new(8).unwrap(),
            to: RadioId::new(7).unwrap(),
        },
    }
}

/// A terminal whose path stays the same when the device behind it is exchanged.
struct Bench {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("modem");
        Self {
            _folder: folder,
            path,
        }
    }

    fn plug_in(&self) -> Port {
        let (far, near) = SerialStream::pair().unwrap();
        symlink(near.name().unwrap(), &self.path).unwrap();
        Port::from_serial(far)
    }

    fn unplug(&self) {
        std::fs::remove_file(&self.path).unwrap();
    }

    fn config(&self) -> PortConfig {
        PortConfig::Serial {
            path: self.path.clone(),
            baud: 115_200,
            settings: SerialSettings::default(),
        }
    }
}

async fn exactly(port: &mut Port, count: usize) -> Vec<u8> {
    let mut got = Vec::new();
    let mut buffer = [0; 4_096];
    while got.len() < count {
        let receive = tokio::time::timeout(Duration::from_secs(5), port.recv(&mut buffer));
        let (_, read) = receive.await.expect("bytes within 5 s").unwrap();
        got.extend_from_slice(&buffer[..read]);
    }
    got
}

#[tokio::test]
async fn bytes_reach_the_session_and_its_answers_the_line() {
    let bench = Bench::new();
    let mut far = bench.plug_in();
    let mut pump = Running::start(bench.config(), Echo::default(), 16);
    let state = pump.up().await;
    assert_eq!((state.flaps, state.hold_down), (0, Duration::ZERO));
    far.send(Peer::Line, b"hello").await.unwrap();
    assert_eq!(exactly(&mut far, 5).await, b"hello");
    // On a slow machine the tick comes before the bytes.
    let (heard, ticked) = (Cell::new(false), Cell::new(false));
    pump.until(|event| {
        match event {
            LinkEvent::Heard(_) => heard.set(true),
            LinkEvent::Notice(Notice::Dropped { cause, .. }) if *cause == "ticked" => {
                ticked.set(true);
            }
            _ => {}
        }
        (heard.get() && ticked.get()).then_some(())
    })
    .await;
}

#[tokio::test]
async fn sent_is_said_after_the_last_byte_and_not_before() {
    const SIZE: usize = 100_000;
    let bench = Bench::new();
    let mut far = bench.plug_in();
    let session = Echo {
        size: SIZE,
        ..Echo::default()
    };
    let mut pump = Running::start(bench.config(), session, 16);
    pump.up().await;
    pump.routine.send(job(1)).await.unwrap();
    let of_job = |event: &LinkEvent| match event {
        LinkEvent::Sent(JobId(1)) => Some(None),
        LinkEvent::Job { id: JobId(1), step } => Some(Some(*step)),
        _ => None,
    };
    let early = tokio::time::timeout(Duration::from_millis(300), pump.until(of_job)).await;
    assert!(early.is_err(), "the terminal cannot have taken 100 kB yet");
    let reading = tokio::spawn(async move { exactly(&mut far, SIZE).await.len() });
    assert_eq!(pump.until(of_job).await, None, "sent comes first");
    let end = pump.until(of_job).await;
    assert_eq!(end, Some(Step::Done), "the end comes last");
    assert_eq!(reading.await.unwrap(), SIZE);
}

#[tokio::test]
async fn an_unplugged_device_is_noticed_and_used_again_when_it_is_back() {
    let bench = Bench::new();
    let far = bench.plug_in();
    let mut pump = Running::start(bench.config(), Echo::default(), 64);
    pump.up().await;
    bench.unplug();
    drop(far);
    pump.until(|event| {
        let gone = CarrierState::Gone;
        matches!(event, LinkEvent::Carrier { state, .. } if *state == gone).then_some(())
    })
    .await;
    let state = pump.down().await;
    assert_eq!(
        (state.flaps, state.why.as_str()),
        (1, "the far end hung up")
    );
    let mut far = bench.plug_in();
    let state = pump.up().await;
    assert_eq!(state.hold_down, crate::reconnect::FIRST_HOLD_DOWN);
    far.send(Peer::Line, b"back").await.unwrap();
    assert_eq!(exactly(&mut far, 4).await, b"back");
}

#[tokio::test]
async fn a_job_for_a_closed_port_is_lost_and_not_sent() {
    let bench = Bench::new();
    let session = Echo {
        size: 5,
        ..Echo::default()
    };
    let mut pump = Running::start(bench.config(), session, 16);
    let state = pump.down().await;
    assert!(state.why.contains("does not exist"), "{}", state.why);
    pump.urgent.send(job(9)).await.unwrap();
    let step = pump
        .until(|event| match event {
            LinkEvent::Job { id: JobId(9), step } => Some(*step),
            LinkEvent::Sent(_) => panic!("sent where?"),
            _ => None,
        })
        .await;
    assert_eq!(step, Step::Lost);
}

#[tokio::test]
async fn a_session_can_have_the_port_opened_again() {
    let bench = Bench::new();
    let mut far = bench.plug_in();
    let session = Echo {
        reopen_on: Some(b'!'),
        ..Echo::default()
    };
    let mut pump = Running::start(bench.config(), session, 16);
    pump.up().await;
    far.send(Peer::Line, b"!").await.unwrap();
    assert_eq!(pump.down().await.why, "told to");
    assert_eq!(pump.up().await.flaps, 1);
    far.send(Peer::Line, b"again").await.unwrap();
    assert_eq!(exactly(&mut far, 5).await, b"again");
}

#[tokio::test]
async fn nobody_listening_loses_no_message_and_blocks_no_job() {
    const MESSAGES: usize = 3_000;
    let listen = "127.0.0.1:0".parse().unwrap();
    let port = Port::open(&PortConfig::Udp { listen }).await.unwrap();
    let listen = port.local().unwrap();
    drop(port);
    let session = Echo {
        size: 1,
        ..Echo::default()
    };
    let mut pump = Running::start(PortConfig::Udp { listen }, session, 1);
    pump.up().await;
    let mut far = Port::open(&PortConfig::UdpClient {
        remote: listen,
        local: None,
    })
    .await
    .unwrap();
    for n in 0..MESSAGES {
        far.send(Peer::Line, n.to_string().as_bytes())
            .await
            .unwrap();
    }
    // More jobs than their lane holds: the pump must go on taking them.
    for id in 0..32 {
        let sent = tokio::time::timeout(Duration::from_secs(5), pump.urgent.send(job(id)));
        sent.await.expect("a pump that takes jobs").unwrap();
    }
    let mut heard = Vec::new();
    let mut steps = 0;
    while heard.len() < MESSAGES || steps < 32 {
        let event = tokio::time::timeout(Duration::from_secs(10), pump.events.recv());
        match event.await.expect("events within 10 s").unwrap() {
            LinkEvent::Heard(Heard {
                what: HeardKind::Text { text, .. },
                ..
            }) => heard.push(text.parse::<usize>().unwrap()),
            LinkEvent::Job { .. } => steps += 1,
            _ => {}
        }
    }
    assert_eq!(heard, (0..MESSAGES).collect::<Vec<_>>());
}

#[tokio::test]
async fn an_emergency_waits_behind_no_other_event() {
    let listen = "127.0.0.1:0".parse().unwrap();
    let bound = std::net::UdpSocket::bind::<std::net::SocketAddr>(listen).unwrap();
    let listen = bound.local_addr().unwrap();
    drop(bound);
    let mut pump = Running::start(PortConfig::Udp { listen }, Echo::default(), 1);
    pump.up().await;
    let mut far = Port::open(&PortConfig::UdpClient {
        remote: listen,
        local: None,
    })
    .await
    .unwrap();
    // Nobody takes the other events: their lane is full, and 200 wait before it.
    for _ in 0..200 {
        far.send(Peer::Line, b"text").await.unwrap();
    }
    far.send(Peer::Line, b"!").await.unwrap();
    let emergency = tokio::time::timeout(Duration::from_secs(10), pump.emergencies.recv());
    assert!(emergency.await.unwrap().unwrap().is_emergency());
}

#[tokio::test]
async fn the_urgent_lane_is_drained_first() {
    let bench = Bench::new();
    let session = Echo {
        size: 1,
        ..Echo::default()
    };
    let (urgent, routine, lanes) = Lanes::new(8, 8);
    for id in 0..8 {
        routine.send(job(id)).await.unwrap();
        urgent.send(job(100 + id)).await.unwrap();
    }
    let (
        sender,
        EventEnds {
            others: mut events, ..
        },
    ) = EventLanes::new(64, 64);
    let shutdown = CancellationToken::new();
    let pump = Pump::new(bench.config(), Box::new(session), Clock::start(), 1, None);
    let task = tokio::spawn(pump.run(lanes, sender, shutdown.clone()));
    let mut order = Vec::new();
    while order.len() < 16 {
        if let LinkEvent::Job { id, .. } = events.recv().await.unwrap() {
            order.push(id.0);
        }
    }
    assert_eq!(order[..8], [100, 101, 102, 103, 104, 105, 106, 107]);
    shutdown.cancel();
    task.await.unwrap();
}

#[tokio::test]
async fn shutting_down_writes_what_waits_and_tells_the_session() {
    let bench = Bench::new();
    let mut far = bench.plug_in();
    let session = Echo {
        size: 3,
        ..Echo::default()
    };
    let mut pump = Running::start(bench.config(), session, 16);
    pump.up().await;
    pump.routine.send(job(1)).await.unwrap();
    pump.until(|event| matches!(event, LinkEvent::Sent(_)).then_some(()))
        .await;
    pump.shutdown.cancel();
    assert_eq!(pump.down().await.why, "shutting down");
    pump.task.await.unwrap();
    assert!(pump.events.recv().await.is_none());
    assert_eq!(exactly(&mut far, 3).await, b"jjj");
}

/// Whoever takes this port next may be another test, so it is kept until it is used.
fn free_udp() -> std::net::UdpSocket {
    std::net::UdpSocket::bind("127.0.0.1:0").unwrap()
}

/// A session that asks every 50 ms, and gives the far end up after so many questions on one
/// connection.
struct Asking {
    questions: u32,
    left: u32,
    due: Option<Instant>,
    actions: VecDeque<Action>,
}

impl Asking {
    fn new(questions: u32) -> Self {
        Self {
            questions,
            left: questions,
            due: None,
            actions: VecDeque::new(),
        }
    }
}

impl Session for Asking {
    fn opened(&mut self, now: Instant) {
        self.left = self.questions;
        self.due = Some(now);
    }

    fn closed(&mut self, _: Instant) {
        self.due = None;
    }

    fn receive(&mut self, _: Instant, _: Peer, _: &[u8]) {}

    fn transmit(&mut self, _: Instant, _: Job) {}

    fn tick(&mut self, now: Instant) {
        self.due = Some(now + Duration::from_millis(50));
        self.actions.push_back(if self.left == 0 {
            Action::Reopen { why: "no answer" }
        } else {
            Action::Send {
                to: Peer::Line,
                bytes: Bytes::from_static(b"?"),
                for_job: None,
            }
        });
        self.left = self.left.saturating_sub(1);
    }

    fn deadline(&self) -> Option<Instant> {
        self.due
    }

    fn poll(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }
}

/// The states of the link of a datagram client, until so many were reported.
async fn states_of(remote: std::net::SocketAddr, asked: u32, count: usize) -> Vec<LinkState> {
    let (_urgent, _routine, lanes) = Lanes::new(8, 8);
    let (sender, EventEnds { mut others, .. }) = EventLanes::new(64, 64);
    let config = PortConfig::UdpClient {
        remote,
        local: None,
    };
    let session = Box::new(Asking::new(asked));
    let pump = Pump::new(config, session, Clock::start(), 1, None);
    let task = tokio::spawn(pump.run(lanes, sender, CancellationToken::new()));
    let mut states = Vec::new();
    let told = async {
        while states.len() < count {
            if let LinkEvent::Link(state) = others.recv().await.unwrap() {
                states.push(state);
            }
        }
    };
    // Who expects more than come sees it by their number.
    let _in_time = tokio::time::timeout(Duration::from_secs(3), told).await;
    task.abort();
    states
}

#[tokio::test]
async fn a_datagram_client_with_nobody_behind_it_is_down_from_the_start_and_never_up() {
    let taken = free_udp();
    let remote = taken.local_addr().unwrap();
    drop(taken);
    let states = states_of(remote, 4, 2).await;
    let told: Vec<_> = states.iter().map(|it| (it.up, it.flaps)).collect();
    assert_eq!(told, [(false, 0)], "told once, however often it is tried");
    let why = &states[0].why;
    assert!(
        why.contains(&format!("nobody listens at {remote}")),
        "{why}"
    );
}

#[tokio::test]
async fn a_datagram_client_whose_far_end_is_silent_is_down_with_the_sessions_reason() {
    let silent = free_udp();
    let states = states_of(silent.local_addr().unwrap(), 3, 1).await;
    assert_eq!((states[0].up, states[0].why.as_str()), (false, "no answer"));
}

#[tokio::test]
async fn a_datagram_client_is_up_with_the_first_datagram_from_its_far_end() {
    let far = free_udp();
    let remote = far.local_addr().unwrap();
    far.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let answering = tokio::task::spawn_blocking(move || {
        let (_, from) = far.recv_from(&mut [0; 16]).unwrap();
        far.send_to(b"!", from).unwrap();
        far
    });
    let states = states_of(remote, 1_000, 1).await;
    assert!(states[0].up, "{states:?}");
    drop(answering.await.unwrap());
}
