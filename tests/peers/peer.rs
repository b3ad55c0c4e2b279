//! Questions to the other program, and the answers that we expect.

use std::io::Write;
use std::process::{Command, Stdio};

use narrowcast_protocol::dmr::burst::{Burst, DataBurst};
use narrowcast_protocol::dmr::data_header::DataHeader;
use narrowcast_protocol::dmr::slot_type::DataType;

use crate::dmrlib;

/// Questions, each with the words that the answer must have.
#[derive(Debug, Default)]
pub(crate) struct Questions {
    asked: Vec<(String, Vec<String>)>,
}

impl Questions {
    /// What a burst is, every field.
    pub(crate) fn burst(&mut self, burst: &Burst) {
        let mut expected = dmrlib::burst(burst).unwrap();
        // This version does not print them; that it writes the same burst covers them.
        expected.retain(|word| !word.starts_with("VOCODER BYTES"));
        if let Burst::Data(data) = burst {
            expected.extend(checks(data));
        }
        expected.push("ENCODES ALIKE True".to_owned());
        let octets = hex::encode(burst.encode());
        self.asked.push((format!("burst {octets}"), expected));
    }

    /// The content and the check of a data block.
    pub(crate) fn block(&mut self, burst: &DataBurst, confirmed: bool, last: bool) {
        let octets = burst.info.octets();
        let (mut user, mut expected) = (octets, Vec::new());
        if confirmed {
            user = &octets[2..];
            expected.push(format!("DBSN {}", octets[0] >> 1));
            expected.push("CRC9 True".to_owned());
        }
        if last {
            let (data, crc) = user.split_last_chunk::<4>().unwrap();
            user = data;
            expected.push(format!("CRC32 {}", u32::from_be_bytes(*crc)));
        }
        expected.push(format!("DATA {}", hex::encode(user)));
        let kind = if confirmed {
            "confirmed"
        } else {
            "unconfirmed"
        };
        let place = if last { "last" } else { "more" };
        let octets = hex::encode(burst.encode());
        self.asked
            .push((format!("block {octets} {kind} {place}"), expected));
    }

    /// The check over all blocks.
    pub(crate) fn packet(&mut self, data: &[u8], crc: [u8; 4]) {
        let question = format!("packet {} {}", hex::encode(data), u32::from_le_bytes(crc));
        self.asked.push((question, vec!["True".to_owned()]));
    }

    /// Asks them all, and fails where an answer is another.
    pub(crate) fn check(self) {
        let lines: String = self
            .asked
            .iter()
            .map(|(question, _)| format!("{question}\n"))
            .collect();
        let Some(answers) = answers(lines) else {
            return;
        };
        assert_eq!(answers.len(), self.asked.len());
        for ((question, expected), answer) in self.asked.iter().zip(answers) {
            dmrlib::assert_same(expected, &dmrlib::said(&answer), question);
        }
    }
}

/// What the program checks beside what it prints.
fn checks(burst: &DataBurst) -> Vec<String> {
    let Some(octets) = burst.info.octets().first_chunk::<12>() else {
        return Vec::new();
    };
    match burst.data_type {
        DataType::Csbk => vec!["CSBK CRC True".to_owned()],
        DataType::VoiceLcHeader | DataType::TerminatorWithLc => vec!["RS True".to_owned()],
        DataType::DataHeader => {
            let mut expected = vec!["HEADER CRC True".to_owned()];
            match DataHeader::read(octets) {
                DataHeader::ShortDataDefined(header) => {
                    expected.push(format!("BIT PADDING {}", header.bit_padding));
                }
                DataHeader::Udt(header) => {
                    expected.push(format!("PAD NIBBLES {}", header.pad_nibbles));
                    expected.push(format!("UDT BLOCKS {}", header.blocks - 1));
                }
                _ => {}
            }
            expected
        }
        _ => Vec::new(),
    }
}

/// One answer a line; none without the program.
fn answers(questions: String) -> Option<Vec<String>> {
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
    // Written beside the reading: either pipe may be full.
    let mut input = peer.stdin.take().unwrap();
    let writer = std::thread::spawn(move || input.write_all(questions.as_bytes()));
    let output = peer.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success(), "ok-dmrlib could not read a burst");
    let answers = String::from_utf8(output.stdout).unwrap();
    Some(answers.lines().map(str::to_owned).collect())
}
