//! Who is connected: those who have shown a valid token, and strangers, who have not yet.
//!
//! Strangers have half of the room and each address a share of that half. One too many takes
//! the place of the oldest of its own address, or of the address that holds most; an address
//! that has shown a valid token before gives way last. A holder of a token is never closed for
//! another's sake, so that no number of idle connections keeps it out.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::model::ids::TokenId;
use crate::model::roster::Node;
use crate::model::token::{Principal, Right};
use crate::observe::metrics::{ConnectionLabel, Metrics};

/// Connections, if the configuration does not say otherwise.
pub const CONNECTIONS: usize = 1_024;
/// Strangers of one address, as a part of all strangers.
const ADDRESS_SHARE: usize = 4;
/// Connections of one token, as a part of all holders.
const TOKEN_SHARE: usize = 4;
/// Part of the holders' room that is kept for administrators of the whole tree.
const ROOT_RESERVE: usize = 16;
/// Addresses that are remembered because they have shown a valid token.
const REMEMBERED: usize = 1_024;
/// For how long a crowd is told of after it was seen, and how often it is logged.
const TOLD: Duration = Duration::from_secs(60);

/// The connections of the API.
#[derive(Debug)]
pub struct Doors {
    limit: usize,
    metrics: Arc<Metrics>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    next: u64,
    strangers: BTreeMap<u64, Open>,
    holders: BTreeMap<u64, Open>,
    /// Addresses that have shown a valid token, and the connection that did last.
    remembered: BTreeMap<IpAddr, u64>,
    crowded: Option<Instant>,
}

#[derive(Debug)]
struct Open {
    from: IpAddr,
    /// Whose token it showed last.
    token: Option<TokenId>,
    close: CancellationToken,
}

/// One connection; it leaves when the last copy of this goes.
#[derive(Debug, Clone)]
pub struct Connection(Arc<Inside>);

#[derive(Debug)]
struct Inside {
    id: u64,
    from: IpAddr,
    close: CancellationToken,
    doors: Arc<Doors>,
}

impl Doors {
    /// Room for so many connections, at least 16.
    #[must_use]
    pub fn new(limit: usize, metrics: Arc<Metrics>) -> Arc<Self> {
        let limit = limit.max(16);
        let shown = i64::try_from(limit).unwrap_or(i64::MAX);
        metrics.connection_limit.set(shown);
        Arc::new(Self {
            limit,
            metrics,
            state: Mutex::default(),
        })
    }

    const fn half(&self) -> usize {
        self.limit / 2
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets a stranger in; none if nobody can make room for it.
    pub fn admit(self: &Arc<Self>, from: IpAddr) -> Option<Connection> {
        let from = place(from);
        let mut state = self.state();
        let full = state.strangers.len() >= self.half();
        if full || state.strangers_of(from) >= (self.half() / ADDRESS_SHARE).max(1) {
            self.tell_of_crowd(&mut state);
            let leaves = state.who_gives_way(from, full)?;
            if let Some(open) = state.strangers.remove(&leaves) {
                open.close.cancel();
                self.metrics.connections_displaced.inc();
            }
        }
        state.next += 1;
        let (id, close) = (state.next, CancellationToken::new());
        let open = Open {
            from,
            token: None,
            close: close.clone(),
        };
        state.strangers.insert(id, open);
        self.count(&state);
        Some(Connection(Arc::new(Inside {
            id,
            from,
            close,
            doors: Arc::clone(self),
        })))
    }

    /// Closes every connection that showed this token last, but `own`.
    pub(crate) fn close_those_of(&self, token: TokenId, own: Option<&Connection>) {
        let state = self.state();
        let own = own.map(|own| own.0.id);
        let all = state.strangers.iter().chain(&state.holders);
        all.filter(|(id, open)| open.token == Some(token) && Some(**id) != own)
            .for_each(|(_, open)| open.close.cancel());
    }

    /// What is to be said of the crowd at the doors, if there is one.
    pub(crate) fn crowd(&self) -> Option<String> {
        let state = self.state();
        let crowded = state.crowded.is_some_and(|at| at.elapsed() < TOLD);
        crowded.then(|| self.words(&state))
    }

    fn words(&self, state: &State) -> String {
        format!(
            "the API's connections are near their limit of {}: {} with a valid token, {} without; \
             raise `server.connections`, or find out who opens them",
            self.limit,
            state.holders.len(),
            state.strangers.len()
        )
    }

    fn tell_of_crowd(&self, state: &mut State) {
        let now = Instant::now();
        let told = state
            .crowded
            .is_some_and(|at| now.duration_since(at) < TOLD);
        if !told {
            state.crowded = Some(now);
            warn!("{}", self.words(state));
        }
    }

    fn count(&self, state: &State) {
        for (kind, count) in [
            ("stranger", state.strangers.len()),
            ("holder", state.holders.len()),
        ] {
            let gauge = self
                .metrics
                .connections
                .get_or_create(&ConnectionLabel { kind });
            gauge.set(i64::try_from(count).unwrap_or(i64::MAX));
        }
    }

    fn showed(&self, connection: &Inside, who: &Principal) {
        let (id, from) = (connection.id, connection.from);
        let mut state = self.state();
        state.remember(from, id);
        let root = who.node == Node::root() && who.role.may(Right::Administer);
        let room = self.limit - self.half();
        let of_token = |open: &&Open| open.token == Some(who.token);
        let may_hold = state.holders.values().filter(of_token).count()
            < (room / TOKEN_SHARE).max(1)
            && state.holders.len() + if root { 0 } else { room / ROOT_RESERVE } < room;
        if let Some(open) = state.holders.get_mut(&id) {
            open.token = Some(who.token);
        } else if let Some(mut open) = state.strangers.remove(&id) {
            open.token = Some(who.token);
            if may_hold {
                state.holders.insert(id, open);
                if state.holders.len() * 5 > room * 4 {
                    self.tell_of_crowd(&mut state);
                }
            } else {
                state.strangers.insert(id, open);
            }
            self.count(&state);
        }
    }
}

impl State {
    fn strangers_of(&self, from: IpAddr) -> usize {
        let all = self.strangers.values();
        all.filter(|open| open.from == from).count()
    }

