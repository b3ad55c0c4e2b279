//! The operators of the SMS routes, and the people who hold the telephones.

use std::time::Duration;

use bytes::Bytes;
use narrowcast_protocol::air::{JobId, Phone};
use narrowcast_protocol::time::Instant;
use narrowcast_world::smsc::{CentreEvent, Message};

use super::flight::{Flight, REOPEN, Who};
use super::{Happening, Run, Trouble};
use crate::model::alert::Mark;
use crate::simulate::link::{Link, LinkKind};
use crate::simulate::operator;

/// The longest that a person takes to answer.
const SLOWEST_ANSWER: Duration = Duration::from_secs(120);

impl Run {
    fn link_to(&self, office: usize) -> Option<usize> {
        let kind = LinkKind::Sms(office);
        self.links.iter().position(|link| link.kind == kind)
    }

    /// Whether the operator of a link takes no connection; then the link tries again.
    pub(super) fn finds_nobody(&mut self, index: usize) -> bool {
        let Some(link) = self.links.get_mut(index) else {
            return false;
        };
        let LinkKind::Sms(office) = link.kind else {
            return false;
        };
        let Some(office_there) = self.offices.get_mut(office) else {
            return false;
        };
        if office_there.away > self.now {
            link.opens_at = Some(self.now + REOPEN);
            return true;
        }
        link.connection += 1;
        office_there.centre.connected(self.now);
        self.drain_office(office);
        false
    }

    pub(super) fn wake_office(&mut self, office: usize) {
        if let Some(there) = self.offices.get_mut(office) {
            there.centre.tick(self.now);
        }
        self.drain_office(office);
    }

    /// Bytes of a session leave for its operator.
    pub(super) fn send_to_office(
        &mut self,
        index: usize,
        office: usize,
        bytes: Bytes,
        job: Option<JobId>,
    ) {
        let Some(link) = self.links.get_mut(index) else {
            return;
        };
        let connection = link.connection;
        let open = link.open;
        if let Some(id) = job {
            if open {
                link.ends.queued(id);
            } else {
                link.ends.give_up(id);
            }
        }
        if !open {
            return;
        }
        let Some(at) = self.sms_flies(office, connection, bytes, false) else {
            return;
        };
        if let Some(id) = job {
            self.serial += 1;
            let written = Flight::Written {
                link: index,
                connection,
                id,
            };
            // A busy port says late that it has written.
            let slow = self
                .offices
                .get_mut(office)
                .is_some_and(|it| it.rng.chance(0.1));
            let at = if slow { at } else { self.now };
            self.wire.insert((at, self.serial), written);
        }
    }

    fn sms_flies(
        &mut self,
        office: usize,
        connection: u64,
        bytes: Bytes,
        to_link: bool,
    ) -> Option<Instant> {
        let there = self.offices.get_mut(office)?;
        let (least, most) = there.latency;
        let last = there.last.get_mut(usize::from(to_link))?;
        let at = (self.now + there.rng.between(least, most)).max(*last);
        *last = at;
        self.serial += 1;
        let flight = Flight::Sms {
            office,
            connection,
            bytes,
            to_link,
        };
        self.wire.insert((at, self.serial), flight);
        Some(at)
    }

    pub(super) fn sms_arrives(
        &mut self,
        office: usize,
        connection: u64,
        bytes: &[u8],
        to_link: bool,
    ) {
        let now = self.now;
        let Some(index) = self.link_to(office) else {
            return;
        };
        let same = |link: &&mut Link| link.open && link.connection == connection;
        let Some(link) = self.links.get_mut(index).filter(same) else {
            return;
        };
        if to_link {
            link.session
                .receive(now, narrowcast_protocol::session::Peer::Line, bytes);
            return self.drain_link(index);
        }
        if let Some(there) = self.offices.get_mut(office) {
            there.centre.receive(now, bytes);
        }
        self.drain_office(office);
    }

    fn drain_office(&mut self, office: usize) {
        while let Some(event) = self.offices.get_mut(office).and_then(|it| it.centre.poll()) {
            self.office_did(office, event);
        }
        let due = self.offices.get(office).and_then(|it| it.centre.deadline());
        self.agenda.set(Who::Office(office), due);
    }

    fn office_did(&mut self, office: usize, event: CentreEvent) {
        let Some(index) = self.link_to(office) else {
            return;
        };
        let connection = self.links.get(index).map_or(0, |link| link.connection);
        match event {
            CentreEvent::Send(bytes) => {
                self.sms_flies(office, connection, bytes, true);
                return;
            }
            CentreEvent::Close(_) => {
                self.close(index, self.now + REOPEN);
                self.drain_link(index);
            }
            _ => {}
        }
        if let Some(log) = &mut self.log {
            log.push(format!("{} operator {office} {event:?}", self.now));
        }
        if let Some(there) = self.offices.get(office) {
            self.watch.operator(there.route, &event);
        }
        if let CentreEvent::Taken(message) = &event {
            self.person_reads(office, message);
        }
    }

    /// A person who has read a text answers, or not.
    fn person_reads(&mut self, office: usize, message: &Message) {
        let Some(there) = self.offices.get_mut(office) else {
            return;
        };
        let answers = there.rng.below(100) < there.answers;
        let after = there.rng.between(Duration::from_secs(3), SLOWEST_ANSWER);
        let word = match there.rng.below(5) {
            0 | 1 => "1",
            2 | 3 => "收到",
            _ => "知道了,谢谢",
        };
        let names_it = there.rng.chance(0.3);
        let first = message.part.is_none_or(|part| part.number == 1);
        let Some(phone) = Phone::new(&message.to).ok().filter(|_| answers && first) else {
            return;
        };
        if there.unreachable.contains(&phone) {
            return;
        }
        let unsigned = message.text.rsplit('】').next().unwrap_or_default();
        let mark: Option<String> = Mark::strip(unsigned)
            .filter(|_| names_it)
            .map(|_| unsigned.chars().take(2).collect());
        let words = mark.map_or_else(|| word.to_owned(), |mark| format!("{mark} {word}"));
        self.at(
            self.now + after,
            Happening::PhoneWrites(office, phone, words),
        );
    }

    pub(super) fn phone_writes(&mut self, office: usize, phone: Phone, words: &str) {
        if let Some(there) = self.offices.get_mut(office) {
            let phone = phone.to_string();
            there
                .centre
                .write(self.now, &phone, operator::SENDER, words);
        }
        self.drain_office(office);
    }

    pub(super) fn operator_does(&mut self, office: usize, trouble: Trouble) {
        let Some(there) = self.offices.get_mut(office) else {
            return;
        };
        let next = there.centre.submits().saturating_add(1);
        match trouble {
            Trouble::Faults(faults) => *there.centre.faults() = faults,
            Trouble::Unbinds => there.centre.faults().unbind_at = next,
            Trouble::Closes => there.centre.faults().close_at = next,
            Trouble::Away(length) => {
                there.away = there.away.max(self.now + length);
                if let Some(index) = self.link_to(office) {
                    self.close(index, self.now + length);
                    self.drain_link(index);
                }
            }
        }
        self.drain_office(office);
    }

    /// The process is gone, and its connections with it.
    pub(super) fn hang_up(&mut self) {
        for office in 0..self.offices.len() {
            if let Some(there) = self.offices.get_mut(office) {
                there.centre.disconnected();
            }
            self.drain_office(office);
        }
    }
}
