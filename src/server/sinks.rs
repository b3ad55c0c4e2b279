//! Starts a task for each sink of the configuration.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::api::backend::{Backend, SinkDesk};
use crate::bridge::platform::cursor::CursorFile;
use crate::bridge::platform::directory::Directory;
use crate::bridge::platform::mqtt::command::Received;
use crate::bridge::platform::mqtt::config::{Account, MqttConfig};
use crate::bridge::platform::mqtt::line::{Line, Surroundings, line};
use crate::bridge::platform::outlet::Outlet;
use crate::bridge::platform::signature::Secret;
use crate::bridge::platform::sink::{Sink, Start};
use crate::bridge::platform::webhook::{Webhook, WebhookConfig};
use crate::config::{Config, MqttTable, SinkStart, WebhookTable};
use crate::model::cap::CapRules;
use crate::model::ids::Seq;
use crate::model::sink::{SinkCommand, SinkStatus};
use crate::server::ServerError;
use crate::server::commands::{Source, take_commands};
use crate::server::sink_documents::Documents;
use crate::server::sink_feed::{SinkSight, now};

/// What people tell a sink may wait so long in line.
const COMMANDS: usize = 8;

/// Sinks that are made and not started.
pub(super) struct Sinks {
    sinks: Vec<(Sink, SinkSight, mpsc::Receiver<SinkCommand>)>,
    brokers: Vec<Broker>,
}

/// A line to a broker, and the commands that come over it.
struct Broker {
    line: Line,
    received: mpsc::Receiver<Received>,
    source: Source,
}

/// Makes the sinks, and the desks at which they are asked.
pub(super) fn all(
    config: &Config,
    rules: &Arc<CapRules>,
) -> Result<(Sinks, Vec<SinkDesk>), ServerError> {
    let mut sinks = Sinks {
        sinks: Vec::new(),
        brokers: Vec::new(),
    };
    let mut desks = Vec::new();
    let directory = config.server.state_dir.join("sinks");
    for table in &config.webhook {
        let documents = table.format.form().map(|form| Documents {
            form,
            rules: Arc::clone(rules),
        });
        let webhook = webhook(table).map_err(|why| fault(&table.name, why))?;
        let kept = Kept {
            name: &table.name,
            from: table.from,
            sight: SinkSight {
                node: table.node.clone(),
                personal: table.personal_data,
                kind: "webhook",
                documents,
            },
            heartbeat: (!table.heartbeat.is_zero()).then_some(table.heartbeat),
        };
        let outlet = Outlet::Webhook(Box::new(webhook));
        desks.push(sinks.add(kept, outlet, "webhook", &directory));
    }
    for table in &config.mqtt {
        let broker = broker(table, &config.ledger.jurisdiction);
        let broker = broker.map_err(|why| fault(&table.name, why))?;
        let made = line(table.name.clone(), broker);
        let (line, mqtt, received) = made.map_err(|error| fault(&table.name, error.to_string()))?;
        let kept = Kept {
            name: &table.name,
            from: table.from,
            sight: SinkSight {
                node: table.node.clone(),
                personal: table.personal_data,
                kind: "mqtt",
                documents: None,
            },
            // The line says that we live, by the state.
            heartbeat: None,
        };
        desks.push(sinks.add(kept, Outlet::Mqtt(mqtt), "mqtt", &directory));
        sinks.brokers.push(Broker {
            line,
            received,
            source: Source::of(table),
        });
    }
    for table in &config.cap.out {
        let kept = Kept {
            name: &table.name,
            from: table.from,
            sight: SinkSight {
                node: table.node.clone(),
                personal: false,
                kind: "directory",
                documents: Some(Documents {
                    form: table.form,
                    rules: Arc::clone(rules),
                }),
            },
            heartbeat: None,
        };
        let outlet = Outlet::Directory(Directory::new(table.directory.clone()));
        desks.push(sinks.add(kept, outlet, "directory", &directory));
    }
    Ok((sinks, desks))
}

fn fault(name: &str, why: String) -> ServerError {
    ServerError::Sink {
        name: name.to_owned(),
        why,
    }
}

/// What sinks of all kinds have in common.
struct Kept<'a> {
    name: &'a str,
    from: SinkStart,
    sight: SinkSight,
    heartbeat: Option<Duration>,
}

fn certificates(path: Option<&PathBuf>) -> Result<Option<Vec<u8>>, String> {
    path.map(|path| std::fs::read(path).map_err(|error| format!("{}: {error}", path.display())))
        .transpose()
}

