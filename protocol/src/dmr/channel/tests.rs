//! A channel against radios that do as they are told.

use proptest::prelude::*;

use super::*;
use crate::air::{
    self, Address, CarrierKind, Delivery, GroupId, HeardKind, Slot, StationId, Text, TextForm,
};
use crate::dmr::burst::Burst;
use crate::dmr::data_header::{Addressing, NackReason, Sap, StatusPrecoded};
use crate::dmr::info::Info;
use crate::dmr::packet::{Block, Outcome, Packet, Rate, response};
use crate::dmr::slot_type::ColorCode;
use crate::dmr::slot_type::DataType;
use crate::dmr::test_bursts;
use crate::dmr::text::{self, Message, Options};

pub(super) const OWN: u32 = 16_000_001;
pub(super) const UNIT: u32 = 2_308_155;

pub(super) fn radio(id: u32) -> RadioId {
    RadioId::new(id).unwrap()
}

pub(super) fn config() -> ChannelConfig {
    ChannelConfig {
        carrier: CarrierId {
            station: StationId(1),
            slot: Slot::Two,
        },
        own: radio(OWN),
        groups: vec![GroupId::new(9).unwrap()],
        color_code: ColorCode::new(1).unwrap(),
        source: Source::BaseStation,
        response_wait: Duration::from_millis(600),
        longest_call: LONGEST_CALL,
    }
}

pub(super) fn a_text(to: u32, words: &str, delivery: Delivery) -> Text {
    Text {
        from: radio(OWN),
        to: Address::Radio(radio(to)),
        text: words.into(),
        form: TextForm::Tms,
        delivery,
        reference: 5,
    }
}

pub(super) fn events(channel: &mut Channel) -> Vec<ChannelEvent> {
    std::iter::from_fn(|| channel.poll()).collect()
}

pub(super) fn steps(channel: &mut Channel) -> Vec<(u64, Step)> {
    let job = |event| {
        if let ChannelEvent::Job { id, step } = event {
            Some((id.0, step))
        } else {
            None
        }
    };
    events(channel).into_iter().filter_map(job).collect()
}

pub(super) fn heard(channel: &mut Channel) -> Vec<Heard> {
    let said = |event| {
        if let ChannelEvent::Heard(heard) = event {
            Some(heard)
        } else {
            None
        }
    };
    events(channel).into_iter().filter_map(said).collect()
}

/// Pulls everything the channel sends, 60 ms a burst.
pub(super) fn pull(channel: &mut Channel, now: &mut Instant) -> Vec<Outgoing> {
    let mut bursts = Vec::new();
    while let Some(burst) = channel.next_burst(*now) {
        bursts.push(burst);
        *now += Duration::from_millis(60);
    }
    bursts
}

/// What a radio makes of bursts.
pub(super) fn receive(bursts: &[Outgoing]) -> Option<Packet> {
    let mut reassembler = Reassembler::default();
    let mut packet = None;
    for burst in bursts {
        let Burst::Data(data) = Burst::decode(&burst.burst).unwrap().value else {
            panic!()
        };
        let outcome = match (data.data_type, data.info) {
            (DataType::DataHeader, Info::Bptc(pdu)) => {
                reassembler.header(Instant::ZERO, Slot::Two, &DataHeader::decode(&pdu).unwrap())
            }
            (DataType::Rate12Data, Info::Bptc(pdu)) => reassembler.block(
                Instant::ZERO,
                Slot::Two,
                &Block::new(Rate::Half, &pdu).unwrap(),
            ),
            _ => Outcome::Pending,
        };
        if let Outcome::Complete(complete) = outcome {
            packet = Some(complete);
        }
    }
    packet
}

/// The bursts that a radio sends.
pub(super) fn from_radio(outgoing: &packet::Outgoing, preambles: u8) -> Vec<[u8; 33]> {
    let way = config();
    let mobile = ChannelConfig {
        source: Source::Mobile,
        ..way
    };
    compose::bursts(&mobile, &outgoing.pdus(preambles), Some(outgoing))
        .iter()
        .map(|burst| burst.burst)
        .collect()
}

