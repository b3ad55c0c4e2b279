//! What forgers and guessers cannot do, and what two stations that hear one radio say.

use core::time::Duration;

use bytes::Bytes;

use super::tests::{
    ID, SEED, at, burst, configuration, drain, exchange, log_in, notices, one, peer, sent, station,
};
use super::*;
use crate::air::{Heard, HeardKind, RadioId, StationId};
use crate::dmr::slot_type::DataType;
use crate::dmr::test_bursts;
use crate::homebrew::auth::Passphrase;
use crate::homebrew::message::{Dmrd, FrameType, Rptack, Rptcl, Rptk, Rptl, Rptping};
use crate::session::{CarrierState, Notice};

const RADIO: u32 = 2_308_155;

fn master() -> HomebrewMaster {
    HomebrewMaster::new(MasterConfig::new(vec![station(ID), station(ID + 1)]), SEED).unwrap()
}

fn millis(millis: u64) -> Instant {
    Instant::from_millis(millis)
}

/// Lets time pass until then; what the master does.
fn pass(master: &mut HomebrewMaster, until: Instant) -> Vec<(Instant, Action)> {
    let mut done = Vec::new();
    while let Some(due) = master.deadline().filter(|due| *due <= until) {
        master.tick(due);
        done.extend(drain(master).into_iter().map(|action| (due, action)));
    }
    done
}

fn states(actions: &[(Instant, Action)]) -> Vec<CarrierState> {
    let states = actions.iter().filter_map(|(_, action)| match action {
        Action::Carrier { state, .. } => Some(*state),
        _ => None,
    });
    states.collect()
}

fn heard(actions: Vec<Action>) -> Vec<Heard> {
    let heard = actions.into_iter().filter_map(|action| match action {
        Action::Heard(heard) => Some(heard),
        _ => None,
    });
    heard.collect()
}

fn says(master: &mut HomebrewMaster, now: Instant, from: u8, datagram: &[u8]) -> Vec<Action> {
    master.receive(now, Peer::Socket(peer(from)), datagram);
    drain(master)
}

#[test]
fn forged_closes_end_nothing_while_the_station_pings() {
    let mut master = master();
    log_in(&mut master, at(0), peer(1), ID);
    drain(&mut master);
    let mut all = Vec::new();
    for second in 1..=121 {
        let now = at(second);
        all.extend(pass(&mut master, now));
        if second % 10 == 0 {
            let answers = exchange(&mut master, now, peer(1), &Rptping { id: ID }.encode());
            assert!(one(answers).starts_with(b"MSTPONG"));
        }
        let forged = says(&mut master, now, 1, &Rptcl { id: ID }.encode());
        all.extend(forged.into_iter().map(|action| (now, action)));
    }
    assert_eq!(states(&all), []);
    let refuted = all.iter().filter(|(_, action)| {
        matches!(
            action,
            Action::Notice(Notice::Dropped {
                cause: "close-refuted",
                ..
            })
        )
    });
    assert_eq!(refuted.count(), 12);
}

#[test]
fn a_close_is_told_at_once_and_believed_when_the_station_stays_silent() {
    let mut master = master();
    log_in(&mut master, at(0), peer(1), ID);
    for second in [10, 20, 30] {
        exchange(
            &mut master,
            at(second),
            peer(1),
            &Rptping { id: ID }.encode(),
        );
    }
    drain(&mut master);
    let told = says(&mut master, at(31), 1, &Rptcl { id: ID }.encode());
    let station = StationId(ID);
    assert_eq!(told, [Action::Notice(Notice::StationCloses { station })]);
    // What overtook the close on its way refutes nothing.
    says(&mut master, millis(31_100), 1, &burst(ID).encode());
    let done = pass(&mut master, at(60));
    let gone = [CarrierState::Gone; 2];
    assert_eq!(states(&done), gone);
    let left = done.iter().find_map(|(when, action)| match action {
        Action::Notice(Notice::StationLeft { why, .. }) => Some((*when, *why)),
        _ => None,
    });
    assert_eq!(left, Some((millis(43_500), "logged out")));
}

#[test]
fn a_log_in_after_a_close_or_in_the_middle_is_no_loss() {
    let mut master = master();
    log_in(&mut master, at(0), peer(1), ID);
    drain(&mut master);
    says(&mut master, at(5), 1, &Rptcl { id: ID }.encode());
    for second in [10, 20] {
        let challenge = one(exchange(
            &mut master,
            at(second),
            peer(2),
            &Rptl { id: ID }.encode(),
        ));
        let salt = Rptack::decode(&challenge).unwrap().value;
        let digest = Passphrase::new("s3cr37w0rd").unwrap().digest(salt);
        let mut all = says(
            &mut master,
            at(second),
            2,
            &Rptk { id: ID, digest }.encode(),
        );
        all.extend(says(
            &mut master,
            at(second),
            2,
            &configuration(ID).encode(),
        ));
        let all: Vec<_> = all.into_iter().map(|action| (at(second), action)).collect();
        let (busy, up) = (CarrierState::Busy, CarrierState::Up);
        assert_eq!(
            states(&all),
            [busy, busy, up, up],
            "held for the moment, never gone"
        );
        let left = |action: &Action| matches!(action, Action::Notice(Notice::StationLeft { .. }));
        assert!(!all.iter().any(|(_, action)| left(action)));
    }
    assert_eq!(states(&pass(&mut master, at(40))), []);
}

