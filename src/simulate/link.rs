//! Sessions and the sites at their far ends.

use std::net::SocketAddr;

use bytes::Bytes;
use narrowcast_protocol::air::{CarrierId, Slot, StationId};
use narrowcast_protocol::dmr::slot_type::ColorCode;
use narrowcast_protocol::ends::Ends;
use narrowcast_protocol::homebrew::auth::Passphrase;
use narrowcast_protocol::homebrew::master::{HomebrewMaster, MasterConfig, StationConfig};
use narrowcast_protocol::mmdvm::host::{HostConfig, ModemHost};
use narrowcast_protocol::session::{Peer, Session};
use narrowcast_protocol::time::Instant;
use narrowcast_world::air::{Air, AirEvent, Losses};
use narrowcast_world::modem_site::{ModemSite, SiteEvent};
use narrowcast_world::radio::Radio;
use narrowcast_world::repeater::{Repeater, RepeaterConfig, RepeaterEvent};
use narrowcast_world::rng::Rng;

use crate::model::policy::{SmsRoute, StationPolicy};
use crate::simulate::operator;
use crate::simulate::setup::{Setup, SiteSetup};

const PASSPHRASE: &str = "s1mul4t3d";
/// Both frequencies of a simplex modem.
const HZ: u32 = 433_000_000;

/// A session and whether its port is open.
pub(super) struct Link {
    pub(super) session: Box<dyn Session>,
    /// What keeps the ends of jobs behind their bytes, as in the pump.
    pub(super) ends: Ends,
    /// Counts the times the port was lost: what was to be written before is not.
    pub(super) connection: u64,
    pub(super) stations: Vec<StationPolicy>,
    /// The sites at its far end.
    pub(super) sites: Vec<usize>,
    pub(super) kind: LinkKind,
    /// The SMS route, if its operator is at the far end.
    route: Option<SmsRoute>,
    pub(super) open: bool,
    /// When the port is opened again.
    pub(super) opens_at: Option<Instant>,
}

/// What a link is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LinkKind {
    /// One socket for all repeaters.
    Homebrew,
    /// A serial line to one modem.
    Modem,
    /// A connection to this operator.
    Sms(usize),
}

impl Link {
    pub(super) fn new(
        kind: LinkKind,
        stations: Vec<StationPolicy>,
        sites: Vec<usize>,
        rng: &mut Rng,
    ) -> Self {
        Self {
            session: session(kind, &stations, rng),
            ends: Ends::default(),
            connection: 0,
            stations,
            sites,
            kind,
            route: None,
            open: false,
            opens_at: Some(Instant::ZERO),
        }
    }

    /// A link to the operator of a route.
    pub(super) fn to_operator(office: usize, route: &SmsRoute) -> Self {
        Self {
            session: operator::session(route),
            ends: Ends::default(),
            connection: 0,
            stations: Vec::new(),
            sites: Vec::new(),
            kind: LinkKind::Sms(office),
            route: Some(route.clone()),
            open: false,
            opens_at: Some(Instant::ZERO),
        }
    }

    /// The process starts anew.
    pub(super) fn restart(&mut self, at: Instant, rng: &mut Rng) {
        self.session = match &self.route {
            Some(route) => operator::session(route),
            None => session(self.kind, &self.stations, rng),
        };
        self.ends = Ends::default();
        self.connection += 1;
        self.open = false;
        self.opens_at = Some(at);
    }

    pub(super) fn serves(&self, station: StationId) -> bool {
        let route = self.route.as_ref().map(|route| route.id);
        route == Some(station) || self.stations.iter().any(|known| known.id == station)
    }
}

fn session(kind: LinkKind, stations: &[StationPolicy], rng: &mut Rng) -> Box<dyn Session> {
    match (kind, stations) {
        (LinkKind::Modem, [station]) => {
            let hz = (HZ, HZ);
            let mut config = HostConfig::new(
                station.id,
                station.own,
                ColorCode::new(1).unwrap_or_default(),
                hz,
            );
            config.groups.clone_from(&station.groups);
            Box::new(ModemHost::new(config, Peer::Line))
        }
        _ => {
            let passphrase = Passphrase::new(PASSPHRASE).expect("it is not empty");
            let configs = stations.iter().map(|station| StationConfig {
                id: station.id,
                passphrase: passphrase.clone(),
                networks: Vec::new(),
                color_code: None,
                own: station.own,
                groups: station.groups.clone(),
                slots: vec![Slot::One, Slot::Two],
                test: station.test,
                trunking: None,
            });
            let mut seed = [0; 32];
            for chunk in seed.chunks_mut(8) {
                chunk.copy_from_slice(&rng.draw().to_be_bytes());
            }
            let master = HomebrewMaster::new(MasterConfig::new(configs.collect()), seed);
            Box::new(master.expect("every station is named once"))
        }
    }
}

