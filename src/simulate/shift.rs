//! A chaotic shift: twenty minutes that hold a day's trouble. Alerts of every kind, people
//! who cancel and press and call, radios that fade and move, links that flap, a modem that
//! stalls, a ledger that is slow, fails and is killed. It ends with a few quiet minutes, in
//! which every alert must come to its end.

mod telephones;
mod words;

use std::time::Duration;

use narrowcast_protocol::air::{CarrierId, RadioId, Slot, StationId, TextForm};
use narrowcast_protocol::time::Instant;
use narrowcast_world::radio::{Answers, RadioConfig};
use narrowcast_world::rng::Rng;

use crate::core::io::LedgerFault;
use crate::engine::io::{Request, Submit};
use crate::model::alert::{Ask, Precedence, Target};
use crate::model::ids::AlertId;
use crate::model::policy::Ceilings;
use crate::model::roster::{Group, Radio, RosterEntry};
use crate::simulate::driver::civil;
use crate::simulate::invariant::Violation;
use crate::simulate::run::{Doing, Happening, Run, Tally};
use crate::simulate::setup::{Setup, SiteSetup, TALKGROUP, station};
use telephones::Telephones;
use words::{a_language, in_english, node};

/// The number of the first station.
const FIRST_STATION: u32 = 460_001;
/// The address of the first radio.
const FIRST_RADIO: u32 = 2_308_001;
/// The quiet minutes at the end.
const QUIET: Duration = Duration::from_secs(5 * 60);

/// What a shift is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shift {
    /// Makes everything that happens by chance.
    pub seed: u64,
    /// How long it lasts; trouble ends five minutes before.
    pub length: Duration,
    /// How many radios there are; by chance 20 to 200 if none.
    pub radios: Option<u32>,
    /// Whether links and the ledger behave: no outage of ours disturbs it, people and radios do
    /// what they do.
    pub calm: bool,
    /// Whether some people have telephones, and operators carry short messages. Radios do the
    /// same without them, so that older seeds keep their stories.
    pub telephones: bool,
    /// Whether what happens is kept as text.
    pub log: bool,
}

impl Shift {
    /// A shift of twenty minutes.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self {
            seed,
            length: Duration::from_secs(20 * 60),
            radios: None,
            calm: false,
            telephones: true,
            log: false,
        }
    }

    /// The run at its beginning, with everything planned that will happen.
    ///
    /// # Errors
    /// The ledger cannot be opened.
    pub fn run(&self) -> Result<Run, LedgerFault> {
        let mut plan = Plan {
            rng: Rng::new(self.seed),
            trouble: self
                .length
                .saturating_sub(QUIET)
                .max(Duration::from_secs(60)),
            radios: Vec::new(),
            alerts: 0,
        };
        let mut setup = plan.setup(self);
        let mut telephones = self
            .telephones
            .then(|| Telephones::new(self.seed, plan.trouble));
        if let Some(telephones) = &mut telephones {
            telephones.equip(&mut setup);
        }
        let mut run = Run::new(&setup)?;
        if let Some(telephones) = &mut telephones {
            telephones.ask(&mut run);
            if !self.calm {
                telephones.trouble(&mut run);
            }
        }
        plan.people(&mut run);
        plan.radios(&mut run);
        if !self.calm {
            plan.links(&mut run);
            plan.ledger(&mut run);
        }
        Ok(run)
    }

    /// Plays the shift to its end.
    ///
    /// # Errors
    /// The invariant that was broken.
    ///
    /// # Panics
    /// The ledger in memory cannot be opened.
    pub fn play(&self) -> Result<Tally, Violation> {
        let mut run = self.run().expect("an empty ledger in memory can be opened");
        run.until(Instant::ZERO + self.length)?;
        Ok(run.tally())
    }

    /// The command that repeats it.
    #[must_use]
    pub fn command(&self) -> String {
        let minutes = self.length.as_secs() / 60;
        let radios = self
            .radios
            .map_or_else(String::new, |count| format!(" --radios {count}"));
        let calm = if self.calm { " --calm" } else { "" };
        let only = if self.telephones {
            ""
        } else {
            " --radios-only"
        };
        format!(
            "narrowcast simulate --seed {} --minutes {minutes}{radios}{calm}{only}",
            self.seed
        )
    }
}

