//! Documents that are kept with alerts.

use crate::api::backend::{Backend, Unavailable};
use crate::model::facts::Fact;
use crate::model::ids::{AlertId, Seq};
use crate::model::warning::DOCUMENT_OCTETS;

/// Records asked for at once.
const PAGE: usize = 200;

/// The document that this alert was made of; none if it is not on record (any more).
///
/// # Errors
/// The ledger gives no answer.
pub(super) async fn document(
    backend: &Backend,
    id: AlertId,
) -> Result<Option<Vec<u8>>, Unavailable> {
    let mut from = Seq(0);
    let mut found: Option<(Seq, usize, Vec<u8>)> = None;
    loop {
        let page = backend.of_alert(id, from, PAGE).await?;
        let Some(last) = page.last().map(|record| record.seq) else {
            return Ok(None);
        };
        for record in page {
            match (record.fact, &mut found) {
                (Fact::WarningTaken(taken), None) if taken.alert == Some(id) => {
                    let octets = usize::try_from(taken.octets).unwrap_or(DOCUMENT_OCTETS);
                    found = Some((record.seq, octets.min(DOCUMENT_OCTETS), Vec::new()));
                }
                (
                    Fact::DocumentPart {
                        message, octets, ..
                    },
                    Some((of, _, document)),
                ) if message == *of => {
                    document.extend(octets);
                }
                _ => {}
            }
            if let Some((_, octets, document)) = &mut found
                && document.len() >= *octets
            {
                return Ok(Some(std::mem::take(document)));
            }
        }
        from = last.next();
    }
}
