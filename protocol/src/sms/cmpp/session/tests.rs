//! The session and a gateway, in virtual time.

use super::*;
use crate::air::{Heard, HeardKind, Owed, StationId};
use crate::sms::cmpp::authenticator::{Secret, StatusWidth, of_gateway};
use crate::sms::cmpp::config::Verify;
use crate::sms::cmpp::config::{Contract, Limits};
use crate::sms::cmpp::connect::Connect;
use crate::sms::cmpp::connect_resp::ConnectResp;
use crate::sms::cmpp::deliver::Deliver;
use crate::sms::cmpp::deliver_resp::DeliverResp;
use crate::sms::cmpp::report::Report;
use crate::sms::incoming::Answer;
use crate::sms::part::{Coding, Part};
use crate::sms::phone::Phone;
use crate::sms::reassemble::Reassembly;
use crate::sms::receipt::Outcome;
use crate::sms::segment::{Form, segment};
use crate::sms::udh::Reference;
use crate::sms::wall::WallClock;

const ACCOUNT: &str = "901234";
/// 2026-11-23 16:30:05 in Beijing.
const MICROS: i64 = 1_795_422_605_000_000;

const CARRIER: CarrierId = CarrierId {
    station: StationId(7),
    slot: Slot::One,
};

fn config() -> CmppConfig {
    CmppConfig {
        station: CARRIER.station,
        account: ACCOUNT.to_owned(),
        secret: Secret::new("secret"),
        version: AskFor::V2,
        verify: Verify::Strict,
        contract: Contract::new("ALERT", "106901234"),
        limits: Limits {
            per_second: 100,
            idle: Duration::from_secs(30),
            ..Limits::default()
        },
        wall: WallClock::new(MICROS, 28_800),
    }
}

/// A session, the gateway's end of its stream, and what the session has said.
struct Rig {
    session: CmppSession,
    now: Instant,
    version: Version,
    gateway: Deframer,
    /// What reached the gateway and was not looked at yet.
    requests: VecDeque<(u32, Pdu)>,
    actions: Vec<Action>,
    reopened: Option<&'static str>,
}

impl Rig {
    fn new(config: CmppConfig) -> Self {
        let version = match config.version {
            AskFor::V2 => Version::V2,
            _ => Version::V3,
        };
        Self {
            session: CmppSession::new(config).expect("a configuration"),
            now: Instant::ZERO,
            version,
            gateway: Deframer::default(),
            requests: VecDeque::new(),
            actions: Vec::new(),
            reopened: None,
        }
    }

    /// A session that is logged in.
    fn logged_in(config: CmppConfig) -> Self {
        let mut rig = Self::new(config);
        rig.open();
        rig.let_in();
        rig.actions.clear();
        rig
    }

    fn open(&mut self) {
        self.session.opened(self.now);
        self.drain();
    }

    fn let_in(&mut self) {
        let (sequence, connect) = self.connect();
        let proof = of_gateway(StatusWidth::One, 0, &connect.proof, &Secret::new("secret"));
        self.answer_connect(sequence, 0, proof);
    }

    fn connect(&mut self) -> (u32, Connect) {
        match self.requests.pop_front() {
            Some((sequence, Pdu::Connect(connect))) => (sequence, connect),
            other => panic!("no CONNECT: {other:?}"),
        }
    }

    fn answer_connect(&mut self, sequence: u32, status: u32, proof: [u8; 16]) {
        let version = self.version.code();
        let answer = ConnectResp {
            status,
            proof,
            version,
        };
        self.say(sequence, &Pdu::ConnectResp(answer));
    }

    fn drain(&mut self) {
        while let Some(action) = self.session.poll() {
            match &action {
                Action::Send { bytes, .. } => self.gateway.push(bytes),
                Action::Reopen { why } => self.reopened = Some(why),
                _ => {}
            }
            self.actions.push(action);
        }
        while let Some((header, body)) = self.gateway.next_pdu().expect("our own lengths") {
            let pdu = Pdu::decode(self.version, header.command, &body).expect("our own PDU");
            self.requests.push_back((header.sequence, pdu));
        }
        if self.reopened.is_some() && self.session.phase == Phase::Down {
            self.session.closed(self.now);
            self.gateway.clear();
            while let Some(action) = self.session.poll() {
                self.actions.push(action);
            }
        }
    }

