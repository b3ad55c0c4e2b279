//! A real broker behind TLS and an account: events arrive, and nothing that is secret is on the
//! wire in the clear. Who is not the broker, or does not let us in, gets nothing.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::mqtt::all_came;
use crate::support::broker::{Broker, which};
use crate::support::place::{FIRST_RADIO, Place, http, roster};
use crate::support::{peers, until};

const USER: &str = "narrowcast-at-the-bureau";
const PASSWORD: &str = "battery-horse-7!";
const TEXT: &str = "the dam is breaking";

/// An authority of certificates, made for the test; its certificate is written there.
fn authority(name: &str, file: &Path) -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, name);
    let made = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    std::fs::write(file, made.pem()).unwrap();
    made
}

/// A broker that speaks TLS only, as 127.0.0.1, and lets one account in; the certificate of its
/// authority.
async fn guarded(place: &Place) -> Option<(Broker, PathBuf)> {
    let Some(passwords) = which("mosquitto_passwd") else {
        peers::missing("mosquitto is not installed: `cargo xtask test` does");
        return None;
    };
    let [ca, cert, key, accounts] =
        ["ca.pem", "broker.pem", "broker.key", "accounts"].map(|name| place.path(name));
    let authority = authority("the bureau", &ca);
    let own = KeyPair::generate().unwrap();
    let params = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
    let signed = params.signed_by(&own, &authority).unwrap();
    std::fs::write(&cert, signed.pem()).unwrap();
    std::fs::write(&key, own.serialize_pem()).unwrap();
    let mut account = tokio::process::Command::new(passwords);
    account.args(["-c", "-b"]).arg(&accounts);
    let status = account.args([USER, PASSWORD]).status().await.unwrap();
    assert!(status.success());
    let more = format!(
        "certfile {}\nkeyfile {}\nallow_anonymous false\npassword_file {}",
        cert.display(),
        key.display(),
        accounts.display()
    );
    let access = ["--cafile", ca.to_str().unwrap(), "-u", USER, "-P", PASSWORD];
    let access = access.map(str::to_owned).to_vec();
    Some((Broker::start_guarded(false, &more, access).await?, ca))
}

/// What passes between a server and a broker, both ways.
#[derive(Clone)]
struct Wire {
    port: u16,
    bytes: Arc<Mutex<Vec<u8>>>,
}

impl Wire {
    async fn to(broker: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let wire = Self {
            port: listener.local_addr().unwrap().port(),
            bytes: Arc::default(),
        };
        let tap = wire.clone();
        tokio::spawn(async move {
            while let Ok((from, _)) = listener.accept().await {
                let Ok(to) = TcpStream::connect(("127.0.0.1", broker)).await else {
                    continue;
                };
                let ((client_in, client_out), (broker_in, broker_out)) =
                    (from.into_split(), to.into_split());
                tokio::spawn(pass(client_in, broker_out, Arc::clone(&tap.bytes)));
                tokio::spawn(pass(broker_in, client_out, Arc::clone(&tap.bytes)));
            }
        });
        wire
    }

    fn bytes(&self) -> Vec<u8> {
        self.bytes.lock().unwrap().clone()
    }

    /// Fails if something that only the two may know was readable.
    fn assert_nothing_in_the_clear(&self) {
        let bytes = self.bytes();
        // A TLS handshake record, from the first byte on.
        assert_eq!(bytes.first(), Some(&22), "{} bytes", bytes.len());
        for secret in [USER, PASSWORD, TEXT, "nc/city", "cn.narrowcast"] {
            let readable = bytes
                .windows(secret.len())
                .any(|window| window == secret.as_bytes());
            assert!(!readable, "`{secret}` is on the wire");
        }
    }
}

async fn pass(
    mut from: impl AsyncReadExt + Unpin,
    mut to: impl AsyncWriteExt + Unpin,
    seen: Arc<Mutex<Vec<u8>>>,
) {
    let mut buffer = vec![0; 4_096];
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        seen.lock().unwrap().extend_from_slice(&buffer[..count]);
        if to.write_all(&buffer[..count]).await.is_err() {
            return;
        }
    }
    // Who reads there is told that no more comes, if it is still there.
    let _closed = to.shutdown().await;
}

