//! The session and a centre, in virtual time.

use super::*;
use crate::air::{Heard, HeardKind, Owed, StationId};
use crate::sms::config::Secret;
use crate::sms::incoming::Answer;
use crate::sms::message_id::{Match, MessageId};
use crate::sms::part::Part;
use crate::sms::phone::Phone;
use crate::sms::receipt::Outcome;
use crate::sms::segment::{Form, segment};
use crate::sms::smpp::bind::Way;
use crate::sms::smpp::bind_resp::BindResp;
use crate::sms::smpp::config::Contract;
use crate::sms::smpp::header::Command;
use crate::sms::smpp::message::Message;
use crate::sms::smpp::message_resp::MessageResp;
use crate::sms::submit::{RefusalClass, Submit};
use crate::sms::udh::Reference;
use crate::sms::wall::WallClock;

const CARRIER: CarrierId = CarrierId {
    station: StationId(7),
    slot: Slot::One,
};

fn config() -> SmppConfig {
    SmppConfig {
        station: CARRIER.station,
        account: "alert".to_owned(),
        password: Secret::new("secret"),
        system_type: String::new(),
        contract: Contract::new("10690001"),
        limits: Limits {
            per_second: 100,
            ..Limits::default()
        },
        wall: WallClock::new(1_795_422_605_000_000, 28_800),
    }
}

/// A session, the centre's end of its stream, and what the session has said.
struct Rig {
    session: SmppSession,
    now: Instant,
    centre: Deframer,
    /// What reached the centre and was not looked at yet.
    requests: VecDeque<(Header, Pdu)>,
    actions: Vec<Action>,
    reopened: Option<&'static str>,
}

impl Rig {
    fn new(config: SmppConfig) -> Self {
        Self {
            session: SmppSession::new(config).expect("a configuration"),
            now: Instant::ZERO,
            centre: Deframer::default(),
            requests: VecDeque::new(),
            actions: Vec::new(),
            reopened: None,
        }
    }

    /// A session that is bound.
    fn bound(config: SmppConfig) -> Self {
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
        let bind = self.next("a bind");
        self.say(0, bind.0.sequence, &bind_resp());
    }

    fn next(&mut self, what: &str) -> (Header, Pdu) {
        self.requests.pop_front().expect(what)
    }

    fn submitted(&mut self) -> (u32, Message) {
        match self.requests.pop_front() {
            Some((header, Pdu::SubmitSm(message))) => (header.sequence, *message),
            other => panic!("no submit_sm: {other:?}"),
        }
    }

    fn drain(&mut self) {
        while let Some(action) = self.session.poll() {
            match &action {
                Action::Send { bytes, .. } => self.centre.push(bytes),
                Action::Reopen { why } => self.reopened = Some(why),
                _ => {}
            }
            self.actions.push(action);
        }
        while let Some((header, body)) = self.centre.next_pdu().expect("our own lengths") {
            let pdu = Pdu::decode(header.command, &body).expect("our own PDU");
            self.requests.push_back((header, pdu));
        }
        if self.reopened.is_some() && self.session.phase == Phase::Down {
            self.session.closed(self.now);
            self.centre.clear();
            while let Some(action) = self.session.poll() {
                self.actions.push(action);
            }
        }
    }

    fn say(&mut self, status: u32, sequence: u32, pdu: &Pdu) {
        let bytes = pdu.encode(status, sequence);
        self.say_bytes(&bytes);
    }

