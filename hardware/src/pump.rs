//! The task that joins a port and a session.

mod outgoing;

use core::future::{Future, pending};
use core::pin::Pin;
use core::time::Duration;

use narrowcast_protocol::air::JobId;
use narrowcast_protocol::ends::Ends;
use narrowcast_protocol::session::{Action, Job, Notice, Peer, Session};
use narrowcast_protocol::time::Instant;
use tokio::sync::mpsc;
use tokio::time::sleep_until;
use tokio_util::sync::CancellationToken;

use crate::capture::{Direction, Tap};
use crate::clock::Clock;
use crate::events::{Backlog, EventLanes, LinkEvent, LinkState};
use crate::port::{LARGEST_CHUNK, Port, PortConfig, PortError, Written};
use crate::reconnect::Reconnect;
use outgoing::{Outgoing, STALL};

/// How long the last bytes and events may take to leave at shutdown.
const FAREWELL: Duration = Duration::from_millis(500);

/// A session whose deadline stays in the past is ticked this often, and no oftener.
const SHORTEST_TICK: Duration = Duration::from_millis(1);

/// Jobs on their way to a pump.
#[derive(Debug)]
pub struct Lanes {
    /// Acknowledgements and emergency traffic: drained first.
    pub urgent: mpsc::Receiver<Job>,
    /// Everything else.
    pub routine: mpsc::Receiver<Job>,
}

impl Lanes {
    /// Two bounded lanes: their senders (urgent, routine), and the ends for the pump.
    #[must_use]
    pub fn new(urgent: usize, routine: usize) -> (mpsc::Sender<Job>, mpsc::Sender<Job>, Self) {
        let (urgent_jobs, urgent) = mpsc::channel(urgent);
        let (routine_jobs, routine) = mpsc::channel(routine);
        (urgent_jobs, routine_jobs, Self { urgent, routine })
    }
}

/// What the record shows in place of a chunk that a session sends, as long as the chunk is; none
/// if the chunk holds no secret.
pub type Mask = fn(&[u8]) -> Option<Vec<u8>>;

/// One link: its port, its session, and what lies between.
///
/// * `Sent` is reported after the port has written the job's last byte, never before.
/// * The end of a job is reported once and last, after its bytes are written or given up.
/// * A lost port, a session's [`Action::Reopen`] and a device that takes no bytes for 5 s all
///   end the same way: the session is told [`closed`](Session::closed), what had not left is
///   dropped (a job among it ends as lost), and the port is opened again after
///   a wait, see [`Reconnect`].
/// * A datagram socket with one far end opens whether anybody is there or not: its link is
///   reported up when the first datagram has come from there, and until then down, with what the
///   far end's machine says, or why the session gave it up.
/// * Jobs are handed to the session while the port is down, too: it knows what to answer.
/// * Reports wait in a bounded backlog when their channel is full; messages and job steps
///   are never dropped, and reading pauses before memory grows. An emergency has a lane of
///   its own and waits behind no other report.
pub struct Pump {
    config: PortConfig,
    session: Box<dyn Session>,
    clock: Clock,
    reconnect: Reconnect,
    tap: Option<Tap>,
    mask: Option<Mask>,
    outgoing: Outgoing,
    ends: Ends,
    backlog: Backlog,
    complaint: Option<String>,
    /// The far end was heard on this connection, or the opening alone proved that it is there.
    proved: bool,
    /// What the far end's machine said against it, on a connection that is not proved.
    refusal: Option<String>,
}

enum Link {
    /// Until then, and for the device to be let go.
    Waiting(tokio::time::Instant, Option<Closing>),
    Opening(Pin<Box<dyn Future<Output = Result<Port, PortError>> + Send>>),
    Up(Port),
}

type Closing = Pin<Box<dyn Future<Output = ()> + Send>>;

enum Happening {
    RetryDue,
    Opened(Result<Port, PortError>),
    Received(Peer, usize),
    Wrote(Written),
    Unsent(PortError),
    Refused(PortError),
    Lost(PortError),
    Stalled,
}

