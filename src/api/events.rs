//! The event stream: every fact once it is durable, in order, from where the reader left off.
//!
//! The stream reads the ledger page by page as the reader takes events; nothing is kept for a
//! slow reader, who may leave and come back with `Last-Event-ID`.

use std::collections::{BTreeSet, VecDeque};
use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::{Extension, Json};
use futures_util::stream::{self, Stream};
use serde::Deserialize;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};
use utoipa::IntoParams;

use crate::api::auth::{Bearer, principal};
use crate::api::body::{EventBody, EventPage};
use crate::api::doors::Connection;
use crate::api::extract::Asked;
use crate::api::problem::Problem;
use crate::api::shared::Api;
use crate::api::sight::Sight;
use crate::api::streams::Seat;
use crate::api::unrecorded::{self, Unrecorded};
use crate::model::facts::{Fact, Record};
use crate::model::ids::{AlertId, Seq};
use crate::model::token::Right;

const PAGE: usize = 256;
/// How often a comment is sent when nothing happens.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// How often a long stream's token is checked again.
const RECHECK: Duration = Duration::from_secs(30);
/// How long pages may fail before the stream ends, and the reader comes back. While the
/// ledger is known to be away, the stream goes on for what must be seen.
const PATIENCE: Duration = Duration::from_secs(20);

/// Which events.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct EventsQuery {
    /// From this position on; from the newest on if neither this nor `Last-Event-ID` is given.
    from: Option<u64>,
    /// Only these types, separated by commas, as in `alert_accepted,emergency_raised`. One
    /// that is no fact is `emergency_unrecorded`.
    types: Option<String>,
    /// Only facts of this alert.
    alert: Option<String>,
}

/// Facts as they become durable, as far as the token may see them: `id` is the position,
/// `event` the type, `data` an `EventBody`. An emergency that cannot be recorded comes as
/// `emergency_unrecorded`, without `id` and with an `EmergencyBody`; it comes again as
/// `emergency_raised` once it is on disk. 409 with `beyond-end`: the ledger ends before what the
/// reader has read; see "What comes after a salvage" in docs/ledger.md.
#[utoipa::path(get, path = "/api/v1/events", tag = "events", security(("token" = [])),
    params(EventsQuery, ("Last-Event-ID" = Option<u64>, Header, description = "The last event that was read")),
    responses((status = 200, body = String, content_type = "text/event-stream", description = "A stream of server-sent events that does not end; `data` of each is an `EventBody`"), (status = 401, body = Problem), (status = 409, body = Problem), (status = 429, body = Problem), (status = 503, body = Problem)))]
pub(super) async fn events(
    State(api): State<Api>,
    bearer: Bearer,
    connection: Option<Extension<Connection>>,
    headers: HeaderMap,
    Asked(query): Asked<EventsQuery>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let who = principal(&api, &bearer, Right::Look).await?;
    let from = connection.map(|Extension(connection)| connection.from());
    let seat = api.streams.seat(&who, from)?;
    let durable = api.backend.durable.clone();
    let end = *durable.borrow();
    let from = match (last_event(&headers)?, query.from) {
        (Some(last), _) if last > end => {
            return Err(Problem::beyond_end("Last-Event-ID", last, end));
        }
        (Some(last), _) => last.next(),
        (None, Some(from)) if Seq(from) > end.next() => {
            return Err(Problem::beyond_end("from", Seq(from), end));
        }
        (None, Some(from)) => Seq(from),
        (None, None) => end.next(),
    };
    let alert = query
        .alert
        .map(|text| text.parse::<AlertId>())
        .transpose()
        .map_err(|error| Problem::invalid("alert", error.to_string()))?;
    let filter = Filter {
        types: types(query.types.as_deref())?,
        alert,
    };
    let reader = Reader {
        unrecorded: Unrecorded::new(&api.backend, filter.passes_unrecorded()),
        filter,
        sight: Sight::of(who),
        // Asked again at once: it may have been revoked before the stream was known to be open.
        checked: None,
        from,
        ready: VecDeque::new(),
        durable,
        api,
        bearer,
        _seat: seat,
    };
    let stream = stream::unfold(reader, |mut reader| async move {
        let event = reader.next().await?;
        Some((Ok(event), reader))
    });
    Ok(Sse::new(stream).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)))
}

/// Which page of events.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct PageQuery {
    /// From this position on; from the beginning if none.
    from: Option<u64>,
    /// At most so many, 1 to 1000; 256 if none.
    limit: Option<usize>,
}

/// A page of events, for those that poll: what the stream gives, as far as the token may see it.
/// Ask with `?from=` the page's `next` for the one behind it; an empty page is the end for now.
#[utoipa::path(get, path = "/api/v1/events/page", tag = "events", security(("token" = [])),
    params(PageQuery),
    responses((status = 200, body = EventPage), (status = 401, body = Problem), (status = 409, body = Problem), (status = 503, body = Problem)))]
