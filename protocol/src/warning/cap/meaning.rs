//! What the standard says in words: rules that no schema checks.

use super::alert::Alert;
use super::fault::{Faults, Rule, shown};
use super::info::Info;
use super::resource::Resource;
use super::values::{MsgType, Scope, Status};
use super::{Area, simple};

/// Most `info` of an alert.
pub const MAX_INFO: usize = 20;
/// Most `area` of an alert, over all its `info`.
pub const MAX_AREAS: usize = 200;
/// Most pairs of coordinates of an alert.
pub const MAX_POINTS: usize = 10_000;
/// Most references of an alert.
pub const MAX_REFERENCES: usize = 50;
/// Characters of a headline that displays show.
const HEADLINE: usize = 160;
/// Longest polygon of which is asked whether it crosses itself.
const LONGEST_POLYGON: usize = 1_000;

/// Holds an alert against the rules.
pub(super) fn check(alert: &Alert, faults: &mut Faults) {
    limits(alert, faults);
    references(alert, faults);
    addressees(alert, faults);
    let explained = alert.note.is_some();
    if !explained && alert.status == Status::Exercise {
        faults.note("note", Rule::NoNote("exercise"));
    }
    if !explained && alert.msg_type == MsgType::Error {
        faults.note("note", Rule::NoNote("refusal"));
    }
    if alert.info.is_empty() && matches!(alert.msg_type, MsgType::Alert | MsgType::Update) {
        faults.note("info", Rule::NoInfo(alert.msg_type));
    }
    for (at, info) in alert.info.iter().enumerate() {
        let path = format!("info[{}]", at + 1);
        self::info(alert, info, &path, faults);
        same_text(alert, at, info, &path, faults);
        let first = alert.info.first().map(|first| &first.category);
        if first.is_some_and(|first| *first != info.category) {
            faults.note(format!("{path}/category[1]"), Rule::OtherCategory);
        }
    }
}

fn limits(alert: &Alert, faults: &mut Faults) {
    let areas = || alert.info.iter().flat_map(|info| &info.area);
    let counted = [
        ("info", "info", alert.info.len(), MAX_INFO),
        ("info", "area", areas().count(), MAX_AREAS),
        (
            "info",
            "pairs of coordinates",
            areas().map(Area::points).sum(),
            MAX_POINTS,
        ),
        (
            "references",
            "references",
            alert.references.len(),
            MAX_REFERENCES,
        ),
    ];
    for (path, what, count, most) in counted {
        if count > most {
            faults.note(path, Rule::Limit { what, most });
        }
    }
}

fn references(alert: &Alert, faults: &mut Faults) {
    if alert.references.is_empty() && alert.msg_type != MsgType::Alert {
        faults.note("references", Rule::NoReferences(alert.msg_type));
    }
    let own = alert.id();
    for reference in &alert.references {
        if reference.names_same(&own) {
            faults.note("references", Rule::OwnReference);
        } else if reference.sent.timestamp() > alert.sent.timestamp() {
            let name = shown(&reference.to_string());
            faults.note("references", Rule::LaterReference(name));
        }
    }
}

fn addressees(alert: &Alert, faults: &mut Faults) {
    match (alert.scope, alert.restriction.is_some()) {
        (Scope::Restricted, false) => faults.note("restriction", Rule::NoRestriction),
        (Scope::Restricted, true) | (_, false) => {}
        (scope, true) => faults.note("restriction", Rule::Restriction(scope)),
    }
    if alert.scope == Scope::Private && alert.addresses.is_empty() {
        faults.note("addresses", Rule::NoAddresses);
    }
}

fn info(alert: &Alert, info: &Info, path: &str, faults: &mut Faults) {
    let below = |name: &str| format!("{path}/{name}");
    match info.expires {
        None => faults.note(below("expires"), Rule::NoExpires),
        Some(expires) => {
            let begin = info.onset.or(info.effective).unwrap_or(alert.sent);
            if expires.timestamp() <= begin.timestamp() {
                faults.note(below("expires"), Rule::ExpiresEarly);
            }
        }
    }
    let headline = info.headline.as_deref().unwrap_or_default();
    let characters = headline.chars().count();
    if characters > HEADLINE {
        faults.note(below("headline"), Rule::LongHeadline(characters));
    }
    let texts = [
        ("headline", info.headline.as_deref()),
        ("description", info.description.as_deref()),
        ("instruction", info.instruction.as_deref()),
    ];
    for (name, text) in texts {
        if let Some(markup) = text.and_then(markup) {
            faults.note(below(name), Rule::Markup(shown(markup)));
        }
    }
    let web = info.web.as_deref().filter(|web| !simple::is_absolute(web));
    if let Some(web) = web {
        faults.note(below("web"), Rule::Relative(shown(web)));
    }
    for (at, file) in info.resource.iter().enumerate() {
        resource(file, &below(&format!("resource[{}]", at + 1)), faults);
    }
    for (at, area) in info.area.iter().enumerate() {
        self::area(area, &below(&format!("area[{}]", at + 1)), faults);
    }
}

