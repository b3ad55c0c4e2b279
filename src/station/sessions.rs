//! From the configuration to ports and sessions.

use std::time::Duration;

use narrowcast_hardware::clock::Clock;
use narrowcast_hardware::port::{PortConfig, SerialSettings};
use narrowcast_protocol::air::Slot;
use narrowcast_protocol::dmr::slot_type::ColorCode;
use narrowcast_protocol::homebrew::auth::Passphrase;
use narrowcast_protocol::homebrew::client::ClientConfig;
use narrowcast_protocol::homebrew::master::{
    HomebrewMaster, MasterConfig, RelayRule, StationConfig, TrunkingConfig,
};
use narrowcast_protocol::homebrew::message::{Rptc, Sent, Slots};
use narrowcast_protocol::homebrew::peer::{self, PeerConfig};
use narrowcast_protocol::mmdvm::host::{HostConfig, ModemHost};
use narrowcast_protocol::mmdvm::message::config_flag;
use narrowcast_protocol::session::Peer;

use crate::config::{
    Config, HomebrewLink, HomebrewPeer, HomebrewStation, ModemLink, ModemPort, Relay, UdtAccept,
};
use crate::station::link::{Link, LinkError};
use crate::station::sms;

/// How long a board that the opening of its serial line has reset needs.
const RESET: Duration = Duration::from_secs(2);

/// The longest wait between two log-ins at a master that refuses us.
const LONGEST_RETRY: Duration = Duration::from_secs(120);

/// How long a terminal's link layer is waited for, the way over the master included.
const RESPONSE_WAIT: Duration = Duration::from_secs(3);

/// Every configured link.
pub(super) fn all(config: &Config, clock: Clock) -> Result<Vec<Link>, LinkError> {
    let homebrew = config.homebrew.iter();
    let longest_call = config.policy.longest_call;
    let homebrew = homebrew.map(|link| self::homebrew(link, &config.relay, longest_call));
    let peers = config.homebrew_peer.iter().map(peer);
    let modems = config.modem.iter().map(|link| modem(link, longest_call));
    let sms = config.sms.iter().map(|link| sms::link(link, clock));
    homebrew.chain(peers).chain(modems).chain(sms).collect()
}

fn homebrew(
    link: &HomebrewLink,
    relays: &[Relay],
    longest_call: Duration,
) -> Result<Link, LinkError> {
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
    master.longest_call = longest_call;
    let ours = relays.iter().filter(|relay| relay.is_of(link));
    master.relays = ours.map(relay).collect();
    let session = HomebrewMaster::new(master, seed()?).map_err(|error| fault(error.to_string()))?;
    Ok(Link {
        description: "homebrew",
        port: PortConfig::Udp {
            listen: link.listen,
        },
        session: Box::new(session),
        stations: link.station.iter().map(|station| station.id).collect(),
        mask: None,
        name,
    })
}

fn relay(relay: &Relay) -> RelayRule {
    let members = relay.carriers.iter().map(|it| (it.station, it.slot));
    RelayRule {
        group: relay.talkgroup,
        members: members.collect(),
    }
}

fn station(station: &HomebrewStation) -> Result<StationConfig, String> {
    let secret = station
        .passphrase
        .as_ref()
        .ok_or("a station has no passphrase")?;
    let networks = station.networks.iter().map(|network| network.0);
    Ok(StationConfig {
        id: station.id,
        passphrase: Passphrase::new(secret.expose()).map_err(|error| error.to_string())?,
        networks: networks.collect(),
        color_code: station.colour_code,
        own: station.own,
        groups: station.groups.clone(),
        slots: station
            .slots
            .clone()
            .unwrap_or_else(|| vec![Slot::One, Slot::Two]),
        test: station.test,
        trunking: station.trunking.then_some(TrunkingConfig {
            terminal_accepts: station.udt_accept == UdtAccept::Terminal,
        }),
    })
}

