//! Emergencies that are not on disk, for readers of the event stream: what cannot be
//! recorded is no fact and has no position, and must be seen all the same.

use std::collections::BTreeSet;
use std::time::Duration;

use axum::response::sse::Event;
use tokio::sync::watch;

use crate::api::backend::{Backend, Board};
use crate::api::body::EmergencyBody;
use crate::model::emergency::Emergency;
use crate::model::ids::EmergencyId;
use crate::model::roster::Node;
use crate::model::wall::Wall;

/// The type of such an event; its data is an `EmergencyBody`, and it has no `id`.
pub(super) const NAME: &str = "emergency_unrecorded";
/// While the ledger works, its commit is awaited for so long.
const COMMIT: Duration = Duration::from_secs(1);

/// What one reader was told.
pub(super) struct Unrecorded {
    wanted: bool,
    board: watch::Receiver<Board>,
    told: BTreeSet<EmergencyId>,
    /// The board was not looked at since it changed, or shows some that may be on disk
    /// any moment.
    pending: bool,
}

impl Unrecorded {
    pub(super) fn new(backend: &Backend, wanted: bool) -> Self {
        Self {
            wanted,
            board: backend.board.clone(),
            told: BTreeSet::new(),
            pending: wanted,
        }
    }

    /// Whether the ledger has failed and is not back.
    pub(super) fn ledger_is_away(&self) -> bool {
        self.board.borrow().away
    }

    /// What was not told yet and is seen from `node`, oldest first.
    pub(super) fn news(&mut self, node: &Node) -> Vec<Event> {
        if !self.wanted || !(self.pending || self.board.has_changed().unwrap_or(false)) {
            return Vec::new();
        }
        let board = self.board.borrow_and_update();
        let away = board.away;
        let now = Wall::from(jiff::Timestamp::now());
        let due = |emergency: &Emergency| away || now.since(emergency.raised_at) >= COMMIT;
        let seen = || {
            let all = board.unrecorded.iter();
            all.filter(|shown| board.shows(node, shown.radio))
        };
        let shown: BTreeSet<EmergencyId> = seen().map(|shown| shown.id).collect();
        self.told.retain(|id| shown.contains(id));
        let mut news = Vec::new();
        for emergency in seen().filter(|shown| due(shown)) {
            if self.told.insert(emergency.id) {
                news.push(event(emergency));
            }
        }
        self.pending = self.told.len() < shown.len();
        news
    }

    /// Waits until there may be news. None when the server is gone.
    pub(super) async fn changed(&mut self) -> Option<()> {
        if self.pending {
            tokio::time::sleep(COMMIT).await;
            return Some(());
        }
        self.board.changed().await.ok()?;
        self.pending = self.wanted;
        Some(())
    }
}

fn event(emergency: &Emergency) -> Event {
    let body = EmergencyBody::new(emergency.clone(), false);
    Event::default()
        .event(NAME)
        .json_data(&body)
        .unwrap_or_else(|_| Event::default().comment("an emergency without a JSON form"))
}