/// A text that an earlier `info` of another language has as well.
fn same_text(alert: &Alert, at: usize, info: &Info, path: &str, faults: &mut Faults) {
    let Some(description) = &info.description else {
        return;
    };
    let same = |other: &Info| {
        other.description.as_ref() == Some(description)
            && !other.language().eq_ignore_ascii_case(info.language())
    };
    // Bounded, as more than this many are a fault already.
    let earlier = alert.info.iter().take(at.min(MAX_INFO));
    if let Some(other) = earlier.enumerate().find(|(_, other)| same(other)) {
        let path = format!("{path}/description");
        faults.note(path, Rule::Untranslated(other.0 + 1));
    }
}

fn resource(resource: &Resource, path: &str, faults: &mut Faults) {
    let below = |name: &str| format!("{path}/{name}");
    let mime = &resource.mime_type;
    let parts = mime.split_once('/');
    if !mime.is_empty() && !parts.is_some_and(|(kind, of)| !kind.is_empty() && !of.is_empty()) {
        faults.note(below("mimeType"), Rule::MimeType(shown(mime)));
    }
    let alone = resource
        .uri
        .as_deref()
        .filter(|_| resource.deref_uri.is_none());
    if let Some(uri) = alone.filter(|uri| !simple::is_absolute(uri)) {
        faults.note(below("uri"), Rule::Relative(shown(uri)));
    }
    let sha1 = |digest: &str| digest.len() == 40 && digest.bytes().all(|c| c.is_ascii_hexdigit());
    if let Some(digest) = resource.digest.as_deref().filter(|digest| !sha1(digest)) {
        faults.note(below("digest"), Rule::Digest(shown(digest)));
    }
}

fn area(area: &Area, path: &str, faults: &mut Faults) {
    let below = |name: &str| format!("{path}/{name}");
    if area.polygon.is_empty() && area.circle.is_empty() && area.geocode.is_empty() {
        faults.note(path, Rule::NoShape);
    }
    for (at, polygon) in area.polygon.iter().enumerate() {
        if polygon.crosses_itself(LONGEST_POLYGON) {
            faults.note(below(&format!("polygon[{}]", at + 1)), Rule::Crossing);
        }
    }
    match (area.altitude, area.ceiling) {
        (None, Some(_)) => faults.note(below("ceiling"), Rule::CeilingAlone),
        (Some(altitude), Some(ceiling)) if altitude > ceiling => {
            faults.note(below("ceiling"), Rule::CeilingBelow);
        }
        _ => {}
    }
}

/// The first thing in a text that looks like a tag or an entity of HTML.
fn markup(text: &str) -> Option<&str> {
    let tag = |rest: &str| {
        let name = rest.strip_prefix('/').unwrap_or(rest);
        let letter = name.bytes().next().is_some_and(|c| c.is_ascii_alphabetic());
        rest.find('>')
            .filter(|end| letter && *end < 200)
            .map(|end| end + 1)
    };
    let entity = |rest: &str| {
        let end = rest.find(';').filter(|end| (2..10).contains(end))?;
        let name = rest.get(..end)?;
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '#';
        name.chars().all(fits).then_some(end + 1)
    };
    text.match_indices(['<', '&']).find_map(|(at, sign)| {
        let rest = text.get(at + 1..)?;
        let end = if sign == "<" { tag(rest) } else { entity(rest) };
        text.get(at..=at + end?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_is_told_from_signs() {
        assert_eq!(markup("a<br />b"), Some("<br />"));
        assert_eq!(markup("a&nbsp;b"), Some("&nbsp;"));
        assert_eq!(markup("</b>"), Some("</b>"));
        assert_eq!(markup("wind < 5 m/s & > 3; a&b"), None);
        assert_eq!(markup("a<"), None);
    }
}
