//! The one configuration file.
//!
//! Every key has a default or is required, stands documented in [`DOCUMENTED`], and a key
//! that is not known is refused with its line and a suggestion.

mod airtime;
mod alarm;
mod cap;
mod cap_area;
mod cap_national;
mod cap_out;
mod cap_source;
mod cap_targets;
mod capture;
mod certificates;
mod error;
mod homebrew;
mod ledger;
mod log;
mod modem;
mod mqtt;
mod peer;
mod policy;
mod relay;
mod server;
mod sms;
mod trunking;
mod value;
mod webhook;

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

pub use alarm::{AlarmTable, LevelTable};
pub use cap::{CapTable, Signatures};
pub use cap_area::CapAreaTable;
pub use cap_national::CapNationalTable;
pub use cap_out::CapOutTable;
pub use cap_source::CapSourceTable;
pub use capture::CaptureConfig;
pub use certificates::{CertificateError, certificate};
pub use error::{ConfigError, Fault};
pub use homebrew::{HomebrewLink, HomebrewStation, UdtAccept};
pub use ledger::LedgerConfig;
pub use log::{LogConfig, LogFormat};
pub use modem::{ModemLink, ModemPort};
pub use mqtt::{BrokerAddress, MqttTable};
pub use peer::HomebrewPeer;
pub use policy::{AnswerConfig, PolicyConfig};
pub use relay::Relay;
pub use server::{ServerConfig, Tls};
pub use sms::{DefaultAlphabet, LongTexts, SmsKind, SmsLink, Validity, VerifyGateway};
pub use trunking::{NeighbourSite, TrunkingSite};
pub use value::{Network, Secret};
pub use webhook::{SinkStart, WebhookFormat, WebhookTable};

use narrowcast_protocol::air::StationId;

use crate::model::cap::CapRules;
use crate::model::facts::{FACT_BYTES, Fact};
use crate::model::policy::Policy;

/// The documented default, as `narrowcast config` prints it. Lines of the form
/// `#key = value` are the defaults; those that end in `# example` have none.
pub const DOCUMENTED: &str = include_str!("default.toml");

/// The whole configuration.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where the server listens and keeps its state.
    pub server: ServerConfig,
    /// The ledger.
    pub ledger: LedgerConfig,
    /// What the engine is told to do.
    pub policy: PolicyConfig,
    /// Homebrew masters, each with the stations that may log in.
    pub homebrew: Vec<HomebrewLink>,
    /// Masters of other networks.
    pub homebrew_peer: Vec<HomebrewPeer>,
    /// Talkgroups carried between stations.
    pub relay: Vec<Relay>,
    /// MMDVM modems.
    pub modem: Vec<ModemLink>,
    /// SMS links.
    pub sms: Vec<SmsLink>,
    /// Receivers that are fed every event.
    pub webhook: Vec<WebhookTable>,
    /// What is done about sensor alarms.
    pub alarm: Vec<AlarmTable>,
    /// What is made of CAP alerts.
    pub cap: CapTable,
    /// Brokers that are fed every event, and commands come from.
    pub mqtt: Vec<MqttTable>,
    /// The capture ring.
    pub capture: CaptureConfig,
    /// Logs.
    pub log: LogConfig,
}

