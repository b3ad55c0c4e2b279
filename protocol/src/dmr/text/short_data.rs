//! Text in defined short data (TS 102 361-1 clause 9.3.38), with the variant that Hytera
//! radios send under the label "BCD": a 16-bit message counter, then UTF-16LE.

use crate::dmr::data_header::DdFormat;

use super::encoding::{Encoding, utf16_order, utf16le};

/// What short data says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShortText {
    /// Its characters.
    pub text: String,
    /// How they were written.
    pub encoding: Encoding,
    /// Hytera's message counter.
    pub counter: Option<u16>,
}

/// The text in user data of this format; `None` if the format is no text or not known here.
#[must_use]
pub fn decode(format: DdFormat, data: &[u8]) -> Option<ShortText> {
    let (encoding, data) = match format {
        DdFormat::Bcd => return Some(bcd(data)),
        DdFormat::SevenBit => (Encoding::SevenBit, data),
        DdFormat::Iso8859_1 => (Encoding::Latin1, data),
        DdFormat::Iso8859_5 => (Encoding::Cyrillic, data),
        DdFormat::Iso8859_9 => (Encoding::Latin5, data),
        DdFormat::Iso8859_15 => (Encoding::Latin9, data),
        DdFormat::Utf8 => (
            Encoding::Utf8,
            data.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(data),
        ),
        DdFormat::Utf16 | DdFormat::Utf16Be => utf16_order(data, Encoding::Utf16Be),
        DdFormat::Utf16Le => utf16_order(data, Encoding::Utf16Le),
        DdFormat::Utf32 | DdFormat::Utf32Be => utf32_or_less(data, Encoding::Utf32Be),
        DdFormat::Utf32Le => utf32_or_less(data, Encoding::Utf32Le),
        // The other alphabets agree on ASCII; beyond it a guess would show wrong letters, and
        // nothing at all would lose the message.
        other if is_iso_8859(other) => (Encoding::Ascii, data),
        _ => return None,
    };
    Some(ShortText {
        text: encoding.decode(data),
        encoding,
        counter: None,
    })
}

/// Text under the label UTF-32. Some radios give that label to UTF-16, most of which is no
/// UTF-32 in either order; the first of these that has no invalid character is meant.
fn utf32_or_less(data: &[u8], labelled: Encoding) -> (Encoding, &[u8]) {
    match data {
        [0xFF, 0xFE, 0, 0, rest @ ..] => return (Encoding::Utf32Le, rest),
        [0, 0, 0xFE, 0xFF, rest @ ..] => return (Encoding::Utf32Be, rest),
        _ => {}
    }
    let other = match labelled {
        Encoding::Utf32Be => Encoding::Utf32Le,
        _ => Encoding::Utf32Be,
    };
    [
        (labelled, data),
        (other, data),
        utf16_order(data, Encoding::Utf16Be),
        (Encoding::Utf16Le, data),
    ]
    .into_iter()
    .find(|(encoding, data)| {
        let text = encoding.decode(data);
        !text.contains([char::REPLACEMENT_CHARACTER, '\0'])
    })
    .unwrap_or((labelled, data))
}

const fn is_iso_8859(format: DdFormat) -> bool {
    matches!(format.code(), 0x03..=0x11)
}

/// Digits, or Hytera's layout. Both can hold any octets, so a guess decides: data that is
/// all digits without a zero octet is digits, since Hytera's counter starts at 0001 and
/// Latin letters have a zero octet each.
fn bcd(data: &[u8]) -> ShortText {
    let digit = |octet: &u8| octet >> 4 <= 9 && (octet & 0xF <= 9 || octet & 0xF == 0xF);
    let digits = data.iter().all(digit) && !data.contains(&0);
    match data.split_first_chunk::<2>() {
        Some((counter, units)) if !digits => ShortText {
            text: Encoding::Utf16Le.decode(units),
            encoding: Encoding::Utf16Le,
            counter: Some(u16::from_be_bytes(*counter)),
        },
        _ => ShortText {
            text: Encoding::Bcd.decode(data),
            encoding: Encoding::Bcd,
            counter: None,
        },
    }
}

