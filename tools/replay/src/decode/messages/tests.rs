use super::*;
use crate::decode::{self, Context, Kind};
use crate::encode::{self, EncodeArgs, tests_args};
use crate::input;

/// A text of several blocks, one burst a line.
fn bursts(confirmed: bool) -> Vec<String> {
    let args = EncodeArgs {
        kind: Kind::named("dmr-burst").unwrap(),
        text: Some("Water is rising: leave the valley now".to_owned()),
        confirmed,
        preambles: 0,
        ..tests_args()
    };
    let frames = encode::frames(&args).unwrap();
    frames.iter().map(hex::encode).collect()
}

fn said(lines: &[String]) -> Vec<Report> {
    let mut messages = Messages::default();
    let mut said = Vec::new();
    for raw in input::lines(&lines.join("\n")) {
        let report = decode::frame(&raw, Kind::named("dmr-burst"), Context::default());
        said.extend(messages.push(&raw, &report));
    }
    said.extend(messages.end());
    said.into_iter().map(|(_, report)| report).collect()
}

#[test]
fn a_confirmed_packet_that_lacks_a_block_is_told_with_the_blocks_number() {
    let mut lines = bursts(true);
    assert_eq!(said(&lines).len(), 1);
    lines.remove(3);
    let [report] = said(&lines).try_into().unwrap();
    let error = report.error.unwrap();
    assert!(
        error.contains("incomplete: block 3 of ") && error.contains("(serial number 2)"),
        "{error}"
    );
    assert_eq!((report.src, report.dst), (Some(2_308_155), Some(9_990)));
}

#[test]
fn an_unconfirmed_packet_that_lacks_a_block_is_told_with_the_count() {
    let mut lines = bursts(false);
    let total = lines.len() - 1;
    lines.remove(3);
    let [report] = said(&lines).try_into().unwrap();
    let error = report.error.unwrap();
    assert!(
        error.contains(&format!("{} of {total} blocks heard, 1 missing", total - 1)),
        "{error}"
    );
    // The next header ends it, and not only the end of the recording.
    lines.extend(bursts(false));
    let all = said(&lines);
    assert_eq!(all.len(), 2);
    assert!(!all[0].ok && all[1].ok, "{all:?}");
}

#[test]
fn blocks_without_a_header_are_told_once() {
    let lines = bursts(true).split_off(1);
    let [report] = said(&lines).try_into().unwrap();
    assert!(report.error.unwrap().contains("header was not heard"));
}

#[test]
fn both_sides_of_the_air_on_one_link_do_not_mix() {
    let from_radio = |from_radio| {
        let args = EncodeArgs {
            kind: Kind::named("dmr-burst").unwrap(),
            text: Some("Water is rising: leave the valley now".to_owned()),
            confirmed: true,
            preambles: 0,
            from_radio,
            ..tests_args()
        };
        let frames = encode::frames(&args).unwrap();
        frames.iter().map(hex::encode).collect::<Vec<_>>()
    };
    let (radio, base) = (from_radio(true), from_radio(false));
    let mixed: Vec<String> = radio
        .iter()
        .zip(&base)
        .flat_map(|(a, b)| [a.clone(), b.clone()])
        .collect();
    let texts: Vec<_> = said(&mixed).into_iter().map(|report| report.ok).collect();
    assert_eq!(texts, [true, true]);
}

#[test]
fn text_under_a_wrong_label_is_read_and_the_label_named() {
    // A header that says UTF-32 and blocks that hold UTF-16BE, as a radio sent them.
    use narrowcast_protocol::dmr::data_header::DataHeader;
    use narrowcast_protocol::dmr::packet::Block;
    use narrowcast_protocol::dmr::packet::Rate;
    let octets: [u8; 12] = hex::decode("4da50009d300001f59102e4c")
        .unwrap()
        .try_into()
        .unwrap();
    let header = DataHeader::decode(&octets).unwrap();
    let mut sender = Sender::default();
    let outcome = sender.reassembler.header(Instant::ZERO, Slot::One, &header);
    let mut said = sender.reports(&[outcome]);
    for block in [
        "017a00680065006c006f0020006900200061",
        "0368006d0020006a0075006e0069006f0072",
        "0455002c0020006900740073002000610020",
        "07b400740065007800740020006d00650073",
        "08760073006100670065002e00007b179a5f",
    ] {
        let block = Block::new(Rate::ThreeQuarters, &hex::decode(block).unwrap()).unwrap();
        let outcome = sender.reassembler.block(Instant::ZERO, Slot::One, &block);
        said.extend(sender.reports(&[outcome]));
    }
    let [(_, report)] = said.try_into().unwrap();
    assert_eq!(
        report.text.as_deref(),
        Some("helo i am junior, its a text message.")
    );
    assert_eq!(report.encoding.as_deref(), Some("utf-16be"));
    assert!(report.note.unwrap().contains("labelled utf-32"));
}
