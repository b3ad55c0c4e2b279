//! An alert as it is submitted.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use crate::api::body::languages;
use crate::api::problem::Problem;
use crate::engine::io::Submit;
use crate::model::alert::{Ask, Precedence};
use crate::model::ids::AlertId;
use crate::model::text;
use crate::model::wall::Wall;

/// An alert to send.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SubmitBody {
    /// What it says.
    #[schema(example = "山火逼近,请立即到3号集合点")]
    pub text: String,
    /// The language of `text`, as in `zh-CN`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// The same in other languages, by their tags, at most 7: whoever reads one of them is told in
    /// the closest, everybody else gets `text`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(example = json!({"en": "Forest fire: go to assembly point 3 now"}))]
    pub translations: BTreeMap<String, String>,
    /// `flash`, `immediate`, `priority` or `routine`.
    #[serde(default = "routine")]
    #[schema(schema_with = super::precedence)]
    pub precedence: Precedence,
    /// `nothing`, `receipt`, `acknowledgement` or `answers`.
    #[serde(default)]
    pub ask: AskBody,
    /// The numbered answers, 1 to 9 of them, when `ask` is `answers`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub answers: Vec<String>,
    /// Whom it names: `radio:NUMBER`, `person:ID`, `group:ID`, `node:PATH`, `system:ID` or `all`.
    #[schema(example = json!(["group:fire-1", "radio:2308155"]))]
    pub targets: Vec<String>,
    /// When it has lost its meaning; the configured default if none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Wall>,
    /// Whether it is a drill.
    #[serde(default)]
    pub exercise: bool,
    /// Whether it may go to telephones.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    #[schema(default = true)]
    pub sms: bool,
}

/// What an alert asks of who gets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AskBody {
    /// Nothing.
    #[default]
    Nothing,
    /// That the terminal received it.
    Receipt,
    /// That a person acknowledges it.
    Acknowledgement,
    /// One of several numbered answers.
    Answers,
}

const fn yes() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes it so")]
const fn is_yes(it: &bool) -> bool {
    *it
}

const fn routine() -> Precedence {
    Precedence::Routine
}

impl SubmitBody {
    /// What the engine is asked, with the identity it will have and the submitter's key.
    ///
    /// # Errors
    /// Names the field that is wrong.
    pub fn into_submit(self, id: AlertId, key: Option<String>) -> Result<Submit, Problem> {
        let idempotency = key.map(|key| (key, self.digest()));
        text::check(&self.text).map_err(|error| Problem::invalid("text", error.to_string()))?;
        if self.targets.is_empty() {
            return Err(Problem::invalid(
                "targets",
                "no target is named: write radio:NUMBER, person:ID, group:ID, node:PATH, system:ID or all",
            ));
        }
        let mut targets = Vec::with_capacity(self.targets.len());
        for (index, target) in self.targets.iter().enumerate() {
            targets.push(target.parse().map_err(|error| {
                Problem::invalid(&format!("targets[{index}]"), format!("{error}"))
            })?);
        }
        let ask = ask(self.ask, self.answers)?;
        Ok(Submit {
            id,
            text: self.text,
            precedence: self.precedence,
            ask,
            targets,
            expires_at: self.expires_at,
            exercise: self.exercise,
            sms: self.sms,
            station: None,
            idempotency,
            language: languages::language(self.language.as_deref())?,
            translations: languages::translations(self.translations)?,
        })
    }

    /// SHA-256 of the request as it was understood: white space, order of keys and
    /// defaults written out or left out make no difference.
    fn digest(&self) -> [u8; 32] {
        let canonical = serde_json::to_vec(self).unwrap_or_default();
        Sha256::digest(canonical).into()
    }
}

fn ask(kind: AskBody, answers: Vec<String>) -> Result<Ask, Problem> {
    if kind != AskBody::Answers && !answers.is_empty() {
        return Err(Problem::invalid(
            "answers",
            "answers are given, but `ask` is not `answers`",
        ));
    }
    Ok(match kind {
        AskBody::Nothing => Ask::Nothing,
        AskBody::Receipt => Ask::Receipt,
        AskBody::Acknowledgement => Ask::Acknowledgement,
        AskBody::Answers => {
            if !(1..=9).contains(&answers.len()) {
                return Err(Problem::invalid("answers", "give 1 to 9 answers"));
            }
            for (index, answer) in answers.iter().enumerate() {
                let field = format!("answers[{index}]");
                text::check(answer).map_err(|error| Problem::invalid(&field, error.to_string()))?;
                if answer.trim().is_empty() {
                    return Err(Problem::invalid(&field, "the answer is empty"));
                }
            }
            Ask::Answers(answers)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(json: &str) -> SubmitBody {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn the_digest_is_over_the_meaning_not_over_the_spelling() {
        let short = body(r#"{"text":"x","targets":["all"]}"#);
        let long = body(
            r#"{ "targets": ["all"], "precedence": "routine", "ask": "nothing", "text": "\u0078", "exercise": false }"#,
        );
        let other = body(r#"{"text":"x","targets":["all"],"exercise":true}"#);
        assert_eq!(short.digest(), long.digest());
        assert_ne!(short.digest(), other.digest());
    }

    #[test]
    fn a_wrong_field_is_refused_by_its_name() {
        let cases = [
            (r#"{"text":"a\u202eb","targets":["all"]}"#, "text"),
            (r#"{"text":"a","targets":[]}"#, "targets"),
            (r#"{"text":"a","targets":["all","town:x"]}"#, "targets[1]"),
            (
                r#"{"text":"a","targets":["all"],"ask":"answers"}"#,
                "answers",
            ),
            (
                r#"{"text":"a","targets":["all"],"answers":["yes"]}"#,
                "answers",
            ),
            (
                r#"{"text":"a","targets":["all"],"ask":"answers","answers":["yes",""]}"#,
                "answers[1]",
            ),
        ];
        for (json, field) in cases {
            let id = AlertId(ulid::Ulid::nil());
            let problem = body(json).into_submit(id, None).unwrap_err();
            assert_eq!(problem.field.as_deref(), Some(field), "{json}");
        }
    }
}
