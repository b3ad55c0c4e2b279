//! Frames of the MMDVM modem protocol.

use narrowcast_hardware::capture::Direction as Way;
use narrowcast_protocol::dmr::fields::Fields;
use narrowcast_protocol::mmdvm::deframe::{Deframed, Deframer};
use narrowcast_protocol::mmdvm::frame::{Frame, LONGEST};
use narrowcast_protocol::mmdvm::kind::{self, Direction, is_legal};
use narrowcast_protocol::mmdvm::message::{Control, DmrData, ToHost, ToModem};
use narrowcast_protocol::time::Instant;

use super::dmr_burst;
use crate::decode::kind::{Context, Kind};
use crate::decode::report::Report;
use crate::decode::stream::{Part, Split};
use crate::encode::{Sending, Wrap};
use crate::input::Raw;

/// Bytes outside any frame that are shown as one.
const MOST_SKIPPED: usize = 4_096;

pub(crate) static KIND: Kind = Kind {
    name: "mmdvm",
    about: "E0 frames of an MMDVM modem",
    is_likely: |bytes| {
        bytes.first() == Some(&0xE0) && (bytes.len() != 12 || bytes.get(1) == Some(&12))
    },
    read,
    splitter: Some(|direction| Box::new(Line::new(direction))),
    wrap: Some(Wrap::Bursts(wrap)),
    // How full the modem is depends on the moment of the question.
    varying: &[
        "d_star_space",
        "dmr_slot_1_space",
        "dmr_slot_2_space",
        "ysf_space",
        "p25_space",
        "nxdn_space",
        "fm_space",
        "pocsag_space",
    ],
    station: |_| None,
};

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
fn read(raw: &Raw, context: Context) -> Report {
    let bytes = raw.bytes.as_slice();
    let mut report = Report::new(KIND.name, bytes);
    let Some((direction, frame)) = deframe(bytes, raw.direction) else {
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
                    carried(&mut report, &data, context);
                }
            }
            Err(error) => report.fail(error),
        },
        Direction::ToModem => match ToModem::decode(&frame) {
            Ok(message) => {
                report.add(&message.to_fields());
                if let ToModem::DmrData(data) = message {
                    carried(&mut report, &data, context);
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

fn carried(report: &mut Report, data: &DmrData, context: Context) {
    report.slot = Some(data.slot.number());
    if let Control::Data(data_type) | Control::Idle(data_type) = data.control {
        report.data_type = Some(data_type);
    }
    report.inner = Some(Box::new(dmr_burst::burst(&data.burst, context)));
}

fn wrap(sending: &Sending<'_>) -> Vec<u8> {
    DmrData {
        slot: sending.slot,
        control: Control::Data(sending.data_type),
        burst: sending.burst,
        rssi: None,
    }
    .encode()
    .to_bytes()
    .to_vec()
}

/// One direction of a line.
#[derive(Debug)]
struct Line {
    deframer: Deframer,
    /// What has come and is not yet given out.
    pending: Vec<u8>,
    /// Bytes of the stream before the pending ones.
    offset: u64,
    now: Instant,
}

impl Line {
    fn new(direction: Way) -> Self {
        Self {
            deframer: Deframer::new(match direction {
                Way::Outbound => Direction::ToModem,
                Way::Inbound => Direction::ToHost,
            }),
            pending: Vec::new(),
            offset: 0,
            now: Instant::ZERO,
        }
    }

    fn take(&mut self, length: usize, is_frame: bool) -> Option<Part> {
        let rest = self.pending.split_off(length.min(self.pending.len()));
        let bytes = core::mem::replace(&mut self.pending, rest);
        let offset = self.offset;
        self.offset += bytes.len() as u64;
        (!bytes.is_empty()).then_some(Part {
            offset,
            bytes,
            is_frame,
        })
    }

    fn found(&mut self, frame: &Deframed, parts: &mut Vec<Part>) {
        let skipped = frame.offset.saturating_sub(self.offset);
        parts.extend(self.take(usize::try_from(skipped).unwrap_or(usize::MAX), false));
        parts.extend(self.take(frame.length, true));
    }
}

impl Split for Line {
    fn push(&mut self, now: Instant, mut bytes: &[u8]) -> Vec<Part> {
        self.now = now;
        self.pending.extend_from_slice(bytes);
        let mut parts = Vec::new();
        while let Some(frame) = self.deframer.next(now, &mut bytes) {
            self.found(&frame, &mut parts);
        }
        // The deframer holds less than a frame; what is older was passed over.
        if self.pending.len() > LONGEST + MOST_SKIPPED {
            parts.extend(self.take(MOST_SKIPPED, false));
        }
        parts
    }

    fn end(&mut self) -> Vec<Part> {
        let mut parts = Vec::new();
        while let Some(late) = self.deframer.deadline() {
            if let Some(frame) = self.deframer.next(late.max(self.now), &mut [].as_slice()) {
                self.found(&frame, &mut parts);
            }
        }
        parts.extend(self.take(usize::MAX, false));
        parts
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::decode::stream::{Streams, split};
    use crate::decode::{Frames, frame};

    const ACK: [u8; 4] = [0xE0, 4, 0x70, 2];

    fn burst(control: u8) -> Vec<u8> {
        let mut frame = vec![0xE0, 37, 0x1A, control];
        frame.resize(37, 0x55);
        frame
    }

    fn line(bytes: &[u8]) -> Raw {
        Raw {
            bytes: bytes.to_vec(),
            ..Raw::default()
        }
    }

    fn read_line(bytes: &[u8]) -> Vec<Report> {
        let frames = Frames::of(Some(&KIND)).push(line(bytes));
        let context = Context::default();
        let read = |(raw, kind)| frame(&raw, kind, context);
        frames.into_iter().map(read).collect()
    }

    #[test]
    fn a_damaged_stream_in_one_line_yields_its_good_frames_and_names_the_garbage() {
        // A stray octet behind a start byte, then two good frames, noise, and a cut one.
        let mut stream = vec![0xE0, 0];
        stream.extend(&burst(1)[1..20]);
        let first = stream.len();
        stream.extend(burst(2));
        stream.extend(ACK);
        stream.extend(b"noise");
        stream.extend(&burst(3)[..30]);
        let reports = read_line(&stream);
        let shown: Vec<_> = reports.iter().map(|r| (r.ok, r.pdu, r.offset)).collect();
        let first = first as u64;
        assert_eq!(
            shown,
            [
                (false, "Unknown", Some(0)),
                (true, "DMR_DATA2", Some(first)),
                (true, "ACK", Some(first + 37)),
                (false, "Unknown", Some(first + 41)),
            ]
        );
        let error = reports[3].error.as_deref().unwrap();
        assert!(error.starts_with("35 bytes outside any frame"), "{error}");
        let hex: String = reports.iter().filter_map(|r| r.hex.clone()).collect();
        assert_eq!(hex, hex::encode(stream), "nothing is lost");
    }

    #[test]
    fn a_line_that_is_one_frame_or_none_is_one_report() {
        let version = [0xE0, 3, 0];
        for (bytes, ok) in [
            (burst(1), true),
            (version.to_vec(), true),
            (burst(1)[..20].to_vec(), false),
            (vec![0xE0], false),
            (b"RPTL".to_vec(), false),
            (Vec::new(), false),
        ] {
            let reports = read_line(&bytes);
            assert_eq!(reports.len(), 1, "{bytes:02x?}");
            assert_eq!(
                (reports[0].ok, reports[0].offset),
                (ok, None),
                "{bytes:02x?}"
            );
        }
    }

    proptest! {
        #[test]
        fn every_byte_of_a_stream_comes_out_again_once_and_in_order(
            pieces in prop::collection::vec(prop_oneof![
                Just(ACK.to_vec()),
                (0_u8..6).prop_map(burst),
                prop::collection::vec(prop_oneof![any::<u8>(), Just(0xE0)], 0..60),
            ], 0..12),
            chunk in 1_usize..80,
        ) {
            let stream = pieces.concat();
            let whole = split(KIND.splitter.unwrap(), line(&stream));
            let bytes: Vec<u8> = whole.iter().flat_map(|part| part.bytes.clone()).collect();
            prop_assert_eq!(&bytes, &stream);
            let mut streams = Streams::default();
            let mut parts: Vec<Raw> = stream
                .chunks(chunk)
                .flat_map(|bytes| streams.push(Some(&KIND), line(bytes)))
                .map(|(raw, _)| raw)
                .collect();
            parts.extend(streams.end().into_iter().map(|(raw, _)| raw));
            let mut offset = 0;
            for part in &parts {
                prop_assert_eq!(part.offset, Some(offset));
                offset += part.bytes.len() as u64;
            }
            let bytes: Vec<u8> = parts.iter().flat_map(|part| part.bytes.clone()).collect();
            prop_assert_eq!(bytes, stream);
        }
    }
}
