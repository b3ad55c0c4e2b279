//! How a receiver or a feed is connected to over HTTP: at an address that was checked, without
//! proxy and without following where it is sent on.

use std::net::SocketAddr;
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, Url};

use crate::bridge::platform::address::is_public;

/// How long connecting and the answer may take together.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Why an address cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ReachError {
    /// Another scheme than these two.
    #[error("`{0}` is no way to it: write http:// or https://")]
    Scheme(String),
    /// No host.
    #[error("the address names no host")]
    Host,
}

/// A host, and the connection to it.
#[derive(Debug)]
pub struct Reach {
    host: String,
    port: u16,
    allow_private: bool,
    /// Certificates, in PEM, of which the host's must come; those of the system if none.
    ca: Option<Vec<u8>>,
    /// The client is bound to the address that was checked: a name may lead elsewhere later.
    client: Option<(SocketAddr, Client)>,
}

impl Reach {
    /// The host of an address; nothing is connected yet.
    ///
    /// # Errors
    /// It is no address of HTTP.
    pub fn new(url: &Url, allow_private: bool, ca: Option<Vec<u8>>) -> Result<Self, ReachError> {
        let scheme = url.scheme();
        if !matches!(scheme, "http" | "https") {
            return Err(ReachError::Scheme(scheme.to_owned()));
        }
        let host = url.host_str().ok_or(ReachError::Host)?.to_owned();
        let port = url.port_or_known_default().ok_or(ReachError::Host)?;
        Ok(Self {
            host,
            port,
            allow_private,
            ca,
            client: None,
        })
    }

    /// Whether an address is one of this host.
    #[must_use]
    pub fn is_at(&self, url: &Url) -> bool {
        url.host_str() == Some(&self.host) && url.port_or_known_default() == Some(self.port)
    }

    /// A client that goes to the address of the host that was checked now.
    ///
    /// # Errors
    /// In words: it has none, it is on the inside, or the certificates are none.
    pub async fn client(&mut self) -> Result<Client, String> {
        let address = self.address().await?;
        if let Some((known, client)) = &self.client
            && *known == address
        {
            return Ok(client.clone());
        }
        let mut builder = Client::builder()
            .no_proxy()
            .redirect(Policy::none())
            .timeout(TIMEOUT)
            .pool_max_idle_per_host(1)
            .resolve(&self.host, address);
        if let Some(pem) = &self.ca {
            let trusted = reqwest::Certificate::from_pem_bundle(pem);
            let trusted = trusted.map_err(|error| error.to_string())?;
            builder = builder.tls_certs_only(trusted);
        }
        let client = builder.build().map_err(|error| error.to_string())?;
        self.client = Some((address, client.clone()));
        Ok(client)
    }

    /// The next attempt connects anew.
    pub fn forget(&mut self) {
        self.client = None;
    }

    /// The first address of the host that may be connected to.
    async fn address(&self) -> Result<SocketAddr, String> {
        let host = self.host.trim_matches(['[', ']']);
        let found = tokio::net::lookup_host((host, self.port)).await;
        let found = found.map_err(|error| format!("{host} has no address: {error}"))?;
        let mut any = false;
        for address in found {
            any = true;
            if self.allow_private || is_public(address.ip()) {
                return Ok(address);
            }
        }
        Err(if any {
            format!(
                "{host} is on this machine or network: set `allow_private = true` if that is meant"
            )
        } else {
            format!("{host} has no address")
        })
    }
}

/// An error with what is behind it: the first words alone say little.
#[must_use]
pub fn cause(error: &reqwest::Error) -> String {
    let mut words = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(behind) = source {
        words = behind.to_string();
        source = behind.source();
    }
    if error.is_timeout() {
        format!("no answer within {} s", TIMEOUT.as_secs())
    } else {
        words
    }
}