    fn say(&mut self, sequence: u32, pdu: &Pdu) {
        let bytes = pdu.encode(self.version, sequence);
        self.say_bytes(&bytes);
    }

    fn say_bytes(&mut self, bytes: &[u8]) {
        self.session.receive(self.now, Peer::Line, bytes);
        self.drain();
    }

    /// Lets time pass, and the session do what is due.
    fn run_to(&mut self, seconds: u64) {
        let end = Instant::from_millis(seconds * 1_000);
        while let Some(due) = self.session.deadline().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            self.session.tick(self.now);
            self.drain();
        }
        self.now = self.now.max(end);
    }

    fn submit(&mut self, job: u64, part: Part) {
        let message = Submit {
            to: Phone::new("13800138000").expect("a number"),
            part,
            receipt: true,
            validity: Some(Duration::from_secs(600)),
            at_once: false,
        };
        let job = Job::Send {
            id: JobId(job),
            carrier: CARRIER,
            transmission: Transmission::Sms(message),
        };
        self.session.transmit(self.now, job);
        self.drain();
    }

    fn submit_text(&mut self, job: u64) {
        self.submit(job, text("山洪预警"));
    }

    fn acknowledge(&mut self, job: u64, heard: &Heard, answer: Answer) {
        let Some(Owed {
            acknowledgement: Acknowledgement::Sms { token, .. },
            until,
        }) = heard.owed.first()
        else {
            panic!("nothing is owed for {heard:?}");
        };
        let job = Job::Acknowledge {
            id: JobId(job),
            carrier: CARRIER,
            acknowledgement: Acknowledgement::Sms {
                token: *token,
                answer,
            },
            until: *until,
        };
        self.session.transmit(self.now, job);
        self.drain();
    }

    fn steps(&self, job: u64) -> Vec<Step> {
        let steps = self.actions.iter().filter_map(|action| match action {
            Action::Job { id, step } if id.0 == job => Some(*step),
            _ => None,
        });
        steps.collect()
    }

    fn heard(&self) -> Vec<Heard> {
        let heard = self.actions.iter().filter_map(|action| match action {
            Action::Heard(heard) => Some(heard.clone()),
            _ => None,
        });
        heard.collect()
    }

    fn room(&self) -> Option<(CarrierState, u8)> {
        let mut states = self.actions.iter().rev();
        states.find_map(|action| match action {
            Action::Carrier { state, room, .. } => Some((*state, *room)),
            _ => None,
        })
    }

    fn dropped(&mut self, cause: &str) -> u32 {
        self.now += Duration::from_secs(1);
        self.session.tick(self.now);
        self.drain();
        let dropped = self.actions.iter().map(|action| match action {
            Action::Notice(Notice::Dropped {
                cause: it, count, ..
            }) if *it == cause => *count,
            _ => 0,
        });
        dropped.sum()
    }
}

fn text(text: &str) -> Part {
    let parts = segment(text, &Form::cmpp(), Reference::Eight(1)).expect("short");
    parts.into_iter().next().expect("one part")
}

fn taken(message: u64) -> Pdu {
    Pdu::SubmitResp(SubmitResp { message, result: 0 })
}

fn refused(result: u32) -> Pdu {
    Pdu::SubmitResp(SubmitResp { message: 0, result })
}

fn deliver(message: u64, content: &[u8], header: bool) -> Pdu {
    Pdu::Deliver(Box::new(Deliver {
        message,
        destination: "10690123407".to_owned(),
        service: "ALERT".to_owned(),
        protocol_id: 0,
        header,
        format: 8,
        source: "8613800138000".to_owned(),
        source_type: 0,
        is_report: false,
        content: content.to_vec(),
        damaged: false,
    }))
}

