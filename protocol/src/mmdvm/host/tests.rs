//! The host against the simulated modem, in virtual time.

use proptest::prelude::*;

use super::*;
use crate::air::{
    Address, CarrierId, Delivery, GroupId, RadioId, StationId, Text, TextForm, Transmission,
};
use crate::dmr::slot_type::ColorCode;
use crate::mmdvm::message::Protocol;
use crate::mmdvm::modem::{Modem, ModemConfig, ModemEvent};
use crate::session::CarrierState;

/// What a line takes for a frame of 37 octets at 115,200 baud.
const LINE: Duration = Duration::from_micros(3_300);
/// Pause between a lost line and the next try.
const PAUSE: Duration = Duration::from_secs(5);

struct Bench {
    host: ModemHost,
    modem: Modem,
    now: Instant,
    to_modem: VecDeque<(Instant, bytes::Bytes)>,
    to_host: VecDeque<(Instant, bytes::Bytes)>,
    open_at: Option<Instant>,
    actions: Vec<(Instant, Action)>,
    on_air: Vec<(Instant, Slot, [u8; 33])>,
    refused: Vec<Nak>,
    /// Every frame of the modem arrives twice.
    twice: bool,
}

fn own() -> RadioId {
    RadioId::new(1_000).unwrap()
}

fn carrier(slot: Slot) -> CarrierId {
    CarrierId {
        station: StationId(7),
        slot,
    }
}

impl Bench {
    fn new(duplex: bool, modem: ModemConfig) -> Self {
        let tx_hz = if duplex { 445_000_000 } else { 435_000_000 };
        let code = ColorCode::new(1).unwrap();
        let config = HostConfig::new(StationId(7), own(), code, (435_000_000, tx_hz));
        let mut host = ModemHost::new(config, Peer::Line);
        host.opened(Instant::ZERO);
        Self {
            host,
            modem: Modem::new(modem),
            now: Instant::ZERO,
            to_modem: VecDeque::new(),
            to_host: VecDeque::new(),
            open_at: None,
            actions: Vec::new(),
            on_air: Vec::new(),
            refused: Vec::new(),
            twice: false,
        }
    }

    /// A bench on which the modem works.
    fn running(duplex: bool) -> Self {
        let mut bench = Self::new(duplex, ModemConfig::default());
        bench.run(3_000);
        assert!(bench.host.start_up.is_running());
        bench
    }

    fn drain(&mut self) {
        while let Some(event) = self.modem.poll() {
            match event {
                ModemEvent::ToHost(bytes) => {
                    let copies = if self.twice { 2 } else { 1 };
                    let due = self.now + LINE;
                    let all = core::iter::repeat_n((due, bytes), copies);
                    self.to_host.extend(all);
                }
                ModemEvent::OnAir {
                    at, slot, burst, ..
                } => self.on_air.push((at, slot, burst)),
                ModemEvent::Refused(nak) => self.refused.push(nak),
            }
        }
        while let Some(action) = self.host.poll() {
            match &action {
                Action::Send { bytes, .. } => {
                    self.to_modem.push_back((self.now + LINE, bytes.clone()));
                }
                Action::Reopen { .. } => self.open_at = Some(self.now + PAUSE),
                _ => {}
            }
            self.actions.push((self.now, action));
        }
    }

    fn run(&mut self, millis: u64) {
        let end = self.now + Duration::from_millis(millis);
        self.drain();
        let mut turns = 0;
        loop {
            let due = [
                self.host.deadline(),
                self.modem.deadline(),
                self.to_modem.front().map(|(at, _)| *at),
                self.to_host.front().map(|(at, _)| *at),
                self.open_at,
            ];
            let next = due.into_iter().flatten().min().unwrap_or(end);
            if next > end {
                break;
            }
            turns += 1;
            assert!(turns < 1_000 + millis, "the host wakes up without need");
            self.now = self.now.max(next);
            while let Some((_, bytes)) = self.to_modem.pop_front_if(|(at, _)| *at <= self.now) {
                self.modem.receive(self.now, &bytes);
            }
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
            if next == end && due.iter().flatten().next().is_none() {
                break;
            }
        }
        self.now = end;
    }

