//! A salvage of the ledger is shown until an administrator has taken note of it.

use crate::engine::Engine;
use crate::engine::io::{Refusal, Response};
use crate::engine::requests::at_root;
use crate::model::facts::Fact;
use crate::model::token::Principal;

impl Engine {
    pub(super) fn acknowledge_salvage(&mut self, who: &Principal) -> Result<Response, Refusal> {
        at_root(who, "the ledger of all nodes")?;
        if self.state.salvages.is_empty() {
            return Err(Refusal::Conflict(
                "there is no salvage of the ledger that nobody has taken note of".into(),
            ));
        }
        let by = who.name.clone();
        Ok(Response::Done(self.emit(Fact::SalvageAcknowledged { by })))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::state::{SHOWN, State};
    use crate::model::ids::Seq;
    use crate::model::salvage::Salvage;
    use crate::model::wall::Wall;

    fn salvaged(has: u64) -> Fact {
        Fact::Salvaged(Salvage::new("torn", Seq(has), None, "/kept"))
    }

    #[test]
    fn a_salvage_stays_and_is_not_trimmed_until_it_is_acknowledged() {
        let mut state = State::default();
        let version = "1".into();
        state.apply(Seq(5), Wall::default(), &salvaged(4));
        state.apply(Seq(6), Wall::default(), &Fact::Started { version });
        assert_eq!(state.salvages.len(), 1);
        assert_eq!(state.trim_limit(), Seq(4));
        let by = "duty".into();
        state.apply(Seq(7), Wall::default(), &Fact::SalvageAcknowledged { by });
        assert_eq!(state.salvages, []);
        assert_eq!(state.trim_limit(), Seq(7));
    }

    #[test]
    fn of_any_number_of_salvages_the_newest_are_shown() {
        let mut state = State::default();
        (1..=100).for_each(|n| state.apply(Seq(n), Wall::default(), &salvaged(n - 1)));
        assert_eq!(state.salvages.len(), SHOWN);
        assert_eq!(state.salvages.last().unwrap().0, Seq(100));
    }
}