fn report(message: u64, about: u64, state: &str) -> Pdu {
    let report = Report {
        message: about,
        state: state.to_owned(),
        submitted: "2611231630".to_owned(),
        done: "2611231631".to_owned(),
        to: "13800138000".to_owned(),
        centre_sequence: 1,
    };
    let Pdu::Deliver(mut deliver) = deliver(message, &report.encode(Version::V2), false) else {
        unreachable!("it is a DELIVER");
    };
    deliver.is_report = true;
    Pdu::Deliver(deliver)
}

#[test]
fn a_log_in_with_the_gateways_proof_opens_the_window() {
    for version in [AskFor::V2, AskFor::V3] {
        let mut rig = Rig::new(CmppConfig {
            version,
            ..config()
        });
        rig.open();
        let first = rig.requests.front().cloned();
        assert!(matches!(first, Some((_, Pdu::Connect(it))) if it.timestamp == 1_123_163_005));
        assert_eq!(rig.room(), None);
        rig.let_in();
        assert_eq!(rig.room(), Some((CarrierState::Up, 16)));
    }
}

#[test]
fn a_gateway_without_proof_is_refused_told_of_or_taken_as_configured() {
    for (verify, up) in [
        (Verify::Strict, false),
        (Verify::Lenient, true),
        (Verify::Off, true),
    ] {
        let mut rig = Rig::new(CmppConfig { verify, ..config() });
        rig.open();
        let (sequence, _) = rig.connect();
        rig.answer_connect(sequence, 0, [0; 16]);
        assert_eq!(rig.room().is_some(), up, "{verify:?}");
        assert_eq!(rig.reopened.is_some(), !up);
        let doubts = rig.actions.iter().any(|action| {
            matches!(action, Action::Notice(Notice::StationIdentified { description, .. })
                if description.contains("does not prove"))
        });
        assert_eq!(doubts, verify == Verify::Lenient);
    }
}

#[test]
fn a_refused_account_is_tried_again_slower_each_time() {
    let mut rig = Rig::new(config());
    let mut tries = Vec::new();
    for _ in 0..7 {
        rig.open();
        let waits = rig.session.deadline().expect("a log-in");
        if rig.requests.is_empty() {
            rig.run_to(waits.as_micros() / 1_000_000);
        }
        tries.push(rig.now.as_micros() / 1_000_000);
        let (sequence, _) = rig.connect();
        rig.answer_connect(sequence, 3, [0; 16]);
        assert_eq!(rig.reopened.take(), Some("the log-in was refused"));
    }
    assert_eq!(tries, [0, 60, 180, 420, 900, 1_800, 2_700]);
    let refusals = rig.actions.iter().filter(|action| {
        matches!(action, Action::Notice(Notice::LogInRefused { why, .. }) if why.contains("clock"))
    });
    assert_eq!(refusals.count(), 7);
}

#[test]
fn a_gateway_of_2_0_is_asked_again_in_its_version() {
    let mut rig = Rig::new(CmppConfig {
        version: AskFor::Auto,
        ..config()
    });
    rig.open();
    let (sequence, connect) = rig.connect();
    assert_eq!(connect.version, 0x30);
    // It answers in its own layout.
    rig.version = Version::V2;
    rig.answer_connect(sequence, 4, [0; 16]);
    assert!(rig.reopened.take().is_some());
    rig.open();
    assert_eq!(
        rig.requests.front().map(|(_, it)| it.command()),
        Some(Command::CONNECT)
    );
    rig.let_in();
    assert_eq!(rig.room(), Some((CarrierState::Up, 16)));
}

