use proptest::prelude::*;

use crate::dmr::data_header::{Addressing, NackReason, Sap, Verdict};
use crate::dmr::packet::{Outgoing, Packet, Pdu, Rate, Sequence, build, response};

use super::*;

const NOW: Instant = Instant::from_millis(1_000);

fn header(hex: &str) -> DataHeader {
    DataHeader::decode(&hex::decode(hex).unwrap().try_into().unwrap()).unwrap()
}

fn block(hex: &str) -> Block {
    let octets = hex::decode(hex).unwrap();
    let rate = if octets.len() == 12 {
        Rate::Half
    } else {
        Rate::ThreeQuarters
    };
    Block::new(rate, &octets).unwrap()
}

fn feed(reassembler: &mut Reassembler, head: &str, blocks: &[&str]) -> Outcome {
    let mut outcome = reassembler.header(NOW, Slot::One, &header(head));
    for hex in blocks {
        assert_eq!(outcome, Outcome::Pending, "before {hex}");
        outcome = reassembler.block(NOW, Slot::One, &block(hex));
    }
    outcome
}

fn packet(outcome: Outcome) -> Packet {
    match outcome {
        Outcome::Complete(packet) => packet,
        other => panic!("{other:?}"),
    }
}

const TEXT: [&str; 5] = [
    "00764500003e6ecb00004011e9580c20f96d",
    "03030c2110dd0fa70fa7002a9f970020e000",
    "04be83040d000a0045006c006a0065006e00",
    "077020006100200053004f00520021000000",
    "08180000000000000000000000005c10548e",
];
const HEAD: &str = "434e2110dd20f96d8558bf5b";

#[test]
fn recorded_packets_reassemble_without_padding() {
    let mut air = Reassembler::default();
    let text = packet(feed(&mut air, HEAD, &TEXT));
    assert_eq!(text.data.len(), 62);
    assert_eq!(text.rate, Some(Rate::ThreeQuarters));
    let ack = packet(feed(
        &mut air,
        "023a2337fc2337fe820081a3",
        &["d6790062620003bf00070000", "0000000000000000210b9a3d"],
    ));
    assert_eq!(hex::encode(ack.data), "d6790062620003bf0007");
    assert!(text.acknowledgement().is_some());
    let short = packet(feed(
        &mut air,
        "4da323383b23383b05608040",
        &[
            "00620001410048004f004a00200054004100",
            "02f24400590020004d004100520045004b00",
            "0538000000000000000000000000f486aed8",
        ],
    ));
    assert_eq!(short.data.len(), 32);
    let answer = packet(feed(&mut air, "014020f96d2110dd000d22e2", &[]));
    assert_eq!((answer.data.len(), answer.rate), (0, None));
}

#[test]
fn blocks_after_a_silence_are_of_another_radio_and_complete_nobodys_packet() {
    let after = |gap: u64| {
        let mut air = Reassembler::default();
        assert_eq!(feed(&mut air, HEAD, &TEXT[..2]), Outcome::Pending);
        let mut outcome = Outcome::Pending;
        for (hex, at) in TEXT[2..].iter().zip(0u64..) {
            let now = NOW + Duration::from_millis(gap + at * 60);
            outcome = air.block(now, Slot::One, &block(hex));
        }
        outcome
    };
    assert!(
        matches!(after(240), Outcome::Complete(_)),
        "three bursts lost"
    );
    assert_eq!(after(900), Outcome::Stray);
}

#[test]
fn udt_blocks_are_checked_together() {
    let mut air = Reassembler::default();
    let text = packet(feed(
        &mut air,
        "000423386323383b309b0a46",
        &["414c4552542d3100000039d5"],
    ));
    assert_eq!(text.data, b"ALERT-1\0\0\0");
    let wrong = feed(
        &mut air,
        "000423386323383b309b0a46",
        &["414c4552542d3200000039d5"],
    );
    assert!(matches!(
        wrong,
        Outcome::Failed {
            why: Failure::Checksum,
            ..
        }
    ));
}

