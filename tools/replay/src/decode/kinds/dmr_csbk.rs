//! Control signalling blocks.

use narrowcast_protocol::dmr::csbk::{Context, Csbk, Direction, System};
use narrowcast_protocol::dmr::fields::Fields;

use crate::decode::kind::{Context as Settings, Kind};
use crate::decode::report::Report;
use crate::input::Raw;

pub(crate) static KIND: Kind = Kind {
    name: "dmr-csbk",
    about: "DMR control signalling blocks of 12 bytes",
    is_likely: |bytes| bytes.len() == 12,
    read,
    splitter: None,
    wrap: None,
    varying: &[],
    station: |_| None,
};

/// Where a CSBK was heard.
pub(crate) const fn context(outbound: bool, trunked: bool) -> Context {
    Context {
        direction: if outbound {
            Direction::Outbound
        } else {
            Direction::Inbound
        },
        system: if trunked {
            System::Trunked
        } else {
            System::Conventional
        },
    }
}

/// What 12 octets say as a CSBK. A trunked one is taken as sent by the base station.
fn read(raw: &Raw, Settings { trunked, .. }: Settings) -> Report {
    let bytes = raw.bytes.as_slice();
    let mut report = Report::new(KIND.name, bytes);
    let Ok(pdu) = <&[u8; 12]>::try_from(bytes) else {
        report.pdu = "Unknown";
        report.fail(format!("a CSBK has 12 bytes, not {}", bytes.len()));
        return report;
    };
    let context = context(trunked, trunked);
    report.check = Some("crc-ccitt");
    if let Err(error) = Csbk::decode(pdu, context) {
        report.fail(error);
    }
    let csbk = Csbk::decode_unchecked(pdu, context);
    report.pdu = csbk.name();
    describe(&mut report, pdu, &csbk);
    report
}

/// What bursts and blocks tell alike.
pub(crate) fn describe(report: &mut Report, pdu: &[u8; 12], csbk: &Csbk) {
    let [first, ..] = pdu;
    report.opcode = Some(first & 0x3F);
    report.addresses(csbk.source(), csbk.target());
    report.add(&csbk.to_fields());
}
