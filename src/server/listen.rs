//! The API's socket, with TLS where it is configured.

use std::net::TcpListener;
use std::time::Duration;

use axum_server::Handle;
use axum_server::tls_rustls::RustlsConfig;
use tokio_util::sync::CancellationToken;

use crate::api::router::{Api, router};
use crate::config::Config;
use crate::server::ServerError;

/// How long open requests may take at shutdown; event streams end at once.
const GRACE: Duration = Duration::from_secs(5);

/// A socket that listens, and the certificate it will show.
pub(super) struct Listening {
    socket: TcpListener,
    tls: Option<RustlsConfig>,
}

/// Binds the socket and reads certificate and key, so that what is wrong is known at start.
pub(super) async fn bind(config: &Config) -> Result<Listening, ServerError> {
    let address = config.server.listen;
    let failed = |source| ServerError::Listen { address, source };
    let socket = TcpListener::bind(address).map_err(failed)?;
    socket.set_nonblocking(true).map_err(failed)?;
    let tls = match config.server.tls() {
        Some(tls) => Some(
            RustlsConfig::from_pem_file(tls.cert, tls.key)
                .await
                .map_err(ServerError::Tls)?,
        ),
        None => None,
    };
    Ok(Listening { socket, tls })
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
    let service = router(api).into_make_service();
    let served = match listening.tls {
        Some(tls) => match axum_server::from_tcp_rustls(listening.socket, tls) {
            Ok(server) => server.handle(handle).serve(service).await,
            Err(error) => Err(error),
        },
        None => match axum_server::from_tcp(listening.socket) {
            Ok(server) => server.handle(handle).serve(service).await,
            Err(error) => Err(error),
        },
    };
    served.map_err(ServerError::Serve)
}
