//! Recording a byte stream, alone or between two.

use core::time::Duration;

use anyhow::Result;
use narrowcast_hardware::capture::Direction;
use narrowcast_hardware::port::{LARGEST_CHUNK, Port, PortError, Receiver, Sender};
use narrowcast_protocol::session::Peer;
use tokio::sync::mpsc;

use super::sink::Tap;
use crate::link::Link;

/// Chunks that wait for a side that does not read. What is more is recorded, not passed on.
const QUEUE: usize = 64;
/// Between two tries to open what was lost.
const AGAIN: Duration = Duration::from_secs(1);

/// Records what a port says, for ever.
pub(super) async fn listen(mut link: Link, tap: Tap) -> Result<()> {
    let mut port = link.open().await?;
    let name = link.place().to_string();
    let mut buffer = vec![0; LARGEST_CHUNK];
    loop {
        match port.recv(&mut buffer).await {
            Ok((_, count)) => {
                let bytes = buffer.get(..count).unwrap_or_default();
                tap.record(&name, Direction::Inbound, None, bytes);
            }
            Err(error) => {
                port.close().await;
                port = again(&mut link, &error).await;
                tap.begins(&name, Direction::Inbound);
            }
        }
    }
}

/// Passes bytes between two ports and records them, for ever: outbound what the near one
/// says, inbound what the far one says.
pub(super) async fn relay(mut near: Link, mut far: Link, tap: Tap) -> Result<()> {
    let mut of_far = far.open().await?;
    let mut of_near = near.open().await?;
    let name = far.place().to_string();
    loop {
        match between(&mut of_near, &mut of_far, &name, &tap).await {
            Lost::Near(error) => {
                of_near.close().await;
                of_near = again(&mut near, &error).await;
                tap.begins(&name, Direction::Outbound);
            }
            Lost::Far(error) => {
                of_far.close().await;
                of_far = again(&mut far, &error).await;
                tap.begins(&name, Direction::Inbound);
            }
        }
    }
}

/// Opens a link that was lost, whatever it takes.
async fn again(link: &mut Link, error: &PortError) -> Port {
    eprintln!("{}: {error}; trying to open it again", link.place());
    loop {
        tokio::time::sleep(AGAIN).await;
        if let Ok(port) = link.open().await {
            eprintln!("{} is open again", link.place());
            return port;
        }
    }
}

enum Lost {
    Near(PortError),
    Far(PortError),
}

async fn between(near: &mut Port, far: &mut Port, name: &str, tap: &Tap) -> Lost {
    let (near_in, near_out) = near.halves();
    let (far_in, far_out) = far.halves();
    let (to_far, for_far) = mpsc::channel(QUEUE);
    let (to_near, for_near) = mpsc::channel(QUEUE);
    tokio::select! {
        error = hear(near_in, to_far, |bytes| tap.record(name, Direction::Outbound, None, bytes), tap) => Lost::Near(error),
        error = hear(far_in, to_near, |bytes| tap.record(name, Direction::Inbound, None, bytes), tap) => Lost::Far(error),
        error = say(near_out, for_near) => Lost::Near(error),
        error = say(far_out, for_far) => Lost::Far(error),
    }
}

async fn hear(
    from: &mut Receiver,
    to: mpsc::Sender<Vec<u8>>,
    record: impl Fn(&[u8]),
    tap: &Tap,
) -> PortError {
    let mut buffer = vec![0; LARGEST_CHUNK];
    loop {
        match from.recv(&mut buffer).await {
            Ok((_, count)) => {
                let bytes = buffer.get(..count).unwrap_or_default();
                record(bytes);
                if to.try_send(bytes.to_vec()).is_err() {
                    tap.not_delivered();
                }
            }
            Err(error) => return error,
        }
    }
}

async fn say(to: &mut Sender, mut from: mpsc::Receiver<Vec<u8>>) -> PortError {
    while let Some(bytes) = from.recv().await {
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            match to.send_some(Peer::Line, rest).await {
                Ok(written) => rest = rest.get(written..).unwrap_or_default(),
                Err(error) => return error,
            }
        }
    }
    PortError::HungUp
}
