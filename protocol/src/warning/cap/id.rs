//! What a message is called: `sender,identifier,sent` (CAP 1.2, element `references`).

use core::fmt;
use core::str::FromStr;

use super::Time;

/// Why a text is no name of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// A name has no characters, or one that separates names.
    #[error("an identifier or sender has characters, and no white space, comma, < or & among them")]
    Characters,
    /// The name of a message is not three parts.
    #[error("a message is named by sender,identifier,sent")]
    NotThreeParts,
    /// The third part is no time.
    #[error("the third part of sender,identifier,sent is a time such as 2026-01-31T08:00:00+08:00")]
    Time,
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// Takes a name.
            ///
            /// # Errors
            /// It is empty, or has white space, a comma, `<` or `&`.
            pub fn new(name: &str) -> Result<Self, IdError> {
                let separates = |c: char| c.is_whitespace() || matches!(c, ',' | '<' | '&');
                if name.is_empty() || name.contains(separates) {
                    return Err(IdError::Characters);
                }
                Ok(Self(name.to_owned()))
            }

            /// The name.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name! {
    /// `identifier`: a number or name of the message that is unique at its sender.
    Identifier
}

name! {
    /// `sender`: who has sent the message, unique in the world, such as an internet domain.
    Sender
}

/// The name of a message.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MessageId {
    /// Who has sent it.
    pub sender: Sender,
    /// Its name at the sender.
    pub identifier: Identifier,
    /// When it was sent.
    pub sent: Time,
}

impl MessageId {
    /// Whether both name one message: peers write one instant with different distances to UTC.
    #[must_use]
    pub fn names_same(&self, other: &Self) -> bool {
        self.sender == other.sender
            && self.identifier == other.identifier
            && self.sent.timestamp() == other.sent.timestamp()
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{},{},{}", self.sender, self.identifier, self.sent)
    }
}

impl FromStr for MessageId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let mut parts = text.split(',');
        let (Some(sender), Some(identifier), Some(sent), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(IdError::NotThreeParts);
        };
        Ok(Self {
            sender: Sender::new(sender)?,
            identifier: Identifier::new(identifier)?,
            sent: Time::parse(sent).ok_or(IdError::Time)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_named_by_three_parts() {
        let text = "http://a.example/x,id-1,2026-01-31T08:00:00+08:00";
        let id: MessageId = text.parse().expect("a name");
        assert_eq!(id.to_string(), text);
        for (text, error) in [
            ("a,b", IdError::NotThreeParts),
            ("a,b,2026-01-31T08:00:00+08:00,c", IdError::NotThreeParts),
            (",b,2026-01-31T08:00:00+08:00", IdError::Characters),
            ("a,b&c,2026-01-31T08:00:00+08:00", IdError::Characters),
            ("a,b,2026-01-31T08:00:00Z", IdError::Time),
        ] {
            assert_eq!(text.parse::<MessageId>(), Err(error), "{text}");
        }
    }

    #[test]
    fn one_instant_written_in_two_ways_names_one_message() {
        let id = |sent: &str| format!("a,b,{sent}").parse::<MessageId>().expect("a name");
        let east = id("2026-01-31T08:00:00+08:00");
        assert!(east.names_same(&id("2026-01-31T00:00:00-00:00")));
        assert!(!east.names_same(&id("2026-01-31T08:00:00+00:00")));
    }
}
