//! A server in this process, over a ledger that can be told to fail, to be slow or to hang,
//! with a site.

use std::sync::Arc;
use std::time::Duration;

use narrowcast::config::Config;
use narrowcast::ledger::memory::{MemoryLedger, MemoryStore};
use narrowcast::server;
use narrowcast_world::radio::Answers;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::place::{Place, http, roster};
use super::site::Site;
use super::until;

/// The server and what is around it.
pub(crate) struct Running {
    pub(crate) place: Place,
    pub(crate) http: reqwest::Client,
    pub(crate) store: MemoryStore,
    pub(crate) site: Site,
    shutdown: CancellationToken,
    server: tokio::task::JoinHandle<()>,
}

impl Running {
    /// A server that is up, and a site with so many radios that has logged in.
    pub(crate) async fn start(radios: u32, seed: u64) -> Self {
        let (place, http, store) = (Place::new(), http(), MemoryStore::default());
        let config = Config::load(&place.config()).unwrap();
        let opened = store.clone();
        let open = move || Ok(Box::new(MemoryLedger::open(&opened, "default", 1)?) as Box<_>);
        let shutdown = CancellationToken::new();
        let stop = shutdown.clone();
        let server = tokio::spawn(async move {
            server::run_over(Arc::new(open), config, stop)
                .await
                .unwrap();
        });
        place.until_up(&http).await;
        place.import(&http, roster(radios)).await;
        let site = Site::start(place.homebrew, radios, Answers::Never, 0.0, seed).await;
        until("a log-in", Duration::from_secs(40), async || {
            site.seen().log_ins == 1
        })
        .await;
        Self {
            place,
            http,
            store,
            site,
            shutdown,
            server,
        }
    }

    /// This radio's emergency as it is shown.
    pub(crate) async fn emergency_of(&self, radio: u32) -> Option<Value> {
        let (status, body) = self.place.get(&self.http, "emergencies").await;
        assert_eq!(status, 200, "{body}");
        let all = body["emergencies"].as_array().unwrap();
        all.iter().find(|one| one["radio"] == radio).cloned()
    }

    pub(crate) async fn metrics(&self) -> String {
        let request = self.http.get(self.place.url("metrics"));
        let answer = request.bearer_auth(self.place.token()).send().await;
        answer.unwrap().text().await.unwrap()
    }

    /// Up to where the ledger was durable, as the answer to a reading says.
    pub(crate) async fn recorded_to(&self, path: &str) -> Option<u64> {
        let request = self.http.get(self.place.url(path));
        let answer = request.bearer_auth(self.place.token()).send().await;
        let answer = answer.unwrap();
        let header = answer.headers().get("narrowcast-recorded-to")?;
        header.to_str().unwrap().parse().ok()
    }

    /// Ends it in order.
    pub(crate) async fn end(self) {
        self.shutdown.cancel();
        self.server.await.unwrap();
    }
}
