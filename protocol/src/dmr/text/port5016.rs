//! DMR standard text, the payload of UDP port 5016 (TS 102 361-3): UTF-16BE, often with CR
//! LF in front.

use super::encoding::{Encoding, utf16be};

const LINE_BREAK: &str = "\r\n";

/// What the payload says, without the line break in front.
#[must_use]
pub fn decode(payload: &[u8]) -> String {
    let text = Encoding::Utf16Be.decode(payload);
    text.strip_prefix(LINE_BREAK).unwrap_or(&text).to_owned()
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
}