pub(super) fn radio_says(channel: &mut Channel, now: Instant, outgoing: &packet::Outgoing) {
    from_radio(outgoing, 0)
        .iter()
        .for_each(|burst| channel.heard(now, burst));
}

pub(super) fn addressing_of(bursts: &[Outgoing]) -> (Addressing, u8) {
    let packet = receive(bursts).unwrap();
    (
        *packet.header.addressing().unwrap(),
        packet.header.send_sequence(),
    )
}

#[test]
fn a_confirmed_text_is_received_when_the_radio_answers_it_and_not_before() {
    let mut channel = Channel::new(config());
    let mut now = Instant::ZERO;
    channel.send(
        now,
        JobId(1),
        Transmission::Text(a_text(UNIT, "东山起火", Delivery::Confirmed)),
    );
    let bursts = pull(&mut channel, &mut now);
    assert_eq!(bursts.last().unwrap().last_of, Some(JobId(1)));
    assert!(
        bursts
            .iter()
            .rev()
            .skip(1)
            .all(|burst| burst.last_of.is_none())
    );
    assert!(steps(&mut channel).is_empty());
    let packet = receive(&bursts).unwrap();
    let Message::Text {
        text,
        reference,
        ask,
        ..
    } = text::interpret(&packet)
    else {
        panic!()
    };
    assert_eq!(
        (text.trim_start(), reference, ask),
        ("东山起火", Some(5), true)
    );
    let (addressing, n_s) = addressing_of(&bursts);
    let mut stranger = response::ack(&addressing, n_s);
    if let DataHeader::Response(header) = &mut stranger.header {
        header.addressing.source = UNIT + 1;
    }
    radio_says(&mut channel, now, &stranger);
    radio_says(&mut channel, now, &response::ack(&addressing, n_s + 1));
    assert!(
        steps(&mut channel).is_empty(),
        "a stranger's answer, or one to another packet, proves nothing"
    );
    radio_says(&mut channel, now, &response::ack(&addressing, n_s));
    assert_eq!(
        steps(&mut channel),
        [(1, Step::Received { by: radio(UNIT) }), (1, Step::Done)]
    );
}

#[test]
fn only_the_blocks_that_a_radio_misses_are_sent_again() {
    let mut channel = Channel::new(config());
    let mut now = Instant::ZERO;
    channel.send(
        now,
        JobId(1),
        Transmission::Text(a_text(UNIT, "山火 A1", Delivery::Confirmed)),
    );
    let first = pull(&mut channel, &mut now);
    let (addressing, n_s) = addressing_of(&first);
    let blocks = first.len() - 2;
    radio_says(
        &mut channel,
        now,
        &response::sack(&addressing, n_s, blocks, &[1, 3]),
    );
    now += Duration::from_millis(200);
    let again = pull(&mut channel, &mut now);
    assert_eq!(again.len(), 3, "one header and two blocks");
    assert_eq!(
        again.last().unwrap().last_of,
        None,
        "the job was written before"
    );
    radio_says(&mut channel, now, &response::ack(&addressing, n_s));
    assert_eq!(
        steps(&mut channel),
        [(1, Step::Received { by: radio(UNIT) }), (1, Step::Done)]
    );
}

#[test]
fn a_radio_that_keeps_asking_or_refuses_or_is_silent_does_not_hold_the_channel() {
    for answer in 0..3 {
        let mut channel = Channel::new(config());
        let mut now = Instant::ZERO;
        channel.send(
            now,
            JobId(1),
            Transmission::Text(a_text(UNIT, "x", Delivery::Confirmed)),
        );
        let bursts = pull(&mut channel, &mut now);
        let (addressing, n_s) = addressing_of(&bursts);
        for _ in 0..10 {
            match answer {
                0 => radio_says(
                    &mut channel,
                    now,
                    &response::sack(&addressing, n_s, bursts.len() - 2, &[0]),
                ),
                1 => radio_says(
                    &mut channel,
                    now,
                    &response::nack(&addressing, n_s, NackReason::MemoryFull),
                ),
                _ => {}
            }
            now += Duration::from_secs(1);
            channel.tick(now);
            pull(&mut channel, &mut now);
        }
        let expected = if answer == 1 {
            Step::Refused(Refusal::Terminal(2))
        } else {
            Step::Done
        };
        assert_eq!(steps(&mut channel), [(1, expected)]);
    }
}

