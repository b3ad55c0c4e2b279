//! Does what people and fate do.

use std::time::Duration;

use narrowcast_protocol::air::RadioId;
use narrowcast_protocol::time::Instant;
use narrowcast_world::radio::Radio;

use super::{Doing, Happening, Run, one};
use crate::engine::io::Request;
use crate::simulate::link::{LinkKind, Site};

impl Run {
    pub(super) fn happen(&mut self, happening: Happening) {
        if let Some(log) = &mut self.log {
            log.push(format!("{} {happening:?}", self.now));
        }
        let now = self.now;
        match happening {
            Happening::Ask(request) => self.ask(request),
            Happening::CancelOne(draw) => {
                if let Some(alert) = one(&self.watch.live(), draw) {
                    let because = "发错了".to_owned();
                    self.ask(Request::Cancel { alert, because });
                }
            }
            Happening::ResendOne(draw) => {
                if let Some(alert) = one(&self.watch.live(), draw) {
                    self.ask(Request::Resend { alert });
                }
            }
            Happening::TakeOne(draw) => {
                if let Some(id) = one(&self.watch.emergencies(), draw) {
                    self.ask(Request::TakeEmergency { id });
                }
            }
            Happening::CloseOne(draw) => {
                if let Some(id) = one(&self.watch.emergencies(), draw) {
                    let because = "人已找到".to_owned();
                    self.ask(Request::CloseEmergency { id, because });
                }
            }
            Happening::Radio(id, doing) => self.radio(id, doing),
            Happening::Cut(site, length) => self.cut(site, now + length),
            Happening::Stall(site, length) => {
                if let Some(Site::Modem(site)) = self.sites.get_mut(site) {
                    site.faults().silent_until = Some(now + length);
                }
            }
            Happening::LockOut(site, length) => {
                if let Some(Site::Modem(there)) = self.sites.get_mut(site) {
                    there.faults().lockout = true;
                    self.at(now + length, Happening::Release(site));
                }
            }
            Happening::Release(site) => {
                if let Some(Site::Modem(there)) = self.sites.get_mut(site) {
                    there.faults().lockout = false;
                }
                self.schedule_site(site);
            }
            Happening::Slow(least, most) => self.core.disk().slow((least, most)),
            Happening::LedgerFails(n, true) => self.core.disk().store().fail_after_write_at(n),
            Happening::LedgerFails(n, false) => self.core.disk().store().fail_at(n),
            Happening::Hang(length) => self.core.disk().hang(now + length),
            Happening::RecoveryFails(opens, reads) => self.core.disk().fail_next(opens, reads),
            Happening::LedgerRepaired => self.core.disk().repair(),
            Happening::Kill(restart) => self.kill(restart),
            Happening::PhoneWrites(office, phone, words) => {
                self.phone_writes(office, phone, &words)
            }
            Happening::Operator(office, trouble) => self.operator_does(office, trouble),
        }
    }

    fn cut(&mut self, site: usize, until: Instant) {
        if let Some(cut) = self.cut.get_mut(site) {
            *cut = (*cut).max(until);
        }
        let index = self.link_of.get(site).copied().unwrap_or_default();
        if self
            .links
            .get(index)
            .is_some_and(|link| link.kind == LinkKind::Modem)
        {
            self.close(index, until);
            self.drain_link(index);
        }
    }

    fn kill(&mut self, restart: Duration) {
        self.core.kill(self.now, restart);
        self.readings.forget();
        self.watch.away(true);
        self.inputs.clear();
        let at = self.now + restart;
        self.hang_up();
        for index in 0..self.links.len() {
            if let Some(link) = self.links.get_mut(index) {
                link.restart(at, &mut self.rng);
            }
            self.drain_link(index);
        }
    }

    fn radio(&mut self, id: RadioId, doing: Doing) {
        let now = self.now;
        if let Doing::Move(carrier) = doing {
            return self.drive(id, carrier);
        }
        let act = |radio: &mut Radio| match &doing {
            Doing::Emergency => radio.press_emergency(now),
            Doing::Write(words) => radio.write(now, crate::simulate::setup::OWN, words),
            Doing::Call(length) => radio.call(now, *length),
            Doing::Switch(on) => radio.switch(*on),
            Doing::Move(_) => {}
        };
        for index in 0..self.sites.len() {
            let here = self
                .sites
                .get_mut(index)
                .is_some_and(|site| site.change(now, id.get(), act));
            if here {
                self.drain_site(index);
            }
        }
    }

    fn drive(&mut self, id: RadioId, carrier: usize) {
        let places: Vec<_> = self
            .sites
            .iter()
            .enumerate()
            .flat_map(|(index, site)| site.slots().iter().map(move |slot| (index, *slot)))
            .collect();
        let Some((to, to_slot)) = one(&places, carrier as u64) else {
            return;
        };
        // Slots that are due pass before the radio leaves and before it comes.
        for index in 0..self.sites.len() {
            if let Some(site) = self.sites.get_mut(index) {
                site.tick(self.now);
            }
            self.drain_site(index);
        }
        let found = places.into_iter().find_map(|(index, slot)| {
            let radio = self.sites.get_mut(index)?.air(slot).leave(id.get())?;
            Some((index, radio))
        });
        if let Some((from, radio)) = found {
            if let Some(site) = self.sites.get_mut(to) {
                site.air(to_slot).join(radio);
            }
            self.schedule_site(from);
            self.schedule_site(to);
        }
    }
}
