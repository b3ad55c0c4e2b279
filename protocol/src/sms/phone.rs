//! Telephone numbers.

use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Serialize};

/// Fewest digits of a number.
pub const SHORTEST: usize = 3;
/// Most digits of a number (a service number with its extension, CMPP 3.0 clause 7.4.3).
pub const LONGEST: usize = 20;

/// Country code of China.
const CHINA: &[u8] = b"86";
/// Digits of a Chinese mobile number without its country code.
const MOBILE: usize = 11;

/// Why a text is no telephone number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PhoneError {
    /// A character that is no digit.
    #[error("a telephone number has digits only, with at most one + in front")]
    NotDigits,
    /// Too few or too many digits.
    #[error("a telephone number has {SHORTEST} to {LONGEST} digits, this one has {0}")]
    Length(usize),
}

/// A telephone number in its normal form: a Chinese mobile number is 11 digits without country
/// code, another international number has a plus in front, all others are as they were written.
/// So `13800138000`, `8613800138000`, `+8613800138000` and `008613800138000` are one number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(extend("pattern" = r"^\+?[0-9]{3,20}$")))]
#[serde(try_from = "String", into = "String")]
pub struct Phone {
    /// ASCII digits; those behind `length` are zero.
    digits: [u8; LONGEST],
    length: u8,
    international: bool,
}

/// How an operator wants a Chinese mobile number written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Prefix {
    /// `13800138000`
    #[default]
    Bare,
    /// `8613800138000`
    CountryCode,
    /// `+8613800138000`
    Plus,
}

impl Phone {
    /// Reads a number. Blanks and hyphens between the digits are dropped.
    ///
    /// # Errors
    /// It has other characters, or less than 3 or more than 20 digits.
    pub fn new(written: &str) -> Result<Self, PhoneError> {
        let written = written.trim();
        let (plus, rest) = match written.strip_prefix('+') {
            Some(rest) => (true, rest),
            None => (false, written),
        };
        let mut digits = Vec::with_capacity(LONGEST);
        for byte in rest.bytes().filter(|byte| !matches!(byte, b' ' | b'-')) {
            if !byte.is_ascii_digit() {
                return Err(PhoneError::NotDigits);
            }
            if digits.len() <= LONGEST + 2 {
                digits.push(byte);
            }
        }
        Self::normal(plus, &digits)
    }

    fn normal(plus: bool, digits: &[u8]) -> Result<Self, PhoneError> {
        // 00 is how the plus is dialled.
        let dialled = digits.strip_prefix(b"00").filter(|_| !plus);
        let international = plus || dialled.is_some_and(|rest| rest.len() > MOBILE);
        let digits = match dialled {
            Some(rest) if international => rest,
            _ => digits,
        };
        let national = digits.strip_prefix(CHINA).filter(|rest| is_mobile(rest));
        let (international, digits) = match national {
            Some(rest) => (false, rest),
            None => (international, digits),
        };
        let length = digits.len();
        if !(SHORTEST..=LONGEST).contains(&length) {
            return Err(PhoneError::Length(length));
        }
        let mut kept = [0; LONGEST];
        for (place, digit) in kept.iter_mut().zip(digits) {
            *place = *digit;
        }
        Ok(Self {
            digits: kept,
            length: u8::try_from(length).map_err(|_| PhoneError::Length(length))?,
            international,
        })
    }

    /// Its digits in the normal form, without the plus.
    #[must_use]
    pub fn digits(&self) -> &str {
        let digits = self.digits.get(..usize::from(self.length));
        // Only digits get in.
        core::str::from_utf8(digits.unwrap_or_default()).unwrap_or_default()
    }

    /// Whether it is written with a plus: its first digits are a country code.
    #[must_use]
    pub const fn is_international(&self) -> bool {
        self.international
    }

    /// Whether it is a Chinese mobile number.
    #[must_use]
    pub fn is_chinese_mobile(&self) -> bool {
        !self.international && is_mobile(self.digits().as_bytes())
    }

    /// The number as an operator wants it. `prefix` matters for Chinese mobile numbers only.
    #[must_use]
    pub fn written(&self, prefix: Prefix) -> String {
        match prefix {
            Prefix::CountryCode if self.is_chinese_mobile() => format!("86{}", self.digits()),
            Prefix::Plus if self.is_chinese_mobile() => format!("+86{}", self.digits()),
            _ => self.to_string(),
        }
    }
}

fn is_mobile(digits: &[u8]) -> bool {
    digits.len() == MOBILE && matches!(digits, [b'1', b'3'..=b'9', ..])
}

impl fmt::Display for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.international {
            f.write_str("+")?;
        }
        f.write_str(self.digits())
    }
}

impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Phone({self})")
    }
}

impl FromStr for Phone {
    type Err = PhoneError;

    fn from_str(written: &str) -> Result<Self, PhoneError> {
        Self::new(written)
    }
}

impl TryFrom<String> for Phone {
    type Error = PhoneError;

    fn try_from(written: String) -> Result<Self, PhoneError> {
        Self::new(&written)
    }
}

impl From<Phone> for String {
    fn from(phone: Phone) -> Self {
        phone.to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn phone(written: &str) -> Phone {
        Phone::new(written).expect("a number")
    }

    #[test]
    fn all_ways_to_write_a_chinese_mobile_number_are_one_number() {
        let bare = phone("13800138000");
        for written in [
            "8613800138000",
            "+8613800138000",
            "008613800138000",
            "+86 138-0013-8000",
            " 13800138000 ",
        ] {
            assert_eq!(phone(written), bare, "{written}");
        }
        assert_eq!(bare.written(Prefix::Bare), "13800138000");
        assert_eq!(bare.written(Prefix::CountryCode), "8613800138000");
        assert_eq!(bare.written(Prefix::Plus), "+8613800138000");
    }

    #[test]
    fn a_foreign_number_that_looks_like_a_mobile_one_stays_foreign() {
        let foreign = phone("+13800138000");
        assert!(foreign.is_international());
        assert_ne!(foreign, phone("13800138000"));
        assert_eq!(foreign.written(Prefix::CountryCode), "+13800138000");
    }

    #[test]
    fn service_numbers_stay_as_they_are() {
        for written in ["110", "12379", "106901234", "10690123456789012345"] {
            assert_eq!(phone(written).to_string(), written);
        }
    }

    #[test]
    fn what_is_no_number_is_refused_with_the_reason() {
        for written in ["+", "", "12"] {
            assert!(matches!(Phone::new(written), Err(PhoneError::Length(_))));
        }
        let long = "1".repeat(21);
        assert_eq!(Phone::new(&long), Err(PhoneError::Length(21)));
        assert!(Phone::new(&"9".repeat(100_000)).is_err());
        for written in ["138001380o0", "+86+13800138000", "１３８", "138\u{0}000"] {
            assert_eq!(Phone::new(written), Err(PhoneError::NotDigits), "{written}");
        }
    }

    proptest! {
        #[test]
        fn the_normal_form_is_read_as_itself(written in r"(\+|00)?[0-9]{3,20}") {
            if let Ok(phone) = Phone::new(&written) {
                prop_assert_eq!(Phone::new(&phone.to_string()), Ok(phone));
            }
        }
    }
}
