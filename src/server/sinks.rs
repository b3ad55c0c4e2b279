//! Starts a task for each sink of the configuration.

use std::sync::{Arc, Mutex};

use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::api::backend::{Backend, SinkDesk};
use crate::bridge::platform::cursor::CursorFile;
use crate::bridge::platform::signature::Secret;
use crate::bridge::platform::sink::{Sink, Start};
use crate::bridge::platform::webhook::{Webhook, WebhookConfig};
use crate::config::{Config, SinkStart, WebhookTable};
use crate::model::ids::Seq;
use crate::model::sink::{SinkCommand, SinkStatus};
use crate::server::ServerError;
use crate::server::sink_feed::SinkSight;

/// What people tell a sink may wait so long in line.
const COMMANDS: usize = 8;

/// Sinks that are made and not started.
pub(super) struct Sinks {
    sinks: Vec<(Sink, SinkSight, mpsc::Receiver<SinkCommand>)>,
}

/// Makes the sinks, and the desks at which they are asked.
pub(super) fn all(config: &Config) -> Result<(Sinks, Vec<SinkDesk>), ServerError> {
    let (mut sinks, mut desks) = (Vec::new(), Vec::new());
    for table in &config.webhook {
        let fault = |why: String| ServerError::Sink {
            name: table.name.clone(),
            why,
        };
        let webhook = webhook(table).map_err(fault)?;
        let status = Arc::new(Mutex::new(SinkStatus::default()));
        let (commands, commands_end) = mpsc::channel(COMMANDS);
        desks.push(SinkDesk {
            name: table.name.clone(),
            kind: "webhook",
            node: table.node.clone(),
            status: Arc::clone(&status),
            commands,
        });
        let sink = Sink {
            name: table.name.clone(),
            start: match table.from {
                SinkStart::Now => Start::Now,
                SinkStart::Beginning => Start::Beginning,
                SinkStart::At(seq) => Start::At(Seq(seq)),
            },
            heartbeat: (!table.heartbeat.is_zero()).then_some(table.heartbeat),
            webhook,
            file: CursorFile::of(&config.server.state_dir.join("sinks"), &table.name),
            status,
        };
        let sight = SinkSight {
            node: table.node.clone(),
            personal: table.personal_data,
            kind: "webhook",
        };
        sinks.push((sink, sight, commands_end));
    }
    Ok((Sinks { sinks }, desks))
}

fn webhook(table: &WebhookTable) -> Result<Webhook, String> {
    let secrets = [&table.secret, &table.old_secret].into_iter().flatten();
    let secrets = secrets.map(|secret| Secret::new(secret.expose()));
    let secrets = secrets
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| format!("its secret cannot be used: {error}"))?;
    let ca = table
        .ca
        .as_ref()
        .map(|path| std::fs::read(path).map_err(|error| format!("{}: {error}", path.display())));
    let url = table
        .url
        .parse()
        .map_err(|error| format!("`{}`: {error}", table.url))?;
    Webhook::new(WebhookConfig {
        url,
        secrets,
        allow_private: table.allow_private,
        ca: ca.transpose()?,
    })
    .map_err(|error| error.to_string())
}

impl Sinks {
    /// Starts them.
    pub(super) fn start(
        self,
        backend: &Backend,
        jurisdiction: &str,
        shutdown: &CancellationToken,
    ) -> Vec<JoinHandle<()>> {
        let start = |(sink, sight, commands): (Sink, SinkSight, _)| {
            let name = sink.name.clone();
            let feed = sight.feed(&name, backend, jurisdiction);
            let run = sink.run(feed, commands, shutdown.clone());
            tokio::spawn(async move {
                if let Err(error) = tokio::spawn(run).await {
                    warn!(sink = %name, %error, "a sink's task ended");
                }
            })
        };
        self.sinks.into_iter().map(start).collect()
    }
}