/// The table of a sink.
fn table(name: &str, host: &str, port: u16, ca: &Path, password: &Path) -> String {
    format!(
        "[[mqtt]]\nname = \"{name}\"\nurl = \"mqtts://{host}:{port}\"\nprefix = \"nc/city\"\n\
         from = \"beginning\"\nuser = \"{USER}\"\nca = {ca:?}\npassword_file = {password:?}\n"
    )
}

async fn sink(place: &Place, http: &reqwest::Client, name: &str) -> Value {
    let (status, sink) = place.get(http, &format!("sinks/{name}")).await;
    assert_eq!(status, 200, "{sink}");
    sink
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_arrive_over_tls_with_an_account_and_none_of_it_is_in_the_clear() {
    let (place, http) = (Place::new(), http());
    let Some((broker, ca)) = guarded(&place).await else {
        return;
    };
    let wire = Wire::to(broker.port).await;
    let password = place.path("password");
    std::fs::write(&password, format!("{PASSWORD}\n")).unwrap();
    place.add(&table("platform", "127.0.0.1", wire.port, &ca, &password));
    let watcher = broker.watch("watcher", "nc/city/event/#").await;
    let _server = place.start();
    place.until_up(&http).await;
    place.import(&http, roster(1)).await;
    let (status, receipt) = place.submit(&http, FIRST_RADIO, TEXT).await;
    assert_eq!(status, 201, "{receipt}");
    all_came(&place, &http, &watcher).await;
    let seen = watcher.seen();
    assert!(seen.iter().any(|it| it.body["data"]["text"] == TEXT));
    wire.assert_nothing_in_the_clear();
    assert!(wire.bytes().len() > 4_096, "the events passed here");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stranger_for_a_broker_and_a_wrong_password_hold_the_sink_and_it_says_why() {
    let (place, http) = (Place::new(), http());
    let Some((broker, ca)) = guarded(&place).await else {
        return;
    };
    let other = place.path("other-ca.pem");
    authority("somebody else", &other);
    let (right, wrong) = (place.path("password"), place.path("wrong"));
    std::fs::write(&right, PASSWORD).unwrap();
    std::fs::write(&wrong, "guessed").unwrap();
    let (strange, named) = (Wire::to(broker.port).await, Wire::to(broker.port).await);
    let held = [
        table("strange", "127.0.0.1", strange.port, &other, &right),
        table("named", "localhost", named.port, &ca, &right),
        table("locked", "127.0.0.1", broker.port, &ca, &wrong),
    ];
    let config = std::fs::read_to_string(place.config()).unwrap();
    place.add(&held.concat());
    let watcher = broker.watch("watcher", "nc/city/event/#").await;
    let mut server = place.start();
    place.until_up(&http).await;
    place.import(&http, roster(1)).await;
    let (status, receipt) = place.submit(&http, FIRST_RADIO, TEXT).await;
    assert_eq!(status, 201, "{receipt}");
    for (name, reasons) in [
        ("strange", ["certificate", "`ca`"]),
        ("named", ["certificate", "localhost"]),
        ("locked", ["password", "`user`"]),
    ] {
        let said = async || {
            let sink = sink(&place, &http, name).await;
            sink["last_error"].as_str().unwrap_or_default().to_owned()
        };
        let is_clear = |why: &str| reasons.iter().all(|reason| why.contains(reason));
        for _ in 0..400 {
            if is_clear(&said().await) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        assert!(is_clear(&said().await), "{name}: {}", said().await);
        let sink = sink(&place, &http, name).await;
        assert_eq!(sink["delivered"], 0, "{sink}");
        assert_eq!(sink["dead"], 0, "held, not given up: {sink}");
        assert!(sink["behind"].as_u64().unwrap() > 0, "{sink}");
    }
    assert!(watcher.seen().is_empty(), "{:?}", watcher.seen());
    strange.assert_nothing_in_the_clear();
    named.assert_nothing_in_the_clear();
    assert!(!place.log().contains(PASSWORD) && !place.log().contains("guessed"));

    // What was held comes as soon as the configuration is right.
    server.kill().await.unwrap();
    let mended = table("locked", "127.0.0.1", broker.port, &ca, &right);
    std::fs::write(place.config(), format!("{config}\n{mended}")).unwrap();
    let _server = place.start();
    place.until_up(&http).await;
    until("what was held", Duration::from_secs(20), async || {
        let seen = watcher.seen();
        seen.iter().any(|it| it.body["data"]["text"] == TEXT)
    })
    .await;
}
