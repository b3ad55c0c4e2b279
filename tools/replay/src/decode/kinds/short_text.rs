//! The text of a short message: its coding, which part of a long one it is, and the words of a
//! receipt.

use narrowcast_protocol::dmr::fields::{Field, FieldValue};
use narrowcast_protocol::sms::udh::{Concatenation, Header, Reference};
use narrowcast_protocol::sms::{Coding, Incoming, Part, Sender};

use crate::decode::report::Report;

/// A text with its header, as it stands in a PDU.
#[derive(Debug, Clone, Copy)]
pub(super) struct Content<'a> {
    /// The field's name in the standard.
    pub(super) name: &'static str,
    pub(super) from: &'a str,
    pub(super) to: &'a str,
    /// The octets, perhaps with a header in front.
    pub(super) octets: &'a [u8],
    pub(super) has_header: bool,
    /// Which part it is, where that is not said in a header.
    pub(super) beside: Option<Concatenation>,
    /// The coding, and what it is called.
    pub(super) coding: (Coding, &'static str),
}

impl Content<'_> {
    /// Shows the text of a message, and which part of a long one it is.
    pub(super) fn describe(&self, report: &mut Report) {
        let header = match self.has_header {
            true => Header::decode(self.octets),
            false => Header::default(),
        };
        let place = header.concatenation.or(self.beside);
        if self.has_header {
            let udh = self.octets.get(..header.octets).unwrap_or(self.octets);
            report.add(&[Field::bytes("udh", udh)]);
        }
        if header.damaged {
            report.remark("the header in front of the text is damaged");
        }
        if let Some(place) = place {
            report.add(&[concatenation(&place)]);
        }
        let octets = self.octets.get(header.octets..).unwrap_or_default();
        let (coding, name) = self.coding;
        if coding == Coding::Octets {
            report.add(&[Field::bytes(self.name, octets)]);
        } else {
            let text = coding.decode(octets);
            report.add(&[Field::text(self.name, &text)]);
            report.text = Some(text);
            report.encoding = Some(name.to_owned());
        }
        report.incoming = Some(Box::new(Incoming {
            from: Sender::new(self.from),
            to: self.to.to_owned(),
            part: Part {
                coding,
                concatenation: place,
                octets: octets.to_vec(),
            },
            id: None,
        }));
    }
}

fn concatenation(place: &Concatenation) -> Field {
    let reference = match place.reference {
        Reference::Eight(reference) => Field::number("reference", reference, 8),
        Reference::Sixteen(reference) => Field::number("reference", reference, 16),
    };
    Field {
        name: "concatenation",
        value: FieldValue::Nested(vec![
            reference,
            Field::number("total", place.total, 8),
            Field::number("number", place.number, 8),
        ]),
    }
}

/// The alphabet that bits of a class give, as TS 23.038 clause 4 has it; `usual` is that of the
/// link.
pub(super) const fn by_class(bits: u8, usual: (Coding, &'static str)) -> (Coding, &'static str) {
    match bits {
        0x10..=0x1F if bits & 0x0C == 0x08 => (Coding::Ucs2, "UCS-2"),
        0x10..=0x1F | 0xF0..=0xFF if bits & 0x04 != 0 => (Coding::Octets, "octets"),
        0x10..=0x1F | 0xF0..=0xFF => usual,
        _ => (Coding::Octets, "octets"),
    }
}

/// The keys of a receipt (SMPP 3.4 appendix B), and their names here.
const KEYS: [(&str, &str); 8] = [
    ("id", "id"),
    ("sub", "sub"),
    ("dlvrd", "dlvrd"),
    ("submit date", "submit_date"),
    ("done date", "done_date"),
    ("stat", "stat"),
    ("err", "err"),
    ("text", "text"),
];

/// The words of a receipt by their keys, in whatever order they stand.
pub(super) fn receipt(octets: &[u8]) -> Vec<Field> {
    let text = match octets {
        [0, _, 0, _, ..] => Coding::Ucs2.decode(octets),
        _ => Coding::Latin1.decode(octets),
    };
    let text = text.trim_end_matches('\0');
    let lower = text.to_ascii_lowercase();
    let mut found: Vec<(usize, usize, &'static str)> = KEYS
        .iter()
        .filter_map(|(key, name)| {
            let (start, end) = find(&lower, key)?;
            Some((start, end, *name))
        })
        .collect();
    found.sort_unstable();
    // Behind this key stands what the sender wrote, which may look like keys.
    if let Some(last) = found.iter().position(|(_, _, name)| *name == "text") {
        found.truncate(last + 1);
    }
    let ends = found.iter().skip(1).map(|(start, ..)| *start);
    let ends = ends.chain([text.len()]);
    found
        .iter()
        .zip(ends)
        .map(|((_, start, name), end)| {
            let value = text.get(*start..end).unwrap_or_default();
            Field::text(name, value.trim())
        })
        .collect()
}

/// Where `key:` stands as a word of its own, and where its value begins.
fn find(text: &str, key: &str) -> Option<(usize, usize)> {
    text.match_indices(key).find_map(|(at, _)| {
        let before = text.get(..at)?.chars().next_back();
        let behind = text.get(at + key.len()..)?;
        let is_word = before.is_none_or(|c| !c.is_alphanumeric());
        // "date" alone is part of two keys.
        (is_word && behind.starts_with(':')).then_some((at, at + key.len() + 1))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_a_receipt_are_read_in_any_order_and_case_up_to_the_text() {
        let said = |octets: &[u8]| -> Vec<String> {
            let fields = receipt(octets);
            let said = fields.iter().map(|f| format!("{}={}", f.name, f.value));
            said.collect()
        };
        let usual = b"id:7F sub:001 dlvrd:001 submit date:2611231630 done date:2611231631 stat:DELIVRD err:000 Text:id:9 stat:X\0";
        assert_eq!(
            said(usual),
            [
                "id=7F",
                "sub=001",
                "dlvrd=001",
                "submit_date=2611231630",
                "done_date=2611231631",
                "stat=DELIVRD",
                "err=000",
                "text=id:9 stat:X"
            ]
        );
        assert_eq!(said(b"stat:UNDELIV id:1"), ["stat=UNDELIV", "id=1"]);
        let wide: Vec<u8> = "id:5"
            .encode_utf16()
            .flat_map(|unit| unit.to_be_bytes())
            .collect();
        assert_eq!(said(&wide), ["id=5"]);
        assert_eq!(said(b"paid:5 \xFF"), Vec::<String>::new());
    }
}
