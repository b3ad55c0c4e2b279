//! The languages of an alert, in JSON: a tag, and translations by their tags.

use std::collections::BTreeMap;

use crate::api::problem::Problem;
use crate::model::language::{Language, Translation};
use crate::model::text;

/// The language of a text.
pub(super) fn language(tag: Option<&str>) -> Result<Option<Language>, Problem> {
    let read = |tag: &str| tag.parse::<Language>();
    let language = tag.map(read).transpose();
    language.map_err(|error| Problem::invalid("language", text::shown(&error.to_string())))
}

/// Translations, in the order of their tags.
pub(super) fn translations(written: BTreeMap<String, String>) -> Result<Vec<Translation>, Problem> {
    let read = |(tag, said): (String, String)| {
        let wrong = |why: String| Problem::invalid("translations", text::shown(&why));
        let language: Language = tag.parse().map_err(|error| wrong(format!("{error}")))?;
        text::check(&said).map_err(|error| wrong(format!("{language}: {error}")))?;
        Ok(Translation {
            language,
            text: said,
        })
    };
    written.into_iter().map(read).collect()
}

/// Translations as they are shown.
pub(super) fn shown(translations: Vec<Translation>) -> BTreeMap<String, String> {
    let pairs = translations.into_iter();
    pairs.map(|it| (it.language.to_string(), it.text)).collect()
}
