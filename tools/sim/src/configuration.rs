//! The links of the server that a city's stations call.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::Context;
use narrowcast_world::city::City;
use serde::Serialize;

/// Our own address on the simulated systems.
const OWN: u32 = 9_990;
/// The frequency of the modem, in Hz.
const FREQUENCY: u32 = 433_000_000;

#[derive(Serialize)]
struct Links<'a> {
    homebrew: [Homebrew<'a>; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    modem: Vec<Modem<'a>>,
}

#[derive(Serialize)]
struct Homebrew<'a> {
    listen: SocketAddr,
    station: Vec<Station<'a>>,
}

#[derive(Serialize)]
struct Station<'a> {
    id: u32,
    name: &'a str,
    passphrase: &'a str,
    own: u32,
}

#[derive(Serialize)]
struct Modem<'a> {
    id: u32,
    name: &'a str,
    own: u32,
    path: &'a Path,
    duplex: bool,
    rx_hz: u32,
    tx_hz: u32,
}

#[derive(Serialize)]
struct Whole<'a> {
    server: Server,
    #[serde(flatten)]
    links: Links<'a>,
}

#[derive(Serialize)]
struct Server {
    state_dir: PathBuf,
}

fn of<'a>(
    city: &'a City,
    master: SocketAddr,
    passphrase: &'a str,
    modem: Option<&'a Path>,
) -> Links<'a> {
    let repeaters = city.stations.iter().filter(|station| !station.modem);
    let modems = city.stations.iter().filter(|station| station.modem);
    Links {
        homebrew: [Homebrew {
            listen: master,
            station: repeaters
                .map(|station| Station {
                    id: station.id,
                    name: &station.name,
                    passphrase,
                    own: OWN,
                })
                .collect(),
        }],
        modem: modems
            .filter_map(|station| {
                Some(Modem {
                    id: station.id,
                    name: &station.name,
                    own: OWN,
                    path: modem?,
                    duplex: false,
                    rx_hz: FREQUENCY,
                    tx_hz: FREQUENCY,
                })
            })
            .collect(),
    }
}

/// The tables of the links.
pub(crate) fn links(
    city: &City,
    master: SocketAddr,
    passphrase: &str,
    modem: Option<&Path>,
) -> anyhow::Result<String> {
    let links = of(city, master, passphrase, modem);
    toml::to_string(&links).context("cannot write the configuration")
}

/// A whole configuration; the server's state is kept in `state_dir`.
pub(crate) fn whole(
    city: &City,
    master: SocketAddr,
    passphrase: &str,
    modem: Option<&Path>,
    state_dir: PathBuf,
) -> anyhow::Result<String> {
    let whole = Whole {
        server: Server { state_dir },
        links: of(city, master, passphrase, modem),
    };
    toml::to_string(&whole).context("cannot write the configuration")
}
