//! One delivery over HTTP.

use std::net::SocketAddr;
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode, Url};

use crate::bridge::platform::address::is_public;
use crate::bridge::platform::event;
use crate::bridge::platform::outlet::{Delivered, again};
use crate::bridge::platform::signature::{Secret, header, webhook_id};

/// How long connecting and the answer may take together.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A receiver of events.
#[derive(Debug, Clone)]
pub struct WebhookConfig {
    /// Where events go.
    pub url: Url,
    /// Keys by which the receiver knows us, the newest first; two while they are changed.
    pub secrets: Vec<Secret>,
    /// Whether the receiver may be on this machine or network.
    pub allow_private: bool,
    /// Certificates, in PEM, of which the receiver's must come; those of the system if none.
    pub ca: Option<Vec<u8>>,
}

/// Why a webhook cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    /// Another scheme than these two.
    #[error("`{0}` is no way to a webhook: write http:// or https://")]
    Scheme(String),
    /// No host.
    #[error("the address names no host")]
    Host,
    /// The HTTP client cannot be made.
    #[error("the HTTP client cannot be made: {0}")]
    Client(#[from] reqwest::Error),
}

/// A receiver, and the connection to it.
#[derive(Debug)]
pub struct Webhook {
    config: WebhookConfig,
    host: String,
    port: u16,
    /// The client is bound to the address that was checked: a name may lead elsewhere later.
    client: Option<(SocketAddr, Client)>,
}

impl Webhook {
    /// A receiver that has not been connected to.
    ///
    /// # Errors
    /// The address is none of a webhook.
    pub fn new(config: WebhookConfig) -> Result<Self, WebhookError> {
        let scheme = config.url.scheme();
        if !matches!(scheme, "http" | "https") {
            return Err(WebhookError::Scheme(scheme.to_owned()));
        }
        let host = config.url.host_str().ok_or(WebhookError::Host)?.to_owned();
        let port = config
            .url
            .port_or_known_default()
            .ok_or(WebhookError::Host)?;
        Ok(Self {
            config,
            host,
            port,
            client: None,
        })
    }

    /// Delivers an event. `at` is the moment of this attempt, in seconds since 1970.
    pub async fn deliver(&mut self, id: &str, at: i64, body: Vec<u8>) -> Delivered {
        let address = match self.address().await {
            Ok(address) => address,
            Err(why) => return again(why),
        };
        let client = match self.client(address) {
            Ok(client) => client,
            Err(error) => return again(error.to_string()),
        };
        let id = webhook_id(id);
        let signature = header(&self.config.secrets, &id, at, &body);
        let (Ok(id), Ok(signature)) = (
            HeaderValue::from_str(&id),
            HeaderValue::from_str(&signature),
        ) else {
            return Delivered::Dead("its id does not fit a header".to_owned());
        };
        let request = client
            .post(self.config.url.clone())
            .header(CONTENT_TYPE, event::CONTENT_TYPE)
            .header("webhook-id", id)
            .header("webhook-timestamp", at)
            .header("webhook-signature", signature)
            .body(body);
        match request.send().await {
            Ok(answer) => judge(answer.status(), answer.headers().get(RETRY_AFTER)),
            Err(error) => {
                // Whatever it was, the next attempt connects anew.
                self.client = None;
                again(cause(&error))
            }
        }
    }

    /// The first address of the receiver that may be connected to.
    async fn address(&self) -> Result<SocketAddr, String> {
        let host = self.host.trim_matches(['[', ']']);
        let found = tokio::net::lookup_host((host, self.port)).await;
        let found = found.map_err(|error| format!("{host} has no address: {error}"))?;
        let mut any = false;
        for address in found {
            any = true;
            if self.config.allow_private || is_public(address.ip()) {
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

    fn client(&mut self, address: SocketAddr) -> Result<Client, reqwest::Error> {
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
        if let Some(pem) = &self.config.ca {
            builder = builder.tls_certs_only(reqwest::Certificate::from_pem_bundle(pem)?);
        }
        let client = builder.build()?;
        self.client = Some((address, client.clone()));
        Ok(client)
    }
}

/// An error with what is behind it: the first words alone say little.
fn cause(error: &reqwest::Error) -> String {
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

/// What an answer means.
fn judge(status: StatusCode, retry_after: Option<&HeaderValue>) -> Delivered {
    let why = format!("answered {status}");
    let seconds = || retry_after?.to_str().ok()?.trim().parse().ok();
    match status.as_u16() {
        200..=299 => Delivered::Taken,
        410 => Delivered::Gone(why),
        300..=399 => again(format!(
            "{why}: redirects are not followed, write the new address"
        )),
        408 | 429 => Delivered::Again {
            why,
            retry_after: seconds(),
        },
        400..=499 => Delivered::Dead(why),
        _ => Delivered::Again {
            why,
            retry_after: seconds(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_answer_means_what_the_standard_says() {
        let judged = |status: u16| judge(StatusCode::from_u16(status).unwrap(), None);
        for status in [200, 202, 204] {
            assert_eq!(judged(status), Delivered::Taken);
        }
        for status in [400, 401, 403, 404, 413, 422] {
            assert!(matches!(judged(status), Delivered::Dead(_)), "{status}");
        }
        for status in [301, 302, 307, 408, 429, 500, 502, 503, 504] {
            assert!(
                matches!(judged(status), Delivered::Again { .. }),
                "{status}"
            );
        }
        assert!(matches!(judged(410), Delivered::Gone(_)));
        let wait = HeaderValue::from_static("120");
        let slow = judge(StatusCode::SERVICE_UNAVAILABLE, Some(&wait));
        assert!(matches!(
            slow,
            Delivered::Again {
                retry_after: Some(120),
                ..
            }
        ));
    }
}
