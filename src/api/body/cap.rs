//! What became of a CAP document.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::body::ReceiptBody;

/// What became of a CAP document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CapBody {
    /// The document, as later ones call it: `sender,identifier,sent`.
    pub message: String,
    /// What was done with it, in words.
    pub said: String,
    /// The alert that it became: of an Alert or Update.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert: Option<ReceiptBody>,
    /// Alerts that it cancelled.
    pub cancelled: Vec<String>,
    /// Areas of it that the configuration does not know; whom they stand for is not told.
    pub unknown_areas: Vec<String>,
}
