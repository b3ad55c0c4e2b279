//! Access tokens: a role and a node of the organisation tree, stored hashed.

use serde::{Deserialize, Serialize};

use crate::model::ids::TokenId;
use crate::model::roster::Node;
use crate::model::wall::Wall;

/// What a token's holder may do. Each role may do what those before it may, except
/// that a technician neither sends nor closes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Looks.
    Viewer,
    /// Looks, tests stations.
    Technician,
    /// Sends, cancels, sends again, takes emergencies.
    Dispatcher,
    /// Also closes emergencies, imports the roster, confirms the clock.
    Supervisor,
    /// Also makes and revokes tokens, exports and trims the ledger.
    Admin,
}

/// A right that an operation needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Right {
    /// See alerts, stations, roster, events.
    Look,
    /// Test a station.
    TestStation,
    /// Send, cancel and resend alerts; take emergencies.
    Send,
    /// Close emergencies, import the roster, confirm the clock.
    Supervise,
    /// Tokens and ledger.
    Administer,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Viewer,
        Self::Technician,
        Self::Dispatcher,
        Self::Supervisor,
        Self::Admin,
    ];

    /// Whether this role has `right`.
    #[must_use]
    pub const fn may(self, right: Right) -> bool {
        match right {
            Right::Look => true,
            Right::TestStation => !matches!(self, Self::Viewer),
            Right::Send => matches!(self, Self::Dispatcher | Self::Supervisor | Self::Admin),
            Right::Supervise => matches!(self, Self::Supervisor | Self::Admin),
            Right::Administer => matches!(self, Self::Admin),
        }
    }
}

/// A token as the ledger keeps it: never the secret itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// Its identity, not secret.
    pub id: TokenId,
    /// The person or system that holds it; this name stands on what it does.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// Where it may do it: at this node and below.
    pub node: Node,
    /// SHA-256 of the secret.
    pub hash: [u8; 32],
    /// When it was made.
    pub created_at: Wall,
}

/// Who asks for something: what the engine needs to know of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The token used.
    pub token: TokenId,
    /// The holder's name.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// Where it may do it.
    pub node: Node,
}
