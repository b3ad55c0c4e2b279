//! Our own feed of warnings: Atom 1.0.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response as HttpResponse};
use narrowcast_protocol::warning::feed::{Index, Item};
use sha2::{Digest, Sha256};

use crate::api::auth::{Bearer, principal};
use crate::api::history;
use crate::api::outgoing::over_at;
use crate::api::problem::Problem;
use crate::api::shared::Api;
use crate::api::sight::Sight;
use crate::engine::io::{Request, Response};
use crate::engine::views::AlertView;
use crate::model::cap::CapRules;
use crate::model::token::Right;
use crate::model::wall::Wall;
use crate::model::warning::WarningForm;

/// Most alerts in the feed.
const ALERTS: usize = 100;
/// The media type of Atom.
const ATOM: &str = "application/atom+xml";
/// Where the feed is.
const PATH: &str = "/api/v1/cap/feed";

/// The latest alerts, live and ended, as an Atom feed: 100 at most, newest first, each with a link
/// to its CAP document. An entry is updated when its document changes to a Cancel.
#[utoipa::path(get, path = "/api/v1/cap/feed", tag = "cap", security(("token" = [])),
    params(("If-None-Match" = Option<String>, Header, description = "the `ETag` of the last answer")),
    responses((status = 200, body = String, content_type = "application/atom+xml", headers(("ETag" = String, description = "changes when the feed does"))), (status = 304, description = "the feed is as it was"), (status = 401, body = Problem)))]
pub(super) async fn feed(
    State(api): State<Api>,
    bearer: Bearer,
    headers: HeaderMap,
) -> Result<HttpResponse, Problem> {
    let request = Request::Alerts {
        before: None,
        limit: ALERTS,
    };
    let Response::Alerts(live) = api.ask(&bearer, request).await? else {
        return Err(Problem::unexpected());
    };
    let mut sight = Sight::of(principal(&api, &bearer, Right::Look).await?);
    let (views, _) = history::alerts(&api, &mut sight, live, None, ALERTS).await?;
    let mut items = Vec::with_capacity(views.len());
    for view in &views {
        let over_at = over_at(&api, WarningForm::Cap, view).await?;
        items.push(item(view, over_at, &api.cap));
    }
    let xml = index(items, &api.cap).to_xml();
    let digest = Sha256::digest(xml.as_bytes());
    let tag: String = digest
        .iter()
        .take(16)
        .map(|it| format!("{it:02x}"))
        .collect();
    let tag = format!("\"{tag}\"");
    if is_known(&headers, &tag) {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response());
    }
    let headers = [(header::CONTENT_TYPE, ATOM.to_owned()), (header::ETAG, tag)];
    Ok((headers, xml).into_response())
}

fn index(items: Vec<Item>, rules: &CapRules) -> Index {
    Index {
        id: format!("urn:narrowcast:feed:{}", in_a_name(&rules.sender)),
        title: format!("Alerts of {}", rules.sender),
        author: rules.sender.clone(),
        link: PATH.to_owned(),
        items,
    }
}

fn item(view: &AlertView, over_at: Option<Wall>, rules: &CapRules) -> Item {
    let sign = if view.exercise {
        rules.exercise_sign.as_str()
    } else {
        ""
    };
    Item {
        id: format!("urn:narrowcast:alert:{}", view.id),
        title: format!("{sign}{}", view.text),
        updated: over_at.unwrap_or(view.accepted_at).into(),
        href: format!("/api/v1/alerts/{}/cap", view.id),
    }
}

/// A sender as a part of a URN.
fn in_a_name(sender: &str) -> String {
    let plain = |octet: u8| octet.is_ascii_alphanumeric() || b"-._~@:".contains(&octet);
    sender
        .bytes()
        .map(|octet| match octet {
            octet if plain(octet) => char::from(octet).to_string(),
            octet => format!("%{octet:02X}"),
        })
        .collect()
}

/// Whether the asker has this version (RFC 9110, 13.1.2).
fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let named = headers.get_all(header::IF_NONE_MATCH).iter();
    let mut named = named
        .filter_map(|it| it.to_str().ok())
        .flat_map(|it| it.split(','));
    named.any(|it| {
        let it = it.trim();
        it == "*" || it.strip_prefix("W/").unwrap_or(it) == tag
    })
}
