//! The content of a DELIVER that is a report (2.0 clause 7.4.5.1, 3.0 clause 8.4.5.1).

use bytes::{BufMut, BytesMut};
use nom::Parser;

use super::wire::{open, put_text, text, u32, u64};
use super::{PduError, Version};
use crate::sms::message_id::MessageId;
use crate::sms::phone::Phone;
use crate::sms::receipt::{Outcome, Receipt};

/// Octets of a report in 3.0; in 2.0 it has 60.
const OCTETS_V3: usize = 71;

/// What became of a message of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Msg_Id: the name that SUBMIT_RESP gave.
    pub message: u64,
    /// Stat: 7 characters, see [`Outcome::from_state`].
    pub state: String,
    /// Submit_time: YYMMDDHHMM, local.
    pub submitted: String,
    /// Done_time: YYMMDDHHMM, local.
    pub done: String,
    /// Dest_terminal_Id: the phone.
    pub to: String,
    /// SMSC_sequence: of the short message centre.
    pub centre_sequence: u32,
}

impl Report {
    /// Reads the content. Its length says which layout it has, because 3.0 gateways send the
    /// shorter one too; what follows is ignored.
    ///
    /// # Errors
    /// It has less than 60 octets.
    pub fn decode(content: &[u8]) -> Result<Self, PduError> {
        let wide = content.len() >= OCTETS_V3;
        let fields = (
            u64("Msg_Id"),
            text("Stat", 7),
            text("Submit_time", 10),
            text("Done_time", 10),
            text("Dest_terminal_Id", if wide { 32 } else { 21 }),
            u32("SMSC_sequence"),
        );
        let fields = fields.map(
            |(message, state, submitted, done, to, centre_sequence)| Self {
                message,
                state,
                submitted,
                done,
                to,
                centre_sequence,
            },
        );
        let (_, report) = open("report", content, fields)?;
        Ok(report)
    }

    /// The content: 60 octets in 2.0, 71 in 3.0.
    #[must_use]
    pub fn encode(&self, version: Version) -> Vec<u8> {
        let wide = version == Version::V3;
        let mut out = BytesMut::with_capacity(OCTETS_V3);
        out.put_u64(self.message);
        put_text(&mut out, &self.state, 7);
        put_text(&mut out, &self.submitted, 10);
        put_text(&mut out, &self.done, 10);
        put_text(&mut out, &self.to, if wide { 32 } else { 21 });
        out.put_u32(self.centre_sequence);
        out.to_vec()
    }

    /// What it says, in the words of all SMS links.
    #[must_use]
    pub fn receipt(&self) -> Receipt {
        Receipt {
            message: MessageId::from_u64(self.message),
            to: Phone::new(&self.to).ok(),
            outcome: Outcome::from_state(&self.state),
            code: self.state.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_report_says_what_became_of_the_message() {
        let report = Report {
            message: 0xBBC1_E140_03E9_0007,
            state: "DELIVRD".to_owned(),
            submitted: "2611231630".to_owned(),
            done: "2611231631".to_owned(),
            to: "8613800138000".to_owned(),
            centre_sequence: 7,
        };
        for (version, octets) in [(Version::V2, 60), (Version::V3, 71)] {
            let content = report.encode(version);
            assert_eq!(content.len(), octets);
            assert_eq!(Report::decode(&content), Ok(report.clone()));
        }
        let receipt = report.receipt();
        assert_eq!(receipt.message.as_str(), "bbc1e14003e90007");
        assert_eq!(receipt.to, Phone::new("13800138000").ok());
        assert_eq!(receipt.outcome, Outcome::Delivered);
        // Portals show it in decimal.
        let decimal = MessageId::new(b"13529342420657438727").expect("an id");
        assert!(receipt.message.may_be(&decimal));
    }

    proptest! {
        #[test]
        fn short_contents_are_refused_and_longer_ones_read(content in prop::collection::vec(any::<u8>(), 0..160)) {
            prop_assert_eq!(Report::decode(&content).is_ok(), content.len() >= 60);
        }
    }
}
