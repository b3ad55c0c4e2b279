//! One steppable run.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use bytes::Bytes;
use narrowcast_protocol::air::{CarrierId, JobId, RadioId, StationId};
use narrowcast_protocol::session::{Action, Job, Notice, Refusal as JobRefusal, Step};
use narrowcast_protocol::time::Instant;
use narrowcast_world::air::{AirEvent, Losses};
use narrowcast_world::radio::Radio;
use narrowcast_world::rng::Rng;

use crate::core::io::LedgerFault;
use crate::engine::io::{Alarm, Input, Refusal, Request, Response, Ticket};
use crate::model::facts::Entry;
use crate::model::ids::{DeliveryIndex, Seq};
use crate::simulate::agenda::Agenda;
use crate::simulate::driver::{Driver, Out};
use crate::simulate::invariant::Violation;
use crate::simulate::link::{self, Happened, Link, LinkKind, Site};
use crate::simulate::readings::Readings;
use crate::simulate::setup::Setup;
use crate::simulate::watch::Watch;

pub use crate::simulate::watch::Tally;

/// How often the run looks at what is no event.
const LOOK: Duration = Duration::from_secs(5);
/// Most ports write at once; a busy one takes so long, and what radios say of a job can come
/// before it.
const SLOW_WRITE: Duration = Duration::from_millis(400);
/// A port that its session wants reopened stays closed for so long.
const REOPEN: Duration = Duration::from_secs(1);

/// Something that people or fate do.
#[derive(Debug, Clone)]
pub enum Happening {
    /// Somebody asks for something.
    Ask(Request),
    /// Somebody cancels one of the alerts that are live then.
    CancelOne(u64),
    /// Somebody sends one of the alerts that are live then again.
    ResendOne(u64),
    /// Somebody takes one of the emergencies that are open then.
    TakeOne(u64),
    /// Somebody closes one of the emergencies that are open then.
    CloseOne(u64),
    /// A radio or its user does something.
    Radio(RadioId, Doing),
    /// Nothing passes between a station and us for so long.
    Cut(usize, Duration),
    /// A modem neither reads nor writes for so long.
    Stall(usize, Duration),
    /// A modem's transmitter is held off for so long.
    LockOut(usize, Duration),
    /// A modem's transmitter is released.
    Release(usize),
    /// Commits take from the first to the second of these from now on.
    Slow(Duration, Duration),
    /// The ledger fails at the n-th commit from now; written or not.
    LedgerFails(u64, bool),
    /// The ledger does nothing for so long, and then goes on.
    Hang(Duration),
    /// So many openings of the ledger fail, and then so many reads.
    RecoveryFails(u64, u64),
    /// The ledger works again.
    LedgerRepaired,
    /// The process is killed and starts again after so long.
    Kill(Duration),
}

/// What a radio or its user does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Doing {
    /// Presses the emergency button.
    Emergency,
    /// Writes a text to us.
    Write(String),
    /// Talks to the talkgroup.
    Call(Duration),
    /// Goes off or out of reach, or comes back.
    Switch(bool),
    /// Drives to another carrier.
    Move(usize),
}

/// Who waits for a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Who {
    Core,
    Link(usize),
    Site(usize),
}

/// Bytes on their way.
#[derive(Debug)]
enum Flight {
    ToLink {
        site: usize,
        bytes: Bytes,
    },
    ToSite {
        site: usize,
        bytes: Bytes,
    },
    /// The port has written the last bytes of a job, unless it was lost meanwhile.
    Written {
        link: usize,
        connection: u64,
        id: JobId,
    },
}

/// One run.
pub struct Run {
    now: Instant,
    rng: Rng,
    core: Driver,
    readings: Readings,
    links: Vec<Link>,
    sites: Vec<Site>,
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
        let core = Driver::new(Instant::ZERO, policy, setup.commit_time, rng.draw())?;
        let (links, sites) = link::build(setup, &mut rng);
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

    /// Keeps every fact from now on, see [`facts`](Self::facts).
    pub const fn keep_facts(&mut self) {
        self.keep_facts = true;
    }

    /// What time it is.
    #[must_use]
    pub const fn now(&self) -> Instant {
        self.now
    }

    /// The durable facts, if they were to be kept, with the moment they became durable.
    #[must_use]
    pub fn facts(&self) -> &[(Instant, Seq, Entry)] {
        &self.facts
    }

    /// The jobs that were handed to sessions, if facts were to be kept.
    #[must_use]
    pub fn sends(&self) -> &[(Instant, Job)] {
        &self.sends
    }

    /// How the jobs came along, if facts were to be kept.
    #[must_use]
    pub fn steps(&self) -> &[(Instant, JobId, Step)] {
        &self.steps
    }

    /// The answers to what was asked, if facts were to be kept.
    pub fn replies(&self) -> &[(Instant, Result<Response, Refusal>)] {
        &self.replies
    }

    /// What was shown at once, recorded or not.
    #[must_use]
    pub fn alarms(&self) -> &[(Instant, Alarm)] {
        &self.alarms
    }

    /// What was done, in numbers.
    #[must_use]
    pub const fn tally(&self) -> Tally {
        self.watch.tally
    }

    /// Everything that happened, as text, if it was to be kept.
    #[must_use]
    pub fn log(&self) -> &[String] {
        self.log.as_deref().unwrap_or_default()
    }

    /// What was sent over each carrier and lost on the way.
    pub fn losses(&mut self) -> Vec<Losses> {
        self.sites.iter_mut().flat_map(Site::losses).collect()
    }

