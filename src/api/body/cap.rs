//! Warnings of other systems.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::body::ReceiptBody;

/// What became of a warning's document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CapBody {
    /// The document, as later ones call it: `sender,identifier,sent` in CAP, otherwise its
    /// identifier.
    pub message: String,
    /// What was done with it, in words.
    pub said: String,
    /// The same in one word: `issued`, `replaced`, `late`, `over`, `cancelled` or
    /// `cancelled-ahead`; none of what is only noted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// Whether this is the first answer given again.
    #[serde(default)]
    pub repeated: bool,
    /// The alert that it became: of an Alert or Update.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert: Option<ReceiptBody>,
    /// The sensor alarm that it is about, if its parameters name the site and kind of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sensor_alarm: Option<String>,
    /// Alerts that it ended.
    pub cancelled: Vec<String>,
    /// The alert that tells people that the warning is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub all_clear: Option<ReceiptBody>,
    /// What could not be done, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// Areas of it that the configuration does not know; whom they stand for is not told.
    pub unknown_areas: Vec<String>,
}

impl CapBody {
    /// Nothing was done yet with this message.
    #[must_use]
    pub(crate) const fn new(message: String) -> Self {
        Self {
            message,
            said: String::new(),
            outcome: None,
            repeated: false,
            alert: None,
            sensor_alarm: None,
            cancelled: Vec::new(),
            all_clear: None,
            problem: None,
            unknown_areas: Vec::new(),
        }
    }
}
