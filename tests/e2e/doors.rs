//! The API's doors, attacked as by somebody on the network: with made-up tokens, idle
//! connections, readers that do not read, other names, and links where secrets are kept.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::cli::narrowcast;
use crate::support::place::{FIRST_RADIO, NO_MARKS, Place, http, roster};
use crate::support::until;

/// Longer than any answer may take.
const PATIENCE: Duration = Duration::from_secs(40);

async fn up(server: &str) -> (Place, Child, reqwest::Client) {
    up_by(server, Command::new(env!("CARGO_BIN_EXE_narrowcast"))).await
}

async fn up_by(server: &str, command: Command) -> (Place, Child, reqwest::Client) {
    let place = Place::unconfigured(None);
    place.configure("ballast = 0", NO_MARKS, server);
    let child = place.start_with(command);
    let http = http();
    place.until_up(&http).await;
    place.import(&http, roster(1)).await;
    (place, child, http)
}

async fn connect(place: &Place) -> TcpStream {
    TcpStream::connect(("127.0.0.1", place.api)).await.unwrap()
}

fn head(method: &str, path: &str, token: &str, more: &str) -> String {
    format!(
        "{method} /api/v1/{path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n{more}\r\n"
    )
}

/// The answer's status; none when the connection ends without one.
async fn status(stream: &mut TcpStream) -> Option<u16> {
    let mut first = [0; 12];
    let read = timeout(PATIENCE, stream.read_exact(&mut first)).await;
    read.expect("an answer or an end").ok()?;
    std::str::from_utf8(&first[9..]).unwrap().parse().ok()
}

