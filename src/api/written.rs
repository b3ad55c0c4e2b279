//! The octets of a document about an alert, in either form.

use narrowcast_protocol::warning::cap::{self, Layout};
use narrowcast_protocol::warning::cpeas;

use crate::api::problem::Problem;
use crate::model::alert::Precedence;
use crate::model::cap::{CapRules, Outgoing, as_it_came};
use crate::model::cpeas as national;
use crate::model::ids::AlertId;
use crate::model::language::Words;
use crate::model::wall::Wall;
use crate::model::warning::WarningForm;

/// Why a form cannot say what an alert says.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unwritable {
    /// CAP cannot.
    #[error("it cannot be written as CAP: {0}")]
    Cap(String),
    /// There is nobody in whose name the national form is written.
    #[error(
        "there is no agency in whose name the national form is written: set sender, sender_code \
         and event_type in [cap.national]"
    )]
    NoAgency,
    /// The national form has no place for it.
    #[error(
        "what it says has no place in the national form: it is Private or Restricted, or of \
         status Test"
    )]
    NoPlace,
    /// The national form cannot.
    #[error("it cannot be written in the national form: {0}")]
    National(#[from] cpeas::EncodeError),
}

impl From<Unwritable> for Problem {
    fn from(why: Unwritable) -> Self {
        match why {
            Unwritable::Cap(_) => Self::unexpected(),
            Unwritable::NoAgency => Self::not_found(
                "agency in whose name the national form is written: set sender, sender_code and \
                 event_type in [cap.national]",
            ),
            Unwritable::NoPlace => Self::invalid("scope", why.to_string()),
            Unwritable::National(_) => Self::invalid("document", why.to_string()),
        }
    }
}

/// What a document says of an alert, to whom it is for.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) id: AlertId,
    pub(super) words: Words,
    pub(super) targets: Vec<String>,
    pub(super) precedence: Precedence,
    pub(super) exercise: bool,
    pub(super) accepted_at: Wall,
    pub(super) expires_at: Wall,
    /// When it was taken back: then the document is a Cancel.
    pub(super) over_at: Option<Wall>,
}

impl Said {
    /// Writes it, with all that the message said that the alert was made of: `kept`, and the form
    /// in which that came.
    pub(super) fn written(
        &self,
        form: WarningForm,
        rules: &CapRules,
        kept: Option<(WarningForm, Vec<u8>)>,
    ) -> Result<String, Unwritable> {
        match form {
            WarningForm::Cap => {
                let original = kept.and_then(|(form, document)| as_it_came(form, &document));
                let xml = self.cap(rules, original)?.to_xml(Layout::Indented);
                xml.map_err(|error| Unwritable::Cap(error.to_string()))
            }
            WarningForm::Cpeas => Ok(self.national(rules, kept)?.to_xml()?),
        }
    }

    fn cap(
        &self,
        rules: &CapRules,
        original: Option<cap::Alert>,
    ) -> Result<cap::Alert, Unwritable> {
        let outgoing = Outgoing {
            id: self.id,
            text: &self.words.text,
            language: self.words.language.as_ref(),
            translations: &self.words.translations,
            targets: &self.targets,
            precedence: self.precedence,
            exercise: self.exercise,
            accepted_at: self.accepted_at,
            expires_at: self.expires_at,
            cancelled_at: self.over_at,
        };
        let alert = match original {
            Some(original) => outgoing.with(original, &rules.sender),
            None => outgoing.alert(rules),
        };
        alert.map_err(|error| Unwritable::Cap(error.to_string()))
    }

    fn national(
        &self,
        rules: &CapRules,
        kept: Option<(WarningForm, Vec<u8>)>,
    ) -> Result<cpeas::Message, Unwritable> {
        let (came, original) = match kept {
            Some((WarningForm::Cpeas, document)) => {
                let message = national::as_it_came(&document);
                let original = message.as_ref().and_then(national::to_cap);
                (message, original)
            }
            Some((form, document)) => (None, as_it_came(form, &document)),
            None => (None, None),
        };
        let event = came
            .as_ref()
            .map(|message| national::event(message).clone());
        if let Some(message) = came.filter(|_| self.over_at.is_none()) {
            return Ok(if self.exercise {
                national::drill(message)
            } else {
                message
            });
        }
        let agency = rules.national.as_ref().ok_or(Unwritable::NoAgency)?;
        let cap = self.cap(rules, original)?;
        let message = agency.message(&cap, self.id, self.accepted_at, event);
        message.ok_or(Unwritable::NoPlace)
    }
}
