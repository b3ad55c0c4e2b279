//! SMS-SUBMIT: a message from us (TS 23.040 clause 9.2.2.2).

use core::time::Duration;

use super::address::Address;
use super::user_data::{self, coding};
use super::{PduError, octet, take};
use crate::sms::part::Part;

const KIND: u8 = 0x01;
const REPORT: u8 = 0x20;
const HEADER: u8 = 0x40;
/// Bits 4 and 3: the form of the validity.
const VALIDITY: u8 = 0x18;
const RELATIVE: u8 = 0x10;

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submit {
    /// TP-MR: 0, the modem gives one.
    pub reference: u8,
    /// TP-DA: whom it is for.
    pub to: Address,
    /// TP-PID.
    pub protocol_id: u8,
    /// TP-DCS.
    pub data_coding: u8,
    /// TP-VP in its relative form (clause 9.2.3.12.1), see [`validity`].
    pub validity: Option<u8>,
    /// TP-SRR: whether a status report is wanted.
    pub report: bool,
    /// TP-UD.
    pub part: Part,
}

/// The relative form of a validity, rounded up: steps of 5 minutes to 12 hours, of 30 minutes to
/// a day, of a day to 30 days, of a week to 63 weeks.
#[must_use]
pub fn validity(time: Duration) -> u8 {
    let minutes = time.as_secs().div_ceil(60).max(1);
    const HOUR: u64 = 60;
    const DAY: u64 = 24 * HOUR;
    let value = match minutes {
        0..=720 => minutes.div_ceil(5) - 1,
        721..=DAY => 143 + (minutes - 12 * HOUR).div_ceil(30),
        1_441..=43_200 => 166 + minutes.div_ceil(DAY),
        _ => 192 + minutes.div_ceil(7 * DAY),
    };
    u8::try_from(value).unwrap_or(u8::MAX)
}

impl Submit {
    /// Reads a message. A validity in another form than the relative one is skipped.
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
        let reference = octet(octets, "TP-MR")?;
        let to = Address::decode(octets)?;
        let protocol_id = octet(octets, "TP-PID")?;
        let data_coding = octet(octets, "TP-DCS")?;
        let validity = match first & VALIDITY {
            0 => None,
            RELATIVE => Some(octet(octets, "TP-VP")?),
            _ => {
                take(octets, 7, "TP-VP")?;
                None
            }
        };
        let (part, _) = user_data::decode(octets, coding(data_coding), first & HEADER != 0)?;
        Ok(Self {
            reference,
            to,
            protocol_id,
            data_coding,
            validity,
            report: first & REPORT != 0,
            part,
        })
    }

    /// The octets.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut first = KIND;
        for (bit, set) in [
            (RELATIVE, self.validity.is_some()),
            (REPORT, self.report),
            (HEADER, self.part.concatenation.is_some()),
        ] {
            first |= if set { bit } else { 0 };
        }
        let mut out = vec![first, self.reference];
        self.to.encode(&mut out);
        out.extend([self.protocol_id, self.data_coding]);
        out.extend(self.validity);
        user_data::encode(&self.part, &mut out);
        out
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::sms::gsm::frame;
    use crate::sms::part::Coding;
    use crate::sms::phone::Phone;
    use crate::sms::segment::{Form, segment};
    use crate::sms::udh::{Concatenation, Reference};

    fn submit(to: &str, text: &str, coding: Coding, header: bool) -> Submit {
        let reference = Reference::Eight(0x2A);
        Submit {
            reference: 0,
            to: Address::of(Phone::new(to).expect("a number")),
            protocol_id: 0,
            data_coding: user_data::data_coding(coding, false).expect("on the air"),
            validity: Some(validity(Duration::from_secs(86_400))),
            report: true,
            part: Part {
                coding,
                concatenation: Concatenation::new(reference, 2, 1).filter(|_| header),
                octets: coding.encode_all(text).expect("it has all"),
            },
        }
    }

    #[test]
    fn messages_are_written_as_computed_apart() {
        use Coding::{Gsm7, Ucs2};
        for (text, coding, header, length, expected) in [
            (
                "hello",
                Gsm7,
                false,
                20,
                "0031000D91683108108300F00000A705E8329BFD06",
            ),
            (
                "山洪预警",
                Ucs2,
                false,
                23,
                "0031000D91683108108300F00008A7085C716D2A98848B66",
            ),
            (
                "hello",
                Gsm7,
                true,
                26,
                "0071000D91683108108300F00000A70C0500032A0201D06536FB0D",
            ),
            (
                "山洪",
                Ucs2,
                true,
                25,
                "0071000D91683108108300F00008A70A0500032A02015C716D2A",
            ),
        ] {
            let message = submit("13800138000", text, coding, header);
            let tpdu = message.encode();
            assert_eq!(tpdu.len(), length);
            assert_eq!(frame::encode(&tpdu), expected);
            assert_eq!(Submit::decode(&tpdu), Ok(message));
        }
    }

    #[test]
    fn a_message_of_another_encoder_is_written_alike() {
        let expected = "0011000D91683108000000F00008FF1E5C716D2A98848B66FF1A8BF77ACB53738F6C79FB81F35B897F6E70B93002";
        let tpdu = frame::decode(expected, 45).expect("a frame");
        let message = Submit::decode(&tpdu).expect("a message");
        assert_eq!(message.to.text, "8613800000000");
        assert_eq!((message.validity, message.report), (Some(0xFF), false));
        let text = message.part.coding.decode(&message.part.octets);
        assert_eq!(text, "山洪预警：请立即转移至安置点。");
        assert_eq!(frame::encode(&message.encode()), expected);
    }

    #[test]
    fn a_validity_is_rounded_up_to_what_can_be_written() {
        let minutes = |minutes| validity(Duration::from_secs(60 * minutes));
        for (time, expected) in [
            (0, 0),
            (5, 0),
            (6, 1),
            (60, 0x0B),
            (720, 143),
            (721, 144),
            (1_440, 0xA7),
            (1_441, 168),
            (43_200, 196),
            (43_201, 197),
            (u64::MAX / 60, 255),
        ] {
            assert_eq!(minutes(time), expected, "{time} min");
        }
    }

    proptest! {
        #[test]
        fn every_part_is_read_as_it_was_written(text in "[a-z€{}]{1,300}|[a-z山洪😀]{1,200}") {
            for part in segment(&text, &Form::gsm(), Reference::Eight(9)).expect("short enough") {
                let mut message = submit("10690001", "", part.coding, false);
                message.part = part;
                let tpdu = message.encode();
                prop_assert!(tpdu.len() <= 164);
                prop_assert_eq!(Submit::decode(&tpdu), Ok(message));
            }
        }

        #[test]
        fn hostile_octets_are_read_or_refused(octets in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(message) = Submit::decode(&octets) {
                prop_assert!(message.part.octets.len() <= 255);
            }
        }
    }
}
