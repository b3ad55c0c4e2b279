//! Webhooks: receivers that are fed every event, or documents about alerts.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Deserializer, de};

use crate::config::cap_national::NO_AGENCY;
use crate::config::error::Fault;
use crate::config::homebrew::{check_name, read_secret};
use crate::config::value::{Secret, duration};
use crate::model::policy::SinkPolicy;
use crate::model::roster::Node;
use crate::model::warning::WarningForm;

/// Where a new sink begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SinkStart {
    /// With what happens from now on.
    #[default]
    Now,
    /// At the beginning of the ledger.
    Beginning,
    /// At this position.
    At(u64),
}

impl<'de> Deserialize<'de> for SinkStart {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Word(String),
            Position(u64),
        }
        match Written::deserialize(deserializer)? {
            Written::Word(word) if word == "now" => Ok(Self::Now),
            Written::Word(word) if word == "beginning" => Ok(Self::Beginning),
            Written::Word(word) => Err(de::Error::custom(format!(
                "`{word}` is no start: write \"now\", \"beginning\" or a position of the ledger"
            ))),
            Written::Position(seq) => Ok(Self::At(seq)),
        }
    }
}

/// What a receiver gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WebhookFormat {
    /// Every event.
    #[default]
    CloudEvents,
    /// CAP 1.2 documents: one of each alert, and a Cancel if it is taken back.
    Cap,
    /// The same in the national early-warning form.
    Cpeas,
}

impl WebhookFormat {
    /// The form of the documents; none where it gets events.
    #[must_use]
    pub const fn form(self) -> Option<WarningForm> {
        match self {
            Self::CloudEvents => None,
            Self::Cap => Some(WarningForm::Cap),
            Self::Cpeas => Some(WarningForm::Cpeas),
        }
    }
}

/// `[[webhook]]`: one receiver.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookTable {
    /// What people call it, 1 to 40 characters. Its place in the ledger is kept under this name.
    pub name: String,
    /// Where events go: `http://` or `https://`.
    pub url: String,
    /// What it gets.
    #[serde(default)]
    pub format: WebhookFormat,
    /// The key by which the receiver knows us: `whsec_` and base64.
    pub secret: Option<Secret>,
    /// A file whose content, without the last line end, is the key.
    pub secret_file: Option<PathBuf>,
    /// The key before, while the receiver changes to the new one.
    pub old_secret: Option<Secret>,
    /// A file that holds the key before.
    pub old_secret_file: Option<PathBuf>,
    /// Whether the receiver may be on this machine or network.
    #[serde(default)]
    pub allow_private: bool,
    /// A file of PEM certificates of which the receiver's must come; the system's if none.
    pub ca: Option<PathBuf>,
    /// Where it begins when it is new.
    #[serde(default)]
    pub from: SinkStart,
    /// Whether it gets whole telephone numbers.
    #[serde(default)]
    pub personal_data: bool,
    /// The node whose share it gets, as a viewer of that node would; the root is everything.
    #[serde(default)]
    pub node: Node,
    /// Between two signs of life while nothing happens; 0 for none.
    #[serde(default = "heartbeat", deserialize_with = "duration")]
    pub heartbeat: Duration,
}

const fn heartbeat() -> Duration {
    Duration::from_secs(60)
}

impl WebhookTable {
    pub(super) fn read_secrets(&mut self, at: &str, faults: &mut Vec<Fault>) {
        let file = self.secret_file.as_deref();
        read_secret(&mut self.secret, file, (at, "secret"), faults);
        let file = self.old_secret_file.as_deref();
        read_secret(&mut self.old_secret, file, (at, "old_secret"), faults);
    }

    pub(super) fn policy(&self) -> SinkPolicy {
        SinkPolicy {
            name: self.name.clone(),
            kind: "webhook".to_owned(),
            node: self.node.clone(),
        }
    }

    /// `agency` says that there is one in whose name the national form is written.
    pub(super) fn check(&self, at: &str, agency: bool, faults: &mut Vec<Fault>) {
        check_name(at, &self.name, faults);
        if self.format.form() == Some(WarningForm::Cpeas) && !agency {
            faults.push(Fault::new(format!("{at}.format"), NO_AGENCY));
        }
        let mut fault = |key: &str, says: String| {
            faults.push(Fault::new(format!("{at}.{key}"), says));
        };
        let rest = ["http://", "https://"]
            .iter()
            .find_map(|scheme| self.url.strip_prefix(scheme));
        if rest.is_none_or(|rest| rest.is_empty() || rest.starts_with(['/', ':'])) {
            fault(
                "url",
                format!(
                    "`{}` leads to no receiver: write http:// or https://, and a host",
                    self.url
                ),
            );
        }
        if self.secret.is_none() && self.secret_file.is_none() {
            fault(
                "secret_file",
                "it is missing: without a key the receiver cannot know that events are ours"
                    .to_owned(),
            );
        }
        for (key, secret) in [("secret", &self.secret), ("old_secret", &self.old_secret)] {
            let known = secret.as_ref().map(Secret::expose);
            if known.is_some_and(|text| !text.trim().starts_with("whsec_")) {
                fault(
                    key,
                    "it does not begin with whsec_: make one with `printf whsec_; head -c 32 /dev/urandom | base64`".to_owned(),
                );
            }
        }
        if self.format.form().is_some() && self.personal_data {
            let says = "documents hold no telephone numbers: leave it out";
            fault("personal_data", says.to_owned());
        }
        let most = Duration::from_secs(24 * 3_600);
        if self.heartbeat > most || (self.heartbeat.as_secs() == 0 && !self.heartbeat.is_zero()) {
            fault("heartbeat", "write \"0s\", or \"1s\" to \"24h\"".to_owned());
        }
    }
}
