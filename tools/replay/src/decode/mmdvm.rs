//! Frames of the MMDVM modem protocol.

use std::collections::BTreeMap;

use narrowcast_hardware::capture::Direction as Way;
use narrowcast_protocol::dmr::fields::Fields;
use narrowcast_protocol::mmdvm::deframe::{Deframed, Deframer};
use narrowcast_protocol::mmdvm::frame::Frame;
use narrowcast_protocol::mmdvm::kind::{self, Direction, is_legal};
use narrowcast_protocol::mmdvm::message::{Control, DmrData, ToHost, ToModem};
use narrowcast_protocol::time::Instant;

use super::{Kind, Report, burst};
use crate::input::Raw;

const fn name(kind: u8) -> &'static str {
    match kind {
        kind::GET_VERSION => "GET_VERSION",
        kind::GET_STATUS => "GET_STATUS",
        kind::SET_CONFIG => "SET_CONFIG",
        kind::SET_MODE => "SET_MODE",
        kind::SET_FREQ => "SET_FREQ",
        kind::CAL_DATA => "CAL_DATA",
        kind::RSSI_DATA => "RSSI_DATA",
        kind::SEND_CWID => "SEND_CWID",
        kind::DMR_ALOHA | kind::DMR_ALOHA_SDR => "DMR_ALOHA",
        kind::DMR_DATA1 => "DMR_DATA1",
        kind::DMR_LOST1 => "DMR_LOST1",
        kind::DMR_DATA2 => "DMR_DATA2",
        kind::DMR_LOST2 => "DMR_LOST2",
        kind::DMR_SHORTLC => "DMR_SHORTLC",
        kind::DMR_START => "DMR_START",
        kind::DMR_ABORT => "DMR_ABORT",
        kind::POCSAG_DATA => "POCSAG_DATA",
        kind::ACK => "ACK",
        kind::NAK => "NAK",
        kind::SERIAL_DATA => "SERIAL_DATA",
        kind::I2C_DATA => "I2C_DATA",
        kind::TRANSPARENT => "TRANSPARENT",
        kind::QSO_INFO => "QSO_INFO",
        0xF1 => "DEBUG1",
        0xF2 => "DEBUG2",
        0xF3 => "DEBUG3",
        0xF4 => "DEBUG4",
        0xF5 => "DEBUG5",
        kind::DEBUG_DUMP => "DEBUG_DUMP",
        _ => "OTHER",
    }
}

/// The frame that `bytes` are, and which way it may go. What is sent to a modem is told
/// by the record, else what a modem says is tried first.
fn deframe(bytes: &[u8], way: Option<Way>) -> Option<(Direction, Frame)> {
    let both = match way {
        Some(Way::Outbound) => [Direction::ToModem, Direction::ToHost],
        _ => [Direction::ToHost, Direction::ToModem],
    };
    both.into_iter().find_map(|direction| {
        let mut input = bytes;
        let found = Deframer::new(direction).next(Instant::ZERO, &mut input)?;
        (found.offset == 0 && found.length == bytes.len()).then_some((direction, found.frame))
    })
}

/// Why `bytes` are no frame.
fn reason(bytes: &[u8]) -> String {
    let (total, kind) = match *bytes {
        [0xE0, 0, beyond, kind, ..] => (usize::from(beyond) + 255, kind),
        [0xE0, total, kind, ..] => (usize::from(total), kind),
        [0xE0, ..] => return "the frame ends within its header".to_owned(),
        _ => return "a frame begins with E0".to_owned(),
    };
    let legal = |direction| is_legal(direction, kind, total);
    if !legal(Direction::ToHost) && !legal(Direction::ToModem) {
        return format!("no frame of type {kind:02X} has {total} bytes");
    }
    format!("the frame says {total} bytes and has {}", bytes.len())
}

/// What a frame says; the burst of a DMR_DATA stands under `inner`.
pub(crate) fn read(bytes: &[u8], way: Option<Way>, trunked: bool) -> Report {
    let mut report = Report::new(Kind::Mmdvm.name(), bytes);
    let Some((direction, frame)) = deframe(bytes, way) else {
        report.pdu = "Unknown";
        report.fail(reason(bytes));
        return report;
    };
    report.pdu = name(frame.kind());
    match direction {
        Direction::ToHost => match ToHost::decode(&frame) {
            Ok(message) => {
                report.add(&message.to_fields());
                if let ToHost::DmrData(data) = message {
                    carried(&mut report, &data, trunked);
                }
            }
            Err(error) => report.fail(error),
        },
        Direction::ToModem => match ToModem::decode(&frame) {
            Ok(message) => {
                report.add(&message.to_fields());
                if let ToModem::DmrData(data) = message {
                    carried(&mut report, &data, trunked);
                }
            }
            Err(error) => report.fail(error),
        },
    }
    match frame.kind() {
        kind::DMR_LOST1 => report.slot = Some(1),
        kind::DMR_LOST2 => report.slot = Some(2),
        _ => {}
    }
    report
}

fn carried(report: &mut Report, data: &DmrData, trunked: bool) {
    report.slot = Some(data.slot.number());
    if let Control::Data(data_type) | Control::Idle(data_type) = data.control {
        report.data_type = Some(data_type);
    }
    report.inner = Some(Box::new(burst::read(&data.burst, trunked)));
}

/// Frames out of the pieces of recorded serial lines.
#[derive(Debug, Default)]
pub(crate) struct Streams {
    lines: BTreeMap<String, Deframer>,
}

impl Streams {
    /// The frames that are complete with this piece.
    pub(crate) fn frames(&mut self, piece: Raw) -> Vec<Raw> {
        let direction = match piece.direction {
            Some(Way::Outbound) => Direction::ToModem,
            _ => Direction::ToHost,
        };
        let line = self.lines.entry(piece.sender());
        let deframer = line.or_insert_with(|| Deframer::new(direction));
        let micros = piece.at.map_or(0, jiff::Timestamp::as_microsecond);
        let now = Instant::from_micros(u64::try_from(micros).unwrap_or(0));
        let mut input = piece.bytes.as_slice();
        let mut frames = Vec::new();
        while let Some(Deframed { frame, .. }) = deframer.next(now, &mut input) {
            frames.push(Raw {
                bytes: frame.to_bytes().to_vec(),
                ..piece.clone()
            });
        }
        let dropped = deframer.take_dropped();
        for (cause, count) in dropped.causes() {
            eprintln!("narrowcast-replay: {}: {cause}: {count}", piece.interface);
        }
        frames
    }
}