#[test]
fn a_log_in_that_is_not_finished_loses_the_carriers_and_another_colour_code_makes_new_ones() {
    let mut master = master();
    log_in(&mut master, at(0), peer(1), ID);
    let mut other = configuration(ID);
    other.color_code = Some(7);
    drain(&mut master);
    let again = |master: &mut HomebrewMaster, now| {
        let challenge = one(exchange(master, now, peer(1), &Rptl { id: ID }.encode()));
        let salt = Rptack::decode(&challenge).unwrap().value;
        let digest = Passphrase::new("s3cr37w0rd").unwrap().digest(salt);
        says(master, now, 1, &Rptk { id: ID, digest }.encode());
    };
    again(&mut master, at(5));
    let told = says(&mut master, at(5), 1, &other.encode());
    let told: Vec<_> = told.into_iter().map(|action| (at(5), action)).collect();
    let (gone, up) = (CarrierState::Gone, CarrierState::Up);
    assert_eq!(states(&told), [gone, gone, up, up]);
    again(&mut master, at(10));
    assert_eq!(states(&pass(&mut master, at(60))).last(), Some(&gone));
}

#[test]
fn guesses_are_slowed_and_the_true_station_gets_in() {
    let mut master = master();
    let wrong = Rptk {
        id: ID,
        digest: [1; 32],
    };
    let (mut naks, mut reports, mut refused) = (0, 0, 0);
    for guess in 0..200_000_u64 {
        let now = Instant::from_micros(guess * 50);
        if guess % 1_000 == 0 {
            master.tick(now);
        }
        for action in says(&mut master, now, 1, &wrong.encode()) {
            match action {
                Action::Send { .. } => naks += 1,
                Action::Notice(Notice::LogInRefused { count, .. }) => {
                    reports += 1;
                    refused += count;
                }
                _ => {}
            }
        }
    }
    assert!(
        naks <= 5 && reports == 1 && refused == 1,
        "{naks} {reports} {refused}"
    );
    // From another address at once, also while the guesses go on.
    log_in(&mut master, at(10), peer(2), ID);
    // From the same address a few seconds after the last guess.
    log_in(&mut master, at(15), peer(1), ID);
}

#[test]
fn challenges_of_known_ids_are_rationed_and_the_known_address_gets_its_own() {
    let mut master = master();
    log_in(&mut master, at(0), peer(1), ID);
    let mut answers = 0;
    for request in 0..100_000_u32 {
        let now = at(5) + Duration::from_micros(u64::from(request) * 10);
        let [_, a, b, c] = request.to_be_bytes();
        let from = Peer::Socket(([198, 18 + (a & 1), b, c], 1_000).into());
        master.receive(now, from, &Rptl { id: ID }.encode());
        answers += sent(drain(&mut master)).len();
    }
    assert!(answers <= 400, "{answers}");
    log_in(&mut master, at(6), peer(1), ID);
}

#[test]
fn a_flood_of_ids_and_addresses_costs_bounded_memory_and_one_report_a_second() {
    let mut master = master();
    let mut reported = 0;
    for id in 0..100_000_u32 {
        let now = Instant::from_micros(u64::from(id) * 100);
        let from = Peer::Socket((id.to_be_bytes(), 1_000).into());
        master.receive(
            now,
            from,
            &Rptk {
                id,
                digest: [0; 32],
            }
            .encode(),
        );
        let digest = [0; 32];
        master.receive(now, from, &Rptk { id: ID, digest }.encode());
        master.tick(now);
        reported += notices(&mut master)
            .iter()
            .filter(|it| matches!(it, Notice::LogInRefused { .. }))
            .count();
    }
    assert!(reported <= 11, "{reported}");
    assert_eq!(master.quarantine().len(), 64);
    assert!(master.by_address.is_empty());
}

fn of_call(place: u32, frame: FrameType, octets: [u8; 33], stream: u32) -> Bytes {
    Dmrd {
        frame,
        stream,
        group: true,
        destination: 9,
        burst: octets,
        ..burst(ID + place)
    }
    .encode()
}

#[test]
fn a_radio_is_present_where_it_was_heard_first_and_not_where_a_bridge_brings_it() {
    let mut master = master();
    for (from, id) in [(1, ID), (2, ID + 1)] {
        log_in(&mut master, at(0), peer(from), id);
    }
    drain(&mut master);
    let header = test_bursts::header(RADIO, 9);
    let first = says(
        &mut master,
        at(1),
        1,
        &of_call(0, FrameType::Data(1), header, 5),
    );
    let first = heard(first);
    assert_eq!(
        first[0].what,
        HeardKind::Presence {
            from: RadioId::new(RADIO).unwrap()
        }
    );
    let copy = of_call(1, FrameType::Data(1), header, 6);
    assert_eq!(heard(says(&mut master, millis(1_300), 2, &copy)), []);
    let later = of_call(1, FrameType::Data(1), header, 7);
    let moved = heard(says(&mut master, at(60), 2, &later));
    assert_eq!(moved[0].carrier.station, StationId(ID + 1));
}

#[test]
fn a_damaged_header_and_invented_voice_say_nothing_and_hold_nothing() {
    let mut master = master();
    log_in(&mut master, at(0), peer(1), ID);
    drain(&mut master);
    let damaged = test_bursts::damaged(DataType::VoiceLcHeader, RADIO, 9);
    let mut all = says(
        &mut master,
        at(1),
        1,
        &of_call(0, FrameType::Data(1), damaged, 5),
    );
    for step in 0..100 {
        let now = millis(2_000 + step * 840);
        let invented = of_call(0, FrameType::Voice(2), [0; 33], 6);
        all.extend(says(&mut master, now, 1, &invented));
        all.extend(pass(&mut master, now).into_iter().map(|(_, action)| action));
    }
    let quiet = |action: &Action| matches!(action, Action::Notice(_));
    assert!(all.iter().all(quiet), "{all:?}");
}
