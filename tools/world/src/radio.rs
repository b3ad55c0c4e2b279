//! A terminal and its user: receives, confirms, shows, answers after a human delay, calls
//! for help.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use narrowcast_protocol::air::{Address, Delivery, GroupId, RadioId, Slot, Text, TextForm};
use narrowcast_protocol::dmr::burst::{Burst, DataBurst};
use narrowcast_protocol::dmr::csbk::{Context, Csbk, CsbkBody, Direction, EmergencyAlarm, System};
use narrowcast_protocol::dmr::data_header::{Addressing, DataHeader, Sap, StatusPrecoded, Verdict};
use narrowcast_protocol::dmr::packet::{Block, Outcome, Pdu, Rate, Reassembler, Sequence};
use narrowcast_protocol::dmr::slot_type::{ColorCode, DataType};
use narrowcast_protocol::dmr::sync::Sync;
use narrowcast_protocol::dmr::text::{self, Message, Options};
use narrowcast_protocol::time::Instant;

use crate::rng::Rng;

/// The link layer answers this long after the last burst.
const TURNAROUND: Duration = Duration::from_millis(60);
/// A text of its own is sent again after this long without an answer.
const RETRY: Duration = Duration::from_secs(4);
/// How often.
const TRIES: u8 = 5;
/// An emergency call is repeated this often until the system acknowledges it.
const ALARM_EVERY: Duration = Duration::from_secs(3);

/// How a user answers what asks for an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answers {
    /// Not at all.
    Never,
    /// With a text: the numbered answer, behind the alert's mark.
    Text(u8),
    /// With a status code.
    Status(u16),
}

/// A radio and its user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RadioConfig {
    /// Its address.
    pub id: RadioId,
    /// The talkgroup it listens to.
    pub group: Option<GroupId>,
    /// How its user answers.
    pub answers: Answers,
    /// When its user presses the emergency button.
    pub emergency_at: Option<Instant>,
    /// Whether it is switched on.
    pub on: bool,
}

impl RadioConfig {
    /// A radio that is on and whose user answers with `1`.
    #[must_use]
    pub const fn new(id: RadioId) -> Self {
        Self {
            id,
            group: None,
            answers: Answers::Text(1),
            emergency_at: None,
            on: true,
        }
    }
}

/// A transmission that waits, or is under way.
#[derive(Debug)]
struct Outgoing {
    ready: Instant,
    /// A response of the link layer does not wait for a free channel.
    at_once: bool,
    bursts: VecDeque<[u8; 33]>,
}

/// A text of the user that is not answered yet.
#[derive(Debug)]
struct Unanswered {
    bursts: Vec<[u8; 33]>,
    again: Instant,
    tries: u8,
}

/// A radio.
#[derive(Debug)]
pub struct Radio {
    config: RadioConfig,
    rng: Rng,
    reassembler: Reassembler,
    outbox: VecDeque<Outgoing>,
    unanswered: Option<Unanswered>,
    alarm: Option<Instant>,
    alarm_acknowledged: bool,
    shown: Vec<String>,
    /// The last message number of each sender: a repetition is acknowledged and not shown.
    seen: BTreeMap<u32, (u16, String)>,
    reference: u8,
}

impl Radio {
    /// A radio with chances of its own.
    #[must_use]
    pub fn new(config: RadioConfig, seed: u64) -> Self {
        Self {
            alarm: config.emergency_at,
            config,
            rng: Rng::new(seed),
            reassembler: Reassembler::default(),
            outbox: VecDeque::new(),
            unanswered: None,
            alarm_acknowledged: false,
            shown: Vec::new(),
            seen: BTreeMap::new(),
            reference: 0,
        }
    }

    /// Its address.
    #[must_use]
    pub const fn id(&self) -> u32 {
        self.config.id.get()
    }

    /// The texts it showed, each once.
    #[must_use]
    pub fn shown(&self) -> &[String] {
        &self.shown
    }

    /// Whether the system acknowledged its emergency call.
    #[must_use]
    pub const fn alarm_acknowledged(&self) -> bool {
        self.alarm_acknowledged
    }

    /// Whether its user wrote a text that nobody has confirmed yet.
    #[must_use]
    pub const fn awaits_confirmation(&self) -> bool {
        self.unanswered.is_some()
    }

    /// Its user presses the emergency button.
    pub fn press_emergency(&mut self, now: Instant) {
        self.alarm = Some(now);
        self.alarm_acknowledged = false;
    }

