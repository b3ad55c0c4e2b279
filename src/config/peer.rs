//! Somebody else's Homebrew masters, to which we log in as a repeater does.

use std::net::SocketAddr;
use std::path::PathBuf;

use narrowcast_protocol::air::{CarrierKind, GroupId, RadioId, Slot, StationId};
use serde::Deserialize;

use crate::config::error::Fault;
use crate::config::homebrew::{
    check_colour, check_kind, check_name, check_passphrase, read_passphrase,
};
use crate::config::value::{Secret, slots};
use crate::model::policy::StationPolicy;
use crate::model::roster::Node;

/// `[[homebrew_peer]]`: one master of another network, which is one station to us.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HomebrewPeer {
    /// Where the master listens.
    pub master: SocketAddr,
    /// The id we log in with.
    pub id: StationId,
    /// What people call it.
    pub name: String,
    /// Our own address on its system.
    pub own: RadioId,
    /// The passphrase we log in with.
    pub passphrase: Option<Secret>,
    /// A file whose content, without the last line end, is the passphrase.
    pub passphrase_file: Option<PathBuf>,
    /// Talkgroups that we own on its system.
    #[serde(default)]
    pub groups: Vec<GroupId>,
    /// Which timeslots we use.
    #[serde(default = "both", deserialize_with = "slots")]
    pub slots: Vec<Slot>,
    /// Colour code, 0 to 15.
    #[serde(default = "colour_code")]
    pub colour_code: u8,
    /// The callsign we give, at most 8 characters.
    #[serde(default = "callsign")]
    pub callsign: String,
    /// The receive frequency we give, in hertz; 0 for none.
    #[serde(default)]
    pub rx_hz: u32,
    /// The transmit frequency we give, in hertz; 0 for none.
    #[serde(default)]
    pub tx_hz: u32,
    /// What we tell the master besides, in its own grammar.
    pub options: Option<String>,
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

fn both() -> Vec<Slot> {
    vec![Slot::One, Slot::Two]
}

const fn colour_code() -> u8 {
    1
}

fn callsign() -> String {
    "NARROWCA".to_owned()
}

impl HomebrewPeer {
    /// The station as the engine knows it.
    #[must_use]
    pub fn policy(&self) -> StationPolicy {
        StationPolicy {
            id: self.id,
            name: self.name.clone(),
            kind: CarrierKind::Conventional,
            terminal_accepts: false,
            own: self.own,
            groups: self.groups.clone(),
            test: self.test,
            exercises: self.exercises,
            peer: true,
            reports_air: false,
            node: self.node.clone(),
        }
    }

    pub(super) fn read_passphrase(&mut self, at: &str, faults: &mut Vec<Fault>) {
        let file = self.passphrase_file.as_deref();
        read_passphrase(&mut self.passphrase, file, at, faults);
    }

    pub(super) fn check(&self, at: &str, faults: &mut Vec<Fault>) {
        check_name(at, &self.name, faults);
        check_colour(at, Some(self.colour_code), faults);
        check_kind(at, self.test, self.exercises, faults);
        let in_file = self.passphrase_file.is_some();
        check_passphrase(self.passphrase.as_ref(), in_file, at, faults);
        let mut fault = |key: &str, says: &str| {
            faults.push(Fault::new(format!("{at}.{key}"), says));
        };
        if self.id.0 <= 1_000 {
            fault(
                "id",
                "masters refuse ids up to 1000: use the one they gave you",
            );
        }
        if self.master.port() == 0 || self.master.ip().is_unspecified() {
            fault(
                "master",
                "it is no place to send to: write it as \"192.0.2.1:62031\"",
            );
        }
        if self.slots.is_empty() {
            fault("slots", "it is empty: write [1], [2] or [1, 2]");
        }
        let printable = |text: &str| text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        if !(1..=8).contains(&self.callsign.len()) || !printable(&self.callsign) {
            fault("callsign", "it must have 1 to 8 ASCII characters");
        }
        let options = self.options.as_deref().unwrap_or("-");
        if !(1..=292).contains(&options.len()) || !printable(options) {
            fault("options", "it must have 1 to 292 ASCII characters");
        }
    }
}
