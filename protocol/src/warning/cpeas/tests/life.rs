//! One event, its messages in every order.

use super::*;

const FIRST: &str = "41010041600000_20261123100000";

/// A message that was entered and is effective at an hour.
fn message(hour: u8, msg_type: &str, colour: &str) -> Message {
    let id = format!("41010041600000_20261123{hour}0000");
    let effective = format!("2026-11-23 {hour}:00:00+08:00");
    let type_of = format!("<msgType>{msg_type}</msgType>");
    let first = format!("<references>{FIRST}</references>");
    let references = if msg_type == "Alert" {
        "<references/>"
    } else {
        &first
    };
    sound(&[
        ("41010041600000_20261123163005", &id),
        ("2026-11-23 16:31:00+08:00", &effective),
        ("<msgType>Alert</msgType>", &type_of),
        ("<references/>", references),
        (">Red<", &format!(">{colour}<")),
    ])
}

fn messages() -> [Message; 4] {
    [
        message(10, "Alert", "Yellow"),
        message(11, "Update", "Orange"),
        message(12, "Update", "Red"),
        message(13, "Cancel", "Red"),
    ]
}

fn colour(event: &Event) -> Option<&Colour> {
    event.current().map(|version| &version.colour)
}

#[test]
fn in_order_the_newest_holds_until_the_cancel_ends_all() {
    let [a, b, c, d] = messages();
    let mut event = Event::of(&a);
    assert_eq!(
        (event.first().to_string().as_str(), colour(&event)),
        (FIRST, None)
    );
    for (it, seen) in [
        (&a, Colour::Yellow),
        (&b, Colour::Orange),
        (&c, Colour::Red),
    ] {
        assert_eq!(event.take(it), Change::Current);
        assert_eq!(colour(&event), Some(&seen));
    }
    assert_eq!(event.take(&d), Change::Ended);
    assert!(event.has_ended());
    assert_eq!(colour(&event), None);
    for it in [&a, &b, &c, &d] {
        assert_eq!(event.take(it), Change::Repeated);
    }
    assert_eq!(event.take(&message(14, "Update", "Red")), Change::AfterEnd);
    assert_eq!(event.take(&message(15, "Cancel", "Red")), Change::AfterEnd);
}

#[test]
fn a_late_older_update_never_lowers() {
    let [a, b, c, d] = messages();
    let mut event = Event::of(&a);
    assert_eq!(event.take(&a), Change::Current);
    assert_eq!(event.take(&c), Change::Current);
    assert_eq!(event.take(&b), Change::Older);
    assert_eq!(colour(&event), Some(&Colour::Red));
    assert_eq!(event.take(&d), Change::Ended);
    assert_eq!(event.versions().len(), 3);
}

#[test]
fn a_cancel_that_comes_first_silences_what_follows() {
    let [a, b, c, d] = messages();
    let mut event = Event::of(&d);
    assert_eq!(event.take(&d), Change::Ended);
    for it in [&b, &a, &c] {
        assert_eq!(event.take(it), Change::AfterEnd);
    }
    assert_eq!(event.take(&b), Change::Repeated);
    assert_eq!(event.current(), None);
}

#[test]
fn the_state_is_the_same_in_every_order() {
    let all = messages();
    let in_order = |order: [usize; 4]| {
        let mut event = Event::of(&all[order[0]]);
        for at in order {
            event.take(&all[at]);
        }
        event
    };
    let expected = in_order([0, 1, 2, 3]);
    for order in [[0, 2, 1, 3], [3, 2, 1, 0], [1, 0, 3, 2], [2, 3, 0, 1]] {
        assert_eq!(in_order(order), expected);
    }
}

#[test]
fn of_two_that_are_effective_alike_the_later_approved_holds() {
    let [a, b, _, _] = messages();
    let mut later = b.clone();
    later.identifier = Identifier::parse("41010041600000_20261123105900").expect("an id");
    later.send_time = Time::parse("2026-11-23 16:26:00+08:00").expect("a time");
    for order in [[&b, &later], [&later, &b]] {
        let mut event = Event::of(&a);
        for it in order {
            event.take(it);
        }
        let current = event.current().map(|it| &it.identifier);
        assert_eq!(current, Some(&later.identifier));
    }
}

#[test]
fn a_test_ends_no_real_event_and_another_event_is_left_alone() {
    let [a, b, _, mut d] = messages();
    let mut event = Event::of(&a);
    event.take(&a);
    d.status = Status::Test;
    assert_eq!(event.take(&d), Change::Foreign);
    d.status = Status::Actual;
    d.references = Some(b.identifier.clone());
    assert_eq!(event.take(&d), Change::Foreign);
    d.references.clone_from(&b.references);
    d.msg_type = MsgType::Ack;
    assert_eq!(event.take(&d), Change::Foreign);
    assert_eq!(colour(&event), Some(&Colour::Yellow));
}
