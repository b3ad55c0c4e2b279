//! Which info of a CAP alert count: those that have not expired; of them one language says what
//! holds, and the others say the same to those who read them.

use std::time::Duration;

use narrowcast_protocol::warning::cap::{Alert, DEFAULT_LANGUAGE, Info, Time};

use crate::model::wall::Wall;

/// How long an alert without `expires` has a meaning, from when it begins.
pub(super) const LIFE: Duration = Duration::from_secs(12 * 3_600);

/// When an info loses its meaning: its `expires`, otherwise 12 h after it begins.
pub(super) fn expires(alert: &Alert, info: &Info) -> Wall {
    let at = |time: Time| Wall::from(time.timestamp());
    let begins = [info.onset, info.effective, Some(alert.sent)];
    let begins = begins.into_iter().flatten().map(at).max();
    info.expires
        .map_or_else(|| begins.unwrap_or_default().plus(LIFE), at)
}

/// The info that have not expired, or all if every one has; of them those of one language: zh-CN,
/// then another Chinese, then CAP's default, then that of the first.
pub(super) fn chosen(alert: &Alert, now: Wall) -> Vec<&Info> {
    by_language(alert, now)
        .into_iter()
        .next()
        .unwrap_or_default()
}

/// The same for each language, the one that says what holds first.
pub(super) fn by_language(alert: &Alert, now: Wall) -> Vec<Vec<&Info>> {
    let live: Vec<&Info> = alert
        .info
        .iter()
        .filter(|info| expires(alert, info) > now)
        .collect();
    let known = if live.is_empty() {
        alert.info.iter().collect()
    } else {
        live
    };
    let mut languages: Vec<(String, Vec<&Info>)> = Vec::new();
    for info in known {
        let tag = tag(info);
        match languages.iter_mut().find(|(known, _)| *known == tag) {
            Some((_, of)) => of.push(info),
            None => languages.push((tag, vec![info])),
        }
    }
    languages.sort_by_key(|(tag, _)| rank(tag));
    languages.into_iter().map(|(_, of)| of).collect()
}

fn tag(info: &Info) -> String {
    info.language().to_ascii_lowercase()
}

/// The lower, the rather; of equals the first is taken.
fn rank(tag: &str) -> u8 {
    match tag {
        "zh-cn" => 0,
        other if other == "zh" || other.starts_with("zh-") => 1,
        other if other.eq_ignore_ascii_case(DEFAULT_LANGUAGE) => 2,
        _ => 3,
    }
}
