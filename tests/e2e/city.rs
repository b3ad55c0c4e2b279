//! A simulated city and the server that its own configuration makes, as a technician starts them.

use std::process::Stdio;
use std::time::Duration;

use tokio::process::{Child, Command};

use crate::support::peers::of_workspace;
use crate::support::place::{Place, http};
use crate::support::until;

const PATIENCE: Duration = Duration::from_secs(30);

/// Starts `narrowcast-sim city` at the place's port; what it says stands in the file `city`.
fn city(place: &Place, program: &std::path::Path, arguments: &[&str]) -> Child {
    let said = std::fs::File::create(place.path("city")).unwrap();
    Command::new(program)
        .args(["city", "--repeaters", "3", "--radios", "8", "--master"])
        .arg(format!("127.0.0.1:{}", place.homebrew))
        .args(arguments)
        .stdin(Stdio::null())
        .stderr(said.try_clone().unwrap())
        .stdout(said)
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}

fn said(place: &Place) -> String {
    std::fs::read_to_string(place.path("city")).unwrap_or_default()
}

/// The configuration that the city wrote, on ports and in a directory of this test.
async fn written(place: &Place) -> String {
    until("the configuration", PATIENCE, async || {
        place.config().is_file() && said(place).contains("Ctrl-C")
    })
    .await;
    let text = std::fs::read_to_string(place.config()).unwrap();
    let state = place.path("narrowcast-city");
    assert!(text.contains(&format!("state_dir = {state:?}")), "{text}");
    let listen = format!("[server]\nlisten = \"127.0.0.1:{}\"\n", place.api);
    std::fs::write(place.config(), text.replacen("[server]\n", &listen, 1)).unwrap();
    text
}

async fn up(place: &Place, http: &reqwest::Client) -> (usize, usize) {
    let (_, list) = place.get(http, "stations").await;
    let stations = list["stations"].as_array().cloned().unwrap_or_default();
    let up = stations.iter().filter(|station| station["up"] == true);
    (up.count(), stations.len())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_city_writes_the_configuration_of_its_server_and_every_station_of_it_logs_in() {
    let Some(program) = of_workspace("narrowcast-sim") else {
        return;
    };
    for modem in [false, true] {
        let directory = tempfile::tempdir().unwrap();
        let state = directory.path().join("state");
        let (place, http) = (Place::unconfigured(Some(&state)), http());
        let config = place.config();
        let config = config.to_str().unwrap();
        let link = place.path("modem");
        let mut arguments = vec!["--passphrase", "a \"quoted\" one", "--print-config", config];
        if modem {
            arguments.extend(["--modem", link.to_str().unwrap()]);
        }
        let _city = city(&place, &program, &arguments);
        written(&place).await;
        // Where the test looks for the first token.
        std::os::unix::fs::symlink(place.path("narrowcast-city"), &state).unwrap();
        let _server = place.start();
        place.until_up(&http).await;
        let all = if modem { 4 } else { 3 };
        until("all stations", PATIENCE, async || {
            up(&place, &http).await == (all, all)
        })
        .await;
        let said = said(&place);
        for line in [
            "460001 site-1: repeater, passphrase a \"quoted\" one, ",
            "460003 site-3: logged in",
            "all 3 repeaters are logged in",
        ] {
            assert!(said.contains(line), "{line}: {said}");
        }
        let counted = if modem {
            "1 modem, 8 radios"
        } else {
            "no modem, 8 radios"
        };
        assert!(said.contains("3 repeaters that call"), "{said}");
        assert!(said.contains(counted), "{said}");
        assert_eq!(said.contains("460004 depot: modem at "), modem, "{said}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stations_with_a_wrong_passphrase_are_named_with_the_reason_at_both_ends() {
    let Some(program) = of_workspace("narrowcast-sim") else {
        return;
    };
    let (place, http) = (Place::new(), http());
    let _server = place.start();
    place.until_up(&http).await;
    let _city = city(&place, &program, &["--passphrase", "wrong"]);
    let (known, stranger) = (
        "460001 site-1: not logged in: the master refuses the passphrase",
        "460002 site-2: not logged in: the master refuses the id, or the address it comes from",
    );
    until("both reasons", PATIENCE, async || {
        let said = said(&place);
        said.contains(known) && said.contains(stranger)
    })
    .await;
    // The server tells one refusal a second; the others at their next try.
    until("both lines", PATIENCE, async || {
        let log = place.log();
        log.contains("claimed=460001") && log.contains("claimed=460002")
    })
    .await;
    let link = format!("link=\"homebrew 127.0.0.1:{}\"", place.homebrew);
    let log = place.log();
    for (claimed, why) in [
        ("claimed=460001 name=\"site\"", "why=\"wrong passphrase\""),
        ("claimed=460002 name=\"\"", "why=\"unknown id\""),
    ] {
        let line = log.lines().find(|line| line.contains(claimed));
        let line = line.unwrap_or_else(|| panic!("{claimed}: {log}"));
        assert!(line.contains("log-in refused"), "{line}");
        assert!(line.contains(why) && line.contains(&link), "{line}");
    }
    assert!(!log.contains("a station is there"), "{log}");
    assert!(!said(&place).contains(": logged in"), "{}", said(&place));
    assert_eq!(up(&place, &http).await, (0, 1));
}
