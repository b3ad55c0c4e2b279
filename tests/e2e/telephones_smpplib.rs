//! The SMPP that we send, read by the Python package smpplib; and smpplib as a client of the
//! simulated centre, so that both ends of our own tests have met somebody else.

use std::net::SocketAddr;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::support::operator::Operator;
use crate::support::peer_process;
use crate::support::place::{Place, http};
use crate::support::until;
use crate::telephones::{PASSWORD, centre, deliveries, started, submitted};
use narrowcast_world::smsc::{CentreEvent, CentreKind};

const LONG: &str = "山洪预警:东江水位超过警戒线两米,沿江各村立即转移,不要返回取物。";

/// What the package says, line by line; none if it is not installed.
async fn said(arguments: &[&str]) -> Option<Vec<Value>> {
    let mut command = peer_process::python("smpplib_peer.py")?;
    command.args(arguments).stderr(Stdio::inherit());
    let output = command.output().await.unwrap();
    assert!(output.status.success(), "smpplib failed: {output:?}");
    let lines = String::from_utf8(output.stdout).unwrap();
    let lines = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    Some(lines.collect())
}

const SUBMIT_SM: u32 = 0x0000_0004;
const DELIVER_SM_RESP: u32 = 0x8000_0005;

/// The commands of the whole PDUs in a stream.
fn commands(mut stream: &[u8]) -> impl Iterator<Item = u32> {
    std::iter::from_fn(move || {
        let number = |at: usize| {
            let octets = stream.get(at..at + 4)?;
            Some(u32::from_be_bytes(octets.try_into().ok()?))
        };
        let (length, command) = (number(0)?, number(4)?);
        stream = stream.get(usize::try_from(length).ok()?..)?;
        Some(command)
    })
}

/// A line to the operator that writes down what its client sends.
async fn tapped(operator: SocketAddr) -> (SocketAddr, Arc<Mutex<Vec<u8>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let sent = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&sent);
    tokio::spawn(async move {
        let (client, _) = listener.accept().await.unwrap();
        let far = TcpStream::connect(operator).await.unwrap();
        let (mut from_client, mut to_client) = client.into_split();
        let (mut from_far, mut to_far) = far.into_split();
        tokio::spawn(async move { tokio::io::copy(&mut from_far, &mut to_client).await });
        let mut buffer = [0; 4_096];
        while let Ok(count) = from_client.read(&mut buffer).await {
            kept.lock().unwrap().extend_from_slice(&buffer[..count]);
            if count == 0 || to_far.write_all(&buffer[..count]).await.is_err() {
                return;
            }
        }
    });
    (at, sent)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_independent_decoder_reads_every_pdu_that_we_send_to_a_centre() {
    let operator = Operator::start(centre(CentreKind::Smpp), usize::MAX).await;
    let (line, sent) = tapped(operator.at()).await;
    let (place, http) = (Place::new(), http());
    let table = operator.table("smpp", PASSWORD);
    let port = |at: SocketAddr| format!("port = {}", at.port());
    place.add(&table.replace(&port(operator.at()), &port(line)));
    let _server = started(&place, &http, 2).await;
    let text = LONG.repeat(3);
    let body =
        json!({"text": text, "precedence": "priority", "ask": "receipt", "targets": ["person:p1"]});
    let alert = submitted(&place, &http, body).await;
    until("it is received", Duration::from_secs(20), async || {
        deliveries(&place, &http, &alert).await[0]["rung"] == "received"
    })
    .await;
    // What is received can be read before the receipts are on disk and answered.
    until(
        "the receipts are answered",
        Duration::from_secs(20),
        async || {
            let sent = sent.lock().unwrap();
            let of = |id: u32| commands(&sent).filter(|it| *it == id).count();
            of(DELIVER_SM_RESP) == of(SUBMIT_SM)
        },
    )
    .await;
    let stream = hex::encode(sent.lock().unwrap().as_slice());
    let Some(pdus) = said(&["decode", &stream]).await else {
        return;
    };
    let of = |command: &str| {
        let of = pdus.iter().filter(|pdu| pdu["command"] == command);
        of.cloned().collect::<Vec<_>>()
    };
    let [bind] = of("bind_transceiver").try_into().unwrap();
    assert_eq!(
        (
            &bind["system_id"],
            &bind["password"],
            &bind["interface_version"]
        ),
        (&"narrow".into(), &PASSWORD.into(), &0x34.into())
    );
    let parts = of("submit_sm");
    let total = parts.len();
    assert!(total > 1, "{pdus:?}");
    let mut whole = String::new();
    for (at, part) in parts.iter().enumerate() {
        assert_eq!(
            (
                &part["source_addr"],
                &part["destination_addr"],
                &part["registered_delivery"]
            ),
            (&"10690001".into(), &"8613800130001".into(), &1.into()),
            "{part}"
        );
        let header = &part["header"];
        let expected = json!([5, 0, 3, header[3], total, at + 1]);
        assert_eq!(header, &expected, "{part}");
        whole += part["text"].as_str().unwrap();
    }
    assert!(whole.contains(&text), "{whole}");
    let mut requests: Vec<_> = pdus
        .iter()
        .filter(|pdu| pdu["command"] != "deliver_sm_resp")
        .map(|pdu| pdu["sequence"].as_u64())
        .collect();
    let count = requests.len();
    requests.dedup();
    assert!(
        requests.is_sorted() && requests.len() == count,
        "{requests:?}"
    );
    assert_eq!(of("deliver_sm_resp").len(), total, "{pdus:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_simulated_centre_serves_an_independent_client() {
    let operator = Operator::start(centre(CentreKind::Smpp), usize::MAX).await;
    let text = LONG.repeat(3);
    let port = operator.at().port().to_string();
    let Some(lines) = said(&["send", &port, "8613800130001", &text]).await else {
        return;
    };
    let of = |key: &str| {
        let of = lines.iter().map(|line| line[key].clone());
        of.filter(|value| !value.is_null()).collect::<Vec<_>>()
    };
    assert_eq!(of("odd"), Vec::<Value>::new(), "{lines:?}");
    assert_eq!(operator.texts().concat(), text);
    // Named alike in the answers and in the receipts.
    assert_eq!(of("answer"), of("receipt"), "{lines:?}");
    assert_eq!(of("answer").len(), operator.texts().len());
    let odd = |event: &CentreEvent| matches!(event, CentreEvent::Odd(_));
    assert_eq!(operator.count(odd), 0, "{:?}", operator.seen());
}