    /// The carriers, in the order of the sites.
    pub fn carriers(&self) -> Vec<CarrierId> {
        let pairs = self.stations.iter().zip(&self.sites);
        pairs
            .flat_map(|(station, site)| link::carriers(*station, site))
            .collect()
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
                if link.opens_at.is_some_and(|at| at <= now) {
                    link.opens_at = None;
                    link.open = true;
                    link.session.opened(now);
                } else {
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
            }
            // A process that is dead opens no link before it starts again.
            link.opens_at = link.opens_at.max(Some(opens_at));
        }
    }

    /// Lets engine and sessions talk until both are silent.
    fn settle(&mut self) {
        loop {
            if let Some(input) = self.inputs.pop_front() {
                self.tell(input);
            } else if let Some(out) = self.core.poll(self.now) {
                self.hand_out(out);
            } else {
                break;
            }
        }
        self.agenda.set(Who::Core, self.core.deadline());
    }

    fn tell(&mut self, input: Input) {
        match &input {
            Input::Sent(job) => self.watch.written(*job),
            Input::Step { id, step } => self.watch.step(*id, *step),
            Input::Carrier { id, .. } => self.watch.carrier(*id),
            _ => {}
        }
        let heard = match &input {
            Input::Heard(heard) => Some(heard.clone()),
            _ => None,
        };
        if let Input::Step { id, step } = &input
            && self.keep_facts
        {
            self.steps.push((self.now, *id, *step));
        }
        if let Some(log) = &mut self.log {
            log.push(format!("{} in {input:?}", self.now));
        }
        self.core.input(self.now, input);
        if let Some(heard) = heard {
            self.watch.heard(&heard, &self.core);
        }
    }

    fn hand_out(&mut self, out: Out) {
        if let Some(log) = &mut self.log {
            log.push(format!("{} out {out:?}", self.now));
        }
        match out {
            Out::Durable(facts) => {
                self.durable(&facts);
                if self.keep_facts {
                    let now = self.now;
                    self.facts
                        .extend(facts.into_iter().map(|(seq, entry)| (now, seq, entry)));
                }
            }
            Out::Transmit(job) => self.transmit(job),
            Out::Reply(ticket, result) => {
                if self.keep_facts {
                    self.replies.push((self.now, result.clone()));
                }
                if let Some((ticket, result)) = self.readings.keep((ticket, result)) {
                    self.watch.replied(ticket, &result);
                }
                self.compare(self.core.durable());
            }
            Out::Alarm(alarm) => self.alarms.push((self.now, alarm)),
            Out::Away => {
                self.readings.forget();
                self.watch.away(false);
            }
            Out::Back => self.watch.back(),
            Out::CaughtUp => self.watch.caught_up(),
        }
    }

    /// Facts became durable: a reading is compared with those before it and none behind it.
    fn durable(&mut self, facts: &[(Seq, Entry)]) {
        for fact in facts {
            self.compare(Seq(fact.0.0.saturating_sub(1)));
            self.watch.durable(std::slice::from_ref(fact));
        }
        self.compare(self.core.durable());
    }

    fn compare(&mut self, durable: Seq) {
        while let Some((ticket, result)) = self.readings.caught_up(durable) {
            self.watch.replied(ticket, &result);
        }
    }

    fn transmit(&mut self, job: Job) {
        self.watch.let_out(&job);
        let serving = match &job {
            Job::Send { carrier, .. }
            | Job::Acknowledge { carrier, .. }
            | Job::Collect { carrier, .. }
            | Job::Admit { carrier, .. } => {
                let station = carrier.station;
                self.links.iter().position(|link| link.serves(station))
            }
            Job::Withdraw(_) => None,
        };
        if self.keep_facts {
            self.sends.push((self.now, job.clone()));
        }
        let withdrawn = matches!(job, Job::Withdraw(_));
        let links = match serving {
            Some(index) => index..index + 1,
            // A session that does not have it takes no notice.
            None if withdrawn => 0..self.links.len(),
            None => return self.refuse(&job),
        };
        for index in links {
            if let Some(link) = self.links.get_mut(index) {
                link.ends.given(&job);
                link.session.transmit(self.now, job.clone());
            }
            self.drain_link(index);
        }
    }

    fn refuse(&mut self, job: &Job) {
        let id: JobId = match job {
            Job::Send { id, .. }
            | Job::Acknowledge { id, .. }
            | Job::Collect { id, .. }
            | Job::Admit { id, .. }
            | Job::Withdraw(id) => *id,
        };
        let step = Step::Refused(JobRefusal::NoCarrier);
        self.inputs.push_back(Input::Step { id, step });
    }

    fn ask(&mut self, request: Request) {
        self.tickets += 1;
        let ticket = Ticket(self.tickets);
        if self.core.is_dead() {
            return;
        }
        let looks = request.only_looks();
        // What an engine shows that does not decide may never come on record.
        if !(looks && self.core.is_away()) {
            self.watch.asks(ticket, &request);
        }
        self.core.request(self.now, ticket, request);
        if looks && !self.core.is_away() {
            self.readings.asked(ticket, self.core.engine().seq());
        }
    }

    /// What is no event: the sizes of things, and what the engine shows.
    fn look(&mut self) {
        self.looked = self.now;
        let waiting = self.core.waiting() + self.wire.len();
        self.watch.check(waiting, &self.core);
        self.ask(Request::Overview);
        // A few at a time, in turn: every live alert is looked at once a minute or so.
        let live = self.watch.live();
        let turn = usize::try_from(self.tickets).unwrap_or(0) % live.len().max(1);
        for alert in live
            .iter()
            .cycle()
            .skip(turn)
            .take(live.len().min(2))
            .copied()
        {
            self.ask(Request::Deliveries {
                alert,
                from: DeliveryIndex(0),
                limit: 1_000,
            });
        }
        self.settle();
    }

    fn happen(&mut self, happening: Happening) {
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
