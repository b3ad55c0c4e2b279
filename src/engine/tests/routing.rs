//! Over which station a radio is reached: what waits for its home, what goes round, what is
//! believed of where a radio is.

use super::*;

const GRACE: Duration = Duration::from_secs(60);

fn deregisters(rig: &mut Rig, from: u32, station: u32) {
    let from = radio(from);
    rig.input(Input::Heard(Heard {
        carrier: carrier(station),
        what: HeardKind::Deregistered { from },
        owed: vec![],
    }));
}

/// The stations over which texts went, in order.
fn stations(rig: &Rig) -> Vec<u32> {
    let sends = rig.sends().into_iter();
    sends.map(|(_, _, _, over)| over.station.0).collect()
}

#[test]
fn after_a_restart_what_belongs_to_a_station_waits_for_it_and_does_not_go_over_the_first_that_is_up()
 {
    let mut rig = Rig::new();
    rig.submit("集合", Precedence::Routine, Ask::Receipt, "radio:1");
    rig.restart(usize::MAX);
    rig.up(2);
    rig.pass(Duration::from_secs(50));
    assert_eq!(stations(&rig), [0; 0], "its home is station 1");
    rig.up(1);
    assert_eq!(stations(&rig), [1]);
}

#[test]
fn at_the_end_of_the_grace_time_it_goes_over_another_station_of_ours_and_what_is_left_comes_back() {
    let mut rig = Rig::new();
    rig.up(1);
    rig.up(2);
    rig.pass(Duration::from_secs(1_000));
    rig.gone(1);
    for number in 1..=4 {
        let target = format!("radio:{number}");
        rig.submit("集合", Precedence::Routine, Ask::Receipt, &target);
    }
    rig.pass(GRACE - Duration::from_secs(1));
    assert_eq!(stations(&rig), [0; 0]);
    rig.pass(Duration::from_secs(2));
    assert_eq!(stations(&rig), [2], "one at a time");
    let (job, to, ..) = rig.last_send();
    rig.play(job, 2, Some(to));
    assert_eq!(stations(&rig), [2, 2]);
    rig.up(1);
    assert_eq!(stations(&rig), [2, 2], "it was lost and is held down first");
    rig.pass(Duration::from_secs(11));
    assert_eq!(stations(&rig), [2, 2, 1]);
    let (job, to, ..) = rig.last_send();
    rig.play(job, 1, Some(to));
    assert_eq!(stations(&rig), [2, 2, 1, 1]);
}

#[test]
fn a_second_log_in_is_no_loss_for_what_waits() {
    let mut rig = Rig::new();
    rig.up(1);
    rig.up(2);
    for number in 1..=9 {
        let target = format!("radio:{number}");
        rig.submit("集合", Precedence::Routine, Ask::Receipt, &target);
    }
    rig.gone(1);
    rig.up(1);
    rig.pass(Duration::from_secs(15));
    assert!(stations(&rig).iter().all(|station| *station == 1));
}

#[test]
fn a_flash_goes_after_five_seconds_over_our_station_that_heard_the_radio_before() {
    let mut rig = Rig::new();
    rig.up(1);
    rig.up(2);
    rig.present(5, 2);
    rig.pass(Duration::from_secs(100));
    rig.present(5, 1);
    rig.gone(1);
    rig.submit("大坝溃口", Precedence::Flash, Ask::Receipt, "radio:5");
    rig.submit("大坝溃口", Precedence::Flash, Ask::Receipt, "radio:6");
    rig.submit("集合", Precedence::Immediate, Ask::Receipt, "radio:5");
    rig.pass(Duration::from_millis(4_900));
    assert_eq!(stations(&rig), [0; 0]);
    rig.pass(Duration::from_millis(200));
    assert_eq!(stations(&rig), [2]);
    let (job, to, text, _) = rig.last_send();
    assert_eq!(to, 5);
    assert!(text.contains("大坝"));
    rig.step_lost(job);
    rig.up(2);
    // The attempt over the home follows without the gap, behind a Flash that waited as long.
    rig.up(1);
    let (job, to, ..) = rig.last_send();
    assert_eq!(to, 6);
    rig.play(job, 1, Some(6));
    let (_, to, text, over) = rig.last_send();
    assert_eq!((to, over), (5, carrier(1)));
    assert!(text.contains("大坝"), "{text}");
}

