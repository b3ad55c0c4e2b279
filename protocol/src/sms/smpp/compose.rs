//! From a short message to `submit_sm`, and from `deliver_sm` to a short message.

use super::config::{Alphabet, Contract, Joining, SmppConfig};
use super::message::{Address, Message};
use super::tlv::{Tag, Tlvs};
use crate::session::Refusal;
use crate::sms::config::ValidityForm;
use crate::sms::gsm7;
use crate::sms::incoming::{Incoming, Sender, printable};
use crate::sms::part::{Coding, Part};
use crate::sms::phone::Phone;
use crate::sms::submit::Submit;
use crate::sms::udh::{Concatenation, Header, Reference};
use crate::sms::wall;
use crate::time::Instant;

/// Bits of `data_coding`: class 0 (TS 23.038 clause 4).
const CLASS_0: u8 = 0x10;

/// The `submit_sm` of one part of a text.
pub(super) fn submit(
    config: &SmppConfig,
    message: &Submit,
    now: Instant,
) -> Result<Message, Refusal> {
    let part = &message.part;
    let contract = &config.contract;
    let plain = data_coding(part.coding, contract.alphabet).ok_or(Refusal::Unencodable)?;
    if !part.fits() {
        return Err(Refusal::TooLong);
    }
    let header = match contract.joining {
        Joining::Header => part.concatenation.map(|it| it.encode()),
        Joining::Sar => None,
    };
    let mut tlvs = Tlvs::default();
    if let (Joining::Sar, Some(it)) = (contract.joining, part.concatenation) {
        let reference = match it.reference {
            Reference::Eight(reference) => u16::from(reference),
            Reference::Sixteen(reference) => reference,
        };
        tlvs.push(Tag::SAR_MSG_REF_NUM, reference.to_be_bytes());
        tlvs.push(Tag::SAR_TOTAL_SEGMENTS, [it.total]);
        tlvs.push(Tag::SAR_SEGMENT_SEQNUM, [it.number]);
    }
    let has_header = header.is_some();
    let mut content = header.unwrap_or_default();
    if plain == 0 && contract.alphabet == Alphabet::Gsm7Packed {
        let fill = gsm7::fill_bits(content.len());
        content.extend(gsm7::pack(&part.octets, fill));
    } else {
        content.extend_from_slice(&part.octets);
    }
    let (short_message, data_coding) = match contract.payload {
        true => {
            tlvs.push(Tag::MESSAGE_PAYLOAD, content);
            (Vec::new(), plain)
        }
        false => (content, plain),
    };
    // Only these two have a class 0 that phones know.
    let class = message.at_once && matches!(data_coding, 0 | 8);
    Ok(Message {
        service: contract.service.clone(),
        source: Address {
            ton: contract.source_ton,
            npi: contract.source_npi,
            digits: contract.source.clone(),
        },
        destination: destination(message.to, contract),
        esm_class: if has_header { Message::HEADER } else { 0 },
        validity: match (contract.validity, message.validity) {
            (ValidityForm::Absolute, Some(validity)) => config.wall.absolute(now + validity),
            (ValidityForm::Relative, Some(validity)) => wall::relative(validity),
            (ValidityForm::Omit, _) | (_, None) => String::new(),
        },
        registered: message.receipt.into(),
        data_coding: if class {
            data_coding | CLASS_0
        } else {
            data_coding
        },
        short_message,
        tlvs,
        ..Message::default()
    })
}

/// A number is international by its type, and then has no plus.
fn destination(to: Phone, contract: &Contract) -> Address {
    let written = to.written(contract.prefix);
    let plus = written.strip_prefix('+');
    let international = plus.is_some() || written != to.to_string();
    Address {
        ton: international.into(),
        npi: 1,
        digits: plus.unwrap_or(&written).to_owned(),
    }
}

