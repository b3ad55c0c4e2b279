//! The sessions of clients and the centre, in virtual time.

use std::collections::{BTreeMap, VecDeque};

use narrowcast_protocol::air::{
    Acknowledgement, CarrierId, HeardKind, JobId, Slot, StationId, Transmission,
};
use narrowcast_protocol::session::{Action, Job, Notice, Peer, Refusal, Session, Step};
use narrowcast_protocol::sms::cmpp::config as cmpp_config;
use narrowcast_protocol::sms::cmpp::session::CmppSession;
use narrowcast_protocol::sms::config::Secret;
use narrowcast_protocol::sms::segment::{Form, segment};
use narrowcast_protocol::sms::smpp::config as smpp_config;
use narrowcast_protocol::sms::smpp::session::SmppSession;
use narrowcast_protocol::sms::{Answer, MessageId, Outcome, Phone, RefusalClass, Submit};
use proptest::prelude::*;

use super::*;

const CARRIER: CarrierId = CarrierId {
    station: StationId(7),
    slot: Slot::One,
};
const KINDS: [CentreKind; 3] = [CentreKind::Smpp, CentreKind::Cmpp2, CentreKind::Cmpp3];
const WINDOW: u8 = 4;

fn secs(seconds: u64) -> Instant {
    Instant::from_millis(seconds * 1_000)
}

fn centre(kind: CentreKind) -> CentreConfig {
    CentreConfig::new(kind, "901234", "secret")
}

fn session(kind: CentreKind, password: &str) -> Box<dyn Session> {
    let (station, account) = (CARRIER.station, "901234".to_owned());
    let wall = CentreConfig::new(kind, "", "").wall;
    let cmpp = |version| {
        let config = cmpp_config::CmppConfig {
            station,
            account: account.clone(),
            secret: Secret::new(password),
            version,
            verify: cmpp_config::Verify::Strict,
            contract: cmpp_config::Contract::new("ALERT", "106901234"),
            limits: cmpp_config::Limits {
                window: WINDOW,
                per_second: 50,
                ..cmpp_config::Limits::default()
            },
            wall,
        };
        Box::new(CmppSession::new(config).unwrap()) as Box<dyn Session>
    };
    match kind {
        CentreKind::Cmpp2 => cmpp(cmpp_config::AskFor::V2),
        CentreKind::Cmpp3 => cmpp(cmpp_config::AskFor::V3),
        CentreKind::Smpp => {
            let config = smpp_config::SmppConfig {
                station,
                account,
                password: Secret::new(password),
                system_type: String::new(),
                contract: smpp_config::Contract::new("106901234"),
                limits: smpp_config::Limits {
                    window: WINDOW,
                    per_second: 50,
                    ..smpp_config::Limits::default()
                },
                wall,
            };
            Box::new(SmppSession::new(config).unwrap())
        }
    }
}

/// A session and a centre at both ends of a stream.
struct Rig {
    session: Box<dyn Session>,
    centre: Centre,
    form: Form,
    now: Instant,
    /// How many bytes of a stream arrive at once.
    split: usize,
    opens_at: Option<Instant>,
    room: u8,
    jobs: VecDeque<Job>,
    /// All that was seen, in order.
    steps: Vec<(u64, Step)>,
    receipts: Vec<(MessageId, Outcome)>,
    texts: Vec<String>,
    refused: Vec<(Instant, &'static str)>,
    dropped: BTreeMap<&'static str, u32>,
    seen: Vec<CentreEvent>,
    /// Receipts that came while their message had no name yet.
    early: usize,
}

impl Rig {
    fn new(config: CentreConfig, password: &str, split: usize) -> Self {
        let kind = config.kind;
        Self {
            session: session(kind, password),
            form: match kind {
                CentreKind::Smpp => Form::gsm(),
                _ => Form::cmpp(),
            },
            centre: Centre::new(config),
            now: Instant::ZERO,
            split,
            opens_at: Some(Instant::ZERO),
            room: 0,
            jobs: VecDeque::new(),
            steps: Vec::new(),
            receipts: Vec::new(),
            texts: Vec::new(),
            refused: Vec::new(),
            dropped: BTreeMap::new(),
            seen: Vec::new(),
            early: 0,
        }
    }

