//! How many event streams there may be: of one token, of one address and together, with some
//! kept for administrators of the whole tree.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::http::StatusCode;

use crate::api::problem::Problem;
use crate::model::ids::TokenId;
use crate::model::roster::Node;
use crate::model::token::{Principal, Right};
use crate::observe::metrics::Metrics;

/// Most event streams at once.
const ALL: usize = 256;
/// Some of them only for administrators of the whole tree.
const ROOT_RESERVE: usize = 16;
/// Most of one token.
const OF_TOKEN: usize = 16;
/// Most of one address; administrators of the whole tree are not counted out by it.
const OF_ADDRESS: usize = 128;
/// When to ask again, in seconds.
const AGAIN: u64 = 10;

/// The event streams that are open.
#[derive(Debug)]
pub(crate) struct Streams {
    open: Mutex<Vec<(TokenId, Option<IpAddr>)>>,
    metrics: Arc<Metrics>,
}

/// One of them; it is over when this is dropped.
#[derive(Debug)]
pub(crate) struct Seat {
    who: (TokenId, Option<IpAddr>),
    streams: Arc<Streams>,
}

impl Streams {
    pub(crate) fn new(metrics: Arc<Metrics>) -> Arc<Self> {
        Arc::new(Self {
            open: Mutex::default(),
            metrics,
        })
    }

    fn open(&self) -> MutexGuard<'_, Vec<(TokenId, Option<IpAddr>)>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for one more stream.
    ///
    /// # Errors
    /// The token or its address has too many (429), or there are too many in all (503).
    pub(crate) fn seat(
        self: &Arc<Self>,
        who: &Principal,
        from: Option<IpAddr>,
    ) -> Result<Seat, Problem> {
        let root = who.node == Node::root() && who.role.may(Right::Administer);
        let mut open = self.open();
        let of_token = open.iter().filter(|(token, _)| *token == who.token);
        if of_token.count() >= OF_TOKEN {
            return Err(too_many(format!(
                "this token has {OF_TOKEN} event streams open: close one"
            )));
        }
        let of_address = open.iter().filter(|(_, address)| *address == from);
        if from.is_some() && !root && of_address.count() >= OF_ADDRESS {
            return Err(too_many(format!(
                "this address has {OF_ADDRESS} event streams open: close one"
            )));
        }
        if open.len() + if root { 0 } else { ROOT_RESERVE } >= ALL {
            let why = "too many event streams are open";
            return Err(Problem::unavailable(why, AGAIN));
        }
        let who = (who.token, from);
        open.push(who);
        self.metrics.streams.inc();
        Ok(Seat {
            who,
            streams: Arc::clone(self),
        })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut open = self.streams.open();
        if let Some(at) = open.iter().position(|other| *other == self.who) {
            open.swap_remove(at);
            self.streams.metrics.streams.dec();
        }
    }
}

fn too_many(why: String) -> Problem {
    let mut problem = Problem::new(
        StatusCode::TOO_MANY_REQUESTS,
        "too-many",
        "Too many at once",
        why,
    );
    problem.retry_after = Some(AGAIN);
    problem
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::token::Role;

    fn holder(number: u128, role: Role) -> Principal {
        Principal {
            token: TokenId(ulid::Ulid::from(number)),
            role,
            ..Principal::system()
        }
    }

    #[test]
    fn a_token_an_address_and_all_have_their_limits_and_the_root_its_reserve() {
        let streams = Streams::new(Arc::new(Metrics::default()));
        let mut seats = Vec::new();
        let mut take = |number: u128, role, address: u8| {
            let from = Some(IpAddr::from([10, 0, 0, address]));
            let seat = streams.seat(&holder(number, role), from);
            let status = seat.as_ref().map_err(|problem| problem.status).err();
            seats.extend(seat);
            status
        };
        for _ in 0..OF_TOKEN {
            assert_eq!(take(1, Role::Viewer, 1), None);
        }
        assert_eq!(take(1, Role::Viewer, 1), Some(429), "of one token");
        for number in 0..112 {
            assert_eq!(take(100 + number, Role::Viewer, 1), None, "{number}");
        }
        assert_eq!(take(2, Role::Viewer, 1), Some(429), "of one address");
        assert_eq!(take(3, Role::Admin, 1), None);
        for number in 0..111 {
            assert_eq!(take(300 + number, Role::Viewer, 2), None, "{number}");
        }
        assert_eq!(take(2, Role::Viewer, 3), Some(503), "all but the reserve");
        assert_eq!(take(3, Role::Admin, 3), None, "the reserve");
        seats.clear();
        assert!(streams.open().is_empty());
    }
}
