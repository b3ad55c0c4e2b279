//! What a site's radios send: short data and status.

use core::time::Duration;

use super::super::HomebrewMaster;
use super::seen;
use super::transfers::{Owner, SENDS};
use crate::air::{Acknowledgement, Address, HeardKind, Owed, RadioId};
use crate::dmr::udt::Content;
use crate::homebrew::message::Uuid;
use crate::homebrew::message::dmrt::{Answer, Dmrt, Status, UdtTransfer, Way};
use crate::session::{Action, Step};
use crate::time::Instant;

/// A site waits 5 s for its transfer's acceptance and sends three times; later it has given
/// up.
const ACCEPT_WINDOW: Duration = Duration::from_secs(15);

impl HomebrewMaster {
    /// Short data from a radio: for us, for others, or (a talkgroup of ours that other sites
    /// want too) both.
    pub(super) fn transfer(&mut self, now: Instant, index: usize, transfer: &UdtTransfer) {
        let Ok(from) = RadioId::new(transfer.source) else {
            return self.drop_at(now, index, "reserved-address");
        };
        let parties = (transfer.source, transfer.destination);
        let until = now + ACCEPT_WINDOW;
        let waits = transfer.acknowledge.then_some((parties, until));
        match self.trunking.seen.hear(now, index, transfer.uuid, waits) {
            seen::Heard::New => {}
            seen::Heard::AcceptAgain => return self.accept_transfer(index, transfer.uuid, parties),
            seen::Heard::Repeat => return self.drop_at(now, index, "repeated-transfer"),
        }
        let ours = self.ours(index, transfer.group, transfer.destination);
        let reached = self.pass_on(now, index, transfer, ours.is_some());
        match ours {
            Some(to) => {
                let owed = transfer.acknowledge.then_some(Owed {
                    acknowledgement: Acknowledgement::Accepted {
                        from: transfer.destination,
                        to: from,
                    },
                    until,
                });
                if owed.is_some() {
                    self.trunking.seen.owe(index, transfer.uuid);
                }
                let what = meaning(from, to, transfer);
                self.say(index, what, owed.into_iter().collect());
            }
            None => {
                self.say(index, HeardKind::Presence { from }, Vec::new());
                if !reached {
                    // The radio may have registered by the time of the repeat.
                    self.trunking.seen.unhear(index, transfer.uuid);
                    self.drop_at(now, index, "nowhere-to-deliver");
                }
            }
        }
    }

    /// Hands a transfer to the sites it is for; whether there is one. Where we answer
    /// ourselves, the sites are not asked to.
    fn pass_on(
        &mut self,
        now: Instant,
        origin: usize,
        transfer: &UdtTransfer,
        answered: bool,
    ) -> bool {
        let mut reached = false;
        for index in self.sites_for(origin, transfer.group, transfer.destination) {
            let passed = UdtTransfer {
                acknowledge: transfer.acknowledge && !answered,
                ..transfer.from_network()
            };
            let sends = if passed.acknowledge { SENDS } else { 1 };
            let bytes = Dmrt::UdtTransfer(passed).encode();
            let open = self.site(index).is_some_and(|site| {
                let owner = Owner::Site(origin);
                site.transfers
                    .open(now, owner, transfer.uuid, bytes.clone(), sends)
            });
            if open {
                reached = true;
                self.tell_bytes(index, bytes, None);
                self.serve_site(now, index);
            } else {
                self.drop_at(now, index, "too-many-transfers");
            }
        }
        reached
    }

    /// A site says that it has taken a transfer.
    pub(super) fn transfer_accepted(&mut self, now: Instant, index: usize, answer: &Answer) {
        let terminal = self.terminal_accepts(index);
        // The site has queued it and says no more about it; it may still be on its way.
        let stays = |owner| matches!(owner, Owner::Job { to: Some(_), .. }) && !terminal;
        let owner = self
            .site(index)
            .and_then(|site| site.transfers.accepted(now, answer.uuid, stays));
        match owner {
            Some(Owner::Job { id, to }) => {
                let by = to.filter(|_| terminal);
                let step = by.map_or(Step::Accepted, |by| Step::Received { by });
                self.actions.push_back(Action::Job { id, step });
                if to.is_none() || by.is_some() {
                    self.trunking.unanswered.received(answer.uuid);
                    let step = Step::Done;
                    self.actions.push_back(Action::Job { id, step });
                }
                self.serve_site(now, index);
            }
            Some(Owner::Site(origin)) => {
                if let Some(parties) = self.trunking.seen.accept(origin, answer.uuid) {
                    self.accept_transfer(origin, answer.uuid, parties);
                }
                self.serve_site(now, index);
            }
            None => self.drop_at(now, index, "no-such-transfer"),
        }
    }

    fn terminal_accepts(&self, index: usize) -> bool {
        self.stations
            .get(index)
            .and_then(|it| it.config.trunking)
            .is_some_and(|trunking| trunking.terminal_accepts)
    }

    fn accept_transfer(&mut self, index: usize, uuid: Uuid, parties: seen::Parties) {
        let message = accept(uuid, parties);
        self.tell(index, &message);
    }

    /// A status: for us, or passed on. No confirmation of it exists.
    pub(super) fn status(&mut self, now: Instant, index: usize, status: &Status) {
        let Ok(from) = RadioId::new(status.source) else {
            return self.drop_at(now, index, "reserved-address");
        };
        if self.trunking.seen.hear(now, index, status.uuid, None) != seen::Heard::New {
            return self.drop_at(now, index, "repeated-transfer");
        }
        let ours = self.ours(index, status.group, status.destination);
        let sites = self.sites_for(index, status.group, status.destination);
        let way = Way::FromNetwork;
        let passed = Dmrt::Status(Status { way, ..*status });
        for site in &sites {
            self.tell(*site, &passed);
        }
        match ours {
            Some(to) => {
                let what = HeardKind::Status {
                    from,
                    to,
                    code: u16::from(status.value),
                    polled: false,
                };
                self.say(index, what, Vec::new());
            }
            None => {
                self.say(index, HeardKind::Presence { from }, Vec::new());
                if sites.is_empty() {
                    self.drop_at(now, index, "nowhere-to-deliver");
                }
            }
        }
    }
}

/// The acceptance of a transfer.
pub(super) fn accept(uuid: Uuid, (source, destination): seen::Parties) -> Dmrt {
    Dmrt::UdtAccept(Answer {
        way: Way::FromNetwork,
        uuid,
        source,
        destination,
    })
}

/// What a transfer for us says.
fn meaning(from: RadioId, to: Address, transfer: &UdtTransfer) -> HeardKind {
    let text = |text| HeardKind::Text {
        from,
        to,
        text,
        reference: Some(reference(transfer.uuid)),
    };
    match transfer.content() {
        Content::Text { text: said, .. } | Content::Mixed { text: said, .. } => text(said),
        Content::Bcd(digits) => text(digits),
        Content::Nmea(location) => match location.position() {
            Some(position) => HeardKind::Position { from, position },
            None => HeardKind::Presence { from },
        },
        Content::Binary(_) | Content::Addresses { .. } | Content::Ip(_) | Content::Other { .. } => {
            HeardKind::Presence { from }
        }
    }
}

/// The name of a transfer as a message number of 16 bits.
fn reference(Uuid(octets): Uuid) -> u16 {
    let (pairs, _) = octets.as_chunks::<2>();
    pairs
        .iter()
        .map(|pair| u16::from_be_bytes(*pair))
        .fold(0, |sum, pair| sum ^ pair)
}
