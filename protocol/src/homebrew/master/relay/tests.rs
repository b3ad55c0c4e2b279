//! Three repeaters and a talkgroup that is carried between them.

use super::super::held::BURSTS_PER_SECOND;
use super::super::tests::{ID, SEED, at, burst, drain, exchange, log_in, peer, station};
use super::*;
use crate::air::{
    Address, CarrierId, Delivery, GroupId, JobId, RadioId, StationId, Text, TextForm, Transmission,
};
use crate::dmr::test_bursts;
use crate::homebrew::master::{MasterConfig, MasterConfigError, RelayRule};
use crate::homebrew::message::FrameType;
use crate::session::{CarrierState, Job, Notice, Session};

const GROUP: u32 = 9;

fn rule(stations: &[u32]) -> RelayRule {
    let member = |id: &u32| (StationId(*id), Slot::Two);
    RelayRule {
        group: GroupId::new(GROUP).unwrap(),
        members: stations.iter().map(member).collect(),
    }
}

/// Stations 0 to 2 at peers 1 to 3, two of them in the rule.
fn master() -> HomebrewMaster {
    let stations = (0..3).map(|place| station(ID + place)).collect();
    let mut config = MasterConfig::new(stations);
    config.relays = vec![rule(&[ID, ID + 1])];
    let mut master = HomebrewMaster::new(config, SEED).unwrap();
    for place in 0..3_u8 {
        log_in(&mut master, at(0), peer(place + 1), ID + u32::from(place));
    }
    drain(&mut master);
    master
}

fn of_call(place: u32, stream: u32, frame: FrameType) -> Dmrd {
    let source = burst(ID).source;
    let burst_of = match frame {
        TERMINATOR => test_bursts::terminator(source, GROUP),
        HEADER => test_bursts::header(source, GROUP),
        FrameType::Data(_) => *DATA,
        _ => test_bursts::voice_sync(),
    };
    Dmrd {
        group: true,
        destination: GROUP,
        frame,
        stream,
        burst: burst_of,
        ..burst(ID + place)
    }
}

/// A rate 1/2 block.
const DATA: &[u8; 33] = b"\x54\x5f\x58\xc3\x45\x30\x6b\x71\x10\x34\x44\xef\x05\xed\x5d\x7f\x77\xfd\x75\x70\x94\xd8\x71\xe4\x20\x74\x01\xc4\x0e\x09\x0c\x85\x10";
const VOICE: FrameType = FrameType::VoiceSync(0);
const HEADER: FrameType = FrameType::Data(1);
const TERMINATOR: FrameType = FrameType::Data(2);

/// What is relayed when station `place` hears this.
fn hear(master: &mut HomebrewMaster, now: Instant, place: u8, message: &Dmrd) -> Vec<Dmrd> {
    let sent = exchange(master, now, peer(place + 1), &message.encode());
    let relayed = sent.iter().map(|(_, bytes)| Dmrd::decode(bytes).unwrap());
    relayed.collect()
}

fn millis(millis: u64) -> Instant {
    Instant::from_millis(millis)
}

fn busy(master: &mut HomebrewMaster, now: Instant) -> Vec<(StationId, CarrierState)> {
    if master.deadline().is_some_and(|due| due <= now) {
        master.tick(now);
    }
    let told = drain(master).into_iter();
    told.filter_map(|action| match action {
        Action::Carrier { id, state, .. } => Some((id.station, state)),
        _ => None,
    })
    .collect()
}

#[test]
fn a_call_is_carried_as_it_is_to_the_rules_stations_and_to_no_other() {
    let mut master = master();
    let heard = of_call(0, 77, VOICE);
    let relayed = hear(&mut master, at(1), 0, &heard);
    let expected = Dmrd {
        repeater: ID + 1,
        ..heard
    };
    assert_eq!(relayed, [expected]);
    for other in [
        Dmrd {
            destination: GROUP + 1,
            ..heard
        },
        Dmrd {
            slot: Slot::One,
            ..heard
        },
        Dmrd {
            group: false,
            ..heard
        },
        of_call(2, 78, VOICE),
    ] {
        let place = (other.repeater - ID) as u8;
        assert_eq!(hear(&mut master, at(2), place, &other), []);
    }
}

#[test]
fn the_first_call_keeps_the_slot_until_it_ends() {
    let mut master = master();
    assert_eq!(
        hear(&mut master, at(1), 0, &of_call(0, 77, HEADER)).len(),
        1
    );
    let crossing = of_call(1, 88, VOICE);
    assert_eq!(hear(&mut master, millis(1_060), 1, &crossing), []);
    assert_eq!(
        hear(&mut master, millis(1_120), 0, &of_call(0, 77, VOICE)).len(),
        1
    );
    assert_eq!(
        hear(&mut master, millis(1_180), 0, &of_call(0, 77, TERMINATOR)).len(),
        1
    );
    // The origin's own call is over; the other one is heard from its next burst on.
    assert_eq!(hear(&mut master, millis(3_300), 1, &crossing).len(), 1);
}

