use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use proptest::prelude::*;

use crate::dmr::data_header::{INBOUND, OUTBOUND, Sap};

use super::*;
use crate::dmr::data_header::UdtFormat;

const fn to(ask: bool) -> Addressing {
    Addressing {
        group: false,
        response_requested: ask,
        sap: Sap::Udt,
        destination: 0x23_3863,
        source: 0x23_383B,
    }
}

fn text(format: UdtFormat, text: &str) -> Content {
    let text = text.to_owned();
    Content::Text { format, text }
}

fn hex_of(addressing: Addressing, content: &Content) -> Vec<String> {
    build(addressing, OUTBOUND, content)
        .unwrap()
        .pdus(0)
        .iter()
        .map(|pdu| hex::encode(pdu.octets()))
        .collect()
}

/// What a receiver makes of a built UDT.
fn back(outgoing: &Outgoing) -> Content {
    let DataHeader::Udt(header) = outgoing.header else {
        panic!("another format");
    };
    let octets: Vec<u8> = outgoing
        .blocks
        .iter()
        .flat_map(|block| block.octets())
        .copied()
        .collect();
    read(&header, &octets[..octets.len() - 2])
}

#[test]
fn the_worked_udts_are_built() {
    assert_eq!(
        hex_of(to(true), &text(UdtFormat::Utf16Be, "\u{8B66}\u{62A5}A1")),
        ["400723386323383b201ad7c2", "8b6662a5004100310000b5f8"]
    );
    assert_eq!(
        hex_of(to(true), &text(UdtFormat::Iso7, "ALERT-12")),
        ["400323386323383b301a485e", "83322d2a8b58b200000034f1"]
    );
    assert_eq!(
        hex_of(to(true), &text(UdtFormat::Iso7, "EVACUATE 12B")),
        [
            "400323386323383bb91ae95e",
            "8b5a0c3ab06a4540c5942000",
            "00000000000000000000f534"
        ]
    );
    assert_eq!(
        hex_of(to(true), &Content::Bcd("0123*#".to_owned())),
        ["400223386323383b701aaeb1", "0123ab000000000000004a44"]
    );
    assert_eq!(
        hex_of(to(false), &text(UdtFormat::Utf16Be, "\u{8F6C}\u{79FB}-3")),
        ["000723386323383b201aa5d8", "8f6c79fb002d0033000038c6"]
    );
}

#[test]
fn pad_nibbles_alone_end_iso_8_text() {
    let one = build(to(false), INBOUND, &text(UdtFormat::Iso8, "A")).unwrap();
    let DataHeader::Udt(header) = one.header else {
        panic!("another format");
    };
    assert_eq!(header.pad_nibbles, 18);
    let content = text(UdtFormat::Iso8, "ALERT-1");
    let seven = build(to(false), INBOUND, &content).unwrap();
    assert_eq!(
        hex::encode(seven.blocks[0].octets()),
        "414c4552542d3100000039d5"
    );
    assert_eq!(back(&seven), content);
}

#[test]
fn capacities_are_those_of_the_standard() {
    let fits = |format, count: usize| {
        let outgoing = build(to(false), OUTBOUND, &text(format, &"A".repeat(count)));
        outgoing.map(|outgoing| outgoing.blocks.len()).ok()
    };
    let table = [
        (UdtFormat::Iso7, [11, 25, 38, 52]),
        (UdtFormat::Iso8, [10, 22, 34, 46]),
        (UdtFormat::Utf16Be, [5, 11, 17, 23]),
    ];
    for (format, capacities) in table {
        for (blocks, capacity) in (1..).zip(capacities) {
            assert_eq!(fits(format, capacity), Some(blocks), "{format} {capacity}");
            let more = (blocks < 4).then_some(blocks + 1);
            assert_eq!(fits(format, capacity + 1), more, "{format} {capacity}");
        }
    }
}

#[test]
fn characters_a_format_lacks_are_refused_by_position() {
    assert_eq!(
        build(to(false), OUTBOUND, &text(UdtFormat::Iso7, "ab\u{E9}")),
        Err(UdtError::Character {
            index: 2,
            character: '\u{E9}',
            format: UdtFormat::Iso7
        })
    );
}

