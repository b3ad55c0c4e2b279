use super::*;

/// The documented file with its keys switched on; `examples` too, or defaults only.
fn switched_on(examples: bool) -> String {
    let keep = |line: &&str| examples || !line.ends_with("# example");
    let on = |line: &'static str| match line.strip_prefix('#') {
        Some(key) if !key.starts_with(' ') => key,
        _ => line,
    };
    let lines: Vec<&str> = DOCUMENTED.lines().filter(keep).map(on).collect();
    lines.join("\n")
}

fn section(text: &str, from: &str) -> String {
    text.split_once(from).unwrap().0.to_owned()
}

fn faults(text: &str) -> Vec<String> {
    let config = Config::parse("test.toml", text).unwrap();
    config.check().iter().map(ToString::to_string).collect()
}

const STATION: &str = r#"
[[homebrew]]
[[homebrew.station]]
id = 310001
name = "East"
own = 9990001
passphrase = "a long passphrase"
"#;

#[test]
fn the_printed_file_says_the_defaults() {
    let printed = Config::parse("default.toml", DOCUMENTED).unwrap();
    assert_eq!(printed, Config::default());
    let on = switched_on(false);
    let spelled_out = Config::parse("default.toml", &section(&on, "[[homebrew]]")).unwrap();
    assert_eq!(spelled_out, Config::default());
    assert_eq!(Config::default().check(), []);
    assert_eq!(Config::default().to_policy(), Policy::default());
}

#[test]
fn the_printed_links_say_their_defaults() {
    let all = Config::parse("default.toml", &switched_on(true)).unwrap();
    let spelled_out = all.homebrew.first().unwrap().clone();
    assert_eq!(
        HomebrewLink {
            station: Vec::new(),
            ..spelled_out
        },
        HomebrewLink::default()
    );
    let short = Config::parse(
        "short.toml",
        r#"
        [[homebrew]]
        [[homebrew.station]]
        id = 310001
        name = "East mountain"
        own = 9990001
        passphrase = "change me"
        passphrase_file = "/etc/narrowcast/east.passphrase"
        slots = [1, 2]
        colour_code = 1
        [[relay]]
        talkgroup = 9
        carriers = ["310001/2", "310002/2"]
        [[homebrew_peer]]
        master = "192.0.2.1:62031"
        id = 310901
        name = "Province network"
        own = 9990001
        passphrase = "change me"
        passphrase_file = "/etc/narrowcast/province.passphrase"
        options = "TS2=9"
        [[modem]]
        id = 310101
        name = "Town hall"
        own = 9990001
        path = "/dev/serial/by-id/usb-mmdvm"
        udp = "127.0.0.1:3334"
        rx_hz = 430000000
        tx_hz = 430000000
        [modem.trunking]
        system_identity = 39
        hand_over = 206
        [[modem.trunking.neighbour]]
        system_identity = 43
        channel = 206
        [[sms]]
        name = "operator"
        kind = "smpp"
        host = "127.0.0.1"
        port = 2775
        user = "narrow"
        password = "change me"
        password_file = "/etc/narrowcast/operator.password"
        source = "10690001"
        answer_wait = "30s"
        number_form = "country-code"
        validity = "relative"
        path = "/dev/serial/by-id/usb-gsm"
        pin = "1234"
        "#,
    )
    .unwrap();
    assert_eq!(all.homebrew, short.homebrew);
    assert_eq!(all.sms, short.sms);
    assert_eq!(all.relay, short.relay);
    assert_eq!(all.homebrew_peer, short.homebrew_peer);
    assert_eq!(all.modem, short.modem);
}

#[test]
fn every_key_stands_in_the_printed_file() {
    for header in [
        "[server]",
        "[ledger]",
        "[policy]",
        "[[policy.answer]]",
        "[[policy.answer_set]]",
        "[policy.airtime]",
        "[policy.collection]",
        "[policy.catch_up]",
        "[capture]",
        "[log]",
        "[[homebrew]]",
        "[[homebrew]]\n[[homebrew.station]]",
        "[[relay]]",
        "[[homebrew_peer]]",
        "[[modem]]",
        "[[modem]]\n[modem.trunking]",
        "[[modem]]\n[modem.trunking]\n[[modem.trunking.neighbour]]",
        "[[sms]]",
        "[[webhook]]",
        "[[alarm]]",
        "[[alarm]]\nsite = \"s\"\n[alarm.levels.high]",
        "[cap]",
        "[[cap.area]]",
        "[cap.national]",
        "[[cap.source]]",
        "[[cap.out]]",
        "[[mqtt]]",
    ] {
        let error = Config::parse("t", &format!("{header}\nnosuchkey = 1\n")).unwrap_err();
        let message = error.to_string();
        let known = message.split("expected").nth(1).unwrap();
        let last = header.lines().last().unwrap();
        let documented = switched_on(true);
        let (_, after) = documented.split_once(last).unwrap();
        let here = after.split("\n[").next().unwrap();
        for key in known.split('`').skip(1).step_by(2) {
            let nested = [
                "station",
                "answer",
                "answer_set",
                "airtime",
                "collection",
                "catch_up",
                "trunking",
                "neighbour",
                "levels",
                "area",
                "source",
                "national",
                "out",
            ]
            .contains(&key);
            let line = format!("\n{key} = ");
            assert!(nested || here.contains(&line), "{last} lacks {key}");
        }
    }
}

