//! An hour of Routine waits on every carrier, and then a Flash comes.

use std::time::Duration;

use narrowcast_protocol::air::{CarrierId, JobId, RadioId, Slot, StationId, TextForm};
use narrowcast_protocol::session::{Job, Step};
use narrowcast_protocol::time::Instant;
use narrowcast_world::radio::{Answers, RadioConfig};
use narrowcast_world::rng::Rng;

use crate::engine::io::{Request, Submit};
use crate::model::alert::{Ask, Precedence, Target};
use crate::model::ids::AlertId;
use crate::model::language::Language;
use crate::model::policy::Ceilings;
use crate::model::roster::{Node, Radio, RosterEntry};
use crate::simulate::driver::civil;
use crate::simulate::run::{Doing, Happening, Run};
use crate::simulate::setup::{Setup, SiteSetup, station};

const FIRST_STATION: u32 = 460_001;
const FIRST_RADIO: u32 = 2_308_001;
/// Radios on each carrier.
const RADIOS: u32 = 30;
/// Routine alerts to all: each takes a carrier about four minutes and a half.
const ROUTINE: u32 = 14;
/// A fragment of twelve bursts with its preamble, the wait for the radio's response, the way
/// to the station and back, and a modem that reports every 250 ms.
const FRAGMENT: Duration = Duration::from_millis(3_500);
/// What is missing of a fragment is asked for up to three times.
const REPEATS: Duration = Duration::from_millis(6_000);

/// Ceilings that are felt within the minutes of a run; every second seed has them.
const TIGHT: Ceilings = Ceilings {
    percent: [100, 80, 60, 35],
    window: Duration::from_secs(20),
};

/// What happened on one carrier when the Flash came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rushed {
    /// The carrier.
    pub carrier: CarrierId,
    /// Whether a call was up.
    pub call: bool,
    /// Whether bursts are lost, so that parts of fragments are repeated.
    pub lossy: bool,
    /// From the acceptance until the carrier had finished what stood before the Flash.
    pub waited: Duration,
    /// How many less urgent fragments were finished or begun between the acceptance and the
    /// Flash.
    pub before: usize,
    /// How many less urgent fragments went out in the two minutes after the Flash.
    pub routine_afterwards: usize,
}

impl Rushed {
    /// Whether at most one fragment stood before the Flash, and Routine got its share.
    #[must_use]
    pub fn keeps_the_promise(&self) -> bool {
        let fragment = if self.lossy {
            FRAGMENT + REPEATS
        } else {
            FRAGMENT
        };
        let first = if self.call {
            // Whatever had not begun when the call did comes after the Flash.
            self.before == 0
        } else {
            self.before <= 1 && self.waited <= fragment
        };
        first && self.routine_afterwards >= 10
    }
}

/// Plays it with this seed on a repeater's two timeslots and a modem.
///
/// # Errors
/// What went wrong, in words.
pub fn rush(seed: u64) -> Result<Vec<Rushed>, String> {
    let mut rng = Rng::new(seed);
    let mut setup = Setup::new(rng.draw());
    // What is measured is what stands before a Flash, not how long a port takes.
    setup.slow_write = 0.0;
    setup.loss = if rng.chance(0.5) { 0.0 } else { 0.05 };
    if seed % 2 == 1 {
        setup.policy.ceilings = TIGHT;
    }
    let carriers = [
        (FIRST_STATION, Slot::One),
        (FIRST_STATION, Slot::Two),
        (FIRST_STATION + 1, Slot::Two),
    ]
    .map(|(station, slot)| CarrierId {
        station: StationId(station),
        slot,
    });
    let [one, two, simplex] = carriers.map(|home| radios(&mut setup, home));
    let site = |number| StationId(FIRST_STATION + number);
    setup.add(station(site(0), false), SiteSetup::Repeater([one, two]));
    setup.add(station(site(1), true), SiteSetup::Modem(simplex));
    let mut run = Run::new(&setup).map_err(|error| error.to_string())?;
    run.keep_facts();
    for number in 0..ROUTINE {
        let text = format!(
            "#{number} {}",
            "沿公路撤离到体育馆集合,注意风向变化".repeat(12)
        );
        let at = Instant::from_millis(15_000);
        let alert = alert(at, &mut rng, text, Precedence::Routine, Target::All);
        run.at(at, Happening::Ask(Request::Submit(alert)));
    }
    let flash = Instant::from_millis(60_000) + rng.between(Duration::ZERO, Duration::from_secs(60));
    // On one carrier a call is up when it comes, in half of the seeds.
    let call = rng
        .chance(0.5)
        .then(|| usize::try_from(rng.below(3)).unwrap_or(0));
    if let Some(radio) = call.and_then(|at| radio_of(at, 7)) {
        let length = Duration::from_secs(20);
        let begins = Instant::from_micros(flash.as_micros().saturating_sub(8_000_000));
        run.at(begins, Happening::Radio(radio, Doing::Call(length)));
    }
    for carrier in 0..3 {
        let target = radio_of(carrier, 3).map_or(Target::All, Target::Radio);
        let text = format!("#9{carrier} 大坝溃口");
        let alert = alert(flash, &mut rng, text, Precedence::Flash, target);
        run.at(flash, Happening::Ask(Request::Submit(alert)));
    }
    run.until(flash + Duration::from_secs(180))
        .map_err(|violation| violation.to_string())?;
    let rushed = carriers.iter().enumerate();
    rushed
        .map(|(index, carrier)| {
            let mut rushed = rushed_on(&run, *carrier, flash)?;
            rushed.call = call == Some(index);
            rushed.lossy = setup.loss > 0.0;
            Ok(rushed)
        })
        .collect()
}

