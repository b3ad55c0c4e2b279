//! Access tokens.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::model::token::{Role, Token};
use crate::model::wall::Wall;

/// A token to make.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTokenBody {
    /// The person or system that holds it; this name stands on what it does.
    pub name: String,
    /// `viewer`, `technician`, `dispatcher`, `supervisor` or `admin`.
    #[schema(schema_with = super::role)]
    pub role: Role,
    /// Where it may act: at this node and below; everywhere if empty.
    #[serde(default)]
    pub node: String,
}

/// A token that was made. The secret is shown this once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MadeTokenBody {
    /// Its identity, not secret.
    pub id: String,
    /// The secret: send it as `Authorization: Bearer`.
    pub token: String,
}

/// A token without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TokenBody {
    /// Its identity.
    pub id: String,
    /// Who holds it.
    pub name: String,
    /// What it may do.
    #[schema(schema_with = super::role)]
    pub role: Role,
    /// Where it may do it.
    pub node: String,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Wall,
}

impl From<Token> for TokenBody {
    fn from(token: Token) -> Self {
        Self {
            id: token.id.to_string(),
            name: token.name,
            role: token.role,
            node: token.node.as_str().to_owned(),
            created_at: token.created_at,
        }
    }
}

/// All tokens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TokenList {
    /// The tokens.
    pub tokens: Vec<TokenBody>,
}