    fn send(&mut self, id: u64, slot: Slot, text: &str) {
        let text = Text {
            from: own(),
            to: Address::Group(GroupId::new(9).unwrap()),
            text: text.into(),
            form: TextForm::ShortDataUtf16,
            delivery: Delivery::Unconfirmed,
            reference: 0,
        };
        let job = Job::Send {
            id: JobId(id),
            carrier: carrier(slot),
            transmission: Transmission::Text(text),
        };
        self.host.transmit(self.now, job);
    }

    fn steps(&self, id: u64) -> Vec<Step> {
        let steps = self.actions.iter().filter_map(|(_, action)| match action {
            Action::Job { id: job, step } if job.0 == id => Some(*step),
            _ => None,
        });
        steps.collect()
    }

    fn heard(&self) -> Vec<u32> {
        let heard = self.actions.iter().filter_map(|(_, action)| match action {
            Action::Heard(heard) => heard.what.radio().map(RadioId::get),
            _ => None,
        });
        heard.collect()
    }

    fn states(&self) -> Vec<(u8, CarrierState, u8)> {
        let states = self.actions.iter().filter_map(|(_, action)| match action {
            Action::Carrier { id, state, room } => Some((id.slot.number(), *state, *room)),
            _ => None,
        });
        states.collect()
    }

    fn written(&self, id: u64) -> usize {
        let is_last = |action: &Action| matches!(action, Action::Send { for_job: Some(job), .. } if job.0 == id);
        self.actions.iter().filter(|(_, a)| is_last(a)).count()
    }

    fn reopened(&self) -> Vec<&'static str> {
        let why = self.actions.iter().filter_map(|(_, action)| match action {
            Action::Reopen { why } => Some(*why),
            _ => None,
        });
        why.collect()
    }

    /// How many bursts of idle time lie in each gap between two bursts of the slot.
    fn gaps(&self) -> Vec<u64> {
        let pairs = self.on_air.windows(2);
        let gaps = pairs.map(|pair| pair[1].0.since(pair[0].0).as_millis() as u64 / 60 - 1);
        gaps.collect()
    }
}

/// A recorded voice LC header: colour code 1, radio 5053238, talkgroup 9.
fn voice_header() -> [u8; 33] {
    let hex = "11ef0c6c0eb01e983c306820046d5d7f77fd757e33fc0f1014f050c0208125814f";
    hex::decode(hex).unwrap().try_into().unwrap()
}

const DONE: [Step; 3] = [Step::Accepted, Step::OnAir, Step::Done];
/// A text of nine bursts.
const TEXT: &str = "防汛指挥部：请各站点立即检查排水泵并于十五分钟内回复一，收到后回复二，其他按键";

#[test]
fn both_protocol_versions_start_up_and_offer_their_carriers() {
    for protocol in [Protocol::V1, Protocol::V2] {
        let mut bench = Bench::new(
            true,
            ModemConfig {
                protocol,
                ..ModemConfig::default()
            },
        );
        bench.run(1_990);
        assert!(bench.actions.is_empty(), "the board may still be starting");
        bench.run(1_000);
        assert_eq!(
            bench.states(),
            [(1, CarrierState::Up, 1), (2, CarrierState::Up, 1)]
        );
        let set = bench.modem.configuration().unwrap();
        assert_eq!((set.color_code, set.is_simplex()), (1, false));
        assert!(
            bench.actions.iter().any(|(_, action)| matches!(
                action,
                Action::Notice(Notice::StationIdentified { .. })
            ))
        );
        bench.run(10_000);
        assert_eq!(bench.reopened(), [""; 0]);
    }
}

