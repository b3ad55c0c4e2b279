use std::collections::HashMap;

use super::*;
use crate::config::Config;

const SMPP: &str = r#"
[[sms]]
name = "operator"
kind = "smpp"
host = "127.0.0.1"
port = 2775
user = "narrow"
password = "secret"
source = "10690001"
window = 16
per_second = 50
"#;

const CMPP: &str = r#"
[[sms]]
name = "mobile"
kind = "cmpp2"
host = "gateway.example"
port = 7890
user = "901234"
password = "shared secret"
source = "106901234"
service = "ALERT"
"#;

const MODEM: &str = r#"
[[sms]]
name = "stick"
kind = "modem"
path = "/dev/ttyUSB0"
pin = "1234"
"#;

fn parse(text: &str) -> Config {
    Config::parse("t", text).unwrap()
}

fn faults(text: &str) -> Vec<String> {
    parse(text)
        .check()
        .iter()
        .map(ToString::to_string)
        .collect()
}

/// The one fault of a text.
fn fault(text: &str) -> String {
    let [fault] = faults(text).try_into().unwrap();
    fault
}

#[test]
fn each_kind_of_link_is_read_as_written() {
    let config = parse(&format!("{SMPP}{CMPP}{MODEM}"));
    assert_eq!(config.check(), []);
    let [smpp, cmpp, modem] = config.sms.try_into().unwrap();
    assert_eq!(smpp.kind, SmsKind::Smpp);
    assert_eq!(smpp.address().unwrap(), "127.0.0.1:2775");
    assert_eq!(smpp.password.unwrap().expose(), "secret");
    assert_eq!((smpp.window, smpp.per_second), (16, 50));
    assert_eq!(
        (cmpp.kind, cmpp.service.as_str()),
        (SmsKind::Cmpp2, "ALERT")
    );
    assert_eq!(
        (cmpp.receipt_wait.as_secs(), cmpp.utc_offset),
        (900, 28_800)
    );
    assert!(!cmpp.exercises);
    assert_eq!((modem.kind, modem.baud), (SmsKind::Modem, 115_200));
    assert_eq!(modem.address(), None);
}

#[test]
fn a_link_keeps_its_number_as_long_as_its_name() {
    let number = |name: &str| station_of(name).0;
    // SHA-256("operator") begins with 06e55b633481.
    assert_eq!(number("operator"), 0xE006_E55B);
    assert_ne!(number("operator"), number("Operator"));
    let [link] = parse(SMPP).sms.try_into().unwrap();
    assert_eq!(link.station().0, number("operator"));
}

#[test]
fn two_names_with_one_number_and_equal_names_are_refused_by_name() {
    let mut seen = HashMap::new();
    let (one, other) = (0..1_000_000)
        .find_map(|index| {
            let name = format!("link {index}");
            let other = seen.insert(station_of(&name), name.clone());
            other.map(|other| (other, name))
        })
        .expect("24 bits are few");
    let named = |name: &str| SMPP.replace("operator", name);
    let says = fault(&format!("{}{}", named(&one), named(&other)));
    assert!(says.starts_with("sms[1].name: "), "{says}");
    assert!(says.contains(&one) && says.contains(&other), "{says}");
    let says = fault(&format!("{SMPP}{SMPP}"));
    assert!(
        says.starts_with("sms[1].name: `operator` is the name of sms[0] already"),
        "{says}"
    );
}

#[test]
fn what_is_missing_or_contradicts_names_field_and_remedy() {
    for (text, from, to, field, remedy) in [
        (
            SMPP,
            "host = \"127.0.0.1\"",
            "",
            "host",
            "set the operator's host",
        ),
        (
            SMPP,
            "\"127.0.0.1\"",
            "\"127.0.0.1:2775\"",
            "host",
            "without a port",
        ),
        (SMPP, "port = 2775", "", "port", "SMPP 2775"),
        (SMPP, "user = \"narrow\"", "", "user", "system_id"),
        (
            SMPP,
            "password = \"secret\"",
            "",
            "password",
            "password_file",
        ),
        (SMPP, "\"secret\"", "\"\"", "password", "it is empty"),
        (
            SMPP,
            "\"secret\"",
            "\"nine char\"",
            "password",
            "SMPP 3.4 allows 8",
        ),
        (
            SMPP,
            "\"10690001\"",
            "\"a number\"",
            "source",
            "without blanks",
        ),
        (SMPP, "window = 16", "window = 0", "window", "1 or more"),
        (
            SMPP,
            "window = 16",
            "pin = \"1234\"",
            "pin",
            "kind = \"modem\"",
        ),
        (SMPP, "\"operator\"", "\" \"", "name", "1 to 40"),
        (
            SMPP,
            "window = 16",
            "prefixes = [\"+86x\"]",
            "prefixes",
            "+86139",
        ),
        (
            SMPP,
            "window = 16",
            "receipt_wait = \"1s\"",
            "receipt_wait",
            "72h",
        ),
        (
            SMPP,
            "window = 16",
            "keep_alive = \"1s\"",
            "keep_alive",
            "10m",
        ),
        (CMPP, "\"901234\"", "\"9012345\"", "user", "1 to 6"),
        (CMPP, "source = \"106901234\"", "", "source", "1 to 21"),
        (CMPP, "\"ALERT\"", "\"ALERT-ALERT\"", "service", "0 to 10"),
        (
            SMPP,
            "window = 16",
            "template = \"尊敬的用户，请知悉。\"",
            "template",
            "exactly one",
        ),
        (
            SMPP,
            "window = 16",
            "template = \"{text}{text}\"",
            "template",
            "exactly one",
        ),
        (
            SMPP,
            "window = 16",
            "template = \"{name}：{text}\"",
            "template",
            "write {text} alone",
        ),
        (
            SMPP,
            "window = 16",
            "template = \"告{text}\\n\"",
            "template",
            "remove it",
        ),
        (
            MODEM,
            "path = \"/dev/ttyUSB0\"",
            "",
            "path",
            "serial device",
        ),
        (MODEM, "\"1234\"", "\"12\"", "pin", "4 to 8 digits"),
        (
            MODEM,
            "pin = \"1234\"",
            "host = \"a\"",
            "host",
            "a modem has none",
        ),
        (
            MODEM,
            "pin = \"1234\"",
            "password_file = \"a\"",
            "password_file",
            "leave it out",
        ),
    ] {
        let says = fault(&text.replace(from, to));
        let start = format!("sms[0].{field}: ");
        assert!(says.starts_with(&start) && says.contains(remedy), "{says}");
        assert!(!says.contains("secret"), "{says}");
    }
}