/// What stands at a station.
pub(super) enum Site {
    Repeater(Box<Repeater>),
    Modem(Box<ModemSite>),
}

/// What a site did.
pub(super) enum Happened {
    Sent(Bytes),
    Air(Slot, Instant, AirEvent),
}

impl Site {
    pub(super) fn receive(&mut self, now: Instant, bytes: &[u8]) {
        match self {
            Self::Repeater(site) => site.receive(now, bytes),
            Self::Modem(site) => site.receive(now, bytes),
        }
    }

    pub(super) fn tick(&mut self, now: Instant) {
        match self {
            Self::Repeater(site) => site.tick(now),
            Self::Modem(site) => site.tick(now),
        }
    }

    pub(super) fn deadline(&self) -> Instant {
        match self {
            Self::Repeater(site) => site.deadline(),
            Self::Modem(site) => site.deadline(),
        }
    }

    pub(super) fn poll(&mut self) -> Option<Happened> {
        match self {
            Self::Repeater(site) => loop {
                return Some(match site.poll()? {
                    RepeaterEvent::Send(bytes) => Happened::Sent(bytes),
                    RepeaterEvent::Air { at, slot, event } => Happened::Air(slot, at, event),
                    RepeaterEvent::LoggedIn(_) | RepeaterEvent::NotLoggedIn(_) => continue,
                });
            },
            Self::Modem(site) => Some(match site.poll()? {
                SiteEvent::Write(bytes) => Happened::Sent(bytes),
                SiteEvent::Air { at, event } => Happened::Air(Slot::Two, at, event),
            }),
        }
    }

    /// Does something to a radio; whether it is here.
    pub(super) fn change(
        &mut self,
        now: Instant,
        id: u32,
        change: impl FnOnce(&mut Radio),
    ) -> bool {
        match self {
            Self::Repeater(site) => site.change(now, id, change),
            Self::Modem(site) => site.change(now, id, change),
        }
    }

    pub(super) fn air(&mut self, slot: Slot) -> &mut Air {
        match self {
            Self::Repeater(site) => site.air(slot),
            Self::Modem(site) => site.air(),
        }
    }

    /// Its carriers.
    pub(super) fn slots(&self) -> &'static [Slot] {
        match self {
            Self::Repeater(_) => &[Slot::One, Slot::Two],
            Self::Modem(_) => &[Slot::Two],
        }
    }

    pub(super) fn losses(&mut self) -> Vec<Losses> {
        let slots = self.slots();
        slots.iter().map(|slot| self.air(*slot).losses()).collect()
    }
}

/// The links and sites of a run. Sites come on the air at time zero.
pub(super) fn build(setup: &Setup, rng: &mut Rng) -> (Vec<Link>, Vec<Site>) {
    let mut sites = Vec::new();
    let mut links = Vec::new();
    let (mut repeaters, mut indexes) = (Vec::new(), Vec::new());
    for (index, (station, site)) in setup.stations.iter().zip(&setup.sites).enumerate() {
        let seed = rng.draw();
        match site {
            SiteSetup::Repeater(radios) => {
                let config = RepeaterConfig {
                    id: station.id.0,
                    passphrase: PASSPHRASE.to_owned(),
                    radios: radios.clone(),
                    loss: setup.loss,
                    retry: std::time::Duration::from_secs(2),
                    ping: std::time::Duration::from_secs(5),
                    seed,
                };
                let mut repeater = Repeater::new(config).expect("the passphrase is not empty");
                repeater.opened(Instant::ZERO);
                sites.push(Site::Repeater(Box::new(repeater)));
                repeaters.push(station.clone());
                indexes.push(index);
            }
            SiteSetup::Modem(radios) => {
                let site = ModemSite::new(Instant::ZERO, radios.clone(), setup.loss, seed);
                sites.push(Site::Modem(Box::new(site)));
                links.push(Link::new(
                    LinkKind::Modem,
                    vec![station.clone()],
                    vec![index],
                    rng,
                ));
            }
        }
    }
    if !repeaters.is_empty() {
        links.push(Link::new(LinkKind::Homebrew, repeaters, indexes, rng));
    }
    (links, sites)
}

/// The address from which a site sends.
pub(super) fn peer(kind: LinkKind, site: usize) -> Peer {
    match kind {
        LinkKind::Modem | LinkKind::Sms(_) => Peer::Line,
        LinkKind::Homebrew => {
            let number = u16::try_from(site).unwrap_or(u16::MAX);
            let [high, low] = number.to_be_bytes();
            Peer::Socket(SocketAddr::from(([127, 1, high, low], 62_031)))
        }
    }
}

/// The carriers of a station.
pub(super) fn carriers(station: StationId, site: &Site) -> impl Iterator<Item = CarrierId> {
    site.slots()
        .iter()
        .map(move |&slot| CarrierId { station, slot })
}
