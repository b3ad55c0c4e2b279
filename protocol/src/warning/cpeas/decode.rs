//! Reading a message's elements.

use roxmltree::Node;

use super::area;
use super::event_type::EventType;
use super::fault::{Faults, Rule, shown};
use super::fields::Fields;
use super::id::{Identifier, SenderCode};
use super::message::{Info, Message, Method};
use super::namespace::Namespace;
use super::time::Time;
use super::values::MsgType;

pub(super) fn message(
    namespace: Namespace,
    root: Node<'_, '_>,
    faults: &mut Faults,
) -> Option<Message> {
    let mut f = Fields::new(root, String::new(), faults);
    let identifier = f.required("identifier");
    let identifier = f.parsed(
        "identifier",
        identifier,
        Identifier::parse,
        Rule::Identifier,
    );
    let sender = f.required("sender");
    let code = f.required("senderCode");
    let sender_code = f.parsed("senderCode", code, SenderCode::parse, Rule::SenderCode);
    if let (Some(id), Some(code)) = (&identifier, &sender_code)
        && id.sender() != code
    {
        f.fault("senderCode", Rule::OtherSender(id.sender().to_string()));
    }
    let phone = f.option("phone");
    let sent = f.required("sendTime");
    let send_time = f.parsed("sendTime", sent, Time::parse, Rule::Time);
    let status = f.required("status");
    let status = f.value("status", status);
    let msg_type = f.required("msgType");
    let msg_type = f.value("msgType", msg_type);
    let scope = f.required("scope");
    let scope = f.value("scope", scope);
    let code = f.child("code", |f| {
        (f.each("method", method), f.unknown(&["method"]))
    });
    let (methods, code_unknown) = code.unwrap_or((Some(Vec::new()), Vec::new()));
    let classification = f.option("secClassification");
    let classification = f.value("secClassification", classification);
    let note = f.option("note");
    let first = f.option("references");
    match (&first, &msg_type) {
        (None, Some(MsgType::Cancel)) => f.fault("references", Rule::NothingToCancel),
        (None, Some(MsgType::Update)) => f.fault("references", Rule::NothingToUpdate),
        _ => {}
    }
    let references = f.parsed("references", first, Identifier::parse, Rule::Identifier);
    let info = f.child("info", info);
    if info.is_none() {
        f.fault("info", Rule::Missing);
    }
    let unknown = f.unknown(&[
        "identifier",
        "sender",
        "senderCode",
        "phone",
        "sendTime",
        "status",
        "msgType",
        "scope",
        "code",
        "secClassification",
        "note",
        "references",
        "info",
    ]);
    Some(Message {
        namespace,
        identifier: identifier?,
        sender: sender?,
        sender_code: sender_code?,
        phone,
        send_time: send_time?,
        status: status?,
        msg_type: msg_type?,
        scope: scope?,
        methods: methods?,
        code_unknown,
        classification,
        note,
        references,
        info: info.flatten()?,
        unknown,
    })
}

fn method(f: &mut Fields<'_, '_, '_>) -> Option<Method> {
    let name = f.required("methodName");
    let name = f.value("methodName", name);
    let message = f.option("message");
    let (mut groups, mut addressees) = (Vec::new(), Vec::new());
    f.list("audienceGrp", &mut groups);
    f.list("audiencePrt", &mut addressees);
    f.list("audenceprt", &mut addressees);
    let known = [
        "methodName",
        "message",
        "audienceGrp",
        "audiencePrt",
        "audenceprt",
    ];
    let unknown = f.unknown(&known);
    Some(Method {
        name: name?,
        message,
        groups,
        addressees,
        unknown,
    })
}

fn info(f: &mut Fields<'_, '_, '_>) -> Option<Info> {
    let language = f.option("language");
    let event = f
        .required("eventType")
        .and_then(|code| EventType::new(&code));
    if let Some(event) = event.as_ref().filter(|event| !event.is_regular()) {
        f.fault("eventType", Rule::EventType(shown(event.as_str())));
    }
    let urgency = f.required("urgency");
    let urgency = f.value("urgency", urgency);
    let colour = f.required("severity");
    let colour = f.value("severity", colour);
    let certainty = f.required("certainty");
    let certainty = f.value("certainty", certainty);
    let effective = f.required("effective");
    let effective = f.parsed("effective", effective, Time::parse, Rule::Time);
    let onset = f.option("onset");
    let onset = f.parsed("onset", onset, Time::parse, Rule::Time);
    let expires = f.option("expires");
    let expires = f.parsed("expires", expires, Time::parse, Rule::Time);
    if let (Some(from), Some(until)) = (effective, expires)
        && until.timestamp() <= from.timestamp()
    {
        f.fault("expires", Rule::EndsEarly);
    }
    let sender_name = f.required("senderName");
    let headline = f.required("headline");
    let description = f.required("description");
    let instruction = f.option("instruction");
    let web = f.option("web");
    let resources = f.each("resource", area::resource);
    let areas = f.each("area", area::area);
    let areas = areas.filter(|areas| area::in_limits(f, areas));
    let unknown = f.unknown(&[
        "language",
        "eventType",
        "urgency",
        "severity",
        "certainty",
        "effective",
        "onset",
        "expires",
        "senderName",
        "headline",
        "description",
        "instruction",
        "web",
        "resource",
        "area",
    ]);
    Some(Info {
        language,
        event_type: event?,
        urgency: urgency?,
        colour: colour?,
        certainty: certainty?,
        effective: effective?,
        onset,
        expires,
        sender_name: sender_name?,
        headline: headline?,
        description: description?,
        instruction,
        web,
        resources: resources?,
        areas: areas?,
        unknown,
    })
}
