//! Sensor alarms: which reports are one alarm, and when it makes an alert.
//!
//! An alarm is known by its site, its kind, the id that its source gives it (if it does) and
//! whether it is a drill. What the ledger knows of it is the fold in [`AlarmBook`]. Between
//! facts what the source says is held back for some seconds, so that a sensor that repeats
//! itself a hundred times a second neither fills the ledger nor rings anybody twice.
//!
//! These are not the engine's own [`Alarm`](crate::engine::io::Alarm)s, which tell whoever
//! watches the server at once.
//!
//! | part | decides |
//! |---|---|
//! | `book` | what is known from facts |
//! | `report` | what a source's report means |
//! | `run`, `damping` | when what it said is written |
//! | `due` | what is due of an alarm, and when |
//! | `alert` | when an alarm makes an alert, and whom an all-clear reaches |
//! | `suppress` | when it must not |
//! | `queries`, `view` | what is told about it |

mod alert;
mod book;
mod damping;
mod due;
mod queries;
mod report;
mod run;
mod suppress;
mod view;

use std::collections::BTreeMap;

use narrowcast_protocol::time::Instant;

pub(super) use crate::engine::alarms::book::AlarmBook;
use crate::engine::alarms::run::Run;
pub use crate::engine::alarms::view::SensorAlarmView;
use crate::engine::timers::Timers;
use crate::model::ids::SensorAlarmId;

/// Most alarms that are open at once.
const OPEN: usize = 10_000;
/// Most open alarms of one kind at one site that are told apart by the source's ids. What comes
/// beyond is counted as the one alarm without an id.
const IDS: usize = 16;

/// What lives in memory only.
#[derive(Debug, Default)]
pub(super) struct Alarms {
    runs: BTreeMap<SensorAlarmId, Run>,
    timers: Timers<AlarmTimer>,
}

/// What is due at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum AlarmTimer {
    /// Something of this alarm: to write, to alert or to end it.
    Alarm(SensorAlarmId),
    /// The time of a suppression is over.
    Suppressions,
}

impl Alarms {
    /// When something is due.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.timers.next()
    }
}
