//! How an alert is worded for a radio, and split into parts that each fit one fragment.

use narrowcast_protocol::air::{self, CarrierKind, Delivery, TextForm};

use crate::model::alert::{Ask, Said};
use crate::model::language::Language;
use crate::model::policy::Policy;
use crate::model::sms_route::PLACE;

/// Most parts one alert may have.
pub(super) const MAX_PARTS: usize = 9;

/// The parts in which an alert is sent as `said`, in order; `more` is how many further alerts wait for a
/// radio that was away, 0 if it is not told. Every part of an exercise carries the
/// drill sign; every part of a longer text its number.
///
/// # Errors
/// It would take more than [`MAX_PARTS`]; the text is too long for this form.
pub(super) fn parts(
    policy: &Policy,
    said: Said<'_>,
    form: TextForm,
    delivery: Delivery,
    more: u16,
) -> Result<Vec<String>, TooLong> {
    let alert = said.alert;
    let sign = if alert.exercise {
        policy.exercise_sign.as_str()
    } else {
        ""
    };
    let mark = if alert.ask.wants_answer() || form != TextForm::Tms {
        format!("{} ", alert.mark)
    } else {
        String::new()
    };
    let more = match more {
        0 => String::new(),
        count if is_chinese(said) => format!(" (另有{count}条)"),
        count => format!(" (+{count})"),
    };
    let body = format!("{}{}{more}", said.text, hint(said));
    let room = air::text_room(form, delivery);
    let whole = format!("{sign}{mark}{body}");
    if air::text_octets(form, &whole) <= room {
        return Ok(vec![whole]);
    }
    let head = |number: usize| format!("{sign}{mark}{number}/9 ");
    let overhead = air::text_octets(form, &head(1));
    let chunks = air::text_parts(form, delivery, &body, overhead).ok_or(TooLong)?;
    if chunks.len() > MAX_PARTS {
        return Err(TooLong);
    }
    let of = chunks.len();
    Ok(chunks
        .iter()
        .enumerate()
        .map(|(index, chunk)| format!("{sign}{mark}{}/{of} {chunk}", index + 1))
        .collect())
}

/// The whole of an alert as a telephone shows it, which puts the parts of a long text together:
/// `sign` if it is an exercise, then mark, text and how to answer, all three at the place that
/// `template` has for them.
pub(super) fn whole(sign: &str, template: &str, said: Said<'_>) -> String {
    let alert = said.alert;
    let sign = if alert.exercise { sign } else { "" };
    let mark = if alert.ask.wants_answer() {
        format!("{} ", alert.mark)
    } else {
        String::new()
    };
    let hint = hint(said);
    let (head, tail) = template.split_once(PLACE).unwrap_or_default();
    // The last answer must not run into what the operator demands behind it.
    let runs_on = !hint.is_empty() && tail.starts_with(char::is_alphanumeric);
    let gap = if runs_on { " " } else { "" };
    format!("{sign}{head}{mark}{}{hint}{gap}{tail}", said.text)
}

/// The text needs too many parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooLong;

/// Bursts of all parts of a text together on such a carrier.
pub(super) fn bursts(
    kind: CarrierKind,
    form: TextForm,
    delivery: Delivery,
    parts: &[String],
) -> u16 {
    let of_part = |part: &String| {
        let octets = air::text_octets(form, part);
        air::text_bursts(kind, form, delivery, octets)
    };
    u16::try_from(parts.iter().map(of_part).sum::<u32>()).unwrap_or(u16::MAX)
}

