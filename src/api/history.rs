//! Alerts that have left the engine's memory, folded from the ledger.

use std::collections::HashMap;

use crate::api::problem::Problem;
use crate::api::router::Api;
use crate::engine::views::{AlertView, DeliveryView};
use crate::model::book::AlertBook;
use crate::model::facts::Fact;
use crate::model::ids::{AlertId, DeliveryIndex, Seq};

const PAGE: usize = 512;

/// The alert as its facts tell it; none if its acceptance is not on record (any more).
pub(super) async fn book(api: &Api, id: AlertId) -> Result<Option<AlertBook>, Problem> {
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

/// A page of alerts on record, newest first; what is live is taken from `live`.
pub(super) async fn alerts(
    api: &Api,
    live: Vec<AlertView>,
    before: Option<AlertId>,
    limit: usize,
) -> Result<(Vec<AlertView>, Option<AlertId>), Problem> {
    let mut live: HashMap<AlertId, AlertView> =
        live.into_iter().map(|view| (view.id, view)).collect();
    let ids = api.backend.alerts(before, limit).await?;
    let next = ids.last().filter(|_| ids.len() == limit).copied();
    let mut views = Vec::with_capacity(ids.len());
    for id in ids {
        match live.remove(&id) {
            Some(view) => views.push(view),
            None => views.extend(book(api, id).await?.as_ref().map(AlertView::of)),
        }
    }
    Ok((views, next))
}

/// A page of the deliveries of an ended alert.
pub(super) fn deliveries(book: &AlertBook, from: DeliveryIndex, limit: usize) -> Vec<DeliveryView> {
    (0..)
        .map(DeliveryIndex)
        .zip(&book.deliveries)
        .skip(usize::try_from(from.0).unwrap_or(usize::MAX))
        .take(limit)
        .map(|(index, delivery)| DeliveryView::of(index, delivery, delivery.rung))
        .collect()
}
