use std::net::SocketAddr;

use jiff::Timestamp;
use proptest::prelude::*;

use super::super::writer::{Content, FileWriter};
use super::super::{Direction, SerialEvent};
use super::*;

fn all(file: &[u8]) -> (Vec<Captured>, Skipped, Option<Warning>) {
    let mut reader = CaptureReader::new(file).unwrap();
    let packets = reader.by_ref().collect::<Result<_, _>>().unwrap();
    (packets, reader.skipped(), reader.warning())
}

/// A little-endian capture with three packets.
fn sample() -> Vec<u8> {
    let mut file = Vec::new();
    let mut writer = FileWriter::new(&mut file, None).unwrap();
    for n in 0..3u8 {
        let content = Content::Serial {
            event: SerialEvent::Received,
            bytes: &[n; 5],
        };
        let at = Timestamp::new(1_700_000_000, 123_456_789).unwrap();
        let (direction, comment) = (Some(Direction::Inbound), Some("note"));
        writer
            .write("line", "PEI", at, direction, &content, comment)
            .unwrap();
    }
    drop(writer);
    file
}

/// A classic file of one packet.
fn classic(big: bool, magic: u32, ticks: u32, linktype: u32, packet: &[u8]) -> Vec<u8> {
    let number = |n: u32| {
        if big {
            n.to_be_bytes()
        } else {
            n.to_le_bytes()
        }
    };
    let length = packet.len() as u32;
    let mut file = Vec::new();
    for n in [
        magic,
        0,
        0,
        0,
        65_535,
        linktype,
        1_700_000_000,
        ticks,
        length,
        length,
    ] {
        file.extend(number(n));
    }
    file.extend(packet);
    file
}

/// IPv4 and UDP from 10.0.0.1:1 to 10.0.0.2:2 with "hi".
fn ipv4() -> Vec<u8> {
    let mut packet = vec![0x45, 0, 0, 30, 0, 0, 0x40, 0, 64, 17, 0, 0];
    packet.extend([
        10, 0, 0, 1, 10, 0, 0, 2, 0, 1, 0, 2, 0, 10, 0, 0, b'h', b'i',
    ]);
    packet
}

#[test]
fn an_independent_reader_agrees_on_what_was_written() {
    use pcap_file::pcapng::{Block, PcapNgReader};
    let file = sample();
    let mut theirs = PcapNgReader::new(file.as_slice()).unwrap();
    let mut data = Vec::new();
    while let Some(block) = theirs.next_block() {
        if let Block::EnhancedPacket(packet) = block.unwrap() {
            data.push(packet.data[12..].to_vec());
        }
    }
    let (ours, ..) = all(&file);
    assert_eq!(
        data,
        ours.iter().map(|p| p.payload.clone()).collect::<Vec<_>>()
    );
    assert_eq!(data.len(), 3);
    assert_eq!(ours[0].at.to_string(), "2023-11-14T22:13:20.123456789Z");
    assert_eq!(ours[0].comment.as_deref(), Some("note"));
}

#[test]
fn a_big_endian_section_with_unknown_blocks_and_loose_options_is_read() {
    let mut file = Vec::new();
    let mut block = |kind: u32, body: &[u8]| {
        let length = (body.len() as u32 + 12).to_be_bytes();
        file.extend(kind.to_be_bytes());
        file.extend(length);
        file.extend(body);
        file.extend(length);
    };
    let mut section = vec![0x1A, 0x2B, 0x3C, 0x4D, 0, 1, 0, 0];
    section.extend([0xFF; 8]);
    block(0x0A0D_0D0A, &section);
    // Name not UTF-8, a time zone, 2^-10 s per tick, no end of options.
    block(
        1,
        &[
            0, 101, 0, 0, 0, 0, 0, 0, 0, 2, 0, 2, b'a', 0xFF, 0, 0, 0, 10, 0, 4, 0, 0, 0, 1, 0, 9,
            0, 1, 0x8A, 0, 0, 0,
        ],
    );
    block(0x0BAD, &[1, 2, 3, 4]);
    let mut packet = vec![
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x06, 0, 0, 0, 0, 30, 0, 0, 0, 30,
    ];
    packet.extend(ipv4());
    packet.extend([0, 0]);
    block(6, &packet);
    let (packets, skipped, warning) = all(&file);
    assert_eq!((skipped, warning), (Skipped::default(), None));
    assert_eq!(packets[0].payload, b"hi");
    assert_eq!(packets[0].interface, "a\u{FFFD}");
    assert_eq!(packets[0].at, Timestamp::new(1, 500_000_000).unwrap());
}

#[test]
fn a_file_cut_anywhere_gives_what_precedes_the_cut_and_a_warning() {
    let file = sample();
    let whole = all(&file).0;
    let mut sizes = std::collections::BTreeSet::new();
    for cut in 28..file.len() {
        let Ok(mut reader) = CaptureReader::new(&file[..cut]) else {
            assert!(cut < 100, "cut at {cut}");
            continue;
        };
        let packets: Vec<_> = reader.by_ref().collect::<Result<_, _>>().unwrap();
        assert_eq!(packets, whole[..packets.len()]);
        sizes.insert((packets.len(), reader.warning().is_some()));
    }
    // Between two records there is nothing to warn of.
    assert!(sizes.contains(&(1, false)) && sizes.contains(&(2, true)));
}

