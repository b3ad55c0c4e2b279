//! A carrier: a timeslot of a conventional station.

use core::time::Duration;

use super::config::StationConfig;
use super::held::Held;
use crate::air::{CarrierId, Slot};
use crate::dmr::channel::{ChannelConfig, Source};
use crate::dmr::slot_type::ColorCode;
use crate::homebrew::message::{Rptc, Slots};
use crate::homebrew::timeslot::Timeslot;
use crate::time::Instant;

/// A timeslot of a station that is logged in.
#[derive(Debug)]
pub(super) struct Carrier {
    pub(super) timeslot: Timeslot,
    /// Whose relayed traffic it carries.
    pub(super) held: Option<Held>,
    /// When it wants to be looked at, or a little earlier, as the master's list has it.
    pub(super) due: Option<Instant>,
}

/// The times that all carriers of a master have in common.
#[derive(Debug, Clone, Copy)]
pub(super) struct Waits {
    /// How long a terminal's link layer is waited for after a confirmed packet.
    pub(super) response: Duration,
    /// How long one call holds a timeslot against our traffic.
    pub(super) longest_call: Duration,
}

/// The carriers that a station offers and its configuration allows.
pub(super) fn of_station(
    now: Instant,
    config: &StationConfig,
    said: &Rptc,
    waits: Waits,
) -> Vec<Carrier> {
    let code = config.color_code.or(said.color_code);
    // The station rewrites it anyway; 1 is what an unconfigured one has.
    let color_code = ColorCode::new(code.unwrap_or(1)).unwrap_or_default();
    let source = if said.slots == Slots::Simplex {
        Source::Mobile
    } else {
        Source::BaseStation
    };
    let slots = offered(said.slots)
        .iter()
        .copied()
        .filter(|slot| config.slots.contains(slot));
    slots
        .map(|slot| Carrier {
            timeslot: Timeslot::new(
                now,
                ChannelConfig {
                    carrier: CarrierId {
                        station: config.id,
                        slot,
                    },
                    own: config.own,
                    groups: config.groups.clone(),
                    color_code,
                    source,
                    response_wait: waits.response,
                    longest_call: waits.longest_call,
                },
            ),
            held: None,
            due: None,
        })
        .collect()
}

/// The timeslots that a station offers; an unknown answer promises both.
pub(super) fn offered(slots: Slots) -> &'static [Slot] {
    match slots {
        Slots::None => &[],
        Slots::One => &[Slot::One],
        Slots::Two | Slots::Simplex => &[Slot::Two],
        Slots::Both | Slots::Other(_) => &[Slot::One, Slot::Two],
    }
}
