//! One steppable run.
//!
//! * `happening` and `happen`: what people and fate do
//! * `looks`: what can be seen from outside
//! * `phones`: the operators of the SMS routes, and the people who answer
//! * `talk`: what engine and sessions say to each other

mod flight;
mod happen;
mod happening;
mod looks;
mod office;
mod phones;
mod talk;

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use bytes::Bytes;
use narrowcast_protocol::air::{JobId, StationId};
use narrowcast_protocol::session::{Action, Job, Notice, Step};
use narrowcast_protocol::time::Instant;
use narrowcast_world::air::AirEvent;
use narrowcast_world::rng::Rng;

use crate::core::io::LedgerFault;
use crate::engine::io::{Alarm, Input, Refusal, Request, Response};
use crate::model::facts::Entry;
use crate::model::ids::Seq;
use crate::simulate::agenda::Agenda;
use crate::simulate::driver::Driver;
use crate::simulate::invariant::Violation;
use crate::simulate::link::{self, Happened, Link, LinkKind, Site};
use crate::simulate::readings::Readings;
use crate::simulate::setup::Setup;
use crate::simulate::watch::Watch;

pub use crate::simulate::watch::Tally;
use flight::{Flight, REOPEN, Who};
use office::Office;

pub use happening::{Doing, Happening, Trouble};

/// How often the run looks at what is no event.
const LOOK: Duration = Duration::from_secs(5);
/// Most ports write at once; a busy one takes so long, and what radios say of a job can come
/// before it.
const SLOW_WRITE: Duration = Duration::from_millis(400);
/// One run.
pub struct Run {
    now: Instant,
    rng: Rng,
    core: Driver,
    readings: Readings,
    links: Vec<Link>,
    sites: Vec<Site>,
    /// The operators of the SMS routes.
    offices: Vec<Office>,
    stations: Vec<StationId>,
    link_of: Vec<usize>,
    /// Until when nothing passes to and from a site.
    cut: Vec<Instant>,
    /// The last arrival in each direction of a site: what is sent later does not overtake.
    last: Vec<[Instant; 2]>,
    wire: BTreeMap<(Instant, u64), Flight>,
    script: BTreeMap<(Instant, u64), Happening>,
    agenda: Agenda<Who>,
    inputs: VecDeque<Input>,
    latency: (Duration, Duration),
    slow_write: f64,
    tickets: u64,
    serial: u64,
    looked: Instant,
    watch: Watch,
    facts: Vec<(Instant, Seq, Entry)>,
    keep_facts: bool,
    sends: Vec<(Instant, Job)>,
    steps: Vec<(Instant, JobId, Step)>,
    replies: Vec<(Instant, Result<Response, Refusal>)>,
    alarms: Vec<(Instant, Alarm)>,
    log: Option<Vec<String>>,
}

impl Run {
    /// A run at time zero: stations are switched on, nobody has logged in yet.
    ///
    /// # Errors
    /// The ledger cannot be opened.
    pub fn new(setup: &Setup) -> Result<Self, LedgerFault> {
        let mut rng = Rng::new(setup.seed);
        let mut policy = setup.policy.clone();
        policy.stations.clone_from(&setup.stations);
        policy.routes = setup.operators.iter().map(|it| it.route.clone()).collect();
        let core = Driver::new(Instant::ZERO, policy, setup.commit_time, rng.draw())?;
        let (mut links, sites) = link::build(setup, &mut rng);
        let offices = office::build(setup, &mut links);
        let link_of = (0..sites.len()).map(|site| {
            let serving = links.iter().position(|link| link.sites.contains(&site));
            serving.unwrap_or_default()
        });
        let link_of: Vec<usize> = link_of.collect();
        let mut run = Self {
            now: Instant::ZERO,
            rng,
            core,
            readings: Readings::default(),
            stations: setup.stations.iter().map(|station| station.id).collect(),
            link_of,
            cut: vec![Instant::ZERO; sites.len()],
            last: vec![[Instant::ZERO; 2]; sites.len()],
            links,
            sites,
            offices,
            wire: BTreeMap::new(),
            script: BTreeMap::new(),
            agenda: Agenda::default(),
            inputs: VecDeque::new(),
            latency: setup.latency,
            slow_write: setup.slow_write,
            tickets: 0,
            serial: 0,
            looked: Instant::ZERO,
            watch: Watch::new(),
            facts: Vec::new(),
            keep_facts: false,
            sends: Vec::new(),
            steps: Vec::new(),
            replies: Vec::new(),
            alarms: Vec::new(),
            log: setup.log.then(Vec::new),
        };
        if !setup.roster.is_empty() {
            let entries = setup.roster.clone();
            let replace = true;
            run.at(
                Instant::ZERO,
                Happening::Ask(Request::ImportRoster { entries, replace }),
            );
        }
        for link in 0..run.links.len() {
            run.agenda.set(Who::Link(link), Some(Instant::ZERO));
        }
        for site in 0..run.sites.len() {
            run.schedule_site(site);
        }
        run.settle();
        Ok(run)
    }