    fn submit(&mut self, first: u64, to: &str, text: &str) {
        let reference = narrowcast_protocol::sms::Reference::Eight(7);
        for (index, part) in (0_u64..).zip(segment(text, &self.form, reference).unwrap()) {
            let submit = Submit {
                to: Phone::new(to).unwrap(),
                part,
                receipt: true,
                validity: Some(Duration::from_secs(600)),
                at_once: false,
            };
            self.jobs.push_back(Job::Send {
                id: JobId(first + index),
                carrier: CARRIER,
                transmission: Transmission::Sms(submit),
            });
        }
    }

    fn lose(&mut self) {
        self.centre.disconnected();
        self.session.closed(self.now);
        self.opens_at = Some(self.now + Duration::from_secs(1));
    }

    /// Hands over until nobody has anything to say.
    fn settle(&mut self) {
        loop {
            if let Some(action) = self.session.poll() {
                self.act(action);
            } else if self.room > 0
                && let Some(job) = self.jobs.pop_front()
            {
                // Its report says how much room is left.
                self.room -= 1;
                self.session.transmit(self.now, job);
            } else if let Some(event) = self.centre.poll() {
                match &event {
                    CentreEvent::Send(bytes) => {
                        for piece in bytes.chunks(self.split) {
                            self.session.receive(self.now, Peer::Line, piece);
                        }
                    }
                    CentreEvent::Close(_) => self.lose(),
                    _ => {}
                }
                self.seen.push(event);
            } else {
                return;
            }
        }
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::Send { bytes, .. } => {
                for piece in bytes.chunks(self.split) {
                    self.centre.receive(self.now, piece);
                }
            }
            Action::Heard(heard) => {
                match heard.what {
                    HeardKind::Receipt(receipt) => {
                        let named = self.steps.iter().any(|(_, step)| match step {
                            Step::Taken { message } => message.may_be(&receipt.message),
                            _ => false,
                        });
                        self.early += usize::from(!named);
                        self.receipts.push((receipt.message, receipt.outcome));
                    }
                    HeardKind::Sms(text) => {
                        let part = &text.part;
                        self.texts.push(part.coding.decode(&part.octets));
                    }
                    other => panic!("{other:?}"),
                }
                for owed in heard.owed {
                    let Acknowledgement::Sms { token, .. } = owed.acknowledgement else {
                        panic!("{owed:?}");
                    };
                    let job = Job::Acknowledge {
                        id: JobId(1_000_000 + self.receipts.len() as u64),
                        carrier: CARRIER,
                        acknowledgement: Acknowledgement::Sms {
                            token,
                            answer: Answer::Taken,
                        },
                        until: owed.until,
                    };
                    self.session.transmit(self.now, job);
                }
            }
            Action::Job { id, step } if id.0 < 1_000_000 => self.steps.push((id.0, step)),
            Action::Job { .. } => {}
            Action::Carrier { room, .. } => self.room = room,
            Action::Notice(Notice::LogInRefused { why, .. }) => self.refused.push((self.now, why)),
            Action::Notice(Notice::Dropped { cause, count, .. }) => {
                *self.dropped.entry(cause).or_default() += count;
            }
            Action::Notice(_) => {}
            Action::Reopen { .. } => self.lose(),
        }
    }

    fn run_to(&mut self, end: Instant) {
        self.settle();
        loop {
            let due = [
                self.session.deadline(),
                self.centre.deadline(),
                self.opens_at,
            ];
            let Some(due) = due.into_iter().flatten().min().filter(|due| *due <= end) else {
                break;
            };
            self.now = self.now.max(due);
            if self.opens_at.is_some_and(|at| at <= self.now) {
                self.opens_at = None;
                self.centre.connected(self.now);
                self.session.opened(self.now);
            }
            self.session.tick(self.now);
            self.centre.tick(self.now);
            self.settle();
        }
        self.now = end;
    }

    fn count(&self, is: impl Fn(&Step) -> bool) -> usize {
        self.steps.iter().filter(|(_, step)| is(step)).count()
    }

    fn taken(&self) -> Vec<MessageId> {
        let taken = self.steps.iter().filter_map(|(_, step)| match step {
            Step::Taken { message } => Some(*message),
            _ => None,
        });
        taken.collect()
    }

    fn log_ins(&self) -> usize {
        let is = |event: &&CentreEvent| **event == CentreEvent::LoggedIn;
        self.seen.iter().filter(is).count()
    }

    fn odd(&self) -> Vec<&CentreEvent> {
        let is = |event: &&CentreEvent| matches!(event, CentreEvent::Odd(_));
        self.seen.iter().filter(is).collect()
    }
}

