//! The names that operators give to messages.
//!
//! A receipt names the message by the operator's id, and operators write it in different forms:
//! hexadecimal in the answer and decimal in the receipt, with or without zeros in front, in
//! another case. Some ids have more than 64 bits, so none is ever turned into an integer.

use core::fmt;

/// Most characters of an id (SMPP 3.4 clause 5.2.23: 64 and the NUL).
pub const LONGEST: usize = 64;

/// Why bytes are no message id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MessageIdError {
    /// Nothing is left without blanks and NULs.
    #[error("the message id is empty")]
    Empty,
    /// More than [`LONGEST`] characters.
    #[error("the message id has {0} characters, at most {LONGEST} are allowed")]
    TooLong(usize),
    /// Not printable ASCII.
    #[error("the message id has characters that are not printable ASCII")]
    Unprintable,
}

/// An operator's name of a message, as it came. Equal means equal byte by byte; see
/// [`keys`](Self::keys) for the other forms of one name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId {
    characters: [u8; LONGEST],
    length: u8,
}

/// Which open message a receipt is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Match<T> {
    /// Its id is the receipt's, character by character.
    Exact(T),
    /// Its id is another form of the receipt's, and no other message fits.
    Normalised(T),
    /// More than one message fits in another form: none is taken.
    Ambiguous,
    /// No message fits.
    None,
}

impl MessageId {
    /// Reads an id; NULs and blanks around it are dropped.
    ///
    /// # Errors
    /// It is empty, too long or not printable.
    pub fn new(written: &[u8]) -> Result<Self, MessageIdError> {
        let end = written.iter().position(|byte| *byte == 0);
        let written = written.get(..end.unwrap_or(written.len()));
        let written = written.unwrap_or_default().trim_ascii();
        if written.is_empty() {
            return Err(MessageIdError::Empty);
        }
        if written.len() > LONGEST {
            return Err(MessageIdError::TooLong(written.len()));
        }
        if !written.iter().all(|byte| (0x20..0x7F).contains(byte)) {
            return Err(MessageIdError::Unprintable);
        }
        Ok(Self::kept(written.iter().copied()))
    }

    /// The id of a message in CMPP, as 16 hexadecimal digits.
    #[must_use]
    pub fn from_u64(id: u64) -> Self {
        Self::kept(format!("{id:016x}").bytes())
    }

    /// Of a name that we make ourselves: the first [`LONGEST`] of its printable characters.
    pub(super) fn short(name: &str) -> Self {
        let printable = name.bytes().filter(u8::is_ascii_graphic);
        Self::kept(printable.take(LONGEST))
    }

    /// Of printable characters, of which there are not more than fit.
    fn kept(characters: impl Iterator<Item = u8>) -> Self {
        let mut id = Self {
            characters: [0; LONGEST],
            length: 0,
        };
        for (place, character) in id.characters.iter_mut().zip(characters) {
            *place = character;
            id.length += 1;
        }
        id
    }

