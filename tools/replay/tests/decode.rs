//! What technicians bring: captures and dumps of other programs, read by the built tool.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a tool that does not run fails the test"
)]

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::Value;

const REPLAY: &str = env!("CARGO_BIN_EXE_narrowcast-replay");
const LOGIN: &[u8] = b"RPTL\x00\x2f\x9b\x80";

/// Standard output, standard error and exit status of `decode` with `args` and this input.
fn decode(args: &[&str], input: &[u8]) -> (String, String, i32) {
    let mut tool = Command::new(REPLAY)
        .arg("decode")
        .args(args)
        .arg("-")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = tool.stdin.take().unwrap();
    // A tool that has seen enough closes its side.
    let _closed = stdin.write_all(input);
    drop(stdin);
    let output = tool.wait_with_output().unwrap();
    (
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
        output.status.code().unwrap(),
    )
}

fn json(args: &[&str], input: &[u8]) -> Vec<Value> {
    let args = [&["--json"], args].concat();
    let (out, errors, code) = decode(&args, input);
    assert_eq!(code, 0, "{errors}");
    out.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// IPv4 and UDP from 127.0.0.1:41000 to 127.0.0.1:62031.
fn ip(payload: &[u8]) -> Vec<u8> {
    let length = |header: usize| ((header + payload.len()) as u16).to_be_bytes();
    let mut packet = vec![0x45, 0];
    packet.extend(length(28));
    packet.extend([0, 1, 0, 0, 64, 17, 0, 0, 127, 0, 0, 1, 127, 0, 0, 1]);
    packet.extend([0xA0, 0x28, 0xF2, 0x4F]);
    packet.extend(length(8));
    packet.extend([0, 0]);
    packet.extend(payload);
    packet
}

fn pcap(linktype: u32, packets: &[Vec<u8>]) -> Vec<u8> {
    let mut file = Vec::new();
    for number in [0xA1B2_C3D4, 0x0004_0002, 0, 0, 65_535, linktype] {
        file.extend(u32::to_le_bytes(number));
    }
    for (second, packet) in packets.iter().enumerate() {
        let length = packet.len() as u32;
        for number in [1_700_000_000 + second as u32, 5, length, length] {
            file.extend(number.to_le_bytes());
        }
        file.extend(packet);
    }
    file
}

#[test]
fn captures_of_every_link_type_of_ip_are_read() {
    let head = |head: &[u8]| [head, &ip(LOGIN)].concat();
    // Attributes of a packet filter's message: a prefix, then the packet.
    let mut nflog = vec![2, 0, 0, 1, 5, 0, 10, 0, 0, 0, 0, 0, 40, 0, 9, 0];
    nflog.extend(ip(LOGIN));
    for (linktype, packet) in [
        (0, head(&[2, 0, 0, 0])),
        (9, head(&[0xFF, 3, 0, 0x21])),
        (12, head(&[])),
        (14, head(&[])),
        (101, head(&[])),
        (104, head(&[0x0F, 0, 8, 0])),
        (108, head(&[0, 0, 0, 2])),
        (239, nflog),
    ] {
        let [frame] = json(&[], &pcap(linktype, &[packet])).try_into().unwrap();
        assert_eq!(frame["pdu"], "RPTL", "link type {linktype}");
        assert_eq!(frame["from"], "127.0.0.1:41000");
    }
}

#[test]
fn a_link_type_that_is_not_known_is_named_and_fails_scripts() {
    let (out, errors, code) = decode(&[], &pcap(147, &[ip(LOGIN)]));
    assert_eq!((out.as_str(), code), ("", 3));
    assert!(errors.contains("link type 147"), "{errors}");
    let arp = [&[0; 12][..], &[8, 6, 0, 1], &[0; 26]].concat();
    let (_, errors, code) = decode(&[], &pcap(1, &[arp]));
    assert!(code == 3 && errors.contains("not UDP"), "{errors}");
}

#[test]
fn a_damaged_record_costs_that_record_only() {
    let datagram = |n: u8| ip(&[LOGIN, &[n]].concat());
    let packets: Vec<_> = (0..5).map(datagram).collect();
    let record = 16 + packets[0].len();
    // The length of the second record becomes absurd, too long, too short.
    for length in [[0xFF; 4], [90, 0, 0, 0], [3, 0, 0, 0]] {
        let mut file = pcap(101, &packets);
        let place = 24 + record + 8;
        file[place..place + 4].copy_from_slice(&length);
        let (out, errors, code) = decode(&["--json"], &file);
        let read = out.lines().filter(|line| line.contains("RPTL")).count();
        assert!(
            (code, read) == (3, 4) && errors.contains("damaged"),
            "{length:?} {read} {errors}"
        );
    }
}

#[test]
fn the_obsolete_packet_block_is_read() {
    let mut file = Vec::new();
    let mut block = |kind: u32, body: &[u8]| {
        let length = (body.len() as u32 + 12).to_le_bytes();
        file.extend(kind.to_le_bytes());
        file.extend(length);
        file.extend(body);
        file.extend(length);
    };
    let section = [&[0x4D, 0x3C, 0x2B, 0x1A, 1, 0, 0, 0][..], &[0xFF; 8]].concat();
    block(0x0A0D_0D0A, &section);
    block(1, &[101, 0, 0, 0, 0, 0, 0, 0]);
    let packet = ip(LOGIN);
    let length = (packet.len() as u32).to_le_bytes();
    // Interface 0, 7 packets lost before.
    let mut body = vec![0, 0, 7, 0, 0, 0, 0, 0, 5, 0, 0, 0];
    body.extend([length, length].concat());
    body.extend(packet);
    block(2, &body);
    let [frame] = json(&[], &file).try_into().unwrap();
    assert_eq!(
        (&frame["pdu"], &frame["time"]),
        (&"RPTL".into(), &"1970-01-01T00:00:00.000005Z".into())
    );
}

#[test]
fn a_binary_that_is_no_capture_is_refused_as_that() {
    let binary = std::fs::read(REPLAY).unwrap();
    let (out, errors, code) = decode(&[], &binary[..4_096]);
    assert_eq!((out.as_str(), code), ("", 2));
    assert!(errors.contains("neither pcap, pcapng nor hex"), "{errors}");
}

#[test]
fn dumps_of_whole_packets_are_opened_with_and_without_text() {
    let packet = [&[0; 12][..], &[8, 0], &ip(LOGIN)].concat();
    for with_text in [true, false] {
        let mut dump = String::new();
        for (row, bytes) in packet.chunks(16).enumerate() {
            let digits: Vec<_> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            dump += &format!("{:04x}  {:<47}", row * 16, digits.join(" "));
            let shown = bytes.iter().map(|byte| match byte {
                b'!'..=b'~' => char::from(*byte),
                _ => '.',
            });
            if with_text {
                dump += &format!("   {}", shown.collect::<String>());
            }
            dump.push('\n');
        }
        let [frame] = json(&[], dump.as_bytes()).try_into().unwrap();
        assert_eq!(frame["fields"]["repeater_id"], 3_120_000, "{dump}");
    }
}

#[test]
fn a_configuration_is_shown_with_the_digits_that_the_station_sent() {
    let mut datagram = b"RPTC\x00\x2f\x9b\x80N0CALL  43400000043900000001 1".to_vec();
    datagram.extend(b"51.50000-0.417990000");
    datagram.resize(302, b' ');
    let [frame] = json(&[], hex::encode(datagram).as_bytes())
        .try_into()
        .unwrap();
    let fields = &frame["fields"];
    assert_eq!(fields["power"], "01");
    assert_eq!(fields["color_code"], "1");
    assert_eq!(fields["latitude"], "51.50000");
    assert_eq!(fields["longitude"], "-0.417990");
    assert_eq!(fields["height"], "000");
}

const LOG: &str = "\
2026-01-31T12:00:00Z hb1 < 52 50 54 4C 00 2F 9B 80 # 10.0.0.2:4000 -> 10.0.0.1:62031
2026-01-31T12:00:01Z hb1 > 52 50 54 41 43 4B 01 02 03 04 # 10.0.0.1:62031 -> 10.0.0.2:4000
2026-01-31T12:00:02Z hb1 < 52 50 54 4C 00 2F 9B 81 # 10.0.0.3:4000 -> 10.0.0.1:62031
";

#[test]
fn frames_that_are_filtered_out_keep_their_numbers() {
    let (out, errors, code) = decode(&["--brief", "--station", "3120001"], LOG.as_bytes());
    assert_eq!((code, errors.as_str()), (0, ""));
    assert!(
        out.trim_start().starts_with("3. ") && out.lines().count() == 1,
        "{out}"
    );
    let frames = json(
        &["--since", "2026-01-31T12:00:01", "--pdu", "rptack"],
        LOG.as_bytes(),
    );
    assert_eq!(frames.len(), 1);
    let (_, errors, code) = decode(&["--slot", "3"], b"");
    assert!(code == 2 && errors.contains("--slot"), "{errors}");
}

#[test]
fn a_recording_is_summed_up_on_a_page_or_as_json() {
    let (out, _, code) = decode(&["--stats"], LOG.as_bytes());
    assert_eq!(code, 0);
    assert!(out.starts_with("3 frames, 0 refused, 26 bytes\n"), "{out}");
    let [stats] = json(&["--stats", "--station", "3120000"], LOG.as_bytes())
        .try_into()
        .unwrap();
    assert_eq!(
        (&stats["frames"], &stats["pdus"]["homebrew RPTL"]["frames"]),
        (&2.into(), &1.into())
    );
}

#[test]
fn trunking_messages_are_named_with_their_fields_on_one_line() {
    let (out, _, _) = decode(&["--brief"], b"444d525403020000090f4240\n");
    assert!(
        out.contains("dmrt DMRT Group_Subscribe group=9 group=1000000: ok"),
        "{out}"
    );
}

#[test]
fn a_ring_that_is_being_written_is_followed_into_its_next_file() {
    use std::io::{BufRead as _, BufReader};
    let folder = tempfile::tempdir().unwrap();
    let whole = pcap(101, &[ip(LOGIN), ip(b"RPTPING\x00\x2f\x9b\x80")]);
    let first = folder.path().join("capture-1.pcap");
    // The file ends within its second record.
    std::fs::write(&first, &whole[..whole.len() - 5]).unwrap();
    let mut tool = Command::new(REPLAY)
        .args(["decode", "--brief", "--follow"])
        .arg(folder.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(tool.stdout.take().unwrap()).lines();
    let mut next = || lines.next().unwrap().unwrap();
    assert!(next().contains("RPTL"));
    let mut file = std::fs::OpenOptions::new()
        .append(true)
        .open(&first)
        .unwrap();
    file.write_all(&whole[whole.len() - 5..]).unwrap();
    assert!(next().contains("RPTPING"));
    std::fs::write(
        folder.path().join("capture-2.pcap"),
        pcap(101, &[ip(b"MSTCL\x00\x2f\x9b\x80")]),
    )
    .unwrap();
    assert!(next().contains("MSTCL"));
    tool.kill().unwrap();
    tool.wait().unwrap();
}
