//! A CAP message as one of the national form, in the name of an agency.

use jiff::tz::Offset;
use narrowcast_protocol::warning::cap::{self, Status as CapStatus};
use narrowcast_protocol::warning::cpeas::{
    Area, Certainty, Circle, Colour, EventType, Identifier, Info, Message, Method, MethodName,
    MsgType, Namespace, Path, Scope, SenderCode, Status, Time, Urgency,
};
use narrowcast_protocol::warning::text::one_line;

use super::to_cap::EVENT_TYPES;
use crate::model::ids::AlertId;
use crate::model::wall::Wall;

/// `[cap.national]`: in whose name we write the national form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agency {
    /// `senderCode`.
    pub code: SenderCode,
    /// `sender`: the full name.
    pub name: String,
    /// `eventType` of what has none of its own.
    pub event_type: EventType,
}

impl Agency {
    /// The identifier of what this alert says at a time: that of its acceptance, or its end. What
    /// is said in one second is told apart by the serial: even of an Alert, odd of an end.
    fn identifier(&self, alert: AlertId, at: Wall, is_end: bool) -> Option<Identifier> {
        /// Serials have at most six digits.
        const PAIRS: u128 = 500_000;
        let local = Offset::constant(8).to_datetime(at.into());
        let digits = local.strftime("%Y%m%d%H%M%S");
        let serial = u128::from(alert.0) % PAIRS * 2 + u128::from(is_end);
        Identifier::parse(&format!("{}_{digits}_{serial}", self.code))
    }

    /// The message that a CAP message of ours is in this form: in our name, `first` when its alert
    /// was accepted. `event` names the first issue, if that is another's: what a Cancel ends. None
    /// for what the form has no place for.
    #[must_use]
    pub fn message(
        &self,
        cap: &cap::Alert,
        alert: AlertId,
        first: Wall,
        event: Option<Identifier>,
    ) -> Option<Message> {
        let sent = Wall::from(cap.sent.timestamp());
        let is_end = cap.msg_type == cap::MsgType::Cancel;
        let info = info(cap)?;
        let time = |time: cap::Time| {
            cap::Time::new(time.timestamp(), Offset::constant(8)).map(Time::from_cap)
        };
        let words =
            |text: &Option<String>| text.as_deref().map(one_line).filter(|it| !it.is_empty());
        let headline = words(&info.headline).unwrap_or_else(|| one_line(&info.event));
        Some(Message {
            namespace: Namespace::None,
            identifier: self.identifier(alert, if is_end { sent } else { first }, is_end)?,
            sender: self.name.clone(),
            sender_code: self.code.clone(),
            phone: None,
            send_time: time(cap.sent)?,
            status: Status::from_cap(cap.status)?,
            msg_type: if is_end {
                MsgType::Cancel
            } else {
                MsgType::Alert
            },
            scope: Scope::from_cap(cap.scope)?,
            methods: vec![Method {
                name: MethodName::Sms,
                message: Some(marked(cap.status, &headline)),
                groups: Vec::new(),
                addressees: Vec::new(),
                unknown: Vec::new(),
            }],
            code_unknown: Vec::new(),
            classification: None,
            note: words(&cap.note),
            references: if is_end {
                Some(event.map_or_else(|| self.identifier(alert, first, false), Some)?)
            } else {
                None
            },
            info: Info {
                language: info.language.clone(),
                event_type: self.event_type(info),
                urgency: Urgency::from_cap(info.urgency),
                colour: Colour::from_cap(info.severity),
                certainty: Certainty::from_cap(info.certainty),
                effective: time(info.effective.unwrap_or(cap.sent))?,
                onset: info.onset.and_then(time),
                expires: info.expires.and_then(time),
                sender_name: words(&info.sender_name).unwrap_or_else(|| self.name.clone()),
                description: words(&info.description).unwrap_or_else(|| headline.clone()),
                headline: marked(cap.status, &headline),
                instruction: words(&info.instruction),
                web: info.web.clone(),
                resources: Vec::new(),
                areas: info.area.iter().map(area).collect(),
                unknown: Vec::new(),
            },
            unknown: Vec::new(),
        })
    }

    fn event_type(&self, info: &cap::Info) -> EventType {
        let mut codes = info.event_code.iter();
        let own = codes.find(|code| code.value_name == EVENT_TYPES);
        own.and_then(|code| EventType::new(&code.value))
            .unwrap_or_else(|| self.event_type.clone())
    }
}

/// The info that the form has room for: the first in Chinese, otherwise the first.
fn info(cap: &cap::Alert) -> Option<&cap::Info> {
    let chinese = |info: &&cap::Info| {
        let language = info.language.as_deref().unwrap_or_default();
        language.to_ascii_lowercase().starts_with("zh")
    };
    cap.info.iter().find(chinese).or_else(|| cap.info.first())
}

/// A message of another as a drill leaves, whatever it said of itself.
#[must_use]
pub fn drill(mut message: Message) -> Message {
    message.status = Status::Exercise;
    let words = [&mut message.info.headline, &mut message.info.description];
    let spoken = message.methods.iter_mut();
    let spoken = spoken.filter_map(|method| method.message.as_mut());
    for words in words.into_iter().chain(spoken) {
        *words = marked(CapStatus::Exercise, words);
    }
    message
}

/// A drill says so in its words, too: not everybody looks at `status`.
fn marked(status: CapStatus, words: &str) -> String {
    const SIGN: &str = "【演练】";
    if status == CapStatus::Exercise && !words.starts_with(SIGN) {
        return format!("{SIGN}{words}");
    }
    words.to_owned()
}

/// What of an area the form has a place for: regions of China, and shapes within it.
fn area(from: &cap::Area) -> Area {
    let is_region = |code: &String| {
        matches!(code.len(), 6 | 12) && code.chars().all(|digit| digit.is_ascii_digit())
    };
    let mut geocodes: Vec<String> = from
        .geocode
        .iter()
        .map(|it| it.value.clone())
        .filter(is_region)
        .collect();
    geocodes.sort_unstable();
    geocodes.dedup();
    let circle = |it: &cap::Circle| Circle::new(it.centre, it.radius_km() * 1_000.0);
    Area {
        description: Some(one_line(&from.area_desc)).filter(|it| !it.is_empty()),
        paths: from
            .polygon
            .iter()
            .filter_map(|it| Path::new(it.points().to_vec()))
            .collect(),
        circles: from.circle.iter().filter_map(circle).collect(),
        geocodes,
        unknown: Vec::new(),
    }
}
