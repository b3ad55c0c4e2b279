//! One task per link: a port, a session, and the jobs that go to it.

mod link;
mod masks;
mod sessions;
mod sms;

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use narrowcast_hardware::capture::{CaptureConfig, CaptureRing};
use narrowcast_hardware::clock::Clock;
use narrowcast_hardware::events::EventLanes;
use narrowcast_hardware::port::PortConfig;
use narrowcast_hardware::pump::{Lanes, Pump};
use narrowcast_protocol::air::{JobId, StationId};
use narrowcast_protocol::session::Job;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, info_span, warn};

use crate::config::Config;
pub use crate::station::link::LinkError;

/// Jobs of one lane that may wait for a link.
const LANE: usize = 256;

#[derive(Debug)]
struct Lane {
    urgent: mpsc::Sender<Job>,
    routine: mpsc::Sender<Job>,
}

/// The ways to all links.
#[derive(Debug, Default)]
pub struct Links {
    lanes: Vec<Lane>,
    of_station: HashMap<StationId, usize>,
    of_job: HashMap<JobId, usize>,
    /// What the links are called, for the log.
    names: Vec<String>,
    /// Those among them to which anybody may write.
    open: Vec<String>,
    /// Kept as long as the links run: dropping it ends the record.
    capture: Option<CaptureRing>,
}

impl Links {
    /// Gives a job to the link that serves its station.
    ///
    /// # Errors
    /// The job, if no link serves it or its lane is full.
    pub fn give(&mut self, job: Job) -> Result<(), Job> {
        let link = match &job {
            Job::Send { carrier, .. }
            | Job::Acknowledge { carrier, .. }
            | Job::Collect { carrier, .. }
            | Job::Admit { carrier, .. } => self.of_station.get(&carrier.station),
            Job::Withdraw(id) => self.of_job.get(id),
        };
        let Some((index, lane)) = link.and_then(|index| Some((*index, self.lanes.get(*index)?)))
        else {
            return Err(job);
        };
        let sent = match &job {
            Job::Send { id, .. } | Job::Collect { id, .. } | Job::Admit { id, .. } => Some(*id),
            _ => None,
        };
        let way = if matches!(job, Job::Acknowledge { .. }) {
            &lane.urgent
        } else {
            &lane.routine
        };
        way.try_send(job).map_err(|full| full.into_inner())?;
        if let Some(id) = sent {
            self.of_job.insert(id, index);
        }
        Ok(())
    }

    /// What the link is called that serves a station.
    #[must_use]
    pub fn name(&self, station: StationId) -> Option<&str> {
        let index = self.of_station.get(&station)?;
        self.names.get(*index).map(String::as_str)
    }

    /// What the link is called over which somebody claims this id: the one that serves it, or
    /// else those that listen for strangers.
    #[must_use]
    pub fn name_for(&self, claimed: StationId) -> String {
        match self.name(claimed) {
            Some(name) => name.to_owned(),
            None => self.open.join(" or "),
        }
    }

    /// A job is over.
    pub fn forget(&mut self, id: JobId) {
        self.of_job.remove(&id);
    }
}

/// Starts every configured link. Each ends at `shutdown`.
///
/// # Errors
/// A link's configuration cannot be.
pub fn start(
    config: &Config,
    clock: Clock,
    events: &EventLanes,
    shutdown: &CancellationToken,
) -> Result<Links, LinkError> {
    let mut links = Links {
        capture: capture(config),
        ..Links::default()
    };
    for link in sessions::all(config, clock)? {
        let tap = links
            .capture
            .as_ref()
            .map(|ring| ring.tap(&link.name, link.description));
        let (urgent, routine, lanes) = Lanes::new(LANE, LANE);
        let index = links.lanes.len();
        links.lanes.push(Lane { urgent, routine });
        links
            .of_station
            .extend(link.stations.iter().map(|station| (*station, index)));
        let is_open = matches!(link.port, PortConfig::Udp { .. });
        let spread = RandomState::new().hash_one(index);
        let pump = Pump::new(link.port, link.session, clock, spread, tap);
        let pump = match link.mask {
            Some(mask) => pump.masked(mask),
            None => pump,
        };
        let span = info_span!("link", link = %link.name);
        tokio::spawn(
            pump.run(lanes, events.clone(), shutdown.clone())
                .instrument(span),
        );
        if is_open {
            links.open.push(link.name.clone());
        }
        links.names.push(link.name);
    }
    Ok(links)
}

/// The record of what goes over the links. Its trouble never keeps the server from running.
fn capture(config: &Config) -> Option<CaptureRing> {
    if !config.capture.enabled {
        return None;
    }
    let mut ring = CaptureConfig::in_directory(config.capture.directory(&config.server.state_dir));
    ring.file_bytes = (config.capture.bytes / ring.files as u64).max(256 * 1_024);
    CaptureRing::start(ring)
        .inspect_err(|error| warn!(%error, "links are not recorded"))
        .ok()
}