#[test]
fn a_message_is_sent_as_the_contract_says_and_named_by_the_gateway() {
    let mut rig = Rig::logged_in(config());
    rig.submit_text(1);
    assert_eq!(rig.room(), Some((CarrierState::Up, 15)));
    let Some((sequence, Pdu::Submit(submit))) = rig.requests.pop_front() else {
        panic!("no SUBMIT");
    };
    assert_eq!(submit.numbers, ["13800138000"]);
    assert_eq!(
        (submit.registered, submit.fee_user, submit.format),
        (1, 2, 8)
    );
    assert_eq!((submit.total, submit.number, submit.header), (1, 1, false));
    assert_eq!(submit.valid_until, "261123164005032+");
    assert_eq!(
        (submit.service.as_str(), submit.source.as_str()),
        ("ALERT", "106901234")
    );
    assert_eq!(hex::encode(&submit.content), "5c716d2a98848b66");
    rig.say(sequence, &taken(0xBBC1_E140_03E9_0007));
    let message = MessageId::new(b"bbc1e14003e90007").expect("an id");
    assert_eq!(rig.steps(1), [Step::Taken { message }, Step::Done]);
    assert_eq!(rig.room(), Some((CarrierState::Up, 16)));
}

#[test]
fn a_long_text_reaches_the_gateway_whole() {
    let mut rig = Rig::logged_in(config());
    let long = "山洪预警,请立即转移到3号集合点😀。".repeat(9);
    let parts = segment(&long, &Form::cmpp(), Reference::Eight(0x2A)).expect("short enough");
    let total = u8::try_from(parts.len()).expect("few");
    let mut texts = Reassembly::default();
    let mut whole = Vec::new();
    for (job, part) in (0..).zip(parts) {
        rig.submit(job, part);
        let Some((_, Pdu::Submit(submit))) = rig.requests.pop_front() else {
            panic!("no SUBMIT");
        };
        assert_eq!((submit.total, u64::from(submit.number)), (total, job + 1));
        assert!(submit.content.len() <= 140 && submit.header);
        // The phone gets what the gateway got.
        let Pdu::Deliver(phone) = deliver(job, &submit.content, submit.header) else {
            unreachable!("it is a DELIVER");
        };
        let (incoming, damaged) = compose::incoming(&phone);
        assert!(!damaged);
        whole.extend(texts.take(rig.now, &incoming));
    }
    let said: Vec<_> = whole.iter().map(|it| it.text.as_str()).collect();
    assert_eq!(said, [long.as_str()]);
}

#[test]
fn what_the_gateway_refuses_ends_with_the_class_of_its_code() {
    let mut rig = Rig::logged_in(CmppConfig {
        version: AskFor::V3,
        ..config()
    });
    for (job, code, class) in [
        (1, 13, RefusalClass::Number),
        (2, 11, RefusalClass::Permanent),
        (3, 120, RefusalClass::Temporary),
    ] {
        rig.submit_text(job);
        let (sequence, _) = rig.requests.pop_front().expect("a SUBMIT");
        rig.say(sequence, &refused(code));
        let expected = Step::Refused(Refusal::Operator { class, code });
        assert_eq!(rig.steps(job), [expected]);
    }
}

#[test]
fn a_gateway_that_is_given_too_much_is_left_alone_for_a_while() {
    let mut rig = Rig::logged_in(config());
    rig.submit_text(1);
    let (sequence, _) = rig.requests.pop_front().expect("a SUBMIT");
    rig.say(sequence, &refused(8));
    let (class, code) = (RefusalClass::Throttled, 8);
    let expected = Step::Refused(Refusal::Operator { class, code });
    assert_eq!(rig.steps(1), [expected]);
    assert_eq!(rig.room(), Some((CarrierState::Busy, 0)));
    rig.submit_text(2);
    assert_eq!(rig.steps(2), [Step::Refused(Refusal::NoRoom)]);
    rig.run_to(1);
    assert_eq!(rig.room(), Some((CarrierState::Up, 16)));
}

#[test]
fn no_more_than_the_window_and_the_rate_allow_is_on_its_way() {
    let mut rig = Rig::logged_in(config());
    for job in 0..17 {
        rig.submit_text(job);
    }
    assert_eq!(rig.requests.len(), 16);
    assert_eq!(rig.steps(16), [Step::Refused(Refusal::NoRoom)]);
    assert_eq!(rig.room(), Some((CarrierState::Up, 0)));
    let mut limited = config();
    limited.limits.per_second = 2;
    let mut rig = Rig::logged_in(limited);
    for job in 0..3 {
        rig.submit_text(job);
    }
    assert_eq!(rig.requests.len(), 2);
    rig.run_to(1);
    assert_eq!(rig.room(), Some((CarrierState::Up, 2)));
}