#[test]
fn simplex_has_slot_2_only() {
    let mut bench = Bench::running(false);
    assert_eq!(bench.states(), [(2, CarrierState::Up, 1)]);
    bench.send(1, Slot::One, "x");
    bench.run(100);
    assert_eq!(bench.steps(1), [Step::Refused(Refusal::NoCarrier)]);
}

#[test]
fn a_text_of_nine_bursts_leaves_without_a_gap_and_its_steps_arrive_in_order() {
    for duplex in [false, true] {
        let mut bench = Bench::running(duplex);
        bench.send(1, Slot::Two, TEXT);
        bench.run(2_000);
        assert_eq!(bench.on_air.len(), 9);
        assert_eq!(bench.gaps(), [0; 8]);
        assert_eq!(bench.steps(1), DONE);
        assert_eq!(bench.written(1), 1);
        assert_eq!(bench.refused, []);
    }
}

#[test]
fn statuses_that_arrive_twice_change_nothing() {
    let mut bench = Bench::running(true);
    bench.twice = true;
    for id in 0..3 {
        bench.send(id, Slot::Two, TEXT);
        bench.run(1_000);
        assert_eq!(bench.steps(id), DONE);
    }
    assert_eq!(bench.on_air.len(), 27);
    assert_eq!(bench.refused, []);
}

#[test]
fn one_burst_alone_is_proved_too() {
    for duplex in [false, true] {
        let mut bench = Bench::running(duplex);
        let check = Transmission::RadioCheck {
            from: own(),
            to: RadioId::new(5).unwrap(),
        };
        let job = Job::Send {
            id: JobId(1),
            carrier: carrier(Slot::Two),
            transmission: check,
        };
        bench.host.transmit(bench.now, job);
        bench.run(3_000);
        assert!(!bench.on_air.is_empty());
        assert_eq!(bench.steps(1)[..2], DONE[..2]);
    }
}

#[test]
fn many_texts_keep_the_slot_busy_and_never_overflow_the_modem() {
    let mut bench = Bench::running(true);
    let mut sent = 0;
    for _ in 0..200 {
        for slot in [Slot::One, Slot::Two] {
            let free = bench
                .host
                .lane_mut(slot)
                .is_some_and(|lane| !lane.channel.wants_to_send());
            if free {
                sent += 1;
                bench.send(sent, slot, TEXT);
            }
        }
        bench.run(60);
    }
    bench.run(2_000);
    assert!(sent >= 2 * 12_000 / 540, "{sent}");
    assert_eq!(bench.refused, []);
    assert_eq!(bench.on_air.len() as u64, sent * 9);
    for id in 1..=sent {
        assert_eq!(bench.steps(id), DONE, "job {id}");
    }
}

#[test]
fn a_modem_that_stalls_is_reopened_and_works_again() {
    let mut bench = Bench::running(true);
    bench.modem.faults().silent_until = Some(bench.now + Duration::from_millis(2_600));
    bench.send(1, Slot::One, TEXT);
    bench.run(2_500);
    assert_eq!(bench.reopened(), ["the modem has said nothing for 2 s"]);
    assert_eq!(bench.steps(1), [Step::Lost]);
    let mut gone = bench.states().split_off(3);
    gone.sort_by_key(|state| state.0);
    assert_eq!(
        gone,
        [(1, CarrierState::Gone, 0), (2, CarrierState::Gone, 0)]
    );
    bench.send(2, Slot::One, TEXT);
    bench.run(8_000);
    assert_eq!(bench.steps(2), [Step::Refused(Refusal::NoCarrier)]);
    bench.send(3, Slot::One, TEXT);
    bench.run(3_000);
    assert_eq!(bench.steps(3), DONE);
    assert_eq!(bench.reopened().len(), 1);
}

