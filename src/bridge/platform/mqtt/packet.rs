//! An event as a PUBLISH packet, and what a PUBACK means.

use bytes::Bytes;
use rumqttc::{PubAckReason, Publish, PublishNoticeError, PublishProperties, PublishResult, QoS};

use crate::bridge::platform::delivered::{Delivered, again};
use crate::bridge::platform::event::{self, CloudEvent};

/// Where an event goes. Its type has letters, digits, dots and hyphens only.
#[must_use]
pub fn topic(prefix: &str, event: &CloudEvent) -> String {
    format!("{prefix}/event/{}", event.kind)
}

/// What stands beside an event, so that brokers and subscribers can sort without reading it: its
/// id and type, its alert's precedence, and whether it belongs to a drill. An event never expires:
/// a subscriber that was away gets it although its alert is over.
#[must_use]
pub fn properties(event: &CloudEvent) -> PublishProperties {
    let mut user = vec![
        ("id".to_owned(), event.id.clone()),
        ("type".to_owned(), event.kind.clone()),
    ];
    for (name, value) in [("prio", event.ncprio), ("mode", event.ncmode)] {
        user.extend(value.map(|value| (name.to_owned(), value.to_owned())));
    }
    PublishProperties {
        payload_format_indicator: Some(1),
        content_type: Some(event::CONTENT_TYPE.to_owned()),
        user_properties: user,
        ..PublishProperties::default()
    }
}

/// How many bytes the whole packet has: fixed header, topic, properties and body.
#[must_use]
pub fn size(topic: &str, properties: &PublishProperties, body: &Bytes) -> usize {
    let properties = Some(properties.clone());
    let mut packet = Publish::new(topic, QoS::AtLeastOnce, body.clone(), properties);
    packet.pkid = 1;
    packet.size()
}

/// What became of a publish. Only the broker's PUBACK acknowledges.
#[must_use]
pub fn judge(result: Result<PublishResult, PublishNoticeError>) -> Delivered {
    let reason = match result {
        Ok(PublishResult::Qos1(ack)) => ack.reason,
        Err(PublishNoticeError::V5PubAck(reason)) => reason,
        Ok(_) => return again("the broker's answer was no PUBACK"),
        Err(error) => return again(error.to_string()),
    };
    let code = reason as u8;
    match reason {
        PubAckReason::Success => Delivered::Taken,
        PubAckReason::NoMatchingSubscribers => Delivered::Unheard,
        PubAckReason::TopicNameInvalid => {
            Delivered::Dead(format!("the broker refuses its topic (0x{code:02X})"))
        }
        PubAckReason::PayloadFormatInvalid => {
            Delivered::Dead(format!("the broker refuses its payload (0x{code:02X})"))
        }
        PubAckReason::NotAuthorized => again(format!(
            "the broker does not let us publish it (0x{code:02X}): permit it there"
        )),
        _ => again(format!("the broker refuses it (0x{code:02X} {reason:?})")),
    }
}

#[cfg(test)]
mod tests {
    use rumqttc::PubAck;
    use serde_json::{Value, json};

    use super::*;
    use crate::bridge::platform::event::Mark;
    use crate::model::alert::Precedence;
    use crate::model::ids::Seq;
    use crate::model::wall::Wall;

    const NOW: Wall = Wall::from_millis(1_800_000_000_000);

    fn event(data: Value) -> CloudEvent {
        CloudEvent {
            data,
            ..CloudEvent::heartbeat("city", Seq(7), NOW)
        }
    }

    #[test]
    fn the_size_is_that_of_the_whole_packet_on_the_wire() {
        let event = event(json!({"precedence": "flash"}));
        let (topic, properties) = (topic("nc/city", &event), properties(&event));
        for length in [0, 1, 60, 127, 128, 16_200, 16_384, 70_000, 2_097_152] {
            let body = Bytes::from(vec![b'x'; length]);
            let mut packet = Publish::new(
                topic.clone(),
                QoS::AtLeastOnce,
                body.clone(),
                Some(properties.clone()),
            );
            packet.pkid = 9;
            let mut wire = bytes::BytesMut::new();
            packet.write(&mut wire).unwrap();
            assert_eq!(size(&topic, &properties, &body), wire.len(), "{length}");
        }
    }

    #[test]
    fn an_event_tells_its_precedence_and_whether_it_is_a_drill_and_never_expires() {
        let mark = Mark {
            exercise: true,
            precedence: Some(Precedence::Flash),
        };
        let drill = properties(&event(json!({"expires_at": NOW})).marked(mark));
        for property in [("prio", "flash"), ("mode", "exercise")] {
            let property = (property.0.to_owned(), property.1.to_owned());
            assert!(drill.user_properties.contains(&property), "{property:?}");
        }
        assert_eq!(drill.message_expiry_interval, None);
        assert_eq!(properties(&event(json!({}))).user_properties.len(), 2);
    }

    #[test]
    fn only_what_can_never_go_well_is_a_dead_letter() {
        let judged = |reason| {
            let mut ack = PubAck::new(1, None);
            ack.reason = reason;
            judge(Ok(PublishResult::Qos1(ack)))
        };
        assert_eq!(judged(PubAckReason::Success), Delivered::Taken);
        assert_eq!(
            judged(PubAckReason::NoMatchingSubscribers),
            Delivered::Unheard
        );
        for reason in [
            PubAckReason::TopicNameInvalid,
            PubAckReason::PayloadFormatInvalid,
        ] {
            assert!(matches!(judged(reason), Delivered::Dead(_)), "{reason:?}");
        }
        for reason in [
            PubAckReason::UnspecifiedError,
            PubAckReason::ImplementationSpecificError,
            PubAckReason::NotAuthorized,
            PubAckReason::PacketIdentifierInUse,
            PubAckReason::QuotaExceeded,
        ] {
            assert!(
                matches!(judged(reason), Delivered::Again { .. }),
                "{reason:?}"
            );
        }
        let lost = judge(Err(PublishNoticeError::SessionReset));
        assert!(matches!(lost, Delivered::Again { .. }));
    }
}