    /// Lets something happen then.
    pub fn at(&mut self, at: Instant, happening: Happening) {
        self.serial += 1;
        self.script.insert((at, self.serial), happening);
    }

    /// Runs until `end`.
    ///
    /// # Errors
    /// An invariant was broken; the run stands where that was noticed.
    pub fn until(&mut self, end: Instant) -> Result<(), Violation> {
        while self.next().is_some_and(|at| at <= end) {
            self.step()?;
        }
        self.now = self.now.max(end);
        Ok(())
    }

    /// When the next thing happens.
    #[must_use]
    pub fn next(&self) -> Option<Instant> {
        let agenda = self.agenda.first().map(|(at, _)| at);
        let wire = self.wire.first_key_value().map(|((at, _), _)| *at);
        let script = self.script.first_key_value().map(|((at, _), _)| *at);
        [agenda, wire, script].into_iter().flatten().min()
    }

    /// Lets the next thing happen.
    ///
    /// # Errors
    /// An invariant was broken.
    pub fn step(&mut self) -> Result<(), Violation> {
        let Some(at) = self.next() else { return Ok(()) };
        self.now = self.now.max(at);
        self.watch.at(self.now);
        if let Some(entry) = self
            .script
            .first_entry()
            .filter(|entry| entry.key().0 <= at)
        {
            let happening = entry.remove();
            self.happen(happening);
        } else if let Some(entry) = self.wire.first_entry().filter(|entry| entry.key().0 <= at) {
            let flight = entry.remove();
            self.arrive(flight);
        } else if let Some((_, who)) = self.agenda.first() {
            self.wake(who);
        }
        self.settle();
        if self.now.since(self.looked) >= LOOK {
            self.look();
        }
        self.watch.verdict()
    }

    fn wake(&mut self, who: Who) {
        let now = self.now;
        match who {
            Who::Core => self.core.tick(now),
            Who::Office(index) => self.wake_office(index),
            Who::Site(index) => {
                if let Some(site) = self.sites.get_mut(index) {
                    site.tick(now);
                }
                self.drain_site(index);
            }
            Who::Link(index) => {
                let Some(link) = self.links.get_mut(index) else {
                    return;
                };
                if link.opens_at.is_some_and(|at| at <= now) && !self.finds_nobody(index) {
                    let Some(link) = self.links.get_mut(index) else {
                        return;
                    };
                    link.opens_at = None;
                    link.open = true;
                    link.session.opened(now);
                } else if let Some(link) = self.links.get_mut(index) {
                    link.session.tick(now);
                }
                self.drain_link(index);
            }
        }
    }

    fn arrive(&mut self, flight: Flight) {
        let now = self.now;
        match flight {
            Flight::ToLink { site, bytes } => {
                let index = self.link_of.get(site).copied().unwrap_or_default();
                if let Some(link) = self.links.get_mut(index).filter(|link| link.open) {
                    let from = link::peer(link.kind, site);
                    link.session.receive(now, from, &bytes);
                }
                self.drain_link(index);
            }
            Flight::Written {
                link,
                connection,
                id,
            } => {
                let known = self.links.get_mut(link);
                if let Some(link) = known.filter(|link| link.connection == connection) {
                    self.inputs.push_back(Input::Sent(id));
                    link.ends.written(id);
                }
                self.drain_link(link);
            }
            Flight::Sms {
                office,
                connection,
                bytes,
                to_link,
            } => self.sms_arrives(office, connection, &bytes, to_link),
            Flight::ToSite { site, bytes } => {
                if let Some(there) = self.sites.get_mut(site) {
                    there.receive(now, &bytes);
                }
                self.drain_site(site);
            }
        }
    }

    /// Sends bytes on their way, if the way is open.
    fn fly(&mut self, site: usize, bytes: Bytes, to_link: bool) {
        let Some(cut) = self.cut.get(site) else {
            return;
        };
        if *cut > self.now {
            return;
        }
        let (least, most) = self.latency;
        let mut at = self.now + self.rng.between(least, most);
        if let Some(last) = self
            .last
            .get_mut(site)
            .and_then(|last| last.get_mut(usize::from(to_link)))
        {
            at = at.max(*last);
            *last = at;
        }
        self.serial += 1;
        let flight = if to_link {
            Flight::ToLink { site, bytes }
        } else {
            Flight::ToSite { site, bytes }
        };
        self.wire.insert((at, self.serial), flight);
    }

