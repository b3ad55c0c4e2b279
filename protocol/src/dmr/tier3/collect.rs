//! Short data from a radio: C_RAND, "send it now", header and blocks, answer.

use crate::air::{HeardKind, RadioId};
use crate::dmr::channel::Outgoing;
use crate::dmr::csbk::{Ahoy, CsbkBody, Rand, Reason};
use crate::dmr::data_header::DataHeader;
use crate::dmr::gateway::SDMI;
use crate::dmr::packet::{Failure, Outcome, Packet};
use crate::dmr::text::{Message, interpret};
use crate::time::Instant;

use super::ControlChannel;
use super::fragment::Stage;
use super::upload::Upload;

/// Most radios that wait to be called.
const UPLOADS: usize = 16;
/// How often one is called.
const CALLS: u8 = 3;
impl ControlChannel {
    /// A radio wants to send short data; false if too many do.
    pub(super) fn expect_upload(&mut self, from: RadioId, request: &Rand) -> bool {
        if self.uploads.iter().any(|upload| upload.from == from) {
            return true;
        }
        if self.uploads.len() >= UPLOADS {
            return false;
        }
        let call = Ahoy {
            service_options_mirror: request.service_options,
            appended: request.appended,
            service_kind: request.service_kind,
            target: from.get(),
            source: SDMI,
            ..Ahoy::default()
        };
        self.uploads.push_back(Upload {
            from,
            call,
            calls: 0,
            stage: Stage::Unanswered,
        });
        true
    }

    /// Whether a radio is to be called now.
    pub(super) fn upload_waits(&self) -> bool {
        let first = self.uploads.front();
        first.is_some_and(|upload| upload.stage == Stage::Unanswered)
    }

    /// Bursts during which nobody else may be invited if the first radio is called.
    pub(super) fn upload_length(&self) -> u32 {
        self.uploads.front().map_or(1, |upload| 1 + upload.slots())
    }

    /// Whether a radio is sending short data: nothing is sent that others answer.
    pub(super) fn is_uploading(&self) -> bool {
        let first = self.uploads.front();
        first.is_some_and(|upload| upload.stage != Stage::Unanswered)
    }

    /// Calls the first radio that has short data.
    pub(super) fn call_for_upload(&mut self) -> Option<Outgoing> {
        let upload = self.uploads.front_mut();
        let upload = upload.filter(|upload| upload.stage == Stage::Unanswered)?;
        upload.calls += 1;
        upload.stage = Stage::Leaving(self.pulled + 1);
        let slots = upload.slots();
        let burst = self.config.csbk(CsbkBody::Ahoy(upload.call));
        let burst = self.pulled(burst);
        self.reserve(u64::from(slots));
        Some(burst)
    }

    /// Radios that were called and did not send: called again, or given up.
    pub(super) fn uploads_over(&mut self, now: Instant) {
        let over = self
            .uploads
            .front_mut()
            .is_some_and(|upload| upload.stage.is_over(now) && upload.calls >= CALLS);
        if over {
            self.uploads.pop_front();
            self.dropped("upload_missing");
        }
    }

    /// What became of a radio's header and blocks.
    pub(super) fn packet_outcome(&mut self, now: Instant, outcome: Outcome) {
        match outcome {
            Outcome::Complete(packet) => self.uploaded(now, &packet),
            Outcome::Failed { header, why } => self.upload_failed(now, &header, why),
            Outcome::Stray => self.dropped("stray_block"),
            Outcome::Pending | Outcome::Missing(_) | Outcome::Fragment(_) => {}
        }
    }

    fn upload_failed(&mut self, now: Instant, header: &DataHeader, why: Failure) {
        self.dropped(match why {
            Failure::Checksum => "packet_crc",
            Failure::Malformed => "packet_malformed",
            Failure::Incomplete => "packet_incomplete",
            Failure::UnknownRetry => "packet_unknown_retry",
            Failure::OutOfSequence => "packet_out_of_sequence",
            Failure::TooLong => "packet_too_long",
        });
        let source = header.addressing().map(|parties| parties.source);
        let Some(from) = source.and_then(|source| RadioId::new(source).ok()) else {
            return;
        };
        if why == Failure::Checksum && self.end_upload(from) {
            self.answer(now, Reason::UploadCrcError, from, SDMI);
        }
    }

    /// Forgets that a radio is to send; false if it was not.
    fn end_upload(&mut self, from: RadioId) -> bool {
        let before = self.uploads.len();
        self.uploads.retain(|upload| upload.from != from);
        self.reserved = self.reserved.min(self.pulled + 1);
        self.uploads.len() < before
    }

    fn uploaded(&mut self, now: Instant, packet: &Packet) {
        let message = interpret(packet);
        let DataHeader::Udt(header) = &packet.header else {
            return self.dropped("unexpected_packet");
        };
        let to = header.addressing.destination;
        let Ok(from) = RadioId::new(header.addressing.source) else {
            return self.dropped("reserved_address");
        };
        self.register.heard(now, from);
        let called = self.end_upload(from);
        let Some(address) = self.ours(to, header.addressing.group) else {
            self.say(HeardKind::Presence { from }, Vec::new());
            return self.answer(now, Reason::TsNotSupported, from, SDMI);
        };
        if !called && self.config.registration.required && !self.register.contains(from) {
            return self.answer(now, Reason::NotRegistered, from, SDMI);
        }
        let what = match message {
            Message::Text {
                text, reference, ..
            } => HeardKind::Text {
                from,
                to: address,
                text,
                reference,
            },
            Message::Location { position, .. } => HeardKind::Position { from, position },
            _ => {
                self.say(HeardKind::Presence { from }, Vec::new());
                return self.answer(now, Reason::TsNotSupported, from, SDMI);
            }
        };
        let owed = Self::owed(now, to, from);
        self.say(what, owed);
    }
}
