//! A server of our own: a temporary directory, free ports, a child process ended by its id.

use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, bail};
use narrowcast_world::city::City;
use tokio::process::{Child, Command};

use crate::configuration;

/// How long the server may take to come up.
const START: Duration = Duration::from_secs(20);

/// A running server.
pub(crate) struct Server {
    child: Child,
    /// Where its API listens, as a URL.
    pub(crate) url: String,
    /// Where its Homebrew link listens.
    pub(crate) master: SocketAddr,
    /// The first administrator's token.
    pub(crate) token: String,
    /// Its configuration file.
    pub(crate) config: PathBuf,
}

/// A port that was free a moment ago.
fn free_tcp() -> anyhow::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

fn free_udp() -> anyhow::Result<u16> {
    Ok(UdpSocket::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// The server's program: beside ours, or where `NARROWCAST_BINARIES` says.
fn program() -> anyhow::Result<PathBuf> {
    let beside = std::env::current_exe()?.parent().map(Path::to_path_buf);
    let named = std::env::var_os("NARROWCAST_BINARIES").map(PathBuf::from);
    let places = [named, beside];
    let found = places
        .into_iter()
        .flatten()
        .map(|place| place.join("narrowcast"))
        .find(|path| path.is_file());
    found.context("the program `narrowcast` is not beside narrowcast-sim: run `cargo build --workspace --bins` first")
}

impl Server {
    /// Starts a server for this city in `dir`.
    pub(crate) async fn start(
        dir: &Path,
        city: &City,
        passphrase: &str,
        modem: &Path,
    ) -> anyhow::Result<Self> {
        let listen = SocketAddr::from(([127, 0, 0, 1], free_tcp()?));
        let master = SocketAddr::from(([127, 0, 0, 1], free_udp()?));
        let config = dir.join("narrowcast.toml");
        std::fs::write(
            &config,
            whole(dir, listen, master, city, passphrase, modem)?,
        )?;
        let log = std::fs::File::create(dir.join("server.log"))?;
        let child = Command::new(program()?)
            .args(["serve", "--config"])
            .arg(&config)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .context("cannot start the server")?;
        let mut server = Self {
            child,
            url: format!("http://{listen}"),
            master,
            token: String::new(),
            config,
        };
        server.token = server.wait_until_up(dir).await?;
        Ok(server)
    }

    async fn wait_until_up(&mut self, dir: &Path) -> anyhow::Result<String> {
        let token = dir.join("state").join("admin.token");
        let end = tokio::time::Instant::now() + START;
        while tokio::time::Instant::now() < end {
            if let Some(status) = self.child.try_wait()? {
                let log = std::fs::read_to_string(dir.join("server.log")).unwrap_or_default();
                bail!("the server ended with {status}:\n{log}");
            }
            if let Ok(token) = std::fs::read_to_string(&token) {
                let api = crate::api::Api::new(&self.url, token.trim())?;
                if api.get("whoami").await.is_ok() {
                    return Ok(api.token);
                }
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        bail!(
            "the server did not come up within {} s; see {}",
            START.as_secs(),
            dir.join("server.log").display()
        )
    }

    /// Ends it in good order.
    pub(crate) async fn stop(mut self) -> anyhow::Result<()> {
        if let Some(id) = self.child.id() {
            // SIGTERM by its own id; no signal crate for one signal.
            let _ = std::process::Command::new("kill")
                .arg(id.to_string())
                .status();
        }
        if tokio::time::timeout(Duration::from_secs(10), self.child.wait())
            .await
            .is_err()
        {
            self.child.kill().await?;
        }
        Ok(())
    }
}

fn whole(
    dir: &Path,
    listen: SocketAddr,
    master: SocketAddr,
    city: &City,
    passphrase: &str,
    modem: &Path,
) -> anyhow::Result<String> {
    let state = dir.join("state");
    let head = format!(
        "[server]\nlisten = \"{listen}\"\nstate_dir = {state:?}\n\n[ledger]\nballast = 4194304\n\n[policy]\nspace_low_bytes = 1048576\nspace_low_permille = 1\nspace_critical_permille = 0\n\n"
    );
    let links = configuration::links(city, master, passphrase, Some(modem))?;
    Ok(head + &links)
}
