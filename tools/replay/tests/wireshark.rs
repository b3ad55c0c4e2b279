//! The Wireshark dissector, run by tshark. `NARROWCAST_REQUIRE_PEERS` makes its absence a
//! failure.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a peer that cannot be run fails the test"
)]

use std::path::Path;
use std::process::Command;

const REPLAY: &str = env!("CARGO_BIN_EXE_narrowcast-replay");
const DISSECTOR: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../wireshark/narrowcast.lua");

/// Whether tshark can take part.
fn is_there() -> bool {
    let version = Command::new("tshark").arg("--version").output();
    let found = version.is_ok_and(|output| output.status.success());
    if !found {
        assert!(
            std::env::var_os("NARROWCAST_REQUIRE_PEERS").is_none(),
            "tshark is missing: apt-get install tshark"
        );
        eprintln!("tshark is missing: the dissector was not tried");
    }
    found
}

/// What the dissector says of frames in hex, field by field, one line a packet.
fn dissected(lines: &str, fields: &[&str]) -> Vec<String> {
    let directory = tempfile::tempdir().unwrap();
    let (hex, capture) = (
        directory.path().join("a.txt"),
        directory.path().join("a.pcapng"),
    );
    std::fs::write(&hex, lines).unwrap();
    let converted = Command::new(REPLAY)
        .arg("convert")
        .arg(&hex)
        .arg("-o")
        .arg(&capture)
        .status();
    assert!(converted.unwrap().success());
    shark(&capture, fields)
}

fn shark(capture: &Path, fields: &[&str]) -> Vec<String> {
    let mut tshark = Command::new("tshark");
    tshark
        .arg("-X")
        .arg(format!("lua_script:{DISSECTOR}"))
        .arg("-r")
        .arg(capture)
        .args(["-T", "fields", "-E", "separator=|"]);
    for field in fields {
        tshark.args(["-e", field]);
    }
    let output = tshark.output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    assert!(!errors.contains("Lua:"), "{errors}");
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(str::to_owned).collect()
}

#[test]
fn homebrew_datagrams_are_dissected_field_by_field() {
    if !is_there() {
        return;
    }
    let lines = "444d52440100 03e9 0003ea 0004baf2 66 0c5dd50a 4bf6037b23d44f9684d99023058dff57d75df5d338fc08c243a232ec5542c10125 0000\n\
                 5250544c 002f9b80\n\
                 4d5354504f4e47 002f9b80\n\
                 52505443 4c\n";
    let fields = [
        "homebrew.name",
        "homebrew.source",
        "homebrew.destination",
        "homebrew.repeater_id",
        "homebrew.slot",
        "homebrew.private",
        "homebrew.data_type",
    ];
    let said = dissected(lines, &fields);
    assert!(said[0].starts_with("DMRD|1001|1002|310002|1|"), "{said:?}");
    assert!(
        said[0].ends_with("|6") || said[0].ends_with("|0x06"),
        "{said:?}"
    );
    assert!(said[1].starts_with("RPTL|||3120000|"), "{said:?}");
    assert!(said[2].starts_with("MSTPONG|||3120000|"), "{said:?}");
    assert!(said[3].starts_with("RPTCL|"), "{said:?}");
}

#[test]
fn the_trunking_variant_and_what_is_cut_short_are_dissected() {
    if !is_there() {
        return;
    }
    let lines = "444454434c 00000001\n\
                 444d5254 03 02 000009 0f4240\n\
                 444d5254 05 0123456789abcdef0123456789abcdef 44 02 23383b 989681 6f6b\n\
                 444d5254 03 09 000009\n"
        .replace("444454434c", "4454434c");
    let fields = [
        "homebrew.name",
        "homebrew.opcode",
        "homebrew.address",
        "homebrew.source",
        "homebrew.payload",
        "homebrew.malformed",
    ];
    let said = dissected(&lines, &fields);
    assert!(said[0].starts_with("DTCL|"), "{said:?}");
    assert!(said[1].starts_with("DMRT|0x03|9,1000000|"), "{said:?}");
    assert!(said[2].starts_with("DMRT|0x05||2308155|6f6b"), "{said:?}");
    let whole = |line: &String| line.ends_with('|');
    let malformed: Vec<bool> = said.iter().map(|line| !whole(line)).collect();
    assert_eq!(malformed, [false, false, false, true], "{said:?}");
}

#[test]
fn modem_frames_of_a_serial_capture_are_dissected_and_noise_is_shown() {
    if !is_there() {
        return;
    }
    let burst = "00".repeat(32);
    let lines = format!("e0047002\ne0251a0186{burst}\ne0047002ffffe0057f1a04\n");
    let fields = [
        "mmdvm.type",
        "mmdvm.slot",
        "mmdvm.answers",
        "mmdvm.reason",
        "mmdvm.outside",
    ];
    let said = dissected(&lines, &fields);
    assert_eq!(said[0], "0x70||0x02||");
    assert_eq!(said[1], "0x1a|2|||");
    assert_eq!(said[2], "0x70,0x7f||0x02,0x1a|4|ffff");
}
