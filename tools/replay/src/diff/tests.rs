use std::io::Write as _;

use super::*;
use crate::encode;

fn text(said: &str) -> Vec<Vec<u8>> {
    let mut args = encode::tests_args();
    args.kind = Kind::named("homebrew").unwrap();
    args.text = Some(said.to_owned());
    encode::frames(&args).unwrap()
}

fn recording(frames: &[Vec<u8>]) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    for (number, frame) in frames.iter().enumerate() {
        let at = jiff::Timestamp::from_millisecond(i64::try_from(number).unwrap() * 60).unwrap();
        writeln!(file, "{at} hb1 > {}", hex::encode(frame)).unwrap();
    }
    file
}

fn compared(a: &[Vec<u8>], b: &[Vec<u8>], timing: bool) -> Comparison {
    let (a, b) = (recording(a), recording(b));
    let args = DiffArgs {
        filter: Filter::default(),
        a: a.path().to_owned(),
        b: b.path().to_owned(),
        json: true,
        all: false,
        timing,
        tolerance: 20,
        kind: None,
    };
    let code = run(&args).unwrap();
    let of = |path: &Path| Recording::read(path, &args).unwrap();
    let rules = Rules {
        everything: false,
        tolerance: timing.then_some(Duration::from_millis(20)),
    };
    let comparison = compare(&of(&args.a), &of(&args.b), rules);
    let differs = !comparison.differences.is_empty();
    assert_eq!(code, ExitCode::from(u8::from(differs)));
    comparison
}

#[test]
fn the_same_conversation_under_other_stream_ids_is_equal() {
    let a = text("water level 3");
    let mut b = a.clone();
    for (number, frame) in b.iter_mut().enumerate() {
        frame[4] = u8::try_from(number * 7).unwrap();
        frame[16..20].fill(9);
    }
    let found = compared(&a, &b, false);
    assert_eq!(found.counts.equal, a.len() as u64);
    assert!(found.differences.is_empty());
}

#[test]
fn a_lost_frame_is_one_difference() {
    let a = text("water level 3");
    let mut b = a.clone();
    b.remove(2);
    let found = compared(&a, &b, false);
    assert_eq!((found.counts.missing, found.differences.len()), (1, 1));
    assert_eq!(found.counts.equal, b.len() as u64);
    let found = compared(&b, &a, false);
    assert_eq!((found.counts.extra, found.differences.len()), (1, 1));
}

#[test]
fn another_text_is_changed_blocks_and_not_missing_ones() {
    let found = compared(&text("water level 3"), &text("water level 4"), false);
    assert_eq!((found.counts.missing, found.counts.extra), (0, 0));
    assert!(found.counts.changed > 0);
    let shown = found.differences[0].to_string();
    assert!(
        shown.contains("inner.info: ") && shown.contains(" -> "),
        "{shown}"
    );
}

#[test]
fn another_order_is_said_as_such() {
    let a = text("water level 3");
    let mut b = a.clone();
    let first = b.remove(0);
    b.push(first);
    let found = compared(&a, &b, false);
    assert_eq!((found.counts.moved, found.differences.len()), (1, 1));
}

#[test]
fn timing_counts_only_if_asked() {
    let a = text("water");
    let mut file = recording(&a);
    let late = recording(&[]);
    let text = std::fs::read_to_string(file.path()).unwrap();
    let last = text.lines().last().unwrap().to_owned();
    let shifted = text.replace(
        &last,
        &last.replacen("1970-01-01T00:00:00", "1970-01-01T00:00:09", 1),
    );
    std::fs::write(late.path(), shifted).unwrap();
    file.flush().unwrap();
    for (timing, code) in [(false, 0), (true, 1)] {
        let args = DiffArgs {
            filter: Filter::default(),
            a: file.path().to_owned(),
            b: late.path().to_owned(),
            json: false,
            all: false,
            timing,
            tolerance: 20,
            kind: None,
        };
        assert_eq!(run(&args).unwrap(), ExitCode::from(code));
    }
}

#[test]
fn an_empty_recording_is_unusable() {
    let (a, b) = (recording(&[]), recording(&text("x")));
    let args = DiffArgs {
        filter: Filter::default(),
        a: a.path().to_owned(),
        b: b.path().to_owned(),
        json: false,
        all: false,
        timing: false,
        tolerance: 20,
        kind: None,
    };
    assert!(run(&args).is_err());
}