    /// Its user writes a text.
    pub fn write(&mut self, now: Instant, to: RadioId, words: &str) {
        self.reference = (self.reference + 1) & 0x7F;
        let text = Text {
            from: self.config.id,
            to: Address::Radio(to),
            text: words.to_owned(),
            form: TextForm::Tms,
            delivery: Delivery::Confirmed,
            reference: self.reference,
        };
        let sequence = Sequence {
            number: self.reference & 7,
            ..Sequence::default()
        };
        let Ok(packet) = text::packet(
            &text,
            &Options {
                sequence,
                ..Options::default()
            },
        ) else {
            return;
        };
        self.insist(now, &packet.pdus(1));
    }

    /// A burst arrived; the text it completed, if it is shown now.
    pub fn hear(&mut self, now: Instant, burst: &[u8; 33]) -> Option<String> {
        if !self.config.on {
            return None;
        }
        let Ok(read) = Burst::decode(burst) else {
            return None;
        };
        let Burst::Data(data) = read.value else {
            return None;
        };
        let octets = data.info.octets();
        let outcome = match (data.data_type, octets.first_chunk::<12>()) {
            (DataType::Csbk, Some(pdu)) => {
                self.control(pdu);
                return None;
            }
            (DataType::DataHeader, Some(pdu)) => {
                let header = DataHeader::decode(pdu).ok()?;
                self.reassembler.header(now, Slot::One, &header)
            }
            (DataType::Rate12Data, _) => self.block(now, Rate::Half, octets),
            (DataType::Rate34Data, _) => self.block(now, Rate::ThreeQuarters, octets),
            _ => return None,
        };
        self.outcome(now, &outcome)
    }

    fn block(&mut self, now: Instant, rate: Rate, octets: &[u8]) -> Outcome {
        match Block::new(rate, octets) {
            Some(block) => self.reassembler.block(now, Slot::One, &block),
            None => Outcome::Stray,
        }
    }

    /// Lets time pass: retries, alarms, half-heard packets.
    pub fn tick(&mut self, now: Instant) {
        let outcomes = self.reassembler.tick(now);
        for outcome in outcomes {
            self.outcome(now, &outcome);
        }
        if self.alarm.is_some_and(|at| at <= now) {
            self.alarm = Some(now + ALARM_EVERY);
            let alarm = EmergencyAlarm {
                flags: 0,
                target: self.group(),
                source: self.id(),
            };
            let pdu = Csbk::from(CsbkBody::EmergencyAlarm(alarm)).encode();
            let bursts = bursts(&[Pdu::Csbk(pdu)]);
            self.outbox.push_back(Outgoing {
                ready: now,
                at_once: false,
                bursts: bursts.into(),
            });
        }
        if let Some(mut waiting) = self.unanswered.take_if(|waiting| waiting.again <= now)
            && waiting.tries > 0
        {
            let bursts = waiting.bursts.clone().into();
            let wait = self.rng.between(RETRY, RETRY * 2);
            self.outbox.push_back(Outgoing {
                ready: now,
                at_once: false,
                bursts,
            });
            waiting.again = now + wait;
            waiting.tries -= 1;
            self.unanswered = Some(waiting);
        }
    }

    /// Whether it begins to send now; `busy` says that the station sends.
    #[must_use]
    pub fn is_ready(&self, now: Instant, busy: bool) -> bool {
        self.config.on
            && self
                .outbox
                .front()
                .is_some_and(|next| next.ready <= now && (next.at_once || !busy))
    }

    /// Its next burst, and whether it is the last of this transmission.
    pub fn send(&mut self, _now: Instant) -> Option<([u8; 33], bool)> {
        let sending = self.outbox.front_mut()?;
        let burst = sending.bursts.pop_front()?;
        let last = sending.bursts.is_empty();
        if last {
            self.outbox.pop_front();
        }
        Some((burst, last))
    }

    /// Another radio began at the same time: both try again a little later.
    pub fn collided(&mut self, now: Instant) {
        let wait = self
            .rng
            .between(Duration::from_millis(60), Duration::from_millis(900));
        if let Some(next) = self.outbox.front_mut() {
            next.ready = now + wait;
        }
    }

    fn group(&self) -> u32 {
        self.config.group.map_or(0xFF_FFFF, GroupId::get)
    }