#[test]
fn a_flash_that_wanders_between_two_stations_comes_over_neither_twice_within_the_gap() {
    let mut rig = Rig::new();
    rig.up(1);
    rig.up(2);
    rig.present(5, 2);
    rig.pass(Duration::from_secs(100));
    rig.present(5, 1);
    rig.gone(1);
    rig.submit("大坝溃口", Precedence::Flash, Ask::Receipt, "radio:5");
    rig.pass(Duration::from_millis(5_100));
    assert_eq!(stations(&rig), [2]);
    let (job, ..) = rig.last_send();
    rig.input(Input::Sent(job));
    rig.step_lost(job);
    rig.up(2);
    // Its home is back, but has no room before it is lost again.
    rig.input(Input::Carrier {
        id: carrier(1),
        state: CarrierState::Up,
        room: 0,
    });
    rig.gone(1);
    rig.pass(Duration::from_secs(10));
    assert_eq!(stations(&rig), [2], "station 2 has just sent it");
    rig.pass(Duration::from_secs(10));
    assert_eq!(stations(&rig), [2, 2]);
}

#[test]
fn a_flash_never_goes_round_over_a_peers_network() {
    let mut policy = policy();
    policy.stations[1].peer = true;
    let mut rig = Rig::of(policy);
    rig.up(1);
    rig.up(2);
    rig.present(5, 2);
    rig.pass(Duration::from_secs(100));
    rig.present(5, 1);
    rig.gone(1);
    rig.submit("大坝溃口", Precedence::Flash, Ask::Receipt, "radio:5");
    rig.submit("集合", Precedence::Routine, Ask::Receipt, "radio:5");
    rig.pass(GRACE * 3);
    assert_eq!(stations(&rig), [0; 0]);
    rig.up(1);
    assert_eq!(stations(&rig), [1]);
}

#[test]
fn a_call_that_comes_back_through_a_network_moves_nobody() {
    let mut policy = policy();
    policy.stations[1].peer = true;
    let mut rig = Rig::of(policy);
    rig.up(1);
    rig.up(2);
    rig.present(5, 1);
    rig.pass(Duration::from_millis(300));
    rig.present(5, 2);
    rig.pass(Duration::from_secs(30));
    // Not an echo, and still only a peer's word.
    rig.present(5, 2);
    rig.submit("大坝溃口", Precedence::Flash, Ask::Receipt, "radio:5");
    assert_eq!(stations(&rig), [1]);
}

#[test]
fn an_echo_at_another_station_of_ours_moves_nobody_and_a_radio_that_drove_there_is_there() {
    let mut rig = Rig::new();
    rig.up(1);
    rig.up(2);
    rig.present(5, 1);
    rig.pass(Duration::from_millis(300));
    rig.present(5, 2);
    rig.submit("大坝溃口", Precedence::Flash, Ask::Receipt, "radio:5");
    assert_eq!(stations(&rig), [1]);
    let (job, ..) = rig.last_send();
    rig.play(job, 1, Some(5));
    rig.pass(Duration::from_secs(30));
    rig.present(5, 2);
    rig.submit("第二", Precedence::Flash, Ask::Receipt, "radio:5");
    assert_eq!(stations(&rig), [1, 2]);
}

