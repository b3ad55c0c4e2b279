//! Records in JSON lines, as `decode --json` writes them.

use narrowcast_hardware::capture::Direction;
use serde::Deserialize;

use super::{Raw, hex_lines};

#[derive(Deserialize)]
struct Record {
    #[serde(default)]
    kind: String,
    hex: Option<String>,
    time: Option<String>,
    #[serde(default)]
    link: String,
    direction: Option<String>,
    from: Option<serde_json::Value>,
    to: Option<serde_json::Value>,
}

/// The frame in a line; `None` for a message put together from frames, which is none itself.
pub(super) fn record(line: &str) -> Result<Option<Raw>, String> {
    let record: Record =
        serde_json::from_str(line).map_err(|error| format!("no JSON record: {error}"))?;
    let Some(hex) = record.hex else {
        return match record.kind.as_str() {
            "message" => Ok(None),
            _ => Err("a JSON record without \"hex\"".to_owned()),
        };
    };
    let address = |value: Option<serde_json::Value>| value?.as_str()?.parse().ok();
    Ok(Some(Raw {
        at: record.time.and_then(|time| time.parse().ok()),
        interface: record.link,
        direction: match record.direction.as_deref() {
            Some("in") => Some(Direction::Inbound),
            Some("out") => Some(Direction::Outbound),
            _ => None,
        },
        peers: address(record.from).zip(address(record.to)),
        bytes: hex_lines::bytes(&hex)?,
        ..Raw::default()
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_output_of_decode_is_input_again() {
        let line = r#"{"ok":true,"kind":"homebrew","time":"2026-01-31T12:00:00Z","link":"hb1","direction":"in","from":"10.0.0.2:4000","to":"10.0.0.1:62031","hex":"52505450"}"#;
        let raw = record(line).unwrap().unwrap();
        assert_eq!(raw.bytes, b"RPTP");
        assert_eq!(raw.direction, Some(Direction::Inbound));
        assert_eq!(raw.peers.unwrap().1.port(), 62_031);
        assert_eq!(record(r#"{"kind":"message","text":"x"}"#), Ok(None));
        assert!(record("{:}").is_err());
        assert!(record(r#"{"hex":"5"}"#).is_err());
    }
}
