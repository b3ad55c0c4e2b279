//! Whether a CAP document is valid by the schema: what we say and what xmllint says, over our
//! own documents and over thousands of damaged ones.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use narrowcast_protocol::warning::cap::{Alert, Layout, read};
use narrowcast_protocol::warning::xml::Strictness;

use crate::support::schema::{folder, verdicts};

/// The alerts of others that intake would take.
fn alerts(folder: &Path) -> Vec<Alert> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let documents = files.iter().filter_map(|file| {
        let octets = std::fs::read(file).unwrap();
        read(&octets, Strictness::Strict).ok()
    });
    let received = documents.flat_map(|document| document.alerts);
    received.filter_map(|it| it.acceptable().cloned()).collect()
}

/// Numbers that look random and are the same in every run.
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    pub(crate) fn below(&mut self, most: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % most
    }

    pub(crate) fn of<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[self.below(list.len())]
    }
}

const VALUES: &[&str] = &[
    "",
    " ",
    "words",
    "words &amp; more",
    "<![CDATA[x]]>",
    "<!-- c -->",
    "<b>x</b>",
    "Actual",
    "Alert",
    "Public",
    "Met",
    "Severe",
    " Severe ",
    "Likely",
    "Very Likely",
    "Immediate",
    "AllClear",
    "severe",
    "zh-CN",
    " zh-CN ",
    "zh_CN",
    "x-abcdefghi",
    "2026-01-31T08:00:00+08:00",
    " 2026-01-31T08:00:00+08:00\n",
    "2026-01-31T08:00:00Z",
    "2026-01-31T08:00:00.0+08:00",
    "2026-02-29T08:00:00+08:00",
    "2026-01-31T24:00:00+08:00",
    "2026-01-31T08:00:00,08:00",
    "2026-01-31T08:00:00+14:01",
    "1",
    "-1",
    "+1.5",
    ".5",
    "1.",
    "1e3",
    " 7 ",
    "84k",
    "1234567890123456789012345",
    "http://a",
    "http://a b",
    "%zz",
    "a:b",
    "1:2",
    "http://a:x/",
    "[",
    "#",
    "山",
];

const STRANGERS: &[&str] = &[
    "<x/>",
    "words",
    "<!-- words -->",
    "<?words?>",
    "<note>n</note>",
    "<note xmlns='urn:y'>n</note>",
    "<ds:Signature xmlns:ds='http://www.w3.org/2000/09/xmldsig#'><ds:x/></ds:Signature>",
    "<web>http://a</web>",
    "<category>Met</category>",
    "<language/>",
];

/// The lines of one element: the line it begins on, and those up to its end.
fn element(lines: &[String], at: usize) -> usize {
    let depth = |line: &str| line.len() - line.trim_start().len();
    let line = lines[at].trim_start();
    if !line.starts_with('<') || line.starts_with("</") {
        return 0;
    }
    let name: String = line[1..]
        .chars()
        .take_while(|c| c.is_alphanumeric())
        .collect();
    let end = format!("</{name}>");
    let own = depth(&lines[at]);
    let rest = lines[at..].iter().enumerate();
    let mut ends = rest.filter(|(below, line)| {
        line.ends_with(&end)
            && (*below == 0 || depth(line) == own || !line.trim_start().starts_with('<'))
    });
    ends.next().map_or(0, |(below, _)| below + 1)
}

/// One damage to a document of ours, which leaves it well-formed.
fn damage(lines: &mut Vec<String>, chance: &mut Chance) {
    // Neither the declaration, the root's tag nor its end.
    let at = 2 + chance.below(lines.len() - 3);
    let length = element(lines, at);
    let kind = chance.below(6);
    if kind == 5 {
        if length > 0 {
            lines.insert(at, chance.of(STRANGERS).to_owned());
        }
        return;
    }
    if length == 0 {
        return;
    }
    match kind {
        0 => drop(lines.drain(at..at + length)),
        1 => {
            let copy = lines[at..at + length].to_vec();
            lines.splice(at..at, copy);
        }
        2 => {
            let next = at + length;
            let other = if next < lines.len() - 1 {
                element(lines, next)
            } else {
                0
            };
            lines[at..next + other].rotate_left(length);
        }
        3 => {
            let name: String = lines[at].trim_start()[1..]
                .chars()
                .take_while(|c| c.is_alphanumeric())
                .collect();
            let value = chance.of(VALUES);
            lines.splice(at..at + length, [format!("<{name}>{value}</{name}>")]);
        }
        _ => lines[at] = lines[at].replacen('>', " a='1'>", 1),
    }
}

