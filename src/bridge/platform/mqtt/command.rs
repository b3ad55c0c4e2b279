//! Commands of the platform: what came, and the way back to who sent it.
//!
//! A command is acknowledged to the broker after it was answered, and it is answered once its
//! fact is durable. A process that dies before that gets the command again.

use std::time::Duration;

use bytes::Bytes;
use rumqttc::RetainForwardRule;
use rumqttc::{
    AsyncClient, ManualAck, PubAckReason, Publish, PublishOptions, PublishProperties, QoS,
    SubscribeFilterInput,
};
use tokio::time::timeout;
use tracing::warn;

/// Commands that the broker may leave unacknowledged: it sends no more before.
pub const AT_ONCE: u16 = 10;
/// Largest packet that the broker may send us, in bytes.
pub const PACKET_LIMIT: u32 = 256 << 10;
/// How long an answer may wait for its turn on the connection.
const SENDING: Duration = Duration::from_secs(10);

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommandKind {
    /// Send an alert.
    Submit,
    /// Withdraw an alert.
    Cancel,
    /// Take an emergency in hand.
    Take,
    /// Record what a recipient has answered.
    Answer,
    /// Say that a sensor alarm stands, or does not any more.
    Alarm,
}

impl CommandKind {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Submit,
        Self::Cancel,
        Self::Take,
        Self::Answer,
        Self::Alarm,
    ];

    /// The last level of its topic.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Submit => "submit",
            Self::Cancel => "cancel",
            Self::Take => "take",
            Self::Answer => "answer",
            Self::Alarm => "alarm",
        }
    }

    /// The command of a topic.
    #[must_use]
    pub fn of(prefix: &str, topic: &str) -> Option<Self> {
        let word = topic.strip_prefix(prefix)?.strip_prefix('/')?;
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

/// What we subscribe to. Retained commands come marked as such; those that the broker keeps come
/// once, with a new subscription. What we publish ourselves never comes back.
pub(super) fn filters(prefix: &str) -> Vec<SubscribeFilterInput> {
    let filter = |kind: CommandKind| {
        let topic = format!("{prefix}/{}", kind.word());
        SubscribeFilterInput::new(topic, QoS::AtLeastOnce)
            .no_local(true)
            .preserve_retain(true)
            .retain_forward_rule(RetainForwardRule::OnNewSubscribe)
    };
    CommandKind::ALL.into_iter().map(filter).collect()
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Its fact is durable.
    Done,
    /// It is refused: the sender must not do it.
    NotPermitted,
    /// It is refused: it cannot be understood or does not fit the state.
    Unfit,
    /// It is refused now, and may go well later.
    Later,
}

/// The answer to a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Whether it was done, or why not.
    pub ending: Ending,
    /// The HTTP status that the API would give.
    pub status: u16,
    /// The media type of the body.
    pub media_type: &'static str,
    /// The JSON that the API would give.
    pub body: Vec<u8>,
}

/// A command that came.
#[derive(Debug)]
pub struct Received {
    /// What is asked for.
    pub kind: CommandKind,
    /// Its body, of any content.
    pub payload: Bytes,
    /// Whether the broker would give it to whoever subscribes later.
    pub retained: bool,
    client: AsyncClient,
    acknowledgement: Option<ManualAck>,
    back: Option<(String, Option<Bytes>)>,
}

impl Received {
    /// A command out of a packet; none if its topic is no command's.
    pub(super) fn of(prefix: &str, packet: Publish, client: &AsyncClient) -> Option<Self> {
        let topic = std::str::from_utf8(&packet.topic).ok()?;
        let kind = CommandKind::of(prefix, topic)?;
        let acknowledgement = client.prepare_ack(&packet);
        let properties = packet.properties.unwrap_or_default();
        let correlation = properties.correlation_data;
        let back = properties.response_topic;
        let back = back.filter(|topic| may_answer_to(prefix, topic));
        Some(Self {
            kind,
            payload: packet.payload,
            retained: packet.retain,
            client: client.clone(),
            acknowledgement,
            back: back.map(|topic| (topic, correlation)),
        })
    }