#[test]
fn a_burst_refused_for_want_of_space_is_sent_again_and_none_is_missing() {
    for refuse_full in 1..4 {
        let mut bench = Bench::running(true);
        bench.modem.faults().refuse_full = refuse_full;
        bench.send(1, Slot::Two, TEXT);
        bench.run(3_000);
        assert_eq!(bench.refused.len(), usize::from(refuse_full));
        assert_eq!(bench.on_air.len(), 9);
        assert_eq!(bench.steps(1), DONE);
        let mut again = Bench::running(true);
        again.send(1, Slot::Two, TEXT);
        again.run(3_000);
        let bursts = |bench: &Bench| bench.on_air.iter().map(|sent| sent.2).collect::<Vec<_>>();
        assert_eq!(bursts(&bench), bursts(&again));
    }
}

#[test]
fn a_lock_out_holds_what_is_queued_and_drops_nothing() {
    let mut bench = Bench::running(true);
    bench.modem.faults().lockout = true;
    bench.run(300);
    assert_eq!(
        bench.states()[2..],
        [(1, CarrierState::Busy, 0), (2, CarrierState::Busy, 0)]
    );
    bench.send(1, Slot::Two, TEXT);
    bench.run(5_000);
    assert_eq!(bench.steps(1), []);
    assert_eq!(bench.on_air, []);
    bench.modem.faults().lockout = false;
    bench.run(3_000);
    assert_eq!(bench.steps(1), DONE);
}

#[test]
fn a_repeater_hears_radios_only_after_one_has_woken_it_by_its_address() {
    let mut bench = Bench::running(true);
    let idle = Control::Idle(3);
    bench
        .modem
        .hear(bench.now, Slot::One, idle, wake_up::burst(999, 5));
    bench.run(300);
    assert!(!bench.modem.is_transmitting());
    bench
        .modem
        .hear(bench.now, Slot::One, idle, wake_up::burst(1_000, 5));
    bench.run(500);
    assert!(bench.modem.is_transmitting());
    bench
        .modem
        .hear(bench.now, Slot::One, Control::Data(1), voice_header());
    bench.run(100);
    assert_eq!(bench.heard(), [5_053_238]);
    bench.run(5_000);
    assert!(!bench.modem.is_transmitting());
    assert_eq!(bench.refused, []);
}

#[test]
fn a_call_in_simplex_is_heard_and_holds_what_waits_until_the_signal_is_lost() {
    let mut bench = Bench::running(false);
    bench
        .modem
        .hear(bench.now, Slot::Two, Control::Data(1), voice_header());
    bench.run(100);
    assert_eq!(bench.heard(), [5_053_238]);
    assert_eq!(bench.states().last(), Some(&(2, CarrierState::Busy, 0)));
    bench.send(1, Slot::Two, TEXT);
    bench.run(1_000);
    assert_eq!(bench.on_air, []);
    bench.modem.lose(bench.now, Slot::Two);
    bench.run(2_000);
    assert_eq!(bench.steps(1), DONE);
}

#[test]
fn another_peer_is_not_listened_to() {
    let mut bench = Bench::running(true);
    let stranger = Peer::Socket(([10, 0, 0, 1], 5).into());
    let lost = [0xE0, 3, 0x19];
    bench.host.receive(bench.now, stranger, &lost);
    assert!(matches!(
        bench.host.poll(),
        Some(Action::Notice(Notice::Dropped {
            cause: "foreign-peer",
            ..
        }))
    ));
}

