//! A control channel against radios that do as they are told.

use proptest::prelude::*;

use super::*;
use crate::air::{Address, Delivery, GroupId, Heard, HeardKind, Slot, StationId, Text, TextForm};
use crate::dmr::burst::{Burst, DataBurst};
use crate::dmr::csbk::{
    Ack, Ahoy, Backoff, Context, Csbk, Direction, Move, Rand, Reason, ServiceKind, System,
    SystemIdentity,
};
use crate::dmr::data_header::{Addressing, INBOUND, Sap, UdtFormat};
use crate::dmr::gateway::{REGI, SDMI, TSI};
use crate::dmr::info::Info;
use crate::dmr::slot_type::{ColorCode, DataType};
use crate::dmr::sync::Sync;
use crate::dmr::udt::{self, Content};

const OWN: u32 = 0x23_383B;
const RADIO: u32 = 0x23_3863;

pub(crate) fn radio(id: u32) -> RadioId {
    RadioId::new(id).unwrap()
}

pub(crate) fn config() -> ControlConfig {
    ControlConfig {
        carrier: CarrierId {
            station: StationId(1),
            slot: Slot::One,
        },
        own: radio(OWN),
        groups: vec![GroupId::new(9).unwrap()],
        color_code: ColorCode::new(1).unwrap(),
        identity: SystemIdentity::from_number(0x0027),
        registration: Registration::default(),
        nrand_wait: 5,
        backoff: Backoff(4),
        neighbours: Vec::new(),
        hand_over: None,
        answer_window: Duration::from_millis(240),
        tries: 3,
    }
}

/// A channel, its clock, and a modem that sends each burst 60 ms after the one before.
struct Bench {
    channel: ControlChannel,
    now: Instant,
    events: Vec<ChannelEvent>,
}

impl Bench {
    fn new(config: ControlConfig) -> Self {
        let mut channel = ControlChannel::new(config);
        channel.reopen(Instant::ZERO);
        let mut bench = Self {
            channel,
            now: Instant::ZERO,
            events: Vec::new(),
        };
        bench.drain();
        bench
    }

    fn drain(&mut self) {
        let events = core::iter::from_fn(|| self.channel.poll());
        self.events.extend(events);
    }

    /// One slot: at most one burst goes out, and has left at its end.
    fn slot(&mut self) -> Option<Outgoing> {
        let burst = self.channel.next_burst(self.now);
        let known = self.now + Duration::from_millis(20);
        self.channel.left(known, self.channel.pulled);
        self.now += SLOT;
        self.channel.tick(self.now);
        self.drain();
        burst
    }

    /// What goes out in so many slots.
    fn slots(&mut self, count: usize) -> Vec<Outgoing> {
        (0..count).filter_map(|_| self.slot()).collect()
    }

    fn hear(&mut self, body: CsbkBody) {
        let burst = up(DataType::Csbk, Csbk::from(body).encode());
        self.channel.heard(self.now, &burst);
        self.drain();
    }

    fn acked(&mut self, reason: Reason, from: u32, to: u32) {
        self.hear(CsbkBody::AckU(Ack::new(reason, to, from)));
    }

    fn text(&mut self, id: u64, to: Address, delivery: Delivery) {
        let text = Text {
            from: radio(OWN),
            to,
            text: "\u{8B66}\u{62A5}A1".into(),
            form: TextForm::Udt,
            delivery,
            reference: 0,
        };
        let text = Transmission::Text(text);
        self.channel.send(self.now, JobId(id), &text);
        self.drain();
    }

    fn send_to(&mut self, id: u64, to: u32) {
        self.text(id, Address::Radio(radio(to)), Delivery::Confirmed);
    }

    fn steps(&mut self) -> Vec<(u64, Step)> {
        let job = |event: &ChannelEvent| match event {
            ChannelEvent::Job { id, step } => Some((id.0, *step)),
            _ => None,
        };
        let steps = self.events.iter().filter_map(job).collect();
        self.events.retain(|event| job(event).is_none());
        steps
    }

    fn said(&mut self) -> Vec<Heard> {
        let heard = self.events.iter().filter_map(|event| match event {
            ChannelEvent::Heard(heard) => Some(heard.clone()),
            _ => None,
        });
        let heard = heard.collect();
        self.events.clear();
        heard
    }

    fn room(&self) -> u8 {
        self.channel.room()
    }
}

