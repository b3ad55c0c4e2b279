//! A terminal and its user: receives, confirms, shows, answers after a human delay, calls
//! for help.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use narrowcast_protocol::air::{
    Address, DMR_BURST_MICROS, Delivery, GroupId, RadioId, Slot, Text, TextForm,
};
use narrowcast_protocol::dmr::burst::{DataBurst, Middle, VoiceBurst};
use narrowcast_protocol::dmr::csbk::{Context, Csbk, CsbkBody, Direction, EmergencyAlarm, System};
use narrowcast_protocol::dmr::data_header::{Addressing, DataHeader, Sap, StatusPrecoded, Verdict};
use narrowcast_protocol::dmr::fec::rs_12_9;
use narrowcast_protocol::dmr::info::Info;
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
/// A user who answers twice does so after this long.
const AGAIN: Duration = Duration::from_secs(25);
/// An emergency call is repeated this often until the system acknowledges it.
const ALARM_EVERY: Duration = Duration::from_secs(3);

/// How a user answers what asks for an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answers {
    /// Not at all.
    Never,
    /// With a text: the numbered answer, behind the alert's mark.
    Text(u8),
    /// With these words and no mark.
    Words(&'static str),
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
    /// How long its user takes to answer, at least and at most.
    pub delay: (Duration, Duration),
    /// Whether its user answers a second time a little later.
    pub twice: bool,
    /// After so long the radio sends a text of its user once more, with the same number: the
    /// acknowledgement was lost, or it believes so.
    pub repeats_after: Option<Duration>,
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
            delay: (Duration::from_secs(2), Duration::from_secs(9)),
            twice: false,
            repeats_after: None,
        }
    }
}

/// A burst of the station, as far as a radio understands it.
#[derive(Debug)]
pub(crate) enum Down<'a> {
    Csbk(Csbk),
    Header(DataHeader),
    Block(Rate, &'a [u8]),
}