#[test]
fn classic_files_of_every_kind_give_the_same_packet() {
    let at = |nanoseconds| Timestamp::new(1_700_000_000, nanoseconds).unwrap();
    for big in [false, true] {
        for (magic, want) in [(0xA1B2_C3D4, at(7_000)), (0xA1B2_3C4D, at(7))] {
            let (packets, ..) = all(&classic(big, magic, 7, 101, &ipv4()));
            assert_eq!(packets[0].at, want);
            assert_eq!(packets[0].payload, b"hi");
        }
    }
}

#[test]
fn every_link_type_leads_to_the_datagram() {
    let before = |head: &[u8]| [head, &ipv4(), &[0xEE; 4]].concat();
    let vlan = [&[0; 12][..], &[0x81, 0, 0, 5, 8, 0]].concat();
    let plain = [&[0; 12][..], &[8, 0]].concat();
    let cooked = [&[0; 14][..], &[8, 0]].concat();
    let cooked2 = [&[8, 0][..], &[0; 18]].concat();
    for (linktype, packet) in [
        (0, before(&[2, 0, 0, 0])),
        (1, before(&plain)),
        (1, before(&vlan)),
        (101, before(&[])),
        (113, before(&cooked)),
        (276, before(&cooked2)),
    ] {
        let (packets, skipped, _) = all(&classic(false, 0xA1B2_C3D4, 0, linktype, &packet));
        assert_eq!(skipped, Skipped::default(), "linktype {linktype}");
        let from = ([10, 0, 0, 1], 1).into();
        let to = ([10, 0, 0, 2], 2).into();
        assert_eq!(packets[0].peers, Some((from, to)));
        assert_eq!(packets[0].payload, b"hi", "trailing padding is no data");
    }
}

#[test]
fn what_is_no_datagram_is_counted_by_reason() {
    let skip = |linktype, packet: &[u8]| all(&classic(false, 0xA1B2_C3D4, 0, linktype, packet)).1;
    let mut fragment = ipv4();
    fragment[6] = 0x20;
    assert_eq!(skip(101, &fragment).fragments, 1);
    let mut tcp = ipv4();
    tcp[9] = 6;
    assert_eq!(skip(101, &tcp).not_udp, 1);
    assert_eq!(skip(101, &ipv4()[..29]).malformed, 1);
    assert_eq!(skip(147, &ipv4()).unknown_linktype, 1);
    let arp = [&[0; 12][..], &[8, 6, 0, 1]].concat();
    assert_eq!(skip(1, &arp).not_udp, 1);
}

#[test]
fn impossible_lengths_are_refused_by_field_and_offset() {
    let mut file = classic(false, 0xA1B2_C3D4, 0, 101, &[]);
    file[32..36].copy_from_slice(&70_000u32.to_le_bytes());
    file[36..40].copy_from_slice(&70_000u32.to_le_bytes());
    let error = CaptureReader::new(file.as_slice()).unwrap().next();
    let text = error.unwrap().unwrap_err().to_string();
    assert!(
        text.contains("byte 24") && text.contains("captured length"),
        "{text}"
    );
    file[32..36].copy_from_slice(&5u32.to_le_bytes());
    file[36..40].copy_from_slice(&4u32.to_le_bytes());
    let error = CaptureReader::new(file.as_slice()).unwrap().next();
    let text = error.unwrap().unwrap_err().to_string();
    assert!(text.contains("original length"), "{text}");
    let text = CaptureReader::new(&b"GIF89a"[..]).unwrap_err().to_string();
    assert!(text.contains("not a capture"), "{text}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn no_input_panics_or_goes_on_for_ever(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        if let Ok(reader) = CaptureReader::new(bytes.as_slice()) {
            prop_assert!(reader.count() <= bytes.len());
        }
    }

    #[test]
    fn no_damage_panics_or_goes_on_for_ever(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        kind in 0..3u8,
    ) {
        let mut file = match kind {
            0 => sample(),
            1 => classic(true, 0xA1B2_C3D4, 7, 101, &ipv4()),
            _ => classic(false, 0xA1B2_3C4D, 7, 113, &[&[0; 14][..], &[8, 0], &ipv4()].concat()),
        };
        let length = file.len();
        for (index, value) in changes {
            file[index.index(length)] = value;
        }
        if let Ok(reader) = CaptureReader::new(file.as_slice()) {
            prop_assert!(reader.count() <= length);
        }
    }

    #[test]
    fn datagrams_survive_writing_and_reading(
        payload in prop::collection::vec(any::<u8>(), 0..400),
        source in any::<SocketAddr>(),
        destination in any::<SocketAddr>(),
        nanoseconds in 0..i64::from(u32::MAX),
    ) {
        // Of two families, or in IPv6's flow labels and scopes, the frame has no place.
        prop_assume!(source.is_ipv4() == destination.is_ipv4());
        let plain = |address: SocketAddr| SocketAddr::new(address.ip(), address.port());
        let (source, destination) = (plain(source), plain(destination));
        let at = Timestamp::from_nanosecond(i128::from(nanoseconds)).unwrap();
        let mut file = Vec::new();
        let content = Content::Datagram { source, destination, payload: &payload };
        let mut writer = FileWriter::new(&mut file, None).unwrap();
        writer.write("x", "", at, None, &content, None).unwrap();
        drop(writer);
        let (packets, ..) = all(&file);
        prop_assert_eq!(packets[0].at, at);
        prop_assert_eq!(packets[0].peers, Some((source, destination)));
        prop_assert_eq!(&packets[0].payload, &payload);
    }
}