#[test]
fn an_unknown_key_is_refused_with_line_column_and_a_suggestion() {
    let error = Config::parse("n.toml", "[server]\n  lisen = \"127.0.0.1:1\"\n").unwrap_err();
    let text = error.to_string();
    assert!(
        text.starts_with("n.toml:2:3: unknown field `lisen`"),
        "{text}"
    );
    assert!(text.ends_with("did you mean `listen`?"), "{text}");
}

#[test]
fn a_bad_value_is_refused_where_it_stands_with_what_would_be_right() {
    for (text, at, says) in [
        ("[policy]\nattempt_gap = \"soon\"", "t:2:", "\"20s\""),
        ("[capture]\nbytes = \"1 apple\"", "t:2:", "\"64 MiB\""),
        ("[log]\nformat = \"xml\"", "t:2:", "`json`"),
        ("[server]\nlisten = \"localhost\"", "t:2:", "socket address"),
        ("[server\n", "t:1:", "]"),
    ] {
        let error = Config::parse("t", text).unwrap_err().to_string();
        assert!(error.starts_with(at) && error.contains(says), "{error}");
    }
    let error = Config::parse("t", &STATION.replace("own = 9990001", "own = 16777215"));
    assert!(error.unwrap_err().to_string().contains("expected 1 to"));
}

#[test]
fn beyond_loopback_tls_is_demanded() {
    let open = faults("[server]\nlisten = \"0.0.0.0:7373\"");
    assert!(
        open.first().unwrap().starts_with("server.listen: "),
        "{open:?}"
    );
    let closed = faults("[server]\nlisten = \"0.0.0.0:7373\"\ntls_cert = \"c\"\ntls_key = \"k\"");
    assert_eq!(closed, Vec::<String>::new());
    let half = faults("[server]\ntls_cert = \"c\"");
    assert!(half.first().unwrap().starts_with("server.tls_key: "));
}

#[test]
fn stations_are_checked_across_all_links() {
    assert_eq!(faults(STATION), Vec::<String>::new());
    let modem = r#"
        [[modem]]
        id = 310001
        name = "East"
        own = 9990001
        udp = "127.0.0.1:3334"
        udp_listen = "0.0.0.0:62031"
        rx_hz = 430000000
        tx_hz = 5
        colour_code = 16
    "#;
    let found = faults(&format!("{STATION}{modem}"));
    for field in [
        "modem[0].id",
        "modem[0].name",
        "modem[0].udp_listen",
        "modem[0].tx_hz",
        "modem[0].colour_code",
    ] {
        let start = format!("{field}: ");
        assert!(
            found.iter().any(|fault| fault.starts_with(&start)),
            "{field} {found:?}"
        );
    }
    assert_eq!(found.len(), 5, "{found:?}");
}

#[test]
fn a_trunked_site_needs_both_directions_and_sound_numbers() {
    let site = |duplex, rest| {
        format!(
            "[[modem]]\nid = 1\nname = \"Site\"\nown = 5\nudp = \"127.0.0.1:3334\"\n\
             rx_hz = 430000000\ntx_hz = 440000000\nduplex = {duplex}\n\
             [modem.trunking]\nsystem_identity = 39\n{rest}"
        )
    };
    assert_eq!(faults(&site(true, "")), Vec::<String>::new());
    let policy = Config::parse("t", &site(true, "")).unwrap().to_policy();
    let kind = policy.stations.first().unwrap().kind;
    assert_eq!(kind, narrowcast_protocol::air::CarrierKind::Control);
    let bad = "slots = []\nnrand_wait = 16\nbackoff = 0\naloha_command = 22\n\
               answer_window_ms = 60\ntries = 0\nhand_over = 4095\n\
               [[modem.trunking.neighbour]]\nsystem_identity = 43\nchannel = 0\n";
    let found = faults(&site(false, bad));
    assert_eq!(found.len(), 9, "{found:?}");
    assert!(
        found
            .iter()
            .all(|fault| fault.starts_with("modem[0].trunking."))
    );
}

#[test]
fn a_station_without_a_passphrase_is_refused() {
    let found = faults(&STATION.replace("passphrase = ", "#"));
    assert!(
        found
            .first()
            .unwrap()
            .starts_with("homebrew[0].station[0].passphrase: ")
    );
}

#[test]
fn a_passphrase_is_read_from_its_file_without_the_line_end() {
    let dir = tempfile::tempdir().unwrap();
    let secret = dir.path().join("secret");
    std::fs::write(&secret, "  from file \n").unwrap();
    let path = dir.path().join("narrowcast.toml");
    let line = format!("passphrase_file = {:?}", secret.to_str().unwrap());
    std::fs::write(
        &path,
        STATION.replace("passphrase = \"a long passphrase\"", &line),
    )
    .unwrap();
    let config = Config::load(&path).unwrap();
    let station = config.homebrew.first().unwrap().station.first().unwrap();
    assert_eq!(
        station.passphrase.as_ref().unwrap().expose(),
        "  from file "
    );
}

