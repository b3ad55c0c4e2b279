//! Times as CAP writes them (CAP 1.2 clause 3.3.2): `2026-01-31T08:00:00+08:00`. Whole seconds,
//! always with the distance to UTC, which is `-00:00` for UTC itself.

use core::fmt;

use jiff::civil::DateTime;
use jiff::tz::Offset;
use jiff::{Timestamp, ToSpan};

/// Furthest distance to UTC, in minutes (XML Schema part 2, clause 3.2.7.3).
const FURTHEST: i32 = 14 * 60;

/// A time with the distance to UTC as it was written. Two are equal when they are written
/// alike; compare [`Time::timestamp`] for the instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Time {
    local: DateTime,
    /// Minutes east of UTC, -840 to 840.
    offset: i32,
    /// A distance of nothing is written with a minus.
    minus: bool,
}

impl Time {
    /// The time as it is written with a distance to UTC; parts of a second and of a minute of
    /// the distance are dropped. None where the year is not 1 to 9999 or the distance is
    /// beyond 14 hours.
    #[must_use]
    pub fn new(at: Timestamp, offset: Offset) -> Option<Self> {
        let minutes = offset.seconds() / 60;
        let whole = Offset::from_seconds(minutes.checked_mul(60)?).ok()?;
        let local = whole
            .to_datetime(at)
            .with()
            .subsec_nanosecond(0)
            .build()
            .ok()?;
        let fits = local.year() >= 1 && minutes.abs() <= FURTHEST;
        fits.then_some(Self {
            local,
            offset: minutes,
            minus: minutes <= 0,
        })
    }

    /// Reads a time as the standard writes it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (local, zone) = text.split_at_checked(19)?;
        let minus = match zone.bytes().next()? {
            b'-' => true,
            b'+' => false,
            _ => return None,
        };
        let hours = number(zone.get(1..3)?)?;
        let minutes = number(zone.get(4..)?)?;
        let offset = hours * 60 + minutes;
        if zone.len() != 6 || zone.get(3..4)? != ":" || minutes > 59 || offset > FURTHEST {
            return None;
        }
        Some(Self {
            local: civil(local)?,
            offset: if minus { -offset } else { offset },
            minus,
        })
    }

    /// Reads what [`Time::parse`] does, and `Z` for UTC, which CAP forbids and peers send.
    #[must_use]
    pub fn parse_lenient(text: &str) -> Option<Self> {
        let utc = text.strip_suffix('Z').map(|local| format!("{local}-00:00"));
        Self::parse(utc.as_deref().unwrap_or(text))
    }

    /// The instant. The last day of the year 9999, which stands for "never ends", is the
    /// latest instant there is.
    #[must_use]
    pub fn timestamp(self) -> Timestamp {
        let offset = Offset::from_seconds(self.offset * 60).unwrap_or(Offset::UTC);
        offset.to_timestamp(self.local).unwrap_or(Timestamp::MAX)
    }

    /// Minutes east of UTC, -840 to 840.
    #[must_use]
    pub const fn offset_minutes(self) -> i32 {
        self.offset
    }
}

/// `yyyy-mm-ddThh:mm:ss`; 24:00:00 is the beginning of the next day.
fn civil(text: &str) -> Option<DateTime> {
    let separators = [(4, "-"), (7, "-"), (10, "T"), (13, ":"), (16, ":")];
    for (at, separator) in separators {
        if text.get(at..=at)? != separator {
            return None;
        }
    }
    let part = |from: usize, to: usize| number(text.get(from..to)?);
    let year = part(0, 4)?;
    let (hour, minute, second) = (part(11, 13)?, part(14, 16)?, part(17, 19)?);
    let end_of_day = hour == 24 && minute == 0 && second == 0;
    let day = DateTime::new(
        i16::try_from(year).ok()?,
        i8::try_from(part(5, 7)?).ok()?,
        i8::try_from(part(8, 10)?).ok()?,
        if end_of_day {
            0
        } else {
            i8::try_from(hour).ok()?
        },
        i8::try_from(minute).ok()?,
        i8::try_from(second).ok()?,
        0,
    );
    let day = day.ok().filter(|_| year >= 1)?;
    if end_of_day {
        // Behind the last day there is none.
        Some(day.saturating_add(1.day()))
    } else {
        Some(day)
    }
}

