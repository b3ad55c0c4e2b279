//! Where the server listens and keeps its state.

use std::ffi::OsString;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use serde::Deserialize;

use crate::config::error::Fault;
use crate::config::value::size;

/// `[server]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServerConfig {
    /// Where API and event stream listen.
    pub listen: SocketAddr,
    /// Where everything is kept.
    pub state_dir: PathBuf,
    /// The certificate chain, PEM.
    pub tls_cert: Option<PathBuf>,
    /// Its key, PEM.
    pub tls_key: Option<PathBuf>,
    /// Where the first administrator's token is written.
    pub admin_token_file: Option<PathBuf>,
    /// How many requests may wait in each lane.
    pub queue: usize,
    /// Names by which requests reach the server, besides its addresses and `localhost`.
    pub names: Vec<String>,
    /// How many connections the API may have.
    pub connections: usize,
    /// Bytes of all request bodies that are being sent at the same time.
    #[serde(deserialize_with = "size")]
    pub bodies: u64,
}

/// Most names.
const NAMES: usize = 64;
/// Longest name, in characters (RFC 1035 clause 2.3.4).
const NAME: usize = 253;
/// Room for one whole roster of each of two tokens, and no more than a small machine has.
const BODIES: std::ops::RangeInclusive<u64> = (32 << 20)..=(1 << 30);

/// Where certificate and key are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    /// The certificate chain, PEM.
    pub cert: PathBuf,
    /// Its key, PEM.
    pub key: PathBuf,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 7373)),
            state_dir: PathBuf::from("/var/lib/narrowcast"),
            tls_cert: None,
            tls_key: None,
            admin_token_file: None,
            queue: 256,
            names: Vec::new(),
            connections: 1_024,
            bodies: 64 << 20,
        }
    }
}

impl ServerConfig {
    /// Certificate and key, if TLS is configured.
    #[must_use]
    pub fn tls(&self) -> Option<Tls> {
        Some(Tls {
            cert: self.tls_cert.clone()?,
            key: self.tls_key.clone()?,
        })
    }

    /// Where the first administrator's token is written.
    #[must_use]
    pub fn admin_token(&self) -> PathBuf {
        let default = || self.state_dir.join("admin.token");
        self.admin_token_file.clone().unwrap_or_else(default)
    }

    /// Paths of secrets may come from the environment (systemd credentials).
    pub(super) fn take_from(&mut self, variable: impl Fn(&str) -> Option<OsString>) {
        for (name, field) in [
            ("NARROWCAST_TLS_CERT", &mut self.tls_cert),
            ("NARROWCAST_TLS_KEY", &mut self.tls_key),
            ("NARROWCAST_ADMIN_TOKEN_FILE", &mut self.admin_token_file),
        ] {
            if let Some(value) = variable(name).filter(|value| !value.is_empty()) {
                *field = Some(PathBuf::from(value));
            }
        }
    }

    pub(super) fn check(&self, faults: &mut Vec<Fault>) {
        match (&self.tls_cert, &self.tls_key) {
            (Some(_), None) => faults.push(Fault::new(
                "server.tls_key",
                "tls_cert is set without its key: set tls_key too",
            )),
            (None, Some(_)) => faults.push(Fault::new(
                "server.tls_cert",
                "tls_key is set without its certificate: set tls_cert too",
            )),
            (None, None) if !self.listen.ip().is_loopback() => faults.push(Fault::new(
                "server.listen",
                format!(
                    "{} is reachable from other machines and TLS is off: set tls_cert and tls_key, or listen on 127.0.0.1",
                    self.listen
                ),
            )),
            _ => {}
        }
        if self.state_dir.as_os_str().is_empty() {
            faults.push(Fault::new(
                "server.state_dir",
                "it is empty: name a directory",
            ));
        }
        if !(8..=65_536).contains(&self.queue) {
            faults.push(Fault::new(
                "server.queue",
                format!("{} is out of range: 8 to 65536", self.queue),
            ));
        }
        if !(64..=65_536).contains(&self.connections) {
            faults.push(Fault::new(
                "server.connections",
                format!("{} is out of range: 64 to 65536", self.connections),
            ));
        }
        if !BODIES.contains(&self.bodies) {
            faults.push(Fault::new(
                "server.bodies",
                format!("{} is out of range: \"32 MiB\" to \"1 GiB\"", self.bodies),
            ));
        }
        self.check_names(faults);
    }

    fn check_names(&self, faults: &mut Vec<Fault>) {
        if self.names.len() > NAMES {
            faults.push(Fault::new(
                "server.names",
                format!("there are {}: name at most {NAMES}", self.names.len()),
            ));
        }
        for (index, name) in self.names.iter().take(NAMES).enumerate() {
            let label = |label: &str| {
                !label.is_empty()
                    && label
                        .chars()
                        .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
            };
            if name.len() > NAME || !name.split('.').all(label) {
                faults.push(Fault::new(
                    format!("server.names[{index}]"),
                    "write a name as in \"alert.city.example\", without scheme and port",
                ));
            }
        }
    }
}