pub(super) async fn page(
    State(api): State<Api>,
    bearer: Bearer,
    Asked(query): Asked<PageQuery>,
) -> Result<Json<EventPage>, Problem> {
    let mut sight = Sight::of(principal(&api, &bearer, Right::Look).await?);
    let limit = query.limit.unwrap_or(PAGE).clamp(1, 1_000);
    let end = *api.backend.durable.borrow();
    let mut from = Seq(query.from.unwrap_or(1));
    if from > end.next() {
        return Err(Problem::beyond_end("from", from, end));
    }
    let mut events: Vec<EventBody> = Vec::new();
    // What may not be seen leaves gaps: read on until there is something, or nothing more.
    while events.is_empty() && from <= end {
        let records = api.backend.read(from, limit).await?;
        let Some(last) = records.last() else {
            from = end.next();
            break;
        };
        from = last.seq.next();
        events = sight
            .events(&api.backend, &bearer.0, records.iter())
            .await?;
    }
    Ok(Json(EventPage {
        events,
        next: from.0,
    }))
}

fn last_event(headers: &HeaderMap) -> Result<Option<Seq>, Problem> {
    let Some(value) = headers.get("last-event-id") else {
        return Ok(None);
    };
    let number = value
        .to_str()
        .ok()
        .and_then(|text| text.trim().parse().ok());
    number
        .map(|seq| Some(Seq(seq)))
        .ok_or_else(|| Problem::invalid("Last-Event-ID", "it is the `id` of an event: a number"))
}

fn types(text: Option<&str>) -> Result<BTreeSet<String>, Problem> {
    let names = text.unwrap_or_default().split(',').map(str::trim);
    let names: BTreeSet<String> = names
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect();
    match names
        .iter()
        .find(|name| !Fact::NAMES.contains(&name.as_str()) && *name != unrecorded::NAME)
    {
        Some(name) => Err(Problem::invalid(
            "types",
            format!(
                "`{}` is no type: write {} or {}",
                crate::model::text::shown(name),
                Fact::NAMES.join(", "),
                unrecorded::NAME
            ),
        )),
        None => Ok(names),
    }
}

struct Filter {
    types: BTreeSet<String>,
    alert: Option<AlertId>,
}

impl Filter {
    fn passes(&self, record: &Record) -> bool {
        (self.types.is_empty() || self.types.contains(record.fact.name()))
            && (self.alert.is_none() || self.alert == record.fact.alert())
    }

    fn passes_unrecorded(&self) -> bool {
        self.alert.is_none() && (self.types.is_empty() || self.types.contains(unrecorded::NAME))
    }
}

struct Reader {
    api: Api,
    bearer: Bearer,
    sight: Sight,
    filter: Filter,
    checked: Option<Instant>,
    from: Seq,
    ready: VecDeque<Event>,
    durable: watch::Receiver<Seq>,
    unrecorded: Unrecorded,
    _seat: Seat,
}

impl Reader {
    /// The next event; none when the stream must end.
    async fn next(&mut self) -> Option<Event> {
        let mut away_since = None;
        loop {
            if self.checked.is_none_or(|at| at.elapsed() >= RECHECK) {
                let who = principal(&self.api, &self.bearer, Right::Look).await.ok()?;
                self.sight.renew(who);
                self.checked = Some(Instant::now());
            }
            self.see_unrecorded();
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            let durable = *self.durable.borrow_and_update();
            if self.from > durable {
                tokio::select! {
                    changed = self.durable.changed() => changed.ok()?,
                    changed = self.unrecorded.changed() => changed?,
                    () = sleep(RECHECK) => {}
                }
                continue;
            }
            match self.page(durable).await {
                Ok(()) => away_since = None,
                Err(_) => {
                    let since = *away_since.get_or_insert_with(Instant::now);
                    if since.elapsed() > PATIENCE && !self.unrecorded.ledger_is_away() {
                        return None;
                    }
                    sleep(Duration::from_millis(250)).await;
                }
            }
        }
    }

    /// Emergencies overtake everything.
    fn see_unrecorded(&mut self) {
        let news = self.unrecorded.news(self.sight.node());
        news.into_iter()
            .rev()
            .for_each(|event| self.ready.push_front(event));
    }

    async fn page(&mut self, durable: Seq) -> Result<(), Problem> {
        let page = self.api.backend.read(self.from, PAGE).await?;
        let Some(last) = page.last() else {
            // Trimmed in the meantime, up to the very end.
            self.from = durable.next();
            return Ok(());
        };
        let passing = page.iter().filter(|record| self.filter.passes(record));
        let seen = self
            .sight
            .events(&self.api.backend, &self.bearer.0, passing)
            .await?;
        self.from = last.seq.next();
        self.ready.extend(seen.into_iter().map(|body| {
            let event = Event::default().id(body.seq.to_string()).event(&body.kind);
            event
                .json_data(&body)
                .unwrap_or_else(|_| Event::default().comment("a fact without a JSON form"))
        }));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fact_and_what_is_not_on_disk_can_be_asked_for_and_nothing_else() {
        let all = format!("{}, {}", Fact::NAMES.join(","), unrecorded::NAME);
        let asked = types(Some(&all)).unwrap();
        assert_eq!(asked.len(), Fact::NAMES.len() + 1);
        assert!(types(Some("alert_accepted,alert_forgotten")).is_err());
    }
}
