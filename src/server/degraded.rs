//! When the ledger fails: a crash without the process. What was not durable is dropped,
//! the ledger is opened again, a new engine is folded from it; sessions and links stay up.
//! Emergencies heard meanwhile are shown as not recorded, and recorded when it is back.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::StreamExt;
use narrowcast_hardware::events::LinkEvent;
use narrowcast_protocol::air::{Heard, HeardKind};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use crate::engine::io::Input;
use crate::ledger::LedgerError;
use crate::ledger::keeper::KeeperError;
use crate::model::emergency::Emergency;
use crate::model::facts::Fact;
use crate::model::ids::{EmergencyId, Seq};
use crate::model::wall::Wall;
use crate::server::ServerError;
use crate::server::core::{Core, now, places, seed};

/// First wait before the ledger is opened again; doubles up to [`LONGEST`].
const FIRST: Duration = Duration::from_secs(1);
/// Longest wait.
const LONGEST: Duration = Duration::from_secs(60);
/// Most emergencies that are kept in memory meanwhile, and most other messages: more radios
/// than a city has.
const KEPT: usize = 10_000;

impl Core {
    pub(super) async fn degraded(&mut self, why: KeeperError, shutdown: &CancellationToken) {
        self.metrics.commit_failures.inc();
        error!(%why, "the ledger failed: nothing is accepted or acknowledged until it is back");
        self.put_on_board(format!("the ledger failed: {why}"));
        self.forget_what_is_not_durable();
        self.hold.throw_off();
        self.show_unrecorded();
        self.until_ledger_is_free(shutdown).await;
        let mut wait = FIRST;
        while !shutdown.is_cancelled() {
            self.meanwhile(tokio::time::sleep(wait), shutdown).await;
            match self.reopen(shutdown).await {
                Ok(()) => return,
                Err(error) => {
                    warn!(%error, wait = wait.as_secs(), "the ledger cannot be opened yet");
                    self.hold.throw_off();
                    self.free_space();
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
        let mut recorded: Vec<Emergency> = self
            .engine
            .emergencies()
            .filter(|known| !new.contains(&known.id))
            .cloned()
            .collect();
        for (_, fact) in self.not_durable.iter().rev() {
            recorded.iter_mut().for_each(|known| undo(known, fact));
        }
        let readers = Arc::new(self.engine.readers().collect());
        self.ends.board.send_modify(|board| {
            board.degraded = vec![reason];
            board.places = places(&self.engine, recorded.iter().chain(&board.unrecorded));
            board.recorded = recorded;
            board.readers = readers;
        });
    }

    fn forget_what_is_not_durable(&mut self) {
        self.held.clear();
        self.not_durable.clear();
        // Dropping the senders answers every waiting request: not done, try again.
        self.replies.clear();
        self.trims.clear();
        self.commits = futures_util::stream::FuturesOrdered::new();
    }

    /// A ledger that failed may take its time to let go of its directory.
    async fn until_ledger_is_free(&mut self, shutdown: &CancellationToken) {
        let failed = self.keeper.clone();
        self.meanwhile(async move { failed.ended().await }, shutdown)
            .await;
    }

    /// Waits for `work`, listening to the links and refusing requests. None at shutdown.
    async fn meanwhile<T>(
        &mut self,
        work: impl Future<Output = T>,
        shutdown: &CancellationToken,
    ) -> Option<T> {
        tokio::pin!(work);
        loop {
            tokio::select! {
                biased;
                () = shutdown.cancelled() => return None,
                done = &mut work => return Some(done),
                Some(event) = self.events.recv() => self.event_unrecorded(event),
                Some(call) = self.ends.urgent.recv() => drop(call),
                Some(call) = self.ends.routine.recv() => drop(call),
                Some(page) = self.ends.pages.recv() => drop(page),
            }
        }
    }

    /// What a link says while nothing can be recorded. Nothing is acknowledged: a text is
    /// sent again by its radio, and what no radio repeats is kept until the ledger is back.
    fn event_unrecorded(&mut self, event: LinkEvent) {
        match event {
            LinkEvent::Carrier { id, state, room } => {
                self.carriers.insert(id, (state, room));
                self.show_posture();
            }
            LinkEvent::Job { id, .. } => self.links.forget(id),
            LinkEvent::Heard(heard) => match heard.what {
                HeardKind::Emergency { to, .. } => self.emergency_unrecorded(heard, to),
                HeardKind::Text { .. }
                | HeardKind::Status { .. }
                | HeardKind::TextAcknowledged { .. } => self.miss(heard),
                HeardKind::Position { .. }
                | HeardKind::Presence { .. }
                | HeardKind::Registered { .. }
                | HeardKind::Deregistered { .. } => {}
            },
            _ => {}
        }
    }

    fn miss(&mut self, heard: Heard) {
        if self.missed.len() < KEPT {
            self.missed.push_back(heard);
        }
    }

    fn emergency_unrecorded(&mut self, heard: Heard, to: u32) {
        let exercise = self.is_exercise(&heard);
        let from = heard.what.from();
        let again = self
            .unrecorded
            .iter()
            .position(|(_, old, _)| old.what.from() == from && self.is_exercise(old) == exercise);
        if let Some((_, old, _)) = again.and_then(|index| self.unrecorded.get_mut(index)) {
            // The window of the later call's acknowledgement closes later.
            *old = heard;
        } else if self.unrecorded.len() < KEPT {
            let on_record = self.ends.board.borrow().recorded.iter().any(|known| {
                known.radio == from && known.exercise == exercise && known.closed.is_none()
            });
            error!(radio = from.get(), carrier = %heard.carrier, "EMERGENCY, not recorded");
            let shown = (!on_record).then(|| emergency_shown(&heard, to, exercise));
            self.unrecorded.push((Seq(u64::MAX), heard, shown));
            self.show_unrecorded();
        }
    }

    fn is_exercise(&self, heard: &Heard) -> bool {
        let station = self.recovery.policy.station(heard.carrier.station);
        station.is_some_and(|station| station.test)
    }

    /// Opens the ledger again and lets a new engine take over. At shutdown it does nothing.
    async fn reopen(&mut self, shutdown: &CancellationToken) -> Result<(), ServerError> {
        let recovery = self.recovery.clone();
        let (at, seed) = (now(self.clock), seed()?);
        let recovered = async move { recovery.recover(at, seed).await };
        let Some(recovered) = self.meanwhile(recovered, shutdown).await else {
            return Ok(());
        };
        (self.keeper, self.engine) = recovered?;
        self.durable = self.keeper.last();
        self.collect();
        let mut commits = std::mem::take(&mut self.commits);
        let settled = async move {
            let mut last = None;
            while let Some(done) = commits.next().await {
                last = Some(done?);
            }
            Ok::<_, KeeperError>(last)
        };
        match self.meanwhile(settled, shutdown).await {
            None => return Ok(()),
            Some(Ok(last)) => self.durable = last.unwrap_or(self.durable),
            // A store that opens and cannot be written is not back.
            Some(Err(error)) => {
                self.forget_what_is_not_durable();
                self.until_ledger_is_free(shutdown).await;
                return Err(LedgerError::from(error).into());
            }
        }
        self.take_up_work();
        Ok(())
    }

    fn take_up_work(&mut self) {
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
        for heard in std::mem::take(&mut self.missed) {
            self.input(Input::Heard(heard));
        }
        self.drain();
        self.show_unrecorded();
        self.hold.take_in();
        self.ends.board.send_modify(|board| {
            board.degraded.clear();
            board.recorded.clear();
            board.readers = Arc::default();
        });
        info!(durable = %self.durable, "the ledger is back");
    }
}

fn emergency_shown(heard: &Heard, to: u32, exercise: bool) -> Emergency {
    Emergency {
        id: EmergencyId(ulid::Ulid::generate()),
        radio: heard.what.from(),
        to,
        carrier: heard.carrier,
        raised_at: Wall::from(jiff::Timestamp::now()),
        position: None,
        exercise,
        acknowledged_at: None,
        taken: None,
        closed: None,
        closed_because: None,
    }
}

/// Takes back what a fact that never became durable did to an emergency.
fn undo(emergency: &mut Emergency, fact: &Fact) {
    match fact {
        Fact::EmergencyAcknowledged { id } if *id == emergency.id => {
            emergency.acknowledged_at = None;
        }
        Fact::EmergencyTaken { id, .. } if *id == emergency.id => emergency.taken = None,
        Fact::EmergencyClosed { id, .. } if *id == emergency.id => {
            emergency.closed = None;
            emergency.closed_because = None;
        }
        _ => {}
    }
}
