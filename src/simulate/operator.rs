//! Operators of SMS routes: what they and the sessions that speak to them are built with.

use std::time::Duration;

use narrowcast_protocol::air::StationId;
use narrowcast_protocol::session::Session;
use narrowcast_protocol::sms::cmpp::config as cmpp;
use narrowcast_protocol::sms::cmpp::session::CmppSession;
use narrowcast_protocol::sms::config::Secret;
use narrowcast_protocol::sms::smpp::config as smpp;
use narrowcast_protocol::sms::smpp::session::SmppSession;
use narrowcast_protocol::sms::wall::WallClock;
use narrowcast_world::smsc::{CentreKind, IdForm, People};

use crate::model::policy::{RouteKind, SmsRoute};
use crate::simulate::driver::BEGINS;

pub(super) const ACCOUNT: &str = "901234";
pub(super) const PASSWORD: &str = "secret";
/// Our number, which telephones show and people answer to.
pub(super) const SENDER: &str = "106901234";
/// Messages that an operator may have to answer at once.
const WINDOW: u8 = 4;
const PER_SECOND: u16 = 20;
/// The operators' clocks are in Beijing.
const EAST: i32 = 28_800;

/// An operator and the people whose telephones it serves.
#[derive(Debug, Clone)]
pub struct Operator {
    /// The route to it.
    pub route: SmsRoute,
    /// Which numbers are none, and which telephones get nothing.
    pub people: People,
    /// How many of a hundred texts are answered.
    pub answers: u64,
    /// How it writes the names of messages.
    pub ids: IdForm,
    /// Makes everything that happens by chance there.
    pub seed: u64,
}

impl Operator {
    /// One whose people answer half of the texts.
    #[must_use]
    pub fn new(id: StationId, kind: RouteKind, seed: u64) -> Self {
        Self {
            route: SmsRoute {
                id,
                name: format!("operator-{id}"),
                kind,
                exercises: false,
                receipt_wait: Duration::from_secs(60),
                prefixes: Vec::new(),
                signature: String::new(),
                template: String::new(),
                cost: 5,
                daily_cap: 0,
            },
            people: People::default(),
            answers: 50,
            ids: IdForm::default(),
            seed,
        }
    }
}

/// The operators' clock.
pub(super) fn wall() -> WallClock {
    WallClock::new(BEGINS.saturating_mul(1_000), EAST)
}

pub(super) const fn centre_kind(kind: RouteKind) -> CentreKind {
    match kind {
        RouteKind::Cmpp2 => CentreKind::Cmpp2,
        RouteKind::Cmpp3 => CentreKind::Cmpp3,
        RouteKind::Smpp | RouteKind::Modem => CentreKind::Smpp,
    }
}

/// The session that speaks to the operator of a route.
pub(super) fn session(route: &SmsRoute) -> Box<dyn Session> {
    let (station, account) = (route.id, ACCOUNT.to_owned());
    let version = match route.kind {
        RouteKind::Cmpp2 => cmpp::AskFor::V2,
        RouteKind::Cmpp3 => cmpp::AskFor::V3,
        RouteKind::Smpp | RouteKind::Modem => {
            let session = SmppSession::new(smpp::SmppConfig {
                station,
                account,
                password: Secret::new(PASSWORD),
                system_type: String::new(),
                contract: smpp::Contract::new(SENDER),
                limits: smpp::Limits {
                    window: WINDOW,
                    per_second: PER_SECOND,
                    ..smpp::Limits::default()
                },
                wall: wall(),
            });
            return Box::new(session.expect("account and number are sound"));
        }
    };
    let session = CmppSession::new(cmpp::CmppConfig {
        station,
        account,
        secret: Secret::new(PASSWORD),
        version,
        verify: cmpp::Verify::Strict,
        contract: cmpp::Contract::new("ALERT", SENDER),
        limits: cmpp::Limits {
            window: WINDOW,
            per_second: PER_SECOND,
            ..cmpp::Limits::default()
        },
        wall: wall(),
    });
    Box::new(session.expect("account and number are sound"))
}