fn peer(peer: &HomebrewPeer) -> Result<Link, LinkError> {
    let name = format!("homebrew peer {}", peer.name);
    let fault = |why: String| LinkError::Config {
        link: name.clone(),
        why,
    };
    let secret = peer.passphrase.as_ref();
    let secret = secret.ok_or_else(|| fault("it has no passphrase".to_owned()))?;
    let passphrase = Passphrase::new(secret.expose()).map_err(|error| fault(error.to_string()))?;
    let color_code = ColorCode::new(peer.colour_code).map_err(|error| fault(error.to_string()))?;
    let mut client = ClientConfig::new(passphrase, identity(peer));
    client.options.clone_from(&peer.options);
    client.longest_retry = LONGEST_RETRY;
    client.first = Duration::ZERO;
    let config = PeerConfig {
        station: peer.id,
        master: peer.master,
        client,
        own: peer.own,
        groups: peer.groups.clone(),
        slots: peer.slots.clone(),
        color_code,
        response_wait: RESPONSE_WAIT,
    };
    Ok(Link {
        description: "homebrew",
        port: PortConfig::UdpClient {
            remote: peer.master,
            local: None,
        },
        session: Box::new(peer::HomebrewPeer::new(config, seed()?)),
        stations: vec![peer.id],
        mask: None,
        name,
    })
}

/// What we say about ourselves when we log in.
fn identity(peer: &HomebrewPeer) -> Rptc {
    let frequency = |hertz: u32| (hertz != 0).then_some(hertz);
    Rptc {
        id: peer.id.0,
        callsign: peer.callsign.clone(),
        rx_frequency: frequency(peer.rx_hz),
        tx_frequency: frequency(peer.tx_hz),
        power: None,
        color_code: Some(peer.colour_code),
        latitude: None,
        longitude: None,
        height: None,
        location: String::new(),
        description: String::new(),
        slots: match peer.slots.as_slice() {
            [Slot::One] => Slots::One,
            [Slot::Two] => Slots::Two,
            _ => Slots::Both,
        },
        url: String::new(),
        software: concat!("Narrowcast ", env!("CARGO_PKG_VERSION")).to_owned(),
        package: "Narrowcast".to_owned(),
        sent: Sent::default(),
    }
}

fn modem(link: &ModemLink, longest_call: Duration) -> Result<Link, LinkError> {
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
    host.longest_call = longest_call;
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
        mask: None,
        name,
    })
}

fn seed() -> Result<[u8; 32], LinkError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(LinkError::Random)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use narrowcast_protocol::air::StationId;

    const LINKS: &str = r#"
        [[homebrew]]
        listen = "127.0.0.1:0"
        [[homebrew.station]]
        id = 310001
        name = "East"
        own = 9990001
        passphrase = "a long passphrase"
        [[homebrew.station]]
        id = 310002
        name = "West"
        own = 9990001
        passphrase = "a long passphrase"
        trunking = true
        [[relay]]
        talkgroup = 9
        carriers = ["310001/2", "310002/1"]
        [[homebrew_peer]]
        master = "127.0.0.1:62031"
        id = 310901
        name = "Province"
        own = 9990001
        passphrase = "a long passphrase"
    "#;

    #[test]
    fn masters_and_peers_become_links_that_serve_their_stations() {
        let config = Config::parse("t", LINKS).unwrap();
        assert_eq!(config.check(), []);
        let links = all(&config, Clock::start()).unwrap();
        let stations: Vec<_> = links.iter().map(|link| link.stations.clone()).collect();
        let expected = [
            vec![StationId(310_001), StationId(310_002)],
            vec![StationId(310_901)],
        ];
        assert_eq!(stations, expected);
        let [_, peer] = links.try_into().ok().unwrap();
        assert_eq!(peer.name, "homebrew peer Province");
        assert_eq!(peer.port.to_string(), "udp:127.0.0.1:62031");
    }

    #[test]
    fn a_relay_to_a_strangers_station_is_no_link() {
        let text = LINKS.replace("310002/1", "310003/1");
        let config = Config::parse("t", &text).unwrap();
        let error = all(&config, Clock::start()).err().unwrap();
        assert!(error.to_string().contains("station 310003"), "{error}");
    }
}