    /// Whether somebody waits for the answer.
    #[must_use]
    pub const fn is_awaited(&self) -> bool {
        self.back.is_some()
    }

    /// Whether the broker sends it again until we acknowledge it.
    pub(super) const fn comes_again(&self) -> bool {
        self.acknowledgement.is_some()
    }

    /// Answers, and lets the broker forget the command. A connection that is gone loses both: the
    /// broker sends the command again.
    pub async fn answer(self, answer: Answer) {
        let Answer { ending, .. } = answer;
        let sent = async {
            if let Some((topic, correlation_data)) = self.back {
                let properties = PublishProperties {
                    payload_format_indicator: Some(1),
                    correlation_data,
                    content_type: Some(answer.media_type.to_owned()),
                    user_properties: vec![("status".to_owned(), answer.status.to_string())],
                    ..PublishProperties::default()
                };
                let options = PublishOptions::at_least_once().properties(properties);
                self.client.publish(topic, answer.body, options).await?;
            }
            if let Some(acknowledgement) = self.acknowledgement {
                self.client
                    .manual_ack(with_reason(acknowledgement, ending))
                    .await?;
            }
            Ok::<(), rumqttc::ClientError>(())
        };
        match timeout(SENDING, sent).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => warn!(%error, "a command's answer is lost with its connection"),
            Err(_) => warn!("a command's answer found no turn on its connection"),
        }
    }
}

fn with_reason(acknowledgement: ManualAck, ending: Ending) -> ManualAck {
    match acknowledgement {
        ManualAck::PubAck(mut ack) => {
            ack.reason = match ending {
                Ending::Done => PubAckReason::Success,
                Ending::NotPermitted => PubAckReason::NotAuthorized,
                Ending::Unfit => PubAckReason::PayloadFormatInvalid,
                Ending::Later => PubAckReason::QuotaExceeded,
            };
            ManualAck::PubAck(ack)
        }
        other => other,
    }
}

/// Whether an answer may go there: not where our own words stand, and not where commands come.
fn may_answer_to(prefix: &str, topic: &str) -> bool {
    let ours = topic
        .strip_prefix(prefix)
        .and_then(|rest| rest.strip_prefix('/'))
        .is_some_and(|rest| {
            rest == "state"
                || rest.split('/').next() == Some("event")
                || CommandKind::of(prefix, topic).is_some()
        });
    let sound = (1..=200).contains(&topic.len())
        && !topic.starts_with('$')
        && !topic.contains(['+', '#'])
        && !topic.contains(char::is_control);
    sound && !ours
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_four_topics_are_commands() {
        let of = |topic| CommandKind::of("nc/city", topic);
        assert_eq!(of("nc/city/submit"), Some(CommandKind::Submit));
        assert_eq!(of("nc/city/take"), Some(CommandKind::Take));
        for other in [
            "nc/city/submit/",
            "nc/city/state",
            "nc/citysubmit",
            "nc/city",
            "submit",
        ] {
            assert_eq!(of(other), None, "{other}");
        }
    }

    #[test]
    fn answers_go_to_no_topic_that_is_ours_and_to_none_that_cannot_be() {
        for good in ["nc/city/reply/platform", "x", "回答/1", "nc/city2/submit"] {
            assert!(may_answer_to("nc/city", good), "{good}");
        }
        for bad in [
            "",
            "nc/city/state",
            "nc/city/submit",
            "nc/city/event/cn.narrowcast.alert.accepted.v1",
            "nc/city/event",
            "a/+/b",
            "#",
            "$SYS/x",
            "a\0b",
        ] {
            assert!(!may_answer_to("nc/city", bad), "{bad}");
        }
        assert!(!may_answer_to("nc/city", &"x".repeat(201)));
    }
}
