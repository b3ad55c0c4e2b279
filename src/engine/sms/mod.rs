//! What goes to telephones: SMS routes beside carriers.
//!
//! A route offers room as a carrier does, and only what fits it is started, so that a crash leaves
//! a window's worth of messages whose fate is unknown, not a backlog. A telephone is one address
//! of a delivery: its attempts, gaps and ends are its own, and the delivery fails only when all
//! addresses are spent.
//!
//! | part | decides |
//! |---|---|
//! | `ring` | when a telephone is tried |
//! | `route`, `route_run` | over which route |
//! | `due` | nothing: it asks the others when their time has come |
//! | `send` | what goes to which route next |
//! | `steps` | what the steps of a message prove, and when it is tried again |
//! | `receipts` | which message a receipt is about |
//! | `sent` | which messages operators have taken, and how they call them |
//! | `incoming`, `pieces` | what telephones say |
//! | `wording` | how an alert is written for a route, and in which frame of its operator's |
//! | `views` | what is told about it |

mod due;
mod incoming;
pub(super) mod pieces;
mod receipts;
mod ring;
mod route;
mod route_run;
mod send;
pub(super) mod sent;
mod steps;
mod views;
pub(super) mod wording;

pub(super) use wording::parts;

use std::collections::{BTreeMap, HashMap};

use narrowcast_protocol::air::{CarrierId, JobId, Phone, StationId};
use narrowcast_protocol::time::Instant;

use crate::engine::by_address::ByAddress;
use crate::engine::queue::Queues;
use crate::engine::sms::route_run::RouteRun;
use crate::engine::timers::Timers;
use crate::model::ids::{AlertId, DeliveryId, DeliveryIndex};
use crate::model::phone_book::MessageRef;

/// One telephone of one delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Ring {
    pub(super) alert: AlertId,
    pub(super) delivery: DeliveryIndex,
    pub(super) phone: u8,
}

/// Telephones of one delivery that a queue can tell apart: the roster allows eight.
const PHONES: u32 = 8;

impl Ring {
    const fn of(message: MessageRef) -> Self {
        Self {
            alert: message.alert,
            delivery: message.delivery,
            phone: message.phone,
        }
    }

    const fn delivery(self) -> DeliveryId {
        DeliveryId {
            alert: self.alert,
            index: self.delivery,
        }
    }

    /// How a queue of places knows it: each telephone waits by itself.
    const fn place(self) -> DeliveryIndex {
        let DeliveryIndex(index) = self.delivery;
        DeliveryIndex(
            index
                .saturating_mul(PHONES)
                .saturating_add(self.phone as u32),
        )
    }

    fn placed(alert: AlertId, DeliveryIndex(place): DeliveryIndex) -> Self {
        Self {
            alert,
            delivery: DeliveryIndex(place / PHONES),
            phone: u8::try_from(place % PHONES).unwrap_or(0),
        }
    }
}

/// A part that a session has.
#[derive(Debug, Clone, Copy)]
struct MessageRun {
    of: MessageRef,
    route: StationId,
    to: Phone,
}

/// An attempt of which parts are with a session or still to be handed over.
#[derive(Debug, Clone, Copy, Default)]
struct Flight {
    number: u8,
    /// Parts that were handed over, one bit each.
    handed: u16,
    /// Parts of which the session has not said the end.
    under_way: u8,
    /// An operator refused a part, or the link was lost: nothing more of it is handed over.
    broken: bool,
}

/// What is due at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum SmsTimer {
    /// Something waiting for this route becomes ready, or the route has rested.
    Route(CarrierId),
    /// Telephones of this alert have their turn.
    Rings(AlertId),
    /// The wait for the receipts of this attempt is over.
    Receipt(Ring, u8),
}

/// Everything about telephones that lives in memory only.
#[derive(Debug, Default)]
pub(super) struct Sms {
    routes: BTreeMap<StationId, RouteRun>,
    queues: Queues,
    jobs: HashMap<JobId, MessageRun>,
    flights: BTreeMap<Ring, Flight>,
    by_phone: ByAddress<Phone>,
    timers: Timers<SmsTimer>,
}

impl Sms {
    /// When something is due.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.timers.next()
    }

    /// Forgets the alerts that `keep` does not name.
    pub(super) fn retain(&mut self, keep: impl Fn(AlertId) -> bool) {
        self.by_phone.retain(keep);
    }

    /// The alerts of which a delivery goes to this telephone, in no order.
    pub(super) fn alerts_of(&self, phone: Phone) -> impl Iterator<Item = AlertId> {
        self.by_phone.alerts_of(phone)
    }

    /// How many messages wait for a route.
    pub(super) fn waiting(&self) -> usize {
        self.queues.len()
    }

    /// Parts handed to sessions.
    pub(super) fn under_way(&self) -> usize {
        self.jobs.len()
    }
}
