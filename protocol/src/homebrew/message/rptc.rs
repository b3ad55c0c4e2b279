//! Station configuration.

use bytes::{BufMut, Bytes, BytesMut};
use nom::Parser;

use super::MessageError;
use super::wire::{exact, id, octets, put_text, text};
use crate::dmr::fields::{Field, Fields};

/// Which timeslots a station offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slots {
    /// `0`: none.
    None,
    /// `1`: timeslot 1.
    One,
    /// `2`: timeslot 2.
    Two,
    /// `3`: both.
    Both,
    /// `4`: a simplex hotspot; its one channel counts as timeslot 2.
    Simplex,
    /// Any other byte.
    Other(u8),
}

impl From<u8> for Slots {
    fn from(byte: u8) -> Self {
        match byte {
            b'0' => Self::None,
            b'1' => Self::One,
            b'2' => Self::Two,
            b'3' => Self::Both,
            b'4' => Self::Simplex,
            other => Self::Other(other),
        }
    }
}

impl From<Slots> for u8 {
    fn from(slots: Slots) -> Self {
        match slots {
            Slots::None => b'0',
            Slots::One => b'1',
            Slots::Two => b'2',
            Slots::Both => b'3',
            Slots::Simplex => b'4',
            Slots::Other(byte) => byte,
        }
    }
}

/// What a repeater says about itself. Stations in the field send junk in any of these
/// fields, so a number that cannot be read is `None`, never an error. Answered by its id
/// in [`Rptack`](super::Rptack).
#[derive(Debug, Clone, PartialEq)]
pub struct Rptc {
    /// The repeater, as it names itself.
    pub id: u32,
    /// Up to 8 bytes.
    pub callsign: String,
    /// On which the station receives, in Hz, up to 9 digits.
    pub rx_frequency: Option<u32>,
    /// On which the station transmits, in Hz, up to 9 digits.
    pub tx_frequency: Option<u32>,
    /// 0 to 99, in a unit of the station's choosing.
    pub power: Option<u8>,
    /// 0 to 15; stations use 1 to 15.
    pub color_code: Option<u8>,
    /// Degrees north, -90 to 90, 8 characters. 0 with longitude 0 when it is hidden.
    pub latitude: Option<f64>,
    /// Degrees east, -180 to 180, 9 characters.
    pub longitude: Option<f64>,
    /// Metres above ground, 0 to 999.
    pub height: Option<u16>,
    /// Up to 20 bytes.
    pub location: String,
    /// Up to 19 bytes.
    pub description: String,
    /// Which timeslots it offers.
    pub slots: Slots,
    /// Up to 124 bytes.
    pub url: String,
    /// Program and version, up to 40 bytes.
    pub software: String,
    /// Kind of modem, up to 40 bytes.
    pub package: String,
}

impl Rptc {
    /// The bytes it begins with.
    pub const NAME: &'static str = "RPTC";
    /// How long it is.
    pub const LENGTH: usize = 302;

    /// Reads a datagram.
    ///
    /// # Errors
    /// It is not 302 bytes long. What stands in the fields is no reason for an error.
    pub fn decode(datagram: &[u8]) -> Result<Self, MessageError> {
        let who = (id(), text("callsign", 8));
        let radio = (
            text("rx frequency", 9),
            text("tx frequency", 9),
            text("power", 2),
            text("color code", 2),
        );
        let place = (
            text("latitude", 8),
            text("longitude", 9),
            text("height", 3),
            text("location", 20),
        );
        let kind = (
            text("description", 19),
            octets::<1>("slots"),
            text("url", 124),
            text("software id", 40),
            text("package id", 40),
        );
        let fields = (who, radio, place, kind).map(|(who, radio, place, kind)| {
            let (id, callsign) = who;
            let (rx, tx, power, color_code) = radio;
            let (latitude, longitude, height, location) = place;
            let (description, [slots], url, software, package) = kind;
            Self {
                id,
                callsign,
                rx_frequency: rx.parse().ok(),
                tx_frequency: tx.parse().ok(),
                power: power.parse().ok(),
                color_code: color_code.parse().ok().filter(|code| *code <= 15),
                latitude: degrees(&latitude, 90.0),
                longitude: degrees(&longitude, 180.0),
                height: height.parse().ok(),
                location,
                description,
                slots: slots.into(),
                url,
                software,
                package,
            }
        });
        exact(Self::NAME, datagram, fields)
    }