#[test]
fn unknown_keys_and_values_are_refused_where_they_stand() {
    for (from, to, at, says) in [
        (
            "window = 16",
            "windw = 16",
            "t:10:",
            "did you mean `window`?",
        ),
        ("\"smpp\"", "\"cmpp1\"", "t:4:", "did you mean `cmpp"),
        ("port = 2775", "port = 70000", "t:6:", "70000"),
        ("window = 16", "window = 256", "t:10:", "256"),
        ("window = 16", "utc_offset = \"8\"", "t:10:", "\"+08:00\""),
        ("window = 16", "receipt_wait = 5", "t:10:", "string"),
    ] {
        let error = Config::parse("t", &SMPP.replace(from, to))
            .unwrap_err()
            .to_string();
        assert!(error.starts_with(at) && error.contains(says), "{error}");
    }
}

#[test]
fn secrets_are_read_from_files_and_never_printed() {
    let dir = tempfile::tempdir().unwrap();
    let (secret, path) = (dir.path().join("secret"), dir.path().join("t.toml"));
    std::fs::write(&secret, "hidden\n").unwrap();
    let file = format!("password_file = {:?}", secret.to_str().unwrap());
    std::fs::write(&path, SMPP.replace("password = \"secret\"", &file)).unwrap();
    let config = Config::load(&path).unwrap();
    assert!(!format!("{config:?}").contains("hidden"));
    let [link] = config.sms.try_into().unwrap();
    assert_eq!(link.password.unwrap().expose(), "hidden");
    assert!(!format!("{:?}", parse(MODEM)).contains("1234"));
    std::fs::write(&path, SMPP.replace("window = 16", &file)).unwrap();
    let error = Config::load(&path).unwrap_err().to_string();
    assert!(
        error.contains("sms[0].password_file: password is set too"),
        "{error}"
    );
}

#[test]
fn offsets_are_read_in_quarters_of_the_world() {
    assert_eq!(offset_of("+08:00"), Some(28_800));
    assert_eq!(offset_of("-03:30"), Some(-12_600));
    for text in [
        "8",
        "+8:00",
        "+08:60",
        "+15:00",
        "+０８:00",
        "08:00",
        "+-8:00",
    ] {
        assert_eq!(offset_of(text), None, "{text}");
    }
}

#[test]
fn an_address_of_ipv6_is_told_from_its_port() {
    let [link] = parse(&SMPP.replace("127.0.0.1", "fd00::1"))
        .sms
        .try_into()
        .unwrap();
    assert_eq!(link.address().unwrap(), "[fd00::1]:2775");
    assert_eq!(
        faults(&SMPP.replace("127.0.0.1", "fd00::1")),
        Vec::<String>::new()
    );
}

#[test]
fn a_template_has_at_most_a_hundred_characters_besides_its_place_on_every_kind_of_link() {
    for link in [SMPP, CMPP, MODEM] {
        let with = |rest: usize| format!("{link}template = \"{}{{text}}\"\n", "告".repeat(rest));
        let [read] = parse(&with(100)).sms.try_into().unwrap();
        assert_eq!(faults(&with(100)), Vec::<String>::new());
        assert_eq!(read.route().template, read.template);
        let says = fault(&with(101));
        assert!(
            says.starts_with("sms[0].template: it has 101") && says.contains("at most 100"),
            "{says}"
        );
    }
}

#[test]
fn links_that_do_not_fit_one_record_together_are_refused_with_a_remedy() {
    let links = |many: usize| -> String {
        let template = format!("template = \"{}{{text}}\"\n", "告".repeat(100));
        let one = |n: usize| SMPP.replace("\"operator\"", &format!("\"operator {n}\"")) + &template;
        (0..many).map(one).collect()
    };
    assert_eq!(faults(&links(20)), Vec::<String>::new());
    let says = fault(&links(60));
    assert!(
        says.starts_with("sms: ") && says.contains("fewer links"),
        "{says}"
    );
}
