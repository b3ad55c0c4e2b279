//! Who is told what where an alert is said in several languages: a talkgroup hears what most of its
//! members read, and the others are told by themselves.

use std::collections::{BTreeMap, HashSet};

use narrowcast_protocol::air::GroupId;

use crate::engine::io::{Refusal, Submit};
use crate::engine::limits::{TEXT_CHARACTERS, check_text};
use crate::model::alert::{Alert, TRANSLATIONS};
use crate::model::language::Language;
use crate::model::roster::Recipient;

/// Takes those out of their talkgroup who read another text of the alert than most of its members.
pub(super) fn part_groups(alert: &Alert, recipients: &mut [Recipient]) {
    if alert.translations.is_empty() {
        return;
    }
    let mut readers: BTreeMap<GroupId, BTreeMap<u8, u32>> = BTreeMap::new();
    for recipient in &mut *recipients {
        let text = alert.text_for(&recipient.language);
        for group in recipient.talkgroups_mut().filter_map(|it| *it) {
            *readers.entry(group).or_default().entry(text).or_default() += 1;
        }
    }
    // Of texts that as many read, the first one.
    let most = |texts: &BTreeMap<u8, u32>| {
        let most = texts.iter().rev().max_by_key(|(_, count)| **count);
        most.map(|(text, _)| *text)
    };
    let most: BTreeMap<GroupId, Option<u8>> = readers
        .iter()
        .map(|(group, texts)| (*group, most(texts)))
        .collect();
    for recipient in recipients {
        let text = alert.text_for(&recipient.language);
        for talkgroup in recipient.talkgroups_mut() {
            let hears = talkgroup.and_then(|group| most.get(&group).copied().flatten());
            if hears.is_some_and(|hears| hears != text) {
                *talkgroup = None;
            }
        }
    }
}

/// How many are told in each translation.
pub(super) fn readers(alert: &Alert, recipients: &[Recipient]) -> Vec<(Language, u32)> {
    let translations = alert.translations.iter();
    let mut readers: Vec<(Language, u32)> =
        translations.map(|it| (it.language.clone(), 0)).collect();
    for recipient in recipients {
        let text = usize::from(alert.text_for(&recipient.language));
        let reader = text.checked_sub(1).and_then(|at| readers.get_mut(at));
        if let Some((_, count)) = reader {
            *count += 1;
        }
    }
    readers
}

/// Whether the translations are fit to be sent.
pub(super) fn check(submit: &Submit) -> Result<(), Refusal> {
    let invalid = |field, why: String| Err(Refusal::Invalid { field, why });
    let count = submit.translations.len();
    if count > TRANSLATIONS {
        return invalid(
            "translations",
            format!("there are {count}; give at most {TRANSLATIONS}"),
        );
    }
    let mut known: HashSet<&Language> = submit.language.iter().collect();
    for translation in &submit.translations {
        let language = &translation.language;
        if !known.insert(language) {
            let why = format!("{language}: the text stands in this language already");
            return invalid("translations", why);
        }
        if let Err(why) = check_text(&translation.text, TEXT_CHARACTERS) {
            return invalid("translations", format!("{language}: {why}"));
        }
    }
    Ok(())
}
