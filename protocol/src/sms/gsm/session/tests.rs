//! The session and a modem, in virtual time.

use std::collections::BTreeMap;

use super::*;
use crate::air::{Heard, HeardKind, StationId};
use crate::sms::config::Secret;
use crate::sms::gsm::config::Limits;
use crate::sms::gsm::message_id;
use crate::sms::incoming::Answer;
use crate::sms::part::Part;
use crate::sms::phone::Phone;
use crate::sms::receipt::Outcome;
use crate::sms::segment::{Form, segment};
use crate::sms::submit::{RefusalClass, Submit};
use crate::sms::udh::Reference;

const CARRIER: CarrierId = CarrierId {
    station: StationId(7),
    slot: Slot::One,
};
const TEXT: &str = "0891683108000000F0040D91683108108300F00008621132610350230465365230A5A5";

fn config() -> GsmConfig {
    GsmConfig {
        station: CARRIER.station,
        pin: None,
        limits: Limits::default(),
    }
}

/// A modem that answers at once.
struct Modem {
    echo: bool,
    /// What it asks for the message with; nothing if empty.
    prompt: &'static str,
    /// Instead of its usual answer to commands that begin so.
    answers: BTreeMap<&'static str, String>,
    /// Answer to a message.
    sent: &'static str,
    store: BTreeMap<u16, String>,
    typed: Vec<u8>,
    prompting: bool,
    /// All commands and messages that came.
    came: Vec<String>,
    /// Whether it says anything.
    dead: bool,
}

impl Modem {
    fn new() -> Self {
        Self {
            echo: false,
            prompt: "\r\n> ",
            answers: BTreeMap::new(),
            sent: "\r\n+CMGS: 42\r\n\r\nOK\r\n",
            store: BTreeMap::new(),
            typed: Vec::new(),
            prompting: false,
            came: Vec::new(),
            dead: false,
        }
    }

    fn read(&mut self, bytes: &[u8]) -> String {
        let mut said = String::new();
        for byte in bytes {
            match byte {
                0x1B => {
                    self.typed.clear();
                    self.prompting = false;
                }
                0x1A if self.prompting => {
                    self.prompting = false;
                    let typed = core::mem::take(&mut self.typed);
                    let typed = String::from_utf8(typed).expect("digits");
                    if self.echo {
                        said.push_str(&typed);
                        said.push('\u{1A}');
                    }
                    self.came.push(typed);
                    said.push_str(self.sent);
                }
                b'\r' if !self.prompting => {
                    let typed = core::mem::take(&mut self.typed);
                    let command = String::from_utf8(typed).expect("a command");
                    if self.echo {
                        said.push_str(&command);
                        said.push('\r');
                    }
                    said.push_str(&self.answer(&command));
                    self.came.push(command);
                }
                byte => self.typed.push(*byte),
            }
        }
        if self.dead { String::new() } else { said }
    }

    fn answer(&mut self, command: &str) -> String {
        let own = self
            .answers
            .iter()
            .find(|(it, _)| command.starts_with(**it));
        if let Some((_, answer)) = own {
            return answer.clone();
        }
        let index = command.split('=').nth(1).and_then(|it| it.parse().ok());
        let info = if command == "AT+CPIN?" {
            "\r\n+CPIN: READY\r\n".to_owned()
        } else if command == "AT+CREG?" {
            "\r\n+CREG: 0,1\r\n".to_owned()
        } else if command == "AT+CSQ" {
            "\r\n+CSQ: 17,99\r\n".to_owned()
        } else if command == "AT+CGSN" {
            "\r\n861234567890123\r\n".to_owned()
        } else if command.starts_with("AT+CMGS=") {
            self.prompting = true;
            return self.prompt.to_owned();
        } else if let (true, Some(line)) = (
            command.starts_with("AT+CMGR="),
            index.and_then(|it: u16| self.store.get(&it)),
        ) {
            format!("\r\n+CMGR: 0,,24\r\n{line}\r\n")
        } else if command == "AT+CMGL=4" {
            let all = self.store.iter();
            all.map(|(index, line)| format!("\r\n+CMGL: {index},1,,24\r\n{line}\r\n"))
                .collect()
        } else {
            if let (true, Some(index)) = (command.starts_with("AT+CMGD="), index) {
                self.store.remove(&index);
            }
            String::new()
        };
        format!("{info}\r\nOK\r\n")
    }
}

