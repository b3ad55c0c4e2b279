//! Who is on the air: the addresses of radios and groups.

use core::fmt;
use core::num::NonZeroU32;

use serde::{Deserialize, Serialize};

/// Why a number is no radio or group identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{value} is not a {what}: expected {FIRST_ID} to {LAST_ID}")]
pub struct IdentityError {
    what: &'static str,
    value: u32,
}

/// Lowest individual or group address; 0 is the null address.
pub const FIRST_ID: u32 = 1;
/// Highest address of a radio; above it stand gateways and all-calls (TS 102 361-1 Annex A).
pub const LAST_ID: u32 = 0xFF_FCDF;

macro_rules! identity {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[cfg_attr(feature = "schema", schemars(extend("minimum" = FIRST_ID, "maximum" = LAST_ID)))]
        #[serde(try_from = "u32", into = "u32")]
        pub struct $name(NonZeroU32);

        impl $name {
            /// The identity with this number, or why there is none.
            ///
            /// # Errors
            /// The number is 0 or above [`LAST_ID`].
            pub const fn new(value: u32) -> Result<Self, IdentityError> {
                match NonZeroU32::new(value) {
                    Some(id) if value <= LAST_ID => Ok(Self(id)),
                    _ => Err(IdentityError { what: $what, value }),
                }
            }

            /// The 24-bit number.
            #[must_use]
            pub const fn get(self) -> u32 {
                self.0.get()
            }
        }

        impl TryFrom<u32> for $name {
            type Error = IdentityError;

            fn try_from(value: u32) -> Result<Self, IdentityError> {
                Self::new(value)
            }
        }

        impl From<$name> for u32 {
            fn from(id: $name) -> u32 {
                id.get()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.get().fmt(f)
            }
        }
    };
}

identity!(
    /// The 24-bit individual address of a radio (TS 102 361-1 Annex A).
    RadioId,
    "radio id"
);
identity!(
    /// The 24-bit address of a talkgroup.
    GroupId,
    "group id"
);

/// Whom a transmission is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Address {
    /// One radio.
    Radio(RadioId),
    /// Every radio that listens to the group.
    Group(GroupId),
}

impl Address {
    /// The 24-bit number.
    #[must_use]
    pub const fn get(self) -> u32 {
        match self {
            Self::Radio(id) => id.get(),
            Self::Group(id) => id.get(),
        }
    }

    /// Whether this is a group address.
    #[must_use]
    pub const fn is_group(self) -> bool {
        matches!(self, Self::Group(_))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Radio(id) => write!(f, "radio {id}"),
            Self::Group(id) => write!(f, "group {id}"),
        }
    }
}
