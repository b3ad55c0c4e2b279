//! How an alert is worded for a radio, and split into parts that each fit one fragment.

use narrowcast_protocol::air::{self, CarrierKind, Delivery, TextForm};

use crate::model::alert::{Alert, Ask};
use crate::model::policy::Policy;
use crate::model::sms_route::PLACE;

/// Most parts one alert may have.
pub(super) const MAX_PARTS: usize = 9;

/// The parts in which `alert` is sent, in order; `more` is how many further alerts wait for a
/// radio that was away, 0 if it is not told. Every part of an exercise carries the
/// drill sign; every part of a longer text its number.
///
/// # Errors
/// It would take more than [`MAX_PARTS`]; the text is too long for this form.
pub(super) fn parts(
    policy: &Policy,
    alert: &Alert,
    form: TextForm,
    delivery: Delivery,
    more: u16,
) -> Result<Vec<String>, TooLong> {
    let drill = alert.exercise;
    #[cfg(narrowcast_mutant)]
    let drill = drill && !crate::mutant::planted("a_drill_is_not_marked");
    let sign = if drill {
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
        count => format!(" (另有{count}条)"),
    };
    let body = format!("{}{}{more}", alert.text, hint(alert));
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

/// The whole of `alert` as a telephone shows it, which puts the parts of a long text together:
/// `sign` if it is an exercise, then mark, text and how to answer, all three at the place that
/// `template` has for them.
pub(super) fn whole(sign: &str, template: &str, alert: &Alert) -> String {
    let drill = alert.exercise;
    #[cfg(narrowcast_mutant)]
    let drill = drill && !crate::mutant::planted("a_drill_is_not_marked");
    let sign = if drill { sign } else { "" };
    let mark = if alert.ask.wants_answer() {
        format!("{} ", alert.mark)
    } else {
        String::new()
    };
    let hint = hint(alert);
    let (head, tail) = template.split_once(PLACE).unwrap_or_default();
    // The last answer must not run into what the operator demands behind it.
    let runs_on = !hint.is_empty() && tail.starts_with(char::is_alphanumeric);
    let gap = if runs_on { " " } else { "" };
    format!("{sign}{head}{mark}{}{hint}{gap}{tail}", alert.text)
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
fn hint(alert: &Alert) -> String {
    let set = alert.answer_set.map(|set| set.name.to_string());
    let set = set.unwrap_or_default();
    match &alert.ask {
        Ask::Nothing | Ask::Receipt => String::new(),
        Ask::Acknowledgement => format!(" 回{set}1收到"),
        Ask::Answers(answers) => {
            let options = answers
                .iter()
                .enumerate()
                .map(|(index, answer)| format!("{set}{}{answer}", index + 1));
            format!(" 回{}", options.collect::<Vec<_>>().join(" "))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::alert::{Mark, Precedence, Target};
    use crate::model::ids::AlertId;
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
        }
    }

    #[test]
    fn a_short_text_is_one_part_with_mark_and_hint() {
        let policy = Policy::default();
        let alert = alert("东山林场起火", Ask::Acknowledgement, false);
        let parts = parts(&policy, &alert, TextForm::Tms, Delivery::Confirmed, 0).unwrap();
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
                let Ok(parts) = parts(&policy, &alert, form, delivery, 0) else { continue };
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
