//! What follows a part of a text, and what follows an attempt.

use std::time::Duration;

use narrowcast_protocol::air::{RadioId, TextForm};

use crate::engine::attempts::{Attempts, PartRun, parts_of};
use crate::engine::state::State;
use crate::engine::wants::{UNCONFIRMED_REPEATS, wants_sending};
use crate::model::alert::Precedence;
use crate::model::book::{AlertBook, DeliveryBook, StandbyBook};
use crate::model::delivery::{Outcome, Rung};
use crate::model::ids::DeliveryId;

/// Longest wait between two attempts.
const BACKOFF_MAX: Duration = Duration::from_secs(600);

/// What follows when a session is through with a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::engine) enum AfterPart {
    /// The attempt is over.
    Over(Outcome),
    /// The next part waits for its turn.
    Next,
    /// The terminal has some time to acknowledge by the text's number.
    Window,
}

/// What follows when an attempt is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::engine) enum AfterTry {
    /// Nothing more is sent to the radio: it has the text, or the delivery has ended.
    Done,
    /// The trunked site that has taken the text delivers it in its own time.
    WithTheSite,
    /// The radio was tried often enough. `confirms`: it would have confirmed, had it got the text.
    Spent {
        /// Whether it confirms.
        confirms: bool,
    },
    /// Another radio of the person has its turn, after this wait.
    Turn(RadioId, Duration),
    /// The next attempt follows after this wait.
    Again(Duration),
}

impl Attempts {
    /// What follows when the session is through with a part that it sent. None if the delivery
    /// is not in memory any more.
    pub(in crate::engine) fn after_part(&self, state: &State, run: PartRun) -> Option<AfterPart> {
        let id = run.delivery;
        let delivery = state.delivery_book(id)?;
        let recipient = &delivery.recipient;
        let form = delivery
            .carrier
            .map_or(recipient.form, |carrier| state.form_on(carrier, recipient));
        let progress = self.progress.get(&id).copied().unwrap_or_default();
        let more = progress.next(parts_of(state, id)).is_some();
        // A trunked site that has taken a part delivers it in its own time.
        let site = delivery.carrier.is_some_and(|id| state.takes_over(id));
        let taken = site && progress.is_proven(run.part, Rung::Accepted);
        let next = progress.is_received(run.part) || !recipient.confirms || taken;
        Some(if delivery.confirmed() {
            AfterPart::Over(Outcome::Evidenced)
        } else if more && next {
            AfterPart::Next
        } else if !recipient.confirms {
            AfterPart::Over(Outcome::Evidenced)
        } else if form == TextForm::Tms {
            // The text carries a number, so its acknowledgement cannot be mistaken: the
            // radio is free for more urgent traffic meanwhile.
            AfterPart::Window
        } else {
            AfterPart::Over(Outcome::TimedOut)
        })
    }
}

/// What follows when an attempt of a delivery has had this outcome. None if the delivery is not
/// in memory any more.
pub(in crate::engine) fn after_try(
    state: &State,
    id: DeliveryId,
    outcome: Outcome,
) -> Option<AfterTry> {
    let (book, delivery) = state.delivery(id)?;
    let policy = &state.policy;
    if book.ended_at.is_none()
        && let Some((radio, wait)) = other_radio(state, book, delivery, outcome)
    {
        return Some(AfterTry::Turn(radio, wait));
    }
    if book.ended_at.is_some() || !wants_sending(&book.alert.ask, delivery) {
        return Some(AfterTry::Done);
    }
    if state.is_with_the_site(delivery) {
        return Some(AfterTry::WithTheSite);
    }
    if book.times_sent(delivery) >= policy.max_attempts {
        let confirms = delivery.recipient.confirms;
        return Some(AfterTry::Spent { confirms });
    }
    // What never left need not wait.
    let wait = if outcome == Outcome::Withdrawn {
        Duration::ZERO
    } else {
        let doubled = delivery.attempts_now().saturating_sub(1).min(8);
        let gap = policy.attempt_gap;
        gap.saturating_mul(1 << doubled).min(BACKOFF_MAX)
    };
    Some(AfterTry::Again(wait))
}

/// Another radio of the person that has its turn, where this one did not confirm, and after
/// which wait.
fn other_radio(
    state: &State,
    book: &AlertBook,
    delivery: &DeliveryBook,
    outcome: Outcome,
) -> Option<(RadioId, Duration)> {
    if delivery.standby().is_empty()
        || delivery.settled(&book.alert.ask)
        || delivery.confirmed()
        || outcome == Outcome::Withdrawn
    {
        return None;
    }
    let most = state.policy.max_attempts;
    // A radio that confirms nothing gets it twice, one after the other.
    if !delivery.recipient.confirms && wants_sending(&book.alert.ask, delivery) {
        return None;
    }
    let open = |it: &&StandbyBook| {
        it.attempts_now() < most && (it.radio.confirms || it.completed() < UNCONFIRMED_REPEATS)
    };
    let others = delivery.standby().iter().filter(open);
    let next = others.min_by_key(|it| it.attempts_now())?;
    // Its gap is counted from its own last attempt.
    let wait = if next.attempts_now() > 0 {
        state.policy.attempt_gap
    } else {
        Duration::ZERO
    };
    Some((next.radio.radio, wait))
}

/// Until when a carrier rests that has just sent a delivery: a Flash alone goes round over other
/// carriers within the gap.
pub(in crate::engine) fn rests_for(
    state: &State,
    id: DeliveryId,
    outcome: Outcome,
) -> Option<Duration> {
    let (book, _) = state.delivery(id)?;
    let flash = book.alert.precedence == Precedence::Flash;
    (flash && outcome != Outcome::Withdrawn).then_some(state.policy.attempt_gap)
}