#[test]
fn structured_contents_round_trip() {
    let location = NmeaLocation {
        encrypted: false,
        north: true,
        east: false,
        valid: true,
        speed: 12,
        latitude: (50, 5, 1234),
        longitude: (114, 25, 9999),
        time: (23, 59),
        second: 50,
        course: None,
    };
    let long = NmeaLocation {
        second: 57,
        course: Some(359),
        ..location
    };
    for (content, blocks) in [
        (Content::Nmea(location), 1),
        (Content::Nmea(long), 2),
        (Content::Ip(IpAddr::V4(Ipv4Addr::new(12, 1, 2, 3))), 1),
        (Content::Ip(IpAddr::V6(Ipv6Addr::LOCALHOST)), 2),
        (
            Content::Addresses {
                ok: true,
                addresses: vec![9, 0x23_3863],
            },
            1,
        ),
        (
            Content::Mixed {
                ok: false,
                address: 7,
                text: "\u{8B66}".to_owned(),
            },
            1,
        ),
        (Content::Binary(vec![true, false, true, true]), 1),
    ] {
        let outgoing = build(to(false), OUTBOUND, &content).unwrap();
        assert_eq!(outgoing.blocks.len(), blocks, "{content:?}");
        assert_eq!(back(&outgoing), content);
    }
    let position = location.position().unwrap();
    assert!((position.latitude - 50.085_39).abs() < 1e-5);
    assert!((position.longitude + 114.433_331).abs() < 1e-5);
}

fn any_content() -> impl Strategy<Value = Content> {
    prop_oneof![
        prop::collection::vec(any::<bool>(), 0..367).prop_map(Content::Binary),
        (any::<bool>(), prop::collection::vec(1_u32..1 << 24, 0..16))
            .prop_map(|(ok, addresses)| Content::Addresses { ok, addresses }),
        "[0-9*#]{0,92}".prop_map(Content::Bcd),
        "[ -~]{0,52}".prop_map(|said| text(UdtFormat::Iso7, &said)),
        "[ -~\u{A1}-\u{FF}]{0,46}".prop_map(|said| text(UdtFormat::Iso8, &said)),
        "[ -~\u{4E00}-\u{9FFF}]{0,19}".prop_map(|said| text(UdtFormat::Utf16Be, &said)),
        "\u{1F6A8}{0,11}".prop_map(|said| text(UdtFormat::Utf16Be, &said)),
        (
            any::<bool>(),
            0_u32..1 << 24,
            "[ -~\u{4E00}-\u{9FFF}]{0,19}"
        )
            .prop_map(|(ok, address, text)| Content::Mixed { ok, address, text }),
        (8_u8..12, prop::collection::vec(any::<u8>(), 0..47))
            .prop_filter("mixed has its own form", |(code, _)| *code != 10)
            .prop_map(|(code, octets)| Content::Other {
                format: UdtFormat::from_code(code),
                octets,
            }),
        any::<[u8; 16]>().prop_map(|octets| Content::Ip(IpAddr::V6(octets.into()))),
        any::<[u8; 4]>().prop_map(|octets| Content::Ip(IpAddr::V4(octets.into()))),
    ]
}

proptest! {
    #[test]
    fn every_format_comes_back_over_every_count_of_blocks(content in any_content(), ask: bool) {
        let sent = build(to(ask), INBOUND, &content).unwrap();
        prop_assert_eq!(back(&sent), content);
    }

    #[test]
    fn random_blocks_never_panic(
        octets: [u8; 10],
        data in prop::collection::vec(any::<u8>(), 0..46),
    ) {
        let mut pdu = [0; 12];
        pdu[..10].copy_from_slice(&octets);
        pdu[0] &= 0xF0;
        if let DataHeader::Udt(header) = DataHeader::read(&pdu) {
            let _ = read(&header, &data);
        }
    }

    #[test]
    fn digits_and_binary_round_trip(
        digits in "[0-9*#]{0,92}",
        bits in prop::collection::vec(any::<bool>(), 0..367),
    ) {
        for content in [Content::Bcd(digits), Content::Binary(bits)] {
            prop_assert_eq!(&back(&build(to(false), OUTBOUND, &content).unwrap()), &content);
        }
    }
}
