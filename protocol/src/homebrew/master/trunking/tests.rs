//! Two trunked sites (and a repeater) at one master, in virtual time.

use std::net::SocketAddr;

use bytes::Bytes;
use proptest::prelude::*;

use super::super::tests::{
    ID, SEED, at, burst, configuration, drain, exchange, one, peer, station,
};
use super::super::{MasterConfig, RelayRule, StationConfig, TrunkingConfig};
use super::*;
use crate::air::{
    Acknowledgement, CarrierId, Delivery, JobId, StationId, Text, TextForm, Transmission,
};
use crate::homebrew::auth::Passphrase;
use crate::homebrew::message::dmrt::{
    Answer, CallSetup, Deregistration, Groups, Registration, RegistrationConfirmation, Status,
    UdtTransfer,
};
use crate::homebrew::message::{
    Dialect, Dmrd, FrameType, Rptack, Rptcl, Rptk, Rptl, Rptping, Uuid,
};
use crate::session::{CarrierState, Job, Notice, Refusal, Session};

const EAST: u32 = ID + 10;
const WEST: u32 = ID + 11;
const OWN: u32 = 9_990;
const GROUP: u32 = 9;

fn site(id: u32, terminal_accepts: bool) -> StationConfig {
    StationConfig {
        groups: vec![GroupId::new(GROUP).unwrap()],
        trunking: Some(TrunkingConfig { terminal_accepts }),
        ..station(id)
    }
}

fn master_of(terminal_accepts: bool, relays: Vec<RelayRule>) -> HomebrewMaster {
    let stations = vec![
        station(ID),
        site(EAST, terminal_accepts),
        site(WEST, terminal_accepts),
    ];
    let mut config = MasterConfig::new(stations);
    config.relays = relays;
    let mut master = HomebrewMaster::new(config, SEED).unwrap();
    log_in(&mut master, at(0), peer(1), EAST);
    log_in(&mut master, at(0), peer(2), WEST);
    drain(&mut master);
    master
}

fn master() -> HomebrewMaster {
    master_of(false, Vec::new())
}

fn trunking(conventional: Bytes) -> Bytes {
    Dialect::Trunking.speak(conventional)
}

/// DTCL, DTCK, DTCC.
fn log_in(master: &mut HomebrewMaster, now: Instant, from: SocketAddr, id: u32) {
    let challenge = one(exchange(master, now, from, &trunking(Rptl { id }.encode())));
    assert!(challenge.starts_with(b"DTCACK"), "{challenge:?}");
    let salt: [u8; 4] = challenge[6..10].try_into().unwrap();
    let digest = Passphrase::new("s3cr37w0rd").unwrap().digest(salt);
    let value = id.to_be_bytes();
    let accepted = trunking(Rptack { value }.encode());
    let proof = trunking(Rptk { id, digest }.encode());
    assert_eq!(one(exchange(master, now, from, &proof)), accepted);
    let told = trunking(configuration(id).encode());
    assert_eq!(one(exchange(master, now, from, &told)), accepted);
}

/// Hands over a trunking message; what the master does.
fn hand(
    master: &mut HomebrewMaster,
    now: Instant,
    from: SocketAddr,
    message: &Dmrt,
) -> Vec<Action> {
    master.receive(now, Peer::Socket(from), &message.encode());
    drain(master)
}

/// The trunking messages among the actions, with whom they go to.
fn told(actions: &[Action]) -> Vec<(SocketAddr, Dmrt)> {
    let told = actions.iter().filter_map(|action| match action {
        Action::Send {
            to: Peer::Socket(to),
            bytes,
            ..
        } => Some((*to, Dmrt::decode(bytes).ok()?)),
        _ => None,
    });
    told.collect()
}

fn heard(actions: &[Action]) -> Vec<Heard> {
    let heard = actions.iter().filter_map(|action| match action {
        Action::Heard(heard) => Some(heard.clone()),
        _ => None,
    });
    heard.collect()
}

fn steps(actions: &[Action]) -> Vec<(JobId, Step)> {
    let steps = actions.iter().filter_map(|action| match action {
        Action::Job { id, step } => Some((*id, *step)),
        _ => None,
    });
    steps.collect()
}

fn radio(id: u32) -> RadioId {
    RadioId::new(id).unwrap()
}

fn carrier(station: u32) -> CarrierId {
    CarrierId {
        station: StationId(station),
        slot: Slot::One,
    }
}

