//! What the carriers of the stations do, and which of them a job is for: a timeslot, or a trunked
//! site.

use super::HomebrewMaster;
use super::carrier::Carrier;
use crate::air::{CarrierId, RadioId, Slot};
use crate::dmr::channel::numbered_for;
use crate::session::{Action, Job, Peer, Refusal};
use crate::time::Instant;

impl HomebrewMaster {
    /// Lets a carrier do what is due, and notes when to come back.
    pub(super) fn serve(&mut self, now: Instant, index: usize, slot: Slot) {
        let Some(station) = self.stations.get_mut(index) else {
            return;
        };
        let id = station.config.id;
        let Some(link) = station.link.as_mut() else {
            return;
        };
        if link.site.is_some() {
            return self.serve_site(now, index);
        }
        let peer = link.peer;
        let Some(carrier) = link
            .carriers
            .iter_mut()
            .find(|carrier| carrier.timeslot.slot() == slot)
        else {
            return;
        };
        if let Some((bytes, for_job)) = carrier.timeslot.serve(now, id.0, &mut self.salts) {
            self.actions.push_back(Action::Send {
                to: Peer::Socket(peer),
                bytes,
                for_job,
            });
        }
        let dropped = carrier.timeslot.report(&mut self.actions);
        let due = carrier.timeslot.due();
        // What is put off with each burst of a call is looked at once when it was due first.
        let put_off = |old: Instant| now < old && due.is_some_and(|due| old <= due);
        if carrier.due != due && !carrier.due.is_some_and(put_off) {
            if let Some(old) = core::mem::replace(&mut carrier.due, due) {
                self.due.remove(&(old, index, slot));
            }
            self.due.extend(due.map(|at| (at, index, slot)));
        }
        for (cause, count) in dropped {
            self.drops.count(now, Some(id), cause, count);
        }
    }

    /// Lets every carrier do what is due.
    pub(super) fn serve_due(&mut self, now: Instant) {
        while let Some(&(at, index, slot)) = self.due.first() {
            if at > now {
                return;
            }
            self.due.pop_first();
            if let Some(carrier) = self.carrier(index, slot) {
                carrier.due = None;
            } else if let Some(site) = self.site(index) {
                site.forget_due();
            }
            self.serve(now, index, slot);
        }
    }

    pub(super) fn carrier(&mut self, index: usize, slot: Slot) -> Option<&mut Carrier> {
        let link = self.stations.get_mut(index)?.link.as_mut()?;
        link.carriers
            .iter_mut()
            .find(|carrier| carrier.timeslot.slot() == slot)
    }

    /// The station is gone: what was under way on its carriers is lost.
    pub(super) fn close_carriers(&mut self, now: Instant, index: usize, carriers: Vec<Carrier>) {
        for mut carrier in carriers {
            if let Some(due) = carrier.due {
                self.due.remove(&(due, index, carrier.timeslot.slot()));
            }
            carrier.timeslot.channel.close(now);
            carrier.timeslot.report(&mut self.actions);
        }
    }

    pub(super) fn job(&mut self, now: Instant, job: Job) {
        match job {
            Job::Send {
                id,
                carrier,
                transmission,
            } => match self.destination(carrier) {
                Some(Destination::Site(index)) => {
                    self.send_to_site(now, index, id, &transmission);
                }
                Some(Destination::Slot(index, known)) => {
                    let to = numbered_for(&transmission);
                    known.timeslot.channel.send(now, id, transmission);
                    if let Some(to) = to {
                        self.used(carrier, to);
                    }
                    self.serve(now, index, carrier.slot);
                }
                None => self.refused(id, Refusal::NoCarrier),
            },
            Job::Acknowledge {
                id,
                carrier,
                acknowledgement,
                until,
            } => match self.destination(carrier) {
                Some(Destination::Site(index)) => {
                    self.acknowledge_to_site(now, index, id, &acknowledgement, until);
                }
                Some(Destination::Slot(index, known)) => {
                    let channel = &mut known.timeslot.channel;
                    channel.acknowledge(now, id, acknowledgement, until);
                    self.serve(now, index, carrier.slot);
                }
                None => self.refused(id, Refusal::NoCarrier),
            },
            Job::Collect { id, .. } | Job::Admit { id, .. } => {
                self.refused(id, Refusal::NotOffered);
            }
            // A trunked site's fragments leave at once: there is nothing to withdraw.
            Job::Withdraw(id) => {
                for index in 0..self.stations.len() {
                    for slot in [Slot::One, Slot::Two] {
                        if let Some(carrier) = self.carrier(index, slot) {
                            carrier.timeslot.channel.withdraw(id);
                            self.serve(now, index, slot);
                        }
                    }
                }
            }
        }
    }

    /// A radio is sent something over this carrier: the numbers of all others mean nothing.
    fn used(&mut self, carrier: CarrierId, radio: RadioId) {
        let links = self.stations.iter_mut().filter_map(|it| it.link.as_mut());
        for other in links.flat_map(|link| link.carriers.iter_mut()) {
            let channel = &mut other.timeslot.channel;
            if channel.carrier() != carrier {
                channel.used_elsewhere(radio);
            }
        }
    }

    fn destination(&mut self, carrier: CarrierId) -> Option<Destination<'_>> {
        let index = *self.by_id.get(&carrier.station.0)?;
        if self.site(index).is_some_and(|site| site.is(carrier)) {
            return Some(Destination::Site(index));
        }
        let known = self.carrier(index, carrier.slot)?;
        Some(Destination::Slot(index, known))
    }
}

/// Where a job goes.
enum Destination<'a> {
    Site(usize),
    Slot(usize, &'a mut Carrier),
}