    /// The id as it came.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let kept = self.characters.get(..usize::from(self.length));
        // Only ASCII gets in.
        core::str::from_utf8(kept.unwrap_or_default()).unwrap_or_default()
    }

    /// Under which keys an open message is to be found: the id in lower case without zeros in
    /// front, and, if it can be decimal, its value in hexadecimal digits. Two ids may name one
    /// message if they have a key in common.
    pub fn keys(&self) -> impl Iterator<Item = Self> {
        let plain = self.plain();
        let other = plain.decimal_in_hexadecimal();
        [Some(plain), other.filter(|other| *other != plain)]
            .into_iter()
            .flatten()
    }

    /// In lower case, without zeros in front.
    fn plain(&self) -> Self {
        let text = self.as_str();
        let trimmed = text.trim_start_matches('0');
        // Zeros may be all there is, or be a part of what is no number.
        let number = trimmed.starts_with(|c: char| c.is_ascii_hexdigit());
        let kept = match trimmed {
            "" => "0",
            trimmed if number => trimmed,
            _ => text,
        };
        Self::kept(kept.bytes().map(|byte| byte.to_ascii_lowercase()))
    }

    /// The value of decimal digits, as hexadecimal digits. Never more than came.
    fn decimal_in_hexadecimal(&self) -> Option<Self> {
        let text = self.as_str();
        if !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        // Least significant first; each decimal digit multiplies by ten and adds.
        let mut nibbles: Vec<u8> = vec![0];
        for byte in text.bytes() {
            let mut carry = byte - b'0';
            for nibble in &mut nibbles {
                let value = *nibble * 10 + carry;
                *nibble = value & 0xF;
                carry = value >> 4;
            }
            if carry > 0 {
                nibbles.push(carry);
            }
        }
        let digit = |nibble: &u8| match nibble {
            0..=9 => b'0' + nibble,
            _ => b'a' + (nibble - 10),
        };
        Some(Self::kept(nibbles.iter().rev().map(digit)))
    }

    /// Whether the two may name one message, in whatever form.
    #[must_use]
    pub fn may_be(&self, other: &Self) -> bool {
        self.keys().any(|key| other.keys().any(|it| it == key))
    }

    /// Finds the message that a receipt with this id is about. Where several have exactly this
    /// id, the first is taken: hand in the newest first.
    pub fn find<'a, T>(&self, open: impl IntoIterator<Item = (&'a Self, T)>) -> Match<T> {
        let mut found = Match::None;
        for (id, message) in open {
            if id == self {
                return Match::Exact(message);
            }
            if self.may_be(id) {
                found = match found {
                    Match::None => Match::Normalised(message),
                    _ => Match::Ambiguous,
                };
            }
        }
        found
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MessageId({self})")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn id(text: &str) -> MessageId {
        MessageId::new(text.as_bytes()).expect("an id")
    }

    const OPEN: [&str; 6] = [
        "812FC7470000001B",
        "7F",
        "127",
        "00B8BE19",
        "1101C1-C9D03D-F000",
        "04062000000065934000241",
    ];

    fn find(receipt: &str, open: &[&'static str]) -> Match<&'static str> {
        let open: Vec<_> = open.iter().map(|text| (id(text), *text)).collect();
        id(receipt).find(open.iter().map(|(id, text)| (id, *text)))
    }

    #[test]
    fn a_receipt_finds_its_message_in_whatever_form_its_id_is_written() {
        let found = |receipt| find(receipt, &OPEN);
        assert_eq!(found("9308878062554710043"), Match::Normalised(OPEN[0]));
        assert_eq!(found("7F"), Match::Exact("7F"));
        assert_eq!(found("B8BE19"), Match::Normalised("00B8BE19"));
        assert_eq!(found("1101c1-c9d03d-f000"), Match::Normalised(OPEN[4]));
        assert_eq!(found("4062000000065934000241"), Match::Normalised(OPEN[5]));
        assert_eq!(found("99"), Match::None);
    }

    #[test]
    fn where_two_messages_fit_in_another_form_none_is_taken() {
        assert_eq!(find("07f", &["7F", "127"]), Match::Ambiguous);
        assert_eq!(find("127", &["7F", "127"]), Match::Exact("127"));
    }

    #[test]
    fn a_decimal_receipt_of_a_hexadecimal_id_is_found() {
        assert_eq!(find("0000436949", &["6aad5"]), Match::Normalised("6aad5"));
        assert_eq!(
            find("6AAD5", &["0000436949"]),
            Match::Normalised("0000436949")
        );
    }

    #[test]
    fn values_that_saturate_an_integer_stay_apart() {
        let (one, other) = ("18446744073709551616", "18446744073709551617");
        assert_eq!(find(one, &[other]), Match::None);
        let longest = "9".repeat(64);
        assert_eq!(id(&longest).keys().count(), 2);
    }

    #[test]
    fn what_is_no_id_is_refused_and_padding_is_not_part_of_one() {
        assert_eq!(MessageId::new(b" \0"), Err(MessageIdError::Empty));
        assert_eq!(
            MessageId::new(&[b'1'; 65]),
            Err(MessageIdError::TooLong(65))
        );
        assert_eq!(MessageId::new(b"7\xFF"), Err(MessageIdError::Unprintable));
        assert_eq!(MessageId::new(b" 7F\0junk"), Ok(id("7F")));
        assert_eq!(id("0000").keys().next(), Some(id("0")));
    }

    proptest! {
        #[test]
        fn decimal_and_hexadecimal_of_one_value_may_be_one_message(value: u128) {
            let (hexadecimal, decimal) = (format!("{value:032X}"), value.to_string());
            prop_assert!(id(&hexadecimal).may_be(&id(&decimal)));
            let next = value.wrapping_add(1);
            let hexadecimal = format!("{next:x}");
            prop_assume!(decimal != hexadecimal);
            prop_assert!(!id(&hexadecimal).may_be(&id(&decimal)));
        }

        #[test]
        fn every_id_finds_itself(bytes in prop::collection::vec(0x21_u8..0x7F, 1..=64)) {
            let id = MessageId::new(&bytes).expect("printable");
            prop_assert!(id.may_be(&id));
            prop_assert_eq!(id.find([(&id, ())]), Match::Exact(()));
        }
    }
}
