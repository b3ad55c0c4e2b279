//! SMS links as the server starts them: configuration, port, pump and session, over real TCP
//! sockets and a pseudo-terminal, against a simulated operator.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a step that fails fails the test"
)]

mod client;
mod modem;
#[path = "../support/operator.rs"]
#[allow(dead_code, reason = "each test program uses a part of it")]
mod operator;

use std::time::Duration;

use narrowcast_hardware::events::LinkEvent;
use narrowcast_protocol::session::{Notice, Refusal, Step};
use narrowcast_protocol::sms::{Outcome, RefusalClass};
use narrowcast_world::smsc::{CentreConfig, CentreEvent, CentreKind, Faults};

use client::Client;
use operator::Operator;

const KINDS: [(CentreKind, &str); 3] = [
    (CentreKind::Smpp, "smpp"),
    (CentreKind::Cmpp2, "cmpp2"),
    (CentreKind::Cmpp3, "cmpp3"),
];

fn centre(kind: CentreKind) -> CentreConfig {
    CentreConfig {
        receipt_after: Duration::from_millis(50),
        ..CentreConfig::new(kind, "narrow", "s3cr3tpw")
    }
}

#[tokio::test]
async fn a_message_is_taken_received_and_answered_over_every_kind_of_link() {
    for (kind, name) in KINDS {
        let mut config = centre(kind);
        config.people.answer = Some("收到".to_owned());
        config.people.after = (Duration::ZERO, Duration::from_millis(50));
        let operator = Operator::start(config, usize::MAX).await;
        let mut client = Client::start(&operator.table(name, "s3cr3tpw"));
        client.submit(1, "13800138000", "山洪预警").await;
        client
            .until("an answer", |client| client.texts() == ["收到"])
            .await;
        let sent = client
            .got
            .iter()
            .any(|event| matches!(event, LinkEvent::Sent(id) if id.0 == 1));
        assert!(sent, "{name}");
        let [message] = client.taken().try_into().unwrap();
        let [(receipt, outcome)] = client.receipts().try_into().unwrap();
        assert!(
            receipt.may_be(&message),
            "{name}: {receipt} is not {message}"
        );
        assert_eq!(outcome, Outcome::Delivered);
        operator
            .until("both are kept", |seen| {
                let kept =
                    |event: &&CentreEvent| matches!(event, CentreEvent::Brought { kept: true, .. });
                seen.iter().filter(kept).count() == 2
            })
            .await;
        assert_eq!(operator.texts(), ["山洪预警"]);
        let odd = |event: &CentreEvent| matches!(event, CentreEvent::Odd(_));
        assert!(
            !operator.seen().iter().any(odd),
            "{name}: {:?}",
            operator.seen()
        );
        client.leave().await;
        operator
            .until("a good-bye", |seen| seen.contains(&CentreEvent::LoggedOut))
            .await;
    }
}

#[tokio::test]
async fn however_the_streams_are_cut_messages_and_receipts_come_through() {
    for (kind, name) in KINDS {
        for split in [1, 2, 3, 5, 11, 13, 17] {
            let operator = Operator::start(centre(kind), split).await;
            let mut client = Client::start(&operator.table(name, "s3cr3tpw"));
            client.submit(1, "13800138000", &"山洪".repeat(40)).await;
            client
                .until("two receipts", |client| client.receipts().len() == 2)
                .await;
            assert_eq!(client.taken().len(), 2, "{name} in pieces of {split}");
            assert_eq!(operator.texts().concat(), "山洪".repeat(40));
        }
    }
}