#[test]
fn a_retry_keeps_its_sequence_number_and_another_text_gets_the_next() {
    let mut channel = Channel::new(config());
    let mut now = Instant::ZERO;
    let mut numbers = Vec::new();
    for words in ["a", "a", "b"] {
        channel.send(
            now,
            JobId(1),
            Transmission::Text(a_text(UNIT, words, Delivery::Confirmed)),
        );
        let bursts = pull(&mut channel, &mut now);
        numbers.push(addressing_of(&bursts).1);
        now += Duration::from_secs(2);
        channel.tick(now);
    }
    assert_eq!(numbers, [0, 0, 1]);
}

#[test]
fn one_fragment_at_a_time_and_acknowledgements_first() {
    let mut channel = Channel::new(config());
    let mut now = Instant::ZERO;
    let unconfirmed = || Transmission::Text(a_text(UNIT, "x", Delivery::Unconfirmed));
    channel.send(now, JobId(1), unconfirmed());
    channel.send(now, JobId(2), unconfirmed());
    let owed = Acknowledgement::Data {
        from: radio(OWN),
        to: radio(7),
        sap: Sap::Ip.code(),
        sequence: 3,
    };
    channel.acknowledge(now, JobId(3), owed.clone(), now + Duration::from_secs(1));
    channel.acknowledge(now, JobId(4), owed, now);
    assert_eq!(
        steps(&mut channel),
        [
            (2, Step::Refused(Refusal::NoRoom)),
            (4, Step::Refused(Refusal::TooLate))
        ]
    );
    let bursts = pull(&mut channel, &mut now);
    assert_eq!((bursts[0].last_of, bursts[0].dst), (Some(JobId(3)), 7));
    assert_eq!(bursts.last().unwrap().last_of, Some(JobId(1)));
}

#[test]
fn a_call_holds_the_channel_until_its_terminator_or_silence() {
    let mut channel = Channel::new(config());
    let mut now = Instant::ZERO;
    channel.heard(now, &test_bursts::header(UNIT, 9));
    let said = heard(&mut channel);
    assert_eq!(said[0].what, HeardKind::Presence { from: radio(UNIT) });
    channel.send(
        now,
        JobId(1),
        Transmission::Text(a_text(UNIT, "x", Delivery::Unconfirmed)),
    );
    assert_eq!(channel.next_burst(now), None);
    channel.heard(now, &test_bursts::terminator(UNIT, 9));
    assert!(channel.next_burst(now).is_some());
    pull(&mut channel, &mut now);
    channel.heard(now, &test_bursts::header(UNIT, 9));
    channel.send(
        now,
        JobId(2),
        Transmission::Text(a_text(UNIT, "x", Delivery::Unconfirmed)),
    );
    now += Duration::from_secs(2);
    channel.tick(now);
    assert!(channel.next_burst(now).is_some());
}

#[test]
fn a_text_for_us_is_heard_with_what_is_owed_and_one_for_others_is_only_presence() {
    let now = Instant::ZERO;
    let mut channel = Channel::new(config());
    let mut text = a_text(OWN, "桥断了", Delivery::Confirmed);
    text.from = radio(UNIT);
    let outgoing = text::packet(&text, &Options::default()).unwrap();
    radio_says(&mut channel, now, &outgoing);
    let said = heard(&mut channel);
    let [
        Heard {
            what:
                HeardKind::Text {
                    from,
                    text: words,
                    reference,
                    ..
                },
            owed,
            ..
        },
    ] = said.as_slice()
    else {
        panic!("{said:?}")
    };
    assert_eq!(
        (from.get(), words.trim(), *reference),
        (UNIT, "桥断了", Some(5))
    );
    assert!(matches!(
        owed[0].acknowledgement,
        Acknowledgement::Data { sequence: 0, .. }
    ));
    assert!(matches!(
        owed[1].acknowledgement,
        Acknowledgement::Tms { reference: 5, .. }
    ));
    assert!(
        channel.next_burst(now).is_none(),
        "nothing says 'I have your message' by itself"
    );
    text.to = Address::Radio(radio(7));
    radio_says(
        &mut channel,
        now,
        &text::packet(&text, &Options::default()).unwrap(),
    );
    assert!(
        heard(&mut channel)
            .iter()
            .all(|heard| matches!(heard.what, HeardKind::Presence { .. }))
    );
}