/// How to answer. The answer set, where the alert has one, tells its answers from those to
/// other alerts.
fn hint(said: Said<'_>) -> String {
    let alert = said.alert;
    let set = alert.answer_set.map(|set| set.name.to_string());
    let set = set.unwrap_or_default();
    match &alert.ask {
        Ask::Nothing | Ask::Receipt => String::new(),
        Ask::Acknowledgement if is_chinese(said) => format!(" 回{set}1收到"),
        Ask::Acknowledgement => format!(" Reply {set}1"),
        Ask::Answers(answers) => {
            let options = answers
                .iter()
                .enumerate()
                .map(|(index, answer)| format!("{set}{}{answer}", index + 1));
            let reply = if is_chinese(said) { "回" } else { "Reply " };
            format!(" {reply}{}", options.collect::<Vec<_>>().join(" "))
        }
    }
}

/// Whether the words around the text are Chinese: they are, if nothing else is said.
fn is_chinese(said: Said<'_>) -> bool {
    said.language.is_none_or(Language::is_chinese)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::alert::{Alert, Mark, Precedence, Target};
    use crate::model::ids::AlertId;
    use crate::model::language::Translation;
    use crate::model::roster::Node;
    use crate::model::wall::Wall;

    fn alert(text: &str, ask: Ask, exercise: bool) -> Alert {
        Alert {
            id: AlertId(ulid::Ulid::nil()),
            text: text.into(),
            precedence: Precedence::Flash,
            ask,
            targets: vec![Target::All],
            accepted_at: Wall::default(),
            expires_at: Wall::default(),
            exercise,
            station: None,
            by: String::new(),
            node: Node::root(),
            mark: Mark::nth(57),
            recipients: 1,
            answer_set: None,
            sms: true,
            idempotency: None,
            came_as: None,
            language: None,
            translations: Vec::new(),
        }
    }

    fn said(alert: &Alert) -> Said<'_> {
        alert.said_to(&Language::default())
    }

    #[test]
    fn whoever_reads_another_language_is_told_in_it_how_to_answer() {
        let mut alert = alert("东山林场起火", Ask::Acknowledgement, false);
        alert.translations = vec![Translation {
            language: "en".parse().unwrap(),
            text: "Fire".into(),
        }];
        let policy = Policy::default();
        let told = |language: &str, more| {
            let said = alert.said_to(&language.parse().unwrap());
            parts(&policy, said, TextForm::Tms, Delivery::Confirmed, more).unwrap()
        };
        assert_eq!(told("en-GB", 2), ["M7 Fire Reply 1 (+2)"]);
        assert_eq!(told("zh-CN", 0), ["M7 东山林场起火 回1收到"]);
        assert_eq!(told("ug", 0), ["M7 东山林场起火 回1收到"]);
    }

    #[test]
    fn a_short_text_is_one_part_with_mark_and_hint() {
        let policy = Policy::default();
        let alert = alert("东山林场起火", Ask::Acknowledgement, false);
        let parts = parts(&policy, said(&alert), TextForm::Tms, Delivery::Confirmed, 0).unwrap();
        assert_eq!(parts, ["M7 东山林场起火 回1收到"]);
    }

    proptest! {
        #[test]
        fn every_part_fits_a_fragment_and_carries_drill_sign_and_number(
            text in "[山火东林场起a-z0-9 ]{1,150}",
            exercise in any::<bool>(),
            form in prop::sample::select(vec![TextForm::Tms, TextForm::ShortDataUtf8, TextForm::ShortDataUtf16, TextForm::Udt]),
        ) {
            let policy = Policy::default();
            let alert = alert(&text, Ask::Receipt, exercise);
            for delivery in [Delivery::Confirmed, Delivery::Unconfirmed] {
                let Ok(parts) = parts(&policy, said(&alert), form, delivery, 0) else { continue };
                for (index, part) in parts.iter().enumerate() {
                    prop_assert!(air::text_octets(form, part) <= air::text_room(form, delivery));
                    prop_assert_eq!(part.starts_with("【演练】"), exercise);
                    if parts.len() > 1 {
                        let number = format!("{}/{} ", index + 1, parts.len());
                        prop_assert!(part.contains(&number));
                    }
                }
            }
        }
    }
}