    /// The 302 bytes to send; text that is too long is cut, a number out of range or
    /// unknown becomes blanks.
    #[must_use]
    pub fn encode(&self) -> Bytes {
        let mut out = BytesMut::with_capacity(Self::LENGTH);
        out.put_slice(Self::NAME.as_bytes());
        out.put_u32(self.id);
        put_text(&mut out, &self.callsign, 8);
        put_number(&mut out, self.rx_frequency, 9);
        put_number(&mut out, self.tx_frequency, 9);
        put_number(&mut out, self.power, 2);
        put_number(&mut out, self.color_code, 2);
        put_degrees(&mut out, self.latitude, 8);
        put_degrees(&mut out, self.longitude, 9);
        put_number(&mut out, self.height, 3);
        put_text(&mut out, &self.location, 20);
        put_text(&mut out, &self.description, 19);
        out.put_u8(self.slots.into());
        put_text(&mut out, &self.url, 124);
        put_text(&mut out, &self.software, 40);
        put_text(&mut out, &self.package, 40);
        out.freeze()
    }
}

fn degrees(text: &str, most: f64) -> Option<f64> {
    text.parse().ok().filter(|value: &f64| value.abs() <= most)
}

fn put_number(out: &mut BytesMut, value: Option<impl Into<u32>>, width: usize) {
    let digits = value.map(|value| format!("{:0width$}", value.into()));
    let fitting = digits.filter(|digits| digits.len() <= width);
    put_text(out, fitting.as_deref().unwrap_or_default(), width);
}

/// As many decimals as fit, at most six.
fn put_degrees(out: &mut BytesMut, value: Option<f64>, width: usize) {
    let written = value.and_then(|value| {
        (0..=6)
            .rev()
            .map(|decimals| format!("{value:0width$.decimals$}"))
            .find(|text| text.len() <= width)
    });
    put_text(out, written.as_deref().unwrap_or_default(), width);
}

impl Fields for Rptc {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn fields(&self, out: &mut Vec<Field>) {
        fn known(value: Option<impl ToString>) -> String {
            value.map_or_else(|| "unreadable".to_owned(), |value| value.to_string())
        }
        out.push(Field::number("repeater_id", self.id, 32));
        out.push(Field::text("callsign", self.callsign.as_str()));
        out.push(Field::text("rx_frequency", known(self.rx_frequency)));
        out.push(Field::text("tx_frequency", known(self.tx_frequency)));
        out.push(Field::text("power", known(self.power)));
        out.push(Field::text("color_code", known(self.color_code)));
        out.push(Field::text("latitude", known(self.latitude)));
        out.push(Field::text("longitude", known(self.longitude)));
        out.push(Field::text("height", known(self.height)));
        out.push(Field::text("location", self.location.as_str()));
        out.push(Field::text("description", self.description.as_str()));
        let slots = match self.slots {
            Slots::None => "none",
            Slots::One => "timeslot 1",
            Slots::Two => "timeslot 2",
            Slots::Both => "both timeslots",
            Slots::Simplex => "simplex",
            Slots::Other(_) => "unknown",
        };
        out.push(Field::coded("slots", u8::from(self.slots), 8, slots));
        out.push(Field::text("url", self.url.as_str()));
        out.push(Field::text("software_id", self.software.as_str()));
        out.push(Field::text("package_id", self.package.as_str()));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn recorded() -> Vec<u8> {
        let mut out = b"RPTC\x00\x23\xc1\x612E0SIP  4365000004365000000101".to_vec();
        out.extend_from_slice(b"51.65535-0.417990000Watford             UK                 4");
        out.extend_from_slice(format!("{:124}", "http://www.qrz.com/db/2E0SIP").as_bytes());
        out.extend_from_slice(format!("{:40}", "DMRGateway-20180522_Pi-Star").as_bytes());
        out.extend_from_slice(format!("{:40}", "MMDVM_DVMega").as_bytes());
        out
    }

