//! A trunked site: the host, the simulated modem and minimal radios in virtual time.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::air::{
    Address, CarrierId, Delivery, GroupId, HeardKind, RadioId, StationId, Text, TextForm,
    Transmission,
};
use crate::dmr::burst::{Burst, DataBurst};
use crate::dmr::csbk::announcement::{LocalTime, RegistrationWindow};
use crate::dmr::csbk::{
    Ack, Aloha, Announcement, Context, Csbk, CsbkBody, Direction as Way, Rand, Reason as Why,
    ServiceFunction, ServiceKind, System, SystemIdentity,
};
use crate::dmr::data_header::DataHeader;
use crate::dmr::info::Info;
use crate::dmr::slot_type::{ColorCode, DataType};
use crate::dmr::sync::Sync;
use crate::mmdvm::message::AlohaNumber;
use crate::mmdvm::modem::{Modem, ModemConfig, ModemEvent};

/// What a line takes for a frame of 37 octets at 115,200 baud.
const LINE: Duration = Duration::from_micros(3_300);
/// From the beginning of an outbound burst to the end of the inbound burst that answers it.
const ANSWER: Duration = Duration::from_millis(118);
const SLOT: Duration = Duration::from_millis(60);
/// How long a commit of the ledger takes.
const COMMIT: Duration = Duration::from_millis(15);
const OWN: u32 = 1_000;
const FIRST: u32 = 2_000_001;

fn radio(id: u32) -> RadioId {
    RadioId::new(id).unwrap()
}

fn carrier(slot: Slot) -> CarrierId {
    let station = StationId(7);
    CarrierId { station, slot }
}

/// What a radio wants to ask for by random access.
#[derive(Debug, Clone, Copy)]
struct Wish {
    rand: Rand,
    slot: Slot,
    not_before: Instant,
}

/// A burst on the air.
#[derive(Debug, Clone)]
struct Air {
    slot: Slot,
    busy: bool,
    csbk: Option<CsbkBody>,
}

/// The UDT that a slot is carrying, and whether its radio has all of it so far.
#[derive(Debug, Clone, Copy)]
struct Udt {
    to: u32,
    from: u32,
    blocks: u8,
    intact: bool,
    ask: bool,
}

struct Site {
    host: ModemHost,
    modem: Modem,
    now: Instant,
    to_modem: VecDeque<(Instant, bytes::Bytes)>,
    to_host: VecDeque<(Instant, bytes::Bytes)>,
    up: BTreeMap<(Instant, u8), Vec<[u8; 33]>>,
    open_at: Option<Instant>,
    /// What the line takes for a frame.
    line: Duration,
    loss: f64,
    dice: u64,
    udt: [Option<Udt>; 2],
    wishes: BTreeMap<u32, Wish>,
    /// What the stand-in for the engine has to send, per slot.
    queue: [VecDeque<Job>; 2],
    room: [u8; 2],
    acknowledge: VecDeque<(Instant, Job)>,
    air: Vec<Air>,
    shown: BTreeMap<u32, u32>,
    collisions: u32,
    /// UDTs that something came into.
    gaps: u32,
    steps: Vec<(Instant, u64, Step)>,
    heard: Vec<(Instant, HeardKind)>,
    refused: u32,
    reopened: u32,
}

fn place(slot: Slot) -> usize {
    usize::from(slot.number() - 1)
}

fn up(body: CsbkBody) -> [u8; 33] {
    DataBurst {
        sync: Sync::MsData,
        color_code: ColorCode::new(1).unwrap(),
        data_type: DataType::Csbk,
        info: Info::Bptc(Csbk::from(body).encode()),
    }
    .encode()
}

