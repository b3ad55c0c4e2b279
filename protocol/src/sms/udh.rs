//! The user data header: elements in front of the text of a short message
//! (3GPP TS 23.040 clause 9.2.3.24).

/// Element: concatenated short messages, 8-bit reference (clause 9.2.3.24.1).
const CONCATENATION_8: u8 = 0x00;
/// Element: concatenated short messages, 16-bit reference (clause 9.2.3.24.8).
const CONCATENATION_16: u8 = 0x08;

/// Joins the parts of one text. Counts round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reference {
    /// The usual form.
    Eight(u8),
    /// Rarely accepted; SAR elements of SMPP are read as one.
    Sixteen(u16),
}

/// Which part of a long text this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Concatenation {
    /// Equal in all parts.
    pub reference: Reference,
    /// How many parts there are, 1 to 255.
    pub total: u8,
    /// Which one this is, 1 to `total`.
    pub number: u8,
}

impl Concatenation {
    /// A part of a long text, if the numbers can be.
    #[must_use]
    pub const fn new(reference: Reference, total: u8, number: u8) -> Option<Self> {
        if number == 0 || number > total {
            return None;
        }
        Some(Self {
            reference,
            total,
            number,
        })
    }

    /// The whole header with this one element, its length octet first.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let Self { total, number, .. } = *self;
        match self.reference {
            Reference::Eight(reference) => {
                vec![5, CONCATENATION_8, 3, reference, total, number]
            }
            Reference::Sixteen(reference) => {
                let [high, low] = reference.to_be_bytes();
                vec![6, CONCATENATION_16, 4, high, low, total, number]
            }
        }
    }
}

/// What a header says that is of use here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Header {
    /// The octets that it takes, its length octet counted.
    pub octets: usize,
    /// Which part of a long text follows.
    pub concatenation: Option<Concatenation>,
    /// Whether an element ends behind the header, or the header behind the message: what was
    /// readable before is used.
    pub damaged: bool,
}

impl Header {
    /// Reads the header in front of a text. Unknown elements are skipped; of two elements that
    /// say the same the last is used (clause 9.2.3.24). Never fails: the text of a message with
    /// a broken header is still shown.
    #[must_use]
    pub fn decode(message: &[u8]) -> Self {
        let Some((&length, rest)) = message.split_first() else {
            return Self::default();
        };
        let (mut elements, damaged) = match rest.get(..usize::from(length)) {
            Some(elements) => (elements, false),
            None => (rest, true),
        };
        let mut header = Self {
            octets: elements.len() + 1,
            concatenation: None,
            damaged,
        };
        while let [kind, length, rest @ ..] = elements {
            let Some((data, next)) = rest.split_at_checked(usize::from(*length)) else {
                header.damaged = true;
                break;
            };
            match (*kind, data) {
                (CONCATENATION_8, [reference, total, number]) => {
                    let reference = Reference::Eight(*reference);
                    header.found(Concatenation::new(reference, *total, *number));
                }
                (CONCATENATION_16, [high, low, total, number]) => {
                    let reference = Reference::Sixteen(u16::from_be_bytes([*high, *low]));
                    header.found(Concatenation::new(reference, *total, *number));
                }
                (CONCATENATION_8 | CONCATENATION_16, _) => header.damaged = true,
                _ => {}
            }
            elements = next;
        }
        header.damaged |= elements.len() == 1;
        header
    }

    const fn found(&mut self, concatenation: Option<Concatenation>) {
        match concatenation {
            Some(_) => self.concatenation = concatenation,
            None => self.damaged = true,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn part(reference: Reference) -> Concatenation {
        Concatenation::new(reference, 2, 1).expect("the first of two")
    }

    #[test]
    fn both_references_are_read_and_written() {
        let eight = part(Reference::Eight(0x2A));
        assert_eq!(eight.encode(), [5, 0, 3, 0x2A, 2, 1]);
        let sixteen = part(Reference::Sixteen(0x1234));
        assert_eq!(sixteen.encode(), [6, 8, 4, 0x12, 0x34, 2, 1]);
        for it in [eight, sixteen] {
            let mut message = it.encode();
            let octets = message.len();
            message.extend(b"text");
            let header = Header::decode(&message);
            let expected = (octets, Some(it), false);
            assert_eq!(
                (header.octets, header.concatenation, header.damaged),
                expected
            );
        }
    }

    #[test]
    fn unknown_elements_are_skipped() {
        // Application ports, then the part, then a national language.
        let message = [
            14, 5, 4, 0x15, 0x8A, 0, 0, 0, 3, 0x2A, 2, 1, 0x24, 1, 1, b'A',
        ];
        let header = Header::decode(&message);
        assert_eq!(header.concatenation, Some(part(Reference::Eight(0x2A))));
        assert_eq!(message.get(header.octets..), Some(&b"A"[..]));
    }

    #[test]
    fn numbers_that_cannot_be_are_no_part_of_anything() {
        for (total, number) in [(0, 0), (2, 0), (2, 3), (0, 1)] {
            let header = Header::decode(&[5, 0, 3, 7, total, number]);
            assert_eq!(header.concatenation, None);
            assert!(header.damaged);
        }
    }

    proptest! {
        #[test]
        fn a_hostile_header_never_takes_more_than_there_is(
            message in prop::collection::vec(any::<u8>(), 0..200),
        ) {
            prop_assert!(Header::decode(&message).octets <= message.len());
        }
    }
}
