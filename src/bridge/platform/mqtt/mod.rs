//! MQTT 5: events out, commands in, and a sign of life that the broker itself takes away.
//!
//! | topic | direction | what |
//! |---|---|---|
//! | `PREFIX/event/TYPE` | out | one event, `QoS` 1, not retained |
//! | `PREFIX/state` | out | online or offline, retained; also the will, delayed by 10 s |
//! | `PREFIX/submit`, `cancel`, `take`, `answer` | in | commands, see [`command`] |
//!
//! The crate is `rumqttc-next`, a maintained fork of `rumqttc` 0.25. That one binds its TLS to
//! rustls-webpki 0.102, which has open advisories, and keeps a publish that collided for ever once
//! the session is lost. The fork has the rustls of the rest of the server, and tells the reason of
//! each PUBACK to who published. It resumes a session only with the client's half of it; ours is
//! empty on purpose, see [`session`].
//!
//! One connection has one client and one event loop. Whatever ends it, both are dropped and made
//! anew: nothing of a lost session is left behind, neither packets in flight nor the broker's
//! limits. What was not acknowledged comes again from the ledger, under the same id.

pub mod command;
pub mod config;
pub mod line;
pub mod packet;
pub mod session;
pub mod state;
pub mod trouble;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use rumqttc::{AsyncClient, PublishOptions};
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::bridge::platform::delivered::{Delivered, again};
use crate::bridge::platform::event::CloudEvent;

/// How long a delivery waits for a connection that is not there.
const CONNECTING: Duration = Duration::from_secs(3);
/// How long the broker may take to acknowledge; then the connection is made anew.
const ACKNOWLEDGING: Duration = Duration::from_secs(60);

/// A connection that the broker has accepted.
#[derive(Debug)]
pub struct Up {
    /// Its number since the process began, from 1.
    number: u64,
    client: AsyncClient,
    /// The largest packet that the broker takes on this connection, in bytes.
    most: Option<u32>,
    /// Ends the connection: what was sent is not acknowledged.
    renew: CancellationToken,
}

/// A connection, or why there is none.
pub type Connection = Result<Arc<Up>, String>;

/// A broker that events are published to.
#[derive(Debug)]
pub struct Mqtt {
    prefix: String,
    connection: watch::Receiver<Connection>,
    /// The connection that was tried last; 0 for none.
    tried: u64,
}

impl Mqtt {
    /// Publishes over what `connection` shows, below `prefix`.
    #[must_use]
    pub const fn new(prefix: String, connection: watch::Receiver<Connection>) -> Self {
        Self {
            prefix,
            connection,
            tried: 0,
        }
    }

    /// Publishes an event and waits for the broker's word.
    pub async fn deliver(&mut self, event: &CloudEvent, body: Vec<u8>) -> Delivered {
        let there = self.connection.wait_for(Result::is_ok);
        drop(timeout(CONNECTING, there).await);
        let up = match &*self.connection.borrow_and_update() {
            Ok(up) => Arc::clone(up),
            Err(why) => {
                self.tried = 0;
                return again(why.clone());
            }
        };
        self.tried = up.number;
        let topic = packet::topic(&self.prefix, event);
        let properties = packet::properties(event);
        let body = Bytes::from(body);
        let size = packet::size(&topic, &properties, &body);
        if let Some(most) = up.most
            && size > most as usize
        {
            return Delivered::Dead(format!(
                "its packet has {size} bytes and the broker takes {most}"
            ));
        }
        let options = PublishOptions::at_least_once().properties(properties);
        let acknowledged = async {
            let notice = up.client.publish_tracked(topic, body, options).await;
            let notice = notice.map_err(|error| error.to_string())?;
            let result = notice.wait_async().await;
            Ok::<_, String>(packet::judge(result))
        };
        match timeout(ACKNOWLEDGING, acknowledged).await {
            Ok(Ok(delivered)) => delivered,
            Ok(Err(why)) => again(why),
            Err(_) => {
                up.renew.cancel();
                again(format!(
                    "no acknowledgement within {} s",
                    ACKNOWLEDGING.as_secs()
                ))
            }
        }
    }

    /// Waits for another connection than the one that was tried last.
    pub async fn revived(&mut self) {
        let tried = self.tried;
        let fresh = |connection: &Connection| {
            let up = connection.as_ref();
            up.is_ok_and(|up| up.number != tried)
        };
        if self.connection.wait_for(fresh).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
