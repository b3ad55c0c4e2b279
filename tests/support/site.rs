//! A simulated repeater with its radios, over real UDP, for as long as a test runs.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use narrowcast_protocol::air::{RadioId, Slot};
use narrowcast_protocol::dmr::burst::Burst;
use narrowcast_protocol::dmr::data_header::DataHeader;
use narrowcast_protocol::dmr::slot_type::DataType;
use narrowcast_protocol::time::Instant;
use narrowcast_world::air::AirEvent;
use narrowcast_world::radio::{Answers, RadioConfig};
use narrowcast_world::repeater::{Repeater, RepeaterConfig, RepeaterEvent};
use tokio::net::UdpSocket;
use tokio::sync::mpsc;

use super::place::{FIRST_RADIO, OWN, PASSPHRASE, STATION};

/// What was seen at the site.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen {
    pub(crate) log_ins: u32,
    pub(crate) log_outs: u32,
    /// How many texts were on the air to each radio.
    pub(crate) texts: BTreeMap<u32, u32>,
    /// How many packets that nobody confirms were on the air to each radio.
    pub(crate) plain: BTreeMap<u32, u32>,
    /// Radios whose emergency call the system acknowledged.
    pub(crate) acknowledged: BTreeSet<u32>,
    /// Radios with a text that nobody has confirmed.
    pub(crate) unconfirmed: BTreeSet<u32>,
}

enum Deed {
    Press(u32),
    Write(u32, String),
}

/// The site's handle; the site goes with it.
pub(crate) struct Site {
    deeds: mpsc::UnboundedSender<Deed>,
    seen: Arc<Mutex<Seen>>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Site {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Site {
    /// A site whose `radios` radios answer so, odd ones on timeslot 1.
    pub(crate) async fn start(
        master: u16,
        radios: u32,
        answers: Answers,
        loss: f64,
        seed: u64,
    ) -> Self {
        let radio = |index| RadioConfig {
            answers: answers.clone(),
            ..RadioConfig::new(RadioId::new(FIRST_RADIO + index).unwrap())
        };
        let on_slot = |slot| {
            (0..radios)
                .filter(move |index| index % 2 == slot)
                .map(radio)
        };
        let repeater = Repeater::new(RepeaterConfig {
            id: STATION,
            passphrase: PASSPHRASE.into(),
            radios: [on_slot(0).collect(), on_slot(1).collect()],
            loss,
            retry: Duration::from_millis(50),
            ping: Duration::from_millis(100),
            seed,
        })
        .unwrap();
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        socket.connect(("127.0.0.1", master)).await.unwrap();
        let (deeds, to_do) = mpsc::unbounded_channel();
        let seen = Arc::new(Mutex::new(Seen::default()));
        let task = tokio::spawn(run(repeater, socket, to_do, Arc::clone(&seen)));
        Self { deeds, seen, task }
    }

    pub(crate) fn seen(&self) -> Seen {
        self.seen.lock().unwrap().clone()
    }

    /// A radio's user presses the emergency button.
    pub(crate) fn press(&self, radio: u32) {
        self.deeds.send(Deed::Press(radio)).unwrap();
    }

    /// A radio's user writes a text to us.
    pub(crate) fn write(&self, radio: u32, text: &str) {
        self.deeds
            .send(Deed::Write(radio, text.to_owned()))
            .unwrap();
    }
}

async fn run(
    mut repeater: Repeater,
    socket: UdpSocket,
    mut deeds: mpsc::UnboundedReceiver<Deed>,
    seen: Arc<Mutex<Seen>>,
) {
    let origin = tokio::time::Instant::now();
    let now = || Instant::ZERO + origin.elapsed();
    repeater.opened(now());
    let mut buffer = [0; 2_048];
    loop {
        while let Some(event) = repeater.poll() {
            match event {
                RepeaterEvent::Send(bytes) => drop(socket.send(&bytes).await),
                other => note(&seen, &other),
            }
        }
        look_at_radios(&mut repeater, &seen);
        let deadline = origin + repeater.deadline().since(Instant::ZERO);
        tokio::select! {
            read = socket.recv(&mut buffer) => {
                if let Ok(length) = read {
                    repeater.receive(now(), &buffer[..length]);
                }
            }
            Some(deed) = deeds.recv() => act(&mut repeater, now(), &deed),
            () = tokio::time::sleep_until(deadline) => repeater.tick(now()),
        }
    }
}

fn act(repeater: &mut Repeater, now: Instant, deed: &Deed) {
    let (Deed::Press(id) | Deed::Write(id, _)) = deed;
    let slot = if (id - FIRST_RADIO).is_multiple_of(2) {
        Slot::One
    } else {
        Slot::Two
    };
    let here = repeater.air(slot).change(*id, |radio| match deed {
        Deed::Press(_) => radio.press_emergency(now),
        Deed::Write(_, text) => radio.write(now, RadioId::new(OWN).unwrap(), text),
    });
    assert!(here, "the radio {id} is not here");
}

fn look_at_radios(repeater: &mut Repeater, seen: &Mutex<Seen>) {
    let mut seen = seen.lock().unwrap();
    seen.acknowledged.clear();
    seen.unconfirmed.clear();
    for slot in [Slot::One, Slot::Two] {
        for radio in repeater.air(slot).radios() {
            if radio.alarm_acknowledged() {
                seen.acknowledged.insert(radio.id());
            }
            if radio.awaits_confirmation() {
                seen.unconfirmed.insert(radio.id());
            }
        }
    }
}

fn note(seen: &Mutex<Seen>, event: &RepeaterEvent) {
    let mut seen = seen.lock().unwrap();
    match event {
        RepeaterEvent::LoggedIn(true) => seen.log_ins += 1,
        RepeaterEvent::LoggedIn(false) => seen.log_outs += 1,
        RepeaterEvent::Air {
            event: AirEvent::Down(burst),
            ..
        } => {
            if let Some(radio) = begins_text(burst) {
                *seen.texts.entry(radio).or_default() += 1;
            }
            if let Some(radio) = begins_plain(burst) {
                *seen.plain.entry(radio).or_default() += 1;
            }
        }
        _ => {}
    }
}

/// To whom a burst begins a text of ours: its header is confirmed, and no selective repeat,
/// or it goes to a group.
pub(crate) fn begins_text(burst: &[u8; 33]) -> Option<u32> {
    let header = header(burst)?;
    let way = header.addressing()?;
    let begins = way.group || (header.is_confirmed() && header.is_full_message());
    begins.then_some(way.destination)
}

/// To which radio a burst begins a packet that nobody confirms.
fn begins_plain(burst: &[u8; 33]) -> Option<u32> {
    let header = header(burst)?;
    let way = header.addressing()?;
    let text = matches!(
        header,
        DataHeader::Unconfirmed(_) | DataHeader::ShortDataDefined(_)
    );
    let plain = text && !header.is_confirmed() && !way.group;
    plain.then_some(way.destination)
}

fn header(burst: &[u8; 33]) -> Option<DataHeader> {
    let Ok(Burst::Data(data)) = Burst::decode(burst).map(|read| read.value) else {
        return None;
    };
    let pdu = data
        .info
        .octets()
        .first_chunk::<12>()
        .filter(|_| data.data_type == DataType::DataHeader)?;
    DataHeader::decode(pdu).ok()
}