#[test]
fn missing_blocks_are_asked_for_and_filled_by_the_retry() {
    let mut air = Reassembler::default();
    let [a, b, _, d, e] = TEXT;
    let outcome = feed(&mut air, HEAD, &[a, b, d, e]);
    let Outcome::Missing(missing) = &outcome else {
        panic!("{outcome:?}");
    };
    assert_eq!((missing.total, missing.blocks.as_slice()), (5, &[2_u8][..]));
    let sack = outcome.response().unwrap();
    assert_eq!(
        hex::encode(sack.header.encode()),
        "014020f96d2110dd01850153"
    );

    let to = *header(HEAD).addressing().unwrap();
    let whole = Outgoing {
        header: header(HEAD),
        blocks: TEXT.iter().map(|hex| block(hex)).collect(),
    };
    let retry = whole.retry(&missing.blocks).unwrap();
    let later = NOW + Duration::from_secs(3);
    // Another radio's status in between does not disturb.
    air.header(later, Slot::One, &header("4ea023386323383b0005a2eb"));
    assert_eq!(
        air.header(later, Slot::One, &retry.header),
        Outcome::Pending
    );
    let outcome = air.block(later, Slot::One, &retry.blocks[0]);
    let response = outcome.response().unwrap();
    assert_eq!(response, response::ack(&to, 5));
    assert_eq!(packet(outcome).data.len(), 62);
}

#[test]
fn bursts_that_a_link_repeats_are_not_counted_twice() {
    let mut air = Reassembler::default();
    air.header(NOW, Slot::One, &header(HEAD));
    for hex in &TEXT[..4] {
        for _ in 0..3 {
            assert_eq!(air.block(NOW, Slot::One, &block(hex)), Outcome::Pending);
        }
    }
    packet(air.block(NOW, Slot::One, &block(TEXT[4])));
    assert_eq!(air.block(NOW, Slot::One, &block(TEXT[4])), Outcome::Stray);
}

#[test]
fn a_lost_acknowledgement_is_answered_again_but_not_delivered_again() {
    let mut air = Reassembler::default();
    assert!(!packet(feed(&mut air, HEAD, &TEXT)).repeated);
    let again = packet(feed(&mut air, HEAD, &TEXT));
    assert!(again.repeated && again.acknowledgement().is_some());

    let mut retry = header(HEAD);
    if let DataHeader::Confirmed(header) = &mut retry {
        header.full_message = false;
        header.blocks_to_follow = 2;
    }
    assert_eq!(air.header(NOW, Slot::One, &retry), Outcome::Pending);
    assert_eq!(air.block(NOW, Slot::One, &block(TEXT[1])), Outcome::Pending);
    let outcome = air.block(NOW, Slot::One, &block(TEXT[4]));
    assert!(packet(outcome).repeated);

    air.tick(NOW + T_DATA_TX_LMT);
    assert!(!packet(feed(&mut air, HEAD, &TEXT)).repeated);
}

#[test]
fn a_header_that_is_repeated_among_its_blocks_changes_nothing() {
    let mut air = Reassembler::default();
    let own = header(HEAD);
    for hex in &TEXT[..4] {
        assert_eq!(air.ended_by(Slot::One, &own), Outcome::Pending);
        assert_eq!(air.header(NOW, Slot::One, &own), Outcome::Pending);
        assert_eq!(air.block(NOW, Slot::One, &block(hex)), Outcome::Pending);
    }
    packet(air.block(NOW, Slot::One, &block(TEXT[4])));
    feed(&mut air, HEAD, &TEXT[..2]);
    let other = header("4ea023386323383b0005a2eb");
    assert!(matches!(
        air.ended_by(Slot::One, &other),
        Outcome::Missing(_)
    ));
}

#[test]
fn a_retry_that_carries_the_whole_packet_needs_no_first_attempt() {
    let mut retry = header(HEAD);
    if let DataHeader::Confirmed(header) = &mut retry {
        header.full_message = false;
    }
    let mut air = Reassembler::default();
    for _ in 0..2 {
        assert_eq!(air.header(NOW, Slot::One, &retry), Outcome::Pending);
        for hex in &TEXT[..4] {
            assert_eq!(air.block(NOW, Slot::One, &block(hex)), Outcome::Pending);
        }
        let outcome = air.block(NOW, Slot::One, &block(TEXT[4]));
        assert!(outcome.response().is_some());
        assert_eq!(packet(outcome).data.len(), 62);
    }
}

#[test]
fn a_retry_of_some_blocks_of_an_unknown_packet_is_refused_and_not_answered() {
    for serials in [&[0_usize, 1][..], &[3, 4], &[4]] {
        let mut retry = header(HEAD);
        if let DataHeader::Confirmed(header) = &mut retry {
            header.full_message = false;
            header.blocks_to_follow = serials.len() as u8;
        }
        let mut air = Reassembler::default();
        let mut outcome = air.header(NOW, Slot::One, &retry);
        for &serial in serials {
            outcome = air.block(NOW, Slot::One, &block(TEXT[serial]));
        }
        if outcome == Outcome::Pending {
            outcome = air.ended(Slot::One);
        }
        assert_eq!(outcome.response(), None);
        let why = Failure::UnknownRetry;
        assert_eq!(outcome, Outcome::Failed { header: retry, why });
        assert!(air.assemblies.is_empty());
    }
}

