//! DER (ITU-T X.690), as far as a certificate needs it: definite lengths, one octet of tag.

/// `SEQUENCE`
pub(super) const SEQUENCE: u8 = 0x30;
/// `INTEGER`
pub(super) const INTEGER: u8 = 0x02;
/// `BIT STRING`
pub(super) const BIT_STRING: u8 = 0x03;
/// `OBJECT IDENTIFIER`
pub(super) const OBJECT: u8 = 0x06;
/// `UTCTime`
pub(super) const UTC_TIME: u8 = 0x17;
/// `GeneralizedTime`
pub(super) const GENERALIZED_TIME: u8 = 0x18;
/// The version of a certificate, `[0] EXPLICIT`.
pub(super) const VERSION: u8 = 0xA0;

/// Octets that are read from the front.
#[derive(Debug, Clone, Copy)]
pub(super) struct Der<'a>(pub(super) &'a [u8]);

impl<'a> Der<'a> {
    /// The next value: its tag, and its content.
    pub(super) fn any(&mut self) -> Option<(u8, &'a [u8])> {
        let (&[tag, first], rest) = self.0.split_first_chunk::<2>()?;
        let (length, rest) = if first < 0x80 {
            (usize::from(first), rest)
        } else {
            // 1 or 2 octets of length; nothing that is read here is longer than 64 KiB.
            let (octets, rest) = rest.split_at_checked(usize::from(first & 0x7F))?;
            let length = match *octets {
                [low] if low >= 0x80 => usize::from(low),
                [high, low] if high > 0 => usize::from(u16::from_be_bytes([high, low])),
                _ => return None,
            };
            (length, rest)
        };
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((tag, content))
    }

    /// The content of the next value, which has this tag.
    pub(super) fn take(&mut self, tag: u8) -> Option<&'a [u8]> {
        let mut ahead = *self;
        let (found, content) = ahead.any()?;
        if found != tag {
            return None;
        }
        *self = ahead;
        Some(content)
    }

    /// What stands in the next `SEQUENCE`.
    pub(super) fn sequence(&mut self) -> Option<Der<'a>> {
        self.take(SEQUENCE).map(Der)
    }

    /// The octets of the next `BIT STRING`, all of whose bits are used.
    pub(super) fn bits(&mut self) -> Option<&'a [u8]> {
        self.take(BIT_STRING)?.strip_prefix(&[0])
    }

    /// A `Time` (RFC 5280, clause 4.1.2.5).
    pub(super) fn time(&mut self) -> Option<jiff::Timestamp> {
        let (tag, content) = self.any()?;
        let text = core::str::from_utf8(content).ok()?.strip_suffix('Z')?;
        if !text.bytes().all(|c| c.is_ascii_digit()) {
            return None;
        }
        let (year, rest) = match (tag, text.len()) {
            (UTC_TIME, 12) => {
                let (year, rest) = text.split_at_checked(2)?;
                let year: i16 = year.parse().ok()?;
                (year + if year < 50 { 2000 } else { 1900 }, rest)
            }
            (GENERALIZED_TIME, 14) => {
                let (year, rest) = text.split_at_checked(4)?;
                (year.parse().ok()?, rest)
            }
            _ => return None,
        };
        let two = |at: usize| rest.get(at..at.saturating_add(2))?.parse::<i8>().ok();
        let civil =
            jiff::civil::DateTime::new(year, two(0)?, two(2)?, two(4)?, two(6)?, two(8)?, 0);
        let at = jiff::tz::Offset::UTC.to_timestamp(civil.ok()?);
        // The end of 9999, which stands for no end, is a day later than we can say.
        Some(at.unwrap_or(jiff::Timestamp::MAX))
    }
}
