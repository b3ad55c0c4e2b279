//! How a receiver or a feed is connected to over HTTP: at an address that was checked, without
//! proxy and without following where it is sent on.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use reqwest::redirect::Policy;
use reqwest::{Client, Url};

use crate::bridge::platform::address::is_public;

/// How long connecting and the answer may take together.
const TIMEOUT: Duration = Duration::from_secs(10);
/// After a failure a client that is older than this is made anew, with the certificates that the
/// system has by then.
const OLD: Duration = Duration::from_secs(600);

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
    tls: bool,
    allow_private: bool,
    /// Certificates, in PEM, of which the host's must come; those of the system if none.
    ca: Option<Vec<u8>>,
    made: Option<Made>,
}

/// A client, bound to the address that was checked: a name may lead elsewhere later.
#[derive(Debug)]
struct Made {
    address: SocketAddr,
    client: Client,
    at: Instant,
    /// The last attempt failed.
    failed: bool,
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
            tls: scheme == "https",
            allow_private,
            ca,
            made: None,
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
        let addresses = self.addresses().await?;
        if let Some(client) = self.kept(&addresses) {
            return Ok(client);
        }
        let before = self.made.as_ref().map(|made| made.address);
        let another = addresses.iter().find(|address| Some(**address) != before);
        let address = *another.or(addresses.first()).ok_or("it has no address")?;
        let mut builder = Client::builder()
            .no_proxy()
            .redirect(Policy::none())
            .timeout(TIMEOUT)
            .pool_max_idle_per_host(1)
            .resolve(&self.host, address);
        if !self.tls {
            // Else it would read those of the system, and fail where there are none.
            builder = builder.tls_certs_only([]);
        } else if let Some(pem) = &self.ca {
            let trusted = reqwest::Certificate::from_pem_bundle(pem);
            let trusted = trusted.map_err(|error| error.to_string())?;
            builder = builder.tls_certs_only(trusted);
        }
        // Reading all certificates of the system takes milliseconds and a disk: no worker of the
        // runtime must stand still for it.
        let client = tokio::task::spawn_blocking(move || builder.build()).await;
        let client = client.map_err(|error| error.to_string())?;
        let client = client.map_err(|error| cause(&error))?;
        self.made = Some(Made {
            address,
            client: client.clone(),
            at: Instant::now(),
            failed: false,
        });
        Ok(client)
    }

    /// The client that serves on. Making one costs far more than an attempt at a host that is
    /// away: it reads all certificates of the system.
    fn kept(&self, addresses: &[SocketAddr]) -> Option<Client> {
        let made = self.made.as_ref()?;
        let serves = if made.failed {
            // Its connection is gone; there may be another way, or newer certificates.
            addresses == [made.address] && made.at.elapsed() < OLD
        } else {
            addresses.contains(&made.address)
        };
        serves.then(|| made.client.clone())
    }

    /// An attempt failed: the next one connects anew, to another address if there is one.
    pub fn forget(&mut self) {
        if let Some(made) = &mut self.made {
            made.failed = true;
        }
    }

    /// The addresses of the host that may be connected to; one at least.
    async fn addresses(&self) -> Result<Vec<SocketAddr>, String> {
        let host = self.host.trim_matches(['[', ']']);
        let found = tokio::net::lookup_host((host, self.port)).await;
        let found = found.map_err(|error| format!("{host} has no address: {error}"))?;
        let found: Vec<SocketAddr> = found.collect();
        let mut allowed = found.clone();
        allowed.retain(|address| self.allow_private || is_public(address.ip()));
        match (allowed.is_empty(), found.is_empty()) {
            (false, _) => Ok(allowed),
            (true, false) => Err(format!(
                "{host} is on this machine or network: set `allow_private = true` if that is meant"
            )),
            (true, true) => Err(format!("{host} has no address")),
        }
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

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    fn reach(url: &str) -> Reach {
        drop(rustls::crypto::ring::default_provider().install_default());
        Reach::new(&url.parse().unwrap(), true, None).unwrap()
    }

    #[tokio::test]
    async fn a_connection_that_broke_is_not_used_again_and_the_client_is() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let host = tokio::spawn(async move {
            for answer in ["", "HTTP/1.1 204 No Content\r\n\r\n"] {
                let (mut stream, _) = listener.accept().await.unwrap();
                assert_ne!(stream.read(&mut [0; 1_024]).await.unwrap(), 0);
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        let mut reach = reach(&url);
        let client = reach.client().await.unwrap();
        assert!(client.post(&url).send().await.is_err());
        let made = reach.made.as_ref().unwrap().at;
        reach.forget();
        let client = reach.client().await.unwrap();
        assert_eq!(client.post(&url).send().await.unwrap().status(), 204);
        assert_eq!(reach.made.unwrap().at, made, "it was not made anew");
        host.await.unwrap();
    }

    #[tokio::test]
    async fn a_client_stays_at_its_address_until_an_attempt_fails_or_the_address_is_gone() {
        let [one, two] = [1, 2].map(|port| SocketAddr::from(([127, 0, 0, 1], port)));
        let mut reach = reach("http://127.0.0.1:1/hook");
        reach.client().await.unwrap();
        assert!(reach.kept(&[two, one]).is_some(), "whatever comes first");
        assert!(reach.kept(&[two]).is_none(), "it leads elsewhere now");
        reach.forget();
        assert!(reach.kept(&[two, one]).is_none(), "there is another way");
        assert!(reach.kept(&[one]).is_some());
        reach.made.as_mut().unwrap().at -= OLD;
        assert!(reach.kept(&[one]).is_none(), "it is old");
    }
}
