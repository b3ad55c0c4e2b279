//! Recording datagrams, at an own address or between two.

use core::time::Duration;
use std::collections::HashMap;
use std::net::SocketAddr;

use anyhow::{Context as _, Result};
use narrowcast_hardware::capture::Direction;
use narrowcast_hardware::port::{LARGEST_CHUNK, Port, PortConfig};
use narrowcast_protocol::session::Peer;
use tokio::sync::mpsc;

use super::sink::Tap;
use crate::link::{Link, Place, resolve};

/// Datagrams that wait for a socket.
const QUEUE: usize = 1_024;
/// Clients that are passed on at the same time.
const MOST_CLIENTS: usize = 1_024;
/// A client that says nothing, and is told nothing, for so long is forgotten.
const SILENCE: Duration = Duration::from_secs(600);

/// Records what comes to an own address, for ever.
pub(super) async fn listen(mut link: Link, tap: Tap) -> Result<()> {
    let mut port = link.open().await?;
    let (name, local) = named(&port)?;
    let mut buffer = vec![0; LARGEST_CHUNK];
    loop {
        let (from, count) = port.recv(&mut buffer).await?;
        if let Peer::Socket(from) = from {
            let bytes = buffer.get(..count).unwrap_or_default();
            tap.record(&name, Direction::Inbound, Some((from, local)), bytes);
        }
    }
}

fn named(port: &Port) -> Result<(String, SocketAddr)> {
    let local = port.local().context("the socket has no address")?;
    Ok((format!("udp:{}", local.port()), local))
}

/// Passes datagrams from whoever writes to `near` to one far end and back, each client from
/// a socket of its own, so that the far end can tell them apart. They are recorded with the
/// addresses of client and far end, outbound what clients say.
pub(super) async fn relay(mut near: Link, far: &Place, tap: Tap) -> Result<()> {
    let (Place::Udp(far) | Place::UdpListen(far)) = far else {
        anyhow::bail!("{far}: datagrams need a far end of datagrams, udp:HOST:PORT");
    };
    let remote = resolve(far).await?;
    let mut near = near.open().await?;
    let (name, _) = named(&near)?;
    let (back, mut for_clients) = mpsc::channel::<(SocketAddr, Vec<u8>)>(QUEUE);
    let mut clients: HashMap<SocketAddr, mpsc::Sender<Vec<u8>>> = HashMap::new();
    let mut buffer = vec![0; LARGEST_CHUNK];
    let (from_clients, to_clients) = near.halves();
    loop {
        tokio::select! {
            heard = from_clients.recv(&mut buffer) => {
                let (Peer::Socket(client), count) = heard? else { continue };
                let bytes = buffer.get(..count).unwrap_or_default();
                tap.record(&name, Direction::Outbound, Some((client, remote)), bytes);
                clients.retain(|_, queue| !queue.is_closed());
                if !clients.contains_key(&client) && clients.len() < MOST_CLIENTS {
                    let (queue, waiting) = mpsc::channel(QUEUE);
                    let both = Client { address: client, remote, name: name.clone() };
                    tokio::spawn(both.serve(waiting, back.clone(), tap.clone()));
                    clients.insert(client, queue);
                }
                let queue = clients.get(&client);
                if queue.is_none_or(|queue| queue.try_send(bytes.to_vec()).is_err()) {
                    tap.not_delivered();
                }
            }
            Some((client, bytes)) = for_clients.recv() => {
                // A client that is gone is no reason to stop for the others.
                if to_clients.send_some(Peer::Socket(client), &bytes).await.is_err() {
                    tap.not_delivered();
                }
            }
        }
    }
}

/// One client, and the socket that stands for it before the far end.
struct Client {
    address: SocketAddr,
    remote: SocketAddr,
    name: String,
}

impl Client {
    async fn serve(
        self,
        mut waiting: mpsc::Receiver<Vec<u8>>,
        back: mpsc::Sender<(SocketAddr, Vec<u8>)>,
        tap: Tap,
    ) {
        let config = PortConfig::UdpClient {
            remote: self.remote,
            local: None,
        };
        let mut port = match Port::open(&config).await {
            Ok(port) => port,
            Err(error) => {
                eprintln!("{}: {error}", self.address);
                return;
            }
        };
        let (from_far, to_far) = port.halves();
        let mut buffer = vec![0; LARGEST_CHUNK];
        loop {
            tokio::select! {
                said = waiting.recv() => {
                    let Some(bytes) = said else { return };
                    if to_far.send_some(Peer::Line, &bytes).await.is_err() {
                        tap.not_delivered();
                    }
                }
                heard = from_far.recv(&mut buffer) => {
                    let Ok((_, count)) = heard else { return };
                    let bytes = buffer.get(..count).unwrap_or_default();
                    let ends = Some((self.remote, self.address));
                    tap.record(&self.name, Direction::Inbound, ends, bytes);
                    if back.try_send((self.address, bytes.to_vec())).is_err() {
                        tap.not_delivered();
                    }
                }
                () = tokio::time::sleep(SILENCE) => return,
            }
        }
    }
}
