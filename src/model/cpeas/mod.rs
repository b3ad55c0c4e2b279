//! What a message of the national early-warning form becomes here. `docs/cpeas.md` has it as
//! tables; areas and expiry are those of the same message as CAP.

mod from_cap;
mod to_cap;

use narrowcast_protocol::warning::cpeas::{Colour, Identifier, Message, MethodName, read};
use narrowcast_protocol::warning::xml::Strictness;

pub use from_cap::{Agency, drill};
pub use to_cap::to_cap;

use crate::model::alert::Precedence;
use crate::model::cap::{self, CapRules, Mapped, Unmapped};
use crate::model::language::Words;
use crate::model::wall::Wall;
use crate::model::warning::AllClear;

/// The name under which a message is taken in.
#[must_use]
pub fn key(id: &Identifier) -> String {
    format!("cpeas:{id}")
}

/// A kept document as the message that it is.
#[must_use]
pub fn as_it_came(document: &[u8]) -> Option<Message> {
    let read = read(document, Strictness::Strict).ok()?;
    read.acceptable().cloned()
}

/// The first issue of the event that a message belongs to.
#[must_use]
pub fn event(message: &Message) -> &Identifier {
    message.references.as_ref().unwrap_or(&message.identifier)
}

/// How urgent a colour is. White is as blue; what is not known is Routine.
#[must_use]
pub const fn precedence(colour: &Colour) -> Precedence {
    match colour {
        Colour::Red => Precedence::Flash,
        Colour::Orange => Precedence::Immediate,
        Colour::Yellow => Precedence::Priority,
        Colour::Blue | Colour::White | Colour::Unknown | Colour::Other(_) => Precedence::Routine,
    }
}

/// What a message becomes at `now`.
///
/// # Errors
/// It says nothing, is for nobody, or has a number that CAP cannot write.
pub fn map(message: &Message, rules: &CapRules, now: Wall) -> Result<Mapped, Unmapped> {
    let alert = to_cap(message).ok_or(Unmapped::NoInfo)?;
    Ok(Mapped {
        words: words(message).ok_or(Unmapped::NoWords)?,
        precedence: precedence(&message.info.colour),
        ..cap::map(&alert, rules, now)?
    })
}

/// How people are told that the event is over.
#[must_use]
pub fn all_clear(message: &Message) -> AllClear {
    words(message).map_or(AllClear::OfTheVersion, AllClear::Words)
}

/// What it says, in its one language.
fn words(message: &Message) -> Option<Words> {
    let language = message.info.language.as_deref();
    Some(Words {
        text: text(message)?,
        language: language.and_then(|it| it.parse().ok()),
        translations: Vec::new(),
    })
}

/// The words that the form gives to short messages, otherwise those for loudspeakers; if no method
/// has its own, headline and description as far as both fit, or the headline and the beginning of
/// the description.
fn text(message: &Message) -> Option<String> {
    let own = |name: &MethodName| {
        let mut methods = message.methods.iter();
        methods.find_map(|it| it.message.as_deref().filter(|_| it.name == *name))
    };
    let info = &message.info;
    match own(&MethodName::Sms).or_else(|| own(&MethodName::Speaker)) {
        Some(words) => cap::shown(words),
        None => cap::shown(&format!("{}。{}", info.headline, info.description)),
    }
}
