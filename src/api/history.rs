//! Alerts that have left the engine's memory, folded from the ledger.

use std::collections::HashMap;

use crate::api::problem::Problem;
use crate::api::router::Api;
use crate::api::sight::Sight;
use crate::engine::views::{AlertView, DeliveryView};
use crate::model::book::AlertBook;
use crate::model::facts::Fact;
use crate::model::ids::{AlertId, DeliveryIndex, Seq};
use crate::model::roster::Node;
use crate::model::sight::Share;

const PAGE: usize = 512;
/// How many pages of the ledger are looked through for one page of what may be seen.
const ROUNDS: usize = 10;

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
        let ids = api.backend.alerts(before, limit).await?;
        let more = ids.len() == limit;
        for id in ids {
            if views.len() == limit {
                return Ok((views, before));
            }
            before = Some(id);
            match live.remove(&id) {
                Some(view) => views.push(view),
                None if *sight.node() == Node::root() || sight.alert(api, id).await? => {
                    let book = book(api, id).await?;
                    views.extend(book.and_then(|book| AlertView::of(&book, sight.node())));
                }
                None => {}
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
