//! In whose name the national early-warning form is written.

use narrowcast_protocol::warning::cpeas::{EventType, SenderCode};
use serde::Deserialize;

use crate::config::error::Fault;
use crate::model::cpeas::Agency;
use crate::model::text;

/// What is wrong with a sink of this form where there is no agency.
pub(super) const NO_AGENCY: &str = "the national form is written in the name of an agency: add [cap.national] with sender, \
                                    sender_code and event_type";

/// `[cap.national]`: an agency. Nothing is written in the form while there is none.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CapNationalTable {
    /// Its full name.
    pub sender: String,
    /// Its code: 14 digits.
    pub sender_code: String,
    /// The kind of event of alerts that have none of their own, such as 11B03.
    pub event_type: String,
}

impl CapNationalTable {
    /// The agency, if it can be one.
    pub(super) fn agency(&self) -> Option<Agency> {
        Some(Agency {
            code: SenderCode::parse(&self.sender_code)?,
            name: self.sender.trim().to_owned(),
            event_type: EventType::new(&self.event_type)?,
        })
    }

    pub(super) fn check(&self, faults: &mut Vec<Fault>) {
        let mut fault = |key: &str, says: String| {
            faults.push(Fault::new(format!("cap.national.{key}"), says));
        };
        if SenderCode::parse(&self.sender_code).is_none() {
            let code = &self.sender_code;
            fault(
                "sender_code",
                format!("`{code}` is no agency's: write its 14 digits"),
            );
        }
        let fits = !self.sender.trim().is_empty() && text::check(&self.sender).is_ok();
        if !fits {
            fault("sender", "write the agency's full name".to_owned());
        }
        if !EventType::new(&self.event_type).is_some_and(|it| it.is_regular()) {
            let kind = &self.event_type;
            fault(
                "event_type",
                format!("`{kind}` is no kind of event: write five characters such as 11B03"),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    fn faults(text: &str) -> Vec<String> {
        let config = Config::parse("t", &format!("[cap.national]\n{text}\n")).unwrap();
        config.check().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn an_agency_has_a_name_a_code_and_a_kind_of_event() {
        let whole =
            "sender = \"郑州市气象台\"\nsender_code = \"41010041600000\"\nevent_type = \"11B03\"";
        assert_eq!(faults(whole), Vec::<String>::new());
        for (from, to, key) in [
            ("41010041600000", "4101", "cap.national.sender_code: "),
            ("郑州市气象台", " ", "cap.national.sender: "),
            ("11B03", "rain", "cap.national.event_type: "),
        ] {
            let found = faults(&whole.replace(from, to));
            assert!(found.len() == 1 && found[0].starts_with(key), "{found:?}");
        }
    }
}
