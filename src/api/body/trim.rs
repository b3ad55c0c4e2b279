//! Retention.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What to trim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TrimBody {
    /// The last fact to remove.
    pub up_to: u64,
}
