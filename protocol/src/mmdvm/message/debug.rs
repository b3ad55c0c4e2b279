//! DEBUG (0xF1 to 0xF5): text for the log, with up to four values.

use super::MessageError;
use super::version::printable;
use crate::dmr::fields::{Field, Fields};
use crate::mmdvm::frame::{Frame, TooLong};
use crate::mmdvm::kind;

/// Text and none to four numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Debug {
    /// Printable text.
    pub text: String,
    /// Values; their number is the message's type. More than four are not sent.
    pub values: Vec<u16>,
}

const NAME: &str = "DEBUG";

impl Debug {
    /// Reads the data of a frame of this type: text, then values most significant octet first.
    ///
    /// # Errors
    /// The data is shorter than the values.
    pub fn decode(kind: u8, data: &[u8]) -> Result<Self, MessageError> {
        let count = usize::from(kind.saturating_sub(kind::DEBUG1));
        let split = data.len().checked_sub(count * 2);
        let (text, values) = split
            .and_then(|at| data.split_at_checked(at))
            .ok_or_else(|| MessageError::length(NAME, data))?;
        let (pairs, _) = values.as_chunks::<2>();
        Ok(Self {
            text: printable(text),
            values: pairs.iter().map(|pair| u16::from_be_bytes(*pair)).collect(),
        })
    }

    /// The frame.
    ///
    /// # Errors
    /// The text is too long.
    pub fn encode(&self) -> Result<Frame, TooLong> {
        let mut data = self.text.as_bytes().to_vec();
        let mut kind = kind::DEBUG1;
        for value in self.values.iter().take(4) {
            data.extend_from_slice(&value.to_be_bytes());
            kind += 1;
        }
        Frame::new(kind, data)
    }
}

impl Fields for Debug {
    fn name(&self) -> &'static str {
        NAME
    }

    fn fields(&self, out: &mut Vec<Field>) {
        out.push(Field::text("text", &self.text));
        for value in &self.values {
            out.push(Field::number("value", *value, 16));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_type_tells_how_many_values_follow_the_text() {
        let debug = Debug::decode(0xF3, b"DMR sync\x00\x05\x01\x00").unwrap();
        assert_eq!(debug.text, "DMR sync");
        assert_eq!(debug.values, [5, 256]);
        let frame = debug.encode().unwrap();
        assert_eq!((frame.kind(), frame.data().len()), (0xF3, 12));
        assert!(Debug::decode(0xF5, b"1234567").is_err());
    }

    #[test]
    fn text_for_the_log_is_printable() {
        assert_eq!(
            Debug::decode(0xF1, b"a\r\n\x1b[0m").unwrap().text,
            "a???[0m"
        );
    }
}
