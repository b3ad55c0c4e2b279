//! One station on its own, for a technician.

use anyhow::Context;
use narrowcast_protocol::air::{GroupId, RadioId};
use narrowcast_protocol::time::Instant;
use narrowcast_world::city::TALKGROUP;
use narrowcast_world::modem_site::ModemSite;
use narrowcast_world::radio::RadioConfig;
use narrowcast_world::repeater::RepeaterConfig;

use crate::air_log::AirLog;
use crate::roll::{Lines, Roll};
use crate::stations::{self, Clock, ModemLine, PING, RETRY};
use crate::{ModemArguments, RepeaterArguments, StationArguments};

/// `narrowcast-sim repeater`: until Ctrl-C.
pub(crate) async fn repeater(arguments: RepeaterArguments) -> anyhow::Result<()> {
    let log = AirLog::open(arguments.station.air_log.as_deref())?;
    let radios = radios(&arguments.station)?;
    let config = RepeaterConfig {
        id: arguments.id,
        passphrase: arguments.passphrase,
        radios: if arguments.slot == 1 {
            [radios, Vec::new()]
        } else {
            [Vec::new(), radios]
        },
        loss: arguments.station.loss,
        retry: RETRY,
        ping: PING,
        seed: arguments.station.seed,
    };
    Lines::Output.say(&format!(
        "repeater {} calls {}; Ctrl-C ends",
        arguments.id, arguments.master
    ));
    let roll = Roll::of(Lines::Output, [(arguments.id, "repeater".to_owned())]);
    tokio::select! {
        ended = stations::repeater(Clock::start(), arguments.master, config, (log, roll)) => ended,
        signal = tokio::signal::ctrl_c() => signal.map_err(Into::into),
    }
}

/// `narrowcast-sim modem`: until Ctrl-C.
pub(crate) async fn modem(arguments: ModemArguments) -> anyhow::Result<()> {
    let log = AirLog::open(arguments.station.air_log.as_deref())?;
    let clock = Clock::start();
    let (loss, seed) = (arguments.station.loss, arguments.station.seed);
    let site = ModemSite::new(clock.now(), radios(&arguments.station)?, loss, seed);
    let line = ModemLine::open(&arguments.link)?;
    println!("modem at {}; Ctrl-C ends", arguments.link.display());
    let done = tokio::select! {
        ended = line.serve(clock, arguments.id, site, log) => ended,
        signal = tokio::signal::ctrl_c() => signal.map_err(Into::into),
    };
    let removed = std::fs::remove_file(&arguments.link);
    done.and_then(|()| removed.context("cannot remove the link to the pseudo-terminal"))
}

fn radios(arguments: &StationArguments) -> anyhow::Result<Vec<RadioConfig>> {
    let alarm = arguments
        .emergency_after
        .map(|seconds| Instant::from_millis(seconds.saturating_mul(1_000)));
    let radio = |(index, &number): (usize, &u32)| {
        let id = RadioId::new(number).context("--radios")?;
        Ok(RadioConfig {
            group: GroupId::new(TALKGROUP).ok(),
            emergency_at: alarm.filter(|_| index == 0),
            ..RadioConfig::new(id)
        })
    };
    arguments.radios.iter().enumerate().map(radio).collect()
}