impl Site {
    fn configured(trunking: Trunking, modem: ModemConfig) -> Self {
        let code = ColorCode::new(1).unwrap();
        let hz = (435_000_000, 445_000_000);
        let mut config = HostConfig::new(StationId(7), radio(OWN), code, hz);
        config.groups = vec![GroupId::new(9).unwrap()];
        config.trunking = Some(trunking);
        let mut host = ModemHost::new(config, Peer::Line);
        host.opened(Instant::ZERO);
        Self {
            host,
            modem: Modem::new(modem),
            now: Instant::ZERO,
            to_modem: VecDeque::new(),
            to_host: VecDeque::new(),
            up: BTreeMap::new(),
            open_at: None,
            line: LINE,
            loss: 0.0,
            dice: 88_172_645_463_325_252,
            udt: [None; 2],
            wishes: BTreeMap::new(),
            queue: [VecDeque::new(), VecDeque::new()],
            room: [0; 2],
            acknowledge: VecDeque::new(),
            air: Vec::new(),
            shown: BTreeMap::new(),
            collisions: 0,
            gaps: 0,
            steps: Vec::new(),
            heard: Vec::new(),
            refused: 0,
            reopened: 0,
        }
    }

    /// A site on which the modem works.
    fn running(slots: &[Slot]) -> Self {
        let mut trunking = Trunking::new(SystemIdentity::from_number(0x0027));
        trunking.slots = slots.to_vec();
        let mut site = Self::configured(trunking, ModemConfig::default());
        site.run(4_000);
        assert!(site.host.start_up.is_running() && site.modem.is_transmitting());
        site.air.clear();
        site
    }

    fn is_lost(&mut self) -> bool {
        self.dice ^= self.dice << 13;
        self.dice ^= self.dice >> 7;
        self.dice ^= self.dice << 17;
        ((self.dice >> 11) as f64 / (1u64 << 53) as f64) < self.loss
    }

    fn answer(&mut self, at: Instant, slot: Slot, body: CsbkBody) {
        let bursts = self.up.entry((at + ANSWER, slot.number())).or_default();
        bursts.push(up(body));
    }

    /// A burst is on the air: radios take it in and answer in the next inbound slot.
    fn on_air(&mut self, at: Instant, slot: Slot, busy: bool, burst: &[u8; 33]) {
        let Ok(Burst::Data(data)) = Burst::decode(burst).map(|read| read.value) else {
            panic!("no data burst on a control channel")
        };
        let octets = data.info.octets().first_chunk::<12>().copied().unwrap();
        let mut csbk = None;
        match data.data_type {
            DataType::DataHeader => {
                let Ok(DataHeader::Udt(header)) = DataHeader::decode(&octets) else {
                    panic!("no UDT header")
                };
                let intact = !self.is_lost();
                self.udt[place(slot)] = Some(Udt {
                    to: header.addressing.destination,
                    from: header.addressing.source,
                    blocks: header.blocks,
                    intact,
                    ask: header.addressing.response_requested,
                });
            }
            DataType::Rate12Data => self.block(at, slot),
            _ => {
                let context = Context {
                    direction: Way::Outbound,
                    system: System::Trunked,
                };
                let body = Csbk::decode(&octets, context).unwrap().body;
                csbk = Some(body);
                self.csbk(at, slot, body);
            }
        }
        if data.data_type == DataType::Csbk && self.udt[place(slot)].take().is_some() {
            self.gaps += 1;
        }
        if let Some(CsbkBody::Aloha(aloha)) = csbk
            && !busy
        {
            self.access(at, slot, aloha);
        }
        self.air.push(Air { slot, busy, csbk });
    }

    fn block(&mut self, at: Instant, slot: Slot) {
        let lost = self.is_lost();
        let Some(mut udt) = self.udt[place(slot)].take() else {
            return;
        };
        udt.blocks -= 1;
        udt.intact &= !lost;
        if udt.blocks > 0 {
            self.udt[place(slot)] = Some(udt);
        } else if udt.intact {
            *self.shown.entry(udt.to).or_default() += 1;
            if udt.ask {
                let ack = Ack::new(Why::MsAccepted, udt.from, udt.to);
                self.answer(at, slot, CsbkBody::AckU(ack));
            }
        }
    }

