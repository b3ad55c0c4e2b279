//! Which facts a sink of documents is told of, and how.

use std::sync::Arc;

use crate::api::backend::Backend;
use crate::api::endings::{Ending, ending, taken_back};
use crate::api::outgoing::{Occasion, Unwritten, told};
use crate::api::sight::Sight;
use crate::bridge::platform::message::Document;
use crate::model::cap::CapRules;
use crate::model::facts::{Fact, Record};
use crate::model::warning::WarningForm;

/// What documents a sink gets.
#[derive(Debug, Clone)]
pub(super) struct Documents {
    pub(super) form: WarningForm,
    pub(super) rules: Arc<CapRules>,
}

/// The document of a record as `sight` sees it; none of most.
///
/// # Errors
/// In words: engine or ledger give no answer now.
pub(super) async fn document(
    backend: &Backend,
    documents: &Documents,
    sight: &mut Sight,
    record: &Record,
) -> Result<Option<Document>, String> {
    let (alert, occasion) = match &record.fact {
        Fact::AlertAccepted(alert) => (alert.id, Occasion::Accepted),
        fact => match taken_back(fact) {
            Some((alert, by)) => {
                let (seq, at) = (record.seq, record.at);
                (alert, Occasion::TakenBack(Ending { seq, at, by }))
            }
            None => return Ok(None),
        },
    };
    let form = (documents.form, &documents.rules);
    let xml = match told(backend, form, sight, alert, occasion).await {
        Ok(None) => return Ok(None),
        Ok(Some(xml)) => Ok(xml),
        Err(later @ Unwritten::Later(_)) => return Err(later.to_string()),
        Err(never @ Unwritten::Never(_)) => Err(never.to_string()),
    };
    if matches!(record.fact, Fact::WarningTaken(_)) {
        // An alert that was live when its warning ended has ended by itself, and was told of then.
        let first = ending(backend, alert).await;
        let first = first.map_err(|error| error.to_string())?;
        if first.is_some_and(|first| first.seq < record.seq) {
            return Ok(None);
        }
    }
    let cancel = match occasion {
        Occasion::Accepted => "",
        Occasion::TakenBack(_) => ".cancel",
    };
    Ok(Some(Document {
        id: format!("{}:{}", record.jurisdiction, record.seq.0),
        content_type: documents.form.media_type(),
        file: format!("{alert}{cancel}.xml"),
        xml,
    }))
}

/// Whether there is anything to see of the alert of a record.
///
/// # Errors
/// In words: engine or ledger give no answer now.
pub(super) async fn sees(
    backend: &Backend,
    sight: &mut Sight,
    record: &Record,
) -> Result<bool, String> {
    let Some(alert) = record.fact.alert() else {
        return Ok(false);
    };
    let share = sight.share(backend, alert).await;
    Ok(share.map_err(|problem| problem.detail)?.is_some())
}