struct Rig {
    session: GsmSession,
    modem: Modem,
    now: Instant,
    actions: Vec<Action>,
    reopened: Option<&'static str>,
}

impl Rig {
    fn new(config: GsmConfig, modem: Modem) -> Self {
        let mut rig = Self {
            session: GsmSession::new(config).expect("a configuration"),
            modem,
            now: Instant::ZERO,
            actions: Vec::new(),
            reopened: None,
        };
        rig.session.opened(rig.now);
        rig.drain();
        rig
    }

    /// A session whose modem is set up.
    fn up(modem: Modem) -> Self {
        let mut rig = Self::new(config(), modem);
        rig.pass(10);
        assert_eq!(rig.room(), Some((CarrierState::Up, 1)));
        rig.actions.clear();
        rig.modem.came.clear();
        rig
    }

    fn drain(&mut self) {
        while let Some(action) = self.session.poll() {
            let said = match &action {
                Action::Send { bytes, .. } => self.modem.read(bytes),
                Action::Reopen { why } => {
                    self.reopened = Some(why);
                    String::new()
                }
                _ => String::new(),
            };
            self.actions.push(action);
            self.session.receive(self.now, Peer::Line, said.as_bytes());
        }
        if self.reopened.is_some() && self.session.phase == Phase::Down {
            self.session.closed(self.now);
            while let Some(action) = self.session.poll() {
                self.actions.push(action);
            }
        }
    }

    fn say(&mut self, said: &str) {
        self.session.receive(self.now, Peer::Line, said.as_bytes());
        self.drain();
    }

