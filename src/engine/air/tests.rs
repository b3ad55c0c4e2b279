use narrowcast_protocol::air::CarrierKind;

use super::*;
use crate::engine::fixtures::{Facts, alert, at, carrier, delivery, recipient};
use crate::engine::queue::{Item, Place};
use crate::model::alert::Ask;
use crate::model::roster::{Contact, Recipient};

/// Two conventional stations, a Routine alert to radios 1 to 3, a Flash to radio 4.
fn facts() -> Facts {
    Facts::new(CarrierKind::Conventional)
        .with_alert(1, Precedence::Routine, Ask::Nothing, 1..=3)
        .with_alert(2, Precedence::Flash, Ask::Nothing, [4])
}

fn up(air: &mut Air, facts: &Facts, station: u32, now: u64) {
    let known = facts.known(at(now));
    air.carrier_changed(known, carrier(station), CarrierState::Up, 2);
}

fn gone(air: &mut Air, facts: &Facts, station: u32, now: u64) {
    let known = facts.known(at(now));
    air.carrier_changed(known, carrier(station), CarrierState::Gone, 0);
}

fn wait(air: &mut Air, facts: &Facts, id: DeliveryId, now: u64) {
    let known = facts.known(at(now));
    air.enqueue(known, id.alert, Item::One(id.index), at(now).mono);
}

fn turn(air: &mut Air, facts: &Facts, station: u32, now: u64) -> Turn {
    while air.next_touched(at(now).mono).is_some() {}
    air.turn(facts.known(at(now)), carrier(station), |_| true)
}

fn sent(turn: Turn) -> Option<DeliveryId> {
    match turn {
        Turn::Send(Place {
            alert,
            item: Item::One(index),
            ..
        }) => Some(DeliveryId { alert, index }),
        _ => None,
    }
}

#[test]
fn a_flash_goes_first_and_a_closed_carrier_says_that_one_waits() {
    let (facts, mut air) = (facts(), Air::new(Instant::ZERO));
    up(&mut air, &facts, 1, 0);
    wait(&mut air, &facts, delivery(1, 0), 1);
    wait(&mut air, &facts, delivery(2, 0), 1);
    let known = facts.known(at(2));
    air.carrier_changed(known, carrier(1), CarrierState::Busy, 2);
    let flash_waits = true;
    assert_eq!(turn(&mut air, &facts, 1, 2), Turn::Closed { flash_waits });
    up(&mut air, &facts, 1, 3);
    assert_eq!(sent(turn(&mut air, &facts, 1, 3)), Some(delivery(2, 0)));
    assert_eq!(sent(turn(&mut air, &facts, 1, 3)), Some(delivery(1, 0)));
    let idle = true;
    assert_eq!(turn(&mut air, &facts, 1, 3), Turn::Nothing { idle });
}

#[test]
fn what_belongs_to_a_lost_carrier_waits_for_a_grace_time_goes_round_and_comes_back() {
    let (facts, mut air) = (facts(), Air::new(Instant::ZERO));
    up(&mut air, &facts, 1, 0);
    up(&mut air, &facts, 2, 0);
    gone(&mut air, &facts, 1, 1);
    wait(&mut air, &facts, delivery(1, 0), 2);
    let place = |air: &Air| air.waits(delivery(1, 0)).unwrap().0;
    assert_eq!(place(&air), Some(carrier(1)));
    let grace = facts.state.policy.home_grace.as_secs();
    assert_eq!(air.fire(facts.known(at(1 + grace))), []);
    assert_eq!(place(&air), Some(carrier(2)));
    up(&mut air, &facts, 1, 2 + grace);
    let held = air.deadline().unwrap();
    let seconds = held.since(Instant::ZERO).as_secs() + 1;
    air.fire(facts.known(at(seconds)));
    assert_eq!(place(&air), Some(carrier(1)));
}

#[test]
fn a_carrier_without_room_gets_nothing_and_one_that_begins_has_less() {
    let (facts, mut air) = (facts(), Air::new(Instant::ZERO));
    up(&mut air, &facts, 1, 0);
    for index in 0..3 {
        wait(&mut air, &facts, delivery(1, index), 1);
    }
    for index in 0..2 {
        let next = sent(turn(&mut air, &facts, 1, 1));
        assert_eq!(next, Some(delivery(1, index)));
        air.begin(facts.known(at(1)), carrier(1), alert(1), 4);
    }
    let flash_waits = false;
    assert_eq!(turn(&mut air, &facts, 1, 1), Turn::Closed { flash_waits });
}

#[test]
fn a_budget_that_is_spent_comes_back_by_itself() {
    let (facts, mut air) = (facts(), Air::new(Instant::ZERO));
    up(&mut air, &facts, 1, 0);
    air.begin(facts.known(at(0)), carrier(1), alert(1), 5_000);
    up(&mut air, &facts, 1, 0);
    wait(&mut air, &facts, delivery(1, 0), 1);
    let idle = true;
    assert_eq!(turn(&mut air, &facts, 1, 1), Turn::Nothing { idle });
    let due = air.deadline().unwrap();
    assert!(due > at(1).mono, "it says when to look again");
    let seconds = due.since(Instant::ZERO).as_secs() + 1;
    air.fire(facts.known(at(seconds)));
    let next = sent(turn(&mut air, &facts, 1, seconds));
    assert_eq!(next, Some(delivery(1, 0)));
}

#[test]
fn an_alert_takes_longer_behind_another_and_a_flash_passes_it() {
    let (facts, mut air) = (facts(), Air::new(Instant::ZERO));
    up(&mut air, &facts, 1, 0);
    let finish = |air: &Air, id| {
        let known = facts.known(at(1));
        let book = &facts.state.alerts[&alert(id)];
        let recipients = book.deliveries.iter().map(|it| it.recipient.clone());
        let recipients: Vec<_> = recipients.collect();
        let loads = air.loads(known, &book.alert, &recipients);
        air.predict(known, &book.alert, &loads)[0].finished_in_ms
    };
    let (routine, flash) = (finish(&air, 1), finish(&air, 2));
    assert!(routine > flash, "three texts take longer than one");
    for index in 0..3 {
        wait(&mut air, &facts, delivery(1, index), 1);
    }
    assert_eq!(finish(&air, 2), flash);
}

#[test]
fn a_station_that_never_came_leaves_what_waits_for_people_with_a_telephone_stuck() {
    let contact = Contact {
        id: "li".into(),
        radios: Vec::new(),
        phones: vec!["+8613800000001".parse().unwrap()],
        phone_first: false,
        sink: None,
    };
    let person = Recipient {
        contact: Some(Box::new(contact)),
        ..recipient(2)
    };
    let facts = Facts::new(CarrierKind::Conventional).with_recipients(
        1,
        Precedence::Routine,
        Ask::Nothing,
        &[recipient(1), person],
    );
    let mut air = Air::new(Instant::ZERO);
    wait(&mut air, &facts, delivery(1, 0), 100);
    assert!(!air.has_stuck(), "nobody else could be reached");
    wait(&mut air, &facts, delivery(1, 1), 100);
    assert_eq!(air.take_stuck(), [delivery(1, 1)]);
    assert!(!air.has_stuck());
}
