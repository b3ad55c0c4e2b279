//! CAP 1.2: documents that become alerts, and alerts as documents.

use axum::Json;
use axum::extract::{Request as HttpRequest, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response as HttpResponse};
use narrowcast_protocol::warning::cap::{self, Class, Layout, MsgType, Status};
use narrowcast_protocol::warning::text::one_line;
use narrowcast_protocol::warning::xml::{MAX_OCTETS, Strictness};
use sha2::{Digest, Sha256};
use tokio::task::spawn_blocking;
use tracing::info;

use crate::api::auth::{Bearer, May, Sends};
use crate::api::body::{CapBody, ReceiptBody};
use crate::api::extract::{Named, media_type, unsupported};
use crate::api::problem::Problem;
use crate::api::router::Api;
use crate::api::{alert, cap_references};
use crate::engine::io::{Receipt, Request, Response, Submit};
use crate::model::cap::{Mapped, Outgoing, key, map};
use crate::model::ids::AlertId;
use crate::model::text;
use crate::model::wall::Wall;

/// The media type of CAP.
const CAP: &str = "application/cap+xml";
/// Most characters of a note that the log repeats.
const NOTE: usize = 300;
/// Most characters of what areas have hit that the log says.
const MATCHED: usize = 2_000;

/// Take in a CAP 1.2 document with one alert. An Alert or Update becomes an alert (`201`; the same
/// document again gets the first answer, a changed one under the same name `409`). An Update
/// cancels the alerts of the messages that it references, a Cancel does only that (`404` if none
/// of them is live). Ack and Error are noted in the log.
#[utoipa::path(post, path = "/api/v1/cap", tag = "cap", security(("token" = [])),
    request_body(content((String = "application/cap+xml"), (String = "application/xml"), (String = "text/xml"))),
    responses((status = 200, body = CapBody), (status = 201, body = CapBody), (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem), (status = 507, body = Problem)))]
pub(super) async fn take(
    State(api): State<Api>,
    May(bearer, _): May<Sends>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let kind = media_type(request.headers());
    if ![CAP, "application/xml", "text/xml"].contains(&kind.as_str()) {
        return Err(unsupported(CAP));
    }
    let held = api.bodies.read(request, MAX_OCTETS).await?;
    let read = spawn_blocking(move || {
        let hash: [u8; 32] = Sha256::digest(&held.bytes).into();
        read(&held.bytes).map(|alert| (alert, hash))
    });
    let (alert, hash) = read.await.map_err(|_| Problem::unexpected())??;
    let exercise = match alert.status {
        Status::Actual => false,
        Status::Exercise => true,
        status @ (Status::System | Status::Test | Status::Draft) => {
            return Err(Problem::invalid(
                "status",
                format!("{status} is never sent to anybody; send Actual or Exercise"),
            ));
        }
    };
    let mut body = CapBody {
        message: text::shown(&alert.id().to_string()),
        said: String::new(),
        alert: None,
        cancelled: Vec::new(),
        unknown_areas: Vec::new(),
    };
    match alert.msg_type {
        MsgType::Ack | MsgType::Error => {
            let note: String = one_line(alert.note.as_deref().unwrap_or_default())
                .chars()
                .take(NOTE)
                .collect();
            info!(message = %body.message, kind = %alert.msg_type, note = %text::shown(&note), "CAP");
            body.said = format!("{} is noted in the log", alert.msg_type);
            Ok(Json(body).into_response())
        }
        MsgType::Cancel => {
            let live = cap_references::live(&api, &bearer, &alert, exercise).await?;
            let because = because(&alert);
            body.cancelled = cap_references::cancel(&api, &bearer, live, &because).await?;
            if body.cancelled.is_empty() {
                return Err(cap_references::over());
            }
            body.said = "cancelled".to_owned();
            Ok(Json(body).into_response())
        }
        MsgType::Alert => {
            let (receipt, unknown) = submit(&api, &bearer, &alert, hash, exercise).await?;
            "submitted".clone_into(&mut body.said);
            body.unknown_areas = unknown;
            Ok(created(body, receipt))
        }
        MsgType::Update => {
            // Whether they may be replaced is said before anything is sent.
            let live = cap_references::superseded(&api, &bearer, &alert, exercise).await?;
            let (receipt, unknown) = submit(&api, &bearer, &alert, hash, exercise).await?;
            let because = format!("superseded by {}", receipt.id);
            body.cancelled = cap_references::cancel(&api, &bearer, live, &because).await?;
            body.said = if body.cancelled.is_empty() {
                "submitted; nothing live was referenced, so that it is new".to_owned()
            } else {
                "submitted, in place of what it references".to_owned()
            };
            body.unknown_areas = unknown;
            Ok(created(body, receipt))
        }
    }
}

