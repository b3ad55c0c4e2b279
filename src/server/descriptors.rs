//! File descriptors: the API's connections must not take those of the ledger and the links.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tracing::warn;

/// Kept for the ledger, the links, logs and what the API itself reads.
const OTHERS: u64 = 256;
/// Fewer connections are of no use.
const LEAST: u64 = 32;

/// Raises the soft limit so that `connections` fit, and gives back how many do.
pub(super) fn for_connections(connections: usize) -> usize {
    let wanted = u64::try_from(connections)
        .unwrap_or(u64::MAX)
        .saturating_add(OTHERS);
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let soft = current.unwrap_or(u64::MAX);
    let aim = wanted.min(maximum.unwrap_or(u64::MAX));
    let mut has = soft;
    if soft < aim {
        let raised = Rlimit {
            current: Some(aim),
            maximum,
        };
        match setrlimit(Resource::Nofile, raised) {
            Ok(()) => has = aim,
            Err(error) => warn!(%error, "the limit of file descriptors cannot be raised"),
        }
    }
    let fits = has.saturating_sub(OTHERS).max(LEAST);
    let fits = usize::try_from(fits).unwrap_or(usize::MAX);
    if fits < connections {
        warn!(
            limit = has,
            connections = fits,
            "the system's limit of file descriptors allows fewer connections than \
             `server.connections` says: raise it (LimitNOFILE in systemd, ulimit -n)"
        );
    }
    connections.min(fits)
}