#[test]
fn the_room_left_is_told_after_every_message_also_when_it_is_the_same_again() {
    let mut limited = config();
    limited.limits.per_second = 2;
    let mut rig = Rig::logged_in(limited);
    rig.submit_text(1);
    assert_eq!(rig.room(), Some((CarrierState::Up, 1)));
    // The second has passed: of two a second there is room for one more, as was told before.
    rig.run_to(2);
    rig.submit_text(2);
    assert_eq!(rig.room(), Some((CarrierState::Up, 1)));
}

#[test]
fn a_message_without_answer_is_repeated_once_and_then_unclear() {
    let mut rig = Rig::logged_in(config());
    rig.submit_text(1);
    let first = rig.requests.pop_front().expect("a SUBMIT");
    rig.run_to(30);
    rig.submit_text(2);
    let (other, _) = rig
        .requests
        .iter()
        .rfind(|(_, pdu)| pdu.command() == Command::SUBMIT)
        .cloned()
        .expect("a SUBMIT");
    rig.say(other, &taken(2));
    rig.requests.clear();
    rig.run_to(59);
    rig.say(900, &Pdu::ActiveTest);
    rig.run_to(61);
    let repeats = rig.requests.iter().filter(|request| **request == first);
    assert_eq!(repeats.count(), 1, "the same message with the same number");
    rig.say(901, &Pdu::ActiveTest);
    rig.run_to(85);
    rig.say(902, &Pdu::ActiveTest);
    rig.run_to(119);
    assert_eq!(rig.steps(1), []);
    rig.run_to(121);
    assert_eq!(rig.steps(1), [Step::Lost]);
    assert_eq!(rig.reopened, None, "others were answered");
}

#[test]
fn the_refusal_of_a_repeat_is_no_refusal_of_the_message() {
    let mut rig = Rig::logged_in(config());
    rig.submit_text(1);
    let (sequence, submit) = rig.requests.pop_front().expect("a SUBMIT");
    // A number that was used before, says the gateway: it goes once more under another.
    rig.say(sequence, &refused(3));
    let (again, same) = rig.requests.pop_front().expect("another SUBMIT");
    assert_ne!(again, sequence);
    assert_eq!(same, submit);
    assert_eq!(rig.steps(1), []);
    rig.say(again, &refused(3));
    assert_eq!(rig.steps(1), [Step::Lost]);
}

#[test]
fn an_answer_that_was_not_asked_for_frees_no_place() {
    let mut rig = Rig::logged_in(config());
    rig.submit_text(1);
    let (sequence, _) = rig.requests.pop_front().expect("a SUBMIT");
    rig.say(sequence + 83, &taken(9));
    // The right number in the answer to something else.
    rig.say(sequence, &Pdu::ActiveTestResp(ActiveTestResp));
    assert_eq!(rig.steps(1), []);
    assert_eq!(rig.room(), Some((CarrierState::Up, 15)));
    assert_eq!(rig.dropped("unasked-response"), 1);
    rig.say(sequence, &taken(9));
    assert_eq!(rig.steps(1).last(), Some(&Step::Done));
}

#[test]
fn whatever_the_gateway_says_proves_that_it_is_there() {
    let mut rig = Rig::logged_in(config());
    rig.run_to(30);
    let (test, pdu) = rig.requests.pop_front().expect("a test");
    assert_eq!(pdu, Pdu::ActiveTest);
    rig.run_to(40);
    for job in 0..16 {
        rig.submit_text(job);
    }
    let submits: Vec<_> = rig.requests.drain(..).collect();
    rig.run_to(42);
    rig.say(7, &Pdu::ActiveTest);
    let answer = rig.requests.pop_front();
    let expected = (7, Pdu::ActiveTestResp(ActiveTestResp));
    assert_eq!(answer, Some(expected), "it never waits behind the window");
    for ((sequence, _), seconds) in submits.into_iter().zip([55, 60, 65, 70, 75, 80, 85]) {
        rig.run_to(seconds);
        rig.say(sequence, &taken(u64::from(sequence)));
    }
    rig.run_to(89);
    // An empty body.
    let header = Header {
        length: 12,
        command: Command::ACTIVE_TEST.response(),
        sequence: test,
    };
    let mut bytes = bytes::BytesMut::new();
    header.encode(&mut bytes);
    rig.say_bytes(&bytes);
    rig.run_to(95);
    assert_eq!(rig.reopened, None);
}