fn up(data_type: DataType, octets: [u8; 12]) -> [u8; 33] {
    DataBurst {
        sync: Sync::MsData,
        color_code: ColorCode::new(1).unwrap(),
        data_type,
        info: Info::Bptc(octets),
    }
    .encode()
}

/// The octets of a burst.
fn pdu(burst: &Outgoing) -> String {
    let Ok(Burst::Data(data)) = Burst::decode(&burst.burst).map(|read| read.value) else {
        panic!("no data burst")
    };
    assert_eq!((data.sync, data.color_code.get()), (Sync::BsData, 1));
    hex::encode(data.info.octets())
}

fn csbk(burst: &Outgoing) -> CsbkBody {
    let Ok(Burst::Data(data)) = Burst::decode(&burst.burst).map(|read| read.value) else {
        panic!("no data burst")
    };
    let context = Context {
        direction: Direction::Outbound,
        system: System::Trunked,
    };
    let octets = data.info.octets().first_chunk::<12>().copied().unwrap();
    Csbk::decode(&octets, context).unwrap().body
}

/// The short forms of bursts: h header, b block, A ALOHA, P poll, d C_ACKD, B C_BCAST, y AHOY.
fn shape(bursts: &[Outgoing]) -> String {
    let letter = |burst: &Outgoing| match burst.data_type {
        6 => 'h',
        7 => 'b',
        _ => match csbk(burst) {
            CsbkBody::Aloha(_) => 'A',
            CsbkBody::Ahoy(ahoy) if ahoy.is_status_poll() => 'P',
            CsbkBody::Ahoy(_) => 'y',
            CsbkBody::AckD(_) => 'd',
            CsbkBody::Bcast(_) => 'B',
            CsbkBody::Move(_) => 'M',
            _ => '?',
        },
    };
    bursts.iter().map(letter).collect()
}

fn request(kind: ServiceKind, options: u8, target: u32) -> CsbkBody {
    CsbkBody::Rand(Rand {
        service_options: options,
        service_kind: kind,
        target,
        source: RADIO,
        ..Rand::default()
    })
}

fn status(code: u8, target: u32) -> CsbkBody {
    CsbkBody::Rand(Rand {
        service_options: code >> 2,
        appended: code & 3,
        service_kind: ServiceKind::Status,
        target,
        source: RADIO,
        ..Rand::default()
    })
}

#[test]
fn an_individual_text_is_the_worked_udt_and_its_acknowledgement_is_received() {
    let mut bench = Bench::new(config());
    bench.send_to(1, RADIO);
    let sent = bench.slots(2);
    let octets: Vec<_> = sent.iter().map(pdu).collect();
    assert_eq!(
        octets,
        ["400723386323383b201ad7c2", "8b6662a5004100310000b5f8"]
    );
    assert_eq!(
        (sent[0].new_stream, sent[1].last_of),
        (true, Some(JobId(1)))
    );
    bench.acked(Reason::MsAccepted, RADIO, OWN);
    let by = radio(RADIO);
    assert_eq!(bench.steps(), [(1, Step::Received { by }), (1, Step::Done)]);
    assert_eq!(
        shape(&bench.slots(20)),
        "AA",
        "the answer's slots, then never again"
    );
}

#[test]
fn a_radio_that_refuses_says_why() {
    let mut bench = Bench::new(config());
    bench.send_to(1, RADIO);
    bench.slots(2);
    bench.acked(Reason::RecipientRefused, RADIO, OWN);
    assert_eq!(bench.steps(), [(1, Step::Refused(Refusal::Terminal(0x14)))]);
}

#[test]
fn answers_of_others_to_others_or_of_another_kind_prove_nothing() {
    let mut bench = Bench::new(config());
    bench.send_to(1, RADIO);
    bench.slots(2);
    bench.acked(Reason::MsAccepted, RADIO + 1, OWN);
    bench.acked(Reason::MsAccepted, RADIO, OWN + 1);
    bench.acked(Reason::MsAlerting, RADIO, OWN);
    assert_eq!(bench.steps(), []);
}

#[test]
fn a_text_without_an_answer_is_repeated_three_times_and_proves_nothing() {
    let mut bench = Bench::new(config());
    bench.send_to(1, RADIO);
    let all = bench.slots(60);
    assert_eq!(shape(&all).matches("hb").count(), 3);
    assert_eq!(
        all.iter().filter(|burst| burst.last_of.is_some()).count(),
        1
    );
    assert_eq!(bench.steps(), [(1, Step::Done)]);
}

