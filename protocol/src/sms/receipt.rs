//! What an operator says about a message after it has taken it.

use super::incoming::printable;
use super::message_id::MessageId;
use super::phone::Phone;

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The phone has it. That a person saw it is not said.
    Delivered,
    /// The phone will not get it.
    Failed,
    /// Nothing more will be said, and the phone may have it.
    Unknown,
    /// It is still under way; another receipt follows.
    Intermediate,
}

impl Outcome {
    /// Whether no other receipt about it is expected.
    #[must_use]
    pub const fn is_final(self) -> bool {
        !matches!(self, Self::Intermediate)
    }

    /// What a state word means: `Stat` of a CMPP report (2.0 clause 7.4.5.1, 3.0 table 7) and
    /// `stat:` of an SMPP receipt (3.4 appendix B). Live gateways return words of their own:
    /// what nobody knows is a failure whose cause is unknown.
    #[must_use]
    pub fn from_state(word: &str) -> Self {
        let word = word.trim().to_ascii_uppercase();
        let is = |beginnings: &[&str]| beginnings.iter().any(|it| word.starts_with(it));
        if word.is_empty() || is(&["UNKNOWN"]) {
            return Self::Unknown;
        }
        if is(&["DELIVRD", "DELIVERED"]) {
            return Self::Delivered;
        }
        if is(&["ACCEPT", "ENROUTE", "BUFFERED", "SCHEDULED"]) {
            return Self::Intermediate;
        }
        // CMPP 3.0: an element on the way (M, C, D, S, I) gave no answer (A), answered an error
        // (B), or its report never came (C).
        match word.as_bytes() {
            [b'M' | b'C' | b'D' | b'S' | b'I', b'A' | b'C', b':', ..] => Self::Unknown,
            _ => Self::Failed,
        }
    }
}

/// What an operator says about one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The message, as this receipt names it; see [`MessageId::find`].
    pub message: MessageId,
    /// The phone that the message was for, where the operator says so.
    pub to: Option<Phone>,
    /// What became of it.
    pub outcome: Outcome,
    /// The operator's own words for it, `UNDELIV` or `UNDELIV 069`; at most 32 printable ASCII
    /// characters.
    pub code: String,
}

/// The text of an SMPP receipt (3.4 appendix B), which every vendor writes in its own way:
/// read by key and not by position, whatever the data coding says.
///
/// ```text
/// id:7F sub:001 dlvrd:001 submit date:2611231630 done date:2611231631 stat:DELIVRD err:000 text:..
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReceiptText {
    /// `id`.
    pub message: Option<MessageId>,
    /// `stat`; at most 32 printable ASCII characters.
    pub state: Option<String>,
    /// `err`; at most 32 printable ASCII characters.
    pub error: Option<String>,
}

impl ReceiptText {
    /// Reads the octets of a receipt, of which a key that is not there is none. The octets decide
    /// whether they are UTF-16 or one octet a character.
    #[must_use]
    pub fn decode(octets: &[u8]) -> Self {
        let wide = matches!(octets, [0, _, 0, _, ..]);
        let text: String = if wide {
            let unit = |pair: &[u8; 2]| u16::from_be_bytes(*pair);
            let (pairs, _) = octets.as_chunks::<2>();
            char::decode_utf16(pairs.iter().map(unit))
                .map(|it| it.unwrap_or(char::REPLACEMENT_CHARACTER))
                .collect()
        } else {
            octets.iter().map(|octet| char::from(*octet)).collect()
        };
        let lower = text.to_ascii_lowercase();
        // Behind this key stands what the sender wrote, which may look like keys.
        let end = find_key(&lower, "text").map_or(text.len(), |(start, _)| start);
        let value = |key| {
            let (_, start) = find_key(&lower, key).filter(|(start, _)| *start < end)?;
            let value = text.get(start..end)?;
            let stop = value.find(|c: char| c.is_whitespace() || c == '\0');
            value.get(..stop.unwrap_or(value.len()))
        };
        let word = |key| value(key).map(printable).filter(|word| !word.is_empty());
        Self {
            message: value("id").and_then(|id| MessageId::new(id.as_bytes()).ok()),
            state: word("stat"),
            error: word("err"),
        }
    }