    fn csbk(&mut self, at: Instant, slot: Slot, body: CsbkBody) {
        if self.is_lost() {
            return;
        }
        match body {
            CsbkBody::Ahoy(ahoy) if ahoy.is_status_poll() => {
                let ack = Ack {
                    response_info: 5,
                    ..Ack::new(Why::MsStatusPoll, ahoy.source, ahoy.target)
                };
                self.answer(at, slot, CsbkBody::AckU(ack));
            }
            CsbkBody::AckD(ack) => {
                self.wishes.remove(&ack.target);
            }
            _ => {}
        }
    }

    /// The inbound slot behind a C_ALOHA is open: who may asks.
    fn access(&mut self, at: Instant, slot: Slot, aloha: Aloha) {
        let wait = SLOT * u32::from(aloha.nrand_wait + 2);
        let admitted: Vec<u32> = self
            .wishes
            .iter()
            .filter(|(id, wish)| {
                wish.slot == slot && wish.not_before <= at && may_ask(&aloha, **id, &wish.rand)
            })
            .map(|(id, _)| *id)
            .collect();
        for id in admitted {
            let window = aloha.backoff.frames().unwrap_or(4);
            let spread = self.draw(u64::from(window));
            let wish = self.wishes.get_mut(&id).unwrap();
            wish.not_before = at + wait + SLOT * spread as u32;
            let rand = wish.rand;
            self.answer(at, slot, CsbkBody::Rand(rand));
        }
    }

    fn draw(&mut self, most: u64) -> u64 {
        self.is_lost();
        (self.dice >> 20) % most.max(1)
    }

    fn drain(&mut self) {
        while let Some(event) = self.modem.poll() {
            match event {
                ModemEvent::ToHost(bytes) => self.to_host.push_back((self.now + self.line, bytes)),
                ModemEvent::OnAir {
                    at,
                    slot,
                    burst,
                    busy,
                } => self.on_air(at, slot, busy, &burst),
                ModemEvent::Refused(_) => self.refused += 1,
            }
        }
        while let Some(action) = self.host.poll() {
            match action {
                Action::Send { bytes, .. } => {
                    self.to_modem.push_back((self.now + self.line, bytes))
                }
                Action::Reopen { .. } => {
                    self.reopened += 1;
                    self.open_at = Some(self.now + Duration::from_secs(2));
                }
                Action::Carrier { id, room, .. } => self.room[place(id.slot)] = room,
                Action::Job { id, step } => self.steps.push((self.now, id.0, step)),
                Action::Heard(heard) => {
                    for owed in heard.owed {
                        let job = Job::Acknowledge {
                            id: JobId(1_000_000),
                            carrier: heard.carrier,
                            acknowledgement: owed.acknowledgement,
                            until: owed.until,
                        };
                        self.acknowledge.push_back((self.now + COMMIT, job));
                    }
                    self.heard.push((self.now, heard.what));
                }
                Action::Notice(_) => {}
            }
        }
    }

    /// The stand-in for the engine uses the room there is.
    fn feed(&mut self) {
        for slot in [Slot::One, Slot::Two] {
            while self.room[place(slot)] > 0
                && let Some(job) = self.queue[place(slot)].pop_front()
            {
                self.room[place(slot)] = 0;
                self.host.transmit(self.now, job);
                self.drain();
            }
        }
        while let Some((_, job)) = self.acknowledge.pop_front_if(|(at, _)| *at <= self.now) {
            self.host.transmit(self.now, job);
            self.drain();
        }
    }

    fn inbound(&mut self) {
        while let Some(((at, slot), bursts)) = self.up.pop_first() {
            if at > self.now {
                self.up.insert((at, slot), bursts);
                return;
            }
            let slot = if slot == 1 { Slot::One } else { Slot::Two };
            if let [burst] = bursts[..] {
                if !self.is_lost() {
                    self.modem.hear(self.now, slot, Control::Data(3), burst);
                }
            } else {
                self.collisions += 1;
            }
        }
    }