    fn say_hex(&mut self, octets: &str) {
        self.say_bytes(&hex::decode(octets).expect("hexadecimal"));
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
        let acknowledgement = Acknowledgement::Sms {
            token: *token,
            answer,
        };
        let job = Job::Acknowledge {
            id: JobId(job),
            carrier: CARRIER,
            acknowledgement,
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

    fn text(&self) -> String {
        let heard = self.heard().pop().expect("a text");
        match heard.what {
            HeardKind::Sms(it) => it.part.coding.decode(&it.part.octets),
            other => panic!("no text: {other:?}"),
        }
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

fn bind_resp() -> Pdu {
    Pdu::BindResp(BindResp {
        way: Way::Transceiver,
        system_id: "centre".to_owned(),
        version: Some(0x34),
    })
}

fn text(text: &str) -> Part {
    let parts = segment(text, &Form::cmpp(), Reference::Eight(1)).expect("short");
    parts.into_iter().next().expect("one part")
}

fn taken(id: &str) -> Pdu {
    Pdu::SubmitSmResp(MessageResp {
        message_id: id.to_owned(),
    })
}

fn receipt(id: &str) -> Pdu {
    Pdu::DeliverSm(Box::new(Message {
        esm_class: Message::RECEIPT,
        short_message: format!("id:{id} sub:001 stat:DELIVRD err:000").into_bytes(),
        ..Message::default()
    }))
}

fn refused(rig: &mut Rig, job: u64, code: u32) {
    rig.submit_text(job);
    let (sequence, _) = rig.submitted();
    rig.say(code, sequence, &Pdu::SubmitSmResp(MessageResp::default()));
}

#[test]
fn a_bind_opens_the_window_and_names_the_centre() {
    let mut rig = Rig::new(config());
    rig.open();
    let (header, pdu) = rig.next("a bind");
    let Pdu::Bind(bind) = pdu else {
        panic!("no bind");
    };
    assert_eq!((bind.way, bind.version), (Way::Transceiver, 0x34));
    assert_eq!(
        (bind.system_id.as_str(), bind.password.as_str()),
        ("alert", "secret")
    );
    assert_eq!(rig.room(), None);
    rig.say(0, header.sequence, &bind_resp());
    assert_eq!(rig.room(), Some((CarrierState::Up, 10)));
    assert!(rig.actions.iter().any(|action| matches!(
        action,
        Action::Notice(Notice::StationIdentified { description, .. })
            if description == "SMPP centre \"centre\", version 3.4"
    )));
}

#[test]
fn what_comes_in_one_segment_with_the_answer_to_the_bind_is_heard() {
    let mut rig = Rig::new(config());
    rig.open();
    let (header, _) = rig.next("a bind");
    let mut bytes = bind_resp().encode(0, header.sequence).to_vec();
    bytes.extend_from_slice(&receipt("7F").encode(0, 5));
    rig.say_bytes(&bytes);
    assert_eq!(rig.heard().len(), 1);
}

#[test]
fn a_refused_account_is_tried_again_slower_each_time() {
    let mut rig = Rig::new(config());
    let mut tries = Vec::new();
    for _ in 0..7 {
        rig.open();
        let waits = rig.session.deadline().expect("a bind");
        if rig.requests.is_empty() {
            rig.run_to(waits.as_micros() / 1_000_000);
        }
        tries.push(rig.now.as_micros() / 1_000_000);
        let (header, _) = rig.next("a bind");
        let bytes = Header {
            length: 16,
            command: Command::BIND_TRANSCEIVER.response(),
            status: 0x0E,
            sequence: header.sequence,
        };
        // A refusal without a body.
        let mut out = bytes::BytesMut::new();
        bytes.encode(&mut out);
        rig.say_bytes(&out);
        assert_eq!(rig.reopened.take(), Some("the bind was refused"));
    }
    assert_eq!(tries, [0, 60, 180, 420, 900, 1_800, 2_700]);
    assert!(rig.actions.iter().any(|action| matches!(
        action,
        Action::Notice(Notice::LogInRefused { why, .. }) if why.contains("password")
    )));
}

#[test]
fn a_message_is_sent_as_the_contract_says_and_named_by_the_centre() {
    let mut rig = Rig::bound(config());
    rig.submit_text(1);
    assert_eq!(rig.room(), Some((CarrierState::Up, 9)));
    let (sequence, message) = rig.submitted();
    assert_eq!(message.destination.digits, "8613800138000");
    assert_eq!((message.destination.ton, message.destination.npi), (1, 1));
    assert_eq!((message.registered, message.data_coding), (1, 8));
    assert_eq!(message.validity, "000000001000000R");
    assert_eq!(hex::encode(&message.short_message), "5c716d2a98848b66");
    rig.say(0, sequence, &taken("812FC7470000001B"));
    let message = MessageId::new(b"812FC7470000001B").expect("an id");
    assert_eq!(rig.steps(1), [Step::Taken { message }, Step::Done]);
    assert_eq!(rig.room(), Some((CarrierState::Up, 10)));
}

#[test]
fn what_the_centre_refuses_ends_with_the_class_of_its_status() {
    let mut rig = Rig::bound(config());
    for (job, code, class) in [
        (1, 0x0B, RefusalClass::Number),
        (2, 0x0A, RefusalClass::Permanent),
        (3, 0x45, RefusalClass::Temporary),
        (4, 0x411, RefusalClass::Unknown),
    ] {
        refused(&mut rig, job, code);
        let expected = Step::Refused(Refusal::Operator { class, code });
        assert_eq!(rig.steps(job), [expected]);
    }
    assert_eq!(rig.reopened, None);
    // Not understood at all.
    rig.submit_text(5);
    let (sequence, _) = rig.submitted();
    rig.say(0x02, sequence, &Pdu::GenericNack);
    let (class, code) = (RefusalClass::Permanent, 2);
    let expected = Step::Refused(Refusal::Operator { class, code });
    assert_eq!(rig.steps(5), [expected]);
}

#[test]
fn a_centre_that_is_given_too_much_is_left_alone_for_a_while() {
    let mut rig = Rig::bound(config());
    refused(&mut rig, 1, 0x58);
    let (class, code) = (RefusalClass::Throttled, 0x58);
    let expected = Step::Refused(Refusal::Operator { class, code });
    assert_eq!(rig.steps(1), [expected]);
    assert_eq!(rig.room(), Some((CarrierState::Busy, 0)));
    rig.submit_text(2);
    assert_eq!(rig.steps(2), [Step::Refused(Refusal::NoRoom)]);
    rig.run_to(1);
    assert_eq!(rig.room(), Some((CarrierState::Up, 10)));
}

#[test]
fn a_validity_that_is_refused_is_left_out_once() {
    let mut rig = Rig::bound(config());
    refused(&mut rig, 1, 0x62);
    let (sequence, again) = rig.submitted();
    assert_eq!(again.validity, "");
    assert_eq!(hex::encode(&again.short_message), "5c716d2a98848b66");
    assert_eq!(rig.steps(1), []);
    rig.say(0x62, sequence, &Pdu::SubmitSmResp(MessageResp::default()));
    let (class, code) = (RefusalClass::Permanent, 0x62);
    let expected = Step::Refused(Refusal::Operator { class, code });
    assert_eq!(rig.steps(1), [expected]);
}

#[test]
fn a_false_inner_length_ends_the_text_and_not_the_link() {
    let mut rig = Rig::bound(config());
    rig.say_hex(
        "0000004200000005000000000000000900010138363133383030313338303030000001313036393030303100000000000000000000054f4b20313700020400020011\
         0000001000000015000000000000000b",
    );
    assert_eq!(rig.text(), "OK 17");
    let heard = rig.heard().pop().expect("a text");
    let answer = rig.next("an answer to the enquiry");
    assert_eq!((answer.0.sequence, answer.1), (11, Pdu::EnquireLinkResp));
    rig.acknowledge(1, &heard, Answer::Taken);
    let (header, pdu) = rig.next("an answer");
    assert_eq!((header.sequence, header.status), (9, 0));
    assert_eq!(pdu, Pdu::DeliverSmResp(MessageResp::default()));
    assert_eq!(rig.dropped("broken-parameter"), 1);
    rig.say_hex(
        "0000003b00000005000000000000000a00010138363133383030313338303030000001313036393030303100000000000000000000204f4b203137",
    );
    assert_eq!(rig.text(), "OK 17");
    assert_eq!(rig.dropped("inner-length"), 1);
    assert_eq!(rig.reopened, None);
}

#[test]
fn a_receipt_whose_coding_lies_names_its_message() {
    let mut rig = Rig::bound(config());
    rig.say_hex(
        "0000005000000005000000000000000c000101383631333830303133383030300000013130363930303031000400000000000008001a69643a374620737461743a44454c49565244206572723a303030",
    );
    let text = "id:7F stat:DELIVRD err:000";
    let wide = Message {
        esm_class: Message::RECEIPT,
        data_coding: 8,
        short_message: text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        ..Message::default()
    };
    rig.say(0, 13, &Pdu::DeliverSm(Box::new(wide)));
    let heard = rig.heard();
    assert_eq!(heard.len(), 2);
    for heard in heard {
        let HeardKind::Receipt(receipt) = heard.what else {
            panic!("no receipt");
        };
        assert_eq!(receipt.message.as_str(), "7F");
        assert_eq!(receipt.outcome, Outcome::Delivered);
    }
}

#[test]
fn ids_of_receipts_find_their_messages_in_another_form() {
    let mut rig = Rig::bound(config());
    let ids = [
        "812FC7470000001B",
        "7F",
        "127",
        "00B8BE19",
        "1101C1-C9D03D-F000",
        "04062000000065934000241",
    ];
    let mut open = Vec::new();
    for (job, id) in (0..).zip(ids) {
        rig.submit_text(job);
        let (sequence, _) = rig.submitted();
        rig.say(0, sequence, &taken(id));
        match rig.steps(job).first() {
            Some(Step::Taken { message }) => open.push((*message, job)),
            other => panic!("not taken: {other:?}"),
        }
    }
    for (id, expected) in [
        ("9308878062554710043", Match::Normalised(0)),
        ("7F", Match::Exact(1)),
        ("B8BE19", Match::Normalised(3)),
        ("1101c1-c9d03d-f000", Match::Normalised(4)),
        ("4062000000065934000241", Match::Normalised(5)),
    ] {
        rig.say(0, 100, &receipt(id));
        let heard = rig.heard().pop().expect("a receipt");
        rig.acknowledge(1_000, &heard, Answer::Taken);
        let HeardKind::Receipt(receipt) = heard.what else {
            panic!("no receipt");
        };
        let open = open.iter().map(|(id, job)| (id, *job));
        assert_eq!(receipt.message.find(open), expected, "{id}");
    }
}

#[test]
fn an_answer_counts_by_its_number_and_its_kind() {
    let mut rig = Rig::bound(config());
    rig.run_to(30);
    let (enquiry, pdu) = rig.next("an enquiry");
    assert_eq!(pdu, Pdu::EnquireLink);
    rig.submit_text(1);
    let (submit, _) = rig.submitted();
    assert_eq!(submit, enquiry.sequence + 1);
    rig.say(0, submit, &taken("1"));
    assert_eq!(rig.steps(1).last(), Some(&Step::Done));
    rig.say(0, enquiry.sequence, &Pdu::EnquireLinkResp);
    rig.submit_text(2);
    let (submit, _) = rig.submitted();
    rig.say(0, submit + 83, &taken("2"));
    rig.say(0, enquiry.sequence, &taken("3"));
    rig.say(0, submit, &Pdu::EnquireLinkResp);
    assert_eq!(rig.steps(2), []);
    assert_eq!(rig.room(), Some((CarrierState::Up, 9)));
    assert_eq!(rig.reopened, None);
    assert_eq!(rig.dropped("unasked-response"), 3);
    rig.say(0, submit, &taken("2"));
    assert_eq!(rig.steps(2).last(), Some(&Step::Done));
}

#[test]
fn of_two_ways_to_join_a_long_text_the_header_is_used() {
    let mut rig = Rig::bound(config());
    rig.say_hex(
        "0000005400000005000000000000000d000101383631333830303133383030300000013130363930303031004000000000000008000e0500032a02015c716d2a98848b66020c00020003020e000102020f000101",
    );
    assert_eq!(rig.text(), "山洪预警");
    let heard = rig.heard().pop().expect("a part");
    let HeardKind::Sms(incoming) = heard.what else {
        panic!("no text");
    };
    let joined = incoming.part.concatenation.expect("a part");
    assert_eq!(joined.reference, Reference::Eight(0x2A));
    assert_eq!((joined.total, joined.number), (2, 1));
    assert_eq!(rig.dropped("header-and-sar"), 1);
}

#[test]
fn a_text_of_a_phone_is_answered_when_it_is_kept_and_not_before() {
    let mut rig = Rig::bound(config());
    rig.say(0, 33, &receipt("7F"));
    let [heard] = rig.heard().try_into().expect("one receipt");
    assert_eq!(rig.requests, []);
    // The centre repeats it while it waits; another message under its number is no repeat.
    rig.say(0, 33, &receipt("7F"));
    assert_eq!(rig.heard().len(), 1);
    rig.say(0, 33, &receipt("80"));
    assert_eq!(rig.heard().len(), 2);
    rig.acknowledge(1, &heard, Answer::Busy);
    let (header, _) = rig.next("an answer");
    assert_eq!((header.sequence, header.status), (33, status::NOT_NOW));
    rig.acknowledge(2, &heard, Answer::Taken);
    assert_eq!(rig.steps(2), [Step::Refused(Refusal::TooLate)]);
}

#[test]
fn a_receipt_may_come_before_the_answer_that_it_is_about() {
    let mut rig = Rig::bound(config());
    rig.submit_text(1);
    let (sequence, _) = rig.submitted();
    rig.say(0, 50, &receipt("7F"));
    rig.say(0, sequence, &taken("7F"));
    let [heard] = rig.heard().try_into().expect("one receipt");
    let HeardKind::Receipt(receipt) = heard.what else {
        panic!("no receipt");
    };
    let message = receipt.message;
    assert_eq!(rig.steps(1), [Step::Taken { message }, Step::Done]);
}

#[test]
fn a_silent_centre_is_given_up_after_two_enquiries() {
    let mut rig = Rig::bound(config());
    rig.submit_text(1);
    rig.requests.clear();
    rig.run_to(49);
    assert_eq!(rig.reopened, None);
    let enquiries = rig
        .requests
        .iter()
        .filter(|(_, pdu)| *pdu == Pdu::EnquireLink);
    assert_eq!(enquiries.count(), 2);
    rig.run_to(50);
    assert_eq!(rig.reopened, Some("the centre is silent"));
    assert_eq!(rig.steps(1), [Step::Lost]);
    assert_eq!(rig.room(), Some((CarrierState::Gone, 0)));
}

#[test]
fn a_centre_that_answers_enquiries_but_no_message_is_given_up() {
    let mut rig = Rig::bound(config());
    for seconds in (0..60).step_by(10) {
        rig.run_to(seconds);
        rig.submit_text(seconds);
        rig.say(0, 900, &Pdu::EnquireLink);
    }
    rig.run_to(59);
    assert_eq!(rig.reopened, None);
    assert_eq!(rig.steps(0), [Step::Lost], "it has waited for 30 s");
    rig.run_to(60);
    assert_eq!(rig.reopened, Some("the centre answers no message"));
    for job in (0..60).step_by(10) {
        // From 30 s on one is given up each time, and nothing was heard since.
        let end = match job {
            30.. => Step::Refused(Refusal::NoRoom),
            _ => Step::Lost,
        };
        assert_eq!(rig.steps(job), [end], "{job}");
    }
}

#[test]
fn nothing_more_goes_into_a_silence_until_something_is_heard() {
    let mut rig = Rig::bound(config());
    rig.submit_text(1);
    rig.run_to(31);
    assert_eq!(rig.steps(1), [Step::Lost]);
    assert_eq!(rig.room().map(|(_, room)| room), Some(0));
    rig.say(0, 900, &Pdu::EnquireLink);
    assert!(rig.room().is_some_and(|(_, room)| room > 0));
}

#[test]
fn requests_that_are_not_served_are_refused_and_the_link_stays() {
    let mut rig = Rig::bound(config());
    rig.say(
        0,
        8,
        &Pdu::Other {
            command: Command(0x103),
            body: bytes::Bytes::from_static(b"data_sm"),
        },
    );
    let (header, pdu) = rig.next("a refusal");
    assert_eq!(pdu, Pdu::GenericNack);
    assert_eq!((header.sequence, header.status), (8, 3));
    // Nobody waits for an answer to these.
    rig.say_hex("00000010000001020000000000000009");
    rig.say_hex("00000010800001030000000000000009");
    assert_eq!(rig.requests, []);
    assert_eq!(rig.reopened, None);
    rig.say_hex("0000000f000000000000000000000000");
    assert!(rig.reopened.is_some());
}

#[test]
fn good_bye_is_said_when_leaving_and_answered_when_heard() {
    let mut rig = Rig::bound(config());
    rig.session.leaving(rig.now);
    rig.drain();
    assert_eq!(rig.next("an unbind").1, Pdu::Unbind);
    rig.say(0, 44, &Pdu::Unbind);
    let (header, pdu) = rig.next("an answer");
    assert_eq!((header.sequence, pdu), (44, Pdu::UnbindResp));
    assert_eq!(rig.reopened, None, "the answer must leave first");
    rig.run_to(1);
    assert_eq!(rig.reopened, Some(CLOSED));
}

#[test]
fn a_configuration_that_would_not_fit_the_wire_is_refused_by_field() {
    let mut long = config();
    long.password = Secret::new("123456789");
    let error = SmppSession::new(long).expect_err("9 characters");
    assert!(
        error.to_string().starts_with("password has 9 characters"),
        "{error}"
    );
    let mut short = config();
    short.limits.longest = 16;
    let error = SmppSession::new(short).expect_err("no room for a message");
    assert!(error.to_string().starts_with("longest is 16"), "{error}");
}

mod hostile {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_hostile_centre_neither_stops_the_session_nor_ends_a_job_twice(
            chunks in prop::collection::vec(
                prop_oneof![
                    prop::collection::vec(any::<u8>(), 0..40),
                    (0_u32..12, any::<bool>(), 0_u32..0x70, 0_u32..20,
                        prop::collection::vec(any::<u8>(), 0..90))
                        .prop_map(|(command, response, status, sequence, body)| {
                            let command = Command(command);
                            let command = if response { command.response() } else { command };
                            let length = u32::try_from(16 + body.len()).unwrap_or(0);
                            let mut out = bytes::BytesMut::new();
                            Header { length, command, status, sequence }.encode(&mut out);
                            out.extend_from_slice(&body);
                            out.to_vec()
                        }),
                ],
                0..30,
            ),
        ) {
            let mut rig = Rig::bound(config());
            for (job, chunk) in (0..).zip(&chunks) {
                rig.submit_text(job);
                rig.say_bytes(chunk);
                rig.run_to(job * 7);
                if rig.reopened.take().is_some() {
                    rig.requests.clear();
                    rig.open();
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