impl Pump {
    /// A link that is not open yet. `seed` spreads the waits between tries.
    #[must_use]
    pub fn new(
        config: PortConfig,
        session: Box<dyn Session>,
        clock: Clock,
        seed: u64,
        tap: Option<Tap>,
    ) -> Self {
        Self {
            config,
            session,
            clock,
            reconnect: Reconnect::new(seed),
            tap,
            mask: None,
            outgoing: Outgoing::default(),
            ends: Ends::default(),
            backlog: Backlog::default(),
            complaint: None,
            proved: false,
            refusal: None,
        }
    }

    /// Keeps secrets that the session sends out of the record.
    #[must_use]
    pub fn masked(mut self, mask: Mask) -> Self {
        self.mask = Some(mask);
        self
    }

    /// Runs until `shutdown`, or until nobody listens to `events` any more.
    pub async fn run(mut self, mut jobs: Lanes, events: EventLanes, shutdown: CancellationToken) {
        let mut link = self.open(None);
        let mut buffer = vec![0; LARGEST_CHUNK];
        let mut next_tick = tokio::time::Instant::now();
        loop {
            if let Some(why) = self.settle(matches!(link, Link::Up(_)))
                && let Link::Up(port) = link
            {
                link = self.lose(port, why.to_owned());
            }
            let deadline = self.session.deadline();
            let deadline = deadline.and_then(|at| self.clock.moment(at));
            let writable = !self.outgoing.is_full();
            let reading = writable && !self.backlog.is_full();
            // In order of urgency; what could flood (the port) stands behind what cannot, and
            // lets one routine job through with each chunk it delivers.
            tokio::select! {
                biased;
                () = shutdown.cancelled() => break,
                permit = events.emergencies.reserve(), if self.backlog.has_emergencies() => match permit {
                    Ok(permit) => {
                        if let Some(event) = self.backlog.pop_emergency() {
                            permit.send(event);
                        }
                    }
                    Err(_) => break,
                },
                permit = events.others.reserve(), if !self.backlog.is_empty() => match permit {
                    Ok(permit) => {
                        if let Some(event) = self.backlog.pop() {
                            permit.send(event);
                        }
                    }
                    Err(_) => break,
                },
                () = sleep_until(deadline.unwrap_or(next_tick).max(next_tick)),
                    if deadline.is_some() =>
                {
                    self.session.tick(self.clock.now());
                    next_tick = tokio::time::Instant::now() + SHORTEST_TICK;
                }
                Some(job) = jobs.urgent.recv(), if writable => self.transmit(job),
                happening = happening(&mut link, &mut buffer, &self.outgoing, reading) => {
                    link = self.handle(happening, link, &buffer);
                    if !self.outgoing.is_full() && let Ok(job) = jobs.routine.try_recv() {
                        self.transmit(job);
                    }
                }
                Some(job) = jobs.routine.recv(), if writable => self.transmit(job),
                () = events.others.closed() => break,
            }
        }
        self.leave(link, &events).await;
    }

    fn transmit(&mut self, job: Job) {
        self.ends.given(&job);
        self.session.transmit(self.clock.now(), job);
    }

