//! Tier III sites on modems.

use std::time::Duration;

use narrowcast_protocol::air::{RadioId, Slot};
use narrowcast_protocol::dmr::csbk::{Backoff, SystemIdentity};
use narrowcast_protocol::dmr::tier3::{Neighbour, Registration};
use narrowcast_protocol::mmdvm::host::Trunking;
use narrowcast_protocol::mmdvm::message::AlohaNumber;
use serde::Deserialize;

use crate::config::error::Fault;
use crate::config::value::slots;

/// Logical channels that name a channel: 0 names none, 4095 an absolute frequency.
const CHANNELS: std::ops::RangeInclusive<u16> = 1..=4_094;

/// `[modem.trunking]`: the modem is a Tier III site, and its slots are control channels.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrunkingSite {
    /// System identity code, 16 bits.
    pub system_identity: u16,
    /// Which timeslots are control channels; the others are not used.
    #[serde(default = "both", deserialize_with = "slots")]
    pub slots: Vec<Slot>,
    /// Whether radios must register before they use the site.
    #[serde(default)]
    pub registration: bool,
    /// If not empty, only these radios may register.
    #[serde(default)]
    pub radios: Vec<RadioId>,
    /// These radios may not register.
    #[serde(default)]
    pub denied: Vec<RadioId>,
    /// `NRand_Wait` while the site is quiet, 0 to 15.
    #[serde(default = "nrand_wait")]
    pub nrand_wait: u8,
    /// Backoff number while the site is quiet, 1 to 15.
    #[serde(default = "backoff")]
    pub backoff: u8,
    /// Sites to announce.
    #[serde(default)]
    pub neighbour: Vec<NeighbourSite>,
    /// Logical channel that radios are sent to when they ask for a call.
    pub hand_over: Option<u16>,
    /// Number of the modem command that stores the invitation: 23 (0x17) or 20 (0x14).
    #[serde(default = "aloha_command")]
    pub aloha_command: u8,
    /// How long a radio's answer is awaited after a burst has left the modem, milliseconds.
    #[serde(default = "answer_window")]
    pub answer_window_ms: u16,
    /// How often a text to one radio is sent before it is given up.
    #[serde(default = "tries")]
    pub tries: u8,
}

/// `[[modem.trunking.neighbour]]`: a site that radios may also use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NeighbourSite {
    /// System identity code, 16 bits.
    pub system_identity: u16,
    /// Logical channel of its control channel.
    pub channel: u16,
}

fn both() -> Vec<Slot> {
    vec![Slot::One, Slot::Two]
}

const fn nrand_wait() -> u8 {
    5
}

const fn backoff() -> u8 {
    4
}

const fn aloha_command() -> u8 {
    0x17
}

const fn answer_window() -> u16 {
    240
}

const fn tries() -> u8 {
    8
}

impl TrunkingSite {
    /// As the session knows it.
    #[must_use]
    pub fn trunking(&self) -> Trunking {
        let mut trunking = Trunking::new(SystemIdentity::from_number(self.system_identity));
        trunking.slots.clone_from(&self.slots);
        trunking.registration = Registration {
            required: self.registration,
            only: self.radios.clone(),
            denied: self.denied.clone(),
        };
        trunking.nrand_wait = self.nrand_wait;
        trunking.backoff = Backoff(self.backoff);
        let neighbours = self.neighbour.iter().map(|site| Neighbour {
            system_code: SystemIdentity::from_number(site.system_identity).code,
            channel: site.channel,
        });
        trunking.neighbours = neighbours.collect();
        trunking.hand_over = self.hand_over;
        trunking.aloha = if self.aloha_command == aloha_command() {
            AlohaNumber::Mmdvm
        } else {
            AlohaNumber::MmdvmSdr
        };
        trunking.answer_window = Duration::from_millis(self.answer_window_ms.into());
        trunking.tries = self.tries;
        trunking
    }

    pub(super) fn check(&self, at: &str, duplex: bool, faults: &mut Vec<Fault>) {
        let mut fault = |key: &str, why: String| {
            faults.push(Fault::new(format!("{at}.{key}"), why));
        };
        if !duplex {
            let why = "a control channel needs both directions at once: set duplex = true";
            fault("system_identity", why.into());
        }
        if self.slots.is_empty() {
            fault("slots", "name at least one: 1 or 2".into());
        }
        if self.nrand_wait > 15 {
            let why = format!("{} is out of range: 0 to 15", self.nrand_wait);
            fault("nrand_wait", why);
        }
        if !(1..=15).contains(&self.backoff) {
            let why = format!("{} is out of range: 1 to 15", self.backoff);
            fault("backoff", why);
        }
        if !matches!(self.aloha_command, 0x17 | 0x14) {
            let why = format!("{} is unknown: 23 or 20", self.aloha_command);
            fault("aloha_command", why);
        }
        if !(120..=2_000).contains(&self.answer_window_ms) {
            let why = format!("{} is out of range: 120 to 2000", self.answer_window_ms);
            fault("answer_window_ms", why);
        }
        if !(1..=50).contains(&self.tries) {
            fault("tries", format!("{} is out of range: 1 to 50", self.tries));
        }
        if self
            .hand_over
            .is_some_and(|channel| !CHANNELS.contains(&channel))
        {
            fault("hand_over", "it is no logical channel: 1 to 4094".into());
        }
        for (index, site) in self.neighbour.iter().enumerate() {
            if !CHANNELS.contains(&site.channel) {
                let why = format!("{} is no logical channel: 1 to 4094", site.channel);
                fault(&format!("neighbour[{index}].channel"), why);
            }
        }
    }
}
