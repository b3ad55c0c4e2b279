//! The whole circle with clients that we have not written: one made of our OpenAPI document, and
//! a generic one of MQTT 5. Submit, events, answer, cancel.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use narrowcast_world::radio::Answers;
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::support::broker::Broker;
use crate::support::place::{FIRST_RADIO, Place, http, roster};
use crate::support::site::Site;
use crate::support::{peer_process, peers, until};

/// A server, and a site whose only radio answers; the second radio of the roster is away.
async fn up(place: &Place) -> (Child, Site) {
    let http = http();
    let server = place.start();
    place.until_up(&http).await;
    place.import(&http, roster(2)).await;
    let site = Site::start(place.homebrew, 1, Answers::Text(1), 0.0, 5).await;
    until("a log-in", Duration::from_secs(20), async || {
        site.seen().log_ins == 1
    })
    .await;
    (server, site)
}

/// Runs it; what it printed. Fails with all that it said if it fails.
async fn well(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).kill_on_drop(true).output();
    let output = timeout(Duration::from_secs(120), output).await;
    let output = output.expect("it does not end").unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}\n{complained}");
    said
}

fn python() -> Option<Command> {
    let Some(python) = std::env::var_os("NARROWCAST_PEER_PYTHON") else {
        peers::missing("NARROWCAST_PEER_PYTHON is not set: `cargo xtask test` installs the peers");
        return None;
    };
    Some(Command::new(python))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_generated_from_our_document_submits_reads_events_and_cancels() {
    let Some(mut generate) = python() else {
        return;
    };
    let place = Place::new();
    let (_server, _site) = up(&place).await;
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers");
    let package = place.path("narrowcast_client");
    generate
        .args([
            "-m",
            "openapi_python_client",
            "generate",
            "--fail-on-warning",
        ])
        .args(["--meta", "none", "--url"])
        .arg(place.url("openapi.json"))
        .arg("--config")
        .arg(scripts.join("openapi-client.yaml"))
        .arg("--output-path")
        .arg(&package);
    well(&mut generate).await;
    let here = package.parent().unwrap();

    // The generator's own part, which is the same for every document, is not ours to judge.
    let mut check = python().unwrap();
    check
        .args(["-m", "mypy", "--strict", "--follow-imports=silent"])
        .args(["--no-error-summary", "-m", "rest_circle"])
        .args([
            "-p",
            "narrowcast_client.api",
            "-p",
            "narrowcast_client.models",
        ])
        .current_dir(here)
        .env(
            "MYPYPATH",
            format!("{}:{}", here.display(), scripts.display()),
        );
    let mut run = peer_process::python("rest_circle.py").unwrap();
    run.arg(place.server())
        .arg(place.token())
        .arg(FIRST_RADIO.to_string())
        .arg((FIRST_RADIO + 1).to_string())
        .env("PYTHONPATH", here)
        .env("NO_PROXY", "*");
    let (_, said) = tokio::join!(well(&mut check), well(&mut run));
    eprintln!("a generated client: {said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_generic_mqtt_client_submits_is_answered_reads_events_and_cancels() {
    let Some(broker) = Broker::start(false, "").await else {
        return;
    };
    let Some(mut run) = peer_process::python("mqtt_circle.py") else {
        return;
    };
    let place = Place::new();
    place.add(&broker.table("submit_role = \"dispatcher\"\n"));
    let (_server, _site) = up(&place).await;
    run.arg(broker.port.to_string())
        .arg("nc/city")
        .arg(FIRST_RADIO.to_string())
        .arg((FIRST_RADIO + 1).to_string());
    let said = well(&mut run).await;
    eprintln!("a generic client: {said}");
}