#[test]
fn a_status_that_asks_is_owed_a_response_which_nobody_sends_before_the_engine() {
    let status = |group, response_requested| packet::Outgoing {
        header: DataHeader::StatusPrecoded(StatusPrecoded {
            addressing: Addressing {
                group,
                response_requested,
                sap: Sap::ShortData,
                destination: if group { 9 } else { OWN },
                source: UNIT,
            },
            source_port: 0,
            destination_port: 0,
            status: 5,
        }),
        blocks: Vec::new(),
    };
    for (group, asks) in [(false, true), (false, false), (true, true)] {
        let mut now = Instant::ZERO;
        let mut channel = Channel::new(config());
        radio_says(&mut channel, now, &status(group, asks));
        let said = heard(&mut channel);
        let [
            Heard {
                what: HeardKind::Status { code: 5, .. },
                owed,
                ..
            },
        ] = said.as_slice()
        else {
            panic!("{said:?}")
        };
        assert!(channel.next_burst(now).is_none());
        if group || !asks {
            assert!(owed.is_empty(), "only who asks alone is answered: {owed:?}");
            continue;
        }
        now += Duration::from_secs(1);
        let [owed] = owed.as_slice() else {
            panic!("{owed:?}")
        };
        channel.acknowledge(now, JobId(1), owed.acknowledgement.clone(), owed.until);
        let bursts = pull(&mut channel, &mut now);
        let DataHeader::Response(answer) = receive(&bursts).unwrap().header else {
            panic!("no response")
        };
        assert_eq!((answer.verdict, answer.status), (Verdict::Ack, 0));
        assert_eq!(answer.addressing.destination, UNIT);
    }
}

#[test]
fn a_long_text_in_fragments_is_heard_as_one_text_and_each_fragment_is_owed_an_answer() {
    let mut now = Instant::ZERO;
    let mut channel = Channel::new(config());
    let words = "桥断了，请求支援。".repeat(30);
    let mut text = a_text(OWN, &words, Delivery::Confirmed);
    text.from = radio(UNIT);
    let options = Options {
        limit: u32::MAX,
        most_blocks: 10,
        ..Options::default()
    };
    let packets = text::packets(&text, &options).unwrap();
    let mut said = Vec::new();
    for packet in &packets {
        radio_says(&mut channel, now, packet);
        now += Duration::from_secs(1);
        let heard = heard(&mut channel);
        let [Heard { owed, .. }] = heard.as_slice() else {
            panic!("{heard:?}")
        };
        let Acknowledgement::Data { sequence, .. } = owed[0].acknowledgement else {
            panic!("{owed:?}")
        };
        assert_eq!(sequence, packet.header.send_sequence());
        said.extend(heard);
    }
    let (last, before) = said.split_last().unwrap();
    assert!(
        before
            .iter()
            .all(|heard| heard.what == HeardKind::Presence { from: radio(UNIT) })
    );
    let HeardKind::Text { text, .. } = &last.what else {
        panic!("{last:?}")
    };
    assert_eq!((text, last.owed.len()), (&words, 2));
    radio_says(&mut channel, now, &packets[3]);
    assert_eq!(heard(&mut channel)[0].what, last.what, "known, said again");
}

#[test]
fn what_is_missing_of_a_text_for_us_is_asked_for_again() {
    let mut now = Instant::ZERO;
    let mut channel = Channel::new(config());
    let mut text = a_text(OWN, "桥断了", Delivery::Confirmed);
    text.from = radio(UNIT);
    let bursts = from_radio(&text::packet(&text, &Options::default()).unwrap(), 0);
    for (index, burst) in bursts.iter().enumerate() {
        if index != 2 {
            channel.heard(now, burst);
        }
    }
    now += Duration::from_secs(1);
    channel.tick(now);
    let asked = pull(&mut channel, &mut now);
    let Burst::Data(header) = Burst::decode(&asked[0].burst).unwrap().value else {
        panic!()
    };
    let Info::Bptc(pdu) = header.info else {
        panic!()
    };
    let DataHeader::Response(response) = DataHeader::decode(&pdu).unwrap() else {
        panic!()
    };
    assert_eq!(response.verdict, Verdict::Sack);
}

