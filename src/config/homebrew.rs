//! Homebrew masters and the stations that log in to them.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use narrowcast_protocol::air::{CarrierKind, GroupId, RadioId, Slot, StationId};
use serde::Deserialize;

use crate::config::error::Fault;
use crate::config::value::{Network, Secret, duration, slots};
use crate::model::policy::StationPolicy;
use crate::model::roster::Node;
use crate::model::text;

/// `[[homebrew]]`: one UDP port that repeaters and gateways log in to.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HomebrewLink {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Most refusals (NAKs) it sends in a second, to all senders together.
    pub naks_per_second: u32,
    /// Most unknown senders it remembers.
    pub quarantine: usize,
    /// A station is gone after so long without a sign of life; three ping intervals if that is longer.
    #[serde(deserialize_with = "duration")]
    pub timeout: Duration,
    /// The stations that may log in.
    pub station: Vec<HomebrewStation>,
}

impl Default for HomebrewLink {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::UNSPECIFIED, 62_031)),
            naks_per_second: 10,
            quarantine: 256,
            timeout: Duration::from_secs(60),
            station: Vec::new(),
        }
    }
}

/// `[[homebrew.station]]`: one repeater or gateway.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HomebrewStation {
    /// The id it logs in with.
    pub id: StationId,
    /// What people call it.
    pub name: String,
    /// Our own address on its system.
    pub own: RadioId,
    /// The passphrase it logs in with.
    pub passphrase: Option<Secret>,
    /// A file whose content, without the last line end, is the passphrase.
    pub passphrase_file: Option<PathBuf>,
    /// From where it may log in; from anywhere if empty.
    #[serde(default)]
    pub networks: Vec<Network>,
    /// Talkgroups that we own on its system.
    #[serde(default)]
    pub groups: Vec<GroupId>,
    /// Its timeslots, whatever it says itself.
    #[serde(default, deserialize_with = "some_slots")]
    pub slots: Option<Vec<Slot>>,
    /// Its colour code, 0 to 15, whatever it says itself.
    pub colour_code: Option<u8>,
    /// Whether it is the gateway of a trunked site, which logs in by the trunking protocol.
    #[serde(default)]
    pub trunking: bool,
    /// What a trunked site means when it accepts a text.
    #[serde(default)]
    pub udt_accept: UdtAccept,
    /// Whether it is a test station: it carries exercises only.
    #[serde(default)]
    pub test: bool,
    /// Whether it, being live, may carry exercises.
    #[serde(default)]
    pub exercises: bool,
    /// The node that it serves; all nodes if it is "".
    #[serde(default)]
    pub node: Node,
}

/// Who has a text that a trunked site accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UdtAccept {
    /// The site: it has queued it.
    #[default]
    Station,
    /// The radio: it has acknowledged it.
    Terminal,
}

fn some_slots<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Vec<Slot>>, D::Error> {
    slots(deserializer).map(Some)
}

impl HomebrewStation {
    /// The station as the engine knows it.
    #[must_use]
    pub fn policy(&self) -> StationPolicy {
        StationPolicy {
            id: self.id,
            name: self.name.clone(),
            kind: if self.trunking {
                CarrierKind::Backhaul
            } else {
                CarrierKind::Conventional
            },
            terminal_accepts: self.udt_accept == UdtAccept::Terminal,
            own: self.own,
            groups: self.groups.clone(),
            test: self.test,
            exercises: self.exercises,
            peer: false,
            reports_air: false,
            node: self.node.clone(),
        }
    }

    /// Whether it may log in from this address.
    #[must_use]
    pub fn permits(&self, address: std::net::IpAddr) -> bool {
        self.networks.is_empty()
            || self
                .networks
                .iter()
                .any(|network| network.0.contains(address))
    }

    pub(super) fn read_passphrase(&mut self, at: &str, faults: &mut Vec<Fault>) {
        read_passphrase(
            &mut self.passphrase,
            self.passphrase_file.as_deref(),
            at,
            faults,
        );
    }

