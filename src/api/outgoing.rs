//! Alerts as documents, in CAP and in the national form: the same for whoever asks for one and for
//! the sinks that are fed them.

use std::sync::Arc;

use tokio::task::spawn_blocking;

use crate::api::backend::{Backend, Unavailable};
use crate::api::endings::{Ending, TakenBack};
use crate::api::problem::Problem;
use crate::api::shared::Api;
use crate::api::sight::Sight;
use crate::api::written::{Said, Unwritable};
use crate::api::{history, kept};
use crate::engine::views::AlertView;
use crate::model::cap::CapRules;
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
    /// The form cannot say it.
    #[error(transparent)]
    Never(Unwritable),
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
            Unwritten::Never(why) => why.into(),
        }
    }
}

/// What a document says of its alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Occasion {
    /// That it was accepted.
    Accepted,
    /// That it was taken back.
    TakenBack(Ending),
}

/// Whether the document of what took the place of an alert that came as `came_as`, and is seen
/// whole, names it. No national form is made of an Update of CAP that would.
fn named_by_the_next(form: WarningForm, came_as: Option<WarningForm>) -> bool {
    match form {
        WarningForm::Cap => came_as.is_some(),
        WarningForm::Cpeas => came_as == Some(WarningForm::Cpeas),
    }
}

/// When whoever has this view of an alert is told that it is over, if so. Of a warning that
/// another took the place of, the other one says it; but whoever sees parts only sees no references.
pub(super) async fn over_at(
    api: &Api,
    form: WarningForm,
    view: &AlertView,
) -> Result<Option<Wall>, Unavailable> {
    let Some(ended_at) = view.ended_at else {
        return Ok(None);
    };
    let by = if view.counts.cancelled > 0 {
        Some((TakenBack::Cancelled, ended_at))
    } else if view.counts.superseded > 0 {
        Some((TakenBack::Superseded, ended_at))
    } else if view.part || view.came_as.is_some() {
        // Its deliveries, or those of this share, had all settled before.
        let ending = api.endings.of(&api.backend, view.id).await?;
        ending.map(|ending| (ending.by, ending.at))
    } else {
        None
    };
    let came_as = view.came_as.filter(|_| !view.part);
    Ok(match by {
        Some((TakenBack::Superseded, _)) if named_by_the_next(form, came_as) => None,
        by => by.map(|(_, at)| at),
    })
}

/// The document of an alert as it is viewed.
pub(super) async fn viewed(
    api: &Api,
    form: WarningForm,
    view: &AlertView,
) -> Result<String, Unwritten> {
    let said = Said {
        id: view.id,
        words: view.words(),
        targets: view.targets.clone(),
        precedence: view.precedence,
        exercise: view.exercise,
        accepted_at: view.accepted_at,
        expires_at: view.expires_at,
        over_at: over_at(api, form, view).await?,
    };
    // The document may name others than the asker's own.
    let came_as = view.came_as.filter(|_| !view.part);
    written(&api.backend, &api.cap, form, said, came_as).await
}

/// The document with which `sight` is told of an alert; none if it sees nothing of it, or there is
/// nothing to tell.
pub(crate) async fn told(
    backend: &Backend,
    (form, rules): (WarningForm, &Arc<CapRules>),
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
    let over_at = match occasion {
        Occasion::Accepted => None,
        Occasion::TakenBack(ending) => {
            if ending.by == TakenBack::Superseded && named_by_the_next(form, came_as) {
                return Ok(None);
            }
            Some(ending.at)
        }
    };
    let targets = share.targets(&alert.targets, sight.node());
    let said = Said {
        id,
        targets: targets.iter().map(ToString::to_string).collect(),
        words: alert.words(),
        precedence: alert.precedence,
        exercise: alert.exercise,
        accepted_at: alert.accepted_at,
        expires_at: alert.expires_at,
        over_at,
    };
    let xml = written(backend, rules, form, said, came_as).await?;
    Ok(Some(xml))
}

/// The document: with all that the message said that the alert was made of, if there was one.
async fn written(
    backend: &Backend,
    rules: &Arc<CapRules>,
    form: WarningForm,
    said: Said,
    came_as: Option<WarningForm>,
) -> Result<String, Unwritten> {
    let kept = match came_as {
        Some(form) => kept::document(backend, said.id)
            .await?
            .map(|document| (form, document)),
        None => None,
    };
    let rules = Arc::clone(rules);
    // A large document takes its time.
    let work = spawn_blocking(move || said.written(form, &rules, kept));
    let xml = work.await.map_err(|_| Problem::unexpected())?;
    xml.map_err(Unwritten::Never)
}
