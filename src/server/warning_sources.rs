//! Starts a task for each directory and feed that warnings come from. Its documents have the role
//! and node of the configuration, and pass the checks that a token's pass.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use reqwest::header::HeaderValue;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::api::backend::Backend;
use crate::api::warning;
use crate::bridge::platform::source::feed::{Feed, FeedConfig};
use crate::bridge::platform::source::folder::Folder;
use crate::bridge::platform::source::{Intake, Taking, Verdict};
use crate::config::{CapSourceTable, Config};
use crate::engine::io::Credential;
use crate::model::cap::CapRules;
use crate::model::token::Principal;
use crate::observe::metrics::Metrics;
use crate::observe::sources::SourceLabel;
use crate::server::ServerError;
use crate::server::commands::identity;

/// Sources that are made and not started.
pub(super) struct Sources(Vec<(CapSourceTable, Reader)>);

enum Reader {
    Folder(Folder),
    Feed(Box<Feed>),
}

/// Makes the sources.
pub(super) fn all(config: &Config) -> Result<Sources, ServerError> {
    let directory = config.server.state_dir.join("sources");
    let sources = config.cap.source.iter().map(|table| {
        let reader = reader(table, &directory).map_err(|why| ServerError::Source {
            name: table.name.clone(),
            why,
        })?;
        Ok((table.clone(), reader))
    });
    Ok(Sources(sources.collect::<Result<_, ServerError>>()?))
}

fn reader(table: &CapSourceTable, seen: &Path) -> Result<Reader, String> {
    let every = table.pause();
    let url = match (&table.directory, &table.url) {
        (Some(path), _) => {
            return Ok(Reader::Folder(Folder {
                name: table.name.clone(),
                path: path.clone(),
                every,
            }));
        }
        (None, url) => url.clone().unwrap_or_default(),
    };
    let ca = table.ca.as_ref().map(std::fs::read).transpose();
    let token = table.token.as_ref().map(|token| {
        let mut value = HeaderValue::from_str(&format!("Bearer {}", token.expose()))?;
        value.set_sensitive(true);
        Ok(value)
    });
    let token = token.transpose();
    let token: Result<_, reqwest::header::InvalidHeaderValue> = token;
    let feed = Feed::new(
        FeedConfig {
            name: table.name.clone(),
            url: url.parse().map_err(|error| format!("`{url}`: {error}"))?,
            every,
            allow_private: table.allow_private,
            ca: ca.map_err(|error| format!("its ca cannot be read: {error}"))?,
            token: token.map_err(|error| format!("its token cannot be sent: {error}"))?,
        },
        seen,
    );
    Ok(Reader::Feed(Box::new(
        feed.map_err(|error| error.to_string())?,
    )))
}

impl Sources {
    /// Starts them.
    pub(super) fn start(
        self,
        backend: &Backend,
        rules: &Arc<CapRules>,
        metrics: &Arc<Metrics>,
        shutdown: &CancellationToken,
    ) -> Vec<JoinHandle<()>> {
        let tasks = self.0.into_iter().map(|(table, reader)| {
            let intake = intake(&table, backend, rules, metrics);
            let shutdown = shutdown.clone();
            tokio::spawn(async move {
                match reader {
                    Reader::Folder(folder) => folder.run(intake, shutdown).await,
                    Reader::Feed(feed) => feed.run(intake, shutdown).await,
                }
            })
        });
        tasks.collect()
    }
}

fn intake(
    table: &CapSourceTable,
    backend: &Backend,
    rules: &Arc<CapRules>,
    metrics: &Arc<Metrics>,
) -> Intake {
    let who = table.role.map(|role| Principal {
        token: identity("cap", &table.name),
        name: format!("cap:{}", table.name),
        role,
        node: table.node.clone(),
    });
    let (backend, rules, counted) = (backend.clone(), Arc::clone(rules), Arc::clone(metrics));
    let name = table.name.clone();
    let take = move |document: Vec<u8>| -> Taking {
        let (backend, rules, who) = (backend.clone(), Arc::clone(&rules), who.clone());
        let (metrics, name) = (Arc::clone(&counted), name.clone());
        Box::pin(async move {
            let verdict = verdict(&backend, &rules, who, document).await;
            metrics
                .sources
                .count(SourceLabel::of(&name), verdict_word(&verdict));
            verdict
        })
    };
    let (metrics, name) = (Arc::clone(metrics), table.name.clone());
    let was_failing = AtomicBool::new(false);
    let failing = move |why: Option<String>| {
        metrics
            .sources
            .failing(SourceLabel::of(&name), why.is_some());
        match (was_failing.swap(why.is_some(), Ordering::Relaxed), why) {
            (false, Some(why)) => {
                warn!(source = %name, %why, "a source of warnings cannot be read")
            }
            (true, None) => info!(source = %name, "a source of warnings can be read again"),
            _ => {}
        }
    };
    Intake {
        take: Arc::new(take),
        failing: Arc::new(failing),
    }
}

const fn verdict_word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Taken(_) => "taken",
        Verdict::Refused(_) => "refused",
        Verdict::Later { .. } => "later",
    }
}

async fn verdict(
    backend: &Backend,
    rules: &Arc<CapRules>,
    who: Option<Principal>,
    document: Vec<u8>,
) -> Verdict {
    let Some(who) = who else {
        return Verdict::Refused(
            "documents of this source are refused: its table [[cap.source]] has no `role`"
                .to_owned(),
        );
    };
    let credential = Credential::Source(Box::new(who));
    match warning::take(backend, rules, &credential, document).await {
        Ok(body) => Verdict::Taken(match body.alert {
            Some(alert) => format!("{}: {}, alert {}", body.message, body.said, alert.id),
            None => format!("{}: {}", body.message, body.said),
        }),
        Err(problem) if problem.may_pass() => Verdict::Later {
            retry_after: problem.retry_after,
            why: problem.to_string(),
        },
        Err(problem) => Verdict::Refused(problem.to_string()),
    }
}
