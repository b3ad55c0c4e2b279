//! Where the events of a sink go.

use crate::bridge::platform::delivered::Delivered;
use crate::bridge::platform::directory::Directory;
use crate::bridge::platform::message::Message;
use crate::bridge::platform::mqtt::Mqtt;
use crate::bridge::platform::webhook::Webhook;
use crate::model::wall::Wall;

/// A receiver.
#[derive(Debug)]
pub enum Outlet {
    /// Over HTTP.
    Webhook(Box<Webhook>),
    /// Through a broker.
    Mqtt(Mqtt),
    /// Into a directory.
    Directory(Directory),
}

impl Outlet {
    /// Delivers a message. `now` is the moment of this attempt.
    pub async fn deliver(&mut self, message: &Message, now: Wall) -> Delivered {
        let octets = match message.octets() {
            Ok(octets) => octets,
            Err(why) => return Delivered::Dead(why),
        };
        match (self, message) {
            (Self::Webhook(webhook), _) => {
                let seconds = now.as_millis().div_euclid(1_000);
                let kind = message.content_type();
                webhook.deliver((message.id(), kind), seconds, octets).await
            }
            (Self::Mqtt(mqtt), Message::Event(event)) => mqtt.deliver(event, octets).await,
            (Self::Directory(directory), Message::Document(document)) => {
                directory.deliver(&document.file, octets).await
            }
            (Self::Mqtt(_), Message::Document(_)) | (Self::Directory(_), Message::Event(_)) => {
                Delivered::Dead("this sink carries nothing of the kind".to_owned())
            }
        }
    }

    /// Waits until an attempt is worth making before its time: a connection is there again. Never
    /// comes where there is none to watch.
    pub async fn revived(&mut self) {
        match self {
            Self::Webhook(_) | Self::Directory(_) => std::future::pending().await,
            Self::Mqtt(mqtt) => mqtt.revived().await,
        }
    }
}
