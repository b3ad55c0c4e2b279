//! One delivery over HTTP.

use reqwest::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use reqwest::{StatusCode, Url};

use crate::bridge::platform::delivered::{Delivered, again};
use crate::bridge::platform::reach::{Reach, ReachError, cause};
use crate::bridge::platform::signature::{Secret, header, webhook_id};

/// A receiver of events.
#[derive(Debug, Clone)]
pub struct WebhookConfig {
    /// The address to which events are posted.
    pub url: Url,
    /// Keys by which the receiver knows us, the newest first; two while they are changed.
    pub secrets: Vec<Secret>,
    /// Whether the receiver may be on this machine or network.
    pub allow_private: bool,
    /// Certificates, in PEM, of which the receiver's must come; those of the system if none.
    pub ca: Option<Vec<u8>>,
}

/// A receiver, and the connection to it.
#[derive(Debug)]
pub struct Webhook {
    url: Url,
    secrets: Vec<Secret>,
    reach: Reach,
}

impl Webhook {
    /// A receiver that has not been connected to.
    ///
    /// # Errors
    /// The address is none of a webhook.
    pub fn new(config: WebhookConfig) -> Result<Self, ReachError> {
        let reach = Reach::new(&config.url, config.allow_private, config.ca)?;
        Ok(Self {
            url: config.url,
            secrets: config.secrets,
            reach,
        })
    }

    /// Delivers a message, by its id and content type. `at` is the moment of this attempt, in
    /// seconds since 1970.
    pub async fn deliver(
        &mut self,
        (id, content_type): (&str, &'static str),
        at: i64,
        body: Vec<u8>,
    ) -> Delivered {
        let client = match self.reach.client().await {
            Ok(client) => client,
            Err(why) => return again(why),
        };
        let id = webhook_id(id);
        let signature = header(&self.secrets, &id, at, &body);
        let (Ok(id), Ok(signature)) = (
            HeaderValue::from_str(&id),
            HeaderValue::from_str(&signature),
        ) else {
            return Delivered::Dead("its id does not fit a header".to_owned());
        };
        let request = client
            .post(self.url.clone())
            .header(CONTENT_TYPE, content_type)
            .header("webhook-id", id)
            .header("webhook-timestamp", at)
            .header("webhook-signature", signature)
            .body(body);
        match request.send().await {
            Ok(answer) => judge(answer.status(), answer.headers().get(RETRY_AFTER)),
            Err(error) => {
                self.reach.forget();
                again(cause(&error))
            }
        }
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
