//! In which language somebody is told something.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A language as people and documents name it: a tag of BCP 47, as in `zh-CN` or `ug`.
/// Two tags that differ in case only are one language.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(try_from = "String", into = "String", extend("pattern" = "^[a-z]{2,8}(-[A-Za-z0-9]{1,8})*$")))]
pub struct Language(
    /// None is [`Language::DEFAULT`], which most have: it takes no memory of its own.
    Option<Box<str>>,
);

/// Text that is no tag of a language.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no language: write a tag as in zh-CN, en or ug")]
pub struct LanguageError(String);

/// The same said in another language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Translation {
    /// The language.
    pub language: Language,
    /// What is said.
    pub text: String,
}

/// What is said, in one language or in several.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Words {
    /// What is said to all who read none of the other languages.
    pub text: String,
    /// Its language, where it is known.
    pub language: Option<Language>,
    /// The same in other languages.
    pub translations: Vec<Translation>,
}

impl Words {
    /// Each text changed in the same way.
    #[must_use]
    pub fn changed(&self, change: impl Fn(&str) -> String) -> Self {
        let mut changed = self.clone();
        changed.text = change(&changed.text);
        for translation in &mut changed.translations {
            translation.text = change(&translation.text);
        }
        changed
    }
}

impl Language {
    /// What people read of whom nothing else is known.
    pub const DEFAULT: &'static str = "zh-CN";
    /// Longest tag, in characters (RFC 5646, section 4.4.1).
    const LONGEST: usize = 35;

    /// The tag.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_deref().unwrap_or(Self::DEFAULT)
    }

    /// Whether it is some Chinese.
    #[must_use]
    pub fn is_chinese(&self) -> bool {
        self.as_str().split('-').next() == Some("zh")
    }

    /// The place of the one among `offered` that whoever reads this language reads best: the one
    /// that begins with the most of the same subtags, and of those the one that says the least
    /// besides. None if none has the same first subtag.
    pub fn closest<'a>(&self, offered: impl Iterator<Item = Option<&'a Self>>) -> Option<usize> {
        let rated = offered.enumerate().filter_map(|(at, other)| {
            let (own, other) = (self.as_str().split('-'), other?.as_str().split('-'));
            let more = other.clone().count();
            let same = own.zip(other).take_while(|(own, other)| own == other);
            let same = same.count();
            (same > 0).then_some((same, std::cmp::Reverse(more), std::cmp::Reverse(at)))
        });
        rated.max().map(|(_, _, at)| at.0)
    }
}

impl FromStr for Language {
    type Err = LanguageError;

    fn from_str(written: &str) -> Result<Self, LanguageError> {
        let wrong = || LanguageError(written.chars().take(Self::LONGEST).collect());
        if written.len() > Self::LONGEST {
            return Err(wrong());
        }
        let mut tag = String::with_capacity(written.len());
        for (at, subtag) in written.split('-').enumerate() {
            let first = at == 0;
            let sound = if first {
                (2..=8).contains(&subtag.len()) && subtag.bytes().all(|it| it.is_ascii_alphabetic())
            } else {
                (1..=8).contains(&subtag.len())
                    && subtag.bytes().all(|it| it.is_ascii_alphanumeric())
            };
            if !sound {
                return Err(wrong());
            }
            if !first {
                tag.push('-');
            }
            // Scripts have four letters, regions two (RFC 5646, section 2.1.1).
            let lower = subtag.to_ascii_lowercase();
            match subtag.len() {
                2 if !first => tag.push_str(&subtag.to_ascii_uppercase()),
                4 if !first => {
                    let (head, rest) = lower.split_at(1);
                    tag.push_str(&head.to_ascii_uppercase());
                    tag.push_str(rest);
                }
                _ => tag.push_str(&lower),
            }
        }
        Ok(Self((tag != Self::DEFAULT).then(|| tag.into())))
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Language {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Language {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let tag = String::deserialize(deserializer)?;
        tag.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(tag: &str) -> Language {
        tag.parse().unwrap()
    }

    #[test]
    fn a_tag_is_the_same_in_any_case_and_what_is_none_is_refused() {
        for (written, tag) in [
            ("zh-cn", "zh-CN"),
            ("ZH-hans-cn", "zh-Hans-CN"),
            ("UG", "ug"),
            ("sr-latn-rs-ekavsk", "sr-Latn-RS-ekavsk"),
        ] {
            assert_eq!(of(written).to_string(), tag);
        }
        assert_eq!(Language::default(), of("zh-CN"));
        let long = "en-".to_owned() + &"a-".repeat(40) + "a";
        for bad in ["", "z", "zh_CN", "中文", "zh-", "-zh", "e1", long.as_str()] {
            assert!(bad.parse::<Language>().is_err(), "{bad}");
        }
    }

    #[test]
    fn the_closest_language_is_the_one_that_begins_alike_the_longest() {
        for (reader, offered, best) in [
            ("zh-CN", vec!["en", "zh-HK", "zh-CN"], Some(2)),
            ("zh-CN", vec!["zh-Hant", "zh"], Some(1)),
            ("en-GB", vec!["zh", "en-US", "en"], Some(2)),
            ("en-GB", vec!["en-US", "en-AU"], Some(0)),
            ("ug", vec!["zh-CN", "en"], None),
        ] {
            let offered: Vec<Language> = offered.into_iter().map(of).collect();
            assert_eq!(
                of(reader).closest(offered.iter().map(Some)),
                best,
                "{reader}"
            );
        }
        let known = of("en");
        assert_eq!(known.closest([None, Some(&known)].into_iter()), Some(1));
    }
}