/// User data of Hytera's layout, to be sent with [`DdFormat::Bcd`].
#[must_use]
pub fn encode_hytera(counter: u16, text: &str) -> Vec<u8> {
    [counter.to_be_bytes().as_slice(), &utf16le(text)].concat()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_recorded_private_message_reads_without_its_counter() {
        let data = hex::decode(
            "0001410048004f004a00200054004100440059002000\
                                4d004100520045004b00",
        )
        .unwrap();
        let short = decode(DdFormat::Bcd, &data).unwrap();
        assert_eq!(short.text, "AHOJ TADY MAREK");
        assert_eq!(
            (short.counter, short.encoding),
            (Some(1), Encoding::Utf16Le)
        );
        assert_eq!(encode_hytera(1, "AHOJ TADY MAREK"), data);
        let terminated = hex::decode("0001410048004f004a000000").unwrap();
        assert_eq!(decode(DdFormat::Bcd, &terminated).unwrap().text, "AHOJ");
    }

    #[test]
    fn digits_stay_digits() {
        let short = decode(DdFormat::Bcd, &[0x12, 0x34, 0x5F]).unwrap();
        assert_eq!(
            (short.text.as_str(), short.encoding),
            ("12345", Encoding::Bcd)
        );
    }

    #[test]
    fn byte_order_marks_decide_and_are_left_out() {
        let text = |format, data: &[u8]| decode(format, data).unwrap().text;
        assert_eq!(text(DdFormat::Utf16, &[0xFF, 0xFE, 0x41, 0]), "A");
        assert_eq!(text(DdFormat::Utf16, &[0xFE, 0xFF, 0, 0x41]), "A");
        assert_eq!(text(DdFormat::Utf16, &[0, 0x41]), "A");
        assert_eq!(text(DdFormat::Utf8, b"\xEF\xBB\xBFA"), "A");
    }

    #[test]
    fn a_label_that_cannot_be_right_does_not_make_the_text_unreadable() {
        let read = |format, hex: &str| {
            let short = decode(format, &hex::decode(hex).unwrap()).unwrap();
            (short.text, short.encoding)
        };
        let said = |text: &str, encoding| (text.to_owned(), encoding);
        for (format, hex, want) in [
            (
                DdFormat::Utf32,
                "00680065006c006f002000690074",
                said("helo it", Encoding::Utf16Be),
            ),
            (
                DdFormat::Utf32,
                "680065006c006f0020006900",
                said("helo i", Encoding::Utf16Le),
            ),
            (
                DdFormat::Utf32Be,
                "4100000042000000",
                said("AB", Encoding::Utf32Le),
            ),
            (
                DdFormat::Utf32,
                "0000004100000042",
                said("AB", Encoding::Utf32Be),
            ),
            (
                DdFormat::Utf16Be,
                "480065006c006c006f00",
                said("Hello", Encoding::Utf16Le),
            ),
            (
                DdFormat::Utf16Le,
                "00480065006c006c006f",
                said("Hello", Encoding::Utf16Be),
            ),
        ] {
            assert_eq!(read(format, hex), want, "{format:?} {hex}");
        }
    }

    #[test]
    fn of_an_alphabet_not_known_here_only_ascii_is_read() {
        assert_eq!(decode(DdFormat::Iso8859_7, b"ALERT").unwrap().text, "ALERT");
        let mixed = decode(DdFormat::Iso8859_7, &[0x41, 0xE1]).unwrap();
        assert_eq!(mixed.text, "A\u{FFFD}");
        assert_eq!(decode(DdFormat::Binary, b"ALERT"), None);
    }

    proptest! {
        #[test]
        fn random_data_never_panics(
            code in 0_u8..64,
            data in prop::collection::vec(any::<u8>(), 0..60),
        ) {
            let _ = decode(DdFormat::from_code(code), &data);
        }
    }
}
