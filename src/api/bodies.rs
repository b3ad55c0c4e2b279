//! Request bodies as they arrive: each with its limit and its time, and all of them together
//! within one room. Bytes count when they have come, not when they are announced.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::Request;
use axum::http::{StatusCode, header};
use futures_util::StreamExt;
use tokio::time::{Instant, timeout_at};

use crate::api::problem::Problem;
use crate::model::ids::TokenId;
use crate::model::token::Principal;
use crate::observe::metrics::Metrics;

/// Room for all bodies together, if the configuration does not say otherwise.
pub const ROOM: usize = 64 << 20;
/// The first bytes of a body take nothing of the room, so that an alert always has some. What
/// they can take together is bounded by the number of connections.
const FREE: usize = 16 << 10;
/// A body may always take so long,
const GRACE: Duration = Duration::from_secs(20);
/// and a second longer for so many bytes that have come.
const RATE: usize = 32 << 10;
/// A body's memory grows by so much.
const STEP: usize = 256 << 10;

/// The room that bodies take.
#[derive(Debug)]
pub(crate) struct Bodies {
    room: usize,
    metrics: Arc<Metrics>,
    /// By the token in whose name they come; none in no name.
    held: Mutex<BTreeMap<Option<TokenId>, usize>>,
}

/// A body that was read, and the room it takes until it is dropped.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) bytes: Vec<u8>,
    taken: usize,
    by: Option<TokenId>,
    bodies: Arc<Bodies>,
}

impl Bodies {
    pub(crate) fn new(room: usize, metrics: Arc<Metrics>) -> Arc<Self> {
        Arc::new(Self {
            room,
            metrics,
            held: Mutex::default(),
        })
    }

    /// Reads a body of at most `limit` bytes.
    ///
    /// # Errors
    /// It is too long (413), too slow (408), breaks off (400), or there is no room (503).
    pub(crate) async fn read(
        self: &Arc<Self>,
        request: Request,
        limit: usize,
    ) -> Result<Held, Problem> {
        if announced(&request).is_some_and(|length| length > limit as u64) {
            return Err(too_long(limit));
        }
        let mut held = Held {
            bytes: Vec::new(),
            taken: 0,
            by: request.extensions().get().map(|who: &Principal| who.token),
            bodies: Arc::clone(self),
        };
        let began = Instant::now();
        let mut chunks = request.into_body().into_data_stream();
        loop {
            let earned = Duration::from_secs((held.bytes.len() / RATE) as u64);
            match timeout_at(began + GRACE + earned, chunks.next()).await {
                Err(_) => return Err(too_slow()),
                Ok(None) => return Ok(held),
                Ok(Some(Err(error))) => return Err(broken(&error)),
                Ok(Some(Ok(chunk))) => held.take(&chunk, limit)?,
            }
        }
    }

    /// Takes `more` bytes of the room; a token takes at most half of it.
    fn grow(&self, by: Option<TokenId>, more: usize) -> Result<(), Problem> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let all: usize = held.values().sum();
        let own = held.get(&by).copied().unwrap_or_default();
        if all + more > self.room || own + more > self.room / 2 {
            let why = "the bodies that are being sent take all the room there is: send it again";
            return Err(Problem::unavailable(why, 2));
        }
        held.insert(by, own + more);
        self.count(all + more);
        Ok(())
    }

    fn give_back(&self, by: Option<TokenId>, taken: usize) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = held.get_mut(&by) {
            *own = own.saturating_sub(taken);
            if *own == 0 {
                held.remove(&by);
            }
        }
        self.count(held.values().sum());
    }

    fn count(&self, all: usize) {
        let all = i64::try_from(all).unwrap_or(i64::MAX);
        self.metrics.body_bytes.set(all);
    }
}

impl Held {
    fn take(&mut self, chunk: &[u8], limit: usize) -> Result<(), Problem> {
        let length = self.bytes.len() + chunk.len();
        if length > limit {
            return Err(too_long(limit));
        }
        let needed = length.saturating_sub(FREE);
        if needed > self.taken {
            let more = needed - self.taken;
            self.bodies.grow(self.by, more)?;
            self.taken = needed;
        }
        // By steps and not by doubling: what is counted is what is taken.
        if length > self.bytes.capacity() {
            let step = if length > FREE { STEP } else { 0 };
            self.bytes.reserve_exact(chunk.len().max(step));
        }
        self.bytes.extend_from_slice(chunk);
        Ok(())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if self.taken > 0 {
            self.bodies.give_back(self.by, self.taken);
        }
    }
}

fn announced(request: &Request) -> Option<u64> {
    let length = request.headers().get(header::CONTENT_LENGTH)?;
    length.to_str().ok()?.parse().ok()
}

fn too_long(limit: usize) -> Problem {
    Problem::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "body",
        "The body is too long",
        format!("it may have {limit} bytes here: send it in several parts"),
    )
}

fn too_slow() -> Problem {
    Problem::new(
        StatusCode::REQUEST_TIMEOUT,
        "body",
        "The body did not come in time",
        format!(
            "it may take {} s, and a second for each {} KiB: send it again",
            GRACE.as_secs(),
            RATE >> 10
        ),
    )
}

fn broken(error: &axum::Error) -> Problem {
    Problem::new(
        StatusCode::BAD_REQUEST,
        "body",
        "The body cannot be read",
        format!("it broke off: {error}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(token: u128, bytes: usize) -> Request {
        let mut request = Request::new(axum::body::Body::from(vec![b'x'; bytes]));
        request.extensions_mut().insert(Principal {
            token: TokenId(ulid::Ulid::from(token)),
            ..Principal::system()
        });
        request
    }

    #[tokio::test]
    async fn all_bodies_share_one_room_and_small_ones_need_none_of_it() {
        let metrics = Arc::new(Metrics::default());
        let bodies = Bodies::new(200 << 10, Arc::clone(&metrics));
        let read = |token, bytes| bodies.read(request(token, bytes), 1 << 20);
        let first = read(1, 100 << 10).await.unwrap();
        let second = read(2, 100 << 10).await.unwrap();
        assert_eq!(metrics.body_bytes.get(), (2 * 84) << 10);
        assert_eq!(read(3, 100 << 10).await.unwrap_err().status, 503);
        assert_eq!(
            read(3, FREE).await.unwrap().bytes.len(),
            FREE,
            "a small one"
        );
        assert_eq!(
            read(1, 40 << 10).await.unwrap_err().status,
            503,
            "half for one token"
        );
        drop(first);
        read(3, 100 << 10).await.unwrap();
        drop(second);
        assert_eq!(metrics.body_bytes.get(), 0);
        assert_eq!(read(1, 2 << 20).await.unwrap_err().status, 413);
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_trickles_is_ended_with_408() {
        let drops = futures_util::stream::unfold((), |()| async {
            tokio::time::sleep(Duration::from_secs(5)).await;
            Some((Ok::<_, std::io::Error>("x"), ()))
        });
        let metrics = Arc::new(Metrics::default());
        let bodies = Bodies::new(ROOM, metrics);
        let request = Request::new(axum::body::Body::from_stream(drops));
        let ended = bodies.read(request, 1 << 20).await;
        assert_eq!(ended.unwrap_err().status, 408);
    }
}