fn text(id: u64, station: u32, to: Address, text: &str) -> Job {
    Job::Send {
        id: JobId(id),
        carrier: carrier(station),
        transmission: Transmission::Text(Text {
            from: radio(OWN),
            to,
            text: text.to_owned(),
            form: TextForm::Udt,
            delivery: Delivery::Confirmed,
            reference: 0,
        }),
    }
}

fn to_radio(id: u32) -> Address {
    Address::Radio(radio(id))
}

fn transfer(uuid: u8, source: u32, destination: u32, says: &str) -> UdtTransfer {
    let (format, payload) = UdtTransfer::write(says).unwrap();
    UdtTransfer {
        way: Way::ToNetwork,
        uuid: Uuid([uuid; 16]),
        group: false,
        acknowledge: true,
        reserved: 0,
        format,
        source,
        destination,
        payload,
    }
}

fn register(master: &mut HomebrewMaster, now: Instant, from: SocketAddr, id: u32) -> Vec<Action> {
    let request = Registration {
        timestamp: 1_700_000_000,
        radios: vec![id],
    };
    hand(master, now, from, &Dmrt::Registration(request))
}

fn subscribe(master: &mut HomebrewMaster, now: Instant, from: SocketAddr, group: u32) {
    let way = Way::ToNetwork;
    let groups = vec![group];
    hand(master, now, from, &Dmrt::Subscribe(Groups { way, groups }));
}

fn accept_of(transfer: &Dmrt) -> Dmrt {
    let Dmrt::UdtTransfer(transfer) = transfer else {
        panic!("{transfer:?}");
    };
    Dmrt::UdtAccept(Answer {
        way: Way::ToNetwork,
        uuid: transfer.uuid,
        source: transfer.source,
        destination: transfer.destination,
    })
}

#[test]
fn a_site_is_one_backhaul_carrier_with_room_for_several_transfers() {
    let mut master = HomebrewMaster::new(MasterConfig::new(vec![site(EAST, false)]), SEED).unwrap();
    let id = EAST;
    let digest = [0; 32];
    let wrong = trunking(Rptk { id, digest }.encode());
    let refused = one(exchange(&mut master, at(0), peer(1), &wrong));
    assert!(refused.starts_with(b"DTCNAK"));
    for conventional in [Rptl { id }.encode(), Rptping { id }.encode()] {
        let refused = exchange(&mut master, at(2), peer(3), &conventional);
        assert!(refused.iter().all(|(_, it)| it.starts_with(b"MSTNAK")));
    }
    log_in(&mut master, at(4), peer(1), EAST);
    let pong = one(exchange(
        &mut master,
        at(5),
        peer(1),
        &trunking(Rptping { id }.encode()),
    ));
    assert!(pong.starts_with(b"DTCPONG"));
    // The same id under the other names is nobody.
    let refused = one(exchange(
        &mut master,
        at(6),
        peer(1),
        &Rptping { id }.encode(),
    ));
    assert!(refused.starts_with(b"MSTNAK"));
    log_in(&mut master, at(7), peer(1), EAST);
    master.receive(
        at(8),
        Peer::Socket(peer(1)),
        &trunking(Rptcl { id }.encode()),
    );
    let gone = Action::Carrier {
        id: carrier(EAST),
        state: CarrierState::Gone,
        room: 0,
    };
    for second in 9..30 {
        master.tick(at(second));
    }
    assert!(drain(&mut master).contains(&gone));
}