#[test]
fn a_silent_gateway_is_given_up_after_three_tests() {
    let mut rig = Rig::logged_in(config());
    rig.submit_text(1);
    rig.requests.clear();
    let mut limits = config().limits;
    limits.repeats = 9;
    rig.session.flights = Window::new(window(limits));
    rig.run_to(209);
    assert_eq!(rig.reopened, None);
    let tests = rig
        .requests
        .iter()
        .filter(|(_, pdu)| *pdu == Pdu::ActiveTest);
    assert_eq!(tests.count(), 3);
    rig.run_to(210);
    assert_eq!(rig.reopened, Some("the gateway is silent"));
    assert_eq!(rig.room(), Some((CarrierState::Gone, 0)));
    let left = rig.actions.iter().filter(|action| {
        matches!(action, Action::Notice(Notice::StationLeft { why, .. }) if why.contains("silent"))
    });
    assert_eq!(left.count(), 1);
}

#[test]
fn a_full_window_without_answers_ends_the_link_and_every_message_is_unclear() {
    let mut rig = Rig::logged_in(config());
    for job in 0..16 {
        rig.submit_text(job);
    }
    for seconds in (10..60).step_by(10) {
        rig.run_to(seconds);
        rig.say(1_000, &Pdu::ActiveTest);
    }
    rig.run_to(59);
    assert_eq!(rig.reopened, None);
    rig.run_to(60);
    assert_eq!(rig.reopened, Some("the gateway answers no message"));
    for job in 0..16 {
        assert_eq!(rig.steps(job), [Step::Lost]);
    }
    let submits = rig.requests.iter();
    let submits = submits.filter(|(_, pdu)| pdu.command() == Command::SUBMIT);
    assert_eq!(submits.count(), 16, "nothing is sent again blindly");
}

#[test]
fn a_text_of_a_phone_is_answered_when_it_is_kept_and_not_before() {
    let mut rig = Rig::logged_in(config());
    let content = Coding::Ucs2.encode_all("收到").expect("UCS-2 has all");
    rig.say(33, &deliver(5, &content, false));
    let [heard] = rig.heard().try_into().expect("one text");
    let HeardKind::Sms(incoming) = &heard.what else {
        panic!("no text: {heard:?}");
    };
    assert_eq!(incoming.from.phone(), Phone::new("13800138000").ok());
    assert_eq!(incoming.to, "10690123407");
    assert_eq!(incoming.part.coding.decode(&incoming.part.octets), "收到");
    assert_eq!(rig.requests, []);
    // The gateway repeats it while it waits.
    rig.say(33, &deliver(5, &content, false));
    assert_eq!(rig.heard().len(), 1);
    rig.acknowledge(1, &heard, Answer::Taken);
    let answer = DeliverResp {
        message: 5,
        result: 0,
    };
    assert_eq!(
        rig.requests.pop_front(),
        Some((33, Pdu::DeliverResp(answer)))
    );
    rig.acknowledge(2, &heard, Answer::Taken);
    assert_eq!(rig.steps(2), [Step::Refused(Refusal::TooLate)]);
    assert_eq!(rig.requests, [], "it is answered once");
}

#[test]
fn who_has_no_room_says_so_and_the_gateway_comes_again() {
    let mut rig = Rig::logged_in(config());
    for message in 0..300 {
        let sequence = u32::try_from(message).expect("small");
        rig.say(sequence, &report(message, 7, "DELIVRD"));
    }
    assert_eq!(rig.heard().len(), 256);
    let busy = |(_, pdu): &(u32, Pdu)| matches!(pdu, Pdu::DeliverResp(it) if it.result == 8);
    assert_eq!(rig.requests.iter().filter(|it| busy(it)).count(), 44);
    rig.requests.clear();
    let first = rig.heard().swap_remove(0);
    rig.acknowledge(1, &first, Answer::Busy);
    assert!(rig.requests.front().is_some_and(busy));
}

