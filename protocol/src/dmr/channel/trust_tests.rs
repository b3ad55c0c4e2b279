//! What a channel believes, whom it answers first, and that nobody holds it for ever.

use super::tests::{
    OWN, UNIT, a_text, addressing_of, config, events, from_radio, heard, pull, radio, radio_says,
    steps,
};
use super::*;
use crate::air::{Address, Delivery, HeardKind, Text, TextForm};
use crate::dmr::burst::Burst;
use crate::dmr::csbk::{Csbk, CsbkBody, EmergencyAlarm};
use crate::dmr::info::Info;
use crate::dmr::packet::response;
use crate::dmr::slot_type::{ColorCode, DataType};
use crate::dmr::sync::Sync;
use crate::dmr::test_bursts;
use crate::dmr::text;

fn at(millis: u64) -> Instant {
    Instant::from_millis(millis)
}

fn confirmed(words: &str) -> Transmission {
    Transmission::Text(a_text(UNIT, words, Delivery::Confirmed))
}

fn is_busy(channel: &mut Channel) -> Option<bool> {
    let mut states = events(channel).into_iter().filter_map(|event| match event {
        ChannelEvent::State { state, .. } => Some(state == CarrierState::Busy),
        _ => None,
    });
    states.next_back()
}

#[test]
fn a_header_that_fails_its_check_is_neither_presence_nor_a_call() {
    let mut channel = Channel::new(config());
    events(&mut channel);
    channel.heard(
        at(0),
        &test_bursts::damaged(DataType::VoiceLcHeader, UNIT, 9),
    );
    let cause = "voice_header_fec";
    let dropped = ChannelEvent::Dropped { cause, count: 1 };
    assert_eq!(events(&mut channel), [dropped]);
    channel.send(at(0), JobId(1), confirmed("x"));
    assert!(channel.next_burst(at(0)).is_some());
}

#[test]
fn a_terminator_that_fails_its_check_ends_no_call() {
    let mut channel = Channel::new(config());
    channel.heard(at(0), &test_bursts::header(UNIT, 9));
    channel.heard(
        at(60),
        &test_bursts::damaged(DataType::TerminatorWithLc, UNIT, 9),
    );
    assert_eq!(is_busy(&mut channel), Some(true));
    channel.heard(at(120), &test_bursts::terminator(UNIT, 9));
    assert_eq!(is_busy(&mut channel), Some(false));
}

#[test]
fn who_talks_is_known_late_from_an_embedded_link_control_and_from_a_damaged_one_not() {
    let lc = test_bursts::link_control(UNIT, 9);
    for damaged in [false, true] {
        let mut channel = Channel::new(config());
        events(&mut channel);
        for (place, burst) in test_bursts::embedded(&lc).iter().enumerate() {
            let mut burst = *burst;
            if damaged {
                // Four bits of the embedded fragment in the middle.
                burst[15] ^= 0xF0;
            }
            channel.heard(at(60 * place as u64), &burst);
        }
        let said = events(&mut channel);
        let present = said.iter().any(|event| {
            matches!(event, ChannelEvent::Heard(heard) if heard.what == HeardKind::Presence { from: radio(UNIT) })
        });
        let busy = said.contains(&ChannelEvent::State {
            state: CarrierState::Busy,
            room: 0,
        });
        assert_eq!((present, busy), (!damaged, !damaged));
    }
}

#[test]
fn invented_voice_begins_no_call() {
    let mut channel = Channel::new(config());
    events(&mut channel);
    for millis in (0..60_000).step_by(840) {
        channel.heard(at(millis), &[0; 33]);
        channel.tick(at(millis));
    }
    assert_eq!(is_busy(&mut channel), None);
    // Nor does a link control of zeros, whose checksum is right and which names nobody.
    for burst in test_bursts::embedded(&[0; 9]) {
        channel.heard(at(61_000), &burst);
    }
    assert_eq!(is_busy(&mut channel), None);
}

#[test]
fn a_call_without_end_gives_way_after_the_longest_call() {
    let mut channel = Channel::new(config());
    channel.heard(at(0), &test_bursts::header(UNIT, 9));
    channel.send(at(0), JobId(1), confirmed("x"));
    let mut left = None;
    for millis in (840..200_000).step_by(840) {
        while let Some(due) = channel.deadline().filter(|due| *due <= at(millis)) {
            channel.tick(due);
            if channel.next_burst(due).is_some() {
                left = left.or(Some(due));
            }
            if left.is_some() {
                break;
            }
        }
        channel.heard(at(millis), &[0; 33]);
        if left.is_some() {
            break;
        }
    }
    assert_eq!(left, Some(Instant::ZERO + LONGEST_CALL));
    assert_eq!(is_busy(&mut channel), Some(false));
}