#[test]
fn a_text_goes_out_as_a_transfer_and_its_acceptance_is_the_stations() {
    for (terminal, step) in [
        (false, Step::Accepted),
        (true, Step::Received { by: radio(7) }),
    ] {
        let mut master = master_of(terminal, Vec::new());
        master.transmit(at(1), text(1, EAST, to_radio(7), "撤离"));
        let actions = drain(&mut master);
        assert!(actions.iter().any(|it| matches!(
            it,
            Action::Send { for_job: Some(JobId(1)), bytes, .. } if bytes.starts_with(b"DMRT\x45")
        )));
        let room = Action::Carrier {
            id: carrier(EAST),
            state: CarrierState::Up,
            room: 7,
        };
        assert!(actions.contains(&room));
        let out = told(&actions);
        let [(to, Dmrt::UdtTransfer(sent))] = out.as_slice() else {
            panic!("{out:?}");
        };
        assert_eq!(
            (*to, sent.way, sent.acknowledge),
            (peer(1), Way::FromNetwork, true)
        );
        assert_eq!((sent.source, sent.destination), (OWN, 7));
        // The same words from the other site prove nothing.
        let stranger = hand(&mut master, at(2), peer(2), &accept_of(&out[0].1));
        assert_eq!(steps(&stranger), []);
        let accepted = hand(&mut master, at(2), peer(1), &accept_of(&out[0].1));
        let done = (JobId(1), Step::Done);
        if terminal {
            assert_eq!(steps(&accepted), [(JobId(1), step), done]);
        } else {
            assert_eq!(steps(&accepted), [(JobId(1), step)]);
        }
        let again = hand(&mut master, at(3), peer(1), &accept_of(&out[0].1));
        assert_eq!(steps(&again), []);
        let mut ended = Vec::new();
        while let Some(due) = master.deadline().filter(|due| *due < at(25)) {
            master.tick(due);
            let actions = drain(&mut master);
            assert_eq!(told(&actions), []);
            ended.extend(steps(&actions).into_iter().map(|step| (due, step)));
        }
        let expected: &[_] = if terminal { &[] } else { &[(at(17), done)] };
        assert_eq!(ended, expected, "it stays open while it may be on its way");
    }
}

#[test]
fn a_site_that_never_answers_gets_three_sends_and_blocks_nothing() {
    let mut master = master();
    for id in 0..9 {
        master.transmit(at(1), text(id, EAST, to_radio(100 + id as u32), "撤离"));
    }
    let actions = drain(&mut master);
    let refused = Step::Refused(Refusal::NoRoom);
    assert_eq!(steps(&actions), [(JobId(8), refused)]);
    let mut sent = told(&actions);
    assert_eq!(sent.len(), 8);
    // One is answered; its place is free at once.
    let actions = hand(&mut master, at(2), peer(1), &accept_of(&sent[3].1));
    assert_eq!(steps(&actions), [(JobId(3), Step::Accepted)]);
    master.transmit(at(2), text(9, EAST, to_radio(109), "撤离"));
    sent.extend(told(&drain(&mut master)));
    let mut ended = Vec::new();
    while let Some(due) = master.deadline().filter(|due| *due < at(30)) {
        master.tick(due);
        let actions = drain(&mut master);
        sent.extend(told(&actions));
        ended.extend(steps(&actions).into_iter().map(|it| (due, it)));
    }
    assert_eq!(sent.len(), 7 * 3 + 1 + 3);
    assert_eq!(ended.len(), 9);
    assert!(ended.iter().all(|(_, (_, step))| *step == Step::Done));
    assert!(ended[..7].iter().all(|(when, _)| *when == at(16)));
    let name = |message: &Dmrt| match message {
        Dmrt::UdtTransfer(it) => it.uuid,
        other => panic!("{other:?}"),
    };
    let names: std::collections::BTreeSet<_> = sent.iter().map(|(_, it)| name(it)).collect();
    assert_eq!(names.len(), 9, "a repeat carries its own name");
}

#[test]
fn a_new_try_carries_the_old_name_until_the_terminal_has_it() {
    let mut master = master();
    let mut send = |now: u64, answered: bool| {
        master.transmit(at(now), text(now, EAST, to_radio(7), "撤离"));
        let out = told(&drain(&mut master));
        let [(_, message @ Dmrt::UdtTransfer(sent))] = out.as_slice() else {
            panic!("{out:?}");
        };
        if answered {
            hand(&mut master, at(now + 1), peer(1), &accept_of(message));
        }
        while let Some(due) = master.deadline().filter(|due| *due < at(now + 20)) {
            master.tick(due);
            drain(&mut master);
        }
        sent.uuid
    };
    let first = send(1, false);
    assert_eq!(send(21, true), first);
    assert_eq!(send(42, true), first);
}

#[test]
fn a_talkgroups_text_is_sent_once_and_every_planned_repeat_is_its_own() {
    let mut master = master();
    let group = Address::Group(GroupId::new(GROUP).unwrap());
    let mut names = Vec::new();
    for id in [1, 2] {
        master.transmit(at(1), text(id, WEST, group, "all out"));
        let out = told(&drain(&mut master));
        let [(to, Dmrt::UdtTransfer(sent))] = out.as_slice() else {
            panic!("{out:?}");
        };
        assert_eq!((*to, sent.group, sent.acknowledge), (peer(2), true, false));
        assert_eq!(sent.format, crate::dmr::data_header::UdtFormat::Iso8);
        names.push(sent.uuid);
    }
    assert_ne!(names[0], names[1]);
    let due = master.deadline().unwrap();
    assert_eq!(due, at(6));
    master.tick(due);
    let actions = drain(&mut master);
    assert_eq!(told(&actions), []);
    let done = [(JobId(1), Step::Done), (JobId(2), Step::Done)];
    assert_eq!(steps(&actions), done);
}