#[test]
fn the_next_fragment_goes_out_while_answers_are_awaited_and_repeats_come_between() {
    let mut bench = Bench::new(config());
    let mut all = Vec::new();
    for id in 0..20 {
        if bench.room() > 0 {
            bench.send_to(id, 100 + id as u32);
        }
        all.extend(bench.slots(2));
    }
    let targets: Vec<_> = all
        .iter()
        .filter(|b| b.data_type == 6)
        .map(|b| b.dst)
        .collect();
    assert_eq!(targets[..3], [100, 101, 102], "{targets:?}");
    let repeated = targets.iter().filter(|to| **to == 100).count();
    assert!(repeated >= 2, "{targets:?}");
}

#[test]
fn everyone_is_invited_in_one_of_sixteen_slots_at_any_load() {
    let mut bench = Bench::new(config());
    let mut all = Vec::new();
    for id in 0..200 {
        if bench.room() > 0 {
            bench.text(
                id,
                Address::Group(GroupId::new(9).unwrap()),
                Delivery::Unconfirmed,
            );
        }
        all.extend(bench.slot());
    }
    assert_eq!(all.len(), 200, "no idle slot");
    let shape = shape(&all);
    let longest = shape.split('A').map(str::len).max().unwrap();
    assert!(longest < 16, "{shape}");
    let used = shape.len() - shape.matches('A').count();
    assert!(used * 16 >= 200 * 14, "{shape}");
}

#[test]
fn nothing_follows_an_invitation_before_it_has_left() {
    let mut bench = Bench::new(config());
    let group = Address::Group(GroupId::new(9).unwrap());
    let mut id = 0;
    let mut last = Vec::new();
    while !matches!(last.last().map(csbk_of), Some(true)) {
        if bench.room() > 0 {
            bench.text(id, group, Delivery::Unconfirmed);
            id += 1;
        }
        last.extend(bench.channel.next_burst(bench.now));
    }
    let (pulled, now) = (bench.channel.pulled, bench.now);
    bench.channel.left(now, pulled - 1);
    assert_eq!(bench.channel.next_burst(now + SLOT), None);
    bench.channel.left(now + SLOT, pulled);
    assert_eq!(bench.channel.next_burst(now + SLOT), None);
    assert_eq!(
        bench.channel.deadline(),
        Some(now + Duration::from_millis(87))
    );
    assert!(
        bench
            .channel
            .next_burst(now + Duration::from_millis(87))
            .is_some()
    );
}

/// Whether it is a C_ALOHA.
fn csbk_of(burst: &Outgoing) -> bool {
    burst.data_type == 3 && matches!(csbk(burst), CsbkBody::Aloha(_))
}

#[test]
fn a_group_text_is_done_when_it_is_out_and_asks_nobody() {
    let mut bench = Bench::new(config());
    bench.text(
        1,
        Address::Group(GroupId::new(9).unwrap()),
        Delivery::Confirmed,
    );
    let sent = bench.slots(10);
    assert_eq!(shape(&sent), "hb");
    assert_eq!(&pdu(&sent[0])[..2], "80", "G/I, no answer asked");
    assert_eq!(bench.steps(), [(1, Step::Done)]);
}

#[test]
fn a_radio_check_proves_presence_only() {
    let mut bench = Bench::new(config());
    let check = Transmission::RadioCheck {
        from: radio(OWN),
        to: radio(RADIO),
    };
    bench.channel.send(bench.now, JobId(1), &check);
    let sent = bench.slot().unwrap();
    let expected = Ahoy {
        service_kind: ServiceKind::Registration,
        target: RADIO,
        source: TSI,
        ..Ahoy::default()
    };
    assert_eq!(csbk(&sent), CsbkBody::Ahoy(expected));
    bench.acked(Reason::MsAccepted, RADIO, TSI);
    assert_eq!(bench.steps(), [(1, Step::Done)]);
    let from = radio(RADIO);
    assert_eq!(bench.said()[0].what, HeardKind::Presence { from });
}

