//! The text of a message: data coding, length, header and octets (TS 23.040 clauses 9.2.3.10,
//! 9.2.3.16 and 9.2.3.24, TS 23.038 clause 4).

use super::{PduError, octet};
use crate::sms::gsm7;
use crate::sms::part::{Coding, Part};
use crate::sms::udh::Header;

/// TP-DCS of a coding, with class 0 if a phone is to show it at once; none if the air has no such
/// coding.
#[must_use]
pub const fn data_coding(coding: Coding, at_once: bool) -> Option<u8> {
    let plain = match coding {
        Coding::Gsm7 => 0x00,
        Coding::Octets => 0x04,
        Coding::Ucs2 => 0x08,
        Coding::Ascii | Coding::Latin1 | Coding::Gbk => return None,
    };
    Some(if at_once { plain | 0x10 } else { plain })
}

/// How a TP-DCS is to be read. What nobody knows is the default alphabet; what is compressed is
/// octets.
#[must_use]
pub const fn coding(data_coding: u8) -> Coding {
    match data_coding {
        0x20..=0x3F | 0x60..=0x7F => Coding::Octets,
        0x00..=0x7F if data_coding & 0x0C == 0x08 => Coding::Ucs2,
        0x00..=0x7F if data_coding & 0x0C == 0x04 => Coding::Octets,
        0xE0..=0xEF => Coding::Ucs2,
        0xF0..=0xFF if data_coding & 0x04 != 0 => Coding::Octets,
        _ => Coding::Gsm7,
    }
}

/// Reads the length and all that follows. Whether the length or the header is false is said
/// beside it: what is there is still shown.
///
/// # Errors
/// There is no length.
pub fn decode(mut octets: &[u8], coding: Coding, header: bool) -> Result<(Part, bool), PduError> {
    let length = usize::from(octet(&mut octets, "TP-UDL")?);
    let expected = match coding {
        Coding::Gsm7 => (length * 7).div_ceil(8),
        _ => length,
    };
    // What follows the text is the rest of an older message.
    let data = octets.get(..expected).unwrap_or(octets);
    let read = if header {
        Header::decode(data)
    } else {
        Header::default()
    };
    let text = data.get(read.octets..).unwrap_or_default();
    let octets = if coding == Coding::Gsm7 {
        let fill = gsm7::fill_bits(read.octets);
        let used = (read.octets * 8 + fill) / 7;
        gsm7::unpack(text, fill, length.saturating_sub(used))
    } else {
        text.to_vec()
    };
    let part = Part {
        coding,
        concatenation: read.concatenation,
        octets,
    };
    Ok((part, read.damaged || data.len() < expected))
}

/// Appends the length, the header if the text is a part of a long one, and the text.
pub fn encode(part: &Part, out: &mut Vec<u8>) {
    let header = part.concatenation.map(|it| it.encode());
    let header = header.unwrap_or_default();
    if part.coding == Coding::Gsm7 {
        let fill = gsm7::fill_bits(header.len());
        let used = (header.len() * 8 + fill) / 7;
        out.push(u8::try_from(used + part.octets.len()).unwrap_or(u8::MAX));
        out.extend(header);
        out.extend(gsm7::pack(&part.octets, fill));
    } else {
        let length = header.len() + part.octets.len();
        out.push(u8::try_from(length).unwrap_or(u8::MAX));
        out.extend(header);
        out.extend(&part.octets);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_codings_are_read_with_and_without_class() {
        for (dcs, expected) in [
            (0x00, Coding::Gsm7),
            (0x10, Coding::Gsm7),
            (0x04, Coding::Octets),
            (0x08, Coding::Ucs2),
            (0x18, Coding::Ucs2),
            (0x20, Coding::Octets),
            (0xC8, Coding::Gsm7),
            (0xE0, Coding::Ucs2),
            (0xF1, Coding::Gsm7),
            (0xF5, Coding::Octets),
        ] {
            assert_eq!(coding(dcs), expected, "{dcs:#x}");
        }
    }
}