#[test]
fn what_a_site_cannot_carry_is_refused() {
    let mut master = master();
    let check = Transmission::RadioCheck {
        from: radio(OWN),
        to: radio(7),
    };
    let long = "警".repeat(24);
    for (id, job, why) in [
        (1, text(1, EAST, to_radio(7), &long), Refusal::TooLong),
        (
            2,
            text(2, EAST, to_radio(7), "a\u{202E}b"),
            Refusal::Unencodable,
        ),
        (
            3,
            Job::Send {
                id: JobId(3),
                carrier: carrier(EAST),
                transmission: check,
            },
            Refusal::NotOffered,
        ),
        (4, text(4, ID, to_radio(7), "x"), Refusal::NoCarrier),
    ] {
        master.transmit(at(1), job);
        assert_eq!(
            steps(&drain(&mut master)),
            [(JobId(id), Step::Refused(why))]
        );
    }
}

#[test]
fn a_registration_is_answered_at_once_and_ends_the_one_elsewhere() {
    let mut master = master();
    let actions = register(&mut master, at(1), peer(1), 7);
    let confirmation = RegistrationConfirmation {
        timestamp: 1_700_000_000,
        accepted: 1,
        radios: vec![7],
    };
    assert_eq!(
        told(&actions),
        [(peer(1), Dmrt::RegistrationConfirmation(confirmation))]
    );
    let [heard] = heard(&actions).try_into().unwrap();
    assert_eq!(heard.carrier, carrier(EAST));
    assert_eq!(heard.what, HeardKind::Registered { from: radio(7) });
    let actions = register(&mut master, at(2), peer(2), 7);
    let elsewhere = Deregistration {
        way: Way::FromNetwork,
        timestamp: 1_700_000_000,
        radios: vec![7],
    };
    assert!(told(&actions).contains(&(peer(1), Dmrt::Deregistration(elsewhere))));
    let leave = |way| {
        Dmrt::Deregistration(Deregistration {
            way,
            timestamp: 1_700_000_001,
            radios: vec![7],
        })
    };
    // The old site's late farewell changes nothing.
    let late = hand(&mut master, at(3), peer(1), &leave(Way::ToNetwork));
    assert_eq!(self::heard(&late), []);
    let left = hand(&mut master, at(3), peer(2), &leave(Way::ToNetwork));
    assert_eq!(
        self::heard(&left)[0].what,
        HeardKind::Deregistered { from: radio(7) }
    );
}

#[test]
fn at_most_eight_radios_are_confirmed_and_impossible_ones_denied() {
    let mut master = master();
    let request = Registration {
        timestamp: 0,
        radios: vec![1, 0, 0xFF_FFFF, 4, 5, 6, 7, 8, 9],
    };
    let actions = hand(&mut master, at(1), peer(1), &Dmrt::Registration(request));
    let out = told(&actions);
    let [(_, Dmrt::RegistrationConfirmation(answer))] = out.as_slice() else {
        panic!("{out:?}");
    };
    assert_eq!((answer.accepted, answer.radios.len()), (0b1111_1001, 8));
    assert_eq!(heard(&actions).len(), 6);
}

#[test]
fn groups_are_confirmed_and_refused_ones_zeroed() {
    let mut master = master();
    let request = |way, groups: &[u32]| Groups {
        way,
        groups: groups.to_vec(),
    };
    let wanted = Dmrt::Subscribe(request(Way::ToNetwork, &[9, 0xFF_FFFF, 10]));
    let given = Dmrt::Subscribe(request(Way::FromNetwork, &[9, 0, 10]));
    let actions = hand(&mut master, at(1), peer(1), &wanted);
    assert_eq!(told(&actions), [(peer(1), given)]);
    let leave = Dmrt::Unsubscribe(request(Way::ToNetwork, &[9]));
    let left = Dmrt::Unsubscribe(request(Way::FromNetwork, &[9]));
    let actions = hand(&mut master, at(1), peer(1), &leave);
    assert_eq!(told(&actions), [(peer(1), left)]);
    for group in 100..1_200 {
        subscribe(&mut master, at(2), peer(1), group);
    }
    let wanted = Dmrt::Subscribe(request(Way::ToNetwork, &[5_000]));
    let refused = Dmrt::Subscribe(request(Way::FromNetwork, &[0]));
    let actions = hand(&mut master, at(3), peer(1), &wanted);
    assert_eq!(told(&actions), [(peer(1), refused)]);
}

