//! Short answers.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::model::token::{Principal, Role};

/// Why a person does something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BecauseBody {
    /// The reason, in words.
    pub because: String,
}

/// It is done and durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DoneBody {
    /// Where it stands in the ledger.
    pub seq: u64,
}

/// It is sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ResentBody {
    /// To so many.
    pub deliveries: u32,
}

/// Who the token belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct YouBody {
    /// The token's id.
    pub token: String,
    /// The holder's name.
    pub name: String,
    /// `viewer`, `technician`, `dispatcher`, `supervisor` or `admin`.
    #[schema(schema_with = super::role)]
    pub role: Role,
    /// Where it may act: at this node and below; empty for everywhere.
    pub node: String,
}

impl From<Principal> for YouBody {
    fn from(you: Principal) -> Self {
        Self {
            token: you.token.to_string(),
            name: you.name,
            role: you.role,
            node: you.node.as_str().to_owned(),
        }
    }
}
