//! PDUs of CMPP 2.0 and 3.0.

mod read;
mod results;
#[cfg(test)]
mod tests;

use narrowcast_protocol::sms::cmpp::deframe::LONGEST;
use narrowcast_protocol::sms::cmpp::header::{Header, OCTETS};
use narrowcast_protocol::sms::cmpp::{Command, Pdu, Version};

use super::pdu_stream::{Headers, Pdus};
use super::smpp;
use crate::decode::kind::{Context, Kind, Station};
use crate::decode::report::Report;
use crate::encode::{self, Wrap};
use crate::input::Raw;

/// Of the version that fits.
pub(crate) static KIND: Kind = kind(
    "cmpp",
    "PDUs of CMPP, of the version that CONNECT names and that fits the length",
    is_likely,
    |raw, context| read::read(KIND.name, raw, None, context),
    Wrap::Pdus(encode::sms::cmpp_of_no_version),
);
/// Of 2.0, whatever fits.
pub(crate) static KIND_2: Kind = kind(
    "cmpp2",
    "PDUs of CMPP read as version 2.0",
    |_| false,
    |raw, context| read::read(KIND_2.name, raw, Some(Version::V2), context),
    Wrap::Pdus(encode::sms::cmpp2),
);
/// Of 3.0, whatever fits.
pub(crate) static KIND_3: Kind = kind(
    "cmpp3",
    "PDUs of CMPP read as version 3.0",
    |_| false,
    |raw, context| read::read(KIND_3.name, raw, Some(Version::V3), context),
    Wrap::Pdus(encode::sms::cmpp3),
);

const fn kind(
    name: &'static str,
    about: &'static str,
    is_likely: fn(&[u8]) -> bool,
    read: fn(&Raw, Context) -> Report,
    wrap: Wrap,
) -> Kind {
    Kind {
        name,
        about,
        is_likely,
        read,
        splitter: Some(|_| Box::new(Pdus::new(HEADERS))),
        wrap: Some(wrap),
        varying: &[
            "Sequence_Id",
            "AuthenticatorSource",
            "AuthenticatorISMG",
            "Timestamp",
            "Msg_Id",
            "Submit_time",
            "Done_time",
            "SMSC_sequence",
            "ValId_Time",
            "At_Time",
            "reference",
            "udh",
        ],
        station,
    }
}

const HEADERS: Headers = Headers {
    octets: OCTETS,
    length,
    is_sound,
};

/// QUERY and CANCEL, which the codec does not read.
const QUERY: u32 = 6;
const CANCEL: u32 = 7;

/// Octets of the PDU that begins so, if one can: of most commands the layout gives them.
fn length(bytes: &[u8]) -> Option<usize> {
    let header = Header::decode(bytes.first_chunk()?);
    let length = header.length;
    let fits = match (header.command.0, header.command.0 & 0x7FFF_FFFF) {
        (1 | QUERY, _) => length == 39,
        (0x8000_0001, _) => matches!(length, 30 | 33),
        (_, 2) | (8, _) => length == 12,
        (0x8000_0008, _) => matches!(length, 12 | 13),
        (4, _) => (138..=LONGEST).contains(&length),
        // Without content, in 2.0; the most content in 3.0.
        (5, _) => (85..=376).contains(&length),
        (0x8000_0004 | 0x8000_0005, _) => matches!(length, 21 | 24),
        (0x8000_0006, _) => length == 63,
        (CANCEL, _) => length == 20,
        (0x8000_0007, _) => matches!(length, 13 | 16),
        _ => false,
    };
    if !fits {
        return None;
    }
    usize::try_from(length).ok()
}

/// Whether a PDU of this family can begin so.
pub(super) fn begins(bytes: &[u8]) -> bool {
    length(bytes).is_some()
}

fn is_sound(pdu: &[u8]) -> bool {
    let Some((header, body)) = pdu.split_first_chunk::<OCTETS>() else {
        return false;
    };
    let command = Header::decode(header).command;
    matches!(command.0 & 0x7FFF_FFFF, QUERY | CANCEL)
        || fits(Version::V2, command, body)
        || fits(Version::V3, command, body)
}

/// Whether a body is read to its end in this layout.
fn fits(version: Version, command: Command, body: &[u8]) -> bool {
    match Pdu::decode(version, command, body) {
        Ok(Pdu::Deliver(deliver)) => !deliver.damaged,
        Ok(_) => true,
        Err(_) => false,
    }
}

/// Whether a body is written in this layout, octet for octet.
fn is_exact(version: Version, command: Command, body: &[u8]) -> bool {
    let pdu = Pdu::decode(version, command, body);
    pdu.is_ok_and(|pdu| pdu.encode(version, 0).get(OCTETS..) == Some(body))
}

/// The version that a log-in names; a CONNECT_RESP that names a lower one decides.
pub(crate) fn version_of(bytes: &[u8]) -> Option<Version> {
    let (header, body) = bytes.split_first_chunk::<OCTETS>()?;
    match Pdu::decode(Version::V3, Header::decode(header).command, body) {
        Ok(Pdu::Connect(connect)) => Some(Version::from_code(connect.version)),
        Ok(Pdu::ConnectResp(it)) if it.status == 0 && it.version != 0 => {
            Some(Version::from_code(it.version))
        }
        _ => None,
    }
}

fn is_likely(bytes: &[u8]) -> bool {
    begins(bytes) && !(smpp::KIND.is_likely)(bytes)
}

fn station(bytes: &[u8]) -> Option<Station> {
    let header = Header::decode(bytes.first_chunk()?);
    Some(match header.command.0 {
        // Both ends send these.
        2 | 8 | 0x8000_0002 | 0x8000_0008 => return None,
        5 => Station::Master,
        0x8000_0005 => Station::Client,
        command if command & 0x8000_0000 != 0 => Station::Master,
        _ => Station::Client,
    })
}