#[test]
fn a_text_for_us_is_heard_once_and_accepted_only_when_the_engine_says_so() {
    let mut master = master();
    let message = Dmrt::UdtTransfer(transfer(1, 7, OWN, "收到"));
    let actions = hand(&mut master, at(1), peer(1), &message);
    assert_eq!(told(&actions), []);
    let [first] = heard(&actions).try_into().unwrap();
    let HeardKind::Text {
        text, reference, ..
    } = &first.what
    else {
        panic!("{first:?}");
    };
    assert_eq!((text.as_str(), reference.is_some()), ("收到", true));
    let [owed] = first.owed.clone().try_into().unwrap();
    let expected = Acknowledgement::Accepted {
        from: OWN,
        to: radio(7),
    };
    assert_eq!(owed.acknowledgement, expected);
    let repeat = hand(&mut master, at(6), peer(1), &message);
    assert_eq!((heard(&repeat).len(), told(&repeat).len()), (0, 0));
    let acknowledge = |id| Job::Acknowledge {
        id: JobId(id),
        carrier: carrier(EAST),
        acknowledgement: owed.acknowledgement.clone(),
        until: owed.until,
    };
    master.transmit(at(7), acknowledge(1));
    let actions = drain(&mut master);
    let [Action::Send { for_job, bytes, .. }] = actions.as_slice() else {
        panic!("{actions:?}");
    };
    assert_eq!(*for_job, Some(JobId(1)));
    assert_eq!(
        bytes.as_ref(),
        [b"DMRT\x46".as_slice(), &[1; 16], &[0, 0, 7, 0, 0x27, 0x06]].concat()
    );
    // Later repeats are answered from memory, and nothing is owed twice.
    let repeat = hand(&mut master, at(11), peer(1), &message);
    assert_eq!((heard(&repeat).len(), told(&repeat).len()), (0, 1));
    master.transmit(at(12), acknowledge(2));
    let step = Step::Refused(Refusal::TooLate);
    assert_eq!(steps(&drain(&mut master)), [(JobId(2), step)]);
}

#[test]
fn an_acceptance_that_comes_too_late_is_withheld_and_the_repeat_heard_again() {
    let mut master = master();
    let message = Dmrt::UdtTransfer(transfer(1, 7, OWN, "收到"));
    let first = heard(&hand(&mut master, at(1), peer(1), &message));
    let late = Job::Acknowledge {
        id: JobId(1),
        carrier: carrier(EAST),
        acknowledgement: first[0].owed[0].acknowledgement.clone(),
        until: first[0].owed[0].until,
    };
    master.transmit(at(17), late);
    let step = Step::Refused(Refusal::TooLate);
    assert_eq!(steps(&drain(&mut master)), [(JobId(1), step)]);
    let second = heard(&hand(&mut master, at(18), peer(1), &message));
    assert_eq!(second[0].what, first[0].what, "with the same number");
}

#[test]
fn a_text_for_a_radio_elsewhere_goes_there_and_its_acceptance_comes_back() {
    let mut master = master();
    register(&mut master, at(1), peer(2), 8);
    let message = transfer(1, 7, 8, "hello");
    let actions = hand(
        &mut master,
        at(2),
        peer(1),
        &Dmrt::UdtTransfer(message.clone()),
    );
    let passed = told(&actions);
    assert_eq!(
        passed,
        [(peer(2), Dmrt::UdtTransfer(message.from_network()))]
    );
    let presence = HeardKind::Presence { from: radio(7) };
    assert_eq!(heard(&actions)[0].what, presence);
    let actions = hand(&mut master, at(3), peer(2), &accept_of(&passed[0].1));
    let Dmrt::UdtAccept(answer) = accept_of(&passed[0].1) else {
        panic!("no answer");
    };
    let way = Way::FromNetwork;
    let back = Dmrt::UdtAccept(Answer { way, ..answer });
    assert_eq!(told(&actions), [(peer(1), back.clone())]);
    // A repeat that crossed it is answered, not sent on.
    let actions = hand(&mut master, at(4), peer(1), &Dmrt::UdtTransfer(message));
    assert_eq!(told(&actions), [(peer(1), back)]);
}