    #[test]
    fn recorded_configuration_reads_as_its_source_says() {
        let expected = Rptc {
            id: 2_343_265,
            callsign: "2E0SIP".to_owned(),
            rx_frequency: Some(436_500_000),
            tx_frequency: Some(436_500_000),
            power: Some(1),
            color_code: Some(1),
            latitude: Some(51.65535),
            longitude: Some(-0.41799),
            height: Some(0),
            location: "Watford".to_owned(),
            description: "UK".to_owned(),
            slots: Slots::Simplex,
            url: "http://www.qrz.com/db/2E0SIP".to_owned(),
            software: "DMRGateway-20180522_Pi-Star".to_owned(),
            package: "MMDVM_DVMega".to_owned(),
        };
        assert_eq!(Rptc::decode(&recorded()), Ok(expected.clone()));
        assert_eq!(expected.encode(), recorded());
    }

    #[test]
    fn a_missing_byte_is_named_by_its_field() {
        let datagram = recorded();
        let cut = |length| match Rptc::decode(&datagram[..length]) {
            Err(MessageError::Cut { field, .. }) => field,
            other => panic!("{other:?}"),
        };
        assert_eq!(cut(301), "package id");
        assert_eq!(cut(97), "slots");
        assert_eq!(cut(30), "tx frequency");
    }

    #[test]
    fn values_out_of_range_become_unknown_instead_of_nonsense() {
        let mut datagram = recorded();
        datagram[36..38].copy_from_slice(b"99");
        datagram[38..46].copy_from_slice(b"NaN     ");
        datagram[46..55].copy_from_slice(b"999.00000");
        let message = Rptc::decode(&datagram).unwrap();
        assert_eq!(
            (message.color_code, message.latitude, message.longitude),
            (None, None, None)
        );
        assert_eq!(message.encode().len(), Rptc::LENGTH);
    }

    fn any_text(width: usize) -> impl Strategy<Value = String> {
        proptest::string::string_regex("([!-~北]([ -~é]{0,30}[!-~])?)?")
            .unwrap()
            .prop_filter("fits", move |text| text.len() <= width)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn junk_of_the_right_length_is_never_refused(
            junk in proptest::collection::vec(any::<u8>(), 294),
        ) {
            let datagram = [b"RPTC\x00\x00\x00\x01".as_slice(), &junk].concat();
            let message = Rptc::decode(&datagram).unwrap();
            prop_assert_eq!(message.encode().len(), Rptc::LENGTH);
        }

        #[test]
        fn round_trip(
            id: u32,
            frequencies in (0..1_000_000_000u32, 0..1_000_000_000u32),
            (power, color_code, height) in (0..100u8, 0..16u8, 0..1_000u16),
            (latitude, longitude) in (-900_000..=900_000i32, -1_800_000..=1_800_000i32),
            callsign in any_text(8),
            (location, description) in (any_text(20), any_text(19)),
            slots: u8,
            (url, software, package) in (any_text(124), any_text(40), any_text(40)),
        ) {
            let message = Rptc {
                id,
                callsign,
                rx_frequency: Some(frequencies.0),
                tx_frequency: Some(frequencies.1),
                power: Some(power),
                color_code: Some(color_code),
                latitude: Some(f64::from(latitude) / 10_000.0),
                longitude: Some(f64::from(longitude) / 10_000.0),
                height: Some(height),
                location,
                description,
                slots: slots.into(),
                url,
                software,
                package,
            };
            prop_assert_eq!(Rptc::decode(&message.encode()), Ok(message));
        }
    }
}
