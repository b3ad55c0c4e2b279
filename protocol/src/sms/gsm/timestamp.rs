//! Times of the service centre (TS 23.040 clause 9.2.3.11).

use jiff::civil::{DateTime, date};

use super::{PduError, halves, take};

/// A time as the centre wrote it. Nothing is ever refused for its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timestamp {
    /// What the centre's clock showed, 2000 to 2099; none if the digits are no time.
    pub local: Option<DateTime>,
    /// Quarters of an hour east of Greenwich, -79 to 79; none if the digits are no zone: the
    /// site's own is the best guess.
    pub quarters: Option<i8>,
}

impl Timestamp {
    /// Takes seven octets off a message.
    ///
    /// # Errors
    /// The message ends inside it.
    pub fn decode(octets: &mut &[u8], field: &'static str) -> Result<Self, PduError> {
        let seven = take(octets, 7, field)?;
        let number = |at: usize| {
            let [tens, units] = halves(*seven.get(at)?);
            let value = (tens <= 9 && units <= 9).then_some(tens * 10 + units)?;
            i8::try_from(value).ok()
        };
        let local = || {
            let day = jiff::civil::Date::new(2000 + i16::from(number(0)?), number(1)?, number(2)?);
            let time = jiff::civil::Time::new(number(3)?, number(4)?, number(5)?, 0);
            Some(DateTime::from_parts(day.ok()?, time.ok()?))
        };
        let zone = || {
            let [first, units] = halves(*seven.get(6)?);
            // Bit 3 of the first digit is the sign.
            let quarters = i8::try_from((first & 7) * 10 + units).ok()?;
            let negative = first & 8 != 0;
            (units <= 9).then_some(if negative { -quarters } else { quarters })
        };
        Ok(Self {
            local: local(),
            quarters: zone(),
        })
    }

    /// Appends seven octets; what is none is written as digits that are no time.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let digits = |value: i8| {
            let value = value.unsigned_abs();
            ((value % 10) << 4) | (value / 10)
        };
        match self.local {
            Some(local) => {
                let year = i8::try_from(local.year() - date(2000, 1, 1).year()).unwrap_or(0);
                out.extend([year, local.month(), local.day()].map(digits));
                out.extend([local.hour(), local.minute(), local.second()].map(digits));
            }
            None => out.extend([0xFF; 6]),
        }
        out.push(match self.quarters {
            Some(quarters) if quarters < 0 => digits(quarters) | 0x08,
            Some(quarters) => digits(quarters),
            None => 0xFF,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(octets: &str) -> Timestamp {
        let octets = hex::decode(octets).expect("hexadecimal");
        Timestamp::decode(&mut octets.as_slice(), "time").expect("seven octets")
    }

    #[test]
    fn a_time_is_local_and_has_its_zone() {
        let time = read("62113261035023");
        assert_eq!(time.local, Some(date(2026, 11, 23).at(16, 30, 5, 0)));
        assert_eq!(time.quarters, Some(32));
        assert_eq!(read("6211326103502b").quarters, Some(-32));
        for it in ["62113261035023", "6211326103502b", "ffffffffffffff"] {
            let mut out = Vec::new();
            read(it).encode(&mut out);
            assert_eq!(hex::encode(out), it);
        }
    }

    #[test]
    fn digits_that_are_no_zone_keep_the_time() {
        let time = read("621132610350c2");
        assert_eq!(time.local, Some(date(2026, 11, 23).at(16, 30, 5, 0)));
        assert_eq!(time.quarters, None);
        assert_eq!(read("62313261035023").local, None);
    }
}