/// Reads until the peer ends it.
async fn ended(stream: &mut TcpStream) {
    let mut bytes = [0; 4_096];
    loop {
        let read = timeout(PATIENCE, stream.read(&mut bytes)).await;
        match read.expect("the server ends it") {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
    }
}

async fn token(place: &Place, http: &reqwest::Client, role: &str) -> (String, String) {
    let body = json!({"name": role, "role": role});
    let (status, made) = place.post(http, "tokens", &body).await;
    assert_eq!(status, 201, "{made}");
    let text = |field: &str| made[field].as_str().unwrap().to_owned();
    (text("id"), text("token"))
}

async fn metric(place: &Place, http: &reqwest::Client, name: &str) -> u64 {
    let request = http.get(place.url("metrics")).bearer_auth(place.token());
    let text = request.send().await.unwrap().text().await.unwrap();
    let line = text.lines().find(|line| line.starts_with(name));
    let value = line.and_then(|line| line.rsplit(' ').next());
    value.and_then(|value| value.parse().ok()).unwrap_or(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_bodies_under_a_made_up_token_or_a_poor_role_are_refused_before_they_are_read() {
    let mut limited = Command::new("sh");
    let serve = format!(
        "ulimit -v 2097152; exec {} \"$@\"",
        env!("CARGO_BIN_EXE_narrowcast")
    );
    limited.args(["-c", &serve, "sh"]);
    let (place, mut server, http) = up_by("", limited).await;
    let (_, viewer) = token(&place, &http, "viewer").await;
    let before = resident(&server);
    let mut held = Vec::new();
    for number in 0..160 {
        let (bearer, refused) = match number % 2 {
            0 => ("nc_x", 401),
            _ => (viewer.as_str(), 403),
        };
        let more = "Content-Type: text/csv\r\nContent-Length: 16700000\r\n";
        let mut stream = connect(&place).await;
        let head = head("POST", "roster", bearer, more);
        stream.write_all(head.as_bytes()).await.unwrap();
        assert_eq!(status(&mut stream).await, Some(refused));
        let _ = stream.write_all(&[b'x'; 100_000]).await;
        held.push(stream);
    }
    assert_eq!(place.submit(&http, FIRST_RADIO, "山火").await.0, 201);
    let grown = resident(&server).saturating_sub(before);
    assert!(grown < 64 << 10, "{grown} KiB for refused bodies");
    assert!(server.try_wait().unwrap().is_none(), "{}", place.log());
}

/// KiB of memory that the server takes.
fn resident(server: &Child) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.id().unwrap()));
    let status = status.unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS"));
    let number = line.unwrap().split_whitespace().nth(1);
    number.unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_share_one_room_and_an_alert_passes_while_it_is_full() {
    let (place, server, http) = up("bodies = \"32 MiB\"").await;
    let before = resident(&server);
    let mut senders = Vec::new();
    for _ in 0..4 {
        let (_, secret) = token(&place, &http, "supervisor").await;
        let more = "Content-Type: text/csv\r\nContent-Length: 16700000\r\n";
        let mut stream = connect(&place).await;
        let head = head("POST", "roster", &secret, more);
        stream.write_all(head.as_bytes()).await.unwrap();
        senders.push(tokio::spawn(async move {
            // All but the end, and then no more.
            for _ in 0..152 {
                if stream.write_all(&[b'x'; 100 << 10]).await.is_err() {
                    break;
                }
            }
            stream
        }));
    }
    let mut refused = 0;
    let mut held = Vec::new();
    for sender in senders {
        let mut stream = sender.await.unwrap();
        let answer = timeout(Duration::from_millis(500), status(&mut stream)).await;
        // One that is refused while it still sends may see a reset only.
        refused += usize::from(matches!(answer, Ok(Some(503) | None)));
        held.push(stream);
    }
    assert!((2..4).contains(&refused), "{refused} of 4 were refused");
    assert!(resident(&server) - before < 64 << 10);
    assert!(metric(&place, &http, "narrowcast_http_bodies_bytes").await > 8 << 20);
    assert_eq!(place.submit(&http, FIRST_RADIO, "山火").await.0, 201);
    drop(held);
    until("the room is given back", PATIENCE, async || {
        metric(&place, &http, "narrowcast_http_bodies_bytes").await == 0
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_idle_connections_close_the_api_to_nobody_and_are_ended() {
    let (place, _server, http) = up("connections = 256").await;
    let mut idle = Vec::new();
    for number in 0..1_000 {
        let mut stream = connect(&place).await;
        if number % 2 == 0 {
            let _ = stream.write_all(b"GET /api/v1/health HTT").await;
        }
        idle.push(stream);
    }
    for _ in 0..20 {
        let asked = Instant::now();
        let fresh = crate::support::place::http();
        assert_eq!(place.submit(&fresh, FIRST_RADIO, "山火").await.0, 201);
        assert!(
            asked.elapsed() < Duration::from_secs(2),
            "{:?}",
            asked.elapsed()
        );
    }
    assert!(metric(&place, &http, "narrowcast_connections_displaced_total").await > 500);
    assert_eq!(
        metric(&place, &http, "narrowcast_connection_limit").await,
        256
    );
    assert!(place.log().contains("server.connections"), "a warning");
    let (_, health) = place.get(&http, "health").await;
    assert!(health["degraded"].to_string().contains("connections"));
    let began = Instant::now();
    ended(idle.last_mut().unwrap()).await;
    assert!(began.elapsed() < Duration::from_secs(15));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_viewer_takes_its_share_of_the_streams_and_loses_them_with_its_token() {
    let (place, _server, http) = up("").await;
    let (id, viewer) = token(&place, &http, "viewer").await;
    let mut streams = Vec::new();
    let mut refused = 0;
    for _ in 0..40 {
        // It does not read, and little fits on the way to it.
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4_096).unwrap();
        let address = format!("127.0.0.1:{}", place.api).parse().unwrap();
        let mut stream = socket.connect(address).await.unwrap();
        let head = head("GET", "events?from=0", &viewer, "");
        stream.write_all(head.as_bytes()).await.unwrap();
        match status(&mut stream).await {
            Some(200) => streams.push(stream),
            Some(429) => refused += 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((streams.len(), refused), (16, 24));
    let open = || metric(&place, &http, "narrowcast_event_streams");
    assert_eq!(open().await, 16);
    let root = http
        .get(place.url("events"))
        .bearer_auth(place.token())
        .send();
    assert_eq!(root.await.unwrap().status(), 200);
    let revoke = http
        .delete(place.url(&format!("tokens/{id}")))
        .bearer_auth(place.token());
    assert_eq!(revoke.send().await.unwrap().status(), 200);
    let revoked = Instant::now();
    until("the streams end", Duration::from_secs(5), async || {
        open().await == 0
    })
    .await;
    for stream in &mut streams {
        ended(stream).await;
    }
    assert!(revoked.elapsed() < Duration::from_secs(6));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_that_takes_nothing_is_ended() {
    let (place, _server, http) = up("").await;
    let mut csv = String::from("kind,id,name\n");
    (1..=40_000).for_each(|id| csv.push_str(&format!("radio,{id},{}\n", "山".repeat(60))));
    place.import(&http, csv).await;
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4_096).unwrap();
    let address = format!("127.0.0.1:{}", place.api).parse().unwrap();
    let mut stream = socket.connect(address).await.unwrap();
    let head = head("GET", "roster", &place.token(), "Accept: text/csv\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    until("it is answered", PATIENCE, async || {
        metric(&place, &http, "narrowcast_connections{kind=\"holder\"").await == 2
    })
    .await;
    until("it is ended", PATIENCE, async || {
        metric(&place, &http, "narrowcast_connections{kind=\"holder\"").await == 1
    })
    .await;
}

async fn refused_start(place: &Place) -> String {
    let config = place.config();
    let serve = ["serve", "--config", config.to_str().unwrap()];
    let ran = timeout(PATIENCE, narrowcast(place, "", &serve)).await;
    let ran = ran.expect("it does not start");
    assert_eq!(ran.code, 1, "{ran:?}");
    ran.err
}

#[tokio::test]
async fn the_first_token_is_written_through_no_link_and_into_no_directory_of_others() {
    let outside = tempfile::tempdir().unwrap();
    let (state, elsewhere) = (outside.path().join("state"), outside.path().join("loot"));
    std::fs::create_dir(&state).unwrap();
    let place = Place::unconfigured(Some(&state));
    place.configure("ballast = 0", NO_MARKS, "");
    for mode in [0o777, 0o775, 0o1777] {
        std::fs::set_permissions(&state, PermissionsExt::from_mode(mode)).unwrap();
        let said = refused_start(&place).await;
        assert!(said.contains("chmod go-w"), "{said}");
        assert!(said.contains(state.to_str().unwrap()), "{said}");
    }
    std::fs::set_permissions(&state, PermissionsExt::from_mode(0o755)).unwrap();
    let file = state.join("admin.token");
    std::fs::write(&elsewhere, "").unwrap();
    symlink(&elsewhere, &file).unwrap();
    let said = refused_start(&place).await;
    assert!(said.contains("symbolic link"), "{said}");
    assert_eq!(std::fs::read_to_string(&elsewhere).unwrap(), "");
    std::fs::remove_file(&file).unwrap();

    // A file that was there before, readable for all and held open by somebody.
    std::fs::write(&file, "").unwrap();
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o666)).unwrap();
    let mut watching = std::fs::File::open(&file).unwrap();
    let _server = place.start();
    place.until_up(&http()).await;
    let mut seen = String::new();
    std::io::Read::read_to_string(&mut watching, &mut seen).unwrap();
    assert_eq!(seen, "", "the old file got the secret");
    let mode = std::fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_our_names_and_the_protocol_that_is_meant_are_answered() {
    let (place, _server, http) = up("names = [\"alert.city.example\"]").await;
    for (host, expected) in [
        ("127.0.0.1", 200),
        ("localhost:1", 200),
        ("[::1]", 200),
        ("ALERT.city.example", 200),
        ("evil.example", 421),
        ("127.0.0.1.evil.example", 421),
        ("a b", 400),
    ] {
        for path in ["/health", "/metrics", "/api/v1/health"] {
            let mut stream = connect(&place).await;
            let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n");
            stream.write_all(request.as_bytes()).await.unwrap();
            assert_eq!(status(&mut stream).await, Some(expected), "{host} {path}");
        }
    }
    let mut stream = connect(&place).await;
    stream
        .write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0")
        .await
        .unwrap();
    let mut answer = Vec::new();
    let _ = timeout(PATIENCE, stream.read_to_end(&mut answer))
        .await
        .expect("it ends");
    assert!(
        answer.is_empty() || answer.starts_with(b"HTTP/1.1 400"),
        "{answer:?}"
    );
    assert_eq!(place.get(&http, "health").await.0, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_text_that_looks_empty_and_a_list_in_place_of_an_alert_are_refused() {
    let (place, _server, http) = up("").await;
    for text in [
        "\u{3164}",
        "\u{2800}\u{2800}",
        "\u{301}\u{302}",
        "a\u{FDD0}",
        " \u{115F}",
    ] {
        let body = json!({"text": text, "targets": ["radio:1"]});
        let (status, problem) = place.post(&http, "alerts", &body).await;
        assert_eq!(
            (status, &problem["field"]),
            (422, &json!("text")),
            "{text:?}"
        );
    }
    for (path, body) in [
        (
            "alerts",
            json!(["x", "routine", "nothing", [], ["radio:1"], null, false]),
        ),
        ("tokens", json!(["x", "viewer", ""])),
        (
            "roster",
            json!([["radio", "1", "x", "", "", "", "", "", []]]),
        ),
    ] {
        let (status, problem) = place.post(&http, path, &body).await;
        assert_eq!(status, 422, "{path} {problem}");
        assert!(
            problem["detail"].to_string().contains("object"),
            "{problem}"
        );
    }
    let long = format!("taken_text = \"{}\"\n{NO_MARKS}", "救".repeat(101));
    place.configure("ballast = 0", &long, "");
    let config = place.config();
    let checked = narrowcast(&place, "", &["check-config", config.to_str().unwrap()]).await;
    assert!(
        checked.code == 1 && checked.err.contains("policy.taken_text"),
        "{checked:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_administrator_makes_a_thousand_tokens_and_no_more() {
    let (place, _server, http) = up("").await;
    let mut last = Value::Null;
    let mut made = 0;
    while made < 1_100 {
        let body = json!({"name": format!("t{made}"), "role": "viewer"});
        let (status, answer) = place.post(&http, "tokens", &body).await;
        last = answer;
        if status != 201 {
            assert_eq!(status, 409, "{last}");
            break;
        }
        made += 1;
    }
    assert_eq!(made, 999, "and the first administrator's: {last}");
}