#[test]
fn what_nobody_can_be_handed_is_dropped_and_counted() {
    let mut master = master();
    register(&mut master, at(1), peer(1), 8);
    for destination in [8, 12_345] {
        let message = transfer(destination as u8, 7, destination, "hello");
        let actions = hand(&mut master, at(2), peer(1), &Dmrt::UdtTransfer(message));
        assert_eq!(told(&actions), [], "not back to where it came from");
    }
    register(&mut master, at(3), peer(2), 12_345);
    let late = transfer(12_345_u32 as u8, 7, 12_345, "hello");
    let actions = hand(&mut master, at(3), peer(1), &Dmrt::UdtTransfer(late));
    assert_eq!(told(&actions).len(), 1, "the repeat finds the radio");
    master.tick(at(4));
    let told = Action::Notice(Notice::Dropped {
        station: Some(StationId(EAST)),
        cause: "nowhere-to-deliver",
        count: 2,
    });
    assert!(drain(&mut master).contains(&told));
}

#[test]
fn a_text_to_a_group_of_ours_is_heard_and_reaches_the_sites_that_want_it() {
    let mut master = master();
    subscribe(&mut master, at(1), peer(1), GROUP);
    subscribe(&mut master, at(1), peer(2), GROUP);
    let message = UdtTransfer {
        group: true,
        acknowledge: false,
        ..transfer(1, 7, GROUP, "help here")
    };
    let actions = hand(
        &mut master,
        at(2),
        peer(1),
        &Dmrt::UdtTransfer(message.clone()),
    );
    assert_eq!(
        told(&actions),
        [(peer(2), Dmrt::UdtTransfer(message.from_network()))]
    );
    let [said] = heard(&actions).try_into().unwrap();
    assert!(matches!(
        said.what,
        HeardKind::Text {
            to: Address::Group(_),
            ..
        }
    ));
    assert_eq!(said.owed, []);
}

#[test]
fn what_a_test_site_sends_reaches_no_live_one() {
    let test = StationConfig {
        test: true,
        ..site(EAST, false)
    };
    let config = MasterConfig::new(vec![test, site(WEST, false)]);
    let mut master = HomebrewMaster::new(config, SEED).unwrap();
    log_in(&mut master, at(0), peer(1), EAST);
    log_in(&mut master, at(0), peer(2), WEST);
    register(&mut master, at(1), peer(2), 8);
    subscribe(&mut master, at(1), peer(2), GROUP);
    let group = UdtTransfer {
        group: true,
        ..transfer(2, 7, GROUP, "drill")
    };
    for message in [transfer(1, 7, 8, "drill"), group] {
        let actions = hand(&mut master, at(2), peer(1), &Dmrt::UdtTransfer(message));
        assert_eq!(told(&actions), []);
    }
}

#[test]
fn a_status_is_heard_or_passed_on() {
    let mut master = master();
    register(&mut master, at(1), peer(2), 8);
    let status = |uuid, destination| Status {
        way: Way::ToNetwork,
        uuid: Uuid([uuid; 16]),
        group: false,
        value: 5,
        source: 7,
        destination,
    };
    for expected in [1, 0] {
        let actions = hand(&mut master, at(2), peer(1), &Dmrt::Status(status(1, OWN)));
        let said = heard(&actions);
        assert_eq!(said.len(), expected, "a repeat is no news");
        assert!(said.iter().all(|it| it.what
            == HeardKind::Status {
                from: radio(7),
                to: to_radio(OWN),
                code: 5,
                polled: false
            }));
    }
    let actions = hand(&mut master, at(3), peer(1), &Dmrt::Status(status(2, 8)));
    let passed = Status {
        way: Way::FromNetwork,
        ..status(2, 8)
    };
    assert_eq!(told(&actions), [(peer(2), Dmrt::Status(passed))]);
}

