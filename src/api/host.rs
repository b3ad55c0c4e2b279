//! The name by which a request reaches us. A page of the Web can give its own name our address
//! (DNS rebinding) and have a browser ask us in its stead: names are answered only if they are
//! known to be ours. Addresses cannot be borrowed so.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::HOST;
use axum::http::uri::Authority;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::api::problem::Problem;

/// The names of the server besides its addresses and `localhost`, in lower case.
#[derive(Debug, Clone)]
pub struct Names(Arc<[String]>);

impl Names {
    /// These names.
    #[must_use]
    pub fn new(names: &[String]) -> Self {
        Self(names.iter().map(|name| name.to_ascii_lowercase()).collect())
    }

    fn are(&self, authority: &Authority) -> bool {
        let host = authority.host();
        let bare = host.strip_prefix('[').and_then(|h| h.strip_suffix(']'));
        if bare.is_some_and(|bare| bare.parse::<Ipv6Addr>().is_ok()) {
            return true;
        }
        let name = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
        host.parse::<IpAddr>().is_ok() || name == "localhost" || self.0.contains(&name)
    }
}

/// Answers 421 to a request for another's name.
pub async fn checked(State(names): State<Names>, request: Request, next: Next) -> Response {
    match named(&names, &request) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

fn named(names: &Names, request: &Request) -> Result<(), Problem> {
    let mut hosts = request.headers().get_all(HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else {
        return Err(refused(
            StatusCode::BAD_REQUEST,
            "send one `Host` header with the name or address of this server",
        ));
    };
    let authority = Authority::try_from(host.as_bytes()).map_err(|_| {
        let why = "it is no name or address with an optional port";
        refused(StatusCode::BAD_REQUEST, why)
    })?;
    // A request may name its host in the target, too, which counts then (RFC 9112 clause 3.2.2).
    let target = request.uri().authority();
    match [Some(&authority), target]
        .into_iter()
        .flatten()
        .find(|named| !names.are(named))
    {
        None => Ok(()),
        Some(other) => Err(refused(
            StatusCode::MISDIRECTED_REQUEST,
            format!(
                "`{}` is no name of this server: ask by its address, or add the name to \
                 `names` in [server]",
                other.host().chars().take(100).collect::<String>()
            ),
        )),
    }
}

fn refused(status: StatusCode, why: impl Into<String>) -> Problem {
    let mut problem = Problem::new(status, "host", "The request is for another host", why);
    problem.field = Some("Host".to_owned());
    problem
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_localhost_and_configured_names_are_ours_and_no_other() {
        let names = Names::new(&["Alert.city.example".to_owned()]);
        let are = |host: &str| names.are(&host.parse().unwrap());
        for ours in [
            "127.0.0.1:7373",
            "192.0.2.7",
            "[::1]:7373",
            "localhost",
            "LOCALHOST:7373",
            "localhost.",
            "alert.city.example:443",
        ] {
            assert!(are(ours), "{ours}");
        }
        for other in [
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "city.example",
            "0x7f.1",
        ] {
            assert!(!are(other), "{other}");
        }
    }
}