#[test]
fn polls_are_the_worked_bursts_one_a_slot_and_their_answers_polled_statuses() {
    let mut bench = Bench::new(config());
    let radios = [radio(RADIO), radio(7), radio(8)];
    bench
        .channel
        .collect(bench.now, JobId(1), radio(OWN), &radios);
    let sent = bench.slots(3);
    assert_eq!(shape(&sent), "PPP");
    assert_eq!(pdu(&sent[0]), "9c003e3723386323383bb635");
    let answer = Ack {
        response_info: 5,
        ..Ack::new(Reason::MsStatusPoll, OWN, RADIO)
    };
    bench.hear(CsbkBody::AckU(answer));
    bench.acked(Reason::MsNotSupported, 7, OWN);
    assert_eq!(bench.steps(), []);
    let said = bench.said();
    let own = Address::Radio(radio(OWN));
    let (from, to, code, polled) = (radio(RADIO), own, 5, true);
    let expected = HeardKind::Status {
        from,
        to,
        code,
        polled,
    };
    assert_eq!((&said[0].what, said[0].owed.len()), (&expected, 0));
    assert_eq!(
        shape(&bench.slots(10)),
        "AA",
        "the answers' slots stay taken"
    );
    assert_eq!(bench.steps(), [(1, Step::Done)], "its window has closed");
}

#[test]
fn a_registration_is_answered_at_once_and_policy_may_refuse_it() {
    let mut bench = Bench::new(ControlConfig {
        registration: Registration {
            denied: vec![radio(5)],
            ..Registration::default()
        },
        ..config()
    });
    bench.hear(request(ServiceKind::Registration, 1, 9));
    assert_eq!(
        bench.said()[0].what,
        HeardKind::Registered { from: radio(RADIO) }
    );
    assert_eq!(
        csbk(&bench.slot().unwrap()),
        CsbkBody::AckD(Ack {
            response_info: 0x7F,
            ..Ack::new(Reason::RegistrationAccepted, RADIO, REGI)
        })
    );
    bench.hear(request(ServiceKind::Registration, 0, 9));
    assert_eq!(
        bench.said()[0].what,
        HeardKind::Deregistered { from: radio(RADIO) }
    );
    bench.slot();
    let CsbkBody::Rand(rand) = request(ServiceKind::Registration, 1, 9) else {
        unreachable!()
    };
    bench.hear(CsbkBody::Rand(Rand { source: 5, ..rand }));
    assert_eq!(bench.said(), []);
    let denied = Ack::new(Reason::RegistrationDenied, 5, REGI);
    assert_eq!(csbk(&bench.slot().unwrap()), CsbkBody::AckD(denied));
}

#[test]
fn where_radios_must_register_strangers_are_told_so_except_in_distress() {
    let mut bench = Bench::new(ControlConfig {
        registration: Registration {
            required: true,
            ..Registration::default()
        },
        ..config()
    });
    assert_eq!(shape(&bench.slots(6)), "BBB", "all are asked to register");
    bench.hear(status(1, OWN));
    let refused = Ack::new(Reason::NotRegistered, RADIO, TSI);
    assert_eq!(csbk(&bench.slot().unwrap()), CsbkBody::AckD(refused));
    bench.said();
    bench.hear(request(ServiceKind::GroupVoice, 0x40, 9));
    let from = radio(RADIO);
    assert_eq!(bench.said()[0].what, HeardKind::Emergency { from, to: 9 });
    bench.hear(request(ServiceKind::Registration, 1, 9));
    bench.hear(status(1, OWN));
    assert!(matches!(
        bench.said()[1].what,
        HeardKind::Status {
            code: 1,
            polled: false,
            ..
        }
    ));
}

#[test]
fn a_status_is_acknowledged_only_by_whoever_put_it_on_disk() {
    let mut bench = Bench::new(config());
    for (target, to) in [
        (OWN, Address::Radio(radio(OWN))),
        (TSI, Address::Radio(radio(OWN))),
    ] {
        bench.hear(status(99, target));
        let said = bench.said();
        let (from, code, polled) = (radio(RADIO), 99, false);
        assert_eq!(
            said[0].what,
            HeardKind::Status {
                from,
                to,
                code,
                polled
            }
        );
        assert_eq!(bench.slot(), None, "nothing says that we have it");
        let owed = &said[0].owed[0];
        bench
            .channel
            .acknowledge(bench.now, JobId(4), &owed.acknowledgement, owed.until);
        let sent = bench.slot().unwrap();
        assert_eq!(sent.last_of, Some(JobId(4)));
        let accepted = Ack::new(Reason::MessageAccepted, RADIO, target);
        assert_eq!(csbk(&sent), CsbkBody::AckD(accepted));
    }
    let group = CsbkBody::Rand(Rand {
        service_options: 0x40,
        appended: 3,
        service_kind: ServiceKind::Status,
        target: 9,
        source: RADIO,
        ..Rand::default()
    });
    bench.hear(group);
    assert!(matches!(
        bench.said()[0].what,
        HeardKind::Status {
            to: Address::Group(_),
            code: 3,
            ..
        }
    ));
}