struct Plan {
    rng: Rng,
    trouble: Duration,
    radios: Vec<RadioId>,
    alerts: u32,
}

impl Plan {
    fn moment(&mut self) -> Instant {
        Instant::ZERO + self.rng.between(Duration::from_secs(5), self.trouble)
    }

    fn seconds(&mut self, least: u64, most: u64) -> Duration {
        self.rng
            .between(Duration::from_secs(least), Duration::from_secs(most))
    }

    /// About `count` in twenty minutes, more in a longer shift.
    fn times(&mut self, most: u64) -> u64 {
        let quarters = self.trouble.as_secs().div_ceil(15 * 60);
        self.rng.below(most * quarters + 1)
    }

    fn radio(&mut self) -> Option<RadioId> {
        let count = self.radios.len() as u64;
        let at = usize::try_from(self.rng.below(count)).ok()?;
        self.radios.get(at).copied()
    }

    /// Two stations with three carriers: a repeater and a modem.
    fn setup(&mut self, shift: &Shift) -> Setup {
        let mut setup = Setup::new(self.rng.draw());
        setup.log = shift.log;
        setup.policy.linger = Duration::from_secs(120);
        setup.policy.default_expiry = Duration::from_secs(180);
        if self.rng.chance(0.5) {
            setup.policy.ceilings = Ceilings {
                percent: [100, 70, 50, 30],
                window: Duration::from_secs(20),
            };
        }
        setup.loss = [0.0, 0.02, 0.1, 0.2]
            .get(usize::try_from(self.rng.below(4)).unwrap_or(0))
            .copied()
            .unwrap_or(0.0);
        let count = shift
            .radios
            .unwrap_or_else(|| 20 + u32::try_from(self.rng.below(181)).unwrap_or(0));
        let (repeater, modem) = (StationId(FIRST_STATION), StationId(FIRST_STATION + 1));
        let carriers = [
            (repeater, Slot::One),
            (repeater, Slot::Two),
            (modem, Slot::Two),
        ];
        let mut reach: [Vec<RadioConfig>; 3] = Default::default();
        let mut members = Vec::new();
        for number in 0..count {
            let Ok(id) = RadioId::new(FIRST_RADIO + number) else {
                continue;
            };
            self.radios.push(id);
            let at = usize::try_from(self.rng.below(3)).unwrap_or(0);
            let member = self.rng.chance(0.2);
            if let Some(reach) = reach.get_mut(at) {
                reach.push(self.a_radio(id, member));
            }
            if member {
                members.push(id);
            }
            let home = carriers
                .get(at)
                .map(|&(station, slot)| CarrierId { station, slot });
            setup.roster.push(self.an_entry(id, number, home));
        }
        setup.roster.push(RosterEntry::Group(Group {
            id: "fire".into(),
            name: "Fire".into(),
            node: node("city"),
            talkgroup: Some(TALKGROUP),
            members,
        }));
        let [one, two, simplex] = reach;
        setup.add(station(repeater, false), SiteSetup::Repeater([one, two]));
        let mut depot = station(modem, true);
        // A modem on a test bench in some of the shifts: it must carry exercises only.
        depot.test = self.rng.chance(0.2);
        depot.exercises = self.rng.chance(0.5);
        setup.add(depot, SiteSetup::Modem(simplex));
        setup
    }