/// `data_coding` of a coding, where the centre has one for it.
const fn data_coding(coding: Coding, alphabet: Alphabet) -> Option<u8> {
    use Alphabet::{Gsm7Packed, Gsm7Unpacked};
    match (coding, alphabet) {
        (Coding::Gsm7, Gsm7Unpacked | Gsm7Packed)
        | (Coding::Ascii, Alphabet::Ascii)
        | (Coding::Latin1, Alphabet::Latin1) => Some(0),
        (Coding::Ascii, _) => Some(1),
        (Coding::Latin1, _) => Some(3),
        (Coding::Octets, _) => Some(4),
        (Coding::Ucs2, _) => Some(8),
        (Coding::Gsm7 | Coding::Gbk, _) => None,
    }
}

/// How a text is coded, and whether its septets are packed.
const fn coding(data_coding: u8, alphabet: Alphabet) -> (Coding, bool) {
    let by_alphabet = match alphabet {
        Alphabet::Gsm7Unpacked => (Coding::Gsm7, false),
        Alphabet::Gsm7Packed => (Coding::Gsm7, true),
        Alphabet::Ascii => (Coding::Ascii, false),
        Alphabet::Latin1 => (Coding::Latin1, false),
    };
    match data_coding {
        1 => (Coding::Ascii, false),
        3 => (Coding::Latin1, false),
        2 | 4 => (Coding::Octets, false),
        8 => (Coding::Ucs2, false),
        // With a class: the alphabet stands in bits 2 and 3, or in bit 2 alone (TS 23.038
        // clause 4).
        0x10..=0x1F if data_coding & 0x0C == 0x08 => (Coding::Ucs2, false),
        0x10..=0x1F | 0xF0..=0xFF if data_coding & 0x04 != 0 => (Coding::Octets, false),
        0 | 0x10..=0x1F | 0xF0..=0xFF => by_alphabet,
        _ => (Coding::Octets, false),
    }
}

/// What a phone says, and what was wrong with it: a short word for the counters.
pub(super) fn incoming(deliver: &Message, contract: &Contract) -> (Incoming, Option<&'static str>) {
    let content = deliver.content();
    let has_header = deliver.esm_class & Message::HEADER != 0;
    let header = if has_header {
        Header::decode(content)
    } else {
        Header::default()
    };
    let (sar, sar_damaged) = sar(&deliver.tlvs);
    let fault = match has_header {
        _ if header.damaged => Some("broken-header"),
        true if sar.is_some() => Some("header-and-sar"),
        false if sar_damaged => Some("broken-sar"),
        _ => None,
    };
    let text = content.get(header.octets..).unwrap_or_default();
    let (coding, packed) = coding(deliver.data_coding, contract.alphabet);
    let octets = if packed {
        unpacked(text, gsm7::fill_bits(header.octets))
    } else {
        text.to_vec()
    };
    let incoming = Incoming {
        from: sender(&deliver.source),
        to: printable(&deliver.destination.digits),
        part: Part {
            coding,
            // The header wins: what the phone wrote passes through, what the centre adds may not.
            concatenation: if has_header {
                header.concatenation
            } else {
                sar
            },
            octets,
        },
        id: None,
    };
    (incoming, fault)
}

/// Septets whose count nobody says: seven zero bits at the end are taken for padding.
fn unpacked(packed: &[u8], fill: usize) -> Vec<u8> {
    let bits = (packed.len() * 8).saturating_sub(fill);
    let mut septets = gsm7::unpack(packed, fill, bits / 7);
    if bits.is_multiple_of(7) && septets.last() == Some(&0) {
        septets.pop();
    }
    septets
}

/// Who an address says that it is.
pub(super) fn sender(address: &Address) -> Sender {
    let digits = address.digits.as_str();
    let plus = address.ton == 1 && !digits.starts_with('+');
    let number = digits.starts_with(|c: char| c.is_ascii_digit());
    if plus && number {
        Sender::new(&format!("+{digits}"))
    } else {
        Sender::new(digits)
    }
}