#[test]
fn an_emergency_goes_before_everything_and_a_late_acknowledgement_is_withheld() {
    let mut bench = Bench::new(config());
    bench.hear(status(1, OWN));
    bench.hear(request(ServiceKind::IndividualVoice, 0x40, OWN));
    let said = bench.said();
    for (id, heard) in (0..).zip(&said) {
        let owed = &heard.owed[0];
        bench
            .channel
            .acknowledge(bench.now, JobId(id), &owed.acknowledgement, owed.until);
    }
    let order: Vec<_> = bench.slots(2).iter().map(|burst| burst.last_of).collect();
    assert_eq!(order, [Some(JobId(1)), Some(JobId(0))]);
    let owed = &said[0].owed[0];
    bench
        .channel
        .acknowledge(owed.until, JobId(9), &owed.acknowledgement, owed.until);
    bench.drain();
    assert_eq!(bench.steps(), [(9, Step::Refused(Refusal::TooLate))]);
}

#[test]
fn services_that_are_not_offered_are_refused_with_their_reason_or_handed_over() {
    let refused = |kind, options, target| {
        let mut bench = Bench::new(config());
        bench.hear(request(kind, options, target));
        match csbk(&bench.slot().unwrap()) {
            CsbkBody::AckD(ack) => (ack.reason, ack.target, ack.source),
            other => panic!("{other:?}"),
        }
    };
    for kind in [
        ServiceKind::IndividualVoice,
        ServiceKind::GroupVoice,
        ServiceKind::IndividualPacket,
        ServiceKind::GroupPacket,
        ServiceKind::DuplexVoice,
        ServiceKind::DuplexPacket,
        ServiceKind::UdtPolling,
        ServiceKind::CallDiversion,
        ServiceKind::CallAnswer,
        ServiceKind::Supplementary,
        ServiceKind::Reserved(12),
    ] {
        assert_eq!(
            refused(kind, 0, 9),
            (Reason::TsNotSupported, RADIO, TSI),
            "{kind:?}"
        );
    }
    assert_eq!(refused(ServiceKind::Cancel, 0, 9).0, Reason::CancelRefused);
    let elsewhere = refused(ServiceKind::IndividualUdt, 0, 77).0;
    assert_eq!(elsewhere, Reason::CalledNotRegistered);
    let mut bench = Bench::new(ControlConfig {
        hand_over: Some(206),
        ..config()
    });
    bench.hear(request(ServiceKind::GroupVoice, 0, 9));
    let CsbkBody::Move(Move {
        mask,
        channel,
        address,
        ..
    }) = csbk(&bench.slot().unwrap())
    else {
        panic!("no C_MOVE")
    };
    assert_eq!((mask, channel, address), (24, 206, RADIO));
}

/// Sends the bursts of a UDT up.
fn upload(bench: &mut Bench, content: &Content, spoil: bool) {
    let addressing = Addressing {
        group: false,
        response_requested: false,
        sap: Sap::Udt,
        destination: OWN,
        source: RADIO,
    };
    let packet = udt::build(addressing, INBOUND, content).unwrap();
    for (index, pdu) in packet.pdus(0).iter().enumerate() {
        let mut octets = pdu.octets().first_chunk::<12>().copied().unwrap();
        if spoil && index == 1 {
            octets[0] ^= 1;
        }
        let burst = up(DataType::from_number(pdu.data_type()), octets);
        bench.channel.heard(bench.now, &burst);
        bench.slot();
    }
}