#[tokio::test]
async fn a_link_comes_through_every_fault_of_the_operator() {
    let none = Faults::default();
    let held = Duration::from_millis(500);
    // Faults; of four messages the taken, throttled and lost; receipts; log-ins.
    let table: [(&str, Faults, [usize; 5]); 9] = [
        (
            "receipt first",
            Faults {
                receipt_first: true,
                ..none
            },
            [4, 0, 0, 4, 1],
        ),
        (
            "receipt twice",
            Faults {
                receipt_twice: true,
                ..none
            },
            [4, 0, 0, 8, 1],
        ),
        (
            "receipts held",
            Faults {
                receipts_held: held,
                ..none
            },
            [4, 0, 0, 4, 1],
        ),
        ("slow", Faults { slow: held, ..none }, [4, 0, 0, 4, 1]),
        (
            "throttling",
            Faults {
                throttle_every: 2,
                ..none
            },
            [2, 2, 0, 2, 1],
        ),
        (
            "wrong sequence",
            Faults {
                wrong_sequence_every: 1,
                ..none
            },
            [4, 0, 0, 4, 1],
        ),
        (
            "unbind",
            Faults {
                unbind_at: 1,
                ..none
            },
            [3, 0, 1, 3, 2],
        ),
        (
            "close",
            Faults {
                close_at: 1,
                ..none
            },
            [3, 0, 1, 3, 2],
        ),
        (
            "enormous length",
            Faults { huge_at: 1, ..none },
            [3, 0, 1, 3, 2],
        ),
    ];
    let kinds = KINDS.map(|(kind, name)| async move {
        for (fault, faults, expected) in table {
            let mut config = centre(kind);
            config.faults = faults;
            let operator = Operator::start(config, usize::MAX).await;
            let mut client = Client::start(&operator.table(name, "s3cr3tpw"));
            for job in 1..=4 {
                client.submit(job, "13800138000", "hello").await;
                client
                    .until("an end", |client| client.ended(job) == 1)
                    .await;
            }
            let receipts = expected[3];
            client
                .until("receipts", |client| client.receipts().len() == receipts)
                .await;
            let class = RefusalClass::Throttled;
            let throttled = |step: &Step| matches!(step, Step::Refused(Refusal::Operator { class: it, .. }) if *it == class);
            let log_ins = |event: &&CentreEvent| **event == CentreEvent::LoggedIn;
            let found = [
                client.taken().len(),
                client.count(throttled),
                client.count(|step| *step == Step::Lost),
                client.receipts().len(),
                operator.seen().iter().filter(log_ins).count(),
            ];
            assert_eq!(found, expected, "{fault}, {name}");
        }
    });
    futures_util::future::join_all(kinds).await;
}

#[tokio::test]
async fn a_refused_log_in_says_the_operators_reason_and_sends_nothing() {
    for (kind, name) in KINDS {
        let operator = Operator::start(centre(kind), usize::MAX).await;
        let mut client = Client::start(&operator.table(name, "wr0ngpw"));
        let refused = |event: &LinkEvent| match event {
            LinkEvent::Notice(Notice::LogInRefused { why, .. }) => {
                why.contains("password") || why.contains("proof")
            }
            _ => false,
        };
        client
            .until("a reason", |client| client.got.iter().any(refused))
            .await;
        assert!(
            operator
                .seen()
                .contains(&CentreEvent::Refused("the password is wrong"))
        );
        assert!(!client.is_up());
    }
}

#[tokio::test]
async fn no_secret_of_a_log_in_stands_in_the_capture() {
    for (kind, name) in KINDS {
        let operator = Operator::start(centre(kind), usize::MAX).await;
        let directory = tempfile::tempdir().unwrap();
        let server = format!(
            "[server]\nstate_dir = {:?}\n",
            directory.path().to_str().unwrap()
        );
        let table = operator.table(name, "s3cr3tpw");
        let mut client = Client::start(&format!("{server}{table}"));
        client.submit(1, "13800138000", "hello").await;
        client
            .until("a receipt", |client| client.receipts().len() == 1)
            .await;
        client.leave().await;
        // Ends the record.
        drop(client);
        let files = std::fs::read_dir(directory.path().join("capture")).unwrap();
        let recorded: Vec<u8> = files
            .flat_map(|file| std::fs::read(file.unwrap().path()).unwrap())
            .collect();
        let holds = |text: &[u8]| recorded.windows(text.len()).any(|window| window == text);
        assert!(
            holds(b"narrow") && holds(b"hello"),
            "{name}: the record is there"
        );
        assert!(!holds(b"s3cr3tpw"), "{name}");
    }
}

#[tokio::test]
async fn a_modem_is_set_up_and_sends_and_reports_over_its_line() {
    let modem = modem::Modem::start();
    let mut client = Client::start(&modem.table());
    client.until("the modem", |client| client.is_up()).await;
    client.submit(1, "13800138000", "山洪预警").await;
    client
        .until("a report", |client| client.receipts().len() == 1)
        .await;
    let [(receipt, outcome)] = client.receipts().try_into().unwrap();
    let [message] = client.taken().try_into().unwrap();
    assert_eq!((receipt, outcome), (message, Outcome::Delivered));
    // The published PDU of this text, to this number.
    let came = modem.came();
    let pdu = "0031000D91683108108300F00008";
    assert!(
        came.iter()
            .any(|line| line.starts_with(pdu) && line.ends_with("085C716D2A98848B66")),
        "{came:?}"
    );
    let pins = came
        .iter()
        .filter(|line| line.starts_with("AT+CPIN="))
        .count();
    assert_eq!(pins, 1, "{came:?}");
}
