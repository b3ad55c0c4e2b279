//! What an alert says, in at most 300 characters.

use narrowcast_protocol::warning::cap::{Alert, Info, Time};
use narrowcast_protocol::warning::text::one_line;

use super::choice;
use crate::model::alert::TRANSLATIONS;
use crate::model::language::{Translation, Words};
use crate::model::text::{check, is_forbidden};
use crate::model::wall::Wall;

/// Longest text of an alert, in characters.
const TEXT: usize = 300;

/// What the alert says in each of its languages; none if it has no words that can be shown in the
/// first. A language whose words cannot be shown, or that has no name, is left out.
pub(super) fn words(alert: &Alert, now: Wall) -> Option<Words> {
    let languages = choice::by_language(alert, now);
    let (first, others) = languages.split_first()?;
    let mut words = Words {
        text: text(first)?,
        // Where it is not written, it is often not CAP's default either.
        language: first
            .iter()
            .find_map(|info| info.language.as_deref()?.parse().ok()),
        translations: Vec::new(),
    };
    for of in others {
        let language = of.first().and_then(|info| info.language().parse().ok());
        let (Some(language), Some(text)) = (language, text(of)) else {
            continue;
        };
        let is_known = words.language.as_ref() == Some(&language) || text == words.text;
        if !is_known && words.translations.len() < TRANSLATIONS {
            words.translations.push(Translation { language, text });
        }
    }
    Some(words)
}

/// The text of the chosen info; none if they have no words that can be shown.
fn text(chosen: &[&Info]) -> Option<String> {
    let text = match chosen {
        [info] => of_one(info),
        several => of_several(several),
    };
    fit(&text)
}

/// Any text in one line, as an alert may say it.
pub(super) fn shown(text: &str) -> Option<String> {
    fit(&line(text))
}

fn fit(text: &str) -> Option<String> {
    Some(shortened(text)).filter(|text| !text.is_empty() && check(text).is_ok())
}

/// The headline, or event and areas; and the instruction if it fits.
fn of_one(info: &Info) -> String {
    let headline = info.headline.as_deref().map(line).unwrap_or_default();
    let head = if headline.is_empty() {
        joined([line(&info.event), areas(info)], " ")
    } else {
        headline
    };
    let instruction = info.instruction.as_deref().map(line).unwrap_or_default();
    let both = joined([head.clone(), instruction], "。");
    if fits(&both) { both } else { head }
}

/// Each event with its time and its areas; without the areas, or with its name only, where that
/// is what fits.
fn of_several(several: &[&Info]) -> String {
    let full = |info: &Info| joined([line(&info.event), times(info), areas(info)], " ");
    let timed = |info: &Info| joined([line(&info.event), times(info)], " ");
    let named = |info: &Info| line(&info.event);
    let forms: [&dyn Fn(&Info) -> String; 3] = [&full, &timed, &named];
    let texts = forms.map(|form| {
        let mut parts: Vec<String> = Vec::new();
        for part in several.iter().map(|info| form(info)) {
            if !parts.contains(&part) {
                parts.push(part);
            }
        }
        joined(parts, "；")
    });
    let [.., shortest] = &texts;
    let fitting = texts.iter().find(|text| fits(text));
    fitting.unwrap_or(shortest).clone()
}

fn fits(text: &str) -> bool {
    text.chars().count() <= TEXT
}

/// The text, cut at 300 characters; an ellipsis says that it is cut.
fn shortened(text: &str) -> String {
    if fits(text) {
        return text.to_owned();
    }
    let head: String = text.chars().take(TEXT - 1).collect();
    format!("{}…", head.trim_end())
}

/// One line without what no text of ours may carry.
fn line(text: &str) -> String {
    let one: String = one_line(text)
        .chars()
        .filter(|c| !is_forbidden(*c))
        .collect();
    one.trim().to_owned()
}

fn areas(info: &Info) -> String {
    joined(info.area.iter().map(|area| line(&area.area_desc)), "、")
}

fn joined(parts: impl IntoIterator<Item = String>, between: &str) -> String {
    let parts = parts.into_iter().filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join(between)
}

/// From when to when, as the document writes its local time: `08:00-12:00`, with the days where
/// they differ.
fn times(info: &Info) -> String {
    let written = |time: Time| {
        let text = time.to_string();
        let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default().to_owned();
        (part(5, 10), part(11, 16))
    };
    let begins = info.onset.or(info.effective).map(written);
    match (begins, info.expires.map(written)) {
        (Some((day, from)), Some((last, to))) if day == last => format!("{from}-{to}"),
        (Some((day, from)), Some((last, to))) => format!("{day} {from} - {last} {to}"),
        (None, Some((day, to))) => format!("- {day} {to}"),
        (Some((day, from)), None) => format!("{day} {from} -"),
        (None, None) => String::new(),
    }
}