#[test]
fn a_radio_that_signs_off_is_not_reached_where_it_was_also_after_a_restart() {
    let mut rig = Rig::new();
    rig.up(1);
    rig.up(2);
    rig.present(5, 2);
    rig.pass(Duration::from_secs(100));
    deregisters(&mut rig, 5, 2);
    rig.submit("大坝溃口", Precedence::Flash, Ask::Receipt, "radio:5");
    assert_eq!(stations(&rig), [1]);
    rig.restart(usize::MAX);
    rig.up(2);
    rig.up(1);
    rig.pass(Duration::from_secs(30));
    assert_eq!(stations(&rig), [1]);
}

#[test]
fn a_hold_down_lets_immediate_pass_after_its_first_ten_seconds() {
    let mut rig = Rig::new();
    for _ in 0..4 {
        rig.up(1);
        rig.pass(Duration::from_secs(1));
        rig.gone(1);
    }
    rig.up(1);
    rig.submit("集合", Precedence::Priority, Ask::Receipt, "radio:1");
    rig.submit("转移", Precedence::Immediate, Ask::Receipt, "radio:2");
    rig.pass(Duration::from_secs(9));
    assert_eq!(rig.sends().len(), 0);
    rig.pass(Duration::from_secs(2));
    let (job, to, ..) = rig.last_send();
    assert_eq!(to, 2);
    rig.play(job, 1, Some(2));
    assert_eq!(rig.sends().len(), 1, "the rest waits on");
    rig.pass(Duration::from_secs(80));
    assert_eq!(rig.sends().len(), 2);
}

#[test]
fn a_carrier_that_could_send_and_does_not_is_named() {
    let mut rig = Rig::new();
    rig.up(1);
    rig.input(Input::Carrier {
        id: carrier(1),
        state: CarrierState::Up,
        room: 0,
    });
    rig.submit("集合", Precedence::Routine, Ask::Receipt, "radio:1");
    let stalled = |rig: &mut Rig| match rig.ask(Request::Overview).unwrap() {
        Response::Overview(overview) => overview.stalled,
        other => panic!("{other:?}"),
    };
    rig.pass(Duration::from_secs(60));
    assert_eq!(stalled(&mut rig), []);
    rig.pass(Duration::from_secs(60));
    let named = stalled(&mut rig);
    assert_eq!((named[0].carrier, named[0].waiting), (carrier(1), 1));
    rig.up(1);
    assert_eq!(stalled(&mut rig), []);
}

#[test]
fn strangers_leave_nothing_behind() {
    let mut rig = Rig::new();
    rig.up(1);
    for id in 1_000..21_000 {
        rig.present(id, 1);
        rig.presses_once(id);
    }
    assert!(rig.engine.whereabouts.is_empty());
    assert!(rig.engine.collection.knows_no_status());
    assert!(rig.engine.attempts.is_empty());
}

#[test]
fn a_slot_that_a_call_holds_says_since_when_and_stands_in_health_when_something_waits_long() {
    let mut rig = Rig::new();
    rig.up(1);
    let busy = |rig: &mut Rig| {
        rig.input(Input::Carrier {
            id: carrier(1),
            state: CarrierState::Busy,
            room: 0,
        });
    };
    busy(&mut rig);
    let since = rig.now.wall;
    rig.submit("集合", Precedence::Routine, Ask::Receipt, "radio:1");
    let listed = |rig: &mut Rig| match rig.ask(Request::Stations).unwrap() {
        Response::Stations(stations) => stations[0].busy.clone(),
        other => panic!("{other:?}"),
    };
    let stalled = |rig: &mut Rig| match rig.ask(Request::Overview).unwrap() {
        Response::Overview(overview) => overview.stalled,
        other => panic!("{other:?}"),
    };
    rig.pass(Duration::from_secs(40));
    busy(&mut rig);
    assert_eq!(listed(&mut rig), [(1, since)].into());
    assert_eq!(stalled(&mut rig), [], "a call may last so long");
    rig.pass(Duration::from_secs(60));
    assert_eq!(stalled(&mut rig)[0].busy_since, Some(since));
    rig.up(1);
    assert_eq!(listed(&mut rig), [].into());
}
