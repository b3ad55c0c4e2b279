//! The task of one broker: keeps a connection, says that we are there, takes commands in.

use std::sync::Arc;
use std::time::Duration;

use rumqttc::{
    AsyncClient, ConnAck, Event, EventLoop, Packet, PublishOptions, PublishProperties, SubAck,
    SubscribeReasonCode, Transport,
};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::bridge::platform::mqtt::command::{self, Received};
use crate::bridge::platform::mqtt::config::{MqttConfig, MqttError};
use crate::bridge::platform::mqtt::state::Presence;
use crate::bridge::platform::mqtt::{Connection, Mqtt, Up, trouble};
use crate::model::ids::Seq;
use crate::model::wall::Wall;

/// Packets of ours that may wait for their turn.
const QUEUE: usize = 64;
/// The waits before the connection is made again grow between these.
const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(30);
/// How long saying good-bye may take.
const LEAVING: Duration = Duration::from_secs(2);
/// Where there is no heartbeat the clock still needs a period.
const NEVER: Duration = Duration::from_secs(365 * 86_400);

/// What the line needs to know of the server.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// Up to where the ledger is durable.
    pub durable: watch::Receiver<Seq>,
    /// The civil clock.
    pub wall: fn() -> Wall,
}

/// A line to a broker, not yet connected.
pub struct Line {
    name: String,
    config: MqttConfig,
    transport: Transport,
    connection: watch::Sender<Connection>,
    commands: mpsc::Sender<Received>,
    made: u64,
}

impl std::fmt::Debug for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Line")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// A line, what publishes over it, and the commands that come over it.
///
/// # Errors
/// TLS cannot be set up.
pub fn line(
    name: String,
    config: MqttConfig,
) -> Result<(Line, Mqtt, mpsc::Receiver<Received>), MqttError> {
    let (connection, shown) = watch::channel(Err("not connected yet".to_owned()));
    // As many as the broker may send without our word, and some that it does not count (QoS 0).
    let (commands, received) = mpsc::channel(usize::from(command::AT_ONCE) * 4);
    let mqtt = Mqtt::new(config.prefix.clone(), shown);
    let line = Line {
        name,
        transport: config.transport()?,
        config,
        connection,
        commands,
        made: 0,
    };
    Ok((line, mqtt, received))
}

/// Why a connection ended.
enum End {
    Lost(String),
    Leaving,
}

impl Line {
    /// Keeps a connection until `shutdown`.
    pub async fn run(mut self, around: Surroundings, shutdown: CancellationToken) {
        let mut wait = SHORTEST;
        loop {
            let before = self.made;
            let why = match self.connected(&around, &shutdown).await {
                End::Leaving => return,
                End::Lost(why) => why,
            };
            let was_up = self.made > before;
            if was_up || wait == SHORTEST {
                warn!(sink = %self.name, %why, "no connection to the broker");
            }
            drop(self.connection.send_replace(Err(why)));
            wait = if was_up { SHORTEST } else { wait };
            tokio::select! {
                () = sleep(wait) => {}
                () = shutdown.cancelled() => return,
            }
            wait = (wait * 2).min(LONGEST);
        }
    }

    /// One connection, from its first packet to its end.
    async fn connected(&mut self, around: &Surroundings, shutdown: &CancellationToken) -> End {
        let options = self.config.options(&self.transport, (around.wall)());
        let (client, mut events) = AsyncClient::builder(options).capacity(QUEUE).build();
        let renew = CancellationToken::new();
        let every = self.config.heartbeat.unwrap_or(NEVER);
        let mut beat = interval_at(Instant::now() + every, every);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let event = {
                let polling = events.poll();
                tokio::pin!(polling);
                // A poll is not given up half-way, but to leave.
                loop {
                    tokio::select! {
                        event = &mut polling => break Some(event),
                        _ = beat.tick() => self.say(&client, Presence::Online, around),
                        () = renew.cancelled() => {
                            return End::Lost("the broker did not acknowledge in time".to_owned());
                        }
                        () = shutdown.cancelled() => break None,
                    }
                }
            };
            let Some(event) = event else {
                self.leave(&client, &mut events, around).await;
                return End::Leaving;
            };
            let packet = match event {
                Ok(Event::Incoming(packet)) => packet,
                Ok(_) => continue,
                Err(error) => return End::Lost(trouble::why(&error)),
            };
            match packet {
                Packet::ConnAck(answer) => self.up(&client, &answer, &renew, around),
                Packet::SubAck(answer) => self.subscribed(&answer),
                Packet::Publish(packet) => {
                    let received = Received::of(&self.config.prefix, packet, &client);
                    let Some(received) = received else { continue };
                    let comes_again = received.comes_again();
                    if self.commands.try_send(received).is_ok() {
                        continue;
                    }
                    if comes_again {
                        return End::Lost("more commands came than were agreed".to_owned());
                    }
                    warn!(sink = %self.name, "a command is dropped: too many came with QoS 0, send them with QoS 1");
                }
                _ => {}
            }
        }
    }

    fn up(
        &mut self,
        client: &AsyncClient,
        answer: &ConnAck,
        renew: &CancellationToken,
        around: &Surroundings,
    ) {
        self.made += 1;
        info!(sink = %self.name, "connected to the broker");
        if let Err(error) = client.try_subscribe_many(command::filters(&self.config.prefix)) {
            warn!(sink = %self.name, %error, "cannot subscribe to commands");
        }
        self.say(client, Presence::Online, around);
        let limits = answer.properties.as_ref();
        let up = Up {
            number: self.made,
            client: client.clone(),
            most: limits.and_then(|limits| limits.max_packet_size),
            renew: renew.clone(),
        };
        drop(self.connection.send_replace(Ok(Arc::new(up))));
    }

    fn subscribed(&self, answer: &SubAck) {
        let taken = |code: &SubscribeReasonCode| matches!(code, SubscribeReasonCode::Success(_));
        if !answer.return_codes.iter().all(taken) {
            let codes = &answer.return_codes;
            warn!(sink = %self.name, ?codes, "the broker does not give us commands: permit it there");
        }
    }

    /// Publishes our state; never waits.
    fn say(&self, client: &AsyncClient, presence: Presence, around: &Surroundings) {
        let seq = *around.durable.borrow();
        let payload = self.config.state(presence, seq, (around.wall)());
        let properties = PublishProperties {
            payload_format_indicator: Some(1),
            content_type: Some("application/json".to_owned()),
            ..PublishProperties::default()
        };
        let options = PublishOptions::at_least_once()
            .retained()
            .properties(properties);
        if let Err(error) = client.try_publish(self.config.state_topic(), payload, options) {
            warn!(sink = %self.name, %error, "our state is not published this time");
        }
    }

    /// Says that we go: the broker need not publish the will.
    async fn leave(&self, client: &AsyncClient, events: &mut EventLoop, around: &Surroundings) {
        if self.connection.borrow().is_err() {
            return;
        }
        self.say(client, Presence::Offline, around);
        if client.try_disconnect().is_ok() {
            let last = async { while events.poll().await.is_ok() {} };
            drop(timeout(LEAVING, last).await);
        }
    }
}