/// Which part of a long text the optional parameters say that it is, and whether they are broken.
fn sar(tlvs: &Tlvs) -> (Option<Concatenation>, bool) {
    let octet = |tag| tlvs.get(tag).and_then(|value| value.first().copied());
    let reference = tlvs.get(Tag::SAR_MSG_REF_NUM);
    let Some(reference) = reference else {
        return (None, false);
    };
    let part = reference.first_chunk().and_then(|reference| {
        Concatenation::new(
            Reference::Sixteen(u16::from_be_bytes(*reference)),
            octet(Tag::SAR_TOTAL_SEGMENTS)?,
            octet(Tag::SAR_SEGMENT_SEQNUM)?,
        )
    });
    (part, part.is_none())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::air::StationId;
    use crate::sms::config::Secret;
    use crate::sms::segment::{Form, segment};
    use crate::sms::smpp::config::Limits;
    use crate::sms::wall::WallClock;

    fn config(contract: Contract) -> SmppConfig {
        SmppConfig {
            station: StationId(1),
            account: "alert".to_owned(),
            password: Secret::new("secret"),
            system_type: String::new(),
            contract,
            limits: Limits::default(),
            wall: WallClock::new(0, 28_800),
        }
    }

    fn to_phone(part: Part) -> Submit {
        Submit {
            to: Phone::new("13800138000").expect("a number"),
            part,
            receipt: true,
            validity: None,
            at_once: false,
        }
    }

    #[test]
    fn numbers_have_their_type_and_no_plus() {
        let contract = Contract::new("10690001");
        for (written, ton, digits) in [
            ("13800138000", 1, "8613800138000"),
            ("+4479460000", 1, "4479460000"),
            ("10690001", 0, "10690001"),
        ] {
            let to = destination(Phone::new(written).expect("a number"), &contract);
            assert_eq!((to.ton, to.digits.as_str()), (ton, digits));
        }
    }

    #[test]
    fn data_codings_of_live_centres_are_read() {
        let usual = Alphabet::Gsm7Unpacked;
        for (dc, expected) in [
            (0, Coding::Gsm7),
            (1, Coding::Ascii),
            (3, Coding::Latin1),
            (4, Coding::Octets),
            (8, Coding::Ucs2),
            (0x10, Coding::Gsm7),
            (0x18, Coding::Ucs2),
            (0xF1, Coding::Gsm7),
            (0xF2, Coding::Gsm7),
            (0xF5, Coding::Octets),
        ] {
            assert_eq!(coding(dc, usual), (expected, false), "{dc:#x}");
        }
        assert_eq!(coding(0, Alphabet::Latin1).0, Coding::Latin1);
    }

    proptest! {
        #[test]
        fn what_is_sent_arrives_whatever_form_the_contract_wants(
            text in "[a-z€{}]{1,300}|[a-z山洪😀]{1,200}", sar: bool, payload: bool,
            alphabet in prop::sample::select(vec![
                (Alphabet::Gsm7Unpacked, Coding::Gsm7), (Alphabet::Gsm7Packed, Coding::Gsm7),
                (Alphabet::Ascii, Coding::Ascii), (Alphabet::Latin1, Coding::Latin1),
            ]),
        ) {
            let contract = Contract {
                alphabet: alphabet.0,
                joining: if sar { Joining::Sar } else { Joining::Header },
                payload,
                ..Contract::new("10690001")
            };
            let form = Form { narrow: Some(alphabet.1), ..Form::cmpp() };
            let parts = segment(&text, &form, Reference::Eight(7)).expect("short enough");
            let mut said = String::new();
            for part in parts {
                let sent = submit(&config(contract.clone()), &to_phone(part.clone()), Instant::ZERO);
                let sent = sent.expect("it can be written");
                let (incoming, fault) = incoming(&sent, &contract);
                prop_assert_eq!(fault, None);
                let number = incoming.part.concatenation.map(|it| (it.total, it.number));
                prop_assert_eq!(number, part.concatenation.map(|it| (it.total, it.number)));
                said.push_str(&incoming.part.coding.decode(&incoming.part.octets));
            }
            prop_assert_eq!(said, text);
        }
    }
}