#[test]
fn stations_reach_the_policy_in_order() {
    let policy = Config::parse("t", STATION).unwrap().to_policy();
    let station = policy.stations.first().unwrap();
    assert_eq!((station.id.0, station.own.get()), (310_001, 9_990_001));
    assert!(!station.reports_air);
}

#[test]
fn the_paths_of_secrets_may_come_from_the_environment() {
    let mut server = ServerConfig::default();
    server.take_from(|name| (name == "NARROWCAST_TLS_KEY").then(|| "/run/key".into()));
    assert_eq!(server.tls_key, Some("/run/key".into()));
    assert_eq!(server.tls_cert, None);
}

const TWO_STATIONS: &str = r#"
[[homebrew]]
[[homebrew.station]]
id = 310001
name = "East"
own = 9990001
passphrase = "a long passphrase"
groups = [9]
[[homebrew.station]]
id = 310002
name = "West"
own = 9990001
passphrase = "a long passphrase"
groups = [9, 10]
"#;

#[test]
fn a_talkgroup_that_two_stations_hear_and_nothing_carries_is_warned_of() {
    let warnings = |text: &str| Config::parse("t", text).unwrap().warnings();
    let [warning] = warnings(TWO_STATIONS).try_into().unwrap();
    assert!(
        warning.starts_with("talkgroup 9 is heard at stations 310001, 310002"),
        "{warning}"
    );
    let rule = "[[relay]]\ntalkgroup = 9\ncarriers = [\"310001/2\", \"310002/1\"]";
    let relayed = format!("{TWO_STATIONS}{rule}");
    assert_eq!(warnings(&relayed), Vec::<String>::new());
    assert_eq!(faults(&relayed), Vec::<String>::new());
}

#[test]
fn a_relay_joins_stations_of_one_master_and_of_one_kind() {
    for (from, to, says) in [
        ("310002/2", "310001/2", "each once"),
        ("310002/2", "310003/2", "310003 does not log in"),
        ("\"310001/2\", ", "", "two carriers"),
    ] {
        let rule = "[[relay]]\ntalkgroup = 9\ncarriers = [\"310001/2\", \"310002/2\"]";
        let found = faults(&format!("{TWO_STATIONS}{}", rule.replace(from, to)));
        assert!(
            found[0].starts_with("relay[0].carriers: ") && found[0].contains(says),
            "{found:?}"
        );
    }
    let rule = "[[relay]]\ntalkgroup = 9\ncarriers = [\"310001/2\", \"310002/2\"]";
    let test = TWO_STATIONS.replace("groups = [9, 10]", "test = true");
    let found = faults(&format!("{test}{rule}"));
    assert!(
        found[0].contains("an exercise would be heard live"),
        "{found:?}"
    );
    let error = Config::parse("t", &rule.replace("310001/2", "310001/3")).unwrap_err();
    assert!(error.to_string().contains("as \"310001/2\""), "{error}");
}

#[test]
fn a_trunked_site_is_one_backhaul_and_its_word_counts_as_configured() {
    use narrowcast_protocol::air::CarrierKind;
    let station = |more: &str| format!("{STATION}{more}");
    let policy = |more: &str| {
        let policy = Config::parse("t", &station(more)).unwrap().to_policy();
        let station = policy.stations.first().unwrap();
        (station.kind, station.terminal_accepts)
    };
    assert_eq!(policy(""), (CarrierKind::Conventional, false));
    assert_eq!(policy("trunking = true"), (CarrierKind::Backhaul, false));
    let terminal = "trunking = true\nudt_accept = \"terminal\"";
    assert_eq!(policy(terminal), (CarrierKind::Backhaul, true));
    let found = faults(&station("udt_accept = \"terminal\""));
    assert!(
        found[0].starts_with("homebrew[0].station[0].udt_accept: "),
        "{found:?}"
    );
    let found = faults(&station("trunking = true\nslots = [1]"));
    assert!(
        found[0].starts_with("homebrew[0].station[0].slots: "),
        "{found:?}"
    );
}

#[test]
fn a_peer_is_checked_like_a_station() {
    let peer = r#"
        [[homebrew_peer]]
        master = "0.0.0.0:62031"
        id = 310001
        name = "East"
        own = 9990001
        callsign = "much too long"
        slots = []
    "#;
    let found = faults(&format!("{STATION}{peer}"));
    for field in ["passphrase", "master", "slots", "callsign", "id", "name"] {
        let start = format!("homebrew_peer[0].{field}: ");
        assert!(
            found.iter().any(|fault| fault.starts_with(&start)),
            "{field} {found:?}"
        );
    }
    assert_eq!(found.len(), 6, "{found:?}");
}
