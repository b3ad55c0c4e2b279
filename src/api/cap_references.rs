//! Which alerts a CAP message is about. A CAP name is the idempotency key under which its alert
//! was submitted, and the ledger keeps that with the alert: so it is known after a restart.

use axum::http::StatusCode;
use narrowcast_protocol::warning::cap;

use crate::api::auth::Bearer;
use crate::api::problem::Problem;
use crate::api::router::Api;
use crate::engine::io::{Refusal, Request, Response};
use crate::engine::views::AlertView;
use crate::model::cap::key;
use crate::model::ids::AlertId;

/// The field of every problem with references.
const REFERENCES: &str = "references";

/// Most characters of a sender that a sentence repeats.
const SENDER: usize = 100;

/// Live alerts that a Cancel is about; at least one.
pub(super) async fn live(
    api: &Api,
    bearer: &Bearer,
    alert: &cap::Alert,
    exercise: bool,
) -> Result<Vec<AlertId>, Problem> {
    if !alert.references.iter().any(|it| it.sender == alert.sender) {
        return Err(Problem::invalid(
            REFERENCES,
            format!(
                "no message of {} is named; only its own sender may cancel a message",
                alert
                    .sender
                    .as_str()
                    .chars()
                    .take(SENDER)
                    .collect::<String>()
            ),
        ));
    }
    let known = known(api, bearer, alert).await?;
    if known.is_empty() {
        return Err(none(
            "no alert that is known here came from what the Cancel references",
        ));
    }
    let live: Vec<AlertView> = known
        .into_iter()
        .filter(|it| it.ended_at.is_none())
        .collect();
    if live.is_empty() {
        return Err(over());
    }
    alike(live, exercise)
}

/// Live alerts whose place an Update takes; there may be none.
pub(super) async fn superseded(
    api: &Api,
    bearer: &Bearer,
    alert: &cap::Alert,
    exercise: bool,
) -> Result<Vec<AlertId>, Problem> {
    let known = known(api, bearer, alert).await?;
    let live = known.into_iter().filter(|it| it.ended_at.is_none());
    alike(live.collect(), exercise)
}

/// Alerts in memory, from the asker's node or below, of the messages of the same sender that are
/// referenced.
async fn known(api: &Api, bearer: &Bearer, alert: &cap::Alert) -> Result<Vec<AlertView>, Problem> {
    let own = alert
        .references
        .iter()
        .filter(|it| it.sender == alert.sender);
    let keys = own.map(key).collect();
    match api.ask(bearer, Request::AlertsOfKeys(keys)).await? {
        Response::Alerts(known) => Ok(known),
        _ => Err(Problem::unexpected()),
    }
}

/// A drill ends only drills, and what is meant only what is meant.
fn alike(live: Vec<AlertView>, exercise: bool) -> Result<Vec<AlertId>, Problem> {
    if let Some(other) = live.iter().find(|it| it.exercise != exercise) {
        let (own, its) = if exercise {
            ("Exercise", "Actual")
        } else {
            ("Actual", "Exercise")
        };
        let why = format!(
            "the alert {} is {its}, and this message is {own}; send it with the same status",
            other.id
        );
        return Err(Problem::invalid(REFERENCES, why));
    }
    Ok(live.into_iter().map(|it| it.id).collect())
}

/// Cancels alerts, and says which were live until then.
pub(super) async fn cancel(
    api: &Api,
    bearer: &Bearer,
    alerts: Vec<AlertId>,
    because: &str,
) -> Result<Vec<String>, Problem> {
    let mut cancelled = Vec::new();
    for alert in alerts {
        let because = because.to_owned();
        let request = Request::Cancel { alert, because };
        match api.backend.ask(bearer.0.clone(), request).await? {
            Ok(_) => cancelled.push(alert.to_string()),
            // It ended since it was looked for.
            Err(Refusal::Conflict(_) | Refusal::NotFound(_)) => {}
            Err(refusal) => return Err(refusal.into()),
        }
    }
    Ok(cancelled)
}

/// What the Cancel references is known, and over.
pub(super) fn over() -> Problem {
    none("the alert that came from what the Cancel references is over already")
}

fn none(why: &str) -> Problem {
    let mut problem = Problem::new(StatusCode::NOT_FOUND, "not-found", "Not found", why);
    problem.field = Some(REFERENCES.to_owned());
    problem
}
