//! Distress calls that are not on record: shown at once, and kept with their ids until the
//! ledger has them, whatever fails meanwhile.

use narrowcast_protocol::air::Heard;

use crate::model::emergency::Emergency;
use crate::model::ids::Seq;

/// A distress call and the emergency it raised.
#[derive(Debug, Clone)]
pub(super) struct Unrecorded {
    /// The position that makes it durable; none while nothing decides.
    after: Option<Seq>,
    /// The newest call: the window of its acknowledgement closes last.
    pub(super) heard: Heard,
    /// As people see it.
    pub(super) emergency: Emergency,
}

/// All that are not on record, in the order of their raising.
#[derive(Debug, Default)]
pub(super) struct Distress(Vec<Unrecorded>);

impl Distress {
    /// Keeps one, or the newest call of one that is kept; false if there is no room.
    pub(super) fn keep(
        &mut self,
        after: Option<Seq>,
        heard: Heard,
        emergency: Emergency,
        limit: usize,
    ) -> bool {
        let known = self.0.iter_mut();
        let same = |known: &&mut Unrecorded| known.emergency.id == emergency.id;
        if let Some(known) = known.into_iter().find(same) {
            known.after = after;
            known.heard = heard;
            return true;
        }
        let room = self.0.len() < limit;
        if room {
            self.0.push(Unrecorded {
                after,
                heard,
                emergency,
            });
        }
        room
    }

    /// Everything up to `durable` is on record.
    pub(super) fn recorded(&mut self, durable: Seq) {
        self.0
            .retain(|call| call.after.is_none_or(|after| after > durable));
    }

    /// The engine that would have recorded them is no more.
    pub(super) fn undecided(&mut self) {
        for call in &mut self.0 {
            call.after = None;
        }
    }

    /// All of them; none is kept afterwards.
    pub(super) fn take(&mut self) -> Vec<Unrecorded> {
        std::mem::take(&mut self.0)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Unrecorded> {
        self.0.iter()
    }
}
