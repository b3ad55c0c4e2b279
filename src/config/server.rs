//! Where the server listens and keeps its state.

use std::ffi::OsString;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use serde::Deserialize;

use crate::config::error::Fault;

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
}

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
    }
}
