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
    /// The numbers' text as it came, for people to see; empty in one that was not received.
    pub sent: Sent,
}

/// The numbers of a received [`Rptc`] as text, without the blanks around it: what cannot be
/// read as a number, or has more digits than the number needs, is shown as the station wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sent {
    /// Of `rx_frequency`.
    pub rx_frequency: String,
    /// Of `tx_frequency`.
    pub tx_frequency: String,
    /// Of `power`.
    pub power: String,
    /// Of `color_code`.
    pub color_code: String,
    /// Of `latitude`.
    pub latitude: String,
    /// Of `longitude`.
    pub longitude: String,
    /// Of `height`.
    pub height: String,
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
            let (rx_frequency, tx_frequency, power, color_code) = radio;
            let (latitude, longitude, height, location) = place;
            let (description, [slots], url, software, package) = kind;
            Self {
                id,
                callsign,
                rx_frequency: rx_frequency.parse().ok(),
                tx_frequency: tx_frequency.parse().ok(),
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
                sent: Sent {
                    rx_frequency,
                    tx_frequency,
                    power,
                    color_code,
                    latitude,
                    longitude,
                    height,
                },
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
        // One that was not received has no text but the number's own.
        fn shown(sent: &str, value: Option<impl ToString>) -> String {
            let number = value.map(|value| value.to_string());
            let number = number.filter(|_| sent.is_empty());
            number.unwrap_or_else(|| sent.to_owned())
        }
        let sent = &self.sent;
        out.push(Field::number("repeater_id", self.id, 32));
        out.push(Field::text("callsign", self.callsign.as_str()));
        let text = shown(&sent.rx_frequency, self.rx_frequency);
        out.push(Field::text("rx_frequency", text));
        let text = shown(&sent.tx_frequency, self.tx_frequency);
        out.push(Field::text("tx_frequency", text));
        let text = shown(&sent.power, self.power);
        out.push(Field::text("power", text));
        let text = shown(&sent.color_code, self.color_code);
        out.push(Field::text("color_code", text));
        let text = shown(&sent.latitude, self.latitude);
        out.push(Field::text("latitude", text));
        let text = shown(&sent.longitude, self.longitude);
        out.push(Field::text("longitude", text));
        let text = shown(&sent.height, self.height);
        out.push(Field::text("height", text));
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
            sent: Sent {
                rx_frequency: "436500000".to_owned(),
                tx_frequency: "436500000".to_owned(),
                power: "01".to_owned(),
                color_code: "01".to_owned(),
                latitude: "51.65535".to_owned(),
                longitude: "-0.417990".to_owned(),
                height: "000".to_owned(),
            },
        };
        assert_eq!(Rptc::decode(&recorded()), Ok(expected.clone()));
        assert_eq!(expected.encode(), recorded());
    }

    fn shown(message: &Rptc, name: &str) -> String {
        let fields = message.to_fields();
        let field = fields.iter().find(|field| field.name == name).unwrap();
        match &field.value {
            crate::dmr::fields::FieldValue::Text(text) => text.clone(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn numbers_are_shown_as_the_station_wrote_them() {
        let mut datagram = recorded();
        datagram[36..38].copy_from_slice(b" 1");
        datagram[38..46].copy_from_slice(b"nan     ");
        let message = Rptc::decode(&datagram).unwrap();
        let fields = [
            ("power", "01"),
            ("color_code", "1"),
            ("latitude", "nan"),
            ("longitude", "-0.417990"),
            ("height", "000"),
        ];
        for (name, text) in fields {
            assert_eq!(shown(&message, name), text, "{name}");
        }
        let made = Rptc {
            sent: Sent::default(),
            ..message
        };
        assert_eq!(shown(&made, "longitude"), "-0.41799");
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
                sent: Sent::default(),
            };
            let read = Rptc::decode(&message.encode()).unwrap();
            prop_assert_eq!(Rptc { sent: Sent::default(), ..read }, message);
        }
    }
}