    /// Which stranger gives its place to one from this address: the oldest of the same, unless
    /// all is `full` and others hold more.
    fn who_gives_way(&self, from: IpAddr, full: bool) -> Option<u64> {
        let oldest_of = |from| self.strangers.iter().find(|(_, open)| open.from == from);
        if !full {
            return oldest_of(from).map(|(id, _)| *id);
        }
        let mut held: BTreeMap<IpAddr, usize> = BTreeMap::new();
        for open in self.strangers.values() {
            *held.entry(open.from).or_default() += 1;
        }
        let known = |from: &IpAddr| self.remembered.contains_key(from);
        let welcome = known(&from);
        let most = held
            .iter()
            .filter(|(other, _)| welcome || !known(other) || **other == from)
            .max_by_key(|(other, count)| (!known(other), **count))?;
        oldest_of(*most.0).map(|(id, _)| *id)
    }

    fn remember(&mut self, from: IpAddr, id: u64) {
        if self.remembered.len() >= REMEMBERED && !self.remembered.contains_key(&from) {
            let oldest = self.remembered.iter().min_by_key(|(_, last)| **last);
            if let Some(oldest) = oldest.map(|(from, _)| *from) {
                self.remembered.remove(&oldest);
            }
        }
        self.remembered.insert(from, id);
    }
}

impl Connection {
    /// It has shown a valid token.
    pub(crate) fn showed(&self, who: &Principal) {
        self.0.doors.showed(&self.0, who);
    }

    /// Where it comes from.
    pub(crate) fn from(&self) -> IpAddr {
        self.0.from
    }

    /// Cancelled when it must end.
    #[must_use]
    pub fn closing(&self) -> CancellationToken {
        self.0.close.clone()
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        let mut state = self.doors.state();
        state.strangers.remove(&self.id);
        state.holders.remove(&self.id);
        self.doors.count(&state);
    }
}

/// What counts as one address: of IPv6 the network of one site (/64).
fn place(from: IpAddr) -> IpAddr {
    match from.to_canonical() {
        IpAddr::V6(address) => {
            let network = address.to_bits() >> 64 << 64;
            IpAddr::V6(Ipv6Addr::from_bits(network))
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::token::Role;

    fn holder(number: u128) -> Principal {
        Principal {
            token: TokenId(ulid::Ulid::from(number)),
            name: "holder".into(),
            role: Role::Dispatcher,
            node: Node::root(),
        }
    }

    fn address(last: u8) -> IpAddr {
        IpAddr::from([10, 0, 0, last])
    }

    fn doors(limit: usize) -> Arc<Doors> {
        Doors::new(limit, Arc::new(Metrics::default()))
    }

    #[test]
    fn any_number_of_strangers_takes_their_half_only_and_no_holder_is_closed_for_them() {
        let doors = doors(64);
        let held = doors.admit(address(1)).unwrap();
        held.showed(&holder(1));
        let strangers: Vec<_> = (0..10_000u32)
            .filter_map(|n| doors.admit(address(u8::try_from(n % 200).unwrap())))
            .collect();
        assert!(!held.closing().is_cancelled());
        assert!(doors.state().strangers.len() <= 32);
        let alive = strangers
            .iter()
            .filter(|one| !one.closing().is_cancelled())
            .count();
        assert!((1..=32).contains(&alive), "{alive}");
        assert!(doors.crowd().is_some());
    }

    #[test]
    fn strangers_of_one_address_displace_each_other_only() {
        let doors = doors(64);
        let other = doors.admit(address(2)).unwrap();
        let flood: Vec<_> = (0..500).filter_map(|_| doors.admit(address(1))).collect();
        assert!(!other.closing().is_cancelled());
        assert_eq!(doors.state().strangers_of(place(address(1))), 8);
        assert!(!flood.last().unwrap().closing().is_cancelled());
    }

    #[test]
    fn an_address_that_has_shown_a_token_gives_way_to_no_stranger() {
        let doors = doors(16);
        doors.admit(address(1)).unwrap().showed(&holder(1));
        let back = doors.admit(address(1)).unwrap();
        for last in 2..=200 {
            let _ = doors.admit(address(last)).map(std::mem::forget);
        }
        assert!(!back.closing().is_cancelled());
        assert!(doors.admit(address(1)).is_some(), "it gets in again");
    }

    #[test]
    fn one_token_holds_its_share_and_a_connection_beyond_it_can_be_displaced() {
        let doors = doors(64);
        let open: Vec<_> = (0..32u8)
            .map(|last| doors.admit(address(last)).unwrap())
            .collect();
        open.iter().for_each(|one| one.showed(&holder(1)));
        assert_eq!(doors.state().holders.len(), 8);
        doors.close_those_of(holder(1).token, open.first());
        let closed = open.iter().filter(|one| one.closing().is_cancelled());
        assert_eq!(closed.count(), 31, "all but the one that asked");
        drop(open);
        assert!(doors.state().holders.is_empty() && doors.state().strangers.is_empty());
    }
}