    fn a_radio(&mut self, id: RadioId, member: bool) -> RadioConfig {
        let answers = match self.rng.below(6) {
            0 => Answers::Never,
            1 | 2 => Answers::Status(1),
            3 => Answers::Words("收到"),
            _ => Answers::Text(1),
        };
        let least = self.seconds(1, 20);
        // Some answer when the alert is long over.
        let slowest = if self.rng.chance(0.1) { 400 } else { 90 };
        let most = least + self.seconds(1, slowest);
        let repeats = self.rng.chance(0.15);
        let repeats_after = self.seconds(5, 500);
        RadioConfig {
            group: member.then_some(TALKGROUP),
            answers,
            on: !self.rng.chance(0.05),
            delay: (least, most),
            twice: self.rng.chance(0.1),
            repeats_after: repeats.then_some(repeats_after),
            ..RadioConfig::new(id)
        }
    }

    fn an_entry(&mut self, id: RadioId, number: u32, home: Option<CarrierId>) -> RosterEntry {
        let form = match self.rng.below(4) {
            0 => TextForm::ShortDataUtf16,
            1 => TextForm::ShortDataUtf8,
            _ => TextForm::Tms,
        };
        let county = ["city/east", "city/west"];
        let county = county
            .get(usize::try_from(number % 2).unwrap_or(0))
            .copied()
            .unwrap_or("city");
        RosterEntry::Radio(Radio {
            id,
            name: format!("Unit {number}"),
            node: node(county),
            form,
            confirms: self.rng.chance(0.9),
            home: home.filter(|_| self.rng.chance(0.8)),
            language: a_language(&mut self.rng),
        })
    }

    /// Alerts, second thoughts, and people at the desk.
    fn people(&mut self, run: &mut Run) {
        for _ in 0..8 + self.times(12) {
            let at = self.moment();
            let submit = self.an_alert(at);
            run.at(at, Happening::Ask(Request::Submit(submit)));
        }
        for _ in 0..self.times(4) {
            let (at, draw) = (self.moment(), self.rng.draw());
            run.at(at, Happening::CancelOne(draw));
        }
        for _ in 0..self.times(4) {
            let (at, draw) = (self.moment(), self.rng.draw());
            run.at(at, Happening::ResendOne(draw));
        }
        for _ in 0..self.times(6) {
            let (at, draw) = (self.moment(), self.rng.draw());
            run.at(at, Happening::TakeOne(draw));
            let later = at + self.seconds(5, 200);
            run.at(later, Happening::CloseOne(draw));
        }
    }

    fn an_alert(&mut self, at: Instant) -> Submit {
        self.alerts += 1;
        let precedence = match self.rng.below(6) {
            0 => Precedence::Flash,
            1 => Precedence::Immediate,
            2 | 3 => Precedence::Priority,
            _ => Precedence::Routine,
        };
        let ask = match self.rng.below(5) {
            0 => Ask::Nothing,
            1 => Ask::Receipt,
            2 => Ask::Answers(vec!["收到".into(), "出发".into(), "求援".into()]),
            _ => Ask::Acknowledgement,
        };
        let target = match self.rng.below(8) {
            0 => Target::All,
            1 => Target::Node(node("city/east")),
            2 | 3 => Target::Group("fire".into()),
            _ => self.radio().map_or(Target::All, Target::Radio),
        };
        let words = "山火逼近东山林场,请沿公路撤离到体育馆集合,注意风向变化".chars();
        let length = usize::try_from(4 + self.rng.below(60)).unwrap_or(4);
        let words: String = words.cycle().take(length).collect();
        let translations = in_english(&mut self.rng, self.alerts.into(), length);
        let wall = civil(at).wall;
        let life = self.seconds(60, 230);
        Submit {
            id: AlertId(ulid::Ulid::from_parts(
                u64::try_from(wall.as_millis()).unwrap_or(0),
                u128::from(self.rng.draw()),
            )),
            text: format!("#{} {words}", self.alerts),
            precedence,
            ask,
            targets: vec![target],
            expires_at: Some(wall.plus(life)),
            exercise: self.rng.chance(0.2),
            sms: true,
            station: None,
            idempotency: None,
            language: None,
            translations,
        }
    }

