//! Retention: before old facts go, what is still needed of them is stated again.

use crate::engine::Engine;
use crate::engine::io::{Refusal, Response};
use crate::engine::requests::at_root;
use crate::model::facts::{self, Fact};
use crate::model::ids::Seq;
use crate::model::roster::RosterEntry;
use crate::model::token::Principal;

impl Engine {
    pub(super) fn trim(
        &mut self,
        who: &Principal,
        up_to: Seq,
        hash: [u8; 32],
    ) -> Result<Response, Refusal> {
        at_root(who, "the ledger of all nodes")?;
        let limit = self.state.trim_limit();
        if up_to > limit {
            let why = format!(
                "facts after {limit} are still needed by live alerts, open emergencies, keys \
                 or a salvage that nobody has acknowledged"
            );
            return Err(Refusal::Invalid {
                field: "up_to",
                why,
            });
        }
        let by = who.name.clone();
        for fact in Fact::of_policy(&self.state.policy) {
            self.emit(fact);
        }
        let entries: Vec<RosterEntry> = self.state.roster.entries().collect();
        for (number, piece) in facts::pieces(&entries, facts::stored_size).enumerate() {
            self.emit(Fact::RosterImported {
                by: by.clone(),
                clears: number == 0,
                entries: piece.to_vec(),
            });
        }
        let mut tokens: Vec<_> = self.state.tokens.values().cloned().collect();
        tokens.sort_by_key(|token| token.id);
        for token in tokens {
            self.emit(Fact::TokenCreated {
                by: by.clone(),
                token,
            });
        }
        for fact in self.state.alarms.restated() {
            self.emit(fact);
        }
        Ok(Response::Done(self.emit(Fact::Trimmed { by, up_to, hash })))
    }
}
