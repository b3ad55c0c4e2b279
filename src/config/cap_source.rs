//! Where warnings come from by themselves: watched directories and feeds.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use crate::config::error::Fault;
use crate::config::homebrew::{check_name, read_secret};
use crate::config::value::{Secret, duration};
use crate::model::roster::Node;
use crate::model::token::{Right, Role};

/// Between two looks at a feed, at least: it is somebody else's server.
const FEED: Duration = Duration::from_secs(5);
/// Between two looks at a directory, at least.
const DIRECTORY: Duration = Duration::from_millis(100);

/// `[[cap.source]]`: a directory or a feed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CapSourceTable {
    /// What people call it, 1 to 40 characters; it stands on its alerts.
    pub name: String,
    /// A directory into which documents are put.
    pub directory: Option<PathBuf>,
    /// The address of an Atom or RSS feed: `http://` or `https://`.
    pub url: Option<String>,
    /// Between two looks; 1 s for a directory and 60 s for a feed if not set.
    #[serde(default, deserialize_with = "some_duration")]
    pub every: Option<Duration>,
    /// What its documents may do: at least `dispatcher`. All are refused if none.
    pub role: Option<Role>,
    /// Where they may do it: at this node and below; the root if empty.
    #[serde(default)]
    pub node: Node,
    /// Whether a feed may be on this machine or network.
    #[serde(default)]
    pub allow_private: bool,
    /// A file of PEM certificates of which the feed's must come; the system's if none.
    pub ca: Option<PathBuf>,
    /// What a feed asks for: `Authorization: Bearer` of this.
    pub token: Option<Secret>,
    /// A file whose content, without the last line end, is that.
    pub token_file: Option<PathBuf>,
}

fn some_duration<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Duration>, D::Error> {
    duration(from).map(Some)
}

impl CapSourceTable {
    /// Between two looks.
    #[must_use]
    pub fn pause(&self) -> Duration {
        let usual = if self.url.is_some() { 60 } else { 1 };
        self.every.unwrap_or(Duration::from_secs(usual))
    }

    pub(super) fn read_secrets(&mut self, at: &str, faults: &mut Vec<Fault>) {
        let file = self.token_file.as_deref();
        read_secret(&mut self.token, file, (at, "token"), faults);
    }

    pub(super) fn check(&self, at: &str, faults: &mut Vec<Fault>) {
        check_name(at, &self.name, faults);
        let mut fault = |key: &str, says: String| {
            faults.push(Fault::new(format!("{at}.{key}"), says));
        };
        if self.name.chars().count() > 40 {
            fault("name", "it must have 1 to 40 characters".to_owned());
        }
        match (&self.directory, &self.url) {
            (Some(_), None) => {
                if self.ca.is_some() || self.token.is_some() || self.allow_private {
                    let says = "ca, token and allow_private are for feeds: leave them out";
                    fault("directory", says.to_owned());
                }
            }
            (None, Some(url)) if url.starts_with("http://") || url.starts_with("https://") => {
                let in_the_clear = url.starts_with("http://");
                if in_the_clear && self.ca.is_some() {
                    let says =
                        "without TLS it is of no use: write https:// in `url`, or leave it out";
                    fault("ca", says.to_owned());
                }
            }
            (None, Some(url)) => {
                fault(
                    "url",
                    format!("`{url}` is no feed's: write http:// or https://"),
                );
            }
            (Some(_), Some(_)) => fault(
                "url",
                "directory is set too: keep one of them, and write another [[cap.source]]"
                    .to_owned(),
            ),
            (None, None) => fault(
                "directory",
                "it is missing: write directory or url".to_owned(),
            ),
        }
        let least = if self.url.is_some() { FEED } else { DIRECTORY };
        if self.pause() < least || self.pause() > Duration::from_secs(86_400) {
            fault("every", format!("write {least:?} to 24h"));
        }
        if self.role.is_some_and(|role| !role.may(Right::Send)) {
            let says = "it may send nothing: write \"dispatcher\", or leave it out";
            fault("role", says.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn faults(text: &str) -> Vec<String> {
        let text = format!("[[cap.source]]\nname = \"bureau\"\n{text}\n");
        let config = Config::parse("t", &text).unwrap();
        config.check().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_source_is_a_directory_or_a_feed_and_may_nothing_by_itself() {
        assert_eq!(
            faults("directory = \"/var/spool/cap\""),
            Vec::<String>::new()
        );
        assert_eq!(
            faults("url = \"https://a/feed\"\nevery = \"5s\""),
            Vec::<String>::new()
        );
        let config =
            Config::parse("t", "[[cap.source]]\nname = \"b\"\nurl = \"http://a\"\n").unwrap();
        let source = config.cap.source.first().unwrap();
        assert_eq!(
            (source.role, source.pause()),
            (None, Duration::from_secs(60))
        );
    }

    #[test]
    fn what_is_wrong_is_said_by_its_key() {
        for (text, key) in [
            ("", "cap.source[0].directory: "),
            (
                "directory = \"a\"\nurl = \"http://a\"",
                "cap.source[0].url: ",
            ),
            ("url = \"ftp://a\"", "cap.source[0].url: "),
            (
                "url = \"http://a\"\nevery = \"1s\"",
                "cap.source[0].every: ",
            ),
            ("url = \"http://a\"\nca = \"/x\"", "cap.source[0].ca: "),
            (
                "directory = \"a\"\nallow_private = true",
                "cap.source[0].directory: ",
            ),
            (
                "directory = \"a\"\nrole = \"viewer\"",
                "cap.source[0].role: ",
            ),
        ] {
            let found = faults(text);
            assert!(
                found.first().is_some_and(|it| it.starts_with(key)),
                "{text}: {found:?}"
            );
        }
        let twice = "directory = \"a\"\n[[cap.source]]\nname = \"bureau\"\ndirectory = \"b\"";
        assert!(faults(twice)[0].contains("bureau"), "{:?}", faults(twice));
    }
}
