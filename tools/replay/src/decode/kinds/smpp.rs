//! PDUs of SMPP 3.4.

mod names;
mod read;
#[cfg(test)]
mod tests;

use narrowcast_protocol::sms::smpp::deframe::LONGEST;
use narrowcast_protocol::sms::smpp::header::{Header, OCTETS};
use narrowcast_protocol::sms::smpp::{Command, Pdu};

use super::cmpp;
use super::pdu_stream::{Headers, Pdus};
use crate::decode::kind::{Kind, Station};
use crate::encode::{self, Wrap};

pub(crate) static KIND: Kind = Kind {
    name: "smpp",
    about: "PDUs of SMPP 3.4, between a client and a short message centre",
    is_likely,
    read: read::read,
    splitter: Some(|_| Box::new(Pdus::new(HEADERS))),
    wrap: Some(Wrap::Pdus(encode::sms::smpp)),
    varying: &[
        "sequence_number",
        "message_id",
        "receipted_message_id",
        "id",
        "submit_date",
        "done_date",
        "schedule_delivery_time",
        "validity_period",
        "password",
        "reference",
        "udh",
        "sar_msg_ref_num",
    ],
    station,
};

pub(super) const HEADERS: Headers = Headers {
    octets: OCTETS,
    length,
    is_sound,
};

/// Octets of the PDU that begins so, if one can.
fn length(bytes: &[u8]) -> Option<usize> {
    let header = Header::decode(bytes.first_chunk()?);
    names::command(header.command.0)?;
    let is_request = header.command.0 & 0x8000_0000 == 0;
    let is_numbered = (1..=0x7FFF_FFFF).contains(&header.sequence);
    // Only what could not be read is answered without a number.
    if !is_numbered && header.command != Command::GENERIC_NACK {
        return None;
    }
    if header.status > 0xFFFF || (is_request && header.status != 0) {
        return None;
    }
    let (least, most) = match header.command.0 & 0xFFFF {
        1 | 2 | 9 if is_request => (23, 160),
        4 | 5 if is_request => (33, LONGEST),
        0 | 6 | 0x15 => (16, 64),
        0x103 | 0x21 if is_request => (24, LONGEST),
        _ => (16, 4_096),
    };
    (least..=most).contains(&header.length).then_some(())?;
    usize::try_from(header.length).ok()
}

/// Whether a whole PDU is read to its end.
fn is_sound(pdu: &[u8]) -> bool {
    let Some((header, body)) = pdu.split_first_chunk::<OCTETS>() else {
        return false;
    };
    let header = Header::decode(header);
    match Pdu::decode(header.command, body) {
        Ok(Pdu::SubmitSm(message) | Pdu::DeliverSm(message)) => {
            !message.cut && !message.tlvs.damaged
        }
        Ok(Pdu::SubmitSmResp(_) | Pdu::DeliverSmResp(_) | Pdu::BindResp(_)) => {
            let text = body.split(|octet| *octet == 0).next().unwrap_or_default();
            text.iter().all(|octet| matches!(octet, b' '..=b'~'))
        }
        Ok(Pdu::Bind(_)) => bind_is_ascii(body),
        Ok(_) => true,
        Err(_) => false,
    }
}

/// The first three fields of a bind are texts.
fn bind_is_ascii(body: &[u8]) -> bool {
    let texts = body.split(|octet| *octet == 0).take(3);
    texts.flatten().all(|octet| matches!(octet, b' '..=b'~'))
}

fn is_likely(bytes: &[u8]) -> bool {
    // The commands of both families have the same numbers.
    length(bytes).is_some_and(|length| {
        let whole = bytes.get(..length).unwrap_or(bytes);
        !cmpp::begins(bytes) || is_sound(whole)
    })
}

fn station(bytes: &[u8]) -> Option<Station> {
    let header = Header::decode(bytes.first_chunk()?);
    Some(match header.command.0 {
        // Both ends send these.
        0x8000_0000 | 6 | 0x8000_0006 | 0x15 | 0x8000_0015 | 0x103 | 0x8000_0103 => return None,
        5 | 0xB | 0x102 => Station::Master,
        0x8000_0005 => Station::Client,
        command if command & 0x8000_0000 != 0 => Station::Master,
        _ => Station::Client,
    })
}