    /// What the words say, if they name a message and its state.
    #[must_use]
    pub fn receipt(&self, to: Option<Phone>) -> Option<Receipt> {
        let state = self.state.as_ref()?;
        let error = self.error.as_ref();
        let error = error.filter(|error| error.bytes().any(|byte| byte != b'0'));
        let code = error.map_or_else(|| state.clone(), |error| format!("{state} {error}"));
        Some(Receipt {
            message: self.message?,
            to,
            outcome: Outcome::from_state(state),
            code: printable(&code),
        })
    }
}

/// Where `key:` begins as a word of its own, and where it ends.
fn find_key(text: &str, key: &str) -> Option<(usize, usize)> {
    let found = text.match_indices(key).find(|(at, _)| {
        let before = text.get(..*at).and_then(|before| before.chars().last());
        let after = text.get(at + key.len()..);
        before.is_none_or(|c| !c.is_alphanumeric()) && after.is_some_and(|it| it.starts_with(':'))
    });
    found.map(|(at, _)| (at, at + key.len() + 1))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &[u8]) -> Receipt {
        let receipt = ReceiptText::decode(text).receipt(None);
        receipt.expect("an id and a state")
    }

    #[test]
    fn state_words_end_a_message_or_say_that_it_is_under_way() {
        for (word, outcome) in [
            ("DELIVRD", Outcome::Delivered),
            ("delivrd", Outcome::Delivered),
            ("EXPIRED", Outcome::Failed),
            ("DELETED", Outcome::Failed),
            ("UNDELIV", Outcome::Failed),
            ("REJECTD", Outcome::Failed),
            ("UNKNOWN", Outcome::Unknown),
            ("ACCEPTD", Outcome::Intermediate),
            ("ENROUTE", Outcome::Intermediate),
            ("MA:0001", Outcome::Unknown),
            ("IC:0055", Outcome::Unknown),
            ("DB:0141", Outcome::Failed),
            ("MK:0001", Outcome::Failed),
            ("", Outcome::Unknown),
        ] {
            assert_eq!(Outcome::from_state(word), outcome, "{word}");
        }
    }

    #[test]
    fn receipts_are_read_by_key_in_any_order_and_case() {
        let receipt =
            read(b"stat:UNDELIV Err:0069 done date:261123163005 ID:7F Text:id:99 stat:DELIVRD");
        assert_eq!(receipt.message.as_str(), "7F");
        assert_eq!(receipt.outcome, Outcome::Failed);
        assert_eq!(receipt.code, "UNDELIV 0069");
        assert_eq!(
            read(b"id:0000436949 stat:DELIVRD err:0000\0").code,
            "DELIVRD"
        );
    }

    #[test]
    fn the_octets_of_a_receipt_say_how_they_are_coded() {
        let text = "id:7F stat:DELIVRD err:000";
        let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(read(&wide), read(text.as_bytes()));
    }

    #[test]
    fn a_text_that_is_not_ascii_keeps_the_receipt_readable() {
        let receipt = read(b"id:AB sub:001 stat:EXPIRED err:005 text:\xD4\xA4\xBE\xAF\xFF");
        assert_eq!(receipt.outcome, Outcome::Failed);
    }

    #[test]
    fn without_id_or_state_it_is_no_receipt() {
        for text in [
            &b"stat:DELIVRD"[..],
            b"id:7F",
            b"",
            b"valid:7 stat:x",
            b"id: stat:DELIVRD",
        ] {
            assert_eq!(ReceiptText::decode(text).receipt(None), None);
        }
    }

    proptest! {
        #[test]
        fn hostile_octets_are_read_or_are_no_receipt(octets in prop::collection::vec(any::<u8>(), 0..300)) {
            if let Some(receipt) = ReceiptText::decode(&octets).receipt(None) {
                prop_assert!(receipt.code.len() <= 32);
            }
        }
    }
}