fn created(mut body: CapBody, receipt: Receipt) -> HttpResponse {
    let location = format!("/api/v1/alerts/{}", receipt.id);
    body.alert = Some(ReceiptBody::from(receipt));
    (
        StatusCode::CREATED,
        [(header::LOCATION, location)],
        Json(body),
    )
        .into_response()
}

/// The one alert of a document, if intake may take it.
fn read(bytes: &[u8]) -> Result<cap::Alert, Problem> {
    let refused = |why: String| {
        let title = "The document is no CAP alert that can be taken";
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "cap", title, why)
    };
    let document =
        cap::read(bytes, Strictness::Strict).map_err(|refusal| refused(refusal.to_string()))?;
    let [received] = document.alerts.as_slice() else {
        let count = document.alerts.len();
        return Err(refused(format!(
            "the document holds {count} alerts; send each by itself, so that each has its own answer"
        )));
    };
    received.acceptable().cloned().ok_or_else(|| {
        let faults = received
            .of(Class::Structure)
            .chain(received.of(Class::Meaning));
        let faults: Vec<String> = faults.map(ToString::to_string).collect();
        refused(faults.join("; "))
    })
}

/// Submits what the alert becomes; also says which of its areas are not known.
async fn submit(
    api: &Api,
    bearer: &Bearer,
    alert: &cap::Alert,
    hash: [u8; 32],
    exercise: bool,
) -> Result<(Receipt, Vec<String>), Problem> {
    let now = Wall::from(jiff::Timestamp::now());
    let mapped = map(alert, &api.cap, now)
        .map_err(|error| Problem::invalid(error.element(), error.to_string()))?;
    let Mapped {
        text,
        precedence,
        targets,
        expires_at,
        matched_areas,
        unknown_areas,
    } = mapped;
    let matched: String = matched_areas.join(" | ").chars().take(MATCHED).collect();
    info!(message = %text::shown(&alert.id().to_string()), matched = %text::shown(&matched), "CAP areas");
    let submit = Submit {
        id: AlertId(api.backend.new_id()),
        text,
        precedence,
        ask: api.cap.ask.clone(),
        targets,
        expires_at: Some(expires_at),
        exercise,
        sms: true,
        station: None,
        idempotency: Some((key(&alert.id()), hash)),
    };
    let asked = api.ask(bearer, Request::Submit(submit)).await;
    let Response::Accepted(receipt) = asked.map_err(by_element)? else {
        return Err(Problem::unexpected());
    };
    Ok((receipt, unknown_areas))
}

/// A refusal by the element of the document that it is about.
fn by_element(problem: Problem) -> Problem {
    let mut problem = problem.outside_by("info/area");
    match problem.field.as_deref() {
        Some("Idempotency-Key") => {
            problem = Problem::new(
                StatusCode::CONFLICT,
                "key-reused",
                "Another document has this name",
                "another document of the same sender, identifier and sent was taken already; send \
                 a correction as an Update with an identifier of its own",
            );
            problem.field = Some("identifier".to_owned());
        }
        Some("expires_at") => problem.field = Some("info/expires".to_owned()),
        _ => {}
    }
    problem
}

/// Why a Cancel cancels: its note, or its name.
fn because(alert: &cap::Alert) -> String {
    let note = one_line(alert.note.as_deref().unwrap_or_default());
    let whole = if note.is_empty() {
        format!("cancelled by {}", alert.id())
    } else {
        format!("cancelled by CAP: {note}")
    };
    text::shown(&whole).chars().take(text::REASON).collect()
}

/// An alert as a CAP 1.2 document: an Alert, or a Cancel once it was cancelled.
#[utoipa::path(get, path = "/api/v1/alerts/{id}/cap", tag = "cap", security(("token" = [])),
    params(("id" = String, Path)),
    responses((status = 200, body = String, content_type = "application/cap+xml"), (status = 404, body = Problem)))]
pub(super) async fn show(
    State(api): State<Api>,
    bearer: Bearer,
    Named(id): Named<AlertId>,
) -> Result<HttpResponse, Problem> {
    let view = alert::seen(&api, &bearer, id).await?;
    let outgoing = Outgoing {
        id: view.id,
        text: &view.text,
        targets: &view.targets,
        precedence: view.precedence,
        exercise: view.exercise,
        accepted_at: view.accepted_at,
        expires_at: view.expires_at,
        cancelled_at: view.ended_at.filter(|_| view.counts.cancelled > 0),
    };
    let alert = outgoing.alert(&api.cap);
    let xml = alert.map_err(|_| Problem::unexpected())?;
    let xml = xml
        .to_xml(Layout::Indented)
        .map_err(|_| Problem::unexpected())?;
    Ok(([(header::CONTENT_TYPE, CAP)], xml).into_response())
}