#[test]
fn short_data_is_called_for_collected_and_owed_whatever_its_format() {
    let text = |format, text: &str| Content::Text {
        format,
        text: text.into(),
    };
    for (content, words) in [
        (text(UdtFormat::Utf16Be, "收到A1"), "收到A1"),
        (text(UdtFormat::Iso7, "ALERT-12"), "ALERT-12"),
        (text(UdtFormat::Iso8, "ALERT-1"), "ALERT-1"),
        (Content::Bcd("0123*#".into()), "0123*#"),
    ] {
        let mut bench = Bench::new(config());
        let mut call = request(ServiceKind::IndividualUdt, 0, OWN);
        if let CsbkBody::Rand(rand) = &mut call {
            rand.appended = 1;
        }
        bench.hear(call);
        assert_eq!(bench.said(), [], "nothing is said before the text is here");
        let ahoy = bench.slot().unwrap();
        let expected = Ahoy {
            appended: 1,
            service_kind: ServiceKind::IndividualUdt,
            target: RADIO,
            source: SDMI,
            ..Ahoy::default()
        };
        assert_eq!(csbk(&ahoy), CsbkBody::Ahoy(expected));
        upload(&mut bench, &content, false);
        let said = bench.said();
        let [
            Heard {
                what: HeardKind::Text { from, text, .. },
                owed,
                ..
            },
        ] = &said[..]
        else {
            panic!("{said:?}")
        };
        assert_eq!((from.get(), &**text), (RADIO, words));
        let acknowledgement = Acknowledgement::Accepted {
            from: OWN,
            to: radio(RADIO),
        };
        assert_eq!(owed[0].acknowledgement, acknowledgement);
    }
}

#[test]
fn the_call_for_short_data_is_the_recorded_burst() {
    let own = ControlConfig {
        own: radio(RADIO),
        ..config()
    };
    let mut bench = Bench::new(own);
    let octets = hex::decode("9f00001423386323383b6943").unwrap();
    let burst = up(DataType::Csbk, octets.try_into().unwrap());
    bench.channel.heard(bench.now, &burst);
    assert_eq!(pdu(&bench.slot().unwrap()), "9c00001423383bfffec58aa2");
}

#[test]
fn damaged_short_data_is_refused_as_such_and_silence_is_called_again_thrice() {
    let mut bench = Bench::new(config());
    bench.hear(request(ServiceKind::IndividualUdt, 0, OWN));
    bench.slot();
    let content = Content::Bcd("5".into());
    upload(&mut bench, &content, true);
    assert_eq!(bench.said(), []);
    let mut sent = bench.slots(4);
    sent.retain(|burst| shape(&[*burst]) == "d");
    let refused = Ack::new(Reason::UploadCrcError, RADIO, SDMI);
    assert!(sent.is_empty() || csbk(&sent[0]) == CsbkBody::AckD(refused));

    let mut bench = Bench::new(config());
    bench.hear(request(ServiceKind::IndividualUdt, 0, OWN));
    assert_eq!(shape(&bench.slots(80)).matches('y').count(), 3);
}

#[test]
fn while_short_data_comes_in_nothing_is_sent_that_others_answer() {
    let mut bench = Bench::new(config());
    bench.hear(request(ServiceKind::IndividualUdt, 0, OWN));
    bench.send_to(1, 77);
    let sent = shape(&bench.slots(5));
    assert_eq!(sent, "yAAAA");
    assert_eq!(bench.steps(), []);
    upload(&mut bench, &Content::Bcd("5".into()), false);
    bench.slots(4);
    bench.acked(Reason::MsAccepted, 77, OWN);
    assert!(bench.steps().contains(&(1, Step::Done)), "sent after it");
}

#[test]
fn expected_radios_are_invited_one_by_one_until_they_are_heard() {
    let mut bench = Bench::new(config());
    bench
        .channel
        .admit(bench.now, JobId(1), vec![radio(RADIO), radio(RADIO + 1)]);
    let invited = |burst: Outgoing| match csbk(&burst) {
        CsbkBody::Aloha(aloha) => aloha.address,
        other => panic!("{other:?}"),
    };
    let order: Vec<_> = bench.slots(9).into_iter().map(invited).collect();
    assert_eq!(order[..3], [RADIO, RADIO + 1, RADIO], "{order:?}");
    bench.hear(status(1, OWN));
    let order: Vec<_> = bench.slots(4).into_iter().map(invited).collect();
    assert!(order.iter().all(|address| *address == RADIO + 1));
    bench.channel.withdraw(JobId(1));
    bench.drain();
    assert_eq!(bench.steps(), [(1, Step::Done)]);
    assert_eq!(bench.slot(), None);
}