fn rushed_on(run: &Run, carrier: CarrierId, flash: Instant) -> Result<Rushed, String> {
    let sent = |(at, job): &(Instant, Job)| match job {
        Job::Send {
            id,
            carrier: on,
            transmission: narrowcast_protocol::air::Transmission::Text(text),
        } if *on == carrier => Some((*at, *id, text.text.contains("大坝"))),
        _ => None,
    };
    let sends: Vec<(Instant, JobId, bool)> = run.sends().iter().filter_map(sent).collect();
    let (first, _, _) = sends
        .iter()
        .find(|(_, _, is_flash)| *is_flash)
        .ok_or(format!("the Flash was never sent over {carrier}"))?;
    let ended = |job: JobId| {
        let over = |(_, id, step): &&(Instant, JobId, Step)| {
            *id == job && matches!(step, Step::Done | Step::Refused(_) | Step::Lost)
        };
        run.steps().iter().find(over).map(|(at, ..)| *at)
    };
    // Withdrawn before it began, it did not stand before the Flash.
    let withdrawn = |job: JobId| {
        let over = |(_, id, step): &(Instant, JobId, Step)| {
            *id == job && *step == Step::Refused(narrowcast_protocol::session::Refusal::Withdrawn)
        };
        run.steps().iter().any(over)
    };
    let before = sends.iter().filter(|(at, id, is_flash)| {
        let over = ended(*id);
        !is_flash && *at <= *first && over.is_none_or(|over| over > flash) && !withdrawn(*id)
    });
    let afterwards = *first..=*first + Duration::from_secs(120);
    Ok(Rushed {
        carrier,
        call: false,
        lossy: false,
        waited: first.since(flash),
        before: before.count(),
        routine_afterwards: sends
            .iter()
            .filter(|(at, _, is_flash)| !is_flash && afterwards.contains(at))
            .count(),
    })
}

fn radio_of(carrier: usize, number: u32) -> Option<RadioId> {
    let carrier = u32::try_from(carrier).ok()?;
    RadioId::new(FIRST_RADIO + carrier * RADIOS + number).ok()
}

/// The radios of a carrier, and their lines in the roster.
fn radios(setup: &mut Setup, home: CarrierId) -> Vec<RadioConfig> {
    let first = FIRST_RADIO + u32::try_from(setup.roster.len()).unwrap_or(0);
    let ids = (first..first + RADIOS).filter_map(|id| RadioId::new(id).ok());
    ids.map(|id| {
        setup.roster.push(RosterEntry::Radio(Radio {
            id,
            name: format!("Unit {id}"),
            node: Node::root(),
            form: TextForm::Tms,
            confirms: true,
            home: Some(home),
            language: Language::default(),
        }));
        RadioConfig {
            answers: Answers::Never,
            ..RadioConfig::new(id)
        }
    })
    .collect()
}

fn alert(at: Instant, rng: &mut Rng, text: String, precedence: Precedence, to: Target) -> Submit {
    let millis = u64::try_from(civil(at).wall.as_millis()).unwrap_or(0);
    Submit {
        id: AlertId(ulid::Ulid::from_parts(millis, u128::from(rng.draw()))),
        text,
        precedence,
        ask: Ask::Receipt,
        targets: vec![to],
        expires_at: None,
        exercise: false,
        sms: true,
        station: None,
        idempotency: None,
        language: None,
        translations: Vec::new(),
    }
}
