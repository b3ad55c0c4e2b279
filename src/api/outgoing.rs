//! Alerts as CAP documents: the same for whoever asks for one and for the sinks that are fed them.

use narrowcast_protocol::warning::cap::Layout;
use tokio::task::spawn_blocking;

use crate::api::backend::{Backend, Unavailable};
use crate::api::problem::Problem;
use crate::api::sight::Sight;
use crate::api::{history, kept};
use crate::engine::views::AlertView;
use crate::model::cap::{CapRules, Outgoing, as_it_came};
use crate::model::ids::AlertId;
use crate::model::sight::Share;
use crate::model::wall::Wall;
use crate::model::warning::WarningForm;

/// Why there is no document.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unwritten {
    /// It may be written later.
    #[error("{}", .0.detail)]
    Later(Box<Problem>),
    /// CAP cannot say it.
    #[error("it cannot be written as CAP: {0}")]
    Never(String),
}

impl From<Problem> for Unwritten {
    fn from(problem: Problem) -> Self {
        Self::Later(Box::new(problem))
    }
}

impl From<Unavailable> for Unwritten {
    fn from(why: Unavailable) -> Self {
        Problem::from(why).into()
    }
}

impl From<Unwritten> for Problem {
    fn from(why: Unwritten) -> Self {
        match why {
            Unwritten::Later(problem) => *problem,
            Unwritten::Never(_) => Self::unexpected(),
        }
    }
}

/// What a document says of its alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Occasion {
    /// That it was accepted.
    Accepted,
    /// That it was cancelled then.
    Cancelled(Wall),
    /// That another has taken its place then.
    Superseded(Wall),
}

/// When whoever has this view of an alert is told that it is cancelled, if so. Of a warning that
/// another took the place of, the other one says it; but whoever sees parts only sees no references.
pub(super) fn cancelled_at(view: &AlertView) -> Option<Wall> {
    let unreferenced = view.counts.superseded > 0 && (view.part || view.came_as.is_none());
    let ended_at = view.ended_at;
    ended_at.filter(|_| view.counts.cancelled > 0 || unreferenced)
}

/// The document of an alert as it is viewed.
pub(super) async fn viewed(
    backend: &Backend,
    rules: &CapRules,
    view: &AlertView,
) -> Result<String, Unwritten> {
    let outgoing = Outgoing {
        id: view.id,
        text: &view.text,
        targets: &view.targets,
        precedence: view.precedence,
        exercise: view.exercise,
        accepted_at: view.accepted_at,
        expires_at: view.expires_at,
        cancelled_at: cancelled_at(view),
    };
    // The document may name others than the asker's own.
    let came_as = view.came_as.filter(|_| !view.part);
    written(backend, rules, &outgoing, came_as).await
}

/// The document with which `sight` is told of an alert; none if it sees nothing of it, or there is
/// nothing to tell.
pub(crate) async fn told(
    backend: &Backend,
    rules: &CapRules,
    sight: &mut Sight,
    id: AlertId,
    occasion: Occasion,
) -> Result<Option<String>, Unwritten> {
    let Some(share) = sight.share(backend, id).await? else {
        return Ok(None);
    };
    let Some(alert) = history::accepted(backend, id).await? else {
        return Ok(None);
    };
    let came_as = alert.came_as.filter(|_| share == Share::Whole);
    let cancelled_at = match occasion {
        Occasion::Accepted => None,
        Occasion::Superseded(_) if came_as.is_some() => return Ok(None),
        Occasion::Cancelled(at) | Occasion::Superseded(at) => Some(at),
    };
    let targets = share.targets(&alert.targets, sight.node());
    let targets: Vec<String> = targets.iter().map(ToString::to_string).collect();
    let outgoing = Outgoing {
        id,
        text: &alert.text,
        targets: &targets,
        precedence: alert.precedence,
        exercise: alert.exercise,
        accepted_at: alert.accepted_at,
        expires_at: alert.expires_at,
        cancelled_at,
    };
    written(backend, rules, &outgoing, came_as).await.map(Some)
}

/// The document: with all that the message said that the alert was made of, if there was one.
async fn written(
    backend: &Backend,
    rules: &CapRules,
    outgoing: &Outgoing<'_>,
    came_as: Option<WarningForm>,
) -> Result<String, Unwritten> {
    let kept = match came_as {
        Some(form) => kept::document(backend, outgoing.id)
            .await?
            .map(|document| (form, document)),
        None => None,
    };
    // A large document takes its time.
    let original = match kept {
        Some((form, document)) => spawn_blocking(move || as_it_came(form, &document)).await,
        None => Ok(None),
    };
    let alert = match original.map_err(|_| Problem::unexpected())? {
        Some(original) => outgoing.with(original, &rules.sender),
        None => outgoing.alert(rules),
    };
    let alert = alert.map_err(|error| Unwritten::Never(error.to_string()))?;
    let xml = spawn_blocking(move || alert.to_xml(Layout::Indented)).await;
    let xml = xml.map_err(|_| Problem::unexpected())?;
    xml.map_err(|error| Unwritten::Never(error.to_string()))
}
