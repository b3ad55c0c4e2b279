//! `info` (CAP 1.2, clause 3.2.2).

use super::fields::Fields;
use super::out::Out;
use super::values::{Category, Certainty, ResponseType, Severity, Urgency};
use super::{Area, Named, Resource, Time};

/// The language of an `info` that names none (CAP 1.2, element `language`).
pub const DEFAULT_LANGUAGE: &str = "en-US";

/// What happens, in one language or in one phase of the event.
#[derive(Debug, Clone, PartialEq)]
pub struct Info {
    /// `language` by RFC 3066; see [`Info::language`].
    pub language: Option<String>,
    /// `category`: at least one.
    pub category: Vec<Category>,
    /// `event`: the kind of event in words.
    pub event: String,
    /// `responseType`: what to do.
    pub response_type: Vec<ResponseType>,
    /// `urgency`: how soon to act.
    pub urgency: Urgency,
    /// `severity`: the threat.
    pub severity: Severity,
    /// `certainty`: how sure the event is.
    pub certainty: Certainty,
    /// `audience`: who is meant.
    pub audience: Option<String>,
    /// `eventCode`: the kind of event by code systems.
    pub event_code: Vec<Named>,
    /// `effective`: from when the information holds; `sent` when absent.
    pub effective: Option<Time>,
    /// `onset`: when the event is expected to begin.
    pub onset: Option<Time>,
    /// `expires`: until when the information holds; by the receiver's policy when absent.
    pub expires: Option<Time>,
    /// `senderName`: who warns, in words.
    pub sender_name: Option<String>,
    /// `headline`: one line, at most 160 characters if it can be.
    pub headline: Option<String>,
    /// `description`: the event.
    pub description: Option<String>,
    /// `instruction`: what to do, in words.
    pub instruction: Option<String>,
    /// `web`: an absolute URI with more.
    pub web: Option<String>,
    /// `contact`: whom to ask.
    pub contact: Option<String>,
    /// `parameter`: values that are nobody else's business.
    pub parameter: Vec<Named>,
    /// `resource`: files.
    pub resource: Vec<Resource>,
    /// `area`: where; all of them count.
    pub area: Vec<Area>,
}

impl Info {
    /// What the schema asks for, and nothing else.
    #[must_use]
    pub fn new(
        category: Category,
        event: &str,
        urgency: Urgency,
        severity: Severity,
        certainty: Certainty,
    ) -> Self {
        Self {
            language: None,
            category: vec![category],
            event: event.to_owned(),
            response_type: Vec::new(),
            urgency,
            severity,
            certainty,
            audience: None,
            event_code: Vec::new(),
            effective: None,
            onset: None,
            expires: None,
            sender_name: None,
            headline: None,
            description: None,
            instruction: None,
            web: None,
            contact: None,
            parameter: Vec::new(),
            resource: Vec::new(),
            area: Vec::new(),
        }
    }

    /// The language, [`DEFAULT_LANGUAGE`] when none is named.
    #[must_use]
    pub fn language(&self) -> &str {
        self.language.as_deref().unwrap_or(DEFAULT_LANGUAGE)
    }

    pub(super) fn decode(fields: &mut Fields<'_, '_, '_>) -> Option<Self> {
        let category = fields.texts("category");
        let response_type = fields.texts("responseType");
        let certainty = match fields.raw("certainty")?.as_str() {
            // CAP 1.0's, kept in CAP 1.1 for its documents (clause 3.2.2 there).
            "Very Likely" => Certainty::Likely,
            name => Certainty::from_name(name)?,
        };
        Some(Self {
            language: fields.option("language"),
            category: values(&category, Category::from_name)?,
            event: fields.text("event"),
            response_type: values(&response_type, ResponseType::from_name)?,
            urgency: Urgency::from_name(&fields.raw("urgency")?)?,
            severity: Severity::from_name(&fields.raw("severity")?)?,
            certainty,
            audience: fields.option("audience"),
            event_code: fields.each("eventCode", Named::decode)?,
            effective: fields.time("effective"),
            onset: fields.time("onset"),
            expires: fields.time("expires"),
            sender_name: fields.option("senderName"),
            headline: fields.option("headline"),
            description: fields.option("description"),
            instruction: fields.option("instruction"),
            web: fields.option("web"),
            contact: fields.option("contact"),
            parameter: fields.each("parameter", Named::decode)?,
            resource: fields.each("resource", Resource::decode)?,
            area: fields.each("area", Area::decode)?,
        })
    }

    pub(super) fn encode(&self, out: &mut Out) {
        out.open("info");
        out.option("language", self.language.as_deref());
        for category in &self.category {
            out.text("category", category.name());
        }
        out.text("event", &self.event);
        for response in &self.response_type {
            out.text("responseType", response.name());
        }
        out.text("urgency", self.urgency.name());
        out.text("severity", self.severity.name());
        out.text("certainty", self.certainty.name());
        out.option("audience", self.audience.as_deref());
        Named::encode("eventCode", &self.event_code, out);
        let times = [
            ("effective", self.effective),
            ("onset", self.onset),
            ("expires", self.expires),
        ];
        for (name, time) in times {
            if let Some(time) = time {
                out.text(name, &time.to_string());
            }
        }
        out.option("senderName", self.sender_name.as_deref());
        out.option("headline", self.headline.as_deref());
        out.option("description", self.description.as_deref());
        out.option("instruction", self.instruction.as_deref());
        out.option("web", self.web.as_deref());
        out.option("contact", self.contact.as_deref());
        Named::encode("parameter", &self.parameter, out);
        self.resource
            .iter()
            .for_each(|resource| resource.encode(out));
        self.area.iter().for_each(|area| area.encode(out));
        out.close("info");
    }
}

fn values<T>(texts: &[(String, String)], from_name: fn(&str) -> Option<T>) -> Option<Vec<T>> {
    texts.iter().map(|(_, name)| from_name(name)).collect()
}
