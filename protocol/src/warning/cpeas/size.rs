//! The size of a resource, which some write with a unit.

use core::fmt;

/// `size`: octets, or with a unit as in "84k". Kept as it was written.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Size(String);

impl Size {
    /// A size; one that is no number is kept, too. None where it is empty.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        (!text.is_empty()).then(|| Self(text.to_owned()))
    }

    /// The size as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Octets; k is 1024 of them, M is 1024 k, in any case and with a B behind it or not. With
    /// a unit it is rounded by who wrote it. None where it is no such number.
    #[must_use]
    pub fn octets(&self) -> Option<u64> {
        let end = self.0.find(|c: char| !c.is_ascii_digit());
        let (number, unit) = self.0.split_at_checked(end.unwrap_or(self.0.len()))?;
        let scale = match unit.trim().to_ascii_lowercase().as_str() {
            "" | "b" => 1,
            "k" | "kb" => 1 << 10,
            "m" | "mb" => 1 << 20,
            _ => return None,
        };
        number.parse::<u64>().ok()?.checked_mul(scale)
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