    fn check(&self, at: &str, faults: &mut Vec<Fault>) {
        check_name(at, &self.name, faults);
        if self.id.0 == 0 {
            faults.push(Fault::new(
                format!("{at}.id"),
                "0 is no station id: 1 or more",
            ));
        }
        check_passphrase(
            self.passphrase.as_ref(),
            self.passphrase_file.is_some(),
            at,
            faults,
        );
        check_colour(at, self.colour_code, faults);
        check_kind(at, self.test, self.exercises, faults);
        if self.trunking && self.slots.is_some() {
            faults.push(Fault::new(
                format!("{at}.slots"),
                "a trunked site chooses its timeslots itself: leave it out",
            ));
        }
        if !self.trunking && self.udt_accept == UdtAccept::Terminal {
            faults.push(Fault::new(
                format!("{at}.udt_accept"),
                "only a trunked site accepts transfers: set trunking = true, or leave it out",
            ));
        }
        if self.slots.as_ref().is_some_and(Vec::is_empty) {
            faults.push(Fault::new(
                format!("{at}.slots"),
                "it is empty: write [1], [2] or [1, 2], or leave it out",
            ));
        }
    }
}

impl HomebrewLink {
    pub(super) fn stations(&self) -> impl Iterator<Item = StationPolicy> {
        self.station.iter().map(HomebrewStation::policy)
    }

    pub(super) fn check(&self, at: &str, faults: &mut Vec<Fault>) {
        if !(1..=1_000).contains(&self.naks_per_second) {
            faults.push(Fault::new(
                format!("{at}.naks_per_second"),
                format!("{} is out of range: 1 to 1000", self.naks_per_second),
            ));
        }
        if !(1..=65_536).contains(&self.quarantine) {
            faults.push(Fault::new(
                format!("{at}.quarantine"),
                format!("{} is out of range: 1 to 65536", self.quarantine),
            ));
        }
        if !(10..=600).contains(&self.timeout.as_secs()) {
            faults.push(Fault::new(
                format!("{at}.timeout"),
                "it is out of range: \"10s\" to \"10m\"",
            ));
        }
        for (index, station) in self.station.iter().enumerate() {
            station.check(&format!("{at}.station[{index}]"), faults);
        }
    }
}

pub(super) fn read_passphrase(
    passphrase: &mut Option<Secret>,
    file: Option<&Path>,
    at: &str,
    faults: &mut Vec<Fault>,
) {
    read_secret(passphrase, file, (at, "passphrase"), faults);
}

/// Reads what the key `<key>_file` of the table `at` names into the secret of `<key>`.
pub(super) fn read_secret(
    secret: &mut Option<Secret>,
    file: Option<&Path>,
    (at, key): (&str, &str),
    faults: &mut Vec<Fault>,
) {
    let Some(path) = file else {
        return;
    };
    if secret.is_some() {
        faults.push(Fault::new(
            format!("{at}.{key}_file"),
            format!("{key} is set too: keep one of them"),
        ));
        return;
    }
    match std::fs::read_to_string(path) {
        Ok(text) => {
            let line = text.strip_suffix('\n').unwrap_or(&text);
            let line = line.strip_suffix('\r').unwrap_or(line);
            *secret = Some(Secret::from(line.to_owned()));
        }
        Err(error) => faults.push(Fault::new(
            format!("{at}.{key}_file"),
            format!("{}: {error}", path.display()),
        )),
    }
}

pub(super) fn check_passphrase(
    passphrase: Option<&Secret>,
    in_file: bool,
    at: &str,
    faults: &mut Vec<Fault>,
) {
    match passphrase {
        Some(secret) if secret.expose().is_empty() => faults.push(Fault::new(
            format!("{at}.passphrase"),
            "it is empty: choose one of at least 12 characters",
        )),
        None if !in_file => faults.push(Fault::new(
            format!("{at}.passphrase"),
            "there is none: set passphrase or passphrase_file",
        )),
        _ => {}
    }
}

pub(super) fn check_name(at: &str, name: &str, faults: &mut Vec<Fault>) {
    let field = format!("{at}.name");
    if let Err(error) = text::check(name) {
        faults.push(Fault::new(field, error.to_string()));
    } else if !(1..=64).contains(&name.trim().chars().count()) {
        faults.push(Fault::new(field, "it must have 1 to 64 characters"));
    }
}

pub(super) fn check_colour(at: &str, colour_code: Option<u8>, faults: &mut Vec<Fault>) {
    if let Some(code) = colour_code.filter(|&code| code > 15) {
        faults.push(Fault::new(
            format!("{at}.colour_code"),
            format!("{code} is out of range: 0 to 15"),
        ));
    }
}

pub(super) fn check_kind(at: &str, test: bool, exercises: bool, faults: &mut Vec<Fault>) {
    if test && exercises {
        faults.push(Fault::new(
            format!("{at}.exercises"),
            "a test station carries exercises anyway: leave it out, or set test = false",
        ));
    }
}