    fn run(&mut self, millis: u64) {
        self.run_until(millis, |_| false);
    }

    /// Runs until so much has passed or `done`; how long that took.
    fn run_until(&mut self, millis: u64, done: impl Fn(&Self) -> bool) -> Duration {
        let begin = self.now;
        let end = self.now + Duration::from_millis(millis);
        self.drain();
        self.feed();
        let mut turns = 0;
        while !done(self) {
            let due = [
                self.host.deadline(),
                self.modem.deadline(),
                self.to_modem.front().map(|(at, _)| *at),
                self.to_host.front().map(|(at, _)| *at),
                self.up.first_key_value().map(|((at, _), _)| *at),
                self.acknowledge.front().map(|(at, _)| *at),
                self.open_at,
            ];
            let next = due.into_iter().flatten().min().unwrap_or(end);
            if next > end {
                self.now = end;
                break;
            }
            turns += 1;
            assert!(turns < 1_000 + 4 * millis, "the host wakes up without need");
            self.now = self.now.max(next);
            while let Some((_, bytes)) = self.to_modem.pop_front_if(|(at, _)| *at <= self.now) {
                self.modem.receive(self.now, &bytes);
            }
            self.inbound();
            while let Some((_, bytes)) = self.to_host.pop_front_if(|(at, _)| *at <= self.now) {
                self.host.receive(self.now, Peer::Line, &bytes);
            }
            if self.open_at.take_if(|at| *at <= self.now).is_some() {
                self.host.opened(self.now);
            }
            if self.modem.deadline().is_some_and(|at| at <= self.now) {
                self.modem.tick(self.now);
            }
            if self.host.deadline().is_some_and(|at| at <= self.now) {
                self.host.tick(self.now);
            }
            self.drain();
            self.feed();
        }
        self.now.since(begin)
    }

    /// Ten Chinese characters to `count` radios, shared by the slots.
    fn texts(&mut self, count: u32, slots: &[Slot], to: impl Fn(u32) -> Address) {
        for n in 0..count {
            let slot = slots[n as usize % slots.len()];
            let text = Text {
                from: radio(OWN),
                to: to(n),
                text: "防汛立即检查水泵回复".into(),
                form: TextForm::Udt,
                delivery: Delivery::Confirmed,
                reference: 0,
            };
            self.queue[place(slot)].push_back(Job::Send {
                id: JobId(n.into()),
                carrier: carrier(slot),
                transmission: Transmission::Text(text),
            });
        }
    }

    fn received(&self) -> usize {
        let received = self.steps.iter();
        let received = received.filter(|(_, _, step)| matches!(step, Step::Received { .. }));
        received.map(|(_, id, _)| id).collect::<BTreeSet<_>>().len()
    }

    fn wish(&mut self, id: u32, slot: Slot, service_kind: ServiceKind, options: u8) {
        let rand = Rand {
            service_options: options,
            appended: 1,
            service_kind,
            target: OWN,
            source: id,
            ..Rand::default()
        };
        let not_before = self.now;
        self.wishes.insert(
            id,
            Wish {
                rand,
                slot,
                not_before,
            },
        );
    }
}

/// Whether a C_ALOHA lets a radio ask for this.
fn may_ask(aloha: &Aloha, id: u32, rand: &Rand) -> bool {
    let payload = matches!(
        rand.service_kind,
        ServiceKind::IndividualVoice | ServiceKind::GroupVoice
    );
    let registration = rand.service_kind == ServiceKind::Registration;
    let service = match aloha.service_function {
        ServiceFunction::All => true,
        ServiceFunction::PayloadChannel => payload || registration,
        ServiceFunction::ControlChannel => !payload,
        _ => registration,
    };
    service && aloha.admits(id)
}