impl<'a> Down<'a> {
    pub(crate) fn of(burst: &'a DataBurst) -> Option<Self> {
        let octets = burst.info.octets();
        match (burst.data_type, octets.first_chunk::<12>()) {
            (DataType::Csbk, Some(pdu)) => {
                let context = Context {
                    direction: Direction::Outbound,
                    system: System::Conventional,
                };
                Csbk::decode(pdu, context).ok().map(Self::Csbk)
            }
            (DataType::DataHeader, Some(pdu)) => DataHeader::decode(pdu).ok().map(Self::Header),
            (DataType::Rate12Data, _) => Some(Self::Block(Rate::Half, octets)),
            (DataType::Rate34Data, _) => Some(Self::Block(Rate::ThreeQuarters, octets)),
            _ => None,
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
    /// What its user is going to write again, and when.
    second: Option<(Instant, RadioId, String)>,
    /// A text that it sends once more, and when.
    copy: Option<(Instant, Vec<[u8; 33]>)>,
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
            second: None,
            copy: None,
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
        let pdus = packet.pdus(1);
        let copy = self.config.repeats_after;
        self.copy = copy.map(|after| (now + after, bursts(&pdus)));
        self.insist(now, &pdus);
    }

    /// A burst that is for this radio arrived; the text it completed, if it is shown now.
    pub(crate) fn hear(&mut self, now: Instant, down: &Down<'_>) -> Option<String> {
        if !self.config.on {
            return None;
        }
        let outcome = match down {
            Down::Csbk(csbk) => {
                self.control(csbk);
                return None;
            }
            Down::Header(header) => self.reassembler.header(now, Slot::One, header),
            Down::Block(rate, octets) => self.block(now, *rate, octets),
        };
        self.outcome(now, &outcome)
    }

    /// Its user switches it on or off. Off, it forgets what it had half heard and what it
    /// wanted to say; an emergency is called again when it comes back.
    pub fn switch(&mut self, on: bool) {
        self.config.on = on;
        if !on {
            self.reassembler = Reassembler::default();
            self.outbox.clear();
            self.unanswered = None;
            self.copy = None;
        }
    }

    /// Whether it is switched on.
    #[must_use]
    pub const fn is_on(&self) -> bool {
        self.config.on
    }

    /// The talkgroup it listens to.
    #[must_use]
    pub const fn group(&self) -> Option<GroupId> {
        self.config.group
    }

    /// Its user talks to the talkgroup for about `length`.
    pub fn call(&mut self, now: Instant, length: Duration) {
        let bursts = call(self.config.id, self.talkgroup(), length);
        self.outbox.push_back(Outgoing {
            ready: now,
            at_once: false,
            bursts: bursts.into(),
        });
    }

    /// When it wants to be looked at next; `ready` says that what it has to send is known.
    pub(crate) fn deadline(&self, ready: bool) -> Option<Instant> {
        if !self.config.on {
            return None;
        }
        let send = self
            .outbox
            .front()
            .filter(|_| !ready)
            .map(|next| next.ready);
        let again = self.unanswered.as_ref().map(|waiting| waiting.again);
        let second = self.second.as_ref().map(|(at, ..)| *at);
        let copy = self.copy.as_ref().map(|(at, _)| *at);
        [
            self.alarm,
            again,
            send,
            second,
            copy,
            self.reassembler.deadline(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// Whether the next transmission may begin now, as far as this radio is concerned.
    pub(crate) fn waits(&self, now: Instant) -> bool {
        self.config.on && self.outbox.front().is_some_and(|next| next.ready <= now)
    }

    pub(crate) fn has_something_to_send(&self) -> bool {
        self.config.on && !self.outbox.is_empty()
    }

    fn block(&mut self, now: Instant, rate: Rate, octets: &[u8]) -> Outcome {
        match Block::new(rate, octets) {
            Some(block) => self.reassembler.block(now, Slot::One, &block),
            None => Outcome::Stray,
        }
    }

    /// Lets time pass: retries, alarms, half-heard packets. The texts that it shows then: of a
    /// packet that is whole as far as it came.
    #[must_use]
    pub fn tick(&mut self, now: Instant) -> Vec<String> {
        let outcomes = self.reassembler.tick(now).into_iter();
        let shown = outcomes.filter_map(|outcome| self.outcome(now, &outcome));
        let shown: Vec<String> = shown.collect();
        self.act(now);
        shown
    }

    /// Does what is due: alarms, copies, repeats.
    fn act(&mut self, now: Instant) {
        if !self.config.on {
            return;
        }
        if self.alarm.is_some_and(|at| at <= now) {
            self.alarm = Some(now + ALARM_EVERY);
            let alarm = EmergencyAlarm {
                flags: 0,
                target: self.talkgroup(),
                source: self.id(),
            };
            let pdu = Csbk::from(CsbkBody::EmergencyAlarm(alarm)).encode();
            let bursts = bursts(&[Pdu::Csbk(pdu)]);
            // An emergency goes before whatever else waits.
            self.outbox.push_front(Outgoing {
                ready: now,
                at_once: false,
                bursts: bursts.into(),
            });
        }
        if let Some((_, to, words)) = self.second.take_if(|(at, ..)| *at <= now) {
            self.write(now, to, &words);
        }
        if let Some((_, bursts)) = self.copy.take_if(|(at, _)| *at <= now) {
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

    fn talkgroup(&self) -> u32 {
        self.config.group.map_or(0xFF_FFFF, GroupId::get)
    }

    fn control(&mut self, csbk: &Csbk) {
        if let CsbkBody::CallAlertAck(ack) = csbk.body
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
            parties.to == self.talkgroup()
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
        let (least, most) = self.config.delay;
        let later = now + self.rng.between(least, most);
        match self.config.answers {
            Answers::Never => {}
            Answers::Words(words) => self.write(later, to, words),
            Answers::Text(choice) => {
                // The mark stands first, or behind the drill sign.
                let mark = text
                    .rsplit('】')
                    .next()
                    .unwrap_or(text)
                    .split(' ')
                    .next()
                    .unwrap_or_default();
                let words = format!("{mark} {choice}");
                self.write(later, to, &words);
                if self.config.twice {
                    self.second = Some((later + AGAIN, to, words));
                }
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

/// A voice call: header, superframes, terminator. Nobody hears what is said.
fn call(from: RadioId, group: u32, length: Duration) -> Vec<[u8; 33]> {
    let color_code = ColorCode::new(1).unwrap_or_default();
    let [_, high, middle, low] = group.to_be_bytes();
    let [_, from_high, from_middle, from_low] = from.get().to_be_bytes();
    let lc = [0, 0, 0, high, middle, low, from_high, from_middle, from_low];
    let control = |data_type, mask| {
        DataBurst {
            sync: Sync::MsData,
            color_code,
            data_type,
            info: Info::Bptc(rs_12_9::encode(&lc, mask)),
        }
        .encode()
    };
    let voice = VoiceBurst {
        middle: Middle::Sync(Sync::MsVoice),
        vocoder: [0; 27],
    }
    .encode();
    let count = usize::try_from(length.as_micros() / u128::from(DMR_BURST_MICROS)).unwrap_or(1);
    let mut bursts = vec![control(
        DataType::VoiceLcHeader,
        rs_12_9::MASK_VOICE_LC_HEADER,
    )];
    bursts.extend(std::iter::repeat_n(voice, count));
    bursts.push(control(
        DataType::TerminatorWithLc,
        rs_12_9::MASK_TERMINATOR,
    ));
    bursts
}
