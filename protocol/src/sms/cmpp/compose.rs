//! From a short message to SUBMIT, and from DELIVER to a short message.

use super::config::{CmppConfig, ValidityForm};
use super::deliver::Deliver;
use super::submit::Submit;
use crate::session::Refusal;
use crate::sms::incoming::{Incoming, Sender, printable};
use crate::sms::message_id::MessageId;
use crate::sms::part::{Coding, Part};
use crate::sms::submit as sms;
use crate::sms::udh::Header;
use crate::sms::wall;
use crate::time::Instant;

/// Class bits of Msg_Fmt: class 0 (TS 23.038 clause 4).
const CLASS_0: u8 = 0x10;

/// The SUBMIT of one part of a text.
pub(super) fn submit(
    config: &CmppConfig,
    message: &sms::Submit,
    now: Instant,
) -> Result<Submit, Refusal> {
    let part = &message.part;
    let format = match part.coding {
        Coding::Ascii => 0,
        Coding::Octets => 4,
        Coding::Ucs2 => 8,
        Coding::Gbk => 15,
        Coding::Gsm7 | Coding::Latin1 => return Err(Refusal::Unencodable),
    };
    if !part.fits() {
        return Err(Refusal::TooLong);
    }
    let header = part.concatenation.map(|it| it.encode());
    let mut content = header.unwrap_or_default();
    content.extend_from_slice(&part.octets);
    let contract = &config.contract;
    let class = message.at_once && contract.at_once && part.coding != Coding::Gbk;
    let valid_until = match (contract.validity, message.validity) {
        (ValidityForm::Absolute, Some(validity)) => config.wall.absolute(now + validity),
        (ValidityForm::Relative, Some(validity)) => wall::relative(validity),
        (ValidityForm::Omit, _) | (_, None) => String::new(),
    };
    Ok(Submit {
        message: 0,
        total: part.concatenation.map_or(1, |it| it.total),
        number: part.concatenation.map_or(1, |it| it.number),
        registered: message.receipt.into(),
        level: 0,
        service: contract.service.clone(),
        fee_user: contract.fee_user,
        fee_number: String::new(),
        fee_number_type: 0,
        protocol_id: 0,
        header: part.concatenation.is_some(),
        format: if class { format | CLASS_0 } else { format },
        account: config.account.clone(),
        fee_type: contract.fee_type.clone(),
        fee_code: contract.fee_code.clone(),
        valid_until,
        at: String::new(),
        source: contract.source.clone(),
        // One number each: every recipient has a receipt, and a bad number stops no other.
        numbers: vec![message.to.written(contract.prefix)],
        number_type: 0,
        content,
        link: String::new(),
    })
}

/// What a phone says in a DELIVER that is no report, and whether its header is broken.
pub(super) fn incoming(deliver: &Deliver) -> (Incoming, bool) {
    let header = if deliver.header {
        Header::decode(&deliver.content)
    } else {
        Header::default()
    };
    let text = deliver.content.get(header.octets..).unwrap_or_default();
    let incoming = Incoming {
        from: Sender::new(&deliver.source),
        to: printable(&deliver.destination),
        part: Part {
            coding: coding(deliver.format),
            concatenation: header.concatenation,
            octets: text.to_vec(),
        },
        id: Some(MessageId::from_u64(deliver.message)),
    };
    (incoming, header.damaged)
}

/// How the content is to be read. Some gateways add class bits to the format.
const fn coding(format: u8) -> Coding {
    match format {
        15 => Coding::Gbk,
        _ if format & 0x0C == 0x08 => Coding::Ucs2,
        _ if format & 0x0F == 0 => Coding::Ascii,
        _ => Coding::Octets,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_with_class_bits_are_read_like_those_without() {
        for (format, expected) in [
            (0, Coding::Ascii),
            (0x10, Coding::Ascii),
            (3, Coding::Octets),
            (4, Coding::Octets),
            (8, Coding::Ucs2),
            (24, Coding::Ucs2),
            (25, Coding::Ucs2),
            (15, Coding::Gbk),
        ] {
            assert_eq!(coding(format), expected, "{format}");
        }
    }
}
