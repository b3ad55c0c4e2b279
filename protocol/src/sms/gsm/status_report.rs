//! SMS-STATUS-REPORT: what became of a message of ours (TS 23.040 clause 9.2.2.3).

use super::address::Address;
use super::timestamp::Timestamp;
use super::{PduError, message_id, octet};
use crate::sms::receipt::{Outcome, Receipt};

const KIND: u8 = 0x02;
const LAST: u8 = 0x04;

/// A report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusReport {
    /// TP-MR: which message.
    pub reference: u8,
    /// TP-RA: to whom it was.
    pub to: Address,
    /// TP-SCTS: when the service centre got the message.
    pub sent: Timestamp,
    /// TP-DT: when it was delivered, or tried last.
    pub done: Timestamp,
    /// TP-ST (clause 9.2.3.15).
    pub status: u8,
}

impl StatusReport {
    /// Reads a report; what follows the status is ignored.
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
        Ok(Self {
            reference: octet(octets, "TP-MR")?,
            to: Address::decode(octets)?,
            sent: Timestamp::decode(octets, "TP-SCTS")?,
            done: Timestamp::decode(octets, "TP-DT")?,
            status: octet(octets, "TP-ST")?,
        })
    }

    /// The octets.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = vec![KIND | LAST, self.reference];
        self.to.encode(&mut out);
        self.sent.encode(&mut out);
        self.done.encode(&mut out);
        out.push(self.status);
        out
    }

    /// What it says, in the words of all SMS links. Its times are never looked at: the message is
    /// found by reference and number.
    #[must_use]
    pub fn receipt(&self) -> Receipt {
        Receipt {
            message: message_id(self.reference),
            to: self.to.sender().phone(),
            outcome: match self.status {
                0x00 => Outcome::Delivered,
                // Still trying.
                0x20..=0x3F => Outcome::Intermediate,
                // Given up: for good, or because of a passing fault.
                0x40..=0x7F => Outcome::Failed,
                // Passed on without confirmation, replaced, or reserved.
                _ => Outcome::Unknown,
            },
            code: format!("ST {:02X}", self.status),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::sms::gsm::frame;
    use crate::sms::phone::Phone;

    fn read(line: &str) -> StatusReport {
        let tpdu = frame::decode(line, 26).expect("a frame");
        StatusReport::decode(&tpdu).expect("a report")
    }

    #[test]
    fn a_report_names_the_message_its_number_and_the_outcome() {
        let line = "00062A0D91683108108300F0621132610350236211326103012300";
        let report = read(line);
        assert_eq!((report.reference, report.status), (0x2A, 0));
        assert_eq!(frame::encode(&report.encode()), line);
        let receipt = report.receipt();
        assert_eq!(receipt.message, message_id(0x2A));
        assert_eq!(receipt.to, Phone::new("13800138000").ok());
        assert_eq!(receipt.outcome, Outcome::Delivered);
    }

    #[test]
    fn a_report_with_a_broken_zone_counts() {
        let report = read("00062A0D91683108108300F0621132610350C26211326103012300");
        assert_eq!(report.sent.quarters, None);
        assert!(report.sent.local.is_some());
        assert_eq!(report.receipt().outcome, Outcome::Delivered);
    }

    #[test]
    fn only_a_delivered_message_is_delivered() {
        for (status, outcome) in [
            (0x00, Outcome::Delivered),
            (0x01, Outcome::Unknown),
            (0x02, Outcome::Unknown),
            (0x20, Outcome::Intermediate),
            (0x30, Outcome::Intermediate),
            (0x41, Outcome::Failed),
            (0x46, Outcome::Failed),
            (0x65, Outcome::Failed),
            (0x80, Outcome::Unknown),
        ] {
            let mut report = read("00062A0D91683108108300F0621132610350236211326103012300");
            report.status = status;
            assert_eq!(report.receipt().outcome, outcome, "{status:#x}");
        }
    }

    proptest! {
        #[test]
        fn hostile_octets_are_read_or_refused(octets in prop::collection::vec(any::<u8>(), 0..60)) {
            if let Ok(report) = StatusReport::decode(&octets) {
                prop_assert_eq!(StatusReport::decode(&report.encode()).map(|it| it.status), Ok(report.status));
            }
        }
    }
}
