//! Civil time of an operator, and the validity of a message as it is written (CMPP 2.0 clause
//! 7.4.3.1 takes it from SMPP).

use core::time::Duration;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;

use crate::time::Instant;

/// Longest validity that is written, 30 days.
const LONGEST: u64 = 30 * 86_400;

/// How the monotonic clock and the clock on an operator's wall hang together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WallClock {
    micros_at_zero: i64,
    offset_seconds: i32,
}

impl WallClock {
    /// Of [`Instant::ZERO`] in microseconds since 1970 UTC, and of the operator's zone in seconds
    /// east of Greenwich: 28,800 in China. An offset of a day or more is taken for none.
    #[must_use]
    pub const fn new(micros_at_zero: i64, offset_seconds: i32) -> Self {
        Self {
            micros_at_zero,
            offset_seconds: if offset_seconds.unsigned_abs() < 86_400 {
                offset_seconds
            } else {
                0
            },
        }
    }

    /// What the operator's clock shows. A time beyond the calendar is its end.
    fn local(self, at: Instant) -> DateTime {
        let micros = i64::try_from(at.as_micros()).unwrap_or(i64::MAX);
        let micros = self.micros_at_zero.saturating_add(micros);
        let offset = Offset::from_seconds(self.offset_seconds).unwrap_or(Offset::UTC);
        match Timestamp::from_microsecond(micros) {
            Ok(time) => offset.to_datetime(time),
            Err(_) => DateTime::MAX,
        }
    }

    /// MMDDHHMMSS as a number, for CONNECT.
    #[must_use]
    pub fn log_in_stamp(self, at: Instant) -> u32 {
        let local = self.local(at);
        let parts = [
            local.month(),
            local.day(),
            local.hour(),
            local.minute(),
            local.second(),
        ];
        let parts = parts.into_iter().map(i8::unsigned_abs);
        parts.fold(0, |stamp, part| stamp * 100 + u32::from(part))
    }

    /// `YYMMDDhhmmsstnnp`: with tenths, and the offset in quarters of an hour (SMPP 3.4
    /// clause 7.1.1.1).
    #[must_use]
    pub fn absolute(self, at: Instant) -> String {
        let local = self.local(at);
        let tenth = local.subsec_nanosecond() / 100_000_000;
        let quarters = self.offset_seconds.unsigned_abs() / 900;
        let sign = if self.offset_seconds < 0 { '-' } else { '+' };
        format!(
            "{}{tenth}{quarters:02}{sign}",
            local.strftime("%y%m%d%H%M%S")
        )
    }
}

/// `YYMMDDhhmmss000R`: from now on (SMPP 3.4 clause 7.1.1.2), at most 30 days.
#[must_use]
pub fn relative(validity: Duration) -> String {
    let seconds = validity.as_secs().min(LONGEST);
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let (hours, minutes, seconds) = (rest / 3_600, rest / 60 % 60, rest % 60);
    format!("0000{days:02}{hours:02}{minutes:02}{seconds:02}000R")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-23 16:30:05.3 in Beijing.
    const MICROS: i64 = 1_795_422_605_300_000;

    #[test]
    fn stamps_are_in_the_gateways_local_time() {
        let beijing = WallClock::new(MICROS - 5_000_000, 28_800);
        let at = Instant::from_millis(5_000);
        assert_eq!(beijing.log_in_stamp(at), 1_123_163_005);
        assert_eq!(beijing.absolute(at), "261123163005332+");
        let newfoundland = WallClock::new(MICROS, -12_600);
        assert_eq!(newfoundland.absolute(Instant::ZERO), "261123050005314-");
    }

    #[test]
    fn times_beyond_the_calendar_do_not_stop_the_link() {
        for clock in [
            WallClock::new(i64::MAX, i32::MAX),
            WallClock::new(i64::MIN, i32::MIN),
        ] {
            assert_eq!(clock.absolute(Instant::from_micros(u64::MAX)).len(), 16);
        }
    }

    #[test]
    fn a_validity_is_written_as_days_and_time() {
        assert_eq!(relative(Duration::from_secs(600)), "000000001000000R");
        assert_eq!(relative(Duration::from_secs(90_061)), "000001010101000R");
        assert_eq!(relative(Duration::MAX), "000030000000000R");
    }
}