#[test]
fn what_we_write_and_what_is_damaged_is_valid_for_us_when_it_is_for_xmllint() {
    let Some(folder) = folder() else {
        return;
    };
    let sound: Vec<String> = alerts(&folder)
        .iter()
        .flat_map(|alert| {
            [Layout::Compact, Layout::Indented].map(|layout| alert.to_xml(layout).unwrap())
        })
        .collect();
    assert!(sound.len() > 20);
    let mut chance = Chance(13);
    let mut documents = sound.clone();
    for _ in 0..150 {
        for document in sound.iter().filter(|document| document.contains("\n  <")) {
            let mut lines: Vec<String> = document.lines().map(str::to_owned).collect();
            for _ in 0..=chance.below(2) {
                damage(&mut lines, &mut chance);
            }
            documents.push(lines.join("\n"));
        }
    }
    let Some(verdicts) = verdicts(&documents) else {
        return;
    };
    assert!(verdicts[..sound.len()].iter().all(|valid| *valid));
    let mut counts = [0_usize; 2];
    for (document, valid) in documents.iter().zip(verdicts) {
        let ours = read(document.as_bytes(), Strictness::Strict).unwrap();
        let received = &ours.alerts[0];
        assert_eq!(
            received.is_valid(),
            valid,
            "{:#?}\n{document}",
            received.faults
        );
        counts[usize::from(valid)] += 1;
    }
    assert!(counts.iter().all(|count| *count > 300), "{counts:?}");
}

/// The exit status of `narrowcast cap check`, and what it prints.
fn check(arguments: &[&str], input: Option<&[u8]>) -> (Option<i32>, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_narrowcast"))
        .args(["cap", "check"])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // It may have gone before it has read all.
    stdin.write_all(input.unwrap_or_default()).ok();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    (
        output.status.code(),
        String::from_utf8(output.stdout).unwrap(),
    )
}

#[test]
fn the_exit_status_tells_the_verdict() {
    let nested = "<a>".repeat((64 << 20) / 3);
    let (status, said) = check(&["-"], Some(nested.as_bytes()));
    assert_eq!(status, Some(1));
    assert!(said.contains("1048576 octets"), "{said}");
    assert_eq!(check(&[], None).0, Some(2));
    let Some(folder) = folder() else {
        return;
    };
    let of = |file: &str| folder.join(file).to_str().unwrap().to_owned();
    for (file, plain, strict, words) in [
        ("oasis_amber_example.xml", 0, 0, "alert 1: valid CAP 1.2"),
        (
            "goo_earthquake-iso8859-1.cap",
            0,
            0,
            "alert 1: valid CAP 1.2",
        ),
        (
            "goo_canada_errors.cap",
            0,
            1,
            "meaning: line 12: references must name",
        ),
        ("goo_bushfire_valid.edxlde", 0, 0, "alert 7: valid CAP 1.2"),
        ("goo_earthquake.cap", 1, 1, "CAP 1.1"),
        ("goo_noaa_errors.cap", 1, 1, "info[1]/urgency"),
        ("goo_xee.cap", 1, 1, "document type"),
        (
            "kel_invalid_xmlns.cap",
            1,
            1,
            "urn:oasis:names:tc:emergency:alerts:1.2",
        ),
        ("kel_oregon_nws.atom", 1, 1, "a feed"),
    ] {
        let (status, said) = check(&[&of(file)], None);
        assert_eq!(status, Some(plain), "{file}: {said}");
        assert!(said.contains(words), "{file}: {said}");
        assert_eq!(
            check(&[&of(file), "--strict"], None).0,
            Some(strict),
            "{file}"
        );
    }
}