#[test]
fn a_report_may_come_before_the_answer_that_it_is_about() {
    let mut rig = Rig::logged_in(config());
    rig.submit_text(1);
    let (sequence, _) = rig.requests.pop_front().expect("a SUBMIT");
    rig.say(50, &report(6, 7, "DELIVRD"));
    rig.say(sequence, &taken(7));
    let [heard] = rig.heard().try_into().expect("one receipt");
    let HeardKind::Receipt(receipt) = heard.what else {
        panic!("no receipt");
    };
    let message = MessageId::from_u64(7);
    assert_eq!(
        (receipt.message, receipt.outcome),
        (message, Outcome::Delivered)
    );
    assert_eq!(rig.steps(1), [Step::Taken { message }, Step::Done]);
}

#[test]
fn the_same_part_twice_is_one_part_and_another_content_begins_a_new_text() {
    let mut rig = Rig::logged_in(config());
    let mut texts = Reassembly::default();
    let mut said = Vec::new();
    let contents = [
        "0500032a02015c716d2a",
        "0500032a02015c716d2a",
        "0500032a0201653652 30",
    ];
    for (at, content) in (0..).zip(contents) {
        let content = hex::decode(content.replace(' ', "")).expect("hexadecimal");
        rig.say(
            0x15 + at,
            &deliver(0xBBC1_E140_03E9_0011 + u64::from(at), &content, true),
        );
        let heard = rig.heard().pop().expect("a part");
        let HeardKind::Sms(incoming) = &heard.what else {
            panic!("no text");
        };
        said.extend(texts.take(rig.now, incoming).into_iter().map(|it| it.text));
        rig.acknowledge(u64::from(at), &heard, Answer::Taken);
        let answer = DeliverResp {
            message: 0xBBC1_E140_03E9_0011 + u64::from(at),
            result: 0,
        };
        let expected = Some((0x15 + at, Pdu::DeliverResp(answer)));
        assert_eq!(rig.requests.pop_front(), expected);
    }
    assert_eq!(said, ["山洪[…]"]);
}

#[test]
fn the_answer_for_one_connection_never_goes_to_the_next() {
    let mut rig = Rig::logged_in(config());
    rig.say(33, &report(5, 7, "DELIVRD"));
    let old = rig.heard().swap_remove(0);
    rig.session.closed(rig.now);
    rig.drain();
    rig.open();
    rig.let_in();
    rig.say(33, &report(6, 7, "DELIVRD"));
    rig.acknowledge(1, &old, Answer::Taken);
    assert_eq!(rig.steps(1), [Step::Refused(Refusal::TooLate)]);
    assert_eq!(rig.requests, []);
}

#[test]
fn good_bye_is_said_when_leaving_and_answered_when_heard() {
    let mut rig = Rig::logged_in(config());
    rig.session.leaving(rig.now);
    rig.drain();
    assert!(matches!(
        rig.requests.pop_front(),
        Some((_, Pdu::Terminate))
    ));
    rig.say(44, &Pdu::Terminate);
    assert_eq!(rig.requests.pop_front(), Some((44, Pdu::TerminateResp)));
    assert_eq!(rig.room(), Some((CarrierState::Gone, 0)));
    assert_eq!(rig.reopened, None, "the answer must leave first");
    rig.run_to(1);
    assert_eq!(rig.reopened, Some("the gateway has closed the connection"));
}

#[test]
fn a_false_length_closes_and_an_unknown_command_does_not() {
    let mut rig = Rig::logged_in(config());
    rig.say_bytes(&[0, 0, 0, 12, 0, 0, 0, 3, 0, 0, 0, 1]);
    assert_eq!(rig.reopened, None);
    assert_eq!(rig.dropped("unknown-command"), 1);
    rig.say_bytes(&[0, 0, 0, 11, 0, 0, 0, 8, 0, 0, 0, 1]);
    assert!(rig.reopened.is_some());
    assert_eq!(rig.room(), Some((CarrierState::Gone, 0)));
}

