//! MMDVM modems.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use narrowcast_protocol::air::{CarrierKind, GroupId, RadioId, StationId};
use serde::Deserialize;

use crate::config::error::Fault;
use crate::config::homebrew::{check_colour, check_kind, check_name};
use crate::config::trunking::TrunkingSite;
use crate::model::policy::StationPolicy;
use crate::model::roster::Node;

/// `[[modem]]`: one modem, which is one station.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModemLink {
    /// The number we give the station.
    pub id: StationId,
    /// What people call it.
    pub name: String,
    /// Our own address on its system.
    pub own: RadioId,
    /// The serial device.
    pub path: Option<PathBuf>,
    /// Its speed.
    #[serde(default = "baud")]
    pub baud: u32,
    /// The modem's address, if it is reached over UDP.
    pub udp: Option<SocketAddr>,
    /// Our address then.
    #[serde(default = "udp_listen")]
    pub udp_listen: SocketAddr,
    /// Talkgroups that we own on its system.
    #[serde(default)]
    pub groups: Vec<GroupId>,
    /// Whether it transmits and receives at the same time, on both timeslots.
    #[serde(default)]
    pub duplex: bool,
    /// Receive frequency in hertz.
    #[serde(default)]
    pub rx_hz: u32,
    /// Transmit frequency in hertz.
    #[serde(default)]
    pub tx_hz: u32,
    /// Colour code, 0 to 15.
    #[serde(default = "colour_code")]
    pub colour_code: u8,
    /// Receive level, percent.
    #[serde(default = "half")]
    pub rx_level: u8,
    /// Transmit level, percent.
    #[serde(default = "half")]
    pub tx_level: u8,
    /// Radio-frequency level, percent.
    #[serde(default = "full")]
    pub rf_level: u8,
    /// Delay between keying and data, milliseconds, 0 to 500 in steps of 10.
    #[serde(default = "tx_delay")]
    pub tx_delay_ms: u16,
    /// Whether the receive signal is inverted.
    #[serde(default)]
    pub rx_invert: bool,
    /// Whether the transmit signal is inverted.
    #[serde(default)]
    pub tx_invert: bool,
    /// Whether the push-to-talk line is inverted.
    #[serde(default)]
    pub ptt_invert: bool,
    /// Receive offset, -128 to 127.
    #[serde(default)]
    pub rx_offset: i8,
    /// Transmit offset, -128 to 127.
    #[serde(default)]
    pub tx_offset: i8,
    /// Whether it is a test station: it carries exercises only.
    #[serde(default)]
    pub test: bool,
    /// Whether it, being live, may carry exercises.
    #[serde(default)]
    pub exercises: bool,
    /// The node that it serves; all nodes if it is "".
    #[serde(default)]
    pub node: Node,
    /// What makes it a Tier III site.
    pub trunking: Option<TrunkingSite>,
}

/// How a modem is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ModemPort {
    /// Over a serial line.
    Serial {
        /// The device.
        path: PathBuf,
        /// Its speed.
        baud: u32,
    },
    /// Over UDP.
    Udp {
        /// Our address.
        listen: SocketAddr,
        /// The modem's.
        modem: SocketAddr,
    },
}

const fn baud() -> u32 {
    460_800
}

fn udp_listen() -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, 3335))
}

const fn colour_code() -> u8 {
    1
}

const fn half() -> u8 {
    50
}

const fn full() -> u8 {
    100
}

const fn tx_delay() -> u16 {
    100
}

impl ModemLink {
    /// How it is reached; none if the file names neither way.
    #[must_use]
    pub fn port(&self) -> Option<ModemPort> {
        match (&self.path, self.udp) {
            (Some(path), None) => Some(ModemPort::Serial {
                path: path.clone(),
                baud: self.baud,
            }),
            (None, Some(modem)) => Some(ModemPort::Udp {
                listen: self.udp_listen,
                modem,
            }),
            _ => None,
        }
    }

    /// The station as the engine knows it.
    #[must_use]
    pub fn station(&self) -> StationPolicy {
        StationPolicy {
            id: self.id,
            name: self.name.clone(),
            kind: match self.trunking {
                Some(_) => CarrierKind::Control,
                None => CarrierKind::Conventional,
            },
            terminal_accepts: false,
            own: self.own,
            groups: self.groups.clone(),
            test: self.test,
            exercises: self.exercises,
            peer: false,
            reports_air: true,
            node: self.node.clone(),
        }
    }

    pub(super) fn check(&self, at: &str, faults: &mut Vec<Fault>) {
        check_name(at, &self.name, faults);
        check_colour(at, Some(self.colour_code), faults);
        check_kind(at, self.test, self.exercises, faults);
        if self.id.0 == 0 {
            faults.push(Fault::new(
                format!("{at}.id"),
                "0 is no station id: 1 or more",
            ));
        }
        if let Some(trunking) = &self.trunking {
            trunking.check(&format!("{at}.trunking"), self.duplex, faults);
        }
        if self.port().is_none() {
            faults.push(Fault::new(
                format!("{at}.path"),
                "set either path (a serial device) or udp (the modem's address)",
            ));
        }
        if !(1_200..=4_000_000).contains(&self.baud) {
            faults.push(Fault::new(
                format!("{at}.baud"),
                format!(
                    "{} is out of range: usual are 115200, 230400, 460800",
                    self.baud
                ),
            ));
        }
        for (key, hertz) in [("rx_hz", self.rx_hz), ("tx_hz", self.tx_hz)] {
            if !(1_000_000..=1_300_000_000).contains(&hertz) {
                faults.push(Fault::new(
                    format!("{at}.{key}"),
                    format!("{hertz} is no frequency in hertz, as in 430000000"),
                ));
            }
        }
        for (key, percent) in [
            ("rx_level", self.rx_level),
            ("tx_level", self.tx_level),
            ("rf_level", self.rf_level),
        ] {
            if percent > 100 {
                faults.push(Fault::new(
                    format!("{at}.{key}"),
                    format!("{percent} is out of range: 0 to 100 percent"),
                ));
            }
        }
        if self.tx_delay_ms > 500 {
            faults.push(Fault::new(
                format!("{at}.tx_delay_ms"),
                format!("{} is out of range: 0 to 500", self.tx_delay_ms),
            ));
        }
    }
}
