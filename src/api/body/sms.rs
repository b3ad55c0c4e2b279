//! SMS routes.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::engine::views::SmsRouteView;
use crate::model::text;

/// An SMS route.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SmsRouteBody {
    /// Its name.
    pub name: String,
    /// What it speaks: `smpp`, `cmpp2`, `cmpp3` or `modem`.
    pub kind: String,
    /// Whether its link is there and the operator has accepted the log-in.
    pub up: bool,
    /// Whether it rests because its operator refuses everything.
    pub rests: bool,
    /// Whether exercises may leave over it.
    pub exercises: bool,
    /// How many parts it takes now.
    pub room: u8,
    /// Parts of which the operator has not answered.
    pub under_way: u32,
    /// Messages waiting for it.
    pub waiting: u32,
    /// Parts that the operator took since the server started.
    pub taken: u64,
    /// Parts that it refused.
    pub refused: u64,
    /// How often it said that it was too fast.
    pub throttled: u64,
    /// Parts that telephones have.
    pub delivered: u64,
    /// Parts that telephones will not get.
    pub failed: u64,
    /// Why the operator refused last.
    pub last_error: Option<String>,
    /// What was spent today, in hundredths of the currency.
    pub cost_today: u64,
    /// What the operator says about itself.
    pub description: String,
    /// Its number, where stations and SMS routes are numbered.
    pub id: u32,
}

impl From<SmsRouteView> for SmsRouteBody {
    fn from(view: SmsRouteView) -> Self {
        Self {
            name: view.name,
            kind: view.kind.to_string(),
            up: view.up,
            rests: view.rests,
            exercises: view.exercises,
            room: view.room,
            under_way: view.under_way,
            waiting: view.waiting,
            taken: view.taken,
            refused: view.refused,
            throttled: view.throttled,
            delivered: view.delivered,
            failed: view.failed,
            last_error: view.last_error.as_deref().map(text::shown),
            cost_today: view.cost_today,
            description: view.description,
            id: view.id.0,
        }
    }
}

/// All SMS routes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SmsRouteList {
    /// In the order of the configuration.
    pub routes: Vec<SmsRouteBody>,
}

/// A trial message over one SMS route.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SmsTestBody {
    /// The id of the person in the roster whose telephone gets it.
    pub person: String,
    /// What it says.
    #[serde(default = "trial")]
    pub text: String,
}

fn trial() -> String {
    "Narrowcast 短信测试 SMS test".to_owned()
}
