//! How an alert was taken back, as its facts tell it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::api::backend::{Backend, Unavailable};
use crate::model::delivery::End;
use crate::model::facts::Fact;
use crate::model::ids::{AlertId, Seq};
use crate::model::wall::Wall;
use crate::model::warning::WarningOutcome;

/// Records asked for at once.
const PAGE: usize = 512;
/// Most alerts that are remembered.
const REMEMBERED: usize = 1_024;

/// Why an alert does not hold any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TakenBack {
    /// It was cancelled, or the warning is over that it was the last version of.
    Cancelled,
    /// Another has taken its place.
    Superseded,
}

/// That an alert was taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ending {
    /// Where the fact that ended the alert stands in the ledger.
    pub(crate) seq: Seq,
    pub(crate) at: Wall,
    pub(crate) by: TakenBack,
}

/// How far the facts of an alert were looked through, and what was found.
#[derive(Debug, Clone, Copy, Default)]
struct Looked {
    next: Seq,
    found: Option<Ending>,
}

/// What was found of the alerts that were asked about last, so that each fact is read once.
#[derive(Debug, Default)]
pub(crate) struct Endings(Mutex<HashMap<AlertId, Looked>>);

impl Endings {
    /// The first fact that takes this alert back; none if it holds.
    ///
    /// # Errors
    /// The ledger gives no answer.
    pub(super) async fn of(
        &self,
        backend: &Backend,
        id: AlertId,
    ) -> Result<Option<Ending>, Unavailable> {
        let known = {
            let looked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            looked.get(&id).copied()
        };
        let known = known.unwrap_or_default();
        if known.found.is_some() {
            return Ok(known.found);
        }
        let now = look(backend, id, known.next).await?;
        let mut looked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if looked.len() >= REMEMBERED {
            looked.clear();
        }
        looked.insert(id, now);
        Ok(now.found)
    }
}

/// The first fact that takes this alert back; none if it holds.
///
/// # Errors
/// The ledger gives no answer.
pub(crate) async fn ending(backend: &Backend, id: AlertId) -> Result<Option<Ending>, Unavailable> {
    Ok(look(backend, id, Seq(0)).await?.found)
}

async fn look(backend: &Backend, id: AlertId, mut next: Seq) -> Result<Looked, Unavailable> {
    loop {
        let page = backend.of_alert(id, next, PAGE).await?;
        for record in &page {
            next = record.seq.next();
            if let Some((_, by)) = taken_back(&record.fact).filter(|(alert, _)| *alert == id) {
                let (seq, at) = (record.seq, record.at);
                let found = Some(Ending { seq, at, by });
                return Ok(Looked { next, found });
            }
        }
        if page.len() < PAGE {
            return Ok(Looked { next, found: None });
        }
    }
}

/// Which alert a fact takes back, if any. That another took the place of an alert whose deliveries
/// had all settled stands with the other one only.
pub(crate) fn taken_back(fact: &Fact) -> Option<(AlertId, TakenBack)> {
    match fact {
        Fact::AlertEnded { alert, end, .. } => match end {
            Some(End::Cancelled) => Some((*alert, TakenBack::Cancelled)),
            Some(End::Superseded) => Some((*alert, TakenBack::Superseded)),
            Some(End::Expired | End::Failed(_)) | None => None,
        },
        Fact::WarningTaken(taken) => match taken.outcome {
            WarningOutcome::Cancelled => Some((taken.about?, TakenBack::Cancelled)),
            WarningOutcome::Replaced => Some((taken.about?, TakenBack::Superseded)),
            WarningOutcome::Issued
            | WarningOutcome::Late
            | WarningOutcome::Over
            | WarningOutcome::CancelledAhead => None,
        },
        _ => None,
    }
}
