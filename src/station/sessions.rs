//! From the configuration to ports and sessions.

use narrowcast_hardware::port::PortConfig;
use narrowcast_protocol::air::{Slot, StationId};
use narrowcast_protocol::homebrew::auth::Passphrase;
use narrowcast_protocol::homebrew::master::{HomebrewMaster, MasterConfig, Network, StationConfig};
use narrowcast_protocol::session::Session;

use crate::config::{Config, HomebrewLink, HomebrewStation, ModemLink};
use crate::station::LinkError;

/// A link that can be started.
pub(super) struct Link {
    pub(super) name: String,
    /// What a reader of the capture is told.
    pub(super) description: &'static str,
    pub(super) port: PortConfig,
    pub(super) session: Box<dyn Session>,
    pub(super) stations: Vec<StationId>,
}

/// Every configured link.
pub(super) fn all(config: &Config) -> Result<Vec<Link>, LinkError> {
    let homebrew = config.homebrew.iter().map(homebrew);
    homebrew.chain(config.modem.iter().map(modem)).collect()
}

fn homebrew(link: &HomebrewLink) -> Result<Link, LinkError> {
    let name = format!("homebrew {}", link.listen);
    let fault = |why: String| LinkError::Config {
        link: name.clone(),
        why,
    };
    let stations = link
        .station
        .iter()
        .map(station)
        .collect::<Result<Vec<_>, _>>()
        .map_err(&fault)?;
    let mut master = MasterConfig::new(stations);
    master.quarantine = link.quarantine;
    master.naks_per_second = link.naks_per_second;
    master.expiry.minimum = link.timeout;
    let session = HomebrewMaster::new(master, seed()?).map_err(|error| fault(error.to_string()))?;
    Ok(Link {
        description: "homebrew",
        port: PortConfig::Udp {
            listen: link.listen,
        },
        session: Box::new(session),
        stations: link.station.iter().map(|station| station.id).collect(),
        name,
    })
}

fn station(station: &HomebrewStation) -> Result<StationConfig, String> {
    let secret = station
        .passphrase
        .as_ref()
        .ok_or("a station has no passphrase")?;
    let networks = station.networks.iter().map(|network| {
        Network::new(network.address, network.prefix).map_err(|error| error.to_string())
    });
    Ok(StationConfig {
        id: station.id,
        passphrase: Passphrase::new(secret.expose()).map_err(|error| error.to_string())?,
        networks: networks.collect::<Result<_, _>>()?,
        color_code: station.colour_code,
        own: station.own,
        groups: station.groups.clone(),
        slots: station
            .slots
            .clone()
            .unwrap_or_else(|| vec![Slot::One, Slot::Two]),
    })
}

fn modem(link: &ModemLink) -> Result<Link, LinkError> {
    let why = "modem links are not served by this version yet".to_owned();
    Err(LinkError::Config {
        link: format!("modem {}", link.name),
        why,
    })
}

fn seed() -> Result<[u8; 32], LinkError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(LinkError::Random)?;
    Ok(bytes)
}
