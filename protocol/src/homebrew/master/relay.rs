//! Talkgroups carried unchanged from station to station, where a rule says so.
//!
//! Only what a station has heard is passed on, never what it was given, so nothing goes
//! round in circles. A slot in use is not overwritten: whoever holds it goes on, and the
//! newcomer is heard there from its next burst after the slot is free. What is passed on begins
//! as a call or data does, and nobody holds a slot for longer than one call may last.

use bytes::BytesMut;

use super::HomebrewMaster;
use super::held::{Held, Passed, Place};
use crate::air::Slot;
use crate::dmr::burst::{Burst, Middle};
use crate::dmr::fec::rs_12_9;
use crate::dmr::info::Info;
use crate::dmr::slot_type::DataType;
use crate::homebrew::message::Dmrd;
use crate::session::{Action, Peer};
use crate::time::Instant;

/// Whether something that is passed on can begin with this burst: a voice burst with a sync, a
/// header or terminator that checks, or data.
fn begins(message: &Dmrd) -> bool {
    let checks = |info: Info, mask| {
        let block = info.octets().first_chunk::<12>().copied();
        block.is_some_and(|block| rs_12_9::decode(&block, mask).is_ok())
    };
    match Burst::decode(&message.burst).map(|read| read.value) {
        Ok(Burst::Voice(voice)) => matches!(voice.middle, Middle::Sync(_)),
        Ok(Burst::Data(data)) => match data.data_type {
            DataType::VoiceLcHeader => checks(data.info, rs_12_9::MASK_VOICE_LC_HEADER),
            DataType::TerminatorWithLc => checks(data.info, rs_12_9::MASK_TERMINATOR),
            _ => true,
        },
        Err(_) => false,
    }
}

/// A burst on its way to the places that a rule names.
struct Passing<'a> {
    origin: Place,
    message: &'a Dmrd,
    /// Whether something can begin with it; not looked at where something is under way.
    begins: Option<bool>,
    /// For all copies of it.
    memory: BytesMut,
}

impl Passing<'_> {
    fn begins(&mut self) -> bool {
        let message = self.message;
        *self.begins.get_or_insert_with(|| begins(message))
    }
}

impl HomebrewMaster {
    /// Whether a station sends back what it was given.
    pub(super) fn is_echo(&mut self, now: Instant, (index, slot): Place, message: &Dmrd) -> bool {
        let held = self.carrier(index, slot).and_then(|it| it.held.as_ref());
        held.is_some_and(|held| held.carries(now, message.stream))
    }

    /// Passes on what was heard at `origin`, if a rule says so.
    pub(super) fn relay(&mut self, now: Instant, origin: Place, message: &Dmrd) {
        if !message.group {
            return;
        }
        let Some(places) = self.relays.from(message.destination, origin) else {
            return;
        };
        let mut passing = Passing {
            origin,
            message,
            begins: None,
            memory: BytesMut::with_capacity(places.len() * Dmrd::LONGEST),
        };
        for &place in places.iter() {
            let passed = if self.site(place.0).is_some() {
                self.relay_to_site(now, &mut passing, place.0)
            } else {
                self.relay_to_slot(now, &mut passing, place)
            };
            let cause = match passed {
                Passed::Sent | Passed::Nobody => continue,
                Passed::InUse => "relay-slot-in-use",
                Passed::Flood => "relay-flood",
                Passed::NoCall => "relay-no-call",
                Passed::TooLong => "relay-too-long",
            };
            let station = self.stations.get(place.0).map(|it| it.config.id);
            self.drops.count(now, station, cause, 1);
        }
    }

    fn relay_to_slot(
        &mut self,
        now: Instant,
        passing: &mut Passing<'_>,
        (index, slot): Place,
    ) -> Passed {
        let (origin, message) = (passing.origin, passing.message);
        let longest = self.waits.longest_call;
        let Some(carrier) = self.carrier(index, slot) else {
            return Passed::Nobody;
        };
        let held = carrier.held.as_ref();
        let goes_on = held.is_some_and(|held| held.goes_on(now, origin));
        if !goes_on && !passing.begins() {
            return Passed::NoCall;
        }
        if held.is_some_and(|held| held.against(now, origin))
            || !goes_on && carrier.timeslot.channel.in_use(now)
        {
            return Passed::InUse;
        }
        let held = match &mut carrier.held {
            Some(held) if goes_on => held,
            other => other.insert(Held::by(now, origin)),
        };
        let until = match held.take(now, longest, message) {
            Ok(until) => until,
            Err(why) => return why,
        };
        if until > now {
            carrier.timeslot.channel.occupy(now, until);
        } else {
            carrier.timeslot.channel.vacate();
        }
        self.hand_over(index, slot, message, &mut passing.memory);
        self.serve(now, index, slot);
        Passed::Sent
    }

    fn relay_to_site(&mut self, now: Instant, passing: &mut Passing<'_>, index: usize) -> Passed {
        let (origin, message) = (passing.origin, passing.message);
        let fresh = self.salts.uuid();
        let longest = self.waits.longest_call;
        let Some(site) = self.site(index) else {
            return Passed::Nobody;
        };
        if !site.has_group(message.destination) {
            return Passed::Nobody;
        }
        let (held, uuid) =
            site.calls_relayed(message.destination, || (Held::by(now, origin), fresh));
        if held.against(now, origin) {
            return Passed::InUse;
        }
        if !held.goes_on(now, origin) {
            if !passing.begins() {
                return Passed::NoCall;
            }
            (*held, *uuid) = (Held::by(now, origin), fresh);
        }
        let uuid = Some(message.uuid.unwrap_or(*uuid));
        if let Err(why) = held.take(now, longest, message) {
            return why;
        }
        let message = Dmrd { uuid, ..*message };
        self.hand_over(index, message.slot, &message, &mut passing.memory);
        Passed::Sent
    }

    /// Sends a burst as it is, under the receiving station's id; `memory` has room for it, or gets
    /// some.
    pub(super) fn hand_over(
        &mut self,
        index: usize,
        slot: Slot,
        message: &Dmrd,
        memory: &mut BytesMut,
    ) {
        let Some(station) = self.stations.get(index) else {
            return;
        };
        let Some(link) = &station.link else {
            return;
        };
        let uuid = message.uuid.filter(|_| station.config.trunking.is_some());
        let message = Dmrd {
            repeater: station.config.id.0,
            slot,
            uuid,
            ..*message
        };
        self.actions.push_back(Action::Send {
            to: Peer::Socket(link.peer),
            bytes: message.encode_into(memory),
            for_job: None,
        });
    }
}

#[cfg(test)]
mod tests;
