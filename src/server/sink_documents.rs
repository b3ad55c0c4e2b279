//! Which facts a sink of CAP documents is told of, and how.

use crate::api::backend::Backend;
use crate::api::cap_document::{Occasion, Unwritten, told};
use crate::api::sight::Sight;
use crate::bridge::platform::message::Document;
use crate::model::cap::CapRules;
use crate::model::delivery::End;
use crate::model::facts::{Fact, Record};

/// The document of a record as `sight` sees it; none of most.
///
/// # Errors
/// In words: engine or ledger give no answer now.
pub(super) async fn document(
    backend: &Backend,
    rules: &CapRules,
    sight: &mut Sight,
    record: &Record,
) -> Result<Option<Document>, String> {
    let (alert, occasion) = match &record.fact {
        Fact::AlertAccepted(alert) => (alert.id, Occasion::Accepted),
        Fact::AlertEnded { alert, end, .. } => match end {
            Some(End::Cancelled) => (*alert, Occasion::Cancelled(record.at)),
            Some(End::Superseded) => (*alert, Occasion::Superseded(record.at)),
            Some(End::Expired | End::Failed(_)) | None => return Ok(None),
        },
        _ => return Ok(None),
    };
    let xml = match told(backend, rules, sight, alert, occasion).await {
        Ok(None) => return Ok(None),
        Ok(Some(xml)) => Ok(xml),
        Err(later @ Unwritten::Later(_)) => return Err(later.to_string()),
        Err(never @ Unwritten::Never(_)) => Err(never.to_string()),
    };
    let cancel = match occasion {
        Occasion::Accepted => "",
        Occasion::Cancelled(_) | Occasion::Superseded(_) => ".cancel",
    };
    Ok(Some(Document {
        id: format!("{}:{}", record.jurisdiction, record.seq.0),
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