const BOTH: [Slot; 2] = [Slot::One, Slot::Two];

/// `16/15 · N(1+k)·F/S / p^(k+2)` in seconds, with k = 2.
fn floor(radios: u32, slots: usize, loss: f64) -> f64 {
    let bursts = f64::from(radios) * 3.0 / slots as f64;
    16.0 / 15.0 * bursts * 0.06 / (1.0 - loss).powi(4)
}

#[test]
fn the_modem_is_told_that_it_is_a_site_keyed_and_given_its_invitation() {
    let mut site = Site::running(&BOTH);
    assert!(site.modem.configuration().unwrap().trunking);
    assert!(site.modem.short_lc().is_some());
    site.run(2_000);
    let invited = site.air.iter().filter(|air| !air.busy);
    let invited = invited
        .filter(|air| matches!(air.csbk, Some(CsbkBody::Aloha(_))))
        .count();
    assert!(invited >= 62, "{invited} of 66 slots invite");
    site.run(30_000);
    assert!(site.modem.is_transmitting());
    assert_eq!((site.refused, site.reopened), (0, 0));
}

#[test]
fn the_other_number_of_the_aloha_is_a_setting() {
    let mut trunking = Trunking::new(SystemIdentity::from_number(0x0027));
    trunking.aloha = AlohaNumber::MmdvmSdr;
    let modem = ModemConfig {
        aloha: AlohaNumber::MmdvmSdr,
        ..ModemConfig::default()
    };
    let mut site = Site::configured(trunking, modem);
    site.run(5_000);
    assert!(site.air.len() > 20);
    assert_eq!(site.refused, 0);
}

#[test]
fn a_saturated_queue_leaves_no_slot_idle_but_the_invitations() {
    for (slots, line) in [(&BOTH[..1], 3), (&BOTH[..], 3), (&BOTH[..], 12)] {
        let mut site = Site::running(slots);
        site.line = Duration::from_millis(line);
        site.texts(2_000, slots, |_| Address::Group(GroupId::new(9).unwrap()));
        site.run(2_000);
        site.air.clear();
        site.run(60_000);
        for slot in slots {
            let on = site.air.iter().filter(|air| air.slot == *slot);
            let (all, used) = on.fold((0, 0), |(all, used), air| {
                let aloha = matches!(air.csbk, Some(CsbkBody::Aloha(_)));
                (all + 1, used + u32::from(!aloha))
            });
            let share = f64::from(used) / f64::from(all) / (15.0 / 16.0);
            let least = if line > 10 { 0.90 } else { 0.95 };
            assert!(
                share >= least,
                "{share:.3} of 15/16 on slot {}",
                slot.number()
            );
            let open: Vec<_> = site.air.iter().filter(|air| air.slot == *slot).collect();
            let longest = open
                .split(|air| !air.busy && matches!(air.csbk, Some(CsbkBody::Aloha(_))))
                .map(<[_]>::len)
                .max();
            assert!(
                longest < Some(16),
                "{longest:?} slots without an invitation"
            );
        }
        assert_eq!((site.refused, site.reopened, site.gaps), (0, 0, 0));
    }
}

#[test]
fn receipts_come_within_a_tenth_of_the_floor_and_with_loss_within_a_fifth() {
    for (radios, slots, loss, most) in [
        (100, 1, 0.0, 1.10),
        (100, 2, 0.0, 1.10),
        (500, 2, 0.0, 1.10),
        (100, 1, 0.1, 1.20),
        (100, 2, 0.1, 1.20),
        (500, 2, 0.1, 1.20),
    ] {
        let mut ratios: Vec<f64> = (0..5)
            .map(|seed| {
                let slots = &BOTH[..slots];
                let mut site = Site::running(slots);
                (site.loss, site.dice) = (loss, site.dice + seed * 7_919);
                site.texts(radios, slots, |n| Address::Radio(radio(FIRST + n)));
                let all = |site: &Site| site.received() == radios as usize;
                let took = site.run_until(600_000, all).as_secs_f64();
                assert_eq!((site.gaps, site.collisions), (0, 0));
                took / floor(radios, slots.len(), loss)
            })
            .collect();
        ratios.sort_by(f64::total_cmp);
        println!("receipts {radios} radios, {slots} slots, loss {loss}: {ratios:.3?}");
        assert!(ratios[2] <= most, "{radios} {slots} {loss}: {ratios:?}");
    }
}