    fn control(&mut self, pdu: &[u8; 12]) {
        let context = Context {
            direction: Direction::Outbound,
            system: System::Conventional,
        };
        if let Ok(csbk) = Csbk::decode(pdu, context)
            && let CsbkBody::CallAlertAck(ack) = csbk.body
            && ack.target == self.id()
            && self.alarm.is_some()
        {
            self.alarm = None;
            self.alarm_acknowledged = true;
        }
    }

    fn outcome(&mut self, now: Instant, outcome: &Outcome) -> Option<String> {
        if let Some(response) = outcome.response()
            && response
                .header
                .addressing()
                .is_some_and(|way| way.source == self.id())
        {
            let bursts = bursts(&response.pdus(0)).into();
            self.outbox.push_front(Outgoing {
                ready: now + TURNAROUND,
                at_once: true,
                bursts,
            });
        }
        let Outcome::Complete(packet) = outcome else {
            return None;
        };
        let message = text::interpret(packet);
        let parties = message.parties()?;
        let mine = if parties.group {
            parties.to == self.group()
        } else {
            parties.to == self.id()
        };
        match message {
            Message::Text {
                text,
                reference,
                ask,
                ..
            } if mine => self.text(now, parties.from, text, reference, ask),
            Message::Response { response, .. } if mine && response.verdict == Verdict::Ack => {
                self.unanswered = None;
                None
            }
            Message::TmsAcknowledgement { .. } if mine => {
                self.unanswered = None;
                None
            }
            _ => None,
        }
    }

    fn text(
        &mut self,
        now: Instant,
        from: u32,
        text: String,
        reference: Option<u16>,
        ask: bool,
    ) -> Option<String> {
        let text = text.trim_start_matches(['\r', '\n']).to_owned();
        let from_id = RadioId::new(from).ok()?;
        if let Some(number) = reference
            .filter(|_| ask)
            .and_then(|number| u8::try_from(number).ok())
            && let Ok(ack) =
                text::tms_acknowledgement(self.config.id, from_id, number, &Options::default())
        {
            let bursts = bursts(&ack.pdus(1)).into();
            let ready = now + Duration::from_millis(400);
            self.outbox.push_back(Outgoing {
                ready,
                at_once: false,
                bursts,
            });
        }
        let key = (reference.unwrap_or(0), text.clone());
        if self.seen.insert(from, key.clone()).as_ref() == Some(&key) {
            return None;
        }
        if text.contains('回') {
            self.answer(now, from_id, &text);
        }
        self.shown.push(text.clone());
        Some(text)
    }

    fn answer(&mut self, now: Instant, to: RadioId, text: &str) {
        let later = now
            + self
                .rng
                .between(Duration::from_secs(2), Duration::from_secs(9));
        match self.config.answers {
            Answers::Never => {}
            Answers::Text(choice) => {
                // The mark stands first, or behind the drill sign.
                let mark = text
                    .rsplit('】')
                    .next()
                    .unwrap_or(text)
                    .split(' ')
                    .next()
                    .unwrap_or_default();
                self.write(later, to, &format!("{mark} {choice}"));
            }
            Answers::Status(status) => {
                let header = DataHeader::StatusPrecoded(StatusPrecoded {
                    addressing: Addressing {
                        group: false,
                        response_requested: false,
                        sap: Sap::ShortData,
                        destination: to.get(),
                        source: self.id(),
                    },
                    source_port: 0,
                    destination_port: 0,
                    status,
                });
                let bursts: VecDeque<_> = bursts(&[Pdu::DataHeader(header.encode())]).into();
                // Nobody confirms a status: its user presses the key twice.
                for ready in [later, later + Duration::from_secs(3)] {
                    self.outbox.push_back(Outgoing {
                        ready,
                        at_once: false,
                        bursts: bursts.clone(),
                    });
                }
            }
        }
    }

    fn insist(&mut self, at: Instant, pdus: &[Pdu]) {
        self.unanswered = Some(Unanswered {
            bursts: bursts(pdus),
            again: at,
            tries: TRIES,
        });
    }
}

/// The bursts of a mobile.
fn bursts(pdus: &[Pdu]) -> Vec<[u8; 33]> {
    let color_code = ColorCode::new(1).unwrap_or_default();
    let burst = |pdu: &Pdu| -> DataBurst { pdu.to_burst(Sync::MsData, color_code) };
    pdus.iter().map(|pdu| burst(pdu).encode()).collect()
}
