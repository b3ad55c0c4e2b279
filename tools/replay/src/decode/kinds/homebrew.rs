//! Datagrams of the Homebrew protocol.

use narrowcast_protocol::dmr::fields::{Field, Fields};
use narrowcast_protocol::homebrew::message::{Dmrd, FrameType, Message, Quality, Role};

use super::{dmr_burst, dmrt};
use crate::decode::kind::{Context, Kind, Station};
use crate::decode::report::Report;
use crate::encode::{Sending, Wrap};
use crate::input::Raw;

pub(crate) static KIND: Kind = Kind {
    name: "homebrew",
    about: "Datagrams of the Homebrew protocol",
    is_likely,
    read,
    splitter: None,
    wrap: Some(Wrap::Bursts(wrap)),
    varying: &["sequence", "stream_id", "salt_or_repeater_id", "digest"],
    station,
};

fn is_likely(bytes: &[u8]) -> bool {
    [b"DMRD".as_slice(), b"RPT", b"MST", b"DTC", b"DMRA", b"DMRG"]
        .iter()
        .any(|name| bytes.starts_with(name))
}

fn station(bytes: &[u8]) -> Option<Station> {
    if bytes.starts_with(b"DMR") {
        // Both send these.
        return None;
    }
    is_likely(bytes).then(|| match Role::guess(bytes) {
        Role::Client => Station::Client,
        Role::Master => Station::Master,
    })
}

/// What a datagram says; the burst of a DMRD stands under `inner`.
fn read(raw: &Raw, context: Context) -> Report {
    let bytes = raw.bytes.as_slice();
    let mut report = Report::new(KIND.name, bytes);
    let message = match Message::decode(bytes, Role::guess(bytes)) {
        Ok(message) => message,
        Err(error) => {
            report.pdu = prefix(bytes);
            report.fail(error);
            return report;
        }
    };
    report.pdu = message.name();
    report.add(&message.to_fields());
    match &message {
        Message::Dmrd(dmrd) => {
            report.src = Some(dmrd.source);
            report.dst = Some(dmrd.destination);
            report.group = Some(dmrd.group);
            report.slot = Some(dmrd.slot.number());
            report.data_type = match dmrd.frame {
                FrameType::Data(data_type) => Some(data_type),
                _ => None,
            };
            report.inner = Some(Box::new(dmr_burst::burst(&dmrd.burst, context)));
        }
        Message::Dmrt(message) => dmrt::describe(&mut report, message),
        Message::Rptc(said) => report.color_code = said.color_code,
        _ => {}
    }
    if [b"RPTC", b"DTCC"]
        .iter()
        .any(|name| bytes.starts_with(*name))
    {
        as_sent(&mut report, bytes);
    }
    report
}

/// Shows the digits of a configuration as the station wrote them: zeros in front or behind
/// tell its program.
fn as_sent(report: &mut Report, bytes: &[u8]) {
    const DIGITS: [(&str, core::ops::Range<usize>); 7] = [
        ("rx_frequency", 16..25),
        ("tx_frequency", 25..34),
        ("power", 34..36),
        ("color_code", 36..38),
        ("latitude", 38..46),
        ("longitude", 46..55),
        ("height", 55..58),
    ];
    for (name, place) in DIGITS {
        if let Some(digits) = bytes.get(place) {
            let digits = String::from_utf8_lossy(digits);
            let digits = digits.trim_matches([' ', '\0']);
            report.fields.replace(Field::text(name, digits));
        }
    }
}

fn wrap(sending: &Sending<'_>) -> Vec<u8> {
    let args = sending.args;
    Dmrd {
        sequence: sending.sequence,
        source: sending.source,
        destination: sending.destination,
        repeater: args.repeater,
        slot: sending.slot,
        group: args.group,
        frame: FrameType::Data(sending.data_type),
        stream: sending.stream,
        burst: sending.burst,
        quality: Some(Quality {
            bit_errors: 0,
            rssi: 0,
        }),
        uuid: None,
    }
    .encode()
    .to_vec()
}

/// The name that a damaged datagram begins with.
fn prefix(bytes: &[u8]) -> &'static str {
    const NAMES: [&str; 16] = [
        "DMRD", "DMRA", "DMRG", "RPTPING", "RPTACK", "RPTSBKN", "RPTCL", "RPTC", "RPTL", "RPTK",
        "RPTO", "RPTG", "MSTPONG", "MSTNAK", "MSTCL", "DTC",
    ];
    NAMES
        .into_iter()
        .find(|name| bytes.starts_with(name.as_bytes()))
        .unwrap_or("Unknown")
}