impl Config {
    /// Reads, completes from the environment and from passphrase files, and checks the file.
    ///
    /// # Errors
    /// Says what is wrong, where, and what would be right.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let shown = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Read {
            path: shown.clone(),
            source,
        })?;
        let mut config = Self::parse(&shown, &text)?;
        config.server.take_from(|name| std::env::var_os(name));
        let mut faults = config.read_passphrases();
        faults.extend(config.check());
        if faults.is_empty() {
            Ok(config)
        } else {
            Err(ConfigError::Invalid {
                path: shown,
                faults,
            })
        }
    }

    /// Reads the text of a configuration file, named `path` in errors.
    ///
    /// # Errors
    /// The text is no TOML, has an unknown key, or a value of the wrong kind.
    pub fn parse(path: &str, text: &str) -> Result<Self, ConfigError> {
        toml::from_str(text).map_err(|error| ConfigError::syntax(path, text, &error))
    }

    /// Everything that is wrong between the keys.
    #[must_use]
    pub fn check(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        self.server.check(&mut faults);
        self.ledger.check(&mut faults);
        self.policy.check(&mut faults);
        self.capture.check(&mut faults);
        self.log.check(&mut faults);
        for (index, link) in self.homebrew.iter().enumerate() {
            link.check(&format!("homebrew[{index}]"), &mut faults);
        }
        for (index, link) in self.modem.iter().enumerate() {
            link.check(&format!("modem[{index}]"), &mut faults);
        }
        for (index, peer) in self.homebrew_peer.iter().enumerate() {
            peer.check(&format!("homebrew_peer[{index}]"), &mut faults);
        }
        for (index, relay) in self.relay.iter().enumerate() {
            relay.check(&self.homebrew, &format!("relay[{index}]"), &mut faults);
        }
        for (index, link) in self.sms.iter().enumerate() {
            link.check(&format!("sms[{index}]"), &mut faults);
        }
        alarm::check(&self.alarm, &mut faults);
        self.cap.check(&mut faults);
        self.check_sinks(&mut faults);
        self.check_unique(&mut faults);
        self.check_size(&mut faults);
        faults
    }

    /// Stations and alarm rules are cut into pieces for the disk, SMS links, sinks and words of
    /// answers are not.
    fn check_size(&self, faults: &mut Vec<Fault>) {
        let facts = Fact::of_policy(&self.to_policy());
        let size = facts.iter().map(Fact::size).max().unwrap_or(0);
        if size > FACT_BYTES && faults.is_empty() {
            let key = if self.sms.is_empty() { "policy" } else { "sms" };
            faults.push(Fault::new(
                key,
                format!(
                    "SMS links, sinks and the words of answers take {size} bytes on disk and may \
                     take {FACT_BYTES}: fewer links, prefixes or words, shorter names or templates"
                ),
            ));
        }
    }

    /// What is allowed and perhaps not meant, each with its remedy.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        relay::gaps(&self.homebrew, &self.relay)
    }

    /// The policy for the engine, with the stations and SMS routes of every link, the sinks, and the
    /// rules for sensor alarms.
    #[must_use]
    pub fn to_policy(&self) -> Policy {
        let homebrew = self.homebrew.iter().flat_map(HomebrewLink::stations);
        let peers = self.homebrew_peer.iter().map(HomebrewPeer::policy);
        let modems = self.modem.iter().map(ModemLink::station);
        let stations = homebrew.chain(peers).chain(modems);
        let routes = self.sms.iter().map(SmsLink::route);
        let hooks = self.webhook.iter().map(WebhookTable::policy);
        let directories = self.cap.out.iter().map(CapOutTable::policy);
        let sinks = hooks.chain(self.mqtt.iter().map(MqttTable::policy));
        let sinks = sinks.chain(directories);
        let policy = self
            .policy
            .to_policy(stations.collect(), routes.collect(), sinks.collect());
        Policy {
            alarms: self.alarm.iter().map(AlarmTable::rule).collect(),
            ..policy
        }
    }

    /// The rules for CAP documents.
    #[must_use]
    pub fn cap_rules(&self) -> CapRules {
        self.cap.rules(&self.policy.exercise_sign)
    }

    fn read_passphrases(&mut self) -> Vec<Fault> {
        let mut faults = Vec::new();
        for (link, homebrew) in self.homebrew.iter_mut().enumerate() {
            for (index, station) in homebrew.station.iter_mut().enumerate() {
                station.read_passphrase(&format!("homebrew[{link}].station[{index}]"), &mut faults);
            }
        }
        for (index, peer) in self.homebrew_peer.iter_mut().enumerate() {
            peer.read_passphrase(&format!("homebrew_peer[{index}]"), &mut faults);
        }
        for (index, link) in self.sms.iter_mut().enumerate() {
            link.read_secrets(&format!("sms[{index}]"), &mut faults);
        }
        for (index, hook) in self.webhook.iter_mut().enumerate() {
            hook.read_secrets(&format!("webhook[{index}]"), &mut faults);
        }
        self.cap.read_secrets(&mut faults);
        for (index, broker) in self.mqtt.iter_mut().enumerate() {
            broker.read_secrets(&format!("mqtt[{index}]"), &mut faults);
        }
        self.cap.read_certificates(&mut faults);
        faults
    }

    /// Sinks of all kinds keep their places under their names.
    fn check_sinks(&self, faults: &mut Vec<Fault>) {
        let mut names = BTreeMap::new();
        let mut once = |at: String, name: &str| {
            let first = names.insert(name.to_owned(), at.clone())?;
            let says = format!("`{name}` is the name of {first} already: give each sink its own");
            Some(Fault::new(format!("{at}.name"), says))
        };
        let agency = self.cap.national.is_some();
        for (index, hook) in self.webhook.iter().enumerate() {
            let at = format!("webhook[{index}]");
            hook.check(&at, agency, faults);
            faults.extend(once(at, &hook.name));
        }
        for (index, broker) in self.mqtt.iter().enumerate() {
            let at = format!("mqtt[{index}]");
            broker.check(&at, faults);
            faults.extend(once(at, &broker.name));
        }
        for (index, out) in self.cap.out.iter().enumerate() {
            let at = format!("cap.out[{index}]");
            out.check(&at, agency, faults);
            faults.extend(once(at, &out.name));
        }
    }

    fn check_unique(&self, faults: &mut Vec<Fault>) {
        let mut stations = BTreeMap::new();
        let mut names = BTreeMap::new();
        let mut listens = BTreeMap::new();
        let mut once = |field: String, id: StationId, name: &str, by_name: bool| {
            let named = names.insert(name.to_owned(), field.clone());
            if let Some(first) = &named {
                faults.push(Fault::new(
                    format!("{field}.name"),
                    format!(
                        "`{name}` is the name of {first} already: give each station its own name"
                    ),
                ));
            }
            match stations.insert(id, (field.clone(), name.to_owned())) {
                Some((first, other)) if by_name && named.is_none() => faults.push(Fault::new(
                    format!("{field}.name"),
                    format!(
                        "`{name}` gives station number {id}, as `{other}` does at {first}: choose another name"
                    ),
                )),
                Some((first, _)) if !by_name => faults.push(Fault::new(
                    format!("{field}.id"),
                    format!(
                        "station {id} stands at {first} already: give each station its own number"
                    ),
                )),
                _ => {}
            }
        };
        for (link, homebrew) in self.homebrew.iter().enumerate() {
            for (index, station) in homebrew.station.iter().enumerate() {
                let field = format!("homebrew[{link}].station[{index}]");
                once(field, station.id, &station.name, false);
            }
        }
        for (index, peer) in self.homebrew_peer.iter().enumerate() {
            once(
                format!("homebrew_peer[{index}]"),
                peer.id,
                &peer.name,
                false,
            );
        }
        for (index, modem) in self.modem.iter().enumerate() {
            once(format!("modem[{index}]"), modem.id, &modem.name, false);
        }
        for (index, link) in self.sms.iter().enumerate() {
            once(format!("sms[{index}]"), link.station(), &link.name, true);
        }
        let homebrew = self.homebrew.iter().enumerate();
        let homebrew =
            homebrew.map(|(index, link)| (format!("homebrew[{index}].listen"), link.listen));
        let modems = self.modem.iter().enumerate();
        let modems = modems.filter_map(|(index, link)| {
            link.udp
                .map(|_| (format!("modem[{index}].udp_listen"), link.udp_listen))
        });
        for (field, listen) in homebrew
            .chain(modems)
            .filter(|(_, listen)| listen.port() != 0)
        {
            if let Some(first) = listens.insert(listen, field.clone()) {
                faults.push(Fault::new(
                    field,
                    format!("{first} listens on {listen} already: choose another port"),
                ));
            }
        }
    }
}

#[cfg(test)]
mod tests;