#[test]
fn the_same_short_data_twice_is_two_messages() {
    let mut air = Reassembler::default();
    for _ in 0..2 {
        let outcome = feed(
            &mut air,
            "4da123386323383b05104566",
            &["01330001668ba56241003100000064a0a230"],
        );
        assert!(!packet(outcome).repeated);
    }
}

#[test]
fn silence_ends_a_transmission_after_one_second() {
    let mut air = Reassembler::default();
    feed(&mut air, HEAD, &TEXT[..2]);
    let deadline = air.deadline().unwrap();
    assert_eq!(deadline, NOW + SILENCE);
    assert_eq!(air.tick(NOW + SILENCE / 2), []);
    let outcomes = air.tick(deadline);
    let [Outcome::Missing(missing)] = outcomes.as_slice() else {
        panic!("{outcomes:?}");
    };
    assert_eq!(missing.blocks, [2, 3, 4]);
    assert_eq!(air.tick(deadline + SILENCE), []);
    assert_eq!(air.deadline(), Some(NOW + T_DATA_TX_LMT));
    air.tick(NOW + T_DATA_TX_LMT);
    assert_eq!(air.deadline(), None);
}

#[test]
fn a_clock_that_leaps_leaves_nothing_that_is_overdue() {
    let mut air = Reassembler::default();
    feed(&mut air, HEAD, &TEXT[..2]);
    let later = NOW + T_DATA_TX_LMT * 2;
    assert!(matches!(air.tick(later).as_slice(), [Outcome::Missing(_)]));
    assert_eq!(air.deadline(), None);
}

#[test]
fn a_lost_block_of_an_unconfirmed_packet_is_reported_at_the_end() {
    let mut air = Reassembler::default();
    feed(
        &mut air,
        "023a2337fc2337fe820081a3",
        &["d6790062620003bf00070000"],
    );
    let outcome = air.ended(Slot::One);
    assert!(matches!(
        outcome,
        Outcome::Failed {
            why: Failure::Incomplete,
            ..
        }
    ));
    assert_eq!(outcome.response(), None);
    assert_eq!(air.block(NOW, Slot::One, &block(TEXT[0])), Outcome::Stray);
}

#[test]
fn a_packet_whose_crc_32_fails_is_refused_by_name() {
    let to = *header(HEAD).addressing().unwrap();
    let mut sent = build::confirmed(to, Rate::Half, Sequence::default(), b"0123456789").unwrap();
    sent.blocks[0] = Block::confirmed(Rate::Half, 0, b"1123456789").unwrap();
    let mut air = Reassembler::default();
    air.header(NOW, Slot::Two, &sent.header);
    air.block(NOW, Slot::Two, &sent.blocks[0]);
    let outcome = air.block(NOW, Slot::Two, &sent.blocks[1]);
    let DataHeader::Response(answer) = outcome.response().unwrap().header else {
        panic!("no response");
    };
    assert_eq!(answer.verdict, Verdict::Nack(NackReason::PacketCrcFailed));
}

#[test]
fn a_proprietary_second_header_counts_as_a_block() {
    let to = Addressing {
        group: false,
        response_requested: true,
        sap: Sap::Proprietary,
        destination: 1,
        source: 2,
    };
    let mut sent = build::confirmed(to, Rate::Half, Sequence::default(), &[9; 16]).unwrap();
    let DataHeader::Confirmed(first) = &mut sent.header else {
        panic!("another format");
    };
    first.blocks_to_follow += 1;
    let second = DataHeader::read(&[0x1F, 0x10, 0, 0x33, 1, 2, 3, 4, 5, 6, 0, 0]);
    let mut air = Reassembler::default();
    air.header(NOW, Slot::One, &sent.header);
    assert_eq!(air.header(NOW, Slot::One, &second), Outcome::Pending);
    let mut outcome = Outcome::Pending;
    for block in &sent.blocks {
        outcome = air.block(NOW, Slot::One, block);
    }
    let packet = packet(outcome);
    assert_eq!(packet.data, [9; 16]);
    assert!(packet.second.is_some());
}