#[test]
fn stray_blocks_hold_nothing() {
    let hex = "545f58c345306b71103444ef05ed5d7f77fd757094d871e4207401c40e090c8510";
    let block: [u8; 33] = hex::decode(hex).unwrap().try_into().unwrap();
    let mut channel = Channel::new(config());
    channel.heard(at(0), &block);
    channel.send(at(0), JobId(1), confirmed("x"));
    assert!(channel.next_burst(at(0)).is_some());
}

#[test]
fn a_transmission_that_another_station_heard_first_is_no_presence() {
    let mut channel = Channel::new(config());
    channel.heard_after_another(at(0), 1, &test_bursts::header(UNIT, 9));
    assert_eq!(heard(&mut channel), []);
    channel.heard(at(60), &test_bursts::header(UNIT, 9));
    assert_eq!(heard(&mut channel).len(), 1);
}

/// A radio as TS 102 361-1 has it: a number that it got last is a repetition, which it
/// confirms and does not show, unless S is set.
#[derive(Default)]
struct Receiver {
    last: Option<u8>,
    shown: Vec<String>,
}

impl Receiver {
    fn receive(&mut self, words: &str, bursts: &[Outgoing]) {
        let packet = tests::receive(bursts).unwrap();
        let DataHeader::Confirmed(header) = &packet.header else {
            panic!("{:?}", packet.header)
        };
        if header.resynchronise || self.last != Some(header.send_sequence) {
            self.shown.push(words.to_owned());
        }
        self.last = Some(header.send_sequence);
    }
}

/// Sends a text over a channel and lets the radio confirm it, unless the answer is lost.
fn deliver(
    channel: &mut Channel,
    now: &mut Instant,
    radio: &mut Receiver,
    words: &str,
    answered: bool,
) {
    *now += Duration::from_secs(10);
    channel.send(*now, JobId(1), confirmed(words));
    let bursts = pull(channel, now);
    radio.receive(words, &bursts);
    let (addressing, number) = addressing_of(&bursts);
    if answered {
        radio_says(channel, *now, &response::ack(&addressing, number));
    } else {
        channel.tick(*now + Duration::from_secs(5));
    }
    events(channel);
}

#[test]
fn texts_of_two_log_ins_are_both_shown_and_a_retry_is_not_shown_twice() {
    let (mut radio, mut now) = (Receiver::default(), at(0));
    for words in ["one", "two", "three"] {
        let mut channel = Channel::new(config());
        deliver(&mut channel, &mut now, &mut radio, words, true);
    }
    assert_eq!(radio.shown, ["one", "two", "three"]);
    let mut channel = Channel::new(config());
    let mut radio = Receiver::default();
    for (words, answered) in [
        ("one", true),
        ("two", false),
        ("two", true),
        ("three", true),
    ] {
        deliver(&mut channel, &mut now, &mut radio, words, answered);
    }
    assert_eq!(radio.shown, ["one", "two", "three"]);
}

#[test]
fn texts_over_two_channels_in_turn_are_all_shown() {
    let mut channels = [Channel::new(config()), Channel::new(config())];
    let (mut receiver, mut now) = (Receiver::default(), at(0));
    let sent: Vec<String> = (0..40).map(|number| format!("text {number}")).collect();
    for (number, words) in sent.iter().enumerate() {
        let [one, other] = &mut channels;
        let (over, idle) = if number % 3 == 0 {
            (one, other)
        } else {
            (other, one)
        };
        idle.used_elsewhere(radio(UNIT));
        deliver(over, &mut now, &mut receiver, words, true);
    }
    assert_eq!(receiver.shown, sent);
}

fn emergency_of(id: u32) -> [u8; 33] {
    let alarm = EmergencyAlarm {
        flags: 0,
        target: 9,
        source: id,
    };
    let pdu = Csbk::from(CsbkBody::EmergencyAlarm(alarm)).encode();
    let burst = crate::dmr::burst::DataBurst {
        sync: Sync::MsData,
        color_code: ColorCode::default(),
        data_type: DataType::Csbk,
        info: Info::Bptc(pdu),
    };
    Burst::Data(burst).encode()
}

#[test]
fn an_emergencys_acknowledgement_goes_before_everything_and_always_has_a_place() {
    let mut channel = Channel::new(config());
    let mut now = at(0);
    let until = now + Duration::from_secs(20);
    channel.send(now, JobId(500), confirmed("x"));
    for id in 0..40 {
        let owed = Acknowledgement::Tms {
            from: radio(OWN),
            to: radio(1_000 + id),
            reference: 1,
        };
        channel.acknowledge(now, JobId(u64::from(id)), owed, until);
    }
    events(&mut channel);
    channel.heard(now, &emergency_of(UNIT));
    let said = heard(&mut channel);
    let owed = said[0].owed[0].clone();
    channel.acknowledge(now, JobId(999), owed.acknowledgement, owed.until);
    assert_eq!(
        steps(&mut channel),
        [(31, Step::Refused(Refusal::TooLate))],
        "the newest other one has no place any more"
    );
    now += Duration::from_millis(200);
    let first = pull(&mut channel, &mut now);
    let first: Vec<u64> = first
        .iter()
        .filter_map(|it| it.last_of)
        .map(|id| id.0)
        .collect();
    assert_eq!(first.first(), Some(&999));
    assert_eq!((first.len(), first.last()), (33, Some(&500)));
}

