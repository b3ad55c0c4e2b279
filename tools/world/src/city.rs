//! A seeded small city: stations, radios, the people who carry them, and their roster.

use std::time::Duration;

use narrowcast_protocol::air::{GroupId, RadioId};
use narrowcast_protocol::time::Instant;

use crate::radio::{Answers, RadioConfig};
use crate::rng::Rng;

/// The first station's number.
pub const FIRST_STATION: u32 = 460_001;
/// The first radio's address.
pub const FIRST_RADIO: u32 = 2_308_001;
/// The talkgroup that everybody listens to.
pub const TALKGROUP: u32 = 9;

/// A station of the city.
#[derive(Debug, Clone)]
pub struct CityStation {
    /// Its number.
    pub id: u32,
    /// Its name.
    pub name: String,
    /// Whether it is a modem (one channel) or a repeater (two timeslots).
    pub modem: bool,
    /// Radios on timeslot 1 and 2; a modem has only the second.
    pub radios: [Vec<RadioConfig>; 2],
}

/// A city.
#[derive(Debug, Clone)]
pub struct City {
    /// Its stations.
    pub stations: Vec<CityStation>,
    /// The roster as CSV.
    pub roster: String,
    /// How many radios there are.
    pub radios: u32,
    /// How many of their users answer.
    pub answering: u32,
}

/// A city of `repeaters` repeaters, one modem if it has one, and `radios` radios on them. Nine of ten users
/// answer, half of them by status; the user of the second radio presses the emergency
/// button at `emergency_at`.
#[must_use]
pub fn city(
    (repeaters, modem): (u32, bool),
    radios: u32,
    emergency_at: Option<Instant>,
    seed: u64,
) -> City {
    let count = (repeaters + u32::from(modem)).max(1);
    let mut rng = Rng::new(seed);
    let station = |index: u32| CityStation {
        id: FIRST_STATION + index,
        name: if index == repeaters {
            "depot".into()
        } else {
            format!("site-{}", index + 1)
        },
        modem: index == repeaters,
        radios: [Vec::new(), Vec::new()],
    };
    let mut stations: Vec<CityStation> = (0..repeaters + u32::from(modem)).map(station).collect();
    let mut roster = String::from("kind,id,name,node,form,confirms,home,talkgroup,members\n");
    let mut answering = 0;
    for index in 0..radios {
        let Ok(id) = RadioId::new(FIRST_RADIO + index) else {
            continue;
        };
        let at = index % count;
        let answers = match rng.below(10) {
            0 => Answers::Never,
            odd if odd % 2 == 1 => Answers::Text(1),
            _ => Answers::Status(1),
        };
        answering += u32::from(answers != Answers::Never);
        let radio = RadioConfig {
            group: GroupId::new(TALKGROUP).ok(),
            answers,
            emergency_at: emergency_at.filter(|_| index == 1),
            ..RadioConfig::new(id)
        };
        let Some(station) = usize::try_from(at).ok().and_then(|at| stations.get_mut(at)) else {
            continue;
        };
        let first = !station.modem && (index / count).is_multiple_of(2);
        let [one, two] = &mut station.radios;
        if first {
            one.push(radio)
        } else {
            two.push(radio)
        }
        let county = ["east", "west", "north"]
            .get(usize::try_from(index % 3).unwrap_or(0))
            .copied()
            .unwrap_or("east");
        let slot = if first { 1 } else { 2 };
        roster.push_str(&format!(
            "radio,{id},Unit {:02},city/{county},tms,yes,{}/{slot},,\n",
            index + 1,
            station.id
        ));
    }
    City {
        stations,
        roster,
        radios,
        answering,
    }
}

/// How long users of the demo city may take in all.
pub const PATIENCE: Duration = Duration::from_secs(75);