    fn schedule_site(&mut self, index: usize) {
        let at = self.sites.get(index).map(Site::deadline);
        self.agenda.set(Who::Site(index), at);
    }

    fn drain_site(&mut self, index: usize) {
        while let Some(happened) = self.sites.get_mut(index).and_then(Site::poll) {
            match happened {
                Happened::Sent(bytes) => self.fly(index, bytes, true),
                Happened::Air(slot, at, event) => {
                    if let Some(log) = &mut self.log {
                        log.push(format!(
                            "{at} air {index}/{} {}",
                            slot.number(),
                            shown(&event)
                        ));
                    }
                    self.watch.air(&event);
                }
            }
        }
        self.schedule_site(index);
    }

    fn drain_link(&mut self, index: usize) {
        let now = self.now;
        // As from the pump: carriers are told after the ends of jobs.
        let mut carriers = Vec::new();
        while let Some(action) = self
            .links
            .get_mut(index)
            .and_then(|link| link.session.poll())
        {
            match action {
                Action::Carrier { id, state, room } => {
                    carriers.push(Input::Carrier { id, state, room });
                }
                other => self.act(index, other),
            }
        }
        while let Some((id, step)) = self.links.get_mut(index).and_then(|link| link.ends.poll()) {
            self.inputs.push_back(Input::Step { id, step });
        }
        self.inputs.extend(carriers);
        if let Some(link) = self.links.get(index) {
            let deadline = match link.opens_at {
                Some(at) => Some(at),
                // A session that wants a tick in the past gets it a millisecond later, as from the pump.
                None => link
                    .session
                    .deadline()
                    .map(|at| at.max(now + Duration::from_millis(1))),
            };
            self.agenda.set(Who::Link(index), deadline);
        }
    }

    fn act(&mut self, index: usize, action: Action) {
        match action {
            Action::Send { to, bytes, for_job } => {
                let Some(link) = self.links.get(index) else {
                    return;
                };
                if let LinkKind::Sms(office) = link.kind {
                    return self.send_to_office(index, office, bytes, for_job);
                }
                let (open, kind) = (link.open, link.kind);
                let site = link
                    .sites
                    .iter()
                    .copied()
                    .find(|site| link::peer(kind, *site) == to);
                if let Some(site) = site.filter(|_| open) {
                    self.fly(site, bytes, false);
                }
                if let Some(id) = for_job {
                    self.write(index, id);
                }
            }
            Action::Heard(heard) => self.inputs.push_back(Input::Heard(heard)),
            Action::Job { id, step } => {
                let link = self.links.get_mut(index);
                if let Some(step) = link.and_then(|link| link.ends.step(id, step)) {
                    self.inputs.push_back(Input::Step { id, step });
                }
            }
            Action::Notice(Notice::StationIdentified {
                station,
                description,
            }) => {
                self.inputs.push_back(Input::StationIdentified {
                    station,
                    description,
                });
            }
            Action::Carrier { .. } | Action::Notice(_) => {}
            Action::Reopen { .. } => self.close(index, self.now + REOPEN),
        }
    }

    /// The last bytes of a job are with the port: it writes them at once or later.
    fn write(&mut self, index: usize, id: JobId) {
        let slow = self.rng.chance(self.slow_write);
        let delay = self.rng.between(Duration::ZERO, SLOW_WRITE);
        let Some(link) = self.links.get_mut(index) else {
            return;
        };
        if !link.open {
            return link.ends.give_up(id);
        }
        link.ends.queued(id);
        let connection = link.connection;
        let at = if slow { self.now + delay } else { self.now };
        self.serial += 1;
        let flight = Flight::Written {
            link: index,
            connection,
            id,
        };
        self.wire.insert((at, self.serial), flight);
    }

    fn close(&mut self, index: usize, opens_at: Instant) {
        let now = self.now;
        if let Some(link) = self.links.get_mut(index) {
            if link.open {
                link.open = false;
                link.connection += 1;
                link.ends.give_up_all();
                link.session.closed(now);
                if let LinkKind::Sms(office) = link.kind
                    && let Some(office) = self.offices.get_mut(office)
                {
                    office.centre.disconnected();
                }
            }
            // A process that is dead opens no link before it starts again.
            link.opens_at = link.opens_at.max(Some(opens_at));
        }
    }
}

/// One of several, by a number that was drawn before.
fn one<T: Copy>(several: &[T], draw: u64) -> Option<T> {
    let count = u64::try_from(several.len())
        .ok()
        .filter(|count| *count > 0)?;
    several.get(usize::try_from(draw % count).ok()?).copied()
}

fn shown(event: &AirEvent) -> String {
    match event {
        AirEvent::Down(burst) => format!("down {}", hex::encode(burst)),
        AirEvent::Up(burst) => format!("up {}", hex::encode(burst)),
        other => format!("{other:?}"),
    }
}