#[test]
fn a_dvm_modem_is_refused_politely() {
    let code = ColorCode::new(1).unwrap();
    let config = HostConfig::new(StationId(7), own(), code, (1, 1));
    let mut host = ModemHost::new(config, Peer::Line);
    host.opened(Instant::ZERO);
    host.tick(Instant::from_millis(2_000));
    host.receive(Instant::from_millis(2_010), Peer::Line, &[0xFE, 4, 0, 1]);
    for n in 1..10 {
        host.tick(Instant::from_millis(2_000 + n * 1_500));
    }
    let actions: Vec<_> = core::iter::from_fn(|| host.poll()).collect();
    assert!(actions.iter().any(|action| matches!(
        action,
        Action::Notice(Notice::LogInRefused { claimed: 7, .. })
    )));
    assert!(matches!(actions.last(), Some(Action::Reopen { why }) if why.contains("DVM")));
    assert_eq!(host.deadline(), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn on_a_bad_line_every_job_comes_to_an_end_and_the_modem_never_overflows(
        seed: u64, duplex: bool, lost in 0u16..80, zeros in 0u16..80, garbage in 0u16..9_000, debug in 0u16..9_000,
    ) {
        let mut bench = Bench::new(duplex, ModemConfig { seed, ..ModemConfig::default() });
        let faults = bench.modem.faults();
        (faults.lost_octets, faults.inserted_zeros) = (lost, zeros);
        (faults.garbage, faults.debug_frames) = (garbage, debug);
        for id in 0..30 {
            bench.run(700);
            bench.send(id, Slot::Two, TEXT);
        }
        *bench.modem.faults() = crate::mmdvm::modem::Faults::default();
        bench.run(20_000);
        prop_assert!(bench.refused.iter().all(|nak| nak.reason != Reason::BufferFull), "{:?}", bench.refused);
        for id in 0..30 {
            let steps = bench.steps(id);
            let ends = steps.iter().filter(|step| matches!(step, Step::Done | Step::Lost | Step::Refused(_)));
            prop_assert_eq!(ends.count(), 1, "job {}: {:?}", id, steps);
            prop_assert!(matches!(steps.last(), Some(Step::Done | Step::Lost | Step::Refused(_))));
        }
        bench.send(30, Slot::Two, TEXT);
        bench.run(3_000);
        prop_assert_eq!(bench.steps(30), DONE, "nothing may stay broken on a good line");
    }

    #[test]
    fn any_octets_at_any_time_neither_panic_nor_fill_memory(
        pieces in prop::collection::vec((prop::collection::vec(any::<u8>(), 0..80), any::<u8>(), 0u64..2_000), 0..60),
    ) {
        let mut bench = Bench::running(true);
        for (piece, kind, pause) in pieces {
            bench.send(u64::from(kind), Slot::One, TEXT);
            let mut framed = vec![0xE0, piece.len() as u8 + 3, kind & 0x1F];
            framed.extend_from_slice(&piece);
            bench.host.receive(bench.now, Peer::Line, &framed);
            bench.host.receive(bench.now, Peer::Line, &piece);
            bench.run(pause);
            prop_assert!(bench.host.out.len() < 200);
        }
    }
}

#[test]
fn leaving_unkeys_the_modem_and_drops_what_waits() {
    let mut bench = Bench::running(true);
    bench.send(1, Slot::Two, TEXT);
    bench.run(300);
    assert!(bench.modem.is_transmitting());
    bench.host.leaving(bench.now);
    let left = bench.on_air.len();
    bench.run(3_000);
    assert_eq!(bench.modem.mode(), Mode::Idle);
    assert!(!bench.modem.is_transmitting());
    assert_eq!(bench.on_air.len(), left, "what waited does not leave");
    assert_eq!(bench.steps(1).last(), Some(&Step::Lost));
    assert_eq!(bench.states().last(), Some(&(2, CarrierState::Gone, 0)));
}

#[test]
fn one_octet_lost_in_a_thousand_costs_no_airtime_and_few_proofs() {
    let seeds = 0..8;
    let mut proved = 0;
    for seed in seeds.clone() {
        let modem = ModemConfig {
            seed,
            ..ModemConfig::default()
        };
        let mut bench = Bench::new(true, modem);
        bench.run(3_000);
        bench.modem.faults().lost_octets = 65;
        for id in 0..50 {
            bench.send(id, Slot::Two, TEXT);
            bench.run(900);
        }
        bench.run(1_000);
        assert_eq!(bench.on_air.len(), 450);
        proved += (0..50).filter(|id| bench.steps(*id) == DONE).count();
    }
    assert!(proved >= 50 * seeds.count() * 95 / 100, "{proved}");
}
