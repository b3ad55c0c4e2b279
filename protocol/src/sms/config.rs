//! What the configurations of all SMS links share.

use core::fmt;

/// The secret that an operator and we share.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// Of these octets, as they are.
    #[must_use]
    pub fn new(secret: impl Into<Vec<u8>>) -> Self {
        Self(secret.into())
    }

    pub(in crate::sms) fn octets(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// How the validity of a message is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ValidityForm {
    /// As a time of the operator's clock.
    #[default]
    Absolute,
    /// As a time from now on.
    Relative,
    /// Not at all: the operator refuses both.
    Omit,
}

/// Why a link cannot be built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// A text that does not fit its field.
    #[error("{field} has {length} characters: it must have {least} to {most}, of ASCII")]
    Text {
        /// Which.
        field: &'static str,
        /// How many it has.
        length: usize,
        /// Fewest.
        least: usize,
        /// Most.
        most: usize,
    },
    /// A number that would stop the link.
    #[error("{0} is zero: it must be at least 1")]
    Zero(&'static str),
    /// A number that is too large or too small.
    #[error("{field} is {value}: it must be {least} to {most}")]
    Range {
        /// Which.
        field: &'static str,
        /// What it is.
        value: u32,
        /// Least.
        least: u32,
        /// Most.
        most: u32,
    },
}

/// Whether a text fits a field of `least` to `most` printable ASCII characters.
pub(in crate::sms) fn check_text(
    field: &'static str,
    text: &[u8],
    least: usize,
    most: usize,
) -> Result<(), ConfigError> {
    let printable = text.iter().all(u8::is_ascii_graphic);
    if printable && (least..=most).contains(&text.len()) {
        return Ok(());
    }
    Err(ConfigError::Text {
        field,
        length: String::from_utf8_lossy(text).chars().count(),
        least,
        most,
    })
}
