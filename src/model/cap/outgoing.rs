//! An alert of ours as CAP 1.2.

use jiff::tz::Offset;
use narrowcast_protocol::warning::cap::{
    self, Alert, Category, Certainty, IdError, Identifier, Info, MessageId, MsgType, Scope, Sender,
    Status, Time,
};

use narrowcast_protocol::warning::cpeas;
use narrowcast_protocol::warning::xml::Strictness;

use super::precedence::rated;
use super::{CapArea, CapRules, written};
use crate::model::alert::Precedence;
use crate::model::ids::AlertId;
use crate::model::language::{Language, Translation};
use crate::model::wall::Wall;
use crate::model::warning::WarningForm;

/// `event` of what we write.
const EVENT: &str = "Alert";

/// What of an alert CAP says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing<'a> {
    /// Its id: the `identifier`, with `.cancel` behind it for the Cancel.
    pub id: AlertId,
    /// `headline` and `description`.
    pub text: &'a str,
    /// Its `language`.
    pub language: Option<&'a Language>,
    /// One info each.
    pub translations: &'a [Translation],
    /// Whom it names, as far as the reader may know: its `area`.
    pub targets: &'a [String],
    /// `severity` and `urgency`.
    pub precedence: Precedence,
    /// `status` Exercise, with a `note`.
    pub exercise: bool,
    /// `sent` of the Alert.
    pub accepted_at: Wall,
    /// `expires`.
    pub expires_at: Wall,
    /// When it was cancelled, if it was: the document is a Cancel sent then.
    pub cancelled_at: Option<Wall>,
}

impl Outgoing<'_> {
    /// The CAP alert in the name of the sender of `rules`, with their areas.
    ///
    /// # Errors
    /// The sender or a time is none that CAP can write; the configuration refuses such a sender.
    pub fn alert(&self, rules: &CapRules) -> Result<Alert, IdError> {
        let sender = Sender::new(&rules.sender)?;
        let sent = time(self.accepted_at)?;
        let first = MessageId {
            sender: sender.clone(),
            identifier: Identifier::new(&self.id.to_string())?,
            sent,
        };
        let mut alert = Alert {
            identifier: first.identifier.clone(),
            sender,
            sent,
            status: Status::Actual,
            msg_type: MsgType::Alert,
            source: None,
            scope: Scope::Public,
            restriction: None,
            addresses: Vec::new(),
            code: Vec::new(),
            note: None,
            references: Vec::new(),
            incidents: Vec::new(),
            info: self.infos(&rules.areas)?,
        };
        if let Some(at) = self.cancelled_at {
            alert.msg_type = MsgType::Cancel;
            alert.identifier = Identifier::new(&format!("{}.cancel", self.id))?;
            alert.sent = time(at.max(self.accepted_at))?;
            alert.references = vec![first];
        }
        Ok(self.marked(alert))
    }

    /// A drill leaves as one, whatever it was made of.
    fn marked(&self, mut alert: Alert) -> Alert {
        if self.exercise && alert.status != Status::Exercise {
            alert.status = Status::Exercise;
            alert.note.get_or_insert_with(|| "演练 Exercise".to_owned());
        }
        alert
    }

    /// The message that this alert was made of, with all that it said. Once the alert was cancelled,
    /// a Cancel of it in this sender's name.
    ///
    /// # Errors
    /// See [`alert`](Self::alert).
    pub fn with(&self, original: Alert, sender: &str) -> Result<Alert, IdError> {
        let Some(at) = self.cancelled_at else {
            return Ok(self.marked(original));
        };
        Ok(self.marked(Alert {
            identifier: Identifier::new(&format!("{}.cancel", self.id))?,
            sender: Sender::new(sender)?,
            sent: time(at.max(self.accepted_at))?,
            msg_type: MsgType::Cancel,
            references: vec![original.id()],
            ..original
        }))
    }

    fn infos(&self, areas: &[CapArea]) -> Result<Vec<Info>, IdError> {
        let chinese = |c: char| matches!(c, '\u{3400}'..='\u{9FFF}' | '\u{20000}'..='\u{3FFFF}');
        let guessed = self.text.contains(chinese).then_some(Language::DEFAULT);
        let own = self.language.map(Language::as_str).or(guessed);
        let own = (own, self.text);
        let others = self.translations.iter();
        let others = others.map(|it| (Some(it.language.as_str()), it.text.as_str()));
        let all = std::iter::once(own).chain(others);
        all.map(|said| self.info(said, areas)).collect()
    }

    fn info(
        &self,
        (language, text): (Option<&str>, &str),
        areas: &[CapArea],
    ) -> Result<Info, IdError> {
        let (severity, urgency) = rated(self.precedence);
        let category = Category::Other;
        let mut info = Info::new(category, EVENT, urgency, severity, Certainty::Likely);
        info.language = language.map(str::to_owned);
        // CAP drops white space at the ends of a value.
        let text = text.trim().to_owned();
        info.headline = Some(text.clone());
        info.description = Some(text);
        info.expires = Some(time(self.expires_at)?);
        info.area = written::areas(self.targets, areas);
        Ok(info)
    }
}

/// A kept document as the CAP message that it is, or is like.
#[must_use]
pub fn as_it_came(form: WarningForm, document: &[u8]) -> Option<Alert> {
    match form {
        WarningForm::Cap => {
            let read = cap::read(document, Strictness::Strict).ok()?;
            read.alerts.first()?.acceptable().cloned()
        }
        WarningForm::Cpeas => {
            let read = cpeas::read(document, Strictness::Strict).ok()?;
            crate::model::cpeas::to_cap(read.acceptable()?)
        }
    }
}

/// In UTC, without fractions of a second.
fn time(at: Wall) -> Result<Time, IdError> {
    Time::new(at.into(), Offset::UTC).ok_or(IdError::Time)
}

#[cfg(test)]
mod tests;
