//! When the ledger fails: a crash without the process. What was not durable is dropped,
//! the ledger is opened again, a new engine is folded from it; sessions and links stay up.
//! Emergencies heard meanwhile are shown as not recorded, and recorded when it is back.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use narrowcast_hardware::events::LinkEvent;
use narrowcast_protocol::air::{Heard, HeardKind};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use crate::engine::io::Input;
use crate::ledger::keeper::KeeperError;
use crate::model::emergency::Emergency;
use crate::model::ids::{EmergencyId, Seq};
use crate::model::wall::Wall;
use crate::server::core::{Core, now, places, seed};

/// First wait before the ledger is opened again; doubles up to [`LONGEST`].
const FIRST: Duration = Duration::from_secs(1);
/// Longest wait.
const LONGEST: Duration = Duration::from_secs(60);
/// Most emergencies that are kept in memory meanwhile: more radios than a city has.
const KEPT: usize = 10_000;

impl Core {
    pub(super) async fn degraded(&mut self, why: KeeperError, shutdown: &CancellationToken) {
        error!(%why, "the ledger failed: nothing is accepted or acknowledged until it is back");
        self.forget_what_is_not_durable();
        self.hold.throw_off();
        self.put_on_board(format!("the ledger failed: {why}"));
        self.show_unrecorded();
        self.keeper.ended().await;
        let mut wait = FIRST;
        while !shutdown.is_cancelled() {
            self.stand_by(wait, shutdown).await;
            match self.reopen().await {
                Ok(()) => return,
                Err(error) => {
                    warn!(%error, wait = wait.as_secs(), "the ledger cannot be opened yet");
                    self.hold.throw_off();
                }
            }
            wait = (wait * 2).min(LONGEST);
        }
    }

    /// What people may still see while there is no engine to ask, and who they are.
    fn put_on_board(&self, reason: String) {
        let new: BTreeSet<EmergencyId> = self
            .unrecorded
            .iter()
            .filter_map(|(_, _, shown)| Some(shown.as_ref()?.id))
            .collect();
        let recorded: Vec<Emergency> = self
            .engine
            .emergencies()
            .filter(|known| !new.contains(&known.id))
            .cloned()
            .collect();
        let readers = self.engine.readers();
        let readers = Arc::new(readers.map(|(hash, node)| (hash, node.clone())).collect());
        self.ends.board.send_modify(|board| {
            board.degraded = vec![reason];
            board.places = places(&self.engine, recorded.iter().chain(&board.unrecorded));
            board.recorded = recorded;
            board.readers = readers;
        });
    }

    fn forget_what_is_not_durable(&mut self) {
        self.held.clear();
        // Dropping the senders answers every waiting request: not done, try again.
        self.replies.clear();
        self.trims.clear();
        self.commits = futures_util::stream::FuturesOrdered::new();
    }

    /// Lets `wait` pass, listening to the links and refusing requests.
    async fn stand_by(&mut self, wait: Duration, shutdown: &CancellationToken) {
        let end = tokio::time::Instant::now() + wait;
        loop {
            tokio::select! {
                biased;
                () = shutdown.cancelled() => return,
                () = tokio::time::sleep_until(end) => return,
                Some(event) = self.events.recv() => self.event_unrecorded(event),
                Some(call) = self.ends.urgent.recv() => drop(call),
                Some(call) = self.ends.routine.recv() => drop(call),
                Some(page) = self.ends.pages.recv() => drop(page),
            }
        }
    }

    /// What a link says while nothing can be recorded. A text is not acknowledged, so its
    /// radio sends it again; an emergency is kept.
    fn event_unrecorded(&mut self, event: LinkEvent) {
        match event {
            LinkEvent::Carrier { id, state, room } => drop(self.carriers.insert(id, (state, room))),
            LinkEvent::Heard(heard) => {
                if let HeardKind::Emergency { from, to } = heard.what {
                    let known = self
                        .unrecorded
                        .iter()
                        .any(|(_, old, _)| old.what.from() == from);
                    if !known && self.unrecorded.len() < KEPT {
                        let emergency = self.emergency_shown(&heard, to);
                        error!(radio = from.get(), carrier = %heard.carrier, "EMERGENCY, not recorded");
                        self.unrecorded
                            .push((Seq(u64::MAX), heard, Some(emergency)));
                        self.show_unrecorded();
                    }
                }
            }
            _ => {}
        }
    }

    fn emergency_shown(&self, heard: &Heard, to: u32) -> Emergency {
        let station = self.recovery.policy.station(heard.carrier.station);
        Emergency {
            id: EmergencyId(ulid::Ulid::nil()),
            radio: heard.what.from(),
            to,
            carrier: heard.carrier,
            raised_at: Wall::from(jiff::Timestamp::now()),
            position: None,
            exercise: station.is_some_and(|station| station.test),
            acknowledged_at: None,
            taken: None,
            closed: None,
            closed_because: None,
        }
    }

    /// Opens the ledger again and lets a new engine take over.
    async fn reopen(&mut self) -> Result<(), crate::server::ServerError> {
        let (keeper, engine) = self.recovery.recover(now(self.clock), seed()?).await?;
        self.durable = keeper.last();
        self.keeper = keeper;
        self.engine = engine;
        self.collect();
        // A store that opens and cannot be written is not back.
        if let Err(error) = self.settle_commits().await {
            self.forget_what_is_not_durable();
            return Err(error);
        }
        self.ends.durable.send_replace(self.durable);
        let carriers: Vec<_> = self
            .carriers
            .iter()
            .map(|(id, state)| (*id, *state))
            .collect();
        for (id, (state, room)) in carriers {
            self.input(Input::Carrier { id, state, room });
        }
        self.measure();
        for (_, heard, _) in std::mem::take(&mut self.unrecorded) {
            self.heard(heard);
        }
        self.drain();
        self.hold.take_in();
        self.ends.board.send_modify(|board| {
            board.degraded.clear();
            board.recorded.clear();
            board.readers = Arc::default();
        });
        info!(durable = %self.durable, "the ledger is back");
        Ok(())
    }
}