/// Six messages to a centre, and what came of them after two hours.
fn six(kind: CentreKind, faults: Faults, split: usize) -> Rig {
    let mut config = centre(kind);
    config.faults = faults;
    let mut rig = Rig::new(config, "secret", split);
    for job in 0..6 {
        rig.submit(job, &format!("1380013800{job}"), "山洪预警,立即转移");
    }
    rig.run_to(secs(7_200));
    for job in 0..6 {
        let of_job = rig.steps.iter().filter(|(id, _)| *id == job);
        let ends = of_job.filter(|(_, step)| step.is_end()).count();
        assert_eq!(
            ends, 1,
            "{kind:?} {faults:?}: ends of job {job}: {:?}",
            rig.steps
        );
    }
    assert_eq!(rig.odd(), Vec::<&CentreEvent>::new(), "{kind:?} {faults:?}");
    rig
}

#[test]
fn every_fault_of_a_centre_ends_each_job_once_and_loses_no_receipt() {
    let none = Faults::default();
    let hour = Duration::from_secs(3_600);
    // Faults; jobs that were taken, throttled and lost; receipts, and how many of them came for a
    // message without a name; log-ins; answers that nobody had asked for.
    let table: [(&str, Faults, [usize; 7]); 11] = [
        ("none", none, [6, 0, 0, 6, 0, 1, 0]),
        (
            "receipt first",
            Faults {
                receipt_first: true,
                ..none
            },
            [6, 0, 0, 6, 6, 1, 0],
        ),
        (
            "receipt twice",
            Faults {
                receipt_twice: true,
                ..none
            },
            [6, 0, 0, 12, 0, 1, 0],
        ),
        (
            "receipts held",
            Faults {
                receipts_held: hour,
                ..none
            },
            [6, 0, 0, 6, 0, 1, 0],
        ),
        (
            "slow",
            Faults {
                slow: Duration::from_secs(5),
                ..none
            },
            [6, 0, 0, 6, 0, 1, 0],
        ),
        (
            "throttling",
            Faults {
                throttle_every: 3,
                ..none
            },
            [4, 2, 0, 4, 0, 1, 0],
        ),
        (
            "wrong sequence",
            Faults {
                wrong_sequence_every: 1,
                ..none
            },
            [6, 0, 0, 6, 0, 1, 6],
        ),
        // The first two of the window were taken, and the client never hears their names.
        (
            "unbind",
            Faults {
                unbind_at: 3,
                ..none
            },
            [2, 0, 4, 4, 2, 2, 0],
        ),
        (
            "silence",
            Faults {
                silent_at: 3,
                ..none
            },
            [2, 0, 4, 4, 2, 2, 0],
        ),
        (
            "close",
            Faults {
                close_at: 3,
                ..none
            },
            [2, 0, 4, 4, 2, 2, 0],
        ),
        (
            "enormous length",
            Faults { huge_at: 3, ..none },
            [2, 0, 4, 4, 2, 2, 0],
        ),
    ];
    let mut wrong = Vec::new();
    for (name, faults, expected) in table {
        for kind in KINDS {
            let rig = six(kind, faults, 4_096);
            let throttled = |step: &Step| {
                let class = RefusalClass::Throttled;
                matches!(step, Step::Refused(Refusal::Operator { class: it, .. }) if *it == class)
            };
            let strays = rig.dropped.get("unasked-response").copied().unwrap_or(0);
            let found = [
                rig.taken().len(),
                rig.count(throttled),
                rig.count(|step| *step == Step::Lost),
                rig.receipts.len(),
                rig.early,
                rig.log_ins(),
                usize::try_from(strays).unwrap(),
            ];
            if found != expected {
                wrong.push(format!(
                    "{name}, {kind:?}: {found:?}, expected {expected:?}"
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn receipts_name_the_messages_that_were_taken_in_whatever_form() {
    for ids in [
        IdForm::Hexadecimal,
        IdForm::Decimal,
        IdForm::ZeroPadded,
        IdForm::HexadecimalThenDecimal,
    ] {
        let mut config = centre(CentreKind::Smpp);
        config.ids = ids;
        config.people.unreachable = vec!["13800138001".to_owned()];
        let mut rig = Rig::new(config, "secret", 4_096);
        rig.submit(0, "13800138000", "hello");
        rig.submit(1, "13800138001", "hello");
        rig.run_to(secs(10));
        let [first, second] = rig.taken().try_into().unwrap();
        let mut found: Vec<_> = rig.receipts.clone();
        found.sort_by_key(|(id, _)| !id.may_be(&first));
        let [(one, delivered), (two, failed)] = found.try_into().unwrap();
        assert!(one.may_be(&first) && two.may_be(&second), "{ids:?}");
        assert_eq!((delivered, failed), (Outcome::Delivered, Outcome::Failed));
    }
}

#[test]
fn people_answer_and_what_they_say_is_heard_once() {
    for kind in KINDS {
        let mut config = centre(kind);
        config.people.answer = Some("收到".to_owned());
        config.people.unknown = vec!["13800138009".to_owned()];
        let mut rig = Rig::new(config, "secret", 3);
        // Two parts, to which one answer comes.
        rig.submit(0, "+8613800138000", &"山洪".repeat(50));
        rig.submit(5, "13800138009", "hello");
        rig.run_to(secs(60));
        assert_eq!(rig.texts, ["收到"], "{kind:?}");
        assert_eq!((rig.taken().len(), rig.receipts.len()), (2, 2), "{kind:?}");
        let refused = |step: &Step| matches!(step, Step::Refused(_));
        assert_eq!(rig.count(refused), 1, "{kind:?}: {:?}", rig.steps);
        let parts = rig.seen.iter().filter_map(|event| match event {
            CentreEvent::Taken(message) => Some((message.text.as_str(), message.part?.number)),
            _ => None,
        });
        let text: String = parts.map(|(text, _)| text).collect();
        assert_eq!(text, "山洪".repeat(50), "{kind:?}");
        let unkept =
            |event: &&CentreEvent| matches!(event, CentreEvent::Brought { kept: false, .. });
        assert_eq!(rig.seen.iter().filter(unkept).count(), 0);
    }
}

#[test]
fn however_the_stream_is_cut_the_same_is_said() {
    for kind in KINDS {
        let faults = Faults {
            receipt_first: true,
            wrong_sequence_every: 2,
            ..Faults::default()
        };
        let whole = six(kind, faults, usize::MAX);
        for split in (1..=40).chain([64, 128]) {
            let cut = six(kind, faults, split);
            assert_eq!(cut.seen, whole.seen, "{kind:?} in pieces of {split}");
            assert_eq!(cut.steps, whole.steps);
        }
    }
}

#[test]
fn a_client_with_a_wrong_password_is_not_let_in_and_waits_a_minute_before_it_asks_again() {
    for kind in KINDS {
        let mut rig = Rig::new(centre(kind), "wrong", 4_096);
        rig.run_to(secs(150));
        let at: Vec<u64> = rig
            .refused
            .iter()
            .map(|(at, _)| at.as_micros() / 1_000_000)
            .collect();
        assert_eq!(at.len(), 2, "{kind:?} {at:?}");
        assert!(at[1] - at[0] >= 59, "{kind:?} {at:?}");
        let told = CentreEvent::Refused("the password is wrong");
        assert!(rig.seen.contains(&told), "{kind:?}");
        assert_eq!(rig.log_ins(), 0);
    }
}

#[test]
fn the_same_seed_is_the_same_run() {
    let run = |seed| {
        let mut config = centre(CentreKind::Smpp);
        config.people.answer = Some("ok".to_owned());
        config.seed = seed;
        let mut rig = Rig::new(config, "secret", 100);
        rig.submit(0, "13800138000", "hello");
        rig.run_to(secs(30));
        rig.seen
    };
    assert_eq!(run(3), run(3));
    let brought = |seed| run(seed).len();
    assert_eq!(brought(3), brought(4));
}

/// The published CONNECT of 3.0 for account 901234 and the secret "secret".
const CONNECT: &str =
    "000000270000000100000001393031323334dac045b55fa7238717903e9144ea68a73042f21b7d";

#[test]
fn what_a_client_has_not_answered_is_brought_again_on_the_next_connection() {
    let mut rig = Rig::new(centre(CentreKind::Cmpp3), "secret", 4_096);
    rig.submit(0, "13800138000", "hello");
    rig.run_to(Instant::from_millis(100));
    // From here on the client goes without a word each time.
    let mut brought = Vec::new();
    for at in [10, 20] {
        rig.centre.disconnected();
        rig.centre.connected(secs(at));
        rig.centre.receive(secs(at), &hex(CONNECT));
        let said = sent(&mut rig.centre);
        let answer = "000000218000000100000001\
                      0000000099ddaff8a9bea03a43d35ade19a80c0230";
        // The status of 3.0 is four octets wide, in the proof too.
        assert_eq!(said.get(..33).unwrap(), hex(answer));
        brought.push(said.get(33..).unwrap().to_vec());
    }
    let [first, second] = brought.try_into().unwrap();
    assert_eq!(first.len(), 12 + 97 + 71, "one DELIVER with a report");
    assert_eq!(first, second);
}

#[test]
fn a_gateway_of_2_0_tells_who_asks_for_3_0_so_in_its_own_layout() {
    let mut centre = Centre::new(centre(CentreKind::Cmpp2));
    centre.connected(Instant::ZERO);
    centre.receive(Instant::ZERO, &hex(CONNECT));
    let answer = format!("0000001e800000010000000104{}20", "00".repeat(16));
    assert_eq!(sent(&mut centre), hex(&answer));
}

#[test]
fn what_a_strict_centre_does_not_allow_is_refused_and_told() {
    let said = |kind, octets: &str| {
        let mut centre = Centre::new(centre(kind));
        centre.connected(Instant::ZERO);
        centre.receive(Instant::ZERO, &hex(octets));
        let mut events = Vec::new();
        while let Some(event) = centre.poll() {
            events.push(event);
        }
        events
    };
    let nack = |octets: &str| CentreEvent::Send(hex(octets).into());
    // Nobody is bound: ESME_RINVBNDSTS. The response to a message is refused without a body.
    let submit =
        "0000002b0000000400000000000000050000000001013836313338000000000000010000000568656c6c6f";
    let events = said(CentreKind::Smpp, submit);
    let refusal = nack("00000010800000040000000400000005");
    assert_eq!(events.first(), Some(&refusal), "{events:?}");
    // sequence_number 0 and an unknown command.
    let events = said(CentreKind::Smpp, "00000010000000150000000000000000");
    assert!(
        matches!(events.first(), Some(CentreEvent::Odd(_))),
        "{events:?}"
    );
    let events = said(CentreKind::Smpp, "00000010000001030000000000000007");
    assert_eq!(
        events.get(1),
        Some(&nack("00000010800001030000000300000007")),
        "{events:?}"
    );
    // Lengths that cannot be end the connection.
    for (kind, octets) in [
        (CentreKind::Smpp, "0000000f0000001500000000000000"),
        (CentreKind::Cmpp2, "0000000b00000008000000"),
        (CentreKind::Cmpp2, "7fffffff0000000800000001"),
    ] {
        let octets = format!("{octets}{}", "00".repeat(8));
        let events = said(kind, &octets);
        assert!(
            matches!(events.last(), Some(CentreEvent::Close(_))),
            "{events:?}"
        );
    }
}

fn hex(octets: &str) -> Vec<u8> {
    let digits: Vec<u8> = octets
        .bytes()
        .filter(|byte| !byte.is_ascii_whitespace())
        .map(|byte| char::from(byte).to_digit(16).unwrap() as u8)
        .collect();
    digits
        .chunks(2)
        .map(|pair| pair[0] << 4 | pair[1])
        .collect()
}

/// All that the centre says now.
fn sent(centre: &mut Centre) -> Vec<u8> {
    let mut all = Vec::new();
    while let Some(event) = centre.poll() {
        if let CentreEvent::Send(bytes) = event {
            all.extend_from_slice(&bytes);
        }
    }
    all
}

fn kinds() -> impl Strategy<Value = CentreKind> {
    prop_oneof![
        Just(CentreKind::Smpp),
        Just(CentreKind::Cmpp2),
        Just(CentreKind::Cmpp3)
    ]
}

proptest! {
    #[test]
    fn no_bytes_stop_a_centre(
        kind in kinds(),
        pdus in prop::collection::vec((0_u8..24, prop::collection::vec(any::<u8>(), 0..200)), 0..20),
        at in 1_usize..50,
    ) {
        let mut centre = Centre::new(centre(kind));
        centre.connected(Instant::ZERO);
        let mut now = Instant::ZERO;
        for (command, body) in pdus {
            let header = if kind == CentreKind::Smpp { 16 } else { 12 };
            let mut pdu = Vec::new();
            pdu.extend(u32::try_from(header + body.len()).unwrap().to_be_bytes());
            pdu.extend(u32::from(command).to_be_bytes());
            pdu.extend(&body);
            pdu.resize(header + body.len(), 1);
            for piece in pdu.chunks(at) {
                centre.receive(now, piece);
            }
            now += Duration::from_secs(1);
            centre.tick(now);
            if !centre.is_connected() {
                centre.connected(now);
            }
            sent(&mut centre);
        }
    }
}
