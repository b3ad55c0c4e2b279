//! Where the talker is.

use crate::air::Position;
use crate::dmr::fields::Field;
use crate::dmr::layout::{Bits, codes, pdu};

codes! {
    /// How far off a position may be (TS 102 361-2 clause 7.2.15), 3 bits.
    PositionError {
        Within2m = 0 "less than 2 m",
        Within20m = 1 "less than 20 m",
        Within200m = 2 "less than 200 m",
        Within2km = 3 "less than 2 km",
        Within20km = 4 "less than 20 km",
        Within200km = 5 "at most 200 km",
        Over200km = 6 "more than 200 km",
        Unknown = 7 "unknown",
    }
    else Reserved "reserved"
}

/// An angle on the air: two's complement, `$bits` wide, `$circle` degrees in all its values.
macro_rules! angle {
    ($(#[$doc:meta])* $name:ident, $bits:literal, $circle:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
        pub struct $name(i32);

        impl $name {
            const STEPS: f64 = (1u32 << $bits) as f64;

            /// The nearest value for this many degrees.
            #[must_use]
            pub fn from_degrees(degrees: f64) -> Self {
                let limit = 1 << ($bits - 1);
                let steps = (degrees * Self::STEPS / $circle).round() as i32;
                Self(steps.clamp(-limit, limit - 1))
            }

            /// In degrees.
            #[must_use]
            pub fn degrees(self) -> f64 {
                f64::from(self.0) * $circle / Self::STEPS
            }
        }

        impl Bits for $name {
            fn from_bits(bits: u64) -> Self {
                Self((bits << (32 - $bits)) as i32 >> (32 - $bits))
            }

            fn to_bits(self) -> u64 {
                u64::from(self.0 as u32)
            }

            fn field(self, name: &'static str, _width: u8) -> Field {
                Field::text(name, format!("{:.5}", self.degrees()))
            }
        }
    };
}

angle!(
    /// Degrees east, -180 to 180, in 25 bits.
    Longitude,
    25,
    360.0
);
angle!(
    /// Degrees north, -90 to 90, in 24 bits.
    Latitude,
    24,
    180.0
);

pdu! {
    /// GPS info (TS 102 361-2 clause 7.1.1.3).
    GpsInfo, "GPS_Info" {
        U32 {
            /// Kept as heard.
            reserved: u8 = 4,
            /// How far off it may be.
            position_error: PositionError = 3,
            /// East.
            longitude: Longitude = 25,
        }
        U24 {
            /// North.
            latitude: Latitude = 24,
        }
    }
}

impl GpsInfo {
    /// A report of this position.
    #[must_use]
    pub fn new(position: Position, position_error: PositionError) -> Self {
        Self {
            reserved: 0,
            position_error,
            longitude: Longitude::from_degrees(position.longitude),
            latitude: Latitude::from_degrees(position.latitude),
        }
    }

    /// The position, in steps of 1.2 m.
    #[must_use]
    pub fn position(&self) -> Position {
        Position {
            latitude: self.latitude.degrees(),
            longitude: self.longitude.degrees(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dmr::layout::keeps_every_bit;
    use proptest::prelude::*;

    #[test]
    fn matches_the_recorded_position() {
        let octets = hex::decode("0e4a27c7518099").unwrap();
        let (_, gps) = GpsInfo::parse(&octets).unwrap();
        assert_eq!(gps.position_error, PositionError::Unknown);
        let position = gps.position();
        assert!((position.latitude - 57.30633).abs() < 0.000_01);
        assert!((position.longitude - 52.14050).abs() < 0.000_01);
        assert_eq!(GpsInfo::new(position, gps.position_error), gps);
    }

    #[test]
    fn the_poles_stay_where_they_are() {
        assert!(Latitude::from_degrees(90.0).degrees() > 89.999);
        assert_eq!(Latitude::from_degrees(-90.0).degrees(), -90.0);
        assert_eq!(Longitude::from_degrees(f64::NAN).degrees(), 0.0);
        assert_eq!(
            Longitude::from_bits(0x1FF_FFFF).to_bits() & 0x1FF_FFFF,
            0x1FF_FFFF
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]
        #[test]
        fn positions_come_back_within_two_metres(
            latitude in -89.9f64..89.9, longitude in -179.9f64..179.9
        ) {
            let back = GpsInfo::new(Position { latitude, longitude }, PositionError::Within2m).position();
            prop_assert!((back.latitude - latitude).abs() < 0.000_02);
            prop_assert!((back.longitude - longitude).abs() < 0.000_02);
        }
    }

    keeps_every_bit!(GpsInfo, 7);
}
