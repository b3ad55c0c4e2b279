//! Who issued a message, and which it is: `ZZZZZZDDDUUUXX_YYYYMMDDhhmmss`, with `_N` behind it
//! or not.

use core::fmt;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;

fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit())
}

/// `senderCode`: the 14 digits of an issuing agency.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SenderCode(String);

impl SenderCode {
    /// Reads exactly 14 digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        (text.len() == 14 && digits(text)).then(|| Self(text.to_owned()))
    }

    /// All 14 digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn part(&self, from: usize, to: usize) -> &str {
        self.0.get(from..to).unwrap_or_default()
    }

    /// The region, 6 digits by GB/T 2260: 410000 is Henan.
    #[must_use]
    pub fn region(&self) -> &str {
        self.part(0, 6)
    }

    /// The kind of agency, 3 digits by GB/T 4657: 416 is meteorological.
    #[must_use]
    pub fn agency(&self) -> &str {
        self.part(6, 9)
    }

    /// The unit below the agency, 3 digits.
    #[must_use]
    pub fn unit(&self) -> &str {
        self.part(9, 12)
    }

    /// The extension, 2 digits.
    #[must_use]
    pub fn extension(&self) -> &str {
        self.part(12, 14)
    }
}

impl fmt::Display for SenderCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// `identifier`: unlike every other message's. 29 characters, or 31 and more with a serial.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Identifier {
    sender: SenderCode,
    time: String,
    serial: Option<String>,
}

impl Identifier {
    /// Most digits of the serial that are read.
    pub const MAX_SERIAL: usize = 20;

    /// Reads an identifier by its grammar. None where it is of another form; the time needs to
    /// be digits only, as real ones are not all times.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (sender, rest) = text.split_once('_')?;
        let (time, serial) = match rest.split_once('_') {
            Some((time, serial)) => (time, Some(serial)),
            None => (rest, None),
        };
        let serial_fits = |serial: &str| digits(serial) && serial.len() <= Self::MAX_SERIAL;
        let fits = time.len() == 14 && digits(time) && serial.is_none_or(serial_fits);
        Some(Self {
            sender: SenderCode::parse(sender)?,
            time: fits.then(|| time.to_owned())?,
            serial: serial.map(str::to_owned),
        })
    }

    /// The first 14 digits: region, agency, unit and extension of who issued it.
    #[must_use]
    pub const fn sender(&self) -> &SenderCode {
        &self.sender
    }

    /// The 14 digits of the time of entry, `YYYYMMDDhhmmss`.
    #[must_use]
    pub fn time_digits(&self) -> &str {
        &self.time
    }

    /// When the message was entered, Beijing time (8 hours east of UTC). It may differ from
    /// `sendTime` and `effective` by many minutes. None where the digits are no time.
    #[must_use]
    pub fn time(&self) -> Option<Timestamp> {
        let part = |from: usize, to: usize| self.time.get(from..to)?.parse::<i8>().ok();
        let year = self.time.get(..4)?.parse::<i16>().ok()?;
        let (month, day) = (part(4, 6)?, part(6, 8)?);
        let (hour, minute, second) = (part(8, 10)?, part(10, 12)?, part(12, 14)?);
        let local = DateTime::new(year, month, day, hour, minute, second, 0).ok()?;
        Offset::constant(8).to_timestamp(local).ok()
    }

    /// The serial behind the time, 1 to [`Self::MAX_SERIAL`] digits.
    #[must_use]
    pub fn serial(&self) -> Option<&str> {
        self.serial.as_deref()
    }
}

impl fmt::Display for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}", self.sender, self.time)?;
        match &self.serial {
            Some(serial) => write!(f, "_{serial}"),
            None => Ok(()),
        }
    }
}