#[test]
fn memory_is_bounded_by_the_capacity() {
    let mut air = Reassembler::new(4);
    for source in 0..100 {
        let mut head = header(HEAD);
        if let DataHeader::Confirmed(head) = &mut head {
            head.addressing.source = source;
        }
        air.header(NOW, Slot::One, &head);
    }
    assert_eq!(air.assemblies.len(), 4);
}

fn any_pdu() -> impl Strategy<Value = Pdu> {
    let rates = vec![Rate::Half, Rate::ThreeQuarters, Rate::Full];
    prop_oneof![
        any::<[u8; 12]>().prop_map(Pdu::DataHeader),
        (
            prop::sample::select(rates),
            any::<[u8; 12]>(),
            0_u8..4,
            any::<bool>()
        )
            .prop_map(|(rate, octets, serial, confirmed)| {
                let block = if confirmed {
                    Block::confirmed(rate, serial, &octets[..10])
                } else {
                    Block::new(rate, &octets)
                };
                Pdu::Block(block.unwrap())
            }),
    ]
}

proptest! {
    #[test]
    fn any_order_and_duplication_of_confirmed_blocks_reassembles(
        data in prop::collection::vec(any::<u8>(), 0..300),
        rate in prop::sample::select(vec![Rate::Half, Rate::ThreeQuarters, Rate::Full]),
        picks in prop::collection::vec(any::<prop::sample::Index>(), 0..40),
        shuffle in any::<u64>(),
    ) {
        let to = *header(HEAD).addressing().unwrap();
        let sent = build::confirmed(to, rate, Sequence::default(), &data).unwrap();
        let mut order: Vec<usize> = (0..sent.blocks.len()).collect();
        order.extend(picks.iter().map(|pick| pick.index(sent.blocks.len())));
        order.sort_by_key(|&i| (i as u64 + 1).wrapping_mul(shuffle | 1).rotate_left(17));
        let mut air = Reassembler::default();
        air.header(NOW, Slot::One, &sent.header);
        let complete: Vec<Packet> = order
            .iter()
            .filter_map(|&i| match air.block(NOW, Slot::One, &sent.blocks[i]) {
                Outcome::Complete(packet) => Some(packet),
                _ => None,
            })
            .collect();
        prop_assert_eq!(complete.len(), 1);
        prop_assert_eq!(&complete[0].data, &data);
    }

    #[test]
    fn unconfirmed_packets_survive_bursts_that_the_link_repeats(
        data in prop::collection::vec(any::<u8>(), 0..200),
        sevens in 0_usize..60,
        rate in prop::sample::select(vec![Rate::Half, Rate::ThreeQuarters, Rate::Full]),
        evenly in prop::option::of(1_usize..4),
        copies in prop::collection::vec(1_usize..4, 40),
    ) {
        // Only where all are repeated alike may equal neighbours stand in the packet.
        let sevens = if evenly.is_some() { sevens } else { 0 };
        let data = [vec![7; sevens], data].concat();
        let to = *header(HEAD).addressing().unwrap();
        let sent = build::unconfirmed(to, rate, &data).unwrap();
        let mut air = Reassembler::default();
        for _ in 0..copies[0] {
            air.header(NOW, Slot::One, &sent.header);
        }
        let mut complete = Vec::new();
        for (block, copies) in sent.blocks.iter().zip(copies) {
            for _ in 0..evenly.unwrap_or(copies) {
                if let Outcome::Complete(packet) = air.block(NOW, Slot::One, block) {
                    complete.push(packet.data);
                }
            }
        }
        prop_assert_eq!(complete, [data]);
    }

    #[test]
    fn random_headers_and_blocks_never_panic(
        pdus in prop::collection::vec((any_pdu(), 0_u64..2_000, any::<bool>()), 0..64),
    ) {
        let mut air = Reassembler::new(3);
        let mut now = NOW;
        for (pdu, gap, two) in pdus {
            now += Duration::from_millis(gap);
            let slot = if two { Slot::Two } else { Slot::One };
            let outcome = match pdu {
                Pdu::DataHeader(octets) => air.header(now, slot, &DataHeader::read(&octets)),
                Pdu::Block(block) => air.block(now, slot, &block),
                Pdu::Csbk(_) => air.ended(slot),
            };
            let _ = outcome.response();
            for outcome in air.tick(now) {
                let _ = outcome.response();
            }
            prop_assert!(air.assemblies.len() <= 3);
        }
    }
}
