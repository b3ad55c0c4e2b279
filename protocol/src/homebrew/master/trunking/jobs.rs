//! What the engine asks of a trunked site.

use super::super::HomebrewMaster;
use super::hearing::accept;
use super::transfers::{Owner, SENDS};
use crate::air::{Acknowledgement, Address, JobId, Text, Transmission};
use crate::dmr::text;
use crate::homebrew::message::dmrt::{Dmrt, UdtTransfer, Way};
use crate::session::{Action, Refusal, Step};
use crate::time::Instant;

impl HomebrewMaster {
    /// Hands a text to the site. A talkgroup's is sent once and asks for no answer.
    pub(in super::super) fn send_to_site(
        &mut self,
        now: Instant,
        index: usize,
        id: JobId,
        transmission: &Transmission,
    ) {
        let Transmission::Text(said) = transmission else {
            return self.refused(id, Refusal::NotOffered);
        };
        if text::check(&said.text).is_err() {
            return self.refused(id, Refusal::Unencodable);
        }
        let Some((format, payload)) = UdtTransfer::write(&said.text) else {
            return self.refused(id, Refusal::TooLong);
        };
        if self
            .site(index)
            .is_none_or(|site| site.transfers.room() == 0)
        {
            return self.refused(id, Refusal::NoRoom);
        }
        let (to, sends) = match said.to {
            Address::Radio(radio) => (Some(radio), SENDS),
            Address::Group(_) => (None, 1),
        };
        let uuid = self.name(now, said);
        let transfer = UdtTransfer {
            way: Way::FromNetwork,
            uuid,
            group: to.is_none(),
            acknowledge: to.is_some(),
            reserved: 0,
            format,
            source: said.from.get(),
            destination: said.to.get(),
            payload,
        };
        let bytes = Dmrt::UdtTransfer(transfer).encode();
        let owner = Owner::Job { id, to };
        if let Some(site) = self.site(index) {
            site.transfers.open(now, owner, uuid, bytes.clone(), sends);
        }
        self.tell_bytes(index, bytes, Some(id));
        self.serve_site(now, index);
    }

    /// The name of a text. One that was sent before and not answered keeps its own; a
    /// planned repeat to a talkgroup is a transmission of its own.
    fn name(&mut self, now: Instant, text: &Text) -> crate::homebrew::message::Uuid {
        let again = self.trunking.unanswered.again(now, text);
        again.unwrap_or_else(|| {
            let uuid = self.salts.uuid();
            if !text.to.is_group() {
                self.trunking.unanswered.name(now, text, uuid);
            }
            uuid
        })
    }

    /// Tells the site that a radio's transfer is on disk here.
    pub(in super::super) fn acknowledge_to_site(
        &mut self,
        now: Instant,
        index: usize,
        id: JobId,
        acknowledgement: &Acknowledgement,
        until: Instant,
    ) {
        let Acknowledgement::Accepted { from, to } = *acknowledgement else {
            return self.refused(id, Refusal::NotOffered);
        };
        let parties = (to.get(), from);
        let owed = (until > now)
            .then(|| self.trunking.seen.settle(now, index, parties))
            .flatten();
        match owed {
            Some(uuid) => self.tell_bytes(index, accept(uuid, parties).encode(), Some(id)),
            None => self.refused(id, Refusal::TooLate),
        }
    }

    pub(in super::super) fn refused(&mut self, id: JobId, why: Refusal) {
        let step = Step::Refused(why);
        self.actions.push_back(Action::Job { id, step });
    }
}