#[test]
fn a_private_call_between_sites_is_set_up_carried_and_ended() {
    let mut master = master();
    register(&mut master, at(1), peer(2), 8);
    let setup = |uuid, destination, options| CallSetup {
        way: Way::ToNetwork,
        uuid: Uuid([uuid; 16]),
        options,
        source: 7,
        destination,
    };
    let answer = Answer {
        way: Way::ToNetwork,
        uuid: Uuid([1; 16]),
        source: 7,
        destination: 8,
    };
    let way = Way::FromNetwork;
    let back = Answer { way, ..answer };
    let actions = hand(
        &mut master,
        at(2),
        peer(1),
        &Dmrt::CallSetup(setup(1, 8, 0)),
    );
    let passed = Dmrt::CallSetup(CallSetup {
        way,
        ..setup(1, 8, 0)
    });
    assert_eq!(told(&actions), [(peer(2), passed)]);
    let actions = hand(&mut master, at(3), peer(2), &Dmrt::CallAccept(answer));
    assert_eq!(told(&actions), [(peer(1), Dmrt::CallAccept(back))]);
    let voice = |repeater, uuid| Dmrd {
        uuid,
        frame: FrameType::VoiceSync(0),
        ..burst(repeater)
    };
    let uuid = Some(answer.uuid);
    let carried = exchange(&mut master, at(3), peer(1), &voice(EAST, uuid).encode());
    assert_eq!(
        carried,
        [(Peer::Socket(peer(2)), voice(WEST, uuid).encode())]
    );
    let carried = exchange(&mut master, at(3), peer(2), &voice(WEST, uuid).encode());
    assert_eq!(
        carried,
        [(Peer::Socket(peer(1)), voice(EAST, uuid).encode())]
    );
    for stray in [None, Some(Uuid([9; 16]))] {
        let carried = exchange(&mut master, at(3), peer(1), &voice(EAST, stray).encode());
        assert_eq!(carried, []);
    }
    let actions = hand(&mut master, at(4), peer(2), &Dmrt::CallReject(answer));
    assert_eq!(told(&actions), [(peer(1), Dmrt::CallReject(back))]);
    let carried = exchange(&mut master, at(5), peer(1), &voice(EAST, uuid).encode());
    assert_eq!(carried, []);
}

#[test]
fn calls_that_cannot_be_are_rejected_and_an_emergency_is_heard_all_the_same() {
    let mut master = master();
    for (uuid, destination, options) in [(1, OWN, 0), (2, 4_711, 0x40)] {
        let setup = CallSetup {
            way: Way::ToNetwork,
            uuid: Uuid([uuid; 16]),
            options,
            source: 7,
            destination,
        };
        let actions = hand(&mut master, at(2), peer(1), &Dmrt::CallSetup(setup));
        let reject = Answer {
            way: Way::FromNetwork,
            uuid: setup.uuid,
            source: 7,
            destination,
        };
        assert_eq!(told(&actions), [(peer(1), Dmrt::CallReject(reject))]);
        let expected = if options == 0 {
            HeardKind::Presence { from: radio(7) }
        } else {
            HeardKind::Emergency {
                from: radio(7),
                to: destination,
            }
        };
        assert_eq!(heard(&actions)[0].what, expected);
    }
}

#[test]
fn only_a_trunked_site_is_listened_to() {
    let mut master = master();
    super::super::tests::log_in(&mut master, at(1), peer(4), ID);
    drain(&mut master);
    let message = Dmrt::UdtTransfer(transfer(1, 7, OWN, "hello"));
    for from in [peer(3), peer(4)] {
        assert_eq!(hand(&mut master, at(2), from, &message), []);
    }
    // What only the network says, and what stays within a site.
    let request = Groups {
        way: Way::FromNetwork,
        groups: vec![9],
    };
    for odd in [
        Dmrt::Subscribe(request),
        Dmrt::MasterLoggedIn,
        Dmrt::UdtTransfer(transfer(2, 7, OWN, "hello").from_network()),
    ] {
        assert_eq!(hand(&mut master, at(2), peer(1), &odd), []);
    }
}

