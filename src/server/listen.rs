//! The API's socket, with TLS where it is configured. What a connection may take before it has
//! shown a valid token is bounded here.

use std::future::{Ready, ready};
use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use axum::middleware;
use axum_server::Handle;
use axum_server::accept::Accept;
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;
use tower_http::add_extension::AddExtension;

use crate::api::doors::{Connection, Doors};
use crate::api::host::{self, Names};
use crate::api::router::router;
use crate::api::shared::Api;
use crate::config::Config;
use crate::server::ServerError;
use crate::server::wire::Wire;

/// How long open requests may take at shutdown; event streams end at once.
const GRACE: Duration = Duration::from_secs(5);
/// How long a request's head may take, and how long a connection may be idle between two.
const HEAD: Duration = Duration::from_secs(10);
/// How long a TLS handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// Most bytes of a request's head, and of what is read ahead for one connection.
const HEAD_BYTES: usize = 64 << 10;

/// A socket that listens, and the certificate it will show.
pub(super) struct Listening {
    socket: TcpListener,
    tls: Option<RustlsConfig>,
    names: Names,
}

/// Binds the socket and reads certificate and key, so that what is wrong is known at start.
pub(super) async fn bind(config: &Config) -> Result<Listening, ServerError> {
    let address = config.server.listen;
    let failed = |source| ServerError::Listen { address, source };
    let socket = TcpListener::bind(address).map_err(failed)?;
    socket.set_nonblocking(true).map_err(failed)?;
    let tls = match config.server.tls() {
        Some(tls) => {
            let read = RustlsConfig::from_pem_file(tls.cert, tls.key)
                .await
                .map_err(ServerError::Tls)?;
            // No other protocol is spoken here.
            let mut tls = read.get_inner().as_ref().clone();
            tls.alpn_protocols = vec![b"http/1.1".to_vec()];
            Some(RustlsConfig::from_config(Arc::new(tls)))
        }
        None => None,
    };
    let names = Names::new(&config.server.names);
    Ok(Listening { socket, tls, names })
}

/// Serves until `shutdown`.
pub(super) async fn serve(
    listening: Listening,
    api: Api,
    shutdown: CancellationToken,
) -> Result<(), ServerError> {
    let handle = Handle::new();
    let stop = handle.clone();
    tokio::spawn(async move {
        shutdown.cancelled().await;
        stop.graceful_shutdown(Some(GRACE));
    });
    let doorkeeper = Doorkeeper(Arc::clone(&api.doors));
    let names = middleware::from_fn_with_state(listening.names, host::checked);
    let service = router(api).layer(names).into_make_service();
    let server = axum_server::from_tcp(listening.socket).map_err(ServerError::Serve)?;
    let mut server = server.http1_only().handle(handle);
    let mut http = server.http_builder().http1();
    http.header_read_timeout(HEAD).max_buf_size(HEAD_BYTES);
    let served = match listening.tls {
        Some(tls) => {
            let tls = RustlsAcceptor::new(tls).handshake_timeout(HANDSHAKE);
            let server = server.acceptor(tls.acceptor(doorkeeper));
            server.serve(service).await
        }
        None => server.acceptor(doorkeeper).serve(service).await,
    };
    served.map_err(ServerError::Serve)
}

/// Lets connections in, and puts into each request which of them it came over.
#[derive(Debug, Clone)]
struct Doorkeeper(Arc<Doors>);

impl<S> Accept<TcpStream, S> for Doorkeeper {
    type Stream = Wire;
    type Service = AddExtension<S, Connection>;
    type Future = Ready<io::Result<(Self::Stream, Self::Service)>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        let admitted = stream.peer_addr().and_then(|from| {
            let full = || io::Error::other("there is no room for another connection");
            self.0.admit(from.ip()).ok_or_else(full)
        });
        ready(admitted.map(|connection| {
            let service = AddExtension::new(service, connection.clone());
            (Wire::new(stream, connection), service)
        }))
    }
}
