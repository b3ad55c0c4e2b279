//! Datagrams of the Homebrew protocol.

use narrowcast_protocol::dmr::fields::Fields;
use narrowcast_protocol::homebrew::message::{FrameType, Message, Role};

use super::{Kind, Report, burst};

/// What a datagram says; the burst of a DMRD stands under `inner`.
pub(crate) fn read(bytes: &[u8], trunked: bool) -> Report {
    let mut report = Report::new(Kind::Homebrew.name(), bytes);
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
            report.inner = Some(Box::new(burst::read(&dmrd.burst, trunked)));
        }
        Message::Rptc(said) => report.color_code = said.color_code,
        _ => {}
    }
    report
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
