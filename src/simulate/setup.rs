//! What a run consists of.

use std::time::Duration;

use narrowcast_protocol::air::{CarrierKind, GroupId, RadioId, StationId};
use narrowcast_world::radio::RadioConfig;

use crate::model::policy::{Policy, SpaceMarks, StationPolicy};
use crate::model::roster::{Node, RosterEntry};
pub use crate::simulate::operator::Operator;

/// Our own address on every simulated system.
pub const OWN: RadioId = match RadioId::new(16_000_001) {
    Ok(id) => id,
    Err(_) => panic!("it is below the highest address"),
};
/// The talkgroup of the simulated systems.
pub const TALKGROUP: GroupId = match GroupId::new(9) {
    Ok(id) => id,
    Err(_) => panic!("it is no reserved address"),
};

/// A station and the radios within its reach.
#[derive(Debug, Clone)]
pub enum SiteSetup {
    /// A Homebrew repeater with radios on its two timeslots.
    Repeater([Vec<RadioConfig>; 2]),
    /// A simplex modem with radios on its one channel.
    Modem(Vec<RadioConfig>),
}

/// What a run consists of.
#[derive(Debug, Clone)]
pub struct Setup {
    /// Makes everything that happens by chance.
    pub seed: u64,
    /// The policy in force, without its stations.
    pub policy: Policy,
    /// The stations, in the order of their sites.
    pub stations: Vec<StationPolicy>,
    /// What stands at each station.
    pub sites: Vec<SiteSetup>,
    /// The operators of the SMS routes.
    pub operators: Vec<Operator>,
    /// The roster.
    pub roster: Vec<RosterEntry>,
    /// Probability that a burst is lost on its way to a receiver.
    pub loss: f64,
    /// How long a commit takes, at least and at most.
    pub commit_time: (Duration, Duration),
    /// How long a datagram takes, at least and at most.
    pub latency: (Duration, Duration),
    /// Probability that a port takes its time to write, so that other reports overtake.
    pub slow_write: f64,
    /// Whether what happens is kept as text.
    pub log: bool,
}

impl Setup {
    /// A run without stations and radios on a fast ledger and a good network.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let space = SpaceMarks {
            low_permille: 0,
            low_bytes: 0,
            critical_permille: 0,
        };
        Self {
            seed,
            policy: Policy {
                space,
                ..Policy::default()
            },
            stations: Vec::new(),
            sites: Vec::new(),
            operators: Vec::new(),
            roster: Vec::new(),
            loss: 0.0,
            commit_time: (Duration::from_millis(1), Duration::from_millis(4)),
            latency: (Duration::from_millis(2), Duration::from_millis(8)),
            slow_write: 0.1,
            log: false,
        }
    }

    /// Adds a station with its site.
    pub fn add(&mut self, station: StationPolicy, site: SiteSetup) {
        self.stations.push(station);
        self.sites.push(site);
    }
}

/// A conventional station with this number.
#[must_use]
pub fn station(id: StationId, reports_air: bool) -> StationPolicy {
    StationPolicy {
        id,
        name: format!("site-{id}"),
        kind: CarrierKind::Conventional,
        terminal_accepts: false,
        own: OWN,
        groups: vec![TALKGROUP],
        test: false,
        exercises: true,
        peer: false,
        reports_air,
        node: Node::root(),
    }
}
