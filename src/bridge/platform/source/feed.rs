//! A feed that is looked at again and again.

use std::path::Path;
use std::time::Duration;

use narrowcast_protocol::warning::feed::{self, Entry, Place};
use reqwest::header::{ACCEPT, ETAG, HeaderValue, IF_NONE_MATCH};
use reqwest::{Response, StatusCode, Url};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::seen::Seen;
use super::{Intake, Verdict};
use crate::bridge::platform::reach::{Reach, ReachError, cause};
use crate::model::warning::DOCUMENT_OCTETS;

/// Most documents that are fetched after one look; the others wait for the next.
const DOCUMENTS: usize = 100;
/// After so many looks a document that cannot be fetched is given up.
const TRIES: u32 = 10;

/// Where a feed is.
#[derive(Debug, Clone)]
pub struct FeedConfig {
    /// What people call it.
    pub name: String,
    /// Its address.
    pub url: Url,
    /// Between two looks.
    pub every: Duration,
    /// Whether it may be on this machine or network.
    pub allow_private: bool,
    /// Certificates, in PEM, of which the host's must come; those of the system if none.
    pub ca: Option<Vec<u8>>,
    /// `Authorization: Bearer`, if the host asks for it.
    pub token: Option<HeaderValue>,
}

/// A feed.
#[derive(Debug)]
pub struct Feed {
    config: FeedConfig,
    reach: Reach,
    seen: Seen,
    /// As the feed was last: it is not sent again if it still is so.
    etag: Option<HeaderValue>,
    /// Entries whose document could not be fetched, and how often.
    tries: Vec<(String, u32)>,
}

/// Why there is nothing.
enum Nothing {
    /// It has not changed.
    Same,
    /// It cannot be had.
    Failed(String),
}

/// Why a document cannot be had.
enum Unfetched {
    /// It may be had later.
    Now(String),
    /// It is not asked for.
    Ever(String),
}

impl Feed {
    /// A feed that has not been looked at. What was seen of it is kept in `directory`.
    ///
    /// # Errors
    /// The address is none of HTTP.
    pub fn new(config: FeedConfig, directory: &Path) -> Result<Self, ReachError> {
        let reach = Reach::new(&config.url, config.allow_private, config.ca.clone())?;
        Ok(Self {
            seen: Seen::open(directory, &config.name),
            config,
            reach,
            etag: None,
            tries: Vec::new(),
        })
    }

    /// Looks until `shutdown`: at once, and then after each pause.
    pub async fn run(mut self, intake: Intake, shutdown: CancellationToken) {
        loop {
            let looked = tokio::select! {
                looked = self.look(&intake) => looked,
                () = shutdown.cancelled() => return,
            };
            (intake.failing)(looked.err());
            tokio::select! {
                () = sleep(self.config.every) => {}
                () = shutdown.cancelled() => return,
            }
        }
    }

    async fn look(&mut self, intake: &Intake) -> Result<(), String> {
        let etag = self.etag.clone();
        let (octets, etag) = match self.get(self.config.url.clone(), etag).await {
            Ok(got) => got,
            Err(Nothing::Same) => return Ok(()),
            Err(Nothing::Failed(why)) => return Err(why),
        };
        let entries = feed::read(&octets).map_err(|error| error.to_string())?;
        let mut fresh: Vec<&Entry> = entries
            .iter()
            .filter(|it| !self.seen.has(&name(it)))
            .collect();
        // Most feeds begin with the newest, and what came first is taken first.
        fresh.reverse();
        let all = fresh.len() <= DOCUMENTS;
        let mut open = !all;
        for entry in fresh.into_iter().take(DOCUMENTS) {
            open |= !self.decide(entry, intake).await;
        }
        // As long as something is open the feed is read again, changed or not.
        self.etag = if open { None } else { etag };
        Ok(())
    }