    /// Takes what the session wants done; why it wants the port reopened, if it does.
    fn settle(&mut self, up: bool) -> Option<&'static str> {
        let mut reopen = None;
        // Told after the ends: a fragment that is over should not seem to hold its radio when the
        // next is chosen.
        let mut carriers = Vec::new();
        while let Some(action) = self.session.poll() {
            match action {
                Action::Send { to, bytes, for_job } if up => {
                    for_job.into_iter().for_each(|id| self.ends.queued(id));
                    let recorded = self.mask.filter(|_| self.tap.is_some());
                    let recorded = recorded.and_then(|mask| mask(&bytes)).map(Into::into);
                    self.outgoing.push(to, bytes, recorded, for_job);
                }
                Action::Send { for_job, .. } => {
                    for_job.into_iter().for_each(|id| self.ends.give_up(id));
                }
                Action::Heard(heard) => self.backlog.push(LinkEvent::Heard(heard)),
                Action::Job { id, step } => {
                    if let Some(step) = self.ends.step(id, step) {
                        self.backlog.push(LinkEvent::Job { id, step });
                    }
                }
                Action::Carrier { id, state, room } => {
                    carriers.push(LinkEvent::Carrier { id, state, room });
                }
                Action::Notice(notice) => self.backlog.push(LinkEvent::Notice(notice)),
                Action::Reopen { why } => reopen = Some(why),
            }
        }
        while let Some((id, step)) = self.ends.poll() {
            self.backlog.push(LinkEvent::Job { id, step });
        }
        carriers
            .into_iter()
            .for_each(|event| self.backlog.push(event));
        reopen
    }

    /// What has left is put on record, and the jobs that are complete with it are reported.
    fn wrote(&mut self, written: Written, port: &Port) {
        match written {
            Written::Bytes(count) => {
                if let Some((to, written)) = self.outgoing.recorded(count)
                    && let Some(tap) = &self.tap
                {
                    tap.record(Direction::Outbound, to, port, written);
                }
                if let Some(id) = self.outgoing.wrote(count) {
                    self.sent(id);
                }
            }
            Written::Datagrams(count) => {
                let mut complete = Vec::new();
                let left = self.outgoing.wrote_whole(count);
                let left = left.map(|chunk| {
                    complete.extend(chunk.for_job);
                    (chunk.to, chunk.recorded())
                });
                match &self.tap {
                    Some(tap) => tap.record_sent(port, left),
                    None => left.for_each(drop),
                }
                complete.into_iter().for_each(|id| self.sent(id));
            }
        }
    }

    fn sent(&mut self, id: JobId) {
        self.backlog.push(LinkEvent::Sent(id));
        self.ends.written(id);
    }

    fn handle(&mut self, happening: Happening, link: Link, bytes: &[u8]) -> Link {
        match (happening, link) {
            (Happening::RetryDue, Link::Waiting(_, closing)) => self.open(closing),
            (Happening::Opened(Ok(port)), _) => {
                let now = self.clock.now();
                self.refusal = None;
                // A datagram socket opens whether anybody is at its far end or not.
                self.proved = !matches!(self.config, PortConfig::UdpClient { .. });
                if self.proved {
                    self.up(now);
                }
                self.session.opened(now);
                Link::Up(port)
            }
            (Happening::Opened(Err(error)), _) => {
                let wait = self.reconnect.failed();
                self.complain("cannot open", error.to_string());
                Link::Waiting(tokio::time::Instant::now() + wait, None)
            }
            (Happening::Received(from, count), Link::Up(port)) => {
                let bytes = bytes.get(..count).unwrap_or(bytes);
                if !core::mem::replace(&mut self.proved, true) {
                    self.up(self.clock.now());
                }
                if let Some(tap) = &self.tap {
                    tap.record(Direction::Inbound, from, &port, bytes);
                }
                self.session.receive(self.clock.now(), from, bytes);
                Link::Up(port)
            }
            (Happening::Wrote(written), Link::Up(port)) => {
                self.wrote(written, &port);
                Link::Up(port)
            }
            (Happening::Unsent(error), Link::Up(port)) => {
                tracing::debug!(port = %self.config, %error, "datagram dropped");
                self.backlog.push(LinkEvent::Notice(Notice::Dropped {
                    station: None,
                    cause: "unsent",
                    count: 1,
                }));
                if let Some(id) = self.outgoing.give_up() {
                    self.ends.give_up(id);
                }
                Link::Up(port)
            }
            (Happening::Refused(error), Link::Up(port)) => {
                let why = error.to_string();
                if self.proved {
                    // It restarts, or somebody forges this: its own silence decides.
                    tracing::debug!(port = %self.config, why, "refused");
                } else {
                    self.refusal = Some(why.clone());
                    self.complain("down", why);
                }
                Link::Up(port)
            }
            (Happening::Lost(error), Link::Up(port)) => self.lose(port, error.to_string()),
            (Happening::Stalled, Link::Up(port)) => self.lose(
                port,
                format!("the far end took no bytes for {} s", STALL.as_secs()),
            ),
            (_, link) => link,
        }
    }

    fn lose(&mut self, port: Port, why: String) -> Link {
        let now = self.clock.now();
        let wait = if self.proved {
            self.reconnect.lost(now)
        } else {
            self.reconnect.failed()
        };
        if self.proved {
            tracing::warn!(port = %self.config, why, wait_ms = wait.as_millis(), "lost");
        }
        self.outgoing.clear();
        self.ends.give_up_all();
        self.session.closed(now);
        self.settle(false);
        if self.proved {
            self.report(false, why, Duration::ZERO);
        } else {
            let why = self.refusal.take().unwrap_or(why);
            self.complain("down", why);
        }
        let due = tokio::time::Instant::now() + wait;
        Link::Waiting(due, Some(closing(port)))
    }

    /// The far end is there.
    fn up(&mut self, now: Instant) {
        let hold_down = self.reconnect.up(now);
        self.complaint = None;
        tracing::info!(port = %self.config, "open");
        self.report(true, "open".to_owned(), hold_down);
    }

    /// The far end is not there. The same complaint every minute tells nobody anything new.
    fn complain(&mut self, what: &'static str, why: String) {
        if self.complaint.as_ref() != Some(&why) {
            tracing::warn!(port = %self.config, why, "{what}");
            self.complaint = Some(why.clone());
            self.report(false, why, Duration::ZERO);
        }
    }

    fn report(&mut self, up: bool, why: String, hold_down: Duration) {
        self.backlog.push(LinkEvent::Link(LinkState {
            up,
            why,
            flaps: self.reconnect.flaps(),
            hold_down,
        }));
    }

    fn open(&self, closing: Option<Closing>) -> Link {
        let config = self.config.clone();
        Link::Opening(Box::pin(async move {
            if let Some(closing) = closing {
                closing.await;
            }
            Port::open(&config).await
        }))
    }

    /// Writes what is queued, closes, and hands over the last events, each within reason.
    async fn leave(mut self, link: Link, events: &EventLanes) {
        let mut closing = None;
        if let Link::Up(mut port) = link {
            self.session.leaving(self.clock.now());
            self.settle(true);
            let last_words = async {
                while !self.outgoing.is_empty() {
                    match port.halves().1.send_queued(self.outgoing.queue()).await {
                        Ok(written) => self.wrote(written, &port),
                        Err(PortError::Unsent { .. }) => {
                            let dropped = self.outgoing.give_up();
                            dropped.into_iter().for_each(|id| self.ends.give_up(id));
                        }
                        Err(_) => break,
                    }
                }
            };
            // Late is as good as lost: the far end notices our silence.
            let _in_time = tokio::time::timeout(FAREWELL, last_words).await;
            self.outgoing.clear();
            self.ends.give_up_all();
            self.session.closed(self.clock.now());
            self.settle(false);
            self.report(false, "shutting down".to_owned(), Duration::ZERO);
            closing = Some(port.close());
        }
        let last_events = async {
            while let Some(event) = self.backlog.pop_emergency().or_else(|| self.backlog.pop()) {
                if events.lane_of(&event).send(event).await.is_err() {
                    break;
                }
            }
            if let Some(closing) = closing {
                closing.await;
            }
        };
        let _in_time = tokio::time::timeout(FAREWELL, last_events).await;
    }
}

