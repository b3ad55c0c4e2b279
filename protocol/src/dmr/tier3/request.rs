//! What radios ask for by random access (C_RAND).

use core::time::Duration;

use crate::air::{Acknowledgement, HeardKind, Owed, RadioId};
use crate::dmr::csbk::service::{Options, RegistrationOptions};
use crate::dmr::csbk::{Ack, Backoff, CsbkBody, Move, Rand, Reason, ServiceKind};
use crate::dmr::gateway::{REGI, SDMI, TSI};
use crate::time::Instant;

use super::ControlChannel;

/// How long an emergency acknowledgement makes sense; the radio repeats its call.
const EMERGENCY_WINDOW: Duration = Duration::from_secs(20);
/// All bits of an address count.
const ONE_RADIO: u8 = 24;
/// Response info of an accepted registration: no power save.
const NO_POWER_SAVE: u8 = 0x7F;

impl ControlChannel {
    /// A radio asks for something.
    pub(super) fn request(&mut self, now: Instant, request: &Rand) {
        let Ok(from) = RadioId::new(request.source) else {
            return self.dropped("reserved_address");
        };
        self.access.heard(from);
        if is_emergency(request) {
            return self.emergency(now, from, request);
        }
        if let Options::Registration(options) = request.options() {
            return self.registration(now, from, options);
        }
        let registered = self.register.heard(now, from);
        if self.config.registration.required && !registered {
            self.say(HeardKind::Presence { from }, Vec::new());
            return self.answer(now, Reason::NotRegistered, from, TSI);
        }
        match request.service_kind {
            ServiceKind::Status => self.status(now, from, request),
            ServiceKind::IndividualUdt | ServiceKind::GroupUdt => {
                self.short_data(now, from, request);
            }
            ServiceKind::Cancel => self.refuse(now, from, Reason::CancelRefused),
            ServiceKind::IndividualVoice
            | ServiceKind::GroupVoice
            | ServiceKind::IndividualPacket
            | ServiceKind::GroupPacket
            | ServiceKind::DuplexVoice
            | ServiceKind::DuplexPacket => self.call(now, from),
            _ => self.refuse(now, from, Reason::TsNotSupported),
        }
    }

    /// Reported whoever sends it and whatever it is; told to the radio once it is on disk.
    fn emergency(&mut self, now: Instant, from: RadioId, request: &Rand) {
        self.register.heard(now, from);
        let acknowledgement = Acknowledgement::Emergency {
            from: self.config.own,
            to: from,
        };
        let what = HeardKind::Emergency {
            from,
            to: request.target,
        };
        self.say(
            what,
            vec![Owed {
                acknowledgement,
                until: now + EMERGENCY_WINDOW,
            }],
        );
        let text = matches!(
            request.service_kind,
            ServiceKind::IndividualUdt | ServiceKind::GroupUdt
        );
        if text {
            self.short_data(now, from, request);
        }
    }

    fn registration(&mut self, now: Instant, from: RadioId, options: RegistrationOptions) {
        let reason = if options.register {
            let policy = &self.config.registration;
            self.register.register(now, policy, from)
        } else {
            self.register.deregister(from);
            Reason::RegistrationAccepted
        };
        if reason == Reason::RegistrationAccepted {
            let what = if options.register {
                HeardKind::Registered { from }
            } else {
                HeardKind::Deregistered { from }
            };
            self.say(what, Vec::new());
        }
        let response_info = match reason {
            Reason::RegistrationAccepted => NO_POWER_SAVE,
            _ => 0,
        };
        let answer = Ack {
            response_info,
            ..Ack::new(reason, from.get(), REGI)
        };
        let burst = self.config.csbk(CsbkBody::AckD(answer));
        self.answer_with(now, burst);
    }

    fn status(&mut self, now: Instant, from: RadioId, request: &Rand) {
        let to = self.ours(request.target, request.is_group());
        match (to, request.status()) {
            (Some(to), Some(code)) => {
                let what = HeardKind::Status {
                    from,
                    to,
                    code: code.into(),
                    polled: false,
                };
                self.say(what, Self::owed(now, request.target, from));
            }
            _ => self.refuse_for_others(now, from, request),
        }
    }

    fn short_data(&mut self, now: Instant, from: RadioId, request: &Rand) {
        if self.ours(request.target, request.is_group()).is_none() {
            return self.refuse_for_others(now, from, request);
        }
        if !self.expect_upload(from, request) {
            self.answer(now, Reason::SystemBusy, from, SDMI);
        }
    }

    /// A call needs a payload channel: refused, or sent to the neighbour that has them.
    fn call(&mut self, now: Instant, from: RadioId) {
        let Some(channel) = self.config.hand_over else {
            return self.refuse(now, from, Reason::TsNotSupported);
        };
        self.say(HeardKind::Presence { from }, Vec::new());
        let there = Move {
            mask: ONE_RADIO,
            registration: true,
            backoff: Backoff(1),
            channel,
            address: from.get(),
            ..Move::default()
        };
        let burst = self.config.csbk(CsbkBody::Move(there));
        self.answer_with(now, burst);
    }

    /// What one radio sends to another is not carried here.
    fn refuse_for_others(&mut self, now: Instant, from: RadioId, request: &Rand) {
        let called = RadioId::new(request.target).ok();
        let absent = called.is_none_or(|called| !self.register.contains(called));
        let reason = if absent && !request.is_group() {
            Reason::CalledNotRegistered
        } else {
            Reason::TsNotSupported
        };
        self.refuse(now, from, reason);
    }

    fn refuse(&mut self, now: Instant, from: RadioId, reason: Reason) {
        self.say(HeardKind::Presence { from }, Vec::new());
        self.answer(now, reason, from, TSI);
    }
}

fn is_emergency(request: &Rand) -> bool {
    match request.options() {
        Options::Voice(options) => options.emergency,
        Options::Packet(options) => options.emergency,
        Options::Udt(options) => options.emergency,
        Options::Poll(options) => options.emergency,
        _ => match request.service_kind {
            // Laid out as their simplex forms.
            ServiceKind::DuplexVoice | ServiceKind::DuplexPacket => {
                request.service_options & 0x40 != 0
            }
            _ => false,
        },
    }
}