#[test]
fn a_deliver_that_cannot_be_read_is_refused_with_its_own_name() {
    let mut rig = Rig::logged_in(config());
    let mut bytes = vec![0, 0, 0, 24, 0, 0, 0, 5, 0, 0, 0, 9];
    bytes.extend([1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 9]);
    rig.say_bytes(&bytes);
    let answer = DeliverResp {
        message: 0x0102_0304_0506_0708,
        result: 1,
    };
    assert_eq!(
        rig.requests.pop_front(),
        Some((9, Pdu::DeliverResp(answer)))
    );
    assert_eq!(rig.reopened, None);
}

#[test]
fn radio_jobs_and_other_carriers_are_refused() {
    let mut rig = Rig::logged_in(config());
    let radio = crate::air::RadioId::new(7).expect("an id");
    let check = Transmission::RadioCheck {
        from: radio,
        to: radio,
    };
    for (id, carrier, expected) in [
        (1, CARRIER, Refusal::NotOffered),
        (
            2,
            CarrierId {
                slot: Slot::Two,
                ..CARRIER
            },
            Refusal::NoCarrier,
        ),
    ] {
        let job = Job::Send {
            id: JobId(id),
            carrier,
            transmission: check.clone(),
        };
        rig.session.transmit(rig.now, job);
        rig.drain();
        assert_eq!(rig.steps(id), [Step::Refused(expected)]);
    }
    let mut bare = text("hello");
    bare.coding = Coding::Gsm7;
    rig.submit(3, bare);
    assert_eq!(rig.steps(3), [Step::Refused(Refusal::Unencodable)]);
    let mut long = text("hello");
    long.octets = vec![b'a'; 160];
    rig.submit(4, long);
    assert_eq!(rig.steps(4), [Step::Refused(Refusal::TooLong)]);
}

#[test]
fn a_configuration_that_would_not_fit_the_wire_is_refused_by_field() {
    let mut long = config();
    long.account = "9012345".to_owned();
    let error = CmppSession::new(long).expect_err("7 characters");
    assert!(
        error.to_string().starts_with("account has 7 characters"),
        "{error}"
    );
    let mut still = config();
    still.limits.window = 0;
    assert_eq!(
        CmppSession::new(still).expect_err("no window"),
        ConfigError::Zero("window")
    );
}

mod hostile {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_hostile_gateway_neither_stops_the_session_nor_ends_a_job_twice(
            chunks in prop::collection::vec(
                prop_oneof![
                    prop::collection::vec(any::<u8>(), 0..40),
                    (0_u32..12, any::<bool>(), 0_u32..20, prop::collection::vec(any::<u8>(), 0..90))
                        .prop_map(|(command, response, sequence, body)| {
                            let command = Command(command);
                            let command = if response { command.response() } else { command };
                            let length = u32::try_from(12 + body.len()).unwrap_or(0);
                            let mut out = bytes::BytesMut::new();
                            Header { length, command, sequence }.encode(&mut out);
                            out.extend_from_slice(&body);
                            out.to_vec()
                        }),
                ],
                0..30,
            ),
        ) {
            let mut rig = Rig::logged_in(config());
            for (job, chunk) in (0..).zip(&chunks) {
                rig.submit_text(job);
                rig.say_bytes(chunk);
                rig.run_to(job * 7);
                if rig.reopened.take().is_some() {
                    rig.open();
                    rig.requests.retain(|(_, pdu)| matches!(pdu, Pdu::Connect(_)));
                    if !rig.requests.is_empty() {
                        rig.let_in();
                    }
                }
            }
            rig.session.closed(rig.now);
            rig.drain();
            for job in 0..chunks.len() as u64 {
                let ends = rig.steps(job).into_iter().filter(|step| step.is_end());
                prop_assert_eq!(ends.count(), 1, "job {}", job);
            }
        }
    }
}
