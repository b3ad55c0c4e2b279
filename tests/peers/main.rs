//! What we encode, read by an independent decoder: ok-dmrlib, run as a process of its own.
//! `NARROWCAST_PEER_PYTHON` names the Python that has it; `NARROWCAST_REQUIRE_PEERS` makes
//! its absence a failure.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a peer that cannot be run fails the test"
)]

use std::io::Write;
use std::process::{Command, Stdio};

use narrowcast_protocol::air::{Address, Delivery, RadioId, Text, TextForm};
use narrowcast_protocol::dmr::packet::Pdu;
use narrowcast_protocol::dmr::slot_type::ColorCode;
use narrowcast_protocol::dmr::sync::Sync;
use narrowcast_protocol::dmr::text::{self, Options};

const FROM: u32 = 9_990;
const TO: u32 = 2_308_155;

/// What the peer says of each burst; none without the peer.
fn read_by_peer(bursts: &[[u8; 33]]) -> Option<Vec<String>> {
    let Some(python) = std::env::var_os("NARROWCAST_PEER_PYTHON") else {
        assert!(
            std::env::var_os("NARROWCAST_REQUIRE_PEERS").is_none(),
            "ok-dmrlib is missing"
        );
        eprintln!("NARROWCAST_PEER_PYTHON is not set: no independent decoder took part");
        return None;
    };
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/decode.py");
    let mut peer = Command::new(python)
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines: String = bursts
        .iter()
        .map(|burst| format!("{}\n", hex::encode(burst)))
        .collect();
    peer.stdin
        .take()
        .unwrap()
        .write_all(lines.as_bytes())
        .unwrap();
    let output = peer.wait_with_output().unwrap();
    assert!(output.status.success(), "ok-dmrlib could not read a burst");
    Some(
        String::from_utf8(output.stdout)
            .unwrap()
            .lines()
            .map(str::to_owned)
            .collect(),
    )
}

#[test]
fn an_independent_decoder_reads_the_bursts_of_every_text_form() {
    for form in [
        TextForm::Tms,
        TextForm::ShortDataUtf8,
        TextForm::ShortDataUtf16,
        TextForm::Udt,
    ] {
        for words in ["ALERT 12", "山火逼近东山林场"] {
            for delivery in [Delivery::Unconfirmed, Delivery::Confirmed] {
                check(form, words, delivery);
            }
        }
    }
}

fn check(form: TextForm, words: &str, delivery: Delivery) {
    let text = Text {
        from: RadioId::new(FROM).unwrap(),
        to: Address::Radio(RadioId::new(TO).unwrap()),
        text: words.to_owned(),
        form,
        delivery,
        reference: 3,
    };
    let pdus = text::encode(&text, &Options::default()).unwrap();
    let color_code = ColorCode::new(5).unwrap();
    let bursts: Vec<[u8; 33]> = pdus
        .iter()
        .map(|pdu| pdu.to_burst(Sync::BsData, color_code).encode())
        .collect();
    let Some(read) = read_by_peer(&bursts) else {
        return;
    };
    assert_eq!(read.len(), pdus.len());
    for (pdu, said) in pdus.iter().zip(&read) {
        assert!(
            said.contains("[BsSourcedData]") && said.contains("[CC: 5]"),
            "{said}"
        );
        let kind = match pdu {
            Pdu::Csbk(_) => "DataTypes.CSBK",
            Pdu::DataHeader(_) => "DataTypes.DataHeader",
            Pdu::Block(_) => "DataTypes.Rate12Data",
        };
        assert!(said.contains(kind), "{said}");
        assert!(!said.contains("CRC INVALID"), "{said}");
        match pdu {
            Pdu::Csbk(_) | Pdu::DataHeader(_) => {
                assert!(
                    said.contains(&FROM.to_string()) && said.contains(&TO.to_string()),
                    "{said}"
                );
            }
            Pdu::Block(block) => {
                // The peer takes a lone block for an unconfirmed one and shows it whole.
                assert!(said.contains(&hex::encode(block.octets())), "{said}");
            }
        }
    }
}
