use proptest::prelude::*;

use crate::dmr::data_header::{Addressing, NackReason, Verdict};
use crate::dmr::packet::{Outgoing, Rate, Reassembler, Sequence, build};

use super::*;

const NOW: Instant = Instant::from_millis(1_000);
const TO: Addressing = Addressing {
    group: false,
    response_requested: true,
    sap: Sap::UdpCompressed,
    destination: 16_000_001,
    source: 2_308_155,
};

fn datagram(octets: usize) -> Vec<u8> {
    (0..octets).map(|at| (at * 7 + at / 256) as u8).collect()
}

/// Two blocks of rate 1/2 each: 16 octets of the datagram.
fn cut(data: &[u8], number: u8) -> Vec<Outgoing> {
    let first = Sequence {
        number,
        resynchronise: false,
    };
    build::fragments(TO, Rate::Half, first, 2, data).unwrap()
}

fn hear(air: &mut Reassembler, now: Instant, packet: &Outgoing) -> Outcome {
    let mut outcome = air.header(now, Slot::One, &packet.header);
    for block in &packet.blocks {
        outcome = air.block(now, Slot::One, block);
    }
    outcome
}

fn verdict(outcome: &Outcome) -> (Verdict, u8) {
    let Some(DataHeader::Response(answer)) = outcome.response().map(|it| it.header) else {
        panic!("nothing is answered to {outcome:?}");
    };
    (answer.verdict, answer.status)
}

fn whole(outcome: Outcome) -> Packet {
    match outcome {
        Outcome::Complete(packet) => packet,
        other => panic!("{other:?}"),
    }
}

const OUT_OF_SEQUENCE: Verdict = Verdict::Nack(NackReason::FragmentOutOfSequence);

#[test]
fn every_fragment_is_acknowledged_and_the_last_one_brings_the_datagram() {
    let data = datagram(16 * 10 + 5);
    let mut air = Reassembler::default();
    let sent = cut(&data, 6);
    let (last, before) = sent.split_last().unwrap();
    for (packet, n_s) in before.iter().zip((6..).map(|n_s: u8| n_s & 7)) {
        let outcome = hear(&mut air, NOW, packet);
        assert!(matches!(outcome, Outcome::Fragment(_)), "{outcome:?}");
        assert_eq!(verdict(&outcome), (Verdict::Ack, n_s));
    }
    let outcome = hear(&mut air, NOW, last);
    assert_eq!(verdict(&outcome), (Verdict::Ack, 0));
    let packet = whole(outcome);
    assert_eq!((packet.data, packet.extent), (data, Extent::Joined));
}

#[test]
fn a_fragment_that_comes_early_is_refused_and_kept() {
    let data = datagram(16 * 4);
    let sent = cut(&data, 0);
    let mut air = Reassembler::default();
    hear(&mut air, NOW, &sent[0]);
    for early in [2, 3] {
        let outcome = hear(&mut air, NOW, &sent[early]);
        assert_eq!(verdict(&outcome), (OUT_OF_SEQUENCE, early as u8));
    }
    let packet = whole(hear(&mut air, NOW, &sent[1]));
    assert_eq!((packet.data, packet.repeated), (data.clone(), false));
    for again in [2, 3] {
        let outcome = hear(&mut air, NOW, &sent[again]);
        assert_eq!(verdict(&outcome), (Verdict::Ack, again as u8));
        let packet = whole(outcome);
        assert_eq!((packet.data, packet.repeated), (data.clone(), true));
    }
}

#[test]
fn fragments_without_the_first_one_are_refused() {
    let sent = cut(&datagram(40), 0);
    let mut air = Reassembler::default();
    for packet in &sent[1..] {
        assert_eq!(verdict(&hear(&mut air, NOW, packet)).0, OUT_OF_SEQUENCE);
    }
}

#[test]
fn the_fragment_of_another_datagram_does_not_get_in() {
    let mut air = Reassembler::default();
    hear(&mut air, NOW, &cut(&datagram(40), 0)[0]);
    let other = cut(&[0xAA; 40], 3);
    assert_eq!(verdict(&hear(&mut air, NOW, &other[1])).0, OUT_OF_SEQUENCE);
    for packet in &other[..2] {
        hear(&mut air, NOW, packet);
    }
    assert_eq!(whole(hear(&mut air, NOW, &other[2])).data, [0xAA; 40]);
}

