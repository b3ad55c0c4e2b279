//! Identities that are unique everywhere.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use ulid::Ulid;

/// A position in the ledger; the first fact has 1, 0 is "before everything".
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Seq(pub u64);

impl Seq {
    /// The position after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

macro_rules! ulid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[cfg_attr(test, derive(schemars::JsonSchema))]
        #[cfg_attr(test, schemars(try_from = "String", into = "String", extend("pattern" = "^[0-7][0-9A-HJKMNP-TV-Z]{25}$")))]
        pub struct $name(pub Ulid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                Ulid::from_string(text).map(Self).map_err(|_| IdError { text: text.chars().take(40).collect() })
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if serializer.is_human_readable() {
                    serializer.collect_str(&self.0)
                } else {
                    u128::from(self.0).to_be_bytes().serialize(serializer)
                }
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                if deserializer.is_human_readable() {
                    String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
                } else {
                    <[u8; 16]>::deserialize(deserializer).map(|bytes| Self(Ulid::from(u128::from_be_bytes(bytes))))
                }
            }
        }
    };
}

/// Text that is no ULID.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is no id: expected 26 characters of Crockford base 32, as in 01J9ZK3V7N4Q8R2T5W6X0Y1Z2A"
)]
pub struct IdError {
    text: String,
}

ulid_id!(
    /// A sensor alarm, from its raising to its end.
    SensorAlarmId
);
ulid_id!(
    /// An alert.
    AlertId
);
ulid_id!(
    /// An emergency.
    EmergencyId
);
ulid_id!(
    /// An access token.
    TokenId
);

/// A delivery within its alert: the position of its recipient in the frozen list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct DeliveryIndex(pub u32);

/// One alert to one recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DeliveryId {
    /// The alert.
    pub alert: AlertId,
    /// Which of its recipients.
    pub index: DeliveryIndex,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_text_for_people_and_sixteen_bytes_on_disk() {
        let id: AlertId = "01J9ZK3V7N4Q8R2T5W6X0Y1Z2A".parse().unwrap();
        assert_eq!(
            serde_json::to_string(&id).unwrap(),
            "\"01J9ZK3V7N4Q8R2T5W6X0Y1Z2A\""
        );
        let stored = postcard::to_stdvec(&id).unwrap();
        assert_eq!(stored.len(), 16);
        assert_eq!(postcard::from_bytes::<AlertId>(&stored).unwrap(), id);
    }

    #[test]
    fn a_bad_id_is_refused_with_what_was_expected() {
        let error = "nonsense".parse::<AlertId>().unwrap_err().to_string();
        assert!(
            error.contains("`nonsense`") && error.contains("26 characters"),
            "{error}"
        );
    }
}
