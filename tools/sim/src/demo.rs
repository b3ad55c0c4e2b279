//! `narrowcast-sim demo`: the main job, from the roster to the last answer.

use std::io::IsTerminal;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use narrowcast_protocol::time::Instant;
use narrowcast_world::city::{City, PATIENCE, city};
use serde_json::{Value, json};

use crate::air_log::AirLog;
use crate::api::Api;
use crate::roll::Roll;
use crate::server::Server;
use crate::stations::{self, Clock};

const PASSPHRASE: &str = "demo-passw0rd";
const REPEATERS: u32 = 4;
const TEXT: &str = "山火逼近东山林场,请立即撤到3号集合点";
/// The emergency button is pressed so long after the start: while the alert is going out.
const EMERGENCY_AT: Instant = Instant::from_millis(9_000);
/// How long the stations may take to log in.
const STATIONS: Duration = Duration::from_secs(30);
const LOOK: Duration = Duration::from_millis(500);
/// Without a terminal progress is told in lines, so often.
const TELL: Duration = Duration::from_secs(5);

/// What the demo does.
#[derive(Debug, Args)]
pub(crate) struct DemoArguments {
    /// End by itself; succeed only when what the demo promises happened.
    #[arg(long)]
    check: bool,
    /// Seed of everything by chance.
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// How many radios.
    #[arg(long, default_value_t = 60)]
    radios: u32,
    /// Probability that a burst is lost.
    #[arg(long, default_value_t = 0.01)]
    loss: f64,
}

/// Runs it; whether everything happened that it promises.
pub(crate) async fn run(arguments: DemoArguments) -> anyhow::Result<bool> {
    let dir = tempfile::Builder::new()
        .prefix("narrowcast-demo-")
        .tempdir()?;
    let modem = dir.path().join("modem");
    let clock = Clock::start();
    let city = city(
        (REPEATERS, true),
        arguments.radios,
        Some(EMERGENCY_AT),
        arguments.seed,
    );
    let air_log = dir.path().join("air.jsonl");
    let log = AirLog::open(Some(&air_log))?;
    println!("starting a server in {}", dir.path().display());
    let server = Server::start(dir.path(), &city, PASSPHRASE, &modem).await?;
    let chance = (arguments.loss, arguments.seed);
    let stations = stations::start(
        clock,
        &city,
        server.master,
        PASSPHRASE,
        Some(&modem),
        chance,
        (&log, &Roll::silent()),
    )?;
    let outcome = show(&server, &city).await;
    let good = match &outcome {
        Ok(outcome) => outcome.kept(&city),
        Err(_) => false,
    };
    if !arguments.check && outcome.is_ok() {
        look_further(&server, dir.path());
        tokio::signal::ctrl_c().await?;
    }
    drop(stations);
    let log = std::fs::read_to_string(dir.path().join("server.log")).unwrap_or_default();
    server.stop().await?;
    let outcome = outcome.inspect_err(|_| eprintln!("{log}"))?;
    if !good {
        eprintln!(
            "the demo did not keep what it promises: {:?}\n{log}",
            outcome.missed(&city)
        );
    }
    println!("{}", outcome.summary);
    Ok(good)
}

/// What happened.
struct Outcome {
    summary: String,
    answered: u64,
    received: u64,
    emergency: Value,
}

impl Outcome {
    fn kept(&self, city: &City) -> bool {
        self.missed(city).is_empty()
    }

    /// What should have happened and did not.
    fn missed(&self, city: &City) -> Vec<String> {
        let mut missed = Vec::new();
        let reached = self.answered + self.received;
        if reached != u64::from(city.radios) {
            missed.push(format!(
                "{reached} of {} radios confirmed or answered",
                city.radios
            ));
        }
        if self.answered < u64::from(city.answering) * 9 / 10 {
            missed.push(format!(
                "{} of {} users answered",
                self.answered, city.answering
            ));
        }
        for step in ["acknowledged_at", "taken_at", "closed_at"] {
            if self.emergency.get(step).is_none_or(Value::is_null) {
                missed.push(format!("the emergency is not {step}"));
            }
        }
        missed
    }
}