#[test]
fn a_datagram_that_nobody_continues_is_forgotten_after_t_data_tx_lmt() {
    let sent = cut(&datagram(40), 0);
    let mut air = Reassembler::default();
    hear(&mut air, NOW, &sent[0]);
    let later = NOW + T_DATA_TX_LMT;
    assert_eq!(air.deadline(), Some(later));
    air.tick(later);
    assert_eq!(air.deadline(), None);
    assert_eq!(verdict(&hear(&mut air, later, &sent[1])).0, OUT_OF_SEQUENCE);
}

#[test]
fn the_same_datagram_later_is_another_one() {
    let sent = cut(&datagram(40), 0);
    let mut air = Reassembler::default();
    for _ in 0..2 {
        let outcomes: Vec<Outcome> = sent.iter().map(|it| hear(&mut air, NOW, it)).collect();
        let [
            Outcome::Fragment(_),
            Outcome::Fragment(_),
            Outcome::Complete(packet),
        ] = outcomes.as_slice()
        else {
            panic!("{outcomes:?}");
        };
        assert!(!packet.repeated);
    }
}

#[test]
fn an_ipv4_datagram_that_is_whole_needs_no_joining() {
    let mut data = vec![0x45, 0, 0, 30];
    data.resize(30, 0);
    let to = Addressing { sap: Sap::Ip, ..TO };
    let mut sent = build::confirmed(to, Rate::Half, Sequence::default(), &data).unwrap();
    if let DataHeader::Confirmed(header) = &mut sent.header {
        header.fragment = 0;
    }
    let packet = whole(hear(&mut Reassembler::default(), NOW, &sent));
    assert_eq!(packet.extent, Extent::Whole);
}

#[test]
fn memory_is_bounded_in_datagrams_and_octets() {
    let mut joiner = Joiner::default();
    let part = |source, fragment, data: Vec<u8>| {
        let mut sent = build::confirmed(TO, Rate::Full, Sequence::default(), &[]).unwrap();
        let DataHeader::Confirmed(header) = &mut sent.header else {
            panic!("another format");
        };
        header.addressing.source = source;
        header.fragment = fragment;
        header.send_sequence = fragment & 7;
        Packet {
            header: sent.header,
            second: None,
            rate: None,
            data,
            extent: Extent::Whole,
            repeated: false,
        }
    };
    for source in 1..100 {
        joiner.join(NOW, Slot::One, part(source, 0, vec![0; 1_000]));
    }
    assert_eq!(joiner.octets(), DATAGRAMS * 1_000);
    joiner.join(NOW, Slot::One, part(1, 0, vec![0; MOST_DATAGRAM_OCTETS]));
    let outcome = joiner.join(NOW, Slot::One, part(1, 1, vec![0]));
    assert_eq!(verdict(&outcome).0, Verdict::Nack(NackReason::MemoryFull));
    assert_eq!(joiner.octets(), (DATAGRAMS - 1) * 1_000);
    assert_eq!(
        build::fragments(TO, Rate::Half, Sequence::default(), 127, &vec![0; 16_385]),
        Err(build::BuildError::Datagram { octets: 16_385 })
    );
}

proptest! {
    #[test]
    fn any_near_order_and_repetition_brings_the_datagram_once(
        octets in 17_usize..600,
        number in 0_u8..8,
        order in prop::collection::vec(0_usize..6, 0..400),
    ) {
        let data = datagram(octets);
        let sent = cut(&data, number);
        let mut air = Reassembler::default();
        hear(&mut air, NOW, &sent[0]);
        let mut acknowledged = vec![false; sent.len()];
        let mut new = 0;
        // Fragments near the first one that is not acknowledged, until all are.
        let walk = order.into_iter().chain(core::iter::repeat_n(2, sent.len()));
        for step in walk {
            let Some(next) = acknowledged.iter().skip(1).position(|done| !done) else {
                break;
            };
            let at = (next + 1 + step).saturating_sub(2).clamp(1, sent.len() - 1);
            let outcome = hear(&mut air, NOW, &sent[at]);
            if verdict(&outcome).0 == Verdict::Ack {
                acknowledged[at] = true;
                let before = &acknowledged[1..at];
                prop_assert!(at > next || before.iter().all(|done| *done));
            }
            if let Outcome::Complete(packet) = outcome {
                prop_assert_eq!(&packet.data, &data);
                new += usize::from(!packet.repeated);
            }
        }
        prop_assert!(acknowledged[1..].iter().all(|done| *done));
        prop_assert_eq!(new, 1);
    }
}