#[test]
fn a_response_that_matches_nothing_is_counted() {
    let mut channel = Channel::new(config());
    let mut now = at(0);
    channel.send(now, JobId(1), confirmed("x"));
    let bursts = pull(&mut channel, &mut now);
    let (addressing, number) = addressing_of(&bursts);
    for _ in 0..2 {
        radio_says(&mut channel, now, &response::ack(&addressing, number));
    }
    let cause = "response_to_nothing";
    let dropped = ChannelEvent::Dropped { cause, count: 1 };
    let counted = events(&mut channel)
        .into_iter()
        .filter(|event| *event == dropped);
    assert_eq!(counted.count(), 1);
}

#[test]
fn a_hundred_thousand_strangers_cost_bounded_memory() {
    let mut channel = Channel::new(config());
    for id in 1..=100_000_u32 {
        let now = at(u64::from(id));
        channel.heard(now, &emergency_of(id));
        let mut text = a_text(OWN, "x", Delivery::Confirmed);
        text.from = radio(id);
        let packet = text::packet(&text, &text::Options::default());
        let half = packet.unwrap();
        let bursts = compose::bursts(&config(), &half.pdus(0), Some(&half));
        let (_, begun) = bursts.split_last().unwrap();
        begun.iter().for_each(|it| channel.heard(now, &it.burst));
        channel.send(now, JobId(u64::from(id)), {
            let mut text = a_text(id, "x", Delivery::Confirmed);
            text.reference = 0;
            Transmission::Text(text)
        });
        channel.withdraw(JobId(u64::from(id)));
        channel.tick(now);
        events(&mut channel);
    }
    assert!(channel.answers.len() <= answers::MOST);
    assert!(channel.numbering.len() <= 4_096);
    assert!(channel.reassembler.held() <= 64);
}

/// The bursts of a text from a radio to us: the header and its blocks.
fn spoken_by(from: u32, form: TextForm, words: &str) -> Vec<[u8; 33]> {
    let said = Text {
        from: radio(from),
        to: Address::Radio(radio(OWN)),
        form,
        ..a_text(UNIT, words, Delivery::Unconfirmed)
    };
    from_radio(&text::packet(&said, &text::Options::default()).unwrap(), 0)
}

fn causes(channel: &mut Channel) -> Vec<&'static str> {
    let causes = events(channel).into_iter().filter_map(|event| match event {
        ChannelEvent::Dropped { cause, .. } => Some(cause),
        _ => None,
    });
    causes.collect()
}

#[test]
fn blocks_of_a_radio_whose_header_was_lost_are_not_said_by_another_one() {
    let (first, second) = (
        spoken_by(UNIT, TextForm::Tms, "1"),
        spoken_by(UNIT + 1, TextForm::Tms, "2"),
    );
    let mut channel = Channel::new(config());
    events(&mut channel);
    channel.heard(at(0), &first[0]);
    for (burst, place) in second[1..].iter().zip(1..) {
        channel.heard(at(60 * place), burst);
    }
    assert_eq!(causes(&mut channel), ["packet_of_two_radios"]);
    for (burst, place) in first.iter().zip(100..) {
        channel.heard(at(60 * place), burst);
    }
    let said = heard(&mut channel);
    let texts = said.iter().filter(
        |heard| matches!(&heard.what, HeardKind::Text { from, text, .. } if *from == radio(UNIT) && text == "1"),
    );
    assert_eq!(texts.count(), 1, "its own text still comes: {said:?}");
}

#[test]
fn blocks_of_another_stream_than_the_header_belong_to_no_packet() {
    let said = |streams: [u32; 2]| {
        let bursts = spoken_by(UNIT, TextForm::ShortDataUtf16, "1");
        let mut channel = Channel::new(config());
        events(&mut channel);
        channel.heard_in_stream(at(0), streams[0], &bursts[0]);
        for (burst, place) in bursts[1..].iter().zip(1..) {
            channel.heard_in_stream(at(60 * place), streams[1], burst);
        }
        let all = events(&mut channel);
        let is_text = |event: &ChannelEvent| matches!(event, ChannelEvent::Heard(heard) if matches!(heard.what, HeardKind::Text { .. }));
        all.iter().any(is_text)
    };
    assert!(said([7, 7]));
    assert!(!said([7, 8]));
}
