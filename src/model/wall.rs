//! Civil time: UTC milliseconds inside, RFC 3339 at the edges.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A moment of civil time, in milliseconds since 1970 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(try_from = "String", into = "String", extend("format" = "date-time", "pattern" = "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z$")))]
pub struct Wall(i64);

impl Wall {
    /// From milliseconds since 1970 UTC.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since 1970 UTC.
    #[must_use]
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// This moment and `duration` more.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self(
            self.0
                .saturating_add(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)),
        )
    }

    /// Time from `earlier` to this moment; zero if `earlier` is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

impl From<Timestamp> for Wall {
    fn from(timestamp: Timestamp) -> Self {
        Self(timestamp.as_millisecond())
    }
}

impl From<Wall> for Timestamp {
    fn from(wall: Wall) -> Self {
        Self::from_millisecond(wall.0).unwrap_or(if wall.0 < 0 { Self::MIN } else { Self::MAX })
    }
}

impl fmt::Display for Wall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3}", Timestamp::from(*self))
    }
}

impl Serialize for Wall {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            self.0.serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for Wall {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let text = String::deserialize(deserializer)?;
            text.parse::<Timestamp>().map(Self::from).map_err(|_| {
                let shown: String = text.chars().take(40).collect();
                de::Error::custom(format_args!(
                    "`{shown}` is no time: write it as 2026-11-24T08:00:00+08:00"
                ))
            })
        } else {
            i64::deserialize(deserializer).map(Self)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_read_rfc_3339_and_the_disk_keeps_milliseconds() {
        let wall = Wall::from_millis(1_700_000_000_123);
        assert_eq!(
            serde_json::to_string(&wall).unwrap(),
            "\"2023-11-14T22:13:20.123Z\""
        );
        assert_eq!(
            serde_json::from_str::<Wall>("\"2023-11-15T06:13:20.123+08:00\"").unwrap(),
            wall
        );
        assert_eq!(
            postcard::from_bytes::<Wall>(&postcard::to_stdvec(&wall).unwrap()).unwrap(),
            wall
        );
    }
}
