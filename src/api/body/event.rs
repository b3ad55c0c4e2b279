//! One fact, as people and other systems read it.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::model::content::content;
use crate::model::facts::Record;
use crate::model::sight::Seen;
use crate::model::wall::Wall;

/// One fact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct EventBody {
    /// Its position in the ledger.
    pub seq: u64,
    /// When it was decided.
    #[schema(value_type = String, format = DateTime)]
    pub at: Wall,
    /// Its name, as in `alert_accepted`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The alert it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert: Option<String>,
    /// Its content.
    #[schema(value_type = Object)]
    pub data: Value,
}

/// A page of events.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct EventPage {
    /// In the ledger's order.
    pub events: Vec<EventBody>,
    /// Where the next page begins.
    pub next: u64,
}

impl EventBody {
    /// The event of a record of which this is seen.
    #[must_use]
    pub fn new(record: &Record, seen: &Seen<'_>) -> Self {
        Self {
            seq: record.seq.0,
            at: record.at,
            kind: seen.fact.name().to_owned(),
            alert: seen.fact.alert().map(|id| id.to_string()),
            data: content(&seen.fact, &seen.deliveries),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::facts::Fact;
    use crate::model::ids::{Seq, TokenId};
    use crate::model::roster::Node;
    use crate::model::token::{Role, Token};

    #[test]
    fn the_hash_of_a_token_is_not_told() {
        let token = Token {
            id: TokenId(ulid::Ulid::nil()),
            name: "console".into(),
            role: Role::Viewer,
            node: Node::root(),
            hash: [7; 32],
            created_at: Wall::default(),
        };
        let record = Record {
            seq: Seq(3),
            jurisdiction: "default".into(),
            epoch: 1,
            at: Wall::default(),
            fact: Fact::TokenCreated {
                by: "admin".into(),
                token,
            },
            hash: [0; 32],
        };
        let json =
            serde_json::to_string(&EventBody::new(&record, &Seen::whole(&record.fact))).unwrap();
        assert!(json.contains("\"type\":\"token_created\"") && json.contains("console"));
        assert!(!json.contains("hash") && !json.contains("[7,"), "{json}");
    }
}