#[test]
fn polls_go_out_one_a_slot_and_every_answer_is_heard() {
    let mut site = Site::running(&BOTH);
    for (n, run) in (0..240u32).collect::<Vec<_>>().chunks(12).enumerate() {
        let slot = BOTH[n % 2];
        site.queue[place(slot)].push_back(Job::Collect {
            id: JobId(n as u64),
            carrier: carrier(slot),
            from: radio(OWN),
            radios: run.iter().map(|n| radio(FIRST + n)).collect(),
        });
    }
    let took = site.run_until(60_000, |site| site.heard.len() == 240);
    let floor = 16.0 / 15.0 * 240.0 * 0.06 / 2.0;
    println!("polls: {:.3}", took.as_secs_f64() / floor);
    assert!(took.as_secs_f64() <= floor * 1.10, "{took:?} for {floor} s");
    let polled = site.heard.iter().filter(|(_, what)| {
        matches!(
            what,
            HeardKind::Status {
                code: 5,
                polled: true,
                ..
            }
        )
    });
    assert_eq!(polled.count(), 240);
    site.run(1_000);
    let done = site.steps.iter().filter(|(_, _, step)| *step == Step::Done);
    assert_eq!(done.count(), 20);
}

#[test]
fn expected_radios_get_through_faster_than_random_access_at_its_best() {
    for loss in [0.0, 0.1] {
        let radios = 200u32;
        let mut site = Site::running(&BOTH);
        site.loss = loss;
        for n in 0..radios {
            let slot = BOTH[n as usize % 2];
            site.wish(FIRST + n, slot, ServiceKind::Status, 0);
        }
        for slot in BOTH {
            let mine = (0..radios).filter(|n| BOTH[*n as usize % 2] == slot);
            let job = Job::Admit {
                id: JobId(slot.number().into()),
                carrier: carrier(slot),
                radios: mine.map(|n| radio(FIRST + n)).collect(),
            };
            site.host.transmit(site.now, job);
        }
        let all = |site: &Site| {
            let from: BTreeSet<_> = site.heard.iter().map(|(_, what)| what.radio()).collect();
            from.len() == 200
        };
        let took = site.run_until(300_000, all).as_secs_f64();
        let yardstick = 16.0 / 15.0 * 200.0 * 0.06 / (2.0 * 0.368 * (1.0f64 - loss).powi(2));
        println!(
            "answers, loss {loss}: {:.3} of random access",
            took / yardstick
        );
        assert!(took < yardstick, "{took} s, random access {yardstick} s");
    }
}

#[test]
fn an_emergency_gets_in_at_any_load_and_is_acknowledged() {
    for admit in [false, true] {
        let mut site = Site::running(&BOTH);
        site.texts(400, &BOTH, |n| Address::Radio(radio(FIRST + n)));
        if admit {
            let job = Job::Admit {
                id: JobId(9_999),
                carrier: carrier(Slot::One),
                radios: (0..500).map(|n| radio(FIRST + 5_000 + n)).collect(),
            };
            site.host.transmit(site.now, job);
        }
        site.run(3_000);
        site.wish(4_711, Slot::One, ServiceKind::GroupVoice, 0x40);
        let took = site.run_until(20_000, |site| site.wishes.is_empty());
        assert!(
            took <= Duration::from_millis(2_000),
            "{took:?} with admission {admit}"
        );
        let heard = site.heard.iter();
        let from = radio(4_711);
        let emergency = HeardKind::Emergency { from, to: OWN };
        assert!(heard.clone().any(|(_, what)| *what == emergency));
    }
}

