//! Talkgroups carried unchanged from station to station, where a rule says so.
//!
//! Only what a station has heard is passed on, never what it was given, so nothing goes
//! round in circles. A slot in use is not overwritten: whoever holds it goes on, and the
//! newcomer is heard there from its next burst after the slot is free. What is passed on begins
//! as a call or data does, and nobody holds a slot for longer than one call may last.

use core::time::Duration;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use bytes::BytesMut;

use super::HomebrewMaster;
use super::config::MasterConfigError;
use super::limit::Rate;
use crate::air::{GroupId, Slot, StationId};
use crate::dmr::burst::{Burst, Middle};
use crate::dmr::fec::rs_12_9;
use crate::dmr::info::Info;
use crate::dmr::slot_type::DataType;
use crate::homebrew::message::{Dmrd, FrameType};
use crate::session::{Action, Peer};
use crate::time::Instant;

/// A slot is free again after so long without a voice burst of the call it carries.
const CALL_SILENCE: Duration = Duration::from_secs(2);
/// And after so long without a data burst: the gap between the blocks of one packet.
const DATA_SILENCE: Duration = Duration::from_millis(360);
/// Twice what a timeslot carries (16.7 bursts a second): more is a flood.
const BURSTS_PER_SECOND: u32 = 34;

/// A talkgroup, and the timeslots between which its traffic is carried. On a trunked site
/// the slot has no meaning, and only a site that has subscribed to the group gets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelayRule {
    /// Which talkgroup.
    pub group: GroupId,
    /// Between which timeslots.
    pub members: Vec<(StationId, Slot)>,
}

/// A timeslot of a station, by its place in the master's list.
pub(super) type Place = (usize, Slot);

/// Where a talkgroup heard at a place goes.
#[derive(Debug, Default)]
pub(super) struct Relays {
    ways: BTreeMap<(u32, Place), Arc<[Place]>>,
}

impl Relays {
    pub(super) fn new(
        rules: &[RelayRule],
        by_id: &HashMap<u32, usize>,
        is_trunked: impl Fn(usize) -> bool,
    ) -> Result<Self, MasterConfigError> {
        let mut ways: BTreeMap<(u32, Place), Vec<Place>> = BTreeMap::new();
        for rule in rules {
            let mut places = Vec::new();
            for (station, slot) in &rule.members {
                let unknown = MasterConfigError::RelayStation(*station);
                let index = *by_id.get(&station.0).ok_or(unknown)?;
                let slot = if is_trunked(index) { Slot::One } else { *slot };
                places.push((index, slot));
            }
            for from in &places {
                let way = ways.entry((rule.group.get(), *from)).or_default();
                way.extend(places.iter().filter(|to| *to != from));
                way.sort_unstable();
                way.dedup();
            }
        }
        let ways = ways.into_iter().map(|(from, to)| (from, to.into()));
        Ok(Self {
            ways: ways.collect(),
        })
    }

    fn from(&self, group: u32, place: Place) -> Option<Arc<[Place]>> {
        self.ways.get(&(group, place)).cloned()
    }
}

/// What a relayed burst does to the slot that carries it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hold {
    /// Holds it for so long.
    For(Duration),
    /// Lets it go.
    Ends,
}

impl Hold {
    pub(super) const fn of(frame: FrameType) -> Self {
        match frame {
            FrameType::Data(2) => Self::Ends,
            FrameType::Voice(_) | FrameType::VoiceSync(_) | FrameType::Data(0 | 1) => {
                Self::For(CALL_SILENCE)
            }
            FrameType::Data(_) | FrameType::Reserved(_) => Self::For(DATA_SILENCE),
        }
    }
}

/// Whose traffic a slot carries.
#[derive(Debug)]
pub(super) struct Held {
    origin: Place,
    stream: u32,
    since: Instant,
    /// It holds the slot until then.
    until: Instant,
    /// It is over then; later than `until` if it lasts too long.
    silent: Instant,
    /// Until then the same stream heard here is what was given.
    echo_until: Instant,
    rate: Rate,
}

impl Held {
    pub(super) fn by(now: Instant, origin: Place) -> Self {
        Self {
            origin,
            stream: 0,
            since: now,
            until: Instant::ZERO,
            silent: Instant::ZERO,
            echo_until: Instant::ZERO,
            rate: Rate::per_second(BURSTS_PER_SECOND),
        }
    }

    /// Whether somebody other than `origin` holds the slot.
    pub(super) fn against(&self, now: Instant, origin: Place) -> bool {
        self.origin != origin && self.until > now
    }

    /// Whether this is the stream that the slot carries or has just carried.
    pub(super) fn carries(&self, now: Instant, stream: u32) -> bool {
        self.echo_until > now && self.stream == stream
    }

    /// Whether what its origin sends is not over.
    pub(super) fn goes_on(&self, now: Instant, origin: Place) -> bool {
        self.origin == origin && self.silent > now
    }

    /// Takes a burst, unless they come too fast or for too long; when the slot is free again.
    pub(super) fn take(
        &mut self,
        now: Instant,
        longest: Duration,
        message: &Dmrd,
    ) -> Result<Instant, Passed> {
        if !self.rate.allow(now) {
            return Err(Passed::Flood);
        }
        self.silent = match Hold::of(message.frame) {
            Hold::For(silence) => now + silence,
            Hold::Ends => now,
        };
        if now.since(self.since) >= longest {
            return Err(Passed::TooLong);
        }
        self.stream = message.stream;
        self.echo_until = now + CALL_SILENCE;
        self.until = self.silent;
        Ok(self.until)
    }
}

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

/// What became of a burst at one of the places it should go to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Passed {
    Sent,
    /// The station is not there, or does not want the group.
    Nobody,
    /// Somebody holds the slot.
    InUse,
    /// Bursts come faster than a timeslot has them.
    Flood,
    /// Nothing begins with it, and nothing is under way.
    NoCall,
    /// It has held the slot for longer than a call may last.
    TooLong,
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