/// Starts closing now; the future is ready when the device is free.
fn closing(port: Port) -> Closing {
    let task = tokio::spawn(port.close());
    Box::pin(async move {
        // It cannot fail but by the end of the runtime.
        let _closed = task.await;
    })
}

/// What happens next on the link. Dropping the future loses nothing.
async fn happening(
    link: &mut Link,
    buffer: &mut [u8],
    outgoing: &Outgoing,
    reading: bool,
) -> Happening {
    match link {
        Link::Waiting(due, _) => {
            sleep_until(*due).await;
            Happening::RetryDue
        }
        Link::Opening(opening) => Happening::Opened(opening.await),
        Link::Up(port) => {
            let (receiver, sender) = port.halves();
            let write = async {
                if outgoing.is_empty() {
                    return pending().await;
                }
                tokio::select! {
                    written = sender.send_queued(outgoing.queue()) => match written {
                        Ok(written) => Happening::Wrote(written),
                        Err(error) if error.loses_port() => Happening::Lost(error),
                        Err(error @ PortError::NobodyThere { .. }) => Happening::Refused(error),
                        Err(error) => Happening::Unsent(error),
                    },
                    () = sleep_until(outgoing.stalls_at()) => Happening::Stalled,
                }
            };
            tokio::select! {
                received = receiver.recv(buffer), if reading => match received {
                    Ok((from, count)) => Happening::Received(from, count),
                    Err(error) if error.loses_port() => Happening::Lost(error),
                    Err(error) => Happening::Refused(error),
                },
                happening = write => happening,
            }
        }
    }
}

#[cfg(test)]
mod tests;