#[test]
fn a_call_without_a_terminator_frees_the_slot_after_two_seconds() {
    let mut master = master();
    hear(&mut master, at(1), 0, &of_call(0, 77, VOICE));
    assert!(busy(&mut master, at(1)).is_empty());
    let freed = busy(&mut master, millis(3_000));
    assert!(
        freed.contains(&(StationId(ID + 1), CarrierState::Up)),
        "{freed:?}"
    );
    assert_eq!(
        hear(&mut master, millis(3_100), 1, &of_call(1, 88, VOICE)).len(),
        1
    );
}

#[test]
fn a_station_that_sends_back_what_it_was_given_starts_no_circle() {
    let mut master = master();
    let heard = of_call(0, 77, VOICE);
    let given = hear(&mut master, at(1), 0, &heard);
    let echo = Dmrd {
        repeater: ID + 1,
        ..given[0]
    };
    assert_eq!(hear(&mut master, millis(1_030), 1, &echo), []);
    let end = of_call(0, 77, TERMINATOR);
    assert_eq!(hear(&mut master, millis(1_060), 0, &end).len(), 1);
    let repeater = ID + 1;
    let echo = Dmrd { repeater, ..end };
    assert_eq!(hear(&mut master, millis(1_090), 1, &echo), []);
    master.tick(at(3));
    let counted = Action::Notice(Notice::Dropped {
        station: Some(StationId(ID + 1)),
        cause: "relay-echo",
        count: 2,
    });
    assert!(drain(&mut master).contains(&counted));
}

#[test]
fn our_alert_waits_for_a_relayed_call_and_a_call_does_not_cut_our_alert() {
    let mut master = master();
    let send = |id| Job::Send {
        id: JobId(id),
        carrier: CarrierId {
            station: StationId(ID + 1),
            slot: Slot::Two,
        },
        transmission: Transmission::Text(Text {
            from: RadioId::new(9_990).unwrap(),
            to: Address::Radio(RadioId::new(2_308_155).unwrap()),
            text: "东山起火".into(),
            form: TextForm::Tms,
            delivery: Delivery::Unconfirmed,
            reference: 1,
        }),
    };
    master.receive(
        at(1),
        Peer::Socket(peer(1)),
        &of_call(0, 77, VOICE).encode(),
    );
    let told = drain(&mut master);
    let held = Action::Carrier {
        id: CarrierId {
            station: StationId(ID + 1),
            slot: Slot::Two,
        },
        state: CarrierState::Busy,
        room: 0,
    };
    assert!(told.contains(&held));
    master.transmit(millis(1_010), send(1));
    let ours = |actions: Vec<Action>| {
        let sent = actions.into_iter().filter_map(|action| match action {
            Action::Send { bytes, .. } => Dmrd::decode(&bytes).ok(),
            _ => None,
        });
        sent.filter(|it| it.source == 9_990).count()
    };
    assert_eq!(ours(drain(&mut master)), 0);
    hear(&mut master, millis(1_060), 0, &of_call(0, 77, TERMINATOR));
    let mut sent = 0;
    let mut relayed = 0;
    while let Some(due) = master.deadline().filter(|due| *due < millis(4_000)) {
        master.tick(due);
        sent += ours(drain(&mut master));
        if sent == 2 {
            // In the middle of ours a new call begins elsewhere.
            relayed += hear(&mut master, due, 0, &of_call(0, 78, VOICE)).len();
        }
    }
    assert!(sent > 5);
    assert_eq!(relayed, 0);
    assert_eq!(hear(&mut master, at(5), 0, &of_call(0, 78, VOICE)).len(), 1);
}

#[test]
fn data_of_a_group_is_carried_and_a_flood_is_not() {
    let mut master = master();
    let data = of_call(0, 77, FrameType::Data(7));
    let relayed = (0..1_000)
        .filter(|_| !hear(&mut master, at(1), 0, &data).is_empty())
        .count();
    assert_eq!(relayed, BURSTS_PER_SECOND as usize);
    let mut relayed = 0;
    for step in 0..100 {
        relayed += hear(&mut master, millis(5_000 + step * 60), 0, &data).len();
    }
    assert_eq!(relayed, 100);
}

#[test]
fn a_rule_with_a_stranger_is_refused() {
    let mut config = MasterConfig::new(vec![station(ID)]);
    config.relays = vec![rule(&[ID, 5])];
    let error = HomebrewMaster::new(config, SEED).err().unwrap();
    assert_eq!(error, MasterConfigError::RelayStation(StationId(5)));
}
