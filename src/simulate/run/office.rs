//! The operators of the SMS routes of a run.

use std::time::Duration;

use narrowcast_protocol::air::{Phone, StationId};
use narrowcast_protocol::time::Instant;
use narrowcast_world::rng::Rng;
use narrowcast_world::smsc::{Centre, CentreConfig};

use crate::simulate::link::Link;
use crate::simulate::operator;
use crate::simulate::setup::Setup;

/// An operator at the far end of a link.
#[derive(Debug)]
pub(super) struct Office {
    pub(super) centre: Centre,
    pub(super) route: StationId,
    /// Everything that happens by chance here; radios have chance of their own.
    pub(super) rng: Rng,
    /// Until then nobody takes a connection.
    pub(super) away: Instant,
    /// The last arrival in each direction: what is sent later does not overtake.
    pub(super) last: [Instant; 2],
    pub(super) latency: (Duration, Duration),
    /// How many of a hundred texts are answered.
    pub(super) answers: u64,
    pub(super) unreachable: Vec<Phone>,
}

/// The operators of a run; their links stand behind those of the stations.
pub(super) fn build(setup: &Setup, links: &mut Vec<Link>) -> Vec<Office> {
    let mut offices = Vec::new();
    for (index, set) in setup.operators.iter().enumerate() {
        links.push(Link::to_operator(index, &set.route));
        let centre = CentreConfig {
            people: set.people.clone(),
            ids: set.ids,
            seed: set.seed,
            wall: operator::wall(),
            ..CentreConfig::new(
                operator::centre_kind(set.route.kind),
                operator::ACCOUNT,
                operator::PASSWORD,
            )
        };
        offices.push(Office {
            centre: Centre::new(centre),
            route: set.route.id,
            rng: Rng::new(set.seed),
            away: Instant::ZERO,
            last: [Instant::ZERO; 2],
            latency: setup.latency,
            answers: set.answers,
            unreachable: set
                .people
                .unreachable
                .iter()
                .filter_map(|it| Phone::new(it).ok())
                .collect(),
        });
    }
    offices
}