    /// What radios and their users do.
    fn radios(&mut self, run: &mut Run) {
        for _ in 0..self.times(5) {
            self.radio_does(run, Doing::Emergency);
        }
        for number in 0..self.times(10) {
            self.radio_does(run, Doing::Write(format!("报告{number}:东山林场烟大")));
        }
        for _ in 0..self.times(6) {
            let length = self.seconds(2, 25);
            self.radio_does(run, Doing::Call(length));
        }
        for _ in 0..self.times(20) {
            let carrier = usize::try_from(self.rng.below(3)).unwrap_or(0);
            self.radio_does(run, Doing::Move(carrier));
        }
        for _ in 0..self.times(20) {
            let (at, length) = (self.moment(), self.seconds(5, 300));
            if let Some(radio) = self.radio() {
                run.at(at, Happening::Radio(radio, Doing::Switch(false)));
                run.at(at + length, Happening::Radio(radio, Doing::Switch(true)));
            }
        }
    }

    fn radio_does(&mut self, run: &mut Run, doing: Doing) {
        let at = self.moment();
        if let Some(radio) = self.radio() {
            run.at(at, Happening::Radio(radio, doing));
        }
    }

    /// Links that flap, a modem that stalls.
    fn links(&mut self, run: &mut Run) {
        for _ in 0..self.times(6) {
            let (at, site) = (
                self.moment(),
                usize::try_from(self.rng.below(2)).unwrap_or(0),
            );
            // One long break, or a flapping link.
            let (times, length, pause) = match self.rng.below(3) {
                0 => (1, self.seconds(1, 90), Duration::ZERO),
                1 => (8, Duration::from_secs(2), Duration::from_secs(3)),
                _ => (1, Duration::from_millis(200), Duration::ZERO),
            };
            for time in 0..times {
                run.at(at + (length + pause) * time, Happening::Cut(site, length));
            }
        }
        for _ in 0..self.times(3) {
            let (at, length) = (self.moment(), self.seconds(1, 40));
            let happening = if self.rng.chance(0.5) {
                Happening::Stall(1, length)
            } else {
                Happening::LockOut(1, length)
            };
            run.at(at, happening);
        }
    }

    /// A ledger that is slow, hangs, fails, and is killed.
    fn ledger(&mut self, run: &mut Run) {
        for _ in 0..self.times(3) {
            let (at, length) = (self.moment(), self.seconds(5, 60));
            let slow = Happening::Slow(Duration::from_millis(50), Duration::from_millis(1_500));
            run.at(at, slow);
            let fast = Happening::Slow(Duration::from_millis(1), Duration::from_millis(4));
            run.at(at + length, fast);
        }
        for _ in 0..self.times(3) {
            let (at, n) = (self.moment(), 1 + self.rng.below(40));
            let written = self.rng.chance(0.5);
            run.at(at, Happening::LedgerFails(n, written));
            let repaired = at + self.seconds(1, 60);
            run.at(repaired, Happening::LedgerRepaired);
        }
        for _ in 0..self.times(3) {
            let (at, length) = (self.moment(), self.seconds(1, 20));
            run.at(at, Happening::Kill(length));
        }
        for _ in 0..self.times(2) {
            let (at, length) = (self.moment(), self.seconds(10, 60));
            run.at(at, Happening::Hang(length));
        }
        for _ in 0..self.times(3) {
            let at = self.moment();
            let (opens, reads) = (self.rng.below(4), self.rng.below(3));
            run.at(at, Happening::RecoveryFails(opens, reads));
        }
        // Whatever was ordered and has not come by then does not come in the quiet minutes.
        run.at(
            Instant::ZERO + self.trouble + Duration::from_secs(60),
            Happening::LedgerRepaired,
        );
    }
}
