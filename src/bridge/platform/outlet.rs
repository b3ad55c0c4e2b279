//! Where the events of a sink go, and what became of one delivery.

use crate::bridge::platform::event::CloudEvent;
use crate::bridge::platform::mqtt::Mqtt;
use crate::bridge::platform::webhook::Webhook;
use crate::model::wall::Wall;

/// What became of one delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivered {
    /// The receiver has it.
    Taken,
    /// A broker has it, and says that nobody is subscribed to it.
    Unheard,
    /// The receiver refuses this event for good.
    Dead(String),
    /// The receiver wants no more events at all.
    Gone(String),
    /// It may go well later.
    Again {
        /// Why it did not.
        why: String,
        /// The wait that the receiver asks for, in seconds.
        retry_after: Option<u64>,
    },
}

/// It may go well later, and nobody says when.
pub(super) fn again(why: impl Into<String>) -> Delivered {
    Delivered::Again {
        why: why.into(),
        retry_after: None,
    }
}

/// A receiver.
#[derive(Debug)]
pub enum Outlet {
    /// Over HTTP.
    Webhook(Box<Webhook>),
    /// Through a broker.
    Mqtt(Mqtt),
}

impl Outlet {
    /// Delivers an event. `now` is the moment of this attempt.
    pub async fn deliver(&mut self, event: &CloudEvent, now: Wall) -> Delivered {
        let Ok(body) = serde_json::to_vec(event) else {
            return Delivered::Dead("it has no JSON form".to_owned());
        };
        match self {
            Self::Webhook(webhook) => {
                let seconds = now.as_millis().div_euclid(1_000);
                webhook.deliver(&event.id, seconds, body).await
            }
            Self::Mqtt(mqtt) => mqtt.deliver(event, body).await,
        }
    }

    /// Waits until an attempt is worth making before its time: a connection is there again. Never
    /// comes where there is none to watch.
    pub async fn revived(&mut self) {
        match self {
            Self::Webhook(_) => std::future::pending().await,
            Self::Mqtt(mqtt) => mqtt.revived().await,
        }
    }
}
