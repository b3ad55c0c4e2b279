//! A simulated centre behind a TCP socket.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use narrowcast_hardware::clock::Clock;
use narrowcast_world::smsc::{Centre, CentreConfig, CentreEvent};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// The operator; gone when dropped.
pub(crate) struct Operator {
    at: SocketAddr,
    seen: Arc<Mutex<Vec<CentreEvent>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Operator {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Operator {
    /// `split` bytes are written, and read, at once.
    pub(crate) async fn start(config: CentreConfig, split: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let task = tokio::spawn(serve(
            listener,
            Centre::new(config),
            split,
            Arc::clone(&seen),
        ));
        Self { at, seen, task }
    }

    pub(crate) fn at(&self) -> SocketAddr {
        self.at
    }

    /// The configuration that leads here.
    pub(crate) fn table(&self, kind: &str, password: &str) -> String {
        format!(
            "[[sms]]\nname = \"operator\"\nkind = \"{kind}\"\nhost = \"127.0.0.1\"\nport = {}\n\
             user = \"narrow\"\npassword = \"{password}\"\nsource = \"10690001\"\n\
             verify_gateway = \"strict\"\n",
            self.at.port(),
        )
    }

    pub(crate) fn seen(&self) -> Vec<CentreEvent> {
        self.seen.lock().unwrap().clone()
    }

    /// How many events there were for which it holds.
    pub(crate) fn count(&self, is: impl Fn(&CentreEvent) -> bool) -> usize {
        let seen = self.seen.lock().unwrap();
        seen.iter().filter(|event| is(event)).count()
    }

    /// What was taken, part by part.
    pub(crate) fn texts(&self) -> Vec<String> {
        let seen = self.seen();
        let taken = seen.into_iter().filter_map(|event| match event {
            CentreEvent::Taken(message) => Some(message.text),
            _ => None,
        });
        taken.collect()
    }

    pub(crate) async fn until(&self, what: &str, holds: impl Fn(&[CentreEvent]) -> bool) {
        for _ in 0..400 {
            if holds(&self.seen.lock().unwrap()) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("not in time: {what}: {:?}", self.seen());
    }
}

async fn serve(
    listener: TcpListener,
    mut centre: Centre,
    split: usize,
    seen: Arc<Mutex<Vec<CentreEvent>>>,
) {
    let clock = Clock::start();
    let mut client: Option<TcpStream> = None;
    let mut buffer = vec![0; split.min(4_096)];
    loop {
        while let Some(event) = centre.poll() {
            match &event {
                CentreEvent::Send(bytes) => {
                    for piece in bytes.chunks(split) {
                        if let Some(stream) = &mut client {
                            // A client that has gone is seen by reading.
                            let _sent = stream.write_all(piece).await;
                            tokio::task::yield_now().await;
                        }
                    }
                }
                CentreEvent::Close(_) => client = None,
                _ => {}
            }
            seen.lock().unwrap().push(event);
        }
        let due = centre.deadline().and_then(|at| clock.moment(at));
        let far = tokio::time::Instant::now() + Duration::from_secs(3_600);
        tokio::select! {
            accepted = listener.accept(), if client.is_none() => {
                let (stream, _) = accepted.unwrap();
                stream.set_nodelay(true).unwrap();
                client = Some(stream);
                centre.connected(clock.now());
            }
            read = async { client.as_mut().unwrap().read(&mut buffer).await }, if client.is_some() => {
                match read {
                    Ok(count) if count > 0 => centre.receive(clock.now(), &buffer[..count]),
                    _ => {
                        client = None;
                        centre.disconnected();
                    }
                }
            }
            () = tokio::time::sleep_until(due.unwrap_or(far)) => centre.tick(clock.now()),
        }
    }
}
