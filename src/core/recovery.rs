//! From a ledger to an engine that decides: the one way, at the first start and after every
//! failure. The engine of before stays until the new one takes over.

use sha2::{Digest, Sha256};

use crate::core::Core;
use crate::core::io::{Action, Checkpoint, LedgerFault};
use crate::core::phase::{Phase, TOO_LARGE};
use crate::engine::Engine;
use crate::engine::io::{Effect, Input, Now};
use crate::model::facts::Record;
use crate::model::ids::Seq;

impl Core {
    /// The ledger is open, its last record and newest state are these; or it cannot be opened.
    pub fn opened(&mut self, ledger: Result<(Seq, Option<Checkpoint>), LedgerFault>, now: Now) {
        self.pass(now);
        if !matches!(self.phase, Phase::Opening { .. }) {
            return;
        }
        match ledger {
            Ok((last, checkpoint)) => {
                let successor = self.restored(last, checkpoint);
                self.checkpointed = successor.seq();
                self.read_on(Box::new(successor), Vec::new());
            }
            Err(why) => self.wait(why),
        }
    }

    /// One page of the records that were asked for; an empty one ends the fold.
    pub fn page(&mut self, records: Result<Vec<Record>, LedgerFault>, now: Now) {
        self.pass(now);
        self.fold_page();
        let phase = std::mem::replace(
            &mut self.phase,
            Phase::Opening {
                since: self.now.mono,
            },
        );
        match (phase, records) {
            (Phase::Folding { successor, .. }, Ok(records)) if records.is_empty() => {
                self.take_over(*successor);
            }
            (Phase::Folding { successor, .. }, Ok(records)) => self.read_on(successor, records),
            (Phase::Folding { .. }, Err(why)) => {
                self.out.push_back(Action::Close);
                self.wait(why);
            }
            (phase, _) => self.phase = phase,
        }
    }

    /// Folds what was read last, while the next page is being read.
    pub(super) fn fold_page(&mut self) {
        if let Phase::Folding {
            successor, page, ..
        } = &mut self.phase
        {
            for record in std::mem::take(page) {
                successor.replay(&record);
            }
        }
    }

    /// A failed ledger is given up, and opened again after a wait.
    pub(super) fn give_up(&mut self, why: LedgerFault) {
        self.out.push_back(Action::Close);
        self.wait(why);
    }

    pub(super) fn open_when_due(&mut self) {
        if let Phase::Waiting { until } = self.phase
            && until <= self.now.mono
            && !self.leaving
        {
            self.phase = Phase::Opening {
                since: self.now.mono,
            };
            self.out.push_back(Action::Open);
        }
    }

    fn wait(&mut self, why: LedgerFault) {
        let until = self.now.mono + self.retry.failed(why);
        self.phase = Phase::Waiting { until };
    }

    fn read_on(&mut self, successor: Box<Engine>, page: Vec<Record>) {
        let folded = page.last().map_or(successor.seq(), |last| last.seq);
        self.phase = Phase::Folding {
            since: self.now.mono,
            successor,
            page,
        };
        self.out.push_back(Action::Read {
            from: folded.next(),
            limit: self.limits.page,
        });
    }

    /// An engine with the state of the checkpoint, if that is the fold of its position.
    fn restored(&mut self, last: Seq, checkpoint: Option<Checkpoint>) -> Engine {
        self.retry.engines += 1;
        let seed = Sha256::new()
            .chain_update(self.seed)
            .chain_update(self.retry.engines.to_be_bytes())
            .finalize()
            .into();
        let mut engine = Engine::new(self.now, seed);
        if let Some(Checkpoint { at, state }) = checkpoint {
            if at <= last && engine.restore(&state) == Ok(at) {
                return engine;
            }
            engine = Engine::new(self.now, seed);
        }
        engine
    }

    /// The new engine decides from here on. It is told what the world is like.
    fn take_over(&mut self, successor: Engine) {
        let durable = successor.seq();
        self.engine = successor;
        self.folded = true;
        self.phase = Phase::Ready;
        self.engine
            .resume(self.policy.clone(), env!("CARGO_PKG_VERSION"), self.now);
        self.advance(durable);
        self.collect();
        if let Some((free, total)) = self.space {
            self.handle(Input::Space { free, total });
        }
        for (station, description) in std::mem::take(&mut self.descriptions) {
            self.handle(Input::StationIdentified {
                station,
                description,
            });
        }
        let carriers: Vec<_> = self.carriers.keys().copied().collect();
        for id in carriers {
            let carrier = self.carrier(id);
            carrier.into_iter().for_each(|input| self.handle(input));
        }
        // What was kept may be what no record can take: it is tried again once.
        if self.retry.too_large >= TOO_LARGE {
            return self.messages.drop_all();
        }
        for call in self.distress.take() {
            let (heard, emergency) = (call.heard.clone(), Box::new(call.emergency));
            self.handle(Input::Unrecorded {
                heard: call.heard,
                emergency,
            });
            self.keep_if_unrecorded(heard);
        }
    }

    /// Takes what an engine that does not decide says: alarms, and acknowledgements of what
    /// is on record.
    pub(super) fn collect_while_away(&mut self) {
        while let Some(output) = self.engine.poll() {
            match output.effect {
                Effect::Alarm(alarm) => self.out.push_back(Action::Alarm(alarm)),
                Effect::Transmit(job) if self.may_leave_while_away(&job, output.after) => {
                    self.out.push_back(Action::Transmit(job));
                }
                _ => {}
            }
        }
    }
}
