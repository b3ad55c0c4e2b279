//! DMR standard text, the payload of UDP port 5016 (TS 102 361-3): UTF-16BE, often with CR
//! LF in front. Some radios write UTF-16LE: a byte-order mark, the line break, or letters
//! that make sense in that order only tell.

use super::encoding::{Encoding, utf16_order, utf16be};

const LINE_BREAK: &str = "\r\n";

/// What the payload says, without byte-order mark and line break in front.
#[must_use]
pub fn decode(payload: &[u8]) -> String {
    read(payload).0
}

/// What the payload says, as [`decode`], and in which order of octets it was written.
#[must_use]
pub fn read(payload: &[u8]) -> (String, Encoding) {
    let (encoding, units) = utf16_order(payload, Encoding::Utf16Be);
    let text = encoding.decode(units);
    let text = text.strip_prefix(LINE_BREAK).unwrap_or(&text).to_owned();
    (text, encoding)
}

/// The payload, with the line break that radios expect.
#[must_use]
pub fn encode(text: &str) -> Vec<u8> {
    [utf16be(LINE_BREAK), utf16be(text)].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worked_payload_is_built_and_read() {
        let payload = encode("\u{8B66}\u{62A5}A1");
        assert_eq!(hex::encode(&payload), "000d000a8b6662a500410031");
        assert_eq!(decode(&payload), "\u{8B66}\u{62A5}A1");
        assert_eq!(decode(&payload[4..]), "\u{8B66}\u{62A5}A1");
    }

    #[test]
    fn text_of_the_other_order_is_read_as_what_it_is() {
        let read_hex = |hex: &str| read(&hex::decode(hex).unwrap());
        for payload in [
            // With the line break, with a mark, with both, and bare.
            "0d000a00480065006c006c006f00",
            "fffe480065006c006c006f00",
            "fffe0d000a00480065006c006c006f00",
            "480065006c006c006f00",
        ] {
            assert_eq!(
                read_hex(payload),
                ("Hello".to_owned(), Encoding::Utf16Le),
                "{payload}"
            );
        }
        let (text, encoding) = read_hex("feff00480069");
        assert_eq!((text.as_str(), encoding), ("Hi", Encoding::Utf16Be));
        let chinese = "\u{4E00}\u{4E8C}\u{4E00} \u{706B}";
        assert_eq!(read(&encode(chinese)).0, chinese);
    }
}
