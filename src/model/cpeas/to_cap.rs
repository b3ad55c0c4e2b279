//! A message of the national form as CAP 1.2, field by field as in `docs/cpeas.md`.

use jiff::tz::Offset;
use narrowcast_protocol::warning::cap::{self, Named};
use narrowcast_protocol::warning::cpeas::{Area, Circle, Identifier, Message, Method, Resource};

/// The system of the region codes.
const REGIONS: &str = "GB/T 2260";
/// The system of the kinds of event.
pub(super) const EVENT_TYPES: &str = "GB/T 35965.1";

/// The message as CAP; none if its status, type or scope is none of CAP's.
#[must_use]
pub fn to_cap(message: &Message) -> Option<cap::Alert> {
    let mut methods = message.methods.iter().flat_map(addressees).peekable();
    let private = methods.peek().is_some();
    let first = message.references.as_ref();
    Some(cap::Alert {
        identifier: cap::Identifier::new(&message.identifier.to_string()).ok()?,
        sender: cap::Sender::new(message.sender_code.as_str()).ok()?,
        sent: message.send_time.to_cap(),
        status: message.status.to_cap()?,
        msg_type: message.msg_type.to_cap()?,
        source: None,
        scope: message.scope.to_cap()?,
        restriction: None,
        addresses: if private {
            methods.collect()
        } else {
            Vec::new()
        },
        code: Vec::new(),
        note: message.note.clone(),
        references: first.and_then(name).into_iter().collect(),
        incidents: Vec::new(),
        info: vec![info(message)],
    })
}

fn addressees(method: &Method) -> impl Iterator<Item = String> + '_ {
    method.groups.iter().chain(&method.addressees).cloned()
}

/// A name has its Beijing time of entry in it; when that issue was sent is not known.
fn name(id: &Identifier) -> Option<cap::MessageId> {
    let at = id.time()?;
    Some(cap::MessageId {
        sender: cap::Sender::new(id.sender().as_str()).ok()?,
        identifier: cap::Identifier::new(&id.to_string()).ok()?,
        sent: cap::Time::new(at, Offset::constant(8))?,
    })
}

fn info(message: &Message) -> cap::Info {
    let from = &message.info;
    let mut info = cap::Info::new(
        from.event_type.category(),
        from.event_type.as_str(),
        from.urgency.to_cap(),
        from.colour.to_cap(),
        from.certainty.to_cap(),
    );
    info.language = from.language.clone().or_else(|| Some("zh-CN".to_owned()));
    info.event_code = vec![named(EVENT_TYPES, from.event_type.as_str())];
    info.effective = Some(from.effective.to_cap());
    info.onset = from.onset.map(|time| time.to_cap());
    info.expires = from.expires.map(|time| time.to_cap());
    info.sender_name = Some(message.sender.clone());
    info.headline = Some(from.headline.clone());
    info.description = Some(from.description.clone());
    info.instruction.clone_from(&from.instruction);
    info.web.clone_from(&from.web);
    info.contact.clone_from(&message.phone);
    info.parameter = parameters(message);
    info.resource = from.resources.iter().map(resource).collect();
    info.area = from.areas.iter().map(area).collect();
    info
}

/// What CAP has no element for.
fn parameters(message: &Message) -> Vec<Named> {
    let colour = named("severity", message.info.colour.name());
    let signed = named("senderName", &message.info.sender_name);
    let methods = message.methods.iter().flat_map(|method| {
        let words = method.message.iter();
        let words = words.map(|words| named(&format!("message/{}", method.name.name()), words));
        std::iter::once(named("methodName", method.name.name())).chain(words)
    });
    [colour, signed].into_iter().chain(methods).collect()
}

fn resource(from: &Resource) -> cap::Resource {
    let name = from.description.clone().unwrap_or_default();
    cap::Resource {
        mime_type: "application/octet-stream".to_owned(),
        size: from.size.as_ref().and_then(|size| size.octets()),
        uri: Some(name.clone()).filter(|name| !name.is_empty()),
        resource_desc: if name.is_empty() {
            "-".to_owned()
        } else {
            name
        },
        deref_uri: None,
        digest: from.digest.clone(),
    }
}

fn area(from: &Area) -> cap::Area {
    let closed = from.paths.iter().filter(|path| path.is_area());
    let polygons = closed.filter_map(|path| cap::Polygon::new(path.points().to_vec()).ok());
    let circle = |circle: &Circle| cap::Circle::new(circle.centre(), circle.radius_m() / 1_000.0);
    let codes = from.geocodes.iter();
    cap::Area {
        // CAP asks for words.
        area_desc: from
            .description
            .clone()
            .unwrap_or_else(|| from.geocodes.join(" ")),
        polygon: polygons.collect(),
        circle: from.circles.iter().filter_map(circle).collect(),
        geocode: codes.map(|code| named(REGIONS, code)).collect(),
        altitude: None,
        ceiling: None,
    }
}

fn named(name: &str, value: &str) -> Named {
    Named {
        value_name: name.to_owned(),
        value: value.to_owned(),
    }
}