    fn pass(&mut self, seconds: u64) {
        let end = self.now + Duration::from_secs(seconds);
        while let Some(due) = self.session.deadline().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            self.session.tick(self.now);
            self.drain();
        }
        self.now = end;
    }

    fn submit(&mut self, job: u64, text: &str) {
        let parts = segment(text, &Form::gsm(), Reference::Eight(1)).expect("short");
        let part = parts.into_iter().next().expect("one part");
        self.submit_part(job, part);
    }

    fn submit_part(&mut self, job: u64, part: Part) {
        let message = Submit {
            to: Phone::new("13800138000").expect("a number"),
            part,
            receipt: true,
            validity: Some(Duration::from_secs(86_400)),
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

    fn acknowledge(&mut self, job: u64, heard: &Heard, answer: Answer) {
        let owed = heard.owed.first().expect("something is owed");
        let Acknowledgement::Sms { token, .. } = owed.acknowledgement else {
            panic!("no text: {heard:?}");
        };
        let acknowledgement = Acknowledgement::Sms { token, answer };
        let job = Job::Acknowledge {
            id: JobId(job),
            carrier: CARRIER,
            acknowledgement,
            until: owed.until,
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

    fn texts(&self) -> Vec<String> {
        let heard = self.heard().into_iter();
        heard
            .filter_map(|heard| match heard.what {
                HeardKind::Sms(it) => Some(it.part.coding.decode(&it.part.octets)),
                _ => None,
            })
            .collect()
    }

    fn room(&self) -> Option<(CarrierState, u8)> {
        let mut states = self.actions.iter().rev();
        states.find_map(|action| match action {
            Action::Carrier { state, room, .. } => Some((*state, *room)),
            _ => None,
        })
    }

    fn came(&self, command: &str) -> usize {
        let came = self.modem.came.iter();
        came.filter(|it| it.starts_with(command)).count()
    }
}

#[test]
fn a_modem_is_set_up_for_pdus_and_announcements() {
    let rig = Rig::up(Modem::new());
    assert_eq!(rig.modem.came, Vec::<String>::new());
    let mut rig = Rig::new(config(), Modem::new());
    rig.pass(10);
    for command in [
        "ATE0",
        "AT+CMGF=0",
        "AT+CSMS=0",
        "AT+CNMI=2,1,0,1,0",
        "AT+CMGL=4",
    ] {
        assert_eq!(rig.came(command), 1, "{command}");
    }
    assert!(rig.actions.iter().any(|action| matches!(
        action,
        Action::Notice(Notice::StationIdentified { description, .. })
            if description == "GSM modem, IMEI 861234567890123, signal 17 of 31"
    )));
}

#[test]
fn a_message_is_written_once_after_its_prompt_and_named_by_its_reference() {
    for (echo, prompt) in [(false, "\r\n> "), (true, "\r\n> "), (true, "\r\n>\r\n")] {
        let mut rig = Rig::up(Modem {
            echo,
            prompt,
            ..Modem::new()
        });
        rig.submit(1, "山洪预警");
        assert_eq!(
            rig.modem.came,
            [
                "AT+CMGS=23",
                "0031000D91683108108300F00008A7085C716D2A98848B66"
            ]
        );
        let message = message_id(42);
        assert_eq!(rig.steps(1), [Step::Taken { message }, Step::Done]);
        assert_eq!(rig.room(), Some((CarrierState::Up, 0)));
        rig.pass(3);
        assert_eq!(rig.room(), Some((CarrierState::Up, 1)));
    }
}

#[test]
fn a_sign_inside_other_words_is_no_prompt() {
    let mut rig = Rig::up(Modem {
        prompt: "",
        ..Modem::new()
    });
    rig.submit(1, "hello");
    rig.say("\r\n+CUSD: 0,\"a > b\"\r\n");
    assert_eq!(rig.modem.came, ["AT+CMGS=20"]);
    rig.say("\r\n> ");
    assert_eq!(rig.modem.came.len(), 2);
    assert_eq!(rig.steps(1).last(), Some(&Step::Done));
}

#[test]
fn without_a_prompt_nothing_was_sent_and_without_an_answer_it_is_unclear() {
    let mut rig = Rig::up(Modem {
        prompt: "",
        ..Modem::new()
    });
    rig.submit(1, "hello");
    rig.pass(5);
    let (class, code) = (RefusalClass::Temporary, 0);
    let expected = Step::Refused(Refusal::Operator { class, code });
    assert_eq!(rig.steps(1), [expected]);
    let mut rig = Rig::up(Modem {
        sent: "",
        ..Modem::new()
    });
    rig.submit(2, "hello");
    rig.pass(59);
    assert_eq!(rig.steps(2), []);
    rig.pass(1);
    assert_eq!(rig.steps(2), [Step::Lost]);
    // The answer comes late, and ends nothing else.
    rig.say("\r\n+CMGS: 42\r\n\r\nOK\r\n");
    rig.pass(5);
    rig.modem.sent = "\r\n+CMS ERROR: 38\r\n";
    rig.submit(3, "hello");
    let (class, code) = (RefusalClass::Temporary, 38);
    let expected = Step::Refused(Refusal::Operator { class, code });
    assert_eq!(rig.steps(3), [expected]);
    assert_eq!(rig.steps(2).len(), 1);
}

#[test]
fn what_the_network_refuses_ends_with_the_class_of_its_number() {
    let mut rig = Rig::up(Modem::new());
    for (job, sent, class, code) in [
        (1, "\r\n+CMS ERROR: 1\r\n", RefusalClass::Number, 1),
        (2, "\r\n+CMS ERROR: 304\r\n", RefusalClass::Permanent, 304),
        (3, "\r\n+CMS ERROR: 42\r\n", RefusalClass::Temporary, 42),
        (4, "\r\n+CMS ERROR: 999\r\n", RefusalClass::Unknown, 999),
        (5, "\r\nERROR\r\n", RefusalClass::Temporary, 0),
    ] {
        rig.modem.sent = sent;
        rig.submit(job, "hello");
        let expected = Step::Refused(Refusal::Operator { class, code });
        assert_eq!(rig.steps(job), [expected]);
        rig.pass(3);
    }
    rig.modem.sent = "\r\n+CMS ERROR: 500\r\n";
    for job in 6..9 {
        assert_eq!(rig.reopened, None);
        rig.submit(job, "hello");
        rig.pass(3);
    }
    assert_eq!(rig.reopened, Some("the modem fails again and again"));
}

#[test]
fn a_text_is_deleted_in_the_modem_when_it_is_on_our_disk_and_not_before() {
    let mut rig = Rig::up(Modem::new());
    rig.modem.store.insert(3, TEXT.to_owned());
    rig.say("\r\n+CMTI: \"SM\",3\r\n");
    assert_eq!(rig.texts(), ["收到"]);
    let heard = rig.heard().pop().expect("a text");
    let HeardKind::Sms(incoming) = &heard.what else {
        panic!("no text");
    };
    assert_eq!(incoming.from.phone(), Phone::new("13800138000").ok());
    rig.pass(30);
    assert_eq!(rig.came("AT+CMGD"), 0);
    rig.acknowledge(1, &heard, Answer::Taken);
    assert_eq!(rig.came("AT+CMGD=3"), 1);
    assert!(rig.actions.iter().any(|action| matches!(
        action,
        Action::Send {
            for_job: Some(JobId(1)),
            ..
        }
    )));
}

#[test]
fn a_text_that_finds_no_room_is_read_again_later() {
    let mut rig = Rig::up(Modem::new());
    rig.modem.store.insert(3, TEXT.to_owned());
    rig.say("\r\n+CMTI: \"SM\",3\r\n");
    let heard = rig.heard().pop().expect("a text");
    rig.acknowledge(1, &heard, Answer::Busy);
    assert_eq!(rig.steps(1), [Step::Done]);
    rig.pass(61);
    assert_eq!(rig.texts(), ["收到", "收到"]);
    assert_eq!(rig.modem.store.len(), 1);
}

#[test]
fn texts_that_came_while_nobody_listened_are_read_at_the_start() {
    let mut modem = Modem::new();
    modem.store.insert(1, TEXT.to_owned());
    modem.store.insert(9, TEXT.to_owned());
    let mut rig = Rig::new(config(), modem);
    rig.pass(10);
    assert_eq!(rig.texts(), ["收到", "收到"]);
}

#[test]
fn noise_inside_an_answer_hides_no_text() {
    for answer in [
        format!("AT+CMGR=3\r\r\n^RSSI: 20\r\n+CMGR: 0,,24\r\n{TEXT}\r\n\r\nOK\r\n"),
        format!("\r\njunk\r\n+CMGR: 0,\"\",24\r\n{TEXT}\r\n\r\nOK\r\n"),
    ] {
        let mut modem = Modem::new();
        modem.answers.insert("AT+CMGR=3", answer);
        let mut rig = Rig::up(modem);
        rig.say("\r\n+CMTI: \"SM\",3\r\n");
        assert_eq!(rig.texts(), ["收到"]);
    }
}

#[test]
fn a_message_that_cannot_be_read_is_handed_on_as_digits_and_the_next_one_is_read() {
    let mut rig = Rig::up(Modem::new());
    rig.modem.store.insert(3, "08916831080000".to_owned());
    rig.modem.store.insert(4, TEXT.to_owned());
    rig.say("\r\n+CMTI: \"SM\",3\r\n\r\n+CMTI: \"SM\",4\r\n");
    assert_eq!(rig.texts(), ["08916831080000", "收到"]);
    let heard = rig.heard().swap_remove(0);
    rig.acknowledge(1, &heard, Answer::Taken);
    assert_eq!(rig.came("AT+CMGD=3"), 1);
}

#[test]
fn a_report_is_heard_while_a_message_is_under_way() {
    let mut rig = Rig::up(Modem {
        prompt: "",
        ..Modem::new()
    });
    rig.submit(1, "hello");
    rig.say("\r\n+CDS: 26\r\n00062A0D91683108108300F0621132610350C26211326103012300\r\n");
    let heard = rig.heard().pop().expect("a report");
    let HeardKind::Receipt(receipt) = heard.what else {
        panic!("no report");
    };
    assert_eq!(receipt.message, message_id(0x2A));
    assert_eq!(receipt.to, Phone::new("13800138000").ok());
    assert_eq!(receipt.outcome, Outcome::Delivered);
    rig.say("\r\n> ");
    assert_eq!(
        rig.steps(1),
        [
            Step::Taken {
                message: message_id(42)
            },
            Step::Done
        ]
    );
}

#[test]
fn a_report_store_that_cannot_be_selected_costs_no_text() {
    let mut modem = Modem::new();
    modem
        .answers
        .insert("AT+CPMS=\"SR\"", "\r\n+CMS ERROR: 302\r\n".to_owned());
    let mut rig = Rig::up(modem);
    rig.say("\r\n+CDSI: \"SR\",3\r\n");
    assert_eq!(rig.came("AT+CMGR"), 0);
    rig.modem.answers.clear();
    rig.say("\r\n+CDSI: \"SR\",3\r\n");
    let came: Vec<_> = rig.modem.came.iter().skip(1).collect();
    assert_eq!(came, ["AT+CPMS=\"SR\"", "AT+CMGR=3", "AT+CPMS=\"SM\""]);
}

#[test]
fn a_modem_that_begins_anew_is_set_up_again_and_its_message_is_unclear() {
    let mut rig = Rig::up(Modem {
        sent: "",
        ..Modem::new()
    });
    rig.submit(1, "hello");
    rig.say("\r\n^SYSSTART\r\n");
    assert_eq!(rig.steps(1), [Step::Lost]);
    assert_eq!(rig.room(), Some((CarrierState::Gone, 0)));
    rig.pass(10);
    assert_eq!(rig.came("AT+CMGF=0"), 1);
    assert_eq!(rig.room(), Some((CarrierState::Up, 1)));
}

#[test]
fn a_modem_that_says_nothing_is_given_up() {
    let mut rig = Rig::up(Modem::new());
    rig.modem.dead = true;
    rig.submit(1, "hello");
    rig.pass(30);
    assert_eq!(rig.reopened, Some("the modem does not answer"));
    assert_eq!(rig.steps(1).len(), 1);
    assert_eq!(rig.room(), Some((CarrierState::Gone, 0)));
}

#[test]
fn a_lost_port_leaves_a_written_message_unclear() {
    let mut rig = Rig::up(Modem {
        sent: "",
        ..Modem::new()
    });
    rig.submit(1, "hello");
    rig.session.closed(rig.now);
    rig.drain();
    assert_eq!(rig.steps(1), [Step::Lost]);
    let mut rig = Rig::up(Modem {
        prompt: "",
        ..Modem::new()
    });
    rig.submit(2, "hello");
    rig.session.closed(rig.now);
    rig.drain();
    assert_eq!(rig.steps(2), [Step::Refused(Refusal::NoCarrier)]);
}

#[test]
fn a_pin_is_tried_once() {
    let mut modem = Modem::new();
    modem
        .answers
        .insert("AT+CPIN?", "\r\n+CPIN: SIM PIN\r\n\r\nOK\r\n".to_owned());
    modem
        .answers
        .insert("AT+CPIN=", "\r\n+CME ERROR: 16\r\n".to_owned());
    let mut rig = Rig::new(
        GsmConfig {
            pin: Some(Secret::new("1234")),
            ..config()
        },
        modem,
    );
    for _ in 0..5 {
        rig.pass(100);
        if rig.reopened.take().is_some() {
            rig.session.opened(rig.now);
            rig.drain();
        }
    }
    assert_eq!(rig.came("AT+CPIN=\"1234\""), 1);
    let mut bad = config();
    bad.pin = Some(Secret::new("12a4"));
    assert!(GsmSession::new(bad).is_err());
}

#[test]
fn without_a_network_nothing_is_taken() {
    let mut rig = Rig::up(Modem::new());
    rig.modem
        .answers
        .insert("AT+CREG?", "\r\n+CREG: 0,2\r\n\r\nOK\r\n".to_owned());
    rig.pass(60);
    assert_eq!(rig.room(), Some((CarrierState::Busy, 0)));
    rig.submit(1, "hello");
    assert_eq!(rig.steps(1), [Step::Refused(Refusal::NoRoom)]);
    rig.modem.answers.clear();
    rig.pass(60);
    assert_eq!(rig.room(), Some((CarrierState::Up, 1)));
}

mod hostile {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_hostile_modem_neither_stops_the_session_nor_ends_a_job_twice(
            chunks in prop::collection::vec(
                (prop_oneof![
                    prop::collection::vec(any::<u8>(), 0..40)
                        .prop_map(|it| String::from_utf8_lossy(&it).into_owned()),
                    prop::sample::select(vec![
                        "\r\nOK\r\n", "\r\nERROR\r\n", "> ", "\r\n>\r\n", "\r\n+CMS ERROR: 500\r\n",
                        "\r\n+CMGS: 7\r\n", "\r\n+CMGS: 999\r\n", "\r\n+CMTI: \"SM\",3\r\n",
                        "\r\n+CDSI: \"SR\",1\r\n", "\r\n+CDS: 26\r\n", "\r\n+CMGR: 0,,24\r\n",
                        "\r\nRDY\r\n", "\r\n0006\r\n", "\r\n+CREG: 2\r\n",
                        "\r\n+CMGL: 70000,1,,24\r\n",
                    ]).prop_map(str::to_owned),
                ], 0_u64..40, any::<bool>()),
                0..30,
            ),
        ) {
            let mut rig = Rig::up(Modem::new());
            for (job, (chunk, seconds, dead)) in (0..).zip(&chunks) {
                rig.modem.dead = *dead;
                rig.submit(job, "hello");
                rig.say(chunk);
                rig.pass(*seconds);
                if rig.reopened.take().is_some() {
                    rig.session.opened(rig.now);
                    rig.drain();
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