fn webhook(table: &WebhookTable) -> Result<Webhook, String> {
    let secrets = [&table.secret, &table.old_secret].into_iter().flatten();
    let secrets = secrets.map(|secret| Secret::new(secret.expose()));
    let secrets = secrets
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| format!("its secret cannot be used: {error}"))?;
    let url = table
        .url
        .parse()
        .map_err(|error| format!("`{}`: {error}", table.url))?;
    Webhook::new(WebhookConfig {
        url,
        secrets,
        allow_private: table.allow_private,
        ca: certificates(table.ca.as_ref())?,
    })
    .map_err(|error| error.to_string())
}

fn broker(table: &MqttTable, jurisdiction: &str) -> Result<MqttConfig, String> {
    let address = table
        .address()
        .ok_or_else(|| format!("`{}` leads to no broker", table.url))?;
    let password = table.password.as_ref().map_or("", |it| it.expose());
    let account = table.user.as_ref().map(|user| Account {
        user: user.clone(),
        password: password.to_owned(),
    });
    Ok(MqttConfig {
        host: address.host,
        port: address.port,
        tls: address.tls,
        ca: certificates(table.ca.as_ref())?,
        client_id: client_id(jurisdiction, &table.name),
        prefix: table.prefix.clone(),
        account,
        heartbeat: (!table.heartbeat.is_zero()).then_some(table.heartbeat),
        jurisdiction: jurisdiction.to_owned(),
    })
}

/// The same after every start, and another for each jurisdiction and name. Letters and digits are
/// what every broker takes; the rest is written as its number.
fn client_id(jurisdiction: &str, name: &str) -> String {
    let safe = |text: &str| -> String {
        text.chars()
            .map(|c| match c {
                c if c.is_ascii_alphanumeric() => c.to_string(),
                c => format!("-{:x}", u32::from(c)),
            })
            .collect()
    };
    format!("narrowcast-{}--{}", safe(jurisdiction), safe(name))
}

impl Sinks {
    fn add(
        &mut self,
        kept: Kept<'_>,
        outlet: Outlet,
        kind: &'static str,
        directory: &Path,
    ) -> SinkDesk {
        let status = Arc::new(Mutex::new(SinkStatus::default()));
        let (commands, commands_end) = mpsc::channel(COMMANDS);
        let node = kept.sight.node.clone();
        let sink = Sink {
            name: kept.name.to_owned(),
            start: match kept.from {
                SinkStart::Now => Start::Now,
                SinkStart::Beginning => Start::Beginning,
                SinkStart::At(seq) => Start::At(Seq(seq)),
            },
            heartbeat: kept.heartbeat,
            documents: kept.sight.documents.is_some(),
            outlet,
            file: CursorFile::of(directory, kept.name),
            status: Arc::clone(&status),
        };
        self.sinks.push((sink, kept.sight, commands_end));
        SinkDesk {
            name: kept.name.to_owned(),
            kind,
            node,
            status,
            commands,
        }
    }

    /// Starts them.
    pub(super) fn start(
        self,
        backend: &Backend,
        jurisdiction: &str,
        shutdown: &CancellationToken,
    ) -> Vec<JoinHandle<()>> {
        let mut tasks = Vec::new();
        for (sink, sight, commands) in self.sinks {
            let name = sink.name.clone();
            let feed = sight.feed(&name, backend, jurisdiction);
            let run = sink.run(feed, commands, shutdown.clone());
            tasks.push(watched(name, run));
        }
        for broker in self.brokers {
            let around = Surroundings {
                durable: backend.durable.clone(),
                wall: now,
            };
            let name = broker.source.name().to_owned();
            let run = broker.line.run(around, shutdown.clone());
            tasks.push(watched(name.clone(), run));
            let run = take_commands(
                broker.received,
                broker.source,
                backend.clone(),
                shutdown.clone(),
            );
            tasks.push(watched(name, run));
        }
        tasks
    }
}

fn watched(name: String, run: impl Future<Output = ()> + Send + 'static) -> JoinHandle<()> {
    tokio::spawn(async move {
        if let Err(error) = tokio::spawn(run).await {
            warn!(sink = %name, %error, "a sink's task ended");
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_id_is_of_letters_and_tells_names_apart() {
        assert_eq!(client_id("city", "platform"), "narrowcast-city--platform");
        assert_ne!(client_id("a-b", "c"), client_id("a", "b-c"));
        assert!(client_id("市", "省 1").is_ascii());
    }
}
