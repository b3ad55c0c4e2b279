//! SMS-DELIVER: a text for us (TS 23.040 clause 9.2.2.1).

use super::address::Address;
use super::timestamp::Timestamp;
use super::user_data::{self, coding};
use super::{PduError, octet};
use crate::sms::incoming::Incoming;
use crate::sms::part::Part;

const KIND: u8 = 0x00;
const HEADER: u8 = 0x40;
/// TP-MMS: no more messages are waiting.
const LAST: u8 = 0x04;

/// A text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deliver {
    /// TP-OA: who says so.
    pub from: Address,
    /// TP-PID.
    pub protocol_id: u8,
    /// TP-DCS.
    pub data_coding: u8,
    /// TP-SCTS: when the service centre got it.
    pub time: Timestamp,
    /// TP-UD.
    pub part: Part,
    /// Whether the length or the header of the text is false.
    pub damaged: bool,
}

impl Deliver {
    /// Reads a message.
    ///
    /// # Errors
    /// It is of another type, or ends inside a field.
    pub fn decode(mut octets: &[u8]) -> Result<Self, PduError> {
        let octets = &mut octets;
        let first = octet(octets, "first octet")?;
        if first & 3 != KIND {
            let (found, expected) = (first & 3, KIND);
            return Err(PduError::Type { found, expected });
        }
        let from = Address::decode(octets)?;
        let protocol_id = octet(octets, "TP-PID")?;
        let data_coding = octet(octets, "TP-DCS")?;
        let time = Timestamp::decode(octets, "TP-SCTS")?;
        let (part, damaged) = user_data::decode(octets, coding(data_coding), first & HEADER != 0)?;
        Ok(Self {
            from,
            protocol_id,
            data_coding,
            time,
            part,
            damaged,
        })
    }

    /// The octets.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let header = self.part.concatenation.is_some();
        let mut out = vec![if header { LAST | HEADER } else { LAST }];
        self.from.encode(&mut out);
        out.extend([self.protocol_id, self.data_coding]);
        self.time.encode(&mut out);
        user_data::encode(&self.part, &mut out);
        out
    }

    /// What it says, in the words of all SMS links. A modem does not say which number of ours it
    /// was sent to: there is one.
    #[must_use]
    pub fn incoming(self) -> Incoming {
        Incoming {
            from: self.from.sender(),
            to: String::new(),
            part: self.part,
            id: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::sms::gsm::frame;

    fn read(line: &str, length: usize) -> Deliver {
        let tpdu = frame::decode(line, length).expect("a frame");
        Deliver::decode(&tpdu).expect("a message")
    }

    fn text(deliver: &Deliver) -> String {
        deliver.part.coding.decode(&deliver.part.octets)
    }

    #[test]
    fn a_text_ends_where_its_length_says_and_not_with_the_line() {
        let line = "0891683108000000F0040D91683108108300F00008621132610350230465365230A5A5";
        let deliver = read(line, 24);
        assert_eq!(deliver.from.text, "8613800138000");
        assert_eq!(text(&deliver), "收到");
        assert_eq!(deliver.time.quarters, Some(32));
        assert!(!deliver.damaged);
        let again = frame::encode(&deliver.encode());
        assert_eq!(again[2..], line[18..line.len() - 4]);
    }

    #[test]
    fn a_sender_of_an_odd_type_does_not_shift_the_text() {
        let line = "0891683108000000F02405B10196F00008621132610350230498848B66";
        let deliver = read(line, 20);
        assert_eq!(deliver.from.sender().to_string(), "10690");
        assert_eq!(text(&deliver), "预警");
    }

    proptest! {
        #[test]
        fn hostile_octets_are_read_or_refused(octets in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(message) = Deliver::decode(&octets) {
                let again = Deliver::decode(&message.encode());
                prop_assert!(again.is_ok());
            }
        }
    }
}