#[test]
fn nobody_gets_a_text_again_after_its_acknowledgement_was_heard() {
    let mut site = Site::running(&BOTH);
    site.loss = 0.1;
    site.texts(100, &BOTH, |n| Address::Radio(radio(FIRST + n)));
    site.run(60_000);
    let received = site.received();
    assert!(received >= 99, "{received}");
    site.loss = 0.0;
    let shown = site.shown.clone();
    site.run(20_000);
    assert_eq!(site.shown, shown);
}

#[test]
fn a_modem_that_stalls_loses_what_was_under_way_and_the_site_comes_back() {
    let mut site = Site::running(&BOTH);
    site.texts(50, &BOTH, |n| Address::Radio(radio(FIRST + n)));
    site.run(1_000);
    site.modem.faults().silent_until = Some(site.now + Duration::from_millis(2_600));
    site.run(2_500);
    assert_eq!(site.reopened, 1);
    assert!(site.steps.iter().any(|(_, _, step)| *step == Step::Lost));
    site.run(30_000);
    assert!(site.modem.is_transmitting());
    assert!(site.queue.iter().all(VecDeque::is_empty));
    assert!(site.received() >= 40, "{}", site.received());
}

#[test]
fn the_time_and_a_mass_registration_are_announced_on_demand() {
    let mut site = Site::running(&BOTH);
    let time = LocalTime {
        hour: 13,
        minute: 59,
        ..LocalTime::default()
    };
    site.host.local_time(site.now, time);
    site.host
        .register_all(site.now, RegistrationWindow::Seconds30);
    site.run(2_000);
    let said = |wanted: fn(&Announcement) -> bool| {
        let bcasts = site.air.iter().filter_map(|air| match air.csbk {
            Some(CsbkBody::Bcast(bcast)) => Some(bcast.announcement),
            _ => None,
        });
        bcasts.filter(wanted).count()
    };
    assert_eq!(said(|a| matches!(a, Announcement::LocalTime(_))), 2);
    assert_eq!(said(|a| matches!(a, Announcement::MassReg(_))), 6);
}

#[test]
fn only_the_named_slots_are_control_channels() {
    let mut site = Site::running(&[Slot::One]);
    for slot in BOTH {
        let job = Job::Collect {
            id: JobId(slot.number().into()),
            carrier: carrier(slot),
            from: radio(OWN),
            radios: vec![radio(FIRST)],
        };
        site.host.transmit(site.now, job);
    }
    site.run(2_000);
    let last = |id| {
        site.steps
            .iter()
            .rfind(|(_, job, _)| *job == id)
            .map(|(_, _, step)| *step)
    };
    assert_eq!(last(1), Some(Step::Done));
    assert_eq!(last(2), Some(Step::Refused(Refusal::NotOffered)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn on_a_bad_line_every_job_comes_to_an_end(seed: u64, lost in 0u16..60, garbage in 0u16..5_000) {
        let trunking = Trunking::new(SystemIdentity::from_number(0x0027));
        let mut site = Site::configured(trunking, ModemConfig { seed, ..ModemConfig::default() });
        let faults = site.modem.faults();
        (faults.lost_octets, faults.garbage) = (lost, garbage);
        site.run(4_000);
        site.texts(30, &BOTH, |n| Address::Radio(radio(FIRST + n)));
        site.run(30_000);
        *site.modem.faults() = crate::mmdvm::modem::Faults::default();
        site.run(30_000);
        for id in 0..30 {
            let ends = site.steps.iter().filter(|(_, job, step)| {
                *job == id && matches!(step, Step::Done | Step::Lost | Step::Refused(_))
            });
            prop_assert_eq!(ends.count(), 1, "job {}", id);
        }
    }
}
