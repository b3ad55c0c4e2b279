//! Datagrams of the Homebrew protocol.

use narrowcast_protocol::dmr::fields::Fields;
use narrowcast_protocol::homebrew::message::{Dmrd, FrameType, Message, Quality, Role};

use super::dmr_burst;
use crate::decode::kind::{Context, Kind, Station};
use crate::decode::report::Report;
use crate::encode::Sending;
use crate::input::Raw;

pub(crate) static KIND: Kind = Kind {
    name: "homebrew",
    about: "Datagrams of the Homebrew protocol",
    is_likely,
    read,
    splitter: None,
    wrap: Some(wrap),
    varying: &["sequence", "stream_id", "salt_or_repeater_id", "digest"],
    station,
};

fn is_likely(bytes: &[u8]) -> bool {
    [b"DMRD".as_slice(), b"RPT", b"MST", b"DMRA", b"DMRG"]
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
        Message::Rptc(said) => report.color_code = said.color_code,
        _ => {}
    }
    report
}

fn wrap(sending: &Sending<'_>) -> Vec<u8> {
    let args = sending.args;
    Dmrd {
        sequence: sending.sequence,
        source: args.from,
        destination: args.to,
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
    }
    .encode()
    .to_vec()
}

/// The name that a damaged datagram begins with.
fn prefix(bytes: &[u8]) -> &'static str {
    const NAMES: [&str; 15] = [
        "DMRD", "DMRA", "DMRG", "RPTPING", "RPTACK", "RPTSBKN", "RPTCL", "RPTC", "RPTL", "RPTK",
        "RPTO", "RPTG", "MSTPONG", "MSTNAK", "MSTCL",
    ];
    NAMES
        .into_iter()
        .find(|name| bytes.starts_with(name.as_bytes()))
        .unwrap_or("Unknown")
}
