use super::*;

fn dumps(text: &str) -> Vec<Raw> {
    let mut dumps = Dumps::default();
    let mut found = Vec::new();
    for line in text.lines() {
        let (Line::Taken(done) | Line::Words(done) | Line::Loose(done) | Line::Other(done)) =
            dumps.push(line);
        found.extend(done);
    }
    found.extend(dumps.end());
    found
}

fn all(text: &str) -> Vec<Vec<u8>> {
    dumps(text).into_iter().map(|raw| raw.bytes).collect()
}

#[test]
fn the_dumps_of_common_programs_are_one_frame_each() {
    let frame = b"RPTPING\0\0\x23\xc1\x61RPTPING".to_vec();
    let xxd = "00000000: 5250 5450 494e 4700 0023 c161 5250 5450  RPTPING..#.aRPTP\n\
               00000010: 494e 47                                  ING\n";
    let canonical = "00000000  52 50 54 50 49 4e 47 00  00 23 c1 61 52 50 54 50  |RPTPING..#.aRPTP|\n\
         00000010  49 4e 47                                          |ING|\n\
         00000013\n";
    let sniffer = "\t0x0000:  5250 5450 494e 4700 0023 c161 5250 5450\n\
                   \t0x0010:  494e 47\n";
    let sniffer_text = "\t0x0000:  5250 5450 494e 4700 0023 c161 5250 5450  RPTPING..#.aRPTP\n\
                        \t0x0010:  494e 47                                  ING\n";
    let shark = "0000  52 50 54 50 49 4e 47 00 00 23 c1 61 52 50 54 50   RPTPING..#.aRPTP\n\
                 0010  49 4e 47                                          ING\n";
    let bare = "0000   52 50 54 50 49 4e 47 00 00 23 c1 61 52 50 54 50\n0010   49 4e 47\n";
    let own = "0000: 52 50 54 50 49 4e 47 00 00 23 c1 61 52 50 54 50  |RPTPING..#.aRPTP|\n\
               0010: 49 4e 47                                         |ING|\n";
    let octets = "0000000 52 50 54 50 49 4e 47 00 00 23 c1 61 52 50 54 50\n\
                  0000010 49 4e 47\n0000013\n";
    let halves = "0000: 52 50 54 50 49 4e 47 00  00 23 c1 61 52 50 54 50\n0010: 49 4e 47\n";
    for text in [
        xxd,
        canonical,
        sniffer,
        sniffer_text,
        shark,
        bare,
        own,
        octets,
        halves,
    ] {
        assert_eq!(all(text), std::slice::from_ref(&frame), "{text}");
        assert_eq!(all(&text.repeat(2)), [frame.clone(), frame.clone()]);
    }
}

#[test]
fn text_that_looks_like_hex_or_has_gaps_is_no_data() {
    for (row, want) in [
        ("0000  41 42   AB", b"AB".to_vec()),
        ("0000  61 62 63 64   abcd", b"abcd".to_vec()),
        ("00000000: 4142 4344  ABCD", b"ABCD".to_vec()),
        ("0000   52 20 20 20 20 52   R    R", b"R    R".to_vec()),
        ("00000000: 5220 2020 2052  R    R", b"R    R".to_vec()),
        ("0000  20 20 41 42     AB", b"  AB".to_vec()),
        ("0000:  7c 2a 7c   *|*|*", b"|*|".to_vec()),
    ] {
        assert_eq!(all(row), [want], "{row}");
    }
}

#[test]
fn the_log_of_a_modem_host_names_time_and_direction_of_its_dumps() {
    let log = "M: 2026-01-01 07:59:59.000 MMDVMHost-20240101 is running\n\
        D: 2026-01-01 08:00:00.000 Network Transmitted\n\
        D: 2026-01-01 08:00:00.000 0000:  52 50 54 50 49 4E 47 00 00 23 C1 61 52 50 54 50   *RPTPING..#.aRPTP*\n\
        D: 2026-01-01 08:00:00.001 0010:  49 4E 47                                          *ING*\n\
        D: 2026-01-01 08:00:00.020 Network Received\n\
        D: 2026-01-01 08:00:00.020 0000:  4D 53 54 43 4C                                    *MSTCL*\n";
    let [sent, received] = dumps(log).try_into().unwrap();
    assert_eq!(sent.bytes, b"RPTPING\0\0\x23\xc1\x61RPTPING");
    assert_eq!(sent.direction, Some(Direction::Outbound));
    assert_eq!(sent.at.unwrap().to_string(), "2026-01-01T08:00:00Z");
    assert_eq!(sent.comment.as_deref(), Some("Network Transmitted"));
    assert_eq!(received.bytes, b"MSTCL");
    assert_eq!(received.direction, Some(Direction::Inbound));
}

#[test]
fn plain_hex_is_no_dump() {
    for line in [
        "525054",
        "52 50 54",
        "5250:544c",
        "5250 5450",
        "0000 5250",
        "E0040000 5250  5250",
        "zz: 00",
        "",
    ] {
        assert_eq!(Dumps::default().push(line), Line::Other(None), "{line}");
    }
}

#[test]
fn a_row_whose_predecessors_are_missing_is_told_apart_from_hex() {
    for row in ["00000010: 5250", "0010  52 50 54", "0010:  52   *R*"] {
        assert_eq!(Dumps::default().push(row), Line::Loose(None), "{row}");
    }
}
