//! Kinds of values: durations, sizes, slots, networks, secrets.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use narrowcast_protocol::air::{CarrierId, Slot, StationId};
use narrowcast_protocol::homebrew::master;
use serde::{Deserialize, Deserializer, de};

const DAY: Duration = Duration::from_secs(86_400);

/// A passphrase; its `Debug` does not show it.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// The passphrase.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(not shown)")
    }
}

/// Addresses that share a prefix, as in `10.20.0.0/16`; a single address is its own network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network(pub master::Network);

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.parse().map(Self).map_err(|error| {
            format!("`{text}` is no network: {error}; write it as 10.20.0.0/16 or 10.20.0.7")
        })
    }
}

impl<'de> Deserialize<'de> for Network {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}

/// `"20s"`, `"1h 30m"`, `"500ms"`.
pub(super) fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse::<jiff::SignedDuration>()
        .ok()
        .and_then(|signed| Duration::try_from(signed).ok())
        .ok_or_else(|| {
            de::Error::custom(format!(
                "`{text}` is no duration: write it as \"20s\", \"15m\" or \"1h 30m\""
            ))
        })
}

/// `"never"`, `"daily"`, `"weekly"`, or a duration.
pub(super) fn period<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Duration>, D::Error> {
    let text = String::deserialize(deserializer)?;
    match text.as_str() {
        "never" => Ok(None),
        "daily" => Ok(Some(DAY)),
        "weekly" => Ok(Some(7 * DAY)),
        _ => duration(de::value::StringDeserializer::<D::Error>::new(text))
            .map(Some)
            .map_err(|error| {
                de::Error::custom(format!("{error}; or \"never\", \"daily\", \"weekly\""))
            }),
    }
}

/// `"64 MiB"`, `"2 GiB"`, or plain bytes as a number.
pub(super) fn size<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Bytes(u64),
        Text(String),
    }
    match Written::deserialize(deserializer) {
        Ok(Written::Bytes(bytes)) => Ok(bytes),
        Ok(Written::Text(text)) => bytes_of(&text).ok_or_else(|| {
            de::Error::custom(format!(
                "`{text}` is no size: write it as \"64 MiB\", \"2 GiB\" or in bytes"
            ))
        }),
        Err(_) => Err(de::Error::custom(
            "this is no size: write it as \"64 MiB\", \"2 GiB\" or in bytes",
        )),
    }
}

fn bytes_of(text: &str) -> Option<u64> {
    let digits = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(digits)?;
    let shift = match unit.trim() {
        "" | "B" => 0,
        "KiB" => 10,
        "MiB" => 20,
        "GiB" => 30,
        "TiB" => 40,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(1 << shift)
}

/// `"310001/2"`: a station and its timeslot.
pub(super) fn carriers<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<CarrierId>, D::Error> {
    let read = |text: &String| {
        let (station, slot) = text.split_once('/')?;
        let slot = match slot {
            "1" => Slot::One,
            "2" => Slot::Two,
            _ => return None,
        };
        let station = StationId(station.parse().ok()?);
        Some(CarrierId { station, slot })
    };
    let texts = Vec::<String>::deserialize(deserializer)?;
    texts
        .iter()
        .map(|text| {
            read(text).ok_or_else(|| {
                de::Error::custom(format!(
                    "`{text}` is no carrier: write station and timeslot as \"310001/2\""
                ))
            })
        })
        .collect()
}

/// `[1, 2]`.
pub(super) fn slots<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Slot>, D::Error> {
    let numbers = Vec::<i64>::deserialize(deserializer)?;
    numbers
        .into_iter()
        .map(|number| match number {
            1 => Ok(Slot::One),
            2 => Ok(Slot::Two),
            _ => Err(de::Error::custom(format!(
                "{number} is no timeslot: write [1], [2] or [1, 2]"
            ))),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_contains_its_own_addresses_only() {
        let network: Network = "10.20.0.0/16".parse().unwrap();
        assert!(network.0.contains("10.20.3.4".parse().unwrap()));
        assert!(network.0.contains("::ffff:10.20.3.4".parse().unwrap()));
        assert!(!network.0.contains("10.21.3.4".parse().unwrap()));
        let all: Network = "0.0.0.0/0".parse().unwrap();
        assert!(all.0.contains("203.0.113.9".parse().unwrap()));
        let one: Network = "fd00::1".parse().unwrap();
        assert!(one.0.contains("fd00::1".parse().unwrap()));
        assert!(!one.0.contains("fd00::2".parse().unwrap()));
        assert!("10.0.0.0/33".parse::<Network>().is_err());
    }

    #[test]
    fn sizes_are_read_with_their_unit() {
        assert_eq!(bytes_of("64 MiB"), Some(64 << 20));
        assert_eq!(bytes_of("512"), Some(512));
        assert_eq!(bytes_of("64 MB"), None);
        assert_eq!(bytes_of("99999999 TiB"), None);
        assert_eq!(bytes_of("MiB"), None);
    }

    #[test]
    fn a_passphrase_is_never_printed() {
        let secret = Secret::from("open sesame".to_owned());
        assert!(!format!("{secret:?}").contains("sesame"));
    }
}
