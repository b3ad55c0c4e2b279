//! The ledger as a file, retention, the walk over the whole of it, and what follows a salvage.

use axum::Json;
use axum::body::Body as HttpBody;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use futures_util::stream;

use crate::api::auth::{Administers, Bearer, May, principal};
use crate::api::body::{DoneBody, ScrubBody, TrimBody};
use crate::api::extract::Body;
use crate::api::problem::Problem;
use crate::api::shared::Api;
use crate::engine::io::Request;
use crate::ledger::LedgerError;
use crate::ledger::export;
use crate::model::ids::Seq;
use crate::model::roster::Node;
use crate::model::token::{Principal, Right};

const PAGE: usize = 512;

/// The whole ledger as JSON lines that `narrowcast ledger import` reads and `narrowcast verify`
/// checks. The stream breaks off when a record is missing or the ledger fails; compare its last
/// `seq` with `/health`.
#[utoipa::path(post, path = "/api/v1/ledger/export", tag = "ledger", security(("token" = [])),
    responses((status = 200, body = String, content_type = "application/x-ndjson"), (status = 403, body = Problem)))]
pub(super) async fn export_all(
    State(api): State<Api>,
    bearer: Bearer,
) -> Result<impl IntoResponse, Problem> {
    of_the_root(&principal(&api, &bearer, Right::Administer).await?)?;
    let up_to = *api.backend.durable.borrow();
    let lines = stream::try_unfold(
        (api, None),
        move |(api, next): (Api, Option<Seq>)| async move {
            if next.is_some_and(|next| next > up_to) {
                return Ok::<_, std::io::Error>(None);
            }
            let page = api.backend.stored(next.unwrap_or(Seq(0)), PAGE).await;
            let page = page.map_err(std::io::Error::other)?;
            let mut text = String::new();
            let mut expected = next;
            for stored in page.iter().take_while(|stored| stored.seq <= up_to) {
                if expected.is_some_and(|expected| expected != stored.seq) {
                    let why = "records were trimmed meanwhile: export again".to_owned();
                    let seq = stored.seq;
                    return Err(std::io::Error::other(LedgerError::Chain { seq, why }));
                }
                text.push_str(&export::line(stored).map_err(std::io::Error::other)?);
                text.push('\n');
                expected = Some(stored.seq.next());
            }
            Ok((!text.is_empty()).then_some((text, (api, expected))))
        },
    );
    let media_type = [(CONTENT_TYPE, "application/x-ndjson")];
    Ok((media_type, HttpBody::from_stream(lines)))
}

/// The ledger holds the facts of every node.
fn of_the_root(who: &Principal) -> Result<(), Problem> {
    if who.node == Node::root() {
        return Ok(());
    }
    Err(Problem::new(
        StatusCode::FORBIDDEN,
        "outside-node",
        "Outside the token's node",
        format!(
            "the ledger holds the facts of every node, and this token's is {}: \
             an administrator of the whole tree can do this",
            who.node
        ),
    ))
}

/// Trim the ledger: what is still needed is stated again, the rest is removed.
#[utoipa::path(post, path = "/api/v1/ledger/trim", tag = "ledger", security(("token" = [])),
    request_body = TrimBody,
    responses((status = 200, body = DoneBody), (status = 403, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn trim(
    State(api): State<Api>,
    May(bearer, _): May<Administers>,
    Body(body): Body<TrimBody>,
) -> Result<Json<DoneBody>, Problem> {
    of_the_root(&principal(&api, &bearer, Right::Administer).await?)?;
    let up_to = Seq(body.up_to);
    let page = api.backend.read(up_to, 1).await?;
    let record = page.first().filter(|record| record.seq == up_to);
    let hash = record
        .map(|record| record.hash)
        .ok_or_else(|| Problem::invalid("up_to", format!("there is no fact {up_to}")))?;
    api.done(&bearer, Request::Trim { up_to, hash }).await
}

/// Check the whole ledger now, slowly, while the server runs. How far it is, and what it found,
/// stands in `/health`. Nothing changes if a check is under way.
#[utoipa::path(post, path = "/api/v1/ledger/scrub", tag = "ledger", security(("token" = [])),
    responses((status = 200, body = ScrubBody), (status = 403, body = Problem)))]
pub(super) async fn scrub(
    State(api): State<Api>,
    bearer: Bearer,
) -> Result<Json<ScrubBody>, Problem> {
    of_the_root(&principal(&api, &bearer, Right::Administer).await?)?;
    let state = ScrubBody::of(&api.backend.scrub.state.borrow());
    if state.running.is_none() {
        api.backend.scrub.begin.notify_one();
    }
    Ok(Json(state))
}

/// Take note of what salvages of the ledger could not recover: the server is no longer degraded
/// because of them.
#[utoipa::path(post, path = "/api/v1/ledger/salvage/acknowledge", tag = "ledger", security(("token" = [])),
    responses((status = 200, body = DoneBody), (status = 403, body = Problem), (status = 409, body = Problem)))]
pub(super) async fn acknowledge_salvage(
    State(api): State<Api>,
    bearer: Bearer,
) -> Result<Json<DoneBody>, Problem> {
    api.done(&bearer, Request::AcknowledgeSalvage).await
}
