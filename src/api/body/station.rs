//! Stations.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::engine::views::StationView;
use crate::model::text;
use crate::model::wall::Wall;

/// A station and its carriers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StationBody {
    /// Its number.
    pub id: u32,
    /// Its name.
    pub name: String,
    /// Whether it is there.
    pub up: bool,
    /// Whether it is held down after flapping: only Flash and emergencies pass.
    pub held: bool,
    /// Whether it is a test station.
    pub test: bool,
    /// What it says about itself.
    pub description: String,
    /// Since when it is as it is.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub since: Option<Wall>,
    /// The timeslots that a call or a lock-out holds, and since when.
    #[schema(value_type = BTreeMap<String, String>)]
    pub busy: BTreeMap<u8, Wall>,
    /// Fragments waiting, per timeslot number.
    #[schema(value_type = BTreeMap<String, u32>)]
    pub waiting: BTreeMap<u8, u32>,
}

impl From<StationView> for StationBody {
    fn from(view: StationView) -> Self {
        Self {
            id: view.id.0,
            name: view.name,
            up: view.up,
            held: view.held,
            test: view.test,
            description: text::shown(&view.description),
            since: view.since,
            busy: view.busy,
            waiting: view.waiting,
        }
    }
}

/// All stations, in the order of the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StationList {
    /// The stations.
    pub stations: Vec<StationBody>,
}

/// A test of one station: a drill to one radio through it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StationTestBody {
    /// The radio that listens.
    pub radio: u32,
    /// What it says.
    #[serde(default = "test_text")]
    pub text: String,
}

fn test_text() -> String {
    "通信测试".to_owned()
}
