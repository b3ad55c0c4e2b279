//! Numbers and names of senders and receivers (TS 23.040 clause 9.1.2.5).

use super::{PduError, halves, octet, take};
use crate::sms::gsm7;
use crate::sms::incoming::{Sender, printable};
use crate::sms::phone::{Phone, Prefix};

/// What a half-octet that is no decimal digit stands for; F fills the last octet.
const OTHERS: [char; 5] = ['*', '#', 'a', 'b', 'c'];

/// An address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// Type of number and numbering plan: 91 (hexadecimal) international, 81 unknown.
    pub kind: u8,
    /// Digits without plus, or a name.
    pub text: String,
}

impl Address {
    const INTERNATIONAL: u8 = 0x91;
    const UNKNOWN: u8 = 0x81;

    /// Of a phone that a message is for.
    #[must_use]
    pub fn of(phone: Phone) -> Self {
        let written = phone.written(Prefix::Plus);
        match written.strip_prefix('+') {
            Some(digits) => Self {
                kind: Self::INTERNATIONAL,
                text: digits.to_owned(),
            },
            None => Self {
                kind: Self::UNKNOWN,
                text: written,
            },
        }
    }

    /// Bits 6 to 4: the type of number.
    const fn ton(&self) -> u8 {
        self.kind >> 4 & 7
    }

    const fn is_name(&self) -> bool {
        self.ton() == 5
    }

    /// Who it is, for people and the roster. A name never becomes a number.
    #[must_use]
    pub fn sender(&self) -> Sender {
        match self.ton() {
            5 => Sender::Name(printable(&self.text)),
            1 => Sender::new(&format!("+{}", self.text)),
            _ => Sender::new(&self.text),
        }
    }

    /// Takes an address off a message. Every type has its length, also one that nobody knows.
    ///
    /// # Errors
    /// The message ends inside it.
    pub fn decode(octets: &mut &[u8]) -> Result<Self, PduError> {
        let length = usize::from(octet(octets, "address length")?);
        let kind = octet(octets, "address type")?;
        let value = take(octets, length.div_ceil(2), "address")?;
        let mut address = Self {
            kind,
            text: String::new(),
        };
        if address.is_name() {
            // The length counts half-octets that are used.
            let septets = gsm7::unpack(value, 0, length * 4 / 7);
            address.text = gsm7::decode(&septets);
            return Ok(address);
        }
        let digits = value.iter().flat_map(|octet| halves(*octet)).take(length);
        address.text = digits
            .filter_map(|digit| match digit {
                0..=9 => Some(char::from(b'0' + digit)),
                _ => OTHERS.get(usize::from(digit - 10)).copied(),
            })
            .collect();
        Ok(address)
    }

    /// Appends the address. Characters that no address has are left out.
    pub fn encode(&self, out: &mut Vec<u8>) {
        if self.is_name() {
            let mut septets = Vec::new();
            for character in self.text.chars().take(11) {
                gsm7::encode(character, &mut septets);
            }
            septets.truncate(11);
            let length = u8::try_from((septets.len() * 7).div_ceil(4));
            out.extend([length.unwrap_or_default(), self.kind]);
            out.extend(gsm7::pack(&septets, 0));
            return;
        }
        let digit = |character: char| match character {
            '0'..='9' => u8::try_from(character).ok().map(|it| it - b'0'),
            _ => (10..)
                .zip(OTHERS)
                .find(|it| it.1 == character)
                .map(|it| it.0),
        };
        let digits: Vec<u8> = self.text.chars().filter_map(digit).take(20).collect();
        out.extend([u8::try_from(digits.len()).unwrap_or_default(), self.kind]);
        out.extend(digits.chunks(2).map(|pair| match pair {
            [low, high] => high << 4 | low,
            [low] => 0xF0 | low,
            _ => 0xFF,
        }));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(octets: &str) -> Address {
        let octets = hex::decode(octets).expect("hexadecimal");
        let mut rest = octets.as_slice();
        let address = Address::decode(&mut rest).expect("an address");
        assert!(rest.is_empty());
        address
    }

    #[test]
    fn addresses_of_every_type_have_their_length() {
        let mobile = read("0d91683108108300f0");
        assert_eq!(mobile.text, "8613800138000");
        assert_eq!(mobile.sender().phone(), Phone::new("13800138000").ok());
        // Specific to the network.
        assert_eq!(read("05b10196f0").sender().to_string(), "10690");
        let name = read("0ad0e8329bfd06");
        assert_eq!(name.sender(), Sender::Name("hello".to_owned()));
        assert_eq!(read("0091").text, "");
    }

    proptest! {
        #[test]
        fn every_address_is_read_as_it_was_written(
            digits in "[0-9*#abc]{0,20}", name in "[A-Za-z0-9]{1,11}", kind: u8,
        ) {
            let kind = kind | 0x80;
            let text = if kind >> 4 & 7 == 5 { name } else { digits };
            let address = Address { kind, text };
            let mut out = Vec::new();
            address.encode(&mut out);
            let mut rest = out.as_slice();
            prop_assert_eq!(Address::decode(&mut rest), Ok(address));
            prop_assert!(rest.is_empty());
        }
    }
}
