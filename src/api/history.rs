//! Alerts that have left the engine's memory, folded from the ledger.

use std::collections::HashMap;
use std::sync::Arc;

use crate::api::backend::Backend;
use crate::api::problem::Problem;
use crate::api::shared::Api;
use crate::api::sight::Sight;
use crate::engine::views::{AlertView, DeliveryView};
use crate::ledger::OnRecord;
use crate::model::alert::Alert;
use crate::model::book::AlertBook;
use crate::model::facts::Fact;
use crate::model::ids::{AlertId, DeliveryIndex, Seq};
use crate::model::sight::Share;
use crate::model::summary::Summary;

const PAGE: usize = 512;
/// Facts with targets that are read at once.
const TARGETS: usize = 16;
/// How many pages of the ledger are looked through for one page of what may be seen.
const ROUNDS: usize = 10;

/// The book of an alert that has left memory; none if its acceptance is not on record (any more).
pub(super) async fn ended(api: &Api, id: AlertId) -> Result<Option<Arc<AlertBook>>, Problem> {
    if let Some(book) = api.ended.get(id) {
        return Ok(Some(book));
    }
    let Some(book) = book(api, id).await?.map(Arc::new) else {
        return Ok(None);
    };
    if book.left_memory {
        api.ended.keep(&book);
    }
    Ok(Some(book))
}

/// The alert as its facts tell it; none if its acceptance is not on record (any more).
async fn book(api: &Api, id: AlertId) -> Result<Option<AlertBook>, Problem> {
    let mut from = Seq(0);
    let mut book: Option<AlertBook> = None;
    loop {
        let page = api.backend.of_alert(id, from, PAGE).await?;
        for record in &page {
            match (&mut book, &record.fact) {
                (None, Fact::AlertAccepted(alert)) => {
                    book = Some(AlertBook::open(alert.as_ref().clone(), record.seq));
                }
                (Some(book), fact) => book.apply(record.at, fact),
                (None, _) => {}
            }
            from = record.seq.next();
        }
        if page.len() < PAGE {
            return Ok(book);
        }
    }
}

/// An alert that has left memory, in counts, as `sight` sees it; none if it is not seen, or its
/// acceptance is not on record (any more).
pub(super) async fn view(
    api: &Api,
    sight: &mut Sight,
    alert: OnRecord,
) -> Result<Option<AlertView>, Problem> {
    let Some(share) = sight.share(&api.backend, alert.id).await? else {
        return Ok(None);
    };
    let Some(summary) = summary(api, alert).await? else {
        // It ended and has not left memory yet, or the server stopped before it did.
        let book = book(api, alert.id).await?;
        return Ok(book.and_then(|book| AlertView::of(&book, sight.node())));
    };
    let accepted = accepted(&api.backend, alert.id).await?;
    Ok(accepted.map(|accepted| AlertView::seen(&accepted, &share, &summary, sight.node())))
}

/// One alert that has left memory, in counts.
pub(super) async fn one(
    api: &Api,
    sight: &mut Sight,
    id: AlertId,
) -> Result<Option<AlertView>, Problem> {
    // None after the last id that there can be: then the newest of all is asked for.
    let next = id.0.increment().ok().map(AlertId);
    let newest = api.backend.alerts(next, 1).await?;
    match newest.first().filter(|alert| alert.id == id) {
        Some(alert) => view(api, sight, *alert).await,
        None => Ok(None),
    }
}

/// The summary with which an alert left memory; none if its last fact is another.
async fn summary(api: &Api, alert: OnRecord) -> Result<Option<Summary>, Problem> {
    let last = api.backend.of_alert(alert.id, alert.last, 1).await?;
    let mut from = match last.first().map(|record| &record.fact) {
        Some(Fact::Summed { first, .. }) => *first,
        _ => return Ok(None),
    };
    let mut sum: Option<Summary> = None;
    while from <= alert.last {
        let page = api.backend.of_alert(alert.id, from, PAGE).await?;
        let Some(end) = page.last().map(|record| record.seq) else {
            break;
        };
        for record in &page {
            if let Fact::Summed { summary, .. } = &record.fact {
                sum.get_or_insert_default().extend(summary);
            }
        }
        from = end.next();
    }
    Ok(sum)
}

/// An alert as it was accepted, with all its targets.
pub(super) async fn accepted(backend: &Backend, id: AlertId) -> Result<Option<Alert>, Problem> {
    let first = backend.of_alert(id, Seq(0), 1).await?;
    let Some(Fact::AlertAccepted(alert)) = first.first().map(|record| &record.fact) else {
        return Ok(None);
    };
    let mut alert = alert.as_ref().clone();
    let apart = alert.targets.is_empty();
    let mut from = first.first().map(|record| record.seq.next());
    // Those of a long list stand in facts of their own, right behind it.
    while let Some(seq) = from.take().filter(|_| apart) {
        for record in backend.of_alert(id, seq, TARGETS).await? {
            let Fact::Targets { targets, .. } = record.fact else {
                return Ok(Some(alert));
            };
            alert.targets.extend(targets);
            from = Some(record.seq.next());
        }
    }
    Ok(Some(alert))
}

/// A page of alerts on record that `node` may see, newest first; what is live is taken from
/// `live`. The page is short, though more may follow, when few of the newest are to be seen.
pub(super) async fn alerts(
    api: &Api,
    sight: &mut Sight,
    live: Vec<AlertView>,
    mut before: Option<AlertId>,
    limit: usize,
) -> Result<(Vec<AlertView>, Option<AlertId>), Problem> {
    let mut live: HashMap<AlertId, AlertView> =
        live.into_iter().map(|view| (view.id, view)).collect();
    let mut views = Vec::new();
    for _ in 0..ROUNDS {
        let page = api.backend.alerts(before, limit).await?;
        let more = page.len() == limit;
        for alert in page {
            if views.len() == limit {
                return Ok((views, before));
            }
            before = Some(alert.id);
            match live.remove(&alert.id) {
                Some(view) => views.push(view),
                None => views.extend(view(api, sight, alert).await?),
            }
        }
        if !more {
            return Ok((views, None));
        }
        if views.len() == limit {
            break;
        }
    }
    Ok((views, before))
}

/// A page of the deliveries of an ended alert that belong to this share of it.
pub(super) fn deliveries(
    book: &AlertBook,
    share: &Share,
    from: DeliveryIndex,
    limit: usize,
) -> Vec<DeliveryView> {
    book.shared(share, from)
        .take(limit)
        .map(|(index, delivery)| DeliveryView::of(index, delivery, delivery.rung))
        .collect()
}