#[test]
fn bursts_that_the_link_repeats_or_delays_ask_for_nothing_again() {
    let mut text = a_text(OWN, "桥断了", Delivery::Confirmed);
    text.from = radio(UNIT);
    let bursts = from_radio(&text::packet(&text, &Options::default()).unwrap(), 0);
    let twice: Vec<_> = bursts.iter().flat_map(|burst| [*burst; 2]).collect();
    let mut delayed = bursts.clone();
    let last = delayed.len() - 1;
    delayed.swap(last - 1, last);
    for order in [twice, delayed] {
        let mut now = Instant::ZERO;
        let mut channel = Channel::new(config());
        for burst in &order {
            channel.heard(now, burst);
            now += Duration::from_millis(30);
        }
        let texts = heard(&mut channel)
            .into_iter()
            .filter(|heard| matches!(heard.what, HeardKind::Text { .. }));
        assert_eq!(texts.count(), 1);
        now += Duration::from_secs(1);
        channel.tick(now);
        assert_eq!(pull(&mut channel, &mut now), []);
    }
}

#[test]
fn a_lost_link_loses_what_was_under_way_and_says_so() {
    let mut channel = Channel::new(config());
    let now = Instant::ZERO;
    channel.send(
        now,
        JobId(1),
        Transmission::Text(a_text(UNIT, "x", Delivery::Confirmed)),
    );
    channel.next_burst(now);
    events(&mut channel);
    channel.close(now);
    let said = events(&mut channel);
    assert!(said.contains(&ChannelEvent::Job {
        id: JobId(1),
        step: Step::Lost
    }));
    assert!(said.contains(&ChannelEvent::State {
        state: CarrierState::Gone,
        room: 0
    }));
    channel.reopen();
    assert_eq!(
        events(&mut channel),
        [ChannelEvent::State {
            state: CarrierState::Up,
            room: 1
        }]
    );
}

#[test]
fn what_has_not_begun_can_be_withdrawn() {
    let mut channel = Channel::new(config());
    channel.send(
        Instant::ZERO,
        JobId(1),
        Transmission::Text(a_text(UNIT, "x", Delivery::Confirmed)),
    );
    channel.withdraw(JobId(1));
    assert_eq!(
        steps(&mut channel),
        [(1, Step::Refused(Refusal::Withdrawn))]
    );
    assert_eq!(channel.next_burst(Instant::ZERO), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_bursts_in_any_order_neither_panic_nor_pile_up(
        bursts in prop::collection::vec((prop::array::uniform32(any::<u8>()), any::<u8>()), 1..80),
    ) {
        let mut channel = Channel::new(config());
        let mut now = Instant::ZERO;
        for (octets, last) in bursts {
            let mut burst = [last; 33];
            burst[..32].copy_from_slice(&octets);
            channel.heard(now, &burst);
            now += Duration::from_millis(60);
            channel.tick(now);
        }
        prop_assert!(channel.answers.len() <= answers::MOST);
    }

    #[test]
    fn a_text_that_the_engine_takes_for_one_fragment_is_one(
        words in "[山火东林场起a-z0-9 ]{1,60}",
        form in prop::sample::select(vec![TextForm::Tms, TextForm::ShortDataUtf8, TextForm::ShortDataUtf16, TextForm::Udt]),
        confirmed in any::<bool>(),
    ) {
        let delivery = if confirmed { Delivery::Confirmed } else { Delivery::Unconfirmed };
        if air::text_octets(form, &words) <= air::text_room(form, delivery) {
            let text = Text { form, ..a_text(UNIT, &words, delivery) };
            let bursts = text::encode(&text, &Options::default()).unwrap().len();
            let predicted = air::text_bursts(CarrierKind::Conventional, form, delivery, air::text_octets(form, &words));
            prop_assert_eq!(u32::try_from(bursts).unwrap(), predicted);
        }
    }
}