#[test]
fn room_is_for_one_waiting_fragment_and_64_unanswered_ones() {
    let mut bench = Bench::new(config());
    bench.send_to(0, 100);
    assert_eq!(bench.room(), 0);
    bench.send_to(1, 101);
    assert_eq!(bench.steps(), [(1, Step::Refused(Refusal::NoRoom))]);
    bench.channel.withdraw(JobId(0));
    bench.drain();
    assert_eq!(bench.steps(), [(0, Step::Refused(Refusal::Withdrawn))]);
    for id in 2..200 {
        if bench.room() > 0 {
            bench.send_to(id, 100 + id as u32);
        }
        while bench.channel.waiting.is_some() {
            bench.channel.next_burst(bench.now);
            let pulled = bench.channel.pulled;
            bench.channel.left(bench.now, pulled);
            bench.now += Duration::from_millis(1);
        }
    }
    assert!(bench.channel.open.len() <= OPEN);
    assert_eq!(bench.room(), 0);
}

#[test]
fn a_lost_link_loses_each_job_once_and_the_channel_works_again() {
    let mut bench = Bench::new(config());
    bench.send_to(1, 101);
    bench.slots(2);
    bench.send_to(2, 102);
    bench.slot();
    let run = [radio(7), radio(8)];
    bench.channel.collect(bench.now, JobId(3), radio(OWN), &run);
    bench.channel.admit(bench.now, JobId(4), vec![radio(9)]);
    bench.channel.close(bench.now);
    bench.drain();
    let mut steps = bench.steps();
    steps.sort_by_key(|step| step.0);
    assert_eq!(steps, [1, 2, 3, 4].map(|id| (id, Step::Lost)));
    assert_eq!(bench.slot(), None);
    bench.channel.reopen(bench.now);
    bench.send_to(5, 105);
    assert_eq!(shape(&bench.slots(2)), "hb");
}

fn any_pdu() -> impl Strategy<Value = (u8, [u8; 12])> {
    let known = (0u8..4, any::<u8>(), any::<u8>(), any::<[u8; 2]>()).prop_map(
        |(which, kind, options, [a, b])| {
            let source = 100 + u32::from(b % 4);
            let target = [OWN, TSI, 9, 77][usize::from(a) % 4];
            let body = match which {
                0 | 1 => CsbkBody::Rand(Rand {
                    service_options: options & 0x7F,
                    appended: a & 3,
                    service_kind: ServiceKind::from_number(kind & 15),
                    target,
                    source,
                    ..Rand::default()
                }),
                _ => CsbkBody::AckU(Ack {
                    response_info: options & 0x7F,
                    ..Ack::new(Reason::from_number(kind), target, source)
                }),
            };
            (3, Csbk::from(body).encode())
        },
    );
    prop_oneof![known, (0u8..16, any::<[u8; 12]>())]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_bursts_in_any_order_neither_panic_nor_pile_up(
        pdus in prop::collection::vec((any_pdu(), 0u64..400, any::<bool>()), 0..200), required: bool,
    ) {
        let mut config = config();
        config.registration.required = required;
        let mut bench = Bench::new(config);
        let mut ends = std::collections::BTreeMap::new();
        for (n, ((kind, octets), pause, job)) in (0u64..).zip(pdus) {
            let data_type = DataType::from_number(kind);
            let burst = up(data_type, octets);
            bench.channel.heard(bench.now, &burst);
            if job && bench.room() > 0 {
                ends.insert(n, 0);
                match n % 4 {
                    0 => bench.channel.collect(bench.now, JobId(n), radio(OWN), &[radio(100), radio(101)]),
                    1 => bench.channel.admit(bench.now, JobId(n), vec![radio(100), radio(102)]),
                    _ => bench.send_to(n, 100 + n as u32 % 4),
                }
                if n % 4 == 1 {
                    ends.remove(&n);
                }
            }
            let until = bench.now + Duration::from_millis(pause);
            while bench.now < until {
                bench.slot();
            }
            bench.drain();
            prop_assert!(bench.channel.due.len() <= 2 * ANSWERS);
            prop_assert!(bench.channel.open.len() <= OPEN + 1);
            prop_assert!(bench.channel.uploads.len() <= 16);
        }
        bench.slots(400);
        for (id, step) in bench.steps() {
            if matches!(step, Step::Done | Step::Refused(_) | Step::Lost)
                && let Some(count) = ends.get_mut(&id)
            {
                *count += 1;
            }
        }
        prop_assert!(ends.values().all(|count| *count == 1), "{ends:?}");
    }
}