#[test]
fn a_site_that_is_lost_loses_its_jobs_and_keeps_its_radios() {
    let mut master = master();
    register(&mut master, at(1), peer(2), 8);
    master.transmit(at(2), text(1, WEST, to_radio(8), "撤离"));
    drain(&mut master);
    let id = WEST;
    master.receive(
        at(3),
        Peer::Socket(peer(2)),
        &trunking(Rptcl { id }.encode()),
    );
    for second in 4..17 {
        master.tick(at(second));
    }
    assert_eq!(steps(&drain(&mut master)), [(JobId(1), Step::Lost)]);
    log_in(&mut master, at(17), peer(2), WEST);
    drain(&mut master);
    master.leaving(at(17));
    let farewell = |id: u32| trunking(crate::homebrew::message::Mstcl { id }.encode());
    let expected = [(1, EAST), (2, WEST)].map(|(at, id)| (Peer::Socket(peer(at)), farewell(id)));
    assert_eq!(super::super::tests::sent(drain(&mut master)), expected);
    let message = transfer(1, 7, 8, "hello");
    let actions = hand(&mut master, at(18), peer(1), &Dmrt::UdtTransfer(message));
    assert_eq!(told(&actions).len(), 1);
}

#[test]
fn a_relayed_talkgroup_reaches_a_site_that_has_subscribed() {
    let members = vec![
        (StationId(ID), Slot::Two),
        (StationId(EAST), Slot::Two),
        (StationId(WEST), Slot::One),
    ];
    let rule = RelayRule {
        group: GroupId::new(GROUP).unwrap(),
        members,
    };
    let mut master = master_of(false, vec![rule]);
    super::super::tests::log_in(&mut master, at(1), peer(4), ID);
    drain(&mut master);
    subscribe(&mut master, at(1), peer(1), GROUP);
    let voice = |repeater| Dmrd {
        group: true,
        destination: GROUP,
        frame: FrameType::VoiceSync(0),
        burst: crate::dmr::test_bursts::voice_sync(),
        stream: 77,
        ..burst(repeater)
    };
    let mut names = Vec::new();
    for step in 0..3_u64 {
        let now = at(2) + core::time::Duration::from_millis(60 * step);
        let carried = exchange(&mut master, now, peer(4), &voice(ID).encode());
        let [(to, bytes)] = carried.as_slice() else {
            panic!("{carried:?}");
        };
        let sent = Dmrd::decode(bytes).unwrap();
        assert_eq!(
            (*to, sent.stream, bytes.len()),
            (Peer::Socket(peer(1)), 77, 71)
        );
        names.push(sent.uuid.unwrap());
    }
    assert!(names.windows(2).all(|pair| pair[0] == pair[1]));
    // And back: the repeater gets it without the name of the call.
    let uuid = Some(Uuid([4; 16]));
    let from_site = Dmrd {
        uuid,
        ..voice(EAST)
    };
    let carried = exchange(&mut master, at(9), peer(1), &from_site.encode());
    let [(to, bytes)] = carried.as_slice() else {
        panic!("{carried:?}");
    };
    let sent = Dmrd::decode(bytes).unwrap();
    assert_eq!((*to, sent.uuid), (Peer::Socket(peer(4)), None));
    assert_eq!((sent.repeater, sent.slot), (ID, Slot::Two));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn hostile_sites_are_survived_and_every_job_ends(
        datagrams in prop::collection::vec(
            (
                any::<u8>(),
                prop::collection::vec(prop_oneof![Just(0_u8), Just(7), Just(1), any::<u8>()], 0..60),
                1..3_u8,
                0..3_000_u64,
                any::<bool>(),
            ),
            1..80,
        ),
    ) {
        let mut master = master();
        let mut now = at(1);
        let (mut given, mut ended) = (0_u64, std::collections::BTreeSet::new());
        let mut note = |actions: Vec<Action>| {
            for (id, step) in steps(&actions) {
                if matches!(step, Step::Done | Step::Refused(_) | Step::Lost) {
                    assert!(ended.insert(id), "a job ends once");
                }
            }
            ended.len()
        };
        for (opcode, octets, from, wait, send) in datagrams {
            now += core::time::Duration::from_millis(wait);
            let datagram = [b"DMRT".as_slice(), &[opcode & 0x4F], &octets].concat();
            for length in [datagram.len(), datagram.len() / 2] {
                master.receive(now, Peer::Socket(peer(from)), &datagram[..length]);
            }
            if send {
                master.transmit(now, text(given, EAST, to_radio(7), "x"));
                given += 1;
            }
            if master.deadline().is_some_and(|due| due <= now) {
                master.tick(now);
            }
            note(drain(&mut master));
        }
        while let Some(due) = master.deadline().filter(|due| *due < now + core::time::Duration::from_secs(60)) {
            master.tick(due);
            note(drain(&mut master));
        }
        prop_assert_eq!(note(Vec::new()) as u64, given);
    }
}
