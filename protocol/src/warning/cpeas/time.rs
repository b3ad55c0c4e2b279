//! Times as this form writes them: `2020-02-05 10:45:00+08:00`, with a blank where CAP has a T.

use core::fmt;

use jiff::Timestamp;

use crate::warning::cap;

/// A time with the distance to UTC as it was written. Whole seconds. Two are equal when they
/// are written alike; compare [`Time::timestamp`] for the instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Time(cap::Time);

impl Time {
    /// Reads `YYYY-MM-DD HH:MM:SS+08:00`. None for every other form, that of CAP too.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (day, clock) = text.split_once(' ')?;
        cap::Time::parse(&format!("{day}T{clock}")).map(Self)
    }

    /// The time as CAP writes it.
    #[must_use]
    pub const fn to_cap(self) -> cap::Time {
        self.0
    }

    /// The time of CAP's.
    #[must_use]
    pub const fn from_cap(time: cap::Time) -> Self {
        Self(time)
    }

    /// The instant.
    #[must_use]
    pub fn timestamp(self) -> Timestamp {
        self.0.timestamp()
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_string().replacen('T', " ", 1))
    }
}
