//! From the configuration to ports and sessions.

use std::time::Duration;

use narrowcast_hardware::port::{PortConfig, SerialSettings};
use narrowcast_protocol::air::{Slot, StationId};
use narrowcast_protocol::dmr::slot_type::ColorCode;
use narrowcast_protocol::homebrew::auth::Passphrase;
use narrowcast_protocol::homebrew::master::{HomebrewMaster, MasterConfig, Network, StationConfig};
use narrowcast_protocol::mmdvm::host::{HostConfig, ModemHost};
use narrowcast_protocol::mmdvm::message::config_flag;
use narrowcast_protocol::session::{Peer, Session};

use crate::config::{Config, HomebrewLink, HomebrewStation, ModemLink, ModemPort};
use crate::station::LinkError;

/// How long a board that the opening of its serial line has reset needs.
const RESET: Duration = Duration::from_secs(2);

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
        test: station.test,
        trunking: None,
    })
}

fn modem(link: &ModemLink) -> Result<Link, LinkError> {
    let name = format!("modem {}", link.name);
    let fault = |why: String| LinkError::Config {
        link: name.clone(),
        why,
    };
    let none = || fault("it has neither `path` nor `udp`".to_owned());
    let (port, settle) = match link.port().ok_or_else(none)? {
        ModemPort::Serial { path, baud } => {
            let port = PortConfig::Serial {
                path,
                baud,
                settings: SerialSettings::default(),
            };
            (port, RESET)
        }
        ModemPort::Udp { listen, modem } => (
            PortConfig::UdpClient {
                remote: modem,
                local: Some(listen),
            },
            Duration::ZERO,
        ),
    };
    let color_code = ColorCode::new(link.colour_code).map_err(|error| fault(error.to_string()))?;
    let mut host = HostConfig::new(link.id, link.own, color_code, (link.rx_hz, link.tx_hz));
    host.groups.clone_from(&link.groups);
    host.duplex = link.duplex;
    host.rx_level = link.rx_level;
    host.tx_level = link.tx_level;
    // Per cent of full power, as the modem counts it.
    host.rf_level = u8::try_from(u16::from(link.rf_level) * 255 / 100).unwrap_or(u8::MAX);
    host.tx_delay = u8::try_from(link.tx_delay_ms / 10).unwrap_or(50).min(50);
    host.settle = settle;
    if let Some(site) = &link.trunking {
        host.slots.clone_from(&site.slots);
        host.trunking = Some(site.trunking());
    }
    let inversions = [
        (link.rx_invert, config_flag::RX_INVERT),
        (link.tx_invert, config_flag::TX_INVERT),
        (link.ptt_invert, config_flag::PTT_INVERT),
    ];
    host.flags |= inversions
        .iter()
        .filter(|(set, _)| *set)
        .fold(0, |flags, (_, flag)| flags | flag);
    Ok(Link {
        description: "mmdvm",
        port,
        session: Box::new(ModemHost::new(host, Peer::Line)),
        stations: vec![link.id],
        name,
    })
}

fn seed() -> Result<[u8; 32], LinkError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(LinkError::Random)?;
    Ok(bytes)
}
