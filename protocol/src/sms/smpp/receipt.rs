//! What a `deliver_sm` says about a message of ours (clause 4.6.1 and appendix B).

use super::compose::sender;
use super::config::Contract;
use super::message::Message;
use super::tlv::Tag;
use crate::sms::incoming::printable;
use crate::sms::message_id::MessageId;
use crate::sms::receipt::{Outcome, Receipt, ReceiptText};

/// Whether it is a receipt: `esm_class` says so, or the centre names the message. Words alone
/// count only where the contract says so.
pub(super) fn is_receipt(deliver: &Message, contract: &Contract) -> bool {
    match deliver.esm_class & Message::TYPE {
        Message::RECEIPT | Message::INTERMEDIATE => true,
        0 if deliver.tlvs.get(Tag::RECEIPTED_MESSAGE_ID).is_some() => true,
        0 if contract.receipts_by_words => {
            let words = ReceiptText::decode(deliver.content());
            words.receipt(None).is_some()
        }
        _ => false,
    }
}

/// What it says, if it names a message. Parameters go before words: they are never cut.
pub(super) fn receipt(deliver: &Message) -> Option<Receipt> {
    let words = ReceiptText::decode(deliver.content());
    let named = deliver.tlvs.get(Tag::RECEIPTED_MESSAGE_ID);
    let named = named.and_then(|id| MessageId::new(id).ok());
    let to = sender(&deliver.source).phone();
    let state = deliver.tlvs.get(Tag::MESSAGE_STATE);
    let state = state.and_then(|state| state.first().copied());
    let message = named.or(words.message)?;
    let from_words = ReceiptText {
        message: Some(message),
        ..words
    }
    .receipt(to);
    let mut receipt = match (state, from_words) {
        (Some(state), Some(words)) => Receipt {
            outcome: outcome(state),
            ..words
        },
        (Some(state), None) => Receipt {
            message,
            to,
            outcome: outcome(state),
            code: printable(&format!("state {state}")),
        },
        (None, words) => words?,
    };
    let intermediate = deliver.esm_class & Message::TYPE == Message::INTERMEDIATE;
    if intermediate && receipt.outcome != Outcome::Delivered {
        receipt.outcome = Outcome::Intermediate;
    }
    Some(receipt)
}

/// `message_state` (clause 5.2.28).
const fn outcome(state: u8) -> Outcome {
    match state {
        // ENROUTE, ACCEPTED; SCHEDULED of later versions.
        0 | 1 | 6 => Outcome::Intermediate,
        2 => Outcome::Delivered,
        // EXPIRED, DELETED, UNDELIVERABLE, REJECTED.
        3 | 4 | 5 | 8 => Outcome::Failed,
        _ => Outcome::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deliver(esm_class: u8, words: &[u8], tlvs: &[(Tag, &[u8])]) -> Message {
        let mut message = Message {
            esm_class,
            data_coding: 8,
            short_message: words.to_vec(),
            ..Message::default()
        };
        for (tag, value) in tlvs {
            message.tlvs.push(*tag, *value);
        }
        message
    }

    const ID: Tag = Tag::RECEIPTED_MESSAGE_ID;
    const STATE: Tag = Tag::MESSAGE_STATE;

    #[test]
    fn a_receipt_whose_coding_lies_is_read_by_its_octets() {
        let text = "id:7F stat:DELIVRD err:000";
        let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        for octets in [text.as_bytes(), &wide] {
            let read = receipt(&deliver(Message::RECEIPT, octets, &[])).expect("a receipt");
            assert_eq!(read.message.as_str(), "7F");
            assert_eq!(read.outcome, Outcome::Delivered);
        }
    }

    #[test]
    fn parameters_alone_are_a_receipt() {
        let tlvs: [(Tag, &[u8]); 2] = [(ID, b"42\0"), (STATE, &[2])];
        let bare = deliver(Message::RECEIPT, b"", &tlvs);
        let read = receipt(&bare).expect("a receipt");
        assert_eq!(
            (read.message.as_str(), read.outcome),
            ("42", Outcome::Delivered)
        );
        assert!(is_receipt(&deliver(0, b"", &tlvs), &Contract::new("1")));
        assert_eq!(receipt(&deliver(Message::RECEIPT, b"hello", &[])), None);
    }

    #[test]
    fn words_of_a_phone_are_no_receipt_unless_the_contract_says_so() {
        let words = deliver(0, b"id:7F stat:DELIVRD err:000", &[]);
        let mut contract = Contract::new("1");
        assert!(!is_receipt(&words, &contract));
        contract.receipts_by_words = true;
        assert!(is_receipt(&words, &contract));
    }

    #[test]
    fn an_intermediate_notification_ends_nothing() {
        let words = b"id:7F stat:UNDELIV err:001";
        let read = receipt(&deliver(Message::INTERMEDIATE, words, &[]));
        assert_eq!(read.map(|it| it.outcome), Some(Outcome::Intermediate));
        for (state, expected) in [
            (1, Outcome::Intermediate),
            (5, Outcome::Failed),
            (7, Outcome::Unknown),
        ] {
            let read = receipt(&deliver(Message::RECEIPT, words, &[(STATE, &[state])]));
            assert_eq!(read.map(|it| it.outcome), Some(expected));
        }
    }
}
