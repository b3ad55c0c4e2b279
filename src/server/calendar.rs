//! Whether the civil clock can be believed at all. The store and the ids reckon from 1970 on.

use jiff::Timestamp;

use crate::server::ServerError;

/// 2106-02-07: where a time of 32 bits in seconds ends.
const LAST: i64 = u32::MAX as i64;

/// Refuses to start by a clock that is before 1970 or after 2106.
///
/// # Errors
/// Says what the clock shows.
pub fn sound_clock() -> Result<(), ServerError> {
    checked(Timestamp::now())
}

fn checked(now: Timestamp) -> Result<(), ServerError> {
    if (0..=LAST).contains(&now.as_second()) && now >= Timestamp::UNIX_EPOCH {
        return Ok(());
    }
    Err(ServerError::Clock { now })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_before_1970_or_after_2106_is_refused_by_what_it_shows() {
        for (now, sound) in [
            ("1966-03-01T00:00:00Z", false),
            ("1969-12-31T23:59:59.999Z", false),
            ("1970-01-01T00:00:00Z", true),
            ("2026-11-30T12:00:00Z", true),
            ("2106-02-07T06:28:15Z", true),
            ("2107-01-01T00:00:00Z", false),
        ] {
            let said = checked(now.parse().unwrap()).map_err(|error| error.to_string());
            assert_eq!(said.is_ok(), sound, "{now}");
            assert!(said.err().is_none_or(|said| said.contains(&now[..4])));
        }
    }
}