    /// Takes the document of an entry in; false: it is still open.
    async fn decide(&mut self, entry: &Entry, intake: &Intake) -> bool {
        let name = name(entry);
        let verdict = match self.document(entry).await {
            Ok(document) => (intake.take)(document).await,
            Err(Unfetched::Now(why)) => self.unfetched(&name, why),
            Err(Unfetched::Ever(why)) => Verdict::Refused(why),
        };
        match verdict {
            Verdict::Taken(said) => {
                info!(source = %self.config.name, entry = %entry.id, %said, "a document was taken in");
            }
            Verdict::Refused(why) => {
                warn!(source = %self.config.name, entry = %entry.id, %why, "a document was refused");
            }
            Verdict::Later { why, .. } => {
                info!(source = %self.config.name, entry = %entry.id, %why, "a document waits");
                return false;
            }
        }
        self.tries.retain(|(known, _)| *known != name);
        self.seen.add(&name);
        if let Err(error) = self.seen.write() {
            warn!(source = %self.config.name, %error, "what was seen of a feed cannot be written");
        }
        true
    }

    fn unfetched(&mut self, name: &str, why: String) -> Verdict {
        let tries = match self.tries.iter_mut().find(|(known, _)| known == name) {
            Some((_, tries)) => {
                *tries += 1;
                *tries
            }
            None => {
                self.tries.push((name.to_owned(), 1));
                1
            }
        };
        if tries >= TRIES {
            return Verdict::Refused(format!("it cannot be fetched: {why}; given up"));
        }
        let retry_after = None;
        Verdict::Later { why, retry_after }
    }

    /// The document of an entry. A link leads to the feed's own host only: a feed must not send us
    /// anywhere else.
    async fn document(&mut self, entry: &Entry) -> Result<Vec<u8>, Unfetched> {
        let link = match &entry.document {
            Place::Inside(document) => return Ok(document.clone().into_bytes()),
            Place::Link(link) => link,
        };
        let url = self
            .config
            .url
            .join(link)
            .map_err(|error| Unfetched::Ever(format!("`{link}`: {error}")))?;
        if !self.reach.is_at(&url) || url.scheme() != self.config.url.scheme() {
            let why = format!("{url} is on another host than the feed and is not followed");
            return Err(Unfetched::Ever(why));
        }
        match self.get(url, None).await {
            Ok((octets, _)) => Ok(octets),
            Err(Nothing::Failed(why)) => Err(Unfetched::Now(why)),
            Err(Nothing::Same) => Err(Unfetched::Now("answered 304".to_owned())),
        }
    }

    async fn get(
        &mut self,
        url: Url,
        etag: Option<HeaderValue>,
    ) -> Result<(Vec<u8>, Option<HeaderValue>), Nothing> {
        let client = self.reach.client().await.map_err(Nothing::Failed)?;
        let mut request = client
            .get(url)
            .header(ACCEPT, "application/cap+xml, application/atom+xml, application/rss+xml, application/xml;q=0.9, */*;q=0.1");
        if let Some(token) = &self.config.token {
            request = request.header(reqwest::header::AUTHORIZATION, token.clone());
        }
        if let Some(etag) = etag {
            request = request.header(IF_NONE_MATCH, etag);
        }
        let answer = match request.send().await {
            Ok(answer) => answer,
            Err(error) => {
                self.reach.forget();
                return Err(Nothing::Failed(cause(&error)));
            }
        };
        match answer.status() {
            StatusCode::OK => {}
            StatusCode::NOT_MODIFIED => return Err(Nothing::Same),
            status => return Err(Nothing::Failed(format!("answered {status}"))),
        }
        let etag = answer.headers().get(ETAG).cloned();
        Ok((body(answer).await.map_err(Nothing::Failed)?, etag))
    }
}

/// The body of an answer, as far as it may be long.
async fn body(mut answer: Response) -> Result<Vec<u8>, String> {
    let mut octets = Vec::new();
    loop {
        match answer.chunk().await {
            Ok(Some(chunk)) if octets.len() + chunk.len() <= DOCUMENT_OCTETS => {
                octets.extend_from_slice(&chunk);
            }
            Ok(Some(_)) => return Err(format!("it has more than {DOCUMENT_OCTETS} octets")),
            Ok(None) => return Ok(octets),
            Err(error) => return Err(cause(&error)),
        }
    }
}

/// An entry whose time has changed is another one.
fn name(entry: &Entry) -> String {
    format!("{}\n{}", entry.id, entry.updated)
}
