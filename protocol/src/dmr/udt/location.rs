//! NMEA location in a UDT (TS 102 361-4 annex B.3.6).

use crate::air::Position;

use super::bits::{Reader, Writer};

/// A position fix; one appended block holds the short form, two the long one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NmeaLocation {
    /// C: the rest is encrypted.
    pub encrypted: bool,
    /// North, not south.
    pub north: bool,
    /// East, not west.
    pub east: bool,
    /// Q: the fix is valid.
    pub valid: bool,
    /// Knots, 7 bits.
    pub speed: u8,
    /// Degrees, minutes and ten-thousandths of a minute.
    pub latitude: (u8, u8, u16),
    /// Degrees, minutes and ten-thousandths of a minute.
    pub longitude: (u8, u8, u16),
    /// UTC hour and minute.
    pub time: (u8, u8),
    /// UTC second: in steps of ten in the short form.
    pub second: u8,
    /// Degrees, only in the long form.
    pub course: Option<u16>,
}

impl NmeaLocation {
    pub(super) fn decode(octets: &[u8]) -> Option<Self> {
        let long = octets.len() > 10;
        let mut bits = Reader::new(octets);
        let (encrypted, north, east, valid) = (bits.bit()?, bits.bit()?, bits.bit()?, bits.bit()?);
        let speed = bits.number(7)? as u8;
        let latitude = (
            bits.number(7)? as u8,
            bits.number(6)? as u8,
            bits.number(14)? as u16,
        );
        let longitude = (
            bits.number(8)? as u8,
            bits.number(6)? as u8,
            bits.number(14)? as u16,
        );
        let time = (bits.number(5)? as u8, bits.number(6)? as u8);
        let second = if long {
            bits.number(6)?
        } else {
            bits.number(3)? * 10
        } as u8;
        let course = if long {
            Some(bits.number(9)? as u16)
        } else {
            None
        };
        Some(Self {
            encrypted,
            north,
            east,
            valid,
            speed,
            latitude,
            longitude,
            time,
            second,
            course,
        })
    }

    pub(super) fn encode(&self) -> Writer {
        let mut bits = Writer::default();
        for flag in [self.encrypted, self.north, self.east, self.valid] {
            bits.number(1, flag);
        }
        bits.number(7, self.speed);
        for (degree_bits, (degrees, minutes, fraction)) in [(7, self.latitude), (8, self.longitude)]
        {
            bits.number(degree_bits, degrees);
            bits.number(6, minutes);
            bits.number(14, fraction);
        }
        bits.number(5, self.time.0);
        bits.number(6, self.time.1);
        match self.course {
            Some(course) => {
                bits.number(6, self.second);
                bits.number(9, course);
                bits.number(16, 0_u32);
            }
            None => bits.number(3, self.second / 10),
        }
        bits
    }

    /// The position in degrees, if the fix is valid, clear and on the globe.
    #[must_use]
    pub fn position(&self) -> Option<Position> {
        let degrees = |(degrees, minutes, fraction): (u8, u8, u16), positive: bool| {
            let minutes = f64::from(minutes) + f64::from(fraction) / 10_000.0;
            let value = f64::from(degrees) + minutes / 60.0;
            if positive { value } else { -value }
        };
        let position = Position {
            latitude: degrees(self.latitude, self.north),
            longitude: degrees(self.longitude, self.east),
        };
        let on_globe = position.latitude.abs() <= 90.0 && position.longitude.abs() <= 180.0;
        (self.valid && !self.encrypted && on_globe).then_some(position)
    }
}