/// Decimal digits only.
fn number(digits: &str) -> Option<i32> {
    let all = digits.bytes().all(|digit| digit.is_ascii_digit());
    digits.parse().ok().filter(|_| all)
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.minus { '-' } else { '+' };
        let offset = self.offset.abs();
        write!(
            f,
            "{}{sign}{:02}:{:02}",
            self.local.strftime("%Y-%m-%dT%H:%M:%S"),
            offset / 60,
            offset % 60
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_standard_writes_is_read_and_written_alike() {
        for text in [
            "2026-01-31T08:00:00+08:00",
            "2011-09-02T11:36:50-00:00",
            "2019-01-16T03:15:58+00:00",
            "0001-01-01T00:00:00+14:00",
            "9999-12-31T23:59:59-14:00",
            "2024-02-29T12:00:00-03:30",
        ] {
            let time = Time::parse(text).expect(text);
            assert_eq!(time.to_string(), text);
        }
    }

    #[test]
    fn what_the_standard_forbids_is_refused() {
        for text in [
            "2026-01-31T08:00:00Z",
            "2026-01-31T08:00:00",
            "2026-01-31T08:00:00.5+08:00",
            "2026-01-31 08:00:00+08:00",
            "2026-01-31T08:00:00,08:00",
            "2026-01-31T08:00:00+0800",
            "2026-01-31T08:00:00+08:00 ",
            "2026-01-31T08:00:00+14:01",
            "2026-01-31T08:00:00+08:60",
            "2026-01-31T08:00:60+08:00",
            "2026-01-31T24:00:01+08:00",
            "2026-02-29T08:00:00+08:00",
            "2026-13-01T08:00:00+08:00",
            "0000-01-01T08:00:00+08:00",
            "+026-01-31T08:00:00+08:00",
            "2026-01-31T08:00:00+-8:00",
            "２０２６-01-31T08:00:00+08:00",
            "",
        ] {
            assert_eq!(Time::parse(text), None, "{text}");
        }
    }

    #[test]
    fn z_is_read_leniently_and_never_written() {
        let time = Time::parse_lenient("2026-01-31T08:00:00Z").expect("lenient");
        assert_eq!(time.to_string(), "2026-01-31T08:00:00-00:00");
        assert_eq!(Time::parse_lenient("2026-01-31T08:00:00+08:00Z"), None);
    }

    #[test]
    fn instants_take_the_distance_into_account_and_never_ends_is_last() {
        let east = Time::parse("2026-01-31T08:00:00+08:00").expect("a time");
        let utc = Time::parse("2026-01-31T00:00:00-00:00").expect("a time");
        assert_ne!(east, utc);
        assert_eq!(east.timestamp(), utc.timestamp());
        let never = Time::parse("9999-12-31T23:59:59+00:00").expect("a time");
        assert_eq!(never.timestamp(), Timestamp::MAX);
        let midnight = Time::parse("2026-01-31T24:00:00+08:00").expect("a time");
        assert_eq!(midnight.to_string(), "2026-02-01T00:00:00+08:00");
    }

    #[test]
    fn a_timestamp_is_written_with_the_distance_asked_for() {
        let at: Timestamp = "2026-01-31T00:00:00.9Z".parse().expect("a timestamp");
        let written = |hours| Time::new(at, jiff::tz::offset(hours)).map(|time| time.to_string());
        assert_eq!(written(8).as_deref(), Some("2026-01-31T08:00:00+08:00"));
        assert_eq!(written(0).as_deref(), Some("2026-01-31T00:00:00-00:00"));
        assert_eq!(written(-15), None);
    }
}