async fn show(server: &Server, city: &City) -> anyhow::Result<Outcome> {
    let api = Api::new(&server.url, &server.token)?;
    api.post_csv("roster?replace=true", city.roster.clone())
        .await?;
    println!(
        "roster imported: {} radios on {} stations",
        city.radios,
        city.stations.len()
    );
    let made = api
        .post("tokens", &json!({ "name": "王指挥", "role": "supervisor" }))
        .await?;
    let token = made
        .get("token")
        .and_then(Value::as_str)
        .context("no token was made")?;
    let person = api.with_token(token);
    wait_for_stations(&api, city).await?;
    let body = json!({
        "text": TEXT, "precedence": "flash", "ask": "acknowledgement", "targets": ["all"],
    });
    let receipt = person.post("alerts", &body).await?;
    let id = receipt
        .get("id")
        .and_then(Value::as_str)
        .context("the alert has no id")?
        .to_owned();
    println!("flash alert {id} is on record: {TEXT}");
    let (alert, emergency) = watch(&person, &id, city).await?;
    let count = |name: &str| {
        alert
            .pointer(&format!("/counts/{name}"))
            .and_then(Value::as_u64)
            .unwrap_or(0)
    };
    let received = count("received") + count("read");
    let sent = count("sent") + count("accepted");
    let ends = ["failed", "expired", "cancelled", "superseded", "queued"];
    let failed: u64 = ends.iter().map(|name| count(name)).sum();
    let summary = format!(
        "answered {} received {received} transmitted {} sent {sent} failed {failed} of {}",
        count("answered"),
        count("transmitted"),
        city.radios
    );
    Ok(Outcome {
        summary,
        answered: count("answered"),
        received,
        emergency,
    })
}

async fn wait_for_stations(api: &Api, city: &City) -> anyhow::Result<()> {
    let end = tokio::time::Instant::now() + STATIONS;
    loop {
        let list = api.get("stations").await?;
        let stations = list
            .get("stations")
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default();
        let up = stations
            .iter()
            .filter(|station| station.get("up") == Some(&Value::Bool(true)))
            .count();
        if up == city.stations.len() {
            println!("all {up} stations are up");
            return Ok(());
        }
        if tokio::time::Instant::now() > end {
            bail!(
                "only {up} of {} stations came up: {list}",
                city.stations.len()
            );
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Follows the alert, and deals with the emergency as a person would, until all is done.
async fn watch(person: &Api, id: &str, city: &City) -> anyhow::Result<(Value, Value)> {
    let bar = bar(city);
    let mut told = tokio::time::Instant::now();
    let end = tokio::time::Instant::now() + PATIENCE;
    loop {
        let alert = person.get(&format!("alerts/{id}")).await?;
        let count = |name: &str| {
            alert
                .pointer(&format!("/counts/{name}"))
                .and_then(Value::as_u64)
                .unwrap_or(0)
        };
        let (answered, received) = (count("answered"), count("received") + count("read"));
        bar.set_position(answered + received);
        bar.set_message(format!("answered {answered} received {received}"));
        if bar.is_hidden() && told.elapsed() >= TELL {
            told = tokio::time::Instant::now();
            println!("answered {answered} received {received} of {}", city.radios);
        }
        let emergency = tend(person).await?;
        let closed = emergency
            .get("closed_at")
            .is_some_and(|closed| !closed.is_null());
        let done = answered >= u64::from(city.answering)
            && answered + received == u64::from(city.radios)
            && closed;
        if done || tokio::time::Instant::now() > end {
            bar.finish_and_clear();
            return Ok((alert, emergency));
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Takes an emergency that the system has acknowledged on the air, and closes one that was taken.
async fn tend(person: &Api) -> anyhow::Result<Value> {
    let list = person.get("emergencies").await?;
    let first = list
        .get("emergencies")
        .and_then(Value::as_array)
        .and_then(|all| all.first())
        .cloned();
    let Some(emergency) = first else {
        return Ok(Value::Null);
    };
    let is = |name: &str| emergency.get(name).is_some_and(|value| !value.is_null());
    let Some(id) = emergency.get("id").and_then(Value::as_str) else {
        return Ok(Value::Null);
    };
    if is("acknowledged_at") && !is("taken_at") {
        println!(
            "radio {} says EMERGENCY; 王指挥 takes it",
            emergency.get("radio").unwrap_or(&Value::Null)
        );
        person
            .post(&format!("emergencies/{id}/take"), &json!({}))
            .await?;
    } else if is("taken_at") && !is("closed_at") {
        person
            .post(
                &format!("emergencies/{id}/close"),
                &json!({ "because": "人员已找到,平安" }),
            )
            .await?;
        println!("王指挥 closes the emergency with a reason");
    }
    Ok(emergency)
}

fn bar(city: &City) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} {msg}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(u64::from(city.radios)).with_style(style)
}

fn look_further(server: &Server, dir: &Path) {
    let (url, token, config) = (&server.url, &server.token, server.config.display());
    println!(
        "
The server goes on until Ctrl-C. Look further:
  export NARROWCAST_SERVER={url} NARROWCAST_TOKEN={token}
  target/debug/narrowcast alert list
  target/debug/narrowcast station list
  target/debug/narrowcast alert send '请回电' --to all --ask receipt
  curl -N -H \"Authorization: Bearer $NARROWCAST_TOKEN\" {url}/api/v1/events
configuration: {config}
on the air:    {}
server log:    {}
",
        dir.join("air.jsonl").display(),
        dir.join("server.log").display()
    );
}
